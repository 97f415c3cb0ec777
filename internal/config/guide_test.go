package config

import (
	"os"
	"strings"
	"testing"
)

// TestGuide holds the table of settings in the administrator's guide to the one
// in the code; "make docs" writes it.
func TestGuide(t *testing.T) {
	t.Parallel()
	const file, begin, end = "../../docs/admin-guide.md", "<!-- settings: written by make docs -->\n", "<!-- end of settings -->\n"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(data), begin)
	table, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no marks around the table of settings", file)
	}
	if table == Markdown() {
		return
	}
	if !*update {
		t.Fatalf("the table of settings in %s is old: run make docs", file)
	}
	if err := os.WriteFile(file, []byte(before+begin+Markdown()+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
