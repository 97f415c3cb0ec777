package jobproc_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"signalbox/internal/exec/process"
	"signalbox/internal/job"
)

// needRoot skips what only root can do, and says what is not tested.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: running as another user needs root")
	}
}

// place is a data directory that others than root can get to, as on a server.
func place(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "isolation-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	return data
}

// isolated runs a script as nobody, with the data directory of a server around.
func isolated(t *testing.T, text string, change func(*job.Spec)) outcome {
	t.Helper()
	data := place(t)
	for name, mode := range map[string]os.FileMode{"signalbox.db": 0o644, "keys.json": 0o600} {
		if err := os.WriteFile(filepath.Join(data, name), []byte("the server's own"), mode); err != nil {
			t.Fatal(err)
		}
	}
	repo := filepath.Join(filepath.Dir(data), "repo")
	write(t, filepath.Join(repo, "script.sh"), text)
	spec := bashSpec(t, "")
	spec.Repository.URL = repo
	spec.Host.DataDir = data
	spec.Host.Isolation = job.Isolation{User: "nobody"}
	if change != nil {
		change(&spec)
	}
	dir := filepath.Join(data, "jobs", "7")
	p, err := job.Start(t.Context(), job.StartOptions{Executable: executable(t), Dir: dir, Spec: spec})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Conn.Close() })
	wait(t, p)
	out := readJournal(t, dir)
	if out.end == nil {
		said, _ := os.ReadFile(filepath.Join(dir, job.ErrFile))
		t.Fatalf("no end; the job said: %s", said)
	}
	if _, err := os.Lstat(filepath.Join(dir, job.WorkDir)); err == nil {
		t.Error("the work directory is still there")
	}
	if _, err := os.Lstat(filepath.Join(dir, "reserve")); err == nil {
		t.Error("the space set aside is still there")
	}
	if out.child != nil && out.child.Cgroup != "" {
		if _, err := os.Stat(out.child.Cgroup); err == nil {
			t.Errorf("the control group %s is still there", out.child.Cgroup)
		}
	}
	return out
}

func TestIsolation_User(t *testing.T) {
	t.Parallel()
	needRoot(t)
	got := isolated(t, `id -u; id -g; id -G; echo "$HOME" | sed 's/.*data/data/'; cat /proc/self/status | grep NoNewPrivs | tr -d '\t'
touch "$HOME/mine" && stat -c %U "$HOME/mine"
D=${HOME%/homes/*}
ls $D 2>&1 | sed 's/.*: //'; cat $D/signalbox.db 2>&1 | sed 's/.*: //'; cat $D/keys.json 2>&1 | sed 's/.*: //'
cat $D/jobs/7/journal 2>&1 | sed 's/.*: //'; ls $D/jobs 2>&1 | sed 's/.*: //'
cat /proc/$PPID/environ 2>&1 | sed 's/.*: //'; cat /proc/$PPID/mem 2>&1 | sed 's/.*: //'
kill -9 $PPID 2>&1 | sed 's/.*: //' ; kill -9 $PPID 2>/dev/null || echo alive`, nil)
	denied := "Permission denied\n"
	want := "65534\n65534\n65534\ndata/homes/project_1\nNoNewPrivs:0\nnobody\n" + strings.Repeat(denied, 7)
	if !strings.HasPrefix(got.output, want) || !strings.HasSuffix(got.output, "alive\n") {
		t.Errorf("output\n%s\nwant\n%s… alive", got.output, want)
	}
	if got.end.Status != "success" {
		t.Errorf("end %+v", got.end)
	}
}

// TestIsolation_Programs: whoever chooses programs on the web gets no more rights
// by their versions than by tasks.
func TestIsolation_Programs(t *testing.T) {
	t.Parallel()
	needRoot(t)
	q := queries(t, "")
	q.Host.DataDir = place(t)
	q.Host.Isolation = job.Isolation{User: "nobody"}
	path := filepath.Join(filepath.Dir(q.Host.DataDir), "tool")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho 1.$(id -u)\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	answer, err := q.Ask(t.Context(), job.Query{Op: job.QueryPrograms, Programs: []job.ProgramQuery{
		{App: "tool", Candidates: []string{"no-such-program", path}, VersionArgs: []string{"--version"}},
	}})
	if err != nil || len(answer.Programs) != 1 || answer.Programs[0] != (job.Program{App: "tool", Path: path, Version: "1.65534"}) {
		t.Errorf("got %+v, %v", answer.Programs, err)
	}
}

func TestIsolation_GroupAndPrivileges(t *testing.T) {
	t.Parallel()
	needRoot(t)
	gid, uid := 12345, 54321
	got := isolated(t, "id -u; id -g; id -G; grep NoNewPrivs /proc/self/status | tr -d '\\t'", func(s *job.Spec) {
		s.Host.Isolation = job.Isolation{UID: &uid, GID: &gid, NoNewPrivs: true}
	})
	if want := "54321\n12345\n12345\nNoNewPrivs:1\n"; got.output != want {
		t.Errorf("output %q, want %q (%+v)", got.output, want, got.end)
	}
	got = isolated(t, "id -u; grep NoNewPrivs /proc/self/status | tr -d '\\t'", func(s *job.Spec) {
		s.Host.Isolation = job.Isolation{NoNewPrivs: true}
	})
	if want := "0\nNoNewPrivs:1\n"; got.output != want {
		t.Errorf("output %q, want %q (%+v)", got.output, want, got.end)
	}
}

// TestIsolation_FailsClosed: nothing runs when it cannot run as asked.
func TestIsolation_FailsClosed(t *testing.T) {
	t.Parallel()
	needRoot(t)
	one := 1
	for name, c := range map[string]struct {
		iso  job.Isolation
		want string
	}{
		"unknown user":   {job.Isolation{User: "no-such-user"}, "The user 'no-such-user' of process.user is not known"},
		"unknown number": {job.Isolation{UID: ptr(4_000_000)}, "Set process.gid."},
		"contradiction":  {job.Isolation{User: "nobody", UID: &one}, "Set one of them."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := isolated(t, "echo ran", func(s *job.Spec) { s.Host.Isolation = c.iso })
			if got.end.Status != "error" || !strings.Contains(got.end.Reason, c.want) || strings.Contains(got.output, "ran\n") || got.child != nil {
				t.Errorf("end %+v, output %q", got.end, got.output)
			}
		})
	}
}

// TestIsolation_Unreachable: a data directory that the user cannot get to.
func TestIsolation_Unreachable(t *testing.T) {
	t.Parallel()
	needRoot(t)
	got := isolated(t, "echo ran", func(s *job.Spec) {
		if err := os.Chmod(filepath.Dir(s.Host.DataDir), 0o700); err != nil {
			t.Fatal(err)
		}
	})
	if got.end.Status != "error" || !strings.Contains(got.end.Reason, "cannot be reached by the user 'nobody' of process.user") {
		t.Errorf("end %+v", got.end)
	}
}

func ptr(n int) *int { return &n }

// TestIsolation_NotRoot: a server without rights says so instead of running tasks
// as itself.
func TestIsolation_NotRoot(t *testing.T) {
	t.Parallel()
	spec := bashSpec(t, "echo ran")
	spec.Host.Isolation = job.Isolation{User: "root"}
	if os.Geteuid() == 0 {
		t.Skip("NOT TESTED here: this is root; see TestResolve_NotRoot")
	}
	got := runJob(t, spec)
	if got.end.Status != "error" || !strings.Contains(got.end.Reason, "which only a server that runs as root can do") {
		t.Errorf("end %+v", got.end)
	}
}

// TestIsolation_Git: git and the checkout belong to the user too, and secret
// files only it can read.
func TestIsolation_Git(t *testing.T) {
	t.Parallel()
	needRoot(t)
	repo := remote(t, `stat -c '%U %a' . .git ../private script.sh; git log -1 --format=%s; id -un`)
	for dir := repo; dir != "/" && dir != "/tmp"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		got := isolated(t, "", func(s *job.Spec) {
			g := gitSpec(t, "file://"+repo, "file")
			s.Repository = g.Repository
			s.SecretVars = map[string]json.RawMessage{"s": json.RawMessage(`"hidden-value"`)}
		})
		for _, want := range []string{"nobody 700\nnobody 700\nnobody 700\nnobody 644\n", "nobody\n"} {
			if !strings.Contains(got.output, want) {
				t.Errorf("output %q lacks %q; %+v", got.output, want, got.end)
			}
		}
	}
}

// escape leaves session, group and parents, and notes its number.
const escape = `
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for fd in range(3): os.close(fd)
        with open(sys.argv[1], "w") as f: f.write(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
while not os.path.exists(sys.argv[1]) or not os.path.getsize(sys.argv[1]): time.sleep(0.01)
`

func escaped(t *testing.T, note string) int {
	t.Helper()
	text, err := os.ReadFile(note)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func gone(t *testing.T, pid int) {
	t.Helper()
	for range 1000 {
		if unix.Kill(pid, 0) != nil {
			return
		}
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && strings.Contains(string(text), ") Z ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	_ = unix.Kill(pid, unix.SIGKILL)
	t.Errorf("process %d escaped", pid)
}

func TestIsolation_EscapeesDie(t *testing.T) {
	t.Parallel()
	needRoot(t)
	for name, iso := range map[string]job.Isolation{
		"plain": {}, "user": {User: "nobody"}, "no new privileges": {NoNewPrivs: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			note := filepath.Join(filepath.Dir(place(t)), "note")
			if err := os.WriteFile(note, nil, 0o666); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(note, 0o666); err != nil {
				t.Fatal(err)
			}
			got := isolated(t, "cat > $HOME/e.py <<'EOF'\n"+escape+"EOF\npython3 $HOME/e.py "+note+"; echo done", func(s *job.Spec) {
				s.Host.Isolation = iso
				s.Host.HomeMode = "project_home"
			})
			if !strings.HasSuffix(got.output, "done\n") {
				t.Errorf("output %q %+v", got.output, got.end)
			}
			gone(t, escaped(t, note))
		})
	}
}

// TestIsolation_KilledJob: where there are control groups, what escaped a job
// that was killed is found by its group.
func TestIsolation_KilledJob(t *testing.T) {
	t.Parallel()
	needRoot(t)
	note := filepath.Join(t.TempDir(), "note")
	spec := bashSpec(t, "cat > $HOME/e.py <<'EOF'\n"+escape+"EOF\npython3 $HOME/e.py "+note+"; echo escaped; sleep 600")
	spec.Host.HomeMode = "project_home"
	dir, p := start(t, spec)
	var out outcome
	for range 1000 {
		if _, err := os.Stat(filepath.Join(dir, job.JournalFile)); err != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if out = readJournal(t, dir); strings.Contains(out.output, "escaped\n") {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wait(t, p)
	if out.child == nil {
		t.Fatalf("no child: %q", out.output)
	}
	pid := escaped(t, note)
	if out.child.Cgroup == "" {
		_ = unix.Kill(pid, unix.SIGKILL)
		t.Skip("NOT TESTED: this machine has no control groups for us")
	}
	process.KillCgroup(out.child.Cgroup)
	gone(t, pid)
	if _, err := os.Stat(out.child.Cgroup); err == nil {
		t.Error("the group is still there")
	}
}

// inNamespaces runs a script in namespaces, and skips where the machine has none.
func inNamespaces(t *testing.T, text string, iso job.Isolation) outcome {
	t.Helper()
	got := isolated(t, text, func(s *job.Spec) {
		s.Host.Isolation = iso
		s.Host.HomeMode = "project_home"
	})
	if strings.Contains(got.end.Reason, "isolation that process.*") {
		t.Skipf("NOT TESTED: this machine does not let us make namespaces: %s", got.end.Reason)
	}
	return got
}

func TestIsolation_Namespaces(t *testing.T) {
	t.Parallel()
	needRoot(t)
	self := fmt.Sprint(os.Getpid())
	all := job.Namespaces{User: true, Mount: true, PID: true, IPC: true, UTS: true}
	for name, c := range map[string]struct {
		iso  job.Isolation
		text string
		want string
		code int
	}{
		"processes are hidden": {
			iso:  job.Isolation{User: "nobody", NoNewPrivs: true, Namespaces: job.Namespaces{PID: true}},
			text: "id -un; ls -d /proc/[0-9]* | wc -l | grep -qx '[2-9]' && echo few; readlink /proc/" + self + "/exe || echo hidden; exit 3",
			want: "nobody\nfew\nhidden\n", code: 3,
		},
		"all of them": {
			iso:  job.Isolation{User: "nobody", Namespaces: all},
			text: "id -u; id -g; awk '{print $1, $2, $3}' /proc/self/uid_map; echo $HOME | grep -c project_1",
			want: "65534\n65534\n65534 65534 1\n1\n",
		},
		"root in its own": {
			iso:  job.Isolation{Namespaces: all},
			text: "id -u; mount -t tmpfs x /tmp 2>/dev/null && touch /tmp/x && echo mounted; hostname inside 2>/dev/null; kill -9 1 2>/dev/null; echo alive",
			want: "0\nalive\n",
		},
		"signal": {
			iso:  job.Isolation{Namespaces: job.Namespaces{PID: true}},
			text: "kill -15 $$", code: -1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := inNamespaces(t, c.text, c.iso)
			if !strings.HasPrefix(got.output, c.want) || got.end.ExitCode != c.code {
				t.Errorf("output %q, want %q; %+v", got.output, c.want, got.end)
			}
		})
	}
}

func TestIsolation_NamespacesMissingProgram(t *testing.T) {
	t.Parallel()
	needRoot(t)
	got := isolated(t, "", func(s *job.Spec) {
		s.Host.Isolation = job.Isolation{Namespaces: job.Namespaces{PID: true}}
		s.App.Program = filepath.Join(s.Repository.URL, "script.sh")
		if err := os.Chmod(s.App.Program, 0o755); err != nil {
			t.Fatal(err)
		}
	})
	if got.end.Status != "error" || !strings.Contains(got.end.Reason, "is not a program this machine can execute") {
		t.Errorf("end %+v", got.end)
	}
}

// TestIsolation_NamespaceDies: a pid namespace ends with its command, whatever
// left it, also without control groups.
func TestIsolation_NamespaceDies(t *testing.T) {
	t.Parallel()
	needRoot(t)
	note := filepath.Join(filepath.Dir(place(t)), "note")
	mark := fmt.Sprintf("%d.25", 600000+os.Getpid())
	got := inNamespaces(t, "cat > $HOME/e.py <<'EOF'\n"+strings.ReplaceAll(escape, "600", mark)+"EOF\npython3 $HOME/e.py "+note+" "+mark+"; echo done",
		job.Isolation{Namespaces: job.Namespaces{PID: true}})
	if !strings.HasSuffix(got.output, "done\n") {
		t.Errorf("output %q %+v", got.output, got.end)
	}
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range lines {
		if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), note) {
			t.Errorf("%s escaped: %q", path, text)
		}
	}
}

// TestIsolation_StopInNamespace: the polite signal reaches the program.
func TestIsolation_StopInNamespace(t *testing.T) {
	t.Parallel()
	needRoot(t)
	got := isolated(t, "trap 'echo told; exit 0' TERM; echo up; while :; do sleep 0.05; done", func(s *job.Spec) {
		s.Host.Isolation = job.Isolation{Namespaces: job.Namespaces{PID: true}}
		s.Limits.MaxDuration = time.Second // then it is asked to end
	})
	if strings.Contains(got.end.Reason, "isolation that process.*") {
		t.Skipf("NOT TESTED: this machine does not let us make namespaces: %s", got.end.Reason)
	}
	if !strings.Contains(got.output, "told\n") || got.end.Status != "error" {
		t.Errorf("output %q, end %+v", got.output, got.end)
	}
}
