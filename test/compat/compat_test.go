// Package compat replays exchanges recorded with the reference against a
// server of ours; README.md tells what is compared and what differs.
package compat

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" // what authenticators use
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
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

const password = "<password> of the replay"

type exchange struct {
	Group, Name, Method, Path string
	As                        string
	Headers                   map[string]string
	Body                      any
	Status                    int
	Ours                      int    // our status where it is meant to differ
	Why                       string // the reason for a difference
	// Members are those that our answer leaves out on purpose, or that have another
	// value.
	Members []string
	// Reordered says that our order is another one on purpose.
	Reordered bool
	// Contains and Without are texts that our answer has, or does not have.
	Contains, Without []string
	Error             string // a word that clients read
	Type, Text        string // of answers that are no JSON
	Shape             any
	IDs               [][2]any
}

type idle struct{}

func (idle) Wake()                           {}
func (idle) Signal(domain.TaskID, bool)      {}
func (idle) Answer(domain.TaskID, int, bool) {}
func (idle) Ask(context.Context, job.Query) (job.Answer, error) {
	return job.Answer{Branches: []string{"dev", "feature/x", "main"}}, nil
}

// replay is a server and the translation of identifiers.
type replay struct {
	t       *testing.T
	server  *httpapi.Server
	auth    *auth.Service
	store   store.Store
	tokens  map[string]string
	cookies map[string]string // of sessions, by user name
	// said are texts of answers by their placeholders in the recording.
	said map[string]string
	// ids translates by kind and recorded number.
	ids map[string]int64
}

func newReplay(t *testing.T) *replay {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: filepath.Join(t.TempDir(), "test.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	ring, err := secrets.New(secrets.GenerateKey())
	if err != nil {
		t.Fatal(err)
	}
	a, err := auth.New(auth.Config{
		Store: db, CookieKey: []byte(strings.Repeat("k", 32)), Cost: auth.Cost{Memory: 64, Passes: 1, Threads: 1},
		Sealer: ring, TOTP: auth.TOTPConfig{Enabled: true, AllowRecovery: true, Immediate: true, Issuer: "Semaphore"},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.New(catalog.Deps{Store: db, Sealer: secrets.NewSources(ring, map[domain.KeySourceType]secrets.Reader{
		domain.SourceEnv: secrets.NewEnv(func(string) (string, bool) { return "", false }),
	}), Passwords: a, Demo: catalog.NewDemoFiles(t.TempDir())})
	if err != nil {
		t.Fatal(err)
	}
	bus := live.NewBus()
	service := tasks.New(tasks.Deps{
		Store: db, Sealer: ring, Keys: ring, Live: bus, Queries: idle{}, Now: time.Now,
		Settings: tasks.Settings{Apps: c.Apps},
	})
	service.Connect(idle{})
	alerts, err := notify.New(notify.Deps{Store: db, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	server, err := httpapi.New(httpapi.Deps{Store: db, Auth: a, Catalog: c, Tasks: service, Notify: alerts, Live: bus})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	r := &replay{t: t, server: server, auth: a, store: db, tokens: map[string]string{}, cookies: map[string]string{}, said: map[string]string{}, ids: map[string]int64{}}
	for i, name := range []string{"admin", "manager1", "runner1", "guest1", "outsider1", "totp1"} {
		recorded := []int{1, 3, 4, 5, 6, 7}[i]
		hash, err := a.Hash(t.Context(), password)
		if err != nil {
			t.Fatal(err)
		}
		u := domain.User{Created: time.Now(), Username: name, Name: strings.Replace(name, "admin", "Admin", 1), Email: name + "@example.test", PasswordHash: hash, Admin: name == "admin"}
		if err := db.Users().Create(t.Context(), &u); err != nil {
			t.Fatal(err)
		}
		r.ids[fmt.Sprint("users/", recorded)] = int64(u.ID)
		if name != "admin" { // who makes one in the recording
			r.token(name, u.ID)
		}
	}
	return r
}

func (r *replay) token(name string, id domain.UserID) {
	text, _, err := r.auth.CreateToken(r.t.Context(), id, "", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	r.tokens[name] = text
}

var (
	collections = []string{
		"project", "keys", "repositories", "inventory", "environment", "templates", "views", "users", "tasks",
		"schedules", "integrations", "matchers", "values", "aliases", "runners", "perms", "totp",
	}
	pathID = regexp.MustCompile(`(` + strings.Join(collections, "|") + `)/(\d+)`)
	// kinds tells which objects the members of a body refer to.
	kinds = map[string]string{
		"project_id": "project", "ssh_key_id": "keys", "become_key_id": "keys", "vault_key_id": "keys",
		"repository_id": "repositories", "inventory_id": "inventory", "environment_id": "environment",
		"template_id": "templates", "build_template_id": "templates", "view_id": "views", "user_id": "users",
		"integration_id": "integrations", "auth_secret_id": "keys",
	}
)

func (r *replay) translate(kind string, n int64) int64 {
	if ours, ok := r.ids[fmt.Sprintf("%s/%d", kind, n)]; ok {
		return ours
	}
	if n < 1000 {
		return n
	}
	return 99999 // what is missing there is missing here
}

func (r *replay) path(p string) string {
	p = pathID.ReplaceAllStringFunc(p, func(m string) string {
		kind, text, _ := strings.Cut(m, "/")
		var n int64
		fmt.Sscan(text, &n)
		return fmt.Sprintf("%s/%d", kind, r.translate(kind, n))
	})
	return strings.ReplaceAll(p, "<first-8-chars-of-token-2>", r.tokens["second"])
}

// body translates identifiers in a request body. Its own id is of the kind of
// the collection in the path.
func (r *replay) body(v any, own string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, member := range v {
			kind := kinds[k]
			if k == "id" {
				kind = own
			}
			if n, ok := member.(float64); ok && kind != "" {
				member = r.translate(kind, int64(n))
			} else {
				member = r.body(member, "keys") // ids inside are those of secrets
			}
			out[k] = member
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = r.body(v[i], own)
		}
		return out
	case string:
		v = strings.NewReplacer("<password>", password, "<new password>", password, "<totp code>", r.code()).Replace(v)
		for placeholder, text := range r.said {
			v = strings.ReplaceAll(v, placeholder, text)
		}
		return v
	}
	return v
}

func collection(path string) string {
	parts := strings.Split(strings.Trim(strings.SplitN(path, "?", 2)[0], "/"), "/")
	for i := len(parts) - 1; i >= 0; i-- {
		for _, kind := range collections {
			if parts[i] == kind {
				return kind
			}
		}
		if parts[i] == "project" || parts[i] == "projects" {
			return "project"
		}
	}
	return ""
}

func (r *replay) send(e exchange) *httptest.ResponseRecorder {
	own := collection(e.Path)
	text := ""
	switch b := e.Body.(type) {
	case nil:
	case string:
		text = b
	default:
		body := r.body(b, own)
		if e.Name == "set positions" {
			body = map[string]any{fmt.Sprint(r.translate("views", 8)): 5}
		}
		data, err := json.Marshal(body)
		if err != nil {
			r.t.Fatal(err)
		}
		text = string(data)
	}
	request := httptest.NewRequest(e.Method, "/", strings.NewReader(text))
	p, query, _ := strings.Cut(r.path(e.Path), "?")
	request.URL.Path, request.URL.RawQuery = p, query
	for k, v := range e.Headers {
		for name, cookie := range r.cookies {
			v = strings.ReplaceAll(v, "<session-cookie of "+name+">", cookie)
		}
		v = strings.ReplaceAll(v, "<token of admin, upper-cased>", strings.ToUpper(r.tokens["admin"]))
		for name, token := range r.tokens {
			v = strings.ReplaceAll(v, "<token of "+name+">", token)
		}
		request.Header.Set(k, v)
	}
	if e.As != "" {
		request.Header.Set("Authorization", "Bearer "+r.tokens[e.As])
	}
	w := httptest.NewRecorder()
	r.server.ServeHTTP(w, request)
	return w
}

// signingIn is who an answer's cookie is for.
func signingIn(e exchange) string {
	if body, ok := e.Body.(map[string]any); ok {
		if name, ok := body["auth"].(string); ok {
			name, _, _ = strings.Cut(strings.ToLower(name), "@")
			return name
		}
	}
	name, _ := strings.CutPrefix(e.Headers["Cookie"], "semaphore=<session-cookie of ")
	return strings.TrimSuffix(name, ">")
}

// code is what the authenticator of the second factor shows now.
func (r *replay) code() string {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(r.said["<totp-secret>"], "="))
	if err != nil {
		r.t.Fatal(err)
	}
	sum := hmac.New(sha1.New, key)
	_ = binary.Write(sum, binary.BigEndian, time.Now().Unix()/30) // never fails
	digest := sum.Sum(nil)
	at := digest[len(digest)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(digest[at:])&0x7fffffff%1e6)
}

// must is send for what has to succeed.
func (r *replay) must(e exchange) *httptest.ResponseRecorder {
	r.t.Helper()
	w := r.send(e)
	if w.Code >= 300 {
		r.t.Errorf("prepare with %s %s as %s: got %d %s", e.Method, e.Path, e.As, w.Code, w.Body)
	}
	return w
}

// before does what the recording did without writing it down.
func (r *replay) before(e exchange) {
	launch := func(template, recorded int, params map[string]any) {
		w := r.must(exchange{Method: "POST", Path: "/api/project/1/tasks", As: "runner1", Body: map[string]any{"template_id": float64(template), "params": params}})
		r.learn(exchange{Path: "/api/project/1/tasks", IDs: [][2]any{{float64(recorded), ""}}}, w.Body.Bytes())
	}
	switch e.Group + "/" + e.Name {
	case "team/add twice":
		for user, role := range map[int]string{3: "manager", 4: "task_runner", 5: "guest"} {
			r.must(exchange{Method: "POST", Path: "/api/project/1/users", As: "admin", Body: map[string]any{"user_id": float64(user), "role": role}})
		}
	case "templates/set description":
		for i, name := range []string{"slow", "fail"} {
			w := r.must(exchange{Method: "POST", Path: "/api/project/1/templates", As: "admin", Body: map[string]any{
				"name": name, "app": "bash", "playbook": name + ".sh", "repository_id": 2.0, "inventory_id": 4.0, "environment_id": 5.0,
			}})
			r.learn(exchange{Path: "/api/project/1/templates", IDs: [][2]any{{float64(13 + i), name}}}, w.Body.Bytes())
		}
	case "tasks/delete an active task":
		launch(13, 6, nil)
	case "team/role of a global admin who is not a member":
		r.must(exchange{Method: "DELETE", Path: "/api/project/1/users/1", As: "owner1"})
	case "totp/recovery wrong code":
		login := exchange{Method: "POST", Path: "/api/auth/login", Body: map[string]any{"auth": "totp1", "password": "<password>"}}
		r.after(login, r.must(login))
	case "tasks/get finished ansible":
		launch(10, 3, map[string]any{"limit": []any{"localhost"}, "debug": true, "dry_run": true, "diff": true})
	case "backup/backup as non-member":
		r.must(exchange{Method: "DELETE", Path: "/api/project/1/schedules/2", As: "admin"})
	case "stats/project":
		r.finish()
	case "tasks/get right after start":
		launch(9, 2, nil)
	case "custom roles/assign a global custom role":
		r.must(exchange{Method: "PUT", Path: "/api/roles/dev", As: "admin", Body: map[string]any{"name": "Developer", "permissions": 0.0}})
		r.must(exchange{Method: "POST", Path: "/api/project/1/roles", As: "admin", Body: map[string]any{"slug": "ops", "name": "Ops", "permissions": 4.0}})
	case "cross-project writes/PUT key: ids in the body win over the URL, so a key of project Y is renamed":
		r.project(8, "X", map[string]any{"name": "of X", "type": "none"}, 27, "manager1")
		r.project(9, "Y", map[string]any{"name": "of Y", "type": "none"}, 28, "")
		w := r.must(exchange{Method: "POST", Path: "/api/project/8/views", As: "admin", Body: map[string]any{"title": "mine", "project_id": 8.0}})
		r.learn(exchange{Path: "/api/project/8/views", IDs: [][2]any{{24.0, ""}}}, w.Body.Bytes())
	case "totp/a guest reads the TOTP secret of another member":
		r.must(exchange{Method: "POST", Path: "/api/users/7/2fas/totp", As: "totp1"})
		r.project(12, "P", map[string]any{"name": "login", "type": "login_password"}, 34, "runner1")
		r.must(exchange{Method: "POST", Path: "/api/project/12/users", As: "admin", Body: map[string]any{"user_id": 7.0, "role": "guest"}})
		r.project(13, "Q", map[string]any{"name": "none", "type": "none"}, 36, "")
	case "environment/a secret of another environment can be deleted":
		for id, group := range map[float64]map[string]any{
			21: {"name": "e1", "project_id": 12.0, "json": "{}", "secrets": []any{map[string]any{"type": "env", "name": "S", "secret": "v", "operation": "create"}}},
			22: {"name": "e2", "project_id": 12.0, "json": "{}"},
		} {
			w := r.must(exchange{Method: "POST", Path: "/api/project/12/environment", As: "admin", Body: group})
			r.learn(exchange{Path: "/api/project/12/environment", IDs: [][2]any{{id, ""}}}, w.Body.Bytes())
		}
		r.secret(12, 21, 35)
	case "projects/delete as owner":
		for _, template := range []int{9, 11, 13} {
			r.must(exchange{Method: "POST", Path: fmt.Sprintf("/api/project/1/templates/%d/stop_all_tasks", template), As: "admin", Body: map[string]any{"force": true}})
		}
	}
}

// finish ends tasks as those of the recording ended, for nothing runs here.
func (r *replay) finish() {
	for recorded, status := range map[int]domain.TaskStatus{2: domain.StatusSuccess, 3: domain.StatusError, 4: domain.StatusStopped} {
		id := domain.TaskID(r.ids[fmt.Sprint("tasks/", recorded)])
		for _, next := range []domain.TaskStatus{domain.StatusStarting, domain.StatusRunning, status} {
			_, err := r.store.Tasks().Update(r.t.Context(), id, func(t *domain.Task) error {
				now := time.Now().UTC()
				t.Status, t.Start = next, &now
				if next == status {
					t.End = &now
				}
				return nil
			})
			if err != nil && next == status {
				r.t.Errorf("finish task %d: %v", recorded, err)
			}
		}
	}
}

// project makes a project with a key, and a member if name is not "".
func (r *replay) project(recorded int, name string, key map[string]any, keyID int, member string) {
	w := r.must(exchange{Method: "POST", Path: "/api/projects", As: "admin", Body: map[string]any{"name": name}})
	r.learn(exchange{Path: "/api/projects", IDs: [][2]any{{float64(recorded), ""}}}, w.Body.Bytes())
	key["project_id"] = float64(recorded)
	at := fmt.Sprintf("/api/project/%d", recorded)
	w = r.must(exchange{Method: "POST", Path: at + "/keys", As: "admin", Body: key})
	r.learn(exchange{Path: at + "/keys", IDs: [][2]any{{float64(keyID), ""}}}, w.Body.Bytes())
	if member != "" {
		user := map[string]float64{"manager1": 3, "runner1": 4}[member]
		role := map[string]string{"manager1": "manager", "runner1": "guest"}[member]
		r.must(exchange{Method: "POST", Path: at + "/users", As: "admin", Body: map[string]any{"user_id": user, "role": role}})
	}
}

// secret notes which of our secrets stands for the only one of a variable group.
func (r *replay) secret(project, group, recorded int) {
	w := r.must(exchange{Method: "GET", Path: fmt.Sprintf("/api/project/%d/environment/%d", project, group), As: "admin"})
	var e struct{ Secrets []struct{ ID int64 } }
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || len(e.Secrets) != 1 {
		r.t.Fatalf("variable group %d: %v %s", group, err, w.Body)
	}
	r.ids[fmt.Sprintf("keys/%d", recorded)] = e.Secrets[0].ID
}

// learn notes which of our objects stands for which recorded one: the only one,
// or the one with the same name.
func (r *replay) learn(e exchange, body []byte) {
	var objects []map[string]any
	if json.Unmarshal(body, &objects) != nil {
		var one map[string]any
		if json.Unmarshal(body, &one) != nil || len(e.IDs) != 1 {
			return
		}
		objects = []map[string]any{one}
	}
	kind := collection(e.Path)
	for _, pair := range e.IDs {
		for _, o := range objects {
			name, _ := o["username"].(string)
			for _, member := range []string{"name", "title"} {
				if text, ok := o[member].(string); ok && name == "" {
					name = text
				}
			}
			id, ok := o["id"].(float64)
			if ok && (len(objects) == 1 && len(e.IDs) == 1 || name == pair[1] && name != "") {
				r.ids[fmt.Sprintf("%s/%d", kind, int64(pair[0].(float64)))] = int64(id)
			}
		}
		// Secrets of variable groups are keys.
		if len(objects) == 1 && kind == "environment" {
			if list, ok := objects[0]["secrets"].([]any); ok {
				for i, s := range list {
					recorded := []int64{10, 11}
					if i < len(recorded) && e.Name == "get shows secrets without values" {
						r.ids[fmt.Sprintf("keys/%d", recorded[i])] = int64(s.(map[string]any)["id"].(float64))
					}
				}
			}
		}
	}
}

// unsettled are members that depend on how far a task has come.
var unsettled = map[string]bool{"start": true, "end": true, "build_task": true, "message": true, "environment": true, "arguments": true}

// compare reports what an answer lacks of a shape.
func compare(at string, want, got any) []string {
	switch want := want.(type) {
	case map[string]any:
		if value, ok := want["="]; ok {
			if value != got {
				return []string{fmt.Sprintf("%s is %v, want %v", at, got, value)}
			}
			return nil
		}
		object, ok := got.(map[string]any)
		if !ok {
			return []string{at + " is no object"}
		}
		var problems []string
		for k, shape := range want {
			member, present := object[k]
			if !present {
				if !unsettled[k] {
					problems = append(problems, at+"."+k+" is missing")
				}
				continue
			}
			problems = append(problems, compare(at+"."+k, shape, member)...)
		}
		return problems
	case []any:
		list, ok := got.([]any)
		if !ok {
			return []string{at + " is no list"}
		}
		if len(want) == 0 && len(list) > 0 {
			return []string{fmt.Sprintf("%s has %d entries, want none: %v", at, len(list), list)}
		}
		var problems []string
		for i := range list {
			problems = append(problems, compare(fmt.Sprintf("%s[%d]", at, i), want[0], list[i])...)
		}
		return problems
	case string:
		kind := "other"
		switch got.(type) {
		case bool:
			kind = "bool"
		case float64:
			kind = "number"
		case string:
			kind = "text"
		case nil:
			kind = "null"
		}
		if kind != want && kind != "null" && want != "null" {
			return []string{fmt.Sprintf("%s is %s, want %s", at, kind, want)}
		}
	}
	return nil
}

func readExchanges(t *testing.T) []exchange {
	t.Helper()
	data, err := os.ReadFile("testdata/exchanges.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []exchange
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestReplay(t *testing.T) {
	t.Parallel()
	r := newReplay(t)
	for _, e := range readExchanges(t) {
		r.before(e)
		if e.Status == http.StatusSwitchingProtocols {
			r.upgrade(e)
			continue
		}
		w := r.send(e)
		want := e.Status
		if e.Ours != 0 {
			want = e.Ours
		}
		label := e.Group + ": " + e.Name + " (" + e.Method + " " + e.Path + ")"
		if w.Code != want {
			t.Errorf("%s: got %d %.300s, want %d", label, w.Code, w.Body, want)
			continue
		}
		if w.Code >= 400 && !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") && !strings.Contains(w.Body.String(), `"error":"`) && e.Method != "HEAD" {
			t.Errorf("%s: the failure says nothing: %s", label, w.Body)
		}
		for _, text := range e.Contains {
			if !strings.Contains(w.Body.String(), text) {
				t.Errorf("%s: %s is not in %s", label, text, w.Body)
			}
		}
		for _, text := range e.Without {
			if strings.Contains(w.Body.String(), text) {
				t.Errorf("%s: %s is in %s", label, text, w.Body)
			}
		}
		if got, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";"); e.Type != "" && got != e.Type {
			t.Errorf("%s: got %s, want %s", label, got, e.Type)
		}
		if e.Text != "" && w.Body.String() != e.Text {
			t.Errorf("%s: got %q, want %q", label, w.Body, e.Text)
		}
		if e.Error != "" && !strings.Contains(w.Body.String(), `"error":"`+e.Error+`"`) {
			t.Errorf("%s: got %s, want the error %s", label, w.Body, e.Error)
		}
		if e.Shape != nil {
			var got any
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Errorf("%s: %v", label, err)
			}
			for _, p := range compare("answer", e.Shape, got) {
				if !slices.ContainsFunc(e.Members, func(member string) bool { return strings.HasPrefix(p, "answer."+member+" ") }) {
					t.Errorf("%s: %s", label, p)
				}
			}
		}
		r.after(e, w)
		if got, want := r.order(e, w.Body.Bytes()); e.Shape != nil && !slices.Equal(got, want) && !e.Reordered {
			t.Errorf("%s: got the order %v, want %v", label, got, want)
		}
	}
}

// order returns the identifiers of a list as we give them and as the reference
// does, as far as both have them.
func (r *replay) order(e exchange, body []byte) (got, want []int64) {
	var list []struct{ ID int64 }
	if json.Unmarshal(body, &list) != nil {
		return nil, nil
	}
	byID := true
	for i, pair := range e.IDs {
		byID = byID && (i == 0 || e.IDs[i-1][0].(float64) < pair[0].(float64))
		id, known := r.ids[fmt.Sprintf("%s/%.0f", collection(e.Path), pair[0])]
		if known && slices.ContainsFunc(list, func(o struct{ ID int64 }) bool { return o.ID == id }) {
			want = append(want, id)
		}
	}
	for _, o := range list {
		if slices.Contains(want, o.ID) {
			got = append(got, o.ID)
		}
	}
	if byID { // ours may be others
		slices.Sort(want)
	}
	return got, want
}

// upgrade opens a WebSocket, which takes a connection.
func (r *replay) upgrade(e exchange) {
	r.t.Helper()
	site := httptest.NewServer(r.server)
	defer site.Close()
	request, err := http.NewRequestWithContext(r.t.Context(), e.Method, site.URL+e.Path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	for k, v := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
		"Authorization": "Bearer " + r.tokens["admin"],
	} {
		request.Header.Set(k, v)
	}
	answer, err := site.Client().Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = answer.Body.Close() // the other side notices
	if answer.StatusCode != e.Status {
		r.t.Errorf("%s: %s: got %d", e.Group, e.Name, answer.StatusCode)
	}
}

// after remembers what later exchanges need.
func (r *replay) after(e exchange, w *httptest.ResponseRecorder) {
	for _, c := range w.Result().Cookies() {
		if c.Name == "semaphore" && c.Value != "" {
			r.cookies[signingIn(e)] = c.Value
		}
	}
	if e.Method != "DELETE" && w.Code < 300 {
		r.learn(e, w.Body.Bytes())
	}
	switch e.Group + "/" + e.Name {
	case "users/create":
		r.token("owner1", domain.UserID(r.ids["users/2"]))
	case "team/role of a global admin who is not a member":
		r.must(exchange{Method: "POST", Path: "/api/project/1/users", As: "owner1", Body: map[string]any{"user_id": 1.0, "role": "owner"}})
	case "tokens/create":
		var token struct{ ID string }
		if json.Unmarshal(w.Body.Bytes(), &token) == nil {
			r.tokens["admin"] = token.ID
		}
	case "tokens/create second, body ignored":
		var token struct{ ID string }
		if json.Unmarshal(w.Body.Bytes(), &token) == nil {
			r.tokens["second"] = token.ID[:8]
		}
	case "totp/enable":
		var factor struct {
			URL          string `json:"url"`
			RecoveryCode string `json:"recovery_code"`
		}
		if json.Unmarshal(w.Body.Bytes(), &factor) == nil {
			_, r.said["<totp-secret>"], _ = strings.Cut(factor.URL, "secret=")
			r.said["<recovery-code>"] = factor.RecoveryCode
		}
	case "integrations/alias create", "integrations/project alias create":
		var alias struct{ URL string }
		if json.Unmarshal(w.Body.Bytes(), &alias) == nil {
			which := map[string]string{"alias create": "<alias-1>", "project alias create": "<alias-2>"}[e.Name]
			r.said[which] = path.Base(alias.URL)
		}
	}
}

// The tables of README.md are made together with the list.
func TestReadme_NamesEveryDifference(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range readExchanges(t) {
		if row := "| " + e.Group + ": " + e.Name + " |"; e.Why != "" && !strings.Contains(string(readme), row) {
			t.Errorf("README.md lacks %q; run record", row)
		}
		if e.Why == "" && (e.Ours != 0 || e.Reordered || len(e.Members)+len(e.Contains)+len(e.Without) > 0) {
			t.Errorf("%s: %s differs without a reason", e.Group, e.Name)
		}
	}
}
