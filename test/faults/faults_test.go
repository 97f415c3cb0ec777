// Package faults kills things while tasks run and checks what is left: every
// line the program wrote is stored, once and in order; each task has exactly
// one end; nothing runs twice and no process is left behind.
package faults

import (
	"bytes"
	"crypto/sha256"
	"fmt"
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

// kills is how often a run loses its server: 50 unless SIGNALBOX_FAULT_KILLS
// says otherwise.
func kills(t *testing.T) int {
	t.Helper()
	text := os.Getenv("SIGNALBOX_FAULT_KILLS")
	if text == "" {
		return 50
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("SIGNALBOX_FAULT_KILLS: %v", err)
	}
	return n
}

// repo makes a directory with scripts.
func repo(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// chatty prints a known text in bursts until its stop file exists, then a fixed
// number of further lines, and notes each of its starts in a file.
const chatty = `import os, sys, time
me, starts, stop = sys.argv[1:4]
with open(starts, "a") as f:
    f.write(me + "\n")
i = 0
last = None
while last is None or i < last:
    for _ in range(40):
        i += 1
        sys.stdout.write("%s line %d %s\n" % (me, i, "x" * (i % 97)))
    sys.stdout.flush()
    if last is None and os.path.exists(stop):
        last = i + 400
    time.sleep(0.004)
with open(starts + "." + me, "w") as f:
    f.write(str(i))
`

func expected(me string, lines int) []byte {
	var b bytes.Buffer
	for i := 1; i <= lines; i++ {
		fmt.Fprintf(&b, "%s line %d %s\n", me, i, strings.Repeat("x", i%97))
	}
	return b.Bytes()
}

// programOutput leaves out what the job itself says before the program's own
// first line and after its last.
func programOutput(text []byte, me string) []byte {
	first := bytes.Index(text, []byte(me+" line 1 "))
	if first < 0 {
		return nil
	}
	last := bytes.LastIndex(text, []byte(me+" line "))
	end := bytes.IndexByte(text[last:], '\n')
	if end < 0 {
		return text[first:]
	}
	return text[first : last+end+1]
}

func TestServerKilledAtRandomPoints_LosesNothing(t *testing.T) {
	t.Parallel()
	dir := repo(t, map[string]string{"chatty.py": chatty})
	notes := t.TempDir()
	starts, stop := filepath.Join(notes, "starts"), filepath.Join(notes, "stop")
	s := harness.New(t)
	p := s.NewProject("faults", dir, "")
	tpl := p.NewTemplate("python", "chatty.py", map[string]any{"allow_override_args_in_task": true})
	launch := func(me string) int {
		return p.Launch(tpl, map[string]any{"arguments": fmt.Sprintf("[%q,%q,%q]", me, starts, stop)})
	}
	random := rand.New(rand.NewPCG(20, 26))
	tasks := map[string]int{"a": launch("a")}
	n := kills(t)
	for i := range n {
		time.Sleep(time.Duration(random.IntN(120)) * time.Millisecond)
		if i%10 == 5 {
			me := "k" + strconv.Itoa(i)
			tasks[me] = launch(me) // so that some kills hit a task at its start
			time.Sleep(time.Duration(random.IntN(30)) * time.Millisecond)
		}
		s.Kill()
		time.Sleep(time.Duration(random.IntN(60)) * time.Millisecond)
		s.Start()
	}
	if err := os.WriteFile(stop, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for me, id := range tasks {
		task := p.Wait(id, time.Minute)
		if task.Status != "success" || !task.LogComplete {
			t.Errorf("task %s is %s (%s), log complete: %v", me, task.Status, task.StatusReason, task.LogComplete)
		}
		text, err := os.ReadFile(starts + "." + me)
		if err != nil {
			t.Errorf("program %s did not come to its end: %v", me, err)
			continue
		}
		wrote, err := strconv.Atoi(string(text))
		if err != nil {
			t.Fatal(err)
		}
		lines += wrote
		got, want := programOutput(p.Output(id), me), expected(me, wrote)
		if sha256.Sum256(got) != sha256.Sum256(want) {
			t.Errorf("output of %s: %d bytes stored, %d written; first difference at %d", me, len(got), len(want), difference(got, want))
		}
	}
	text, err := os.ReadFile(starts)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(text), "\n"); got != len(tasks) {
		t.Errorf("%d tasks started their program %d times:\n%s", len(tasks), got, text)
	}
	assertNoJobs(t, s)
	t.Logf("%d kills, %d tasks, %d lines, nothing lost", n, len(tasks), lines)
}

func difference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// assertNoJobs waits until the directories of the jobs are gone.
func assertNoJobs(t *testing.T, s *harness.Server) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		left, err := filepath.Glob(filepath.Join(s.DataDir, "jobs", "[0-9]*"))
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("left behind: %v", left)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// processes returns the processes whose command line holds a text.
func processes(t *testing.T, text string) []int {
	t.Helper()
	procs, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, p := range procs {
		line, err := os.ReadFile(p)
		if err != nil || !bytes.Contains(line, []byte(text)) {
			continue
		}
		pid, err := strconv.Atoi(strings.Split(p, "/")[2])
		if err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestJobKilled_EndsInErrorAndLeavesNothing(t *testing.T) {
	t.Parallel()
	mark := fmt.Sprintf("fault-mark-%d", time.Now().UnixNano())
	dir := repo(t, map[string]string{"long.sh": "echo begun\n(exec -a " + mark + "-child sleep 300) &\nexec -a " + mark + " sleep 300\n"})
	for _, both := range []bool{false, true} {
		t.Run(fmt.Sprintf("server too %v", both), func(t *testing.T) {
			s := harness.New(t)
			p := s.NewProject("faults", dir, "")
			id := p.Launch(p.NewTemplate("bash", "long.sh", nil), nil)
			waitFor(t, "the program and its child", func() bool { return len(processes(t, mark)) >= 2 })
			waitFor(t, "its output", func() bool { return bytes.Contains(p.Output(id), []byte("begun")) })
			if both {
				s.Kill()
			}
			for _, pid := range processes(t, filepath.Join(s.DataDir, "jobs")) {
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
			}
			if both {
				s.Start()
			}
			task := p.Wait(id, 30*time.Second)
			if task.Status != "error" || task.StatusReason == "" || task.End == nil {
				t.Errorf("task is %s (%q), want error with a reason and an end", task.Status, task.StatusReason)
			}
			if out := p.Output(id); !bytes.Contains(out, []byte("begun")) {
				t.Errorf("the output before the kill is lost:\n%s", out)
			}
			waitFor(t, "the program to die", func() bool { return len(processes(t, mark)) == 0 })
			assertNoJobs(t, s)
		})
	}
}

func TestStop_ReachesTheTaskAcrossARestart(t *testing.T) {
	t.Parallel()
	dir := repo(t, map[string]string{"polite.sh": "trap 'echo told to end; exit 0' TERM\necho begun\nwhile :; do sleep 0.05; done\n"})
	s := harness.New(t)
	p := s.NewProject("faults", dir, "")
	id := p.Launch(p.NewTemplate("bash", "polite.sh", nil), nil)
	waitFor(t, "output", func() bool { return bytes.Contains(p.Output(id), []byte("begun")) })
	s.Do("POST", p.Path("/tasks/%d/stop", id), map[string]any{}, nil)
	s.Kill()
	s.Start()
	task := p.Wait(id, 20*time.Second)
	if task.Status != "stopped" {
		t.Errorf("task is %s, want stopped", task.Status)
	}
	if out := p.Output(id); !bytes.Contains(out, []byte("told to end")) {
		t.Errorf("the program was not told politely:\n%s", out)
	}
	assertNoJobs(t, s)
}

func TestDatabaseStopsAndComesBack_LosesNothing(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"postgres", "mysql"} {
		t.Run(dialect, func(t *testing.T) {
			dir := repo(t, map[string]string{"chatty.py": chatty})
			notes := t.TempDir()
			starts, stop := filepath.Join(notes, "starts"), filepath.Join(notes, "stop")
			s := harness.NewOn(t, dialect)
			p := s.NewProject("faults", dir, "")
			tpl := p.NewTemplate("python", "chatty.py", map[string]any{"allow_override_args_in_task": true})
			launch := func(me string) int {
				return p.Launch(tpl, map[string]any{"arguments": fmt.Sprintf("[%q,%q,%q]", me, starts, stop)})
			}
			tasks := map[string]int{"a": launch("a")}
			for round, end := range []func(){s.Database.Stop, s.Database.Kill} {
				waitFor(t, "output", func() bool { return bytes.Contains(p.Output(tasks["a"]), []byte("line 100 ")) })
				end()
				resp, err := http.Get(s.URL + "/api/ping")
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					t.Errorf("ping without a database: %d", resp.StatusCode)
				}
				req, err := http.NewRequest(http.MethodGet, s.URL+"/api"+p.Path("/tasks/last"), nil)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer "+s.Token)
				resp, err = http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
					t.Errorf("without a database: status %d, Retry-After %q; want 503 with one", resp.StatusCode, resp.Header.Get("Retry-After"))
				}
				time.Sleep(700 * time.Millisecond) // the program goes on printing meanwhile
				s.Database.Start()
				waitFor(t, "the server to be back", func() bool {
					status, _, err := s.Try("GET", p.Path("/tasks/last"), nil)
					return err == nil && status == http.StatusOK
				})
				me := "r" + strconv.Itoa(round)
				tasks[me] = launch(me)
			}
			if err := os.WriteFile(stop, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			for me, id := range tasks {
				task := p.Wait(id, time.Minute)
				if task.Status != "success" || !task.LogComplete {
					t.Errorf("task %s is %s (%s), log complete: %v", me, task.Status, task.StatusReason, task.LogComplete)
				}
				text, err := os.ReadFile(starts + "." + me)
				if err != nil {
					t.Fatal(err)
				}
				wrote, err := strconv.Atoi(string(text))
				if err != nil {
					t.Fatal(err)
				}
				if got, want := programOutput(p.Output(id), me), expected(me, wrote); !bytes.Equal(got, want) {
					t.Errorf("output of %s: %d bytes stored, %d written; first difference at %d", me, len(got), len(want), difference(got, want))
				}
			}
			assertNoJobs(t, s)
		})
	}
}

func TestRestart_KeepsTheQueueInOrder(t *testing.T) {
	t.Parallel()
	dir := repo(t, map[string]string{"order.sh": "echo $1 >> $2\n", "gate.sh": "while [ ! -e $1 ]; do sleep 0.02; done\n"})
	notes := t.TempDir()
	order, gate := filepath.Join(notes, "order"), filepath.Join(notes, "gate")
	s := harness.New(t, "SIGNALBOX_MAX_PARALLEL_TASKS=1")
	p := s.NewProject("faults", dir, "")
	args := map[string]any{"allow_override_args_in_task": true}
	first := p.Launch(p.NewTemplate("bash", "gate.sh", args), map[string]any{"arguments": fmt.Sprintf("[%q]", gate)})
	tpl := p.NewTemplate("bash", "order.sh", args)
	var ids []int
	want := ""
	for i := range 20 {
		ids = append(ids, p.Launch(tpl, map[string]any{"arguments": fmt.Sprintf("[\"%d\",%q]", i, order)}))
		want += fmt.Sprintln(i)
	}
	s.Terminate()
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.Start()
	if task := p.Wait(first, 20*time.Second); task.Status != "success" {
		t.Errorf("the task that ran during the restart is %s (%s)", task.Status, task.StatusReason)
	}
	for _, id := range ids {
		if task := p.Wait(id, 20*time.Second); task.Status != "success" {
			t.Errorf("task %d is %s (%s)", id, task.Status, task.StatusReason)
		}
	}
	if got, err := os.ReadFile(order); err != nil || string(got) != want {
		t.Errorf("ran in the order %q, want %q (%v)", got, want, err)
	}
}

func TestManyShortTasks_EveryLineIsThere(t *testing.T) {
	t.Parallel()
	const tasks, lines = 2000, 25
	dir := repo(t, map[string]string{"short.sh": fmt.Sprintf("for ((i=1;i<=%d;i++)); do echo \"out $1 $i\"; echo \"err $1 $i\" >&2; done\n", lines)})
	s := harness.New(t)
	p := s.NewProject("faults", dir, "")
	tpl := p.NewTemplate("bash", "short.sh", map[string]any{"allow_override_args_in_task": true})
	ids := make([]int, tasks)
	for i := range ids {
		ids[i] = p.Launch(tpl, map[string]any{"arguments": fmt.Sprintf("[\"%d\"]", i)})
	}
	for i, id := range ids {
		task := p.Wait(id, 5*time.Minute)
		if task.Status != "success" {
			t.Fatalf("task %d is %s (%s)", id, task.Status, task.StatusReason)
		}
		var want bytes.Buffer
		for l := 1; l <= lines; l++ {
			fmt.Fprintf(&want, "out %d %d\nerr %d %d\n", i, l, i, l)
		}
		if got := p.Output(id); !bytes.Contains(got, want.Bytes()) {
			t.Fatalf("task %d lacks lines or has them out of order:\n%s", id, got)
		}
	}
	assertNoJobs(t, s)
}

func TestDiskFull_TaskSaysSoAndDataStaysWhole(t *testing.T) {
	t.Parallel()
	disk := mountDisk(t, t.TempDir(), 24).dir
	dir := repo(t, map[string]string{
		"flood.py": "import random, sys\nfor i in range(4000000):\n    sys.stdout.write('%d %032x\\n' % (i, random.getrandbits(128)))\n",
		"small.sh": "echo fine\n",
	})
	s := harness.New(t, "SIGNALBOX_DATA_DIR="+disk)
	s.DataDir = disk
	p := s.NewProject("faults", dir, "")
	small := p.NewTemplate("bash", "small.sh", nil)
	before := p.Launch(small, nil)
	if task := p.Wait(before, 10*time.Second); task.Status != "success" {
		t.Fatalf("before the flood a task is %s (%s)", task.Status, task.StatusReason)
	}
	id := p.Launch(p.NewTemplate("python", "flood.py", nil), nil)
	waitFor(t, "the flood to fill the disk", func() bool {
		var st syscall.Statfs_t
		return syscall.Statfs(disk, &st) == nil && st.Bavail*uint64(st.Bsize) < 256<<10
	})
	// Somebody makes room; then the server must be able to say what happened.
	waitFor(t, "the program to be ended", func() bool { return len(processes(t, "flood.py")) == 0 })
	if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=256m"); err != nil {
		t.Fatal(err)
	}
	task := p.Wait(id, 60*time.Second)
	if task.Status != "error" || !strings.Contains(strings.ToLower(task.StatusReason), "disk") {
		t.Errorf("task is %s (%q), want error naming the disk", task.Status, task.StatusReason)
	}
	if out := p.Output(before); !bytes.Contains(out, []byte("fine")) {
		t.Errorf("earlier output is lost: %q", out)
	}
	s.Kill()
	s.Start()
	after := p.Launch(small, nil)
	if task := p.Wait(after, 20*time.Second); task.Status != "success" {
		t.Errorf("after the flood a task is %s (%s)", task.Status, task.StatusReason)
	}
}
