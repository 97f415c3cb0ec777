package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

func revisionCases() []testCase {
	return []testCase{{"rules", func(t *testing.T, s store.Store) {
		ctx := t.Context()
		w := Seed(t, s)
		other := Seed(t, s)
		task := w.Running(t, w.Template)
		tasks := s.Tasks()
		steps := []struct {
			name        string
			mine, their bool
			do          func() error
		}{
			{"resource", true, false, func() error { return s.Views().Create(ctx, &domain.View{ProjectID: w.Project.ID}) }},
			{"update of a resource", true, false, func() error {
				_, err := s.Templates().Update(ctx, w.Template.ID, func(t *domain.Template) error { t.Name += "!"; return nil })
				return err
			}},
			{"project itself", true, false, func() error {
				_, err := s.Projects().Update(ctx, w.Project.ID, func(p *domain.Project) error { p.Alert = true; return nil })
				return err
			}},
			{"move to the other project", true, true, func() error {
				_, err := s.Views().Update(ctx, w.View.ID, func(v *domain.View) error { v.ProjectID = other.Project.ID; return nil })
				return err
			}},
			{"and back", true, true, func() error {
				_, err := s.Views().Update(ctx, w.View.ID, func(v *domain.View) error { v.ProjectID = w.Project.ID; return nil })
				return err
			}},
			{"delete of several", true, false, func() error {
				_, err := s.Views().DeleteWhere(ctx, store.InProject(w.Project.ID), store.Ne("id", w.View.ID))
				return err
			}},
			{"delete of none", false, false, func() error {
				_, err := s.Views().DeleteWhere(ctx, store.Eq("id", 999))
				return err
			}},
			{"name of a user", true, true, func() error {
				_, err := s.Users().Update(ctx, w.User.ID, func(u *domain.User) error { u.Name = "Countess"; return nil })
				return err
			}},
			{"option", true, true, func() error { return s.Options().Set(ctx, "apps.x.active", "1") }},
			{"session", false, false, func() error {
				return s.Sessions().Create(ctx, &domain.Session{TokenHash: "r", UserID: w.User.ID})
			}},
			{"event", false, false, func() error {
				return s.Events().Add(ctx, &domain.Event{ProjectID: &w.Project.ID, ObjectType: domain.ObjectTask})
			}},
			{"refused update", false, false, func() error {
				_, err := s.Views().Update(ctx, w.View.ID, func(v *domain.View) error { v.Title = "x"; return errStop })
				if err != errStop {
					return fmt.Errorf("got %w, want errStop", err)
				}
				return nil
			}},
			{"log growth", false, false, func() error {
				_, err := tasks.Record(ctx, task.ID, store.Report{Epoch: task.Epoch, FromOffset: 0, ToOffset: 5, Chunks: chunksOf(1, 3)})
				return err
			}},
			{"leases", false, false, func() error { return tasks.RenewLeases(ctx, "here", Now().Add(time.Hour)) }},
			{"reported change", true, false, func() error {
				_, err := tasks.Record(ctx, task.ID, store.Report{Epoch: task.Epoch, FromOffset: 5, ToOffset: 6, Apply: func(t *domain.Task) error {
					t.CommitMessage = "fix"
					return nil
				}})
				return err
			}},
			{"status", true, false, func() error {
				_, err := tasks.Update(ctx, task.ID, func(t *domain.Task) error { t.Status = domain.StatusStopping; return nil })
				return err
			}},
			{"new task", true, false, func() error {
				n := w.Task(w.Template)
				return tasks.Create(ctx, &n, w.Definition(w.Template))
			}},
			{"end", true, false, func() error {
				_, err := tasks.Update(ctx, task.ID, func(t *domain.Task) error { t.Status = domain.StatusStopped; return nil })
				return err
			}},
			{"claim", true, false, func() error {
				_, err := w.Claim(ctx, "here")
				return err
			}},
			{"delete of a task", true, false, func() error { return tasks.Delete(ctx, task.ID) }},
		}
		read := func(p domain.ProjectID) int64 {
			t.Helper()
			n, err := s.Revision(ctx, p)
			check(t, err)
			return n
		}
		changes := func() int64 {
			t.Helper()
			n, err := s.Changes(ctx)
			check(t, err)
			return n
		}
		for _, step := range steps {
			mine, their, any := read(w.Project.ID), read(other.Project.ID), changes()
			check(t, step.do())
			if grew := read(w.Project.ID) > mine; grew != step.mine {
				t.Errorf("%s: revision of the project grew: %t, want %t", step.name, grew, step.mine)
			}
			if grew := read(other.Project.ID) > their; grew != step.their {
				t.Errorf("%s: revision of the other project grew: %t, want %t", step.name, grew, step.their)
			}
			if grew := changes() > any; grew != (step.mine || step.their) {
				t.Errorf("%s: changes grew: %t, want %t", step.name, grew, step.mine || step.their)
			}
		}
	}}}
}

func eventCases() []testCase {
	return []testCase{{"list", func(t *testing.T, s store.Store) {
		ctx := t.Context()
		w := Seed(t, s)
		other := Seed(t, s)
		w.AddOther(t)
		task := w.NewTask(t, w.Template)
		add := func(p *domain.ProjectID, u *domain.UserID, typ domain.ObjectType, object int64, text string) domain.Event {
			t.Helper()
			e := domain.Event{ProjectID: p, UserID: u, ObjectType: typ, ObjectID: &object, Description: text, Address: "::1", Created: Now()}
			check(t, s.Events().Add(ctx, &e))
			if e.ID == 0 {
				t.Error("event got no ID")
			}
			return e
		}
		global := add(nil, &w.User.ID, domain.ObjectUser, int64(w.User.ID), "global")
		mine := add(&w.Project.ID, &w.User.ID, domain.ObjectTemplate, int64(w.Template.ID), "mine")
		theirs := add(&other.Project.ID, &w.OtherUser.ID, domain.ObjectView, int64(other.View.ID), "theirs")
		run := add(&w.Project.ID, nil, domain.ObjectTask, int64(task.ID), "run")
		gone := add(&w.Project.ID, &w.OtherUser.ID, domain.ObjectKey, 999, "gone")
		check(t, s.Users().Delete(ctx, w.OtherUser.ID))

		named := func(e domain.Event, user, project, object string) domain.EventWithNames {
			return domain.EventWithNames{Event: e, ActorName: user, ProjectName: project, ObjectName: object}
		}
		all := []domain.EventWithNames{
			named(gone, "", "Harbour", ""), named(run, "", "Harbour", "Site"), named(theirs, "", "Harbour", "All"),
			named(mine, "ada", "Harbour", "Site"), named(global, "ada", "", "Ada"),
		}
		many := []domain.ProjectID{other.Project.ID}
		for i := range domain.ProjectID(100) {
			many = append(many, other.Project.ID+1+i)
		}
		cases := []struct {
			name     string
			project  *domain.ProjectID
			projects []domain.ProjectID
			limit    int
			want     []domain.EventWithNames
		}{
			{"all", nil, nil, 0, all},
			{"newest", nil, nil, 2, all[:2]},
			{"of a project", &w.Project.ID, nil, 10, []domain.EventWithNames{all[0], all[1], all[3]}},
			{"of projects and of none", nil, []domain.ProjectID{other.Project.ID}, 10, []domain.EventWithNames{all[2], all[4]}},
			{"newest of both projects", nil, []domain.ProjectID{other.Project.ID, w.Project.ID}, 3, all[:3]},
			{"of many projects", nil, many, 10, []domain.EventWithNames{all[2], all[4]}},
			{"of none", nil, []domain.ProjectID{}, 10, all[4:]},
		}
		for _, c := range cases {
			got, err := s.Events().List(ctx, store.EventFilter{Project: c.project, Projects: c.projects, Limit: c.limit})
			check(t, err)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, diff)
			}
		}
	}}, {"filter", eventFilters}, {"prune", eventPrune}}
}

func optionCases() []testCase {
	return []testCase{{"life", func(t *testing.T, s store.Store) {
		ctx := t.Context()
		_, err := s.Options().Get(ctx, "a")
		wantError(t, "get of a missing option", err, store.ErrNotFound)
		check(t, s.Options().Delete(ctx, "a"))
		check(t, s.Options().Set(ctx, "b", "1"))
		check(t, s.Options().Set(ctx, "a", "😀"))
		check(t, s.Options().Set(ctx, "b", ""))
		got, err := s.Options().Get(ctx, "b")
		check(t, err)
		if got != "" {
			t.Errorf("b is %q, want empty", got)
		}
		all, err := s.Options().All(ctx)
		check(t, err)
		if diff := cmp.Diff([]domain.Option{{Key: "a", Value: "😀"}, {Key: "b"}}, all); diff != "" {
			t.Errorf("all (-want +got):\n%s", diff)
		}
		check(t, s.Options().Delete(ctx, "b"))
		_, err = s.Options().Get(ctx, "b")
		wantError(t, "get of a deleted option", err, store.ErrNotFound)
	}}}
}
