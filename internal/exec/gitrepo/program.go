package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"signalbox/internal/exec/fault"
	"signalbox/internal/exec/keys"
	"signalbox/internal/exec/process"
	"signalbox/internal/job"
)

// program is the engine that starts git.
type program struct {
	*client
	remote
	path string // of git
	env  []string
}

// newProgram finds git and makes its environment.
func newProgram(c *client, r remote) (engine, error) {
	p := &program{client: c, remote: r}
	var err error
	if p.path, err = process.Find("git", c.Path); err != nil {
		return nil, fault.Wrap(err, "The program 'git' was not found on this machine. Install it, or set git_client to go_git.")
	}
	config, err := c.globalConfig()
	if err != nil {
		return nil, err
	}
	p.env = append(slices.Clone(c.Env),
		"PATH="+c.Path, "HOME="+c.Home, "LC_ALL=C.UTF-8", "LANGUAGE=C",
		"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS=", "GIT_CONFIG_GLOBAL="+config,
		"GIT_ALLOW_PROTOCOL="+protocols(r.Repository), "GIT_ADVICE=0", "GIT_PAGER=cat",
		"GIT_PROGRESS_DELAY=1000000", // seconds: nobody watches, and a log of percentages says nothing
		"GIT_LFS_SKIP_SMUDGE=1")      // large files are fetched in a step of their own, if they are wanted
	if err := p.credentials(); err != nil {
		return nil, err
	}
	return p, nil
}

// protocols lists what git may speak. A repository of another machine must not
// reach into this one's files.
func protocols(repo job.Repository) string {
	if localPath(repo) != "" {
		return "file:git:http:https:ssh"
	}
	return "git:http:https:ssh"
}

// globalConfig writes the configuration of all git commands: the user's, and
// ours. It has to be a file, because git passes settings of the command line
// and environment not on to the program at the other end of a local fetch.
func (c *client) globalConfig() (string, error) {
	path := filepath.Join(c.configDir(), "gitconfig")
	var b strings.Builder
	if c.Home != "" {
		fmt.Fprintf(&b, "[include]\n\tpath = %q\n\tpath = %q\n", filepath.Join(c.Home, ".config", "git", "config"), filepath.Join(c.Home, ".gitconfig"))
	}
	b.WriteString("[safe]\n\tdirectory = *\n" +
		"[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n" +
		"[advice]\n\tdetachedHead = false\n[core]\n\tfsmonitor = false\n" +
		"[http]\n\tlowSpeedLimit = 1000\n\tlowSpeedTime = 60\n" +
		// Where the machine has filters for large files, they would run, and fail
		// every checkout when their program is missing.
		"[filter \"lfs\"]\n\tprocess =\n\tsmudge =\n\tclean =\n\trequired = false\n")
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
func (p *program) credentials() error {
	switch p.Kind {
	case "https":
		c := p.credential
		if c == nil || c.Kind != "login_password" || c.Password == "" {
			return nil
		}
		file, err := keys.WriteAccounts(p.Private, fileName("account", p.URL), []keys.Account{keys.NewAccount(p.URL, c)})
		if err != nil {
			return err
		}
		p.env = append(p.env, gitSettings(helperSettings(p.Executable, file))...)
	case "ssh":
		return p.ssh()
	}
	return nil
}

// helperSettings make our program answer git's question for a sign-in. The
// empty helper first drops those of the machine: they would store the password.
func helperSettings(executable, file string) [][2]string {
	helper := "!" + shellQuote(executable) + " job credential " + shellQuote(file)
	return [][2]string{{"credential.helper", ""}, {"credential.helper", helper}, {"credential.useHttpPath", "true"}}
}

// gitSettings puts settings into the environment, where no argument shows them.
func gitSettings(list [][2]string) []string {
	env := []string{"GIT_CONFIG_COUNT=" + strconv.Itoa(len(list))}
	for i, s := range list {
		env = append(env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", i, s[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", i, s[1]))
	}
	return env
}

// ssh makes the ssh command.
func (p *program) ssh() error {
	cmd := p.sshCommand()
	if c := p.credential; c != nil && c.Kind == "ssh" && c.PrivateKey != "" {
		id, err := p.Ring.Add(c)
		if err != nil {
			return err
		}
		cmd = append(cmd, "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent="+sshQuote(p.Ring.Socket()), "-i", id.PublicFile)
		if c.Login != "" && keys.ParseAddress(p.URL).User == "" {
			cmd = append(cmd, "-l", c.Login)
		}
		p.env = append(p.env, "SSH_AUTH_SOCK="+p.Ring.Socket())
	}
	p.env = append(p.env, "GIT_SSH_COMMAND="+shellWords(cmd), "GIT_SSH_VARIANT=ssh")
	return nil
}

// sshCommand is ssh without a key.
func (c *client) sshCommand() []string {
	cmd := []string{"ssh"}
	if c.SSHConfig != "" {
		cmd = append(cmd, "-F", c.SSHConfig)
	}
	cmd = append(cmd, "-o", "BatchMode=yes", "-o", "ConnectTimeout=30", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4")
	for _, option := range c.KnownHosts.Options() {
		cmd = append(cmd, "-o", option)
	}
	return cmd
}

func shellWords(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = shellQuote(word)
	}
	return strings.Join(quoted, " ")
}

func shellQuote(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// sshQuote quotes a file name in an option of ssh.
func sshQuote(path string) string {
	return `"` + strings.NewReplacer("%", "%%", `"`, `\"`).Replace(path) + `"`
}

func (p *program) list(ctx context.Context) ([]string, error) {
	out, err := p.git(ctx, "", "ls-remote", "--heads", "--tags", "--refs", "--", p.URL)
	if err != nil {
		return nil, err
	}
	var refs []string
	for line := range strings.Lines(string(out)) {
		if _, ref, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			refs = append(refs, ref)
		}
	}
	return refs, nil
}

func (p *program) fetch(ctx context.Context, mirror string, refs ...refspec) error {
	args := []string{"fetch", "--quiet", "--force", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules"}
	if p.Depth > 0 {
		args = append(args, "--depth="+strconv.Itoa(p.Depth))
	}
	args = append(args, "--", p.URL)
	for _, r := range refs {
		args = append(args, r.String())
	}
	var said tail
	_, err := p.start(ctx, mirror, &tee{keep: &said}, args...)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err != nil {
		err = p.explain(err, said.String())
	}
	if !errors.Is(err, errNoRef) { // then a tag may be meant, and git's complaint would mislead
		_, _ = p.Output.Write(said.buf)
	}
	return err
}

func (p *program) resolve(ctx context.Context, mirror, name string) string {
	out, err := p.quiet(ctx, mirror, "rev-parse", "--verify", "--quiet", name+"^{commit}")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

func (p *program) fill(ctx context.Context, mirror, dir, hash string) (string, error) {
	var said tail
	// Of how a checkout of minutes came about there is nothing to log.
	out, err := p.start(ctx, dir, &tee{&said, p.Output}, "-c", "core.logAllRefUpdates=false", "reset", "--hard", hash)
	if cause := context.Cause(ctx); cause != nil {
		return "", cause
	}
	if err != nil {
		return "", p.explainLocal(err, said.String(), dir)
	}
	if p.LFS {
		if err := p.large(ctx, mirror, dir); err != nil {
			return "", err
		}
	}
	subject, _ := subjectOfReset(string(out))
	return subject, nil
}

// large fetches the files that pointers of Git LFS stand for. They are kept
// beside the mirror's objects, so that the next task has them.
func (p *program) large(ctx context.Context, mirror, dir string) error {
	if _, err := process.Find("git-lfs", p.Path); err != nil {
		return fault.Wrap(err, "The repository '%s' is set to fetch large files, but the program 'git-lfs' was not found on this machine. Install it, or turn LFS off in the repository.", p.Name)
	}
	// The place is set in the checkout and not for all commands: the one that
	// plays the server of a repository on this machine would look there too.
	file := filepath.Join(dir, ".git", "config")
	before, err := os.ReadFile(file)
	if err != nil {
		return explainDisk(err)
	}
	place := fmt.Sprintf("[lfs]\n\tstorage = %s\n\tconcurrenttransfers = 4\n", configQuote(filepath.Join(mirror, "lfs")))
	if err := os.WriteFile(file, append(slices.Clone(before), place...), 0o600); err != nil {
		return explainDisk(err)
	}
	_, err = p.git(ctx, dir, "-c", "filter.lfs.clean=git-lfs clean -- %f", "-c", "filter.lfs.smudge=git-lfs smudge -- %f",
		"-c", "filter.lfs.process=git-lfs filter-process", "-c", "filter.lfs.required=true", "lfs", "pull")
	if restored := os.WriteFile(file, before, 0o600); err == nil && restored != nil {
		return explainDisk(restored)
	}
	return err
}

// subjectOfReset takes the subject from "HEAD is now at 1a2b3c4 subject", which
// saves starting git once more.
func subjectOfReset(out string) (string, bool) {
	rest, ok := strings.CutPrefix(strings.TrimRight(out, "\n"), "HEAD is now at ")
	if !ok || strings.Contains(rest, "\n") {
		return "", false
	}
	_, subject, _ := strings.Cut(rest, " ")
	return subject, true
}

func (p *program) subject(ctx context.Context, mirror, hash string) (string, error) {
	out, err := p.git(ctx, mirror, "log", "-1", "--format=%s", hash)
	return strings.TrimRight(string(out), "\n"), err
}

func (p *program) tree(ctx context.Context, mirror, hash, dir string, recursive bool, each func(job.FileEntry) bool) error {
	args := []string{"ls-tree", "-z", "-l", "--full-tree"}
	if recursive {
		args = append(args, "-r")
	}
	name := hash + ":" + dir
	if dir != "" && p.kind(ctx, mirror, name) != "tree" {
		return errNoFile
	}
	out, err := p.git(ctx, mirror, append(args, name)...)
	if err != nil {
		return err
	}
	for line := range bytes.SplitSeq(out, []byte{0}) {
		meta, path, ok := strings.Cut(string(line), "\t")
		if !ok {
			continue
		}
		e, ok := treeEntry(strings.Fields(meta))
		if !ok {
			continue
		}
		if e.Path = path; dir != "" {
			e.Path = dir + "/" + path
		}
		if !each(e) {
			return nil
		}
	}
	return nil
}

// treeEntry reads mode, type, object and size of a line of ls-tree.
func treeEntry(f []string) (job.FileEntry, bool) {
	if len(f) != 4 {
		return job.FileEntry{}, false
	}
	size, _ := strconv.ParseInt(f[3], 10, 64) // "-" for what has none
	switch f[0] {
	case "040000":
		return job.FileEntry{Kind: "dir"}, true
	case "120000":
		return job.FileEntry{Kind: "link"}, true
	case "160000":
		return job.FileEntry{Kind: "submodule", Link: f[2]}, true
	}
	return job.FileEntry{Kind: "file", Size: size, Exec: f[0] == "100755"}, true
}

// kind is the type of an object, "" when there is none of the name.
func (p *program) kind(ctx context.Context, mirror, name string) string {
	out, err := p.quiet(ctx, mirror, "cat-file", "-t", name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

func (p *program) blob(ctx context.Context, mirror, hash, name string, limit int64) ([]byte, int64, error) {
	object := hash + ":" + name
	if p.kind(ctx, mirror, object) != "blob" {
		return nil, 0, errNoFile
	}
	out, err := p.git(ctx, mirror, "cat-file", "-s", object)
	if err != nil {
		return nil, 0, err
	}
	size, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		return nil, 0, err
	}
	if size > maxBlob {
		return nil, size, fault.New("The file %q of the repository '%s' is too large to be shown (%d bytes).", name, p.Name, size)
	}
	data, err := p.git(ctx, mirror, "cat-file", "blob", object)
	if int64(len(data)) > limit {
		data = data[:limit]
	}
	return data, size, err
}

func (p *program) tidy(ctx context.Context, mirror string) error {
	_, err := p.quiet(ctx, mirror, "-c", "gc.auto=6700", "-c", fmt.Sprintf("gc.autoPackLimit=%d", tidyPacks-1), "-c", "gc.autoDetach=false", "gc", "--auto", "--quiet")
	return err
}

// git runs git, shows what it says and explains how it fails.
func (p *program) git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	var said tail
	out, err := p.start(ctx, dir, &tee{&said, p.Output}, args...)
	if err == nil {
		return out, nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	return nil, p.explain(err, said.String())
}

// quiet runs git for an answer that may be no.
func (p *program) quiet(ctx context.Context, dir string, args ...string) ([]byte, error) {
	return p.start(ctx, dir, nil, args...)
}

func (p *program) start(ctx context.Context, dir string, stderr *tee, args ...string) ([]byte, error) {
	cmd := process.Command{Path: p.path, Args: append([]string{"git"}, args...), Dir: dir, Env: p.env, As: p.As}
	if dir == "" {
		cmd.Dir = p.Private // not a repository, so no configuration of one counts
	}
	// A repository that is none must not make git look in the directories above.
	cmd.Env = append(slices.Clone(p.env), "GIT_CEILING_DIRECTORIES="+filepath.Dir(cmd.Dir))
	if stderr == nil {
		return process.Capture(ctx, cmd, nil)
	}
	return process.Capture(ctx, cmd, stderr)
}

// tee keeps the end of what git says and shows all of it, if it is to.
type tee struct {
	keep *tail
	show interface{ Write([]byte) (int, error) }
}

func (t *tee) Write(p []byte) (int, error) {
	t.keep.add(p)
	if t.show == nil {
		return len(p), nil
	}
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
