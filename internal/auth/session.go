package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// touchEvery is how stale last_active may get: a write per request would cost
// more than the request.
const touchEvery = time.Minute

// StartSession opens a session for a user who has proved who they are.
func (s *Service) StartSession(ctx context.Context, user domain.User, c Client) (Ticket, error) {
	token := randomText()
	now := s.cfg.Now().UTC()
	session := domain.Session{
		TokenHash: hexHash(token), UserID: user.ID, Created: now, LastActive: now,
		IP: cut(c.Address, 39), UserAgent: cut(c.UserAgent, 500),
	}
	if err := s.cfg.Store.Sessions().Create(ctx, &session); err != nil {
		return Ticket{}, err
	}
	return Ticket{Cookie: s.sign(token), User: user}, nil
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

func (s *Service) bySession(ctx context.Context, cookie string) (domain.Actor, error) {
	token, ok := s.token(cookie)
	if !ok {
		return domain.Actor{}, errSignIn()
	}
	session, err := s.cfg.Store.Sessions().First(ctx, store.Where(store.Eq("token_hash", hexHash(token))))
	if errors.Is(err, store.ErrNotFound) {
		return domain.Actor{}, errSignIn()
	}
	if err != nil {
		return domain.Actor{}, err
	}
	now := s.cfg.Now().UTC()
	idle := now.Sub(session.LastActive)
	if session.Expired || idle >= s.cfg.SessionIdle || now.Sub(session.Created) >= s.cfg.SessionLife {
		return domain.Actor{}, errSignIn()
	}
	user, err := s.user(ctx, session.UserID)
	if err != nil {
		return domain.Actor{}, err
	}
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
	return domain.Actor{User: user, SessionID: session.ID}, nil
}

func (s *Service) user(ctx context.Context, id domain.UserID) (domain.User, error) {
	user, err := s.cfg.Store.Users().Get(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return user, errSignIn()
	}
	return user, err
}

// Logout ends the session of a cookie; a cookie of no session is fine.
func (s *Service) Logout(ctx context.Context, cookie string) error {
	token, ok := s.token(cookie)
	if !ok {
		return nil
	}
	_, err := s.cfg.Store.Sessions().DeleteWhere(ctx, store.Eq("token_hash", hexHash(token)))
	return err
}

// Sweep removes sessions that can no longer sign anybody in.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.cfg.Now().UTC().Add(time.Microsecond) // what ends now has ended
	_, err := s.cfg.Store.Sessions().DeleteWhere(ctx, store.Lt("last_active", now.Add(-s.cfg.SessionIdle)))
	if err == nil {
		_, err = s.cfg.Store.Sessions().DeleteWhere(ctx, store.Lt("created", now.Add(-s.cfg.SessionLife)))
	}
	return err
}

func errSignIn() error { return domain.Unauthenticated("sign in first") }
