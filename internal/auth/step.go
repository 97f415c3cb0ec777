package auth

import (
	"context"
	"errors"

	"signalbox/internal/domain"
	letters "signalbox/internal/mail"
	"signalbox/internal/store"
)

// RequireMFA says who needs a second factor.
type RequireMFA string

const (
	RequireOff    RequireMFA = "off"
	RequireAdmins RequireMFA = "admins"
	RequireAll    RequireMFA = "all"
)

const (
	passwordRequired = "PASSWORD_CHANGE_REQUIRED"
	enrolRequired    = "MFA_ENROLMENT_REQUIRED"
)

// step returns what a user has to do before a session is good for anything, as
// the word of the refusal; "" for nothing. It is asked anew for every request, so
// that it holds for sessions that were there before.
func (s *Service) step(ctx context.Context, user domain.User) (string, error) {
	if user.MustChangePassword && !user.External {
		return passwordRequired, nil
	}
	if !s.needsFactor(user) {
		return "", nil
	}
	f, err := s.factor(ctx, user.ID)
	if err != nil || f != nil && f.Confirmed {
		return "", err
	}
	return enrolRequired, nil
}

// needsFactor reports whether a user must have a second factor. Codes by mail are
// one for everybody with a password.
func (s *Service) needsFactor(user domain.User) bool {
	if !s.cfg.TOTP.Enabled || s.mailFactor(user) {
		return false
	}
	return s.cfg.RequireMFA == RequireAll || s.cfg.RequireMFA == RequireAdmins && user.Admin
}

// mailFactor reports whether a user without another factor gets codes by mail.
func (s *Service) mailFactor(user domain.User) bool {
	enabled, _ := s.EmailMethod()
	return enabled && !user.External
}

// stepError says what is missing, to programs by a word and to people who read
// the answers of others in a sentence.
func stepError(step string) error {
	hint := "this account needs a second factor; sign in with a browser and set it up"
	if step == passwordRequired {
		hint = "the password was set by somebody else; sign in with a browser and choose another"
	}
	return &domain.Error{Kind: domain.KindUnauthenticated, Message: step, Hint: hint}
}

// fresh reports whether a sign-in is young enough to be completed.
func (s *Service) fresh(session domain.Session) bool {
	now := s.cfg.Now()
	return now.Sub(session.Created) < pendingLife || session.VerifiedAt != nil && now.Sub(*session.VerifiedAt) < pendingLife
}

// atStep returns the session of a cookie that waits for a step.
func (s *Service) atStep(ctx context.Context, cookie, step string) (domain.Session, domain.User, error) {
	session, user, err := s.session(ctx, cookie)
	if err != nil {
		return session, user, err
	}
	if session.Pending != domain.FactorNone {
		return session, user, domain.Unauthenticated("%s", pendingWord(session.Pending))
	}
	waits, err := s.step(ctx, user)
	if err != nil {
		return session, user, err
	}
	if waits != step {
		return session, user, domain.Conflict("nothing of the kind is asked for; sign in as usual")
	}
	if !s.fresh(session) {
		return session, user, errSignIn()
	}
	return session, user, nil
}

// ChangeRequired takes the password that a user has to choose, and renews the
// cookie.
func (s *Service) ChangeRequired(ctx context.Context, cookie string, password domain.Secret, c Client) (Ticket, error) {
	session, user, err := s.atStep(ctx, cookie, passwordRequired)
	if err != nil {
		return Ticket{}, err
	}
	hash, err := s.Hash(ctx, password)
	if err != nil {
		return Ticket{}, err
	}
	if same, _, err := s.hasher.verify(ctx, user.PasswordHash, password); err != nil {
		return Ticket{}, err
	} else if same {
		return Ticket{}, domain.Invalid("password", "this is the present password; choose another")
	}
	actor := c.actor(user)
	actor.SessionID = session.ID
	token := randomText()
	err = s.cfg.Store.InTx(ctx, func(ctx context.Context) error {
		_, err := s.cfg.Store.Users().Update(ctx, user.ID, func(u *domain.User) error {
			if u.PasswordHash != user.PasswordHash {
				return domain.Conflict("the password was changed meanwhile; sign in again")
			}
			u.PasswordHash, u.MustChangePassword = hash, false
			return nil
		})
		if err != nil {
			return err
		}
		_, err = s.cfg.Store.Sessions().Update(ctx, session.ID, func(row *domain.Session) error {
			row.TokenHash, row.LastActive = domain.HashToken(token), s.cfg.Now().UTC()
			return nil
		})
		if errors.Is(err, store.ErrNotFound) {
			return errSignIn()
		}
		if err != nil {
			return err
		}
		if err := s.endOthers(ctx, actor, user.ID); err != nil {
			return err
		}
		return s.noteUser(ctx, actor, user, "Password of user %s changed")
	})
	if err != nil {
		return Ticket{}, err
	}
	s.post.Tell(user, c.Address, letters.PasswordChanged)
	return Ticket{Cookie: s.sign(token), User: user}, nil
}

// EnrolRequired prepares the second factor that a user has to have. Verify takes
// the code that makes it count.
func (s *Service) EnrolRequired(ctx context.Context, cookie string, c Client) (Enrolment, error) {
	session, user, err := s.atStep(ctx, cookie, enrolRequired)
	if err != nil {
		return Enrolment{}, err
	}
	actor := c.actor(user)
	actor.SessionID = session.ID
	return s.enrol(ctx, actor, user, false)
}
