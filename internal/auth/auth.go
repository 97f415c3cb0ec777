// Package auth finds out who somebody is: passwords, browser sessions, API
// tokens, and the one-time token that creates the first administrator. It
// promises that nothing it stores lets a reader of the database sign in, that a
// wrong guess costs the same whoever it was aimed at, and that guessing is slowed
// down. What the person may do is authz's business; cookies and headers are
// httpapi's.
package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"time"

	"signalbox/internal/domain"
	letters "signalbox/internal/mail"
	"signalbox/internal/store"
)

// Config is what a Service works with. Store and CookieKey are required.
type Config struct {
	Store store.Store
	// CookieKey signs session cookies; at least 16 bytes.
	CookieKey []byte
	Now       func() time.Time // nil: time.Now
	// SessionIdle is how long a session lives without a request; 0: domain.SessionIdle.
	SessionIdle time.Duration
	// SessionLife is how long a session lives at most; 0: 30 days.
	SessionLife time.Duration
	// PasswordLoginDisabled refuses sign-in with a password.
	PasswordLoginDisabled bool
	// Sealer keeps the secrets of second factors; without one there are none.
	Sealer Sealer
	TOTP   TOTPConfig
	// Cost of new password hashes; zero: DefaultCost.
	Cost Cost
	// Mail sends codes, links and notices; nil: nothing is sent.
	Mail letters.Mailer
	// WebHost is the public address that links in letters start with; without one
	// there are no links.
	WebHost string
	Email   EmailConfig
	// PasswordReset lets users who forgot their password have a link mailed.
	PasswordReset bool
	RequireMFA    RequireMFA // "": off
	Policy        Policy
	Throttle      ThrottleConfig
}

// Sealer encrypts texts that are stored; what was sealed for one place can be
// opened only for it.
type Sealer interface {
	Seal(plain []byte, place string) (string, error)
	Open(sealed, place string) ([]byte, error)
}

// TOTPConfig governs the second factor.
type TOTPConfig struct {
	Enabled bool
	// AllowRecovery hands out recovery codes and takes them.
	AllowRecovery bool
	// Immediate makes a factor count before a code of it was entered.
	Immediate bool
	// Issuer is the name authenticators show; "": Signalbox.
	Issuer string
}

// Service signs users in and recognises them. It may be used from many
// goroutines.
type Service struct {
	cfg      Config
	post     letters.Postman
	hasher   *hasher
	throttle *throttle // of guesses
	// mails and mailsFrom slow down who has letters sent, by reader and by client.
	// Many people may share an address.
	mails, mailsFrom *throttle
	decoy            string // hash that unknown users are compared with
	denials          denials

	setupMu   sync.Mutex // guards setupHash
	setupHash string     // hex SHA-256 of the setup token, "" for none
}

// New returns a service.
func New(cfg Config) (*Service, error) {
	if cfg.Store == nil {
		return nil, errors.New("auth: a store is required")
	}
	if len(cfg.CookieKey) < 16 {
		return nil, errors.New("auth: the cookie key needs at least 16 bytes")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.SessionIdle == 0 {
		cfg.SessionIdle = domain.SessionIdle
	}
	if cfg.SessionLife == 0 {
		cfg.SessionLife = 30 * 24 * time.Hour
	}
	if cfg.TOTP.Issuer == "" {
		cfg.TOTP.Issuer = "Signalbox"
	}
	if cfg.Sealer == nil {
		cfg.TOTP.Enabled = false
	}
	if cfg.Cost == (Cost{}) {
		cfg.Cost = DefaultCost()
	}
	return &Service{
		cfg: cfg, post: letters.Postman{Mailer: cfg.Mail, WebHost: cfg.WebHost}, hasher: newHasher(cfg.Cost), throttle: newThrottle(cfg.Now, cfg.Throttle),
		mails: newThrottle(cfg.Now, ThrottleConfig{}), mailsFrom: newThrottle(cfg.Now, ThrottleConfig{FreeTries: 30, LockTries: 100}),
		decoy: decoyHash(cfg.Cost),
	}, nil
}

// Client is where a request came from.
type Client struct {
	Address   string
	UserAgent string
}

// actor is a user who does something from there.
func (c Client) actor(u domain.User) domain.Actor {
	return domain.Actor{User: u, Address: c.Address, UserAgent: c.UserAgent}
}

// Ticket is what a sign-in gives: the cookie value and who it is for.
type Ticket struct {
	Cookie string
	User   domain.User
	// Pending is the second factor that is still to be given.
	Pending domain.SecondFactor
}

// PasswordLogin reports whether signing in with a password is possible.
func (s *Service) PasswordLogin() bool { return !s.cfg.PasswordLoginDisabled }

// Login checks a password and opens a session. Unknown users, wrong passwords
// and accounts without a password are told apart by nothing, not even time.
func (s *Service) Login(ctx context.Context, login string, password domain.Secret, c Client) (Ticket, error) {
	if s.cfg.PasswordLoginDisabled {
		return Ticket{}, domain.Forbidden("PASSWORD_LOGIN_DISABLED")
	}
	login = strings.ToLower(strings.TrimSpace(login))
	user, err := s.find(ctx, login)
	known := err == nil
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Ticket{}, err
	}
	account := "account:" + login
	if known { // user name and e-mail address are one account
		account = passwordTries(user.ID)
	}
	done, err := s.begin(ctx, user.ID, account, "address:"+c.Address)
	if err != nil {
		return Ticket{}, err
	}
	err = s.check(ctx, user, known, password)
	done(outcomeOf(err))
	if err != nil {
		if domain.IsKind(err, domain.KindUnauthenticated) {
			s.noteRefusal(ctx, c, user, "Sign-in of %s refused")
		}
		return Ticket{}, err
	}
	return s.start(ctx, user, c, s.mailFactor(user))
}

func outcomeOf(err error) outcome {
	switch {
	case err == nil:
		return succeeded
	case domain.IsKind(err, domain.KindUnauthenticated):
		return failed
	}
	return unclear
}

// check compares the password; for users who are not known, with a decoy.
func (s *Service) check(ctx context.Context, user domain.User, known bool, password domain.Secret) error {
	hash := s.decoy
	usable := known && !user.External && !user.Disabled && user.PasswordHash != ""
	if usable {
		hash = user.PasswordHash
	}
	match, outdated, err := s.hasher.verify(ctx, hash, password)
	if err != nil {
		return err
	}
	if !match || !usable {
		return domain.Unauthenticated("the user name or the password is wrong")
	}
	if outdated {
		s.upgrade(ctx, user, password)
	}
	return nil
}

// upgrade stores a hash of the present kind. A failure is no reason to keep the
// user out: the next sign-in tries again.
func (s *Service) upgrade(ctx context.Context, user domain.User, password domain.Secret) {
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return
	}
	_, _ = s.cfg.Store.Users().Update(ctx, user.ID, func(u *domain.User) error { // see above
		if u.PasswordHash == user.PasswordHash {
			u.PasswordHash = hash
		}
		return nil
	})
}

func (s *Service) find(ctx context.Context, login string) (domain.User, error) {
	if login == "" {
		return domain.User{}, store.ErrNotFound
	}
	user, err := s.cfg.Store.Users().First(ctx, store.Where(store.Fold("username", login)))
	if errors.Is(err, store.ErrNotFound) {
		return s.cfg.Store.Users().First(ctx, store.Where(store.Fold("email", login)))
	}
	return user, err
}

// Hash checks a new password against the rules and hashes it.
func (s *Service) Hash(ctx context.Context, password domain.Secret) (string, error) {
	if err := s.cfg.Policy.Check("password", password); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, password)
}

// randomText returns 256 random bits in the URL-safe alphabet, unpadded.
func randomText() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(raw)
}
