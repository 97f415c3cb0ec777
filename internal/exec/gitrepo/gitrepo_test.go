package gitrepo

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

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
	c := &CLI{DataDir: "/data"}
	s := &session{CLI: c, repo: job.Repository{Name: "app", URL: "https://h/x.git", Branch: "main"}}
	for said, want := range map[string]string{
		"fatal: couldn't find remote ref refs/heads/main":                                                        "The branch 'main' does not exist",
		"fatal: could not read Username for 'https://h': terminal prompts disabled":                              "refused the sign-in",
		"git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.":                   "refused the sign-in",
		"fatal: unable to access 'https://h/x.git/': Could not resolve host: h":                                  "cannot be reached",
		"fatal: unable to access 'https://h/x.git/': Failed to connect to h port 443: Connection refused":        "cannot be reached",
		"remote: Repository not found.\nfatal: repository 'https://h/x.git/' not found":                          "No git repository was found at https://h/x.git",
		"@@@\nHost key verification failed.\nfatal: Could not read from remote repository.":                      "remove its line from /data/known_hosts",
		"fatal: unable to access 'https://h/': server certificate verification failed. CAfile: none CRLfile: no": "certificate",
		"fatal: write error: No space left on device":                                                            "The disk is full",
		"fatal: transport 'file' not allowed":                                                                    "protocol that is not allowed",
		"warning: x\nfatal: something odd\nhint: y":                                                              "Git could not get the repository 'app': something odd",
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
		if got := addressHasUser(c.repo.URL); got != c.user {
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
