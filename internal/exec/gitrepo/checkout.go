package gitrepo

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"signalbox/internal/exec/workspace"
	"signalbox/internal/job"
)

func explainDisk(err error) error { return workspace.Explain(err, "prepare the repository") }

// checkout makes a repository of the task's own at dir, which borrows the
// objects of the mirror, and fills it with the commit. Unlike a linked worktree
// it needs no entry in the mirror, so it can vanish at any time and nothing a
// program does in it reaches other tasks.
func (s *session) checkout(ctx context.Context, mirror, hash, dir string) (job.Commit, error) {
	if err := s.makeRepository(mirror, hash, dir); err != nil {
		return job.Commit{}, explainDisk(err)
	}
	out, err := s.git(ctx, dir, "reset", "--hard", hash)
	if err != nil {
		return job.Commit{}, err
	}
	if _, err := os.Lstat(filepath.Join(dir, ".gitmodules")); err == nil {
		if _, err := s.git(ctx, dir, "submodule", "--quiet", "update", "--init", "--recursive"); err != nil {
			return job.Commit{}, err
		}
	}
	subject, ok := subjectOfReset(string(out))
	if !ok {
		out, err := s.git(ctx, dir, "log", "-1", "--format=%s", hash)
		if err != nil {
			return job.Commit{}, err
		}
		subject = strings.TrimRight(string(out), "\n")
	}
	if s.Mask != nil {
		subject = s.Mask(subject) // before it is cut, which could leave a part of a secret
	}
	return job.Commit{Hash: hash, Message: CutSubject(subject)}, nil
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
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	git := filepath.Join(dir, ".git")
	head := hash + "\n"
	files := map[string]string{
		"objects/info/alternates": filepath.Join(mirror, "objects") + "\n",
		"config":                  s.config(len(hash) == 64),
	}
	if branch := s.repo.Branch; branch != "" && s.repo.Commit == "" {
		head = "ref: refs/heads/" + branch + "\n"
		files["refs/heads/"+branch] = hash + "\n"
		files["refs/remotes/origin/"+branch] = hash + "\n"
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

func (s *session) config(sha256 bool) string {
	var b bytes.Buffer
	if sha256 {
		b.WriteString("[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n")
	} else {
		b.WriteString("[core]\n\trepositoryformatversion = 0\n")
	}
	b.WriteString("[core]\n\tfilemode = true\n\tbare = false\n")
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s.repo.URL)
	fmt.Fprintf(&b, "[remote \"origin\"]\n\turl = \"%s\"\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n", quoted)
	return b.String()
}
