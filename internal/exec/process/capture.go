package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ErrTooMuch says that a command printed more than Capture keeps.
var ErrTooMuch = errors.New("too much output")

// captureLimit bounds what Capture keeps of standard output.
const captureLimit = 64 << 20

// Capture runs a helper command without a terminal, in a group of its own. It
// returns its standard output; standard error goes to stderr. Cancelling ctx
// ends the whole group, after a short grace; the error is then the cause.
func Capture(ctx context.Context, cmd Command, stderr io.Writer) ([]byte, error) {
	var out bytes.Buffer
	limited := &limitedWriter{w: &out, left: captureLimit}
	// The command dies with this process; the signal comes when the thread that
	// started it ends, so the thread is kept.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var inside *namespaced
	if cmd.As != nil && cmd.As.Namespaces.Any() {
		var err error
		if inside, err = namespace(cmd); err != nil {
			return nil, err
		}
		defer inside.close()
		cmd = inside.cmd
	}
	attr := &syscall.SysProcAttr{Setpgid: true, Cloneflags: cmd.As.flags(), Pdeathsig: syscall.SIGKILL}
	var c *exec.Cmd
	start := func() error { // may be called again after a failure
		c = exec.CommandContext(ctx, cmd.Path)
		c.Args, c.Dir, c.Env = cmd.Args, cmd.Dir, cmd.Env
		c.Stdout, c.Stderr = limited, stderr
		c.SysProcAttr = attr
		if inside != nil {
			c.ExtraFiles = inside.files
		}
		c.WaitDelay = 3 * time.Second
		c.Cancel = func() error {
			_ = kill(-c.Process.Pid, unix.SIGTERM)
			return nil
		}
		return c.Start()
	}
	if err := cmd.As.fork(attr, start); err != nil {
		return nil, err
	}
	name := cmd.Args[0]
	var ending func() (syscall.WaitStatus, bool)
	var err error
	if inside != nil {
		name = inside.name
		if ending, err = inside.started(); err != nil {
			_ = kill(-c.Process.Pid, unix.SIGKILL)
		}
	}
	err = errors.Join(err, c.Wait())
	if ending != nil && err == nil {
		if status, ok := ending(); !ok || status != 0 {
			err = fmt.Errorf("ended with status %#x", uint32(status))
		}
	}
	if ctx.Err() != nil || errors.Is(err, exec.ErrWaitDelay) {
		_ = kill(-c.Process.Pid, unix.SIGKILL)
	}
	if cause := context.Cause(ctx); cause != nil && err != nil {
		return out.Bytes(), cause
	}
	if limited.over {
		return nil, fmt.Errorf("%s: %w", name, ErrTooMuch)
	}
	if err != nil {
		return out.Bytes(), fmt.Errorf("%s: %w", name, err)
	}
	return out.Bytes(), nil
}

type limitedWriter struct {
	w    io.Writer
	left int
	over bool // read after the command has ended
}

func (l *limitedWriter) Write(p []byte) (int, error) {
	if len(p) > l.left {
		l.over = true
		return 0, ErrTooMuch
	}
	l.left -= len(p)
	return l.w.Write(p)
}
