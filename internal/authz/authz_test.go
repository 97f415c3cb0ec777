package authz

import (
	"strings"
	"testing"

	"signalbox/internal/domain"
)

// TestDecide goes through the whole table: what each actor is answered for
// each action, "" meaning yes.
func TestDecide(t *testing.T) {
	t.Parallel()
	const (
		no401 = domain.KindUnauthenticated
		no403 = domain.KindForbidden
		no404 = domain.KindNotFound
	)
	member := func(role domain.Role) Subject {
		p, _ := role.Permissions()
		return Subject{SignedIn: true, UserID: 2, Member: true, Permissions: p}
	}
	subjects := map[string]Subject{
		"nobody": {}, "outsider": {SignedIn: true, UserID: 2}, "guest": member(domain.RoleGuest),
		"task_runner": member(domain.RoleTaskRunner), "manager": member(domain.RoleManager),
		"owner": member(domain.RoleOwner), "admin": {SignedIn: true, UserID: 1, Admin: true},
		"self": {SignedIn: true, UserID: 2, Target: 2}, "creator": {SignedIn: true, UserID: 2, AnyoneCreates: true},
	}
	type row = map[string]domain.ErrorKind
	everybodyBut := func(kind domain.ErrorKind, allowed ...string) row {
		r := row{}
		for name := range subjects {
			r[name] = kind
		}
		r["nobody"] = no401
		for _, name := range append(allowed, "admin") {
			r[name] = ""
		}
		return r
	}
	inProject := func(refused domain.ErrorKind, allowed ...string) row {
		r := everybodyBut(refused, allowed...)
		for _, name := range []string{"outsider", "self", "creator"} {
			r[name] = no404
		}
		return r
	}
	table := map[Action]row{
		Public:          {},
		LookAround:      {"nobody": no401},
		UseAccount:      {"nobody": no401},
		Administer:      everybodyBut(no403),
		ManageUsers:     everybodyBut(no401),
		ManageOwnUser:   everybodyBut(no401, "self"),
		CreateProject:   everybodyBut(no401, "creator"),
		ReadProject:     inProject(no403, "guest", "task_runner", "manager", "owner"),
		LeaveProject:    inProject(no403, "guest", "task_runner", "manager", "owner"),
		RunTasks:        inProject(no403, "task_runner", "manager", "owner"),
		UpdateProject:   inProject(no403, "owner"),
		DeleteProject:   inProject(no403, "owner"),
		ManageResources: inProject(no403, "manager", "owner"),
		ManageMembers:   inProject(no403, "owner"),
		DeleteTasks:     inProject(no401),
		"":              {"nobody": no403, "outsider": no403, "guest": no403, "task_runner": no403, "manager": no403, "owner": no403, "admin": no403, "self": no403, "creator": no403},
	}
	for action, want := range table {
		if action != "" && !action.Known() {
			t.Errorf("action %q is not in the table", action)
		}
		for name, s := range subjects {
			err := Decide(s, action)
			if want[name] == "" {
				if err != nil {
					t.Errorf("%s, %q: got %v, want it allowed", name, action, err)
				}
			} else if !domain.IsKind(err, want[name]) {
				t.Errorf("%s, %q: got %v, want %s", name, action, err, want[name])
			}
		}
	}
}

// TestDecide_Token bounds a member and an administrator by what their tokens are
// for: each action by the scope it needs, and by the projects.
func TestDecide_Token(t *testing.T) {
	t.Parallel()
	scopes := map[Action]domain.TokenScope{
		LookAround: domain.ScopeRead, UseAccount: domain.ScopeAdmin, Administer: domain.ScopeAdmin, ManageUsers: domain.ScopeAdmin,
		ManageOwnUser: domain.ScopeAdmin, CreateProject: domain.ScopeWrite, ReadProject: domain.ScopeRead, LeaveProject: domain.ScopeWrite,
		RunTasks: domain.ScopeRun, UpdateProject: domain.ScopeWrite, DeleteProject: domain.ScopeWrite, ManageResources: domain.ScopeWrite,
		ManageMembers: domain.ScopeWrite, DeleteTasks: domain.ScopeWrite,
	}
	all := []domain.TokenScope{domain.ScopeRead, domain.ScopeRun, domain.ScopeWrite, domain.ScopeAdmin}
	for action, need := range scopes {
		s := Subject{SignedIn: true, UserID: 1, Admin: true, Project: 7}
		for _, scope := range all {
			s.Token = &domain.Token{Scopes: []domain.TokenScope{scope}}
			err := Decide(s, action)
			if scope == need && err != nil {
				t.Errorf("%s with scope %s: got %v, want it allowed", action, scope, err)
			}
			if scope != need && (!domain.IsKind(err, domain.KindForbidden) || !strings.Contains(err.Error(), `"`+string(need)+`"`)) {
				t.Errorf("%s with scope %s: got %v, want the missing scope named", action, scope, err)
			}
		}
		s.Token = &domain.Token{Scopes: []domain.TokenScope{}}
		if err := Decide(s, action); !domain.IsKind(err, domain.KindForbidden) {
			t.Errorf("%s with no scope: got %v", action, err)
		}
		s.Token = &domain.Token{Projects: []domain.ProjectID{7}}
		err := Decide(s, action)
		if allowed := action.InProject() || action == LookAround; allowed != (err == nil) {
			t.Errorf("%s with a token bound to the project: got %v", action, err)
		}
		s.Token = &domain.Token{Projects: []domain.ProjectID{8}}
		err = Decide(s, action)
		switch {
		case action.InProject() && !domain.IsKind(err, domain.KindNotFound), action == LookAround && err != nil,
			!action.InProject() && action != LookAround && !domain.IsKind(err, domain.KindForbidden):
			t.Errorf("%s with a token bound to another project: got %v", action, err)
		}
	}
	if err := Decide(Subject{SignedIn: true, UserID: 2, Token: &domain.Token{}}, ReadProject); !domain.IsKind(err, domain.KindNotFound) {
		t.Errorf("a token without bounds gave its user more: got %v", err)
	}
}

// TestDecide_OnTemplate adds the rights on a template to those in the project,
// where they mean something.
func TestDecide_OnTemplate(t *testing.T) {
	t.Parallel()
	s := Subject{SignedIn: true, UserID: 2, Member: true, Template: domain.PermAll}
	for _, a := range []Action{ReadProject, LeaveProject, RunTasks, ManageResources} {
		if err := Decide(s, a); err != nil {
			t.Errorf("%s: got %v, want it allowed", a, err)
		}
	}
	for _, a := range []Action{UpdateProject, DeleteProject, ManageMembers, DeleteTasks, Administer} {
		if Decide(s, a) == nil {
			t.Errorf("%s is allowed by rights on a template", a)
		}
	}
	s.Member = false
	if err := Decide(s, RunTasks); !domain.IsKind(err, domain.KindNotFound) {
		t.Errorf("who is no member: got %v", err)
	}
}

func TestGrant_MayGrant(t *testing.T) {
	t.Parallel()
	g := Grant{Permissions: domain.PermManageUsers | domain.PermRunTasks, Template: domain.PermAll}
	for mask, want := range map[domain.Permission]bool{0: true, 1: true, 8: true, 9: true, 4: false, 2: false, 15: false, 13: false} {
		if got := g.MayGrant("role", mask) == nil; got != want {
			t.Errorf("give %d: got %v, want %v", mask, got, want)
		}
	}
	g.Actor.User.Admin = true
	if err := g.MayGrant("role", domain.PermAll); err != nil {
		t.Errorf("an administrator: got %v", err)
	}
}

// BenchmarkDecide decides everything there is for a member with rights on the
// template and a token with bounds. A decision is to take 5 µs at most.
func BenchmarkDecide(b *testing.B) {
	actions := []Action{Public, LookAround, UseAccount, Administer, ManageUsers, ManageOwnUser, CreateProject, ReadProject, LeaveProject,
		RunTasks, UpdateProject, DeleteProject, ManageResources, ManageMembers, DeleteTasks}
	token := &domain.Token{Scopes: []domain.TokenScope{domain.ScopeWrite, domain.ScopeRun, domain.ScopeRead}}
	for p := range domain.ProjectID(100) {
		token.Projects = append(token.Projects, p)
	}
	for name, s := range map[string]Subject{
		"session":            {SignedIn: true, UserID: 2, Project: 99, Member: true, Permissions: 5},
		"template row":       {SignedIn: true, UserID: 2, Project: 99, Member: true, Template: 5},
		"token with bounds":  {SignedIn: true, UserID: 2, Project: 99, Member: true, Permissions: 5, Token: token},
		"somebody from away": {SignedIn: true, UserID: 2, Project: 99},
	} {
		b.Run(name, func(b *testing.B) {
			i := 0
			for b.Loop() {
				_ = Decide(s, actions[i%len(actions)])
				i++
			}
		})
	}
}
