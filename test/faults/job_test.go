package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"signalbox/test/harness"
)

// soak calls round a bounded number of times or, with SIGNALBOX_SOAK, for that
// long.
func soak(t *testing.T, rounds int, round func(i int)) int {
	t.Helper()
	if text := os.Getenv("SIGNALBOX_SOAK"); text != "" {
		length, err := time.ParseDuration(text)
		if err != nil {
			t.Fatalf("SIGNALBOX_SOAK: %v", err)
		}
		i := 0
		for end := time.Now().Add(length); time.Now().Before(end) && !t.Failed(); i++ {
			round(i)
		}
		return i
	}
	for i := range rounds {
		round(i)
	}
	return rounds
}

// secretGroup makes a variable group with a secret that programs find in $S.
func secretGroup(s *harness.Server, p *harness.Project, value string) int {
	var made harness.ID
	s.Do("POST", p.Path("/environment"), map[string]any{
		"project_id": p.ID, "name": "secrets", "json": "{}", "env": "{}",
		"secrets": []any{map[string]any{"name": "S", "secret": value, "type": "env", "operation": "create"}},
	}, &made)
	return made.ID
}

// assertSecretGone is assertSecretsGone for one secret of a server's tasks.
func assertSecretGone(t *testing.T, s *harness.Server, secret string) {
	t.Helper()
	assertSecretsGone(t, []string{secret}, s.DataDir)
}

// assertSecretsGone looks for secrets where others could find them: in files
// below the directories, in arguments, and in the environment of any process.
func assertSecretsGone(t *testing.T, secrets []string, dirs ...string) {
	t.Helper()
	var files []string
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() { // otherwise removed meanwhile
				files = append(files, path)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	for _, what := range []string{"cmdline", "environ"} {
		found, err := filepath.Glob("/proc/[0-9]*/" + what)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // removed meanwhile
		}
		for _, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("a secret is in %s", path)
			}
		}
	}
}

// assertDead waits until no process has one of the texts in its command line.
func assertDead(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		deadline := time.Now().Add(20 * time.Second)
		for len(processes(t, text)) > 0 {
			if time.Now().After(deadline) {
				for _, pid := range processes(t, text) {
					line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
					status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
					t.Errorf("process %d lives on: %q\n%s", pid, line, status[:min(len(status), 200)])
				}
				t.FailNow()
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// ends counts the events that say how a task ended.
func ends(t *testing.T, s *harness.Server, p *harness.Project, id int) int {
	t.Helper()
	status, text, err := s.Try("GET", p.Path("/events"), nil)
	if err != nil || status != http.StatusOK {
		t.Fatalf("events: %d %v", status, err)
	}
	var events []struct {
		ObjectType  string `json:"object_type"`
		ObjectID    int    `json:"object_id"`
		Description string `json:"description"`
	}
	if err := json.Unmarshal(text, &events); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range events {
		if e.ObjectType == "task" && e.ObjectID == id && strings.Contains(e.Description, "finished with status") {
			n++
		}
	}
	return n
}

// TestJobAndServerKilled_AtRandomPoints kills jobs, alone and together with their
// server, and stops tasks as they end.
func TestJobAndServerKilled_AtRandomPoints(t *testing.T) {
	t.Parallel()
	secret := fmt.Sprintf("s3cret-%d-value", time.Now().UnixNano())
	mark := fmt.Sprintf("fault-job-%d", time.Now().UnixNano())
	dir := repo(t, map[string]string{
		"chatty.py": chatty,
		"run.sh":    "echo \"token $S\"\n(exec -a " + mark + " sleep 300) &\nenv -u S python3 chatty.py \"$@\"\n",
	})
	notes := t.TempDir()
	s := harness.New(t)
	p := s.NewProject("faults", dir, "")
	tpl := p.NewTemplate("bash", "run.sh", map[string]any{"allow_override_args_in_task": true, "environment_id": secretGroup(s, p, secret)})
	random := rand.New(rand.NewPCG(11, 26))
	n := soak(t, 15, func(i int) {
		me := "j" + strconv.Itoa(i)
		starts, stop := filepath.Join(notes, "starts-"+me), filepath.Join(notes, "stop-"+me)
		id := p.Launch(tpl, map[string]any{"arguments": fmt.Sprintf("[%q,%q,%q]", me, starts, stop)})
		jobs := filepath.Join(s.DataDir, "jobs", strconv.Itoa(id)) + "-"
		if i%5 != 4 { // otherwise it may not have begun
			waitFor(t, "the program", func() bool { return bytes.Contains(p.Output(id), []byte(me+" line 1 ")) })
		}
		time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)
		kind := []string{"job", "both", "stop"}[i%3]
		switch kind {
		case "job", "both":
			if kind == "both" {
				s.Kill()
			}
			for _, pid := range processes(t, jobs) {
				_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
			}
			if kind == "both" {
				s.Start()
			}
		case "stop":
			if err := os.WriteFile(stop, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(random.IntN(60)) * time.Millisecond)
			_, _, _ = s.Try("POST", p.Path("/tasks/%d/stop", id), map[string]any{}) // it may have ended: refused then
		}
		// One that had not begun when its job was killed begins anew.
		if err := os.WriteFile(stop, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		task := p.Wait(id, time.Minute)
		if task.End == nil || kind != "stop" && task.Status == "stopped" || kind == "stop" && task.Status == "error" {
			t.Errorf("round %d, %s: %+v", i, kind, task)
		}
		if kind != "stop" && i%5 != 4 && task.Status != "error" {
			t.Errorf("round %d, %s: the task is %s though its job was killed while it ran", i, kind, task.Status)
		}
		assertDead(t, mark, jobs)
		out := p.Output(id)
		if bytes.Contains(out, []byte(secret)) {
			t.Errorf("round %d: the secret is in the output", i)
		}
		got := programOutput(out, me)
		wrote := expected(me, 40_000)
		if text, err := os.ReadFile(starts + "." + me); err == nil && task.Status == "success" {
			lines, err := strconv.Atoi(string(text))
			if err != nil {
				t.Fatal(err)
			}
			wrote = expected(me, lines)
			if !bytes.Equal(got, wrote) {
				t.Errorf("round %d, %s: %d bytes stored, %d written", i, kind, len(got), len(wrote))
			}
		}
		// What follows is the last line, which the kill may have cut.
		if whole := got[:bytes.LastIndexByte(got, '\n')+1]; !bytes.HasPrefix(wrote, whole) {
			t.Errorf("round %d, %s: the output differs at %d of %d", i, kind, difference(wrote, whole), len(whole))
		}
		if n := ends(t, s, p, id); n != 1 {
			t.Errorf("round %d, %s: %d events say that the task ended", i, kind, n)
		}
		if again := p.Task(id); again.Status != task.Status {
			t.Errorf("round %d, %s: the task was %s and is %s", i, kind, task.Status, again.Status)
		}
		assertSecretGone(t, s, secret)
		for _, path := range []string{starts, starts + "." + me, stop} {
			_ = os.Remove(path) // or never made
		}
	})
	assertNoJobs(t, s)
	t.Logf("%d rounds", n)
}

// TestFloods_MemoryIsBounded: however a program prints, neither the job nor the
// server needs more memory for it, and the log says what was left out.
func TestFloods_MemoryIsBounded(t *testing.T) {
	t.Parallel()
	const limit = 160 << 20 // of a process that has 320 MiB to pass on
	programs := map[string]string{
		"nothing.py":  "w(b'x' * 65536)",
		"progress.py": "w(b'\\r 50% of it' * 6000)",
		"invalid.py":  "w(b'\\xff\\xfe\\xc3\\x28' * 16384)",
		"zeros.py":    "w(bytes(65536))",
		"lines.py":    "w(b'a line of the output\\n' * 3000)",
	}
	files := map[string]string{}
	for name, statement := range programs {
		files[name] = "import sys\nw = sys.stdout.buffer.write\nfor i in range(5120):\n    " + statement + "\nprint('\\nthe very end')\n"
	}
	s := harness.New(t, "SIGNALBOX_MAX_TASK_OUTPUT_MB=8")
	p := s.NewProject("floods", repo(t, files), "")
	for name := range programs {
		id := p.Launch(p.NewTemplate("python", name, nil), nil)
		job := filepath.Join(s.DataDir, "jobs", strconv.Itoa(id)) + "-"
		var peak int64
		seen := map[int]bool{}
		for !p.Task(id).Ended() {
			for _, pid := range processes(t, job) {
				seen[pid] = true
				peak = max(peak, highWater(pid))
			}
			time.Sleep(5 * time.Millisecond)
		}
		task := p.Wait(id, time.Minute)
		out := p.Output(id)
		if task.Status != "success" || len(seen) == 0 {
			t.Errorf("%s: %+v, %d jobs seen", name, task, len(seen))
		}
		for _, want := range []string{"Output stopped at 8 MiB", "Left out here: ", "the very end"} {
			if !bytes.Contains(out, []byte(want)) {
				t.Errorf("%s: the output does not say %q", name, want)
			}
		}
		if len(out) > 9<<20 {
			t.Errorf("%s: %d bytes stored", name, len(out))
		}
		if server := highWater(s.PID()); peak > limit || server > 2*limit {
			t.Errorf("%s: the job needed %d MiB, the server %d", name, peak>>20, server>>20)
		} else {
			t.Logf("%s: the job needed %d MiB, the server %d", name, peak>>20, server>>20)
		}
	}
}

// highWater is the most memory that a process has had resident, in bytes; 0 when
// it is gone.
func highWater(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kib int64
	_, _ = fmt.Sscan(rest, &kib) // of a process that has ended there is none
	return kib << 10
}
