package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/job"
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
