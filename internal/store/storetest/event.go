package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

func eventFilters(t *testing.T, s store.Store) {
	ctx := t.Context()
	w := Seed(t, s)
	w.AddOther(t)
	p, one, two := w.Project.ID, w.User.ID, w.OtherUser.ID
	add := func(at int, p *domain.ProjectID, u domain.UserID, typ domain.ObjectType, object int64, action domain.EventAction, outcome domain.Outcome, text, target string) {
		t.Helper()
		check(t, s.Events().Add(ctx, &domain.Event{
			ProjectID: p, UserID: &u, ObjectType: typ, ObjectID: &object, Action: action, Outcome: outcome,
			Description: text, Target: target, Created: Now().Add(time.Duration(at) * time.Hour),
		}))
	}
	add(1, &p, one, domain.ObjectKey, 1, domain.ActionCreate, domain.OutcomeSuccess, "Key a created", "a")
	add(2, &p, two, domain.ObjectKey, 1, domain.ActionUpdate, domain.OutcomeSuccess, "Key a updated", "a")
	add(3, nil, two, domain.ObjectUser, 1, domain.ActionUpdate, domain.OutcomeDenied, "User ÄRA updated", "ära")
	add(4, &p, one, domain.ObjectTemplate, 1, domain.ActionRun, domain.OutcomeFailure, "100% done_", "Große")
	all, err := s.Events().List(ctx, store.EventFilter{})
	check(t, err)
	if len(all) != 4 {
		t.Fatalf("got %d events, want 4", len(all))
	}
	for _, c := range []struct {
		name string
		f    store.EventFilter
		want []int // in the order they were added
	}{
		{"user", store.EventFilter{User: two}, []int{3, 2}},
		{"user in a project", store.EventFilter{User: two, Project: &p}, []int{2}},
		{"user in projects", store.EventFilter{User: two, Projects: []domain.ProjectID{p}}, []int{3, 2}},
		{"object type", store.EventFilter{ObjectType: domain.ObjectKey}, []int{2, 1}},
		{"object", store.EventFilter{ObjectType: domain.ObjectKey, ObjectID: 2}, nil},
		{"action", store.EventFilter{Action: domain.ActionUpdate}, []int{3, 2}},
		{"outcome", store.EventFilter{Outcome: domain.OutcomeDenied}, []int{3}},
		{"since", store.EventFilter{Since: Now().Add(3 * time.Hour)}, []int{4, 3}},
		{"until", store.EventFilter{Until: Now().Add(3 * time.Hour)}, []int{2, 1}},
		{"between", store.EventFilter{Since: Now().Add(2 * time.Hour), Until: Now().Add(4 * time.Hour), Project: &p}, []int{2}},
		{"before", store.EventFilter{Before: all[1].ID}, []int{2, 1}},
		{"before in projects", store.EventFilter{Before: all[0].ID, Projects: []domain.ProjectID{p}, Limit: 2}, []int{3, 2}},
		{"text", store.EventFilter{Text: "KEY A"}, []int{2, 1}},
		{"text beyond ASCII", store.EventFilter{Text: "ÄrA"}, []int{3}},
		{"text is no pattern", store.EventFilter{Text: "0% d"}, []int{4}},
		{"name of the object", store.EventFilter{Text: "große"}, []int{4}},
		{"text and limit", store.EventFilter{Text: "updated", Limit: 1}, []int{3}},
		{"text and project", store.EventFilter{Text: "updated", Project: &p}, []int{2}},
		{"nothing", store.EventFilter{Text: "nowhere"}, nil},
	} {
		list, err := s.Events().List(ctx, c.f)
		check(t, err)
		var got []int
		for _, e := range list {
			for i := range all {
				if all[i].ID == e.ID {
					got = append(got, len(all)-i)
				}
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func eventPrune(t *testing.T, s store.Store) {
	ctx := t.Context()
	for i := range 5 {
		check(t, s.Events().Add(ctx, &domain.Event{ObjectType: domain.ObjectTask, Description: fmt.Sprint(i), Created: Now().Add(time.Duration(i) * time.Hour)}))
	}
	for _, step := range []struct {
		before      int
		limit, want int
	}{{0, 10, 0}, {4, 3, 3}, {4, 3, 1}, {4, 3, 0}} {
		n, err := s.Events().Prune(ctx, Now().Add(time.Duration(step.before)*time.Hour), step.limit)
		check(t, err)
		if n != step.want {
			t.Errorf("before %d: deleted %d, want %d", step.before, n, step.want)
		}
	}
	left, err := s.Events().List(ctx, store.EventFilter{})
	check(t, err)
	if len(left) != 1 || left[0].Description != "4" {
		t.Errorf("left are %v, want the youngest", left)
	}
}

func taskStats(t *testing.T, s store.Store) {
	ctx := t.Context()
	w := Seed(t, s)
	w.AddOther(t)
	other := w.NewTemplate(t, func(t *domain.Template) { t.Name = "Other" })
	foreign := Seed(t, s)
	day := Now().UTC().Truncate(24 * time.Hour)
	at := func(days, hours int) time.Time { return day.Add(time.Duration(24*days+hours) * time.Hour) }
	add := func(w *World, tmpl domain.Template, user *domain.UserID, created time.Time, status domain.TaskStatus, took time.Duration) {
		t.Helper()
		task := w.Task(tmpl)
		task.UserID, task.Created, task.Status = user, created, status
		if took > 0 {
			start, end := created.Add(time.Minute), created.Add(time.Minute+took)
			task.Start, task.End = &start, &end
		}
		check(t, s.Tasks().Create(ctx, &task, w.Definition(tmpl)))
	}
	mine, theirs := &w.User.ID, &w.OtherUser.ID
	add(w, w.Template, mine, at(0, 0), domain.StatusSuccess, 10*time.Second)
	add(w, w.Template, theirs, at(0, 23), domain.StatusSuccess, 20*time.Second)
	add(w, other, mine, at(0, 5), domain.StatusError, 3*time.Second)
	add(w, w.Template, nil, at(0, 6), domain.StatusStopped, 0)
	add(w, w.Template, mine, at(2, 1), domain.StatusWaiting, 0)
	add(foreign, foreign.Template, &foreign.User.ID, at(1, 1), domain.StatusError, time.Second)

	type counts = map[domain.TaskStatus]int
	first := domain.TaskStat{Day: at(0, 0), ByStatus: counts{domain.StatusSuccess: 2, domain.StatusError: 1, domain.StatusStopped: 1}, Timed: 3, Took: 33 * time.Second}
	last := domain.TaskStat{Day: at(2, 0), ByStatus: counts{domain.StatusWaiting: 1}}
	p := w.Project.ID
	for _, c := range []struct {
		name string
		f    store.StatsFilter
		want []domain.TaskStat
	}{
		{"project", store.StatsFilter{Project: p}, []domain.TaskStat{last, first}},
		{"template", store.StatsFilter{Project: p, Template: other.ID}, []domain.TaskStat{{Day: at(0, 0), ByStatus: counts{domain.StatusError: 1}, Timed: 1, Took: 3 * time.Second}}},
		{"template of another project", store.StatsFilter{Project: p, Template: foreign.Template.ID}, []domain.TaskStat{}},
		{"user", store.StatsFilter{Project: p, User: *theirs}, []domain.TaskStat{{Day: at(0, 0), ByStatus: counts{domain.StatusSuccess: 1}, Timed: 1, Took: 20 * time.Second}}},
		{"since", store.StatsFilter{Project: p, Since: at(0, 6)}, []domain.TaskStat{{Day: at(0, 0), ByStatus: counts{domain.StatusSuccess: 1}, Timed: 1, Took: 20 * time.Second}}},
		{"until", store.StatsFilter{Project: p, Until: at(0, 1)}, []domain.TaskStat{{Day: at(0, 0), ByStatus: counts{domain.StatusSuccess: 1}, Timed: 1, Took: 10 * time.Second}}},
		{"none", store.StatsFilter{Project: 999}, []domain.TaskStat{}},
	} {
		got, err := s.Tasks().Stats(ctx, c.f)
		check(t, err)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func taskSettled(t *testing.T, s store.Store) {
	ctx := t.Context()
	w := Seed(t, s)
	other := Seed(t, s)
	begin := Now()
	add := func(w *World, minute int, status domain.TaskStatus) domain.TaskID {
		t.Helper()
		task := w.Task(w.Template)
		task.Created, task.Status = begin.Add(time.Duration(minute)*time.Minute), status
		check(t, s.Tasks().Create(ctx, &task, w.Definition(w.Template)))
		return task.ID
	}
	settled := func(minute int) (domain.TaskID, int64) {
		t.Helper()
		upTo, removed, err := s.Tasks().Settled(ctx, w.Project.ID, begin.Add(time.Duration(minute)*time.Minute))
		check(t, err)
		return upTo, removed
	}
	want := func(what string, minute int, want domain.TaskID) {
		t.Helper()
		if got, _ := settled(minute); got != want {
			t.Errorf("%s: settled up to %d, want %d", what, got, want)
		}
	}
	want("nothing", 100, 0)
	first, second := add(w, 1, domain.StatusSuccess), add(w, 2, domain.StatusError)
	theirs := add(other, 3, domain.StatusWaiting)
	want("before all", 1, 0)
	want("after the first", 2, first)
	want("after both", 3, second)
	third, fourth := add(w, 4, domain.StatusRunning), add(w, 5, domain.StatusWaiting)
	fifth := add(w, 6, domain.StatusStopped)
	want("one runs", 100, third-1)
	end := func(id domain.TaskID) {
		t.Helper()
		_, err := s.Tasks().Update(ctx, id, func(t *domain.Task) error { t.Status = domain.StatusStopped; return nil })
		check(t, err)
	}
	_, err := s.Tasks().Update(ctx, third, func(t *domain.Task) error { t.Status = domain.StatusSuccess; return nil })
	check(t, err)
	want("one waits", 100, fourth-1)
	end(fourth)
	want("all ended", 100, fifth)

	_, before := settled(100)
	end(theirs)
	check(t, s.Tasks().Delete(ctx, theirs))
	if _, now := settled(100); now != before {
		t.Errorf("a task of another project was removed: %d, want %d", now, before)
	}
	check(t, s.Tasks().Delete(ctx, first))
	if _, now := settled(100); now <= before {
		t.Errorf("a task was removed: %d, want more than %d", now, before)
	}
	all, err := s.Tasks().Stats(ctx, store.StatsFilter{Project: w.Project.ID, After: second, UpTo: fourth})
	check(t, err)
	n := 0
	for _, day := range all {
		for _, tasks := range day.ByStatus {
			n += tasks
		}
	}
	if n != 2 {
		t.Errorf("%d tasks after %d up to %d, want 2", n, second, fourth)
	}
}
