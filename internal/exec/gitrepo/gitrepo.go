// Package gitrepo brings the files of a repository to a run: a bare mirror per
// repository that is fetched at most once at a time, and a private checkout per
// task that borrows the mirror's objects.
//
// It promises that a failed fetch leaves the mirror as it was, that a checkout
// is exactly one commit, and that credentials are in no address, argument or
// configuration file.
package gitrepo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"signalbox/internal/exec/fault"
	"signalbox/internal/exec/keys"
	"signalbox/internal/exec/process"
	"signalbox/internal/job"
)

// Client is what a run needs of git.
type Client interface {
	// Checkout makes dir, private, and fills it with the wanted commit.
	Checkout(ctx context.Context, project int64, repo job.Repository, dir string) (job.Commit, error)
	// Branches lists the branches of a repository by their full names.
	Branches(ctx context.Context, repo job.Repository) ([]string, error)
}

// CLI is the Client that uses the git program.
type CLI struct {
	DataDir    string   // holds the mirrors
	ConfigDir  string   // holds git's configuration and known hosts; "" for DataDir
	Private    string   // directory for files that hold credentials
	Executable string   // this program, called as credential helper
	Home       string   // HOME of git, where users keep its configuration
	Path       string   // search path
	Env        []string // further variables, like proxies
	SSHConfig  string   // a file for ssh -F, or ""
	Ring       *keys.Ring
	Output     io.Writer // what git says
	As         *process.Isolation
	Mask       func(string) string // hides secrets in a commit's message; nil hides nothing
}

var _ Client = (*CLI)(nil)

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

// remoteRef is what is asked of the remote.
func remoteRef(repo job.Repository) string {
	if repo.Branch == "" {
		return "HEAD"
	}
	return "refs/heads/" + repo.Branch
}

// mirrorRef is where the mirror keeps it. The name is a digest, because
// branches "a" and "a/b", one after the other, would be in each other's way.
func mirrorRef(repo job.Repository) string {
	sum := sha256.Sum256([]byte(remoteRef(repo)))
	return "refs/signalbox/" + hex.EncodeToString(sum[:10])
}

// mirrorDir is the mirror of a repository. The address is part of the name, so
// that a changed address starts afresh.
func (c *CLI) mirrorDir(project int64, repo job.Repository) string {
	sum := sha256.Sum256([]byte(repo.URL))
	name := strconv.FormatInt(project, 10) + "_" + strconv.FormatInt(repo.ID, 10) + "_" + hex.EncodeToString(sum[:6])
	return filepath.Join(c.DataDir, "mirrors", name)
}

// Branches lists the branches of a repository.
func (c *CLI) Branches(ctx context.Context, repo job.Repository) ([]string, error) {
	if repo.Kind == "local" {
		if err := CheckDirectory(repo); err != nil {
			return nil, err
		}
		if _, err := os.Stat(filepath.Join(repo.URL, ".git")); err != nil && !isBare(repo.URL) {
			return nil, fault.New("The directory %s is not a git repository, so it has no branches.", repo.URL)
		}
	}
	s, err := c.session(repo)
	if err != nil {
		return nil, err
	}
	out, err := s.git(ctx, "", "ls-remote", "--heads", "--", repo.URL)
	if err != nil {
		return nil, err
	}
	branches := []string{}
	for line := range strings.Lines(string(out)) {
		_, ref, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if name, ok := strings.CutPrefix(ref, "refs/heads/"); ok {
			branches = append(branches, name)
		}
	}
	return branches, nil
}

// Checkout brings one commit of the repository to dir.
func (c *CLI) Checkout(ctx context.Context, project int64, repo job.Repository, dir string) (job.Commit, error) {
	if repo.Kind == "local" {
		if err := CheckDirectory(repo); err != nil {
			return job.Commit{}, err
		}
		if _, err := os.Stat(filepath.Join(repo.URL, ".git")); err != nil && !isBare(repo.URL) {
			return job.Commit{}, fault.New("The directory %s is not a git repository, so no branch or commit can be chosen. Remove the choice from the task, or from the template.", repo.URL)
		}
	}
	s, err := c.session(repo)
	if err != nil {
		return job.Commit{}, err
	}
	mirror := c.mirrorDir(project, repo)
	hash, err := s.bring(ctx, mirror)
	if err != nil {
		return job.Commit{}, err
	}
	commit, err := s.checkout(ctx, mirror, hash, dir)
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
