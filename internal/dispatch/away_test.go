package dispatch_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"signalbox/internal/dispatch"
	"signalbox/internal/domain"
	"signalbox/internal/job"
	"signalbox/internal/store"
	"signalbox/internal/testkit"
)

// flaky is a queue whose database goes away: the claim of task 2 is made, but
// its answer is lost, and the next calls fail a few times.
type flaky struct {
	mu      sync.Mutex
	next    domain.TaskID
	owned   []domain.Task
	away    int
	started chan int64
}

func (f *flaky) gone() error {
	if f.away == 0 {
		return nil
	}
	f.away--
	return fmt.Errorf("ask: %w", store.ErrUnavailable)
}

func (f *flaky) Claim(context.Context, string, time.Duration) (domain.Task, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.gone(); err != nil {
		return domain.Task{}, false, err
	}
	if f.next == 3 {
		return domain.Task{}, false, nil
	}
	f.next++
	t := domain.Task{ID: f.next, Epoch: 1, Status: domain.StatusStarting}
	f.owned = append(f.owned, t)
	if t.ID == 2 {
		f.away = 4
		return domain.Task{}, false, fmt.Errorf("commit: %w", store.ErrUnavailable)
	}
	return t, true, nil
}

func (f *flaky) BuildJob(_ context.Context, t domain.Task) (job.Spec, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return job.Spec{TaskID: int64(t.ID)}, f.gone()
}

func (f *flaky) Fail(_ context.Context, id domain.TaskID, _ int64, reason string) error {
	return fmt.Errorf("task %d was ended: %s", id, reason)
}

func (f *flaky) Owned(context.Context, string) ([]domain.Task, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]domain.Task(nil), f.owned...), f.gone()
}

func (f *flaky) RenewLeases(context.Context, string, time.Duration) error { return nil }

func (f *flaky) Start(_ context.Context, spec job.Spec) error {
	f.started <- spec.TaskID
	return nil
}

func (f *flaky) Signal(int64, bool)                           {}
func (f *flaky) Answer(int64, int, bool)                      {}
func (f *flaky) Recover(context.Context, []domain.Task) error { return nil }

func TestDatabaseAway_EveryClaimIsStartedOnce(t *testing.T) {
	t.Parallel()
	f := &flaky{started: make(chan int64, 10)}
	d := dispatch.New("me", f, f, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	times := map[int64]int{}
	for range 3 {
		times[testkit.Receive(t, f.started, "a start")]++
	}
	cancel()
	if err := testkit.Receive(t, done, "the end"); err != nil {
		t.Error(err)
	}
	close(f.started)
	for id := range f.started {
		times[id]++
	}
	for id := int64(1); id <= 3; id++ {
		if times[id] != 1 {
			t.Errorf("task %d was started %d times, want once", id, times[id])
		}
	}
}
