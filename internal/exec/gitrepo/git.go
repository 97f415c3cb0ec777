package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"signalbox/internal/exec/fault"
	"signalbox/internal/exec/keys"
	"signalbox/internal/exec/process"
	"signalbox/internal/job"
)

// session is the use of git for one repository with its credential.
type session struct {
	*CLI
	repo job.Repository
	path string // of git
	env  []string
}

// session finds git and makes its environment.
func (c *CLI) session(repo job.Repository) (*session, error) {
	s := &session{CLI: c, repo: repo}
	var err error
	if s.path, err = process.Find("git", c.Path); err != nil {
		return nil, fault.Wrap(err, "The program 'git' was not found on this machine. Install it.")
	}
	config, err := c.globalConfig()
	if err != nil {
		return nil, err
	}
	s.env = append(slices.Clone(c.Env),
		"PATH="+c.Path, "HOME="+c.Home, "LC_ALL=C.UTF-8", "LANGUAGE=C",
		"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS=", "GIT_CONFIG_GLOBAL="+config,
		"GIT_ALLOW_PROTOCOL="+protocols(repo), "GIT_ADVICE=0", "GIT_PAGER=cat")
	if err := s.credentials(); err != nil {
		return nil, err
	}
	return s, nil
}

// protocols lists what git may speak. A repository of another machine must not
// reach into this one's files through its submodules.
func protocols(repo job.Repository) string {
	if localPath(repo) != "" {
		return "file:git:http:https:ssh"
	}
	return "git:http:https:ssh"
}

// globalConfig writes the configuration of all git commands: the user's, and
// ours. It has to be a file, because git passes settings of the command line
// and environment not on to the program at the other end of a local fetch.
func (c *CLI) globalConfig() (string, error) {
	path := filepath.Join(c.configDir(), "gitconfig")
	var b strings.Builder
	if c.Home != "" {
		fmt.Fprintf(&b, "[include]\n\tpath = %q\n\tpath = %q\n", filepath.Join(c.Home, ".config", "git", "config"), filepath.Join(c.Home, ".gitconfig"))
	}
	b.WriteString("[safe]\n\tdirectory = *\n" +
		"[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n" +
		"[advice]\n\tdetachedHead = false\n[core]\n\tfsmonitor = false\n" +
		"[http]\n\tlowSpeedLimit = 1000\n\tlowSpeedTime = 60\n")
	if have, err := os.ReadFile(path); err == nil && string(have) == b.String() {
		return path, nil
	}
	tmp, err := os.CreateTemp(c.configDir(), "gitconfig-*")
	if err != nil {
		return "", explainDisk(err)
	}
	_, err = tmp.WriteString(b.String())
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return "", explainDisk(err)
	}
	return path, nil
}

// credentials gives git the way to sign in, by kind of address.
func (s *session) credentials() error {
	cred := s.repo.Credential
	switch s.repo.Kind {
	case "https":
		if cred == nil || cred.Kind != "login_password" || cred.Password == "" {
			return nil
		}
		file, err := keys.WriteAccount(s.Private, fmt.Sprintf("account-%d", s.repo.ID), s.repo.URL, cred)
		if err != nil {
			return err
		}
		helper := "!" + shellQuote(s.Executable) + " job credential " + shellQuote(file)
		// The empty helper first drops those of the machine: they would store
		// the password.
		s.env = append(s.env, "GIT_CONFIG_COUNT=2",
			"GIT_CONFIG_KEY_0=credential.helper", "GIT_CONFIG_VALUE_0=",
			"GIT_CONFIG_KEY_1=credential.helper", "GIT_CONFIG_VALUE_1="+helper)
	case "ssh":
		return s.ssh(cred)
	}
	return nil
}

// ssh makes the ssh command. Unknown hosts are remembered in the data
// directory; a host whose key changed is refused.
func (s *session) ssh(cred *job.Credential) error {
	cmd := []string{"ssh"}
	if s.SSHConfig != "" {
		cmd = append(cmd, "-F", s.SSHConfig)
	}
	cmd = append(cmd, "-o", "BatchMode=yes", "-o", "HashKnownHosts=no", "-o", "StrictHostKeyChecking=accept-new",
		"-o", "UserKnownHostsFile="+sshQuote(s.KnownHosts()), "-o", "ConnectTimeout=30",
		"-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4")
	if cred != nil && cred.Kind == "ssh" && cred.PrivateKey != "" {
		id, err := s.Ring.Add(cred)
		if err != nil {
			return err
		}
		cmd = append(cmd, "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent="+sshQuote(s.Ring.Socket()), "-i", id.PublicFile)
		if cred.Login != "" && !addressHasUser(s.repo.URL) {
			cmd = append(cmd, "-l", cred.Login)
		}
		s.env = append(s.env, "SSH_AUTH_SOCK="+s.Ring.Socket())
	}
	for i, word := range cmd {
		cmd[i] = shellQuote(word)
	}
	s.env = append(s.env, "GIT_SSH_COMMAND="+strings.Join(cmd, " "), "GIT_SSH_VARIANT=ssh")
	return nil
}

// KnownHosts is the file of host keys that runs have met.
func (c *CLI) KnownHosts() string { return filepath.Join(c.configDir(), "known_hosts") }

func (c *CLI) configDir() string {
	if c.ConfigDir != "" {
		return c.ConfigDir
	}
	return c.DataDir
}

func addressHasUser(address string) bool {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.User != nil
	}
	host, _, _ := strings.Cut(address, ":")
	return strings.Contains(host, "@")
}

func shellQuote(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// sshQuote quotes a file name in an option of ssh.
func sshQuote(path string) string {
	return `"` + strings.NewReplacer("%", "%%", `"`, `\"`).Replace(path) + `"`
}

// git runs git, shows what it says and explains how it fails.
func (s *session) git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	var said tail
	out, err := s.start(ctx, dir, &tee{&said, s.Output}, args...)
	if err == nil {
		return out, nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	return nil, s.explain(err, said.String())
}

// quiet runs git for an answer that may be no.
func (s *session) quiet(ctx context.Context, dir string, args ...string) ([]byte, error) {
	return s.start(ctx, dir, nil, args...)
}

func (s *session) start(ctx context.Context, dir string, stderr *tee, args ...string) ([]byte, error) {
	cmd := process.Command{Path: s.path, Args: append([]string{"git"}, args...), Dir: dir, Env: s.env, As: s.As}
	if dir == "" {
		cmd.Dir = s.Private // not a repository, so no configuration of one counts
		cmd.Env = append(slices.Clone(s.env), "GIT_CEILING_DIRECTORIES="+filepath.Dir(s.Private))
	}
	if stderr == nil {
		return process.Capture(ctx, cmd, nil)
	}
	return process.Capture(ctx, cmd, stderr)
}

// tee keeps the end of what git says and shows all of it.
type tee struct {
	keep *tail
	show interface{ Write([]byte) (int, error) }
}

func (t *tee) Write(p []byte) (int, error) {
	t.keep.add(p)
	return t.show.Write(p)
}

// tail is the last few KiB of a text.
type tail struct{ buf []byte }

const tailSize = 8 << 10

func (t *tail) add(p []byte) {
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - tailSize; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
}

func (t *tail) String() string { return string(bytes.ToValidUTF8(t.buf, []byte("?"))) }
