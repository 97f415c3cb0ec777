package wire

import (
	"time"

	"signalbox/internal/domain"
)

// User is a person or machine that signs in.
type User struct {
	ID                 int64     `json:"id"`
	Created            time.Time `json:"created"`
	Username           string    `json:"username"`
	Name               string    `json:"name"`
	Email              string    `json:"email"`
	Admin              bool      `json:"admin"`
	External           bool      `json:"external"`
	Alert              bool      `json:"alert"`
	Pro                bool      `json:"pro"`
	Disabled           bool      `json:"disabled,omitempty" doc:"Cannot sign in, and their tokens do not count"`
	MustChangePassword bool      `json:"must_change_password,omitempty" doc:"Has to choose another password at the next sign-in"`
	TOTP               *UserTOTP `json:"totp,omitempty" doc:"The second factor, when one is on"`
}

// UserTOTP is a second factor. Its secrets are in the answer to its creation and
// nowhere else.
type UserTOTP struct {
	ID            int64     `json:"id"`
	Created       time.Time `json:"created"`
	UserID        int64     `json:"user_id"`
	URL           string    `json:"url" doc:"For authenticators; empty but in the answer to the creation"`
	RecoveryCode  string    `json:"recovery_code,omitempty" doc:"The first of recovery_codes"`
	RecoveryCodes []string  `json:"recovery_codes,omitempty" doc:"Each stands in for a code once"`
	Confirmed     *bool     `json:"confirmed,omitempty" doc:"In the answer to the creation: false until a code was entered"`
}

// PasscodeInput carries a code of a second factor.
type PasscodeInput struct {
	Passcode Plain `json:"passcode,omitempty" doc:"The present code, or while signing in a recovery code"`
}

// RecoveryInput carries a recovery code.
type RecoveryInput struct {
	RecoveryCode Plain `json:"recovery_code,omitempty"`
}

// ProofInput proves once more who asks: by one of the two.
type ProofInput struct {
	CurrentPassword Plain `json:"current_password,omitempty"`
	Passcode        Plain `json:"passcode,omitempty"`
}

// Session is a browser that is signed in.
type Session struct {
	ID         int64     `json:"id"`
	Created    time.Time `json:"created"`
	LastActive time.Time `json:"last_active"`
	IP         string    `json:"ip"`
	UserAgent  string    `json:"user_agent"`
	Current    bool      `json:"current" doc:"The one that asks"`
	Pending    bool      `json:"pending,omitempty" doc:"The second factor is missing"`
}

// UserOption is a setting that a client keeps for a user.
type UserOption struct {
	Key   string `json:"key"`
	Value Any    `json:"value"`
}

// UserOptionInput sets one.
type UserOptionInput struct {
	Key   string `json:"key,omitempty"`
	Value Any    `json:"value,omitempty"`
}

// CurrentUser is the user who asks.
type CurrentUser struct {
	User
	CanCreateProject      bool `json:"can_create_project"`
	HasActiveSubscription bool `json:"has_active_subscription"`
}

// UserListItem is a row of the user list; callers who are not administrators
// get the first three fields only.
type UserListItem struct {
	ID                 int64      `json:"id"`
	Created            *time.Time `json:"created,omitempty"`
	Username           string     `json:"username"`
	Name               string     `json:"name"`
	Email              *string    `json:"email,omitempty"`
	Admin              *bool      `json:"admin,omitempty"`
	External           *bool      `json:"external,omitempty"`
	Alert              *bool      `json:"alert,omitempty"`
	Pro                *bool      `json:"pro,omitempty"`
	Disabled           bool       `json:"disabled,omitempty"`
	MustChangePassword bool       `json:"must_change_password,omitempty" doc:"Has to choose another password at the next sign-in"`
}

// UserInput creates or replaces a user.
type UserInput struct {
	Username string `json:"username,omitempty"`
	Name     string `json:"name,omitempty"`
	Email    string `json:"email,omitempty"`
	Password Plain  `json:"password,omitempty"`
	Admin    bool   `json:"admin,omitempty"`
	External bool   `json:"external,omitempty"`
	Alert    bool   `json:"alert,omitempty"`
	Pro      bool   `json:"pro,omitempty"`
	Disabled *bool  `json:"disabled,omitempty" doc:"Left out, it stays as it is"`

	CurrentPassword    Plain `json:"current_password,omitempty" doc:"The present password, to change one's own in a browser"`
	MustChangePassword *bool `json:"must_change_password,omitempty" doc:"Has to choose another password at the next sign-in; left out: yes where an administrator sets the password of somebody else who exists already"`
}

// PasswordInput sets a password.
type PasswordInput struct {
	Password           Plain `json:"password,omitempty"`
	CurrentPassword    Plain `json:"current_password,omitempty" doc:"The present one, to change one's own in a browser"`
	MustChangePassword *bool `json:"must_change_password,omitempty" doc:"Whether somebody else has to choose another one at the next sign-in; left out: yes"`
}

// Token is an API token; ID is the whole token in the answer to its creation
// and its first 8 characters everywhere else.
type Token struct {
	ID        string     `json:"id"`
	Created   time.Time  `json:"created"`
	Expired   bool       `json:"expired"`
	UserID    int64      `json:"user_id"`
	Name      string     `json:"name,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	Scopes    []string   `json:"scopes,omitempty" doc:"What it may be used for; left out: all that its user may"`
	Projects  []int64    `json:"projects,omitempty" doc:"Where; left out: in all projects of its user"`
	LastUsed  *time.Time `json:"last_used,omitempty" doc:"To the minute"`
}

// TokenInput describes a new API token.
type TokenInput struct {
	Name      string     `json:"name,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	Scopes    []string   `json:"scopes,omitempty" doc:"Any of read, run, write and admin; left out: all"`
	Projects  []int64    `json:"projects,omitempty" doc:"Left out: all"`
}

// FromUser gives the full shape of a user.
func FromUser(u domain.User) User {
	return User{
		ID: int64(u.ID), Created: u.Created.UTC(), Username: u.Username, Name: u.Name, Email: u.Email,
		Admin: u.Admin, External: u.External, Alert: u.Alert, Pro: u.Pro, Disabled: u.Disabled,
		MustChangePassword: u.MustChangePassword,
	}
}

// WithTOTP adds the second factor, if there is one, without its secret.
func (u User) WithTOTP(f *domain.TOTP) User {
	if f != nil {
		u.TOTP = fromTOTP(*f)
	}
	return u
}

func fromTOTP(f domain.TOTP) *UserTOTP {
	return &UserTOTP{ID: int64(f.ID), Created: f.Created.UTC(), UserID: int64(f.UserID)}
}

// FromEnrolment gives a new second factor with its secrets.
func FromEnrolment(f domain.TOTP, url domain.Secret, codes []domain.Secret) UserTOTP {
	out := *fromTOTP(f)
	out.URL, out.Confirmed = url.Reveal(), &f.Confirmed
	for _, code := range codes {
		out.RecoveryCodes = append(out.RecoveryCodes, code.Reveal())
	}
	if len(codes) > 0 {
		out.RecoveryCode = codes[0].Reveal()
	}
	return out
}

// FromSessions gives a list of sessions; own is the one that asks.
func FromSessions(sessions []domain.Session, own domain.SessionID) []Session {
	return list(sessions, func(s domain.Session) Session {
		return Session{
			ID: int64(s.ID), Created: s.Created.UTC(), LastActive: s.LastActive.UTC(), IP: s.IP, UserAgent: s.UserAgent,
			Current: s.ID == own, Pending: s.Pending != domain.FactorNone,
		}
	})
}

// MaskedUser gives a user as strangers see it.
func MaskedUser(u domain.User) User {
	return User{ID: int64(u.ID), Username: u.Username, Name: u.Name}
}

// FromUsers gives the rows of a user list.
func FromUsers(users []domain.User, full bool) []UserListItem {
	return list(users, func(u domain.User) UserListItem {
		row := UserListItem{ID: int64(u.ID), Username: u.Username, Name: u.Name}
		if full {
			created := u.Created.UTC()
			row.Created, row.Email, row.Admin = &created, &u.Email, &u.Admin
			row.External, row.Alert, row.Pro, row.Disabled = &u.External, &u.Alert, &u.Pro, u.Disabled
			row.MustChangePassword = u.MustChangePassword
		}
		return row
	})
}

// User gives the domain value.
func (in UserInput) User() domain.User {
	return domain.User{
		Username: in.Username, Name: in.Name, Email: in.Email,
		Admin: in.Admin, External: in.External, Alert: in.Alert, Pro: in.Pro,
	}
}

// ScopesAndProjects gives the bounds of a new token; nil where none were named.
func (in TokenInput) ScopesAndProjects() ([]domain.TokenScope, []domain.ProjectID) {
	return each(in.Scopes, func(s string) domain.TokenScope { return domain.TokenScope(s) }),
		each(in.Projects, func(p int64) domain.ProjectID { return domain.ProjectID(p) })
}

// each applies fn to all elements; nil stays nil.
func each[From, To any](in []From, fn func(From) To) []To {
	if in == nil {
		return nil
	}
	return list(in, fn)
}

// FromToken gives a token as lists show it.
func FromToken(t domain.Token, now time.Time) Token {
	return Token{
		ID: t.Prefix, Created: t.Created.UTC(), Expired: !t.Live(now), UserID: int64(t.UserID),
		Name: t.Name, ExpiresAt: utc(t.ExpiresAt),
		Scopes:   each(t.Scopes, func(s domain.TokenScope) string { return string(s) }),
		Projects: each(t.Projects, func(p domain.ProjectID) int64 { return int64(p) }),
		LastUsed: utc(t.LastUsed),
	}
}

// FromTokens gives a list of tokens.
func FromTokens(tokens []domain.Token, now time.Time) []Token {
	return list(tokens, func(t domain.Token) Token { return FromToken(t, now) })
}

// NewPasswordInput carries a password that a user chooses.
type NewPasswordInput struct {
	Password Plain `json:"password,omitempty"`
}

// ResetInput asks for a link to a new password.
type ResetInput struct {
	Auth string `json:"auth,omitempty" doc:"User name or e-mail address"`
}

// ResetPasswordInput sets a password by a mailed link.
type ResetPasswordInput struct {
	Token    Plain `json:"token,omitempty" doc:"What comes after token= in the link"`
	Password Plain `json:"password,omitempty"`
}

// MailLoginInput asks for a code by mail.
type MailLoginInput struct {
	Email string `json:"email,omitempty"`
}

// RequiredFactor is a second factor that has to be set up before the sign-in is
// complete, with its secrets.
type RequiredFactor struct {
	URL           string   `json:"url" doc:"For authenticators"`
	QR            string   `json:"qr" doc:"The same as a picture: a data URL of a PNG"`
	RecoveryCodes []string `json:"recovery_codes,omitempty" doc:"Each stands in for a code once"`
}

// FromRequired gives a new second factor with its secrets.
func FromRequired(url domain.Secret, picture string, codes []domain.Secret) RequiredFactor {
	out := RequiredFactor{URL: url.Reveal(), QR: picture}
	for _, code := range codes {
		out.RecoveryCodes = append(out.RecoveryCodes, code.Reveal())
	}
	return out
}
