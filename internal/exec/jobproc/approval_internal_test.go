package jobproc

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestBudget: time that is paused does not count.
func TestBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var spent atomic.Bool
		b := newBudget(10*time.Second, func() { spent.Store(true) })
		time.Sleep(4 * time.Second)
		b.pause()
		b.pause()
		time.Sleep(time.Hour)
		b.resume()
		b.resume()
		time.Sleep(6*time.Second - time.Nanosecond)
		synctest.Wait()
		if spent.Load() {
			t.Fatal("spent before its time")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if !spent.Load() {
			t.Fatal("not spent in time")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(0, func() { t.Error("no limit was spent") })
		b.pause()
		b.resume()
		time.Sleep(1000 * time.Hour)
		synctest.Wait()
	})
}

// TestQuestion: only the first answer to a question that is asked counts.
func TestQuestion(t *testing.T) {
	t.Parallel()
	var q question
	q.answer(true) // nobody asked
	first := q.ask()
	select {
	case <-first:
		t.Fatal("an answer from before the question counts")
	default:
	}
	q.answer(false)
	q.answer(true)
	if <-first {
		t.Error("the second answer counts")
	}
	second := q.ask()
	q.withdraw()
	q.answer(true)
	select {
	case <-second:
		t.Error("an answer after the question counts")
	default:
	}
}
