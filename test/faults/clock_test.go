package faults

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox/test/harness"
)

// wallClock is the clock on the wall as a server and its jobs see it. It can be
// set; the clock that nobody sets goes on as it is, as on a real machine.
type wallClock struct{ path string }

func (c wallClock) set(t *testing.T, ahead time.Duration) {
	t.Helper()
	f, err := os.OpenFile(c.path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// One write of eight bytes into a page that others have mapped.
	if _, err := f.Write(binary.NativeEndian.AppendUint64(nil, uint64(int64(ahead/time.Second)))); err != nil {
		t.Fatal(err)
	}
}

// steps is what is added to package time: seconds to add to the clock on the
// wall, read from a mapped file.
const steps = `package time

import (
	"syscall"
	"unsafe"
)

var testSteps = mapTestSteps()

func mapTestSteps() *int64 {
	path, ok := syscall.Getenv("TEST_CLOCK_FILE")
	if !ok {
		return new(int64)
	}
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		panic(err)
	}
	page, err := syscall.Mmap(fd, 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	_ = syscall.Close(fd)
	return (*int64)(unsafe.Pointer(&page[0]))
}
`

// steppedBinary builds the program with a package time whose clock on the wall
// tests can set: doing so to the machine's would disturb everybody else on it,
// and no name space has a clock of that kind of its own.
var steppedBinary = sync.OnceValues(func() (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "signalbox-clock")
	if err != nil {
		return "", err
	}
	source := filepath.Join(strings.TrimSpace(string(root)), "src", "time")
	text, err := os.ReadFile(filepath.Join(source, "time.go"))
	if err != nil {
		return "", err
	}
	const reading = "\tsec, nsec, mono := runtimeNow()\n\tif mono == 0 {\n"
	if bytes.Count(text, []byte(reading)) != 1 {
		return "", fmt.Errorf("time.Now of this Go is not the one this test knows; look for %q in %s", reading, source)
	}
	text = bytes.Replace(text, []byte(reading), []byte("\tsec, nsec, mono := runtimeNow()\n\tsec += *testSteps\n\tif mono == 0 {\n"), 1)
	replace := map[string]string{}
	for name, content := range map[string][]byte{"time.go": text, "signalbox_steps.go": []byte(steps)} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(source, name)] = path
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600); err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "signalbox")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-overlay", filepath.Join(dir, "overlay.json"), "-o", bin, "signalbox/cmd/signalbox")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build with another clock: %w\n%s", err, out)
	}
	return bin, nil
})

// TestClockSteps sets the clock on the wall by hours while tasks run. Durations
// and the order of times stay right, nothing times out that should not, what
// should does, and the server serves on.
func TestClockSteps(t *testing.T) {
	t.Parallel()
	bin, err := steppedBinary()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(filepath.Dir(bin)); err != nil {
			t.Error(err)
		}
	})
	for name, step := range map[string]time.Duration{"forwards": 5 * time.Hour, "backwards": -5 * time.Hour} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restart %v", name, restart), func(t *testing.T) {
				t.Parallel()
				clock := wallClock{filepath.Join(t.TempDir(), "clock")}
				if err := os.WriteFile(clock.path, make([]byte, 8), 0o600); err != nil {
					t.Fatal(err)
				}
				// A job reads the clock too. It gets nothing whose name begins with
				// SIGNALBOX_, and what is to be forwarded.
				s := harness.NewFrom(t, bin, "TEST_CLOCK_FILE="+clock.path, "SIGNALBOX_FORWARDED_ENV_VARS=TEST_CLOCK_FILE")
				stepDuring(t, s, clock, step, restart)
			})
		}
	}
}

func stepDuring(t *testing.T, s *harness.Server, clock wallClock, step time.Duration, restart bool) {
	gate := filepath.Join(t.TempDir(), "gate")
	dir := repo(t, map[string]string{
		"gate.sh":    "echo begun\nwhile [ ! -e $1 ]; do sleep 0.02; done\necho after\n",
		"forever.sh": "echo begun\nsleep 300\n",
	})
	p := s.NewProject("clock", dir, "")
	arguments := map[string]any{"allow_override_args_in_task": true}
	waits := func(limit int) int {
		fields := map[string]any{"allow_override_args_in_task": true, "name": fmt.Sprintf("limit %d", limit), "max_task_duration_sec": limit}
		return p.Launch(p.NewTemplate("bash", "gate.sh", fields), map[string]any{"arguments": fmt.Sprintf("[%q]", gate)})
	}
	// One is far below its limit, however the clock is set; one has none; one is
	// to meet its limit; the job of one dies.
	far, none := waits(3600), waits(0)
	short := p.Launch(p.NewTemplate("bash", "forever.sh", map[string]any{"max_task_duration_sec": 3}), nil)
	dies := p.Launch(p.NewTemplate("bash", "gate.sh", arguments), map[string]any{"arguments": fmt.Sprintf("[%q]", gate)})
	for _, id := range []int{far, none, short, dies} {
		waitFor(t, fmt.Sprintf("output of task %d", id), func() bool { return bytes.Contains(p.Output(id), []byte("begun")) })
	}
	clock.set(t, step)
	if restart {
		s.Kill()
	}
	for _, pid := range processes(t, filepath.Join(s.DataDir, "jobs", fmt.Sprint(dies))+"-") {
		if proc, err := os.FindProcess(pid); err == nil {
			_ = proc.Kill() // it has done its part
		}
	}
	if restart {
		s.Start()
	}
	if task := p.Wait(short, 20*time.Second); task.Status != "error" || !strings.Contains(task.StatusReason, "limit of 3s") {
		t.Errorf("a task that runs for ever is %s (%q)", task.Status, task.StatusReason)
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, id := range []int{far, none} {
		task := p.Wait(id, 20*time.Second)
		if task.Status != "success" || !bytes.Contains(p.Output(id), []byte("after")) {
			t.Errorf("task %d is %s (%q)", id, task.Status, task.StatusReason)
		}
	}
	p.Wait(dies, 20*time.Second)
	for _, id := range []int{far, none, short, dies} {
		task := p.Task(id)
		if task.Start == nil || task.End == nil || task.End.Before(*task.Start) {
			t.Errorf("task %d ran from %v to %v", id, task.Start, task.End)
			continue
		}
		// Nobody knows when the job that was killed has died; the others do.
		if took := task.End.Sub(*task.Start); id != dies && took > time.Hour {
			t.Errorf("task %d took %s, says its record", id, took)
		}
		assertLinesInOrder(t, s, p, id, id == dies)
	}
	// What comes after the step works as before it.
	after := p.Launch(p.NewTemplate("bash", "gate.sh", map[string]any{"allow_override_args_in_task": true, "name": "after"}), map[string]any{"arguments": fmt.Sprintf("[%q]", gate)})
	task := p.Wait(after, 20*time.Second)
	if task.Status != "success" || task.Start == nil || task.End.Before(*task.Start) {
		t.Errorf("after the step a task is %s (%q), from %v to %v", task.Status, task.StatusReason, task.Start, task.End)
	}
	for what, at := range map[string]time.Time{"server": task.Created, "job": *task.Start} {
		if off := time.Until(at) - step; off > time.Hour || off < -time.Hour {
			t.Errorf("the %s does not see the clock that was set: it is %v there", what, at)
		}
	}
}

// assertLinesInOrder checks that no line is older than the one before it. The
// last line of a task whose job died is the server's own.
func assertLinesInOrder(t *testing.T, s *harness.Server, p *harness.Project, id int, died bool) {
	t.Helper()
	var lines []struct {
		Time   time.Time `json:"time"`
		Output string    `json:"output"`
	}
	s.Do("GET", p.Path("/tasks/%d/output", id), nil, &lines)
	if len(lines) < 2 {
		t.Fatalf("task %d has %d lines", id, len(lines))
	}
	if died {
		lines = lines[:len(lines)-1]
	}
	for i := 1; i < len(lines); i++ {
		if lines[i].Time.Before(lines[i-1].Time) {
			t.Errorf("task %d: %q at %v comes after %q at %v", id, lines[i].Output, lines[i].Time, lines[i-1].Output, lines[i-1].Time)
		}
	}
}
