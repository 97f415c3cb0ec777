package tasks

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

func TestList_FindsWords(t *testing.T) {
	f := setup(t)
	ctx := t.Context()
	web := f.template(t, func(tpl *domain.Template) { tpl.Name = "Deploy Web ÄÖ" })
	db := f.template(t, func(tpl *domain.Template) { tpl.Name = "back up" })
	var ids []domain.TaskID
	for _, in := range []struct {
		tpl     domain.TemplateID
		by      domain.Actor
		message string
	}{
		{web.ID, f.owner, "Release 12"}, {db.ID, f.runner, "nightly 100%_"}, {web.ID, f.runner, "RELEASE 13"}, {db.ID, f.owner, ""},
	} {
		task, err := f.Launch(ctx, in.by, f.project, Launch{TemplateID: in.tpl, Message: in.message})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, task.ID)
	}
	hash, version, branch := "abc123def", "1.2.3-rc", "feature/pump"
	if _, err := f.store.Tasks().Update(ctx, ids[3], func(task *domain.Task) error {
		task.CommitHash, task.CommitMessage, task.Version, task.GitBranch = &hash, "Fix the pump", &version, &branch
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		want []int
	}{
		{"", []int{3, 2, 1, 0}},
		{"  ", []int{3, 2, 1, 0}},
		{"release", []int{2, 0}},
		{"12 web", []int{0}},
		{"äö", []int{2, 0}},
		{"back nothing", nil},
		{"100%_", []int{1}},
		{"owner", []int{3, 0}},
		{"ABC123", []int{3}},
		{"rc-", nil},
		{"1.2.3 feature/ fix", []int{3}},
		{fmt.Sprintf("#%d", ids[1]), []int{1}},
	} {
		list, older, err := f.List(ctx, store.TaskFilter{Project: f.project, Limit: 10}, c.text)
		if err != nil || older != 0 {
			t.Fatalf("%q: older %d, %v", c.text, older, err)
		}
		var got, want []domain.TaskID
		for _, task := range list {
			got = append(got, task.ID)
		}
		for _, i := range c.want {
			want = append(want, ids[i])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.text, diff)
		}
	}
}

// A search goes through a long history in portions, and leaves out nothing.
func TestList_FindsInPortions(t *testing.T) {
	f := setup(t)
	ctx := t.Context()
	const many = 2*searchMost + 10
	marked := map[int]bool{0: true, 5: true, searchMost: true, many - 1: true}
	var want []domain.TaskID
	if err := f.store.InTx(ctx, func(ctx context.Context) error {
		for i := range many {
			task := domain.Task{ProjectID: f.project, TemplateID: f.tpl.ID, Status: domain.StatusSuccess, Environment: "{}", Created: f.now}
			if marked[i] {
				task.Message = "Nädel"
			}
			if err := f.store.Tasks().Create(ctx, &task, domain.TaskDefinition{}); err != nil {
				return err
			}
			if marked[i] {
				want = append([]domain.TaskID{task.ID}, want...)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var got []domain.TaskID
	filter := store.TaskFilter{Project: f.project, Limit: 2}
	pages := 0
	for {
		list, older, err := f.List(ctx, filter, "NÄDEL")
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, task := range list {
			got = append(got, task.ID)
		}
		if older == 0 {
			break
		}
		if filter.Before != 0 && older >= filter.Before {
			t.Fatalf("page %d leads back to %d", pages, older)
		}
		filter.Before = older
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if pages < 3 {
		t.Errorf("%d pages for %d tasks", pages, many)
	}
}
