// Package gitrepo brings the files of a repository to a run: a bare mirror per
// repository that is fetched at most once at a time, and a private checkout per
// task that borrows the mirror's objects. Two clients do so, the git program
// and a library, which share everything but the talking.
//
// It promises that a failed fetch leaves the mirror as it was, that a checkout
// is exactly one commit, and that credentials are in no address, argument or
// configuration file.
package gitrepo

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"signalbox/internal/exec/fault"
	"signalbox/internal/exec/keys"
	"signalbox/internal/exec/process"
	"signalbox/internal/job"
)

// Client is what a run needs of git.
type Client interface {
	// Checkout makes dir, private, and fills it with the wanted commit and its
	// submodules. What it borrows of mirrors stays until Close.
	Checkout(ctx context.Context, project int64, repo job.Repository, dir string) (job.Commit, error)
	// Branches and Tags list those of a repository by their full names.
	Branches(ctx context.Context, repo job.Repository) ([]string, error)
	Tags(ctx context.Context, repo job.Repository) ([]string, error)
	// Latest is the commit that a checkout would be.
	Latest(ctx context.Context, project int64, repo job.Repository) (job.Commit, error)
	// Files lists a directory of that commit, and reports whether there is more.
	Files(ctx context.Context, project int64, repo job.Repository, dir string, q job.FileQuery) ([]job.FileEntry, bool, error)
	// File reads a file of that commit.
	File(ctx context.Context, project int64, repo job.Repository, name string) (job.FileContent, error)
	// Close lets go of the mirrors, which may then be tidied and removed.
	Close()
}

// Names of the clients.
const (
	CLI   = "cmd_git"
	GoGit = "go_git"
)

// Options is what a client works with.
type Options struct {
	DataDir     string   // holds the mirrors
	ConfigDir   string   // holds git's configuration and known hosts; "" for DataDir
	Private     string   // directory for files that hold credentials
	Executable  string   // this program, called as credential helper
	Home        string   // HOME of git, where users keep its configuration
	Path        string   // search path
	Env         []string // further variables, like proxies
	SSHConfig   string   // a file for ssh -F, or ""
	KnownHosts  keys.KnownHosts
	Credentials []job.HostCredential
	Ring        *keys.Ring
	Output      io.Writer // what git says
	As          *process.Isolation
	Mask        func(string) string // hides secrets in a commit's message; nil hides nothing
}

func (o Options) configDir() string {
	if o.ConfigDir != "" {
		return o.ConfigDir
	}
	return o.DataDir
}

// New makes the client of a name; "" is CLI.
func New(name string, o Options) (Client, error) {
	if o.KnownHosts.File == "" {
		o.KnownHosts.File = filepath.Join(o.configDir(), "known_hosts")
	}
	var err error
	if o.KnownHosts.Mode, err = hostKeyMode(o.KnownHosts.Mode); err != nil {
		return nil, err
	}
	c := &client{Options: o}
	switch name {
	case CLI, "":
		c.engine = func(r remote) (engine, error) { return newProgram(c, r) }
	case GoGit:
		c.engine = func(r remote) (engine, error) { return newLibrary(c, r) }
	default:
		return nil, fault.New("The git client %q is not known. Use %s or %s.", name, CLI, GoGit)
	}
	return c, nil
}

// hostKeyMode reads the names of the setting, which are those of ssh too. An
// unknown one must not turn into a laxer one.
func hostKeyMode(name string) (string, error) {
	switch name {
	case "", keys.AcceptNew:
		return keys.AcceptNew, nil
	case keys.Strict, "yes":
		return keys.Strict, nil
	case keys.Off, "no":
		return keys.Off, nil
	}
	return "", fault.New("The way to check host keys %q is not known. Use yes, no or accept-new.", name)
}

// client is what both clients share.
type client struct {
	Options
	engine func(r remote) (engine, error)
	held   []*os.File
}

// remote is a repository with the sign-in that it takes.
type remote struct {
	job.Repository
	credential *job.Credential
}

// engine talks to one repository and reads its mirror. Names of commits are
// hashes, beginnings of them, or refs.
type engine interface {
	// list gives the branches and tags of the remote, by full ref name.
	list(ctx context.Context) ([]string, error)
	// fetch brings refs to the mirror. Its errors are sentences, of the kinds
	// below.
	fetch(ctx context.Context, mirror string, refs ...refspec) error
	// resolve finds a commit in the mirror, "" when it is not there.
	resolve(ctx context.Context, mirror, name string) string
	// fill makes the files of a commit in a repository that borrows from the
	// mirror. The subject may be left out.
	fill(ctx context.Context, mirror, dir, hash string) (subject string, err error)
	subject(ctx context.Context, mirror, hash string) (string, error)
	// tree lists a directory of a commit, until each returns false.
	tree(ctx context.Context, mirror, hash, dir string, recursive bool, each func(job.FileEntry) bool) error
	// blob reads a file of a commit.
	blob(ctx context.Context, mirror, hash, name string, limit int64) (data []byte, size int64, err error)
	// tidy packs what fetches have left. Nobody uses the mirror meanwhile.
	tidy(ctx context.Context, mirror string) error
}

// refspec says which ref of the remote becomes which of the mirror. Both may
// end in a star.
type refspec struct{ src, dst string }

func (r refspec) String() string { return "+" + r.src + ":" + r.dst }

// InPlace reports whether a repository is a directory that is used as it is.
func InPlace(repo job.Repository) bool {
	return repo.Kind == "local" && !repo.Override && !isBare(repo.URL)
}

// CheckDirectory says what is wrong with the directory of a local repository.
func CheckDirectory(repo job.Repository) error {
	info, err := os.Stat(repo.URL)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return fault.New("The path %s of the repository '%s' is not a directory. Correct the repository's address.", repo.URL, repo.Name)
	case os.IsPermission(err):
		return fault.New("The directory %s of the repository '%s' may not be read by Signalbox. Change its permissions.", repo.URL, repo.Name)
	}
	return fault.New("The directory %s of the repository '%s' does not exist on this machine. Create it, or correct the repository's address.", repo.URL, repo.Name)
}

func isBare(dir string) bool {
	if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
		return false
	}
	for _, name := range []string{"HEAD", "objects", "refs"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// gitDir finds the git directory of a repository on this machine, "" if there
// is none or it is a link to elsewhere.
func gitDir(dir string) string {
	dot := filepath.Join(dir, ".git")
	if info, err := os.Stat(dot); err == nil && info.IsDir() {
		return dot
	}
	if isBare(dir) {
		return dir
	}
	return ""
}

// localPath is the directory behind an address on this machine, "" for others.
func localPath(repo job.Repository) string {
	switch {
	case repo.Kind == "local":
		return repo.URL
	case strings.HasPrefix(repo.URL, "file:///"):
		return strings.TrimPrefix(repo.URL, "file://")
	case strings.HasPrefix(repo.URL, "file://localhost/"):
		return strings.TrimPrefix(repo.URL, "file://localhost")
	}
	return ""
}

// open prepares the talk to a repository.
func (c *client) open(repo job.Repository) (*session, error) {
	if repo.Kind == "local" {
		if err := CheckDirectory(repo); err != nil {
			return nil, err
		}
		if _, err := os.Stat(filepath.Join(repo.URL, ".git")); err != nil && !isBare(repo.URL) {
			return nil, fault.New("The directory %s is not a git repository, so it has no branches and commits. Remove the choice of one from the task, or from the template.", repo.URL)
		}
	}
	r := remote{repo, credentialFor(repo, c.Credentials, repo.URL)}
	if r.credential != nil && r.credential.Kind == "ssh" && repo.Kind == "https" && r.credential != repo.Credential {
		// A key that is chosen for a web address stands for the same server.
		r.URL, r.Kind = keys.OverSSH(repo.URL, r.credential.Login), "ssh"
	}
	e, err := c.engine(r)
	if err != nil {
		return nil, err
	}
	return &session{client: c, engine: e, repo: repo}, nil
}

// session is the use of one repository.
type session struct {
	*client
	engine
	repo job.Repository
}

// Branches lists the branches of a repository.
func (c *client) Branches(ctx context.Context, repo job.Repository) ([]string, error) {
	return c.names(ctx, repo, "refs/heads/")
}

// Tags lists the tags of a repository.
func (c *client) Tags(ctx context.Context, repo job.Repository) ([]string, error) {
	return c.names(ctx, repo, "refs/tags/")
}

func (c *client) names(ctx context.Context, repo job.Repository, prefix string) ([]string, error) {
	s, err := c.open(repo)
	if err != nil {
		return nil, err
	}
	refs, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, ref := range refs {
		if name, ok := strings.CutPrefix(ref, prefix); ok {
			names = append(names, name)
		}
	}
	return names, nil
}

// Checkout brings one commit of the repository to dir.
func (c *client) Checkout(ctx context.Context, project int64, repo job.Repository, dir string) (job.Commit, error) {
	commit, err := c.checkout(ctx, project, repo, dir, 0)
	if err != nil {
		return job.Commit{}, err
	}
	where := ""
	if repo.Branch != "" {
		where = " of " + repo.Branch
	}
	fmt.Fprintf(c.Output, "Repository %s: commit %.10s%s %s\n", repo.Name, commit.Hash, where, commit.Message)
	return commit, nil
}

// Close lets go of the mirrors.
func (c *client) Close() {
	for _, f := range c.held {
		_ = f.Close() // it is a lock only
	}
	c.held = nil
}
