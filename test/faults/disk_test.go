package faults

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"errors"
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

	_ "modernc.org/sqlite" // to look into the database of a server that was killed

	"signalbox/internal/testkit"
)

// disk is a small file system that can be filled and freed.
type disk struct {
	t   *testing.T
	dir string
}

// mountDisk mounts a small file system. Where that is not permitted the test is
// skipped, and says so; with CI=true it fails.
func mountDisk(t *testing.T, dir string, mib int) *disk {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0700", mib)); err != nil {
		if testkit.InCI() {
			t.Fatalf("a small file system cannot be mounted (%v), and with CI=true nothing may be missing", err)
		}
		t.Skipf("SKIPPED: this machine does not let us mount a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return &disk{t: t, dir: dir}
}

// free is how many bytes there is room for.
func (d *disk) free() int64 {
	d.t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &st); err != nil {
		d.t.Fatal(err)
	}
	return int64(st.Bavail) * st.Bsize
}

// fill leaves so many bytes of room.
func (d *disk) fill(leave int64) {
	d.t.Helper()
	f, err := os.OpenFile(d.ballast(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	buf := make([]byte, 4096)
	for d.free() > leave {
		if _, err := f.Write(buf); err != nil && !errors.Is(err, syscall.ENOSPC) {
			d.t.Fatal(err)
		}
	}
}

// empty makes room again.
func (d *disk) empty() {
	d.t.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *disk) ballast() string { return filepath.Join(d.dir, ".ballast") }

// noise is text that no compression makes smaller by much.
func noise(seed uint64, bytes int) string {
	random := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	for b.Len() < bytes {
		fmt.Fprintf(&b, "%016x%016x%016x%016x\n", random.Uint64(), random.Uint64(), random.Uint64(), random.Uint64())
	}
	return b.String()
}

// TestWorkspaceDiskFull fills the disk that a part of a run writes to. The task
// ends in an error that says so; meanwhile other projects' tasks run; with room
// again the next run works.
func TestWorkspaceDiskFull(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		at      string // the part of the data directory that is a disk of its own
		leave   int64
		starves bool // there is no room for anybody's task
		rig     func(t *testing.T) (*rig, int)
		reaches string // what the output of the failing run holds
	}{
		{name: "start", at: "jobs", starves: true, rig: largeRepoRig},
		{name: "fetch", at: "mirrors", leave: 64 << 10, rig: largeRepoRig},
		{name: "checkout", at: "jobs", leave: 512 << 10, rig: largeRepoRig},
		{name: "galaxy", at: "homes", leave: 32 << 10, reaches: "Starting galaxy", rig: func(t *testing.T) (*rig, int) {
			files := galaxyFiles(t)
			r := newRig(t, gitRepo(t, files), "main", ansiblePrograms(t))
			return r, r.template("ansible", "site.yml", nil)
		}},
		{name: "temporary files of a play", at: "homes", leave: 4 << 10, reaches: "PLAY [", rig: func(t *testing.T) (*rig, int) {
			r := newRig(t, gitRepo(t, map[string]string{"site.yml": "- hosts: all\n  gather_facts: false\n  tasks: [{command: 'true'}]\n"}), "main", ansiblePrograms(t))
			return r, r.template("ansible", "site.yml", nil)
		}},
		{name: "plan", at: "jobs", leave: 1200 << 10, reaches: "successfully initialized", rig: func(t *testing.T) (*rig, int) {
			r := newRig(t, gitRepo(t, map[string]string{"main.tf": "resource \"terraform_data\" \"one\" {\n  input = \"" +
				strings.ReplaceAll(noise(3, 700<<10), "\n", "") + "\"\n}\n"}), "main", map[string]string{"tofu": testkit.Tofu(t)})
			return r, r.template("tofu", "", map[string]any{"inventory_id": nil, "task_params": map[string]any{"auto_approve": true}})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, tpl := c.rig(t)
			other := r.s.NewProject("another", repo(t, map[string]string{"small.sh": "echo fine\n"}), "")
			small := other.NewTemplate("bash", "small.sh", nil)
			before := other.Wait(other.Launch(small, nil), 20*time.Second)
			d := mountDisk(t, filepath.Join(r.s.DataDir, c.at), 48)
			d.fill(c.leave)
			task := r.p.Wait(r.p.Launch(tpl, nil), time.Minute)
			out := r.p.Output(task.ID)
			if task.Status != "error" || !namesFullDisk(task.StatusReason) || !bytes.Contains(out, []byte(c.reaches)) {
				t.Errorf("on a full disk the task is %s (%q), want error naming the disk; output:\n%s", task.Status, task.StatusReason, out[max(0, len(out)-3000):])
			}
			r.clean("on a full disk", task.ID)
			if n := ends(t, r.s, r.p, task.ID); n != 1 {
				t.Errorf("%d events say that the task ended", n)
			}
			if now := other.Wait(other.Launch(small, nil), 20*time.Second); (now.Status == "success") == c.starves || c.starves && !namesFullDisk(now.StatusReason) {
				t.Errorf("another project's task is %s (%q)", now.Status, now.StatusReason)
			}
			if got := other.Output(before.ID); !bytes.Contains(got, []byte("fine")) {
				t.Errorf("an earlier output is lost: %q", got)
			}
			d.empty()
			task = r.p.Wait(r.p.Launch(tpl, nil), time.Minute)
			if task.Status != "success" {
				t.Errorf("with room again the task is %s (%q); output:\n%s", task.Status, task.StatusReason, r.p.Output(task.ID))
			}
			r.clean("with room again", task.ID)
			r.s.Kill() // before its directory goes
		})
	}
}

func namesFullDisk(reason string) bool {
	return strings.Contains(strings.ToLower(reason), "disk is full") || strings.Contains(reason, "disk of the data directory is full")
}

func largeRepoRig(t *testing.T) (*rig, int) {
	files := map[string]string{"run.sh": "echo the script of the repository\n"}
	for i := range 8 {
		files[fmt.Sprintf("data%d", i)] = noise(uint64(i), 256<<10)
	}
	r := newRig(t, gitRepo(t, files), "main", nil)
	return r, r.template("bash", "run.sh", nil)
}

// TestDataDirFull_ServerGoesOn fills the whole data directory while tasks print.
// The server answers all the while; what it has shown stays; a task that could
// not keep its output ends in an error that says so; and with room again all
// goes on.
func TestDataDirFull_ServerGoesOn(t *testing.T) {
	t.Parallel()
	d := mountDisk(t, filepath.Join(t.TempDir(), "data"), 48)
	notes := t.TempDir()
	starts, stop := filepath.Join(notes, "starts"), filepath.Join(notes, "stop")
	dir := repo(t, map[string]string{"chatty.py": chatty, "quiet.sh": "while [ ! -e $1 ]; do sleep 0.05; done; echo quiet end\n", "small.sh": "echo fine\n"})
	r := newRig(t, dir, "", nil, "SIGNALBOX_DATA_DIR="+d.dir)
	r.s.DataDir = d.dir
	arguments := map[string]any{"allow_override_args_in_task": true}
	small := r.template("bash", "small.sh", nil)
	before := r.p.Wait(r.p.Launch(small, nil), 20*time.Second)
	loud := r.p.Launch(r.template("python", "chatty.py", arguments), map[string]any{"arguments": fmt.Sprintf("[%q,%q,%q]", "loud", starts, stop)})
	quiet := r.p.Launch(r.template("bash", "quiet.sh", arguments), map[string]any{"arguments": fmt.Sprintf("[%q]", stop)})
	r.until(loud, "line 200 ")
	r.untilStatus(quiet, "running")
	shown := programOutput(r.p.Output(loud), "loud")
	d.fill(0)

	refused := 0
	for i := range 20 {
		resp, err := http.Get(r.s.URL + "/api/ping")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("ping on a full disk: %d", resp.StatusCode)
		}
		if got := programOutput(r.p.Output(loud), "loud"); !bytes.HasPrefix(got, shown[:bytes.LastIndexByte(shown, '\n')+1]) {
			t.Fatalf("lines that were shown are gone: %d bytes, then %d", len(shown), len(got))
		}
		status, text, err := r.s.Try("POST", r.p.Path("/keys"), map[string]any{
			"name": "k" + strconv.Itoa(i), "type": "none", "project_id": r.p.ID,
		})
		switch {
		case err != nil:
			t.Fatal(err)
		case status == http.StatusServiceUnavailable && bytes.Contains(text, []byte("disk is full")):
			refused++
		case status != http.StatusCreated: // there may be room in the database's files
			t.Errorf("a change on a full disk gave %d %s", status, text)
		}
		d.fill(0)
		time.Sleep(50 * time.Millisecond) // the program goes on printing meanwhile
	}
	if refused == 0 {
		t.Error("no change was refused: was the disk full?")
	}
	d.empty()
	if err := os.WriteFile(stop, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	task := r.p.Wait(loud, time.Minute)
	got := programOutput(r.p.Output(loud), "loud")
	switch task.Status {
	case "success":
		wrote, err := os.ReadFile(starts + ".loud")
		if err != nil {
			t.Fatal(err)
		}
		lines, err := strconv.Atoi(string(wrote))
		if err != nil {
			t.Fatal(err)
		}
		if want := expected("loud", lines); sha256.Sum256(got) != sha256.Sum256(want) {
			t.Errorf("%d bytes stored, %d written; first difference at %d", len(got), len(want), difference(got, want))
		}
	case "error":
		if !strings.Contains(strings.ToLower(task.StatusReason), "disk is full") {
			t.Errorf("the task ended with %q, want a word about the disk", task.StatusReason)
		}
		whole := got[:bytes.LastIndexByte(got, '\n')+1]
		if want := expected("loud", bytes.Count(whole, []byte("\n"))); !bytes.Equal(whole, want) {
			t.Errorf("the output differs at %d of %d", difference(whole, want), len(whole))
		}
	default:
		t.Errorf("the task is %s (%q)", task.Status, task.StatusReason)
	}
	t.Logf("the task that printed ended in %s (%s); %d changes refused", task.Status, task.StatusReason, refused)
	if task := r.p.Wait(quiet, time.Minute); task.Status != "success" {
		t.Errorf("a task that needed no room is %s (%q)", task.Status, task.StatusReason)
	}
	if out := r.p.Output(before.ID); !bytes.Contains(out, []byte("fine")) {
		t.Errorf("an earlier output is lost: %q", out)
	}
	for _, id := range []int{before.ID, loud, quiet} {
		if n := ends(t, r.s, r.p, id); n != 1 {
			t.Errorf("%d events say that task %d ended", n, id)
		}
	}
	after := r.p.Launch(small, nil)
	if task := r.p.Wait(after, 20*time.Second); task.Status != "success" {
		t.Errorf("with room again a task is %s (%q)", task.Status, task.StatusReason)
	}
	r.clean("with room again", after)
	r.s.Kill()
	assertIntact(t, filepath.Join(d.dir, "signalbox.db"))
	r.s.Start()
	if again := r.p.Task(loud); again.Status != task.Status || again.LogLines != task.LogLines {
		t.Errorf("after a restart the task is %+v, it was %+v", again, task)
	}
	r.s.Kill() // before its directory goes
}

// assertIntact checks the structure of a database whose server was killed.
func assertIntact(t *testing.T, path string) {
	t.Helper()
	if os.Getenv("SIGNALBOX_TEST_DIALECT") != "" {
		return // its own server looks after it
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRow("pragma integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("the database is damaged: %s %v", verdict, err)
	}
}
