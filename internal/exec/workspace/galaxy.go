package workspace

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"signalbox/internal/exec/fault"
)

// Galaxy installs what a repository requires from Ansible Galaxy.
type Galaxy struct {
	Checkout string
	Playbook string // relative to Checkout
	Config   AnsibleConfig
	// Further arguments of "ansible-galaxy collection install" and
	// "ansible-galaxy role install".
	CollectionArgs []string
	RoleArgs       []string
	// Program identifies the installed ansible: another one installs anew. The
	// identity of its file stands for the version, which would cost a third of
	// a second to ask for.
	Program string
	// Run runs ansible-galaxy with the arguments.
	Run func(ctx context.Context, args ...string) error
	// Line tells the user what was done.
	Line func(text string)
}

// checkArgs refuses arguments that no program can receive, or that would not be
// options.
func (g Galaxy) checkArgs() error {
	for _, arg := range slices.Concat(g.CollectionArgs, g.RoleArgs) {
		if arg == "" || strings.ContainsRune(arg, 0) || arg == "--" {
			return fault.New("The Galaxy argument %q cannot be used. Correct the Galaxy arguments of the template.", arg)
		}
	}
	return nil
}

// Install installs collections, then roles, unless the target holds the result
// of the very same requirements.
func (g Galaxy) Install(ctx context.Context) error {
	if err := g.checkArgs(); err != nil {
		return err
	}
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
	path  string
	text  []byte // with the files it includes
	local bool   // asks for files of the repository, which change without it
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
			if err != nil {
				continue
			}
			r := requirement{path: path, text: text}
			if !r.examine(g.Checkout, kind) {
				continue
			}
			found = append(found, r)
			break
		}
	}
	return found
}

// examine reports whether the file asks for a kind. A list is the old form,
// which knows roles only. What cannot be read is left to galaxy, which says what
// is wrong with it.
func (r *requirement) examine(checkout, kind string) bool {
	var content any
	if yaml.Unmarshal(r.text, &content) != nil {
		return true
	}
	var list []any
	switch c := content.(type) {
	case nil:
		return false
	case []any:
		if kind != "role" {
			return false
		}
		list = c
	case map[string]any:
		list, _ = c[kind+"s"].([]any)
	default:
		return true
	}
	for _, entry := range list {
		r.entry(checkout, entry)
	}
	return len(list) > 0
}

// entry notes what an entry depends on beside its own text.
func (r *requirement) entry(checkout string, entry any) {
	fields, _ := entry.(map[string]any)
	if included, ok := fields["include"].(string); ok {
		// Galaxy takes the path from where it runs.
		text, err := os.ReadFile(filepath.Join(checkout, included))
		if err != nil {
			r.local = true // galaxy will say what is wrong
			return
		}
		r.text = fmt.Appendf(r.text, "\x00%d\x00%s", len(text), text)
		return
	}
	name, _ := entry.(string)
	for _, key := range []string{"source", "src", "name"} {
		if text, ok := fields[key].(string); ok && text != "" {
			name = text
			break
		}
	}
	switch kind, _ := fields["type"].(string); {
	case kind == "dir", kind == "subdirs", strings.HasPrefix(name, "file://"),
		kind == "file" && !strings.Contains(name, "://"),
		kind != "git" && name != "" && strings.ContainsRune("./~", rune(name[0])):
		r.local = true
	}
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
	fmt.Fprintf(sum, "%s\x00%s\x00%s\x00%q\x00", kind, programIdentity(g.Program), target, g.args(kind))
	cacheable := true
	for _, f := range files {
		fmt.Fprintf(sum, "%d\x00%s", len(f.text), f.text)
		cacheable = cacheable && !f.local
	}
	key := []byte(hex.EncodeToString(sum.Sum(nil)))
	marker := filepath.Join(target, ".signalbox."+kind+"s")
	if have, err := os.ReadFile(marker); cacheable && err == nil && bytes.Equal(have, key) {
		return false, nil
	}
	_ = os.Remove(marker) // what is there will be neither the old nor the new
	for _, f := range files {
		args := append([]string{kind, "install", "-r", f.path, "--force"}, g.args(kind)...)
		if err := g.Run(ctx, args...); err != nil {
			return false, err
		}
	}
	if !cacheable {
		return true, nil
	}
	if err := os.WriteFile(marker, key, 0o600); err != nil {
		return false, Explain(err, "note the installed Galaxy "+kind+"s")
	}
	return true, nil
}

func (g Galaxy) args(kind string) []string {
	if kind == "role" {
		return g.RoleArgs
	}
	return g.CollectionArgs
}

// target is where galaxy installs a kind: where the arguments say, else the
// environment or ansible.cfg, else the ansible home. The marker lives there, so
// that it is lost together with what it vouches for.
func (g Galaxy) target(kind string) string {
	target := g.Config.GalaxyPath(kind)
	long := "--" + kind + "s-path"
	args := g.args(kind)
	for i, arg := range args {
		switch value, joined := strings.CutPrefix(arg, long+"="); {
		case joined:
			target = g.Config.expand(value, g.Checkout)
		case (arg == long || arg == "-p") && i+1 < len(args):
			target = g.Config.expand(args[i+1], g.Checkout)
		case strings.HasPrefix(arg, "-p") && len(arg) > 2:
			target = g.Config.expand(arg[2:], g.Checkout)
		}
	}
	return target
}

func programIdentity(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return path
	}
	return fmt.Sprintf("%s %d %d", path, info.Size(), info.ModTime().UnixNano())
}
