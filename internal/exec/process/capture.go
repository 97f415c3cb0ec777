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
	c := exec.CommandContext(ctx, cmd.Path)
	c.Args = cmd.Args
	c.Dir = cmd.Dir
	c.Env = cmd.Env
	limited := &limitedWriter{w: &out, left: captureLimit}
	c.Stdout = limited
	c.Stderr = stderr
	// The command dies with this process; the signal comes when the thread that
	// started it ends, so the thread is kept.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	c.WaitDelay = 3 * time.Second
	c.Cancel = func() error {
		_ = unix.Kill(-c.Process.Pid, unix.SIGTERM)
		return nil
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	err := c.Wait()
	if ctx.Err() != nil || errors.Is(err, exec.ErrWaitDelay) {
		_ = unix.Kill(-c.Process.Pid, unix.SIGKILL)
	}
	if cause := context.Cause(ctx); cause != nil && err != nil {
		return out.Bytes(), cause
	}
	if limited.over {
		return nil, fmt.Errorf("%s: %w", cmd.Args[0], ErrTooMuch)
	}
	if err != nil {
		return out.Bytes(), fmt.Errorf("%s: %w", cmd.Args[0], err)
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
