package httpapi

import (
	"net/http"

	"signalbox/internal/authz"
)

func (a *api) addTeamRoutes() {
	const (
		roles   = "roles"
		invites = "invites"
		perms   = project + "/templates/{template_id}/perms"
	)
	handle(a, Route{Method: get, Path: "/roles", ID: "listRoles", Tag: roles, Summary: "List the custom roles of all projects", Action: authz.Administer}, a.listRoles)
	handle(a, Route{Method: post, Path: "/roles", ID: "createRole", Tag: roles, Summary: "Create a custom role for all projects", Action: authz.Administer}, a.createRole)
	handle(a, Route{Method: get, Path: "/roles/{slug}", ID: "getRole", Tag: roles, Summary: "Read a custom role of all projects", Action: authz.Administer}, a.getRole)
	handle(a, Route{Method: put, Path: "/roles/{slug}", ID: "replaceRole", Tag: roles, Summary: "Replace a custom role of all projects", Action: authz.Administer}, a.replaceRole)
	handle(a, Route{Method: post, Path: "/roles/{slug}", ID: "updateRole", Tag: roles, Summary: "Replace a custom role of all projects", Action: authz.Administer, Status: http.StatusNoContent}, a.replaceRole)
	handle(a, Route{Method: del, Path: "/roles/{slug}", ID: "deleteRole", Tag: roles, Summary: "Delete a custom role of all projects that nothing uses", Action: authz.Administer}, a.deleteRole)

	handle(a, Route{Method: get, Path: project + "/roles", ID: "listProjectRoles", Tag: roles, Summary: "List the custom roles of a project", Action: authz.ReadProject,
		Query: []Query{{Name: "mode", Type: "string", Doc: "merge: also those of all projects"}}}, a.listProjectRoles)
	handle(a, Route{Method: get, Path: project + "/roles/all", ID: "listAllRoles", Tag: roles, Summary: "List the custom roles of a project and those of all projects", Action: authz.ReadProject}, a.listAllRoles)
	handle(a, Route{Method: post, Path: project + "/roles", ID: "createProjectRole", Tag: roles, Summary: "Create a custom role for a project", Action: authz.ManageMembers}, a.createProjectRole)
	handle(a, Route{Method: get, Path: project + "/roles/{slug}", ID: "getProjectRoleBySlug", Tag: roles, Summary: "Read a custom role of a project", Action: authz.ReadProject}, a.getProjectRole)
	handle(a, Route{Method: put, Path: project + "/roles/{slug}", ID: "replaceProjectRole", Tag: roles, Summary: "Replace a custom role of a project", Action: authz.ManageMembers}, a.replaceProjectRole)
	handle(a, Route{Method: del, Path: project + "/roles/{slug}", ID: "deleteProjectRole", Tag: roles, Summary: "Delete a custom role of a project that nothing uses", Action: authz.ManageMembers}, a.deleteProjectRole)

	handle(a, Route{Method: get, Path: perms, ID: "listTemplatePermissions", Tag: roles, Summary: "List what roles were given on a template", Action: authz.ReadProject}, a.listTemplateRoles)
	handle(a, Route{Method: post, Path: perms, ID: "addTemplatePermission", Tag: roles, Summary: "Give a custom role rights on a template", Action: authz.ManageMembers}, a.addTemplateRole)
	handle(a, Route{Method: get, Path: perms + "/{permission_id}", ID: "getTemplatePermission", Tag: roles, Summary: "Read what a role was given on a template", Action: authz.ReadProject}, a.getTemplateRole)
	handle(a, Route{Method: put, Path: perms + "/{permission_id}", ID: "replaceTemplatePermission", Tag: roles, Summary: "Change what a role was given on a template", Action: authz.ManageMembers}, a.setTemplateRole)
	handle(a, Route{Method: del, Path: perms + "/{permission_id}", ID: "removeTemplatePermission", Tag: roles, Summary: "Take away what a role was given on a template", Action: authz.ManageMembers}, a.removeTemplateRole)

	handle(a, Route{Method: get, Path: project + "/invites", ID: "listInvites", Tag: invites, Summary: "List the invitations to a project", Action: authz.ReadProject, Query: sorting("created, status or role")}, a.listInvites)
	handle(a, Route{Method: post, Path: project + "/invites", ID: "createInvite", Tag: invites, Summary: "Invite a user or an e-mail address; what accepts the invitation is shown only here", Action: authz.ManageMembers}, a.createInvite)
	handle(a, Route{Method: get, Path: project + "/invites/{invite_id}", ID: "getInvite", Tag: invites, Summary: "Read an invitation", Action: authz.ReadProject}, a.getInvite)
	handle(a, Route{Method: put, Path: project + "/invites/{invite_id}", ID: "replaceInvite", Tag: invites, Summary: "Decline an invitation, end it or open it again", Action: authz.ManageMembers}, a.setInviteStatus)
	handle(a, Route{Method: del, Path: project + "/invites/{invite_id}", ID: "deleteInvite", Tag: invites, Summary: "Delete an invitation", Action: authz.ManageMembers}, a.deleteInvite)
	handle(a, Route{Method: post, Path: "/invites/accept", ID: "acceptInvite", Tag: invites, Summary: "Join the project that one was invited to", Action: authz.UseAccount, Status: http.StatusOK}, a.acceptInvite)
	handle(a, Route{Method: post, Path: "/invites/preview", ID: "previewInvite", Tag: invites, Summary: "Ask, before signing in, what an invitation is for", Action: authz.Public, Status: http.StatusOK}, a.showInvite)
	handle(a, Route{Method: post, Path: "/invites/register", ID: "registerByInvite", Tag: invites, Summary: "Make an account by an invitation to an e-mail address that has none, join the project and sign in", Action: authz.Public, Status: http.StatusOK}, a.registerByInvite)
}
