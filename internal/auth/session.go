package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"signalbox/internal/audit"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// touchEvery is how stale last_active may get: a write per request would cost
// more than the request.
const touchEvery = time.Minute

// pendingLife is how long a sign-in waits for its second factor.
const pendingLife = 15 * time.Minute

// maxSessions bounds lists of sessions.
const maxSessions = 1000

// StartSession opens a session for a user who has proved who they are. Where a
// second factor is due, the session is good for nothing until Verify. Codes by
// mail are left to sign-ins with a password.
func (s *Service) StartSession(ctx context.Context, user domain.User, c Client) (Ticket, error) {
	return s.start(ctx, user, c, false)
}

func (s *Service) start(ctx context.Context, user domain.User, c Client, byMail bool) (Ticket, error) {
	code := ""
	token := randomText()
	now := s.cfg.Now().UTC()
	session := domain.Session{
		TokenHash: domain.HashToken(token), UserID: user.ID, Created: now, LastActive: now,
		IP: cut(c.Address, 39), UserAgent: cut(c.UserAgent, 500),
	}
	err := s.cfg.Store.InTx(ctx, func(ctx context.Context) error {
		session.ID, session.Pending = 0, domain.FactorNone
		if s.cfg.TOTP.Enabled {
			f, err := s.factor(ctx, user.ID)
			if err != nil {
				return err
			}
			if f != nil && f.Confirmed {
				session.Pending = domain.FactorTOTP
			}
		}
		if session.Pending == domain.FactorNone && byMail {
			session.Pending = domain.FactorMail
			var err error
			code, err = s.newMailCode(ctx, domain.MailCode{Purpose: domain.MailFactor, UserID: &user.ID, Email: user.Email, TokenHash: session.TokenHash})
			if err != nil {
				return err
			}
		}
		if err := s.cfg.Store.Sessions().Create(ctx, &session); err != nil {
			return err
		}
		if session.Pending != domain.FactorNone {
			return nil // not signed in yet
		}
		return s.noteLogin(ctx, c, user)
	})
	if err != nil {
		return Ticket{}, err
	}
	if session.Pending == domain.FactorMail {
		if err := s.askForMail(codeTries(user.ID), c); err != nil {
			return Ticket{}, err
		}
		s.postCode(user.Email, user.Name, code)
	}
	return Ticket{Cookie: s.sign(token), User: user, Pending: session.Pending}, nil
}

func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}

// sign makes the cookie value of a session token. The signature lets forged
// cookies be refused without asking the database.
func (s *Service) sign(token string) string {
	mac := hmac.New(sha256.New, s.cfg.CookieKey)
	mac.Write([]byte("session\x00" + token))
	return token + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// token returns the session token of a cookie value with a good signature.
func (s *Service) token(cookie string) (string, bool) {
	token, _, ok := strings.Cut(cookie, ".")
	if !ok || len(cookie) > 200 || !hmac.Equal([]byte(cookie), []byte(s.sign(token))) {
		return "", false
	}
	return token, true
}

// session returns the session of a cookie and its user, whole or half.
func (s *Service) session(ctx context.Context, cookie string) (domain.Session, domain.User, error) {
	token, ok := s.token(cookie)
	if !ok {
		return domain.Session{}, domain.User{}, errSignIn()
	}
	session, err := s.cfg.Store.Sessions().First(ctx, store.Where(store.Eq("token_hash", domain.HashToken(token))))
	if errors.Is(err, store.ErrNotFound) {
		return session, domain.User{}, errSignIn()
	}
	if err != nil {
		return session, domain.User{}, err
	}
	now := s.cfg.Now()
	if !s.live(session, now) {
		return session, domain.User{}, errSignIn()
	}
	user, err := s.user(ctx, session.UserID)
	return session, user, err
}

// live reports whether a session still signs its user in.
func (s *Service) live(session domain.Session, now time.Time) bool {
	age := now.Sub(session.Created)
	return !session.Expired && now.Sub(session.LastActive) < s.cfg.SessionIdle && age < s.cfg.SessionLife &&
		(session.Pending == domain.FactorNone || age < pendingLife)
}

// bySession returns who a session is for. Of half a session it returns who it
// would be for, together with the refusal.
func (s *Service) bySession(ctx context.Context, cookie string) (domain.Actor, error) {
	session, user, err := s.session(ctx, cookie)
	if domain.IsKind(err, domain.KindUnauthenticated) {
		if _, err := s.waitsForMail(ctx, cookie); err != nil {
			return domain.Actor{}, err
		}
		return domain.Actor{}, domain.Unauthenticated(emailRequired)
	}
	if err != nil {
		return domain.Actor{}, err
	}
	actor := domain.Actor{User: user, SessionID: session.ID}
	if session.Pending != domain.FactorNone {
		return actor, domain.Unauthenticated("%s", pendingWord(session.Pending))
	}
	step, err := s.step(ctx, user)
	if err != nil {
		return domain.Actor{}, err
	}
	if step != "" {
		if !s.fresh(session) {
			return domain.Actor{}, errSignIn()
		}
		return actor, stepError(step)
	}
	now := s.cfg.Now().UTC()
	idle := now.Sub(session.LastActive)
	// A session from the future was used before the clock was set back: left so,
	// it would live longer than it may.
	if idle >= touchEvery || idle <= -touchEvery || session.Created.After(now.Add(touchEvery)) {
		_, err := s.cfg.Store.Sessions().Update(ctx, session.ID, func(row *domain.Session) error {
			row.LastActive = now
			if row.Created.After(now) {
				row.Created = now
			}
			return nil
		})
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return domain.Actor{}, err
		}
	}
	return actor, nil
}

// pendingWord is what clients are told of the second factor that is missing.
func pendingWord(f domain.SecondFactor) string {
	if f == domain.FactorMail {
		return emailRequired
	}
	return totpRequired
}

// user returns the user of a session or token; nobody who may not sign in.
func (s *Service) user(ctx context.Context, id domain.UserID) (domain.User, error) {
	user, err := s.cfg.Store.Users().Get(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && user.Disabled {
		return domain.User{}, errSignIn()
	}
	return user, err
}

// Logout ends the session of a cookie; a cookie of no session is fine.
func (s *Service) Logout(ctx context.Context, cookie string, c Client) error {
	session, user, err := s.session(ctx, cookie)
	if domain.IsKind(err, domain.KindUnauthenticated) {
		return s.Discard(ctx, cookie)
	}
	if err != nil {
		return err
	}
	return s.cfg.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Discard(ctx, cookie); err != nil {
			return err
		}
		actor := c.actor(user)
		actor.SessionID = session.ID
		return s.note(ctx, actor, audit.Entry{
			Action: domain.ActionLogout, Object: domain.ObjectSession, ID: int64(session.ID), Target: user.Username, Text: user.Username + " signed out",
		})
	})
}

// Discard ends the session of a cookie that another one takes the place of.
func (s *Service) Discard(ctx context.Context, cookie string) error {
	token, ok := s.token(cookie)
	if !ok {
		return nil
	}
	mine := store.Eq("token_hash", domain.HashToken(token))
	if _, err := s.cfg.Store.MailCodes().DeleteWhere(ctx, mine); err != nil {
		return err
	}
	_, err := s.cfg.Store.Sessions().DeleteWhere(ctx, mine)
	return err
}

// Sessions lists the sessions that sign a user in, the latest used first.
func (s *Service) Sessions(ctx context.Context, actor domain.Actor, id domain.UserID) ([]domain.Session, error) {
	if err := selfOrAdmin(actor, id); err != nil {
		return nil, err
	}
	rows, err := s.cfg.Store.Sessions().List(ctx, store.Where(store.Eq("user_id", id)).By("-last_active", "-id").Max(maxSessions))
	now := s.cfg.Now()
	return slices.DeleteFunc(rows, func(row domain.Session) bool { return !s.live(row, now) }), err
}

// EndSession ends one session of a user.
func (s *Service) EndSession(ctx context.Context, actor domain.Actor, id domain.UserID, session domain.SessionID) error {
	if err := selfOrAdmin(actor, id); err != nil {
		return err
	}
	return s.endSessions(ctx, actor, id, true, store.Eq("id", session))
}

// EndSessions ends the sessions of a user, but not the one that asks.
func (s *Service) EndSessions(ctx context.Context, actor domain.Actor, id domain.UserID) error {
	if err := selfOrAdmin(actor, id); err != nil {
		return err
	}
	return s.endSessions(ctx, actor, id, false, exceptOwn(actor)...)
}

func (s *Service) endSessions(ctx context.Context, actor domain.Actor, id domain.UserID, one bool, which ...store.Cond) error {
	user, err := s.cfg.Store.Users().Get(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return domain.NotFound("user")
	}
	if err != nil {
		return err
	}
	return s.cfg.Store.InTx(ctx, func(ctx context.Context) error {
		n, err := s.cfg.Store.Sessions().DeleteWhere(ctx, append(which, store.Eq("user_id", id))...)
		switch {
		case err != nil:
			return err
		case n == 0 && one:
			return domain.NotFound("session")
		case n == 0:
			return nil
		}
		return s.note(ctx, actor, audit.Entry{
			Action: domain.ActionDelete, Object: domain.ObjectSession, Target: user.Username, Text: fmt.Sprintf("Sessions of user %s ended: %d", user.Username, n),
		})
	})
}

// endOthers ends all sessions of a user but the one that asks, without a line of
// its own.
func (s *Service) endOthers(ctx context.Context, actor domain.Actor, id domain.UserID) error {
	_, err := s.cfg.Store.Sessions().DeleteWhere(ctx, append(exceptOwn(actor), store.Eq("user_id", id))...)
	return err
}

func exceptOwn(actor domain.Actor) []store.Cond {
	if actor.SessionID == 0 {
		return nil
	}
	return []store.Cond{store.Ne("id", actor.SessionID)}
}

func selfOrAdmin(actor domain.Actor, id domain.UserID) error {
	if actor.User.Admin || actor.User.ID == id && !actor.System() {
		return mayManage(actor)
	}
	return domain.Unauthenticated("only an administrator may do this")
}

// Sweep removes sessions and codes that can no longer sign anybody in.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.cfg.Now().UTC().Add(time.Microsecond) // what ends now has ended
	_, err := s.cfg.Store.Sessions().DeleteWhere(ctx, store.Lt("last_active", now.Add(-s.cfg.SessionIdle)))
	if err == nil {
		_, err = s.cfg.Store.Sessions().DeleteWhere(ctx, store.Lt("created", now.Add(-s.cfg.SessionLife)))
	}
	if err == nil {
		_, err = s.cfg.Store.Sessions().DeleteWhere(ctx, store.Ne("pending", domain.FactorNone), store.Lt("created", now.Add(-pendingLife)))
	}
	if err == nil {
		_, err = s.cfg.Store.MailCodes().DeleteWhere(ctx, store.Lt("sent", now.Add(-resetLife)))
	}
	return err
}

func errSignIn() error { return domain.Unauthenticated("sign in first") }
