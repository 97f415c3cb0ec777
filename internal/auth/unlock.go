package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// unlockOption is where it is kept when a user was let try again. Wrong tries
// are counted in the memory of each server; this reaches all of them.
func unlockOption(id domain.UserID) string { return fmt.Sprintf("user.%d.unlocked", id) }

// begin is that of the throttle, for tries on the account of a user, 0 for an
// unknown one.
func (s *Service) begin(ctx context.Context, id domain.UserID, keys ...string) (func(outcome), error) {
	done, err := s.throttle.begin(keys...)
	if id == 0 || !domain.IsKind(err, domain.KindThrottled) {
		return done, err
	}
	text, lookup := s.cfg.Store.Options().Get(ctx, unlockOption(id))
	if lookup != nil {
		return nil, err
	}
	at, parse := time.Parse(time.RFC3339Nano, text)
	if parse != nil || !at.After(s.throttle.lastTry(passwordTries(id), codeTries(id))) {
		return nil, err
	}
	s.throttle.forget(passwordTries(id), codeTries(id))
	return s.throttle.begin(keys...)
}

// Unlock lets a user try again who was locked out by wrong passwords or codes.
// It reaches other servers on the same database when the user next tries.
func (s *Service) Unlock(ctx context.Context, actor domain.Actor, id domain.UserID) error {
	user, err := s.cfg.Store.Users().Get(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return domain.NotFound("user")
	}
	if err != nil {
		return err
	}
	err = s.cfg.Store.InTx(ctx, func(ctx context.Context) error {
		now := s.cfg.Now().UTC().Format(time.RFC3339Nano)
		if err := s.cfg.Store.Options().Set(ctx, unlockOption(id), now); err != nil {
			return err
		}
		return s.noteUser(ctx, actor, user, "User %s unlocked")
	})
	if err == nil {
		s.throttle.forget(passwordTries(id), codeTries(id))
	}
	return err
}
