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

// AddMember makes a user a member. Nobody gives a role that can do more than
// they can.
func (c *Catalog) AddMember(ctx context.Context, g authz.Grant, id domain.UserID, role domain.Role) error {
	if err := g.Require(authz.ManageMembers); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		mask, err := c.checkRole(ctx, g.Project, role)
		if err != nil {
			return err
		}
		if err := g.MayGrant("role", mask); err != nil {
			return err
		}
		user, err := c.Store.Users().Get(ctx, id)
		if err != nil {
			return missing(err, "user")
		}
		m, err := c.addMember(ctx, g.Project, user, role)
		if err != nil {
			return err
		}
		return c.note(ctx, g.Actor, memberEntry(g, domain.ActionCreate, user, "User %s added to the project as "+string(role), nil, m))
	})
}

// addMember stores a membership, in the transaction of who asks for it.
func (c *Catalog) addMember(ctx context.Context, p domain.ProjectID, u domain.User, role domain.Role) (domain.Member, error) {
	already := domain.Conflict("%s is a member already", u.Username)
	m := domain.Member{ProjectID: p, UserID: u.ID, Role: role}
	switch _, err := c.member(ctx, p, u.ID); {
	case err == nil:
		return m, already
	case !errors.Is(err, store.ErrNotFound):
		return m, err
	}
	err := c.Store.Members().Create(ctx, &m)
	if errors.Is(err, store.ErrConflict) {
		return m, already
	}
	return m, err
}

// SetMemberRole changes the role of a member. Owners cannot change their own:
// a project must not lose its owner by a slip.
func (c *Catalog) SetMemberRole(ctx context.Context, g authz.Grant, id domain.UserID, role domain.Role) error {
	return c.changeMember(ctx, g, authz.ManageMembers, domain.ActionUpdate, id, "User %s is now "+string(role), func(ctx context.Context, m domain.Member) (any, error) {
		mask, err := c.checkRole(ctx, g.Project, role)
		if err != nil {
			return nil, err
		}
		if err := g.MayGrant("role", mask); err != nil {
			return nil, err
		}
		if role != domain.RoleOwner {
			if err := c.keepOwner(ctx, m); err != nil {
				return nil, err
			}
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
	if err := g.Require(authz.LeaveProject); err != nil {
		return err
	}
	if c.Teams.MembersStay && !g.Effective().Has(domain.PermManageUsers) {
		return domain.Forbidden("members do not leave projects on their own here; ask an owner to remove you")
	}
	return c.changeMember(ctx, g, authz.LeaveProject, domain.ActionDelete, g.Actor.User.ID, "User %s left the project", c.dropMember)
}

func (c *Catalog) dropMember(ctx context.Context, m domain.Member) (any, error) {
	if err := c.keepOwner(ctx, m); err != nil {
		return nil, err
	}
	return nil, c.Store.Members().Delete(ctx, m.ID)
}

// keepOwner refuses to take the last owner from a project, whoever asks. The
// rows of all owners are locked until the end of the transaction, so that two
// owners cannot be taken away at once.
func (c *Catalog) keepOwner(ctx context.Context, m domain.Member) error {
	if m.Role != domain.RoleOwner {
		return nil
	}
	owners, err := c.Store.Members().List(ctx, store.Where(store.InProject(m.ProjectID), store.Eq("role", domain.RoleOwner)).By("id"))
	if err != nil {
		return err
	}
	others := 0
	for _, o := range owners {
		row, err := c.Store.Members().Update(ctx, o.ID, func(*domain.Member) error { return nil })
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if row.ID != m.ID && row.Role == domain.RoleOwner {
			others++
		}
	}
	if others == 0 {
		return domain.Invalid("", "the project would have no owner any more; make another member its owner first")
	}
	return nil
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
		if id != g.Actor.User.ID {
			// Who may do less does not decide about who may do more.
			mask, _, err := access.Permissions(ctx, c.Store, g.Project, m.Role)
			if err != nil {
				return err
			}
			if err := g.MayGrant("", mask); err != nil {
				return err
			}
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
