package httpapi_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signalbox/internal/domain"
	"signalbox/internal/job"
)

func TestHostConfigs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.must("manager", "POST", w.path("/host_configs"), object{"type": "url", "host": " https://git.example.test/Team ", "ssh_key_id": w.key})
	one := w.path(fmt.Sprintf("/host_configs/%d", id))
	want := fmt.Sprintf(`{"id":%d,"project_id":%d,"type":"url","host":"https://git.example.test/Team","ssh_key_id":%d}`, id, w.project, w.key)
	if got := w.do("guest", "GET", one, nil).Body.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var list []object
	w.do("guest", "GET", w.path("/host_configs"), nil).json(t, &list)
	if len(list) != 2 || list[0]["host"] != "git.example.test" {
		t.Errorf("got the list %v", list)
	}
	twice := w.do("owner", "POST", w.path("/host_configs"), object{"type": "host", "host": "GIT.example.test", "ssh_key_id": list[0]["ssh_key_id"]})
	if twice.Code != 400 || !strings.Contains(twice.Body.String(), "already") {
		t.Errorf("twice: got %d %s", twice.Code, twice.Body)
	}
	if got := w.do("owner", "PUT", one, object{"type": "url", "host": "http://git.example.test", "ssh_key_id": w.key}); got.Code != 400 {
		t.Errorf("a password over http: got %d %s", got.Code, got.Body)
	}
	w.must("owner", "PUT", one, object{"id": id, "project_id": w.project, "type": "url", "host": "https://other.example.test", "ssh_key_id": w.key})

	// A key in use stays, and keeps its type.
	key := w.path(fmt.Sprintf("/keys/%.0f", list[0]["ssh_key_id"]))
	if got := w.do("owner", "DELETE", key, nil); got.Code != 400 || !strings.Contains(got.Body.String(), `"name":"git.example.test"`) {
		t.Errorf("delete a key in use: got %d %s", got.Code, got.Body)
	}
	if got := w.do("guest", "GET", key+"/refs", nil); !strings.Contains(got.Body.String(), `"host_configs":[{"id":1,"name":"git.example.test"}]`) {
		t.Errorf("refs: got %s", got.Body)
	}
	change := object{"name": "hosts", "project_id": w.project, "type": "string", "override_secret": true, "string": "hush"}
	if got := w.do("owner", "PUT", key, change); got.Code != 400 || !strings.Contains(got.Body.String(), "type") {
		t.Errorf("change the type of a key in use: got %d %s", got.Code, got.Body)
	}

	// Runs get them all, and so do questions.
	spec := w.spec(w.launch())
	if len(spec.Credentials) != 2 || spec.Credentials[0].Match != "git.example.test" || spec.Credentials[0].Credential.PrivateKey != "hush-host-key" ||
		spec.Credentials[1].Match != "https://other.example.test" || spec.Credentials[1].Credential.Password != "hush-hush" {
		t.Errorf("a run gets %+v", spec.Credentials)
	}
	w.must("owner", "DELETE", w.path(fmt.Sprintf("/host_configs/%d", w.host)), nil)
	w.must("owner", "DELETE", key, nil)
}

// spec is what the job of a task gets.
func (w *world) spec(task int64) job.Spec {
	w.t.Helper()
	row, err := w.store.Tasks().Get(w.t.Context(), domain.TaskID(task))
	if err != nil {
		w.t.Fatal(err)
	}
	spec, err := w.tasks.BuildJob(w.t.Context(), row)
	if err != nil {
		w.t.Fatal(err)
	}
	return spec
}

func TestRepository_Options(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := w.path(fmt.Sprintf("/repositories/%d", w.repository))
	if got := w.do("guest", "GET", path, nil).Body.String(); strings.Contains(got, "git_depth") || strings.Contains(got, "git_lfs") {
		t.Errorf("options that were not given show: %s", got)
	}
	body := object{"id": w.repository, "name": "repo", "git_url": "https://git.example.test/x.git", "git_branch": "main", "ssh_key_id": w.key, "git_depth": 5, "git_lfs": true}
	w.must("owner", "PUT", path, body)
	if got := w.do("guest", "GET", path, nil).Body.String(); !strings.Contains(got, `"git_depth":5,"git_lfs":true`) {
		t.Errorf("got %s", got)
	}
	if r := w.spec(w.launch()).Repository; r.Depth != 5 || !r.LFS {
		t.Errorf("a run gets %+v", r)
	}
}

func TestRepository_Questions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := w.path(fmt.Sprintf("/repositories/%d", w.repository))
	if got := w.do("guest", "GET", path+"/tags", nil).Body.String(); got != `["v1","v2"]` {
		t.Errorf("tags: got %s", got)
	}
	got := w.do("manager", "GET", path+"/files?path=plays&branch=v1&suffix=.yml,.yaml&recursive=true&limit=1", nil).Body.String()
	if want := `{"files":[{"path":"plays|v1|[.yml .yaml]|true|1","kind":"file","size":3}],"truncated":true}`; got != want {
		t.Errorf("files: got %s, want %s", got, want)
	}
	if got := w.do("manager", "GET", path+"/files", nil).Body.String(); got != `{"files":[{"path":"|main|[]|false|1","kind":"file","size":3}]}` {
		t.Errorf("files of the root: got %s", got)
	}
	local := w.must("owner", "POST", w.path("/repositories"), object{"name": "l", "project_id": w.project, "git_url": "/srv/x", "ssh_key_id": w.key})
	if got := w.do("owner", "GET", w.path(fmt.Sprintf("/repositories/%d/tags", local)), nil); got.Code != 400 || !strings.Contains(got.Body.String(), "no tags") {
		t.Errorf("tags of a directory: got %d %s", got.Code, got.Body)
	}
}

func TestKey_Sources(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := filepath.Join(w.secrets, "deploy")
	created := w.do("owner", "POST", w.path("/keys"), object{"name": "f", "type": "login_password", "project_id": w.project, "source_storage_type": "file", "source_storage_key": file,
		"string": "", "login_password": object{"login": "", "password": ""}})
	var key struct {
		ID   int64
		Type string `json:"source_storage_type"`
		Key  string `json:"source_storage_key"`
	}
	if created.json(t, &key); created.Code != 201 || key.Type != "file" || key.Key != file {
		t.Fatalf("a file that comes later: got %d %s", created.Code, created.Body)
	}
	path := w.path(fmt.Sprintf("/keys/%d", key.ID))
	w.must("owner", "PUT", w.path(fmt.Sprintf("/repositories/%d", w.repository)), object{
		"id": w.repository, "name": "repo", "git_url": "https://git.example.test/x.git", "git_branch": "main", "ssh_key_id": key.ID,
	})
	if got := w.do("guest", "GET", w.path(fmt.Sprintf("/repositories/%d/branches", w.repository)), nil); got.Code != 400 || !strings.Contains(got.Body.String(), "there is nothing at file "+file) {
		t.Errorf("while it is missing: got %d %s", got.Code, got.Body)
	}
	if err := os.WriteFile(file, []byte(`{"login":"bob","password":"hush-file"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	task := w.launch()
	if c := w.spec(task).Repository.Credential; c.Login != "bob" || c.Password != "hush-file" {
		t.Errorf("a run gets %+v", c)
	}

	// Renaming keeps the place, replacing changes it, and a secret takes its place.
	w.must("owner", "PUT", path, object{"name": "g", "project_id": w.project, "source_storage_type": "env", "source_storage_key": "OTHER"})
	if got := w.do("guest", "GET", path, nil).Body.String(); !strings.Contains(got, `"name":"g"`) || !strings.Contains(got, `"source_storage_type":"file"`) {
		t.Errorf("renamed: got %s", got)
	}
	w.must("owner", "PUT", path, object{"name": "g", "project_id": w.project, "type": "login_password", "override_secret": true, "source_storage_type": "env", "source_storage_key": "DEPLOY_TOKEN"})
	if c := w.spec(task).Repository.Credential; c.Password != "hush-env" {
		t.Errorf("from the environment a run gets %+v", c)
	}
	list := w.do("guest", "GET", w.path("/keys"), nil).Body.String()
	if !strings.Contains(list, `"source_storage_type":"env","source_storage_key":"DEPLOY_TOKEN"`) || strings.Contains(list, "hush") || strings.Contains(list, `"empty"`) {
		t.Errorf("the list shows %s", list)
	}
	w.must("owner", "PUT", path, object{"name": "g", "project_id": w.project, "type": "login_password", "override_secret": true, "source_storage_type": nil, "source_storage_key": nil,
		"login_password": object{"login": "eve", "password": "hush-own"}})
	if got := w.do("guest", "GET", path, nil).Body.String(); strings.Contains(got, "source_storage") {
		t.Errorf("with a secret of its own: got %s", got)
	}
	if c := w.spec(task).Repository.Credential; c.Login != "eve" || c.Password != "hush-own" {
		t.Errorf("a run gets %+v", c)
	}
}

func TestTemplate_GalaxyOptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	template := func(params object) int64 {
		return w.must("owner", "POST", w.path("/templates"), w.templateBody(object{"app": "ansible", "playbook": "a.yml", "task_params": params}))
	}
	launch := func(tpl int64, params object) answer {
		return w.do("runner", "POST", w.path("/tasks"), object{"template_id": tpl, "params": params})
	}
	fixed := template(object{"galaxy_collection_args": []string{"--pre"}, "galaxy_role_args": []string{"--ignore-errors"}})
	if got := launch(fixed, object{"skip_galaxy_install": true}); got.Code != 400 || !strings.Contains(got.Body.String(), "params.skip_galaxy_install") {
		t.Errorf("against the template: got %d %s", got.Code, got.Body)
	}
	free := template(object{"skip_galaxy_install": true, "allow_override_skip_galaxy_install": true})
	for _, c := range []struct {
		template int64
		params   object
		skip     bool
	}{{fixed, object{}, false}, {fixed, object{"skip_galaxy_install": false}, false}, {free, object{}, true}, {free, object{"skip_galaxy_install": false}, false}} {
		got := launch(c.template, c.params)
		var task struct{ ID int64 }
		got.json(t, &task)
		a := w.spec(task.ID).Ansible
		if a.SkipGalaxy != c.skip || (c.template == fixed) != (len(a.GalaxyCollectionArgs) == 1 && len(a.GalaxyRoleArgs) == 1) {
			t.Errorf("%+v: a run gets %+v", c, a)
		}
	}
}
