// Package process runs one command so that nothing of it is lost and nothing
// of it stays: on a pseudo-terminal of its own, in a session and process group
// of its own, with every byte read before the end is reported and every
// descendant gone after it.
//
// It promises that Run returns only when the command and all descendants that
// can be found are dead. What is done with the output is the caller's.
package process

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// DefaultGrace is the time between TERM and KILL when none is given.
const DefaultGrace = 15 * time.Second

// drainDelay is how long output may go on after everything that can be killed
// is dead.
const drainDelay = 2 * time.Second

const readSize = 64 << 10

// ErrForce as the cause of a cancelled context skips the grace.
var ErrForce = errors.New("killed by request")

// Command is what to run.
type Command struct {
	Path string   // absolute
	Args []string // with the program's name first
	Dir  string
	Env  []string
	As   *Isolation // nil isolates nothing
}

// Options say how.
type Options struct {
	// Output gets everything the command prints, in order, by one goroutine.
	Output io.Writer
	// Signal asks the command to end when the context is cancelled; 0 is TERM.
	Signal syscall.Signal
	// Insist sends the signal again after two thirds of the grace, for programs
	// that take it as "now, but in order".
	Insist bool
	// Grace is the time between that signal and KILL.
	Grace time.Duration
	// Kill, when closed, ends the grace.
	Kill <-chan struct{}
	// Started is called when the command runs.
	Started func(pid int, startTime uint64)
}

// Result is how a command ended.
type Result struct {
	ExitCode int // -1 when a signal ended it
	Signal   syscall.Signal
}

// Run runs a command to its end. An error means that it could not be started,
// or that its output could not be read; cancelling ctx stops the command and is
// no error, the caller knows the cause.
func Run(ctx context.Context, cmd Command, opt Options) (Result, error) {
	if opt.Grace <= 0 {
		opt.Grace = DefaultGrace
	}
	if opt.Signal == 0 {
		opt.Signal = syscall.SIGTERM
	}
	master, slave, err := openTerminal()
	if err != nil {
		return Result{}, err
	}
	defer master.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		_ = slave.Close()
		return Result{}, err
	}
	files := []uintptr{null.Fd(), slave.Fd(), slave.Fd()}
	var inside *namespaced
	if cmd.As != nil && cmd.As.Namespaces.Any() {
		if inside, err = namespace(cmd); err != nil {
			_, _ = null.Close(), slave.Close()
			return Result{}, err
		}
		defer inside.close()
		cmd = inside.cmd
		files = append(files, inside.files[0].Fd(), inside.files[1].Fd())
	}
	c := &child{started: make(chan error, 1), exited: make(chan struct{}), reap: make(chan struct{}), reaped: make(chan struct{})}
	go c.run(cmd, files)
	err = <-c.started
	_ = null.Close()
	// The slave stays open to the end: when the last one closes, Linux may
	// report the end before it hands over what is still on its way.
	defer slave.Close()
	if err != nil {
		return Result{}, err
	}
	var ending func() (syscall.WaitStatus, bool)
	if inside != nil {
		if ending, err = inside.started(); err != nil {
			_ = kill(-c.pid, unix.SIGKILL)
			<-c.exited
			c.reapLeader()
			return Result{}, err
		}
	}
	if opt.Started != nil {
		opt.Started(c.pid, StartTime(c.pid))
	}
	drained := make(chan error, 1)
	tail := &untilMark{out: opt.Output, mark: newMark()}
	go func() { drained <- drain(master, tail) }()

	c.supervise(ctx, opt)
	if cmd.As != nil {
		cmd.As.Cgroup.Kill()
	}
	KillDescendants()

	// Everything the command wrote comes out before what is written now. The
	// command may have left the output paused. Where nobody reads any more the
	// write ends when the master closes.
	_ = unix.IoctlSetInt(int(slave.Fd()), unix.TCXONC, tcoon)
	go func() { _, _ = slave.Write(tail.mark) }()
	_ = master.SetReadDeadline(time.Now().Add(drainDelay))
	if ending != nil {
		if status, ok := ending(); ok {
			c.status = status
		}
	}
	return c.result(), <-drained
}

// tcoon is the request of TCXONC that resumes the output, as termios.h has it.
const tcoon = 1

// newMark returns a text that no command can have written, of letters that pass
// any mode of a terminal unchanged.
func newMark() []byte { return []byte(rand.Text()) }

// untilMark passes on what comes before the mark.
type untilMark struct {
	out  io.Writer
	mark []byte
	held []byte // may be the beginning of the mark
	done bool
}

func (u *untilMark) Write(p []byte) (int, error) {
	n := len(p)
	if u.done {
		return n, nil
	}
	if len(u.held) > 0 {
		p = append(u.held, p...)
		u.held = nil
	}
	keep := len(p)
	if i := bytes.Index(p, u.mark); i >= 0 {
		keep, u.done = i, true
	} else {
		for back := min(len(p), len(u.mark)-1); back > 0; back-- {
			if bytes.HasPrefix(u.mark, p[len(p)-back:]) {
				keep = len(p) - back
				u.held = bytes.Clone(p[keep:])
				break
			}
		}
	}
	if keep == 0 {
		return n, nil
	}
	_, err := u.out.Write(p[:keep])
	return n, err
}

// flush passes on what turned out not to be the mark.
func (u *untilMark) flush() error {
	if len(u.held) == 0 {
		return nil
	}
	_, err := u.out.Write(u.held)
	u.held = nil
	return err
}

// openTerminal makes a pty that passes bytes on as they are.
func openTerminal() (master, slave *os.File, err error) {
	master, slave, err = pty.Open()
	if err != nil {
		return nil, nil, fmt.Errorf("open a pseudo-terminal: %w", err)
	}
	fd := int(slave.Fd())
	mode, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err == nil {
		mode.Oflag &^= unix.OPOST
		mode.Lflag &^= unix.ECHO
		err = unix.IoctlSetTermios(fd, unix.TCSETS, mode)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 120})
	}
	if err != nil {
		_ = master.Close()
		_ = slave.Close()
		return nil, nil, fmt.Errorf("set up the pseudo-terminal: %w", err)
	}
	return master, slave, nil
}

// drain passes the output on up to the mark, or, should the mark not come, until
// nothing has come for drainDelay after the deadline that was set.
func drain(master *os.File, out *untilMark) error {
	buf := make([]byte, readSize)
	late, heard := 0, true
	for {
		n, err := master.Read(buf)
		if n > 0 {
			heard = true
			if _, werr := out.Write(buf[:n]); werr != nil {
				return werr
			}
		}
		switch {
		case out.done:
			return nil
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			// The deadline may have passed while the output was being kept,
			// on a slow disk for one: what is there has not been seen yet.
			if late++; late > maxLate || !heard && late > 1 {
				return out.flush()
			}
			heard = false
			_ = master.SetReadDeadline(time.Now().Add(drainDelay))
		default:
			return errors.Join(fmt.Errorf("read output: %w", err), out.flush())
		}
	}
}

// maxLate bounds how often more time is given, should somebody who cannot be
// found go on writing.
const maxLate = 60

// child is a started command. Its thread stays, because the kernel kills the
// command when the thread that made it ends.
type child struct {
	pid     int
	started chan error
	exited  chan struct{} // the leader is dead, and waits to be reaped
	reap    chan struct{}
	reaped  chan struct{}
	once    sync.Once
	status  syscall.WaitStatus // valid after reaped
}

func (c *child) run(cmd Command, files []uintptr) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	attr := &syscall.SysProcAttr{Setsid: true, Cloneflags: cmd.As.flags(), Pdeathsig: syscall.SIGKILL}
	var pid int
	err := cmd.As.fork(attr, func() (err error) {
		pid, err = syscall.ForkExec(cmd.Path, cmd.Args, &syscall.ProcAttr{Dir: cmd.Dir, Env: cmd.Env, Files: files, Sys: attr})
		return err
	})
	c.pid = pid
	c.started <- err
	if err != nil {
		return
	}
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	close(c.exited)
	<-c.reap
	for {
		_, err := syscall.Wait4(pid, &c.status, 0, nil)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	close(c.reaped)
}

// supervise waits for the end of the leader, stops the group when asked to, and
// leaves none of the group behind.
func (c *child) supervise(ctx context.Context, opt Options) {
	select {
	case <-c.exited:
	case <-ctx.Done():
		c.stop(ctx, opt)
	case <-opt.Kill:
	}
	select {
	case <-c.reaped: // and the group is dead
		return
	default:
	}
	// As long as the leader is not reaped its number, which is the group's,
	// cannot be given to anybody else.
	_ = kill(-c.pid, unix.SIGKILL)
	<-c.exited
	c.reapLeader()
}

// stop asks the whole group to end and gives all of it, not only the leader,
// the grace.
func (c *child) stop(ctx context.Context, opt Options) {
	if errors.Is(context.Cause(ctx), ErrForce) {
		return
	}
	_ = kill(-c.pid, opt.Signal)
	_ = kill(-c.pid, unix.SIGCONT) // a stopped process could not react
	timer := time.NewTimer(opt.Grace)
	defer timer.Stop()
	var insist <-chan time.Time
	if opt.Insist {
		again := time.NewTimer(opt.Grace * 2 / 3)
		defer again.Stop()
		insist = again.C
	}
	for alive := true; alive; {
		select {
		case <-c.exited:
			alive = false
		case <-insist:
			_ = kill(-c.pid, opt.Signal)
		case <-opt.Kill:
			return
		case <-timer.C:
			return
		}
	}
	c.reapLeader()
	empty := make(chan struct{})
	go func() {
		defer close(empty)
		waitGroup(c.pid)
	}()
	select {
	case <-empty:
	case <-opt.Kill:
	case <-timer.C:
	}
	_ = kill(-c.pid, unix.SIGKILL)
	<-empty
}

func (c *child) reapLeader() {
	c.once.Do(func() { close(c.reap) })
	<-c.reaped
}

func (c *child) result() Result {
	if c.status.Signaled() {
		return Result{ExitCode: -1, Signal: c.status.Signal()}
	}
	return Result{ExitCode: c.status.ExitStatus()}
}
