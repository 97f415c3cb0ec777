package job

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Descriptors that a job process finds open.
const (
	ListenerFD      = 3 // the control socket, listening
	InheritedLockFD = 4 // the lock file, locked
)

// ErrFile holds what a job process printed itself, for diagnosis.
const ErrFile = "job.err"

// StartOptions say how to start a job.
type StartOptions struct {
	Executable string   // this program, usually
	Args       []string // default: job run; the directory follows
	Dir        string   // made, with its parents; must not hold a job
	Spec       Spec
	// Env is the environment of the job process; nil is what it needs of this
	// process's, because programs can read that of their parent. They get their
	// own, made from the Spec.
	Env []string
}

// Process is a job that this process started.
type Process struct {
	PID  int
	Conn *Conn

	done  chan struct{}
	state *os.ProcessState // set before done is closed
}

// Start makes the job's directory and starts its process, in a session of its
// own, so that it outlives this process. The lock is taken before the process
// exists and handed over: from here on the job is Alive until it has ended.
//
// After an error no run happens; what was made of the directory stays for the
// caller to remove.
func Start(ctx context.Context, opt StartOptions) (*Process, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if err := opt.resolve(); err != nil {
		return nil, err
	}
	spec, err := json.Marshal(opt.Spec)
	if err != nil {
		return nil, fmt.Errorf("encode job: %w", err)
	}
	if err := os.MkdirAll(opt.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make job directory: %w", err)
	}
	lock, err := Lock(opt.Dir)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	listener, err := listenSocket(opt.Dir)
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	conn, err := Dial(opt.Dir)
	if err != nil {
		return nil, err
	}
	proc, stdin, err := spawn(opt, listener, lock)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	p := &Process{PID: proc.Pid, Conn: conn, done: make(chan struct{})}
	go p.reap(proc)
	_, err = stdin.Write(spec)
	if closeErr := stdin.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		// It has seen the end of a cut specification, or is gone already.
		<-p.done
		_ = conn.Close()
		return nil, fmt.Errorf("hand over job: %w", err)
	}
	return p, nil
}

// resolve makes paths absolute, because the job works in another directory.
func (o *StartOptions) resolve() error {
	for _, path := range []*string{&o.Dir, &o.Executable, &o.Spec.Host.DataDir, &o.Spec.Host.SSHConfigPath} {
		if *path == "" {
			continue
		}
		abs, err := filepath.Abs(*path)
		if err != nil {
			return fmt.Errorf("find %s: %w", *path, err)
		}
		*path = abs
	}
	return nil
}

func spawn(opt StartOptions, listener, lock *os.File) (*os.Process, *os.File, error) {
	args := opt.Args
	if args == nil {
		args = []string{"job", "run"}
	}
	argv := append(append([]string{opt.Executable}, args...), opt.Dir)
	env := opt.Env
	if env == nil {
		env = environment(opt.Spec.Host.ForwardEnv)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, nil, err
	}
	defer null.Close()
	out, err := os.OpenFile(filepath.Join(opt.Dir, ErrFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("start job: %w", err)
	}
	defer out.Close()
	stdin, toJob, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("start job: %w", err)
	}
	defer stdin.Close()
	proc, err := os.StartProcess(opt.Executable, argv, &os.ProcAttr{
		Dir:   "/",
		Env:   env,
		Files: []*os.File{stdin, out, out, listener, lock},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		_ = toJob.Close()
		return nil, nil, fmt.Errorf("start job: %w", err)
	}
	return proc, toJob, nil
}

// environment picks what a job process needs of this one's variables: those it
// works with, and those it is to pass on.
func environment(forward []string) []string {
	names := append([]string{"PATH", "HOME", "TMPDIR"}, forward...)
	env := make([]string, 0, len(names))
	for _, name := range names {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

func (p *Process) reap(proc *os.Process) {
	defer close(p.done)
	p.state, _ = proc.Wait()
}

// Done is closed when the process has ended and is reaped.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the end of the process. What became of the run stands in the
// journal, not in the exit code.
func (p *Process) Wait() *os.ProcessState {
	<-p.done
	return p.state
}
