package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// prefixLength is how much of a token lists show.
const prefixLength = 8

var tokenPrefix = regexp.MustCompile(`^[A-Za-z0-9_=-]{8,}$`)

// Identify finds out who sends a request from its Authorization header and its
// session cookie. A header that names a bearer token is the only thing that
// counts then; any other header is ignored.
func (s *Service) Identify(ctx context.Context, authorization, cookie string) (domain.Actor, error) {
	if authorization != "" {
		lower := strings.ToLower(authorization)
		if _, rest, found := strings.Cut(lower, "bearer"); found {
			return s.byToken(ctx, strings.TrimSpace(rest))
		}
	}
	if cookie == "" {
		return domain.Actor{}, errSignIn()
	}
	return s.bySession(ctx, cookie)
}

func (s *Service) byToken(ctx context.Context, text string) (domain.Actor, error) {
	if text == "" || len(text) > 200 {
		return domain.Actor{}, errSignIn()
	}
	token, err := s.cfg.Store.Tokens().First(ctx, store.Where(store.Eq("token_hash", hexHash(text))))
	if errors.Is(err, store.ErrNotFound) {
		return domain.Actor{}, errSignIn()
	}
	if err != nil {
		return domain.Actor{}, err
	}
	if !token.Live(s.cfg.Now()) {
		return domain.Actor{}, errSignIn()
	}
	user, err := s.user(ctx, token.UserID)
	return domain.Actor{User: user, Token: &token}, err
}

// CreateToken makes an API token and returns its text, which is kept nowhere.
func (s *Service) CreateToken(ctx context.Context, user domain.UserID, name string, expires *time.Time) (string, domain.Token, error) {
	now := s.cfg.Now().UTC().Truncate(time.Second)
	if len(name) > 100 {
		return "", domain.Token{}, domain.Invalid("name", "must not be longer than 100 characters")
	}
	if expires != nil && !expires.After(now) {
		return "", domain.Token{}, domain.Invalid("expires_at", "must be in the future")
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails since Go 1.24
	// Lower case, because clients of the reference change the case of what they
	// send; the padding makes it the 44 characters they expect.
	text := strings.ToLower(base64.URLEncoding.EncodeToString(raw))
	token := domain.Token{
		TokenHash: hexHash(text), Prefix: text[:prefixLength], Name: name, Created: now, ExpiresAt: expires, UserID: user,
	}
	if err := s.cfg.Store.Tokens().Create(ctx, &token); err != nil {
		return "", domain.Token{}, err
	}
	return text, token, nil
}

// Tokens lists a user's tokens, newest first.
func (s *Service) Tokens(ctx context.Context, user domain.UserID) ([]domain.Token, error) {
	return s.cfg.Store.Tokens().List(ctx, store.Where(store.Eq("user_id", user)).By("-created", "-id"))
}

// DeleteTokens removes the user's tokens that start with a text of at least 8
// characters. It is fine when none does.
func (s *Service) DeleteTokens(ctx context.Context, user domain.UserID, text string) error {
	if !tokenPrefix.MatchString(text) {
		return domain.Invalid("token", "give the token or at least its first %d characters", prefixLength)
	}
	text = strings.ToLower(text)
	conds := []store.Cond{store.Eq("user_id", user), store.Eq("prefix", text[:prefixLength])}
	if len(text) >= 40 {
		conds = append(conds, store.Eq("token_hash", hexHash(text)))
	}
	_, err := s.cfg.Store.Tokens().DeleteWhere(ctx, conds...)
	return err
}
