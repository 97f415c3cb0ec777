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
}

// New returns a dispatcher that claims tasks in the name of owner, which must
// stay the same across restarts.
func New(owner string, q queue, w worker, log *slog.Logger) *Dispatcher {
	return &Dispatcher{owner: owner, queue: q, worker: w, log: log, wake: make(chan struct{}, 1)}
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
	return nil
}

func (d *Dispatcher) claimAll(ctx context.Context, starting *errgroup.Group) {
	for ctx.Err() == nil {
		t, ok, err := d.queue.Claim(ctx, d.owner, lease)
		if err != nil {
			if ctx.Err() == nil {
				d.log.Error("claim a task", "error", err)
			}
			return
		}
		if !ok {
			return
		}
		starting.Go(func() error {
			d.start(context.WithoutCancel(ctx), t)
			return nil
		})
	}
}

// start brings one claimed task to the runner; a task that cannot be started
// ends with the reason.
func (d *Dispatcher) start(ctx context.Context, t domain.Task) {
	reason := ""
	spec, err := d.queue.BuildJob(ctx, t)
	if err == nil {
		err = d.worker.Start(ctx, spec)
	}
	if err == nil {
		return
	}
	var de *domain.Error
	if errors.As(err, &de) {
		reason = "The task cannot be started: " + de.Message + "."
	} else {
		d.log.Error("start task", "task_id", t.ID, "error", err)
		reason = "The task could not be started because of an internal error; the server log has the details."
	}
	if err := d.queue.Fail(ctx, t.ID, t.Epoch, reason); err != nil && !errors.Is(err, job.ErrFenced) {
		d.log.Error("end a task that cannot be started", "task_id", t.ID, "error", err)
	}
}
