package catalog

import (
	"context"
	"fmt"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// templateColumns are the columns template lists sort by, the default first.
func templateColumns() []string {
	return []string{"name", "playbook", "inventory", "environment", "repository"}
}

// TemplateFilter selects templates for a list.
type TemplateFilter struct {
	Sort Sort
	App  string
	View *domain.ViewID
}

// TemplateRow is a template with its newest task.
type TemplateRow struct {
	domain.Template
	LastTask *domain.TaskWithTemplate
	// Permissions is what the caller's role was given on the template, nil for
	// nothing.
	Permissions *domain.Permission
}

// Templates lists the templates of a project.
func (c *Catalog) Templates(ctx context.Context, g authz.Grant, f TemplateFilter) ([]TemplateRow, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return nil, err
	}
	conds := []store.Cond{store.InProject(g.Project)}
	if f.App != "" {
		conds = append(conds, store.Eq("app", f.App))
	}
	if f.View != nil {
		view, err := views().get(ctx, c.Store, g.Project, *f.View)
		if err != nil {
			return nil, err
		}
		if view.Type != viewAll {
			conds = append(conds, store.Eq("view_id", view.ID))
		}
		if f.Sort.Column == "" && view.SortColumn != nil {
			f.Sort = Sort{Column: *view.SortColumn, Desc: view.SortReverse}
		}
	}
	if _, err := f.Sort.order(templateColumns()...); err != nil {
		return nil, err
	}
	order, query := "name", store.Where(conds...)
	if f.Sort.Column == "playbook" {
		order = "playbook"
	}
	if f.Sort.Desc && (f.Sort.Column == "" || f.Sort.Column == order) {
		order = "-" + order
	}
	list, err := c.Store.Templates().List(ctx, query.By(order, "id"))
	if err != nil {
		return nil, err
	}
	if err := c.sortByReference(ctx, g.Project, list, f.Sort); err != nil {
		return nil, err
	}
	last, err := c.Store.Tasks().LastOfTemplates(ctx, g.Project)
	if err != nil {
		return nil, err
	}
	given, err := c.onTemplates(ctx, g)
	if err != nil {
		return nil, err
	}
	rows := make([]TemplateRow, len(list))
	for i, t := range list {
		rows[i].Template = t
		if mask, ok := given[t.ID]; ok {
			rows[i].Permissions = &mask
		}
		if task, ok := last[t.ID]; ok {
			rows[i].LastTask = &task
		}
	}
	return rows, nil
}

// sortByReference sorts templates by the name of what they refer to.
func (c *Catalog) sortByReference(ctx context.Context, p domain.ProjectID, list []domain.Template, s Sort) error {
	names := map[int64]string{}
	switch s.Column {
	case "inventory":
		if err := collectNames(ctx, c.Store, inventories(), p, names); err != nil {
			return err
		}
		sortBy(list, s.Desc, func(t domain.Template) string { return names[int64(deref(t.InventoryID))] })
	case "environment":
		if err := collectNames(ctx, c.Store, variableGroups(), p, names); err != nil {
			return err
		}
		sortBy(list, s.Desc, func(t domain.Template) string { return names[int64(deref(t.VariableGroupID))] })
	case "repository":
		if err := collectNames(ctx, c.Store, repositories(), p, names); err != nil {
			return err
		}
		sortBy(list, s.Desc, func(t domain.Template) string { return names[int64(t.RepositoryID)] })
	}
	return nil
}

func collectNames[T any, ID ~int64](ctx context.Context, s store.Store, k kind[T, ID], p domain.ProjectID, into map[int64]string) error {
	rows, err := k.rows(s).List(ctx, store.Where(store.InProject(p)))
	for i := range rows {
		into[int64(*k.id(&rows[i]))] = k.name(&rows[i])
	}
	return err
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// Template returns one template with its vaults.
func (c *Catalog) Template(ctx context.Context, g authz.Grant, id domain.TemplateID) (domain.Template, []domain.Vault, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return domain.Template{}, nil, err
	}
	t, err := templates().get(ctx, c.Store, g.Project, id)
	if err != nil {
		return t, nil, err
	}
	vaults, err := c.Store.Vaults().List(ctx, store.Where(store.Eq("template_id", id)).By("id"))
	return t, vaults, err
}

// CreateTemplate stores a template with its vaults.
func (c *Catalog) CreateTemplate(ctx context.Context, g authz.Grant, t domain.Template, vaults []domain.Vault) (domain.Template, error) {
	t.ProjectID, t.TaskCount = g.Project, 0
	if err := g.Require(authz.ManageResources); err != nil {
		return t, err
	}
	if err := c.validateTemplate(ctx, &t, vaults); err != nil {
		return t, err
	}
	err := templates().create(ctx, c, g, &t, func(ctx context.Context) error {
		return c.checkTemplate(ctx, g.Project, 0, t, vaults)
	}, func(ctx context.Context) error {
		for _, v := range vaults {
			v.ID, v.ProjectID, v.TemplateID = 0, g.Project, t.ID
			if err := c.Store.Vaults().Create(ctx, &v); err != nil {
				return err
			}
		}
		return c.giveWorkspace(ctx, g, &t)
	})
	return t, err
}

// ReplaceTemplate replaces a template. Vaults with an identifier are replaced,
// those without created, and those not named deleted.
func (c *Catalog) ReplaceTemplate(ctx context.Context, g authz.Grant, id domain.TemplateID, t domain.Template, vaults []domain.Vault) error {
	if err := g.Require(authz.ManageResources); err != nil {
		return err
	}
	if t.ID != id {
		return domain.Invalid("id", "template id in URL and in body must be the same")
	}
	if t.ProjectID != 0 && t.ProjectID != g.Project {
		return domain.Invalid("project_id", "You can not move template to other project")
	}
	if err := c.validateTemplate(ctx, &t, vaults); err != nil {
		return err
	}
	return templates().update(ctx, c, g, id, func(ctx context.Context) error {
		return c.checkTemplate(ctx, g.Project, id, t, vaults)
	}, func(row *domain.Template) error {
		t.TaskCount = row.TaskCount
		*row = t
		return nil
	}, func(ctx context.Context) error {
		return c.replaceVaults(ctx, g.Project, id, vaults)
	})
}

func (c *Catalog) replaceVaults(ctx context.Context, p domain.ProjectID, id domain.TemplateID, vaults []domain.Vault) error {
	stored, err := c.Store.Vaults().List(ctx, store.Where(store.Eq("template_id", id)))
	if err != nil {
		return err
	}
	kept := map[domain.VaultID]bool{}
	for i, v := range vaults {
		vaultID := v.ID
		v.ProjectID, v.TemplateID = p, id
		if vaultID == 0 {
			if err := c.Store.Vaults().Create(ctx, &v); err != nil {
				return err
			}
			continue
		}
		known := false
		for _, s := range stored {
			known = known || s.ID == vaultID
		}
		if !known {
			return domain.Invalid(fmt.Sprintf("vaults[%d].id", i), "vault %d does not belong to this template", vaultID)
		}
		kept[vaultID] = true
		_, err := c.Store.Vaults().Update(ctx, vaultID, func(row *domain.Vault) error {
			*row = v
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, s := range stored {
		if !kept[s.ID] {
			if err := c.Store.Vaults().Delete(ctx, s.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// validateTemplate checks the values by themselves, and the app before anything
// is stored.
func (c *Catalog) validateTemplate(ctx context.Context, t *domain.Template, vaults []domain.Vault) error {
	if t.App == "" {
		return domain.Invalid("app", "an app is required")
	}
	app, err := c.App(ctx, t.App)
	if domain.IsKind(err, domain.KindNotFound) {
		return domain.Invalid("app", "Invalid app id: %s", t.App)
	}
	if err != nil {
		return err
	}
	if !app.Active {
		return domain.Invalid("app", "the app %q is switched off; an administrator can activate it", t.App)
	}
	if err := t.Validate(app); err != nil {
		return err
	}
	return checkVaults(vaults)
}

// checkVaults looks at the values of vaults and fills in their types.
func checkVaults(vaults []domain.Vault) error {
	seen := map[string]bool{}
	for i := range vaults {
		if err := checkVault(i, &vaults[i]); err != nil {
			return err
		}
		name := deref(vaults[i].Name)
		if seen[name] {
			return domain.Invalid(fmt.Sprintf("vaults[%d].name", i), "the vault id %q is used twice", name)
		}
		seen[name] = true
	}
	return nil
}

func checkVault(i int, v *domain.Vault) error {
	at := func(name string) string { return fmt.Sprintf("vaults[%d].%s", i, name) }
	if v.Type == "" {
		v.Type = "password"
	}
	switch v.Type {
	case "password":
		v.Script = nil
		if v.KeyID == nil {
			return domain.Invalid(at("vault_key_id"), "a key is required")
		}
	case "script":
		v.KeyID = nil
		if v.Script == nil || *v.Script == "" {
			return domain.Invalid(at("script"), "the path of a script is required")
		}
		return domain.CheckRelativePath(at("script"), *v.Script)
	default:
		return domain.Invalid(at("type"), "%q is not a type of vault; use password or script", v.Type)
	}
	return nil
}

// checkTemplate looks at everything a template refers to.
func (c *Catalog) checkTemplate(ctx context.Context, p domain.ProjectID, id domain.TemplateID, t domain.Template, vaults []domain.Vault) error {
	const status = domain.KindInvalid
	if _, err := repositories().refer(ctx, c.Store, p, &t.RepositoryID, "repository_id", status); err != nil {
		return err
	}
	inventory, err := inventories().refer(ctx, c.Store, p, t.InventoryID, "inventory_id", status)
	if err != nil {
		return err
	}
	app, err := c.App(ctx, t.App)
	if err != nil && !domain.IsKind(err, domain.KindNotFound) {
		return err
	}
	if err == nil && t.InventoryID != nil && !app.TakesInventory(inventory.Type) {
		return domain.Invalid("inventory_id", "inventory %q is of type %s, which the app %q does not take", inventory.Name, inventory.Type, t.App)
	}
	if _, err := variableGroups().refer(ctx, c.Store, p, t.VariableGroupID, "environment_id", status); err != nil {
		return err
	}
	if _, err := views().refer(ctx, c.Store, p, t.ViewID, "view_id", status); err != nil {
		return err
	}
	build, err := templates().refer(ctx, c.Store, p, t.BuildTemplateID, "build_template_id", status)
	if err != nil {
		return err
	}
	if t.BuildTemplateID != nil && (build.Type != domain.TemplateBuild || *t.BuildTemplateID == id) {
		return domain.Invalid("build_template_id", "template %q is not a build", build.Name)
	}
	for i, v := range vaults {
		if err := c.referKey(ctx, p, v.KeyID, fmt.Sprintf("vaults[%d].vault_key_id", i), status); err != nil {
			return err
		}
	}
	return nil
}

// SetTemplateDescription sets the description alone.
func (c *Catalog) SetTemplateDescription(ctx context.Context, g authz.Grant, id domain.TemplateID, text *string) error {
	return templates().update(ctx, c, g, id, nil, func(row *domain.Template) error {
		row.Description = text
		return nil
	}, nil)
}

// DeleteTemplate removes a template with its tasks. Tasks that have not ended
// must be stopped first.
func (c *Catalog) DeleteTemplate(ctx context.Context, g authz.Grant, id domain.TemplateID) error {
	return templates().remove(ctx, c, g, id, func(ctx context.Context, id domain.TemplateID) ([]domain.Reference, error) {
		refs, err := c.templateRefs(ctx, g.Project, id)
		return refs.all(), err
	}, func(ctx context.Context) error {
		return c.deleteTemplateParts(ctx, g.Project, id)
	})
}

// deleteTemplateParts removes what belongs to a template.
func (c *Catalog) deleteTemplateParts(ctx context.Context, p domain.ProjectID, id domain.TemplateID) error {
	unfinished, err := c.Store.Tasks().List(ctx, store.TaskFilter{Project: p, Template: id, Statuses: domain.UnfinishedStatuses(), Limit: 1})
	if err != nil {
		return err
	}
	if len(unfinished) > 0 {
		return domain.Conflict("task %d of this template has not ended; stop it first", unfinished[0].ID)
	}
	for {
		tasks, err := c.Store.Tasks().List(ctx, store.TaskFilter{Project: p, Template: id, Limit: 500})
		if err != nil {
			return err
		}
		if len(tasks) == 0 {
			break
		}
		for _, t := range tasks {
			if err := c.Store.Tasks().Delete(ctx, t.ID); err != nil {
				return err
			}
		}
	}
	mine := store.Eq("template_id", id)
	called, err := c.Store.Integrations().List(ctx, store.Where(mine))
	if err != nil {
		return err
	}
	for _, i := range called {
		if err := c.deleteIntegrationParts(ctx, store.Eq("integration_id", i.ID)); err != nil {
			return err
		}
	}
	for _, remove := range []func(context.Context, ...store.Cond) (int, error){
		c.Store.Integrations().DeleteWhere, c.Store.Schedules().DeleteWhere, c.Store.TemplateRoles().DeleteWhere, c.Store.Vaults().DeleteWhere,
	} {
		if _, err := remove(ctx, mine); err != nil {
			return err
		}
	}
	attached, err := c.Store.Inventories().List(ctx, store.Where(store.InProject(p), store.Eq("template_id", id)))
	if err != nil {
		return err
	}
	for _, i := range attached {
		_, err := c.Store.Inventories().Update(ctx, i.ID, func(row *domain.Inventory) error {
			row.TemplateID = nil
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// TemplateRefs lists what uses a template.
func (c *Catalog) TemplateRefs(ctx context.Context, g authz.Grant, id domain.TemplateID) (Refs, error) {
	if _, _, err := c.Template(ctx, g, id); err != nil {
		return Refs{}, err
	}
	return c.templateRefs(ctx, g.Project, id)
}

func (c *Catalog) templateRefs(ctx context.Context, p domain.ProjectID, id domain.TemplateID) (refs Refs, err error) {
	refs.Templates, err = templates().referrers(ctx, c.Store, p, store.Eq("build_template_id", id))
	return refs, err
}
