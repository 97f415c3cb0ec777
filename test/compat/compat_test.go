// Package compat replays exchanges recorded with the reference against a
// server of ours; README.md tells what is compared and what differs.
package compat

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"signalbox/internal/auth"
	"signalbox/internal/catalog"
	"signalbox/internal/domain"
	"signalbox/internal/httpapi"
	"signalbox/internal/job"
	"signalbox/internal/live"
	"signalbox/internal/secrets"
	"signalbox/internal/store/sqlstore"
	"signalbox/internal/tasks"
)

const password = "<password>-0123456789"

type exchange struct {
	Group, Name, Method, Path string
	As                        string
	Headers                   map[string]string
	Body                      any
	Status                    int
	Ours                      int    // our status where it is meant to differ
	Why                       string // the reason for a difference
	Shape                     any
	IDs                       [][2]any
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
	t      *testing.T
	server *httpapi.Server
	auth   *auth.Service
	tokens map[string]string
	cookie string
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
	a, err := auth.New(auth.Config{Store: db, CookieKey: []byte(strings.Repeat("k", 32)), Cost: auth.Cost{Memory: 64, Passes: 1, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	ring, err := secrets.New(secrets.GenerateKey())
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.New(catalog.Deps{Store: db, Sealer: secrets.NewSources(ring, nil), Passwords: a, Demo: catalog.NewDemoFiles(t.TempDir())})
	if err != nil {
		t.Fatal(err)
	}
	bus := live.NewBus()
	service := tasks.New(tasks.Deps{
		Store: db, Sealer: ring, Keys: ring, Live: bus, Queries: idle{}, Now: time.Now,
		Settings: tasks.Settings{Apps: c.Apps},
	})
	service.Connect(idle{})
	server, err := httpapi.New(httpapi.Deps{Store: db, Auth: a, Catalog: c, Tasks: service, Live: bus})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	r := &replay{t: t, server: server, auth: a, tokens: map[string]string{}, ids: map[string]int64{}}
	for i, name := range []string{"admin", "manager1", "runner1", "guest1", "outsider1", "totp1"} {
		recorded := []int{1, 3, 4, 5, 6, 7}[i]
		hash, err := a.Hash(t.Context(), password)
		if err != nil {
			t.Fatal(err)
		}
		u := domain.User{Created: time.Now(), Username: name, Name: name, Email: name + "@example.test", PasswordHash: hash, Admin: name == "admin"}
		if err := db.Users().Create(t.Context(), &u); err != nil {
			t.Fatal(err)
		}
		r.ids[fmt.Sprint("users/", recorded)] = int64(u.ID)
		r.token(name, u.ID)
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
	pathID = regexp.MustCompile(`(project|keys|repositories|inventory|environment|templates|views|users|tasks)/(\d+)`)
	// kinds tells which objects the members of a body refer to.
	kinds = map[string]string{
		"project_id": "project", "ssh_key_id": "keys", "become_key_id": "keys", "vault_key_id": "keys",
		"repository_id": "repositories", "inventory_id": "inventory", "environment_id": "environment",
		"template_id": "templates", "build_template_id": "templates", "view_id": "views", "user_id": "users",
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
		return strings.NewReplacer("<password>", password, "<new password>", password).Replace(v)
	}
	return v
}

func collection(path string) string {
	parts := strings.Split(strings.Trim(strings.SplitN(path, "?", 2)[0], "/"), "/")
	for i := len(parts) - 1; i >= 0; i-- {
		for _, kind := range []string{"keys", "repositories", "inventory", "environment", "templates", "views", "users", "tasks"} {
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
		v = strings.ReplaceAll(v, "<session-cookie of admin>", r.cookie)
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

// before does what the recording did without writing it down.
func (r *replay) before(e exchange) {
	launch := func(template, recorded int) {
		w := r.send(exchange{Method: "POST", Path: "/api/project/1/tasks", As: "runner1", Body: map[string]any{"template_id": float64(template)}})
		r.learn(exchange{Path: "/api/project/1/tasks", IDs: [][2]any{{float64(recorded), ""}}}, w.Body.Bytes())
	}
	switch e.Group + "/" + e.Name {
	case "team/add twice":
		for user, role := range map[int]string{3: "manager", 4: "task_runner", 5: "guest"} {
			r.send(exchange{Method: "POST", Path: "/api/project/1/users", As: "admin", Body: map[string]any{"user_id": float64(user), "role": role}})
		}
	case "templates/set description":
		for i, name := range []string{"slow", "fail"} {
			w := r.send(exchange{Method: "POST", Path: "/api/project/1/templates", As: "admin", Body: map[string]any{
				"name": name, "app": "bash", "playbook": name + ".sh", "repository_id": 2.0, "inventory_id": 4.0, "environment_id": 5.0,
			}})
			r.learn(exchange{Path: "/api/project/1/templates", IDs: [][2]any{{float64(13 + i), name}}}, w.Body.Bytes())
		}
	case "tasks/delete an active task":
		launch(13, 6)
	case "tasks/get right after start":
		launch(9, 2)
	case "projects/delete as owner":
		for _, template := range []int{9, 11, 13} {
			r.send(exchange{Method: "POST", Path: fmt.Sprintf("/api/project/1/templates/%d/stop_all_tasks", template), As: "admin", Body: map[string]any{"force": true}})
		}
	}
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

// unsettled are members that depend on how far a task has come, and those of
// parts that are not built yet.
var unsettled = map[string]bool{"start": true, "end": true, "build_task": true, "message": true, "environment": true, "arguments": true, "totp": true}

// compare reports what an answer lacks of a shape.
func compare(at string, want, got any) []string {
	switch want := want.(type) {
	case map[string]any:
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
		if len(want) == 0 || len(list) == 0 {
			return nil
		}
		if _, objects := want[0].(map[string]any); objects && !strings.Contains(at, ".") {
			return nil // members of listed objects vary with the object; single reads pin them
		}
		return compare(at+"[0]", want[0], list[0])
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

func TestReplay(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/exchanges.json")
	if err != nil {
		t.Fatal(err)
	}
	var exchanges []exchange
	if err := json.Unmarshal(data, &exchanges); err != nil {
		t.Fatal(err)
	}
	r := newReplay(t)
	for _, e := range exchanges {
		r.before(e)
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
		if e.Shape != nil {
			var got any
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Errorf("%s: %v", label, err)
			}
			for _, p := range compare("answer", e.Shape, got) {
				t.Errorf("%s: %s", label, p)
			}
		}
		r.after(e, w)
	}
}

// after remembers what later exchanges need.
func (r *replay) after(e exchange, w *httptest.ResponseRecorder) {
	for _, c := range w.Result().Cookies() {
		if c.Name == "semaphore" && c.Value != "" {
			r.cookie = c.Value
		}
	}
	if e.Method != "DELETE" && w.Code < 300 {
		r.learn(e, w.Body.Bytes())
	}
	switch e.Group + "/" + e.Name {
	case "users/create":
		r.token("owner1", domain.UserID(r.ids["users/2"]))
	case "tokens/create second, body ignored":
		var token struct{ ID string }
		if json.Unmarshal(w.Body.Bytes(), &token) == nil {
			r.tokens["second"] = token.ID[:8]
		}
	case "auth/old cookie after logout":
		r.cookie = "gone"
	}
}
