package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// answer runs a command and returns what it wrote to standard output.
func answer(t *testing.T, environ []string, command string) string {
	t.Helper()
	out := session(t, &fakeApp{}, environ, command)
	out = strings.TrimPrefix(out, "$ "+command+"\n")
	text, ok := strings.CutSuffix(out, "→ 0\n\n")
	if !ok {
		t.Fatalf("%s: %s", command, out)
	}
	return text
}

// JSON and YAML say the same, and a table has it too.
func TestOutput_FormsAgree(t *testing.T) {
	t.Parallel()
	environ := env(t)
	for _, command := range []string{"signalbox version", "signalbox config show", "signalbox migrate status", "signalbox user list"} {
		var asJSON, asYAML any
		if err := json.Unmarshal([]byte(answer(t, environ, command+" -o json")), &asJSON); err != nil {
			t.Errorf("%s: %v", command, err)
		}
		var plain any
		if err := yaml.Unmarshal([]byte(answer(t, environ, command+" -o yaml")), &plain); err != nil {
			t.Errorf("%s: %v", command, err)
		}
		text, err := json.Marshal(plain)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &asYAML); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(asJSON, asYAML); diff != "" {
			t.Errorf("%s (-json +yaml):\n%s", command, diff)
		}
		if object, ok := asJSON.(map[string]any); ok {
			table := strings.ToLower(strings.ReplaceAll(answer(t, environ, command+" -o table"), " ", "_"))
			for name := range object {
				if !strings.Contains(table, name) {
					t.Errorf("%s: the table lacks %s:\n%s", command, name, table)
				}
			}
		}
	}
}

func TestMan(t *testing.T) {
	t.Parallel()
	page := answer(t, env(t), "signalbox man task run")
	for _, part := range []string{".TH \"SIGNALBOX-TASK-RUN\" \"1\"", "--wait", "signalbox-task(1)"} {
		if !strings.Contains(strings.ReplaceAll(page, `\-`, "-"), part) {
			t.Errorf("the page lacks %q:\n%s", part, page)
		}
	}
	dir := filepath.Join(t.TempDir(), "man1")
	answer(t, env(t), "signalbox man --dir "+dir)
	pages, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil || len(pages) < 30 {
		t.Errorf("%d pages, %v", len(pages), err)
	}
	one, err := os.ReadFile(filepath.Join(dir, "signalbox-task-run.1"))
	if err != nil || string(one) != page {
		t.Errorf("the page in the directory is another: %v", err)
	}
	for _, command := range []string{"signalbox man nosuch", "signalbox man task nosuch", "signalbox man user --dir " + dir} {
		if out := session(t, &fakeApp{}, env(t), command); !strings.HasSuffix(out, "→ 2\n\n") {
			t.Errorf("%s: %s", command, out)
		}
	}
}

// Scripts made for the reference find its lines and exit codes on request.
func TestCompatibility(t *testing.T) {
	t.Parallel()
	golden(t, "compat.txt", session(t, &fakeApp{}, append(env(t), "SEMAPHORE_CLI_COMPAT=1"),
		"semaphore user add --login ann --name Ann --email ann@example.org --external",
		"semaphore user add --login ann --name Ann --email ann@example.org --external",
		"semaphore user add --login ann",
		"semaphore user list",
		"semaphore user get --login nobody",
		"semaphore user delete --login nobody",
		"semaphore user change-by-login --login nobody --name x",
		"semaphore user token create --login nobody",
		"semaphore user list --nosuch",
		"semaphore nosuch",
		"semaphore project nosuch",
		"semaphore version",
	))
}
