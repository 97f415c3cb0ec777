package catalog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"signalbox/internal/audit"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// Users lists users whose user name starts with a text.
func (c *Catalog) Users(ctx context.Context, prefix string) ([]domain.User, error) {
	q := store.Query{}
	if prefix != "" {
		q = store.Where(store.HasPrefix("username", prefix))
	}
	return c.Store.Users().List(ctx, q.By("id"))
}

// User returns one user.
func (c *Catalog) User(ctx context.Context, id domain.UserID) (domain.User, error) {
	u, err := c.Store.Users().Get(ctx, id)
	return u, missing(err, "user")
}

func onlyAdmin(actor domain.Actor) error {
	if !actor.User.Admin {
		return domain.Unauthenticated("only an administrator may do this")
	}
	return nil
}

func selfOrAdmin(actor domain.Actor, id domain.UserID) error {
	if actor.User.ID == id && !actor.System() {
		return nil
	}
	return onlyAdmin(actor)
}

// taken names the first field that another user has already.
func (c *Catalog) taken(ctx context.Context, u domain.User) error {
	for _, of := range []struct{ field, value string }{{"username", u.Username}, {"email", u.Email}} {
		other, err := c.Store.Users().First(ctx, store.Where(store.Fold(of.field, of.value)))
		if err == nil && other.ID != u.ID {
			return domain.Invalid(of.field, "%q is taken", of.value)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}

// CreateUser stores a user. One who signs in elsewhere gets no password.
func (c *Catalog) CreateUser(ctx context.Context, actor domain.Actor, u domain.User, password domain.Secret) (domain.User, error) {
	if err := onlyAdmin(actor); err != nil {
		return u, err
	}
	if err := u.Validate(); err != nil {
		return u, err
	}
	u.PasswordHash = ""
	if !u.External {
		hash, err := c.Passwords.Hash(ctx, password)
		if err != nil {
			return u, err
		}
		u.PasswordHash = hash
	}
	err := c.Store.InTx(ctx, func(ctx context.Context) error {
		u.ID, u.Created = 0, c.Now().UTC().Truncate(time.Second)
		if err := c.taken(ctx, u); err != nil {
			return err
		}
		if err := c.Store.Users().Create(ctx, &u); err != nil {
			return err
		}
		return c.note(ctx, actor, userEntry(domain.ActionCreate, u, "User %s created", nil, u))
	})
	return u, err
}

// ReplaceUser replaces a user, and the password when one is given. Nobody
// changes their own administrator flag, and whoever signs in elsewhere keeps
// the name they have there.
func (c *Catalog) ReplaceUser(ctx context.Context, actor domain.Actor, id domain.UserID, u domain.User, password domain.Secret) error {
	if err := selfOrAdmin(actor, id); err != nil {
		return err
	}
	if err := u.Validate(); err != nil {
		return err
	}
	stored, err := c.User(ctx, id)
	if err != nil {
		return err
	}
	if (actor.User.ID == id || !actor.User.Admin) && u.Admin != stored.Admin {
		return domain.Unauthenticated("you cannot change your own administrator flag")
	}
	if !actor.User.Admin && u.Pro && !stored.Pro {
		return domain.Unauthenticated("only an administrator may do this")
	}
	if stored.External && (u.Username != stored.Username || password != "") {
		return domain.Invalid("username", "this user signs in elsewhere; user name and password are set there")
	}
	hash := ""
	if password != "" {
		if hash, err = c.Passwords.Hash(ctx, password); err != nil {
			return err
		}
	}
	u.ID = id
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		if err := c.taken(ctx, u); err != nil {
			return err
		}
		if stored.Admin && !u.Admin {
			if err := c.keepAdmin(ctx); err != nil {
				return err
			}
		}
		after, err := c.Store.Users().Update(ctx, id, func(row *domain.User) error {
			row.Username, row.Name, row.Email = u.Username, u.Name, u.Email
			row.Alert, row.Admin, row.Pro = u.Alert, u.Admin, u.Pro
			if hash != "" {
				row.PasswordHash = hash
			}
			return nil
		})
		if err != nil {
			return missing(err, "user")
		}
		if hash != "" {
			if err := c.endSessions(ctx, actor, id); err != nil {
				return err
			}
		}
		return c.note(ctx, actor, userEntry(domain.ActionUpdate, after, "User %s updated", stored, after))
	})
}

// keepAdmin refuses to take away the last administrator.
func (c *Catalog) keepAdmin(ctx context.Context) error {
	admins, err := c.Store.Users().Count(ctx, store.Where(store.Eq("admin", true)))
	if err == nil && admins <= 1 {
		err = domain.Invalid("", "the last administrator cannot be deleted or demoted")
	}
	return err
}

// endSessions signs a user out everywhere but in the session that asks for it.
func (c *Catalog) endSessions(ctx context.Context, actor domain.Actor, id domain.UserID) error {
	conds := []store.Cond{store.Eq("user_id", id)}
	if actor.User.ID == id && actor.SessionID != 0 {
		conds = append(conds, store.Ne("id", actor.SessionID))
	}
	_, err := c.Store.Sessions().DeleteWhere(ctx, conds...)
	return err
}

// SetPassword sets a password and ends the user's other sessions.
func (c *Catalog) SetPassword(ctx context.Context, actor domain.Actor, id domain.UserID, password domain.Secret) error {
	if err := selfOrAdmin(actor, id); err != nil {
		return err
	}
	stored, err := c.User(ctx, id)
	if err != nil {
		return err
	}
	if stored.External {
		return domain.Invalid("password", "this user signs in elsewhere; the password is set there")
	}
	hash, err := c.Passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		after, err := c.Store.Users().Update(ctx, id, func(row *domain.User) error {
			row.PasswordHash = hash
			return nil
		})
		if err != nil {
			return missing(err, "user")
		}
		if err := c.endSessions(ctx, actor, id); err != nil {
			return err
		}
		return c.note(ctx, actor, userEntry(domain.ActionUpdate, after, "Password of user %s changed", stored, after))
	})
}

// DeleteUser removes a user with their sessions, tokens, second factors,
// memberships and invitations. The last administrator stays.
func (c *Catalog) DeleteUser(ctx context.Context, actor domain.Actor, id domain.UserID) error {
	if err := selfOrAdmin(actor, id); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		u, err := c.User(ctx, id)
		if err != nil {
			return err
		}
		if u.Admin {
			if err := c.keepAdmin(ctx); err != nil {
				return err
			}
		}
		mine := store.Eq("user_id", id)
		for _, remove := range []func(context.Context, ...store.Cond) (int, error){
			c.Store.Sessions().DeleteWhere, c.Store.Tokens().DeleteWhere, c.Store.TOTPs().DeleteWhere,
			c.Store.RecoveryCodes().DeleteWhere, c.Store.Invites().DeleteWhere, c.Store.Members().DeleteWhere,
		} {
			if _, err := remove(ctx, mine); err != nil {
				return err
			}
		}
		if err := c.Store.Users().Delete(ctx, id); err != nil {
			return err
		}
		return c.note(ctx, actor, userEntry(domain.ActionDelete, u, "User %s deleted", u, nil))
	})
}

// userEntry tells about a user; text has a place for the user name.
func userEntry(action domain.EventAction, u domain.User, text string, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Object: domain.ObjectUser, ID: int64(u.ID), Target: u.Username,
		Text: fmt.Sprintf(text, u.Username), Before: before, After: after,
	}
}
