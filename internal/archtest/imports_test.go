package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"sort"
	"strings"
	"sync"
	"testing"
)

// pkg is what "go list" says about a package.
type pkg struct {
	ImportPath string
	Dir        string
	Imports    []string
	Standard   bool
	GoFiles    []string
	Module     *struct {
		Path string
		Main bool
	}
}

// name is the import path below the module.
func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, module) }

func (p pkg) ours() bool { return p.Module != nil && p.Module.Main }

// tree lists the packages of the program and everything they import.
var tree = sync.OnceValues(func() (map[string]pkg, error) {
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Dir,Imports,Standard,GoFiles,Module",
		"./cmd/...", "./internal/...", "./test/...")
	cmd.Dir = "../.."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.New(stderr.String())
	}
	all := make(map[string]pkg)
	decoder := json.NewDecoder(bytes.NewReader(out))
	for {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all[p.ImportPath] = p
	}
})

func packages(t *testing.T) map[string]pkg {
	t.Helper()
	all, err := tree()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return all
}

// own returns our packages in order.
func own(t *testing.T) []pkg {
	t.Helper()
	var list []pkg
	for _, p := range packages(t) {
		if p.ours() {
			list = append(list, p)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].ImportPath < list[j].ImportPath })
	return list
}

func TestEveryPackageHasItsPlace(t *testing.T) {
	t.Parallel()
	for _, p := range own(t) {
		if ring, _ := place(p.name(), layers()); ring < 0 {
			t.Errorf("%s stands in no layer: add it to the table in archtest.go", p.name())
		}
	}
}

func TestImportsPointInwards(t *testing.T) {
	t.Parallel()
	rings, all := layers(), packages(t)
	for _, p := range own(t) {
		ring, entry := place(p.name(), rings)
		if ring < 0 {
			continue
		}
		for _, path := range p.Imports {
			imported, known := all[path]
			if !known || !imported.ours() {
				continue
			}
			to, other := place(imported.name(), rings)
			switch {
			case to > ring:
				t.Errorf("%s (%s) imports %s (%s): %s", p.name(), rings[ring].name, imported.name(), rings[to].name, rings[ring].because)
			case to == ring && rings[ring].apart && family(entry) != family(other):
				t.Errorf("%s imports %s, both %s: %s", p.name(), imported.name(), rings[ring].name, rings[ring].because)
			}
		}
	}
}

func TestBannedImports(t *testing.T) {
	t.Parallel()
	all := packages(t)
	for _, b := range bans() {
		for _, p := range own(t) {
			if !matches(p.name(), b.from) || matches(p.name(), b.except) {
				continue
			}
			if way := reach(p, b, all, map[string]bool{}); way != nil {
				t.Errorf("%s: %s", strings.Join(way, " → "), b.because)
			}
		}
	}
}

// reach returns the way from a package to one that it must not import.
func reach(p pkg, b ban, all map[string]pkg, seen map[string]bool) []string {
	seen[p.ImportPath] = true
	for _, path := range p.Imports {
		name := strings.TrimPrefix(path, module)
		if matches(name, b.never) && !matches(name, b.from) {
			return []string{p.name(), name}
		}
		if next := all[path]; b.deep && next.ours() && !seen[path] {
			if way := reach(next, b, all, seen); way != nil {
				return append([]string{p.name()}, way...)
			}
		}
	}
	return nil
}

// The rules themselves are tried on a small made-up house.
func TestRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"internal/exec/...", "internal/exec", true},
		{"internal/exec/...", "internal/exec/apps/ansible", true},
		{"internal/exec/...", "internal/executor", false},
		{"internal/job", "internal/job/x", false},
	} {
		if got := covers(c.pattern, c.name); got != c.want {
			t.Errorf("covers(%q, %q) = %t, want %t", c.pattern, c.name, got, c.want)
		}
	}
	if ring, entry := place("internal/store/sqlstore/dialect", layers()); layers()[ring].name != "adapters" || entry != "internal/store/sqlstore/..." {
		t.Errorf("a database is placed at %q in ring %d", entry, ring)
	}
	all := map[string]pkg{}
	for from, to := range map[string][]string{
		"signalbox/internal/runner": {"signalbox/internal/job"},
		"signalbox/internal/job":    {"signalbox/internal/store"},
		"signalbox/internal/store":  nil,
	} {
		p := pkg{ImportPath: from, Imports: to}
		p.Module = &struct {
			Path string
			Main bool
		}{"signalbox", true}
		all[from] = p
	}
	deep := ban{from: []string{"internal/runner"}, never: []string{"internal/store/..."}, deep: true}
	if way := reach(all["signalbox/internal/runner"], deep, all, map[string]bool{}); len(way) != 3 {
		t.Errorf("a way round was not found: %q", way)
	}
}
