package httpapi_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"signalbox/internal/httpapi"
	"signalbox/internal/store"
)

// TestBadInput sends what must be refused: with a 4xx that names the field,
// changing nothing, and logging nothing that is secret.
func TestBadInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(d *httpapi.Deps) { d.MaxBody = 64 << 10 })
	other := w.must("admin", "POST", "/api/projects", object{"name": "Other"})
	path := func(p int64, rest string) string { return fmt.Sprintf("/api/project/%d%s", p, rest) }
	foreignKey := w.must("admin", "POST", path(other, "/keys"), object{"name": "k", "type": "none", "project_id": other})
	foreignRepository := w.must("admin", "POST", path(other, "/repositories"), object{"name": "r", "project_id": other, "git_url": "/srv/x", "ssh_key_id": foreignKey})
	foreignInventory := w.must("admin", "POST", path(other, "/inventory"), object{"name": "i", "project_id": other, "type": "static"})
	foreignGroup := w.must("admin", "POST", path(other, "/environment"), object{"name": "g", "project_id": other, "json": "{}",
		"secrets": []object{{"type": "var", "name": "s", "secret": "x", "operation": "create"}}})
	foreignView := w.must("admin", "POST", path(other, "/views"), object{"title": "v", "project_id": other})
	repository := func(change object) object {
		body := object{"name": "r", "project_id": w.project, "git_url": "https://x.test/r.git", "git_branch": "main", "ssh_key_id": w.key}
		for k, v := range change {
			body[k] = v
		}
		return body
	}
	one := func(collection string, id int64) string { return w.path(fmt.Sprintf("/%s/%d", collection, id)) }
	cases := []struct {
		name, method, path string
		body               any
		status             int
		field              string
	}{
		{"malformed", "POST", w.path("/keys"), `{"name":`, 400, ""},
		{"no body", "POST", w.path("/keys"), nil, 400, ""},
		{"a list", "POST", w.path("/keys"), `[1]`, 400, ""},
		{"wrong type", "POST", w.path("/views"), `{"title":5}`, 400, "title"},
		{"wrong nested type", "POST", w.path("/keys"), `{"ssh":{"login":5}}`, 400, "ssh.login"},
		{"number as text", "POST", w.path("/tasks"), `{"template_id":"1"}`, 400, "template_id"},
		{"too large", "POST", w.path("/keys"), `{"name":"` + strings.Repeat("x", 70000) + `"}`, 413, ""},
		{"key type", "POST", w.path("/keys"), object{"name": "k", "type": "zzz", "project_id": w.project}, 400, "type"},
		{"key name", "POST", w.path("/keys"), object{"type": "none", "project_id": w.project}, 400, "name"},
		{"key project", "POST", w.path("/keys"), object{"name": "k", "type": "none", "project_id": other}, 400, "project_id"},
		{"key source", "POST", w.path("/keys"), object{"name": "k", "type": "string", "project_id": w.project, "source_storage_type": "env"}, 400, "source_storage_key"},
		{"key source unknown", "POST", w.path("/keys"), object{"name": "k", "type": "string", "project_id": w.project, "source_storage_type": "vault", "source_storage_key": "x"}, 400, "source_storage_type"},
		{"key source of a server setting", "POST", w.path("/keys"), object{"name": "k", "type": "string", "project_id": w.project, "source_storage_type": "env", "source_storage_key": "signalbox_cookie_hash"}, 400, "source_storage_key"},
		{"key source outside", "POST", w.path("/keys"), object{"name": "k", "type": "string", "project_id": w.project, "source_storage_type": "file", "source_storage_key": "/etc/passwd"}, 400, "source_storage_key"},
		{"key source leaving", "POST", w.path("/keys"), object{"name": "k", "type": "string", "project_id": w.project, "source_storage_type": "file", "source_storage_key": w.secrets + "/../x"}, 400, "source_storage_key"},
		{"key source and secret", "POST", w.path("/keys"), object{"name": "k", "type": "string", "project_id": w.project, "source_storage_type": "env", "source_storage_key": "X", "string": "hush-both"}, 400, "source_storage_type"},
		{"place without source", "POST", w.path("/keys"), object{"name": "k", "type": "string", "project_id": w.project, "source_storage_key": "X"}, 400, "source_storage_key"},
		{"negative depth", "POST", w.path("/repositories"), repository(object{"git_depth": -1}), 400, "git_depth"},
		{"host config type", "POST", w.path("/host_configs"), object{"type": "zzz", "host": "h", "ssh_key_id": w.key}, 400, "type"},
		{"host config without host", "POST", w.path("/host_configs"), object{"type": "host", "host": " ", "ssh_key_id": w.key}, 400, "host"},
		{"host config option", "POST", w.path("/host_configs"), object{"type": "host", "host": "-oProxyCommand=x", "ssh_key_id": w.key}, 400, "host"},
		{"host config port", "POST", w.path("/host_configs"), object{"type": "host", "host": "h:99999", "ssh_key_id": w.key}, 400, "host"},
		{"host config user", "POST", w.path("/host_configs"), object{"type": "url", "host": "https://a:b@h/x", "ssh_key_id": w.key}, 400, "host"},
		{"host config quote", "POST", w.path("/host_configs"), object{"type": "url", "host": "https://h/x\"y", "ssh_key_id": w.key}, 400, "host"},
		{"host config scheme", "POST", w.path("/host_configs"), object{"type": "url", "host": "ssh://h/x", "ssh_key_id": w.key}, 400, "host"},
		{"host config password", "POST", w.path("/host_configs"), object{"type": "url", "host": "http://h/x", "ssh_key_id": w.key}, 400, "ssh_key_id"},
		{"host config key", "POST", w.path("/host_configs"), object{"type": "host", "host": "h", "ssh_key_id": w.key}, 400, "ssh_key_id"},
		{"host config foreign key", "POST", w.path("/host_configs"), object{"type": "host", "host": "h", "ssh_key_id": foreignKey}, 400, "ssh_key_id"},
		{"host config missing", "PUT", one("host_configs", 999), object{"type": "url", "host": "https://h", "ssh_key_id": w.key}, 404, ""},
		{"files limit", "GET", one("repositories", w.repository) + "/files?limit=0", nil, 400, "limit"},
		{"files outside", "GET", one("repositories", w.repository) + "/files?path=../x", nil, 400, "path"},
		{"files branch", "GET", one("repositories", w.repository) + "/files?branch=--x", nil, 400, "branch"},
		{"files missing", "GET", one("repositories", w.repository) + "/files?path=missing", nil, 400, "git_url"},
		{"galaxy arguments", "POST", w.path("/templates"), w.templateBody(object{"app": "ansible", "task_params": object{"galaxy_role_args": "x"}}), 400, "task_params.galaxy_role_args"},
		{"ssh without key", "POST", w.path("/keys"), object{"name": "k", "type": "ssh", "project_id": w.project, "ssh": object{"login": "git", "passphrase": "hush-pass"}}, 400, "ssh.private_key"},
		{"key of another project", "PUT", one("keys", foreignKey), object{"id": foreignKey, "project_id": w.project, "name": "mine", "type": "none"}, 404, ""},
		{"key moved", "PUT", one("keys", w.key), object{"id": w.key, "project_id": other, "name": "mine"}, 400, "project_id"},
		{"key renumbered", "PUT", one("keys", w.key), object{"id": foreignKey, "project_id": w.project, "name": "mine"}, 400, "id"},
		{"ext url", "POST", w.path("/repositories"), repository(object{"git_url": "ext::sh -c touch% /tmp/x"}), 400, "git_url"},
		{"option url", "POST", w.path("/repositories"), repository(object{"git_url": "--upload-pack=touch /tmp/x"}), 400, "git_url"},
		{"option host", "POST", w.path("/repositories"), repository(object{"git_url": "ssh://-oProxyCommand=x/y"}), 400, "git_url"},
		{"unknown scheme", "POST", w.path("/repositories"), repository(object{"git_url": "gopher://x/y"}), 400, "git_url"},
		{"password in url", "POST", w.path("/repositories"), repository(object{"git_url": "https://u:hush-url@x.test/y"}), 400, "git_url"},
		{"option branch", "POST", w.path("/repositories"), repository(object{"git_branch": "--output=x"}), 400, "git_branch"},
		{"key elsewhere", "POST", w.path("/repositories"), repository(object{"ssh_key_id": foreignKey}), 404, "ssh_key_id"},
		{"inventory type", "POST", w.path("/inventory"), object{"name": "i", "project_id": w.project, "type": "zzz"}, 400, "type"},
		{"inventory path", "POST", w.path("/inventory"), object{"name": "i", "project_id": w.project, "type": "file", "inventory": "../../etc/hosts"}, 400, "inventory"},
		{"inventory key elsewhere", "POST", w.path("/inventory"), object{"name": "i", "project_id": w.project, "type": "static", "become_key_id": foreignKey}, 404, "become_key_id"},
		{"inventory repository elsewhere", "PUT", one("inventory", w.inventory), object{"id": w.inventory, "name": "i", "type": "static", "repository_id": foreignRepository}, 404, "repository_id"},
		{"bad json", "POST", w.path("/environment"), object{"name": "g", "project_id": w.project, "json": "nope"}, 400, "json"},
		{"json list", "POST", w.path("/environment"), object{"name": "g", "project_id": w.project, "json": "[1]"}, 400, "json"},
		{"env value", "POST", w.path("/environment"), object{"name": "g", "project_id": w.project, "json": "{}", "env": `{"A":[1]}`}, 400, "env"},
		{"env name", "POST", w.path("/environment"), object{"name": "g", "project_id": w.project, "json": "{}", "env": `{"A=B":"x"}`}, 400, "env"},
		{"secret type", "POST", w.path("/environment"), object{"name": "g", "project_id": w.project, "json": "{}", "secrets": []object{{"type": "zzz", "name": "A", "secret": "hush-op", "operation": "create"}}}, 400, "secrets[0].type"},
		{"secret operation", "PUT", one("environment", w.group), object{"id": w.group, "name": "changed", "json": "{}", "secrets": []object{{"type": "var", "name": "new", "secret": "hush-op", "operation": "create"}, {"type": "env", "operation": "explode"}}}, 400, "secrets[1].operation"},
		{"secret of another group", "PUT", one("environment", w.group), object{"id": w.group, "name": "changed", "json": "{}", "secrets": []object{{"id": w.key, "type": "env", "operation": "delete"}}}, 400, "secrets[0].id"},
		{"template app", "POST", w.path("/templates"), w.templateBody(object{"app": "zzz"}), 400, "app"},
		{"template arguments", "POST", w.path("/templates"), w.templateBody(object{"arguments": "nope"}), 400, "arguments"},
		{"template playbook outside", "POST", w.path("/templates"), w.templateBody(object{"playbook": "../../x.sh"}), 400, "playbook"},
		{"template playbook absolute", "POST", w.path("/templates"), w.templateBody(object{"playbook": "/etc/x.sh"}), 400, "playbook"},
		{"template playbook option", "POST", w.path("/templates"), w.templateBody(object{"playbook": "--help"}), 400, "playbook"},
		{"template type", "POST", w.path("/templates"), w.templateBody(object{"type": "zzz"}), 400, "type"},
		{"template survey", "POST", w.path("/templates"), w.templateBody(object{"survey_vars": []object{{"name": "ok", "title": ""}, {"name": "not ok", "title": ""}}}), 400, "survey_vars[1].name"},
		{"template params", "POST", w.path("/templates"), w.templateBody(object{"app": "ansible", "task_params": object{"allow_debug": "yes"}}), 400, "task_params.allow_debug"},
		{"template repository elsewhere", "POST", w.path("/templates"), w.templateBody(object{"repository_id": foreignRepository}), 400, "repository_id"},
		{"template inventory elsewhere", "POST", w.path("/templates"), w.templateBody(object{"inventory_id": foreignInventory}), 400, "inventory_id"},
		{"template group elsewhere", "POST", w.path("/templates"), w.templateBody(object{"environment_id": foreignGroup}), 400, "environment_id"},
		{"template view elsewhere", "POST", w.path("/templates"), w.templateBody(object{"view_id": foreignView}), 400, "view_id"},
		{"template vault elsewhere", "POST", w.path("/templates"), w.templateBody(object{"vaults": []object{{"type": "password", "vault_key_id": foreignKey}}}), 400, "vaults[0].vault_key_id"},
		{"template vault type", "POST", w.path("/templates"), w.templateBody(object{"vaults": []object{{"type": "zzz"}}}), 400, "vaults[0].type"},
		{"two groups", "POST", w.path("/templates"), w.templateBody(object{"environment_ids": []int64{1, 2}}), 400, "environment_ids"},
		{"template moved", "PUT", one("templates", w.template), w.templateBody(object{"id": w.template, "project_id": other}), 400, "project_id"},
		{"template renumbered", "PUT", one("templates", w.template), w.templateBody(object{"id": 999}), 400, "id"},
		{"task arguments", "POST", w.path("/tasks"), object{"template_id": w.template, "arguments": "nope"}, 400, "arguments"},
		{"task environment", "POST", w.path("/tasks"), object{"template_id": w.template, "environment": "nope"}, 400, "environment"},
		{"task secret", "POST", w.path("/tasks"), object{"template_id": w.template, "secret": "hush-not-json"}, 400, "secret"},
		{"task of nothing", "POST", w.path("/tasks"), object{"template_id": 9999}, 404, ""},
		{"bad sort", "GET", w.path("/keys?sort=zzz"), nil, 400, "sort"},
		{"bad status", "GET", w.path("/tasks?status=zzz"), nil, 400, "status"},
		{"bad before", "GET", w.path("/tasks?before=x"), nil, 400, "before"},
		{"view title", "POST", w.path("/views"), object{"project_id": w.project}, 400, "title"},
		{"view moved", "PUT", one("views", w.view), object{"id": w.view, "project_id": other, "title": "x"}, 400, "project_id"},
		{"view position", "POST", w.path("/views/positions"), `{"x":5}`, 400, "x"},
		{"view position elsewhere", "POST", w.path("/views/positions"), fmt.Sprintf(`{"%d":5,"%d":6}`, w.view, foreignView), 404, ""},
		{"member role", "POST", w.path("/users"), object{"user_id": w.users["outsider"].ID, "role": "wizard"}, 400, "role"},
		{"project name", "PUT", w.path(""), object{"id": w.project, "name": " "}, 400, "name"},
		{"project id", "PUT", w.path(""), object{"id": other, "name": "x"}, 400, "id"},
		{"project limit", "PUT", w.path(""), object{"id": w.project, "name": "x", "max_parallel_tasks": -1}, 400, "max_parallel_tasks"},
		{"user name taken", "POST", "/api/users", object{"username": "OWNER", "name": "x", "email": "new@example.test", "password": "hush-hush-hush"}, 400, "username"},
		{"user name is the address of another", "POST", "/api/users", object{"username": "owner@example.test", "name": "x", "email": "new@example.test", "password": "hush-hush-hush"}, 400, "username"},
		{"both taken", "POST", "/api/users", object{"username": "OWNER", "name": "x", "email": "Owner@example.test", "password": "hush-hush-hush"}, 400, "username"},
		{"e-mail taken", "POST", "/api/users", object{"username": "new", "name": "x", "email": "Owner@example.test", "password": "hush-hush-hush"}, 400, "email"},
		{"e-mail", "POST", "/api/users", object{"username": "new", "name": "x", "email": "zzz", "password": "hush-hush-hush"}, 400, "email"},
		{"short password", "POST", "/api/users", object{"username": "new", "name": "x", "email": "n@example.test", "password": "hush"}, 400, "password"},
		{"empty password", "POST", fmt.Sprintf("/api/users/%d/password", w.users["guest"].ID), object{"password": ""}, 400, "password"},
		{"token time", "POST", "/api/user/tokens", object{"expires_at": "2001-01-01T00:00:00Z"}, 400, "expires_at"},
		{"token time format", "POST", "/api/user/tokens", object{"expires_at": "tomorrow"}, 400, ""},
		{"app path", "PUT", "/api/apps/bash", object{"path": "bash"}, 400, "path"},
		{"app id", "PUT", "/api/apps/a%2Fb", object{}, 400, "app"},
	}
	before := w.dump()
	for _, c := range cases {
		got := w.do("admin", c.method, c.path, c.body)
		var e struct{ Error, Field, Request_ID string }
		if got.Code != c.status {
			t.Errorf("%s: got %d %.200s, want %d", c.name, got.Code, got.Body, c.status)
			continue
		}
		got.json(t, &e)
		if e.Error == "" || e.Field != c.field || e.Request_ID == "" || e.Request_ID != got.Header().Get("X-Request-Id") {
			t.Errorf("%s: got %s, want field %q", c.name, got.Body, c.field)
		}
		if strings.Contains(got.Body.String(), "hush") {
			t.Errorf("%s: the answer shows a secret: %s", c.name, got.Body)
		}
		if after := w.dump(); after != before {
			t.Fatalf("%s: something was changed:\n%s\n%s", c.name, before, after)
		}
	}
	if strings.Contains(w.log.String(), "hush") {
		t.Error("the log shows a secret")
	}
}

// dump tells what the database holds, without what signing in touches. As long
// as nothing is committed, that is what it was: reading it all takes longer than
// most requests.
func (w *world) dump() string {
	w.t.Helper()
	ctx := w.t.Context()
	var version int64 // before reading, so that what comes in between is read again
	if err := w.eye().QueryRowContext(ctx, "pragma data_version").Scan(&version); err != nil {
		w.t.Fatal(err)
	}
	if version != w.version {
		w.dumped, w.version = w.read(), version
	}
	return w.dumped
}

// eye is a connection to the database beside those of the server. SQLite tells
// it when another one has committed anything.
func (s *site) eye() *sql.Conn {
	s.t.Helper()
	if s.watch != nil {
		return s.watch
	}
	db, err := sql.Open("sqlite", "file:"+s.path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = db.Close() }) // it has nothing to lose
	if s.watch, err = db.Conn(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return s.watch
}

// read tells what the database holds.
func (w *world) read() string {
	w.t.Helper()
	ctx := w.t.Context()
	var text strings.Builder
	add := func(v any, err error) {
		if err != nil {
			w.t.Fatal(err)
		}
		data, err := json.Marshal(v)
		if err != nil {
			w.t.Fatal(err)
		}
		text.Write(append(data, '\n'))
	}
	all := store.Query{}
	add(w.store.Users().List(ctx, all))
	add(w.store.Projects().List(ctx, all))
	add(w.store.Members().List(ctx, all))
	add(w.store.Views().List(ctx, all))
	add(w.store.Keys().List(ctx, all))
	add(w.store.Repositories().List(ctx, all))
	add(w.store.Tokens().Count(ctx, all))
	add(w.store.Templates().Count(ctx, all))
	add(w.store.Inventories().Count(ctx, all))
	add(w.store.VariableGroups().Count(ctx, all))
	add(w.store.Vaults().Count(ctx, all))
	add(w.store.Schedules().List(ctx, all))
	add(w.store.Integrations().List(ctx, all))
	add(w.store.Matchers().List(ctx, all))
	add(w.store.IntegrationValues().List(ctx, all))
	add(w.store.IntegrationAliases().List(ctx, all))
	add(w.store.Runners().List(ctx, all))
	add(w.store.HostConfigs().List(ctx, all))
	add(w.store.Roles().List(ctx, all))
	add(w.store.TemplateRoles().List(ctx, all))
	add(w.store.Invites().List(ctx, all))
	add(w.store.TOTPs().Count(ctx, all))
	add(w.store.Tasks().List(ctx, store.TaskFilter{}))
	add(w.store.Options().All(ctx))
	return text.String()
}

func TestPaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/api/ping", 200, "pong"},
		{"GET", "/api/ping/", 200, "pong"},
		{"HEAD", "/api/ping", 200, ""},
		{"GET", "/api/ping//", 404, "Not Found\n"},
		{"GET", "/api//ping", 404, "Not Found\n"},
		{"GET", "/api/./ping", 404, "Not Found\n"},
		{"GET", "/api/x/../ping", 404, "Not Found\n"},
		{"GET", "/api/Ping", 404, "Not Found\n"},
		{"GET", "/api", 404, "Not Found\n"},
		{"PATCH", "/api/projects", 404, "Not Found\n"},
		{"OPTIONS", "/api/projects", 404, "Not Found\n"},
		{"GET", "/elsewhere", 404, "Not Found\n"},
	} {
		r := httptest.NewRequest(c.method, "/", nil)
		r.URL.Path = c.path
		got := w.send(r)
		if got.Code != c.status || c.method != "HEAD" && got.Body.String() != c.body {
			t.Errorf("%s %s: got %d %q, want %d %q", c.method, c.path, got.Code, got.Body, c.status, c.body)
		}
		for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
			if v := got.Header().Get(header); v != want {
				t.Errorf("%s: got %s %q, want %q", c.path, header, v, want)
			}
		}
		if policy := got.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "script-src 'self';") {
			t.Errorf("%s: got policy %q", c.path, policy)
		}
	}
	empty := w.do("owner", "PUT", w.path(fmt.Sprintf("/templates/%d/description", w.template)), object{"description": "d"})
	if empty.Code != 204 || empty.Body.Len() != 0 || empty.Header().Get("Content-Type") != "application/json" {
		t.Errorf("an empty answer: got %d %q as %q", empty.Code, empty.Body, empty.Header().Get("Content-Type"))
	}
}

func TestBasePath(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *httpapi.Deps) { d.WebHost = "https://ci.example.org/box" })
	for path, want := range map[string]int{"/box/api/ping": 200, "/box/api/ping/": 200, "/api/ping": 404, "/boxes/api/ping": 404, "/": 302} {
		if got := s.do("", "GET", path, nil).Code; got != want {
			t.Errorf("%s: got %d, want %d", path, got, want)
		}
	}
	login := s.do("", "POST", "/box/api/auth/login", object{"auth": "ADMIN", "password": password})
	cookies := login.Result().Cookies()
	if login.Code != 204 || len(cookies) != 1 {
		t.Fatalf("got %d %s", login.Code, login.Body)
	}
	if c := cookies[0]; c.Name != "semaphore" || c.Path != "/box/" || !c.HttpOnly || !c.Secure || c.SameSite != 2 {
		t.Errorf("got cookie %+v", c)
	}
}

// TestOpenAPIIsCurrent compares the committed description with the code.
func TestOpenAPIIsCurrent(t *testing.T) {
	t.Parallel()
	want, err := httpapi.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Error("api/openapi.json is not what the code says; run: go run ./internal/httpapi/cmd/openapi")
	}
}
