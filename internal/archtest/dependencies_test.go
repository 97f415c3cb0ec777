package archtest

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestEveryDependencyHasItsReason: whoever adds a library says in
// docs/dependencies.md what it is needed for and why this one.
func TestEveryDependencyHasItsReason(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	explained := func(name string) bool {
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "|") && strings.Contains(line, "`"+name+"`") {
				return true
			}
		}
		return false
	}
	used := make(map[string]bool)
	for _, p := range own(t) {
		for _, path := range append(p.Imports, allImports(t, p)...) {
			if required := moduleOf(path, requirements(t)); required != "" {
				used[required] = true
			}
		}
	}
	var manifest struct {
		Dependencies    map[string]string `json:"dependencies"`
		DevDependencies map[string]string `json:"devDependencies"`
	}
	data, err := os.ReadFile("../../web/package.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	for name := range manifest.Dependencies {
		used[name] = true
	}
	for name := range manifest.DevDependencies {
		used[name] = true
	}
	for name := range used {
		if !explained(name) {
			t.Errorf("docs/dependencies.md has no line for `%s`: say what it is needed for and why this one", name)
		}
	}
}

// allImports are the imports of a package and of its tests, on any system.
func allImports(t *testing.T, p pkg) []string {
	t.Helper()
	var paths []string
	for _, file := range parse(t, p) {
		for _, i := range file.Imports {
			paths = append(paths, strings.Trim(i.Path.Value, `"`))
		}
	}
	return paths
}

// requirements are the modules that go.mod names.
func requirements(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	var modules []string
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(fields) >= 2 && strings.HasPrefix(fields[1], "v") && strings.Contains(fields[0], ".") {
			modules = append(modules, fields[0])
		}
	}
	return modules
}

// moduleOf returns the module that holds a package, "" for our own and the
// standard library's.
func moduleOf(path string, modules []string) string {
	best := ""
	for _, m := range modules {
		if covers(m+"/...", path) && len(m) > len(best) {
			best = m
		}
	}
	return best
}
