// Command conformance turns what "go test -json" says of the conformance tests
// into a table of cases and backends. It reads its input and writes the file
// named as its argument, docs/conformance.md without one. It fails when a case
// failed, or when a backend was not tested at all.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	path := "docs/conformance.md"
	if len(os.Args) > 1 {
		path = os.Args[1]
	}
	text, err := table(os.Stdin)
	if text != "" {
		err = errors.Join(err, os.WriteFile(path, []byte(text), 0o644))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

// backend says by which tests a backend is tested.
type backend struct{ name, pkg, prefix string }

func backends() []backend {
	return []backend{
		{"SQLite", "/sqlstore", "TestConformance/"},
		{"PostgreSQL", "/sqlstore", "TestPostgres/Conformance/"},
		{"MariaDB", "/sqlstore", "TestMySQL/Conformance/"},
		{"Bolt", "/boltstore", "TestConformance/"},
	}
}

// event is a line of test2json.
type event struct{ Action, Package, Test, Output string }

// results are the outcomes of the cases by backend. Names are in the order in
// which they were started, which is that of the suite.
type results struct {
	names   []string
	outcome map[string]map[string]string
}

func table(r io.Reader) (string, error) {
	res := results{outcome: map[string]map[string]string{}}
	dec := json.NewDecoder(r)
	for {
		var e event
		err := dec.Decode(&e)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("read the events of the tests: %w", err)
		}
		for _, b := range backends() {
			if name, ok := strings.CutPrefix(e.Test, b.prefix); ok && strings.HasSuffix(e.Package, b.pkg) {
				res.add(b.name, name, e.Action)
			}
		}
	}
	return res.markdown()
}

func (r *results) add(backend, name, action string) {
	switch action {
	case "run", "pass", "fail", "skip":
	default:
		return
	}
	if r.outcome[name] == nil {
		r.outcome[name] = map[string]string{}
		r.names = append(r.names, name)
	}
	r.outcome[name][backend] = action
}

// cases returns the groups and the cases of each, without the tests that only
// hold others.
func (r *results) cases() (groups []string, cases map[string][]string) {
	cases = map[string][]string{}
	for _, name := range r.names {
		group, rest, ok := strings.Cut(name, "/")
		if !ok {
			groups = append(groups, group)
			continue
		}
		if !slices.ContainsFunc(r.names, func(other string) bool { return strings.HasPrefix(other, name+"/") }) {
			cases[group] = append(cases[group], rest)
		}
	}
	return groups, cases
}

func (r *results) markdown() (string, error) {
	var b strings.Builder
	b.WriteString("# Conformance of the storage backends\n\nWritten by `make conformance`, which runs one suite, `internal/store/storetest`, against every backend:\n" +
		"✓ passed, ✗ failed, – not run.\n\n| | case |")
	for _, backend := range backends() {
		b.WriteString(" " + backend.name + " |")
	}
	b.WriteString("\n|---|---|" + strings.Repeat(":-:|", len(backends())) + "\n")
	passed := map[string]int{}
	var failed []string
	groups, cases := r.cases()
	for _, group := range groups {
		for i, name := range cases[group] {
			head := ""
			if i == 0 {
				head = "**" + group + "**"
			}
			fmt.Fprintf(&b, "| %s | %s |", head, strings.ReplaceAll(name, "_", " "))
			for _, backend := range backends() {
				mark := "–"
				switch r.outcome[group+"/"+name][backend.name] {
				case "pass":
					mark = "✓"
					passed[backend.name]++
				case "fail", "run": // started and never ended
					mark = "✗"
					failed = append(failed, fmt.Sprintf("%s: %s/%s", backend.name, group, name))
				}
				b.WriteString(" " + mark + " |")
			}
			b.WriteString("\n")
		}
	}
	var errs []error
	for _, f := range failed {
		errs = append(errs, errors.New(f+" failed"))
	}
	for _, backend := range backends() {
		if passed[backend.name] == 0 {
			errs = append(errs, errors.New(backend.name+" passed no case"))
		}
	}
	return b.String(), errors.Join(errs...)
}
