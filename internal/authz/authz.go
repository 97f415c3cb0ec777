// Package authz decides who may do what: pure decisions over who asks, what
// they are in the project, and the action. Everything that the table does not
// allow is refused. It looks nothing up; callers bring the facts.
package authz

import "signalbox/internal/domain"

// Action is something that can be asked of the server. Every HTTP route names
// the one it performs. The zero Action is not in the table and always refused.
type Action string

// Actions outside projects.
const (
	Public          Action = "public"           // anybody, signed in or not
	UseAccount      Action = "use-account"      // any signed-in user
	Administer      Action = "administer"       // global administrators
	ManageUsers     Action = "manage-users"     // global administrators
	ManageOwnUser   Action = "manage-own-user"  // the user in question, or an administrator
	CreateProject   Action = "create-project"   // administrators, or everybody where the server says so
	ReadProject     Action = "read-project"     // every member
	LeaveProject    Action = "leave-project"    // every member
	RunTasks        Action = "run-tasks"        // members with that right
	UpdateProject   Action = "update-project"   // members with that right
	DeleteProject   Action = "delete-project"   // members who may update it
	ManageResources Action = "manage-resources" // members with that right
	ManageMembers   Action = "manage-members"   // members with that right
	DeleteTasks     Action = "delete-tasks"     // global administrators
	ExportSecrets   Action = "export-secrets"   // members with every right
)

// scope is what a rule looks at.
type scope int

const (
	nobody scope = iota
	everybody
	signedIn
	admin
	selfOrAdmin
	creator
	member
	adminInProject
)

// rule is a row of the table.
type rule struct {
	scope scope
	bits  domain.Permission
	// refusal is what a signed-in user without the right is told. The reference
	// says "unauthenticated" in places where "forbidden" is meant, and its
	// clients know that.
	refusal domain.ErrorKind
}

func ruleOf(a Action) rule {
	switch a {
	case Public:
		return rule{scope: everybody}
	case UseAccount:
		return rule{scope: signedIn}
	case Administer:
		return rule{scope: admin, refusal: domain.KindForbidden}
	case ManageUsers:
		return rule{scope: admin, refusal: domain.KindUnauthenticated}
	case ManageOwnUser:
		return rule{scope: selfOrAdmin, refusal: domain.KindUnauthenticated}
	case CreateProject:
		return rule{scope: creator, refusal: domain.KindUnauthenticated}
	case ReadProject, LeaveProject:
		return rule{scope: member}
	case RunTasks:
		return rule{scope: member, bits: domain.PermRunTasks, refusal: domain.KindForbidden}
	case UpdateProject, DeleteProject:
		return rule{scope: member, bits: domain.PermUpdateProject, refusal: domain.KindForbidden}
	case ManageResources:
		return rule{scope: member, bits: domain.PermManageResources, refusal: domain.KindForbidden}
	case ManageMembers:
		return rule{scope: member, bits: domain.PermManageUsers, refusal: domain.KindForbidden}
	case ExportSecrets:
		return rule{scope: member, bits: domain.PermAll, refusal: domain.KindForbidden}
	case DeleteTasks:
		return rule{scope: adminInProject, refusal: domain.KindUnauthenticated}
	}
	return rule{scope: nobody, refusal: domain.KindForbidden}
}

// Known reports whether the table has a row for the action.
func (a Action) Known() bool { return ruleOf(a).scope != nobody }

// InProject reports whether the action needs the caller's place in a project.
func (a Action) InProject() bool {
	s := ruleOf(a).scope
	return s == member || s == adminInProject
}

// Subject is who asks, with the facts that decide.
type Subject struct {
	SignedIn bool
	UserID   domain.UserID
	Admin    bool
	// Member and Permissions say what the user is in the project in question.
	Member      bool
	Permissions domain.Permission
	// Target is the user that ManageOwnUser is about.
	Target domain.UserID
	// AnyoneCreates: the server lets every user create projects.
	AnyoneCreates bool
}

// Decide returns nil when the subject may perform the action, and otherwise the
// domain error to answer with. Projects are hidden from those outside them.
func Decide(s Subject, a Action) error {
	r := ruleOf(a)
	switch {
	case r.scope == nobody:
		return domain.Forbidden("this action is not allowed")
	case r.scope == everybody:
		return nil
	case !s.SignedIn:
		return domain.Unauthenticated("sign in first")
	case s.Admin:
		return nil
	}
	allowed := false
	switch r.scope {
	case signedIn:
		allowed = true
	case selfOrAdmin:
		allowed = s.Target != 0 && s.Target == s.UserID
	case creator:
		allowed = s.AnyoneCreates
	case member:
		if !s.Member {
			return domain.NotFound("project")
		}
		allowed = s.Permissions.Has(r.bits)
	case adminInProject:
		if !s.Member {
			return domain.NotFound("project")
		}
	}
	if allowed {
		return nil
	}
	return &domain.Error{Kind: r.refusal, Message: refusalText(a)}
}

func refusalText(a Action) string {
	switch a {
	case RunTasks:
		return "you may not run tasks in this project"
	case UpdateProject, DeleteProject:
		return "you may not change this project"
	case ManageResources:
		return "you may not change the resources of this project"
	case ExportSecrets:
		return "only an owner may take the secrets of this project along"
	case ManageMembers:
		return "you may not change the members of this project"
	}
	return "only an administrator may do this"
}

// Grant says what an actor is in a project. Use cases ask it before they act.
type Grant struct {
	Actor       domain.Actor
	Project     domain.ProjectID
	Member      bool
	Role        domain.Role // "" for an administrator who is not a member
	Permissions domain.Permission
}

// Subject returns the facts of the grant.
func (g Grant) Subject() Subject {
	return Subject{
		SignedIn: !g.Actor.System(), UserID: g.Actor.User.ID, Admin: g.Actor.User.Admin,
		Member: g.Member, Permissions: g.Permissions,
	}
}

// Require returns nil when the actor may perform the action in the project.
func (g Grant) Require(a Action) error { return Decide(g.Subject(), a) }

// Effective returns the permissions that count: an administrator has them all.
func (g Grant) Effective() domain.Permission {
	if g.Actor.User.Admin {
		return domain.PermAll
	}
	return g.Permissions
}
