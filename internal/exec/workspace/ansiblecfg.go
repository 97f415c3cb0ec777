package workspace

import (
	"os"
	"path/filepath"
	"strings"

	"signalbox/internal/exec/apps"
)

// AnsibleConfig is the ansible.cfg that ansible will use. Asking ansible costs a
// third of a second, so we read it as ansible does.
type AnsibleConfig struct {
	Path   string // "" when there is none
	values map[string]string
	env    []apps.Var
	dir    string
}

// FindAnsibleConfig finds the file for a run in dir with the environment env:
// the first that can be read of $ANSIBLE_CONFIG, dir, the home directory and
// /etc/ansible.
func FindAnsibleConfig(dir string, env []apps.Var) AnsibleConfig {
	c := AnsibleConfig{env: env, dir: dir}
	home := apps.Lookup(env, "HOME")
	var candidates []string
	if named := apps.Lookup(env, "ANSIBLE_CONFIG"); named != "" {
		named = c.expand(named, dir)
		if info, err := os.Stat(named); err == nil && info.IsDir() {
			named = filepath.Join(named, "ansible.cfg")
		}
		candidates = append(candidates, named)
	}
	// Ansible passes over a directory that everybody can write to.
	if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o002 == 0 {
		candidates = append(candidates, filepath.Join(dir, "ansible.cfg"))
	}
	if home != "" {
		candidates = append(candidates, filepath.Join(home, ".ansible.cfg"))
	}
	candidates = append(candidates, "/etc/ansible/ansible.cfg")
	for _, path := range candidates {
		if text, err := os.ReadFile(path); err == nil {
			c.Path, c.values = path, iniSection(string(text), "defaults")
			break
		}
	}
	return c
}

// iniSection reads the values of a section, with keys in lower case, by the
// rules of Python's configparser as ansible sets it up.
func iniSection(text, section string) map[string]string {
	values := map[string]string{}
	in, key, indent := false, "", 0
	for line := range strings.SplitSeq(strings.TrimPrefix(text, "\ufeff"), "\n") {
		line = strings.TrimRight(line, " \t\r\f\v")
		body := strings.TrimLeft(line, " \t\f\v")
		if body == "" || body[0] == '#' || body[0] == ';' {
			continue
		}
		if at := inlineComment(body); at > 0 {
			body = strings.TrimRight(body[:at], " \t")
		}
		depth := len(line) - len(strings.TrimLeft(line, " \t\f\v"))
		if key != "" && depth > indent {
			if in {
				values[key] += "\n" + body
			}
			continue
		}
		indent = depth
		if body[0] == '[' {
			name, _, ok := strings.Cut(body[1:], "]")
			in, key = ok && name == section, ""
			continue
		}
		at := strings.IndexAny(body, "=:")
		if at <= 0 {
			key = ""
			continue
		}
		key = strings.ToLower(strings.TrimSpace(body[:at]))
		if in {
			values[key] = strings.TrimSpace(body[at+1:])
		}
	}
	return values
}

// inlineComment finds a semicolon after a space, or -1.
func inlineComment(line string) int {
	for i := 1; i < len(line); i++ {
		if line[i] == ';' && (line[i-1] == ' ' || line[i-1] == '\t') {
			return i
		}
	}
	return -1
}

// paths is a setting that lists directories, absolute: from the environment,
// else from the file, relative to which it then is, else ok is false.
func (c AnsibleConfig) paths(variables, keys []string) (list []string, ok bool) {
	for _, name := range variables {
		if value := apps.Lookup(c.env, name); value != "" {
			return c.split(value, c.dir), true
		}
	}
	for _, key := range keys {
		if value := c.values[key]; value != "" {
			return c.split(value, filepath.Dir(c.Path)), true
		}
	}
	return nil, false
}

func (c AnsibleConfig) split(value, base string) []string {
	var list []string
	for path := range strings.SplitSeq(value, ":") {
		list = append(list, c.expand(path, base))
	}
	return list
}

// expand makes a path absolute: ~, variables, {{CWD}}.
func (c AnsibleConfig) expand(path, base string) string {
	path = strings.ReplaceAll(path, "{{CWD}}", c.dir)
	if path == "~" || strings.HasPrefix(path, "~/") {
		path = apps.Lookup(c.env, "HOME") + path[1:]
	}
	path = os.Expand(path, func(name string) string {
		if value := apps.Lookup(c.env, name); value != "" {
			return value
		}
		return "$" + name // as Python leaves it
	})
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	if !filepath.IsAbs(base) {
		base = filepath.Join(c.dir, base)
	}
	return filepath.Join(base, path)
}

// Home is ansible's own directory.
func (c AnsibleConfig) Home() string {
	if list, ok := c.paths([]string{"ANSIBLE_HOME"}, []string{"home"}); ok && len(list) > 0 {
		return list[0]
	}
	return filepath.Join(apps.Lookup(c.env, "HOME"), ".ansible")
}

// CallbackPath is where ansible looks for callbacks, as a value of
// ANSIBLE_CALLBACK_PLUGINS, with one more directory at the end. What the user
// has set keeps its effect, because the variable wins over the file.
func (c AnsibleConfig) CallbackPath(extra string) string {
	list, ok := c.paths([]string{"ANSIBLE_CALLBACK_PLUGINS"}, []string{"callback_plugins"})
	if !ok {
		list = []string{filepath.Join(c.Home(), "plugins", "callback"), "/usr/share/ansible/plugins/callback"}
	}
	return strings.Join(append(list, extra), ":")
}

// GalaxyPath is where galaxy installs a kind ("role", "collection").
func (c AnsibleConfig) GalaxyPath(kind string) string {
	variables, keys := []string{"ANSIBLE_ROLES_PATH"}, []string{"roles_path"}
	if kind == "collection" {
		variables, keys = []string{"ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_COLLECTIONS_PATHS"}, []string{"collections_path", "collections_paths"}
	}
	if list, ok := c.paths(variables, keys); ok && len(list) > 0 {
		return list[0]
	}
	return filepath.Join(c.Home(), kind+"s")
}
