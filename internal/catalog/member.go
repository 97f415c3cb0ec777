package catalog

import (
	"context"
	"errors"
	"fmt"

	"signalbox/internal/audit"
	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// MemberRow is a member as lists show it.
type MemberRow struct {
	domain.User
	Role domain.Role
}

// Members lists the members of a project.
func (c *Catalog) Members(ctx context.Context, g authz.Grant, s Sort) ([]MemberRow, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return nil, err
	}
	if _, err := s.order("name", "username", "email", "role"); err != nil {
		return nil, err
	}
	members, err := c.Store.Members().List(ctx, store.Where(store.InProject(g.Project)).By("user_id"))
	if err != nil {
		return nil, err
	}
	roles := map[domain.UserID]domain.Role{}
	ids := make([]domain.UserID, 0, len(members))
	for _, m := range members {
		roles[m.UserID] = m.Role
		ids = append(ids, m.UserID)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	users, err := c.Store.Users().List(ctx, store.Where(store.In("id", ids)).By("name", "id"))
	if err != nil {
		return nil, err
	}
	rows := make([]MemberRow, 0, len(users))
	for _, u := range users {
		rows = append(rows, MemberRow{User: u, Role: roles[u.ID]})
	}
	sortBy(rows, s.Desc, func(r MemberRow) string {
		switch s.Column {
		case "username":
			return r.Username
		case "email":
			return r.Email
		case "role":
			return string(r.Role)
		}
		return r.Name
	})
	return rows, nil
}

// Member returns a member of the project.
func (c *Catalog) Member(ctx context.Context, g authz.Grant, id domain.UserID) (domain.User, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return domain.User{}, err
	}
	if _, err := c.member(ctx, g.Project, id); err != nil {
		return domain.User{}, missing(err, "member")
	}
	u, err := c.Store.Users().Get(ctx, id)
	return u, missing(err, "member")
}

func checkRole(role domain.Role) error {
	if _, known := role.Permissions(); !known {
		return domain.Invalid("role", "%q is not a role; use owner, manager, task_runner or guest", string(role))
	}
	return nil
}

// AddMember makes a user a member.
func (c *Catalog) AddMember(ctx context.Context, g authz.Grant, id domain.UserID, role domain.Role) error {
	if err := g.Require(authz.ManageMembers); err != nil {
		return err
	}
	if err := checkRole(role); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		user, err := c.Store.Users().Get(ctx, id)
		if err != nil {
			return missing(err, "user")
		}
		m := domain.Member{ProjectID: g.Project, UserID: id, Role: role}
		if err := c.Store.Members().Create(ctx, &m); err != nil {
			if errors.Is(err, store.ErrConflict) {
				return domain.Conflict("%s is a member already", user.Username)
			}
			return err
		}
		return c.note(ctx, g.Actor, memberEntry(g, domain.ActionCreate, user, "User %s added to the project as "+string(role), nil, m))
	})
}

// SetMemberRole changes the role of a member. Owners cannot change their own:
// a project must not lose its owner by a slip.
func (c *Catalog) SetMemberRole(ctx context.Context, g authz.Grant, id domain.UserID, role domain.Role) error {
	return c.changeMember(ctx, g, authz.ManageMembers, domain.ActionUpdate, id, "User %s is now "+string(role), func(ctx context.Context, m domain.Member) (any, error) {
		if err := checkRole(role); err != nil {
			return nil, err
		}
		return c.Store.Members().Update(ctx, m.ID, func(row *domain.Member) error {
			row.Role = role
			return nil
		})
	})
}

// RemoveMember ends a membership; Leave ends the actor's own.
func (c *Catalog) RemoveMember(ctx context.Context, g authz.Grant, id domain.UserID) error {
	return c.changeMember(ctx, g, authz.ManageMembers, domain.ActionDelete, id, "User %s removed from the project", c.dropMember)
}

// Leave ends the actor's own membership.
func (c *Catalog) Leave(ctx context.Context, g authz.Grant) error {
	return c.changeMember(ctx, g, authz.LeaveProject, domain.ActionDelete, g.Actor.User.ID, "User %s left the project", c.dropMember)
}

func (c *Catalog) dropMember(ctx context.Context, m domain.Member) (any, error) {
	return nil, c.Store.Members().Delete(ctx, m.ID)
}

func (c *Catalog) changeMember(ctx context.Context, g authz.Grant, action authz.Action, what domain.EventAction, id domain.UserID, text string, change func(context.Context, domain.Member) (any, error)) error {
	if err := g.Require(action); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		m, err := c.member(ctx, g.Project, id)
		if err != nil {
			return missing(err, "member")
		}
		if id == g.Actor.User.ID && m.Role == domain.RoleOwner {
			return domain.Invalid("", "an owner cannot change their own role or leave; another owner has to do it")
		}
		after, err := change(ctx, m)
		if err != nil {
			return err
		}
		user, err := c.Store.Users().Get(ctx, id)
		if err != nil {
			return missing(err, "user")
		}
		return c.note(ctx, g.Actor, memberEntry(g, what, user, text, m, after))
	})
}

// memberEntry tells about a membership; text has a place for the user name.
func memberEntry(g authz.Grant, action domain.EventAction, u domain.User, text string, before, after any) audit.Entry {
	return audit.Entry{
		Project: &g.Project, Action: action, Object: domain.ObjectUser, ID: int64(u.ID), Target: u.Username,
		Text: fmt.Sprintf(text, u.Username), Before: before, After: after,
	}
}
