package storetest

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
	"signalbox/internal/store"
)

// Bench measures a backend.
func Bench(b *testing.B, open Opener) {
	for _, c := range []struct {
		name string
		run  func(b *testing.B, s store.Store)
	}{
		{"TaskCreate", benchTaskCreate},
		{"TaskGet", benchTaskGet},
		{"SessionFirst", benchSessionFirst},
		{"MemberFirst", benchMemberFirst},
		{"Revision", benchRevision},
		{"TaskList200", benchTaskList200},
		{"TemplateList200", benchTemplateList200},
		{"LastOfTemplates10000", benchLastOfTemplates10000},
		{"Claim/50 waiting", func(b *testing.B, s store.Store) { benchClaim(b, s, 0) }},
		{"Claim/50 waiting behind 10000 blocked", func(b *testing.B, s store.Store) { benchClaim(b, s, 10000) }},
		{"LogAppend/100 lines a report", func(b *testing.B, s store.Store) { benchLogAppend(b, s, 100) }},
		{"LogAppend/3200 lines a report", func(b *testing.B, s store.Store) { benchLogAppend(b, s, 3200) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			s, err := open(b.Context(), filepath.Join(b.TempDir(), "store"))
			c.run(b, Opened(b, s, err))
		})
	}
	b.Run("Open", func(b *testing.B) { benchOpen(b, open) })
}

// measureCPU reports the processor time of an operation, which says more than
// the clock does on a busy machine. Call it when the fixtures are there, and the
// result at the end.
func measureCPU(b *testing.B) func() {
	used := func() time.Duration {
		var r syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
			b.Fatal(err)
		}
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	before := used()
	return func() { b.ReportMetric(float64((used()-before).Microseconds())/float64(b.N), "cpu-µs/op") }
}

// hammer runs fn from n goroutines until the benchmark has enough, and reports
// operations a second.
func hammer(b *testing.B, n int, fn func() error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	defer measureCPU(b)()
	b.ResetTimer()
	for range n {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := fn(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

func benchTaskCreate(b *testing.B, s store.Store) {
	w := Seed(b, s)
	def := w.Definition(w.Template)
	hammer(b, 16, func() error {
		task := w.Task(w.Template)
		return s.Tasks().Create(context.Background(), &task, def)
	})
}

func benchTaskGet(b *testing.B, s store.Store) {
	w := Seed(b, s)
	task := w.NewTask(b, w.Template)
	b.ReportAllocs()
	defer measureCPU(b)()
	for b.Loop() {
		if _, err := s.Tasks().Get(b.Context(), task.ID); err != nil {
			b.Fatal(err)
		}
	}
}

func benchSessionFirst(b *testing.B, s store.Store) {
	w := Seed(b, s)
	for i := range 1000 {
		if err := s.Sessions().Create(b.Context(), &domain.Session{TokenHash: fmt.Sprint(i), UserID: w.User.ID}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	defer measureCPU(b)()
	for b.Loop() {
		if _, err := s.Sessions().First(b.Context(), store.Where(store.Eq("token_hash", "500"))); err != nil {
			b.Fatal(err)
		}
	}
}

func benchMemberFirst(b *testing.B, s store.Store) {
	w := Seed(b, s)
	b.ReportAllocs()
	defer measureCPU(b)()
	for b.Loop() {
		if _, err := s.Members().First(b.Context(), store.Where(store.InProject(w.Project.ID), store.Eq("user_id", w.User.ID))); err != nil {
			b.Fatal(err)
		}
	}
}

func benchRevision(b *testing.B, s store.Store) {
	w := Seed(b, s)
	b.ReportAllocs()
	defer measureCPU(b)()
	for b.Loop() {
		if _, err := s.Revision(b.Context(), w.Project.ID); err != nil {
			b.Fatal(err)
		}
	}
}

func benchTaskList200(b *testing.B, s store.Store) {
	w := Seed(b, s)
	fill(b, s, w, 5000, domain.StatusSuccess)
	b.ReportAllocs()
	defer measureCPU(b)()
	for b.Loop() {
		list, err := s.Tasks().List(b.Context(), store.TaskFilter{Project: w.Project.ID, Limit: 200})
		if err != nil || len(list) != 200 {
			b.Fatal(len(list), err)
		}
	}
}

func benchTemplateList200(b *testing.B, s store.Store) {
	w := Seed(b, s)
	for i := range 199 {
		w.NewTemplate(b, func(t *domain.Template) { t.Name = fmt.Sprintf("Template %d", i) })
	}
	b.ReportAllocs()
	defer measureCPU(b)()
	for b.Loop() {
		list, err := s.Templates().List(b.Context(), store.Where(store.InProject(w.Project.ID)).By("name"))
		if err != nil || len(list) != 200 {
			b.Fatal(len(list), err)
		}
	}
}

func benchLastOfTemplates10000(b *testing.B, s store.Store) {
	w := Seed(b, s)
	const n = 10_000
	err := s.InTx(b.Context(), func(ctx context.Context) error {
		for i := range n {
			tmpl := w.Template
			tmpl.ID, tmpl.Name = 0, fmt.Sprintf("Template %d", i)
			if err := s.Templates().Create(ctx, &tmpl); err != nil {
				return err
			}
			task := w.Task(tmpl)
			task.Status = domain.StatusSuccess
			if err := s.Tasks().Create(ctx, &task, w.Definition(tmpl)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	defer measureCPU(b)()
	for b.Loop() {
		last, err := s.Tasks().LastOfTemplates(b.Context(), w.Project.ID)
		if err != nil || len(last) != n {
			b.Fatal(len(last), err)
		}
	}
}

func fill(b *testing.B, s store.Store, w *World, n int, status domain.TaskStatus) {
	b.Helper()
	err := s.InTx(b.Context(), func(ctx context.Context) error {
		for range n {
			task := w.Task(w.Template)
			task.Status = status
			if err := s.Tasks().Create(ctx, &task, w.Definition(w.Template)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// benchClaim claims with ten tasks running and a queue that is kept at its
// length, among finished tasks.
func benchClaim(b *testing.B, s store.Store, blocked int) {
	w := Seed(b, s)
	fill(b, s, w, 10000, domain.StatusSuccess)
	w.Running(b, w.Template)
	fill(b, s, w, blocked, domain.StatusWaiting)
	parallel := w.NewTemplate(b, func(t *domain.Template) { t.AllowParallelTasks = true })
	ctx := b.Context()
	def := w.Definition(parallel)
	add := func() {
		task := w.Task(parallel)
		if err := s.Tasks().Create(ctx, &task, def); err != nil {
			b.Fatal(err)
		}
	}
	claim := func() domain.Task {
		task, err := s.Tasks().Claim(ctx, store.Claim{Owner: "x", LeaseUntil: Now(), MaxParallel: 11})
		if err != nil {
			b.Fatal(err)
		}
		return task
	}
	for range 50 {
		add()
	}
	for range 9 {
		claim()
		add()
	}
	var took []time.Duration
	b.ReportAllocs()
	defer measureCPU(b)()
	for b.Loop() {
		at := time.Now()
		task := claim()
		took = append(took, time.Since(at))
		_, err := s.Tasks().Update(ctx, task.ID, func(t *domain.Task) error { t.Status = domain.StatusError; return nil })
		if err != nil {
			b.Fatal(err)
		}
		add()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// benchLogAppend stores full chunks of lines of 80 bytes, encoding included.
func benchLogAppend(b *testing.B, s store.Store, lines int) {
	w := Seed(b, s)
	task := w.Running(b, w.Template)
	builder := logchunk.NewBuilder(1)
	offset, n := int64(0), 0
	b.ReportAllocs()
	defer measureCPU(b)()
	for b.Loop() {
		for i := range lines {
			line := fmt.Appendf(nil, "ok: [web-%02d.example.org] => step %07d took %d ms, all as it should be by now .......", i%40, n+i, i%900)
			builder.Add(Now(), line[:80], false)
		}
		n += lines
		_, err := s.Tasks().Record(b.Context(), task.ID, store.Report{Epoch: task.Epoch, FromOffset: offset, ToOffset: offset + 1, Chunks: []logchunk.Chunk{builder.Finish()}})
		if err != nil {
			b.Fatal(err)
		}
		offset++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "lines/s")
	size, _, err := s.Logs().Size(b.Context(), task.ID)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(size)/float64(n), "bytes/line")
}

func benchOpen(b *testing.B, open Opener) {
	path := filepath.Join(b.TempDir(), "store")
	b.ReportAllocs()
	defer measureCPU(b)()
	for b.Loop() {
		s, err := open(b.Context(), path)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
