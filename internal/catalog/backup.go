package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"signalbox/internal/authz"
	"signalbox/internal/backup"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// Backup returns a project as a document without secrets.
func (c *Catalog) Backup(ctx context.Context, g authz.Grant) (backup.Document, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return backup.Document{}, err
	}
	return c.export(ctx, g, "")
}

// BackupWithSecrets returns a project with its secrets, encrypted with a
// passphrase.
func (c *Catalog) BackupWithSecrets(ctx context.Context, g authz.Grant, phrase domain.Secret) (backup.Document, error) {
	if err := g.Require(authz.ExportSecrets); err != nil {
		return backup.Document{}, err
	}
	if err := backup.CheckPassphrase("passphrase", phrase); err != nil {
		return backup.Document{}, err
	}
	return c.export(ctx, g, phrase)
}

// export reads everything in one transaction, so that no name refers to what was
// deleted meanwhile.
func (c *Catalog) export(ctx context.Context, g authz.Grant, phrase domain.Secret) (backup.Document, error) {
	var e *exporter
	err := c.Store.InTx(ctx, func(ctx context.Context) error {
		e = &exporter{c: c, project: g.Project, withSecrets: phrase != ""}
		if err := e.collect(ctx); err != nil {
			return err
		}
		text := "Project %s backed up"
		if phrase != "" {
			text += " with its secrets"
		}
		return c.note(ctx, g.Actor, projectEntry(domain.ActionAccess, e.row, text, nil, nil))
	})
	if err != nil || phrase == "" {
		return e.doc, err
	}
	e.doc.Secrets, err = backup.Seal(e.secrets, phrase)
	return e.doc, err
}

// exporter turns the rows of a project into a document. Its maps say by which
// name the document calls a row.
type exporter struct {
	c           *Catalog
	project     domain.ProjectID
	row         domain.Project
	withSecrets bool
	doc         backup.Document
	secrets     []backup.Secret

	keys         map[domain.KeyID]string
	environments map[domain.VariableGroupID]string
	repositories map[domain.RepositoryID]string
	inventories  map[domain.InventoryID]string
	templates    map[domain.TemplateID]string
	views        map[domain.ViewID]string
	roles        map[domain.Role]string // of the project, by slug
}

// rowsOf lists the rows of a project by name, and gives each the name that the
// document calls it by.
func rowsOf[T any, ID ~int64](ctx context.Context, e *exporter, k kind[T, ID], order string, conds ...store.Cond) ([]T, map[ID]string, error) {
	rows, err := k.rows(e.c.Store).List(ctx, store.Where(append(conds, store.InProject(e.project))...).By(order, "id").Max(maxExport))
	if err != nil {
		return nil, nil, err
	}
	if len(rows) == maxExport {
		return nil, nil, domain.Invalid("", "the project has too many rows of the kind %q for a backup", k.word)
	}
	namer, called := backup.NewNamer(k.word), make(map[ID]string, len(rows))
	for i := range rows {
		called[*k.id(&rows[i])] = namer.Name(k.name(&rows[i]))
	}
	return rows, called, nil
}

// maxExport bounds the rows of one kind in a document.
const maxExport = 1_000_000

func (e *exporter) collect(ctx context.Context) (err error) {
	if e.row, err = e.c.Store.Projects().Get(ctx, e.project); err != nil {
		return missing(err, "project")
	}
	e.doc.Meta = backup.Meta{
		Name: e.row.Name, Alert: e.row.Alert, AlertChat: orNil(e.row.AlertChat), MaxParallelTasks: e.row.MaxParallelTasks, Type: e.row.Type,
	}
	e.doc.SecretStorages, e.doc.IntegrationAliases = []backup.SecretStorage{}, []string{}
	for _, step := range []func(context.Context) error{
		e.addRoles, e.addEnvironments, e.addKeys, e.addViews, e.addRepositories, e.addHostConfigs, e.addInventories, e.addTemplates,
		e.addSchedules, e.addIntegrations,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// orNil leaves out an empty text.
func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// called returns the name of what an identifier refers to, nil for nothing.
func called[ID ~int64](names map[ID]string, id *ID) *string {
	if id == nil {
		return nil
	}
	name, ok := names[*id]
	if !ok {
		return nil
	}
	return &name
}

func (e *exporter) addRoles(ctx context.Context) error {
	rows, err := e.c.Store.Roles().List(ctx, store.Where(store.InProject(e.project)).By("name", "id"))
	if err != nil {
		return err
	}
	namer := backup.NewNamer("role")
	e.roles, e.doc.Roles = map[domain.Role]string{}, []backup.Role{}
	for _, r := range rows {
		slug := string(r.Slug)
		e.roles[r.Slug] = namer.Name(r.Name)
		e.doc.Roles = append(e.doc.Roles, backup.Role{Name: e.roles[r.Slug], Permissions: int64(r.Permissions), Slug: &slug})
	}
	return nil
}

func (e *exporter) addEnvironments(ctx context.Context) (err error) {
	var rows []domain.VariableGroup
	if rows, e.environments, err = rowsOf(ctx, e, variableGroups(), "name"); err != nil {
		return err
	}
	e.doc.Environments = make([]backup.Environment, len(rows))
	for i, g := range rows {
		e.doc.Environments[i] = backup.Environment{Name: e.environments[g.ID], JSON: g.JSON, Env: g.Env, Password: g.Password}
	}
	return nil
}

func (e *exporter) addKeys(ctx context.Context) (err error) {
	var rows []domain.Key
	if rows, e.keys, err = rowsOf(ctx, e, keys(), "name"); err != nil {
		return err
	}
	e.doc.Keys = make([]backup.Key, len(rows))
	for i, k := range rows {
		out := backup.Key{Name: e.keys[k.ID], Owner: string(k.Owner), Type: string(k.Type), Environment: called(e.environments, k.VariableGroupID)}
		if k.VariableGroupID != nil && out.Name != k.Name {
			out.Variable = &rows[i].Name
		}
		if at := e.c.KeySource(k); at.Type != domain.SourceDatabase {
			kind := string(at.Type)
			out.SourceStorageType, out.SourceStorageKey = &kind, &at.Key
		}
		if err := e.addSecret(k, out); err != nil {
			return err
		}
		e.doc.Keys[i] = out
	}
	return nil
}

func (e *exporter) addSecret(k domain.Key, out backup.Key) error {
	if !e.withSecrets || k.Ciphertext == "" || out.SourceStorageType != nil {
		return nil
	}
	s, err := e.c.Sealer.OpenKey(k)
	if err != nil {
		return domain.Conflict("the secret of the key %q cannot be decrypted with the server's encryption keys, so it cannot be backed up", k.Name)
	}
	e.secrets = append(e.secrets, backup.Secret{
		Owner: out.Owner, Environment: deref(out.Environment), Name: out.Name, Login: s.Login, Password: string(s.Password),
		Passphrase: string(s.Passphrase), PrivateKey: string(s.PrivateKey), String: string(s.String),
	})
	return nil
}

func (e *exporter) addViews(ctx context.Context) (err error) {
	var rows []domain.View
	if rows, e.views, err = rowsOf(ctx, e, views(), "position"); err != nil {
		return err
	}
	e.doc.Views = make([]backup.View, len(rows))
	for i, v := range rows {
		e.doc.Views[i] = backup.View{
			Title: e.views[v.ID], Position: v.Position, Type: v.Type, Hidden: v.Hidden, Filter: json.RawMessage(v.Filter), SortColumn: v.SortColumn, SortReverse: v.SortReverse,
		}
	}
	return nil
}

func (e *exporter) addRepositories(ctx context.Context) (err error) {
	var rows []domain.Repository
	if rows, e.repositories, err = rowsOf(ctx, e, repositories(), "name"); err != nil {
		return err
	}
	e.doc.Repositories = make([]backup.Repository, len(rows))
	for i, r := range rows {
		e.doc.Repositories[i] = backup.Repository{
			Name: e.repositories[r.ID], GitURL: r.GitURL, GitBranch: r.GitBranch, GitDepth: r.GitDepth, GitLFS: r.GitLFS, SSHKey: called(e.keys, &r.SSHKeyID),
		}
	}
	return nil
}

func (e *exporter) addHostConfigs(ctx context.Context) error {
	rows, _, err := rowsOf(ctx, e, hostConfigs(), "host")
	e.doc.HostConfigs = make([]backup.HostConfig, len(rows))
	for i, h := range rows {
		e.doc.HostConfigs[i] = backup.HostConfig{Type: string(h.Type), Host: h.Host, SSHKey: e.keys[h.SSHKeyID]}
	}
	return err
}

// addInventories leaves the templates they are attached to for addTemplates.
func (e *exporter) addInventories(ctx context.Context) (err error) {
	var rows []domain.Inventory
	if rows, e.inventories, err = rowsOf(ctx, e, inventories(), "name"); err != nil {
		return err
	}
	if _, e.templates, err = rowsOf(ctx, e, templates(), "name"); err != nil {
		return err
	}
	e.doc.Inventories = make([]backup.Inventory, len(rows))
	for i, v := range rows {
		e.doc.Inventories[i] = backup.Inventory{
			Name: e.inventories[v.ID], Type: string(v.Type), Inventory: v.Inventory, RunnerTag: v.RunnerTag, SSHKey: called(e.keys, v.SSHKeyID),
			BecomeKey: called(e.keys, v.BecomeKeyID), Repository: called(e.repositories, v.RepositoryID), Template: called(e.templates, v.TemplateID),
		}
	}
	return nil
}

func (e *exporter) addTemplates(ctx context.Context) error {
	rows, _, err := rowsOf(ctx, e, templates(), "name")
	if err != nil {
		return err
	}
	vaults, err := byOwner(ctx, e, e.c.Store.Vaults(), func(v domain.Vault) domain.TemplateID { return v.TemplateID })
	if err != nil {
		return err
	}
	roles, err := byOwner(ctx, e, e.c.Store.TemplateRoles(), func(r domain.TemplateRole) domain.TemplateID { return r.TemplateID })
	if err != nil {
		return err
	}
	e.doc.Templates = make([]backup.Template, len(rows))
	for i, t := range rows {
		out := backup.Template{
			Name: e.templates[t.ID], App: t.App, Type: string(t.Type), Playbook: t.Playbook, Arguments: t.Arguments, Description: t.Description,
			GitBranch: t.GitBranch, StartVersion: t.StartVersion, Autorun: t.Autorun, SuppressSuccessAlerts: t.SuppressSuccessAlerts,
			RunnerTag: t.RunnerTag, AllowOverrideArgsInTask: t.AllowOverrideArgsInTask, AllowOverrideBranchInTask: t.AllowOverrideBranchInTask,
			AllowOverrideEnvironmentInTask: &rows[i].AllowOverrideEnvironmentInTask, AllowParallelTasks: t.AllowParallelTasks, MaxTaskDurationSec: t.MaxDurationSec, TaskParams: json.RawMessage(t.TaskParams),
			Inventory: called(e.inventories, t.InventoryID), Repository: e.repositories[t.RepositoryID],
			Environment: called(e.environments, t.VariableGroupID), View: called(e.views, t.ViewID), BuildTemplate: called(e.templates, t.BuildTemplateID),
			SurveyVars: make([]backup.SurveyVar, len(t.SurveyVars)), Vaults: []backup.Vault{}, Roles: []backup.TemplateRole{},
		}
		if len(out.TaskParams) == 0 {
			out.TaskParams = json.RawMessage("{}")
		}
		for j, v := range t.SurveyVars {
			out.SurveyVars[j] = backup.SurveyVar{
				Name: v.Name, Title: v.Title, Required: v.Required, Type: v.Type, Description: v.Description, DefaultValue: v.DefaultValue, Values: []backup.SurveyValue{},
			}
			for _, choice := range v.Values {
				out.SurveyVars[j].Values = append(out.SurveyVars[j].Values, backup.SurveyValue(choice))
			}
		}
		for _, v := range vaults[t.ID] {
			out.Vaults = append(out.Vaults, backup.Vault{Name: v.Name, Type: v.Type, Script: v.Script, VaultKey: called(e.keys, v.KeyID)})
		}
		for _, r := range roles[t.ID] {
			row := backup.TemplateRole{Role: string(r.RoleSlug), IsGlobal: true, Permissions: int64(r.Permissions)}
			if name, own := e.roles[r.RoleSlug]; own {
				row.Role, row.IsGlobal = name, false
			}
			out.Roles = append(out.Roles, row)
		}
		e.doc.Templates[i] = out
	}
	return nil
}

// byOwner lists rows that belong to other rows of the project.
func byOwner[T any, ID, Owner ~int64](ctx context.Context, e *exporter, rows store.Collection[T, ID], owner func(T) Owner) (map[Owner][]T, error) {
	list, err := rows.List(ctx, store.Where(store.InProject(e.project)).By("id").Max(maxExport))
	out := map[Owner][]T{}
	for _, row := range list {
		out[owner(row)] = append(out[owner(row)], row)
	}
	return out, err
}

func (e *exporter) params(p *domain.TaskParams, inventory *domain.InventoryID) *backup.TaskParams {
	if p == nil && inventory == nil {
		return nil
	}
	q := deref(p)
	return &backup.TaskParams{
		Environment: q.Environment, Arguments: q.Arguments, GitBranch: q.GitBranch, Message: q.Message, Version: q.Version, Params: json.RawMessage(q.Params),
		InventoryName: called(e.inventories, inventory),
	}
}

func (e *exporter) addSchedules(ctx context.Context) error {
	rows, err := e.c.Store.Schedules().List(ctx, store.Where(store.InProject(e.project)).By("name", "id").Max(maxExport))
	e.doc.Schedules = make([]backup.Schedule, len(rows))
	for i, s := range rows {
		e.doc.Schedules[i] = backup.Schedule{
			Name: s.Name, Type: string(s.Type), CronFormat: s.CronFormat, Active: s.Active, DeleteAfterRun: s.DeleteAfterRun,
			Template: e.templates[s.TemplateID], CheckableRepository: called(e.repositories, s.RepositoryID), TaskParams: e.params(s.TaskParams, s.InventoryID),
		}
		if s.RunAt != nil {
			e.doc.Schedules[i].RunAt = s.RunAt.UTC().AppendFormat(nil, `"`+time.RFC3339Nano+`"`)
		}
	}
	return err
}

func (e *exporter) addIntegrations(ctx context.Context) error {
	rows, err := e.c.Store.Integrations().List(ctx, store.Where(store.InProject(e.project)).By("name", "id").Max(maxExport))
	matchers, errMatchers := byOwner(ctx, e, e.c.Store.Matchers(), func(m domain.IntegrationMatcher) domain.IntegrationID { return m.IntegrationID })
	values, errValues := byOwner(ctx, e, e.c.Store.IntegrationValues(), func(v domain.IntegrationValue) domain.IntegrationID { return v.IntegrationID })
	aliases, errAliases := byOwner(ctx, e, e.c.Store.IntegrationAliases(), func(a domain.IntegrationAlias) domain.IntegrationID { return deref(a.IntegrationID) })
	if err := errors.Join(err, errMatchers, errValues, errAliases); err != nil {
		return err
	}
	for _, a := range aliases[0] { // those of the project
		e.doc.IntegrationAliases = append(e.doc.IntegrationAliases, a.Alias)
	}
	e.doc.Integrations = make([]backup.Integration, len(rows))
	for i, n := range rows {
		out := backup.Integration{
			Name: n.Name, Template: e.templates[n.TemplateID], AuthMethod: string(n.AuthMethod), AuthHeader: n.AuthHeader,
			AuthSecret: called(e.keys, n.AuthSecretID), Searchable: n.Searchable, TaskParams: e.params(n.TaskParams, n.InventoryID),
			Aliases: []string{}, Matchers: []backup.Matcher{}, ExtractValues: []backup.ExtractValue{},
		}
		for _, a := range aliases[n.ID] {
			out.Aliases = append(out.Aliases, a.Alias)
		}
		for _, m := range matchers[n.ID] {
			out.Matchers = append(out.Matchers, backup.Matcher{Name: m.Name, MatchType: m.MatchType, Method: m.Method, BodyDataType: m.BodyDataType, Key: m.Key, Value: m.Value})
		}
		for _, v := range values[n.ID] {
			out.ExtractValues = append(out.ExtractValues, backup.ExtractValue{
				Name: v.Name, ValueSource: v.ValueSource, BodyDataType: v.BodyDataType, Key: v.Key, Variable: v.Variable, VariableType: v.VariableType,
			})
		}
		e.doc.Integrations[i] = out
	}
	return nil
}
