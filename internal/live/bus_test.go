package live

import (
	"sync"
	"testing"

	"signalbox/internal/domain"
)

func update(id int) Event {
	return Event{Task: &TaskUpdate{TaskID: domain.TaskID(id), Status: domain.StatusRunning}}
}

func TestBus_KeepsUpdatesInOrder(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	sub := bus.Subscribe()
	defer sub.Close()
	for i := 1; i <= 100; i++ {
		bus.Publish(update(i))
	}
	<-sub.Ready()
	events, lost := sub.Next()
	if lost || len(events) != 100 {
		t.Fatalf("got %d events, lost %v; want 100, false", len(events), lost)
	}
	for i, e := range events {
		if e.Task.TaskID != domain.TaskID(i+1) || e.Seq != int64(i+1) {
			t.Fatalf("event %d is task %d with seq %d", i, e.Task.TaskID, e.Seq)
		}
	}
}

func TestBus_CoalescesLogGrowthOfATask(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	sub := bus.Subscribe()
	defer sub.Close()
	for total := int64(1); total <= 100000; total++ {
		bus.Publish(Event{Log: &LogGrowth{TaskID: domain.TaskID(total % 2), Total: total}})
	}
	events, lost := sub.Next()
	if lost || len(events) != 2 {
		t.Fatalf("got %d events, lost %v; want 2, false", len(events), lost)
	}
	if events[0].Log.Total != 99999 || events[1].Log.Total != 100000 {
		t.Fatalf("got totals %d and %d, want the newest", events[0].Log.Total, events[1].Log.Total)
	}
}

func TestBus_TellsASlowReaderThatItLostUpdates(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	sub := bus.Subscribe()
	defer sub.Close()
	for i := range maxPending + 1 {
		bus.Publish(update(i))
	}
	if events, lost := sub.Next(); !lost || len(events) != maxPending {
		t.Fatalf("got %d events, lost %v; want %d, true", len(events), lost, maxPending)
	}
	bus.Publish(update(1))
	if events, lost := sub.Next(); lost || len(events) != 1 {
		t.Fatalf("after the loss got %d events, lost %v; want 1, false", len(events), lost)
	}
}

func TestBus_ClosedReaderGetsNothing(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	sub := bus.Subscribe()
	sub.Close()
	sub.Close()
	bus.Publish(update(1))
	if events, _ := sub.Next(); len(events) != 0 {
		t.Fatalf("got %d events after Close, want none", len(events))
	}
}

func TestBus_ConcurrentUse(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			sub := bus.Subscribe()
			defer sub.Close()
			for i := range 500 {
				bus.Publish(update(i))
				sub.Next()
			}
		})
	}
	wg.Wait()
}
