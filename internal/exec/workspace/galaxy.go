package workspace

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"signalbox/internal/exec/apps"
)

// Galaxy installs what a repository requires from Ansible Galaxy.
type Galaxy struct {
	Checkout string
	Playbook string // relative to Checkout
	Home     string // ANSIBLE_HOME, or ~/.ansible
	Env      []apps.Var
	// Program identifies the installed ansible: another one installs anew. The
	// identity of its file stands for the version, which would cost a third of
	// a second to ask for.
	Program string
	// Run runs ansible-galaxy with the arguments.
	Run func(ctx context.Context, args ...string) error
	// Line tells the user what was done.
	Line func(text string)
}

// Install installs collections, then roles, unless the target holds the result
// of the very same requirements.
func (g Galaxy) Install(ctx context.Context) error {
	var installed, unchanged []string
	for _, kind := range []string{"collection", "role"} {
		files := g.requirements(kind)
		if len(files) == 0 {
			continue
		}
		done, err := g.install(ctx, kind, files)
		if err != nil {
			return err
		}
		if done {
			installed = append(installed, kind+"s")
		} else {
			unchanged = append(unchanged, kind+"s")
		}
	}
	var parts []string
	if len(installed) > 0 {
		parts = append(parts, "installed "+strings.Join(installed, " and "))
	}
	if len(unchanged) > 0 {
		parts = append(parts, strings.Join(unchanged, " and ")+" unchanged")
	}
	if len(parts) > 0 {
		g.Line("Galaxy requirements: " + strings.Join(parts, ", "))
	}
	return nil
}

type requirement struct {
	path string
	text []byte
}

// requirements finds the files of a kind, in the order they are installed.
func (g Galaxy) requirements(kind string) []requirement {
	beside := filepath.Join(g.Checkout, filepath.Dir(g.Playbook))
	var found []requirement
	seen := map[string]bool{}
	for _, dir := range []string{filepath.Join(beside, kind+"s"), beside, filepath.Join(g.Checkout, kind+"s"), g.Checkout} {
		for _, name := range []string{"requirements.yml", "requirements.yaml"} {
			path := filepath.Join(dir, name)
			if seen[path] {
				continue
			}
			seen[path] = true
			text, err := os.ReadFile(path)
			if err != nil || !wants(text, kind) {
				continue
			}
			found = append(found, requirement{path, text})
			break
		}
	}
	return found
}

// wants reports whether a requirements file asks for a kind. A list is the old
// form, which knows roles only. What cannot be read is left to galaxy, which
// says what is wrong with it.
func wants(text []byte, kind string) bool {
	var content any
	if yaml.Unmarshal(text, &content) != nil {
		return true
	}
	switch c := content.(type) {
	case nil:
		return false
	case []any:
		return kind == "role" && len(c) > 0
	case map[string]any:
		list, _ := c[kind+"s"].([]any)
		return len(list) > 0
	}
	return true
}

// install installs the files of a kind, with the target locked. It reports
// whether there was something to do.
func (g Galaxy) install(ctx context.Context, kind string, files []requirement) (bool, error) {
	target := g.target(kind)
	if err := os.MkdirAll(target, 0o755); err != nil {
		return false, Explain(err, "make the directory for Galaxy "+kind+"s")
	}
	unlock, err := Lock(ctx, filepath.Join(target, ".signalbox.lock"))
	if err != nil {
		return false, err
	}
	defer unlock()
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\x00%s\x00%s\x00", kind, programIdentity(g.Program), target)
	for _, f := range files {
		fmt.Fprintf(sum, "%d\x00%s", len(f.text), f.text)
	}
	key := []byte(hex.EncodeToString(sum.Sum(nil)))
	marker := filepath.Join(target, ".signalbox."+kind+"s")
	if have, err := os.ReadFile(marker); err == nil && bytes.Equal(have, key) {
		return false, nil
	}
	_ = os.Remove(marker) // what is there will be neither the old nor the new
	for _, f := range files {
		if err := g.Run(ctx, kind, "install", "-r", f.path, "--force"); err != nil {
			return false, err
		}
	}
	if err := os.WriteFile(marker, key, 0o600); err != nil {
		return false, Explain(err, "note the installed Galaxy "+kind+"s")
	}
	return true, nil
}

// pathSetting finds a kind's setting in an ansible.cfg.
func pathSetting(kind string) *regexp.Regexp {
	name := "roles_path"
	if kind == "collection" {
		name = "collections_paths?"
	}
	return regexp.MustCompile(`(?m)^[ \t]*` + name + `[ \t]*[=:][ \t]*([^\r\n]+)$`)
}

// target is where galaxy installs a kind: where the environment or the
// repository's ansible.cfg says, else the ansible home. The marker lives there,
// so that it is lost together with what it vouches for.
func (g Galaxy) target(kind string) string {
	names := []string{"ANSIBLE_ROLES_PATH"}
	if kind == "collection" {
		names = []string{"ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_COLLECTIONS_PATHS"}
	}
	for _, name := range names {
		if value := apps.Lookup(g.Env, name); value != "" {
			return g.first(value)
		}
	}
	if text, err := os.ReadFile(filepath.Join(g.Checkout, "ansible.cfg")); err == nil {
		if m := pathSetting(kind).FindSubmatch(text); m != nil {
			return g.first(string(m[1]))
		}
	}
	return filepath.Join(g.Home, kind+"s")
}

// first takes the first of a list of paths, as galaxy does.
func (g Galaxy) first(list string) string {
	path, _, _ := strings.Cut(strings.TrimSpace(list), ":")
	path = strings.TrimSpace(path)
	if rest, ok := strings.CutPrefix(path, "~"); ok {
		return filepath.Join(apps.Lookup(g.Env, "HOME"), rest)
	}
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(g.Checkout, path)
}

func programIdentity(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return path
	}
	return fmt.Sprintf("%s %d %d", path, info.Size(), info.ModTime().UnixNano())
}
