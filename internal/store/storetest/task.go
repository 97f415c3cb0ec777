package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

func taskCases() []testCase {
	return []testCase{
		{"stats", taskStats},
		{"settled", taskSettled},
		{"life", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			want := domain.Task{
				ProjectID: w.Project.ID, TemplateID: w.Template.ID, Status: domain.StatusWaiting, Playbook: "x.yml", Environment: `{"a":1}`,
				Arguments: ptr(`["-v"]`), GitBranch: ptr("dev"), UserID: &w.User.ID, IntegrationID: ptr(int64(3)), ScheduleID: ptr(int64(4)),
				Created: Now(), Message: "hi", BuildTaskID: ptr(domain.TaskID(77)), Version: ptr("1.2"), InventoryID: &w.Inventory.ID,
				Params: domain.JSON(`{ }`),
			}
			def := w.Definition(w.Template)
			def.Definition.Vaults = []domain.Vault{{ID: 1, Type: "script", Script: ptr("x")}}
			def.Definition.Template.SurveyVars = []domain.SurveyVar{{Name: "n", Type: "secret"}}
			check(t, s.Tasks().Create(ctx, &want, def))
			got, err := s.Tasks().Get(ctx, want.ID)
			check(t, err)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("get (-want +got):\n%s", diff)
			}
			stored, err := s.Tasks().Definition(ctx, want.ID)
			check(t, err)
			def.TaskID = want.ID
			if diff := cmp.Diff(def, stored); diff != "" {
				t.Errorf("definition (-want +got):\n%s", diff)
			}
			tmpl, err := s.Templates().Get(ctx, w.Template.ID)
			check(t, err)
			if tmpl.TaskCount != 1 {
				t.Errorf("template counts %d tasks, want 1", tmpl.TaskCount)
			}
			refused := errors.New("refused")
			err = s.Tasks().Reseal(ctx, want.ID, func(string) (string, error) { return "lost", refused })
			wantError(t, "reseal", err, refused)
			check(t, s.Tasks().Reseal(ctx, want.ID, func(sealed string) (string, error) { return sealed + ", sealed again", nil }))
			stored, err = s.Tasks().Definition(ctx, want.ID)
			check(t, err)
			def.Secret += ", sealed again"
			if diff := cmp.Diff(def, stored); diff != "" {
				t.Errorf("definition sealed again (-want +got):\n%s", diff)
			}
			got, err = s.Tasks().Update(ctx, want.ID, func(t *domain.Task) error {
				t.Status, t.Start, t.End = domain.StatusError, ptr(Now()), ptr(Now().Add(time.Minute))
				t.StatusReason, t.StoppedBy, t.ForceStop, t.CommitHash = "why", &w.User.ID, true, ptr("abc")
				t.Questions, t.Decision, t.DecidedBy, t.DecidedAt = 2, domain.StatusConfirmed, &w.User.ID, ptr(Now())
				want = *t
				return nil
			})
			check(t, err)
			stayed, err := s.Tasks().Get(ctx, want.ID)
			check(t, err)
			if diff := cmp.Diff(want, stayed); diff != "" {
				t.Errorf("after update (-want +got):\n%s", diff)
			}
			if got.Status != domain.StatusError || got.StatusReason != "why" || !got.ForceStop {
				t.Errorf("after update: %+v", got)
			}
			stored, err = s.Tasks().Definition(ctx, want.ID)
			check(t, err)
			if stored.Secret != "" {
				t.Error("the secret outlives the task")
			}
			check(t, s.Tasks().Delete(ctx, want.ID))
			_, err = s.Tasks().Get(ctx, want.ID)
			wantError(t, "get", err, store.ErrNotFound)
			_, err = s.Tasks().Definition(ctx, want.ID)
			wantError(t, "definition", err, store.ErrNotFound)
			_, err = s.Tasks().Update(ctx, want.ID, func(*domain.Task) error { return nil })
			wantError(t, "update", err, store.ErrNotFound)
			wantError(t, "reseal", s.Tasks().Reseal(ctx, want.ID, func(s string) (string, error) { return s, nil }), store.ErrNotFound)
			wantError(t, "delete", s.Tasks().Delete(ctx, want.ID), store.ErrNotFound)
			check(t, s.Templates().Delete(ctx, w.Template.ID))
		}},
		{"every status move", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			for _, from := range domain.Statuses() {
				for _, to := range domain.Statuses() {
					task := w.Task(w.Template)
					task.Status = from
					check(t, s.Tasks().Create(ctx, &task, w.Definition(w.Template)))
					got, err := s.Tasks().Update(ctx, task.ID, func(t *domain.Task) error {
						t.Status, t.Message = to, "moved"
						return nil
					})
					switch {
					case from == to || from.CanBecome(to):
						if err != nil || got.Status != to {
							t.Errorf("%s to %s: %v", from, to, err)
						}
					case from.Terminal():
						wantError(t, fmt.Sprintf("%s to %s", from, to), err, store.ErrFenced)
					default:
						wantError(t, fmt.Sprintf("%s to %s", from, to), err, store.ErrStatus)
					}
					if err != nil {
						kept, err := s.Tasks().Get(ctx, task.ID)
						check(t, err)
						if kept.Status != from || kept.Message != "" {
							t.Errorf("%s to %s was refused but left %s, %q", from, to, kept.Status, kept.Message)
						}
					}
				}
			}
		}},
		{"lists", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			second := w.NewTemplate(t, func(t *domain.Template) {
				t.Name, t.Playbook, t.App, t.Type = "Build", "b.sh", "bash", domain.TemplateBuild
			})
			other := Seed(t, s)
			var ids []domain.TaskID
			begin := Now()
			at := func(i int) time.Time { return begin.Add(time.Duration(i) * time.Minute) }
			statuses := []domain.TaskStatus{domain.StatusSuccess, domain.StatusWaiting, domain.StatusError, domain.StatusRunning, domain.StatusWaiting}
			for i := range 10 {
				tmpl := w.Template
				if i%2 == 1 {
					tmpl = second
				}
				task := w.Task(tmpl)
				task.Status, task.Created = statuses[i%5], at(i)
				if i == 9 {
					task.StoppedBy, task.DecidedBy = &other.User.ID, &w.User.ID
				}
				check(t, s.Tasks().Create(ctx, &task, w.Definition(tmpl)))
				ids = append(ids, task.ID)
				other.NewTask(t, other.Template)
			}
			cases := []struct {
				name   string
				filter store.TaskFilter
				want   []int
			}{
				{"all", store.TaskFilter{}, []int{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}},
				{"limit", store.TaskFilter{Limit: 3}, []int{9, 8, 7}},
				{"next page", store.TaskFilter{Limit: 3, Before: ids[7]}, []int{6, 5, 4}},
				{"last page", store.TaskFilter{Limit: 3, Before: ids[1]}, []int{0}},
				{"past the end", store.TaskFilter{Before: ids[0]}, nil},
				{"template", store.TaskFilter{Template: second.ID, Limit: 2}, []int{9, 7}},
				{"status", store.TaskFilter{Statuses: []domain.TaskStatus{domain.StatusSuccess}}, []int{5, 0}},
				{"statuses", store.TaskFilter{Statuses: []domain.TaskStatus{domain.StatusWaiting, domain.StatusRunning, domain.StatusWaiting}, Limit: 4}, []int{9, 8, 6, 4}},
				{"user", store.TaskFilter{User: w.User.ID, Limit: 2}, []int{9, 8}},
				{"another user", store.TaskFilter{User: w.User.ID + 1000}, nil},
				{"since", store.TaskFilter{Since: at(7)}, []int{9, 8, 7}},
				{"until", store.TaskFilter{Until: at(2)}, []int{1, 0}},
				{"between", store.TaskFilter{Since: at(3), Until: at(5), Template: w.Template.ID}, []int{4}},
				{"all together", store.TaskFilter{Template: w.Template.ID, Statuses: []domain.TaskStatus{domain.StatusWaiting}, Before: ids[8]}, []int{6, 4}},
			}
			for _, c := range cases {
				c.filter.Project = w.Project.ID
				list, err := s.Tasks().List(ctx, c.filter)
				check(t, err)
				var got, want []domain.TaskID
				for _, task := range list {
					got = append(got, task.ID)
				}
				for _, i := range c.want {
					if c.name == "all together" && ids[i] >= c.filter.Before {
						continue
					}
					want = append(want, ids[i])
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", c.name, diff)
				}
			}
			testWords(t, w)
			list, err := s.Tasks().List(ctx, store.TaskFilter{Project: w.Project.ID, Limit: 1})
			check(t, err)
			task, err := s.Tasks().Get(ctx, ids[9])
			check(t, err)
			want := domain.TaskWithTemplate{Task: task, TplPlaybook: "b.sh", TplAlias: "Build", TplType: domain.TemplateBuild, TplApp: "bash", UserName: "Ada", StoppedByName: "Ada", DecidedByName: "Ada"}
			if diff := cmp.Diff([]domain.TaskWithTemplate{want}, list); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
			everywhere, err := s.Tasks().List(ctx, store.TaskFilter{})
			check(t, err)
			if len(everywhere) != 20 {
				t.Errorf("%d tasks in all projects, want 20", len(everywhere))
			}
			last, err := s.Tasks().LastOfTemplates(ctx, w.Project.ID)
			check(t, err)
			if len(last) != 2 || last[w.Template.ID].ID != ids[8] || last[second.ID].ID != ids[9] || last[second.ID].TplAlias != "Build" {
				t.Errorf("last tasks: %+v", last)
			}
			n, err := s.Tasks().CountUnfinished(ctx, w.Project.ID)
			check(t, err)
			if n != 6 {
				t.Errorf("%d unfinished, want 6", n)
			}
		}},
		{"last version", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			for i, step := range []struct {
				add  *string
				want string
			}{{nil, ""}, {ptr("1.0"), "1.0"}, {nil, "1.0"}, {ptr("1.1"), "1.1"}, {ptr(""), "1.1"}} {
				task := w.Task(w.Template)
				task.Version = step.add
				check(t, s.Tasks().Create(ctx, &task, w.Definition(w.Template)))
				got, err := s.Tasks().LastVersion(ctx, w.Template.ID)
				check(t, err)
				if got != step.want {
					t.Errorf("step %d: %q, want %q", i, got, step.want)
				}
			}
		}},
		{"many", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			const n = 2_500
			check(t, s.InTx(ctx, func(ctx context.Context) error {
				for range n {
					task := w.Task(w.Template)
					if err := s.Tasks().Create(ctx, &task, domain.TaskDefinition{}); err != nil {
						return err
					}
				}
				return nil
			}))
			seen, before := 0, domain.TaskID(0)
			for {
				page, err := s.Tasks().List(ctx, store.TaskFilter{Project: w.Project.ID, Before: before, Limit: 249})
				check(t, err)
				if len(page) == 0 {
					break
				}
				for _, task := range page {
					if before != 0 && task.ID >= before {
						t.Fatalf("task %d after %d", task.ID, before)
					}
					before = task.ID
				}
				seen += len(page)
			}
			if seen != n {
				t.Errorf("paged through %d tasks, want %d", seen, n)
			}
		}},
		{"leases", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			tmpl := w.NewTemplate(t, func(t *domain.Template) { t.AllowParallelTasks = true })
			a, b := w.Running(t, tmpl), w.Running(t, tmpl)
			done := w.Running(t, tmpl)
			_, err := s.Tasks().Update(ctx, done.ID, func(t *domain.Task) error { t.Status = domain.StatusSuccess; return nil })
			check(t, err)
			w.NewTask(t, tmpl)
			_, err = w.Claim(ctx, "there")
			check(t, err)
			until := Now().Add(time.Hour)
			check(t, s.Tasks().RenewLeases(ctx, "here", until))
			list, err := s.Tasks().Owned(ctx, "here")
			check(t, err)
			if len(list) != 2 || list[0].ID != a.ID || list[1].ID != b.ID {
				t.Fatalf("owned: %+v, want %d and %d", list, a.ID, b.ID)
			}
			for _, task := range list {
				if task.LeaseUntil == nil || !task.LeaseUntil.Equal(until) {
					t.Errorf("lease of %d until %v, want %v", task.ID, task.LeaseUntil, until)
				}
			}
			got, err := s.Tasks().Get(ctx, done.ID)
			check(t, err)
			if got.LeaseUntil.Equal(until) {
				t.Error("the lease of a task that has ended was renewed")
			}
		}},
	}
}

// testWords checks that no task is left out that has the words.
func testWords(t *testing.T, w *World) {
	t.Helper()
	ctx := t.Context()
	odd := w.NewTemplate(t, func(t *domain.Template) { t.Name = "Größe 100%_!" })
	task := w.Task(odd)
	task.Message, task.CommitMessage = "Nightly RUN", "mend the pump"
	task.CommitHash, task.Version, task.GitBranch = ptr("0a1b2c"), ptr("V1.2"), ptr("feature/x")
	check(t, w.Store.Tasks().Create(ctx, &task, w.Definition(odd)))
	other := w.NewTask(t, odd)
	for _, words := range [][]string{
		{"nightly"}, {"run", "pump"}, {"a1b"}, {"v1.2"}, {"feature/"}, {"größe"}, {"100%_!"}, {"%_"}, {"!"}, {store.FoldCase(w.User.Name)}, {"nightly", "größe", store.FoldCase(w.User.Name)},
	} {
		list, err := w.Store.Tasks().List(ctx, store.TaskFilter{Project: w.Project.ID, Words: words, Limit: 2})
		check(t, err)
		if !slices.ContainsFunc(list, func(row domain.TaskWithTemplate) bool { return row.ID == task.ID }) {
			t.Errorf("%q: %d tasks, and task %d is not among them", words, len(list), task.ID)
		}
	}
	check(t, w.Store.Tasks().Delete(ctx, other.ID))
	check(t, w.Store.Tasks().Delete(ctx, task.ID))
	check(t, w.Store.Templates().Delete(ctx, odd.ID))
}
