package workspace

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"signalbox/internal/exec/apps"
)

// TestAnsibleConfig_AsAnsibleReadsIt compares with the real ansible.
func TestAnsibleConfig_AsAnsibleReadsIt(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("ansible-config")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("ansible-config is not installed")
		}
		t.Skip("SKIPPED: ansible-config is not installed")
	}
	for name, c := range map[string]struct {
		cfg   string // of the working directory
		home  string // ~/.ansible.cfg
		named string // of $ANSIBLE_CONFIG
		env   []apps.Var
		open  bool // everybody can write the working directory
	}{
		"nothing":       {},
		"relative":      {cfg: "[defaults]\ncallback_plugins = plugins:./more/../less\n"},
		"several lines": {cfg: "# c\n[other]\ncallback_plugins=/no\n[defaults]\n  ; c\nCallback_Plugins : /a:/b ; a:comment\nroles_path = /r\n\n[more]\ncallback_plugins = /never\n"},
		"semicolon":     {cfg: "[defaults]\ncallback_plugins = /a;b:/c # d\n"},
		"variables":     {cfg: "[defaults]\ncallback_plugins = ~/x:$PLACE/y:${PLACE}/z:{{CWD}}/w:$NOTHING/q\n", env: []apps.Var{{Name: "PLACE", Value: "/place"}}},
		"home file":     {home: "[defaults]\ncallback_plugins = here\n"},
		"named file":    {cfg: "[defaults]\ncallback_plugins = /no\n", named: "[defaults]\ncallback_plugins = beside\n"},
		"environment":   {cfg: "[defaults]\ncallback_plugins = /no\n", env: []apps.Var{{Name: "ANSIBLE_CALLBACK_PLUGINS", Value: "mine:/b"}}},
		"ansible home":  {cfg: "[defaults]\nhome = ~/elsewhere\n"},
		"its variable":  {env: []apps.Var{{Name: "ANSIBLE_HOME", Value: "/somewhere"}}},
		"open to all":   {cfg: "[defaults]\ncallback_plugins = /no\n", open: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			dir, home := filepath.Join(root, "work"), filepath.Join(root, "home")
			for _, d := range []string{dir, home} {
				if err := os.Mkdir(d, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			env := append([]apps.Var{{Name: "HOME", Value: home}, {Name: "PATH", Value: os.Getenv("PATH")}}, c.env...)
			if c.named != "" {
				env = append(env, apps.Var{Name: "ANSIBLE_CONFIG", Value: "../named.cfg"})
			}
			for path, text := range map[string]string{filepath.Join(dir, "ansible.cfg"): c.cfg, filepath.Join(home, ".ansible.cfg"): c.home, filepath.Join(root, "named.cfg"): c.named} {
				if text == "" {
					continue
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if c.open {
				if err := os.Chmod(dir, 0o777); err != nil {
					t.Fatal(err)
				}
			}
			list, err := apps.Environ(env)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(program, "dump")
			cmd.Dir, cmd.Env = dir, list
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			m := regexp.MustCompile(`DEFAULT_CALLBACK_PLUGIN_PATH\(.*\) = \[(.*)\]`).FindSubmatch(out)
			if m == nil {
				t.Fatalf("ansible-config says\n%s", out)
			}
			want := strings.NewReplacer("'", "", ", ", ":").Replace(string(m[1])) + ":/extra"
			if got := FindAnsibleConfig(dir, env).CallbackPath("/extra"); got != want {
				t.Errorf("%q, ansible says %q", got, want)
			}
		})
	}
}

// TestRequirements_Local: what the text of the file does not pin is not cached.
func TestRequirements_Local(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "more.yml"), []byte("- a\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"roles: [{src: geerlingguy.nginx}]":                               false,
		"roles: [{src: 'git+file:///r', name: x}]":                        false,
		"roles: [{src: './r.tgz'}]":                                       true,
		"roles: [{src: 'file:///r.tgz'}]":                                 true,
		"roles: [{include: more.yml}]":                                    false,
		"roles: [{include: missing.yml}]":                                 true,
		"- ../role":                                                       true,
		"collections: [{name: a.b, version: 1.0.0}]":                      false,
		"collections: [{name: ./a, type: dir}]":                           true,
		"collections: [{source: cols, type: subdirs}]":                    true,
		"collections: [{name: a.tgz, type: file}]":                        true,
		"collections: [{name: /a.tgz}]":                                   true,
		"collections: [{name: 'https://h/a.tgz', type: url}]":             false,
		"collections: [{name: 'https://h/a.git', type: git, version: v}]": false,
	} {
		got := requirement{text: []byte(text)}
		got.examine(dir, "role")
		got.examine(dir, "collection")
		if got.local != want {
			t.Errorf("%s: local %v", text, got.local)
		}
	}
	r := requirement{text: []byte("roles: [{include: more.yml}]")}
	r.examine(dir, "role")
	if !strings.Contains(string(r.text), "- a\n") {
		t.Error("the included file is not in the key")
	}
}
