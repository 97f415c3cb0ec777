package faults

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"signalbox/test/harness"
)

// TestIsolation_OnAServer: tasks of a server with process.user work, see nothing
// of its data, and the server is none the worse.
func TestIsolation_OnAServer(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: running as another user needs root")
	}
	base, err := os.MkdirTemp("", "isolation-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	origin, data := filepath.Join(base, "origin"), filepath.Join(base, "data")
	if err := os.Mkdir(origin, 0o755); err != nil {
		t.Fatal(err)
	}
	script := "id -un; echo \"token $S\"; cat " + data + "/signalbox.db; ls " + data + "; ls " + data + "/jobs; touch made && stat -c %U made\n"
	if err := os.WriteFile(filepath.Join(origin, "run.sh"), []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "."}, {"-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "one"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = origin
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v %s", args, err, out)
		}
	}
	s := harness.New(t, "SIGNALBOX_DATA_DIR="+data, "SIGNALBOX_PROCESS_USER=nobody", "SIGNALBOX_PROCESS_NO_NEW_PRIVS=yes", "SIGNALBOX_PROCESS_APP_NS_PID=no")
	s.DataDir = data
	p := s.NewProject("isolated", "file://"+origin, "main")
	secret := "s3cret-of-isolation"
	tpl := p.NewTemplate("bash", "run.sh", map[string]any{"environment_id": secretGroup(s, p, secret)})
	for range 2 {
		id := p.Launch(tpl, nil)
		task := p.Wait(id, time.Minute)
		out := p.Output(id)
		for _, want := range []string{"nobody\ntoken ***\n", "signalbox.db: Permission denied", "'" + data + "': Permission denied", "'" + data + "/jobs': Permission denied", "denied\nnobody\n"} {
			if !bytes.Contains(out, []byte(want)) {
				t.Errorf("the output lacks %q", want)
			}
		}
		if task.Status != "success" || task.CommitHash == "" {
			t.Errorf("task %+v\n%s", task, out)
		}
		if t.Failed() {
			t.Fatalf("%s", out)
		}
		s.Kill()
		s.Start()
	}
	assertNoJobs(t, s)
	assertSecretGone(t, s, secret)
}
