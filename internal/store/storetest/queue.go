package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

func queueCases() []testCase {
	parallel := func(t *domain.Template) { t.AllowParallelTasks = true }
	return []testCase{
		{"claim", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			_, err := w.Claim(ctx, "x")
			wantError(t, "claim of nothing", err, store.ErrNotFound)
			created := w.NewTask(t, w.Template)
			until := Now().Add(time.Minute)
			got, err := s.Tasks().Claim(ctx, store.Claim{Owner: "runner 1", Now: Now(), LeaseUntil: until, MaxParallel: 1})
			check(t, err)
			want := created
			want.Status, want.Owner, want.Epoch, want.LeaseUntil = domain.StatusStarting, "runner 1", 1, &until
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("claimed (-want +got):\n%s", diff)
			}
			_, err = w.Claim(ctx, "x")
			wantError(t, "second claim", err, store.ErrNotFound)
			_, err = s.Tasks().Update(ctx, got.ID, func(t *domain.Task) error {
				t.Status, t.Owner, t.LeaseUntil = domain.StatusWaiting, "", nil
				return nil
			})
			check(t, err)
			got, err = w.Claim(ctx, "runner 2")
			check(t, err)
			if got.Epoch != 2 || got.Owner != "runner 2" {
				t.Errorf("claimed again with epoch %d by %q", got.Epoch, got.Owner)
			}
		}},
		{"limits", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			single := w.Template
			many := w.NewTemplate(t, parallel)
			w2 := Seed(t, s)
			free := w2.NewTemplate(t, parallel)
			_, err := s.Projects().Update(ctx, w.Project.ID, func(p *domain.Project) error { p.MaxParallelTasks = 2; return nil })
			check(t, err)

			s1, s2 := w.NewTask(t, single), w.NewTask(t, single)
			m1, m2 := w.NewTask(t, many), w.NewTask(t, many)
			f1, f2 := w2.NewTask(t, free), w2.NewTask(t, free)
			claim := func(limit int, want domain.Task) {
				t.Helper()
				got, err := s.Tasks().Claim(ctx, store.Claim{Owner: "x", LeaseUntil: Now(), MaxParallel: limit})
				if want.ID == 0 {
					wantError(t, "claim", err, store.ErrNotFound)
					return
				}
				check(t, err)
				if got.ID != want.ID {
					t.Errorf("claimed task %d, want %d", got.ID, want.ID)
				}
			}
			blocked := func(limit int, want map[domain.TaskID]store.Blocker) {
				t.Helper()
				got, err := s.Tasks().Blocked(ctx, limit, []domain.TaskID{s1.ID, s2.ID, m1.ID, m2.ID, f1.ID, f2.ID, 999})
				check(t, err)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("blocked (-want +got):\n%s", diff)
				}
			}
			blocked(1, map[domain.TaskID]store.Blocker{})
			claim(10, s1)
			blocked(10, map[domain.TaskID]store.Blocker{s2.ID: {Reason: store.BlockedByTemplate, Limit: 1, TaskID: s1.ID}})
			claim(10, m1) // the second of the single template does not hold it up
			blocked(10, map[domain.TaskID]store.Blocker{
				s2.ID: {Reason: store.BlockedByTemplate, Limit: 1, TaskID: s1.ID},
				m2.ID: {Reason: store.BlockedByProject, Limit: 2},
			})
			claim(2, domain.Task{})
			blocked(2, map[domain.TaskID]store.Blocker{
				s2.ID: {Reason: store.BlockedByTemplate, Limit: 1, TaskID: s1.ID},
				m2.ID: {Reason: store.BlockedByProject, Limit: 2},
				f1.ID: {Reason: store.BlockedByGlobal, Limit: 2}, f2.ID: {Reason: store.BlockedByGlobal, Limit: 2},
			})
			claim(3, f1)
			claim(0, f2)
			claim(0, domain.Task{})
			end := func(task domain.Task) {
				t.Helper()
				_, err := s.Tasks().Update(ctx, task.ID, func(t *domain.Task) error { t.Status = domain.StatusError; return nil })
				check(t, err)
			}
			end(m1)
			claim(0, m2) // s2 is older, but its template is still taken
			end(s1)
			claim(0, s2)
		}},
		{"blamed task of a limit of one", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			running := w.Running(t, w.Template)
			waiting := w.NewTask(t, w.NewTemplate(t, parallel))
			got, err := s.Tasks().Blocked(ctx, 1, []domain.TaskID{waiting.ID})
			check(t, err)
			if diff := cmp.Diff(store.Blocker{Reason: store.BlockedByGlobal, Limit: 1, TaskID: running.ID}, got[waiting.ID]); diff != "" {
				t.Errorf("global (-want +got):\n%s", diff)
			}
			_, err = s.Projects().Update(ctx, w.Project.ID, func(p *domain.Project) error { p.MaxParallelTasks = 1; return nil })
			check(t, err)
			got, err = s.Tasks().Blocked(ctx, 0, []domain.TaskID{waiting.ID})
			check(t, err)
			if diff := cmp.Diff(store.Blocker{Reason: store.BlockedByProject, Limit: 1, TaskID: running.ID}, got[waiting.ID]); diff != "" {
				t.Errorf("project (-want +got):\n%s", diff)
			}
		}},
		{"a long queue of blocked tasks in front", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			full := Seed(t, s)
			w.Running(t, w.Template)
			full.Running(t, full.Template)
			_, err := s.Projects().Update(ctx, full.Project.ID, func(p *domain.Project) error { p.MaxParallelTasks = 1; return nil })
			check(t, err)
			var other [3]domain.Template
			for i := range other {
				other[i] = full.NewTemplate(t, parallel)
			}
			inTx(t, s, func(ctx context.Context) {
				for i := range 1000 {
					tmpl := w.Template
					if i%2 == 1 {
						tmpl = other[i%3]
					}
					task := w.Task(tmpl)
					check(t, s.Tasks().Create(ctx, &task, domain.TaskDefinition{}))
				}
			})
			_, err = w.Claim(ctx, "x")
			wantError(t, "claim while all are blocked", err, store.ErrNotFound)
			young, old := w.NewTemplate(t, parallel), w.NewTemplate(t, func(*domain.Template) {})
			first, second, third := w.NewTask(t, old), w.NewTask(t, young), w.NewTask(t, young)
			w.NewTask(t, old)
			for _, want := range []domain.Task{first, second, third} {
				got, err := w.Claim(ctx, "x")
				check(t, err)
				if got.ID != want.ID {
					t.Errorf("claimed task %d, want %d", got.ID, want.ID)
				}
			}
			_, err = w.Claim(ctx, "x")
			wantError(t, "claim of nothing more", err, store.ErrNotFound)
		}},
		{"race", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			w2 := Seed(t, s)
			const global, perProject, claimers = 6, 3, 50
			_, err := s.Projects().Update(ctx, w.Project.ID, func(p *domain.Project) error { p.MaxParallelTasks = perProject; return nil })
			check(t, err)
			templates := []domain.Template{w.Template, w.NewTemplate(t, parallel), w2.Template, w2.NewTemplate(t, parallel)}
			const n = 120
			for i := range n {
				w.NewTask(t, templates[i%4])
			}
			r := race{running: map[domain.TaskID]domain.Task{}, seen: map[domain.TaskID]bool{}}
			var wg sync.WaitGroup
			for range claimers {
				wg.Go(func() {
					for !r.finished(n) {
						task, err := s.Tasks().Claim(ctx, store.Claim{Owner: "x", LeaseUntil: Now(), MaxParallel: global})
						if errors.Is(err, store.ErrNotFound) {
							continue
						}
						if err != nil {
							t.Error(err)
							return
						}
						r.start(t, task, w.Template.ID, w2.Template.ID, w.Project.ID, perProject, global)
						// The bookkeeping ends the task first: a limit is broken only if
						// two claims overlap for certain.
						r.end(task.ID)
						_, err = s.Tasks().Update(ctx, task.ID, func(t *domain.Task) error { t.Status = domain.StatusError; return nil })
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			if len(r.seen) != n {
				t.Errorf("%d tasks claimed, want %d", len(r.seen), n)
			}
		}},
	}
}

// race is what the claimers know about each other.
type race struct {
	mu      sync.Mutex
	running map[domain.TaskID]domain.Task
	seen    map[domain.TaskID]bool
	ended   int
}

func (r *race) finished(n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended == n
}

func (r *race) start(t *testing.T, task domain.Task, single1, single2 domain.TemplateID, limited domain.ProjectID, perProject, global int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen[task.ID] {
		t.Errorf("task %d was claimed twice", task.ID)
	}
	r.seen[task.ID] = true
	r.running[task.ID] = task
	inProject := 0
	perTemplate := map[domain.TemplateID]int{}
	for _, other := range r.running {
		perTemplate[other.TemplateID]++
		if other.ProjectID == limited {
			inProject++
		}
	}
	if len(r.running) > global || inProject > perProject || perTemplate[single1] > 1 || perTemplate[single2] > 1 {
		t.Errorf("running: %d of %d, %d of %d in the project, templates %v", len(r.running), global, inProject, perProject, perTemplate)
	}
}

func (r *race) end(id domain.TaskID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, id)
	r.ended++
}
