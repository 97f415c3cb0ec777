package gitrepo_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"signalbox/internal/exec/fault"
	"signalbox/internal/exec/gitrepo"
	"signalbox/internal/exec/keys"
	"signalbox/internal/exec/process"
	"signalbox/internal/job"
	"signalbox/internal/testkit"
)

// TestMain lets the test binary be git's credential helper.
func TestMain(m *testing.M) {
	if len(os.Args) == 5 && os.Args[1] == "job" && os.Args[2] == "credential" {
		if err := keys.AnswerGit(os.Args[3], os.Args[4], os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// machine is a data directory and what a client on it works with.
type machine struct {
	t       testing.TB
	name    string
	options gitrepo.Options
	output  *bytes.Buffer
}

func newMachine(t testing.TB, name string) *machine {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	private := t.TempDir()
	ring := keys.NewRing(private)
	t.Cleanup(ring.Close)
	m := &machine{t: t, name: name, output: &bytes.Buffer{}}
	m.options = gitrepo.Options{
		DataDir: t.TempDir(), Private: private, Executable: exe, Home: t.TempDir(), Path: os.Getenv("PATH"), Ring: ring, Output: m.output,
	}
	return m
}

func (m *machine) client() gitrepo.Client {
	m.t.Helper()
	c, err := gitrepo.New(m.name, m.options)
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(c.Close)
	return c
}

// checkout brings a repository and returns its directory.
func (m *machine) checkout(repo job.Repository) (string, job.Commit) {
	m.t.Helper()
	dir := filepath.Join(m.t.TempDir(), "checkout")
	client := m.client()
	defer client.Close()
	commit, err := client.Checkout(testkit.Context(m.t), 1, repo, dir)
	if err != nil {
		m.t.Fatalf("checkout of %s: %v\n%s", repo.URL, err, m.output)
	}
	return dir, commit
}

// refused is the sentence of a checkout that fails.
func (m *machine) refused(repo job.Repository) string {
	m.t.Helper()
	client, err := gitrepo.New(m.name, m.options)
	if err == nil {
		defer client.Close()
		_, err = client.Checkout(testkit.Context(m.t), 1, repo, filepath.Join(m.t.TempDir(), "checkout"))
	}
	if err == nil {
		m.t.Errorf("checkout of %s %s worked", repo.URL, repo.Branch)
		return ""
	}
	return fault.Sentence(err)
}

func run(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = testkit.CleanEnv(t, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@example.org",
		"GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@example.org", "GIT_ALLOW_PROTOCOL=file")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func read(t testing.TB, parts ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// clean checks that git sees the checkout as unchanged.
func clean(t testing.TB, dir string) {
	t.Helper()
	if out := run(t, dir, "status", "--porcelain"); out != "" {
		t.Errorf("the checkout is not clean:\n%s", out)
	}
}

func says(t testing.TB, got string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%q lacks %q", got, w)
		}
	}
}

func file(r *testkit.Remote) job.Repository {
	return job.Repository{ID: 4, Name: "app", URL: "file://" + r.Dir, Kind: "file", Branch: "main"}
}

// both runs a test with both clients.
func both(t *testing.T, test func(t *testing.T, m *machine)) {
	t.Helper()
	t.Parallel()
	for _, name := range []string{gitrepo.CLI, gitrepo.GoGit} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.RequireTool(t, "git")
			test(t, newMachine(t, name))
		})
	}
}

func TestClient_Refs(t *testing.T) {
	both(t, func(t *testing.T, m *machine) {
		remote := testkit.NewRemote(t, map[string]string{"file": "one"})
		repo := file(remote)
		dir, commit := m.checkout(repo)
		first := remote.Git("rev-parse", "main")
		if commit.Hash != first || commit.Message != "first" || read(t, dir, "file") != "one" {
			t.Errorf("main is %+v", commit)
		}
		clean(t, dir)
		if got := run(t, dir, "rev-parse", "--abbrev-ref", "HEAD"); got != "main" {
			t.Errorf("HEAD is %s", got)
		}
		if got := run(t, dir, "config", "remote.origin.url"); got != repo.URL {
			t.Errorf("origin is %s", got)
		}
		if commit.Hash != run(t, dir, "log", "-1", "--format=%H") {
			t.Error("git log does not work")
		}

		second := remote.Commit("main", "second", map[string]string{"file": "two"})
		remote.Git("tag", "light", first)
		remote.Git("-c", "user.name=t", "-c", "user.email=t@example.org", "tag", "-a", "-m", "annotated", "heavy/v1", first)
		remote.Commit("feature/x", "on a branch", map[string]string{"file": "branch"})
		for _, ref := range []struct{ branch, want string }{
			{"main", "two"}, {"feature/x", "branch"}, {"refs/heads/feature/x", "branch"}, {"light", "one"}, {"heavy/v1", "one"}, {"refs/tags/heavy/v1", "one"},
		} {
			repo.Branch = ref.branch
			dir, commit := m.checkout(repo)
			if got := read(t, dir, "file"); got != ref.want {
				t.Errorf("%s has %q, want %q", ref.branch, got, ref.want)
			}
			if ref.want == "one" && commit.Hash != first {
				t.Errorf("%s is %s, want the commit and not the tag", ref.branch, commit.Hash)
			}
			clean(t, dir)
		}
		repo.Branch = "main"

		// A rewritten history.
		remote.Git("update-ref", "refs/heads/main", first)
		if _, commit := m.checkout(repo); commit.Hash != first {
			t.Errorf("after a force-push: %+v", commit)
		}
		// Commits by their hash, also one that no branch has any more.
		repo.Override = true
		for _, want := range []string{first, second} {
			for _, text := range []string{want, want[:9], strings.ToUpper(want[:12])} {
				repo.Commit = text
				if _, commit := m.checkout(repo); commit.Hash != want {
					t.Errorf("commit %s is %+v", text, commit)
				}
			}
		}
		repo.Commit = strings.Repeat("1", 40)
		says(t, m.refused(repo), "The commit 1111111111111111111111111111111111111111 does not exist in the repository 'app'")
		repo.Commit = "../../etc"
		says(t, m.refused(repo), "is not a commit hash")
		repo.Commit = ""

		repo.Branch = "gone"
		says(t, m.refused(repo), "The branch 'gone' does not exist in the repository 'app'.")
		remote.Git("branch", "-D", "feature/x")
		repo.Branch = "feature/x"
		says(t, m.refused(repo), "The branch 'feature/x' was deleted from the repository 'app'")
		repo.Branch = "main"
		m.checkout(repo) // the failures hurt nothing

		list, err := m.client().Branches(testkit.Context(t), repo)
		if err != nil || !slices.Equal(list, []string{"main"}) {
			t.Errorf("branches %q, %v", list, err)
		}
		list, err = m.client().Tags(testkit.Context(t), repo)
		if err != nil || !slices.Equal(list, []string{"heavy/v1", "light"}) {
			t.Errorf("tags %q, %v", list, err)
		}
	})
}

// TestClient_UnreachablePin: a commit that the mirror never saw and no branch
// has, from a server that gives such commits.
func TestClient_UnreachablePin(t *testing.T) {
	both(t, func(t *testing.T, m *machine) {
		remote := testkit.NewRemote(t, map[string]string{"file": "one"})
		first := remote.Git("rev-parse", "main")
		lost := remote.Commit("main", "lost", map[string]string{"file": "lost"})
		remote.Git("update-ref", "refs/heads/main", first)
		remote.Git("config", "uploadpack.allowAnySHA1InWant", "true")
		repo := file(remote)
		repo.Commit, repo.Override = lost, true
		if dir, commit := m.checkout(repo); commit.Hash != lost || read(t, dir, "file") != "lost" {
			t.Errorf("commit %+v", commit)
		}
	})
}

func TestClient_OddRemotes(t *testing.T) {
	both(t, func(t *testing.T, m *machine) {
		base := t.TempDir()
		run(t, base, "init", "-q", "--bare", "-b", "main", "empty.git")
		repo := job.Repository{ID: 1, Name: "app", URL: "file://" + base + "/empty.git", Kind: "file", Branch: "main"}
		says(t, m.refused(repo), "The repository 'app' has no commits yet.")
		if list, err := m.client().Branches(testkit.Context(t), repo); err != nil || len(list) != 0 {
			t.Errorf("branches of an empty repository: %q, %v", list, err)
		}
		repo.URL = "file://" + base + "/gone.git"
		says(t, m.refused(repo), "No git repository was found at "+repo.URL)
		if err := os.Mkdir(filepath.Join(base, "plain"), 0o700); err != nil {
			t.Fatal(err)
		}
		repo.URL = "file://" + base + "/plain"
		says(t, m.refused(repo), "No git repository was found at "+repo.URL)
		repo.URL, repo.Kind = base+"/plain", "local"
		says(t, m.refused(repo), "is not a git repository")

		// The repository moves: the next task takes what is at the new address.
		one := testkit.NewRemote(t, map[string]string{"file": "one"})
		two := testkit.NewRemote(t, map[string]string{"file": "two"})
		repo = file(one)
		m.checkout(repo)
		repo.URL = "file://" + two.Dir
		if dir, _ := m.checkout(repo); read(t, dir, "file") != "two" {
			t.Error("the old address was used")
		}
	})
}

func TestClient_OddFiles(t *testing.T) {
	both(t, func(t *testing.T, m *machine) {
		work := filepath.Join(t.TempDir(), "repository with spaces ü")
		if err := os.MkdirAll(work, 0o700); err != nil {
			t.Fatal(err)
		}
		run(t, work, "init", "-q", "-b", "main")
		for name, text := range map[string]string{
			"dir with spaces/datei ä.txt": "umlaut", "日本/語": "kanji", "empty": "", "-dash": "dash", "new\nline": "newline",
			"crlf.txt": "a\r\nb\r\n", "binary": "\x00\xff\xfe", "big": strings.Repeat("0123456789abcdef", 200_000),
		} {
			path := filepath.Join(work, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(work, "run.sh"), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, target := range map[string]string{"inside": "run.sh", "outside": "/etc/passwd", "up": "../../..", "dangling": "nothing"} {
			if err := os.Symlink(target, filepath.Join(work, name)); err != nil {
				t.Fatal(err)
			}
		}
		run(t, work, "add", ".")
		run(t, work, "commit", "-q", "-m", "Ein Betreff\nüber zwei Zeilen\n\nund mehr")
		repo := job.Repository{ID: 1, Name: "app", URL: "file://" + work, Kind: "file", Branch: "main"}
		dir, commit := m.checkout(repo)
		clean(t, dir)
		if commit.Message != "Ein Betreff über zwei Zeilen" {
			t.Errorf("subject %q", commit.Message)
		}
		for _, name := range []string{"dir with spaces/datei ä.txt", "日本/語", "empty", "-dash", "new\nline", "crlf.txt", "binary", "big"} {
			if got, want := read(t, dir, name), read(t, work, name); got != want {
				t.Errorf("%q differs", name)
			}
		}
		for name, mode := range map[string]os.FileMode{"run.sh": 0o100, "empty": 0} {
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode()&0o100 != mode {
				t.Errorf("%s: %v %v", name, info.Mode(), err)
			}
		}
		// A link stays what it is, and is not followed out of the repository.
		if target, err := os.Readlink(filepath.Join(dir, "outside")); err != nil || target != "/etc/passwd" {
			t.Errorf("link to %q, %v", target, err)
		}
		for _, name := range []string{"outside", "up", "inside"} {
			if got, err := m.client().File(testkit.Context(t), 1, repo, name); err == nil && strings.Contains(string(got.Data), "root:") {
				t.Errorf("read %s through a link", name)
			}
		}
	})
}

func TestClient_Submodules(t *testing.T) {
	both(t, func(t *testing.T, m *machine) {
		base := t.TempDir()
		work := func(name string) string {
			dir := filepath.Join(base, name)
			run(t, base, "init", "-q", "-b", "main", dir)
			if err := os.WriteFile(filepath.Join(dir, "file"), []byte(name), 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, dir, "add", ".")
			run(t, dir, "commit", "-q", "-m", name)
			return dir
		}
		inner, lib, other, app := work("inner"), work("lib"), work("other"), work("app")
		add := func(dir, address, path string) {
			run(t, dir, "-c", "protocol.file.allow=always", "submodule", "add", "-q", address, path)
			run(t, dir, "commit", "-q", "-m", "add "+path)
		}
		add(lib, "file://"+inner, "deep")
		add(app, "file://"+lib, "vendor/lib dir")
		add(app, "file://"+other, "other")
		run(t, app, "config", "-f", ".gitmodules", "submodule.other.url", "../other")
		run(t, app, "commit", "-q", "-am", "relative")
		repo := job.Repository{ID: 1, Name: "app", URL: "file://" + app, Kind: "file", Branch: "main"}
		dir, _ := m.checkout(repo)
		for path, want := range map[string]string{"file": "app", "vendor/lib dir/file": "lib", "vendor/lib dir/deep/file": "inner", "other/file": "other"} {
			if got := read(t, dir, path); got != want {
				t.Errorf("%s has %q", path, got)
			}
		}
		clean(t, dir)
		if out := run(t, dir, "submodule", "status"); strings.HasPrefix(out, "-") || strings.HasPrefix(out, "+") {
			t.Errorf("git sees the submodules as\n%s", out)
		}
		// Pinned to an earlier commit of the submodule.
		pinned := run(t, other, "rev-parse", "HEAD")
		if err := os.WriteFile(filepath.Join(other, "file"), []byte("later"), 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, other, "commit", "-q", "-am", "later")
		if dir, _ := m.checkout(repo); read(t, dir, "other/file") != "other" || run(t, filepath.Join(dir, "other"), "rev-parse", "HEAD") != pinned {
			t.Error("the submodule is not at its commit")
		}
		// A commit that the submodule's repository lost.
		run(t, app, "update-index", "--cacheinfo", "160000,"+strings.Repeat("1", 40)+",other")
		run(t, app, "commit", "-q", "-m", "lost")
		says(t, m.refused(repo), "does not exist in the repository 'app, submodule other'")
		// Into the files of this machine from a repository of another.
		run(t, app, "config", "-f", ".gitmodules", "submodule.other.url", "ext::sh -c id")
		run(t, app, "commit", "-q", "-am", "evil")
		says(t, m.refused(repo), "uses a protocol that is not allowed")
	})
}

func TestClient_HTTPS(t *testing.T) {
	both(t, func(t *testing.T, m *machine) {
		const password = "p@ss/w#rd:%41 x"
		app, lib := testkit.NewRemote(t, map[string]string{"file": "app"}), testkit.NewRemote(t, map[string]string{"file": "lib"})
		libs, libAuthority := testkit.GitHTTPS(t, filepath.Dir(lib.Dir), "lib", "lib-password")
		work := filepath.Join(t.TempDir(), "work")
		run(t, "/", "clone", "-q", app.Dir, work)
		run(t, work, "-c", "protocol.file.allow=always", "submodule", "add", "-q", "file://"+lib.Dir, "lib")
		run(t, work, "config", "-f", ".gitmodules", "submodule.lib.url", libs+"/remote.git")
		run(t, work, "commit", "-q", "-am", "add lib")
		run(t, work, "push", "-q", "origin", "main")
		address, authority := testkit.GitHTTPS(t, filepath.Dir(app.Dir), "me", password)
		bundle := filepath.Join(t.TempDir(), "bundle.pem")
		if err := os.WriteFile(bundle, []byte(read(t, authority)+read(t, libAuthority)), 0o600); err != nil {
			t.Fatal(err)
		}
		repo := job.Repository{ID: 1, Name: "app", URL: address + "/remote.git", Kind: "https", Branch: "main",
			Credential: &job.Credential{Name: "mine", Kind: "login_password", Login: "me", Password: password}}
		says(t, m.refused(repo), "The certificate of the server", "is not trusted")
		m.options.Env = append(m.options.Env, "GIT_SSL_CAINFO="+bundle)
		says(t, m.refused(repo), "The server of the repository 'app, submodule lib' refused the sign-in.")
		m.options.Credentials = []job.HostCredential{
			{Match: libs[:len(libs)-1] + "9/other", Credential: job.Credential{Kind: "login_password", Login: "lib", Password: "wrong"}},
			{Match: strings.TrimPrefix(libs, "https://"), Credential: job.Credential{Kind: "login_password", Login: "lib", Password: "lib-password"}},
		}
		dir, _ := m.checkout(repo)
		if read(t, dir, "file") != "app" || read(t, dir, "lib/file") != "lib" {
			t.Error("wrong files")
		}
		for _, place := range []string{dir, m.options.DataDir} {
			if out, _ := exec.Command("grep", "-rlaF", "-e", password, "-e", "lib-password", place).Output(); len(out) > 0 {
				t.Errorf("a password is in\n%s", out)
			}
		}
		if strings.Contains(m.output.String(), password) {
			t.Errorf("the password is in the output: %s", m.output)
		}
		wrong := *repo.Credential
		wrong.Password = "wrong"
		repo.Credential = &wrong
		remote := repo
		remote.ID = 2 // a mirror that has nothing yet
		says(t, m.refused(remote), "The server of the repository 'app' refused the sign-in.")
		repo.URL = "https://127.0.0.1:1/app.git"
		says(t, m.refused(repo), "cannot be reached")
		repo.URL = "https://unknown.invalid/app.git"
		says(t, m.refused(repo), "cannot be reached")
	})
}

func me(t testing.TB) string {
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

func TestClient_SSH(t *testing.T) {
	both(t, func(t *testing.T, m *machine) {
		_, mine := testkit.SSHKey(t, "ed25519", "open sesame")
		_, libs := testkit.SSHKey(t, "ecdsa", "")
		_, stranger := testkit.SSHKey(t, "ed25519", "")
		server, libServer := testkit.NewSSHServer(t, mine.Public), testkit.NewSSHServer(t, libs.Public)
		app, lib := testkit.NewRemote(t, map[string]string{"file": "app"}), testkit.NewRemote(t, map[string]string{"file": "lib"})
		work := filepath.Join(t.TempDir(), "work")
		run(t, "/", "clone", "-q", app.Dir, work)
		run(t, work, "-c", "protocol.file.allow=always", "submodule", "add", "-q", "file://"+lib.Dir, "lib")
		run(t, work, "config", "-f", ".gitmodules", "submodule.lib.url", libServer.Address(lib.Dir))
		run(t, work, "commit", "-q", "-am", "add lib")
		run(t, work, "push", "-q", "origin", "main")

		key := func(p testkit.KeyPair, passphrase string) *job.Credential {
			return &job.Credential{Name: "deploy", Kind: "ssh", Login: me(t), PrivateKey: p.Private, Passphrase: passphrase}
		}
		repo := job.Repository{ID: 1, Name: "app", URL: server.Address(app.Dir), Kind: "ssh", Branch: "main", Credential: key(mine, "open sesame")}
		m.options.Credentials = []job.HostCredential{{Match: fmt.Sprintf("127.0.0.1:%d", libServer.Port), Credential: *key(libs, "")}}
		dir, _ := m.checkout(repo)
		if read(t, dir, "file") != "app" || read(t, dir, "lib/file") != "lib" {
			t.Error("wrong files")
		}
		known := read(t, m.options.DataDir, "known_hosts")
		if strings.Count(known, "\n") != 2 {
			t.Errorf("known hosts:\n%s", known)
		}
		m.checkout(repo)
		if again := read(t, m.options.DataDir, "known_hosts"); again != known {
			t.Errorf("known hosts grew:\n%s", again)
		}

		fresh := func(mode, file string) *machine {
			n := newMachine(t, m.name)
			n.options.Credentials = m.options.Credentials
			n.options.KnownHosts.Mode = mode
			if file != "" {
				n.options.KnownHosts.File = filepath.Join(n.options.DataDir, "hosts of mine")
				if err := os.WriteFile(n.options.KnownHosts.File, []byte(file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			return n
		}
		line := func(s *testkit.SSHServer, key string) string {
			return fmt.Sprintf("[127.0.0.1]:%d %s", s.Port, key)
		}
		changed := fresh(keys.AcceptNew, line(server, stranger.Public))
		says(t, changed.refused(repo), "is not the one seen before", changed.options.KnownHosts.File)
		if got := read(t, changed.options.KnownHosts.File); got != line(server, stranger.Public) {
			t.Errorf("the file was changed:\n%s", got)
		}
		strict := fresh(keys.Strict, line(server, server.HostKey))
		says(t, strict.refused(repo), "The host key of the server of the repository 'app, submodule lib' is not known")
		strict = fresh(keys.Strict, "damaged line\n"+line(server, server.HostKey)+line(libServer, libServer.HostKey))
		strict.checkout(repo)
		off := fresh(keys.Off, line(server, stranger.Public))
		off.checkout(repo)
		if got := read(t, off.options.KnownHosts.File); got != line(server, stranger.Public) {
			t.Errorf("the file was changed:\n%s", got)
		}

		repo.ID = 2
		repo.Credential = key(stranger, "")
		says(t, m.refused(repo), "The server of the repository 'app' refused the sign-in.")
		repo.Credential = key(mine, "open barley")
		says(t, m.refused(repo), "The passphrase of the key 'deploy' is wrong.")
		repo.Credential = key(mine, "")
		says(t, m.refused(repo), "is protected by a passphrase")
		repo.Credential = nil
		says(t, m.refused(repo), "refused the sign-in")
	})
}

// TestClient_FirstMeeting: many tasks meet a new server at once.
func TestClient_FirstMeeting(t *testing.T) {
	both(t, func(t *testing.T, m *machine) {
		_, mine := testkit.SSHKey(t, "ed25519", "")
		server := testkit.NewSSHServer(t, mine.Public)
		app := testkit.NewRemote(t, map[string]string{"file": "app"})
		other := "[other.example.org]:2222 " + server.HostKey
		if err := os.WriteFile(filepath.Join(m.options.DataDir, "known_hosts"), []byte(strings.TrimSuffix(other, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		repo := job.Repository{Name: "app", URL: server.Address(app.Dir), Kind: "ssh", Branch: "main",
			Credential: &job.Credential{Name: "deploy", Kind: "ssh", Login: me(t), PrivateKey: mine.Private}}
		if m.name == gitrepo.CLI { // ssh does not end a line that was cut off
			if err := os.WriteFile(filepath.Join(m.options.DataDir, "known_hosts"), []byte(other), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		m.options.Output = io.Discard
		var group sync.WaitGroup
		for i := range 6 {
			group.Go(func() {
				repo := repo
				repo.ID = int64(i) // a mirror of its own
				m.checkout(repo)
			})
		}
		group.Wait()
		known := read(t, m.options.DataDir, "known_hosts")
		want := fmt.Sprintf("[127.0.0.1]:%d", server.Port)
		for l := range strings.Lines(known) {
			if f := strings.Fields(l); len(f) < 3 || f[0] != want && f[0] != "[other.example.org]:2222" {
				t.Errorf("damaged line %q", l)
			}
		}
		if !strings.Contains(known, want) || !strings.Contains(known, "other.example.org") {
			t.Errorf("known hosts:\n%s", known)
		}
	})
}

func TestClient_Shallow(t *testing.T) {
	both(t, func(t *testing.T, m *machine) {
		remote := testkit.NewRemote(t, map[string]string{"file": "0"})
		first := remote.Git("rev-parse", "main")
		for i := 1; i <= 4; i++ {
			remote.Commit("main", fmt.Sprint("commit ", i), map[string]string{"file": fmt.Sprint(i)})
		}
		address := testkit.GitHTTP(t, filepath.Dir(remote.Dir), "me", "password")
		repo := job.Repository{ID: 1, Name: "app", URL: address + "/remote.git", Kind: "https", Branch: "main", Depth: 2,
			Credential: &job.Credential{Name: "mine", Kind: "login_password", Login: "me", Password: "password"}}
		dir, _ := m.checkout(repo)
		if got := run(t, dir, "rev-list", "--count", "HEAD"); got != "2" || read(t, dir, "file") != "4" {
			t.Errorf("%s commits", got)
		}
		clean(t, dir)
		remote.Commit("main", "another", map[string]string{"file": "5"})
		if dir, _ := m.checkout(repo); read(t, dir, "file") != "5" {
			t.Error("the next fetch brought nothing")
		}
		repo.Commit, repo.Override = first, true
		if dir, commit := m.checkout(repo); commit.Hash != first || read(t, dir, "file") != "0" {
			t.Error("a commit beyond the depth was not found")
		}
		repo.Commit, repo.Depth = "", 0
		if dir, _ := m.checkout(repo); run(t, dir, "rev-list", "--count", "HEAD") != "6" {
			t.Error("the whole history is not there")
		}
	})
}

// TestClient_SHA256: the program knows such repositories, the library says so.
func TestClient_SHA256(t *testing.T) {
	both(t, func(t *testing.T, m *machine) {
		work := t.TempDir()
		run(t, work, "init", "-q", "-b", "main", "--object-format=sha256")
		run(t, work, "commit", "-q", "--allow-empty", "-m", "first")
		root := t.TempDir()
		run(t, root, "clone", "-q", "--bare", work, "app.git")
		address := testkit.GitHTTP(t, root, "me", "password")
		over := job.Repository{ID: 2, Name: "app", URL: address + "/app.git", Kind: "https", Branch: "main",
			Credential: &job.Credential{Name: "mine", Kind: "login_password", Login: "me", Password: "password"}}
		for _, repo := range []job.Repository{{ID: 1, Name: "app", URL: "file://" + work, Kind: "file", Branch: "main"}, over} {
			if m.name == gitrepo.GoGit {
				says(t, m.refused(repo), "The repository 'app' uses SHA-256 hashes, which need the git program. Set git_client to cmd_git.")
				continue
			}
			dir, commit := m.checkout(repo)
			if len(commit.Hash) != 64 || commit.Message != "first" {
				t.Errorf("commit %+v", commit)
			}
			clean(t, dir)
		}
	})
}

// TestClient_LFS: pointers stay what they are unless large files are asked for.
func TestClient_LFS(t *testing.T) {
	both(t, func(t *testing.T, m *machine) {
		large := strings.Repeat("large ", 1000)
		sum := sha256.Sum256([]byte(large))
		oid := hex.EncodeToString(sum[:])
		pointer := fmt.Sprintf("version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", oid, len(large))
		remote := testkit.NewRemote(t, map[string]string{".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "a.bin": pointer})
		object := filepath.Join(remote.Dir, "lfs/objects", oid[:2], oid[2:4], oid)
		if err := os.MkdirAll(filepath.Dir(object), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(object, []byte(large), 0o600); err != nil {
			t.Fatal(err)
		}
		repo := file(remote)
		if dir, _ := m.checkout(repo); read(t, dir, "a.bin") != pointer {
			t.Error("a pointer was followed unasked")
		}
		repo.LFS = true
		if m.name == gitrepo.GoGit {
			says(t, m.refused(repo), "Set git_client to cmd_git, or turn LFS off in the repository.")
			return
		}
		without := newMachine(t, m.name)
		without.options.Path = t.TempDir()
		for _, name := range []string{"git", "git-upload-pack", "sh"} {
			if err := os.Symlink(testkit.RequireTool(t, name), filepath.Join(without.options.Path, name)); err != nil {
				t.Fatal(err)
			}
		}
		says(t, without.refused(repo), "the program 'git-lfs' was not found on this machine. Install it, or turn LFS off in the repository.")
		testkit.RequireTool(t, "git-lfs")
		dir, _ := m.checkout(repo)
		if read(t, dir, "a.bin") != large {
			t.Errorf("the large file is\n%.200s\n%s", read(t, dir, "a.bin"), m.output)
		}
		// The next task has it from the mirror.
		if err := os.Remove(object); err != nil {
			t.Fatal(err)
		}
		if dir, _ := m.checkout(repo); read(t, dir, "a.bin") != large {
			t.Error("the large file was not kept")
		}
	})
}

func TestClient_DamagedMirror(t *testing.T) {
	both(t, func(t *testing.T, m *machine) {
		remote := testkit.NewRemote(t, map[string]string{"file": "one", "dir/more": "more"})
		repo := file(remote)
		m.checkout(repo)
		mirrors, err := gitrepo.Mirrors(m.options.DataDir, 1, 4)
		if err != nil {
			t.Fatal(err)
		}
		mirror := mirrors[0]
		each := func(pattern string, do func(path string) error) func() {
			return func() {
				paths, _ := filepath.Glob(filepath.Join(mirror, pattern))
				if len(paths) == 0 {
					t.Errorf("no %s", pattern)
				}
				for _, p := range paths {
					if info, err := os.Stat(p); err == nil && info.IsDir() {
						continue
					}
					_ = os.Chmod(p, 0o600)
					if err := do(p); err != nil {
						t.Error(err)
					}
				}
			}
		}
		truncate := func(p string) error { return os.Truncate(p, 0) }
		objects := "objects/*/*"
		for name, damage := range map[string]func(){
			"objects lost":      each(objects, os.Remove),
			"objects empty":     each(objects, truncate),
			"objects scrambled": each(objects, func(p string) error { return os.WriteFile(p, []byte("scrambled"), 0o600) }),
			"HEAD empty":        each("HEAD", truncate),
			"config lost":       func() { _ = os.Remove(filepath.Join(mirror, "config")) },
			"refs empty":        each("refs/signalbox/*", truncate),
			"refs wrong":        each("refs/signalbox/*", func(p string) error { return os.WriteFile(p, []byte(strings.Repeat("1", 40)+"\n"), 0o600) }),
			"stale locks": func() {
				each("refs/signalbox/*", func(p string) error { return os.WriteFile(p+".lock", nil, 0o600) })()
			},
			"nearly all lost": func() { _ = os.RemoveAll(filepath.Join(mirror, "objects")) },
		} {
			damage()
			dir, _ := m.checkout(repo)
			if read(t, dir, "file") != "one" || read(t, dir, "dir/more") != "more" {
				t.Errorf("%s: wrong files", name)
			}
			clean(t, dir)
			remote.Commit("main", name, map[string]string{"changed": name})
			damage()
			if dir, _ := m.checkout(repo); read(t, dir, "changed") != name {
				t.Errorf("%s: wrong files after a push", name)
			}
		}
	})
}

// TestClient_SingleFlight: tasks that come while one fetches wait for it and use
// what it got.
func TestClient_SingleFlight(t *testing.T) {
	both(t, func(t *testing.T, m *machine) {
		remote := testkit.NewRemote(t, map[string]string{"file": "app"})
		address := testkit.GitHTTP(t, filepath.Dir(remote.Dir), "me", "password")
		repo := job.Repository{ID: 1, Name: "app", URL: address + "/remote.git", Kind: "https", Branch: "main",
			Credential: &job.Credential{Name: "mine", Kind: "login_password", Login: "me", Password: "password"}}
		m.checkout(repo)
		mirrors, _ := gitrepo.Mirrors(m.options.DataDir, 1, 1)
		stamps, _ := filepath.Glob(filepath.Join(mirrors[0], "fetched-*"))
		if len(stamps) != 1 {
			t.Fatalf("%q", stamps)
		}
		// Somebody fetches while this one waits for the lock, and gets a commit
		// that the remote does not have: whoever fetches again would lose it.
		hold, err := os.OpenFile(mirrors[0]+".lock", os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		lock(t, hold)
		done := make(chan string, 1)
		go func() {
			dir, _ := m.checkout(repo)
			done <- read(t, dir, "file")
		}()
		waiting(t, hold)
		run(t, mirrors[0], "fetch", "-q", "file://"+testkit.NewRemote(t, map[string]string{"file": "from the other"}).Dir, "+refs/heads/main:"+refOf(t, mirrors[0]))
		stamp := read(t, "/proc/sys/kernel/random/boot_id")
		stamp = fmt.Sprintf("%s %d", strings.TrimSpace(stamp), process.SinceBoot())
		if err := os.WriteFile(stamps[0], []byte(stamp), 0o600); err != nil {
			t.Fatal(err)
		}
		_ = hold.Close()
		if got := testkit.Receive(t, done, "the checkout"); got != "from the other" {
			t.Errorf("the waiting task fetched again: %q", got)
		}
		if got := read(t, stamps[0]); got != stamp {
			t.Error("the waiting task fetched again")
		}
	})
}

func TestClient_ManyAtOnce(t *testing.T) {
	both(t, func(t *testing.T, m *machine) {
		remote := testkit.NewRemote(t, map[string]string{"file": "app"})
		remote.Commit("other", "other", map[string]string{"file": "other"})
		m.options.Output = io.Discard
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				repo, want := file(remote), "app"
				if i%2 == 1 {
					repo.Branch, want = "other", "other"
				}
				if dir, _ := m.checkout(repo); read(t, dir, "file") != want {
					t.Errorf("%s: wrong file", repo.Branch)
				}
			})
		}
		group.Wait()
	})
}

func TestClient_Stops(t *testing.T) {
	both(t, func(t *testing.T, m *machine) {
		silent := testkit.Listen(t) // takes connections and never answers
		for _, kind := range []string{"https", "ssh", "git"} {
			scheme := kind
			if kind == "https" {
				scheme = "http"
			}
			ctx, cancel := context.WithCancel(t.Context())
			repo := job.Repository{ID: 1, Name: "app", URL: scheme + "://" + silent.Addr().String() + "/app.git", Kind: kind, Branch: "main"}
			done := make(chan error, 1)
			go func() {
				_, err := m.client().Checkout(ctx, 1, repo, filepath.Join(t.TempDir(), "x"))
				done <- err
			}()
			conn, err := silent.Accept()
			if err != nil {
				t.Fatal(err)
			}
			cancel()
			if err := testkit.Receive(t, done, "the end of "+kind); err == nil {
				t.Errorf("%s: no error", kind)
			}
			_ = conn.Close()
		}
	})
}

func TestClient_Reads(t *testing.T) {
	both(t, func(t *testing.T, m *machine) {
		remote := testkit.NewRemote(t, map[string]string{
			"site.yml": "- hosts: all\n", "README.md": "read me", "playbooks/a.yml": "a", "playbooks/B.YAML": "b", "playbooks/deep/c.yml": "c", "run.sh": "#!/bin/sh\n",
		})
		head := remote.Git("rev-parse", "main")
		local := filepath.Join(t.TempDir(), "work")
		run(t, "/", "clone", "-q", remote.Dir, local)
		if err := os.Symlink("/etc/passwd", filepath.Join(local, "playbooks", "link.yml")); err != nil {
			t.Fatal(err)
		}
		ctx, c := testkit.Context(t), m.client()
		for _, repo := range []job.Repository{file(remote), {ID: 2, Name: "app", URL: local, Kind: "local"}} {
			names := func(dir string, q job.FileQuery) string {
				t.Helper()
				list, more, err := c.Files(ctx, 1, repo, dir, q)
				if err != nil {
					t.Errorf("%s %q: %v", repo.URL, dir, err)
				}
				var all []string
				for _, e := range list {
					if e.Kind != "link" {
						all = append(all, e.Path+":"+e.Kind)
					}
				}
				if more {
					all = append(all, "…")
				}
				return strings.Join(all, " ")
			}
			for want, got := range map[string]string{
				"README.md:file playbooks:dir run.sh:file site.yml:file":                             names("", job.FileQuery{}),
				"playbooks/B.YAML:file playbooks/a.yml:file playbooks/deep:dir":                      names("playbooks", job.FileQuery{}),
				"playbooks/B.YAML:file playbooks/a.yml:file playbooks/deep/c.yml:file":               names("./playbooks/", job.FileQuery{Recursive: true}),
				"playbooks/B.YAML:file playbooks/a.yml:file playbooks/deep/c.yml:file site.yml:file": names("", job.FileQuery{Recursive: true, Suffixes: []string{".yml", ".yaml"}}),
				"README.md:file playbooks:dir …":                                                     names("", job.FileQuery{Limit: 2}),
			} {
				if got != want {
					t.Errorf("%s: %s, want %s", repo.URL, got, want)
				}
			}
			list, _, err := c.Files(ctx, 1, repo, "", job.FileQuery{Suffixes: []string{"run.sh"}})
			if err != nil || len(list) != 2 || !list[1].Exec || list[1].Size != 10 {
				t.Errorf("run.sh: %+v %v", list, err)
			}
			content, err := c.File(ctx, 1, repo, "playbooks/a.yml")
			if err != nil || string(content.Data) != "a" || content.Size != 1 || content.Truncated {
				t.Errorf("a.yml: %+v %v", content, err)
			}
			for _, name := range []string{"../x", "/etc/passwd", "playbooks/../../x", "gone", "playbooks", "playbooks/link.yml"} {
				if content, err := c.File(ctx, 1, repo, name); err == nil {
					t.Errorf("%s: read %q as %q", repo.URL, name, content.Data)
				}
			}
			for _, name := range []string{"../x", "/etc", "gone", "site.yml"} {
				if list, _, err := c.Files(ctx, 1, repo, name, job.FileQuery{}); err == nil {
					t.Errorf("%s: listed %q as %+v", repo.URL, name, list)
				}
			}
		}
		commit, err := c.Latest(ctx, 1, file(remote))
		if err != nil || commit.Hash != head || commit.Message != "first" {
			t.Errorf("latest %+v %v", commit, err)
		}
		remote.Commit("main", "large", map[string]string{"large": strings.Repeat("x", 3<<20)})
		content, err := c.File(ctx, 1, file(remote), "large")
		if err != nil || len(content.Data) != 1<<20 || content.Size != 3<<20 || !content.Truncated {
			t.Errorf("large: %d of %d, %v", len(content.Data), content.Size, err)
		}
	})
}

// TestClient_Tidies: a mirror of many fetches is packed when nobody uses it.
func TestClient_Tidies(t *testing.T) {
	both(t, func(t *testing.T, m *machine) {
		remote := testkit.NewRemote(t, map[string]string{"file": "0"})
		repo := file(remote)
		m.checkout(repo)
		mirrors, _ := gitrepo.Mirrors(m.options.DataDir, 1, 4)
		packs := func() int {
			list, _ := filepath.Glob(filepath.Join(mirrors[0], "objects/pack/*.pack"))
			return len(list)
		}
		blobs := t.TempDir()
		run(t, blobs, "init", "-q")
		for i := range 60 { // packs of what no branch has
			name := filepath.Join(blobs, "x")
			if err := os.WriteFile(name, []byte(fmt.Sprint(i)), 0o600); err != nil {
				t.Fatal(err)
			}
			hash := run(t, blobs, "hash-object", "-w", "x")
			cmd := exec.Command("git", "pack-objects", "-q", filepath.Join(mirrors[0], "objects/pack/pack"))
			cmd.Dir, cmd.Stdin = blobs, strings.NewReader(hash+"\n")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v %s", err, out)
			}
		}
		c := m.client()
		if _, err := c.Checkout(testkit.Context(t), 1, repo, filepath.Join(t.TempDir(), "x")); err != nil {
			t.Fatal(err)
		}
		before := packs()
		remote.Commit("main", "next", map[string]string{"file": "1"})
		m.checkout(repo)
		if packs() < before {
			t.Error("a mirror in use was tidied")
		}
		c.Close()
		remote.Commit("main", "after", map[string]string{"file": "2"})
		if dir, _ := m.checkout(repo); read(t, dir, "file") != "2" {
			t.Error("wrong file")
		}
		if packs() >= before {
			t.Errorf("%d packs are left of %d", packs(), before)
		}
	})
}
