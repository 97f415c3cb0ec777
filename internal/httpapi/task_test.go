package httpapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/domain"
	"signalbox/internal/job"
	"signalbox/internal/logchunk"
)

// report makes the runner of the world report something about a claimed task.
func (w *world) report(task domain.Task, at int64, recs ...job.Record) job.Ack {
	w.t.Helper()
	ack, err := w.tasks.Record(w.t.Context(), task.ID, task.Epoch, job.Batch{From: at, To: at + 1, Records: recs})
	if err != nil {
		w.t.Fatal(err)
	}
	return ack
}

func (w *world) claim() domain.Task {
	w.t.Helper()
	task, ok, err := w.tasks.Claim(w.t.Context(), "test", time.Minute)
	if err != nil || !ok {
		w.t.Fatalf("claim: %v, %v", ok, err)
	}
	return task
}

func status(s domain.TaskStatus) job.Record {
	return job.Record{Status: &job.Status{Status: string(s), Time: time.Unix(1800000000, 0).UTC()}}
}

func TestTask_ConfirmAndReject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ verb, status, other string }{{"confirm", "confirmed", "reject"}, {"reject", "rejected", "confirm"}} {
		id := w.launch()
		path := func(verb string) string { return w.path(fmt.Sprintf("/tasks/%d/%s", id, verb)) }
		if got := w.do("runner", "POST", path(c.verb), nil); got.Code != 409 || !strings.Contains(got.Body.String(), "does not wait for confirmation") {
			t.Errorf("%s of a waiting task: got %d %s, want 409", c.verb, got.Code, got.Body)
		}
		task := w.claim()
		w.report(task, 0, status(domain.StatusRunning))
		if got := w.do("runner", "POST", path(c.verb), nil); got.Code != 409 {
			t.Errorf("%s of a running task: got %d %s, want 409", c.verb, got.Code, got.Body)
		}
		w.report(task, 1, status(domain.StatusWaitingConfirmation))
		if got := w.do("guest", "POST", path(c.verb), nil); got.Code != 403 {
			t.Errorf("%s by a guest: got %d, want 403", c.verb, got.Code)
		}
		w.must("runner", "POST", path(c.verb), nil)
		if got := w.do("runner", "POST", path(c.other), nil); got.Code != 409 {
			t.Errorf("%s after %s: got %d, want 409", c.other, c.verb, got.Code)
		}
		var task2 struct {
			Status, Decision string
			DecidedBy        int64      `json:"decided_by"`
			DecidedAt        *time.Time `json:"decided_at"`
		}
		w.do("guest", "GET", w.path(fmt.Sprintf("/tasks/%d", id)), nil).json(t, &task2)
		if task2.Status != c.status || task2.Decision != c.status || task2.DecidedBy != int64(w.users["runner"].ID) || task2.DecidedAt == nil {
			t.Errorf("after %s: %+v", c.verb, task2)
		}
		if ack := w.report(task, 2, job.Record{Commit: &job.Commit{Hash: "ab"}}); ack.Confirm != (c.verb == "confirm") || ack.Reject == ack.Confirm {
			t.Errorf("the job is told %+v after %s", ack, c.verb)
		}
		events := w.do("owner", "GET", w.path("/events"), nil).Body.String()
		if want := fmt.Sprintf("Task %d %s", id, c.status); !strings.Contains(events, want) {
			t.Errorf("no event %q", want)
		}
		w.report(task, 3, job.Record{End: &job.End{Status: "error", Time: time.Unix(1800000000, 0)}})
	}
	if got := w.do("runner", "POST", w.path("/tasks/999/confirm"), nil); got.Code != 404 {
		t.Errorf("a task that is not there: got %d, want 404", got.Code)
	}
}

func TestTask_Explain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.launch(), w.launch()
	w.claim()
	var e struct {
		Waiting struct {
			Reason string
			TaskID int64 `json:"task_id"`
		}
		Commands []struct {
			Program string
			Args    []string
		}
		Variables []struct{ Name, From string }
	}
	got := w.do("guest", "GET", w.path(fmt.Sprintf("/tasks/%d/explain", second)), nil)
	got.json(t, &e)
	if e.Waiting.Reason != "template" || e.Waiting.TaskID != first || len(e.Commands) != 1 || e.Commands[0].Program != "bash" || fmt.Sprint(e.Commands[0].Args) != "[run.sh a=1]" {
		t.Errorf("got %s", got.Body)
	}
	if body := got.Body.String(); strings.Contains(body, "hush") || !strings.Contains(body, `"TOKEN=***"`) {
		t.Errorf("secrets: %s", body)
	}
}

func TestTemplate_InventoryAndLimitsFitTheApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	workspace := w.must("owner", "POST", w.path("/inventory"), object{
		"name": "prod", "project_id": w.project, "type": "tofu-workspace", "inventory": "prod", "ssh_key_id": w.key,
	})
	for _, c := range []struct {
		name  string
		body  object
		field string
	}{
		{"hosts for tofu", object{"app": "tofu"}, "inventory_id"},
		{"workspace for tofu", object{"app": "tofu", "playbook": "", "inventory_id": workspace}, ""},
		{"workspace for terraform", object{"app": "terraform", "inventory_id": workspace}, "inventory_id"},
		{"workspace for ansible", object{"app": "ansible", "inventory_id": workspace}, "inventory_id"},
		{"stage arguments", object{"app": "tofu", "inventory_id": workspace, "arguments": `{"plan":["-parallelism=2"]}`}, ""},
		{"unknown stage", object{"app": "tofu", "inventory_id": workspace, "arguments": `{"refresh":[]}`}, "arguments"},
		{"stage arguments for bash", object{"arguments": `{"plan":[]}`}, "arguments"},
		{"backend file", object{"app": "tofu", "inventory_id": workspace, "task_params": object{"backend_filename": "../x.tf"}}, "task_params.backend_filename"},
		{"duration", object{"max_task_duration_sec": -1}, "max_task_duration_sec"},
		{"inactive app", object{"app": "pulumi"}, "app"},
	} {
		got := w.do("owner", "POST", w.path("/templates"), w.templateBody(c.body))
		switch {
		case c.field == "" && got.Code != 201:
			t.Errorf("%s: got %d %s", c.name, got.Code, got.Body)
		case c.field != "" && (got.Code != 400 || !strings.Contains(got.Body.String(), `"field":"`+c.field+`"`)):
			t.Errorf("%s: got %d %s, want 400 on %s", c.name, got.Code, got.Body, c.field)
		}
	}
	id := w.must("owner", "POST", w.path("/templates"), w.templateBody(object{"max_task_duration_sec": 60}))
	if got := w.do("guest", "GET", w.path(fmt.Sprintf("/templates/%d", id)), nil).Body.String(); !strings.Contains(got, `"max_task_duration_sec":60`) {
		t.Errorf("the limit is not kept: %s", got)
	}
}

func TestTemplates_LetTasksSetOtherVariables(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	closed := w.must("owner", "POST", w.path("/templates"), w.templateBody(object{}))
	open := w.must("owner", "POST", w.path("/templates"), w.templateBody(object{"allow_override_environment_in_task": true}))
	if got := w.do("guest", "GET", w.path(fmt.Sprintf("/templates/%d", open)), nil).Body.String(); !strings.Contains(got, `"allow_override_environment_in_task":true`) {
		t.Errorf("the permission is not kept: %s", got)
	}
	task := func(tpl int64) object { return object{"template_id": tpl, "environment": `{"size":7}`} }
	if got := w.do("runner", "POST", w.path("/tasks"), task(closed)); got.Code != 400 || !strings.Contains(got.Body.String(), `"field":"environment.size"`) {
		t.Errorf("a closed template: got %d %s", got.Code, got.Body)
	}
	w.must("owner", "POST", w.path("/tasks"), task(closed))
	w.must("runner", "POST", w.path("/tasks"), task(open))
}

func TestApps_TellWhatIsKnownOfTheirPrograms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.catalog.Programs = func(a domain.App) domain.Program {
		switch a.ID {
		case "bash":
			return domain.Program{Path: "/bin/bash", Version: "5.2.15"}
		case "python":
			return domain.Program{Path: "/bin/python3"}
		}
		return domain.Program{Missing: "It is not there."}
	}
	for app, want := range map[string]string{
		"bash":   `"available":true,"path_found":"/bin/bash","version":"5.2.15"}`,
		"python": `"available":true,"path_found":"/bin/python3"}`,
		"tofu":   `"available":false,"available_reason":"It is not there."}`,
	} {
		if got := w.do("admin", "GET", "/api/apps/"+app, nil).Body.String(); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", app, got, want)
		}
	}
}

func TestApps_AreRunOnlyWhileActive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must("admin", "PUT", "/api/apps/deno", object{"active": true, "priority": 10, "title": "Deno", "args": []string{"run"}})
	tpl := w.must("owner", "POST", w.path("/templates"), w.templateBody(object{"app": "deno"}))
	w.must("runner", "POST", w.path("/tasks"), object{"template_id": tpl})
	spec, err := w.tasks.BuildJob(t.Context(), w.claim())
	if err != nil || spec.App.Kind != "script" || spec.App.Program != "deno" || fmt.Sprint(spec.App.Args) != "[run]" {
		t.Errorf("the job runs %+v, %v", spec.App, err)
	}
	if got := w.do("guest", "GET", "/api/apps", nil).Body.String(); !strings.Contains(got, `"id":"deno","family":"script"`) {
		t.Errorf("apps: %s", got)
	}
	w.must("admin", "POST", "/api/apps/deno/active", object{"active": false})
	if got := w.do("runner", "POST", w.path("/tasks"), object{"template_id": tpl}); got.Code != 400 || !strings.Contains(got.Body.String(), "switched off") {
		t.Errorf("launch of an inactive app: got %d %s", got.Code, got.Body)
	}
	w.must("admin", "DELETE", "/api/apps/deno", nil)
	if got := w.do("runner", "POST", w.path("/tasks"), object{"template_id": tpl}); got.Code != 400 || !strings.Contains(got.Body.String(), "does not have") {
		t.Errorf("launch of an app that is gone: got %d %s", got.Code, got.Body)
	}
}

const playbookEvents = `{"k":"play","t":1001,"p":1,"n":"all"}
{"k":"task","t":1010,"p":1,"i":1,"n":"ping","a":"ping","f":"site.yml:4"}
{"k":"result","t":1100,"p":1,"i":1,"h":"web1","s":"ok","d":90,"c":true}
{"k":"result","t":1110,"p":1,"i":1,"h":"db1","s":"unreachable","d":84,"m":"no route"}
{"k":"task","t":1120,"p":1,"i":2,"n":"copy","a":"copy"}
{"k":"result","t":1130,"p":1,"i":2,"h":"web1","s":"failed","d":7,"m":"no space"}`

// playbook lets a task of an ansible template run to its end, with stages and
// results of three hosts.
func (w *world) playbook(template int64) domain.Task {
	w.t.Helper()
	w.must("runner", "POST", w.path("/tasks"), object{"template_id": template, "message": "first"})
	task := w.claim()
	at := time.Unix(1800000000, 0).UTC()
	later := at.Add(time.Second)
	events, output := logchunk.NewBuilder(1), logchunk.NewBuilder(1)
	for line := range strings.SplitSeq(playbookEvents, "\n") {
		events.Add(at, []byte(line), false)
	}
	for _, line := range []string{"cloning", "PLAY", "TASK", "PLAY RECAP"} {
		output.Add(at, []byte(line), false)
	}
	results, lines := events.Finish(), output.Finish()
	stage := func(s job.Stage) job.Record { return job.Record{Stage: &s} }
	w.report(task, 0, status(domain.StatusRunning), stage(job.Stage{Seq: 1, Type: "init", Start: at, FirstLine: 1}), job.Record{Chunk: &lines},
		stage(job.Stage{Seq: 1, Type: "init", Start: at, End: &later, FirstLine: 1, LastLine: 1}),
		stage(job.Stage{Seq: 2, Type: "running", Start: later, FirstLine: 2}), job.Record{Results: &results})
	w.report(task, 1, stage(job.Stage{Seq: 2, Type: "running", Start: later, End: &later, FirstLine: 2, LastLine: 4}),
		stage(job.Stage{Seq: 3, Type: "print_result", Start: later, End: &later, FirstLine: 5, LastLine: 4, Result: json.RawMessage(
			`{"hosts":[{"host":"web1","ok":1,"changed":1,"failed":1},{"host":"db1","unreachable":1},{"host":"ok1","ok":2}],"errors":[{"host":"web1","task":"copy","error":"no space"}],"truncated":false}`)}))
	w.report(task, 2, job.Record{End: &job.End{Status: "error", Reason: "It failed.", Time: later, Lines: 4}})
	return task
}

func TestTask_StagesAndResults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tpl := w.must("owner", "POST", w.path("/templates"), w.templateBody(object{"app": "ansible", "playbook": "site.yml", "allow_parallel_tasks": true}))
	task := w.playbook(tpl)
	p, id := w.project, int64(task.ID)
	for _, c := range []struct{ path, want string }{
		{"/stages", fmt.Sprintf(`[{"id":1,"task_id":%[1]d,"start":"2027-01-15T08:00:00Z","end":"2027-01-15T08:00:01Z","start_output_id":1,"end_output_id":1,"type":"init","result":null},`+
			`{"id":2,"task_id":%[1]d,"start":"2027-01-15T08:00:01Z","end":"2027-01-15T08:00:01Z","start_output_id":2,"end_output_id":4,"type":"running","result":null},`+
			`{"id":3,"task_id":%[1]d,"start":"2027-01-15T08:00:01Z","end":"2027-01-15T08:00:01Z","start_output_id":null,"end_output_id":null,"type":"print_result","result":{"hosts":`, id)},
		{"/output?limit=2", fmt.Sprintf(`[{"id":1,"task_id":%[1]d,"time":"2027-01-15T08:00:00Z","output":"cloning","stage_id":1},{"id":2,"task_id":%[1]d,"time":"2027-01-15T08:00:00Z","output":"PLAY","stage_id":2}]`, id)},
		{"/ansible/hosts", fmt.Sprintf(`[{"id":1,"task_id":%d,"project_id":%d,"host":"web1","changed":1,"failed":1,"ignored":0,"ok":1,"rescued":0,"skipped":0,"unreachable":0,"created":"2027-01-15T08:00:01Z"},{"id":2,`, id, p)},
		{"/ansible/errors", fmt.Sprintf(`[{"id":1,"task_id":%d,"project_id":%d,"host":"web1","task":"copy","error":"no space","created":"2027-01-15T08:00:01Z"}]`, id, p)},
		{"/results?after=2&limit=1", `{"k":"result","t":1100,"p":1,"i":1,"h":"web1","s":"ok","d":90,"c":true}` + "\n"},
		{"/results", playbookEvents + "\n"},
	} {
		got := w.do("guest", "GET", w.path(fmt.Sprintf("/tasks/%d%s", id, c.path)), nil)
		if body := got.Body.String(); got.Code != 200 || !strings.HasPrefix(body, c.want) {
			t.Errorf("%s: got %d\n%s, want\n%s", c.path, got.Code, body, c.want)
		}
	}
	for query, want := range map[string]string{
		"":                         "1:ping[web1=ok+ db1=unreachable] 2:copy[web1=failed]",
		"?first=2":                 "2:copy[web1=failed]",
		"?limit=1&host=db1":        "1:ping[db1=unreachable]",
		"?status=failed":           "1:ping[] 2:copy[web1=failed]",
		"?status=changed&status=x": "",
	} {
		var m struct {
			Hosts []string
			Tasks int
			Plays []struct {
				Tasks []struct {
					Number int
					Name   string
					Cells  []struct {
						Host, Status, Text string
						Changed            bool
					}
				}
			}
		}
		got := w.do("guest", "GET", w.path(fmt.Sprintf("/tasks/%d/ansible/results%s", id, query)), nil)
		if want == "" {
			if got.Code != 400 || !strings.Contains(got.Body.String(), `"field":"status"`) {
				t.Errorf("%s: got %d %s", query, got.Code, got.Body)
			}
			continue
		}
		got.json(t, &m)
		var rows []string
		for _, play := range m.Plays {
			for _, task := range play.Tasks {
				var cells []string
				for _, c := range task.Cells {
					mark := ""
					if c.Changed {
						mark = "+"
					}
					cells = append(cells, c.Host+"="+c.Status+mark)
					if c.Text != "" {
						t.Errorf("%s: texts that nobody asked for", query)
					}
				}
				rows = append(rows, fmt.Sprintf("%d:%s%v", task.Number, task.Name, cells))
			}
		}
		if text := strings.Join(rows, " "); text != want || m.Tasks != 2 {
			t.Errorf("%s: got %s of %d tasks, want %s", query, text, m.Tasks, want)
		}
	}
	if body := w.do("guest", "GET", w.path(fmt.Sprintf("/tasks/%d/ansible/results?details=true", id)), nil).Body.String(); !strings.Contains(body, `"text":"no space"`) {
		t.Errorf("details: %s", body)
	}
	fresh := w.launch()
	for _, path := range []string{"/stages", "/ansible/hosts", "/ansible/errors"} {
		if got := w.do("guest", "GET", w.path(fmt.Sprintf("/tasks/%d%s", fresh, path)), nil).Body.String(); got != "[]" {
			t.Errorf("%s of a task that has none: %s", path, got)
		}
	}
	if got := w.do("guest", "GET", w.path(fmt.Sprintf("/tasks/%d/ansible/results", fresh)), nil).Body.String(); got != `{"hosts":[],"plays":[],"tasks":0,"truncated":false}` {
		t.Errorf("matrix of a task that has none: %s", got)
	}
	w.must("admin", "DELETE", w.path(fmt.Sprintf("/tasks/%d", id)), nil)
}

func TestTask_Rerun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fixed := w.must("owner", "POST", w.path("/templates"), w.templateBody(object{"app": "ansible", "playbook": "site.yml"}))
	free := w.must("owner", "POST", w.path("/templates"), w.templateBody(object{"app": "ansible", "playbook": "site.yml", "task_params": object{"allow_override_limit": true}}))
	path := func(task domain.Task) string { return w.path(fmt.Sprintf("/tasks/%d/rerun", task.ID)) }

	first := w.playbook(fixed)
	if got := w.do("runner", "POST", path(first), object{"failed": true}); got.Code != 400 || !strings.Contains(got.Body.String(), `"field":"params.limit"`) {
		t.Errorf("a template that allows no limit: got %d %s", got.Code, got.Body)
	}
	again := w.do("runner", "POST", path(first), nil)
	var task struct {
		ID      int64
		Message string
		Params  struct{ Limit []string }
	}
	if again.json(t, &task); again.Code != 201 || task.Message != "first" || task.Params.Limit != nil {
		t.Errorf("on all hosts: got %d %s", again.Code, again.Body)
	}
	w.must("runner", "POST", w.path(fmt.Sprintf("/tasks/%d/stop", task.ID)), object{})
	second := w.playbook(free)
	got := w.do("runner", "POST", path(second), object{"failed": true})
	if got.json(t, &task); got.Code != 201 || fmt.Sprint(task.Params.Limit) != "[web1 db1]" {
		t.Errorf("on those that failed: got %d %s", got.Code, got.Body)
	}
	if got := w.do("guest", "POST", path(second), nil); got.Code != 403 {
		t.Errorf("by a guest: got %d", got.Code)
	}
	if got := w.do("runner", "POST", w.path(fmt.Sprintf("/tasks/%d/rerun", task.ID)), object{"failed": true}); got.Code != 409 {
		t.Errorf("of a task that waits: got %d %s", got.Code, got.Body)
	}
	script := w.launch()
	w.must("runner", "POST", w.path(fmt.Sprintf("/tasks/%d/stop", script)), object{})
	if got := w.do("runner", "POST", w.path(fmt.Sprintf("/tasks/%d/rerun", script)), object{"failed": true}); got.Code != 400 || !strings.Contains(got.Body.String(), `"field":"failed"`) {
		t.Errorf("of a task without results: got %d %s", got.Code, got.Body)
	}
}

func TestTemplate_Workspaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tpl := w.must("owner", "POST", w.path("/templates"), object{"project_id": w.project, "name": "tf", "app": "tofu", "repository_id": w.repository})
	other := w.must("owner", "POST", w.path("/templates"), object{"project_id": w.project, "name": "tf2", "app": "tofu", "repository_id": w.repository})
	read := func() (got struct {
		InventoryID int64 `json:"inventory_id"`
	}) {
		t.Helper()
		w.do("guest", "GET", w.path(fmt.Sprintf("/templates/%d", tpl)), nil).json(t, &got)
		return got
	}
	first := read().InventoryID
	if got := w.do("guest", "GET", w.path(fmt.Sprintf("/inventory?template_id=%d", tpl)), nil).Body.String(); first == 0 ||
		!strings.Contains(got, fmt.Sprintf(`"id":%d,"name":"default","project_id":%d,"inventory":"default"`, first, w.project)) || !strings.Contains(got, "tofu-workspace") {
		t.Fatalf("a template of tofu got inventory %d: %s", first, got)
	}
	prod := w.must("owner", "POST", w.path("/inventory"), object{"name": "prod", "project_id": w.project, "type": "tofu-workspace", "inventory": "prod"})
	do := func(template, inventory int64, verb string, want int, text string) {
		t.Helper()
		got := w.do("manager", "POST", w.path(fmt.Sprintf("/templates/%d/inventory/%d/%s", template, inventory, verb)), nil)
		if got.Code != want || !strings.Contains(got.Body.String(), text) {
			t.Errorf("%s %d: got %d %s, want %d %s", verb, inventory, got.Code, got.Body, want, text)
		}
	}
	const notAttached, taken, wrong = "Inventory is not attached to this template", "Inventory is already attached to another template", "Inventory type is not supported for this template"
	do(tpl, prod, "set_default", 400, notAttached)
	if got := w.do("runner", "POST", w.path("/tasks"), object{"template_id": tpl, "inventory_id": prod}); got.Code != 400 {
		t.Errorf("a workspace of nobody was chosen: %d", got.Code)
	}
	do(tpl, prod, "attach", 204, "")
	do(tpl, prod, "attach", 400, taken)
	do(other, prod, "attach", 400, taken)
	do(tpl, w.inventory, "attach", 400, wrong)
	do(w.template, prod, "attach", 400, wrong)
	do(tpl, 9999, "attach", 404, "")
	task := w.must("runner", "POST", w.path("/tasks"), object{"template_id": tpl, "inventory_id": prod})
	spec, err := w.tasks.BuildJob(t.Context(), w.claim())
	if err != nil || spec.TaskID != task || spec.Terraform.Workspace != "prod" {
		t.Errorf("the task gets %+v, %v", spec.Terraform, err)
	}
	do(tpl, prod, "set_default", 204, "")
	if got := read().InventoryID; got != prod {
		t.Errorf("the default is %d, want %d", got, prod)
	}
	do(tpl, prod, "detach", 204, "")
	do(tpl, prod, "detach", 400, notAttached)
	w.must("runner", "POST", w.path(fmt.Sprintf("/tasks/%d/stop", task)), object{"force": true})
	w.must("owner", "DELETE", w.path(fmt.Sprintf("/templates/%d", other)), nil)
}

func TestTasks_AreSearched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids []int64
	for i, message := range []string{"Release 1", "nightly", "release 2"} {
		who := []string{"owner", "runner", "runner"}[i]
		ids = append(ids, w.must(who, "POST", w.path("/tasks"), object{"template_id": w.template, "message": message}))
	}
	for query, want := range map[string][]int64{
		"":                         {ids[2], ids[1], ids[0]},
		"search=RELEASE":           {ids[2], ids[0]},
		"search=release+nightly":   nil,
		"search=release&count=1":   {ids[2]},
		"since=2999-01-01":         nil,
		"until=2000-01-01":         nil,
		"user_id=999999":           nil,
		"since=2000-01-01&count=2": {ids[2], ids[1]},
		fmt.Sprintf("user_id=%d", w.users["runner"].ID):                       {ids[2], ids[1]},
		fmt.Sprintf("search=release&before=%d", ids[2]):                       {ids[0]},
		fmt.Sprintf("search=%%23%d&user_id=%d", ids[1], w.users["runner"].ID): {ids[1]},
	} {
		for _, path := range []string{"/tasks", "/tasks/last", fmt.Sprintf("/templates/%d/tasks", w.template)} {
			var rows []struct{ ID int64 }
			got := w.do("guest", "GET", w.path(path+"?"+query), nil)
			got.json(t, &rows)
			var list []int64
			for _, r := range rows {
				list = append(list, r.ID)
			}
			if diff := cmp.Diff(want, list); got.Code != 200 || diff != "" {
				t.Errorf("%s?%s: %d (-want +got):\n%s", path, query, got.Code, diff)
			}
			if more := strings.Contains(query, "count="); (got.Header().Get("X-Has-Next") == "true") != more || strings.Contains(got.Header().Get("Link"), "before=") != more {
				t.Errorf("%s?%s: X-Has-Next %q, Link %q", path, query, got.Header().Get("X-Has-Next"), got.Header().Get("Link"))
			}
		}
	}
	for _, query := range []string{"user_id=0", "user_id=x", "since=now", "until=31.12.2026", "search=%ff", "search=" + strings.Repeat("x", 600)} {
		if got := w.do("guest", "GET", w.path("/tasks?"+query), nil); got.Code != 400 || !strings.Contains(got.Body.String(), `"field":"`+query[:strings.Index(query, "=")]+`"`) {
			t.Errorf("%.30s: got %d %s", query, got.Code, got.Body)
		}
	}
}
