package httpapi_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox/internal/auth"
	"signalbox/internal/catalog"
	"signalbox/internal/domain"
	"signalbox/internal/httpapi"
	"signalbox/internal/job"
	"signalbox/internal/live"
	"signalbox/internal/notify"
	"signalbox/internal/secrets"
	"signalbox/internal/store"
	"signalbox/internal/store/sqlstore"
	"signalbox/internal/tasks"
)

const password = "correct horse battery"

// site is a whole server on an empty database, without anything that runs jobs.
type site struct {
	t       testing.TB
	server  *httpapi.Server
	store   store.Store
	auth    *auth.Service
	catalog *catalog.Catalog
	tasks   *tasks.Service
	bus     *live.Bus
	log     *bytes.Buffer
	clock   *clock
	tokens  map[string]string // by user name
	users   map[string]domain.User
	secrets string // directory of files that keys may name

	sealedBy string // the key
	path     string // of the database; "" for one on a server
	watch    *sql.Conn
	dumped   string // what dump has said last
	version  int64  // of the database then
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// idle takes the place of what runs tasks.
type idle struct{}

func (idle) Wake()                      {}
func (idle) Signal(domain.TaskID, bool) {}

func (idle) Answer(domain.TaskID, int, bool) {}
func (idle) Ask(_ context.Context, q job.Query) (job.Answer, error) {
	switch {
	case q.Op == job.QueryBranches:
		return job.Answer{Branches: []string{"dev", "feature/x", "main"}}, nil
	case q.Op == job.QueryTags:
		return job.Answer{Tags: []string{"v1", "v2"}}, nil
	case q.Path == "missing":
		return job.Answer{}, errors.New("there is no directory missing")
	}
	// What was asked for comes back as names, for tests to see.
	return job.Answer{Truncated: q.Files.Limit == 1, Files: []job.FileEntry{{
		Path: fmt.Sprint(q.Path, "|", q.Repository.Branch, "|", q.Files.Suffixes, "|", q.Files.Recursive, "|", len(q.Credentials)), Kind: "file", Size: 3,
	}}}, nil
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// newSite returns a site with an administrator whose name is "admin".
func newSite(t testing.TB, change ...func(*httpapi.Deps)) *site {
	t.Helper()
	return preparedSite.copy(t, change...).site
}

// newSiteOn is newSite on another database, which is empty.
func newSiteOn(t testing.TB, config sqlstore.Config, change ...func(*httpapi.Deps)) *site {
	t.Helper()
	s := openSite(t, config, newKey(), time.Now().UTC(), change...)
	s.addUser("admin", true)
	return s
}

func newKey() string { return secrets.GenerateKey() }

// openSite starts a site on a database as it is. The key is the one that secrets
// in it are sealed with.
func openSite(t testing.TB, config sqlstore.Config, key string, now time.Time, change ...func(*httpapi.Deps)) *site {
	t.Helper()
	s := &site{
		t: t, path: config.Path, sealedBy: key, log: &bytes.Buffer{}, clock: &clock{now: now}, tokens: map[string]string{}, users: map[string]domain.User{},
	}
	db, err := sqlstore.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s.store, s.bus = db, live.NewBus()
	logger := slog.New(slog.NewTextHandler(&lockedWriter{w: s.log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ring, err := secrets.New(key)
	if err != nil {
		t.Fatal(err)
	}
	s.auth, err = auth.New(auth.Config{
		Store: db, CookieKey: []byte(strings.Repeat("k", 32)), Now: s.clock.Now,
		Cost: auth.Cost{Memory: 64, Passes: 1, Threads: 1}, Sealer: ring,
		TOTP: auth.TOTPConfig{Enabled: true, AllowRecovery: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.secrets = t.TempDir()
	sources := secrets.NewSources(ring, map[domain.KeySourceType]secrets.Reader{
		domain.SourceEnv:  secrets.NewEnv(func(name string) (string, bool) { return "hush-env", name == "DEPLOY_TOKEN" }),
		domain.SourceFile: secrets.NewFiles(s.secrets),
	})
	s.catalog, err = catalog.New(catalog.Deps{
		Store: db, Sealer: sources, Passwords: s.auth, Now: s.clock.Now, Demo: catalog.NewDemoFiles(t.TempDir()),
		Teams: catalog.Teams{InvitesEnabled: true, InviteType: catalog.InviteByBoth},
	})
	if err != nil {
		t.Fatal(err)
	}
	alerts, err := notify.New(notify.Deps{Store: db, Log: logger, Now: s.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	s.tasks = tasks.New(tasks.Deps{
		Store: db, Notify: alerts, Sealer: ring, Keys: sources, Live: s.bus, Queries: idle{}, Log: logger, Now: s.clock.Now,
		Settings: tasks.Settings{MaxParallel: 10, Apps: s.catalog.Apps},
	})
	s.tasks.Connect(idle{})
	s.catalog.Connect(s.tasks)
	deps := httpapi.Deps{
		Store: db, Auth: s.auth, Catalog: s.catalog, Tasks: s.tasks, Notify: alerts, Live: s.bus, Log: logger, Now: s.clock.Now,
		Info: httpapi.Info{Version: "test"},
	}
	for _, f := range change {
		f(&deps)
	}
	s.server, err = httpapi.New(deps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.server.Close)
	return s
}

// addUser stores a user who signs in with an API token.
func (s *site) addUser(name string, admin bool) domain.User {
	s.t.Helper()
	hash, err := s.auth.Hash(s.t.Context(), password)
	if err != nil {
		s.t.Fatal(err)
	}
	u := domain.User{
		Created: s.clock.Now().Truncate(time.Second), Username: name, Name: strings.ToUpper(name[:1]) + name[1:],
		Email: name + "@example.test", PasswordHash: hash, Admin: admin,
	}
	if err := s.store.Users().Create(s.t.Context(), &u); err != nil {
		s.t.Fatal(err)
	}
	text, _, err := s.auth.CreateToken(s.t.Context(), u.ID, "", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.tokens[name], s.users[name] = text, u
	return u
}

// answer is what the server said.
type answer struct {
	*httptest.ResponseRecorder
}

func (a answer) json(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(a.Body.Bytes(), into); err != nil {
		t.Fatalf("decode %s: %v", a.Body, err)
	}
}

// do sends a request. The actor is a user name, "" for nobody, or "token:…".
// The body is a text sent as it is, or anything to encode; nil sends none.
func (s *site) do(actor, method, path string, body any) answer {
	s.t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			s.t.Fatal(err)
		}
		reader = bytes.NewReader(data)
	}
	r := httptest.NewRequest(method, path, reader)
	if text, ok := strings.CutPrefix(actor, "token:"); ok {
		r.Header.Set("Authorization", "Bearer "+text)
	} else if actor != "" {
		r.Header.Set("Authorization", "Bearer "+s.tokens[actor])
	}
	return s.send(r)
}

func (s *site) send(r *http.Request) answer {
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	if wrong := contractOf(s.t).breach(r, w); wrong != "" {
		s.t.Error(wrong)
	}
	return answer{w}
}

// must sends a request that has to succeed and returns the id in the answer.
func (s *site) must(actor, method, path string, body any) int64 {
	s.t.Helper()
	a := s.do(actor, method, path, body)
	if a.Code >= 300 {
		s.t.Fatalf("%s %s: got %d %s", method, path, a.Code, a.Body)
	}
	if a.Body.Len() == 0 {
		return 0
	}
	var out struct {
		ID int64 `json:"id"`
	}
	_ = json.Unmarshal(a.Body.Bytes(), &out) // lists have no id
	return out.ID
}

// object is a JSON object in a test.
type object = map[string]any

// world is a project with one of everything and a member of each role: the
// built-in ones, keeper, who manages resources, and helper, who may do nothing in
// the project but run and change the template.
type world struct {
	*site
	project, key, repository, inventory, group, template, view, host int64
	schedule, integration, matcher, value, alias, runner             int64
	permission, invite                                               int64
	// role is the slug of a custom role of the project.
	role string
	mark string // what the names of everything start with
	// other is a second world on the same site, where there is one.
	other *world
}

func newWorld(t testing.TB, change ...func(*httpapi.Deps)) *world {
	t.Helper()
	return preparedWorld.copy(t, change...)
}

// begin makes the project, its members and one of everything.
func (w *world) begin() {
	w.t.Helper()
	w.project = w.must("admin", "POST", "/api/projects", object{"name": "World"})
	for name, role := range map[string]string{"owner": "owner", "manager": "manager", "runner": "task_runner", "guest": "guest"} {
		u := w.addUser(name, false)
		w.must("admin", "POST", w.path("/users"), object{"user_id": u.ID, "role": role})
	}
	w.addUser("outsider", false)
	w.furnish("owner", "")
}

// otherWorld is a second project on the same site, with an owner who is in no
// other.
func (w *world) otherWorld() *world {
	w.t.Helper()
	other := &world{site: w.site}
	other.project = w.must("admin", "POST", "/api/projects", object{"name": "foreign world"})
	u := w.addUser("stranger", false)
	w.must("admin", "POST", other.path("/users"), object{"user_id": u.ID, "role": "owner"})
	other.furnish("stranger", "foreign-")
	return other
}

// furnish makes one of everything.
func (w *world) furnish(owner, mark string) {
	w.mark = mark
	w.key = w.must(owner, "POST", w.path("/keys"), object{
		"name": mark + "login", "type": "login_password", "project_id": w.project,
		"login_password": object{"login": "bob", "password": "hush-hush"},
	})
	w.repository = w.must(owner, "POST", w.path("/repositories"), object{
		"name": mark + "repo", "project_id": w.project, "git_url": "https://git.example.test/x.git", "git_branch": "main", "ssh_key_id": w.key,
	})
	w.inventory = w.must(owner, "POST", w.path("/inventory"), object{
		"name": mark + "hosts", "project_id": w.project, "type": "static", "inventory": "localhost", "ssh_key_id": w.key,
	})
	w.group = w.must(owner, "POST", w.path("/environment"), object{
		"name": mark + "vars", "project_id": w.project, "json": `{"a":1}`, "env": `{"A":"b"}`,
		"secrets": []object{{"type": "env", "name": "TOKEN", "secret": "hush-token", "operation": "create"}},
	})
	w.view = w.must(owner, "POST", w.path("/views"), object{"title": mark + "Mine", "project_id": w.project, "position": 1})
	ssh := w.must(owner, "POST", w.path("/keys"), object{
		"name": mark + "hosts", "type": "ssh", "project_id": w.project, "ssh": object{"login": "git", "private_key": "hush-host-key"},
	})
	w.host = w.must(owner, "POST", w.path("/host_configs"), object{"type": "host", "host": mark + "git.example.test", "ssh_key_id": ssh})
	w.template = w.must(owner, "POST", w.path("/templates"), w.templateBody(object{"name": mark + "build it"}))
	for role, mask := range map[string]int{"keeper": 4, "helper": 0} {
		w.role = mark + role
		w.must(owner, "POST", w.path("/roles"), object{"slug": w.role, "name": w.role, "permissions": mask})
		u := w.addUser(w.role, false)
		w.must(owner, "POST", w.path("/users"), object{"user_id": u.ID, "role": w.role})
	}
	w.role = mark + "keeper"
	w.permission = w.must(owner, "POST", w.path(fmt.Sprintf("/templates/%d/perms", w.template)), object{"role_slug": mark + "helper", "permissions": 5})
	w.invite = w.must(owner, "POST", w.path("/invites"), object{"email": mark + "invited@example.test", "role": "guest"})
	w.schedule = w.must(owner, "POST", w.path("/schedules"), object{"name": mark + "nightly", "template_id": w.template, "cron_format": "0 3 * * *"})
	w.integration = w.must(owner, "POST", w.path("/integrations"), object{"name": mark + "hook", "project_id": w.project, "template_id": w.template})
	part := w.path(fmt.Sprintf("/integrations/%d", w.integration))
	w.matcher = w.must(owner, "POST", part+"/matchers", object{"name": mark + "m", "match_type": "body", "key": "ref", "value": "main"})
	w.value = w.must(owner, "POST", part+"/values", object{"name": mark + "v", "value_source": "header", "key": "X-Who", "variable": "WHO"})
	w.alias = w.must(owner, "POST", part+"/aliases", nil)
	w.runner = w.must(owner, "POST", w.path("/runners"), object{"name": mark + "near", "tags": []string{mark + "near"}, "registered": false})
}

func (w *world) path(rest string) string { return fmt.Sprintf("/api/project/%d%s", w.project, rest) }

func (w *world) templateBody(change object) object {
	body := object{
		"project_id": w.project, "name": "t", "app": "bash", "playbook": "run.sh", "repository_id": w.repository,
		"inventory_id": w.inventory, "environment_id": w.group, "view_id": w.view,
	}
	for k, v := range change {
		body[k] = v
	}
	return body
}

// launch starts a task of the world's template.
func (w *world) launch() int64 {
	w.t.Helper()
	return w.must("runner", "POST", w.path("/tasks"), object{"template_id": w.template})
}
