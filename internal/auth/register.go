package auth

import (
	"context"
	"errors"

	"signalbox/internal/domain"
)

// ShowLink runs what somebody who has not signed in asks about a secret link.
// Wrong links slow the client's address down: an error that names the token.
func (s *Service) ShowLink(c Client, find func() error) error {
	done, err := s.throttle.begin(linkTries(c))
	if err != nil {
		return err
	}
	err = find()
	// A good link forgives nothing: else one would pay for any number of guesses.
	done(outcomeOfLink(err))
	return err
}

// Register has a user with a password made by a secret link and signs them in as
// Login does, with all its steps. Wrong links and taken names slow the client's
// address down. The user stays where the sign-in has to wait; the ticket is then
// without a cookie.
func (s *Service) Register(ctx context.Context, c Client, create func(context.Context) (domain.User, error)) (Ticket, error) {
	if s.cfg.PasswordLoginDisabled {
		return Ticket{}, domain.Forbidden("PASSWORD_LOGIN_DISABLED")
	}
	done, err := s.throttle.begin(linkTries(c))
	if err != nil {
		return Ticket{}, err
	}
	user, err := create(ctx)
	if err != nil {
		done(outcomeOfLink(err))
		return Ticket{}, err
	}
	done(succeeded)
	ticket, err := s.start(ctx, user, c, s.mailFactor(user))
	if domain.IsKind(err, domain.KindThrottled) {
		return Ticket{User: user}, nil
	}
	return ticket, err
}

// linkTries are apart from those of passwords: whoever has a good link must not
// guess passwords by it without waiting.
func linkTries(c Client) string { return "link:" + c.Address }

func outcomeOfLink(err error) outcome {
	var e *domain.Error
	if errors.As(err, &e) && (e.Field == "token" || e.Field == "username") {
		return failed
	}
	return unclear
}
