package catalog

import (
	"context"
	"errors"
	"strings"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// InviteView is what an invitation tells whoever has its secret.
type InviteView struct {
	Project string // name
	Email   string // "" where it is for an account
	// Registered reports whether there is an account that can accept it.
	Registered bool
}

// ShowInvite tells what an invitation is for that can be accepted now. Of any
// other it says only why it cannot.
func (c *Catalog) ShowInvite(ctx context.Context, secret domain.Secret) (InviteView, error) {
	i, err := c.openInvite(ctx, secret)
	if err != nil {
		return InviteView{}, err
	}
	p, err := c.Store.Projects().Get(ctx, i.ProjectID)
	if err != nil {
		return InviteView{}, missing(err, "project")
	}
	v := InviteView{Project: p.Name, Email: deref(i.Email), Registered: true}
	if i.Email != nil {
		v.Registered, err = c.hasAccount(ctx, *i.Email)
	}
	return v, err
}

// openInvite returns the invitation of a secret, for somebody who is nobody yet.
func (c *Catalog) openInvite(ctx context.Context, secret domain.Secret) (domain.Invite, error) {
	if err := c.inviting(); err != nil {
		return domain.Invite{}, err
	}
	if secret == "" {
		return domain.Invite{}, domain.Invalid("token", "the token of the invitation is required")
	}
	i, err := c.Store.Invites().First(ctx, store.Where(store.Eq("token_hash", domain.HashToken(secret.Reveal()))))
	if errors.Is(err, store.ErrNotFound) {
		return i, domain.Invalid("token", "there is no such invitation; ask for a new one")
	}
	if err != nil {
		return i, err
	}
	return i, c.stillHolds(ctx, i)
}

func (c *Catalog) hasAccount(ctx context.Context, email string) (bool, error) {
	_, err := c.Store.Users().First(ctx, store.Where(store.Fold("email", email)))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Register makes an account for the address that an invitation is for, and the
// account a member of the project. Of the user only the names count. Neither is
// made without the other, and of several who try with one secret one succeeds.
// The actor says where it is done from.
func (c *Catalog) Register(ctx context.Context, actor domain.Actor, secret domain.Secret, user domain.User, password domain.Secret) (domain.User, domain.ProjectID, error) {
	u := domain.User{Username: user.Username, Name: user.Name}
	i, err := c.mayRegister(ctx, secret, &u)
	if err != nil {
		return domain.User{}, 0, err
	}
	// Only for who may: a hash is work, and must not be done in a transaction.
	if u.PasswordHash, err = c.Passwords.Hash(ctx, password); err != nil {
		return domain.User{}, 0, err
	}
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		u.ID, u.Created = 0, c.Now().UTC().Truncate(time.Second)
		var err error
		if i, err = c.mayRegister(ctx, secret, &u); err != nil {
			return err
		}
		return c.register(ctx, actor, i, &u)
	})
	if errors.Is(err, store.ErrConflict) {
		// Somebody was faster by a hair; what they took can be seen by now.
		if _, err := c.mayRegister(ctx, secret, &u); err != nil {
			return domain.User{}, 0, err
		}
		err = domain.Invalid("username", "somebody took it at this moment; try again")
	}
	if err != nil {
		return domain.User{}, 0, err
	}
	return u, i.ProjectID, nil
}

// mayRegister looks at the invitation and at the names, and fills in the address.
func (c *Catalog) mayRegister(ctx context.Context, secret domain.Secret, u *domain.User) (domain.Invite, error) {
	i, err := c.openInvite(ctx, secret)
	if err != nil {
		return i, err
	}
	if i.Email == nil {
		return i, domain.Invalid("token", "this invitation is for an account; sign in with it")
	}
	switch has, err := c.hasAccount(ctx, *i.Email); {
	case err != nil:
		return i, err
	case has:
		return i, domain.Invalid("email", "there is an account with this e-mail address; sign in with it")
	}
	u.Email = *i.Email
	if err := u.Validate(); err != nil {
		return i, err
	}
	// The sign-in takes names and addresses in one field, names first: with the
	// address of somebody else for a name, one would stand in their way.
	if strings.Contains(u.Username, "@") && !strings.EqualFold(u.Username, u.Email) {
		return i, domain.Invalid("username", "must not be an e-mail address other than your own")
	}
	return i, c.taken(ctx, *u)
}

// register spends the invitation and stores the user and the membership.
func (c *Catalog) register(ctx context.Context, actor domain.Actor, i domain.Invite, u *domain.User) error {
	after, err := c.spendInvite(ctx, i)
	if err != nil {
		return err
	}
	if err := c.Store.Users().Create(ctx, u); err != nil {
		return err
	}
	actor.User = *u
	if err := c.note(ctx, actor, userEntry(domain.ActionCreate, *u, "User %s registered by an invitation", nil, *u)); err != nil {
		return err
	}
	return c.join(ctx, actor, i, after)
}
