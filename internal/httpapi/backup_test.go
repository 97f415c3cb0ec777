package httpapi_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// document reads a backup as anybody would.
func (w *world) document(actor string, id int64) object {
	w.t.Helper()
	got := w.do(actor, "GET", fmt.Sprintf("/api/project/%d/backup", id), nil)
	var doc object
	if err := json.Unmarshal(got.Body.Bytes(), &doc); got.Code != 200 || err != nil {
		w.t.Fatalf("backup as %s: got %d %s %v", actor, got.Code, got.Body, err)
	}
	return doc
}

// restore makes a project of a document and returns what the server says.
func (w *world) restore(actor string, doc object, name string) (id int64, warnings []string) {
	w.t.Helper()
	doc["meta"].(object)["name"] = name
	got := w.do(actor, "POST", "/api/projects/restore", doc)
	var out struct {
		ID       int64
		Warnings []string
	}
	if err := json.Unmarshal(got.Body.Bytes(), &out); got.Code != 200 || err != nil {
		w.t.Fatalf("restore: got %d %s %v", got.Code, got.Body, err)
	}
	return out.ID, out.Warnings
}

// complete adds what a world lacks, so that every part of a document has a row.
func (w *world) complete() {
	w.t.Helper()
	ctx, p := w.t.Context(), domain.ProjectID(w.project)
	check := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	inventory, key, template, repository := domain.InventoryID(w.inventory), domain.KeyID(w.key), domain.TemplateID(w.template), domain.RepositoryID(w.repository)
	role := domain.CustomRole{ProjectID: &p, Slug: "ops", Name: "Ops", Permissions: domain.PermRunTasks}
	check(w.store.Roles().Create(ctx, &role))
	check(w.store.Roles().Create(ctx, &domain.CustomRole{Slug: "auditor", Name: "Auditor"}))
	for _, slug := range []domain.Role{"ops", "auditor"} {
		check(w.store.TemplateRoles().Create(ctx, &domain.TemplateRole{ProjectID: p, TemplateID: template, RoleSlug: slug, Permissions: 1}))
	}
	check(w.store.Vaults().Create(ctx, &domain.Vault{ProjectID: p, TemplateID: template, KeyID: &key, Type: "password"}))
	at := w.clock.Now().AddDate(0, 0, 1).UTC()
	text := "by the clock"
	for _, s := range []domain.Schedule{
		{Name: "nightly", CronFormat: "0 3 * * *", Active: true, InventoryID: &inventory, TaskParams: &domain.TaskParams{Message: &text, Params: domain.JSON(`{"debug":true}`)}},
		{Name: "once", Type: domain.ScheduleRunAt, RunAt: &at, DeleteAfterRun: true},
		{Name: "commits", CronFormat: "*/5 * * * *", RepositoryID: &repository},
	} {
		s.ProjectID, s.TemplateID = p, template
		check(w.store.Schedules().Create(ctx, &s))
	}
	n := domain.Integration{ProjectID: p, TemplateID: template, Name: "push", AuthMethod: domain.AuthToken, AuthHeader: "X-Token", AuthSecretID: &key, Searchable: true}
	check(w.store.Integrations().Create(ctx, &n))
	check(w.store.Matchers().Create(ctx, &domain.IntegrationMatcher{ProjectID: p, IntegrationID: n.ID, Name: "main", MatchType: "body", Method: "equals", BodyDataType: "json", Key: "ref", Value: "main"}))
	check(w.store.IntegrationValues().Create(ctx, &domain.IntegrationValue{ProjectID: p, IntegrationID: n.ID, Name: "commit", ValueSource: "body", BodyDataType: "json", Key: "after", Variable: "commit", VariableType: "environment"}))
	check(w.store.IntegrationAliases().Create(ctx, &domain.IntegrationAlias{ProjectID: p, IntegrationID: &n.ID, Alias: "0123456789abcdef"}))
	check(w.store.IntegrationAliases().Create(ctx, &domain.IntegrationAlias{ProjectID: p, Alias: "fedcba9876543210"}))
	// Rows of one name, which the document has to tell apart.
	for range 3 {
		w.must("owner", "POST", w.path("/keys"), object{"name": "same", "type": "string", "project_id": w.project, "string": "hush-same"})
	}
	w.must("owner", "POST", w.path("/environment"), object{
		"name": "vars", "project_id": w.project, "json": "", "secrets": []object{{"type": "env", "name": "TOKEN", "secret": "hush-other", "operation": "create"}},
	})
	w.must("owner", "POST", w.path("/templates"), object{
		"name": "infra", "app": "tofu", "playbook": "", "repository_id": w.repository, "project_id": w.project, "task_params": object{"allow_destroy": true},
	})
	build := w.must("owner", "POST", w.path("/templates"), w.templateBody(object{"name": "z image", "type": "build", "start_version": "1.0.0"}))
	w.must("owner", "POST", w.path("/templates"), w.templateBody(object{
		"name": "a deploy", "type": "deploy", "build_template_id": build, "autorun": true,
		"survey_vars": []object{{"name": "where", "title": "Where?", "type": "enum", "values": []object{{"name": "x", "value": "y"}}}},
	}))
}

func TestBackup_ComesBackAsItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.complete()
	before := w.document("guest", w.project)
	if text := fmt.Sprint(before); strings.Contains(text, "hush") || strings.Contains(text, "sb1.") {
		t.Error("a backup shows a secret")
	}
	if diff := cmp.Diff(before, w.document("owner", w.project)); diff != "" {
		t.Errorf("two backups of the same project differ:\n%s", diff)
	}
	doc := w.document("owner", w.project)
	id, warnings := w.restore("admin", doc, "Copy")
	if len(warnings) != 3 || !strings.Contains(strings.Join(warnings, " "), "alias") {
		t.Errorf("warnings %q, want three about aliases", warnings)
	}
	after := w.document("admin", id)
	// What cannot be the same: the name, aliases and slugs, which are unique.
	for _, d := range []object{before, after} {
		delete(d["meta"].(object), "name")
		delete(d, "integration_aliases")
		for _, n := range d["integrations"].([]any) {
			delete(n.(object), "aliases")
		}
		for _, role := range d["roles"].([]any) {
			delete(role.(object), "slug")
		}
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the project that came back differs (-before +after):\n%s", diff)
	}
	members, err := w.store.Members().List(t.Context(), store.Where(store.InProject(domain.ProjectID(id))))
	if err != nil || len(members) != 1 || members[0].UserID != w.users["admin"].ID || members[0].Role != domain.RoleOwner {
		t.Errorf("members %v %v, want who restored it as owner", members, err)
	}
	if got := w.do("admin", "POST", "/api/projects/restore", doc); got.Code != 400 || !strings.Contains(got.Body.String(), "project with name 'Copy' already exists") {
		t.Errorf("the same name again: got %d %s", got.Code, got.Body)
	}
}

func TestBackup_SecretsGoAlongEncrypted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.complete()
	path := w.path("/backup")
	for _, actor := range []string{"guest", "runner", "manager"} {
		if got := w.do(actor, "POST", path, object{"passphrase": "long enough it is"}).Code; got != 403 {
			t.Errorf("as %s: got %d, want 403", actor, got)
		}
	}
	if got := w.do("owner", "POST", path, object{"passphrase": "short"}); got.Code != 400 || !strings.Contains(got.Body.String(), `"field":"passphrase"`) {
		t.Errorf("a short passphrase: got %d %s", got.Code, got.Body)
	}
	got := w.do("owner", "POST", path, object{"passphrase": "long enough it is"})
	if got.Code != 200 || strings.Contains(got.Body.String(), "hush") {
		t.Fatalf("got %d %s", got.Code, got.Body)
	}
	var doc object
	if err := json.Unmarshal(got.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	doc["passphrase"] = "another one than that"
	doc["meta"].(object)["name"] = "Wrong"
	if got := w.do("admin", "POST", "/api/projects/restore", doc); got.Code != 400 || !strings.Contains(got.Body.String(), `"field":"passphrase"`) {
		t.Errorf("the wrong passphrase: got %d %s", got.Code, got.Body)
	}
	doc["passphrase"] = "long enough it is"
	id, _ := w.restore("admin", doc, "Copy")
	if want, got := w.secretsOf(w.project), w.secretsOf(id); !cmp.Equal(want, got) || len(got) < 6 {
		t.Errorf("secrets differ (-want +got):\n%s", cmp.Diff(want, got))
	}
}

// secretsOf opens all secrets of a project, by owner and name.
func (w *world) secretsOf(p int64) map[string]int {
	w.t.Helper()
	rows, err := w.store.Keys().List(w.t.Context(), store.Where(store.InProject(domain.ProjectID(p))))
	if err != nil {
		w.t.Fatal(err)
	}
	found := map[string]int{}
	for _, k := range rows {
		name, _, _ := strings.Cut(k.Name, " - ")
		s, err := w.catalog.Sealer.OpenKey(k)
		if err != nil {
			w.t.Fatal(err)
		}
		found[fmt.Sprintf("%s %s %s %s%s%s%s%s", k.Owner, name, k.Type, s.Login, string(s.Password), string(s.Passphrase), string(s.PrivateKey), string(s.String))]++
	}
	return found
}

// TestRestore_OfTheReference takes a document that Semaphore UI 2.17 wrote.
func TestRestore_OfTheReference(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text, err := os.ReadFile("testdata/backup.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc object
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	id, warnings := w.restore("admin", doc, "Harbor")
	for _, want := range []string{"corp vault", "AWS_SECRET_ACCESS_KEY", "from file", `"once"`, `"auditor"`} {
		if !strings.Contains(strings.Join(warnings, "\n"), want) {
			t.Errorf("no warning about %s in %q", want, warnings)
		}
	}
	after := w.document("admin", id)
	for section, lost := range map[string]int{"environments": 0, "inventories": 0, "repositories": 0, "templates": 0, "views": 0, "integrations": 0, "schedules": 1, "keys": 4, "roles": 0} {
		was, is := len(doc[section].([]any)), len(after[section].([]any))
		if is != was-lost {
			t.Errorf("%s: %d of %d, want all but %d", section, is, was, lost)
		}
	}
	if diff := cmp.Diff(doc["integration_aliases"], after["integration_aliases"]); diff != "" {
		t.Errorf("aliases (-reference +ours):\n%s", diff)
	}
}

// TestRestore_RefusesWhole gives documents with one mistake each: the answer
// names the place, and nothing is left behind.
func TestRestore_RefusesWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.complete()
	text := w.do("owner", "GET", w.path("/backup"), nil).Body.Bytes()
	count := func() int {
		n, err := w.store.Projects().Count(t.Context(), store.Query{})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count()
	first := func(doc object, section string) object { return doc[section].([]any)[0].(object) }
	for _, c := range []struct {
		field string
		spoil func(doc object)
	}{
		{"meta.name", func(d object) { d["meta"] = object{} }},
		{"meta.max_parallel_tasks", func(d object) { d["meta"].(object)["max_parallel_tasks"] = -1 }},
		{"templates[0].repository", func(d object) { first(d, "templates")["repository"] = "gone" }},
		{"templates[0].inventory", func(d object) { first(d, "templates")["inventory"] = "gone" }},
		{"templates[0].app", func(d object) { first(d, "templates")["app"] = "cobol" }},
		{"templates[0].build_template", func(d object) { first(d, "templates")["build_template"] = "gone" }},
		{"templates[1].vaults[0].vault_key", func(d object) {
			d["templates"].([]any)[1].(object)["vaults"] = []any{object{"type": "password", "vault_key": "gone"}}
		}},
		{"keys[1].name", func(d object) { d["keys"].([]any)[1].(object)["name"] = first(d, "keys")["name"] }},
		{"keys[0].type", func(d object) { first(d, "keys")["type"] = "pgp" }},
		{"environments[0].json", func(d object) { first(d, "environments")["json"] = "{" }},
		{"repositories[0].ssh_key", func(d object) { first(d, "repositories")["ssh_key"] = "gone" }},
		{"repositories[0].git_url", func(d object) { first(d, "repositories")["git_url"] = "--upload-pack=x" }},
		{"inventories[0].type", func(d object) { first(d, "inventories")["type"] = "csv" }},
		{"schedules[1].cron_format", func(d object) { d["schedules"].([]any)[1].(object)["cron_format"] = "whenever" }},
		{"schedules[0].template", func(d object) { first(d, "schedules")["template"] = "gone" }},
		{"integrations[0].auth_method", func(d object) { first(d, "integrations")["auth_method"] = "handshake" }},
		{"integrations[0].matchers[0].method", func(d object) { first(first(d, "integrations"), "matchers")["method"] = "like" }},
		{"views[0].title", func(d object) { first(d, "views")["title"] = "" }},
		{"roles[0].permissions", func(d object) { first(d, "roles")["permissions"] = 64 }},
		{"host_configs[0].host", func(d object) { first(d, "host_configs")["host"] = "-oProxyCommand" }},
	} {
		var doc object
		if err := json.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		doc["meta"].(object)["name"] = "Spoilt"
		c.spoil(doc)
		got := w.do("admin", "POST", "/api/projects/restore", doc)
		if got.Code != 400 || !strings.Contains(got.Body.String(), fmt.Sprintf(`"field":%q`, c.field)) {
			t.Errorf("got %d %s, want 400 naming %s", got.Code, got.Body, c.field)
		}
	}
	if after := count(); after != before {
		t.Errorf("%d projects, want %d: a refused document must leave nothing", after, before)
	}
	if got := w.do("outsider", "POST", "/api/projects/restore", object{"meta": object{"name": "Mine"}}); got.Code != 401 {
		t.Errorf("as one who may not create projects: got %d, want 401", got.Code)
	}
}
