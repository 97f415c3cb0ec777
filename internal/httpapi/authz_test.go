package httpapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"signalbox/internal/authz"
	"signalbox/internal/httpapi"
)

// refusals is what an action answers to those who may not: by actor, 0 for
// those who may.
func refusals(a authz.Action) map[string]int {
	const in, denied, hidden = http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound
	switch a {
	case authz.Public:
		return map[string]int{}
	case authz.UseAccount:
		return map[string]int{"": in, "expired": in}
	case authz.Administer:
		return map[string]int{"": in, "expired": in, "outsider": denied, "guest": denied, "runner": denied, "manager": denied, "owner": denied}
	case authz.ManageUsers, authz.CreateProject, authz.ManageOwnUser:
		return map[string]int{"": in, "expired": in, "outsider": in, "guest": in, "runner": in, "manager": in, "owner": in}
	case authz.ReadProject, authz.LeaveProject:
		return map[string]int{"": in, "expired": in, "outsider": hidden}
	case authz.RunTasks:
		return map[string]int{"": in, "expired": in, "outsider": hidden, "guest": denied}
	case authz.ManageResources:
		return map[string]int{"": in, "expired": in, "outsider": hidden, "guest": denied, "runner": denied}
	case authz.UpdateProject, authz.DeleteProject, authz.ManageMembers:
		return map[string]int{"": in, "expired": in, "outsider": hidden, "guest": denied, "runner": denied, "manager": denied}
	case authz.DeleteTasks:
		return map[string]int{"": in, "expired": in, "outsider": hidden, "guest": in, "runner": in, "manager": in, "owner": in}
	}
	return nil
}

// TestEveryRouteAgainstEveryRole walks all routes as everybody. Who may not is
// told so; who may is told anything but that.
func TestEveryRouteAgainstEveryRole(t *testing.T) {
	t.Parallel()
	actors := []string{"", "expired", "outsider", "guest", "runner", "manager", "owner", "admin"}
	w := newWorld(t)
	expires := w.clock.Now().Add(time.Minute)
	text, _, err := w.auth.CreateToken(t.Context(), w.users["admin"].ID, "", &expires)
	if err != nil {
		t.Fatal(err)
	}
	w.tokens["expired"] = text
	w.clock.advance(time.Hour)
	// Bodies that nobody can be served with, so that nothing is changed on the way.
	for _, rt := range w.server.Routes() {
		want := refusals(rt.Action)
		if want == nil {
			t.Errorf("%s %s: the test knows nothing about action %s", rt.Method, rt.Path, rt.Action)
			continue
		}
		for _, actor := range actors {
			path := "/api" + fill(rt.Path, w)
			if rt.Method == http.MethodDelete && want[actor] == 0 || rt.ID == "openWebSocket" && want[actor] == 0 {
				continue // would take away what the next ones need
			}
			got := w.do(actor, rt.Method, path, "{broken").Code
			if code := want[actor]; code != 0 && got != code {
				t.Errorf("%s %s as %q: got %d, want %d", rt.Method, rt.Path, actor, got, code)
			} else if code == 0 && (got == 401 || got == 403 || got == 405 || got >= 500) && rt.ID != "login" {
				t.Errorf("%s %s as %q: got %d, want it allowed", rt.Method, rt.Path, actor, got)
			}
		}
	}
}

// fill puts identifiers of the world into a path; users are the administrator.
func fill(path string, w *world) string {
	return strings.NewReplacer(
		"{project_id}", fmt.Sprint(w.project), "{key_id}", fmt.Sprint(w.key), "{repository_id}", fmt.Sprint(w.repository),
		"{inventory_id}", fmt.Sprint(w.inventory), "{environment_id}", fmt.Sprint(w.group), "{template_id}", fmt.Sprint(w.template),
		"{host_config_id}", fmt.Sprint(w.host), "{view_id}", fmt.Sprint(w.view), "{user_id}", fmt.Sprint(w.users["admin"].ID), "{task_id}", "1", "{app}", "bash", "{totp_id}", "1", "{session_id}", "1", "{token}", "abcdefgh",
	).Replace(path)
}

func TestMissingProject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, actor := range []string{"admin", "owner"} {
		if got := w.do(actor, "GET", "/api/project/9999", nil).Code; got != 404 {
			t.Errorf("as %s: got %d, want 404", actor, got)
		}
		if got := w.do(actor, "GET", "/api/project/abc", nil); got.Code != 400 || !strings.Contains(got.Body.String(), "project_id") {
			t.Errorf("as %s: got %d %s, want 400 naming project_id", actor, got.Code, got.Body)
		}
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(d *httpapi.Deps) { d.WebHost = "https://ci.example.org" })
	cookie := w.cookie("owner")
	for _, c := range []struct {
		name, method string
		headers      map[string]string
		want         int
	}{
		{"no browser", "POST", nil, 201},
		{"same origin", "POST", map[string]string{"Sec-Fetch-Site": "same-origin"}, 201},
		{"cross site", "POST", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"same site is another origin", "POST", map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		{"own origin", "POST", map[string]string{"Origin": "http://example.com"}, 201},
		{"public address", "POST", map[string]string{"Origin": "https://ci.example.org"}, 201},
		{"foreign origin", "POST", map[string]string{"Origin": "https://evil.example"}, 403},
		{"null origin", "POST", map[string]string{"Origin": "null"}, 403},
		{"forwarded host", "POST", map[string]string{"Origin": "https://proxy.example", "X-Forwarded-Host": "proxy.example"}, 201},
		{"reading is safe", "GET", map[string]string{"Origin": "https://evil.example"}, 200},
	} {
		body := fmt.Sprintf(`{"title":"x","project_id":%d}`, w.project)
		r := httptest.NewRequest(c.method, "http://example.com"+w.path("/views"), strings.NewReader(body))
		r.AddCookie(cookie)
		for k, v := range c.headers {
			r.Header.Set(k, v)
		}
		if got := w.send(r); got.Code != c.want {
			t.Errorf("%s: got %d %s, want %d", c.name, got.Code, got.Body, c.want)
		}
	}
	// A bearer token is no browser's doing.
	r := httptest.NewRequest("POST", "http://example.com"+w.path("/views"), strings.NewReader(fmt.Sprintf(`{"title":"x","project_id":%d}`, w.project)))
	r.Header.Set("Authorization", "Bearer "+w.tokens["owner"])
	r.Header.Set("Origin", "https://evil.example")
	if got := w.send(r).Code; got != 201 {
		t.Errorf("token from elsewhere: got %d, want 201", got)
	}
}

// cookie signs a user in.
func (s *site) cookie(user string) *http.Cookie {
	s.t.Helper()
	ticket, err := s.auth.StartSession(s.t.Context(), s.users[user], authClient())
	if err != nil {
		s.t.Fatal(err)
	}
	return &http.Cookie{Name: "semaphore", Value: ticket.Cookie}
}
