// Package runner carries tasks out on this machine: it starts a job process for
// each, follows the job's journal, ships what it says, and takes up again what
// was under way when the previous process ended. It knows nothing of databases
// or the web, so that the same code serves a remote machine.
package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/exec/process"
	"signalbox/internal/job"
)

// Reports is where a runner sends what happens. Errors other than
// job.ErrFenced are taken to pass: the report is sent again.
type Reports interface {
	Record(ctx context.Context, id domain.TaskID, epoch int64, b job.Batch) (job.Ack, error)
	Fail(ctx context.Context, id domain.TaskID, epoch int64, reason string) error
	Requeue(ctx context.Context, id domain.TaskID, epoch int64) error
}

// Config is what a Runner needs. All fields are required, but Env and
// Programs.
type Config struct {
	JobsDir    string   // private directory with one directory a job
	Executable string   // the program that is started with "job run DIR"
	Env        []string // environment of job processes; nil: this process's
	Reports    Reports
	// Sweep removes what a job that is dead left behind on the machine.
	Sweep func(jobDir string) error
	Log   *slog.Logger
	// Programs knows the apps of this machine; nil: nobody asks.
	Programs *Programs
}

// Runner runs jobs. Close ends it; the jobs go on.
type Runner struct {
	Config
	ctx    context.Context
	cancel context.CancelFunc
	tails  sync.WaitGroup

	mu   sync.Mutex // guards runs
	runs map[int64]*run
}

// run is one job that is being followed.
type run struct {
	id     int64
	epoch  int64
	dir    string
	offset int64 // of the journal, up to which everything was reported
	// recovered: an earlier process started it.
	recovered bool

	mu   sync.Mutex // guards what follows, conn until the run is followed
	conn *job.Conn  // nil for a job that is dead
	sent int        // strongest stop that the job was sent
	want int        // strongest stop asked for
	told int        // number of the last question that the job was answered
}

const (
	stopNone = iota
	stopPolite
	stopForce
)

// New returns a runner.
func New(c Config) (*Runner, error) {
	if err := os.MkdirAll(c.JobsDir, 0o700); err != nil {
		return nil, fmt.Errorf("make jobs directory: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Runner{Config: c, ctx: ctx, cancel: cancel, runs: map[int64]*run{}}, nil
}

// Close stops following the jobs and waits until the last report is out. The
// jobs go on; Recover of the next runner takes them up.
func (r *Runner) Close() {
	r.cancel()
	r.tails.Wait()
}

func (r *Runner) dir(id, epoch int64) string {
	return filepath.Join(r.JobsDir, fmt.Sprintf("%d-%d", id, epoch))
}

// Programs lists what is known of the apps' programs on this machine, for
// whoever gives it work.
func (r *Runner) Programs() []job.Program {
	if r.Config.Programs == nil {
		return nil
	}
	return r.Config.Programs.Known()
}

// Start starts the job and follows it until its end.
func (r *Runner) Start(ctx context.Context, spec job.Spec) error {
	x := &run{id: spec.TaskID, epoch: spec.Epoch, dir: r.dir(spec.TaskID, spec.Epoch)}
	// It is known before it exists, so that no stop request misses it.
	r.add(x)
	p, err := job.Start(ctx, job.StartOptions{Executable: r.Executable, Dir: x.dir, Spec: spec, Env: r.Env})
	if err != nil {
		r.remove(x)
		r.discard(x.dir)
		return err
	}
	x.mu.Lock()
	x.conn = p.Conn
	force := x.want == stopForce
	asked := x.want > stopNone
	x.mu.Unlock()
	if asked {
		r.stop(x, force)
	}
	r.follow(x)
	return nil
}

// Signal passes a stop request on. A task that is not here is none of ours.
func (r *Runner) Signal(id int64, force bool) {
	r.mu.Lock()
	x := r.runs[id]
	r.mu.Unlock()
	if x != nil {
		r.stop(x, force)
	}
}

// stop tells the job, once for each strength. The wish is kept for a job that
// is not connected yet.
func (r *Runner) stop(x *run, force bool) {
	want := stopPolite
	if force {
		want = stopForce
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.want = max(x.want, want)
	if x.conn == nil || x.sent >= x.want {
		return
	}
	if err := x.conn.Send(job.Command{Stop: true, Force: x.want == stopForce}); err != nil {
		if !errors.Is(err, job.ErrGone) {
			r.Log.Warn("send stop to job", "task_id", x.id, "error", err)
		}
		return
	}
	x.sent = x.want
}

// Answer passes on what was decided about a job that waits for confirmation. A
// task that is not here is none of ours.
func (r *Runner) Answer(id int64, question int, confirm bool) {
	r.mu.Lock()
	x := r.runs[id]
	r.mu.Unlock()
	if x != nil {
		r.answer(x, question, confirm)
	}
}

// answer tells the job, once for each question: the job may be at the next one
// when the answer comes a second time. One that cannot be sent now comes again,
// with an acknowledgement or by whoever takes the job up.
func (r *Runner) answer(x *run, question int, confirm bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.conn == nil || x.told >= question {
		return
	}
	if err := x.conn.Send(job.Command{Confirm: confirm, Reject: !confirm, Question: question}); err != nil {
		if !errors.Is(err, job.ErrGone) {
			r.Log.Warn("send answer to job", "task_id", x.id, "error", err)
		}
		return
	}
	x.told = question
}

func (r *Runner) add(x *run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runs[x.id] = x
}

func (r *Runner) remove(x *run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.runs[x.id] == x {
		delete(r.runs, x.id)
	}
}

// Recover takes up the tasks that were under way, and clears away the
// directories of jobs that nobody waits for.
func (r *Runner) Recover(ctx context.Context, running []domain.Task) error {
	known := map[string]bool{}
	for _, t := range running {
		dir := r.dir(int64(t.ID), t.Epoch)
		known[dir] = true
		if err := r.takeUp(ctx, t, dir); err != nil && !errors.Is(err, job.ErrFenced) {
			return fmt.Errorf("take up task %d: %w", t.ID, err)
		}
	}
	entries, err := os.ReadDir(r.JobsDir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if dir := filepath.Join(r.JobsDir, e.Name()); !known[dir] {
			r.tails.Go(func() { r.end(dir) })
		}
	}
	return nil
}

// takeUp finds out what became of one task.
func (r *Runner) takeUp(ctx context.Context, t domain.Task, dir string) error {
	x := &run{id: int64(t.ID), epoch: t.Epoch, dir: dir, offset: t.JournalOffset, recovered: true}
	if t.Status == domain.StatusStopping {
		x.want = stopPolite
		if t.ForceStop {
			x.want = stopForce
		}
	}
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		if t.Status == domain.StatusStarting || t.JournalOffset == 0 {
			return r.Reports.Requeue(ctx, t.ID, t.Epoch)
		}
		return r.Reports.Fail(ctx, t.ID, t.Epoch, "The directory of the run was removed while it was under way; what it did up to then is unknown.")
	}
	conn, err := job.Dial(dir)
	if errors.Is(err, job.ErrGone) {
		// From here on no late process of this job can begin to work.
		err = job.Abandon(dir)
		if errors.Is(err, job.ErrAlive) {
			// It has the lock but serves no one: it is about to end.
			err = r.awaitEnd(ctx, dir)
		}
	}
	if err != nil {
		return err
	}
	x.conn = conn
	r.Log.Info("taking up a task", "task_id", t.ID, "alive", conn != nil)
	r.add(x)
	if x.want > stopNone && conn != nil {
		r.stop(x, x.want == stopForce)
	}
	if t.Status == domain.StatusConfirmed || t.Status == domain.StatusRejected {
		r.answer(x, t.Questions, t.Status == domain.StatusConfirmed)
	}
	r.follow(x)
	return nil
}

// awaitEnd waits for a job that has closed its socket to let go of its lock.
func (r *Runner) awaitEnd(ctx context.Context, dir string) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := job.Abandon(dir); !errors.Is(err, job.ErrAlive) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (r *Runner) follow(x *run) {
	r.tails.Go(func() {
		defer r.remove(x)
		if x.conn != nil {
			defer func() { _ = x.conn.Close() }() // nothing is lost: the journal has it
		}
		err := r.tail(x)
		switch {
		case err == nil:
			r.finish(x, false)
		case errors.Is(err, job.ErrFenced):
			r.finish(x, true)
		case r.ctx.Err() != nil:
			// The job goes on without us.
		default:
			r.Log.Error("follow job", "task_id", x.id, "error", err)
		}
	})
}

// finish clears away the job whose result has been reported, or which has to
// die because its task is no longer ours.
func (r *Runner) finish(x *run, kill bool) {
	if x.conn != nil {
		if kill {
			_ = x.conn.Send(job.Command{Stop: true, Force: true}) // it may be at its end
		}
		select {
		case <-x.conn.Gone():
		case <-r.ctx.Done():
			return
		}
	}
	r.discard(x.dir)
}

// end makes an end of a job nobody waits for.
func (r *Runner) end(dir string) {
	conn, err := job.Dial(dir)
	if err == nil {
		defer func() { _ = conn.Close() }()
		_ = conn.Send(job.Command{Stop: true, Force: true}) // it may be at its end
		select {
		case <-conn.Gone():
		case <-r.ctx.Done():
			return
		}
	}
	r.discard(dir)
}

// discard removes a job's directory and all it left on the machine.
func (r *Runner) discard(dir string) {
	if err := r.awaitEnd(r.ctx, dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return
	}
	r.sweep(dir)
	if err := os.RemoveAll(dir); err != nil {
		r.Log.Warn("remove job directory", "dir", filepath.Base(dir), "error", err)
	}
}

func (r *Runner) sweep(dir string) {
	if err := r.Sweep(dir); err != nil {
		r.Log.Warn("clean up after job", "dir", filepath.Base(dir), "error", err)
	}
}

// Bounds of one report.
const (
	maxBatchRecords = 64
	maxBatchBytes   = 2 << 20
)

// tail ships the journal until its last record is reported.
func (r *Runner) tail(x *run) error {
	var reader *job.Reader
	defer func() {
		if reader != nil {
			_ = reader.Close() // read only
		}
	}()
	var ahead []job.Record // read, for the next batch
	for {
		gone := x.conn == nil || isClosed(x.conn.Gone())
		if reader == nil {
			var err error
			reader, err = job.OpenJournal(x.dir, x.offset)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
		batch := job.Batch{From: x.offset, To: x.offset}
		if reader != nil {
			var err error
			if batch, ahead, err = read(reader, x.offset, ahead); err != nil {
				return r.lost(x, "The record of the run is damaged on disk: "+err.Error()+".")
			}
		}
		if len(batch.Records) == 0 {
			if gone {
				return r.dead(x)
			}
			select {
			case <-x.conn.Wake():
			case <-x.conn.Gone():
			case <-r.ctx.Done():
				return r.ctx.Err()
			}
			continue
		}
		ended, err := r.ship(x, batch)
		if err != nil || ended {
			return err
		}
	}
}

// read collects a batch. A batch ends before the status changes a second time,
// because a task takes one step at a time.
func read(reader *job.Reader, from int64, ahead []job.Record) (job.Batch, []job.Record, error) {
	b := job.Batch{From: from, To: from, Records: ahead}
	if len(ahead) > 0 {
		b.To = reader.Offset()
		return b, nil, nil
	}
	size, status := 0, ""
	for len(b.Records) < maxBatchRecords && size < maxBatchBytes {
		rec, after, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return b, nil, err
		}
		if next := statusOf(rec); next != "" {
			if status != "" && status != next {
				return b, []job.Record{rec}, nil
			}
			status = next
		}
		if rec.Chunk != nil {
			size += len(rec.Chunk.Payload)
		}
		if rec.Results != nil {
			size += len(rec.Results.Payload)
		}
		b.Records = append(b.Records, rec)
		b.To = after
	}
	return b, nil, nil
}

// statusOf is the status that a record brings about, "" for none.
func statusOf(rec job.Record) string {
	switch {
	case rec.Begin != nil:
		return string(domain.StatusRunning)
	case rec.Status != nil:
		return rec.Status.Status
	case rec.End != nil:
		return rec.End.Status
	}
	return ""
}

// ship reports a batch until it is taken over. ended is true when it held the
// last record.
func (r *Runner) ship(x *run, b job.Batch) (ended bool, err error) {
	for _, rec := range b.Records {
		ended = ended || rec.End != nil
	}
	ack, err := retry(r, x, func(ctx context.Context) (job.Ack, error) {
		return r.Reports.Record(ctx, domain.TaskID(x.id), x.epoch, b)
	})
	if err != nil {
		return false, err
	}
	x.offset = b.To
	if ack.Stop && !ended {
		r.stop(x, ack.Force)
	}
	if (ack.Confirm || ack.Reject) && !ended {
		r.answer(x, ack.Question, ack.Confirm)
	}
	return ended, nil
}

// retry calls report until it succeeds, is fenced, or the runner closes.
func retry[T any](r *Runner, x *run, report func(context.Context) (T, error)) (T, error) {
	wait := 10 * time.Millisecond
	for {
		v, err := report(context.WithoutCancel(r.ctx))
		if err == nil || errors.Is(err, job.ErrFenced) {
			return v, err
		}
		r.Log.Warn("report of a run not taken over, trying again", "task_id", x.id, "error", err)
		select {
		case <-time.After(wait):
			wait = min(2*wait, 5*time.Second)
		case <-r.ctx.Done():
			return v, r.ctx.Err()
		}
	}
}

// dead ends a task whose job is gone without a result. If the job had not even
// begun, the task goes back to the queue: nothing of it has happened.
func (r *Runner) dead(x *run) error {
	// The lock tells for sure; a late process finds itself abandoned.
	if err := r.awaitEnd(r.ctx, x.dir); err != nil {
		return err
	}
	begun, child, err := traces(x.dir)
	if err != nil {
		return err
	}
	if !begun {
		_, err := retry(r, x, func(ctx context.Context) (struct{}, error) {
			// A job whose starter died under it says so too; it may try again.
			text := diagnosis(x.dir)
			if text == "" && job.DiskFull(x.dir) {
				// Neither could it write down why. Tried again it would fail
				// again, and so on.
				text = "the disk of the data directory is full. Free some space and run the task again."
			}
			if text != "" && !x.recovered {
				return struct{}{}, r.Reports.Fail(ctx, domain.TaskID(x.id), x.epoch, "The job process could not begin: "+text)
			}
			return struct{}{}, r.Reports.Requeue(ctx, domain.TaskID(x.id), x.epoch)
		})
		return err
	}
	if child != nil {
		process.KillCgroup(child.Cgroup)
		process.KillLeftover(child.PID, child.StartTime)
	}
	// Once a task has ended nothing of it runs, and no secret of it is left.
	r.sweep(x.dir)
	return r.lost(x, "The process that supervised the run was killed, or the machine was restarted. What the run did up to then stands above; its result is unknown.")
}

func (r *Runner) lost(x *run, reason string) error {
	_, err := retry(r, x, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, r.Reports.Fail(ctx, domain.TaskID(x.id), x.epoch, reason)
	})
	return err
}

// traces reads off a journal whether the job had begun and which command it
// ran last.
func traces(dir string) (begun bool, child *job.Child, err error) {
	reader, err := job.OpenJournal(dir, 0)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil, nil
	}
	if err != nil {
		return false, nil, err
	}
	defer func() { _ = reader.Close() }() // read only
	for {
		rec, _, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return begun, child, nil
		}
		begun = true
		if err != nil {
			return begun, child, nil // what comes after the damage is lost
		}
		if rec.Child != nil {
			child = rec.Child
		}
	}
}

// diagnosis is what a job process that could not begin said about it.
func diagnosis(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, job.ErrFile))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text[:min(len(text), 500)]))
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// OwnerID returns the name under which the runner of a data directory claims
// tasks, made once and kept in a file.
func OwnerID(path string, random func() string) (string, error) {
	text, err := os.ReadFile(path)
	if err == nil && len(strings.TrimSpace(string(text))) > 0 {
		return strings.TrimSpace(string(text)), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	id := random()
	tmp := path + "." + strconv.Itoa(os.Getpid())
	if err := os.WriteFile(tmp, []byte(id+"\n"), 0o600); err != nil {
		return "", err
	}
	return id, os.Rename(tmp, path)
}
