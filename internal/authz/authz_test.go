package authz

import (
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
