package sqlstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/storetest"
)

// BenchmarkHistory asks a project with 100,000 tasks and as many events for what
// pages of administrators show.
func BenchmarkHistory(b *testing.B) {
	s := open(b)
	ctx := b.Context()
	w := storetest.Seed(b, s)
	for part := range 100 {
		err := s.InTx(ctx, func(ctx context.Context) error {
			for i := range 1000 {
				n := part*1000 + i
				task := w.Task(w.Template)
				task.Created = storetest.Now().Add(time.Duration(n) * 5 * time.Minute)
				start, end := task.Created.Add(time.Second), task.Created.Add(time.Minute)
				task.Status, task.Start, task.End = domain.StatusSuccess, &start, &end
				if err := s.Tasks().Create(ctx, &task, w.Definition(w.Template)); err != nil {
					return err
				}
				e := domain.Event{ProjectID: &w.Project.ID, UserID: &w.User.ID, ObjectType: domain.ObjectTask, Description: fmt.Sprint("Task ", n), Created: task.Created}
				if err := s.Events().Add(ctx, &e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		do   func() (int, error)
		want int
	}{
		{"stats of the project", func() (int, error) {
			list, err := s.Tasks().Stats(ctx, store.StatsFilter{Project: w.Project.ID})
			return len(list), err
		}, 348},
		{"newest events of a user", func() (int, error) {
			list, err := s.Events().List(ctx, store.EventFilter{User: w.User.ID, Limit: 200})
			return len(list), err
		}, 200},
		{"denials, of which there are none", func() (int, error) {
			list, err := s.Events().List(ctx, store.EventFilter{Outcome: domain.OutcomeDenied, Limit: 200})
			return len(list), err
		}, 0},
		{"a text that is nowhere", func() (int, error) {
			list, err := s.Events().List(ctx, store.EventFilter{Text: "nowhere", Limit: 200})
			return len(list), err
		}, 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				n, err := c.do()
				if err != nil || n != c.want {
					b.Fatalf("got %d %v, want %d", n, err, c.want)
				}
			}
		})
	}
}
