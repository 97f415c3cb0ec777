package catalog

import (
	"context"
	"errors"
	"fmt"

	"signalbox/internal/access"
	"signalbox/internal/audit"
	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// TemplatePermissions returns what the caller may do with a template: by the
// project's rights, and by those that the role was given on it.
func (c *Catalog) TemplatePermissions(ctx context.Context, g authz.Grant, id domain.TemplateID) (domain.Permission, error) {
	if err := access.OnTemplate(ctx, c.Store, &g, id); err != nil {
		return 0, err
	}
	return g.Effective() | g.Template, nil
}

// onTemplates returns what the caller's role was given on the templates of the
// project.
func (c *Catalog) onTemplates(ctx context.Context, g authz.Grant) (map[domain.TemplateID]domain.Permission, error) {
	if _, builtin := g.Role.Permissions(); builtin || g.Role == "" {
		return nil, nil
	}
	rows, err := c.Store.TemplateRoles().List(ctx, store.Where(store.InProject(g.Project), store.Eq("role_slug", g.Role)))
	given := make(map[domain.TemplateID]domain.Permission, len(rows))
	for _, row := range rows {
		given[row.TemplateID] = row.Permissions
	}
	return given, err
}

// TemplateRoles lists what roles were given on a template.
func (c *Catalog) TemplateRoles(ctx context.Context, g authz.Grant, t domain.TemplateID) ([]domain.TemplateRole, error) {
	if _, err := c.templateOf(ctx, g, authz.ReadProject, t); err != nil {
		return nil, err
	}
	return c.Store.TemplateRoles().List(ctx, store.Where(store.InProject(g.Project), store.Eq("template_id", t)).By("id"))
}

// TemplateRole returns one row of that list.
func (c *Catalog) TemplateRole(ctx context.Context, g authz.Grant, t domain.TemplateID, id domain.TemplateRoleID) (domain.TemplateRole, error) {
	if _, err := c.templateOf(ctx, g, authz.ReadProject, t); err != nil {
		return domain.TemplateRole{}, err
	}
	return c.templateRole(ctx, g.Project, t, id)
}

func (c *Catalog) templateRole(ctx context.Context, p domain.ProjectID, t domain.TemplateID, id domain.TemplateRoleID) (domain.TemplateRole, error) {
	row, err := c.Store.TemplateRoles().Get(ctx, id)
	if err == nil && (row.ProjectID != p || row.TemplateID != t) {
		return domain.TemplateRole{}, domain.NotFound("permission")
	}
	return row, missing(err, "permission")
}

// templateOf returns a template of the project to those who may act.
func (c *Catalog) templateOf(ctx context.Context, g authz.Grant, a authz.Action, t domain.TemplateID) (domain.Template, error) {
	if err := g.Require(a); err != nil {
		return domain.Template{}, err
	}
	return templates().get(ctx, c.Store, g.Project, t)
}

// AddTemplateRole gives a custom role rights on a template. Nobody gives more
// than they have in the project.
func (c *Catalog) AddTemplateRole(ctx context.Context, g authz.Grant, row domain.TemplateRole) (domain.TemplateRole, error) {
	if err := g.Require(authz.ManageMembers); err != nil {
		return row, err
	}
	if err := c.checkTemplateRole(g, row.Permissions); err != nil {
		return row, err
	}
	if _, builtin := row.RoleSlug.Permissions(); builtin {
		return row, domain.Invalid("role_slug", "%q is a built-in role; rights on single templates are for custom roles", string(row.RoleSlug))
	}
	row.ProjectID = g.Project
	err := c.Store.InTx(ctx, func(ctx context.Context) error {
		row.ID = 0
		t, err := templates().get(ctx, c.Store, g.Project, row.TemplateID)
		if err != nil {
			return err
		}
		_, known, err := access.Permissions(ctx, c.Store, g.Project, row.RoleSlug)
		if err != nil {
			return err
		}
		if !known {
			return domain.Invalid("role_slug", "%q is not a role of this project", string(row.RoleSlug))
		}
		taken := domain.Invalid("role_slug", "the role has rights on this template already; change those")
		_, err = c.Store.TemplateRoles().First(ctx, store.Where(store.Eq("template_id", t.ID), store.Eq("role_slug", row.RoleSlug)))
		if err == nil {
			return taken
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := c.Store.TemplateRoles().Create(ctx, &row); err != nil {
			if errors.Is(err, store.ErrConflict) {
				return taken
			}
			return err
		}
		return c.note(ctx, g.Actor, templateRoleEntry(t, row, "given to", nil, row))
	})
	return row, err
}

func (c *Catalog) checkTemplateRole(g authz.Grant, p domain.Permission) error {
	if err := domain.CheckPermissions(p); err != nil {
		return err
	}
	return g.MayGrant("permissions", p)
}

// SetTemplateRole changes the rights of a role on a template, and nothing else.
func (c *Catalog) SetTemplateRole(ctx context.Context, g authz.Grant, t domain.TemplateID, id domain.TemplateRoleID, p domain.Permission) error {
	if err := g.Require(authz.ManageMembers); err != nil {
		return err
	}
	if err := c.checkTemplateRole(g, p); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		tpl, err := templates().get(ctx, c.Store, g.Project, t)
		if err != nil {
			return err
		}
		before, err := c.templateRole(ctx, g.Project, t, id)
		if err != nil {
			return err
		}
		if err := g.MayGrant("permissions", before.Permissions); err != nil {
			return err
		}
		after, err := c.Store.TemplateRoles().Update(ctx, id, func(row *domain.TemplateRole) error {
			row.Permissions = p
			return nil
		})
		if err != nil {
			return missing(err, "permission")
		}
		return c.note(ctx, g.Actor, templateRoleEntry(tpl, after, "changed for", before, after))
	})
}

// RemoveTemplateRole takes the rights of a role on a template away. Taking away
// what is gone is fine.
func (c *Catalog) RemoveTemplateRole(ctx context.Context, g authz.Grant, t domain.TemplateID, id domain.TemplateRoleID) error {
	if err := g.Require(authz.ManageMembers); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		tpl, err := templates().get(ctx, c.Store, g.Project, t)
		if err != nil {
			return err
		}
		row, err := c.templateRole(ctx, g.Project, t, id)
		if domain.IsKind(err, domain.KindNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := g.MayGrant("permissions", row.Permissions); err != nil {
			return err
		}
		if err := c.Store.TemplateRoles().Delete(ctx, id); err != nil {
			return missing(err, "permission")
		}
		return c.note(ctx, g.Actor, templateRoleEntry(tpl, row, "taken from", row, nil))
	})
}

// templateRoleEntry tells about rights of a role on a template.
func templateRoleEntry(t domain.Template, row domain.TemplateRole, text string, before, after any) audit.Entry {
	return audit.Entry{
		Project: &t.ProjectID, Action: domain.ActionUpdate, Object: domain.ObjectTemplate, ID: int64(t.ID), Target: t.Name,
		Text: fmt.Sprintf("Rights on template %s %s role %s", t.Name, text, row.RoleSlug), Before: before, After: after,
	}
}
