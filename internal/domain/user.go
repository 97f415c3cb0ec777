package domain

import (
	"net/mail"
	"slices"
	"strings"
	"time"
)

// User is a person or machine that signs in.
type User struct {
	ID       UserID
	Created  time.Time
	Username string // unique, compared without case
	Name     string
	Email    string // unique, compared without case
	// PasswordHash is an Argon2id or bcrypt string; "" lets nobody in.
	PasswordHash string
	Admin        bool
	External     bool // signs in through a directory; has no password here
	Alert        bool
	Pro          bool // kept for clients of the reference; means nothing here
	Disabled     bool // cannot sign in, and their tokens do not count
	// MustChangePassword: browser sessions are good for nothing but choosing
	// another password. API tokens are not touched by it.
	MustChangePassword bool
}

// Validate checks the fields a client may set.
func (u *User) Validate() error {
	u.Username = strings.TrimSpace(u.Username)
	u.Email = strings.TrimSpace(u.Email)
	switch {
	case u.Username == "":
		return Invalid("username", "a user name is required")
	case len(u.Username) > 255:
		return Invalid("username", "must not be longer than 255 characters")
	case strings.TrimSpace(u.Name) == "":
		return Invalid("name", "a name is required")
	case len(u.Name) > 255:
		return Invalid("name", "must not be longer than 255 characters")
	case u.Email == "":
		return Invalid("email", "an e-mail address is required")
	}
	if _, err := mail.ParseAddress(u.Email); err != nil || len(u.Email) > 255 {
		return Invalid("email", "%q is not an e-mail address", u.Email)
	}
	return nil
}

// Session is a browser that signed in. The cookie holds a random token; only
// its SHA-256 is stored.
type Session struct {
	ID         SessionID
	TokenHash  string // hex SHA-256 of the token
	UserID     UserID
	Created    time.Time
	LastActive time.Time
	IP         string
	UserAgent  string
	Expired    bool
	// Pending is the second factor that is still missing; until it is given the
	// session is good for nothing else. "" when none is.
	Pending SecondFactor
	// VerifiedAt is when the user last proved a second factor or the password in
	// this session after signing in.
	VerifiedAt *time.Time
}

// SecondFactor is a proof besides the password.
type SecondFactor string

const (
	FactorNone SecondFactor = ""
	FactorTOTP SecondFactor = "totp"
	FactorMail SecondFactor = "mail" // a code sent by mail
)

// SessionIdle is how long a session lives without a request.
const SessionIdle = 7 * 24 * time.Hour

// Live reports whether the session still signs its user in.
func (s Session) Live(now time.Time) bool {
	return !s.Expired && now.Sub(s.LastActive) < SessionIdle
}

// Token is an API token. Its text is shown once; the hash finds it again.
type Token struct {
	ID        TokenID
	TokenHash string // hex SHA-256 of the lower-cased token
	Prefix    string // first 8 characters, to recognise it by
	Name      string
	Created   time.Time
	ExpiresAt *time.Time
	Expired   bool
	UserID    UserID
	// Scopes bound what the token may be used for; nil: all that its user may.
	Scopes []TokenScope
	// Projects bound where; nil: in all projects of its user.
	Projects []ProjectID
	LastUsed *time.Time
}

// TokenScope is a part of what a user may do.
type TokenScope string

const (
	ScopeRead  TokenScope = "read"  // look at things
	ScopeRun   TokenScope = "run"   // start, stop and decide tasks
	ScopeWrite TokenScope = "write" // change what is in projects
	ScopeAdmin TokenScope = "admin" // all the rest: accounts, tokens, settings of the server
)

// Valid reports whether there is such a scope.
func (s TokenScope) Valid() bool {
	switch s {
	case ScopeRead, ScopeRun, ScopeWrite, ScopeAdmin:
		return true
	}
	return false
}

// Live reports whether the token still authenticates.
func (t Token) Live(now time.Time) bool {
	return !t.Expired && (t.ExpiresAt == nil || now.Before(*t.ExpiresAt))
}

// Has reports whether the token may be used for a part of what its user may do.
func (t *Token) Has(scope TokenScope) bool {
	return t == nil || t.Scopes == nil || slices.Contains(t.Scopes, scope)
}

// Actor is who does something: the signed-in user and how they came in. The
// zero Actor is the system itself (a schedule, a restart).
type Actor struct {
	User      User
	Address   string // where the request came from
	UserAgent string
	// Token is the API token used, nil in a browser session.
	Token *Token
	// IntegrationID is the integration that was called, nil for none.
	IntegrationID *IntegrationID
	// SessionID is the session used, 0 with a token.
	SessionID SessionID
}

// ByToken tells an API token from a browser session.
func (a Actor) ByToken() bool { return a.Token != nil }

// System reports whether no user is behind the action.
func (a Actor) System() bool { return a.User.ID == 0 }

// Everywhere reports whether the actor may look into every project: an
// administrator whose token is not bound to some.
func (a Actor) Everywhere() bool {
	return a.User.Admin && (a.Token == nil || a.Token.Projects == nil)
}

// UserID returns the acting user for a record, nil for the system.
func (a Actor) UserID() *UserID {
	if a.System() {
		return nil
	}
	id := a.User.ID
	return &id
}
