package isolate

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"signalbox/internal/exec/fault"
	"signalbox/internal/job"
)

func TestResolve_NotRoot(t *testing.T) {
	if os.Geteuid() == 0 {
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestResolve_NotRoot$", "-test.v")
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "PASS: TestResolve_NotRoot") {
			t.Fatalf("as another user: %v\n%s", err, out)
		}
		return
	}
	uid, gid := os.Getuid(), os.Getgid()
	for name, c := range map[string]struct {
		iso  job.Isolation
		want string // "" for no error
	}{
		"another user":  {job.Isolation{User: "root"}, "Tasks are to run as the user 'root' (process.user), which only a server that runs as root can do. Nothing was run."},
		"another group": {job.Isolation{UID: &uid, GID: new(int)}, "only a server that runs as root"},
		"namespace":     {job.Isolation{Namespaces: job.Namespaces{PID: true}}, "process.app_namespaces"},
		"itself":        {job.Isolation{UID: &uid, GID: &gid}, ""},
		"nothing":       {job.Isolation{NoNewPrivs: true}, ""},
	} {
		who, err := Resolve(c.iso)
		switch {
		case c.want == "" && (err != nil || who.Commands(nil).Credential != nil):
			t.Errorf("%s: %v, %+v", name, err, who)
		case c.want != "" && (err == nil || !strings.Contains(fault.Sentence(err), c.want)):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestGive: what lies in a directory is handed over, what links lead to is not.
func TestGive(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: giving files away needs root")
	}
	base := t.TempDir()
	dir, outside := filepath.Join(base, "dir"), filepath.Join(base, "outside")
	if err := os.MkdirAll(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{outside, filepath.Join(dir, "sub", "file")} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, link := range []string{"link", "sub/link"} {
		if err := os.Symlink(outside, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := give(&Identity{UID: 65534, GID: 65534}, dir); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]uint32{dir: 65534, dir + "/sub": 65534, dir + "/sub/file": 65534, dir + "/link": 65534, outside: 0, base: 0} {
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Sys().(*syscall.Stat_t).Uid; got != want {
			t.Errorf("%s belongs to %d, want %d", path, got, want)
		}
	}
}
