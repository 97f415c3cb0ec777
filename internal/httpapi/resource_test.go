package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/httpapi"
	"signalbox/internal/live"
	"signalbox/internal/store"
	"signalbox/internal/tasks"
)

// TestSecretsAreNeverShown reads everything there is and looks for secrets.
func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must("owner", "POST", w.path("/keys"), object{"name": "s", "type": "ssh", "project_id": w.project, "ssh": object{"login": "hush-login", "private_key": "hush-pem", "passphrase": "hush-pp"}})
	w.must("owner", "PUT", w.path(fmt.Sprintf("/keys/%d", w.key)), object{"id": w.key, "project_id": w.project, "name": "n", "type": "string", "override_secret": true, "string": "hush-string"})
	w.must("runner", "POST", w.path("/tasks"), object{"template_id": w.template})
	for _, rt := range w.server.Routes() {
		if rt.Method != http.MethodGet || rt.ID == "openWebSocket" {
			continue
		}
		for _, actor := range []string{"admin", "owner", "guest"} {
			got := w.do(actor, rt.Method, "/api"+fill(rt.Path, w), nil)
			body := got.Body.String()
			for _, secret := range []string{"hush", "$argon2id$", "sb1.", "ciphertext", "password_hash"} {
				if strings.Contains(body, secret) {
					t.Errorf("%s as %s shows %q: %s", rt.Path, actor, secret, body)
				}
			}
		}
	}
	if strings.Contains(w.log.String(), "hush") {
		t.Error("the log shows a secret")
	}
	key := w.do("guest", "GET", w.path(fmt.Sprintf("/keys/%d", w.key)), nil).Body.String()
	want := fmt.Sprintf(`{"id":%d,"name":"n","type":"string","project_id":%d,"string":"","login_password":{"login":"","password":""},"ssh":{"login":"","passphrase":"","private_key":""}}`, w.key, w.project)
	if key != want {
		t.Errorf("key: got %s, want %s", key, want)
	}
}

func TestInUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		path string
		user string
	}{
		{fmt.Sprintf("/keys/%d", w.key), `{"type":"repository","id":1,"name":"repo"}`},
		{fmt.Sprintf("/repositories/%d", w.repository), `{"type":"template","id":1,"name":"build it"}`},
		{fmt.Sprintf("/inventory/%d", w.inventory), `{"type":"template","id":1,"name":"build it"}`},
		{fmt.Sprintf("/environment/%d", w.group), `{"type":"template","id":1,"name":"build it"}`},
	} {
		got := w.do("owner", "DELETE", w.path(c.path), nil)
		if body := got.Body.String(); got.Code != 400 || !strings.Contains(body, `"inUse":true`) || !strings.Contains(body, c.user) {
			t.Errorf("delete %s: got %d %s, want 400 naming %s", c.path, got.Code, body, c.user)
		}
		refs := w.do("guest", "GET", w.path(c.path+"/refs"), nil)
		if refs.Code != 200 || !strings.Contains(refs.Body.String(), `"integrations":[]`) {
			t.Errorf("refs %s: got %d %s", c.path, refs.Code, refs.Body)
		}
	}
	w.must("owner", "DELETE", w.path(fmt.Sprintf("/views/%d", w.view)), nil)
	if got := w.do("guest", "GET", w.path(fmt.Sprintf("/templates/%d", w.template)), nil).Body.String(); strings.Contains(got, "view_id") {
		t.Errorf("after its view is gone: got %s", got)
	}
	w.must("owner", "DELETE", w.path(fmt.Sprintf("/templates/%d", w.template)), nil)
	for _, path := range []string{"/inventory/1", "/repositories/1", fmt.Sprintf("/environment/%d", w.group), fmt.Sprintf("/keys/%d", w.key)} {
		w.must("owner", "DELETE", w.path(path), nil)
	}
}

func TestProject_DeleteTakesEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deploy := w.templateBody(object{"name": "deploy", "type": "deploy"})
	build := w.must("owner", "POST", w.path("/templates"), w.templateBody(object{"name": "build", "type": "build", "start_version": "1.0"}))
	deploy["build_template_id"] = build
	w.must("owner", "POST", w.path("/templates"), deploy)
	task := w.launch()
	if got := w.do("owner", "DELETE", w.path(""), nil); got.Code != 409 {
		t.Fatalf("with a task waiting: got %d %s, want 409", got.Code, got.Body)
	}
	if got := w.do("owner", "DELETE", w.path(fmt.Sprintf("/templates/%d", w.template)), nil); got.Code != 409 {
		t.Errorf("template with a task waiting: got %d %s, want 409", got.Code, got.Body)
	}
	if got := w.do("admin", "DELETE", w.path(fmt.Sprintf("/tasks/%d", task)), nil); got.Code != 400 {
		t.Errorf("waiting task: got %d %s, want 400", got.Code, got.Body)
	}
	w.must("runner", "POST", w.path(fmt.Sprintf("/tasks/%d/stop", task)), object{})
	w.must("owner", "DELETE", w.path(""), nil)
	ctx := t.Context()
	for name, count := range map[string]func(context.Context, store.Query) (int, error){
		"projects": w.store.Projects().Count, "members": w.store.Members().Count, "keys": w.store.Keys().Count,
		"templates": w.store.Templates().Count, "views": w.store.Views().Count, "groups": w.store.VariableGroups().Count,
		"repositories": w.store.Repositories().Count, "inventories": w.store.Inventories().Count, "vaults": w.store.Vaults().Count,
		"host configs": w.store.HostConfigs().Count, "roles": w.store.Roles().Count, "invites": w.store.Invites().Count,
		"rights on templates": w.store.TemplateRoles().Count,
	} {
		if n, err := count(ctx, store.Query{}); err != nil || n != 0 {
			t.Errorf("%d %s are left, %v", n, name, err)
		}
	}
}

func TestProject_Demo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.must("admin", "POST", "/api/projects", object{"name": "Demo", "demo": true})
	var repositories []struct {
		GitURL string `json:"git_url"`
	}
	s.do("admin", "GET", fmt.Sprintf("/api/project/%d/repositories", p), nil).json(t, &repositories)
	if len(repositories) != 1 || !filepath.IsAbs(repositories[0].GitURL) {
		t.Fatalf("got repositories %+v", repositories)
	}
	var templates []struct {
		ID            int64
		App, Playbook string
	}
	s.do("admin", "GET", fmt.Sprintf("/api/project/%d/templates", p), nil).json(t, &templates)
	if len(templates) != 3 {
		t.Fatalf("got %d templates, want 3", len(templates))
	}
	for _, tpl := range templates {
		if _, err := os.Stat(filepath.Join(repositories[0].GitURL, tpl.Playbook)); err != nil {
			t.Errorf("%s: %v", tpl.App, err)
		}
		s.must("admin", "POST", fmt.Sprintf("/api/project/%d/tasks", p), object{"template_id": tpl.ID})
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin, guest := w.users["admin"], w.users["guest"]
	path := func(u domain.User, rest string) string { return fmt.Sprintf("/api/users/%d%s", u.ID, rest) }
	if got := w.do("admin", "DELETE", path(admin, ""), nil); got.Code != 400 || !strings.Contains(got.Body.String(), "last administrator") {
		t.Errorf("deleting the last administrator: got %d %s", got.Code, got.Body)
	}
	if got := w.do("guest", "GET", path(admin, ""), nil).Body.String(); strings.Contains(got, "example.test") || !strings.Contains(got, `"created":"0001-01-01T00:00:00Z"`) {
		t.Errorf("a stranger: got %s", got)
	}
	if got := w.do("guest", "GET", "/api/users?s=own", nil).Body.String(); got != fmt.Sprintf(`[{"id":%d,"username":"owner","name":"Owner"}]`, w.users["owner"].ID) {
		t.Errorf("the list of a guest: got %s", got)
	}
	// A new password ends the other sessions and keeps the one that asked.
	here, there := w.cookie("guest"), w.cookie("guest")
	r := httptest.NewRequest("POST", path(guest, "/password"), strings.NewReader(`{"password":"another long one"}`))
	r.AddCookie(here)
	if got := w.send(r); got.Code != 400 || !strings.Contains(got.Body.String(), `"field":"current_password"`) {
		t.Errorf("without the present password: got %d %s", got.Code, got.Body)
	}
	r = httptest.NewRequest("POST", path(guest, "/password"), strings.NewReader(`{"password":"another long one","current_password":"`+password+`"}`))
	r.AddCookie(here)
	if got := w.send(r); got.Code != 204 {
		t.Fatalf("password: got %d %s", got.Code, got.Body)
	}
	for cookie, want := range map[*http.Cookie]int{here: 200, there: 401} {
		r := httptest.NewRequest("GET", "/api/user", nil)
		r.AddCookie(cookie)
		if got := w.send(r).Code; got != want {
			t.Errorf("after the change: got %d, want %d", got, want)
		}
	}
	if got := w.do("", "POST", "/api/auth/login", object{"auth": "guest@EXAMPLE.test", "password": "another long one"}).Code; got != 204 {
		t.Errorf("login with the new password: got %d", got)
	}
	if got := w.do("guest", "PUT", path(guest, ""), object{"username": "guest", "name": "G", "email": "g@example.test", "admin": true}).Code; got != 401 {
		t.Errorf("a guest made himself administrator: got %d", got)
	}
	if got := w.do("guest", "DELETE", path(guest, ""), nil); got.Code != 400 {
		t.Errorf("a guest deleted himself: got %d %s", got.Code, got.Body)
	}
	w.must("admin", "DELETE", path(guest, ""), nil)
	if got := w.do("guest", "GET", "/api/user", nil).Code; got != 401 {
		t.Errorf("a deleted user is still signed in: got %d", got)
	}
}

func TestLoginIsThrottled(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var last answer
	for range 6 {
		last = s.do("", "POST", "/api/auth/login", object{"auth": "admin", "password": "wrong"})
	}
	if last.Code != 429 || last.Header().Get("Retry-After") != "1" {
		t.Errorf("got %d, Retry-After %q", last.Code, last.Header().Get("Retry-After"))
	}
	s.clock.advance(2 * time.Second)
	if got := s.do("", "POST", "/api/auth/login", object{"auth": "admin", "password": password}).Code; got != 204 {
		t.Errorf("after the wait: got %d", got)
	}
}

func TestSetup(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if _, err := s.store.Tokens().DeleteWhere(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.store.Users().Delete(t.Context(), s.users["admin"].ID); err != nil {
		t.Fatal(err)
	}
	if got := s.do("", "GET", "/api/setup", nil).Body.String(); got != `{"needed":true}` {
		t.Errorf("got %s", got)
	}
	token := s.auth.NewSetupToken()
	body := object{"token": "wrong", "username": "root", "name": "Root", "email": "root@example.test", "password": password}
	if got := s.do("", "POST", "/api/setup", body); got.Code != 403 || !strings.Contains(got.Body.String(), `"field":"token"`) {
		t.Errorf("a wrong token: got %d %s", got.Code, got.Body)
	}
	body["token"] = token.Reveal()
	got := s.do("", "POST", "/api/setup", body)
	if got.Code != 201 || len(got.Result().Cookies()) != 1 || !strings.Contains(got.Body.String(), `"admin":true`) {
		t.Fatalf("got %d %s", got.Code, got.Body)
	}
	if again := s.do("", "POST", "/api/setup", body); again.Code != 409 {
		t.Errorf("again: got %d %s", again.Code, again.Body)
	}
	if strings.Contains(s.log.String(), token.Reveal()) {
		t.Error("the log shows the token")
	}
}

func TestVariableGroup_Secrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := w.path(fmt.Sprintf("/environment/%d", w.group))
	read := func() string { return w.do("guest", "GET", path, nil).Body.String() }
	var group struct{ Secrets []struct{ ID int64 } }
	w.do("guest", "GET", path, nil).json(t, &group)
	id := group.Secrets[0].ID
	ops := func(list ...object) object {
		return object{"id": w.group, "project_id": w.project, "name": "vars", "json": "{}", "secrets": list}
	}
	// A failure half-way changes nothing.
	if got := w.do("owner", "PUT", path, ops(object{"id": id, "type": "env", "operation": "delete"}, object{"type": "env", "name": "not ok", "operation": "create"})); got.Code != 400 {
		t.Errorf("got %d %s", got.Code, got.Body)
	}
	if !strings.Contains(read(), `"name":"TOKEN"`) {
		t.Errorf("half of a failed change stayed: %s", read())
	}
	before, err := w.store.Keys().Get(t.Context(), domain.KeyID(id))
	if err != nil {
		t.Fatal(err)
	}
	w.must("owner", "PUT", path, ops(object{"id": id, "type": "env", "name": "RENAMED", "secret": "", "operation": "update"}, object{"type": "var", "name": "extra", "secret": "x", "operation": "create"}, object{"id": id, "type": "env", "name": "ignored"}))
	after, err := w.store.Keys().Get(t.Context(), domain.KeyID(id))
	if err != nil || after.Ciphertext != before.Ciphertext || after.Name != "RENAMED" {
		t.Errorf("an update without a secret: got %+v, %v", after, err)
	}
	if got := read(); !strings.Contains(got, `"type":"env","name":"RENAMED","secret":"","operation":""`) || !strings.Contains(got, `"type":"var","name":"extra"`) {
		t.Errorf("got %s", got)
	}
	if list := w.do("guest", "GET", w.path("/environment"), nil).Body.String(); strings.Contains(list, "secrets") {
		t.Errorf("the list has secrets: %s", list)
	}
}

// TestOutput reads a log with every byte that can be in one.
func TestOutput(t *testing.T) {
	t.Parallel()
	log := &fakeLog{tasks: map[domain.TaskID]*domain.Task{}, lines: map[domain.TaskID][]string{}}
	w := newWorld(t, func(d *httpapi.Deps) { log.Tasks, d.Tasks = d.Tasks, log })
	log.bus = live.NewBus()
	log.tasks[7] = &domain.Task{ID: 7, ProjectID: domain.ProjectID(w.project), Created: time.Now()}
	log.lines[7] = []string{"\x1b[31mred\x1b[0m\r", "bad \xff byte", "\x1b]0;title\x07<b>&", ""}
	path := w.path("/tasks/7")
	for query, want := range map[string]string{
		"":                   "red\nbad \xff byte\n<b>&\n\n",
		"?ansi=true":         "\x1b[31mred\x1b[0m\r\nbad \xff byte\n\x1b]0;title\x07<b>&\n\n",
		"?ansi=1&time=iso":   "1970-01-01T00:00:00.000Z \x1b[31mred\x1b[0m\r\n1970-01-01T00:00:01.000Z bad \xff byte\n1970-01-01T00:00:02.000Z \x1b]0;title\x07<b>&\n1970-01-01T00:00:03.000Z \n",
		"?download=true&x=1": "red\nbad \xff byte\n<b>&\n\n",
	} {
		got := w.do("guest", "GET", path+"/raw_output"+query, nil)
		if got.Body.String() != want || got.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("raw_output%s: got %q, want %q", query, got.Body, want)
		}
		if download := got.Header().Get("Content-Disposition"); (download != "") != strings.Contains(query, "download") {
			t.Errorf("raw_output%s: got disposition %q", query, download)
		}
	}
	var lines []struct {
		ID     int64
		TaskID int64 `json:"task_id"`
		Output string
	}
	w.do("guest", "GET", path+"/output", nil).json(t, &lines)
	if len(lines) != 4 || lines[0].Output != "\x1b[31mred\x1b[0m" || lines[1].Output != "bad \ufffd byte" || lines[3].ID != 4 {
		t.Errorf("output: got %+v", lines)
	}
	w.do("guest", "GET", path+"/output?after=1&limit=2", nil).json(t, &lines)
	if len(lines) != 2 || lines[0].ID != 2 {
		t.Errorf("output from 1: got %+v", lines)
	}
	for _, bad := range []string{"/raw_output?ansi=maybe", "/raw_output?time=local", "/output?after=-1", "/log?limit=0", "/log?limit=5001", "/log/search", "/log/search?q=x&limit=x"} {
		if got := w.do("guest", "GET", path+bad, nil); got.Code != 400 || !strings.Contains(got.Body.String(), `"field"`) {
			t.Errorf("%s: got %d %s", bad, got.Code, got.Body)
		}
	}
	for _, missing := range []string{"/output", "/raw_output"} {
		if got := w.do("guest", "GET", w.path("/tasks/9"+missing), nil).Code; got != 404 {
			t.Errorf("%s of nothing: got %d", missing, got)
		}
	}
}

// TestOutput_StopsWithTheReader reads a log without end and hangs up.
func TestOutput_StopsWithTheReader(t *testing.T) {
	t.Parallel()
	endless := &endlessLog{ended: make(chan struct{})}
	w := newWorld(t, func(d *httpapi.Deps) { endless.Tasks, d.Tasks = d.Tasks, endless })
	endless.project = domain.ProjectID(w.project)
	server := httptest.NewServer(w.server)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+w.path("/tasks/1/raw_output"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.tokens["guest"])
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := answer.Body.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	select {
	case <-endless.ended:
	case <-time.After(10 * time.Second):
		t.Error("reading went on after the client had left")
	}
}

type endlessLog struct {
	httpapi.Tasks
	project domain.ProjectID
	ended   chan struct{}
}

func (e *endlessLog) Get(context.Context, domain.ProjectID, domain.TaskID) (domain.TaskWithTemplate, error) {
	return domain.TaskWithTemplate{}, nil
}

func (e *endlessLog) Lines(_ context.Context, _ domain.TaskID, _ int64, fn func(tasks.LogLine) error) error {
	defer close(e.ended)
	for seq := int64(1); ; seq++ {
		if err := fn(tasks.LogLine{Seq: seq, Text: []byte("again and again")}); err != nil {
			return err
		}
	}
}

func FuzzTemplateBody(f *testing.F) {
	w := newWorld(f)
	for _, change := range []object{{}, {"survey_vars": []object{{"name": "a", "title": "b", "type": "enum", "values": []object{{"name": "c", "value": "d"}}}}}, {"task_params": object{"limit": []string{"x"}}, "app": "ansible"}} {
		data, err := json.Marshal(w.templateBody(change))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Add(`{"name":`)
	f.Fuzz(func(t *testing.T, body string) {
		w.t = t
		got := w.do("owner", "POST", w.path("/templates"), body)
		if got.Code != 201 && (got.Code < 400 || got.Code >= 500) {
			t.Errorf("%q: got %d %s", body, got.Code, got.Body)
		}
	})
}

func FuzzLoginBody(f *testing.F) {
	s := newSite(f)
	f.Add(`{"auth":"admin","password":"x"}`)
	f.Add(`[]`)
	f.Add(`{"auth":{}}`)
	f.Fuzz(func(t *testing.T, body string) {
		s.t = t
		s.clock.advance(time.Hour)
		got := s.do("", "POST", "/api/auth/login", body)
		if got.Code != 400 && got.Code != 401 {
			t.Errorf("%q: got %d %s", body, got.Code, got.Body)
		}
	})
}
