package httpapi_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"signalbox/internal/catalog"
	"signalbox/internal/domain"
	"signalbox/internal/httpapi"
	"signalbox/internal/store"
)

// step is a request and its answer.
type step struct {
	actor, method, path string
	body                any
	status              int
	// contains is a part of the answer; "" takes any.
	contains string
}

func (w *world) walk(steps []step) {
	w.t.Helper()
	for i, s := range steps {
		got := w.do(s.actor, s.method, s.path, s.body)
		if got.Code != s.status || !strings.Contains(got.Body.String(), s.contains) {
			w.t.Errorf("step %d, %s %s %s: got %d %s, want %d %s", i+1, s.actor, s.method, s.path, got.Code, got.Body, s.status, s.contains)
		}
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.otherWorld()
	outsider := w.users["outsider"].ID
	role := func(slug string, mask int) object {
		return object{"slug": slug, "name": "Role " + slug, "permissions": mask}
	}
	w.walk([]step{
		{"admin", "GET", "/api/roles", nil, 200, `[]`},
		{"admin", "POST", "/api/roles", role("dev", 1), 201, `{"slug":"dev","name":"Role dev","permissions":1,"project_id":null}`},
		{"guest", "GET", "/api/info", nil, 200, `"roles":[{"slug":"dev","name":"Role dev","permissions":1,"project_id":null}]`},
		{"admin", "POST", "/api/roles", role("dev", 1), 400, `"field":"slug"`},
		{"admin", "POST", "/api/roles", role("owner", 1), 400, `"field":"slug"`},
		{"admin", "POST", "/api/roles", role("all", 1), 400, `"field":"slug"`},
		{"admin", "POST", "/api/roles", role("No", 1), 400, `"field":"slug"`},
		{"admin", "POST", "/api/roles", role("big", 16), 400, `"field":"permissions"`},
		{"admin", "POST", "/api/roles", role("negative", -1), 400, `"field":"permissions"`},
		{"admin", "POST", "/api/roles", object{"slug": "noname"}, 400, `"field":"name"`},
		{"owner", "POST", w.path("/roles"), role("foreign-keeper", 1), 400, `"field":"slug"`},
		{"admin", "GET", "/api/roles/dev", nil, 200, `"dev"`},
		{"admin", "GET", "/api/roles/keeper", nil, 404, ""},
		{"admin", "PUT", "/api/roles/keeper", role("keeper", 15), 404, ""},
		{"admin", "DELETE", "/api/roles/foreign-keeper", nil, 404, ""},
		{"admin", "PUT", "/api/roles/dev", role("renamed", 1), 400, `"field":"slug"`},
		{"admin", "PUT", "/api/roles/dev", object{"name": "Developer", "permissions": 5}, 204, ""},
		{"admin", "POST", "/api/roles/dev", role("dev", 0), 204, ""},
		// A project sees its own roles, and those of all projects where it asks for them.
		{"guest", "GET", w.path("/roles"), nil, 200, `[{"slug":"helper","name":"helper","permissions":0,"project_id":1},{"slug":"keeper"`},
		{"guest", "GET", w.path("/roles?mode=merge"), nil, 200, `"dev"`},
		{"guest", "GET", w.path("/roles/all"), nil, 200, `"dev"`},
		{"guest", "GET", w.path("/roles/keeper"), nil, 200, `"permissions":4`},
		{"guest", "GET", w.path("/roles/dev"), nil, 404, ""},
		{"owner", "DELETE", w.path("/roles/dev"), nil, 404, ""},
		// A role counts in its project and nowhere else.
		{"owner", "POST", w.path("/users"), object{"user_id": outsider, "role": "foreign-keeper"}, 400, `"field":"role"`},
		{"owner", "POST", w.path("/users"), object{"user_id": outsider, "role": "dev"}, 204, ""},
		{"outsider", "GET", w.path("/role"), nil, 200, `{"role":"dev","permissions":0}`},
		{"outsider", "POST", w.path("/tasks"), object{"template_id": w.template}, 403, ""},
		{"admin", "PUT", "/api/roles/dev", role("dev", 1), 204, ""},
		{"outsider", "POST", w.path("/tasks"), object{"template_id": w.template}, 201, ""},
		{"owner", "PUT", w.path(fmt.Sprintf("/users/%d", outsider)), object{"role": "keeper"}, 204, ""},
		{"outsider", "GET", w.path("/role"), nil, 200, `{"role":"keeper","permissions":4}`},
		{"outsider", "POST", w.path("/views"), object{"title": "by keeper", "project_id": w.project}, 201, ""},
		{"outsider", "POST", w.path("/tasks"), object{"template_id": w.template}, 403, ""},
		// What is in use stays.
		{"owner", "DELETE", w.path("/roles/keeper"), nil, 400, `"inUse":true,"users":[{"type":"user"`},
		{"owner", "DELETE", w.path("/roles/helper"), nil, 400, `{"type":"template","id":1,"name":"build it"}`},
		{"owner", "POST", w.path("/invites"), object{"email": "x@example.test", "role": "dev"}, 201, ""},
		{"admin", "DELETE", "/api/roles/dev", nil, 400, `{"type":"invite"`},
		{"stranger", "DELETE", other.path("/roles/keeper"), nil, 404, ""},
		{"owner", "DELETE", w.path(fmt.Sprintf("/users/%d", outsider)), nil, 204, ""},
		{"owner", "DELETE", w.path(fmt.Sprintf("/users/%d", w.users["keeper"].ID)), nil, 204, ""},
		{"owner", "DELETE", w.path("/roles/keeper"), nil, 204, ""},
		{"owner", "GET", w.path("/roles/keeper"), nil, 404, ""},
	})
	// A member whose role comes from elsewhere, by whatever mischance, has no rights.
	if _, err := w.store.Members().DeleteWhere(t.Context(), store.Eq("user_id", outsider)); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Members().Create(t.Context(), &domain.Member{ProjectID: domain.ProjectID(w.project), UserID: outsider, Role: "foreign-keeper"}); err != nil {
		t.Fatal(err)
	}
	w.walk([]step{
		{"outsider", "GET", w.path("/role"), nil, 200, `"permissions":0`},
		{"outsider", "POST", w.path("/views"), object{"title": "x", "project_id": w.project}, 403, ""},
	})
}

// TestTemplatePermissions follows the recorded exchanges, and what they show to
// be wrong is refused.
func TestTemplatePermissions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	second := w.must("owner", "POST", w.path("/templates"), w.templateBody(object{"name": "other"}))
	tpl := w.path(fmt.Sprintf("/templates/%d", w.template))
	perms := tpl + "/perms"
	perm := fmt.Sprintf("%s/%d", perms, w.permission)
	row := func(mask int) string {
		return fmt.Sprintf(`{"id":%d,"role_slug":"helper","template_id":%d,"project_id":%d,"permissions":%d}`, w.permission, w.template, w.project, mask)
	}
	task := w.launch()
	one := w.path(fmt.Sprintf("/tasks/%d", task))
	foreignTask := w.must("owner", "POST", w.path("/tasks"), object{"template_id": second})
	w.walk([]step{
		{"guest", "GET", perms, nil, 200, "[" + row(5) + "]"},
		{"guest", "GET", perm, nil, 200, row(5)},
		{"guest", "GET", perms + "/9999", nil, 404, ""},
		{"guest", "GET", w.path(fmt.Sprintf("/templates/%d/perms/%d", second, w.permission)), nil, 404, ""},
		{"owner", "PUT", w.path(fmt.Sprintf("/templates/%d/perms/%d", second, w.permission)), object{"permissions": 1}, 404, ""},
		{"owner", "POST", perms, object{"role_slug": "guest", "permissions": 1}, 400, `"field":"role_slug"`},
		{"owner", "POST", perms, object{"role_slug": "nothing", "permissions": 1}, 400, `"field":"role_slug"`},
		{"owner", "POST", perms, object{"role_slug": "helper", "permissions": 1}, 400, `"field":"role_slug"`},
		{"owner", "POST", perms, object{"role_slug": "keeper", "permissions": 32}, 400, `"field":"permissions"`},
		// The role sees what it may: on the template, in lists only what it was given.
		{"helper", "GET", tpl, nil, 200, `"permissions":5`},
		{"helper", "GET", w.path(fmt.Sprintf("/templates/%d", second)), nil, 200, `"permissions":0`},
		{"helper", "GET", w.path("/templates"), nil, 200, `"permissions":5`},
		{"helper", "GET", w.path("/templates"), nil, 200, `"permissions":null`},
		{"guest", "GET", w.path("/templates"), nil, 200, `"permissions":null`},
		{"helper", "GET", w.path("/role"), nil, 200, `{"role":"helper","permissions":0}`},
		// It runs and changes this template, and its tasks, and nothing else.
		{"helper", "POST", w.path("/tasks"), object{"template_id": w.template}, 201, `"status":"waiting"`},
		{"helper", "POST", w.path("/tasks"), object{"template_id": second}, 403, ""},
		{"helper", "POST", w.path("/tasks"), fmt.Sprintf(`{"template_id":%d,"template_id":%d}`, w.template, second), 403, ""},
		{"helper", "POST", w.path("/tasks"), fmt.Sprintf(`{"template_id":%d}{"template_id":%d}`, second, w.template), 403, ""},
		{"helper", "POST", w.path("/tasks"), nil, 403, ""},
		{"helper", "POST", w.path("/tasks"), object{"template_id": w.template, "playbook": "other.sh"}, 201, `"playbook":"other.sh"`},
		{"helper", "POST", one + "/rerun", object{}, 201, ""},
		{"helper", "POST", one + "/confirm", nil, 409, ""},
		{"helper", "POST", one + "/stop", object{}, 204, ""},
		{"helper", "POST", w.path(fmt.Sprintf("/tasks/%d/stop", foreignTask)), object{}, 403, ""},
		{"helper", "POST", w.path("/tasks/9999/stop"), object{}, 403, ""},
		{"helper", "PUT", tpl + "/description", object{"description": "z"}, 204, ""},
		{"helper", "POST", tpl + "/stop_all_tasks", object{}, 204, ""},
		{"helper", "POST", w.path("/views"), object{"title": "x", "project_id": w.project}, 403, ""},
		{"helper", "PUT", w.path(fmt.Sprintf("/templates/%d/description", second)), object{"description": "z"}, 403, ""},
		{"helper", "PUT", perm, object{"permissions": 15}, 403, ""},
		{"manager", "PUT", perm, object{"permissions": 15}, 403, ""},
		// Rights that mean nothing on a template give nothing there.
		{"owner", "PUT", perm, object{"role_slug": "keeper", "permissions": 15}, 204, ""},
		{"owner", "GET", perm, nil, 200, row(15)},
		{"helper", "GET", tpl, nil, 200, `"permissions":5`},
		{"helper", "PUT", perm, object{"permissions": 15}, 403, ""},
		{"owner", "PUT", perm, object{"permissions": 1}, 204, ""},
		{"helper", "POST", w.path("/tasks"), object{"template_id": w.template, "playbook": "other.sh"}, 400, `"field":"playbook"`},
		{"helper", "PUT", tpl + "/description", object{"description": "z"}, 403, ""},
		{"owner", "DELETE", perm, nil, 204, ""},
		{"owner", "DELETE", perm, nil, 204, ""},
		{"helper", "POST", w.path("/tasks"), object{"template_id": w.template}, 403, ""},
		{"helper", "GET", w.path("/templates"), nil, 200, `"permissions":null`},
	})
}

// TestNobodyGrantsMoreThanTheyHave is about somebody who manages members and may
// run tasks, and no more.
func TestNobodyGrantsMoreThanTheyHave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must("owner", "POST", w.path("/roles"), object{"slug": "personnel", "name": "Personnel", "permissions": 9})
	w.must("owner", "POST", w.path("/roles"), object{"slug": "strong", "name": "Strong", "permissions": 15})
	u := w.addUser("personnel", false)
	w.must("owner", "POST", w.path("/users"), object{"user_id": u.ID, "role": "personnel"})
	strong := w.must("owner", "POST", w.path("/invites"), object{"email": "strong@example.test", "role": "manager"})
	outsider := w.users["outsider"].ID
	member := func(name string) string { return w.path(fmt.Sprintf("/users/%d", w.users[name].ID)) }
	perms := w.path(fmt.Sprintf("/templates/%d/perms", w.template))
	w.walk([]step{
		{"personnel", "POST", w.path("/users"), object{"user_id": outsider, "role": "owner"}, 403, `"field":"role"`},
		{"personnel", "POST", w.path("/users"), object{"user_id": outsider, "role": "manager"}, 403, ""},
		{"personnel", "POST", w.path("/users"), object{"user_id": outsider, "role": "strong"}, 403, ""},
		{"personnel", "POST", w.path("/users"), object{"user_id": outsider, "role": "task_runner"}, 204, ""},
		{"personnel", "PUT", member("outsider"), object{"role": "manager"}, 403, ""},
		{"personnel", "PUT", member("personnel"), object{"role": "owner"}, 403, ""},
		{"personnel", "PUT", member("owner"), object{"role": "guest"}, 403, ""},
		{"personnel", "DELETE", member("owner"), nil, 403, ""},
		{"personnel", "DELETE", member("manager"), nil, 403, ""},
		{"personnel", "POST", w.path("/roles"), object{"slug": "mine", "name": "Mine", "permissions": 15}, 403, ""},
		{"personnel", "PUT", w.path("/roles/personnel"), object{"name": "Mine", "permissions": 15}, 403, ""},
		{"personnel", "PUT", w.path("/roles/strong"), object{"name": "Weak", "permissions": 0}, 403, ""},
		{"personnel", "DELETE", w.path("/roles/strong"), nil, 403, ""},
		{"personnel", "POST", perms, object{"role_slug": "personnel", "permissions": 4}, 403, ""},
		{"personnel", "POST", perms, object{"role_slug": "personnel", "permissions": 1}, 201, ""},
		{"personnel", "PUT", fmt.Sprintf("%s/%d", perms, w.permission), object{"permissions": 0}, 403, ""},
		{"personnel", "DELETE", fmt.Sprintf("%s/%d", perms, w.permission), nil, 403, ""},
		{"personnel", "POST", w.path("/invites"), object{"email": "a@example.test", "role": "owner"}, 403, ""},
		{"personnel", "POST", w.path("/invites"), object{"email": "a@example.test", "role": "guest"}, 201, ""},
		{"personnel", "PUT", w.path(fmt.Sprintf("/invites/%d", strong)), object{"status": "declined"}, 403, ""},
		{"personnel", "DELETE", w.path(fmt.Sprintf("/invites/%d", strong)), nil, 403, ""},
		{"manager", "PUT", member("guest"), object{"role": "task_runner"}, 403, ""},
	})
}

func TestMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	member := func(name string) string { return w.path(fmt.Sprintf("/users/%d", w.users[name].ID)) }
	w.walk([]step{
		{"admin", "POST", w.path("/users"), object{"user_id": 9999, "role": "guest"}, 404, ""},
		{"admin", "POST", w.path("/users"), object{"user_id": w.users["guest"].ID, "role": "guest"}, 409, ""},
		{"guest", "GET", member("guest"), nil, 200, `guest@example.test`},
		{"owner", "GET", member("guest"), nil, 200, `guest@example.test`},
		{"manager", "GET", member("guest"), nil, 200, `"email":""`},
		{"owner", "DELETE", w.path("/me"), nil, 400, ""},
		{"owner", "PUT", member("owner"), object{"role": "guest"}, 400, ""},
		{"admin", "DELETE", w.path("/me"), nil, 400, ""},
		// An owner takes another owner's role away, but the last owner stays.
		{"admin", "PUT", member("owner"), object{"role": "guest"}, 204, ""},
		{"admin", "PUT", member("admin"), object{"role": "guest"}, 400, ""},
		{"admin", "PUT", member("owner"), object{"role": "owner"}, 204, ""},
		{"owner", "DELETE", member("admin"), nil, 204, ""},
		{"admin", "PUT", member("owner"), object{"role": "guest"}, 400, "no owner"},
		{"admin", "DELETE", member("owner"), nil, 400, "no owner"},
		{"admin", "PUT", member("owner"), object{"role": "owner"}, 204, ""},
		{"guest", "DELETE", w.path("/me"), nil, 204, ""},
		{"guest", "GET", w.path(""), nil, 404, ""},
	})
	w.catalog.Teams.MembersStay = true
	w.walk([]step{
		{"runner", "DELETE", w.path("/me"), nil, 403, "owner"},
		{"runner", "GET", w.path(""), nil, 200, ""},
		{"runner", "GET", "/api/info", nil, 200, `"teams":{"invites_enabled":true,"invite_type":"both"}`},
	})
}

func TestInvites(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(d *httpapi.Deps) { d.WebHost = "https://ci.example.org" })
	outsider := w.users["outsider"]
	path := w.path("/invites")
	invite := func(actor string, body object) (id int64, token string) {
		t.Helper()
		var out struct {
			ID         int64
			Token, URL string
			Status     string
		}
		got := w.do(actor, "POST", path, body)
		got.json(t, &out)
		if got.Code != 201 || len(out.Token) < 43 || out.Status != "pending" || out.URL != "https://ci.example.org/invite#token="+url.QueryEscape(out.Token) {
			t.Fatalf("got %d %s", got.Code, got.Body)
		}
		return out.ID, out.Token
	}
	id, token := invite("owner", object{"user_id": outsider.ID, "role": "task_runner"})
	one := fmt.Sprintf("%s/%d", path, id)
	accept := func(token string) object { return object{"token": token} }
	const accepting = "/api/invites/accept"
	w.walk([]step{
		{"owner", "POST", path, object{"role": "guest"}, 400, `"field":"user_id"`},
		{"owner", "POST", path, object{"user_id": outsider.ID, "email": "a@example.test", "role": "guest"}, 400, `"field":"user_id"`},
		{"owner", "POST", path, object{"email": "nobody", "role": "guest"}, 400, `"field":"email"`},
		{"owner", "POST", path, object{"email": "a@example.test", "role": "wizard"}, 400, `"field":"role"`},
		{"owner", "POST", path, object{"email": "a@example.test", "role": "guest", "expires_at": "2001-01-01T00:00:00Z"}, 400, `"field":"expires_at"`},
		{"owner", "POST", path, object{"user_id": 9999, "role": "guest"}, 404, ""},
		{"owner", "POST", path, object{"user_id": w.users["guest"].ID, "role": "guest"}, 409, ""},
		{"owner", "POST", path, object{"email": "GUEST@example.test", "role": "guest"}, 409, ""},
		{"owner", "POST", path, object{"user_id": outsider.ID, "role": "guest"}, 409, ""},
		{"owner", "POST", path, object{"email": "Invited@example.test", "role": "guest"}, 409, ""},
		{"owner", "GET", path + "?sort=role&order=desc", nil, 200, `"role":"task_runner"`},
		{"owner", "GET", path + "?sort=zzz", nil, 400, `"field":"sort"`},
		{"owner", "GET", path, nil, 200, `invited@example.test`},
		{"guest", "GET", one, nil, 200, `"user":{"id":`},
		{"owner", "PUT", one, object{"status": "accepted"}, 400, `"field":"status"`},
		{"", "POST", accepting, accept(token), 401, ""},
		{"outsider", "POST", accepting, accept("x"), 404, ""},
		{"outsider", "POST", accepting, object{}, 400, `"field":"token"`},
		{"guest", "POST", accepting, accept(token), 403, ""},
		{"owner", "PUT", one, object{"status": "declined"}, 204, ""},
		{"outsider", "POST", accepting, accept(token), 400, "declined"},
		{"owner", "PUT", one, object{"status": "pending"}, 204, ""},
		{"outsider", "POST", accepting, accept(token), 200, fmt.Sprintf(`{"project_id":%d}`, w.project)},
		{"outsider", "GET", w.path("/role"), nil, 200, `{"role":"task_runner","permissions":1}`},
		{"outsider", "POST", accepting, accept(token), 400, "accepted"},
		{"owner", "GET", one, nil, 200, `"accepted_at":"`},
		{"owner", "PUT", one, object{"status": "pending"}, 409, ""},
		{"owner", "DELETE", one, nil, 204, ""},
		{"owner", "GET", one, nil, 404, ""},
		{"owner", "DELETE", one, nil, 404, ""},
		{"owner", "DELETE", w.path(fmt.Sprintf("/users/%d", outsider.ID)), nil, 204, ""},
	})
	for _, where := range []string{path, w.path("/events")} {
		if got := w.do("guest", "GET", where, nil).Body.String(); strings.Contains(got, "invited@") || strings.Contains(got, token) {
			t.Errorf("%s shows a guest what is not theirs: %s", where, got)
		}
	}

	// An address without an account: whoever gets one with it may come.
	_, token = invite("owner", object{"email": "Late@example.test", "role": "guest"})
	w.addUser("late", false)
	w.walk([]step{
		{"guest", "POST", accepting, accept(token), 403, ""},
		{"late", "POST", accepting, accept(token), 200, ""},
		{"owner", "DELETE", w.path(fmt.Sprintf("/users/%d", w.users["late"].ID)), nil, 204, ""},
	})

	// Time passes by itself.
	id, token = invite("owner", object{"user_id": outsider.ID, "role": "guest"})
	w.clock.advance(8 * 24 * time.Hour)
	one = fmt.Sprintf("%s/%d", path, id)
	w.walk([]step{
		{"owner", "GET", one, nil, 200, `"status":"expired"`},
		{"outsider", "POST", accepting, accept(token), 400, "expired"},
		{"owner", "PUT", one, object{"status": "pending"}, 204, ""},
		{"outsider", "POST", accepting, accept(token), 200, ""},
		{"owner", "DELETE", w.path(fmt.Sprintf("/users/%d", outsider.ID)), nil, 204, ""},
	})

	// What an inviter may no longer do, their invitations do not do either.
	_, token = invite("owner", object{"user_id": outsider.ID, "role": "guest"})
	w.walk([]step{
		{"admin", "PUT", w.path(fmt.Sprintf("/users/%d", w.users["owner"].ID)), object{"role": "guest"}, 204, ""},
		{"outsider", "POST", accepting, accept(token), 400, "no longer"},
	})
	w.catalog.Teams.InviteType = catalog.InviteByUser
	w.walk([]step{{"admin", "POST", path, object{"email": "b@example.test", "role": "guest"}, 400, `"field":"email"`}})
	w.catalog.Teams.InviteType = catalog.InviteByEmail
	w.walk([]step{{"admin", "POST", path, object{"user_id": outsider.ID, "role": "guest"}, 400, `"field":"user_id"`}})
	w.catalog.Teams.InvitesEnabled = false
	w.walk([]step{
		{"admin", "POST", path, object{"email": "b@example.test", "role": "guest"}, 403, "switched off"},
		{"outsider", "POST", accepting, accept(token), 403, "switched off"},
	})
}

// TestBoundTokens looks at lists, and at what tokens could reach around their
// bounds.
func TestBoundTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.otherWorld()
	w.must("stranger", "POST", other.path("/users"), object{"user_id": w.users["owner"].ID, "role": "owner"})
	w.addTokens(other.project)
	w.walk([]step{
		{"owner", "GET", "/api/projects", nil, 200, "foreign world"},
		{"owner here", "GET", "/api/project/" + fmt.Sprint(w.project), nil, 200, ""},
		{"owner here", "GET", other.path("/keys"), nil, 404, ""},
		{"admin there", "GET", w.path("/keys"), nil, 404, ""},
		{"admin there", "GET", other.path("/keys"), nil, 200, ""},
		{"owner here", "POST", "/api/user/tokens", nil, 403, "bound to projects"},
		{"owner here", "POST", "/api/projects", object{"name": "x"}, 403, ""},
		{"owner write", "POST", "/api/user/tokens", nil, 403, `scope \"admin\"`},
		{"owner run", "POST", w.path("/tasks"), object{"template_id": w.template}, 201, ""},
		{"owner run", "POST", w.path("/tasks"), object{"template_id": w.template, "playbook": "other.sh"}, 400, `"field":"playbook"`},
		{"owner run", "GET", w.path("/tasks"), nil, 403, `scope \"read\"`},
		{"owner write", "POST", w.path(fmt.Sprintf("/templates/%d/stop_all_tasks", w.template)), object{}, 204, ""},
		{"owner read", "POST", w.path("/tasks"), object{"template_id": w.template}, 403, `scope \"run\"`},
	})
	for actor, shown := range map[string]string{"owner here": "World", "admin there": "foreign world"} {
		for _, list := range []string{"/api/projects", "/api/events"} {
			got := w.do(actor, "GET", list, nil).Body.String()
			hidden := map[string]string{"World": "foreign", "foreign world": "World"}[shown]
			if !strings.Contains(got, shown) || strings.Contains(strings.ReplaceAll(got, "foreign world", "foreign"), hidden) {
				t.Errorf("%s, %s: got %s", actor, list, got)
			}
		}
	}
}

func TestTeamIsWrittenDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	events, err := w.store.Events().List(t.Context(), store.EventFilter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, e := range events {
		fmt.Fprintln(&all, e.ObjectType, e.Action, e.Target, e.Username, e.Description, string(e.Changes))
	}
	for _, want := range []string{
		"role create keeper owner Role keeper created", "template update build it owner Rights on template build it given to role helper",
		"invite create invited@example.test owner Invitation by e-mail created", `"Role":{"old":"","new":"guest"}`, `"TokenHash":{"secret":true}`,
	} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("%q is not written down:\n%s", want, all.String())
		}
	}
}

// TestDeleteUser_KeepsTheLastOwner: a project is not left without an owner by
// deleting the account of its only one.
func TestDeleteUser_KeepsTheLastOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	boss := w.addUser("boss", true)
	id := w.must("boss", "POST", "/api/projects", object{"name": "Lonely"})
	path := fmt.Sprintf("/api/users/%d", boss.ID)
	if got := w.do("admin", "DELETE", path, nil); got.Code != 409 || !strings.Contains(got.Body.String(), "Lonely") {
		t.Errorf("the only owner: got %d %s, want 409 naming the project", got.Code, got.Body)
	}
	if got := w.do("boss", "GET", fmt.Sprintf("/api/project/%d", id), nil).Code; got != 200 {
		t.Errorf("after the refusal the owner gets %d", got)
	}
	if got := w.do("boss", "POST", fmt.Sprintf("/api/project/%d/users", id), object{"user_id": w.users["owner"].ID, "role": "owner"}).Code; got != 204 {
		t.Fatalf("another owner: got %d", got)
	}
	if got := w.do("admin", "DELETE", path, nil); got.Code != 204 {
		t.Errorf("one of two owners: got %d %s", got.Code, got.Body)
	}
}
