package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"signalbox/internal/audit"
	"signalbox/internal/domain"
	letters "signalbox/internal/mail"
	"signalbox/internal/store"
)

// maxTokens bounds lists of tokens.
const maxTokens = 1000

// prefixLength is how much of a token lists show.
const prefixLength = 8

var tokenPrefix = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9_=-]{8,}$`)
})

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
	token, err := s.cfg.Store.Tokens().First(ctx, store.Where(store.Eq("token_hash", domain.HashToken(text))))
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
	if err != nil {
		return domain.Actor{}, err
	}
	if now := s.cfg.Now().UTC(); token.LastUsed == nil || now.Sub(*token.LastUsed) >= touchEvery {
		_, err := s.cfg.Store.Tokens().Update(ctx, token.ID, func(row *domain.Token) error {
			row.LastUsed = &now
			return nil
		})
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return domain.Actor{}, err
		}
	}
	return domain.Actor{User: user, Token: &token}, nil
}

// NewToken describes an API token to make. Without scopes it may be used for all
// that its user may, without projects in all of them.
type NewToken struct {
	Name      string
	ExpiresAt *time.Time
	Scopes    []domain.TokenScope
	Projects  []domain.ProjectID
}

// maxTokenProjects bounds the projects of a token.
const maxTokenProjects = 100

// CreateToken makes an API token without bounds and returns its text, which is
// kept nowhere.
func (s *Service) CreateToken(ctx context.Context, user domain.UserID, name string, expires *time.Time) (string, domain.Token, error) {
	owner, err := s.cfg.Store.Users().Get(ctx, user)
	if err != nil {
		return "", domain.Token{}, err
	}
	return s.MakeToken(ctx, domain.Actor{User: owner}, NewToken{Name: name, ExpiresAt: expires})
}

// MakeToken makes an API token for the actor and returns its text, which is kept
// nowhere. Made with a token, it can do nothing that this one cannot.
func (s *Service) MakeToken(ctx context.Context, actor domain.Actor, n NewToken) (string, domain.Token, error) {
	now := s.cfg.Now().UTC().Truncate(time.Second)
	if err := s.checkToken(ctx, actor, n, now); err != nil {
		return "", domain.Token{}, err
	}
	// Lower case, because clients of the reference change the case of what they
	// send; the padding makes it the 44 characters they expect.
	text := strings.ToLower(base64.URLEncoding.EncodeToString(randomBytes(32)))
	token := domain.Token{
		TokenHash: domain.HashToken(text), Prefix: text[:prefixLength], Name: n.Name, Created: now, ExpiresAt: n.ExpiresAt,
		UserID: actor.User.ID, Scopes: n.Scopes, Projects: n.Projects,
	}
	err := s.cfg.Store.InTx(ctx, func(ctx context.Context) error {
		token.ID = 0
		if err := s.cfg.Store.Tokens().Create(ctx, &token); err != nil {
			return err
		}
		return s.noteToken(ctx, actor, domain.ActionCreate, token, "created", nil, token)
	})
	if err != nil {
		return "", domain.Token{}, err
	}
	s.post.Tell(actor.User, actor.Address, letters.TokenMade)
	return text, token, nil
}

func (s *Service) noteToken(ctx context.Context, actor domain.Actor, action domain.EventAction, t domain.Token, what string, before, after any) error {
	return s.note(ctx, actor, audit.Entry{
		Action: action, Object: domain.ObjectToken, ID: int64(t.ID), Target: t.Prefix,
		Text: fmt.Sprintf("API token %s %s", t.Prefix, what), Before: before, After: after,
	})
}

func (s *Service) checkToken(ctx context.Context, actor domain.Actor, n NewToken, now time.Time) error {
	if err := mayManage(actor); err != nil {
		return err
	}
	if len(n.Name) > 100 {
		return domain.Invalid("name", "must not be longer than 100 characters")
	}
	if n.ExpiresAt != nil && !n.ExpiresAt.After(now) {
		return domain.Invalid("expires_at", "must be in the future")
	}
	// A list without entries would read as "nothing" and mean "all".
	if n.Scopes != nil && len(n.Scopes) == 0 {
		return domain.Invalid("scopes", "name at least one, or leave the field out for all")
	}
	if n.Projects != nil && len(n.Projects) == 0 {
		return domain.Invalid("projects", "name at least one, or leave the field out for all")
	}
	if len(n.Projects) > maxTokenProjects {
		return domain.Invalid("projects", "must not be more than %d", maxTokenProjects)
	}
	for i, scope := range n.Scopes {
		switch {
		case !scope.Valid():
			return domain.Invalid("scopes", "%q is not a scope; use read, run, write or admin", scope)
		case slices.Contains(n.Scopes[:i], scope):
			return domain.Invalid("scopes", "%q is named twice", scope)
		}
	}
	for i, p := range n.Projects {
		if slices.Contains(n.Projects[:i], p) {
			return domain.Invalid("projects", "project %d is named twice", p)
		}
		if known, err := s.inProject(ctx, actor.User, p); err != nil {
			return err
		} else if !known {
			return domain.Invalid("projects", "there is no project %d", p)
		}
	}
	if actor.Token == nil {
		return nil
	}
	return within(*actor.Token, n)
}

// inProject reports whether the user sees a project.
func (s *Service) inProject(ctx context.Context, user domain.User, p domain.ProjectID) (bool, error) {
	var err error
	if user.Admin {
		_, err = s.cfg.Store.Projects().Get(ctx, p)
	} else {
		_, err = s.cfg.Store.Members().First(ctx, store.Where(store.InProject(p), store.Eq("user_id", user.ID)))
	}
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// within refuses a token that could do, see or outlive more than the one that
// makes it.
func within(by domain.Token, n NewToken) error {
	switch {
	case by.Scopes != nil && (n.Scopes == nil || !subset(n.Scopes, by.Scopes)):
		return &domain.Error{Kind: domain.KindForbidden, Field: "scopes", Message: "a token cannot make one with more scopes than it has itself"}
	case by.Projects != nil && (n.Projects == nil || !subset(n.Projects, by.Projects)):
		return &domain.Error{Kind: domain.KindForbidden, Field: "projects", Message: "a token cannot make one for more projects than it is bound to itself"}
	case by.ExpiresAt != nil && (n.ExpiresAt == nil || n.ExpiresAt.After(*by.ExpiresAt)):
		return &domain.Error{Kind: domain.KindForbidden, Field: "expires_at", Message: "a token cannot make one that outlives it"}
	}
	return nil
}

func subset[T comparable](part, whole []T) bool {
	return !slices.ContainsFunc(part, func(x T) bool { return !slices.Contains(whole, x) })
}

// Tokens lists a user's tokens, newest first.
func (s *Service) Tokens(ctx context.Context, user domain.UserID) ([]domain.Token, error) {
	return s.cfg.Store.Tokens().List(ctx, store.Where(store.Eq("user_id", user)).By("-created", "-id").Max(maxTokens))
}

// DeleteTokens removes the actor's own tokens that start with a text of at least
// 8 characters. It is fine when none does.
func (s *Service) DeleteTokens(ctx context.Context, actor domain.Actor, text string) error {
	if !tokenPrefix().MatchString(text) {
		return domain.Invalid("token", "give the token or at least its first %d characters", prefixLength)
	}
	if err := mayManage(actor); err != nil {
		return err
	}
	text = strings.ToLower(text)
	conds := []store.Cond{store.Eq("user_id", actor.User.ID), store.Eq("prefix", text[:prefixLength])}
	if len(text) >= 40 {
		conds = append(conds, store.Eq("token_hash", domain.HashToken(text)))
	}
	return s.cfg.Store.InTx(ctx, func(ctx context.Context) error {
		tokens, err := s.cfg.Store.Tokens().List(ctx, store.Where(conds...))
		if err != nil {
			return err
		}
		for _, t := range tokens {
			if err := s.cfg.Store.Tokens().Delete(ctx, t.ID); err != nil {
				return err
			}
			if err := s.noteToken(ctx, actor, domain.ActionDelete, t, "deleted", t, nil); err != nil {
				return err
			}
		}
		return nil
	})
}
