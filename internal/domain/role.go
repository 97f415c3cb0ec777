package domain

import (
	"regexp"
	"sync"
	"time"
)

// CustomRole is a role that administrators made for all projects, or a project
// for itself.
type CustomRole struct {
	ID        RoleID
	ProjectID *ProjectID // nil: for all projects
	// Slug is what members and templates name it by: unique in the whole system,
	// and none of a built-in role.
	Slug        Role
	Name        string
	Permissions Permission
}

// slugAll is a word in the addresses of roles.
const slugAll = "all"

var roleSlug = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9_-]{1,100}$`)
})

// Validate checks the fields a client may set.
func (r *CustomRole) Validate() error {
	if !roleSlug().MatchString(string(r.Slug)) {
		return Invalid("slug", "must have 1 to 100 lower-case letters, digits, - or _")
	}
	if _, builtin := r.Slug.Permissions(); builtin {
		return Invalid("slug", "%q is a built-in role", string(r.Slug))
	}
	if r.Slug == slugAll {
		return Invalid("slug", "%q stands for the list of all roles in addresses; choose another", string(r.Slug))
	}
	if err := checkName("name", r.Name, 100); err != nil {
		return err
	}
	return CheckPermissions(r.Permissions)
}

// CheckPermissions refuses masks with bits that mean nothing.
func CheckPermissions(p Permission) error {
	if p&^PermAll != 0 {
		return Invalid("permissions", "must be a sum of 1 (run tasks), 2 (change the project), 4 (manage resources) and 8 (manage members), not %d", int64(p))
	}
	return nil
}

// TemplateRole adds permissions on one template to those that members of a role
// have in the project.
type TemplateRole struct {
	ID          TemplateRoleID
	ProjectID   ProjectID
	TemplateID  TemplateID
	RoleSlug    Role // of a custom role; unique for the template
	Permissions Permission
}

// InviteStatus says what became of an invitation.
type InviteStatus string

const (
	InvitePending  InviteStatus = "pending"
	InviteAccepted InviteStatus = "accepted"
	InviteDeclined InviteStatus = "declined"
	InviteExpired  InviteStatus = "expired"
)

// Invite asks somebody into a project: a user, or whoever has an e-mail address.
type Invite struct {
	ID        InviteID
	ProjectID ProjectID
	UserID    *UserID // either this
	Email     *string // or that
	Role      Role
	Status    InviteStatus
	// TokenHash is the hex SHA-256 of the secret that accepts it.
	TokenHash     string
	InviterUserID *UserID
	Created       time.Time
	ExpiresAt     *time.Time
	AcceptedAt    *time.Time
}

// InviteLife is how long an invitation can be accepted unless it says otherwise.
const InviteLife = 7 * 24 * time.Hour

// StatusAt returns what became of the invitation by then: nobody need write
// down that time has passed.
func (i Invite) StatusAt(now time.Time) InviteStatus {
	if i.Status == InvitePending && i.ExpiresAt != nil && !now.Before(*i.ExpiresAt) {
		return InviteExpired
	}
	return i.Status
}
