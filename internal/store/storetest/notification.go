package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// notify adds a notification about a task, due at that time; nil for one that is
// done with.
func (w *World) notify(t testing.TB, task domain.Task, channel domain.Channel, due *time.Time) domain.Notification {
	t.Helper()
	n := domain.Notification{
		ProjectID: task.ProjectID, TaskID: task.ID, Event: domain.StatusError, Channel: channel,
		State: domain.NotificationPending, Created: Now(), NextAt: due,
	}
	check(t, w.Store.Notifications().Create(t.Context(), &n))
	return n
}

func notificationCases() []testCase {
	return []testCase{
		{"due ones by channel", func(t *testing.T, s store.Store) {
			w := Seed(t, s)
			task := w.NewTask(t, w.Template)
			late := w.notify(t, task, domain.ChannelSlack, ptr(Now().Add(-time.Minute)))
			w.notify(t, task, domain.ChannelSlack, nil)
			w.notify(t, task, domain.ChannelSlack, ptr(Now()))
			later := w.notify(t, task, domain.ChannelSlack, ptr(Now().Add(time.Hour)))
			earliest := w.notify(t, task, domain.ChannelSlack, ptr(Now().Add(-time.Hour)))
			fresh := w.notify(t, task, "", ptr(Now().Add(-time.Minute)))
			ids := func(q store.Query) (ids []domain.NotificationID) {
				list, err := s.Notifications().List(t.Context(), q)
				check(t, err)
				for _, n := range list {
					ids = append(ids, n.ID)
				}
				return ids
			}
			due := store.Lt("next_at", Now())
			want := []domain.NotificationID{earliest.ID, late.ID}
			if diff := cmp.Diff(want, ids(store.Where(store.Eq("channel", domain.ChannelSlack), due).By("next_at", "id"))); diff != "" {
				t.Errorf("due by one channel (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]domain.NotificationID{fresh.ID}, ids(store.Where(store.Eq("channel", domain.Channel("")), due))); diff != "" {
				t.Errorf("due by no channel (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]domain.NotificationID{later.ID}, ids(store.Where(store.Gt("next_at", Now())))); diff != "" {
				t.Errorf("to be tried later (-want +got):\n%s", diff)
			}
		}},
		{"deleted with the task", func(t *testing.T, s store.Store) {
			w := Seed(t, s)
			gone, stays := w.NewTask(t, w.Template), w.NewTask(t, w.Template)
			w.notify(t, gone, domain.ChannelSlack, ptr(Now()))
			w.notify(t, gone, "", nil)
			kept := w.notify(t, stays, domain.ChannelSlack, nil)
			check(t, s.Tasks().Delete(t.Context(), gone.ID))
			list, err := s.Notifications().List(t.Context(), store.Query{})
			check(t, err)
			if diff := cmp.Diff([]domain.Notification{kept}, list); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
			err = s.Notifications().Create(t.Context(), &domain.Notification{ProjectID: w.Project.ID, TaskID: gone.ID})
			wantError(t, "about a task that is gone", err, store.ErrReference)
		}},
		{"deleted with template and project", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			other := w.NewTemplate(t, func(tpl *domain.Template) { tpl.Name = "Other" })
			gone, stays := w.NewTask(t, w.Template), w.NewTask(t, other)
			w.notify(t, gone, domain.ChannelSlack, ptr(Now()))
			kept := w.notify(t, stays, domain.ChannelSlack, ptr(Now()))
			left := func(want ...domain.Notification) {
				t.Helper()
				for _, q := range []store.Query{ // by every index there is
					{}, store.Where(store.InProject(w.Project.ID)), store.Where(store.Eq("channel", domain.ChannelSlack), store.Lt("next_at", Now().Add(time.Hour))),
					store.Where(store.Gt("next_at", time.Unix(0, 0))), store.Where(store.Lt("created", Now().Add(time.Hour))),
				} {
					list, err := s.Notifications().List(ctx, q)
					check(t, err)
					if diff := cmp.Diff(want, list, cmpopts.EquateEmpty()); diff != "" {
						t.Errorf("left by %+v (-want +got):\n%s", q, diff)
					}
				}
			}
			// Neither goes while there are tasks, and a refusal takes nothing along.
			wantError(t, "template with a task", s.Templates().Delete(ctx, w.Template.ID), store.ErrReference)
			wantError(t, "project with tasks", s.Projects().Delete(ctx, w.Project.ID), store.ErrReference)
			if n, err := s.Notifications().Count(ctx, store.Query{}); err != nil || n != 2 {
				t.Errorf("after refusals %d are left, %v, want 2", n, err)
			}
			check(t, s.InTx(ctx, func(ctx context.Context) error {
				if err := s.Tasks().Delete(ctx, gone.ID); err != nil {
					return err
				}
				return s.Templates().Delete(ctx, w.Template.ID)
			}))
			left(kept)
			err := s.InTx(ctx, func(ctx context.Context) error {
				if err := s.Tasks().Delete(ctx, stays.ID); err != nil {
					return err
				}
				return errStop
			})
			wantError(t, "given up", err, errStop)
			left(kept)
			check(t, s.InTx(ctx, func(ctx context.Context) error {
				if err := s.Tasks().Delete(ctx, stays.ID); err != nil {
					return err
				}
				if err := s.Templates().Delete(ctx, other.ID); err != nil {
					return err
				}
				in := store.InProject(w.Project.ID)
				for _, remove := range []func(context.Context, ...store.Cond) (int, error){
					s.Inventories().DeleteWhere, s.Repositories().DeleteWhere, s.Keys().DeleteWhere,
					s.VariableGroups().DeleteWhere, s.Views().DeleteWhere, s.Members().DeleteWhere,
				} {
					if _, err := remove(ctx, in); err != nil {
						return err
					}
				}
				return s.Projects().Delete(ctx, w.Project.ID)
			}))
			left()
		}},
		{"one of many takes it", func(t *testing.T, s store.Store) {
			w := Seed(t, s)
			n := w.notify(t, w.NewTask(t, w.Template), domain.ChannelSlack, ptr(Now()))
			var mu sync.Mutex // guards taken
			taken := 0
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					_, err := s.Notifications().Update(t.Context(), n.ID, func(n *domain.Notification) error {
						if !n.NextAt.Equal(Now()) {
							return errStop
						}
						n.NextAt, n.Attempts = ptr(Now().Add(time.Minute)), n.Attempts+1
						return nil
					})
					if err != nil && !errors.Is(err, errStop) {
						t.Error(err)
					}
					if err == nil {
						mu.Lock()
						taken++
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			if taken != 1 {
				t.Errorf("taken by %d, want one", taken)
			}
		}},
	}
}
