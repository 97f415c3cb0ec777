package auth

import (
	"context"
	"crypto/subtle"
	"time"

	"signalbox/internal/audit"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// SetupNeeded reports whether there is no administrator yet.
func (s *Service) SetupNeeded(ctx context.Context) (bool, error) {
	n, err := s.cfg.Store.Users().Count(ctx, store.Where(store.Eq("admin", true)))
	return n == 0, err
}

// NewSetupToken makes the one-time token that creates the first administrator
// and forgets an earlier one. It is to be shown in the terminal and nowhere else.
func (s *Service) NewSetupToken() domain.Secret {
	token := randomText()
	s.setupMu.Lock()
	defer s.setupMu.Unlock()
	s.setupHash = domain.HashToken(token)
	return domain.Secret(token)
}

// CompleteSetup creates the first administrator and signs them in. However many
// ask at once, one succeeds; the others get a conflict.
func (s *Service) CompleteSetup(ctx context.Context, token domain.Secret, user domain.User, password domain.Secret, c Client) (Ticket, error) {
	done, err := s.throttle.begin("setup", "address:"+c.Address)
	if err != nil {
		return Ticket{}, err
	}
	user, err = s.setup(ctx, token, user, password, c)
	switch {
	case err == nil:
		done(succeeded)
	case domain.IsKind(err, domain.KindForbidden):
		done(failed)
	default:
		done(unclear)
	}
	if err != nil {
		return Ticket{}, err
	}
	return s.StartSession(ctx, user, c)
}

func (s *Service) setup(ctx context.Context, token domain.Secret, user domain.User, password domain.Secret, c Client) (domain.User, error) {
	needed, err := s.SetupNeeded(ctx)
	if err != nil {
		return user, err
	}
	if !needed {
		return user, errSetupDone()
	}
	if !s.setupTokenIs(token) {
		return user, &domain.Error{Kind: domain.KindForbidden, Field: "token", Message: "the set-up token is wrong; it is printed in the server's terminal"}
	}
	if err := user.Validate(); err != nil {
		return user, err
	}
	hash, err := s.Hash(ctx, password)
	if err != nil {
		return user, err
	}
	user.PasswordHash, user.Admin, user.External = hash, true, false
	user.Created = s.cfg.Now().UTC().Truncate(time.Second)

	// The transaction decides who is first, whichever server they asked.
	err = s.cfg.Store.InTx(ctx, func(ctx context.Context) error {
		user.ID = 0
		needed, err := s.SetupNeeded(ctx)
		if err != nil {
			return err
		}
		if !needed {
			return errSetupDone()
		}
		if err := s.cfg.Store.Users().Create(ctx, &user); err != nil {
			return err
		}
		return s.note(ctx, c.actor(user), audit.Entry{
			Action: domain.ActionCreate, Object: domain.ObjectUser, ID: int64(user.ID), Target: user.Username,
			Text: "User " + user.Username + " created as the first administrator", After: user,
		})
	})
	if err == nil {
		s.setupMu.Lock()
		s.setupHash = ""
		s.setupMu.Unlock()
	}
	return user, err
}

func (s *Service) setupTokenIs(token domain.Secret) bool {
	s.setupMu.Lock()
	defer s.setupMu.Unlock()
	return s.setupHash != "" && subtle.ConstantTimeCompare([]byte(domain.HashToken(token.Reveal())), []byte(s.setupHash)) == 1
}

func errSetupDone() error {
	return domain.Conflict("the server is set up already; sign in instead")
}
