package jobproc_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"signalbox/internal/job"
)

// git runs git for the test's own repositories.
func git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@example.org", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@example.org",
		"GIT_ALLOW_PROTOCOL=file")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// remote makes a repository with a work tree and one commit on main.
func remote(t testing.TB, script string) string {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, "init", "-q", "-b", "main")
	commitScript(t, dir, script, "first")
	return dir
}

func commitScript(t testing.TB, dir, script, message string) string {
	t.Helper()
	write(t, filepath.Join(dir, "script.sh"), script)
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-q", "--allow-empty", "-m", message)
	return git(t, dir, "rev-parse", "HEAD")
}

func gitSpec(t testing.TB, url, kind string) job.Spec {
	t.Helper()
	spec := bashSpec(t, "")
	spec.Repository = job.Repository{ID: 4, Name: "app", URL: url, Kind: kind, Branch: "main"}
	return spec
}

func TestGit_FollowsTheBranch(t *testing.T) {
	t.Parallel()
	dir := remote(t, "echo one; git rev-parse HEAD --abbrev-ref HEAD; git status --porcelain")
	spec := gitSpec(t, "file://"+dir, "file")
	got := runJob(t, spec)
	head := git(t, dir, "rev-parse", "HEAD")
	if !strings.Contains(got.output, "one\n"+head+"\nmain\n") || got.end.Status != "success" {
		t.Fatalf("output %q end %+v", got.output, got.end)
	}
	if got.commit == nil || got.commit.Hash != head || got.commit.Message != "first" {
		t.Errorf("commit %+v", got.commit)
	}
	if !strings.HasSuffix(got.output, "main\n") {
		t.Errorf("the checkout is not clean: %q", got.output)
	}
	// New commit, then a rewritten history, then one commit by its hash.
	second := commitScript(t, dir, "echo two", "zweite Änderung")
	if got := runJob(t, spec); !strings.Contains(got.output, "two\n") || got.commit.Message != "zweite Änderung" {
		t.Errorf("after a push: %q %+v", got.output, got.commit)
	}
	git(t, dir, "reset", "-q", "--hard", head)
	third := commitScript(t, dir, "echo three", strings.Repeat("ä", 80))
	if got := runJob(t, spec); !strings.Contains(got.output, "three\n") || got.commit.Hash != third || len(got.commit.Message) != 100 {
		t.Errorf("after a force-push: %q %+v", got.output, got.commit)
	}
	pinned := spec
	pinned.Repository.Commit, pinned.Repository.Override = second, true
	if got := runJob(t, pinned); !strings.Contains(got.output, "two\n") || got.commit.Hash != second {
		t.Errorf("pinned to a commit no branch has: %q %+v", got.output, got.end)
	}
	pinned.Repository.Commit = strings.Repeat("1", 40)
	if got := runJob(t, pinned); got.end.Status != "error" || !strings.Contains(got.end.Reason, "does not exist in the repository 'app'") {
		t.Errorf("missing commit: %+v", got.end)
	}
	spec.Repository.Branch = "a/b"
	if got := runJob(t, spec); got.end.Reason != "The branch 'a/b' does not exist in the repository 'app'. Check the branch of the repository, template or task." {
		t.Errorf("missing branch: %+v", got.end)
	}
	spec.Repository.Branch = "main"
	if got := runJob(t, spec); got.commit == nil || got.commit.Hash != third {
		t.Errorf("a failed fetch hurt the mirror: %+v", got.end)
	}
}

func TestGit_BranchesInEachOthersWay(t *testing.T) {
	t.Parallel()
	dir := remote(t, "echo flat")
	git(t, dir, "branch", "a")
	spec := gitSpec(t, "file://"+dir, "file")
	spec.Repository.Branch = "a"
	runJob(t, spec)
	git(t, dir, "branch", "-D", "a")
	git(t, dir, "branch", "a/b")
	spec.Repository.Branch = "a/b"
	if got := runJob(t, spec); got.end.Status != "success" {
		t.Errorf("end %+v\n%s", got.end, got.output)
	}
}

func TestGit_Local(t *testing.T) {
	t.Parallel()
	dir := remote(t, "echo main; pwd")
	git(t, dir, "checkout", "-q", "-b", "other")
	commitScript(t, dir, "echo other", "on other")
	git(t, dir, "checkout", "-q", "main")
	spec := gitSpec(t, dir, "local")
	if got := runJob(t, spec); got.output != "main\n"+dir+"\n" || got.commit != nil {
		t.Errorf("in place: %q %+v", got.output, got.commit)
	}
	spec.Repository.Override, spec.Repository.Branch = true, "other"
	if got := runJob(t, spec); !strings.HasSuffix(got.output, "other\n") || got.commit == nil {
		t.Errorf("with an own branch: %q %+v", got.output, got.end)
	}
	bare := t.TempDir()
	git(t, bare, "clone", "-q", "--bare", dir, "x.git")
	spec = gitSpec(t, filepath.Join(bare, "x.git"), "local")
	if got := runJob(t, spec); !strings.Contains(got.output, "main\n") {
		t.Errorf("bare: %q %+v", got.output, got.end)
	}
	spec.Repository.URL = filepath.Join(bare, "gone")
	if got := runJob(t, spec); !strings.Contains(got.end.Reason, "does not exist on this machine") {
		t.Errorf("missing: %+v", got.end)
	}
	spec.Repository.URL, spec.Repository.Override = t.TempDir(), true
	if got := runJob(t, spec); !strings.Contains(got.end.Reason, "is not a git repository") {
		t.Errorf("no repository: %+v", got.end)
	}
}

// TestGit_AfterAKilledFetch: locks that a killed git left do not stay for ever.
func TestGit_AfterAKilledFetch(t *testing.T) {
	t.Parallel()
	dir := remote(t, "echo one")
	spec := gitSpec(t, "file://"+dir, "file")
	runJob(t, spec)
	refs, err := filepath.Glob(filepath.Join(spec.Host.DataDir, "mirrors", "*", "refs", "signalbox", "*"))
	if err != nil || len(refs) != 1 {
		t.Fatalf("%q %v", refs, err)
	}
	write(t, refs[0]+".lock", "")
	commitScript(t, dir, "echo two", "second")
	if got := runJob(t, spec); got.end.Status != "success" || !strings.HasSuffix(got.output, "two\n") {
		t.Errorf("end %+v\n%s", got.end, got.output)
	}
}

func TestGit_Submodule(t *testing.T) {
	t.Parallel()
	sub := remote(t, "echo from submodule")
	dir := remote(t, "bash lib/script.sh")
	git(t, dir, "-c", "protocol.file.allow=always", "submodule", "add", "-q", "file://"+sub, "lib")
	git(t, dir, "commit", "-q", "-m", "add lib")
	got := runJob(t, gitSpec(t, "file://"+dir, "file"))
	if !strings.HasSuffix(got.output, "from submodule\n") {
		t.Errorf("output %q end %+v", got.output, got.end)
	}
}

func TestGit_ManyAtOnce(t *testing.T) {
	t.Parallel()
	dir := remote(t, "echo hello")
	spec := gitSpec(t, "file://"+dir, "file")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if got := runJob(t, spec); got.end.Status != "success" || !strings.HasSuffix(got.output, "hello\n") {
				t.Errorf("end %+v output %q", got.end, got.output)
			}
		})
	}
	group.Wait()
}

// gitServer serves repositories below root to one account.
func gitServer(t testing.TB, root, user, password string) *httptest.Server {
	t.Helper()
	path, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(path)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, ok := r.BasicAuth(); !ok || u != user || p != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "sign in", http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, r)
	})
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func TestGit_HTTPAccount(t *testing.T) {
	t.Parallel()
	dir := remote(t, "echo over http; git config --get-all remote.origin.url; cat .git/config; env")
	root := t.TempDir()
	git(t, root, "clone", "-q", "--bare", dir, "app.git")
	const password = "p@ss/w#rd:%41 x"
	server := gitServer(t, root, "me", password)
	spec := gitSpec(t, server.URL+"/app.git", "https")
	spec.Repository.Credential = &job.Credential{Name: "http", Kind: "login_password", Login: "me", Password: password}
	got := runJob(t, spec)
	if got.end.Status != "success" || !strings.Contains(got.output, "over http\n"+spec.Repository.URL+"\n") {
		t.Fatalf("output %q end %+v", got.output, got.end)
	}
	if strings.Contains(got.output, "***") {
		t.Errorf("the password reached the program: %q", got.output)
	}
	spec.Repository.Credential = &job.Credential{Name: "http", Kind: "login_password", Login: "me", Password: "wrong-password"}
	spec.Host.DataDir = t.TempDir()
	if got := runJob(t, spec); !strings.Contains(got.end.Reason, "refused the sign-in") || strings.Contains(got.output, "wrong-password") {
		t.Errorf("wrong password: %+v %q", got.end, got.output)
	}
	spec.Repository.URL = "http://127.0.0.1:1/app.git"
	if got := runJob(t, spec); !strings.Contains(got.end.Reason, "cannot be reached") {
		t.Errorf("unreachable: %+v", got.end)
	}
}

func TestQuery_Branches(t *testing.T) {
	t.Parallel()
	dir := remote(t, "")
	git(t, dir, "branch", "feature/x")
	git(t, dir, "branch", "x")
	ask := func(q job.Query) job.Answer {
		t.Helper()
		text, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(executable(t), "job", "query")
		cmd.Stdin = bytes.NewReader(text)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var a job.Answer
		if err := json.Unmarshal(out, &a); err != nil {
			t.Fatalf("%v in %q", err, out)
		}
		return a
	}
	q := job.Query{Op: job.QueryBranches, ProjectID: 1, Repository: job.Repository{ID: 1, Name: "app", URL: "file://" + dir, Kind: "file"}, Host: job.Host{DataDir: t.TempDir()}}
	if a := ask(q); strings.Join(a.Branches, " ") != "feature/x main x" || a.Error != "" {
		t.Errorf("branches %+v", a)
	}
	q.Repository.URL += "-gone"
	if a := ask(q); !strings.Contains(a.Error, "No git repository was found") {
		t.Errorf("missing: %+v", a)
	}
	q.Op = "what"
	if a := ask(q); a.Error == "" {
		t.Errorf("unknown query: %+v", a)
	}
}
