package jobproc

import (
	"context"
	"sync"
	"time"

	"signalbox/internal/exec/fault"
	"signalbox/internal/job"
)

// question is what the job asks its owner. An answer that comes while nothing is
// asked, after another, or to another question, is dropped. The zero value is
// ready to use.
type question struct {
	mu      sync.Mutex // guards the rest
	number  int        // of the newest question, from 1
	pending chan bool  // nil while nothing is asked
}

func (q *question) ask() <-chan bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.number++
	q.pending = make(chan bool, 1)
	return q.pending
}

// answer takes an answer to the question of a number; 0 is the one that is asked.
func (q *question) answer(number int, yes bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.pending != nil && (number == 0 || number == q.number) {
		q.pending <- yes // room for one, and only one comes
		q.pending = nil
	}
}

func (q *question) withdraw() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending = nil
}

// approval asks whether to go on and waits for the answer, a stop or the timeout.
// The wait does not count against the run's duration. Nil is a yes.
func (s *session) approval(ctx context.Context, timeout time.Duration) error {
	answer := s.question.ask() // before anybody can know of it
	defer s.question.withdraw()
	s.duration.pause()
	defer s.duration.resume()
	s.log.Flush()
	if err := s.status("waiting_confirmation"); err != nil {
		return err
	}
	var late <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case yes := <-answer:
		if !yes {
			return fault.New("The plan was rejected, so nothing was applied.")
		}
		return s.status("running")
	case <-late:
		return fault.New("Nobody approved the plan within %s, so nothing was applied. Run the task again for a new plan.", timeout)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *session) status(status string) error {
	return s.journal.Append(job.Record{Status: &job.Status{Status: status, Time: s.now()}})
}

// budget is a span of time that can be paused. Its methods are for one goroutine.
type budget struct {
	left  time.Duration
	since time.Time // when it went on; zero while it is paused
	spent func()
	timer *time.Timer
}

// newBudget starts to count; spent is called once, when nothing is left. No time
// means no limit.
func newBudget(d time.Duration, spent func()) *budget {
	b := &budget{left: d, spent: spent}
	b.resume()
	return b
}

func (b *budget) pause() {
	if b.timer == nil {
		return
	}
	b.timer.Stop()
	b.timer = nil
	b.left = max(b.left-time.Since(b.since), time.Nanosecond) // nothing left is not no limit
}

func (b *budget) resume() {
	if b.left <= 0 || b.timer != nil {
		return
	}
	b.since = time.Now()
	b.timer = time.AfterFunc(b.left, b.spent)
}
