package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"signalbox/internal/audit"
	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// kind describes one kind of project resource: how to reach its rows and how
// to call it. The use cases that are the same for all kinds are written once
// on it.
type kind[T any, ID ~int64] struct {
	word    string // "key", as users read it
	event   domain.ObjectType
	rows    func(store.Store) store.Collection[T, ID]
	id      func(*T) *ID
	project func(*T) *domain.ProjectID
	name    func(*T) string
}

func keys() kind[domain.Key, domain.KeyID] {
	return kind[domain.Key, domain.KeyID]{
		word: "key", event: domain.ObjectKey, rows: store.Store.Keys,
		id:      func(k *domain.Key) *domain.KeyID { return &k.ID },
		project: func(k *domain.Key) *domain.ProjectID { return &k.ProjectID },
		name:    func(k *domain.Key) string { return k.Name },
	}
}

func repositories() kind[domain.Repository, domain.RepositoryID] {
	return kind[domain.Repository, domain.RepositoryID]{
		word: "repository", event: domain.ObjectRepository, rows: store.Store.Repositories,
		id:      func(r *domain.Repository) *domain.RepositoryID { return &r.ID },
		project: func(r *domain.Repository) *domain.ProjectID { return &r.ProjectID },
		name:    func(r *domain.Repository) string { return r.Name },
	}
}

func hostConfigs() kind[domain.HostConfig, domain.HostConfigID] {
	return kind[domain.HostConfig, domain.HostConfigID]{
		word: "host config", event: domain.ObjectHostConfig, rows: store.Store.HostConfigs,
		id:      func(h *domain.HostConfig) *domain.HostConfigID { return &h.ID },
		project: func(h *domain.HostConfig) *domain.ProjectID { return &h.ProjectID },
		name:    func(h *domain.HostConfig) string { return h.Host },
	}
}

func inventories() kind[domain.Inventory, domain.InventoryID] {
	return kind[domain.Inventory, domain.InventoryID]{
		word: "inventory", event: domain.ObjectInventory, rows: store.Store.Inventories,
		id:      func(i *domain.Inventory) *domain.InventoryID { return &i.ID },
		project: func(i *domain.Inventory) *domain.ProjectID { return &i.ProjectID },
		name:    func(i *domain.Inventory) string { return i.Name },
	}
}

func variableGroups() kind[domain.VariableGroup, domain.VariableGroupID] {
	return kind[domain.VariableGroup, domain.VariableGroupID]{
		word: "variable group", event: domain.ObjectVariableGroup, rows: store.Store.VariableGroups,
		id:      func(g *domain.VariableGroup) *domain.VariableGroupID { return &g.ID },
		project: func(g *domain.VariableGroup) *domain.ProjectID { return &g.ProjectID },
		name:    func(g *domain.VariableGroup) string { return g.Name },
	}
}

func templates() kind[domain.Template, domain.TemplateID] {
	return kind[domain.Template, domain.TemplateID]{
		word: "template", event: domain.ObjectTemplate, rows: store.Store.Templates,
		id:      func(t *domain.Template) *domain.TemplateID { return &t.ID },
		project: func(t *domain.Template) *domain.ProjectID { return &t.ProjectID },
		name:    func(t *domain.Template) string { return t.Name },
	}
}

func views() kind[domain.View, domain.ViewID] {
	return kind[domain.View, domain.ViewID]{
		word: "view", event: domain.ObjectView, rows: store.Store.Views,
		id:      func(v *domain.View) *domain.ViewID { return &v.ID },
		project: func(v *domain.View) *domain.ProjectID { return &v.ProjectID },
		name:    func(v *domain.View) string { return v.Title },
	}
}

func schedules() kind[domain.Schedule, domain.ScheduleID] {
	return kind[domain.Schedule, domain.ScheduleID]{
		word: "schedule", event: domain.ObjectSchedule, rows: store.Store.Schedules,
		id:      func(s *domain.Schedule) *domain.ScheduleID { return &s.ID },
		project: func(s *domain.Schedule) *domain.ProjectID { return &s.ProjectID },
		name:    func(s *domain.Schedule) string { return s.Name },
	}
}

func integrations() kind[domain.Integration, domain.IntegrationID] {
	return kind[domain.Integration, domain.IntegrationID]{
		word: "integration", event: domain.ObjectIntegration, rows: store.Store.Integrations,
		id:      func(i *domain.Integration) *domain.IntegrationID { return &i.ID },
		project: func(i *domain.Integration) *domain.ProjectID { return &i.ProjectID },
		name:    func(i *domain.Integration) string { return i.Name },
	}
}

func matchers() kind[domain.IntegrationMatcher, domain.IntegrationMatcherID] {
	return kind[domain.IntegrationMatcher, domain.IntegrationMatcherID]{
		word: "matcher", event: domain.ObjectMatcher, rows: store.Store.Matchers,
		id:      func(m *domain.IntegrationMatcher) *domain.IntegrationMatcherID { return &m.ID },
		project: func(m *domain.IntegrationMatcher) *domain.ProjectID { return &m.ProjectID },
		name:    func(m *domain.IntegrationMatcher) string { return m.Name },
	}
}

func integrationValues() kind[domain.IntegrationValue, domain.IntegrationValueID] {
	return kind[domain.IntegrationValue, domain.IntegrationValueID]{
		word: "extracted value", event: domain.ObjectValue, rows: store.Store.IntegrationValues,
		id:      func(v *domain.IntegrationValue) *domain.IntegrationValueID { return &v.ID },
		project: func(v *domain.IntegrationValue) *domain.ProjectID { return &v.ProjectID },
		name:    func(v *domain.IntegrationValue) string { return v.Name },
	}
}

func aliases() kind[domain.IntegrationAlias, domain.IntegrationAliasID] {
	return kind[domain.IntegrationAlias, domain.IntegrationAliasID]{
		word: "alias", event: domain.ObjectAlias, rows: store.Store.IntegrationAliases,
		id:      func(a *domain.IntegrationAlias) *domain.IntegrationAliasID { return &a.ID },
		project: func(a *domain.IntegrationAlias) *domain.ProjectID { return &a.ProjectID },
		// Who knows all of it can start tasks.
		name: func(a *domain.IntegrationAlias) string { return a.Alias[:min(4, len(a.Alias))] + "…" },
	}
}

// get returns a resource of the project; one of another project is not there.
func (k kind[T, ID]) get(ctx context.Context, s store.Store, p domain.ProjectID, id ID) (T, error) {
	row, err := k.rows(s).Get(ctx, id)
	if err == nil && *k.project(&row) != p {
		var none T
		return none, domain.NotFound(k.word)
	}
	return row, missing(err, k.word)
}

// refer checks a reference from a request: what it names must exist in the same
// project. It is the one place where that is decided. status is the kind of
// error that the reference's clients expect.
func (k kind[T, ID]) refer(ctx context.Context, s store.Store, p domain.ProjectID, id *ID, field string, status domain.ErrorKind) (T, error) {
	var none T
	if id == nil {
		return none, nil
	}
	row, err := k.get(ctx, s, p, *id)
	if domain.IsKind(err, domain.KindNotFound) {
		return none, &domain.Error{Kind: status, Field: field, Message: fmt.Sprintf("%s %d does not exist in this project", k.word, *id)}
	}
	return row, err
}

// create stores a new resource. check runs in the transaction and looks at
// what the row refers to; after runs once the row has its identifier.
func (k kind[T, ID]) create(ctx context.Context, c *Catalog, g authz.Grant, row *T, check, after func(context.Context) error) error {
	if err := g.Require(authz.ManageResources); err != nil {
		return err
	}
	*k.project(row) = g.Project
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		*k.id(row) = 0
		if err := run(ctx, check); err != nil {
			return err
		}
		if err := k.rows(c.Store).Create(ctx, row); err != nil {
			return err
		}
		if err := run(ctx, after); err != nil {
			return err
		}
		return c.note(ctx, g.Actor, k.entry(g, domain.ActionCreate, row, "created", nil, *row))
	})
}

// update changes a resource through change, which gets the stored row.
func (k kind[T, ID]) update(ctx context.Context, c *Catalog, g authz.Grant, id ID, check func(context.Context) error, change func(*T) error, after func(context.Context) error) error {
	if err := g.Require(authz.ManageResources); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		if _, err := k.get(ctx, c.Store, g.Project, id); err != nil {
			return err
		}
		if err := run(ctx, check); err != nil {
			return err
		}
		var before T
		row, err := k.rows(c.Store).Update(ctx, id, func(row *T) error {
			before = *row
			if err := change(row); err != nil {
				return err
			}
			*k.id(row), *k.project(row) = id, g.Project
			return nil
		})
		if err != nil {
			return missing(err, k.word)
		}
		if err := run(ctx, after); err != nil {
			return err
		}
		return c.note(ctx, g.Actor, k.entry(g, domain.ActionUpdate, &row, "updated", before, row))
	})
}

// remove deletes a resource that nothing uses. before deletes what belongs to it.
func (k kind[T, ID]) remove(ctx context.Context, c *Catalog, g authz.Grant, id ID, users func(context.Context, ID) ([]domain.Reference, error), before func(context.Context) error) error {
	if err := g.Require(authz.ManageResources); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		row, err := k.get(ctx, c.Store, g.Project, id)
		if err != nil {
			return err
		}
		if users != nil {
			list, err := users(ctx, id)
			if err != nil {
				return err
			}
			if len(list) > 0 {
				return inUse(k.word, list)
			}
		}
		if err := run(ctx, before); err != nil {
			return err
		}
		if err := k.rows(c.Store).Delete(ctx, id); err != nil {
			if errors.Is(err, store.ErrReference) {
				return inUse(k.word, nil)
			}
			return missing(err, k.word)
		}
		return c.note(ctx, g.Actor, k.entry(g, domain.ActionDelete, &row, "deleted", row, nil))
	})
}

// entry tells about a resource.
func (k kind[T, ID]) entry(g authz.Grant, action domain.EventAction, row *T, verb string, before, after any) audit.Entry {
	return audit.Entry{
		Project: &g.Project, Action: action, Object: k.event, ID: int64(*k.id(row)), Target: k.name(row),
		Text: fmt.Sprintf("%s %s %s", title(k.word), k.name(row), verb), Before: before, After: after,
	}
}

// checkIDs compares the identifiers in a body with those of the address. A
// project of 0 is one the client left out.
func (k kind[T, ID]) checkIDs(row *T, id ID, p domain.ProjectID, projectRequired bool) error {
	if *k.id(row) != id {
		return domain.Invalid("id", "%s ID in body and URL must be the same", title(k.word))
	}
	return checkProject(*k.project(row), p, projectRequired)
}

func checkProject(given, p domain.ProjectID, required bool) error {
	if given == p || given == 0 && !required {
		return nil
	}
	return domain.Invalid("project_id", "Project ID in body and URL must be the same")
}

func run(ctx context.Context, step func(context.Context) error) error {
	if step == nil {
		return nil
	}
	return step(ctx)
}

// title starts a word in upper case.
func title(word string) string { return string(word[0]-'a'+'A') + word[1:] }

func inUse(word string, users []domain.Reference) error {
	return &domain.Error{Kind: domain.KindInUse, Message: "the " + word + " is in use; change what uses it first", Users: users}
}

// ScheduleReference is a schedule that refers to something, with its template.
type ScheduleReference struct {
	domain.Reference
	Template domain.Reference
}

// Refs is what refers to an object, by type.
type Refs struct {
	Templates, Inventories, Repositories, HostConfigs, Integrations []domain.Reference
	Schedules                                                       []ScheduleReference
}

func (r Refs) all() []domain.Reference {
	list := slices.Concat(r.Templates, r.Inventories, r.Repositories, r.HostConfigs, r.Integrations)
	for _, s := range r.Schedules {
		list = append(list, s.Reference)
	}
	return list
}

// referrers lists rows that match the condition as references.
func (k kind[T, ID]) referrers(ctx context.Context, s store.Store, p domain.ProjectID, cond store.Cond) ([]domain.Reference, error) {
	rows, err := k.rows(s).List(ctx, store.Where(store.InProject(p), cond))
	if err != nil {
		return nil, err
	}
	refs := make([]domain.Reference, 0, len(rows))
	for i := range rows {
		refs = append(refs, domain.Reference{Type: k.word, ID: int64(*k.id(&rows[i])), Name: k.name(&rows[i])})
	}
	return refs, nil
}
