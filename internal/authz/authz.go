// Package authz decides who may do what: pure decisions over who asks, what
// they are in the project, and the action. Everything that the table does not
// allow is refused. It looks nothing up; callers bring the facts.
package authz

import (
	"slices"

	"signalbox/internal/domain"
)

// Action is something that can be asked of the server. Every HTTP route names
// the one it performs. The zero Action is not in the table and always refused.
type Action string

// The actions there are.
const (
	Public          Action = "public"           // anybody, signed in or not
	LookAround      Action = "look-around"      // any signed-in user: read what is outside projects, or lists over those one is in
	UseAccount      Action = "use-account"      // any signed-in user: their own account, sessions and tokens
	Administer      Action = "administer"       // global administrators
	ManageUsers     Action = "manage-users"     // global administrators
	ManageOwnUser   Action = "manage-own-user"  // the user in question, or an administrator
	CreateProject   Action = "create-project"   // administrators, or everybody where the server says so
	ReadProject     Action = "read-project"     // every member
	LeaveProject    Action = "leave-project"    // every member
	RunTasks        Action = "run-tasks"        // members with that right, in the project or on the template
	UpdateProject   Action = "update-project"   // members with that right
	DeleteProject   Action = "delete-project"   // members who may update it
	ManageResources Action = "manage-resources" // members with that right, in the project or on the template
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
	// onTemplate: what a role was given on a template counts too, where the
	// action is about that template or its tasks.
	onTemplate bool
	// token is the scope that an API token needs; "" is ScopeAdmin, so that what
	// nobody thought of is closed.
	token domain.TokenScope
	// refusal is what a signed-in user without the right is told. The reference
	// says "unauthenticated" in places where "forbidden" is meant, and its
	// clients know that.
	refusal domain.ErrorKind
}

func ruleOf(a Action) rule {
	switch a {
	case Public:
		return rule{scope: everybody}
	case LookAround:
		return rule{scope: signedIn, token: domain.ScopeRead}
	case UseAccount:
		return rule{scope: signedIn}
	case Administer:
		return rule{scope: admin, refusal: domain.KindForbidden}
	case ManageUsers:
		return rule{scope: admin, refusal: domain.KindUnauthenticated}
	case ManageOwnUser:
		return rule{scope: selfOrAdmin, refusal: domain.KindUnauthenticated}
	case CreateProject:
		return rule{scope: creator, token: domain.ScopeWrite, refusal: domain.KindUnauthenticated}
	case ReadProject:
		return rule{scope: member, token: domain.ScopeRead}
	case LeaveProject:
		return rule{scope: member, token: domain.ScopeWrite}
	case RunTasks:
		return rule{scope: member, bits: domain.PermRunTasks, onTemplate: true, token: domain.ScopeRun, refusal: domain.KindForbidden}
	case UpdateProject, DeleteProject:
		return rule{scope: member, bits: domain.PermUpdateProject, token: domain.ScopeWrite, refusal: domain.KindForbidden}
	case ManageResources:
		return rule{scope: member, bits: domain.PermManageResources, onTemplate: true, token: domain.ScopeWrite, refusal: domain.KindForbidden}
	case ManageMembers:
		return rule{scope: member, bits: domain.PermManageUsers, token: domain.ScopeWrite, refusal: domain.KindForbidden}
	case ExportSecrets:
		return rule{scope: member, bits: domain.PermAll, token: domain.ScopeWrite, refusal: domain.KindForbidden}
	case DeleteTasks:
		return rule{scope: adminInProject, token: domain.ScopeWrite, refusal: domain.KindUnauthenticated}
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

// OnTemplate reports whether rights on a single template can allow the action.
func (a Action) OnTemplate() bool { return ruleOf(a).onTemplate }

// TokenScope is the scope an API token needs for the action.
func (a Action) TokenScope() domain.TokenScope {
	if s := ruleOf(a).token; s != "" {
		return s
	}
	return domain.ScopeAdmin
}

// Subject is who asks, with the facts that decide.
type Subject struct {
	SignedIn bool
	UserID   domain.UserID
	Admin    bool
	// Token is the API token used, nil in a session.
	Token *domain.Token
	// Project is the one in question; Member and Permissions say what the user is
	// in it, and Template what they may do besides on the template in question.
	Project     domain.ProjectID
	Member      bool
	Permissions domain.Permission
	Template    domain.Permission
	// Target is the user that ManageOwnUser is about.
	Target domain.UserID
	// AnyoneCreates: the server lets every user create projects.
	AnyoneCreates bool
}

// Of returns the facts about an actor outside projects.
func Of(a domain.Actor) Subject {
	return Subject{SignedIn: !a.System(), UserID: a.User.ID, Admin: a.User.Admin, Token: a.Token}
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
	}
	if s.Token != nil {
		if err := tokenAllows(*s.Token, s.Project, a); err != nil {
			return err
		}
	}
	if s.Admin {
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
		mask := s.Permissions
		if r.onTemplate {
			mask |= s.Template & OnTemplate
		}
		allowed = mask.Has(r.bits)
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

// OnTemplate are the rights that mean something on a single template.
const OnTemplate = domain.PermRunTasks | domain.PermManageResources

// tokenAllows bounds everybody, administrators too, to what their token is for.
func tokenAllows(t domain.Token, p domain.ProjectID, a Action) error {
	if t.Projects != nil {
		switch {
		case a.InProject():
			if !slices.Contains(t.Projects, p) {
				return domain.NotFound("project")
			}
		case a != LookAround:
			return domain.Forbidden("this token is bound to projects and may do nothing outside of them")
		}
	}
	if need := a.TokenScope(); t.Scopes != nil && !slices.Contains(t.Scopes, need) {
		return domain.Forbidden("this token lacks the scope %q", need)
	}
	return nil
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
	// Template is what the role may do besides on the template that the request
	// is about; 0 where it is about none, or the project's rights were enough.
	Template domain.Permission
}

// Subject returns the facts of the grant.
func (g Grant) Subject() Subject {
	s := Of(g.Actor)
	s.Project, s.Member, s.Permissions, s.Template = g.Project, g.Member, g.Permissions, g.Template
	return s
}

// Require returns nil when the actor may perform the action in the project. A
// token for another action, which brought the actor here, lets them read on the
// way.
func (g Grant) Require(a Action) error {
	s := g.Subject()
	if a == ReadProject && s.Token != nil {
		s.Token = &domain.Token{Projects: s.Token.Projects}
	}
	return Decide(s, a)
}

// Effective returns the permissions that count in the project: an administrator
// has them all.
func (g Grant) Effective() domain.Permission {
	if g.Actor.User.Admin {
		return domain.PermAll
	}
	return g.Permissions
}

// MayGrant refuses to let an actor give others what they lack themselves.
func (g Grant) MayGrant(field string, p domain.Permission) error {
	if g.Effective().Has(p) {
		return nil
	}
	return &domain.Error{Kind: domain.KindForbidden, Field: field, Message: "you cannot give, change or take away rights that you do not have yourself"}
}
