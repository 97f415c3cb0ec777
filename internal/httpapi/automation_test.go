package httpapi_test

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/httpapi"
	"signalbox/internal/store"
)

// refused is a request that must be answered with a status and words about a
// field.
type refused struct {
	method, path string
	body         any
	status       int
	about        string
}

func (w *world) refuse(cases []refused) {
	w.t.Helper()
	for _, c := range cases {
		before := w.dump()
		got := w.do("owner", c.method, w.path(c.path), c.body)
		if got.Code != c.status || !strings.Contains(got.Body.String(), c.about) || !strings.Contains(got.Body.String(), `"error":"`) {
			w.t.Errorf("%s %s %v: got %d %s, want %d about %q", c.method, c.path, c.body, got.Code, got.Body, c.status, c.about)
		}
		if w.dump() != before {
			w.t.Errorf("%s %s %v changed something", c.method, c.path, c.body)
		}
	}
}

func TestSchedules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.advance(time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC).Sub(w.clock.Now()))
	other := w.must("admin", "POST", "/api/projects", object{"name": "Other"})
	foreign := w.must("admin", "POST", fmt.Sprintf("/api/project/%d/inventory", other), object{"name": "i", "project_id": other, "type": "static", "inventory": "h"})
	playbook := w.must("owner", "POST", w.path("/templates"), w.templateBody(object{
		"name": "play", "app": "ansible", "playbook": "site.yml", "task_params": object{"allow_override_limit": true},
		"survey_vars": []object{{"name": "WHO", "title": "Who", "required": true}, {"name": "PIN", "title": "Pin", "type": "secret"}},
	}))
	cron := func(change object) object {
		body := object{"template_id": playbook, "cron_format": "0 3 * * *", "name": "n", "active": true, "task_params": object{"environment": `{"WHO":"me"}`}}
		for k, v := range change {
			body[k] = v
		}
		return body
	}
	got := w.do("owner", "POST", w.path("/schedules"), cron(object{"task_params": object{"environment": `{"WHO":"me"}`, "params": object{"limit": []string{"a"}}, "inventory_id": w.inventory, "message": ""}}))
	id := w.schedule + 1
	want := fmt.Sprintf(`{"id":%d,"project_id":%d,"template_id":%d,"cron_format":"0 3 * * *","name":"n","active":true,"type":"","delete_after_run":false,"repository_id":null,"task_params":{"environment":"{\"WHO\":\"me\"}","inventory_id":%d,"params":{"limit":["a"]}},"next_run":"2030-01-02T03:00:00Z"}`, id, w.project, playbook, w.inventory)
	if got.Code != 201 || got.Body.String() != want {
		t.Errorf("create: got %d %s, want %s", got.Code, got.Body, want)
	}
	one := fmt.Sprintf("/schedules/%d", id)
	if text := w.do("guest", "GET", w.path(one), nil).Body.String(); text != want {
		t.Errorf("read: got %s, want %s", text, want)
	}
	checker := w.must("owner", "POST", w.path("/schedules"), object{"template_id": w.template, "cron_format": "@every 1h", "repository_id": w.repository, "active": true})
	once := w.must("owner", "POST", w.path("/schedules"), object{"template_id": w.template, "type": "run_at", "run_at": "2030-01-01T13:30:00+01:00", "name": "once"})
	w.refuse([]refused{
		{"POST", "/schedules", cron(object{"template_id": 9999}), 400, "template_id"},
		{"POST", "/schedules", cron(object{"cron_format": "nope"}), 400, "cron_format"},
		{"POST", "/schedules", cron(object{"type": "zzz"}), 400, `"type"`},
		{"POST", "/schedules", cron(object{"repository_id": 9999}), 400, "repository_id"},
		{"POST", "/schedules", object{"template_id": w.template, "type": "run_at"}, 400, "run_at"},
		{"POST", "/schedules", object{"template_id": w.template, "type": "run_at", "run_at": "2030-01-01T12:00:00Z"}, 400, "run_at"},
		{"POST", "/schedules", cron(object{"task_params": object{"inventory_id": foreign}}), 400, "task_params.inventory_id"},
		{"POST", "/schedules", cron(object{"task_params": object{"environment": `[]`}}), 400, "task_params.environment"},
		{"POST", "/schedules", cron(object{"task_params": nil}), 400, "task_params.environment.WHO"},
		{"POST", "/schedules", cron(object{"task_params": object{"environment": `{"WHO":"me","PIN":"1234"}`}}), 400, "task_params.environment.PIN"},
		{"POST", "/schedules", cron(object{"task_params": object{"environment": `{"WHO":"me"}`, "git_branch": "dev"}}), 400, "task_params.git_branch"},
		{"POST", "/schedules", cron(object{"task_params": object{"environment": `{"WHO":"me"}`, "arguments": `["-v"]`}}), 400, "task_params.arguments"},
		{"POST", "/schedules", cron(object{"task_params": object{"environment": `{"WHO":"me"}`, "params": object{"tags": []string{"a"}}}}), 400, "task_params.params.tags"},
		{"PUT", one, cron(object{"id": 77}), 400, `"id"`},
		{"PUT", one, cron(object{"id": id, "project_id": other}), 400, "project_id"},
		{"PUT", one, cron(object{"id": id, "project_id": w.project, "cron_format": ""}), 400, "cron_format"},
		{"GET", "/schedules/9999", nil, 404, "schedule"},
		{"DELETE", "/schedules/9999", nil, 404, "schedule"},
		{"POST", "/schedules/validate", object{"cron_format": "99 * * * *"}, 400, "99"},
	})
	if got := w.do("owner", "POST", w.path("/schedules/validate"), object{"cron_format": "*/5 * * * *"}); got.Code != 200 || got.Body.Len() != 0 {
		t.Errorf("validate: got %d %q, want 200 and nothing", got.Code, got.Body)
	}
	if got := w.do("admin", "GET", fmt.Sprintf("/api/project/%d%s", other, one), nil); got.Code != 404 {
		t.Errorf("through another project: got %d, want 404", got.Code)
	}
	// Its time has come, and it can be kept but not set to another past time.
	w.clock.advance(24 * time.Hour)
	put := object{"id": once, "project_id": w.project, "template_id": w.template, "type": "run_at", "run_at": "2030-01-01T12:30:00Z", "name": "renamed"}
	w.must("owner", "PUT", w.path(fmt.Sprintf("/schedules/%d", once)), put)
	put["run_at"] = "2030-01-01T12:30:01Z"
	w.refuse([]refused{{"PUT", fmt.Sprintf("/schedules/%d", once), put, 400, "run_at"}})

	w.must("manager", "PUT", w.path(one+"/active"), object{"active": false})
	var list, all []struct {
		ID      int64
		Active  bool
		TplName string `json:"tpl_name"`
		NextRun string `json:"next_run"`
	}
	w.do("guest", "GET", w.path("/schedules"), nil).json(t, &list)
	if len(list) != 3 || list[1].ID != id || list[1].Active || list[1].NextRun != "" || list[1].TplName != "play" {
		t.Errorf("got %+v", list)
	}
	w.do("guest", "GET", w.path(fmt.Sprintf("/templates/%d/schedules", w.template)), nil).json(t, &all)
	if len(all) != 3 || all[1].ID != checker {
		t.Errorf("of the template: got %+v, want the checker too", all)
	}
	w.must("owner", "DELETE", w.path(one), nil)
	w.wrote(domain.ObjectSchedule, "create", "create", "create", "create", "update", "update", "delete")
}

func TestSchedulePreview(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(d *httpapi.Deps) { d.Info.ScheduleTimezone = "Asia/Tokyo" })
	w.clock.advance(time.Date(2030, 3, 30, 12, 0, 0, 0, time.UTC).Sub(w.clock.Now()))
	for _, c := range []struct{ cron, want string }{
		// Clocks go forward on the 31st at 01:00 UTC.
		{"TZ=Europe/Berlin 30 2 * * *", `{"timezone":"Europe/Berlin","runs":["2030-03-31T01:00:00Z","2030-04-01T00:30:00Z","2030-04-02T00:30:00Z","2030-04-03T00:30:00Z","2030-04-04T00:30:00Z"]}`},
		{"0 9 1 * *", `{"timezone":"Asia/Tokyo","runs":["2030-04-01T00:00:00Z","2030-05-01T00:00:00Z","2030-06-01T00:00:00Z","2030-07-01T00:00:00Z","2030-08-01T00:00:00Z"]}`},
		{"0 0 30 2 *", `{"timezone":"Asia/Tokyo","runs":[]}`},
	} {
		got := w.do("guest", "GET", w.path("/schedules/preview?cron_format="+url.QueryEscape(c.cron)), nil)
		if got.Code != 200 || got.Body.String() != c.want {
			t.Errorf("%s: got %d %s, want %s", c.cron, got.Code, got.Body, c.want)
		}
	}
	w.refuse([]refused{
		{"GET", "/schedules/preview", nil, 400, `"field":"cron_format"`},
		{"GET", "/schedules/preview?cron_format=99+*+*+*+*", nil, 400, "99"},
		{"GET", "/schedules/preview?cron_format=TZ%3DNowhere+*+*+*+*+*", nil, 400, "Nowhere"},
	})
}

// Time that passes is no change by somebody else.
func TestSchedules_IfMatchOutlivesARun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.must("owner", "POST", w.path("/schedules"), object{"template_id": w.template, "cron_format": "@hourly", "active": true})
	one := w.path(fmt.Sprintf("/schedules/%d", id))
	body := object{"id": id, "project_id": w.project, "template_id": w.template, "cron_format": "@daily", "active": true}
	before := w.do("owner", "GET", one, nil)
	w.clock.advance(3 * time.Hour)
	if now := w.do("owner", "GET", one, nil); now.Body.String() == before.Body.String() {
		t.Fatalf("the next run is still %s", now.Body)
	}
	tag := before.Header().Get("Etag")
	if got := w.with("owner", "PUT", one, body, "If-Match", tag); got.Code != 204 {
		t.Errorf("unchanged but for the next run: got %d %s, want 204", got.Code, got.Body)
	}
	if got := w.with("owner", "PUT", one, body, "If-Match", tag); got.Code != 412 {
		t.Errorf("changed meanwhile: got %d %s, want 412", got.Code, got.Body)
	}
}

// wrote compares the actions that were noted about objects of a type.
func (w *world) wrote(object domain.ObjectType, want ...string) {
	w.t.Helper()
	events, err := w.store.Events().List(w.t.Context(), store.EventFilter{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		if e.ObjectType == object {
			got = append([]string{string(e.Action)}, got...)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Errorf("noted about %s: got %v, want %v", object, got, want)
	}
}

func TestIntegrations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(d *httpapi.Deps) { d.WebHost = "https://ci.example.org/" })
	w.must("owner", "PUT", w.path(fmt.Sprintf("/views/%d", w.view)), object{"id": w.view, "project_id": w.project, "title": "Mine"})
	ssh := w.must("owner", "POST", w.path("/keys"), object{"name": "k", "type": "ssh", "project_id": w.project, "ssh": object{"private_key": "hush"}})
	hook := func(change object) object {
		body := object{"name": "hook2", "project_id": w.project, "template_id": w.template}
		for k, v := range change {
			body[k] = v
		}
		return body
	}
	got := w.do("owner", "POST", w.path("/integrations"), hook(object{
		"auth_method": "token", "auth_header": "X-Token", "auth_secret_id": w.key, "searchable": true, "task_params": object{"message": "hooked", "params": object{}},
	}))
	id := w.integration + 1
	want := fmt.Sprintf(`{"id":%d,"name":"hook2","project_id":%d,"template_id":%d,"auth_method":"token","auth_secret_id":%d,"auth_header":"X-Token","searchable":true,"task_params":{"message":"hooked"}}`, id, w.project, w.template, w.key)
	if got.Code != 201 || got.Body.String() != want {
		t.Errorf("create: got %d %s, want %s", got.Code, got.Body, want)
	}
	one := fmt.Sprintf("/integrations/%d", id)
	part := fmt.Sprintf("/integrations/%d", w.integration)
	if text := w.do("guest", "GET", w.path(one), nil).Body.String(); text != want {
		t.Errorf("read: got %s", text)
	}
	matcher := w.do("owner", "POST", w.path(one+"/matchers"), object{"integration_id": id, "name": "m1", "match_type": "body", "method": "equals", "body_data_type": "json", "key": "ref", "value": "main"})
	if matcher.Code != 200 {
		t.Errorf("matcher: got %d %s, want 200", matcher.Code, matcher.Body)
	}
	other := fmt.Sprintf("%s/matchers/%d", part, w.matcher+1)
	value := fmt.Sprintf("%s/values/%d", part, w.value)
	w.refuse([]refused{
		{"POST", "/integrations", hook(object{"project_id": 0}), 400, "project_id"},
		{"POST", "/integrations", hook(object{"name": ""}), 400, "name"},
		{"POST", "/integrations", hook(object{"template_id": 9999}), 400, "template_id"},
		{"POST", "/integrations", hook(object{"auth_method": "magic"}), 400, "auth_method"},
		{"POST", "/integrations", hook(object{"auth_method": "basic"}), 400, "auth_secret_id"},
		{"POST", "/integrations", hook(object{"auth_method": "basic", "auth_secret_id": ssh}), 400, "auth_secret_id"},
		{"POST", "/integrations", hook(object{"auth_method": "basic", "auth_secret_id": 9999}), 400, "auth_secret_id"},
		{"POST", "/integrations", hook(object{"task_params": object{"arguments": `["-v"]`}}), 400, "task_params.arguments"},
		{"GET", "/integrations?sort=zzz", nil, 400, "sort"},
		{"PUT", one, hook(object{"id": 77}), 400, `"id"`},
		{"GET", "/integrations/9999", nil, 404, "integration"},
		{"GET", "/integrations/9999/matchers", nil, 404, "integration"},
		{"POST", one + "/matchers", object{"integration_id": w.integration, "name": "m", "match_type": "body", "key": "a", "value": "b"}, 400, "integration_id"},
		{"POST", one + "/matchers", object{"name": "m", "match_type": "body", "key": "a"}, 400, "value"},
		{"GET", other, nil, 404, "matcher"},
		{"PUT", other, object{"name": "m", "match_type": "body", "key": "a", "value": "b"}, 404, "matcher"},
		{"DELETE", other, nil, 404, "matcher"},
		{"GET", part + "/values/9999", nil, 400, "value"},
		{"PUT", value, object{"id": 77, "name": "v"}, 400, `"id"`},
		{"PUT", value, object{"value_source": "body", "body_data_type": ""}, 400, "body_data_type"},
		{"DELETE", fmt.Sprintf("%s/values/%d", one, w.value), nil, 400, "value"},
		{"POST", part + "/values", object{"name": "v1", "key": "who", "variable": "GREETING"}, 400, "value_source"},
		// The key is what callers are checked against.
		{"PUT", fmt.Sprintf("/keys/%d", w.key), object{"id": w.key, "project_id": w.project, "name": "n", "type": "string", "override_secret": true, "string": "x"}, 400, `"users":[{"type":"integration"`},
	})
	w.must("owner", "PUT", w.path(value), object{"variable": "SOMEBODY"})
	if text := w.do("guest", "GET", w.path(value), nil).Body.String(); !strings.Contains(text, `"key":"X-Who","variable":"SOMEBODY"`) {
		t.Errorf("a value that was changed in part: got %s", text)
	}
	if text := w.do("guest", "GET", w.path(part+"/refs"), nil).Body.String(); text != fmt.Sprintf(`{"matchers":[{"id":%d,"name":"m"}],"values":[{"id":%d,"name":"v"}]}`, w.matcher, w.value) {
		t.Errorf("refs: got %s", text)
	}
	address := regexp.MustCompile(`^\{"id":\d+,"url":"https://ci\.example\.org/api/integrations/[0-9a-f]{16}"\}$`)
	ofProject := w.do("owner", "POST", w.path("/integrations/aliases"), nil)
	if ofProject.Code != 200 || !address.MatchString(ofProject.Body.String()) {
		t.Errorf("alias: got %d %s", ofProject.Code, ofProject.Body)
	}
	if list := w.do("guest", "GET", w.path("/integrations/aliases"), nil).Body.String(); list != "["+ofProject.Body.String()+"]" {
		t.Errorf("aliases of the project: got %s", list)
	}
	// That of another integration stays; what is not there is gone.
	for _, path := range []string{fmt.Sprintf("%s/aliases/%d", one, w.alias), "/integrations/aliases/9999", fmt.Sprintf("%s/aliases/%d", one, w.alias)} {
		w.must("owner", "DELETE", w.path(path), nil)
	}
	if n, err := w.store.IntegrationAliases().Count(t.Context(), store.Query{}); err != nil || n != 2 {
		t.Errorf("%d aliases are left, %v, want 2", n, err)
	}
	w.must("owner", "DELETE", w.path(part), nil)
	w.must("owner", "DELETE", w.path(one), nil)
	for name, count := range map[string]int{
		"matchers": w.count(w.store.Matchers().Count(t.Context(), store.Query{})), "values": w.count(w.store.IntegrationValues().Count(t.Context(), store.Query{})),
	} {
		if count != 0 {
			t.Errorf("%d %s are left", count, name)
		}
	}
	w.wrote(domain.ObjectIntegration, "create", "create", "delete", "delete")
	w.wrote(domain.ObjectValue, "create", "update")
	w.wrote(domain.ObjectAlias, "create", "create")
}

func (w *world) count(n int, err error) int {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestRunners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	type runner struct {
		ID         int64
		ProjectID  *int64 `json:"project_id"`
		Name, Tag  string
		Webhook    string
		Tags       []string
		Active     bool
		Registered bool
		Token      string
		PrivateKey string  `json:"private_key"`
		Cleaning   *string `json:"cleaning_requested"`
	}
	for _, c := range []struct{ base, who string }{{"/api/runners", "admin"}, {w.path("/runners"), "owner"}} {
		var made, read runner
		got := w.do(c.who, "POST", c.base, object{"name": "r1", "webhook": "https://r.example.org/wake", "max_parallel_tasks": 2, "active": true, "tag": "t1"})
		got.json(t, &made)
		block, _ := pem.Decode([]byte(made.PrivateKey))
		if got.Code != 201 || len(made.Token) != 44 || block == nil || block.Type != "RSA PRIVATE KEY" || fmt.Sprint(made.Tags) != "[t1]" || made.Tag != "t1" || !made.Registered {
			t.Fatalf("%s: got %d %s", c.base, got.Code, got.Body)
		}
		stored, err := w.store.Runners().Get(t.Context(), domain.RunnerID(made.ID))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(made.Token))
		public, _ := pem.Decode([]byte(stored.PublicKey))
		if stored.TokenHash != hex.EncodeToString(sum[:]) || public == nil || public.Type != "PUBLIC KEY" {
			t.Fatalf("stored %+v", stored)
		}
		private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if key, err2 := x509.ParsePKCS1PublicKey(public.Bytes); err != nil || err2 != nil || !key.Equal(&private.PublicKey) {
			t.Errorf("the keys are no pair: %v %v", err, err2)
		}
		one := fmt.Sprintf("%s/%d", c.base, made.ID)
		body := w.do(c.who, "GET", one, nil)
		body.json(t, &read)
		if text := body.Body.String(); strings.Contains(text, "token") || strings.Contains(text, "private") || strings.Contains(text, "PUBLIC") {
			t.Errorf("a secret shows again: %s", text)
		}
		w.must(c.who, "PUT", one, object{"name": "r1b", "active": true, "tags": []string{"t1", "t2"}})
		// A client of the reference knows one tag only.
		w.must(c.who, "POST", one, object{"name": "r1c", "active": true, "tag": "t1"})
		w.must(c.who, "POST", one+"/active", object{"active": false})
		w.must(c.who, "DELETE", one+"/cache", nil)
		read = runner{}
		w.do(c.who, "GET", one, nil).json(t, &read)
		if read.Name != "r1c" || read.Active || fmt.Sprint(read.Tags) != "[t1 t2]" || read.Cleaning == nil || read.Webhook != "" {
			t.Errorf("after changes: got %+v", read)
		}
		if got := w.do(c.who, "POST", one+"/registration-token", nil); got.Code != 400 {
			t.Errorf("registration token of a registered runner: got %d %s, want 400", got.Code, got.Body)
		}
		var late runner
		w.do(c.who, "POST", c.base, object{"name": "late", "registered": false}).json(t, &late)
		var ticket struct {
			Token    string `json:"registration_token"`
			RunnerID int64  `json:"runner_id"`
		}
		answer := w.do(c.who, "POST", fmt.Sprintf("%s/%d/registration-token", c.base, late.ID), nil)
		answer.json(t, &ticket)
		if answer.Code != 200 || late.Registered || late.Token != "" || ticket.Token == "" || ticket.RunnerID != late.ID {
			t.Errorf("one that registers later: got %+v, then %d %+v", late, answer.Code, ticket)
		}
		for _, bad := range []object{{"webhook": "file:///x"}, {"max_parallel_tasks": -1}, {"tags": "x"}, {"tags": []string{"a\x00"}}} {
			if got := w.do(c.who, "POST", c.base, bad); got.Code != 400 || !strings.Contains(got.Body.String(), `"field":"`) {
				t.Errorf("%v: got %d %s, want 400 naming the field", bad, got.Code, got.Body)
			}
		}
	}
	// Each is reached in its own place only.
	global := w.must("admin", "POST", "/api/runners", object{"name": "g", "webhook": "https://g.example.org", "tags": []string{"t2"}})
	own := w.must("owner", "POST", w.path("/runners"), object{"name": "o", "tags": []string{"t2"}})
	for _, path := range []string{fmt.Sprintf("/api/runners/%d", own), w.path(fmt.Sprintf("/runners/%d", global)), "/api/runners/9999"} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			if got := w.do("admin", method, path, object{}); got.Code != 404 {
				t.Errorf("%s %s: got %d, want 404", method, path, got.Code)
			}
		}
	}
	var all, mine []runner
	w.do("admin", "GET", "/api/runners", nil).json(t, &all)
	w.do("guest", "GET", w.path("/runners"), nil).json(t, &mine)
	if len(all) != 7 || all[0].ID != own || len(mine) != 6 || mine[0].ID != own {
		t.Errorf("got %d of all and %d of the project, first %d and %d", len(all), len(mine), all[0].ID, mine[0].ID)
	}
	for _, r := range mine {
		if r.ProjectID == nil && r.Webhook != "" {
			t.Errorf("a member sees where runner %s of the server is", r.Name)
		}
	}
	for path, want := range map[string]string{
		"/api/runner_tags":     `[{"tag":"t1","number_of_runners":1},{"tag":"t2","number_of_runners":2}]`,
		w.path("/runner_tags"): `[{"tag":"near","number_of_runners":1},{"tag":"t1","number_of_runners":2},{"tag":"t2","number_of_runners":4}]`,
	} {
		if got := w.do("admin", "GET", path, nil).Body.String(); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	w.must("admin", "DELETE", fmt.Sprintf("/api/runners/%d", global), nil)
	if got := w.do("admin", "DELETE", fmt.Sprintf("/api/runners/%d", global), nil); got.Code != 404 {
		t.Errorf("again: got %d, want 404", got.Code)
	}
}

// TestInUse_Automation looks at references from what starts tasks by itself.
func TestInUse_Automation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	repository := w.must("owner", "POST", w.path("/repositories"), object{"name": "watched", "project_id": w.project, "git_url": "https://git.example.test/y.git", "git_branch": "main", "ssh_key_id": w.key})
	inventory := w.must("owner", "POST", w.path("/inventory"), object{"name": "spare", "project_id": w.project, "type": "static", "inventory": "h"})
	key := w.must("owner", "POST", w.path("/keys"), object{"name": "caller", "type": "login_password", "project_id": w.project, "login_password": object{"login": "a", "password": "hush"}})
	playbook := w.must("owner", "POST", w.path("/templates"), w.templateBody(object{"name": "play", "app": "ansible", "playbook": "site.yml", "task_params": object{"allow_override_inventory": true}}))
	watcher := w.must("owner", "POST", w.path("/schedules"), object{"template_id": playbook, "cron_format": "@hourly", "repository_id": repository})
	nightly := w.must("owner", "POST", w.path("/schedules"), object{"name": "spare hosts", "template_id": playbook, "cron_format": "@hourly", "task_params": object{"inventory_id": inventory}})
	hook := w.must("owner", "POST", w.path("/integrations"), object{"name": "call", "project_id": w.project, "template_id": playbook, "auth_method": "github", "auth_secret_id": key, "task_params": object{"inventory_id": inventory}})
	caller := fmt.Sprintf(`{"type":"integration","id":%d,"name":"call"}`, hook)
	uses := map[string]struct{ users, refs string }{
		fmt.Sprintf("/repositories/%d", repository): {
			fmt.Sprintf(`"users":[{"type":"schedule","id":%d,"name":"play"}]`, watcher),
			fmt.Sprintf(`"schedules":[{"id":%d,"name":"play","schedule_id":%d,"schedule_name":"play"}]`, playbook, watcher),
		},
		fmt.Sprintf("/inventory/%d", inventory): {
			fmt.Sprintf(`"users":[%s,{"type":"schedule","id":%d,"name":"spare hosts"}]`, caller, nightly),
			fmt.Sprintf(`"integrations":[{"id":%d,"name":"call"}],"schedules":[{"id":%d,"name":"play","schedule_id":%d,"schedule_name":"spare hosts"}]`, hook, playbook, nightly),
		},
		fmt.Sprintf("/keys/%d", key): {fmt.Sprintf(`"users":[%s]`, caller), fmt.Sprintf(`"integrations":[{"id":%d,"name":"call"}]`, hook)},
	}
	for path, want := range uses {
		got := w.do("owner", "DELETE", w.path(path), nil)
		if body := got.Body.String(); got.Code != 400 || !strings.Contains(body, `"inUse":true`) || !strings.Contains(body, want.users) {
			t.Errorf("delete %s: got %d %s, want 400 with %s", path, got.Code, body, want.users)
		}
		if refs := w.do("guest", "GET", w.path(path+"/refs"), nil).Body.String(); !strings.Contains(refs, want.refs) {
			t.Errorf("refs of %s: got %s, want %s", path, refs, want.refs)
		}
	}
	w.must("owner", "DELETE", w.path(fmt.Sprintf("/templates/%d", playbook)), nil)
	for path := range uses {
		w.must("owner", "DELETE", w.path(path), nil)
	}
}

func TestViews_FilterAndAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := fmt.Sprintf("/views/%d", w.view)
	view := object{"id": w.view, "project_id": w.project, "title": "Mine", "position": 1, "filter": object{"b": 1.0, "a": "x"}}
	w.must("owner", "PUT", w.path(path), view)
	if got := w.do("guest", "GET", w.path(path), nil).Body.String(); !strings.Contains(got, `"filter":{"a":"x","b":1}`) {
		t.Errorf("got %s, want the filter", got)
	}
	all := w.view - 1
	w.refuse([]refused{
		{"POST", "/views", object{"title": "x", "project_id": w.project, "filter": []int{1}}, 400, "filter"},
		{"POST", "/views", object{"title": "x", "project_id": w.project, "filter": object{"a": strings.Repeat("x", 1000)}}, 400, "filter"},
		{"POST", "/views", object{"title": "x", "project_id": w.project, "type": "all"}, 400, "type"},
		{"PUT", path, object{"id": w.view, "project_id": w.project + 1, "title": "x"}, 400, "project_id"},
		{"DELETE", fmt.Sprintf("/views/%d", all), nil, 400, "all templates"},
		{"POST", "/views/positions", object{fmt.Sprint(w.view): 3, "9999": 4}, 404, "view"},
	})
	w.must("owner", "POST", w.path("/views/positions"), object{fmt.Sprint(w.view): 1, fmt.Sprint(all): 7})
	w.wrote(domain.ObjectView, "create", "update", "update")
}
