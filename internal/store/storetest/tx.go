package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

func txCases() []testCase {
	return []testCase{
		{"all or nothing", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			before, err := s.Revision(ctx, w.Project.ID)
			check(t, err)
			err = s.InTx(ctx, func(ctx context.Context) error {
				if err := s.Views().Create(ctx, &domain.View{ProjectID: w.Project.ID}); err != nil {
					return err
				}
				task := w.Task(w.Template)
				if err := s.Tasks().Create(ctx, &task, w.Definition(w.Template)); err != nil {
					return err
				}
				if err := s.Options().Set(ctx, "a", "b"); err != nil {
					return err
				}
				if n, err := s.Views().Count(ctx, store.Query{}); err != nil || n != 2 {
					t.Errorf("inside: %d views, %v; want its own write to be seen", n, err)
				}
				if n, err := s.Views().Count(t.Context(), store.Query{}); err != nil || n != 1 {
					t.Errorf("outside: %d views, %v; want the write not to be seen", n, err)
				}
				return errStop
			})
			wantError(t, "InTx", err, errStop)
			assertUntouched(t, w, before)
		}},
		{"panic rolls back", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			before, err := s.Revision(ctx, w.Project.ID)
			check(t, err)
			func() {
				defer func() {
					if r := recover(); r != "boom" {
						t.Errorf("recovered %v, want boom", r)
					}
				}()
				_ = s.InTx(ctx, func(ctx context.Context) error {
					check(t, s.Views().Create(ctx, &domain.View{ProjectID: w.Project.ID}))
					panic("boom")
				})
			}()
			assertUntouched(t, w, before)
			check(t, s.Options().Set(ctx, "still", "works"))
		}},
		{"nested joins", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			before, err := s.Revision(ctx, w.Project.ID)
			check(t, err)
			err = s.InTx(ctx, func(ctx context.Context) error {
				err := s.InTx(ctx, func(ctx context.Context) error {
					return s.Views().Create(ctx, &domain.View{ProjectID: w.Project.ID})
				})
				if err != nil {
					return err
				}
				return errStop
			})
			wantError(t, "outer", err, errStop)
			assertUntouched(t, w, before)
		}},
		{"every sub-store takes part", func(t *testing.T, s store.Store) {
			w := Seed(t, s)
			running := w.Running(t, w.Template)
			inTx(t, s, func(ctx context.Context) {
				_, err := s.Users().Get(ctx, w.User.ID)
				check(t, err)
				check(t, s.Sessions().Create(ctx, &domain.Session{TokenHash: "x", UserID: w.User.ID}))
				check(t, s.Events().Add(ctx, &domain.Event{ObjectType: domain.ObjectTask}))
				_, err = s.Events().List(ctx, store.EventFilter{Limit: 1})
				check(t, err)
				check(t, s.Options().Set(ctx, "k", "v"))
				_, err = s.Options().All(ctx)
				check(t, err)
				_, err = s.Tasks().List(ctx, store.TaskFilter{Project: w.Project.ID})
				check(t, err)
				_, err = s.Tasks().Record(ctx, running.ID, store.Report{Epoch: running.Epoch, ToOffset: 10, Chunks: chunksOf(1, 3)})
				check(t, err)
				_, err = s.Logs().Chunks(ctx, running.ID, 0, 10)
				check(t, err)
				_, err = w.Claim(ctx, "x")
				wantError(t, "claim of nothing", err, store.ErrNotFound)
				_, err = s.Revision(ctx, w.Project.ID)
				check(t, err)
				check(t, s.InTx(ctx, func(ctx context.Context) error { return s.Tasks().Delete(ctx, running.ID) }))
			})
			_, err := s.Tasks().Get(t.Context(), running.ID)
			wantError(t, "get deleted task", err, store.ErrNotFound)
		}},
		{"a failed statement cannot be overlooked", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			before, err := s.Revision(ctx, w.Project.ID)
			check(t, err)
			err = s.InTx(ctx, func(ctx context.Context) error {
				check(t, s.Views().Create(ctx, &domain.View{ProjectID: w.Project.ID}))
				err := s.Members().Create(ctx, &domain.Member{ProjectID: w.Project.ID, UserID: w.User.ID})
				wantError(t, "second membership", err, store.ErrConflict)
				return nil
			})
			wantError(t, "InTx", err, store.ErrConflict)
			assertUntouched(t, w, before)
		}},
		{"a missing row spoils nothing", func(t *testing.T, s store.Store) {
			w := Seed(t, s)
			inTx(t, s, func(ctx context.Context) {
				_, err := s.Views().Get(ctx, 999)
				wantError(t, "get", err, store.ErrNotFound)
				_, err = s.Views().Update(ctx, 999, func(*domain.View) error { return nil })
				wantError(t, "update", err, store.ErrNotFound)
				wantError(t, "delete", s.Views().Delete(ctx, 999), store.ErrNotFound)
				_, err = s.Views().Update(ctx, w.View.ID, func(*domain.View) error { return errStop })
				wantError(t, "refused update", err, errStop)
				check(t, s.Views().Create(ctx, &domain.View{ProjectID: w.Project.ID}))
			})
			n, err := s.Views().Count(t.Context(), store.Query{})
			check(t, err)
			if n != 2 {
				t.Errorf("%d views, want 2", n)
			}
		}},
		{"cancelled before commit", func(t *testing.T, s store.Store) {
			w := Seed(t, s)
			before, err := s.Revision(t.Context(), w.Project.ID)
			check(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			err = s.InTx(ctx, func(ctx context.Context) error {
				if err := s.Views().Create(ctx, &domain.View{ProjectID: w.Project.ID}); err != nil {
					return err
				}
				cancel()
				return nil
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want %v", err, context.Canceled)
			}
			assertUntouched(t, w, before)
		}},
		{"waiting writers see each other's work", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			done := make(chan error)
			const writers = 10
			for i := range writers {
				go func() {
					done <- s.InTx(ctx, func(ctx context.Context) error {
						n, err := s.Views().Count(ctx, store.Query{})
						if err != nil {
							return err
						}
						return s.Views().Create(ctx, &domain.View{ProjectID: w.Project.ID, Title: fmt.Sprint(i), Position: n})
					})
				}()
			}
			for range writers {
				check(t, <-done)
			}
			list, err := s.Views().List(ctx, store.Where().By("position"))
			check(t, err)
			for i, v := range list {
				if v.Position != i {
					t.Errorf("view %d has position %d", i, v.Position)
				}
			}
		}},
	}
}

func assertUntouched(t *testing.T, w *World, revision int64) {
	t.Helper()
	ctx := t.Context()
	n, err := w.Store.Views().Count(ctx, store.Query{})
	check(t, err)
	tasks, err := w.Store.Tasks().List(ctx, store.TaskFilter{Project: w.Project.ID})
	check(t, err)
	options, err := w.Store.Options().All(ctx)
	check(t, err)
	now, err := w.Store.Revision(ctx, w.Project.ID)
	check(t, err)
	if n != 1 || len(tasks) != 0 || len(options) != 0 || now != revision {
		t.Errorf("%d views, %d tasks, %d options, revision %d; want 1, 0, 0, %d", n, len(tasks), len(options), now, revision)
	}
}
