// Package access finds the facts that authz decides on: what a user is in a
// project, which rights the role gives there, and which it was given on single
// templates. It decides nothing itself. Whoever needs those facts asks here, so
// that a role means the same everywhere.
package access

import (
	"context"
	"errors"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// Grant says what an actor is in a project. An administrator gets a grant for
// every project there is; anybody else a grant without membership for projects
// that are not theirs.
func Grant(ctx context.Context, s store.Store, actor domain.Actor, p domain.ProjectID) (authz.Grant, error) {
	g := authz.Grant{Actor: actor, Project: p}
	m, err := Member(ctx, s, p, actor.User.ID)
	switch {
	case err == nil:
		g.Member, g.Role = true, m.Role
		g.Permissions, _, err = Permissions(ctx, s, p, m.Role) // a role that is gone gives nothing
		return g, err
	case !errors.Is(err, store.ErrNotFound):
		return g, err
	case !actor.User.Admin:
		return g, nil
	}
	if _, err := s.Projects().Get(ctx, p); err != nil {
		if errors.Is(err, store.ErrNotFound) {
			err = domain.NotFound("project")
		}
		return g, err
	}
	return g, nil
}

// Member returns a user's membership, store.ErrNotFound when there is none.
func Member(ctx context.Context, s store.Store, p domain.ProjectID, u domain.UserID) (domain.Member, error) {
	return s.Members().First(ctx, store.Where(store.InProject(p), store.Eq("user_id", u)))
}

// Permissions returns the rights of a role in a project, and whether the project
// has that role: a built-in one, one of its own or one for all projects. Roles of
// other projects are nothing here.
func Permissions(ctx context.Context, s store.Store, p domain.ProjectID, role domain.Role) (domain.Permission, bool, error) {
	if mask, builtin := role.Permissions(); builtin {
		return mask, true, nil
	}
	if role == "" {
		return 0, false, nil
	}
	r, err := s.Roles().First(ctx, store.Where(store.Eq("slug", role)))
	if errors.Is(err, store.ErrNotFound) || err == nil && r.ProjectID != nil && *r.ProjectID != p {
		return 0, false, nil
	}
	return r.Permissions, err == nil, err
}

// OnTemplate adds to a grant what its role was given on a template of the
// project. Of what means nothing on a template, nothing is added.
func OnTemplate(ctx context.Context, s store.Store, g *authz.Grant, t domain.TemplateID) error {
	g.Template = 0
	if _, builtin := g.Role.Permissions(); builtin || g.Role == "" {
		return nil
	}
	row, err := s.TemplateRoles().First(ctx, store.Where(store.InProject(g.Project), store.Eq("template_id", t), store.Eq("role_slug", g.Role)))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, known, err := Permissions(ctx, s, g.Project, g.Role); err != nil || !known {
		return err
	}
	g.Template = row.Permissions & authz.OnTemplate
	return nil
}
