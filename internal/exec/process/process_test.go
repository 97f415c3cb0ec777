package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The tests of Run are not parallel: it takes all children of the process for
// its own, as it may in a job.

type buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
	saw chan string // lines, if not nil
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.saw != nil {
		for line := range strings.Lines(string(p)) {
			select {
			case b.saw <- line:
			default:
			}
		}
	}
	return b.buf.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func bash(t *testing.T, script string) Command {
	t.Helper()
	path, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	return Command{Path: path, Args: []string{"bash", "-c", script}, Dir: t.TempDir(), Env: []string{"PATH=" + os.Getenv("PATH")}}
}

func adopt(t *testing.T) {
	t.Helper()
	if err := AdoptOrphans(); err != nil {
		t.Fatal(err)
	}
}

// gone waits until a process is dead.
func gone(t *testing.T, pid int) {
	t.Helper()
	for range 200 {
		if StartTime(pid) == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("process %d lives on", pid)
}

func lastPID(t *testing.T, text string) int {
	t.Helper()
	fields := strings.Fields(text)
	if len(fields) == 0 {
		t.Fatalf("no number in %q", text)
	}
	pid, err := strconv.Atoi(fields[len(fields)-1])
	if err != nil {
		t.Fatalf("output %q: %v", text, err)
	}
	return pid
}

func TestRun_BytesAreExact(t *testing.T) {
	var out buffer
	got, err := Run(t.Context(), bash(t, `printf 'a\nb\r\n\0\377\tc'; echo e >&2; tty; cat; exit 7`), Options{Output: &out})
	if err != nil || got.ExitCode != 7 {
		t.Fatal(got, err)
	}
	if want := "a\nb\r\n\x00\xff\tce\nnot a tty\n"; out.String() != want {
		t.Errorf("output %q, want %q", out.String(), want)
	}
}

func TestRun_FastExitLosesNothing(t *testing.T) {
	for i := range 500 {
		var out buffer
		_, err := Run(t.Context(), bash(t, fmt.Sprintf("echo out %d; echo err %d >&2", i, i)), Options{Output: &out})
		if want := fmt.Sprintf("out %d\nerr %d\n", i, i); err != nil || out.String() != want {
			t.Fatalf("run %d: %q, want %q, %v", i, out.String(), want, err)
		}
	}
}

func TestRun_StopRunsTheTrap(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &buffer{saw: make(chan string, 10)}
	go func() {
		<-out.saw
		cancel()
	}()
	got, err := Run(ctx, bash(t, `trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.01; done`), Options{Output: out, Grace: 20 * time.Second})
	if err != nil || got.ExitCode != 5 || !strings.HasSuffix(out.String(), "bye\n") {
		t.Errorf("%+v %v %q", got, err, out.String())
	}
}

// TestRun_StopGivesTheWholeGroupItsGrace: the leader dies at once, a child
// still has things to do.
func TestRun_StopGivesTheWholeGroupItsGrace(t *testing.T) {
	adopt(t)
	ctx, cancel := context.WithCancel(t.Context())
	out := &buffer{saw: make(chan string, 10)}
	go func() {
		<-out.saw
		cancel()
	}()
	_, err := Run(ctx, bash(t, `bash -c 'trap "sleep 0.3; echo cleaned up; exit" TERM; echo ready; while :; do sleep 0.01; done'; echo never`), Options{Output: out, Grace: 20 * time.Second})
	if err != nil || !strings.Contains(out.String(), "cleaned up\n") {
		t.Errorf("%v %q", err, out.String())
	}
}

func TestRun_KillsAfterTheGrace(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &buffer{saw: make(chan string, 10)}
	go func() {
		<-out.saw
		cancel()
	}()
	began := time.Now()
	got, err := Run(ctx, bash(t, `trap '' TERM; echo ready; while :; do sleep 0.01; done`), Options{Output: out, Grace: 300 * time.Millisecond})
	if err != nil || got.Signal != syscall.SIGKILL {
		t.Errorf("%+v %v", got, err)
	}
	if d := time.Since(began); d < 300*time.Millisecond {
		t.Errorf("killed after %s", d)
	}
}

func TestRun_ForceNeedsNoGrace(t *testing.T) {
	for name, force := range map[string]func(context.CancelCauseFunc, chan struct{}){
		"cause":              func(cancel context.CancelCauseFunc, _ chan struct{}) { cancel(ErrForce) },
		"after a polite one": func(cancel context.CancelCauseFunc, kill chan struct{}) { cancel(nil); close(kill) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			kill := make(chan struct{})
			out := &buffer{saw: make(chan string, 10)}
			go func() {
				<-out.saw
				force(cancel, kill)
			}()
			got, err := Run(ctx, bash(t, `trap '' TERM; echo ready; while :; do sleep 0.01; done`), Options{Output: out, Kill: kill, Grace: time.Hour})
			if err != nil || got.Signal != syscall.SIGKILL {
				t.Errorf("%+v %v", got, err)
			}
		})
	}
}

func TestRun_LeavesNobodyBehind(t *testing.T) {
	adopt(t)
	for name, script := range map[string]string{
		"background child":   `sleep 1000 & echo $!`,
		"holds the terminal": `(trap '' HUP TERM; sleep 1000) & echo $!`,
		"left the session":   `setsid sleep 1000 >/dev/null 2>&1 & sleep 0.2; pgrep -n -x sleep`,
		"daemon":             `setsid bash -c 'echo $$; exec sleep 1000' & sleep 0.2`,
	} {
		t.Run(name, func(t *testing.T) {
			var out buffer
			began := time.Now()
			got, err := Run(t.Context(), bash(t, script), Options{Output: &out})
			if err != nil || got.ExitCode != 0 {
				t.Fatalf("%+v %v %q", got, err, out.String())
			}
			gone(t, lastPID(t, out.String()))
			if d := time.Since(began); d > 10*time.Second {
				t.Errorf("took %s", d)
			}
		})
	}
}

func TestRun_NotStarted(t *testing.T) {
	cmd := bash(t, "")
	cmd.Path = filepath.Join(t.TempDir(), "none")
	if _, err := Run(t.Context(), cmd, Options{Output: &buffer{}}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	cmd = bash(t, "")
	cmd.Dir = filepath.Join(t.TempDir(), "none")
	if _, err := Run(t.Context(), cmd, Options{Output: &buffer{}}); err == nil {
		t.Error("no error for a missing directory")
	}
}

func TestKillLeftover(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	start := StartTime(cmd.Process.Pid)
	if start == 0 {
		t.Fatal("no start time")
	}
	if KillLeftover(cmd.Process.Pid, start+1) {
		t.Error("killed a process that only has the same number")
	}
	if !KillLeftover(cmd.Process.Pid, start) {
		t.Error("did not kill")
	}
	_ = cmd.Wait()
	if KillLeftover(1, 0) || KillLeftover(0, 0) || KillLeftover(-1, 0) {
		t.Error("killed what is nobody's command")
	}
}

func TestCapture_CancelEndsTheGroup(t *testing.T) {
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, ErrForce)
	defer cancel()
	began := time.Now()
	_, err := Capture(ctx, bash(t, "sleep 1000 | sleep 1000"), nil)
	if !errors.Is(err, ErrForce) || time.Since(began) > 8*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
	out, err := Capture(t.Context(), bash(t, "echo out; echo err >&2"), &buffer{})
	if err != nil || string(out) != "out\n" {
		t.Errorf("%q %v", out, err)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"run": 0o755, "text": 0o644} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		program, path string
		want          error
	}{
		"found":          {"run", "/nowhere:" + dir, nil},
		"absolute":       {filepath.Join(dir, "run"), "", nil},
		"missing":        {"none", dir, ErrNotFound},
		"not executable": {"text", dir, syscall.EACCES},
		"relative entry": {"run", ".:", ErrNotFound},
		"a directory":    {dir, "", syscall.EACCES},
	} {
		if _, err := Find(c.program, c.path); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
