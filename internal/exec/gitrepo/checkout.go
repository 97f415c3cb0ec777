package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"signalbox/internal/exec/workspace"
	"signalbox/internal/job"
)

func explainDisk(err error) error { return workspace.Explain(err, "prepare the repository") }

// checkout brings a commit and its submodules to dir. A mirror that turns out
// to be damaged is fetched anew, once.
func (c *client) checkout(ctx context.Context, project int64, repo job.Repository, dir string, level int) (job.Commit, error) {
	s, err := c.open(repo)
	if err != nil {
		return job.Commit{}, err
	}
	mirror := c.mirrorDir(project, repo)
	var commit job.Commit
	err = s.mended(ctx, mirror, func() error {
		if err := clearDir(dir); err != nil {
			return explainDisk(err)
		}
		hash, err := s.bring(ctx, mirror)
		if err != nil {
			return err
		}
		commit, err = s.make(ctx, mirror, hash, dir)
		return err
	})
	if err != nil {
		return job.Commit{}, err
	}
	return commit, s.submodules(ctx, project, mirror, commit.Hash, dir, level)
}

// mended does something with a mirror, and once more with a new one when the
// mirror was damaged.
func (s *session) mended(ctx context.Context, mirror string, do func() error) error {
	seen := identity(mirror)
	err := do()
	if !errors.Is(err, errDamaged) || context.Cause(ctx) != nil {
		return err
	}
	fmt.Fprintf(s.Output, "The local copy of repository %s is damaged; it is fetched anew.\n", s.repo.Name)
	if now := identity(mirror); seen == nil || now == nil || !os.SameFile(seen, now) {
		seen = now // it was made by this very attempt, or by another task meanwhile
	}
	if err := s.rebuild(ctx, mirror, seen); err != nil {
		return err
	}
	return do()
}

// clearDir removes what is in a directory, if it exists.
func clearDir(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// make makes a repository of the task's own at dir, which borrows the objects
// of the mirror, and fills it with the commit. Unlike a linked worktree it needs
// no entry in the mirror, so it can vanish at any time and nothing a program
// does in it reaches other tasks.
func (s *session) make(ctx context.Context, mirror, hash, dir string) (job.Commit, error) {
	if err := s.hold(mirror); err != nil {
		return job.Commit{}, err
	}
	if err := s.makeRepository(mirror, hash, dir); err != nil {
		return job.Commit{}, explainDisk(err)
	}
	subject, err := s.fill(ctx, mirror, dir, hash)
	if err != nil {
		return job.Commit{}, err
	}
	if subject == "" {
		if subject, err = s.subject(ctx, mirror, hash); err != nil {
			return job.Commit{}, err
		}
	}
	return job.Commit{Hash: hash, Message: s.message(subject)}, nil
}

// message is what is kept of a subject. Secrets are hidden before it is cut, which
// could leave a part of one.
func (c *client) message(subject string) string {
	if c.Mask != nil {
		subject = c.Mask(subject)
	}
	return CutSubject(subject)
}

// CutSubject shortens a subject to 100 bytes, not inside a character.
func CutSubject(text string) string {
	const limit = 100
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= limit {
		return text
	}
	end := limit
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

func (s *session) makeRepository(mirror, hash, dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	git := filepath.Join(dir, ".git")
	head := hash + "\n"
	files := map[string]string{
		"objects/info/alternates": filepath.Join(mirror, "objects") + "\n",
		"config":                  configText(s.repo.URL, len(hash) == 64),
	}
	if cut, err := os.ReadFile(filepath.Join(mirror, "shallow")); err == nil {
		files["shallow"] = string(cut) // git would miss the parents otherwise
	}
	if branch := s.repo.Branch; branch != "" && s.repo.Commit == "" && !strings.HasPrefix(branch, "refs/") {
		if looseRef(mirror, mirrorRef("refs/heads/"+branch)) == hash {
			head = "ref: refs/heads/" + branch + "\n"
			// Both in one file, which costs less than one for each and the directories
			// that they would be in.
			files["packed-refs"] = "# pack-refs with: peeled fully-peeled sorted \n" +
				hash + " refs/heads/" + branch + "\n" + hash + " refs/remotes/origin/" + branch + "\n"
		}
	}
	for name, text := range files {
		path := filepath.Join(git, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	for _, sub := range []string{"objects/pack", "refs/heads", "info"} {
		if err := os.MkdirAll(filepath.Join(git, sub), 0o700); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(git, "HEAD"), []byte(head), 0o600)
}

func configText(address string, sha256 bool) string {
	var b bytes.Buffer
	if sha256 {
		b.WriteString("[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n")
	} else {
		b.WriteString("[core]\n\trepositoryformatversion = 0\n")
	}
	b.WriteString("[core]\n\tfilemode = true\n\tbare = false\n")
	fmt.Fprintf(&b, "[remote \"origin\"]\n\turl = %s\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n", configQuote(address))
	return b.String()
}

// configQuote quotes a value of a git configuration file.
func configQuote(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(value) + `"`
}
