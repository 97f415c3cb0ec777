package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Remote is a bare git repository on disk, filled by commits made from maps of
// files.
type Remote struct {
	Dir string // usable as a URL: a path
	tb  testing.TB
	env []string
	// work is the checkout that commits are made in.
	work string
}

// NewRemote makes a repository whose branch main holds the files, keyed by
// slash-separated path.
func NewRemote(tb testing.TB, files map[string]string) *Remote {
	tb.Helper()
	RequireTool(tb, "git")
	base := tb.TempDir()
	r := &Remote{
		Dir:  filepath.Join(base, "remote.git"),
		work: filepath.Join(base, "work"),
		tb:   tb,
		// Times are fixed, so that the same files give the same commit.
		env: CleanEnv(tb,
			"GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
			"GIT_AUTHOR_NAME=Tester", "GIT_AUTHOR_EMAIL=tester@example.org", "GIT_AUTHOR_DATE=2026-01-15T12:00:00Z",
			"GIT_COMMITTER_NAME=Tester", "GIT_COMMITTER_EMAIL=tester@example.org", "GIT_COMMITTER_DATE=2026-01-15T12:00:00Z"),
	}
	r.run(base, "init", "--quiet", "--bare", "--initial-branch=main", r.Dir)
	r.run(base, "init", "--quiet", "--initial-branch=main", r.work)
	r.run(r.work, "remote", "add", "origin", r.Dir)
	r.Commit("main", "first", files)
	return r
}

// Commit adds a commit that writes the files on top of a branch, which is made
// from the present one when it does not exist, and returns its hash.
func (r *Remote) Commit(branch, message string, files map[string]string) string {
	r.tb.Helper()
	if r.Head() != branch {
		if _, err := r.try(r.work, "switch", "--quiet", branch); err != nil {
			r.run(r.work, "switch", "--quiet", "--create", branch)
		}
	}
	for name, content := range files {
		file := filepath.Join(r.work, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			r.tb.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(content, "#!") {
			mode = 0o755
		}
		if err := os.WriteFile(file, []byte(content), mode); err != nil {
			r.tb.Fatal(err)
		}
	}
	r.run(r.work, "add", "--all")
	r.run(r.work, "commit", "--quiet", "--allow-empty", "--message", message)
	r.run(r.work, "push", "--quiet", "origin", branch)
	return r.run(r.work, "rev-parse", "HEAD")
}

// Head is the branch that the next commit goes on top of by default.
func (r *Remote) Head() string {
	r.tb.Helper()
	return r.run(r.work, "symbolic-ref", "--short", "HEAD")
}

// Git runs a git command in the bare repository and returns its output.
func (r *Remote) Git(args ...string) string {
	r.tb.Helper()
	return r.run(r.Dir, args...)
}

func (r *Remote) run(dir string, args ...string) string {
	r.tb.Helper()
	out, err := r.try(dir, args...)
	if err != nil {
		r.tb.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (r *Remote) try(dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(r.tb.Context(), "git", args...)
	cmd.Dir, cmd.Env = dir, r.env
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}
