package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"signalbox/internal/audit"
	"signalbox/internal/backup"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// Restored is what became of a document.
type Restored struct {
	Project domain.Project
	// Warnings say what could not be taken over, in sentences.
	Warnings []string
}

// Restore makes a project of a document; the actor becomes its owner. It is all
// or nothing. The passphrase opens the secrets of the document; with "" they are
// left out.
func (c *Catalog) Restore(ctx context.Context, actor domain.Actor, doc backup.Document, phrase domain.Secret) (Restored, error) {
	if err := c.mayCreateProject(actor); err != nil {
		return Restored{}, err
	}
	if err := doc.Check(); err != nil {
		return Restored{}, err
	}
	secrets := map[[3]string]backup.Secret{}
	if doc.Secrets != nil && phrase != "" {
		list, err := doc.Secrets.Open(phrase)
		if err != nil {
			return Restored{}, err
		}
		for _, s := range list {
			secrets[[3]string{s.Owner, s.Environment, s.Name}] = s
		}
	}
	var r *restorer
	err := c.Store.InTx(ctx, func(ctx context.Context) error {
		r = &restorer{c: c, ctx: ctx, actor: actor, doc: doc, secrets: secrets}
		return r.run()
	})
	if err != nil {
		return Restored{}, err
	}
	return Restored{Project: r.project, Warnings: r.warnings}, nil
}

// restored is the audit entry of a project that came from a document.
func restored(p domain.Project) audit.Entry {
	return projectEntry(domain.ActionCreate, p, "Project %s restored from a backup", nil, p)
}

// restorer writes a document that has been checked, inside a transaction. Its
// maps say which row a name of the document has become.
type restorer struct {
	c        *Catalog
	ctx      context.Context // of the transaction, in which the restorer lives
	actor    domain.Actor
	doc      backup.Document
	secrets  map[[3]string]backup.Secret
	project  domain.Project
	warnings []string

	environments map[string]domain.VariableGroupID
	keys         map[string]domain.KeyID
	views        map[string]domain.ViewID
	repositories map[string]domain.RepositoryID
	inventories  map[string]domain.InventoryID
	templates    map[string]domain.TemplateID
	roles        map[string]domain.Role
}

func (r *restorer) warn(format string, args ...any) {
	r.warnings = append(r.warnings, fmt.Sprintf(format, args...))
}

// in puts the place in the document before the field of an error.
func in(section string, i int, err error) error {
	var e *domain.Error
	if !errors.As(err, &e) || e.Kind != domain.KindInvalid && e.Kind != domain.KindNotFound {
		return err
	}
	placed := *e
	placed.Kind, placed.Field = domain.KindInvalid, fmt.Sprintf("%s[%d]", section, i)
	if e.Field != "" {
		placed.Field += "." + e.Field
	}
	return &placed
}

// document returns a JSON value of the document, absent for null.
func document(raw json.RawMessage) domain.JSON {
	if string(raw) == "null" {
		return nil
	}
	return domain.JSON(raw)
}

// look returns what a name has become, nil for no name.
func look[ID any](ids map[string]ID, name *string) *ID {
	if name == nil {
		return nil
	}
	id := ids[*name]
	return &id
}

// each restores the elements of a section.
func each[T any](section string, rows []T, do func(T) error) error {
	for i, row := range rows {
		if err := do(row); err != nil {
			return in(section, i, err)
		}
	}
	return nil
}

func (r *restorer) run() error {
	if err := r.addProject(); err != nil {
		return err
	}
	d := &r.doc
	for _, s := range d.SecretStorages {
		r.warn("The secret storage %q is not taken over; keys in it are empty.", s.Name)
	}
	r.environments, r.keys, r.views = map[string]domain.VariableGroupID{}, map[string]domain.KeyID{}, map[string]domain.ViewID{}
	r.repositories, r.inventories = map[string]domain.RepositoryID{}, map[string]domain.InventoryID{}
	r.templates, r.roles = map[string]domain.TemplateID{}, map[string]domain.Role{}
	for _, step := range []func() error{
		func() error { return each("roles", d.Roles, r.addRole) },
		func() error { return each("environments", d.Environments, r.addEnvironment) },
		func() error { return each("views", d.Views, r.addView) },
		r.addAllView,
		func() error { return each("keys", d.Keys, r.addKey) },
		func() error { return each("repositories", d.Repositories, r.addRepository) },
		func() error { return each("host_configs", d.HostConfigs, r.addHostConfig) },
		func() error { return each("inventories", d.Inventories, r.addInventory) },
		r.addTemplates,
		func() error { return each("inventories", d.Inventories, r.attach) },
		func() error { return each("integrations", d.Integrations, r.addIntegration) },
		func() error {
			return each("integration_aliases", d.IntegrationAliases, func(alias string) error { return r.addAlias(nil, alias) })
		},
		func() error { return each("schedules", d.Schedules, r.addSchedule) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return r.c.note(r.ctx, r.actor, restored(r.project))
}

func (r *restorer) addProject() error {
	m := r.doc.Meta
	p := domain.Project{
		Name: m.Name, Alert: m.Alert, AlertChat: deref(m.AlertChat), MaxParallelTasks: m.MaxParallelTasks, Type: m.Type, Created: r.c.Now().UTC(),
	}
	if err := p.Validate(); err != nil {
		var e *domain.Error
		if errors.As(err, &e) {
			e.Field = "meta." + e.Field
		}
		return err
	}
	s := r.c.Store
	same, err := s.Projects().Count(r.ctx, store.Where(store.Eq("name", p.Name)))
	if err != nil {
		return err
	}
	if same > 0 {
		return domain.Invalid("meta.name", "project with name '%s' already exists", p.Name)
	}
	if err := s.Projects().Create(r.ctx, &p); err != nil {
		return err
	}
	r.project = p
	return s.Members().Create(r.ctx, &domain.Member{ProjectID: p.ID, UserID: r.actor.User.ID, Role: domain.RoleOwner})
}

// addRole keeps the slug where nothing else has it.
func (r *restorer) addRole(in backup.Role) error {
	role := domain.CustomRole{ProjectID: &r.project.ID, Slug: domain.Role(deref(in.Slug)), Name: in.Name, Permissions: domain.Permission(in.Permissions)}
	taken := role.Slug == ""
	if !taken {
		n, err := r.c.Store.Roles().Count(r.ctx, store.Where(store.Eq("slug", role.Slug)))
		if err != nil {
			return err
		}
		taken = n > 0
	}
	if taken {
		role.Slug = domain.Role("role-" + randomHex(6))
	}
	if err := role.Validate(); err != nil {
		return err
	}
	if err := r.c.Store.Roles().Create(r.ctx, &role); err != nil {
		return err
	}
	r.roles[in.Name] = role.Slug
	return nil
}

func (r *restorer) addEnvironment(in backup.Environment) error {
	g := domain.VariableGroup{ProjectID: r.project.ID, Name: in.Name, JSON: in.JSON, Env: in.Env, Password: in.Password}
	if err := g.Validate(); err != nil {
		return err
	}
	err := r.c.Store.VariableGroups().Create(r.ctx, &g)
	r.environments[in.Name] = g.ID
	return err
}

func (r *restorer) addView(in backup.View) error {
	v := domain.View{
		ProjectID: r.project.ID, Title: in.Title, Position: in.Position, Type: in.Type, Hidden: in.Hidden,
		SortColumn: in.SortColumn, SortReverse: in.SortReverse, Filter: document(in.Filter),
	}
	if err := checkView(v); err != nil {
		return err
	}
	err := r.c.Store.Views().Create(r.ctx, &v)
	r.views[in.Title] = v.ID
	return err
}

// addAllView sees to it that there is exactly one view of all templates.
func (r *restorer) addAllView() error {
	n := 0
	for i, v := range r.doc.Views {
		if v.Type == viewAll {
			n++
		}
		if n > 1 {
			return domain.Invalid(fmt.Sprintf("views[%d].type", i), "there is another view of all templates in the document")
		}
	}
	if n == 1 {
		return nil
	}
	return r.c.Store.Views().Create(r.ctx, &domain.View{ProjectID: r.project.ID, Title: "All", Type: viewAll})
}

func (r *restorer) addKey(in backup.Key) error {
	key := domain.Key{ProjectID: r.project.ID, Name: in.Name, Type: domain.KeyType(in.Type), Owner: domain.KeyOwner(in.Owner)}
	switch key.Owner {
	case domain.OwnerShared:
	case domain.OwnerVariable, domain.OwnerEnvironment:
		if in.Environment == nil {
			r.warn("The document does not say to which variable group the secret %q belongs; it is left out.", in.Name)
			return nil
		}
		key.Name, key.Type, key.VariableGroupID = in.Secret(), domain.KeyString, look(r.environments, in.Environment)
		if err := checkSecretName("name", key.Owner, key.Name); err != nil {
			return err
		}
	default:
		r.warn("The key %q belongs to something that is not in the document; it is left out.", in.Name)
		return nil
	}
	if err := key.Validate(); err != nil {
		return err
	}
	secret, err := r.secretOf(in, key.Type)
	if err != nil {
		return err
	}
	if secret != (domain.KeySecret{}) {
		key.Ciphertext, err = r.c.Sealer.SealKey(r.project.ID, key.Type, secret)
		if secret.Source.Type != domain.SourceDatabase && domain.IsKind(err, domain.KindInvalid) {
			// The place is good elsewhere, but not on this server.
			r.warn("The key %q is empty now: %s.", in.Name, err)
		} else if err != nil {
			return err
		}
	}
	if err := r.c.Store.Keys().Create(r.ctx, &key); err != nil {
		return err
	}
	if key.Owner == domain.OwnerShared {
		r.keys[in.Name] = key.ID
	}
	return nil
}

func (r *restorer) secretOf(in backup.Key, t domain.KeyType) (domain.KeySecret, error) {
	if in.SourceStorage != nil {
		r.warn("The key %q was kept in the secret storage %q and is empty now.", in.Name, *in.SourceStorage)
		return domain.KeySecret{}, nil
	}
	var secret domain.KeySecret
	if in.SourceStorageType != nil {
		secret.Source = domain.KeySource{Type: domain.KeySourceType(*in.SourceStorageType), Key: deref(in.SourceStorageKey)}
	} else if s, known := r.secrets[[3]string{in.Owner, deref(in.Environment), in.Name}]; known {
		secret = domain.KeySecret{
			Login: s.Login, Password: domain.Secret(s.Password), Passphrase: domain.Secret(s.Passphrase),
			PrivateKey: domain.Secret(s.PrivateKey), String: domain.Secret(s.String),
		}
	}
	return secret, secret.Validate(t)
}

// key returns the key that a name stands for. The reference leaves it out where
// the key is gone; then it is one without a secret.
func (r *restorer) key(name *string) (domain.KeyID, error) {
	if name != nil {
		return r.keys[*name], nil
	}
	if id, ok := r.keys["None"]; ok {
		return id, nil
	}
	none := domain.Key{ProjectID: r.project.ID, Name: "None", Type: domain.KeyNone}
	err := r.c.Store.Keys().Create(r.ctx, &none)
	r.keys["None"] = none.ID
	return none.ID, err
}

func (r *restorer) addRepository(in backup.Repository) error {
	key, err := r.key(in.SSHKey)
	if err != nil {
		return err
	}
	row := domain.Repository{
		ProjectID: r.project.ID, Name: in.Name, GitURL: in.GitURL, GitBranch: in.GitBranch, GitDepth: in.GitDepth, GitLFS: in.GitLFS, SSHKeyID: key,
	}
	if err := row.Validate(); err != nil {
		return err
	}
	err = r.c.Store.Repositories().Create(r.ctx, &row)
	r.repositories[in.Name] = row.ID
	return err
}

func (r *restorer) addHostConfig(in backup.HostConfig) error {
	row := domain.HostConfig{ProjectID: r.project.ID, Type: domain.HostConfigType(in.Type), Host: in.Host, SSHKeyID: r.keys[in.SSHKey]}
	if err := row.Validate(); err != nil {
		return err
	}
	for _, k := range r.doc.Keys {
		if k.Owner == string(domain.OwnerShared) && k.Name == in.SSHKey {
			if err := row.CheckKey(domain.KeyType(k.Type)); err != nil {
				return err
			}
		}
	}
	err := r.c.Store.HostConfigs().Create(r.ctx, &row)
	if errors.Is(err, store.ErrConflict) {
		return domain.Invalid("host", "there is another host config for %q in the document", row.Host)
	}
	return err
}

func (r *restorer) addInventory(in backup.Inventory) error {
	row := domain.Inventory{
		ProjectID: r.project.ID, Name: in.Name, Type: domain.InventoryType(in.Type), Inventory: in.Inventory, RunnerTag: in.RunnerTag,
		SSHKeyID: look(r.keys, in.SSHKey), BecomeKeyID: look(r.keys, in.BecomeKey), RepositoryID: look(r.repositories, in.Repository),
	}
	if err := row.Validate(); err != nil {
		return err
	}
	err := r.c.Store.Inventories().Create(r.ctx, &row)
	r.inventories[in.Name] = row.ID
	return err
}

// addTemplates restores builds before the deployments that refer to them.
func (r *restorer) addTemplates() error {
	apps, err := r.c.Apps(r.ctx)
	if err != nil {
		return err
	}
	byID := map[string]domain.App{}
	for _, a := range apps {
		byID[a.ID] = a
	}
	for _, deploy := range []bool{false, true} {
		for i, t := range r.doc.Templates {
			if (t.Type == string(domain.TemplateDeploy)) != deploy {
				continue
			}
			if err := r.addTemplate(t, byID); err != nil {
				return in("templates", i, err)
			}
		}
	}
	return nil
}

func (r *restorer) addTemplate(in backup.Template, apps map[string]domain.App) error {
	app, known := apps[in.App]
	if !known {
		return domain.Invalid("app", "Invalid app id: %s", in.App)
	}
	t := domain.Template{
		ProjectID: r.project.ID, Name: in.Name, App: in.App, Playbook: in.Playbook, RepositoryID: r.repositories[in.Repository],
		InventoryID: look(r.inventories, in.Inventory), VariableGroupID: look(r.environments, in.Environment), ViewID: look(r.views, in.View),
		Description: in.Description, Type: domain.TemplateType(in.Type), StartVersion: in.StartVersion, BuildTemplateID: look(r.templates, in.BuildTemplate),
		Autorun: in.Autorun, Arguments: in.Arguments, GitBranch: in.GitBranch, TaskParams: document(in.TaskParams), RunnerTag: in.RunnerTag,
		SuppressSuccessAlerts: in.SuppressSuccessAlerts, AllowOverrideArgsInTask: in.AllowOverrideArgsInTask,
		AllowOverrideBranchInTask: in.AllowOverrideBranchInTask, AllowOverrideEnvironmentInTask: in.AllowOverrideEnvironmentInTask == nil || *in.AllowOverrideEnvironmentInTask, AllowParallelTasks: in.AllowParallelTasks, MaxDurationSec: in.MaxTaskDurationSec,
	}
	for _, v := range in.SurveyVars {
		question := domain.SurveyVar{Name: v.Name, Title: v.Title, Required: v.Required, Type: v.Type, Description: v.Description, DefaultValue: v.DefaultValue}
		for _, choice := range v.Values {
			question.Values = append(question.Values, domain.SurveyValue(choice))
		}
		t.SurveyVars = append(t.SurveyVars, question)
	}
	if err := t.Validate(app); err != nil {
		return err
	}
	vaults := r.vaults(in)
	if err := checkVaults(vaults); err != nil {
		return err
	}
	if err := r.c.checkTemplate(r.ctx, r.project.ID, 0, t, vaults); err != nil {
		return err
	}
	if err := r.c.Store.Templates().Create(r.ctx, &t); err != nil {
		return err
	}
	r.templates[in.Name] = t.ID
	for _, v := range vaults {
		v.ProjectID, v.TemplateID = r.project.ID, t.ID
		if err := r.c.Store.Vaults().Create(r.ctx, &v); err != nil {
			return err
		}
	}
	if in.Cron != nil && *in.Cron != "" {
		r.doc.Schedules = append(r.doc.Schedules, backup.Schedule{Name: in.Name, CronFormat: *in.Cron, Active: true, Template: in.Name})
	}
	return r.addTemplateRoles(in, t.ID)
}

func (r *restorer) vaults(in backup.Template) []domain.Vault {
	var list []domain.Vault
	if in.VaultKey != nil && len(in.Vaults) == 0 {
		list = append(list, domain.Vault{Type: "password", KeyID: look(r.keys, in.VaultKey)})
	}
	for _, v := range in.Vaults {
		list = append(list, domain.Vault{Name: v.Name, Type: v.Type, Script: v.Script, KeyID: look(r.keys, v.VaultKey)})
	}
	return list
}

func (r *restorer) addTemplateRoles(in backup.Template, id domain.TemplateID) error {
	given := map[domain.Role]bool{}
	for i, role := range in.Roles {
		at := fmt.Sprintf("roles[%d].", i)
		if err := domain.CheckPermissions(domain.Permission(role.Permissions)); err != nil {
			return domain.Invalid(at+"permissions", "%d is not a set of permissions", role.Permissions)
		}
		slug := r.roles[role.Role]
		if role.IsGlobal {
			slug = domain.Role(role.Role)
			n, err := r.c.Store.Roles().Count(r.ctx, store.Where(store.Eq("slug", slug), store.Null("project_id")))
			if err != nil {
				return err
			}
			if n == 0 {
				r.warn("This server has no role %q; the template %q does without its permissions.", role.Role, in.Name)
				continue
			}
		}
		if given[slug] {
			return domain.Invalid(at+"role", "the role %q is named twice", role.Role)
		}
		given[slug] = true
		err := r.c.Store.TemplateRoles().Create(r.ctx, &domain.TemplateRole{
			ProjectID: r.project.ID, TemplateID: id, RoleSlug: slug, Permissions: domain.Permission(role.Permissions),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// attach ties a workspace to its template. The reference's documents do not say
// which that is; there it is the first one that uses it.
func (r *restorer) attach(in backup.Inventory) error {
	if !domain.InventoryType(in.Type).Workspace() {
		if in.Template != nil {
			return domain.Invalid("template", "only workspaces are attached to templates")
		}
		return nil
	}
	owner := in.Template
	for i := range r.doc.Templates {
		t := &r.doc.Templates[i]
		if owner == nil && t.Inventory != nil && *t.Inventory == in.Name {
			owner = &t.Name
		}
	}
	if owner == nil {
		return nil
	}
	_, err := r.c.Store.Inventories().Update(r.ctx, r.inventories[in.Name], func(row *domain.Inventory) error {
		row.TemplateID = look(r.templates, owner)
		return nil
	})
	return err
}

// params turns the inputs of tasks back; blank texts count as absent, as the
// reference writes them.
func (r *restorer) params(in *backup.TaskParams) (*domain.TaskParams, *domain.InventoryID) {
	if in == nil {
		return nil, nil
	}
	given := func(text *string) *string {
		if text == nil || strings.TrimSpace(*text) == "" {
			return nil
		}
		return text
	}
	return &domain.TaskParams{
		Environment: given(in.Environment), Arguments: given(in.Arguments), GitBranch: given(in.GitBranch),
		Message: given(in.Message), Version: given(in.Version), Params: document(in.Params),
	}, look(r.inventories, in.InventoryName)
}

func (r *restorer) addSchedule(in backup.Schedule) error {
	s := domain.Schedule{
		ProjectID: r.project.ID, TemplateID: r.templates[in.Template], Name: in.Name, Type: domain.ScheduleType(in.Type), CronFormat: in.CronFormat,
		Active: in.Active, DeleteAfterRun: in.DeleteAfterRun, RepositoryID: look(r.repositories, in.CheckableRepository),
	}
	s.TaskParams, s.InventoryID = r.params(in.TaskParams)
	if s.Type == domain.ScheduleRunAt {
		at, err := in.At()
		if err != nil {
			return err
		}
		switch {
		case at.IsZero():
			r.warn("The document does not say when the schedule %q is to run; it is left out.", in.Name)
			return nil
		case at.Before(r.c.Now()) && s.Active:
			r.warn("The time of the schedule %q is over; it is switched off.", in.Name)
			s.Active = false
		}
		at = at.UTC()
		s.RunAt = &at
	}
	if err := s.Validate(); err != nil {
		return err
	}
	return r.c.Store.Schedules().Create(r.ctx, &s)
}

func (r *restorer) addIntegration(in backup.Integration) error {
	n := domain.Integration{
		ProjectID: r.project.ID, TemplateID: r.templates[in.Template], Name: in.Name, AuthMethod: domain.AuthMethod(in.AuthMethod),
		AuthSecretID: look(r.keys, in.AuthSecret), AuthHeader: in.AuthHeader, Searchable: in.Searchable,
	}
	if n.AuthMethod == "none" { // a default of the reference's database
		n.AuthMethod = domain.AuthNone
	}
	n.TaskParams, n.InventoryID = r.params(in.TaskParams)
	if err := n.Validate(); err != nil {
		return err
	}
	if err := r.c.Store.Integrations().Create(r.ctx, &n); err != nil {
		return err
	}
	err := each("matchers", in.Matchers, func(m backup.Matcher) error {
		row := domain.IntegrationMatcher{
			ProjectID: r.project.ID, IntegrationID: n.ID, Name: m.Name, MatchType: m.MatchType, Method: m.Method,
			BodyDataType: m.BodyDataType, Key: m.Key, Value: m.Value,
		}
		if err := row.Validate(); err != nil {
			return err
		}
		return r.c.Store.Matchers().Create(r.ctx, &row)
	})
	if err != nil {
		return err
	}
	err = each("extract_values", in.ExtractValues, func(v backup.ExtractValue) error {
		row := domain.IntegrationValue{
			ProjectID: r.project.ID, IntegrationID: n.ID, Name: v.Name, ValueSource: v.ValueSource, BodyDataType: v.BodyDataType,
			Key: v.Key, Variable: v.Variable, VariableType: v.VariableType,
		}
		if err := row.Validate(); err != nil {
			return err
		}
		return r.c.Store.IntegrationValues().Create(r.ctx, &row)
	})
	if err != nil {
		return err
	}
	return each("aliases", in.Aliases, func(alias string) error { return r.addAlias(&n.ID, alias) })
}

// addAlias keeps an alias where it is free, so that callers need no new address.
func (r *restorer) addAlias(id *domain.IntegrationID, alias string) error {
	taken, err := r.c.Store.IntegrationAliases().Count(r.ctx, store.Where(store.Eq("alias", alias)))
	if err != nil {
		return err
	}
	if taken > 0 || alias == "" || len(alias) > 50 {
		fresh := newAlias()
		r.warn("The alias %q is in use already; the new one is %q.", alias, fresh)
		alias = fresh
	}
	return r.c.Store.IntegrationAliases().Create(r.ctx, &domain.IntegrationAlias{ProjectID: r.project.ID, IntegrationID: id, Alias: alias})
}
