package jobproc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"signalbox/internal/exec/fault"
	"signalbox/internal/exec/joblog"
	"signalbox/internal/exec/process"
	"signalbox/internal/exec/workspace"
	"signalbox/internal/job"
)

var (
	errStopped  = errors.New("stopped by request")
	errDuration = errors.New("ran too long")
)

// errJournal is the cause of a run that is stopped because its output cannot
// be kept.
type errJournal struct{ error }

// run is "signalbox job run": the whole life of a job.
func run(dir string, getenv func(string) string) int {
	listener, lock, err := inherit(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "job:", err)
		return exitRefused
	}
	defer lock.Close()
	if job.Abandoned(dir) {
		fmt.Fprintln(os.Stderr, "job: given up by its owner before it started")
		return exitRefused
	}
	spec, err := readSpec(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "job:", err)
		return exitRefused
	}
	s := &session{dir: dir, spec: spec, getenv: getenv, now: newClock(), kill: make(chan struct{})}
	return s.serve(listener)
}

// inherit takes over the descriptors that the starter left open, or makes them.
func inherit(dir string) (listener, lock *os.File, err error) {
	unix.CloseOnExec(job.ListenerFD)
	unix.CloseOnExec(job.InheritedLockFD)
	accepting, err := unix.GetsockoptInt(job.ListenerFD, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err == nil && accepting == 1 {
		lock = os.NewFile(job.InheritedLockFD, job.LockFile)
		if err := job.LockFD(lock); err != nil {
			return nil, nil, err
		}
		return os.NewFile(job.ListenerFD, job.SocketFile), lock, nil
	}
	if lock, err = job.Lock(dir); err != nil {
		return nil, nil, err
	}
	if listener, err = job.Listen(dir); err != nil {
		return nil, nil, err
	}
	return listener, lock, nil
}

// readSpec reads the whole specification. One that was cut off, because the
// starter died, is an error.
func readSpec(r io.Reader) (*job.Spec, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read specification: %w", err)
	}
	var spec job.Spec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, fmt.Errorf("read specification: %w", err)
	}
	if spec.Version != job.Version {
		return nil, fmt.Errorf("specification has version %d, want %d", spec.Version, job.Version)
	}
	return &spec, nil
}

// session is a job that has its specification.
type session struct {
	dir    string
	spec   *job.Spec
	getenv func(string) string
	now    func() time.Time // see newClock

	journal *job.Writer
	log     *joblog.Log
	masker  *joblog.Masker

	cancel context.CancelCauseFunc
	kill   chan struct{} // closed: no grace
	once   sync.Once

	duration *budget
	question question
	stages   int // begun so far

	exitCode int
	ran      bool // the program ended by itself, or by a signal
	work     *workspace.Dir
	as       *process.Isolation // of every command but git's
	asGit    *process.Isolation
	cleanup  []func()
}

func (s *session) serve(listener *os.File) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	s.cancel = cancel
	s.duration = newBudget(s.spec.Limits.MaxDuration, func() { cancel(errDuration) })
	defer s.duration.pause()
	s.handleSignals()

	server, err := job.Serve(listener, s.command)
	if err != nil {
		fmt.Fprintln(os.Stderr, "job:", err)
		return exitRefused
	}
	defer server.Close()
	if s.journal, err = job.CreateJournal(s.dir, server.Wake); err != nil {
		fmt.Fprintln(os.Stderr, "job:", err)
		return exitRefused
	}
	begin := job.Begin{TaskID: s.spec.TaskID, Epoch: s.spec.Epoch, PID: os.Getpid(), Time: s.now()}
	running := job.Status{Status: "running", Time: begin.Time}
	if err := s.journal.Append(job.Record{Begin: &begin}, job.Record{Status: &running}); err != nil {
		fmt.Fprintln(os.Stderr, "job:", err)
		return exitRefused
	}
	s.masker = joblog.NewMasker(Secrets(s.spec))
	s.log = joblog.New(s.journal, joblog.Options{
		Masker: s.masker, MaxOutput: s.spec.Limits.MaxOutput, Now: s.now,
		Failed: func(err error) { cancel(errJournal{err}) },
	})
	err = s.guard(ctx)
	if s.as != nil {
		s.as.Cgroup.Kill()
	}
	process.KillDescendants() // also what git or ssh may have left running
	return s.conclude(ctx, err)
}

// guard carries the run out; a fault of ours ends the run, not the record of it.
func (s *session) guard(ctx context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(os.Stderr, "job: panic: %v\n%s", r, stack())
			err = fault.New("Signalbox has a fault and could not carry the task out. Please report it; %s of the job has the details.", job.ErrFile)
		}
	}()
	return s.carryOut(ctx)
}

// conclude writes the end and cleans up.
func (s *session) conclude(ctx context.Context, err error) int {
	end := s.verdict(ctx, err)
	if end.Reason != "" && (!s.ran || context.Cause(ctx) != nil) {
		s.log.Line(end.Reason) // the program itself could not say it
	}
	totals, logErr := s.log.Close()
	if logErr != nil {
		end.Status = "error"
		end.Reason = fault.Sentence(workspace.Explain(logErr, "keep the output"))
	}
	end.Lines, end.Bytes, end.Digest = totals.Lines, totals.Bytes, totals.Digest
	end.Time = s.now()
	code := exitDone
	// It removes a file of the job's directory, which may be closed to the run.
	finish := func() error { return process.Privileged(func() error { return s.journal.Finish(end) }) }
	if err := finish(); err != nil {
		// Removing the work directory may free what the last record needs.
		fmt.Fprintln(os.Stderr, "job:", err)
		s.clean()
		if err := finish(); err != nil {
			code = exitLost
		}
	}
	s.clean()
	_ = s.journal.Close()
	return code
}

// verdict decides the status. Whoever asked for a stop first is told so, also
// when the program then ended well.
func (s *session) verdict(ctx context.Context, err error) job.End {
	end := job.End{Status: "success", ExitCode: s.exitCode}
	cause := context.Cause(ctx)
	var full errJournal
	switch {
	case errors.As(cause, &full):
		end.Status = "error"
		end.Reason = fault.Sentence(workspace.Explain(full.error, "keep the output"))
	case errors.Is(cause, errDuration):
		end.Status = "error"
		end.Reason = fmt.Sprintf("The task ran longer than its limit of %s and was stopped.", s.spec.Limits.MaxDuration)
	case cause != nil:
		end.Status = "stopped"
		end.Reason = "The task was stopped."
	case errors.Is(err, syscall.ENOSPC):
		end.Status = "error"
		end.Reason = fault.Sentence(workspace.Explain(err, "write the files of the task"))
	case err != nil:
		end.Status = "error"
		end.Reason = s.masker.Text(fault.Sentence(err))
	}
	return end
}

func (s *session) clean() {
	for i := len(s.cleanup) - 1; i >= 0; i-- {
		s.cleanup[i]()
	}
	s.cleanup = nil
}

// command obeys an owner.
func (s *session) command(c job.Command) {
	switch {
	case c.Force:
		s.cancel(process.ErrForce)
		s.once.Do(func() { close(s.kill) })
	case c.Stop:
		s.cancel(errStopped)
	case c.Confirm:
		s.question.answer(c.Question, true)
	case c.Reject:
		s.question.answer(c.Question, false)
	}
}

// handleSignals treats signals to the job like commands: the second one is not
// patient.
func (s *session) handleSignals() {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	// Caught and dropped rather than ignored: programs inherit what is ignored.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	go func() {
		<-signals
		s.command(job.Command{Stop: true})
		<-signals
		s.command(job.Command{Force: true})
	}()
}
