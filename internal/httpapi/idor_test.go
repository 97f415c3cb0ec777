package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"signalbox/internal/domain"
	"signalbox/internal/httpapi"
)

// crossing sends requests of a member of one project that name objects of
// another.
type crossing struct {
	*world
	other *world
	spec  openAPI
	task  int64 // of the other project
	vault int64 // of the other project
	count int
}

// openAPI is what the test reads of the description.
type openAPI struct {
	Paths map[string]map[string]struct {
		RequestBody struct {
			Content map[string]struct{ Schema schema }
		} `json:"requestBody"`
		Parameters []struct{ Name, In string }
	}
	Components struct{ Schemas map[string]schema }
}

type schema struct {
	Ref        string `json:"$ref"`
	Type       any    // a name, or a list of names
	Properties map[string]schema
	Items      *schema
	Enum       []any
}

// TestNothingCrossesProjects takes every identifier in path, query and body of
// every route and replaces it, one at a time, by that of an object of a project
// that the caller is not in. Nothing of that project is changed or shown.
func TestNothingCrossesProjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	x := &crossing{world: w, other: w.otherWorld()}
	w.do("owner", "GET", "/api/openapi.json", nil).json(t, &x.spec)
	w.launch()
	x.task = w.must("stranger", "POST", x.other.path("/tasks"), object{"template_id": x.other.template})
	x.makeVault()
	shown := x.everythingOfTheOther()
	if !strings.Contains(shown, "foreign-login") || !strings.Contains(shown, "foreign-invited") {
		t.Fatalf("the other project shows nothing to look for: %s", shown)
	}
	for _, rt := range w.server.Routes() {
		if rt.ID == "openWebSocket" || rt.ID == "logout" {
			continue
		}
		x.tryPath(rt)
		x.tryQuery(rt)
		x.tryBody(rt)
	}
	if x.count < 200 {
		t.Errorf("only %d identifiers were replaced: the test misses most of them", x.count)
	}
	if after := x.everythingOfTheOther(); after != shown {
		was := strings.Split(shown, "\n")
		for i, line := range strings.Split(after, "\n") {
			if i >= len(was) || line != was[i] {
				t.Errorf("the other project has changed: got %s", line)
			}
		}
	}
}

// makeVault puts a vault into a template of the other project.
func (x *crossing) makeVault() {
	body := x.other.templateBody(object{"name": "foreign-vault", "vaults": []object{{"type": "password", "name": "foreign-v", "vault_key_id": x.other.key}}})
	id := x.must("stranger", "POST", x.other.path("/templates"), body)
	var tpl struct{ Vaults []struct{ ID int64 } }
	x.do("stranger", "GET", x.other.path(fmt.Sprintf("/templates/%d", id)), nil).json(x.t, &tpl)
	x.vault = tpl.Vaults[0].ID
}

// everythingOfTheOther is all that an administrator reads in the other project.
func (x *crossing) everythingOfTheOther() string {
	var all strings.Builder
	for _, rt := range x.server.Routes() {
		if rt.Method != http.MethodGet || !rt.Action.InProject() {
			continue
		}
		path := x.fillOther(rt.Path)
		// How many tasks wait on the whole server is part of why one waits, and
		// reading a backup is an event.
		if strings.Contains(path, "/events") || strings.HasSuffix(path, "/audit") || rt.ID == "explainTask" {
			continue
		}
		if got := x.do("admin", "GET", "/api"+path, nil); got.Code == 200 {
			fmt.Fprintln(&all, path, got.Body)
		}
	}
	return all.String()
}

func (x *crossing) fillOther(path string) string {
	return fill(strings.ReplaceAll(path, "{task_id}", fmt.Sprint(x.task)), x.other)
}

// foreign returns the identifier in the other project that a name stands for.
// collection is the part of the path before it, for names that say little.
func (x *crossing) foreign(rt httpapi.Route, name string) (int64, bool) {
	o := x.other
	ids := map[string]int64{
		"project_id": o.project, "key_id": o.key, "ssh_key_id": o.key, "become_key_id": o.key, "vault_key_id": o.key, "auth_secret_id": o.key,
		"repository_id": o.repository, "inventory_id": o.inventory, "environment_id": o.group, "environment_ids": o.group,
		"template_id": o.template, "build_template_id": o.template, "view_id": o.view, "host_config_id": o.host, "task_id": x.task,
		"build_task_id": x.task, "user_id": int64(o.users["stranger"].ID), "permission_id": o.permission, "invite_id": o.invite,
		"vaults.id": x.vault, "secrets.id": o.groupSecret(), "object_id": o.template,
		"schedule_id": o.schedule, "integration_id": o.integration, "matcher_id": o.matcher, "value_id": o.value, "alias_id": o.alias, "runner_id": o.runner,
	}
	if name == "id" {
		params := strings.Split(rt.Path, "{")
		name = strings.TrimSuffix(params[len(params)-1], "}")
		if !strings.HasSuffix(rt.Path, "}") {
			return o.key, true // a new object: the server gives it its own
		}
	}
	id, ok := ids[name]
	if !ok && strings.HasSuffix(name, "id") {
		x.t.Errorf("%s %s: the test does not know what %s names; add it to foreign", rt.Method, rt.Path, name)
	}
	return id, ok
}

// groupSecret is the identifier of the secret in the variable group.
func (w *world) groupSecret() int64 {
	var group struct{ Secrets []struct{ ID int64 } }
	w.do("admin", "GET", w.path(fmt.Sprintf("/environment/%d", w.group)), nil).json(w.t, &group)
	return group.Secrets[0].ID
}

// attempt sends a request and makes sure that the other project stays as it is
// and hidden. harmless says why the request may succeed all the same.
func (x *crossing) attempt(rt httpapi.Route, what, path string, body any, harmless bool) {
	x.t.Helper()
	x.count++
	ctx, p := x.t.Context(), domain.ProjectID(x.other.project)
	before, err := x.store.Revision(ctx, p)
	if err != nil {
		x.t.Fatal(err)
	}
	got := x.do("owner", rt.Method, "/api"+path, body)
	after, err := x.store.Revision(ctx, p)
	if err != nil {
		x.t.Fatal(err)
	}
	text := got.Body.String()
	switch {
	case after != before:
		x.t.Errorf("%s %s with %s: changed the other project; answered %d %s", rt.Method, path, what, got.Code, text)
	case strings.Contains(text, "foreign"):
		x.t.Errorf("%s %s with %s: shows the other project: %d %s", rt.Method, path, what, got.Code, text)
	case got.Code < 300 && !harmless, got.Code >= 500:
		x.t.Errorf("%s %s with %s: got %d %s, want it refused", rt.Method, path, what, got.Code, text)
	}
}

func (x *crossing) tryPath(rt httpapi.Route) {
	if !rt.Action.InProject() {
		return
	}
	for _, part := range strings.Split(rt.Path, "/") {
		name := strings.Trim(part, "{}")
		if name == part || !strings.HasSuffix(name, "_id") {
			if name == "slug" {
				x.attempt(rt, name, fill(strings.ReplaceAll(rt.Path, part, x.other.role), x.world), x.body(rt, nil), false)
			}
			continue
		}
		id, ok := x.foreign(rt, name)
		if !ok {
			continue
		}
		body := x.body(rt, nil)
		if object, isObject := body.(object); isObject && strings.HasSuffix(rt.Path, part) && object["id"] != nil {
			object["id"] = id
		}
		// Taking away what is not there is fine for clients of the reference.
		harmless := rt.ID == "removeTemplatePermission" && name == "permission_id" || rt.Method == http.MethodDelete && name == "alias_id"
		x.attempt(rt, name, fill(strings.ReplaceAll(rt.Path, part, fmt.Sprint(id)), x.world), body, harmless)
	}
}

func (x *crossing) tryQuery(rt httpapi.Route) {
	if rt.Method != http.MethodGet {
		return
	}
	for _, q := range rt.Query {
		id := x.task
		if strings.HasSuffix(q.Name, "_id") {
			var ok bool
			if id, ok = x.foreign(rt, q.Name); !ok {
				continue
			}
		} else if q.Name != "before" && q.Name != "after" {
			continue
		}
		// A filter that matches nothing is answered with an empty list.
		x.attempt(rt, "query "+q.Name, fill(rt.Path, x.world)+"?"+q.Name+"="+strconv.FormatInt(id+1, 10), nil, true)
		x.attempt(rt, "query "+q.Name, fill(rt.Path, x.world)+"?"+q.Name+"="+strconv.FormatInt(id, 10), nil, true)
	}
}

func (x *crossing) tryBody(rt httpapi.Route) {
	content, ok := x.spec.Paths[rt.Path][strings.ToLower(rt.Method)].RequestBody.Content["application/json"]
	if !ok || !rt.Action.InProject() {
		return
	}
	var places [][]string
	x.identifiers(content.Schema, nil, &places, 0)
	if len(places) == 0 {
		return
	}
	path := fill(rt.Path, x.world)
	if sample, known := samples[rt.ID]; known {
		// As it is the request must work, or replacing something shows nothing.
		if got := x.do("owner", rt.Method, "/api"+path, x.fillSample(rt, sample)); got.Code >= 300 {
			x.t.Errorf("%s %s: the sample does not work: %d %s", rt.Method, rt.Path, got.Code, got.Body)
		}
	}
	for _, place := range places {
		name := place[len(place)-1]
		if name == "id" && len(place) > 1 {
			name = place[0] + ".id"
		}
		id, ok := x.foreign(rt, name)
		if !ok {
			continue
		}
		// The address wins over these, and new objects and their parts get their own
		// ids; users belong to no project.
		creates := !strings.HasSuffix(rt.Path, "}")
		harmless := len(place) == 1 && name == "project_id" || creates && place[len(place)-1] == "id" || name == "user_id"
		x.attempt(rt, strings.Join(place, "."), path, x.body(rt, &replacement{place, id}), harmless)
	}
	if rt.ID == "setViewPositions" {
		x.attempt(rt, "a key", path, object{fmt.Sprint(x.other.view): 3}, false)
	}
}

// identifiers finds the places in a body where identifiers are.
func (x *crossing) identifiers(s schema, at []string, into *[][]string, depth int) {
	if name := strings.TrimPrefix(s.Ref, "#/components/schemas/"); name != s.Ref {
		s = x.spec.Components.Schemas[name]
	}
	if depth > 6 {
		return
	}
	if s.Items != nil {
		x.identifiers(*s.Items, at, into, depth+1)
		return
	}
	for name, p := range s.Properties {
		place := append(slices.Clone(at), name)
		if name == "id" || strings.HasSuffix(name, "_id") || strings.HasSuffix(name, "_ids") {
			*into = append(*into, place)
			continue
		}
		x.identifiers(p, place, into, depth+1)
	}
}

// replacement puts an identifier into one place of a body.
type replacement struct {
	place []string
	id    int64
}

// body is a body for a route: the sample if there is one, or else whatever has
// only what is replaced. nil where the route takes none.
func (x *crossing) body(rt httpapi.Route, r *replacement) any {
	if rt.Method == http.MethodGet || rt.Method == http.MethodDelete {
		return nil
	}
	body := object{}
	if sample, ok := samples[rt.ID]; ok {
		body = x.fillSample(rt, sample)
	}
	if r != nil {
		put(body, r.place, r.id)
		if r.place[0] == "build_template_id" {
			body["type"] = "deploy" // elsewhere it is dropped
		}
	}
	return body
}

// put sets a field, making the lists and objects on the way.
func put(in object, place []string, id int64) {
	name := place[0]
	switch {
	case len(place) > 1:
		inner, _ := in[name].(object)
		if list, ok := in[name].([]any); ok && len(list) > 0 {
			inner, _ = list[0].(object)
		}
		if inner == nil {
			inner = object{}
			in[name] = []any{inner}
			if name != "vaults" && name != "secrets" && name != "survey_vars" {
				in[name] = inner
			}
		}
		put(inner, place[1:], id)
	case strings.HasSuffix(name, "_ids"):
		in[name] = []any{id}
		delete(in, strings.TrimSuffix(name, "s")) // which would win
	default:
		in[name] = id
	}
}

// samples are bodies that work, by operation. $name is an identifier of the
// caller's project, $n a number that is new each time.
var samples = map[string]string{ //nolint:gochecknoglobals // a table
	"createKey":              `{"name":"k$n","type":"none","project_id":$project}`,
	"replaceKey":             `{"id":$key,"name":"k$n","type":"login_password","project_id":$project}`,
	"createRepository":       `{"name":"r$n","project_id":$project,"git_url":"https://x.test/r.git","git_branch":"main","ssh_key_id":$key}`,
	"replaceRepository":      `{"id":$repository,"name":"r$n","project_id":$project,"git_url":"https://x.test/r.git","git_branch":"main","ssh_key_id":$key}`,
	"createInventory":        `{"name":"i$n","project_id":$project,"type":"static","inventory":"h","ssh_key_id":$key,"become_key_id":$key}`,
	"replaceInventory":       `{"id":$inventory,"name":"i$n","project_id":$project,"type":"static","inventory":"h","ssh_key_id":$key}`,
	"createVariableGroup":    `{"name":"g$n","project_id":$project,"json":"{}","secrets":[{"type":"env","name":"A","secret":"x","operation":"create"}]}`,
	"replaceVariableGroup":   `{"id":$group,"name":"g$n","project_id":$project,"json":"{}","secrets":[{"id":$secret,"type":"env","name":"TOKEN","operation":"update"}]}`,
	"createTemplate":         `{"name":"t$n","project_id":$project,"app":"bash","playbook":"x.sh","repository_id":$repository,"inventory_id":$inventory,"environment_id":$group,"view_id":$view,"vaults":[{"type":"password","name":"v","vault_key_id":$key}]}`,
	"replaceTemplate":        `{"id":$template,"name":"t$n","project_id":$project,"app":"bash","playbook":"x.sh","repository_id":$repository,"inventory_id":$inventory,"environment_id":$group,"view_id":$view}`,
	"createView":             `{"title":"v$n","project_id":$project}`,
	"replaceView":            `{"id":$view,"title":"v$n","project_id":$project}`,
	"createHostConfig":       `{"type":"url","host":"https://h$n.test","ssh_key_id":$key}`,
	"createTask":             `{"template_id":$template}`,
	"replaceProject":         `{"id":$project,"name":"World"}`,
	"setTemplateDescription": `{"description":"d"}`,
}

func (x *crossing) fillSample(rt httpapi.Route, sample string) object {
	x.count++
	text := strings.NewReplacer(
		"$n", fmt.Sprint(x.count), "$project", fmt.Sprint(x.project), "$key", fmt.Sprint(x.key), "$repository", fmt.Sprint(x.repository),
		"$inventory", fmt.Sprint(x.inventory), "$group", fmt.Sprint(x.group), "$view", fmt.Sprint(x.view), "$template", fmt.Sprint(x.template),
		"$secret", fmt.Sprint(x.world.groupSecret()),
	).Replace(sample)
	var body object
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		x.t.Fatalf("sample of %s: %v", rt.ID, err)
	}
	return body
}
