package wire

import (
	"time"

	"signalbox/internal/domain"
)

// User is a person or machine that signs in.
type User struct {
	ID       int64     `json:"id"`
	Created  time.Time `json:"created"`
	Username string    `json:"username"`
	Name     string    `json:"name"`
	Email    string    `json:"email"`
	Admin    bool      `json:"admin"`
	External bool      `json:"external"`
	Alert    bool      `json:"alert"`
	Pro      bool      `json:"pro"`
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
	ID       int64      `json:"id"`
	Created  *time.Time `json:"created,omitempty"`
	Username string     `json:"username"`
	Name     string     `json:"name"`
	Email    *string    `json:"email,omitempty"`
	Admin    *bool      `json:"admin,omitempty"`
	External *bool      `json:"external,omitempty"`
	Alert    *bool      `json:"alert,omitempty"`
	Pro      *bool      `json:"pro,omitempty"`
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
}

// PasswordInput sets a password.
type PasswordInput struct {
	Password Plain `json:"password,omitempty"`
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
}

// TokenInput describes a new API token.
type TokenInput struct {
	Name      string     `json:"name,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

// FromUser gives the full shape of a user.
func FromUser(u domain.User) User {
	return User{
		ID: int64(u.ID), Created: u.Created.UTC(), Username: u.Username, Name: u.Name, Email: u.Email,
		Admin: u.Admin, External: u.External, Alert: u.Alert, Pro: u.Pro,
	}
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
			row.External, row.Alert, row.Pro = &u.External, &u.Alert, &u.Pro
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

// FromToken gives a token as lists show it.
func FromToken(t domain.Token, now time.Time) Token {
	return Token{
		ID: t.Prefix, Created: t.Created.UTC(), Expired: !t.Live(now), UserID: int64(t.UserID),
		Name: t.Name, ExpiresAt: utc(t.ExpiresAt),
	}
}

// FromTokens gives a list of tokens.
func FromTokens(tokens []domain.Token, now time.Time) []Token {
	return list(tokens, func(t domain.Token) Token { return FromToken(t, now) })
}
