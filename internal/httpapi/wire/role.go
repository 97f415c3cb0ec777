package wire

import "signalbox/internal/domain"

// Role is a custom role.
type Role struct {
	Slug        string `json:"slug" doc:"What members and templates name it by; unique in the whole system"`
	Name        string `json:"name"`
	Permissions int64  `json:"permissions" doc:"Bit mask: 1 run tasks, 2 update project, 4 manage resources, 8 manage members"`
	ProjectID   *int64 `json:"project_id" doc:"null: all projects have it"`
}

// RoleInput creates or replaces a custom role.
type RoleInput struct {
	Slug        string `json:"slug,omitempty" doc:"Lower-case letters, digits, - and _; cannot be changed later"`
	Name        string `json:"name,omitempty"`
	Permissions int64  `json:"permissions,omitempty"`
}

// TemplatePermission is what a custom role may do with a template besides what
// it may do in the project.
type TemplatePermission struct {
	ID          int64  `json:"id"`
	RoleSlug    string `json:"role_slug"`
	TemplateID  int64  `json:"template_id"`
	ProjectID   int64  `json:"project_id"`
	Permissions int64  `json:"permissions" doc:"Bit mask: 1 run its tasks, 4 change it; the other bits mean nothing here"`
}

// TemplatePermissionInput gives or changes rights on a template.
type TemplatePermissionInput struct {
	RoleSlug    string `json:"role_slug,omitempty" doc:"Only when adding"`
	Permissions int64  `json:"permissions,omitempty"`
}

// FromRole gives the shape of a role.
func FromRole(r domain.CustomRole) Role {
	return Role{Slug: string(r.Slug), Name: r.Name, Permissions: int64(r.Permissions), ProjectID: ptr[int64](r.ProjectID)}
}

// FromRoles gives a list of roles.
func FromRoles(roles []domain.CustomRole) []Role { return list(roles, FromRole) }

// Role gives the domain value.
func (in RoleInput) Role() domain.CustomRole {
	return domain.CustomRole{Slug: domain.Role(in.Slug), Name: in.Name, Permissions: domain.Permission(in.Permissions)}
}

// FromTemplateRole gives the shape of rights on a template.
func FromTemplateRole(r domain.TemplateRole) TemplatePermission {
	return TemplatePermission{
		ID: int64(r.ID), RoleSlug: string(r.RoleSlug), TemplateID: int64(r.TemplateID), ProjectID: int64(r.ProjectID),
		Permissions: int64(r.Permissions),
	}
}

// FromTemplateRoles gives a list of them.
func FromTemplateRoles(rows []domain.TemplateRole) []TemplatePermission {
	return list(rows, FromTemplateRole)
}
