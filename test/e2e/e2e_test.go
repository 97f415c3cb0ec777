// Package e2e drives the real program with a real browser: from an empty data
// directory to a finished Ansible run. Screenshots stay in build/e2e.
package e2e

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox/internal/testkit"
	"signalbox/test/harness"
)

var setupLink = regexp.MustCompile(`http://[^/]+(/setup\?token=\S+)`)

// output collects what a server prints, for whoever waits for a part of it.
type output struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// TestFirstLight goes the way of a newcomer.
func TestFirstLight(t *testing.T) { journey(t, "first-light.mjs") }

// TestEngine looks at what runs show beside their log. With SIGNALBOX_TEST_TOFU,
// the path of OpenTofu, it also confirms and rejects plans.
func TestEngine(t *testing.T) { journey(t, "engine.mjs") }

// TestEngineSettings sets up what the engine works with: sign-ins of hosts,
// workspaces, options of templates; and looks at the versions of programs.
func TestEngineSettings(t *testing.T) { journey(t, "engine-settings.mjs") }

// TestPeopleAndBackups administers users, and backs a project up and restores it.
func TestPeopleAndBackups(t *testing.T) { journey(t, "people-and-backups.mjs") }

// TestInvitations registers by an invitation, and joins by others.
func TestInvitations(t *testing.T) {
	journey(t, "invitations.mjs", "SIGNALBOX_TEAMS_INVITES_ENABLED=true", "SIGNALBOX_TEAMS_INVITE_TYPE=both")
}

// TestSignIn goes through a second factor and a new password that the server asks
// for.
func TestSignIn(t *testing.T) {
	journey(t, "sign-in.mjs", "SIGNALBOX_TOTP_ENABLED=true", "SIGNALBOX_TOTP_ALLOW_RECOVERY=true", "SIGNALBOX_AUTH_REQUIRE_MFA=all")
}

// TestAutomation makes schedules and integrations.
func TestAutomation(t *testing.T) { journey(t, "automation.mjs") }

// TestAdministration goes through roles, rights on templates, runners and tokens,
// and the activity that they leave.
func TestAdministration(t *testing.T) { journey(t, "administration.mjs") }

// journey runs a script of web/e2e against a server of its own, with settings in
// its environment.
func journey(t *testing.T, script string, settings ...string) {
	t.Helper()
	for _, tool := range []string{"chromium", "node", "ansible-playbook", "python3"} {
		testkit.RequireTool(t, tool)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "internal", "webui", "dist", "index.html")); err != nil {
		t.Fatalf("the front end is not built; run make build: %v", err)
	}
	port := harness.FreePort(t)
	url := "http://127.0.0.1:" + port
	var printed output
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	data := t.TempDir()
	server := exec.CommandContext(ctx, harness.Binary(t), "serve", "--listen", "127.0.0.1:"+port, "--data-dir", data)
	server.Env = append([]string{"PATH=" + searchPath(), "HOME=" + t.TempDir(), "LANG=C.UTF-8"}, settings...)
	server.Stdout, server.Stderr = &printed, &printed
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill() // it may have ended
		_ = server.Wait()         // killed, so not well
		harness.KillJobs(data)
		if t.Failed() {
			t.Logf("server: %s", printed.String())
		}
	})
	var link []string
	deadline := time.Now().Add(20 * time.Second)
	for link == nil || !answers(url) {
		if time.Now().After(deadline) {
			t.Fatalf("no set-up link, or no answer; the server printed:\n%s", printed.String())
		}
		time.Sleep(10 * time.Millisecond)
		link = setupLink.FindStringSubmatch(printed.String())
	}
	browse := exec.CommandContext(ctx, "node", filepath.Join("e2e", script))
	browse.Dir = filepath.Join(root, "web")
	browse.Env = append(os.Environ(), "SIGNALBOX_URL="+url, "SIGNALBOX_SETUP="+link[1],
		"SIGNALBOX_E2E_OUT="+filepath.Join(root, "build", "e2e"))
	if out, err := browse.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// searchPath is where the server looks for programs.
func searchPath() string {
	path := os.Getenv("PATH")
	if tofu := os.Getenv("SIGNALBOX_TEST_TOFU"); tofu != "" {
		path = filepath.Dir(tofu) + string(os.PathListSeparator) + path
	}
	return path
}

func answers(url string) bool {
	resp, err := http.Get(url + "/api/ping")
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}
