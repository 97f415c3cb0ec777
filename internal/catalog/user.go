package catalog

import (
	"context"
	"fmt"
	"strings"
	"time"

	"signalbox/internal/audit"
	"signalbox/internal/domain"
	"signalbox/internal/mail"
	"signalbox/internal/store"
)

// Users lists users by id, those whose user name starts with a text.
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

// taken names the first field with something that another user signs in by: names
// and addresses are both taken at the sign-in, so one's name is nobody's address.
func (c *Catalog) taken(ctx context.Context, u domain.User) error {
	for _, f := range [][2]string{{"username", u.Username}, {"email", u.Email}} {
		for _, column := range []string{"username", "email"} {
			others, err := c.Store.Users().Count(ctx, store.Where(store.Fold(column, f[1]), store.Ne("id", u.ID)))
			if err != nil {
				return err
			}
			if others > 0 {
				return domain.Invalid(f[0], "%q is taken", f[1])
			}
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

// UserChange replaces a user.
type UserChange struct {
	User     domain.User
	Password domain.Secret // "": stays
	// Current is the present password, which changing one's own in a browser needs.
	Current  domain.Secret
	Disabled *bool // nil: stays
	// MustChange makes the user choose another password at the next sign-in. nil
	// means yes where somebody else sets the password, and stays otherwise.
	MustChange *bool
}

// mustChange reports whether the user has to choose another password after a
// change. Nobody asks it of themselves.
func (ch UserChange) mustChange(actor domain.Actor, stored domain.User) bool {
	switch {
	case stored.External:
		return false
	case actor.User.ID == stored.ID:
		return stored.MustChangePassword && ch.Password == ""
	case ch.MustChange != nil:
		return *ch.MustChange
	}
	return stored.MustChangePassword || ch.Password != ""
}

// ReplaceUser replaces a user, and the password when one is given. Nobody
// changes their own administrator flag, and whoever signs in elsewhere keeps
// the name they have there.
func (c *Catalog) ReplaceUser(ctx context.Context, actor domain.Actor, id domain.UserID, change UserChange) error {
	if err := selfOrAdmin(actor, id); err != nil {
		return err
	}
	u := change.User
	if err := u.Validate(); err != nil {
		return err
	}
	stored, err := c.User(ctx, id)
	if err != nil {
		return err
	}
	u.Disabled = stored.Disabled
	if change.Disabled != nil {
		u.Disabled = *change.Disabled
	}
	if err := mayChange(actor, stored, u); err != nil {
		return err
	}
	if stored.External && change.Password != "" {
		return domain.Invalid("password", "this user signs in elsewhere; the password is set there")
	}
	hash := ""
	if change.Password != "" {
		if hash, err = c.newPassword(ctx, actor, id, change.Password, change.Current); err != nil {
			return err
		}
	}
	u.ID = id
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		if err := c.taken(ctx, u); err != nil {
			return err
		}
		if !u.Admin || u.Disabled {
			if err := c.keepAdmin(ctx, id); err != nil {
				return err
			}
		}
		after, err := c.Store.Users().Update(ctx, id, func(row *domain.User) error {
			row.Username, row.Name, row.Email = u.Username, u.Name, u.Email
			row.Alert, row.Admin, row.Pro, row.Disabled = u.Alert, u.Admin, u.Pro, u.Disabled
			row.MustChangePassword = change.mustChange(actor, stored)
			if hash != "" {
				row.PasswordHash = hash
			}
			return nil
		})
		if err != nil {
			return missing(err, "user")
		}
		if hash != "" || u.Disabled {
			if err := c.endSessions(ctx, actor, id); err != nil {
				return err
			}
		}
		return c.note(ctx, actor, userEntry(domain.ActionUpdate, after, "User %s updated", stored, after))
	})
	if err != nil {
		return err
	}
	if hash != "" {
		c.post().Tell(stored, actor.Address, passwordNotice(actor, id))
	}
	if !strings.EqualFold(stored.Email, u.Email) {
		c.post().Tell(stored, actor.Address, mail.EmailChanged) // at the old address
	}
	return nil
}

func passwordNotice(actor domain.Actor, id domain.UserID) mail.Notice {
	if actor.User.ID == id {
		return mail.PasswordChanged
	}
	return mail.PasswordSet
}

// mayChange refuses changes of a user that are not the actor's to make.
func mayChange(actor domain.Actor, stored, u domain.User) error {
	self := actor.User.ID == stored.ID
	switch {
	case (self || !actor.User.Admin) && u.Admin != stored.Admin:
		return domain.Unauthenticated("you cannot change your own administrator flag")
	case (self || !actor.User.Admin) && u.Disabled != stored.Disabled:
		return domain.Unauthenticated("you cannot disable your own account")
	case !actor.User.Admin && u.Pro && !stored.Pro:
		return domain.Unauthenticated("only an administrator may do this")
	case stored.External && u.Username != stored.Username:
		return domain.Invalid("username", "this user signs in elsewhere; the user name is set there")
	}
	return nil
}

// newPassword checks that the actor may set a password, and hashes it.
func (c *Catalog) newPassword(ctx context.Context, actor domain.Actor, id domain.UserID, password, current domain.Secret) (string, error) {
	if !actor.Token.Has(domain.ScopeAdmin) {
		return "", domain.Forbidden("this token lacks the scope %q", domain.ScopeAdmin)
	}
	hash, err := c.Passwords.Hash(ctx, password)
	if err != nil {
		return "", err
	}
	if actor.User.ID == id {
		return hash, c.Passwords.Prove(ctx, actor, current, "")
	}
	return hash, nil
}

// keepAdmin refuses to take away the last administrator who can sign in.
func (c *Catalog) keepAdmin(ctx context.Context, id domain.UserID) error {
	return KeepAdmin(ctx, c.Store, id)
}

// KeepAdmin refuses when a user is the only administrator who can sign in.
func KeepAdmin(ctx context.Context, s store.Store, id domain.UserID) error {
	u, err := s.Users().Get(ctx, id)
	if err != nil {
		return missing(err, "user")
	}
	if !u.Admin || u.Disabled {
		return nil
	}
	others, err := s.Users().Count(ctx, store.Where(store.Eq("admin", true), store.Eq("disabled", false), store.Ne("id", id)))
	if err == nil && others == 0 {
		err = domain.Invalid("", "the last administrator cannot be deleted, demoted or disabled")
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

// SetPassword sets a password and ends the user's other sessions. Whoever changes
// their own in a browser gives the present one. Of the change, what is about the
// password counts.
func (c *Catalog) SetPassword(ctx context.Context, actor domain.Actor, id domain.UserID, change UserChange) error {
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
	hash, err := c.newPassword(ctx, actor, id, change.Password, change.Current)
	if err != nil {
		return err
	}
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		after, err := c.Store.Users().Update(ctx, id, func(row *domain.User) error {
			row.PasswordHash, row.MustChangePassword = hash, change.mustChange(actor, stored)
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
	if err == nil {
		c.post().Tell(stored, actor.Address, passwordNotice(actor, id))
	}
	return err
}

// DeleteUser removes a user with their sessions, tokens and memberships; what
// they did keeps their name. The last administrator stays, and nobody deletes
// themselves.
func (c *Catalog) DeleteUser(ctx context.Context, actor domain.Actor, id domain.UserID) error {
	if err := selfOrAdmin(actor, id); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		u, err := c.User(ctx, id)
		if err != nil {
			return err
		}
		if err := c.keepAdmin(ctx, id); err != nil {
			return err
		}
		if actor.User.ID == id {
			return domain.Invalid("", "you cannot delete your own account; ask an administrator")
		}
		if err := EraseUser(ctx, c.Store, id); err != nil {
			return err
		}
		return c.note(ctx, actor, userEntry(domain.ActionDelete, u, "User %s deleted", u, nil))
	})
}

// EraseUser removes a user with all that is theirs alone, inside a transaction.
// The only owner of a project stays.
func EraseUser(ctx context.Context, s store.Store, id domain.UserID) error {
	mine := store.Eq("user_id", id)
	owned, err := s.Members().List(ctx, store.Where(mine, store.Eq("role", domain.RoleOwner)).By("project_id"))
	if err != nil {
		return err
	}
	for _, m := range owned {
		owners, err := s.Members().Count(ctx, store.Where(store.InProject(m.ProjectID), store.Eq("role", domain.RoleOwner)))
		if err != nil {
			return err
		}
		if owners <= 1 {
			p, err := s.Projects().Get(ctx, m.ProjectID)
			if err != nil {
				return err
			}
			return domain.Conflict("this user is the only owner of project %q; give it another owner or delete it first", p.Name)
		}
	}
	for _, remove := range []func(context.Context, ...store.Cond) (int, error){
		s.Sessions().DeleteWhere, s.Tokens().DeleteWhere, s.Members().DeleteWhere,
		s.TOTPs().DeleteWhere, s.RecoveryCodes().DeleteWhere, s.MailCodes().DeleteWhere, s.Invites().DeleteWhere,
	} {
		if _, err := remove(ctx, mine); err != nil {
			return err
		}
	}
	if err := dropUserOptions(ctx, s, id); err != nil {
		return err
	}
	return s.Users().Delete(ctx, id)
}

// userEntry tells about a user; text has a place for the user name.
func userEntry(action domain.EventAction, u domain.User, text string, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Object: domain.ObjectUser, ID: int64(u.ID), Target: u.Username,
		Text: fmt.Sprintf(text, u.Username), Before: before, After: after,
	}
}
