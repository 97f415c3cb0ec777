package workspace

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/keys"
	"signalbox/internal/job"
)

func TestResolve(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, dir := range []string{"a/b", "root-evil"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	checkout := filepath.Join(root, "root")
	if err := os.Mkdir(checkout, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"in": "file", "out": "../a", "sibling": "../root-evil", "absolute": "/etc", "loop": "loop", "dir": "."} {
		if err := os.Symlink(target, filepath.Join(checkout, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(checkout, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, ok := range map[string]bool{
		"file": true, "in": true, "dir/file": true, "./file": true, ".": true, "a/../file": true,
		"out": false, "out/b": false, "sibling": false, "absolute": false, "absolute/passwd": false, "loop": false,
		"../a": false, "a/../../a": false, "/etc/passwd": false, "none": false, "": true, "x\x00": false,
	} {
		got, err := Resolve(checkout, name, "script")
		if (err == nil) != ok {
			t.Errorf("%q: %q, %v", name, got, err)
		}
		if err == nil && got != checkout && !strings.HasPrefix(got, checkout+"/") {
			t.Errorf("%q leads to %q", name, got)
		}
	}
}

func FuzzResolve(f *testing.F) {
	for _, s := range []string{"../x", "a/../../x", "link/..", "/etc", "link/../..", "dir/link/x"} {
		f.Add(s)
	}
	root := f.TempDir()
	checkout := filepath.Join(root, "checkout")
	if err := os.MkdirAll(filepath.Join(checkout, "dir"), 0o755); err != nil {
		f.Fatal(err)
	}
	for link, to := range map[string]string{"link": "..", "dir/link": "../..", "self": "."} {
		if err := os.Symlink(to, filepath.Join(checkout, link)); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, err := Resolve(checkout, name, "script")
		if err == nil && got != checkout && !strings.HasPrefix(got, checkout+"/") {
			t.Fatalf("%q leads to %q", name, got)
		}
	})
}

func TestMachine_Order(t *testing.T) {
	t.Parallel()
	spec := &job.Spec{ProjectID: 3, Host: job.Host{
		DataDir: t.TempDir(), ForwardEnv: []string{"LANG", "EMPTY", "http_proxy"}, EnvVars: map[string]string{"http_proxy": "fixed", "HOME": "/nowhere"},
	}}
	env := map[string]string{"PATH": "/p", "HOME": "/h", "LANG": "de_DE.UTF-8", "http_proxy": "server", "SECRET": "no"}
	vars, err := Machine(spec, "/d", func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"PATH": "/p", "HOME": "/h", "PWD": "/d", "LANG": "de_DE.UTF-8", "http_proxy": "fixed", "SECRET": "", "EMPTY": ""} {
		if got := apps.Lookup(vars, name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	spec.Host.HomeMode = "project_home"
	vars, err = Machine(spec, "/d", func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	home := apps.Lookup(vars, "HOME")
	if info, err := os.Stat(home); err != nil || info.Mode().Perm() != 0o700 || home != filepath.Join(spec.Host.DataDir, "homes", "project_3") {
		t.Errorf("project home %q: %v", home, err)
	}
}

func TestInventory(t *testing.T) {
	t.Parallel()
	jobDir := t.TempDir()
	d, err := Create(jobDir)
	if err != nil {
		t.Fatal(err)
	}
	path, err := d.Inventory(&job.Inventory{ID: 4, Kind: "static", Text: "web"}, "", false)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || filepath.Base(path) != "inventory_4" {
		t.Errorf("%s %v %v", path, info.Mode(), err)
	}
	if info, err := os.Stat(d.Private); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("private directory: %v %v", info.Mode(), err)
	}
	if _, err := d.Inventory(&job.Inventory{Kind: "tofu-workspace"}, "", false); err == nil {
		t.Error("a workspace was taken as an inventory")
	}
	if _, err := d.Inventory(&job.Inventory{Kind: "file", Text: "../../etc/passwd"}, jobDir, false); err == nil {
		t.Error("an inventory outside was taken")
	}
}

func TestWants(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                "",
		"---\n":                           "",
		"- src: geerlingguy.nginx\n":      "role",
		"[]":                              "",
		"roles: [{name: a}]":              "role",
		"collections: [community.crypto]": "collection",
		"roles: [a]\ncollections: [b]":    "collection role",
		"roles: []\ncollections:":         "",
		": : :":                           "collection role",
	} {
		var got []string
		for _, kind := range []string{"collection", "role"} {
			if (&requirement{text: []byte(text)}).examine(t.TempDir(), kind) {
				got = append(got, kind)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v, want %q", text, got, want)
		}
	}
}

func TestGalaxyTarget(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := []apps.Var{{Name: "HOME", Value: "/home/x"}, {Name: "ANSIBLE_HOME", Value: "/h/.ansible"}}
	target := func(kind string, args ...string) string {
		return Galaxy{Checkout: dir, Config: FindAnsibleConfig(dir, env), RoleArgs: args, CollectionArgs: args}.target(kind)
	}
	if got := target("role"); got != "/h/.ansible/roles" {
		t.Errorf("by default %q", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "ansible.cfg"), []byte("[defaults]\nroles_path = ./roles:/etc/roles\ncollections_paths=/c\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := target("role"); got != filepath.Join(dir, "roles") {
		t.Errorf("by ansible.cfg %q", got)
	}
	if got := target("collection"); got != "/c" {
		t.Errorf("by ansible.cfg %q", got)
	}
	env = append(env, apps.Var{Name: "ANSIBLE_ROLES_PATH", Value: "~/r"})
	if got := target("role"); got != "/home/x/r" {
		t.Errorf("by environment %q", got)
	}
	for _, args := range [][]string{{"-p", "mine"}, {"-pmine"}, {"--roles-path=mine"}, {"--roles-path", "./mine"}} {
		if got := target("role", args...); got != filepath.Join(dir, "mine") {
			t.Errorf("by arguments %q: %q", args, got)
		}
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	jobs, data := t.TempDir(), t.TempDir()
	agent, err := os.MkdirTemp("", keys.AgentDirPrefix)
	if err != nil {
		t.Fatal(err)
	}
	make := func(name string) *Dir {
		t.Helper()
		dir := filepath.Join(jobs, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, job.JournalFile), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Create(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.WriteFile("secret", []byte("s")); err != nil {
			t.Fatal(err)
		}
		return d
	}
	dead, alive := make("dead"), make("alive")
	if err := os.Symlink(agent, filepath.Join(dead.Private, keys.AgentLink)); err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	sub, err := dead.Subdir("git-checkout")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(sub, keys.AgentLink)); err != nil {
		t.Fatal(err)
	}
	// A program may leave directories that cannot be written.
	if err := os.MkdirAll(filepath.Join(dead.Checkout, "locked", "in"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dead.Checkout, "locked"), 0o500); err != nil {
		t.Fatal(err)
	}
	lock, err := job.Lock(filepath.Join(jobs, "alive"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	old := filepath.Join(data, "queries", "old")
	if err := os.MkdirAll(old, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(old, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := Sweep(jobs, data); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		dead.Root: false, agent: false, old: false, alive.Root: true, elsewhere: true,
		filepath.Join(jobs, "dead", job.JournalFile): true,
	} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: there should be %v, %v", path, want, err)
		}
	}
	if err := Sweep(filepath.Join(jobs, "none"), filepath.Join(data, "none")); err != nil {
		t.Error("nothing to sweep:", err)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]string{
		os.ErrPermission:      "may not write",
		errors.New("strange"): "could not write: strange",
	} {
		if got := Explain(err, "write").Error(); !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}
