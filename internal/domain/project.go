package domain

import (
	"strings"
	"time"
)

// Project owns resources and tasks and has members.
type Project struct {
	ID               ProjectID
	Name             string
	Created          time.Time
	Alert            bool
	AlertChat        string
	MaxParallelTasks int // 0: no limit but the server's
	Type             string
}

// Validate checks the fields a client may set.
func (p *Project) Validate() error {
	p.Name = strings.TrimSpace(p.Name)
	if err := checkName("name", p.Name, 255); err != nil {
		return err
	}
	if p.MaxParallelTasks < 0 {
		return Invalid("max_parallel_tasks", "must be 0 (no limit) or more, not %d", p.MaxParallelTasks)
	}
	if len(p.AlertChat) > 30 {
		return Invalid("alert_chat", "must not be longer than 30 characters")
	}
	if len(p.Type) > 20 {
		return Invalid("type", "must not be longer than 20 characters")
	}
	return nil
}

// Permission is a set of rights in a project, as the bit mask of the wire.
type Permission int64

const (
	PermRunTasks        Permission = 1
	PermUpdateProject   Permission = 2
	PermManageResources Permission = 4
	PermManageUsers     Permission = 8
	PermAll             Permission = 15
)

// Has reports whether every bit of want is set.
func (p Permission) Has(want Permission) bool { return p&want == want }

// Role names a set of permissions.
type Role string

const (
	RoleOwner      Role = "owner"
	RoleManager    Role = "manager"
	RoleTaskRunner Role = "task_runner"
	RoleGuest      Role = "guest"
)

// Permissions returns the mask of a built-in role and whether the role is one.
func (r Role) Permissions() (Permission, bool) {
	switch r {
	case RoleOwner:
		return PermAll, true
	case RoleManager:
		return PermRunTasks | PermManageResources, true
	case RoleTaskRunner:
		return PermRunTasks, true
	case RoleGuest:
		return 0, true
	}
	return 0, false
}

// Member ties a user to a project.
type Member struct {
	ID        MemberID
	ProjectID ProjectID
	UserID    UserID
	Role      Role
}

// View is a named tab of the template list.
type View struct {
	ID          ViewID
	ProjectID   ProjectID
	Title       string
	Position    int
	Type        string // "all" for the built-in one, "" for others
	Hidden      bool
	SortColumn  *string
	SortReverse bool
	Filter      JSON // an object kept for clients; it filters nothing
}

func checkName(field, name string, limit int) error {
	if strings.TrimSpace(name) == "" {
		return Invalid(field, "a name is required")
	}
	if len([]rune(name)) > limit {
		return Invalid(field, "must not be longer than %d characters", limit)
	}
	return nil
}
