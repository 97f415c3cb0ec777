package dispatch_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signalbox/internal/dispatch"
	"signalbox/internal/domain"
	"signalbox/internal/exec/jobproc"
	"signalbox/internal/exec/workspace"
	"signalbox/internal/job"
	"signalbox/internal/live"
	"signalbox/internal/runner"
	"signalbox/internal/secrets"
	"signalbox/internal/store"
	"signalbox/internal/store/sqlstore"
	"signalbox/internal/tasks"
)

// TestMain lets this binary be the job process that runners start.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Getenv(askingVariable) != "" {
		if err := askingJob(os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) > 1 && os.Args[1] == "job" {
		os.Exit(jobproc.Main(os.Args[2:], os.Environ()))
	}
	os.Exit(m.Run())
}

// bundle is the way of a task from launch to end, all parts real.
type bundle struct {
	*tasks.Service
	t       *testing.T
	store   store.Store
	bus     *live.Bus
	data    string
	project domain.ProjectID
	actor   domain.Actor
	repo    string
	stop    func()
	env     []string // of job processes, nil for this one's
}

func newBundle(t *testing.T, maxParallel int, scripts map[string]string) *bundle {
	t.Helper()
	b := &bundle{t: t, bus: live.NewBus(), data: t.TempDir(), repo: t.TempDir()}
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(b.repo, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	st, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: filepath.Join(b.data, "test.db")})
	if err != nil {
		t.Fatal(err)
	}
	b.store = st
	keys, err := secrets.New(secrets.GenerateKey())
	if err != nil {
		t.Fatal(err)
	}
	b.Service = tasks.New(tasks.Deps{
		Store: st, Sealer: keys, Keys: keys, Live: b.bus, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Now().UTC() },
		Settings: tasks.Settings{MaxParallel: maxParallel, StopGrace: 2 * time.Second,
			Apps: func(context.Context) ([]domain.App, error) { return domain.BuiltinApps(), nil },
			Host: job.Host{DataDir: b.data}},
	})
	b.start()
	t.Cleanup(func() {
		b.stop()
		b.endJobs()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	b.seed()
	return b
}

// start runs runner and dispatcher until stop is called.
func (b *bundle) start() {
	b.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		b.t.Fatal(err)
	}
	work, err := runner.New(runner.Config{
		JobsDir: filepath.Join(b.data, "jobs"), Executable: exe, Reports: b.Service, Log: slog.New(slog.NewTextHandler(b.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		Sweep: workspace.SweepJob, Env: b.env,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	d := dispatch.New("me", b.Service, work, slog.New(slog.DiscardHandler))
	b.Connect(d)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	b.stop = func() {
		cancel()
		if err := <-done; err != nil {
			b.t.Error(err)
		}
		work.Close()
		b.stop = func() {}
	}
}

// endJobs kills the jobs of a test that failed: they outlive everything else.
func (b *bundle) endJobs() {
	dirs, err := filepath.Glob(filepath.Join(b.data, "jobs", "*"))
	if err != nil {
		b.t.Error(err)
	}
	for _, dir := range dirs {
		conn, err := job.Dial(dir)
		if err != nil {
			continue // it has ended
		}
		_ = conn.Send(job.Command{Stop: true, Force: true}) // it may end just now
		<-conn.Gone()
		_ = conn.Close() // closed by the other side
	}
}

func (b *bundle) seed() {
	b.t.Helper()
	ctx := b.t.Context()
	must := func(err error) {
		b.t.Helper()
		if err != nil {
			b.t.Fatal(err)
		}
	}
	u := domain.User{Username: "u", Name: "U", Email: "u@example.org", Admin: true}
	must(b.store.Users().Create(ctx, &u))
	b.actor = domain.Actor{User: u}
	p := domain.Project{Name: "p"}
	must(b.store.Projects().Create(ctx, &p))
	b.project = p.ID
}

func (b *bundle) template(script string, parallel bool) domain.TemplateID {
	b.t.Helper()
	ctx := b.t.Context()
	k := domain.Key{ProjectID: b.project, Name: "none", Type: domain.KeyNone}
	if err := b.store.Keys().Create(ctx, &k); err != nil {
		b.t.Fatal(err)
	}
	r := domain.Repository{ProjectID: b.project, Name: "r", GitURL: b.repo, SSHKeyID: k.ID}
	if err := b.store.Repositories().Create(ctx, &r); err != nil {
		b.t.Fatal(err)
	}
	tpl := domain.Template{ProjectID: b.project, Name: script, App: "bash", Playbook: script, RepositoryID: r.ID, AllowParallelTasks: parallel}
	if err := b.store.Templates().Create(ctx, &tpl); err != nil {
		b.t.Fatal(err)
	}
	return tpl.ID
}

func (b *bundle) launch(tpl domain.TemplateID) domain.TaskID {
	b.t.Helper()
	t, err := b.Launch(b.t.Context(), b.actor, b.project, tasks.Launch{TemplateID: tpl})
	if err != nil {
		b.t.Fatal(err)
	}
	return t.ID
}

// until waits for news until cond holds of the task.
func (b *bundle) until(id domain.TaskID, what string, cond func(domain.Task) bool) domain.Task {
	b.t.Helper()
	sub := b.bus.Subscribe()
	defer sub.Close()
	limit := time.After(30 * time.Second)
	for {
		t, err := b.store.Tasks().Get(b.t.Context(), id)
		if err != nil {
			b.t.Fatal(err)
		}
		if cond(t) {
			return t
		}
		select {
		case <-sub.Ready():
			sub.Next()
		case <-limit:
			b.t.Fatalf("task %d did not come to %s; it is %s (%s)\n%s", id, what, t.Status, t.StatusReason, b.text(id))
		}
	}
}

func (b *bundle) ended(id domain.TaskID) domain.Task {
	b.t.Helper()
	return b.until(id, "an end", func(t domain.Task) bool { return t.Status.Terminal() })
}

func (b *bundle) text(id domain.TaskID) string {
	b.t.Helper()
	var out strings.Builder
	err := b.Lines(b.t.Context(), id, 0, func(l tasks.LogLine) error {
		out.Write(l.Text)
		out.WriteByte('\n')
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return out.String()
}

func TestRun_SuccessErrorAndOutput(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 4, map[string]string{"ok.sh": "echo out; echo err >&2; printf tail", "bad.sh": "echo before; exit 3"})
	ok, bad, missing := b.launch(b.template("ok.sh", true)), b.launch(b.template("bad.sh", true)), b.launch(b.template("none.sh", true))
	if task := b.ended(ok); task.Status != domain.StatusSuccess || task.Start == nil || task.End == nil || !task.LogComplete || task.LogDigest == "" {
		t.Errorf("got %+v", task)
	}
	if text := b.text(ok); !strings.Contains(text, "out\nerr\ntail\n") {
		t.Errorf("output is %q", text)
	}
	if task := b.ended(bad); task.Status != domain.StatusError || task.StatusReason == "" {
		t.Errorf("exit 3 gave %s %q", task.Status, task.StatusReason)
	}
	if task := b.ended(missing); task.Status != domain.StatusError || !strings.Contains(task.StatusReason, "none.sh") {
		t.Errorf("a missing script gave %s %q", task.Status, task.StatusReason)
	}
}

func TestRun_LimitsHoldWithoutHoldingUpOthers(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 2, map[string]string{"gate.sh": "while [ ! -e gate ]; do sleep 0.01; done", "quick.sh": "true"})
	gate := b.template("gate.sh", false)
	first := b.launch(gate)
	second := b.launch(gate) // blocked by its template
	quick := b.launch(b.template("quick.sh", true))
	if task := b.ended(quick); task.Status != domain.StatusSuccess {
		t.Errorf("the quick task is %s", task.Status)
	}
	reasons, err := b.WaitReasons(t.Context(), []domain.TaskID{second})
	if err != nil || !strings.Contains(reasons[second], fmt.Sprintf("#%d", first)) {
		t.Errorf("the blocked task says %q, %v", reasons[second], err)
	}
	if err := os.WriteFile(filepath.Join(b.repo, "gate"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, id := range []domain.TaskID{first, second} {
		if task := b.ended(id); task.Status != domain.StatusSuccess {
			t.Errorf("task %d is %s (%s)", id, task.Status, task.StatusReason)
		}
	}
}

func TestStop_PoliteThenForced(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 4, map[string]string{
		"polite.sh":   "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.02; done",
		"stubborn.sh": "trap '' TERM; echo up; while :; do sleep 0.02; done",
	})
	polite, stubborn := b.launch(b.template("polite.sh", true)), b.launch(b.template("stubborn.sh", true))
	for _, id := range []domain.TaskID{polite, stubborn} {
		b.until(id, "output", func(task domain.Task) bool { return strings.Contains(b.text(id), "up") })
		if err := b.Stop(t.Context(), b.actor, b.project, id, false); err != nil {
			t.Fatal(err)
		}
	}
	if task := b.ended(polite); task.Status != domain.StatusStopped || !strings.Contains(b.text(polite), "bye") {
		t.Errorf("polite: %s, output %q", task.Status, b.text(polite))
	}
	begin := time.Now()
	if err := b.Stop(t.Context(), b.actor, b.project, stubborn, true); err != nil {
		t.Fatal(err)
	}
	if task := b.ended(stubborn); task.Status != domain.StatusStopped || !task.ForceStop {
		t.Errorf("stubborn: %+v", task)
	}
	if took := time.Since(begin); took > 1900*time.Millisecond {
		t.Errorf("a forced stop waited %s, as long as the grace", took)
	}
}

func TestRestart_TakesUpWhatRuns(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 4, map[string]string{"long.sh": "for i in 1 2 3; do echo line $i; while [ ! -e gate$i ]; do sleep 0.01; done; done"})
	id := b.launch(b.template("long.sh", true))
	for i := 1; i <= 3; i++ {
		b.until(id, "its next line", func(domain.Task) bool { return strings.Contains(b.text(id), fmt.Sprintf("line %d", i)) })
		b.stop()
		if err := os.WriteFile(filepath.Join(b.repo, fmt.Sprintf("gate%d", i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		b.start()
	}
	if task := b.ended(id); task.Status != domain.StatusSuccess {
		t.Errorf("task is %s (%s)", task.Status, task.StatusReason)
	}
	if got := strings.Count(b.text(id), "line "); got != 3 {
		t.Errorf("%d lines, want each of 3 once:\n%s", got, b.text(id))
	}
}

func TestRestart_ClaimedButNeverStartedGoesBackToTheQueue(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 4, map[string]string{"ok.sh": "echo ran"})
	b.stop()
	id := b.launch(b.template("ok.sh", true))
	if _, ok, err := b.Claim(t.Context(), "me", time.Minute); err != nil || !ok {
		t.Fatalf("claim: %v %v", ok, err)
	}
	b.start() // as after a kill between claim and start
	if task := b.ended(id); task.Status != domain.StatusSuccess || strings.Count(b.text(id), "ran") != 1 {
		t.Errorf("task is %s, output %q", task.Status, b.text(id))
	}
}

func TestRun_NothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 4, map[string]string{"ok.sh": "true"})
	tpl := b.template("ok.sh", true)
	for range 5 {
		b.ended(b.launch(tpl))
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		left, err := os.ReadDir(filepath.Join(b.data, "jobs"))
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left behind: %v", left)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
