package gitrepo

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"signalbox/internal/exec/keys"
	"signalbox/internal/job"
)

func TestCutSubject(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"short":                        "short",
		strings.Repeat("a", 101):       strings.Repeat("a", 100),
		"x" + strings.Repeat("ä", 60):  "x" + strings.Repeat("ä", 49),
		strings.Repeat("€", 40):        strings.Repeat("€", 33),
		"bad \xff byte":                "bad \uFFFD byte",
		strings.Repeat("a", 99) + "😀b": strings.Repeat("a", 99),
	} {
		if got := CutSubject(in); got != want || len(got) > 100 || !utf8.ValidString(got) {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	c := &client{Options: Options{DataDir: "/data", KnownHosts: keys.KnownHosts{File: "/data/known_hosts"}}}
	s := &program{client: c, remote: remote{Repository: job.Repository{Name: "app", URL: "https://h/x.git", Branch: "main"}}}
	for said, want := range map[string]string{
		"fatal: couldn't find remote ref refs/heads/main":                                                           "The branch 'main' does not exist",
		"fatal: could not read Username for 'https://h': terminal prompts disabled":                                 "refused the sign-in",
		"git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.":                      "refused the sign-in",
		"fatal: unable to access 'https://h/x.git/': Could not resolve host: h":                                     "cannot be reached",
		"fatal: unable to access 'https://h/x.git/': Failed to connect to h port 443: Connection refused":           "cannot be reached",
		"remote: Repository not found.\nfatal: repository 'https://h/x.git/' not found":                             "No git repository was found at https://h/x.git",
		"@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\nfatal: Could not":     "remove its line from /data/known_hosts",
		"No ED25519 host key is known for h and you have requested strict checking.\nHost key verification failed.": "Add its line to /data/known_hosts",
		"fatal: unable to access 'https://h/': server certificate verification failed. CAfile: none CRLfile: no":    "certificate",
		"fatal: write error: No space left on device":                                                               "The disk is full",
		"fatal: transport 'file' not allowed":                                                                       "protocol that is not allowed",
		"warning: x\nfatal: something odd\nhint: y":                                                                 "Git could not get the repository 'app': something odd",
		"": "it gave no reason",
	} {
		if got := s.explain(errors.New("exit status 128"), said).Error(); !strings.Contains(got, want) {
			t.Errorf("%q: %q lacks %q", said, got, want)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		repo  job.Repository
		local string
		user  bool
	}{
		{job.Repository{URL: "/srv/x", Kind: "local"}, "/srv/x", false},
		{job.Repository{URL: "file:///srv/x", Kind: "file"}, "/srv/x", false},
		{job.Repository{URL: "file://localhost/srv/x", Kind: "file"}, "/srv/x", false},
		{job.Repository{URL: "git@host:x.git", Kind: "ssh"}, "", true},
		{job.Repository{URL: "host:x@y.git", Kind: "ssh"}, "", false},
		{job.Repository{URL: "ssh://host/x", Kind: "ssh"}, "", false},
		{job.Repository{URL: "ssh://me@host/x", Kind: "ssh"}, "", true},
	} {
		if got := localPath(c.repo); got != c.local {
			t.Errorf("%s is at %q, want %q", c.repo.URL, got, c.local)
		}
		if got := keys.ParseAddress(c.repo.URL).User != ""; got != c.user {
			t.Errorf("%s has a user: %v", c.repo.URL, got)
		}
		if strings.Contains(protocols(c.repo), "file") != (c.local != "") {
			t.Errorf("%s may use %s", c.repo.URL, protocols(c.repo))
		}
	}
}

func TestSubjectOfReset(t *testing.T) {
	t.Parallel()
	for out, want := range map[string]string{
		"HEAD is now at 1a2b3c4 a subject\n": "a subject",
		"HEAD is now at 1a2b3c4\n":           "",
	} {
		if got, ok := subjectOfReset(out); !ok || got != want {
			t.Errorf("%q: %q %v", out, got, ok)
		}
	}
	if _, ok := subjectOfReset("something else"); ok {
		t.Error("took something else")
	}
}

func TestResolveSubmodule(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ parent, address, want string }{
		{"https://h/a/b.git", "../c.git", "https://h/a/c.git"},
		{"https://h:8443/a/b.git/", "../../c.git", "https://h:8443/c.git"},
		{"https://h/a/b.git", "./c", "https://h/a/b.git/c"},
		{"git@h:a/b.git", "../c.git", "git@h:a/c.git"},
		{"git@h:/srv/b.git", "../c.git", "git@h:/srv/c.git"},
		{"ssh://h/srv/b.git", "../c.git", "ssh://h/srv/c.git"},
		{"file:///srv/b.git", "../c.git", "file:///srv/c.git"},
		{"/srv/b.git", "../c.git", "/srv/c.git"},
		{"https://h/a/b.git", "https://x/y", "https://x/y"},
		{"https://h/a/b.git", "../../../x.git", ""},
		{"git@h:b.git", "../../c.git", ""},
	} {
		got, err := resolveSubmodule(c.parent, c.address)
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s in %s: %q, %v, want %q", c.address, c.parent, got, err, c.want)
		}
	}
}

func TestCredentialFor(t *testing.T) {
	t.Parallel()
	password := &job.Credential{Name: "password", Kind: "login_password"}
	key := &job.Credential{Name: "key", Kind: "ssh"}
	further := []job.HostCredential{
		{Match: "lib.example.org", Credential: job.Credential{Name: "lib key", Kind: "ssh"}},
		{Match: "lib.example.org", Credential: job.Credential{Name: "lib password", Kind: "login_password"}},
		{Match: "https://h/team", Credential: job.Credential{Name: "team", Kind: "login_password"}},
		{Match: "https://h/team/deep", Credential: job.Credential{Name: "deep", Kind: "login_password"}},
	}
	for _, c := range []struct {
		own           *job.Credential
		repo, address string
		want          string
	}{
		{password, "https://h/a", "https://h/a", "password"},
		{password, "https://h/a", "https://h/b", "password"},
		{password, "https://h/a", "https://H:443/b", "password"},
		{password, "https://h/a", "http://h/b", ""},
		{password, "https://h/a", "https://h:8443/b", ""},
		{password, "https://h/a", "https://other/b", ""},
		{password, "https://h/a", "https://h/team/x.git", "team"},
		{password, "https://h/a", "https://h/team.git", "team"},
		{password, "https://h/a", "https://h/teamwork/x.git", "password"},
		{password, "https://h/a", "https://h/team/deep/x.git", "deep"},
		{key, "git@h:a", "git@other:b", "key"},
		{key, "git@h:a", "git@lib.example.org:b", "lib key"},
		{key, "git@h:a", "https://lib.example.org/b", "lib password"},
		{key, "git@h:a", "https://other/b", ""},
		{nil, "https://h/a", "https://h/team/x", "team"},
		{nil, "/srv/a", "/srv/b", ""},
	} {
		got := ""
		if cred := credentialFor(job.Repository{URL: c.repo, Credential: c.own}, further, c.address); cred != nil {
			got = cred.Name
		}
		if got != c.want {
			t.Errorf("%s of %s gets %q, want %q", c.address, c.repo, got, c.want)
		}
	}
}

func TestNew_RefusesUnknownSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		client, mode string
		ok           bool
	}{
		{"", "", true}, {CLI, "yes", true}, {GoGit, "no", true}, {GoGit, "strict", true}, {"libgit2", "", false}, {CLI, "ask", false},
	} {
		if _, err := New(c.client, Options{KnownHosts: keys.KnownHosts{Mode: c.mode}}); (err == nil) != c.ok {
			t.Errorf("client %q, mode %q: %v", c.client, c.mode, err)
		}
	}
}
