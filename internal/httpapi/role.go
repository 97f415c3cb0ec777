package httpapi

import (
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

func (c *call) slug() domain.Role { return domain.Role(c.r.PathValue("slug")) }

func (a *api) listRoles(c *call, _ *none) ([]wire.Role, error) {
	roles, err := a.Catalog.GlobalRoles(c.r.Context())
	return wire.FromRoles(roles), err
}

func (a *api) createRole(c *call, in *wire.RoleInput) (wire.Role, error) {
	r, err := a.Catalog.CreateRole(c.r.Context(), c.actor(), nil, in.Role())
	return wire.FromRole(r), err
}

func (a *api) getRole(c *call, _ *none) (wire.Role, error) {
	r, err := a.Catalog.Role(c.r.Context(), nil, c.slug())
	return wire.FromRole(r), err
}

func (a *api) replaceRole(c *call, in *wire.RoleInput) (none, error) {
	return none{}, a.Catalog.ReplaceRole(c.r.Context(), c.actor(), nil, c.slug(), in.Role())
}

func (a *api) deleteRole(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteRole(c.r.Context(), c.actor(), nil, c.slug())
}

func (a *api) listProjectRoles(c *call, _ *none) ([]wire.Role, error) {
	roles, err := a.Catalog.ProjectRoles(c.r.Context(), c.grant, c.param("mode") == "merge")
	return wire.FromRoles(roles), err
}

func (a *api) listAllRoles(c *call, _ *none) ([]wire.Role, error) {
	roles, err := a.Catalog.ProjectRoles(c.r.Context(), c.grant, true)
	return wire.FromRoles(roles), err
}

func (a *api) createProjectRole(c *call, in *wire.RoleInput) (wire.Role, error) {
	r, err := a.Catalog.CreateRole(c.r.Context(), c.actor(), &c.grant, in.Role())
	return wire.FromRole(r), err
}

func (a *api) getProjectRole(c *call, _ *none) (wire.Role, error) {
	r, err := a.Catalog.Role(c.r.Context(), &c.grant, c.slug())
	return wire.FromRole(r), err
}

func (a *api) replaceProjectRole(c *call, in *wire.RoleInput) (none, error) {
	return none{}, a.Catalog.ReplaceRole(c.r.Context(), c.actor(), &c.grant, c.slug(), in.Role())
}

func (a *api) deleteProjectRole(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteRole(c.r.Context(), c.actor(), &c.grant, c.slug())
}

func (c *call) permissionID() domain.TemplateRoleID {
	return domain.TemplateRoleID(c.id("permission_id"))
}

func (a *api) listTemplateRoles(c *call, _ *none) ([]wire.TemplatePermission, error) {
	rows, err := a.Catalog.TemplateRoles(c.r.Context(), c.grant, c.templateID())
	return wire.FromTemplateRoles(rows), err
}

func (a *api) addTemplateRole(c *call, in *wire.TemplatePermissionInput) (wire.TemplatePermission, error) {
	row, err := a.Catalog.AddTemplateRole(c.r.Context(), c.grant, domain.TemplateRole{
		TemplateID: c.templateID(), RoleSlug: domain.Role(in.RoleSlug), Permissions: domain.Permission(in.Permissions),
	})
	return wire.FromTemplateRole(row), err
}

func (a *api) getTemplateRole(c *call, _ *none) (wire.TemplatePermission, error) {
	row, err := a.Catalog.TemplateRole(c.r.Context(), c.grant, c.templateID(), c.permissionID())
	return wire.FromTemplateRole(row), err
}

func (a *api) setTemplateRole(c *call, in *wire.TemplatePermissionInput) (none, error) {
	return none{}, a.Catalog.SetTemplateRole(c.r.Context(), c.grant, c.templateID(), c.permissionID(), domain.Permission(in.Permissions))
}

func (a *api) removeTemplateRole(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.RemoveTemplateRole(c.r.Context(), c.grant, c.templateID(), c.permissionID())
}
