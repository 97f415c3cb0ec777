package jobproc_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"signalbox/internal/exec/gitrepo"
	"signalbox/internal/exec/workspace"
	"signalbox/internal/job"
	"signalbox/internal/runner"
	"signalbox/internal/testkit"
)

// holding lists the files below the directories that hold one of the texts.
func holding(t testing.TB, texts []string, dirs ...string) []string {
	t.Helper()
	args := []string{"-rlaF"}
	for _, text := range texts {
		args = append(args, "-e", text)
	}
	out, _ := exec.Command("grep", append(append(args, "--"), dirs...)...).Output() // none is exit code 1
	return strings.Fields(string(out))
}

// showing lists the processes whose arguments or environment hold one of the
// texts, and how many processes were looked at.
func showing(t testing.TB, texts []string) (found []string, seen int) {
	t.Helper()
	for _, name := range []string{"cmdline", "environ"} {
		files, _ := filepath.Glob("/proc/[0-9]*/" + name)
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil || len(content) == 0 {
				continue
			}
			seen++
			for _, text := range texts {
				if strings.Contains(string(content), text) {
					found = append(found, file)
				}
			}
		}
	}
	return found, seen
}

func sockets(t testing.TB, dir string) (list []string) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type()&fs.ModeSocket != 0 && e.Name() != job.SocketFile {
			list = append(list, path)
			if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v %v", path, info.Mode(), err)
			}
		}
		return nil
	})
	return list
}

// TestSecrets_NothingLeft looks at a job in the middle of a fetch, kills it, and
// looks again after the sweep that a server begins with.
func TestSecrets_NothingLeft(t *testing.T) {
	t.Parallel()
	for _, client := range []string{gitrepo.CLI, gitrepo.GoGit} {
		t.Run(client+" https", func(t *testing.T) {
			t.Parallel()
			const password = "a-password-like-no-other-7731"
			asked, gone := make(chan struct{}, 10), make(chan struct{}, 10)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, p, _ := r.BasicAuth(); p != password {
					w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				asked <- struct{}{}
				<-r.Context().Done()
				gone <- struct{}{}
			}))
			t.Cleanup(server.Close)
			spec := gitSpec(t, server.URL+"/app.git", "https")
			spec.Host.GitClient = client
			spec.Repository.Credential = &job.Credential{Name: "http", Kind: "login_password", Login: "me", Password: password}
			spec.Credentials = []job.HostCredential{{Match: "other.example.org", Credential: job.Credential{Kind: "login_password", Password: password + "-2"}}}
			dir, p := start(t, spec)
			testkit.Receive(t, asked, "the request")
			if found, seen := showing(t, []string{password}); len(found) > 0 || seen < 4 {
				t.Errorf("the password is in %q (%d looked at)", found, seen)
			}
			during := holding(t, []string{password}, dir, spec.Host.DataDir)
			if want := map[string]int{gitrepo.CLI: 1, gitrepo.GoGit: 0}[client]; len(during) != want {
				t.Errorf("the password is in %q, want %d files", during, want)
			}
			for _, file := range during {
				if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 || !strings.HasPrefix(file, filepath.Join(dir, job.WorkDir)) {
					t.Errorf("%s: %v %v", file, info.Mode(), err)
				}
			}
			killAndSweep(t, dir, p, spec)
			testkit.Receive(t, gone, "the end of the request")
			if left := holding(t, []string{password}, dir, spec.Host.DataDir); len(left) > 0 {
				t.Errorf("the password is left in %q", left)
			}
		})
		t.Run(client+" ssh", func(t *testing.T) {
			t.Parallel()
			_, key := testkit.SSHKey(t, "ed25519", "a-passphrase-like-no-other")
			secrets := []string{strings.Split(key.Private, "\n")[2], "a-passphrase-like-no-other"}
			silent := testkit.Listen(t)
			spec := gitSpec(t, fmt.Sprintf("ssh://%s/app.git", silent.Addr()), "ssh")
			spec.Host.GitClient = client
			spec.Repository.Credential = &job.Credential{Name: "deploy", Kind: "ssh", PrivateKey: key.Private, Passphrase: secrets[1]}
			dir, p := start(t, spec)
			conn, err := silent.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if found, _ := showing(t, secrets); len(found) > 0 {
				t.Errorf("the key is in %q", found)
			}
			if found := holding(t, secrets, dir, spec.Host.DataDir); len(found) > 0 {
				t.Errorf("the key is in %q", found)
			}
			if list := sockets(t, dir); client == gitrepo.CLI && len(list) != 1 {
				t.Errorf("agents %q", list)
			}
			killAndSweep(t, dir, p, spec)
			if list := sockets(t, dir); len(list) > 0 {
				t.Errorf("agents %q are left", list)
			}
		})
	}
}

func killAndSweep(t testing.TB, dir string, p *job.Process, spec job.Spec) {
	t.Helper()
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wait(t, p)
	if err := workspace.Sweep(filepath.Dir(dir), spec.Host.DataDir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, job.WorkDir)); err == nil {
		t.Error("the work directory is left")
	}
}

// TestKilledJob_SweepEndsWhatLeftItsSession: what a program has started in a
// session of its own ends with its job also where there are no control groups,
// which the sweep knows nothing of.
func TestKilledJob_SweepEndsWhatLeftItsSession(t *testing.T) {
	t.Parallel()
	notes := filepath.Join(t.TempDir(), "pid")
	if err := syscall.Mkfifo(notes, 0o600); err != nil {
		t.Fatal(err)
	}
	// The reader of the pipe learns from its end that the writer is gone.
	spec := bashSpec(t, "setsid sleep 300 >"+notes+" 2>&1 &\nsleep 300\n")
	dir, p := start(t, spec)
	pipe, err := os.Open(notes)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	killAndSweep(t, dir, p, spec)
	ended := make(chan error, 1)
	go func() {
		_, err := io.ReadAll(pipe)
		ended <- err
	}()
	if err := testkit.Receive(t, ended, "the end of what left the session"); err != nil {
		t.Fatal(err)
	}
}

// TestSecrets_GalaxyRole: programs that fetch for themselves get the sign-in of
// each host, and afterwards nothing.
func TestSecrets_GalaxyRole(t *testing.T) {
	t.Parallel()
	need(t, "ansible-galaxy")
	_, app := testkit.SSHKey(t, "ed25519", "")
	_, role := testkit.SSHKey(t, "rsa", "with a passphrase")
	appServer, roleServer := testkit.NewSSHServer(t, app.Public), testkit.NewSSHServer(t, role.Public)
	roles := testkit.NewRemote(t, map[string]string{"tasks/main.yml": "- debug: msg=from-the-role\n", "meta/main.yml": "galaxy_info: {author: t, description: d, license: MIT, min_ansible_version: '2.9'}\ndependencies: []\n"})
	remote := testkit.NewRemote(t, map[string]string{
		"script.sh":              "---\n- hosts: localhost\n  connection: local\n  gather_facts: false\n  roles: [mine]\n  tasks:\n    - command: sh -c 'echo socket=$SSH_AUTH_SOCK command=$GIT_SSH_COMMAND'\n      register: out\n    - debug: var=out.stdout\n",
		"roles/requirements.yml": fmt.Sprintf("- src: git+%s\n  name: mine\n", roleServer.Address(roles.Dir)),
	})
	spec := ansibleSpec(t, "")
	spec.Playbook = "script.sh"
	spec.Repository = job.Repository{ID: 4, Name: "app", URL: appServer.Address(remote.Dir), Kind: "ssh", Branch: "main",
		Credential: &job.Credential{Name: "app", Kind: "ssh", PrivateKey: app.Private}}
	spec.Credentials = []job.HostCredential{{Match: "127.0.0.1", Credential: job.Credential{Name: "role", Kind: "ssh", PrivateKey: role.Private, Passphrase: "with a passphrase"}}}
	got := runJob(t, spec)
	if got.end.Status != "success" || !strings.Contains(got.output, "from-the-role") {
		t.Fatalf("end %+v\n%s", got.end, got.output)
	}
	if !strings.Contains(got.output, "socket= command=") {
		t.Errorf("the playbook got the sign-ins:\n%s", got.output)
	}
	// Without the key the role cannot be had.
	spec.Credentials, spec.Host.DataDir = nil, t.TempDir()
	if got := runJob(t, spec); got.end.Status != "error" || !strings.Contains(got.end.Reason, "could not be installed") {
		t.Errorf("end %+v\n%s", got.end, got.output)
	}
}

// TestQuery asks everything of a repository, through both clients.
func TestQuery(t *testing.T) {
	t.Parallel()
	remote := testkit.NewRemote(t, map[string]string{"site.yml": "- hosts: all\n", "playbooks/a.yml": "a", "readme": ""})
	remote.Git("tag", "v1")
	for _, client := range []string{gitrepo.CLI, gitrepo.GoGit} {
		q := queries(t, client)
		repo := job.Repository{ID: 1, Name: "app", URL: "file://" + remote.Dir, Kind: "file", Branch: "v1"}
		if list, err := q.Branches(t.Context(), 1, repo); err != nil || strings.Join(list, " ") != "main" {
			t.Errorf("%s: branches %q %v", client, list, err)
		}
		if list, err := q.Tags(t.Context(), 1, repo); err != nil || strings.Join(list, " ") != "v1" {
			t.Errorf("%s: tags %q %v", client, list, err)
		}
		if c, err := q.Commit(t.Context(), 1, repo); err != nil || c.Hash != remote.Git("rev-parse", "v1") || c.Message != "first" {
			t.Errorf("%s: commit %+v %v", client, c, err)
		}
		files, more, err := q.Files(t.Context(), 1, repo, "", job.FileQuery{Recursive: true, Suffixes: []string{".yml"}})
		if err != nil || more || len(files) != 2 || files[0].Path != "playbooks/a.yml" || files[1].Size != 13 {
			t.Errorf("%s: files %+v %v %v", client, files, more, err)
		}
		if f, err := q.File(t.Context(), 1, repo, "site.yml"); err != nil || string(f.Data) != "- hosts: all\n" {
			t.Errorf("%s: file %+v %v", client, f, err)
		}
		if _, err := q.File(t.Context(), 1, repo, "../x"); err == nil || !strings.Contains(err.Error(), "lies outside the repository") {
			t.Errorf("%s: outside: %v", client, err)
		}
		if _, _, err := q.Files(t.Context(), 1, repo, "none", job.FileQuery{}); err == nil || err.Error() != `The directory "none" does not exist in the repository 'app'.` {
			t.Errorf("%s: missing: %v", client, err)
		}
		left, err := os.ReadDir(filepath.Join(q.Host.DataDir, "queries"))
		if err != nil || len(left) > 0 {
			t.Errorf("%s: left %v %v", client, left, err)
		}
	}
}

// TestQuery_Cancelled: who asked has gone, and nothing is left.
func TestQuery_Cancelled(t *testing.T) {
	t.Parallel()
	for _, client := range []string{gitrepo.CLI, gitrepo.GoGit} {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			silent := testkit.Listen(t)
			q := queries(t, client)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				_, err := q.Branches(ctx, 1, job.Repository{ID: 1, Name: "app", URL: "http://" + silent.Addr().String() + "/app.git", Kind: "https",
					Credential: &job.Credential{Name: "k", Kind: "login_password", Password: "secret-of-the-query"}})
				done <- err
			}()
			conn, err := silent.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			cancel()
			if err := testkit.Receive(t, done, "the answer"); err == nil {
				t.Error("no error")
			}
			left, err := os.ReadDir(filepath.Join(q.Host.DataDir, "queries"))
			if err != nil || len(left) > 0 {
				t.Errorf("left %v %v", left, err)
			}
		})
	}
}

func queries(t testing.TB, client string) runner.Queries {
	t.Helper()
	return runner.Queries{Executable: executable(t), Env: os.Environ(), Host: job.Host{DataDir: t.TempDir(), GitClient: client}}
}

// TestSecrets_ManyKeys: the agent of a run holds the keys for all its hosts.
func TestSecrets_ManyKeys(t *testing.T) {
	t.Parallel()
	need(t, "ssh-add")
	spec := bashSpec(t, "ssh-add -l | cut -d' ' -f3- | sort; stat -c %a $SSH_AUTH_SOCK; echo $((${#SSH_AUTH_SOCK} < 104))")
	_, one := testkit.SSHKey(t, "ed25519", "")
	_, two := testkit.SSHKey(t, "ecdsa", "passphrase")
	_, elsewhere := testkit.SSHKey(t, "ed25519", "")
	spec.Inventory = &job.Inventory{ID: 1, Name: "hosts", Connection: &job.Credential{Name: "one", Kind: "ssh", PrivateKey: one.Private}}
	spec.Credentials = []job.HostCredential{
		{Credential: job.Credential{Name: "two", Kind: "ssh", PrivateKey: two.Private, Passphrase: "passphrase"}},
		{Match: "git.example.org", Credential: job.Credential{Name: "elsewhere", Kind: "ssh", PrivateKey: elsewhere.Private}},
	}
	if got := runJob(t, spec); got.output != "one (ED25519)\ntwo (ECDSA)\n600\n1\n" {
		t.Errorf("output %q end %+v", got.output, got.end)
	}
	spec.Credentials[0].Credential.Passphrase = "open barley"
	if got := runJob(t, spec); got.end.Reason != "The passphrase of the key 'two' is wrong. Correct it in the settings of the key." {
		t.Errorf("end %+v", got.end)
	}
}
