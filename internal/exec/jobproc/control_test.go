package jobproc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"signalbox/internal/exec/process"
	"signalbox/internal/exec/workspace"
	"signalbox/internal/job"
)

// waitFor reads the journal until it satisfies a condition, woken by the job.
func waitFor(t testing.TB, dir string, conn *job.Conn, ok func(outcome) bool) outcome {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		if _, err := os.Stat(filepath.Join(dir, job.JournalFile)); err == nil {
			if out := readJournal(t, dir); ok(out) {
				return out
			}
		}
		select {
		case <-conn.Wake():
		case <-conn.Gone():
			out := readJournal(t, dir)
			if !ok(out) {
				t.Fatalf("the job is gone: %+v %q", out.end, out.output)
			}
			return out
		case <-limit:
			t.Fatal("nothing comes")
		}
	}
}

func says(text string) func(outcome) bool {
	return func(o outcome) bool { return strings.Contains(o.output, text) }
}

func TestStop(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		cmd    []job.Command
		want   string
	}{
		"polite":          {"trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done", []job.Command{{Stop: true}}, "bye\n"},
		"forced":          {"trap '' TERM; echo ready; while :; do sleep 0.01; done", []job.Command{{Force: true}}, "ready\n"},
		"forced at last":  {"trap '' TERM; echo ready; while :; do sleep 0.01; done", []job.Command{{Stop: true}, {Force: true}}, "ready\n"},
		"after the grace": {"trap '' TERM; echo ready; while :; do sleep 0.01; done", []job.Command{{Stop: true}}, "ready\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := bashSpec(t, c.script)
			spec.Limits.StopGrace = time.Second
			dir, p := start(t, spec)
			waitFor(t, dir, p.Conn, says("ready"))
			for _, cmd := range c.cmd {
				if err := p.Conn.Send(cmd); err != nil {
					t.Fatal(err)
				}
			}
			wait(t, p)
			got := readJournal(t, dir)
			if got.end == nil || got.end.Status != "stopped" || !strings.Contains(got.output, c.want) {
				t.Errorf("end %+v output %q", got.end, got.output)
			}
		})
	}
}

// TestStop_WhileGitHangs: a stop reaches every step.
func TestStop_WhileGitHangs(t *testing.T) {
	t.Parallel()
	l := silentServer(t)
	spec := gitSpec(t, "http://"+l+"/x.git", "https")
	dir, p := start(t, spec)
	waitFor(t, dir, p.Conn, func(o outcome) bool { return o.begin != nil })
	if err := p.Conn.Send(job.Command{Stop: true}); err != nil {
		t.Fatal(err)
	}
	wait(t, p)
	if got := readJournal(t, dir); got.end == nil || got.end.Status != "stopped" {
		t.Errorf("end %+v", got.end)
	}
}

// TestJob_OutlivesItsOwner starts a job from a process that is killed at once.
func TestJob_OutlivesItsOwner(t *testing.T) {
	t.Parallel()
	spec := bashSpec(t, "for i in 1 2 3 4 5; do echo line $i; sleep 0.1; done")
	dir := filepath.Join(t.TempDir(), strings.Repeat("a-long-directory-name/", 8), "job")
	text, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	owner := exec.Command(executable(t), "owner", dir)
	owner.Stdin = strings.NewReader(string(text))
	out, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	_ = owner.Process.Kill()
	_ = owner.Wait()
	if !job.Alive(dir) {
		t.Fatal("the job died with its owner")
	}
	if err := job.Abandon(dir); !errors.Is(err, job.ErrAlive) {
		t.Errorf("a living job could be given up: %v", err)
	}
	conn, err := job.Dial(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	select {
	case <-conn.Gone():
	case <-time.After(30 * time.Second):
		t.Fatal("the job does not end")
	}
	got := readJournal(t, dir)
	if got.end == nil || got.end.Status != "success" || got.output != "line 1\nline 2\nline 3\nline 4\nline 5\n" {
		t.Errorf("end %+v output %q", got.end, got.output)
	}
	if _, err := job.Dial(dir); !errors.Is(err, job.ErrGone) {
		t.Errorf("dial a dead job: %v", err)
	}
}

func TestJob_Killed(t *testing.T) {
	t.Parallel()
	spec := bashSpec(t, "sleep 1000 & echo $!; while :; do echo tick; sleep 0.005; done")
	spec.SecretVars = map[string]json.RawMessage{"s": json.RawMessage(`"secret-value"`)}
	dir, p := start(t, spec)
	out := waitFor(t, dir, p.Conn, says("tick\ntick\n"))
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wait(t, p)
	if job.Alive(dir) {
		t.Error("a dead job counts as alive")
	}
	got := readJournal(t, dir)
	if got.end != nil || !strings.HasPrefix(got.output, out.output) {
		t.Errorf("the journal is not readable: %+v", got.end)
	}
	process.KillLeftover(got.child.PID, got.child.StartTime)
	var pid int
	if _, err := fmt.Sscan(got.output, &pid); err != nil {
		t.Fatal(err)
	}
	for _, pid := range []int{pid, got.child.PID} {
		for i := 0; process.StartTime(pid) != 0; i++ {
			if i == 400 {
				t.Fatalf("process %d lives on", pid)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	if err := workspace.Sweep(filepath.Dir(dir), spec.Host.DataDir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, job.WorkDir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("not swept: %v", err)
	}
	readJournal(t, dir)
}

func TestJob_NotStartedTwice(t *testing.T) {
	t.Parallel()
	spec := bashSpec(t, "echo hello")
	text, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	run := func(dir, stdin string) int {
		cmd := exec.Command(executable(t), "job", "run", dir)
		cmd.Stdin = strings.NewReader(stdin)
		_ = cmd.Run()
		return cmd.ProcessState.ExitCode()
	}
	t.Run("abandoned", func(t *testing.T) {
		dir := t.TempDir()
		if err := job.Abandon(dir); err != nil {
			t.Fatal(err)
		}
		if code := run(dir, string(text)); code != 1 || !job.Abandoned(dir) {
			t.Errorf("exit code %d", code)
		}
		if _, err := os.Stat(filepath.Join(dir, job.JournalFile)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("it began: %v", err)
		}
	})
	t.Run("cut specification", func(t *testing.T) {
		dir := t.TempDir()
		if code := run(dir, string(text[:len(text)-1])); code != 1 {
			t.Errorf("exit code %d", code)
		}
		if _, err := os.Stat(filepath.Join(dir, job.JournalFile)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("it began: %v", err)
		}
	})
	t.Run("again", func(t *testing.T) {
		dir := t.TempDir()
		if code := run(dir, string(text)); code != 0 {
			t.Errorf("exit code %d", code)
		}
		if code := run(dir, string(text)); code != 1 {
			t.Errorf("a second run: exit code %d", code)
		}
		if got := readJournal(t, dir); got.output != "hello\n" {
			t.Errorf("output %q", got.output)
		}
	})
	t.Run("by a cancelled owner", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := job.Start(ctx, job.StartOptions{Executable: executable(t), Dir: t.TempDir(), Spec: spec}); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// TestDiskFull runs on a file system of half a megabyte.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: mounting a small file system needs root")
	}
	mount := t.TempDir()
	if err := syscall.Mount("tmpfs", mount, "tmpfs", 0, "size=512k"); err != nil {
		t.Skipf("SKIPPED: cannot mount a small file system: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(mount, syscall.MNT_DETACH) })
	spec := bashSpec(t, "head -c 8000000 /dev/urandom | base64; sleep 1000")
	dir := filepath.Join(mount, "job")
	p, err := job.Start(t.Context(), job.StartOptions{Executable: executable(t), Dir: dir, Spec: spec})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Conn.Close()
	wait(t, p)
	got := readJournal(t, dir)
	if got.end == nil || got.end.Status != "error" || !strings.HasPrefix(got.end.Reason, "The disk is full") || got.end.Lines == 0 {
		t.Errorf("end %+v", got.end)
	}
}
