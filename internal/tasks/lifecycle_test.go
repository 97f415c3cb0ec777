package tasks

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"signalbox/internal/domain"
	"signalbox/internal/job"
	"signalbox/internal/store"
)

// journal reports one batch after another for a task.
type journal struct {
	f    *fixture
	task domain.Task
	at   int64
}

func (f *fixture) journal(task domain.Task) *journal { return &journal{f: f, task: task} }

func (j *journal) write(t *testing.T, recs ...job.Record) job.Ack {
	t.Helper()
	ack, err := j.f.Record(t.Context(), j.task.ID, j.task.Epoch, job.Batch{From: j.at, To: j.at + 1, Records: recs})
	if err != nil {
		t.Fatal(err)
	}
	j.at++
	return ack
}

func (j *journal) status(t *testing.T, s domain.TaskStatus) job.Ack {
	t.Helper()
	return j.write(t, job.Record{Status: &job.Status{Status: string(s), Time: j.f.now}})
}

func (j *journal) end(t *testing.T, s domain.TaskStatus) {
	t.Helper()
	j.write(t, job.Record{End: &job.End{Status: string(s), Time: j.f.now}})
}

// finished brings a new task of the template to an end.
func (f *fixture) finished(t *testing.T, tpl domain.Template, s domain.TaskStatus, req Launch) domain.Task {
	t.Helper()
	req.TemplateID = tpl.ID
	created, err := f.Launch(t.Context(), f.owner, f.project, req)
	if err != nil {
		t.Fatal(err)
	}
	task := f.claim(t)
	if task.ID != created.ID {
		t.Fatalf("claimed task %d, want %d", task.ID, created.ID)
	}
	j := f.journal(task)
	j.status(t, domain.StatusRunning)
	j.end(t, s)
	return f.read(t, task.ID)
}

func (f *fixture) read(t *testing.T, id domain.TaskID) domain.Task {
	t.Helper()
	task, err := f.store.Tasks().Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func (f *fixture) template(t *testing.T, edit func(*domain.Template)) domain.Template {
	t.Helper()
	tpl := f.tpl
	tpl.ID = 0
	edit(&tpl)
	if err := f.store.Templates().Create(t.Context(), &tpl); err != nil {
		t.Fatal(err)
	}
	return tpl
}

func (f *fixture) events(t *testing.T) []string {
	t.Helper()
	list, err := f.store.Events().List(t.Context(), store.EventFilter{Project: &f.project, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, e := range list {
		texts = append(texts, e.ActorName+": "+e.Description)
	}
	return texts
}

func TestDecide_OnlyWhileTheTaskWaitsForIt(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, status := range domain.Statuses() {
		task := domain.Task{ProjectID: f.project, TemplateID: f.tpl.ID, Status: status, Created: f.now, Environment: "{}", Questions: 1}
		if err := f.store.Tasks().Create(t.Context(), &task, domain.TaskDefinition{}); err != nil {
			t.Fatal(err)
		}
		for _, confirm := range []bool{true, false} {
			if status == domain.StatusWaitingConfirmation {
				continue
			}
			if err := f.Decide(t.Context(), f.runner, f.project, task.ID, confirm); !domain.IsKind(err, domain.KindConflict) {
				t.Errorf("%s, confirm %v: got %v, want a conflict", status, confirm, err)
			}
		}
		if got := f.read(t, task.ID); got.Status != status || got.DecidedBy != nil {
			t.Errorf("%s: a refused decision left %s", status, got.Status)
		}
	}
	if err := f.Decide(t.Context(), f.runner, f.project+1, 1, true); !domain.IsKind(err, domain.KindNotFound) {
		t.Errorf("from another project: %v", err)
	}
	if len(f.signals.answers) != 0 {
		t.Errorf("jobs were told %v", f.signals.answers)
	}
}

func TestDecide_ReachesTheJobAndIsRemembered(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.launch(t, Launch{})
	task := f.claim(t)
	j := f.journal(task)
	j.status(t, domain.StatusRunning)
	if ack := j.status(t, domain.StatusWaitingConfirmation); ack.Confirm || ack.Reject || ack.Question != 1 {
		t.Fatalf("nobody has decided, and the job is told %+v", ack)
	}
	if err := f.Decide(t.Context(), f.runner, f.project, task.ID, true); err != nil {
		t.Fatal(err)
	}
	// Had the signal been lost, the next acknowledgement tells it.
	if ack := j.write(t, chunk(1, "applying")); !ack.Confirm || ack.Reject || ack.Question != 1 {
		t.Errorf("the acknowledgement says %+v, want confirmed", ack)
	}
	got := f.read(t, task.ID)
	if got.Status != domain.StatusConfirmed || got.Decision != domain.StatusConfirmed || *got.DecidedBy != f.runner.User.ID || !got.DecidedAt.Equal(f.now) {
		t.Errorf("stored: %+v", got)
	}
	f.now = f.now.Add(time.Minute)
	j.status(t, domain.StatusRunning)
	// A second question is a question of its own.
	if ack := j.status(t, domain.StatusWaitingConfirmation); ack.Confirm || ack.Question != 2 {
		t.Errorf("the answer to the first question stands for the second: %+v", ack)
	}
	if err := f.Decide(t.Context(), f.owner, f.project, task.ID, false); err != nil {
		t.Fatal(err)
	}
	j.write(t, job.Record{End: &job.End{Status: "error", Time: f.now, Lines: 1}})
	got = f.read(t, task.ID)
	if got.Status != domain.StatusError || got.StatusReason != "Rejected." || got.Decision != domain.StatusRejected || !got.Start.Equal(f.now.Add(-time.Minute)) {
		t.Errorf("after the rejection: %+v", got)
	}
	want := fmt.Sprintf("[%d 1 true %d 2 false]", task.ID, task.ID)
	if fmt.Sprint(f.signals.answers) != want {
		t.Errorf("the job was told %v, want %s", f.signals.answers, want)
	}
	events := f.events(t)
	for _, want := range []string{fmt.Sprintf("runner: Task %d confirmed", task.ID), fmt.Sprintf("owner: Task %d rejected", task.ID), fmt.Sprintf("owner: Task %d finished with status ERROR", task.ID)} {
		if !slices.Contains(events, want) {
			t.Errorf("no event %q in %q", want, events)
		}
	}
}

func TestStop_WhileWaitingForConfirmation(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.launch(t, Launch{})
	j := f.journal(f.claim(t))
	j.status(t, domain.StatusRunning)
	j.status(t, domain.StatusWaitingConfirmation)
	if err := f.Stop(t.Context(), f.owner, f.project, j.task.ID, false); err != nil {
		t.Fatal(err)
	}
	if err := f.Decide(t.Context(), f.owner, f.project, j.task.ID, true); !domain.IsKind(err, domain.KindConflict) {
		t.Errorf("a task being stopped was confirmed: %v", err)
	}
	// The job may ask once more before it hears of the stop.
	if ack := j.status(t, domain.StatusWaitingConfirmation); !ack.Stop {
		t.Errorf("the job is told %+v, want stop", ack)
	}
	j.end(t, domain.StatusSuccess)
	if got := f.read(t, j.task.ID); got.Status != domain.StatusStopped {
		t.Errorf("ended with %s, want stopped", got.Status)
	}
}

func TestAutorun_OnceAndOnlyAfterSuccess(t *testing.T) {
	t.Parallel()
	f := setup(t)
	build := f.template(t, func(tpl *domain.Template) { tpl.Type, tpl.StartVersion = domain.TemplateBuild, ref("1.0.08") })
	deploy := f.template(t, func(tpl *domain.Template) {
		tpl.Type, tpl.BuildTemplateID, tpl.Autorun = domain.TemplateDeploy, &build.ID, true
	})
	broken := f.template(t, func(tpl *domain.Template) {
		tpl.Type, tpl.BuildTemplateID, tpl.Autorun, tpl.Name = domain.TemplateDeploy, &build.ID, true, "asks"
		tpl.SurveyVars = []domain.SurveyVar{{Name: "host", Required: true}}
	})
	deploys := func(tpl domain.Template) []domain.TaskWithTemplate {
		t.Helper()
		list, _, err := f.List(t.Context(), store.TaskFilter{Project: f.project, Template: tpl.ID, Limit: 10}, "")
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	f.finished(t, build, domain.StatusError, Launch{})
	task, err := f.Launch(t.Context(), f.owner, f.project, Launch{TemplateID: build.ID})
	if err != nil {
		t.Fatal(err)
	}
	j := f.journal(f.claim(t))
	j.status(t, domain.StatusRunning)
	if err := f.Stop(t.Context(), f.owner, f.project, task.ID, false); err != nil {
		t.Fatal(err)
	}
	j.end(t, domain.StatusSuccess)
	if list := deploys(deploy); len(list) != 0 {
		t.Fatalf("%d deployments of builds that failed or were stopped", len(list))
	}
	good := f.finished(t, build, domain.StatusSuccess, Launch{})
	if *good.Version != "1.0.10" {
		t.Errorf("version %s, want 1.0.10", *good.Version)
	}
	list := deploys(deploy)
	if len(list) != 1 || list[0].UserID != nil || *list[0].BuildTaskID != good.ID {
		t.Fatalf("deployments after a good build: %+v", list)
	}
	if len(deploys(broken)) != 0 {
		t.Error("a deployment ran without its required answer")
	}
	if events := f.events(t); !slices.ContainsFunc(events, func(e string) bool { return strings.Contains(e, `"asks" could not run`) }) {
		t.Errorf("nothing tells that a deployment could not run: %q", events)
	}
	claimed := f.claim(t)
	spec, err := f.BuildJob(t.Context(), claimed)
	if err != nil || spec.Details.IncomingVersion != "1.0.10" || spec.Details.Type != "deploy" {
		t.Errorf("the deployment gets %+v, %v", spec.Details, err)
	}
}

func TestBuild_VersionsAreUnique(t *testing.T) {
	t.Parallel()
	f := setup(t)
	build := f.template(t, func(tpl *domain.Template) { tpl.Type, tpl.StartVersion = domain.TemplateBuild, ref("v007") })
	var mu sync.Mutex
	seen := map[string]bool{}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 5 {
				task, err := f.Launch(t.Context(), f.owner, f.project, Launch{TemplateID: build.ID})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if seen[*task.Version] {
					t.Errorf("version %s was given twice", *task.Version)
				}
				seen[*task.Version] = true
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if len(seen) != 40 || !seen["v007"] || !seen["v046"] {
		t.Errorf("versions: %v", seen)
	}
}

func TestDeploy_ChecksTheBuildItNames(t *testing.T) {
	t.Parallel()
	f := setup(t)
	build := f.template(t, func(tpl *domain.Template) { tpl.Type, tpl.StartVersion = domain.TemplateBuild, ref("1.0") })
	other := f.template(t, func(tpl *domain.Template) { tpl.Type, tpl.StartVersion = domain.TemplateBuild, ref("9.0") })
	staging := f.template(t, func(tpl *domain.Template) { tpl.Type, tpl.BuildTemplateID = domain.TemplateDeploy, &build.ID })
	production := f.template(t, func(tpl *domain.Template) { tpl.Type, tpl.BuildTemplateID = domain.TemplateDeploy, &build.ID })
	good := f.finished(t, build, domain.StatusSuccess, Launch{})
	bad := f.finished(t, build, domain.StatusError, Launch{})
	foreign := f.finished(t, other, domain.StatusSuccess, Launch{})
	staged := f.finished(t, staging, domain.StatusSuccess, Launch{BuildTaskID: &good.ID})
	failed := f.finished(t, staging, domain.StatusError, Launch{BuildTaskID: &good.ID})
	plain := f.finished(t, staging, domain.StatusSuccess, Launch{})
	for _, tt := range []struct {
		name string
		id   domain.TaskID
		ok   bool
	}{
		{"a good build", good.ID, true}, {"a failed build", bad.ID, false}, {"another template's build", foreign.ID, false},
		{"a deployment of the build", staged.ID, true}, {"a failed deployment", failed.ID, false},
		{"a deployment of nothing", plain.ID, false}, {"nothing there", 9999, false},
	} {
		task, err := f.Launch(t.Context(), f.runner, f.project, Launch{TemplateID: production.ID, BuildTaskID: &tt.id})
		if !tt.ok {
			if field(err) != "build_task_id" {
				t.Errorf("%s: got %v, want an error on build_task_id", tt.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		spec, err := f.BuildJob(t.Context(), f.claim(t))
		if err != nil || spec.Details.IncomingVersion != "1.0" || spec.TaskID != int64(task.ID) {
			t.Errorf("%s: incoming version %q, %v", tt.name, spec.Details.IncomingVersion, err)
		}
	}
}

func TestTerraform_GatesParamsAndArguments(t *testing.T) {
	t.Parallel()
	f := setup(t)
	workspace := domain.Inventory{ProjectID: f.project, Name: "prod", Type: domain.InventoryTofuWorkspace, Inventory: "prod"}
	if err := f.store.Inventories().Create(t.Context(), &workspace); err != nil {
		t.Fatal(err)
	}
	plain := f.template(t, func(tpl *domain.Template) { tpl.App, tpl.Playbook, tpl.InventoryID = "tofu", "", nil })
	free := f.template(t, func(tpl *domain.Template) {
		tpl.App, tpl.Playbook, tpl.InventoryID, tpl.AllowOverrideArgsInTask = "tofu", "", nil, true
		tpl.TaskParams = domain.JSON(`{"allow_destroy":true,"allow_auto_approve":true,"allow_override_inventory":true}`)
	})
	for _, tt := range []struct {
		name  string
		req   Launch
		plain string // field refused by the template that allows nothing
		free  string
	}{
		{"plan only", Launch{Params: domain.JSON(`{"plan":true,"upgrade":true,"reconfigure":true}`)}, "", ""},
		{"destroy", Launch{Params: domain.JSON(`{"destroy":true}`)}, "params.destroy", ""},
		{"auto approve", Launch{Params: domain.JSON(`{"auto_approve":true}`)}, "params.auto_approve", ""},
		{"type", Launch{Params: domain.JSON(`{"destroy":"yes"}`)}, "params.destroy", "params.destroy"},
		{"list", Launch{Arguments: ref(`["-x"]`)}, "arguments", ""},
		{"nothing in stages", Launch{Arguments: ref(`{"plan":[]}`)}, "", ""},
		{"stages", Launch{Arguments: ref(`{"plan":["-x"],"init":[]}`)}, "arguments", ""},
		{"unknown stage", Launch{Arguments: ref(`{"destroy":["-x"]}`)}, "arguments", "arguments"},
		{"not a list", Launch{Arguments: ref(`{"plan":"-x"}`)}, "arguments.plan", "arguments.plan"},
		{"workspace", Launch{InventoryID: &workspace.ID}, "inventory_id", ""},
		{"hosts", Launch{InventoryID: &f.inv.ID}, "inventory_id", "inventory_id"},
	} {
		for tpl, want := range map[*domain.Template]string{&plain: tt.plain, &free: tt.free} {
			tt.req.TemplateID = tpl.ID
			_, err := f.Launch(t.Context(), f.runner, f.project, tt.req)
			if field(err) != want || want == "" && err != nil {
				t.Errorf("%s: got %v, want an error on %q", tt.name, err, want)
			}
		}
	}
}

func TestTerraform_BuildsTheJob(t *testing.T) {
	t.Parallel()
	f := setup(t)
	workspace := domain.Inventory{ProjectID: f.project, Name: "prod", Type: domain.InventoryTofuWorkspace, Inventory: " prod\n"}
	if err := f.store.Inventories().Create(t.Context(), &workspace); err != nil {
		t.Fatal(err)
	}
	tpl := f.template(t, func(tpl *domain.Template) {
		tpl.App, tpl.Playbook, tpl.InventoryID, tpl.AllowOverrideArgsInTask = "tofu", "live/prod", &workspace.ID, true
		tpl.Arguments = ref(`{"plan":["-parallelism=2"],"apply":[]}`)
		tpl.TaskParams = domain.JSON(`{"allow_destroy":true,"auto_approve":true,"override_backend":true,"backend_filename":"b.tf"}`)
	})
	task, err := f.Launch(t.Context(), f.runner, f.project, Launch{TemplateID: tpl.ID, Arguments: ref(`["-lock-timeout=1m"]`), Params: domain.JSON(`{"destroy":true,"upgrade":true}`)})
	if err != nil {
		t.Fatal(err)
	}
	spec, err := f.BuildJob(t.Context(), f.claim(t))
	if err != nil {
		t.Fatal(err)
	}
	want := job.Terraform{
		Workspace: "prod", Destroy: true, AutoApprove: true, Upgrade: true, OverrideBackend: true, BackendFile: "b.tf",
		TemplateArgs: job.StageArgs{Plan: []string{"-parallelism=2"}, Apply: []string{}}, TaskArgs: job.StageArgs{Default: []string{"-lock-timeout=1m"}},
	}
	if !reflect.DeepEqual(*spec.Terraform, want) || spec.App.Kind != "terraform" || spec.App.Program != "tofu" || spec.Playbook != "live/prod" || spec.TaskArgs != nil {
		t.Errorf("got %+v of %+v, want %+v", *spec.Terraform, spec.App, want)
	}
	e, err := f.Explain(t.Context(), f.project, task.ID)
	if err != nil || e.Problem != "" || len(e.Commands) != 4 {
		t.Fatalf("explained as %+v, %v", e, err)
	}
	var verbs []string
	for _, c := range e.Commands {
		verbs = append(verbs, c.Args[0])
	}
	if fmt.Sprint(verbs) != "[init workspace plan apply]" || !slices.Contains(e.Commands[2].Args, "-destroy") || !slices.Contains(e.Commands[0].Env, "TF_VAR_token=***") {
		t.Errorf("commands %v", e.Commands)
	}
}

func TestRetain_KeepsTheNewestAndWhatRuns(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.Settings.MaxTasksPerTemplate = 2
	running := f.launch(t, Launch{})
	f.claim(t)
	var ids []domain.TaskID
	for range 4 {
		ids = append(ids, f.finished(t, f.tpl, domain.StatusSuccess, Launch{}).ID)
	}
	f.sweep(t.Context())
	list, _, err := f.List(t.Context(), store.TaskFilter{Project: f.project, Limit: 10}, "")
	if err != nil {
		t.Fatal(err)
	}
	var left []domain.TaskID
	for _, task := range list {
		left = append(left, task.ID)
	}
	if want := []domain.TaskID{ids[3], ids[2], running.ID}; !slices.Equal(left, want) {
		t.Errorf("left are %v, want %v", left, want)
	}
}

func TestLimits_TheShorterDurationCounts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		server   time.Duration
		template int
		want     time.Duration
	}{{0, 0, 0}, {time.Minute, 0, time.Minute}, {0, 30, 30 * time.Second}, {time.Minute, 30, 30 * time.Second}, {time.Minute, 90, time.Minute}} {
		s := &Service{Deps: Deps{Settings: Settings{MaxDuration: tt.server}}}
		if got := s.limits(domain.Template{MaxDurationSec: tt.template}).MaxDuration; got != tt.want {
			t.Errorf("server %s, template %d s: got %s, want %s", tt.server, tt.template, got, tt.want)
		}
	}
}

// TestRetain_ClockSetAhead: a clock that is set ahead by years while the server
// runs deletes nothing.
func TestRetain_ClockSetAhead(t *testing.T) {
	t.Parallel()
	started := time.Now()
	r := newRetention(started)
	later := started.Add(time.Hour)
	if got := r.today(later); !got.Equal(later) {
		t.Errorf("an hour later it is %v, want %v", got, later)
	}
	const years = 3 * 365 * 24 * time.Hour
	if got := r.today(setClock(t, later, years)); !got.Equal(later.Round(0)) {
		t.Errorf("with the clock ahead by years it is %v, want %v", got, later)
	}
	back := setClock(t, later, -years)
	if got := r.today(back); !got.Round(0).Equal(back.Round(0)) {
		t.Errorf("with the clock behind it is %v, want %v", got, back)
	}
}

// setClock gives the time that time.Now would have given had the clock on the
// wall been set: the monotonic reading stays.
func setClock(t *testing.T, at time.Time, by time.Duration) time.Time {
	t.Helper()
	set := at
	*(*uint64)(unsafe.Pointer(&set)) += uint64(by/time.Second) << 30 // seconds begin at bit 30
	if set.Sub(at) != 0 || set.Round(0).Sub(at.Round(0)) != by {
		t.Fatal("package time keeps its readings in another way than this test knows")
	}
	return set
}

func TestRetain_ByAgeAndBySize(t *testing.T) {
	t.Parallel()
	f := setup(t)
	start := f.now
	running := f.launch(t, Launch{})
	f.claim(t)
	var ids []domain.TaskID
	for i := range 6 {
		f.now = start.Add(time.Duration(i) * time.Hour)
		task := f.launch(t, Launch{})
		j := f.journal(f.claim(t))
		j.status(t, domain.StatusRunning)
		j.write(t, chunk(1, strings.Repeat("x", 999)))
		j.write(t, job.Record{End: &job.End{Status: "success", Time: f.now, Lines: 1}})
		ids = append(ids, task.ID)
	}
	left := func() []domain.TaskID {
		t.Helper()
		list, _, err := f.List(t.Context(), store.TaskFilter{Project: f.project, Limit: 20}, "")
		if err != nil {
			t.Fatal(err)
		}
		var left []domain.TaskID
		for _, task := range list {
			left = append(left, task.ID)
		}
		return left
	}
	f.sweep(t.Context())
	if got := left(); len(got) != 7 {
		t.Errorf("without rules %v are left", got)
	}
	f.Settings.MaxAge = 4*time.Hour + time.Minute
	f.sweep(t.Context())
	if got, want := left(), []domain.TaskID{ids[5], ids[4], ids[3], ids[2], ids[1], running.ID}; !slices.Equal(got, want) {
		t.Errorf("by age %v are left, want %v", got, want)
	}
	f.Settings.MaxAge, f.Settings.MaxStorage = 0, 3000
	f.sweep(t.Context())
	if got, want := left(), []domain.TaskID{ids[5], ids[4], ids[3], running.ID}; !slices.Equal(got, want) {
		t.Errorf("by size %v are left, want %v", got, want)
	}
}
