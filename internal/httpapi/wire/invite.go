package wire

import (
	"time"

	"signalbox/internal/domain"
)

// Invite asks a user, or whoever has an e-mail address, into a project.
type Invite struct {
	ID            int64      `json:"id"`
	ProjectID     int64      `json:"project_id"`
	UserID        *int64     `json:"user_id,omitempty"`
	Email         string     `json:"email,omitempty" doc:"Only shown to those who manage members"`
	Role          string     `json:"role"`
	Status        string     `json:"status" enum:"pending,accepted,declined,expired"`
	InviterUserID *int64     `json:"inviter_user_id"`
	Created       time.Time  `json:"created"`
	ExpiresAt     *time.Time `json:"expires_at,omitempty"`
	AcceptedAt    *time.Time `json:"accepted_at,omitempty"`
	InviterUser   *UserMin   `json:"inviter_user,omitempty"`
	User          *UserMin   `json:"user,omitempty"`
}

// NewInvite is an invitation just made, with what accepts it.
type NewInvite struct {
	Invite
	Token string `json:"token" doc:"Accepts the invitation, once; it is shown only here"`
	URL   string `json:"url,omitempty" doc:"Address that accepts it in a browser; absent when the server does not know its own"`
}

// UserMin names a user.
type UserMin struct {
	ID       int64  `json:"id"`
	Username string `json:"username"`
	Name     string `json:"name"`
}

// InviteInput invites somebody.
type InviteInput struct {
	UserID    *int64     `json:"user_id,omitempty" nullable:"true" doc:"Either this or email"`
	Email     *string    `json:"email,omitempty" nullable:"true"`
	Role      string     `json:"role,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" nullable:"true" doc:"In 7 days when left out"`
}

// InviteStatusInput changes what becomes of an invitation.
type InviteStatusInput struct {
	Status string `json:"status,omitempty" doc:"pending, declined or expired"`
}

// AcceptInput accepts an invitation.
type AcceptInput struct {
	Token Plain `json:"token,omitempty"`
}

// Accepted tells which project one is a member of now.
type Accepted struct {
	ProjectID int64 `json:"project_id"`
}

// InviteSecret shows an invitation.
type InviteSecret struct {
	Token Plain `json:"token,omitempty"`
}

// InviteView is what an invitation tells whoever has its token.
type InviteView struct {
	ProjectName   string `json:"project_name"`
	Email         string `json:"email,omitempty" doc:"Whom it is for; absent where it is for an account"`
	Registered    bool   `json:"registered" doc:"There is an account that can accept it"`
	PasswordLogin bool   `json:"password_login" doc:"Signing in with a password is possible; without it nobody can register"`
}

// RegisterInput makes an account by an invitation to an e-mail address.
type RegisterInput struct {
	Token    Plain  `json:"token,omitempty"`
	Username string `json:"username,omitempty"`
	Name     string `json:"name,omitempty"`
	Password Plain  `json:"password,omitempty"`
}

// FromInvite gives the shape of an invitation; only those who manage members see
// addresses.
func FromInvite(i domain.Invite, user, inviter *domain.User, full bool) Invite {
	out := Invite{
		ID: int64(i.ID), ProjectID: int64(i.ProjectID), UserID: ptr[int64](i.UserID), Role: string(i.Role), Status: string(i.Status),
		InviterUserID: ptr[int64](i.InviterUserID), Created: i.Created.UTC(), ExpiresAt: i.ExpiresAt, AcceptedAt: i.AcceptedAt,
		User: userMin(user), InviterUser: userMin(inviter),
	}
	if full && i.Email != nil {
		out.Email = *i.Email
	}
	return out
}

func userMin(u *domain.User) *UserMin {
	if u == nil {
		return nil
	}
	return &UserMin{ID: int64(u.ID), Username: u.Username, Name: u.Name}
}

// Invite gives the domain value.
func (in InviteInput) Invite() domain.Invite {
	i := domain.Invite{Email: in.Email, Role: domain.Role(in.Role), ExpiresAt: in.ExpiresAt}
	if in.UserID != nil {
		id := domain.UserID(*in.UserID)
		i.UserID = &id
	}
	if i.ExpiresAt != nil {
		at := i.ExpiresAt.UTC()
		i.ExpiresAt = &at
	}
	return i
}
