//go:build bench

package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
	"signalbox/internal/store"
	"signalbox/internal/store/boltstore"
	"signalbox/internal/store/sqlstore"
	"signalbox/internal/store/storetest"
	"signalbox/internal/testkit/dbserver"
)

// What the databases hold when they are measured.
const (
	templates = 10_000
	logLines  = 1_000_000
	// chunkLines is a full chunk of lines of 80 bytes, which is what a job makes
	// of a script that prints as fast as it can; a report carries one.
	chunkLines = logchunk.TargetSize/81 + 1
)

const storageNote = "1,000,000 finished tasks of 10,000 templates in one project, 50 waiting, 10 running. The servers run with the\n" +
	"settings of the tests: a commit survives the death of the process, not the loss of power, as with SQLite; Bolt\n" +
	"waits for the disk. Buffers are 32 MiB for PostgreSQL, 1 GiB for MariaDB. The floor is the same work as bare\n" +
	"prepared statements through the same driver, or as a bare transaction of bbolt on values of the same size; it\n" +
	"runs turn by turn with what is measured. Of the log, a report carries one full chunk, encoded beforehand, which\n" +
	"is what a job sends whose script prints as fast as it can."

// finished is how many tasks have ended; fewer make a quick look.
func finished(t *testing.T) int {
	text := os.Getenv("SIGNALBOX_BENCH_ROWS")
	if text == "" {
		return 1_000_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < templates {
		t.Fatalf("SIGNALBOX_BENCH_ROWS is %q, want a number from %d on", text, templates)
	}
	return n
}

// floors are the bare transactions that the store's operations stand beside:
// prepared statements through the same driver with the same settings, or
// transactions of bbolt on values of the same size. They check nothing, compute
// nothing, and their results are read but not turned into anything.
type floors struct {
	page       func() error
	ofTemplate func(id domain.TemplateID) error
	failed     func() error
	last       func() error
	templates  func() error
	claim      func() (domain.TaskID, error)
	blocked    func(ids []domain.TaskID) error
	unfinished func() error
	create     func() error
	chunk      func(c logchunk.Chunk) error
	screen     func() error
}

// world is a filled database.
type world struct {
	*storetest.World
	tasks  int
	first  domain.TemplateID // of templates in a row
	model  domain.Task       // one that has ended
	logged domain.Task       // the store appends to its log
	bare   domain.Task       // the floor to that of this one
}

func (w *world) template(i int) domain.TemplateID {
	return w.first + domain.TemplateID(i%templates)
}

// backend is an engine to measure.
type backend struct {
	name   string
	pageMS int // target for the page of newest tasks
	open   func(t *testing.T) store.Store
	// fill adds the tasks that have ended, and returns the floors of the database.
	fill func(t *testing.T, s store.Store, w *world) func() floors
}

func backends(t *testing.T) []backend {
	var list []backend
	sqlite := sqlstore.Config{Path: filepath.Join(t.TempDir(), "signalbox.db")}
	list = append(list, backend{"SQLite", 20, opener(sqlite), filler(sqlite)})
	for _, server := range []struct {
		name   string
		pageMS int
		start  func(testing.TB, ...string) *dbserver.Server
	}{{"PostgreSQL", 20, dbserver.Postgres}, {"MariaDB", 40, dbserver.MySQL}} {
		b := backend{name: server.name, pageMS: server.pageMS}
		// The server runs only while it is measured.
		var c sqlstore.Config
		b.open = func(t *testing.T) store.Store {
			s := server.start(t)
			c = sqlstore.Config{Dialect: s.Dialect, Host: s.Socket, User: s.User, Name: s.NewName()}
			if s.Dialect == "postgres" {
				c.Options = map[string]string{"port": strconv.Itoa(s.Port)}
			}
			return opener(c)(t)
		}
		b.fill = func(t *testing.T, s store.Store, w *world) func() floors { return filler(c)(t, s, w) }
		list = append(list, b)
	}
	return append(list, backend{"Bolt", 40, func(t *testing.T) store.Store {
		s, err := boltstore.Open(t.Context(), boltstore.Config{Path: filepath.Join(t.TempDir(), "signalbox.bolt")})
		return opened(t, s, err)
	}, fillBolt})
}

func opener(c sqlstore.Config) func(t *testing.T) store.Store {
	return func(t *testing.T) store.Store {
		s, err := sqlstore.Open(t.Context(), c)
		return opened(t, s, err)
	}
}

func opened(t *testing.T, s store.Store, err error) store.Store {
	t.Helper()
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func storage(t *testing.T, r *report, _ string) {
	for _, b := range backends(t) {
		t.Run(b.name, func(t *testing.T) { measureStore(t, r, b) })
	}
}

func measureStore(t *testing.T, r *report, b backend) {
	ctx := t.Context()
	s := b.open(t)
	w := &world{World: storetest.Seed(t, s), tasks: finished(t)}
	begin := time.Now()
	w.first = w.Template.ID
	must(t, s.InTx(ctx, func(ctx context.Context) error {
		for i := 1; i < templates; i++ {
			tmpl := w.Template
			tmpl.ID, tmpl.Name, tmpl.AllowParallelTasks = 0, fmt.Sprintf("Template %05d", i), true
			if err := s.Templates().Create(ctx, &tmpl); err != nil {
				return err
			}
			if tmpl.ID != w.template(i) {
				return fmt.Errorf("template %d has the identifier %d, want %d", i, tmpl.ID, w.template(i))
			}
		}
		return nil
	}))
	w.model = w.Task(w.Template)
	w.model.Status, w.model.Message, w.model.StatusReason = domain.StatusSuccess, "by hand", ""
	at := storetest.Now()
	w.model.Start, w.model.End, w.model.LogLines, w.model.LogComplete = &at, &at, 120, true
	must(t, s.Tasks().Create(ctx, &w.model, w.Definition(w.Template)))
	floorsOf := b.fill(t, s, w)
	t.Logf("%s: %d tasks loaded in %.1f s", b.name, w.tasks, time.Since(begin).Seconds())

	m := meter{t: t, r: r, s: s, w: w, engine: b.name}
	m.queue()
	f := floorsOf()
	m.reads(f, b.pageMS)
	m.claims(f)
	m.logs(f)
	m.creates(f)
}

// meter measures one engine.
type meter struct {
	t      *testing.T
	r      *report
	s      store.Store
	w      *world
	engine string
}

// queue fills the queue: 10 tasks that run, two of which log, and 50 that wait.
func (m *meter) queue() {
	for i := range 10 {
		task := m.add(i + 1)
		claimed, err := m.s.Tasks().Claim(m.t.Context(), store.Claim{Owner: "here", Now: time.Now(), LeaseUntil: time.Now().Add(time.Hour)})
		must(m.t, err)
		if claimed.ID != task.ID {
			m.t.Fatalf("claimed task %d, want %d", claimed.ID, task.ID)
		}
		switch i {
		case 0:
			m.w.logged = claimed
		case 1:
			m.w.bare = claimed
		}
	}
	for i := range 50 {
		m.add(i + 100)
	}
}

// add puts a task into the queue.
func (m *meter) add(i int) domain.Task {
	task := m.w.Task(m.w.Template)
	task.TemplateID = m.w.template(i)
	if task.TemplateID == m.w.first {
		task.TemplateID++ // the first runs one task at a time
	}
	must(m.t, m.s.Tasks().Create(m.t.Context(), &task, m.w.Definition(m.w.Template)))
	return task
}

// budget bounds how long an operation is repeated.
const budget = 5 * time.Second

// pair measures an operation of the store and its floor turn by turn, so that
// both see the same machine. After may tidy up behind either, off the clock.
func (m *meter) pair(what, target string, most int, op, floor func(i int) error, after func()) {
	var took, bare []time.Duration
	begin := time.Now()
	for i := 0; i < most && (i < 10 || time.Since(begin) < budget); i++ {
		for _, side := range []struct {
			run  func(int) error
			list *[]time.Duration
		}{{op, &took}, {floor, &bare}} {
			at := time.Now()
			err := side.run(i)
			d := time.Since(at)
			if err != nil {
				m.t.Fatalf("%s: %v", what, err)
			}
			if i > 0 { // the first prepares its statements
				*side.list = append(*side.list, d)
			}
			if after != nil {
				after()
			}
		}
	}
	p50, f50 := quantile(took, 0.5), quantile(bare, 0.5)
	m.r.add(what, m.engine, target, fine(p50), fine(quantile(took, 0.99)), fine(f50), fine(quantile(bare, 0.99)), ratio(p50, f50))
}

func fine(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Nanoseconds())/1e6) }

func counted(n, want int, err error) error {
	if err == nil && n != want {
		err = fmt.Errorf("%d rows, want %d", n, want)
	}
	return err
}

func (m *meter) reads(f floors, pageMS int) {
	ctx, s, w := m.t.Context(), m.s, m.w
	project := w.Project.ID
	m.pair("newest 50 tasks of the project", fmt.Sprintf("p99 ≤ %d ms", pageMS), 300, func(int) error {
		list, err := s.Tasks().List(ctx, store.TaskFilter{Project: project, Limit: 50})
		return counted(len(list), 50, err)
	}, func(int) error { return f.page() }, nil)
	m.pair("newest 50 tasks of a template", "", 300, func(i int) error {
		list, err := s.Tasks().List(ctx, store.TaskFilter{Project: project, Template: w.template(i * 37), Limit: 50})
		return counted(min(len(list), 1), 1, err)
	}, func(i int) error { return f.ofTemplate(w.template(i * 37)) }, nil)
	m.pair("newest 200 tasks that failed", "", 100, func(int) error {
		list, err := s.Tasks().List(ctx, store.TaskFilter{Project: project, Statuses: []domain.TaskStatus{domain.StatusError}, Limit: 200})
		return counted(len(list), 200, err)
	}, func(int) error { return f.failed() }, nil)
	m.pair("newest task of each of 10,000 templates", "", 15, func(int) error {
		last, err := s.Tasks().LastOfTemplates(ctx, project)
		return counted(len(last), templates, err)
	}, func(int) error { return f.last() }, nil)
	m.pair("list of 10,000 templates by name", "", 15, func(int) error {
		list, err := s.Templates().List(ctx, store.Where(store.InProject(project)).By("name", "id"))
		return counted(len(list), templates, err)
	}, func(int) error { return f.templates() }, nil)
	waiting, err := s.Tasks().List(ctx, store.TaskFilter{Project: project, Statuses: []domain.TaskStatus{domain.StatusWaiting}})
	must(m.t, counted(len(waiting), 50, err))
	var ids []domain.TaskID
	for _, task := range waiting {
		ids = append(ids, task.ID)
	}
	m.pair("what blocks 50 waiting tasks, 10 running", "", 300, func(int) error {
		blocked, err := s.Tasks().Blocked(ctx, 10, ids)
		return counted(len(blocked), 50, err)
	}, func(int) error { return f.blocked(ids) }, nil)
	m.pair("count of the project's unfinished tasks", "", 300, func(int) error {
		n, err := s.Tasks().CountUnfinished(ctx, project)
		return counted(n, 60, err)
	}, func(int) error { return f.unfinished() }, nil)
}

func (m *meter) claims(f floors) {
	ctx := m.t.Context()
	var claimed domain.TaskID
	i := 0
	m.pair("claim, 50 waiting, 10 running", "p99 ≤ 10 ms", 300, func(int) error {
		task, err := m.s.Tasks().Claim(ctx, store.Claim{Owner: "here", Now: time.Now(), LeaseUntil: time.Now().Add(time.Hour), MaxParallel: 11})
		claimed = task.ID
		return err
	}, func(int) (err error) {
		claimed, err = f.claim()
		return err
	}, func() {
		if claimed == 0 {
			return // the floor works on values of its own
		}
		_, err := m.s.Tasks().Update(ctx, claimed, func(t *domain.Task) error { t.Status = domain.StatusError; return nil })
		must(m.t, err)
		i++
		m.add(i)
	})
}

func (m *meter) creates(f floors) {
	ctx := m.t.Context()
	def := m.w.Definition(m.w.Template)
	m.pair("create a task", "", 300, func(i int) error {
		task := m.w.Task(m.w.Template)
		task.TemplateID = m.w.template(i)
		return m.s.Tasks().Create(ctx, &task, def)
	}, func(int) error { return f.create() }, nil)
}

// logs appends a log, then reads its first screen.
func (m *meter) logs(f floors) {
	ctx := m.t.Context()
	var chunks []logchunk.Chunk
	for n := 0; n < logLines; {
		b := logchunk.NewBuilder(int64(n) + 1)
		for range min(chunkLines, logLines-n) {
			line := fmt.Appendf(nil, "ok: [web-%02d.example.org] => step %07d took %d ms, all as it should be by now .......", n%40, n, n*7919%900)
			b.Add(storetest.Now(), line[:80], false)
			n++
		}
		chunks = append(chunks, b.Finish())
	}
	var took, bare time.Duration
	for i, c := range chunks { // turn by turn, as above
		at := time.Now()
		_, err := m.s.Tasks().Record(ctx, m.w.logged.ID, store.Report{
			Epoch: m.w.logged.Epoch, FromOffset: int64(i), ToOffset: int64(i) + 1, Chunks: []logchunk.Chunk{c},
		})
		took += time.Since(at)
		must(m.t, err)
		at = time.Now()
		must(m.t, f.chunk(c))
		bare += time.Since(at)
	}
	rate := func(d time.Duration) string { return fmt.Sprintf("%.0f lines/s", logLines/d.Seconds()) }
	m.r.add(fmt.Sprintf("append 1,000,000 lines of 80 bytes, %d a report", chunkLines), m.engine, "≥ 300000 lines/s", rate(took), "", rate(bare), "", ratio(took, bare))
	m.pair("first screen of that log: 8 chunks read, one taken apart", "", 300, func(int) error {
		list, err := m.s.Logs().Chunks(ctx, m.w.logged.ID, 0, 8)
		if err != nil {
			return err
		}
		lines, err := logchunk.Decode(list[0])
		return counted(min(len(lines), 200), 200, err)
	}, func(int) error { return f.screen() }, nil)
}
