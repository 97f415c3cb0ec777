// Package dispatch brings waiting tasks to a runner: it claims what the limits
// allow as soon as there is room, has the job built and started, keeps the
// claims alive, and after a restart sorts out what became of the tasks that
// were under way.
package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"signalbox/internal/domain"
	"signalbox/internal/job"
	"signalbox/internal/store"
)

// lease is how long a claim holds without being renewed; it is renewed three
// times as often.
const lease = 30 * time.Second

// maxStarting bounds the jobs that are being started at the same moment, so
// that an unlimited queue does not fork a thousand processes at once.
const maxStarting = 32

// queue is where tasks come from and go back to.
type queue interface {
	Claim(ctx context.Context, owner string, lease time.Duration) (domain.Task, bool, error)
	BuildJob(ctx context.Context, t domain.Task) (job.Spec, error)
	Fail(ctx context.Context, id domain.TaskID, epoch int64, reason string) error
	Owned(ctx context.Context, owner string) ([]domain.Task, error)
	RenewLeases(ctx context.Context, owner string, lease time.Duration) error
}

// worker runs jobs.
type worker interface {
	Start(ctx context.Context, spec job.Spec) error
	Signal(id int64, force bool)
	// Answer passes a decision to a job that waits for confirmation.
	Answer(id int64, question int, confirm bool)
	// Recover takes up the runs that were under way when the last process died.
	Recover(ctx context.Context, running []domain.Task) error
}

// Dispatcher serves one runner.
type Dispatcher struct {
	owner  string
	queue  queue
	worker worker
	log    *slog.Logger
	wake   chan struct{} // holds one token when there may be work

	// Only Run's goroutine uses these.
	known map[domain.TaskID]int64 // the epochs of tasks that were taken up here
	doubt bool                    // a claim may have been made that nobody knows of
}

// New returns a dispatcher that claims tasks in the name of owner, which must
// stay the same across restarts.
func New(owner string, q queue, w worker, log *slog.Logger) *Dispatcher {
	return &Dispatcher{owner: owner, queue: q, worker: w, log: log, wake: make(chan struct{}, 1), known: map[domain.TaskID]int64{}}
}

// Wake says that a task may be ready to run. It never blocks.
func (d *Dispatcher) Wake() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Signal passes a stop request to the job of a task.
func (d *Dispatcher) Signal(id domain.TaskID, force bool) { d.worker.Signal(int64(id), force) }

// Answer passes a decision to the job of a task that waits for confirmation.
func (d *Dispatcher) Answer(id domain.TaskID, question int, confirm bool) {
	d.worker.Answer(int64(id), question, confirm)
}

// Run recovers what was under way and then dispatches until ctx ends. Jobs that
// run at that time go on.
func (d *Dispatcher) Run(ctx context.Context) error {
	if err := d.recover(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // told to end before it began
		}
		return err
	}
	var starting errgroup.Group
	starting.SetLimit(maxStarting)
	defer func() { _ = starting.Wait() }() // its functions return no error

	// The tick renews claims and notices tasks that another process queued.
	tick := time.NewTicker(lease / 3)
	defer tick.Stop()
	for {
		d.claimAll(ctx, &starting)
		select {
		case <-ctx.Done():
			return nil
		case <-d.wake:
		case <-tick.C:
			if err := d.queue.RenewLeases(ctx, d.owner, lease); err != nil && ctx.Err() == nil {
				d.log.Warn("renew claims", "error", err)
			}
			d.remind(ctx)
		}
	}
}

// remind passes on again what was asked of tasks under way: another process may
// have been asked, which does not reach our jobs, or a command was lost.
func (d *Dispatcher) remind(ctx context.Context) {
	owned, err := d.queue.Owned(ctx, d.owner)
	if err != nil {
		if ctx.Err() == nil {
			d.log.Warn("look for requests to running tasks", "error", err)
		}
		return
	}
	for _, t := range owned {
		switch t.Status {
		case domain.StatusStopping:
			d.Signal(t.ID, t.ForceStop)
		case domain.StatusConfirmed, domain.StatusRejected:
			d.Answer(t.ID, t.Questions, t.Status == domain.StatusConfirmed)
		}
	}
}

func (d *Dispatcher) recover(ctx context.Context) error {
	running, err := d.queue.Owned(ctx, d.owner)
	if err != nil {
		return fmt.Errorf("find tasks under way: %w", err)
	}
	if err := d.worker.Recover(ctx, running); err != nil {
		return fmt.Errorf("recover tasks: %w", err)
	}
	for _, t := range running {
		d.known[t.ID] = t.Epoch
	}
	return nil
}

// maxKnown is how many tasks are remembered before those that have ended are
// looked for.
const maxKnown = 1000

// settle takes up tasks that were claimed when the database went away before it
// could say so, and forgets those that have ended.
func (d *Dispatcher) settle(ctx context.Context, starting *errgroup.Group) error {
	owned, err := d.queue.Owned(ctx, d.owner)
	if err != nil {
		return fmt.Errorf("find claimed tasks: %w", err)
	}
	before := d.known
	d.known = make(map[domain.TaskID]int64, len(owned))
	for _, t := range owned {
		d.known[t.ID] = t.Epoch
		if before[t.ID] != t.Epoch && t.Status == domain.StatusStarting {
			d.launch(ctx, starting, t)
		}
	}
	d.doubt = false
	return nil
}

func (d *Dispatcher) claimAll(ctx context.Context, starting *errgroup.Group) {
	if d.doubt || len(d.known) > maxKnown {
		if err := d.settle(ctx, starting); err != nil {
			d.later(ctx, "take up claimed tasks", err)
			return
		}
	}
	for ctx.Err() == nil {
		t, ok, err := d.queue.Claim(ctx, d.owner, lease)
		if err != nil {
			d.later(ctx, "claim a task", err)
			return
		}
		if !ok {
			return
		}
		d.known[t.ID] = t.Epoch
		d.launch(ctx, starting, t)
	}
}

// later logs a failure. When the database is away, the work is tried again soon,
// and what was claimed is looked up then.
func (d *Dispatcher) later(ctx context.Context, what string, err error) {
	if ctx.Err() != nil {
		return
	}
	d.log.Error(what, "error", err)
	if errors.Is(err, store.ErrUnavailable) {
		d.doubt = true
		time.AfterFunc(time.Second, d.Wake) // no more than a token in a channel
	}
}

func (d *Dispatcher) launch(ctx context.Context, starting *errgroup.Group, t domain.Task) {
	starting.Go(func() error {
		d.start(ctx, t)
		return nil
	})
}

// patiently calls fn, which is not interrupted by the end of ctx, until the
// database answers or ctx has ended.
func patiently(ctx context.Context, fn func(ctx context.Context) error) error {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := fn(context.WithoutCancel(ctx))
		if !errors.Is(err, store.ErrUnavailable) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// start brings one claimed task to the runner; a task that cannot be started
// ends with the reason. What cannot be done because the database is away is left
// to the next process when this one ends.
func (d *Dispatcher) start(ctx context.Context, t domain.Task) {
	reason := ""
	var spec job.Spec
	err := patiently(ctx, func(ctx context.Context) (err error) {
		spec, err = d.queue.BuildJob(ctx, t)
		return err
	})
	if err == nil {
		err = d.worker.Start(context.WithoutCancel(ctx), spec)
	}
	if err == nil || errors.Is(err, store.ErrUnavailable) {
		return
	}
	var de *domain.Error
	switch {
	case errors.As(err, &de):
		reason = "The task cannot be started: " + de.Message + "."
	case job.IsFull(err):
		d.log.Error("start task", "task_id", t.ID, "error", err)
		reason = "The task could not be started: the disk of the data directory is full. Free some space and run the task again."
	default:
		d.log.Error("start task", "task_id", t.ID, "error", err)
		reason = "The task could not be started because of an internal error; the server log has the details."
	}
	err = patiently(ctx, func(ctx context.Context) error { return d.queue.Fail(ctx, t.ID, t.Epoch, reason) })
	if err != nil && !errors.Is(err, job.ErrFenced) {
		d.log.Error("end a task that cannot be started", "task_id", t.ID, "error", err)
	}
}
