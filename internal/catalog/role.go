package catalog

import (
	"context"
	"errors"

	"signalbox/internal/access"
	"signalbox/internal/audit"
	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// maxNamed is how many of the things that still use a role are named.
const maxNamed = 100

// GlobalRoles lists the custom roles that every project has, by name.
func (c *Catalog) GlobalRoles(ctx context.Context) ([]domain.CustomRole, error) {
	return c.Store.Roles().List(ctx, store.Where(store.Null("project_id")).By("name", "id"))
}

// ProjectRoles lists the custom roles of a project by name, and with merged also
// those that every project has.
func (c *Catalog) ProjectRoles(ctx context.Context, g authz.Grant, merged bool) ([]domain.CustomRole, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return nil, err
	}
	roles, err := c.Store.Roles().List(ctx, store.Where(store.InProject(g.Project)).By("name", "id"))
	if err != nil || !merged {
		return roles, err
	}
	global, err := c.GlobalRoles(ctx)
	roles = append(roles, global...)
	sortBy(roles, false, func(r domain.CustomRole) string { return r.Name })
	return roles, err
}

// roleScope is where a role is written: in a project, or for all of them.
type roleScope struct {
	actor domain.Actor
	grant *authz.Grant // nil: for all projects
}

// require returns nil when the actor may write roles there.
func (s roleScope) require() error {
	if s.grant != nil {
		return s.grant.Require(authz.ManageMembers)
	}
	return authz.Decide(authz.Of(s.actor), authz.Administer)
}

// mayGrant: nobody makes a role that can do more than they can, or changes one.
func (s roleScope) mayGrant(p domain.Permission) error {
	if s.grant != nil {
		return s.grant.MayGrant("permissions", p)
	}
	return nil
}

func (s roleScope) project() *domain.ProjectID {
	if s.grant != nil {
		return &s.grant.Project
	}
	return nil
}

// Role returns a custom role of all projects, or with a grant of that project.
func (c *Catalog) Role(ctx context.Context, g *authz.Grant, slug domain.Role) (domain.CustomRole, error) {
	if g != nil {
		if err := g.Require(authz.ReadProject); err != nil {
			return domain.CustomRole{}, err
		}
	}
	where := store.Null("project_id")
	if g != nil {
		where = store.InProject(g.Project)
	}
	r, err := c.Store.Roles().First(ctx, store.Where(where, store.Eq("slug", slug)))
	return r, missing(err, "role")
}

// CreateRole stores a custom role for all projects, or with a grant for that one.
func (c *Catalog) CreateRole(ctx context.Context, actor domain.Actor, g *authz.Grant, r domain.CustomRole) (domain.CustomRole, error) {
	s := roleScope{actor, g}
	if err := s.require(); err != nil {
		return r, err
	}
	if err := r.Validate(); err != nil {
		return r, err
	}
	if err := s.mayGrant(r.Permissions); err != nil {
		return r, err
	}
	r.ProjectID = s.project()
	err := c.Store.InTx(ctx, func(ctx context.Context) error {
		r.ID = 0
		switch _, err := c.Store.Roles().First(ctx, store.Where(store.Eq("slug", r.Slug))); {
		case err == nil:
			return slugTaken(r.Slug)
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		if err := c.Store.Roles().Create(ctx, &r); err != nil {
			if errors.Is(err, store.ErrConflict) {
				return slugTaken(r.Slug)
			}
			return err
		}
		return c.note(ctx, actor, s.entry(domain.ActionCreate, r, "created", nil, r))
	})
	return r, err
}

func slugTaken(slug domain.Role) error {
	return domain.Invalid("slug", "the role %q exists already; slugs are unique in the whole system, also in projects you do not see", string(slug))
}

// ReplaceRole changes the name and the rights of a custom role. Its slug stays:
// members and templates name it by that. An empty one is one the client left out.
func (c *Catalog) ReplaceRole(ctx context.Context, actor domain.Actor, g *authz.Grant, slug domain.Role, r domain.CustomRole) error {
	s := roleScope{actor, g}
	if err := s.require(); err != nil {
		return err
	}
	if r.Slug == "" {
		r.Slug = slug
	}
	if r.Slug != slug {
		return domain.Invalid("slug", "the slug of a role cannot be changed; make a new role instead")
	}
	if err := r.Validate(); err != nil {
		return err
	}
	if err := s.mayGrant(r.Permissions); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		before, err := c.Role(ctx, g, slug)
		if err != nil {
			return err
		}
		if err := s.mayGrant(before.Permissions); err != nil {
			return err
		}
		after, err := c.Store.Roles().Update(ctx, before.ID, func(row *domain.CustomRole) error {
			row.Name, row.Permissions = r.Name, r.Permissions
			return nil
		})
		if err != nil {
			return missing(err, "role")
		}
		return c.note(ctx, actor, s.entry(domain.ActionUpdate, after, "updated", before, after))
	})
}

// DeleteRole removes a custom role that no member, template or open invitation
// has.
func (c *Catalog) DeleteRole(ctx context.Context, actor domain.Actor, g *authz.Grant, slug domain.Role) error {
	s := roleScope{actor, g}
	if err := s.require(); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		r, err := c.Role(ctx, g, slug)
		if err != nil {
			return err
		}
		if err := s.mayGrant(r.Permissions); err != nil {
			return err
		}
		users, err := c.roleUsers(ctx, r)
		if err != nil {
			return err
		}
		if len(users) > 0 {
			return inUse("role", users)
		}
		if err := c.Store.Roles().Delete(ctx, r.ID); err != nil {
			return missing(err, "role")
		}
		return c.note(ctx, actor, s.entry(domain.ActionDelete, r, "deleted", r, nil))
	})
}

// roleUsers lists the members, templates and open invitations that name a role.
func (c *Catalog) roleUsers(ctx context.Context, r domain.CustomRole) (refs []domain.Reference, err error) {
	where := func(field string, more ...store.Cond) store.Query {
		conds := append([]store.Cond{store.Eq(field, r.Slug)}, more...)
		if r.ProjectID != nil {
			conds = append(conds, store.InProject(*r.ProjectID))
		}
		return store.Where(conds...).Max(maxNamed)
	}
	members, err := c.Store.Members().List(ctx, where("role"))
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		u, err := c.Store.Users().Get(ctx, m.UserID)
		if err != nil {
			return nil, err
		}
		refs = append(refs, domain.Reference{Type: "user", ID: int64(u.ID), Name: u.Username})
	}
	rows, err := c.Store.TemplateRoles().List(ctx, where("role_slug"))
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		t, err := c.Store.Templates().Get(ctx, row.TemplateID)
		if err != nil {
			return nil, err
		}
		refs = append(refs, domain.Reference{Type: "template", ID: int64(t.ID), Name: t.Name})
	}
	invites, err := c.Store.Invites().List(ctx, where("role", store.Eq("status", domain.InvitePending)))
	if err != nil {
		return nil, err
	}
	for _, i := range invites {
		if i.StatusAt(c.Now()) != domain.InvitePending {
			continue
		}
		name, err := c.inviteName(ctx, i)
		if err != nil {
			return nil, err
		}
		refs = append(refs, domain.Reference{Type: "invite", ID: int64(i.ID), Name: name})
	}
	return refs, nil
}

// entry tells about a role.
func (s roleScope) entry(action domain.EventAction, r domain.CustomRole, verb string, before, after any) audit.Entry {
	return audit.Entry{
		Project: s.project(), Action: action, Object: domain.ObjectRole, ID: int64(r.ID), Target: string(r.Slug),
		Text: "Role " + r.Name + " " + verb, Before: before, After: after,
	}
}

// checkRole makes sure that the project has a role, and returns its rights.
func (c *Catalog) checkRole(ctx context.Context, p domain.ProjectID, role domain.Role) (domain.Permission, error) {
	mask, known, err := access.Permissions(ctx, c.Store, p, role)
	if err == nil && !known {
		err = domain.Invalid("role", "%q is not a role of this project; use owner, manager, task_runner, guest or a custom role", string(role))
	}
	return mask, err
}
