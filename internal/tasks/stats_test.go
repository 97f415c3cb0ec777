package tasks

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// What is kept of the history never makes the counts differ from counting anew,
// whatever is added, ended and deleted in between.
func TestStats_AreThoseOfTheStore(t *testing.T) {
	f := setup(t)
	ctx := t.Context()
	random := rand.New(rand.NewPCG(1, 2))
	other := f.template(t, func(tpl *domain.Template) { tpl.Name = "other" })
	start := f.now
	var open, ended []domain.TaskID
	for step := range 400 {
		f.now = f.now.Add(time.Duration(random.IntN(90)) * time.Minute)
		switch n := random.IntN(10); {
		case n < 5:
			tpl := f.tpl.ID
			if random.IntN(3) == 0 {
				tpl = other.ID
			}
			user := f.owner.User.ID
			task := domain.Task{ProjectID: f.project, TemplateID: tpl, UserID: &user, Status: domain.StatusWaiting, Environment: "{}", Created: f.now}
			if err := f.store.Tasks().Create(ctx, &task, domain.TaskDefinition{}); err != nil {
				t.Fatal(err)
			}
			open = append(open, task.ID)
		case n < 9 && len(open) > 0:
			i := random.IntN(len(open))
			begun, end := f.now, f.now.Add(time.Minute)
			if _, err := f.store.Tasks().Update(ctx, open[i], func(task *domain.Task) error {
				task.Status, task.Start, task.End = domain.StatusStopped, &begun, &end
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			ended = append(ended, open[i])
			open = append(open[:i], open[i+1:]...)
		case len(ended) > 0:
			i := random.IntN(len(ended))
			if err := f.store.Tasks().Delete(ctx, ended[i]); err != nil {
				t.Fatal(err)
			}
			ended = append(ended[:i], ended[i+1:]...)
		}
		for _, filter := range []store.StatsFilter{
			{Project: f.project}, {Project: f.project, Template: other.ID}, {Project: f.project, User: f.owner.User.ID, Since: start.Add(48 * time.Hour)},
		} {
			want, err := f.store.Tasks().Stats(ctx, filter)
			if err != nil {
				t.Fatal(err)
			}
			got, err := f.Stats(ctx, filter)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("step %d, %+v (-want +got):\n%s", step, filter, diff)
			}
		}
	}
	if len(f.history.counted) == 0 {
		t.Error("nothing was kept")
	}
}
