package httpapi_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/httpapi"
)

// codes are the answers to those who may not, by actor; 0 for those who may.
type codes map[string]int

// refusals is what a route answers to each actor. An actor is a user name, or a
// user name and what bounds the token.
func refusals(rt httpapi.Route) codes {
	const in, denied, hidden = http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound
	members := []string{"guest", "runner", "manager", "owner", "keeper", "helper"}
	c := codes{}
	set := func(code int, actors ...string) {
		for _, a := range actors {
			c[a] = code
		}
	}
	// What everybody with one of those tokens is told; those that a case allows
	// are taken out again.
	scoped := func(allowed ...string) {
		set(denied, "owner read", "owner run", "owner write", "admin read", "owner here", "admin there")
		set(0, allowed...)
	}
	inProject := func(allowed ...string) {
		set(in, "", "expired")
		scoped(allowed...)
		set(hidden, "outsider", "admin there")
		c["owner here"] = c["owner"]
	}
	switch rt.Action {
	case authz.Public:
	case authz.LookAround:
		set(in, "", "expired")
		scoped("owner read", "admin read", "owner here", "admin there")
	case authz.UseAccount:
		set(in, "", "expired")
		scoped()
	case authz.Administer:
		set(in, "", "expired")
		set(denied, "outsider")
		set(denied, members...)
		scoped()
	case authz.ManageUsers, authz.ManageOwnUser:
		set(in, "", "expired", "outsider")
		set(in, members...)
		scoped()
	case authz.CreateProject:
		set(in, "", "expired", "outsider")
		set(in, members...)
		scoped()
		set(in, "owner write") // the token would do, the user would not
	case authz.ReadProject:
		inProject("owner read", "admin read")
	case authz.LeaveProject:
		inProject("owner write")
	case authz.RunTasks:
		set(denied, "guest", "keeper", "helper")
		inProject("owner run")
	case authz.ManageResources:
		set(denied, "guest", "runner", "helper")
		inProject("owner write")
	case authz.UpdateProject, authz.DeleteProject, authz.ManageMembers, authz.ExportSecrets:
		set(denied, members...)
		set(0, "owner")
		inProject("owner write")
	case authz.DeleteTasks:
		set(in, members...)
		inProject()
		set(in, "owner write")
	default:
		return nil
	}
	aboutTemplate := strings.Contains(rt.Path, "{template_id}") || rt.Action == authz.RunTasks && strings.Contains(rt.Path, "{task_id}")
	if rt.Action.OnTemplate() && aboutTemplate {
		set(0, "helper")
	}
	return c
}

// allActors are those that refusals knows.
func allActors() []string {
	return []string{
		"", "expired", "outsider", "guest", "runner", "manager", "owner", "keeper", "helper", "admin",
		"owner read", "owner run", "owner write", "admin read", "owner here", "admin there",
	}
}

// addToken makes a token of a user with bounds; the actor of that name uses it.
func (s *site) addToken(actor, user string, bound func(*domain.Token)) {
	s.t.Helper()
	text := fmt.Sprintf("%044d", len(s.tokens))
	sum := sha256.Sum256([]byte(text))
	token := domain.Token{TokenHash: hex.EncodeToString(sum[:]), Prefix: text[:8], Created: s.clock.Now(), UserID: s.users[user].ID}
	bound(&token)
	if err := s.store.Tokens().Create(s.t.Context(), &token); err != nil {
		s.t.Fatal(err)
	}
	s.tokens[actor] = text
}

func (w *world) addTokens(elsewhere int64) {
	w.addToken("expired", "admin", func(t *domain.Token) { at := w.clock.Now().Add(-time.Minute); t.ExpiresAt = &at })
	for _, scope := range []domain.TokenScope{domain.ScopeRead, domain.ScopeRun, domain.ScopeWrite} {
		w.addToken("owner "+string(scope), "owner", func(t *domain.Token) { t.Scopes = []domain.TokenScope{scope} })
	}
	w.addToken("admin read", "admin", func(t *domain.Token) { t.Scopes = []domain.TokenScope{domain.ScopeRead} })
	w.addToken("owner here", "owner", func(t *domain.Token) { t.Projects = []domain.ProjectID{domain.ProjectID(w.project)} })
	w.addToken("admin there", "admin", func(t *domain.Token) { t.Projects = []domain.ProjectID{domain.ProjectID(elsewhere)} })
}

// TestEveryRouteAgainstEveryRole walks all routes as everybody. Who may not is
// told so; who may is told anything but that.
func TestEveryRouteAgainstEveryRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.launch()
	w.addTokens(w.must("admin", "POST", "/api/projects", object{"name": "Elsewhere"}))
	for _, rt := range w.server.Routes() {
		want := refusals(rt)
		if want == nil {
			t.Errorf("%s %s: the test knows nothing about action %s", rt.Method, rt.Path, rt.Action)
			continue
		}
		path := "/api" + fill(rt.Path, w)
		if strings.Contains(path, "{") {
			t.Errorf("%s %s: the test knows nothing about a part of the path", rt.Method, rt.Path)
			continue
		}
		for _, actor := range allActors() {
			if rt.Method == http.MethodDelete && want[actor] == 0 || rt.ID == "openWebSocket" && want[actor] == 0 {
				continue // would take away what the next ones need
			}
			// A body that nobody can be served with, so that nothing is changed on the way.
			got := w.do(actor, rt.Method, path, "{broken").Code
			if code := want[actor]; code != 0 && got != code {
				t.Errorf("%s %s as %q: got %d, want %d", rt.Method, rt.Path, actor, got, code)
			} else if code == 0 && (got == 401 || got == 403 || got == 405 || got >= 500) && !signsIn(rt) {
				t.Errorf("%s %s as %q: got %d, want it allowed", rt.Method, rt.Path, actor, got)
			}
		}
	}
}

// signsIn reports whether a route, open to everybody, asks for something else: a
// password, or a session that waits for a step of the sign-in.
func signsIn(rt httpapi.Route) bool {
	return rt.ID == "login" || rt.ID == "enrolRequiredFactor"
}

// fill puts identifiers of the world into a path; users are the administrator.
func fill(path string, w *world) string {
	return strings.NewReplacer(
		"{project_id}", fmt.Sprint(w.project), "{key_id}", fmt.Sprint(w.key), "{repository_id}", fmt.Sprint(w.repository),
		"{inventory_id}", fmt.Sprint(w.inventory), "{environment_id}", fmt.Sprint(w.group), "{template_id}", fmt.Sprint(w.template),
		"{schedule_id}", fmt.Sprint(w.schedule), "{integration_id}", fmt.Sprint(w.integration), "{matcher_id}", fmt.Sprint(w.matcher),
		"{value_id}", fmt.Sprint(w.value), "{alias_id}", fmt.Sprint(w.alias), "{runner_id}", fmt.Sprint(w.runner),
		"{host_config_id}", fmt.Sprint(w.host), "{view_id}", fmt.Sprint(w.view), "{user_id}", fmt.Sprint(w.users["admin"].ID), "{task_id}", "1", "{totp_id}", "1", "{session_id}", "1", "{app}", "bash", "{token}", "abcdefgh",
		"{permission_id}", fmt.Sprint(w.permission), "{invite_id}", fmt.Sprint(w.invite), "{slug}", w.role,
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
