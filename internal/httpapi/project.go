package httpapi

import (
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

// maxProjects bounds the list of projects, as the reference does.
const maxProjects = 200

func (a *api) listProjects(c *call, _ *none) ([]wire.Project, error) {
	projects, err := a.Catalog.Projects(c.r.Context(), c.actor())
	return wire.FromProjects(projects), err
}

func (a *api) createProject(c *call, in *wire.ProjectInput) (wire.Project, error) {
	p, err := a.Catalog.CreateProject(c.r.Context(), c.actor(), in.Project(), in.Demo)
	return wire.FromProject(p), err
}

func (a *api) getProject(c *call, _ *none) (wire.Project, error) {
	p, err := a.Catalog.Project(c.r.Context(), c.grant)
	return wire.FromProject(p), err
}

func (a *api) replaceProject(c *call, in *wire.ProjectInput) (none, error) {
	return none{}, a.Catalog.ReplaceProject(c.r.Context(), c.grant, in.Project())
}

func (a *api) deleteProject(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteProject(c.r.Context(), c.grant)
}

// projectRole reports the real membership: an administrator from outside the
// project has no role in it, though every right.
func (a *api) projectRole(c *call, _ *none) (wire.ProjectRole, error) {
	return wire.ProjectRole{Role: string(c.grant.Role), Permissions: int64(c.grant.Permissions)}, nil
}

func (a *api) listMembers(c *call, _ *none) ([]wire.Member, error) {
	rows, err := a.Catalog.Members(c.r.Context(), c.grant, c.sort())
	out := make([]wire.Member, 0, len(rows))
	for _, m := range rows {
		out = append(out, wire.Member{ID: int64(m.ID), Username: m.Username, Name: m.Name, Role: string(m.Role)})
	}
	return out, err
}

func (a *api) addMember(c *call, in *wire.MemberInput) (none, error) {
	err := a.Catalog.AddMember(c.r.Context(), c.grant, domain.UserID(in.UserID), domain.Role(in.Role))
	return none{}, err
}

// getMember shows e-mail and flags to those who manage members, and otherwise
// what the list shows.
func (a *api) getMember(c *call, _ *none) (wire.User, error) {
	u, err := a.Catalog.Member(c.r.Context(), c.grant, domain.UserID(c.id("user_id")))
	if err != nil {
		return wire.User{}, err
	}
	if c.grant.Effective().Has(domain.PermManageUsers) || c.actor().User.ID == u.ID {
		return wire.FromUser(u), nil
	}
	return wire.MaskedUser(u), nil
}

func (a *api) replaceMember(c *call, in *wire.MemberInput) (none, error) {
	return none{}, a.Catalog.SetMemberRole(c.r.Context(), c.grant, domain.UserID(c.id("user_id")), domain.Role(in.Role))
}

func (a *api) removeMember(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.RemoveMember(c.r.Context(), c.grant, domain.UserID(c.id("user_id")))
}

func (a *api) leaveProject(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.Leave(c.r.Context(), c.grant)
}
