package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/job"
	"signalbox/internal/live"
	"signalbox/internal/logchunk"
	"signalbox/internal/store"
	"signalbox/internal/store/sqlstore"
)

// plain stands in for the keyring: what it seals is marked, not hidden.
type plain struct{}

func (plain) Seal(text []byte, context string) (string, error) {
	return context + ":" + string(text), nil
}
func (plain) Open(sealed, context string) ([]byte, error) {
	text, ok := strings.CutPrefix(sealed, context+":")
	if !ok {
		return nil, errors.New("sealed for another place")
	}
	return []byte(text), nil
}
func (plain) OpenKey(k domain.Key) (domain.KeySecret, error) {
	if k.Ciphertext == "broken" {
		return domain.KeySecret{}, errors.New("broken")
	}
	return domain.KeySecret{Login: "deploy", Password: domain.Secret(k.Ciphertext), PrivateKey: domain.Secret(k.Ciphertext), String: domain.Secret(k.Ciphertext)}, nil
}

// signals notes what the dispatcher would be told.
type signals struct {
	mu    sync.Mutex
	wakes int
	stops []string

	answers []string
}

func (s *signals) Wake() { s.mu.Lock(); s.wakes++; s.mu.Unlock() }
func (s *signals) Signal(id domain.TaskID, force bool) {
	s.mu.Lock()
	s.stops = append(s.stops, fmt.Sprintf("%d %v", id, force))
	s.mu.Unlock()
}

func (s *signals) Answer(id domain.TaskID, question int, confirm bool) {
	s.mu.Lock()
	s.answers = append(s.answers, fmt.Sprintf("%d %d %v", id, question, confirm))
	s.mu.Unlock()
}

type noGit struct{}

func (noGit) Ask(_ context.Context, q job.Query) (job.Answer, error) {
	return job.Answer{Branches: []string{"main", "feature/" + q.Repository.Name}}, nil
}

type fixture struct {
	*Service
	store   store.Store
	signals *signals
	sub     live.Subscription
	project domain.ProjectID
	tpl     domain.Template
	inv     domain.Inventory
	group   domain.VariableGroup
	owner   domain.Actor
	runner  domain.Actor
	now     time.Time
}

func setup(t *testing.T) *fixture {
	t.Helper()
	ctx := t.Context()
	st, err := sqlstore.Open(ctx, sqlstore.Config{Path: filepath.Join(t.TempDir(), "test.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	f := &fixture{store: st, signals: &signals{}, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	bus := live.NewBus()
	f.sub = bus.Subscribe()
	f.Service = New(Deps{
		Store: st, Sealer: plain{}, Keys: plain{}, Live: bus, Queries: noGit{}, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return f.now },
		Settings: Settings{MaxParallel: 3, StopGrace: time.Second, WebHost: "https://sb.example.org/",
			Apps: func(context.Context) ([]domain.App, error) { return domain.BuiltinApps(), nil }},
	})
	f.Connect(f.signals)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	user := func(name string) domain.Actor {
		u := domain.User{Username: name, Name: strings.ToUpper(name), Email: name + "@example.org", Created: f.now}
		must(st.Users().Create(ctx, &u))
		return domain.Actor{User: u, Address: "192.0.2.1"}
	}
	f.owner, f.runner = user("owner"), user("runner")
	p := domain.Project{Name: "p", Created: f.now}
	must(st.Projects().Create(ctx, &p))
	f.project = p.ID
	must(st.Members().Create(ctx, &domain.Member{ProjectID: p.ID, UserID: f.owner.User.ID, Role: domain.RoleOwner}))
	must(st.Members().Create(ctx, &domain.Member{ProjectID: p.ID, UserID: f.runner.User.ID, Role: domain.RoleTaskRunner}))
	none := domain.Key{ProjectID: p.ID, Name: "none", Type: domain.KeyNone}
	must(st.Keys().Create(ctx, &none))
	r := domain.Repository{ProjectID: p.ID, Name: "site", GitURL: "https://example.org/site.git", GitBranch: "main", SSHKeyID: none.ID}
	must(st.Repositories().Create(ctx, &r))
	f.inv = domain.Inventory{ProjectID: p.ID, Name: "hosts", Type: domain.InventoryStatic, Inventory: "localhost", SSHKeyID: &none.ID}
	must(st.Inventories().Create(ctx, &f.inv))
	f.group = domain.VariableGroup{ProjectID: p.ID, Name: "g", JSON: `{"n":12345678901234567890,"over":"group","list":[1]}`, Env: ref(`{"A":"1","N":5}`)}
	must(st.VariableGroups().Create(ctx, &f.group))
	for _, k := range []domain.Key{
		{Name: "token", Type: domain.KeyString, Owner: domain.OwnerVariable, Ciphertext: "t0k3n"},
		{Name: "API_KEY", Type: domain.KeyString, Owner: domain.OwnerEnvironment, Ciphertext: "k3y"},
	} {
		k.ProjectID, k.VariableGroupID = p.ID, &f.group.ID
		must(st.Keys().Create(ctx, &k))
	}
	f.tpl = domain.Template{ProjectID: p.ID, Name: "deploy", App: "ansible", Playbook: "site.yml", RepositoryID: r.ID,
		InventoryID: &f.inv.ID, VariableGroupID: &f.group.ID, AllowParallelTasks: true}
	must(st.Templates().Create(ctx, &f.tpl))
	return f
}

// change edits the template of the fixture.
func (f *fixture) change(t *testing.T, edit func(*domain.Template)) {
	t.Helper()
	tpl, err := f.store.Templates().Update(t.Context(), f.tpl.ID, func(tpl *domain.Template) error {
		edit(tpl)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f.tpl = tpl
}

func (f *fixture) launch(t *testing.T, req Launch) domain.Task {
	t.Helper()
	req.TemplateID = f.tpl.ID
	task, err := f.Launch(t.Context(), f.owner, f.project, req)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func (f *fixture) claim(t *testing.T) domain.Task {
	t.Helper()
	task, ok, err := f.Claim(t.Context(), "me", time.Minute)
	if err != nil || !ok {
		t.Fatalf("claim: %v %v", ok, err)
	}
	return task
}

func field(err error) string {
	var de *domain.Error
	if errors.As(err, &de) {
		return de.Field
	}
	return ""
}

func TestLaunch_RefusesWhatTheTemplateDoesNotAllow(t *testing.T) {
	t.Parallel()
	f := setup(t)
	other := domain.InventoryID(0)
	inv := domain.Inventory{ProjectID: f.project, Name: "other", Type: domain.InventoryStatic}
	if err := f.store.Inventories().Create(t.Context(), &inv); err != nil {
		t.Fatal(err)
	}
	other = inv.ID
	f.change(t, func(tpl *domain.Template) {
		tpl.SurveyVars = []domain.SurveyVar{
			{Name: "host", Required: true}, {Name: "count", Type: "int"},
			{Name: "env", Type: "enum", Values: []domain.SurveyValue{{Name: "P", Value: "prod"}}}, {Name: "pw", Type: "secret"},
		}
	})
	ok := `{"host":"db1"}`
	tests := []struct {
		name  string
		req   Launch
		field string
	}{
		{"environment not JSON", Launch{Environment: "{"}, "environment"},
		{"environment a list", Launch{Environment: "[1]"}, "environment"},
		{"secret not JSON", Launch{Environment: ok, Secret: "{hunter2"}, "secret"},
		{"required missing", Launch{}, "environment.host"},
		{"required empty", Launch{Environment: `{"host":""}`}, "environment.host"},
		{"int", Launch{Environment: `{"host":"a","count":"x"}`}, "environment.count"},
		{"enum", Launch{Environment: `{"host":"a","env":"test"}`}, "environment.env"},
		{"not asked for", Launch{Environment: `{"host":"a","ansible_become_pass":"x"}`}, "environment.ansible_become_pass"},
		{"another playbook", Launch{Environment: ok, Playbook: "evil.yml"}, "playbook"},
		{"playbook outside", Launch{Environment: ok, Playbook: "../../x.yml"}, "playbook"},
		{"branch", Launch{Environment: ok, GitBranch: ref("x")}, "git_branch"},
		{"branch option", Launch{Environment: ok, GitBranch: ref("--upload-pack=x")}, "git_branch"},
		{"commit", Launch{Environment: ok, CommitHash: ref("abcdef")}, "commit_hash"},
		{"arguments", Launch{Environment: ok, Arguments: ref(`["-e","x=1"]`)}, "arguments"},
		{"arguments form", Launch{Environment: ok, Arguments: ref(`{"a":1}`)}, "arguments"},
		{"inventory", Launch{Environment: ok, InventoryID: &other}, "inventory_id"},
		{"foreign inventory", Launch{Environment: ok, InventoryID: ref(domain.InventoryID(9999))}, "inventory_id"},
		{"debug", Launch{Environment: ok, Params: domain.JSON(`{"debug":true}`)}, "params.debug"},
		{"limit", Launch{Environment: ok, Params: domain.JSON(`{"limit":["a"]}`)}, "params.limit"},
		{"old limit", Launch{Environment: ok, Limit: "a, b"}, "params.limit"},
		{"tags", Launch{Environment: ok, Params: domain.JSON(`{"tags":["a"]}`)}, "params.tags"},
		{"skip tags", Launch{Environment: ok, Params: domain.JSON(`{"skip_tags":["a"]}`)}, "params.skip_tags"},
		{"params type", Launch{Environment: ok, Params: domain.JSON(`{"tags":"a"}`)}, "params.tags"},
		{"params list", Launch{Environment: ok, Params: domain.JSON(`[]`)}, "params"},
		{"build", Launch{Environment: ok, BuildTaskID: ref(domain.TaskID(1))}, "build_task_id"},
		{"message", Launch{Environment: ok, Message: strings.Repeat("x", 251)}, "message"},
	}
	for _, tt := range tests {
		tt.req.TemplateID = f.tpl.ID
		_, err := f.Launch(t.Context(), f.runner, f.project, tt.req)
		if field(err) != tt.field {
			t.Errorf("%s: got %v, want an error on %q", tt.name, err, tt.field)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error shows the secret: %v", tt.name, err)
		}
	}
	if list, _, err := f.List(t.Context(), store.TaskFilter{Project: f.project, Limit: 10}, ""); err != nil || len(list) != 0 {
		t.Errorf("refused launches left %d tasks, %v", len(list), err)
	}
	if f.signals.wakes != 0 {
		t.Error("a refused launch woke the dispatcher")
	}
	if _, err := f.Launch(t.Context(), f.runner, f.project+1, Launch{TemplateID: f.tpl.ID}); !domain.IsKind(err, domain.KindNotFound) {
		t.Errorf("template of another project: got %v, want not found", err)
	}
}

func TestLaunch_OtherVariablesWhereTheTemplateAllowsThem(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.change(t, func(tpl *domain.Template) {
		tpl.AllowOverrideEnvironmentInTask = true
		tpl.SurveyVars = []domain.SurveyVar{{Name: "count", Type: "int"}}
	})
	req := Launch{TemplateID: f.tpl.ID, Environment: `{"count":2,"over":"mine"}`, Secret: `{"token":"hush"}`}
	task, err := f.Launch(t.Context(), f.runner, f.project, req)
	if err != nil {
		t.Fatalf("a task runner may not set variables that the template leaves open: %v", err)
	}
	if task.Environment != `{"count":2,"over":"mine"}` {
		t.Errorf("the task has %s", task.Environment)
	}
	spec, err := f.BuildJob(t.Context(), f.claim(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(spec.ExtraVars["over"]) + string(spec.SecretVars["token"]); got != `"mine""hush"` {
		t.Errorf("the job gets %s", got)
	}
	// What the survey asks for is checked all the same, and nothing else is opened.
	for name, req := range map[string]Launch{
		"environment.count": {Environment: `{"count":"many","other":1}`},
		"arguments":         {Arguments: ref(`["-e","x=1"]`)},
		"playbook":          {Playbook: "other.yml"},
	} {
		req.TemplateID = f.tpl.ID
		if _, err := f.Launch(t.Context(), f.runner, f.project, req); field(err) != name {
			t.Errorf("got %v, want an error on %q", err, name)
		}
	}
}

func TestLaunch_BuildsTheJob(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.change(t, func(tpl *domain.Template) {
		tpl.SurveyVars = []domain.SurveyVar{{Name: "over"}, {Name: "pw", Type: "secret"}, {Name: "size", DefaultValue: "10", Type: "int"}}
		tpl.AllowOverrideArgsInTask, tpl.AllowOverrideBranchInTask = true, true
		tpl.Arguments = ref(`["--flush-cache"]`)
		tpl.TaskParams = domain.JSON(`{"allow_debug":true,"allow_override_limit":true,"limit":["web"],"tags":["t"]}`)
	})
	task := f.launch(t, Launch{
		Environment: `{"over":"task","extra":1.50}`, Secret: `{"pw":"s3cret"}`, Arguments: ref(`["-f","5"]`),
		GitBranch: ref("feature/x"), Message: "hi", Params: domain.JSON(`{"debug":true,"debug_level":2,"dry_run":true,"limit":["db"]}`),
	})
	if strings.Contains(task.Environment, "s3cret") {
		t.Fatalf("the secret answer is stored in clear: %s", task.Environment)
	}
	// Definitions are frozen at creation; secrets are read at the start.
	f.change(t, func(tpl *domain.Template) { tpl.Playbook = "changed.yml" })
	spec, err := f.BuildJob(t.Context(), f.claim(t))
	if err != nil {
		t.Fatal(err)
	}
	raw := func(m map[string]json.RawMessage) string {
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	checks := []struct{ what, got, want string }{
		{"playbook", spec.Playbook, "site.yml"},
		{"kind", spec.App.Kind, "ansible"},
		{"extra vars", raw(spec.ExtraVars), `{"extra":1.50,"list":[1],"n":12345678901234567890,"over":"task","size":"10"}`},
		{"secret vars", raw(spec.SecretVars), `{"pw":"s3cret","token":"t0k3n"}`},
		{"env", fmt.Sprint(spec.Env), "map[A:1 N:5]"},
		{"secret env", fmt.Sprint(spec.SecretEnv), "map[API_KEY:k3y]"},
		{"branch", fmt.Sprintf("%s %v", spec.Repository.Branch, spec.Repository.Override), "feature/x true"},
		{"args", fmt.Sprint(spec.TemplateArgs, spec.TaskArgs), "[--flush-cache] [-f 5]"},
		{"ansible", fmt.Sprintf("%+v", *spec.Ansible), "{Verbosity:2 Check:true Diff:false Limit:[db] Tags:[t] SkipTags:[] SkipGalaxy:false GalaxyCollectionArgs:[] GalaxyRoleArgs:[]}"},
		{"url", spec.Details.URL, fmt.Sprintf("https://sb.example.org/project/%d/history?t=%d", f.project, task.ID)},
		{"user", spec.Details.Username, "owner"},
		{"credential", fmt.Sprint(spec.Repository.Credential == nil), "true"},
	}
	for _, c := range checks {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, c.got, c.want)
		}
	}
}

func TestBuildJob_NamesTheKeyThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, secret := range []string{"broken", ""} {
		k := domain.Key{ProjectID: f.project, Name: "ops key", Type: domain.KeySSH, Ciphertext: secret}
		if err := f.store.Keys().Create(t.Context(), &k); err != nil {
			t.Fatal(err)
		}
		if _, err := f.store.Inventories().Update(t.Context(), f.inv.ID, func(i *domain.Inventory) error { i.SSHKeyID = &k.ID; return nil }); err != nil {
			t.Fatal(err)
		}
		f.launch(t, Launch{})
		_, err := f.BuildJob(t.Context(), f.claim(t))
		if err == nil || !strings.Contains(err.Error(), `"ops key"`) {
			t.Errorf("secret %q: got %v, want an error naming the key", secret, err)
		}
	}
}

func chunk(first int64, texts ...string) job.Record {
	b := logchunk.NewBuilder(first)
	for _, text := range texts {
		b.Add(time.Unix(1700000000, 0).UTC(), []byte(text), false)
	}
	c := b.Finish()
	return job.Record{Chunk: &c}
}

func TestRecord_FollowsATaskToItsEnd(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.launch(t, Launch{})
	task := f.claim(t)
	at := f.now.Add(time.Second)
	record := func(from, to int64, recs ...job.Record) (job.Ack, error) {
		return f.Record(t.Context(), task.ID, task.Epoch, job.Batch{From: from, To: to, Records: recs})
	}
	if _, err := record(0, 10, job.Record{Begin: &job.Begin{Time: at}}, job.Record{Status: &job.Status{Status: "running", Time: at}}, chunk(1, "one", "two")); err != nil {
		t.Fatal(err)
	}
	if _, err := record(0, 10, chunk(1, "one", "two")); err != nil {
		t.Fatalf("a repeated batch: %v", err)
	}
	if err := f.Stop(t.Context(), f.runner, f.project, task.ID, false); err != nil {
		t.Fatal(err)
	}
	ack, err := record(10, 20, chunk(3, "three"))
	if err != nil || !ack.Stop || ack.Force {
		t.Fatalf("after a stop request the acknowledgement is %+v, %v", ack, err)
	}
	end := job.End{Status: "success", Time: at.Add(time.Second), Lines: 3, Digest: "d"}
	if _, err := record(20, 30, job.Record{End: &end}); err != nil {
		t.Fatal(err)
	}
	got, err := f.Get(t.Context(), f.project, task.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != domain.StatusStopped || got.LogLines != 3 || !got.LogComplete || got.StoppedByName != "RUNNER" || got.End == nil {
		t.Errorf("a clean exit after a stop left %+v", got)
	}
	if _, err := record(30, 40, chunk(4, "late")); !errors.Is(err, job.ErrFenced) {
		t.Errorf("a report after the end gave %v, want fenced", err)
	}
	page, err := f.Window(t.Context(), f.project, task.ID, Page{Tail: 2})
	if err != nil || len(page.Lines) != 2 || string(page.Lines[1].Text) != "three" || page.Lines[1].Seq != 3 || !page.Complete {
		t.Errorf("tail of the log: %+v, %v", page, err)
	}
}

func TestRecord_MissingLinesAreAnError(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.launch(t, Launch{})
	task := f.claim(t)
	for i, rec := range []job.Record{{Status: &job.Status{Status: "running", Time: f.now}}, {End: &job.End{Status: "success", Lines: 7, Time: f.now}}} {
		if _, err := f.Record(t.Context(), task.ID, task.Epoch, job.Batch{From: int64(i), To: int64(i + 1), Records: []job.Record{rec}}); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := f.Get(t.Context(), f.project, task.ID); err != nil || got.Status != domain.StatusError || !strings.Contains(got.StatusReason, "7 lines") {
		t.Errorf("got %s %q, %v; want error naming the missing lines", got.Status, got.StatusReason, err)
	}
}

// TestEnd_NeverBeforeTheStart: the clock is set back by hours between the start
// of a task and its end, however it ends.
func TestEnd_NeverBeforeTheStart(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, f *fixture, task domain.Task) error{
		"the job ends it": func(t *testing.T, f *fixture, task domain.Task) error {
			end := job.End{Status: "success", Time: f.now}
			_, err := f.Record(t.Context(), task.ID, task.Epoch, job.Batch{From: 1, To: 2, Records: []job.Record{{End: &end}}})
			return err
		},
		"its job died": func(t *testing.T, f *fixture, task domain.Task) error {
			return f.Fail(t.Context(), task.ID, task.Epoch, "The job died.")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			f.launch(t, Launch{})
			task := f.claim(t)
			start := job.Status{Status: "running", Time: f.now}
			if _, err := f.Record(t.Context(), task.ID, task.Epoch, job.Batch{From: 0, To: 1, Records: []job.Record{{Status: &start}}}); err != nil {
				t.Fatal(err)
			}
			f.now = f.now.Add(-3 * time.Hour)
			if err := end(t, f, task); err != nil {
				t.Fatal(err)
			}
			got, err := f.Get(t.Context(), f.project, task.ID)
			if err != nil || got.End == nil || got.Start == nil || got.End.Before(*got.Start) {
				t.Errorf("from %v to %v, %v", got.Start, got.End, err)
			}
		})
	}
	f := setup(t)
	task := f.launch(t, Launch{})
	f.now = f.now.Add(-3 * time.Hour)
	if err := f.Stop(t.Context(), f.owner, f.project, task.ID, false); err != nil {
		t.Fatal(err)
	}
	got, err := f.Get(t.Context(), f.project, task.ID)
	if err != nil || got.End == nil || got.End.Before(got.Created) {
		t.Errorf("a task that waited ended at %v, made at %v, %v", got.End, got.Created, err)
	}
}

func TestStop_EndsAWaitingTaskAtOnceAndForGood(t *testing.T) {
	t.Parallel()
	f := setup(t)
	task := f.launch(t, Launch{})
	if err := f.Stop(t.Context(), f.owner, f.project, task.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := f.Claim(t.Context(), "me", time.Minute); ok || err != nil {
		t.Errorf("a stopped task was claimed (%v)", err)
	}
	got, err := f.Get(t.Context(), f.project, task.ID)
	if err != nil || got.Status != domain.StatusStopped || got.End == nil || !got.LogComplete {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := f.Stop(t.Context(), f.owner, f.project, task.ID, false); err != nil {
		t.Errorf("stopping again: %v", err)
	}
	if err := f.Stop(t.Context(), f.owner, f.project+1, task.ID, false); !domain.IsKind(err, domain.KindNotFound) {
		t.Errorf("stopping it through another project: %v", err)
	}
	if len(f.signals.stops) != 0 {
		t.Errorf("a job that never was got %v", f.signals.stops)
	}
}

func TestWaitReasons_NameTheLimit(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.change(t, func(tpl *domain.Template) { tpl.AllowParallelTasks = false })
	f.launch(t, Launch{})
	running := f.claim(t)
	waiting := f.launch(t, Launch{})
	reasons, err := f.WaitReasons(t.Context(), []domain.TaskID{waiting.ID})
	if err != nil || !strings.Contains(reasons[waiting.ID], fmt.Sprintf("#%d", running.ID)) {
		t.Errorf("got %q, %v; want the running task named", reasons[waiting.ID], err)
	}
}

func TestLaunch_NumbersBuildsUnderConcurrency(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.change(t, func(tpl *domain.Template) { tpl.Type, tpl.StartVersion = domain.TemplateBuild, ref("1.0.001") })
	var mu sync.Mutex
	seen := map[string]bool{}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			task, err := f.Launch(t.Context(), f.owner, f.project, Launch{TemplateID: f.tpl.ID})
			if err != nil || task.Version == nil {
				t.Errorf("launch: %v", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if seen[*task.Version] {
				t.Errorf("version %s given twice", *task.Version)
			}
			seen[*task.Version] = true
		})
	}
	wg.Wait()
	if !seen["1.0.001"] || !seen["1.0.020"] {
		t.Errorf("versions: %v", seen)
	}
}

func TestAutorun_OnlyAfterSuccess(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.change(t, func(tpl *domain.Template) { tpl.Type, tpl.StartVersion = domain.TemplateBuild, ref("1") })
	deploy := f.tpl
	deploy.ID, deploy.Type, deploy.Autorun, deploy.BuildTemplateID, deploy.StartVersion = 0, domain.TemplateDeploy, true, &f.tpl.ID, nil
	if err := f.store.Templates().Create(t.Context(), &deploy); err != nil {
		t.Fatal(err)
	}
	for _, status := range []string{"error", "stopped", "success"} {
		f.launch(t, Launch{})
		task := f.claim(t)
		for i, rec := range []job.Record{{Status: &job.Status{Status: "running", Time: f.now}}, {End: &job.End{Status: status, Time: f.now}}} {
			if _, err := f.Record(t.Context(), task.ID, task.Epoch, job.Batch{From: int64(i), To: int64(i + 1), Records: []job.Record{rec}}); err != nil {
				t.Fatal(err)
			}
		}
		list, _, err := f.List(t.Context(), store.TaskFilter{Project: f.project, Template: deploy.ID, Limit: 10}, "")
		if err != nil {
			t.Fatal(err)
		}
		if status != "success" {
			if len(list) != 0 {
				t.Errorf("a build that ended in %s was deployed", status)
			}
			continue
		}
		if len(list) != 1 || list[0].BuildTaskID == nil || *list[0].BuildTaskID != task.ID {
			t.Fatalf("after a success: %+v", list)
		}
		spec, err := f.BuildJob(t.Context(), f.claim(t))
		if err != nil || spec.Details.IncomingVersion != *task.Version {
			t.Errorf("incoming version %q, want %q (%v)", spec.Details.IncomingVersion, *task.Version, err)
		}
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.launch(t, Launch{})
	task := f.claim(t)
	lines := []string{"alpha", "\x1b[31mFAILED\x1b[0m!", "fa\x1b[1miled", "beta 42", "Привет"}
	recs := []job.Record{{Status: &job.Status{Status: "running", Time: f.now}}, chunk(1, lines...)}
	if _, err := f.Record(t.Context(), task.ID, task.Epoch, job.Batch{From: 0, To: 1, Records: recs}); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		q    Search
		want string
	}{
		{Search{Query: "failed", Limit: 10}, "[2 3]"},
		{Search{Query: "failed", Limit: 10, Case: true}, "[3]"},
		{Search{Query: `\d+$`, Regex: true, Limit: 10}, "[4]"},
		{Search{Query: "a", Limit: 2}, "[1 2]"},
		{Search{Query: "a", Limit: 10, After: 2}, "[3 4]"},
		{Search{Query: "[31m", Limit: 10}, "[]"},
		{Search{Query: "ПРИВЕТ", Limit: 10}, "[5]"},
		{Search{Query: "BETA", Limit: 10}, "[4]"},
	}
	for _, tt := range tests {
		got, err := f.Search(t.Context(), f.project, task.ID, tt.q)
		if err != nil || fmt.Sprint(got.Matches) != tt.want {
			t.Errorf("%+v: got %v, %v; want %s", tt.q, got.Matches, err, tt.want)
		}
	}
	if _, err := f.Search(t.Context(), f.project, task.ID, Search{Query: "(", Regex: true}); field(err) != "q" {
		t.Errorf("a bad expression gave %v", err)
	}
}

func TestDelete_OnlyWhenEnded(t *testing.T) {
	t.Parallel()
	f := setup(t)
	task := f.launch(t, Launch{})
	if err := f.Delete(t.Context(), f.owner, f.project, task.ID); err == nil {
		t.Error("a waiting task was deleted")
	}
	if err := f.Stop(t.Context(), f.owner, f.project, task.ID, false); err != nil {
		t.Fatal(err)
	}
	if err := f.Delete(t.Context(), f.owner, f.project, task.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Get(t.Context(), f.project, task.ID); !domain.IsKind(err, domain.KindNotFound) {
		t.Errorf("the deleted task gives %v", err)
	}
}
