package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"signalbox/internal/exec/fault"
	"signalbox/internal/exec/workspace"
	"signalbox/internal/job"
)

// errNoFile: a commit has no file or directory of the name.
var errNoFile = errors.New("no such file in the commit")

// Bounds of what is read for a user.
const (
	maxFile    = 1 << 20  // bytes of a file that are shown
	maxBlob    = 64 << 20 // bytes of a file that is read at all
	usualFiles = 1000
	mostFiles  = 10000
)

// at does something with the mirror, at the commit that the repository names.
func (c *client) at(ctx context.Context, project int64, repo job.Repository, do func(s *session, mirror, hash string) error) error {
	s, err := c.open(repo)
	if err != nil {
		return err
	}
	mirror := c.mirrorDir(project, repo)
	return s.mended(ctx, mirror, func() error {
		hash, err := s.bring(ctx, mirror)
		if err != nil {
			return err
		}
		return do(s, mirror, hash)
	})
}

// Latest is the commit that a checkout would be.
func (c *client) Latest(ctx context.Context, project int64, repo job.Repository) (job.Commit, error) {
	var commit job.Commit
	err := c.at(ctx, project, repo, func(s *session, mirror, hash string) error {
		subject, err := s.subject(ctx, mirror, hash)
		commit = job.Commit{Hash: hash, Message: s.message(subject)}
		return err
	})
	return commit, err
}

// Files lists a directory.
func (c *client) Files(ctx context.Context, project int64, repo job.Repository, dir string, q job.FileQuery) ([]job.FileEntry, bool, error) {
	dir, err := cleanName(dir, "directory")
	if err != nil {
		return nil, false, err
	}
	list := newList(q)
	if InPlace(repo) {
		if err := CheckDirectory(repo); err != nil {
			return nil, false, err
		}
		err = listDirectory(ctx, repo.URL, dir, q.Recursive, list.add)
	} else {
		err = c.at(ctx, project, repo, func(s *session, mirror, hash string) error {
			list = newList(q)
			return s.tree(ctx, mirror, hash, dir, q.Recursive, list.add)
		})
	}
	if errors.Is(err, errNoFile) {
		return nil, false, fault.New("The directory %q does not exist in the repository '%s'.", dir, repo.Name)
	}
	return list.entries, list.more, err
}

// File reads a file.
func (c *client) File(ctx context.Context, project int64, repo job.Repository, name string) (job.FileContent, error) {
	name, err := cleanName(name, "file")
	if err != nil {
		return job.FileContent{}, err
	}
	content := job.FileContent{Path: name}
	if InPlace(repo) {
		if err := CheckDirectory(repo); err != nil {
			return content, err
		}
		content.Data, content.Size, err = readFile(repo.URL, name)
	} else {
		err = c.at(ctx, project, repo, func(s *session, mirror, hash string) error {
			content.Data, content.Size, err = s.blob(ctx, mirror, hash, name, maxFile)
			return err
		})
	}
	if errors.Is(err, errNoFile) {
		return content, fault.New("The file %q does not exist in the repository '%s'.", name, repo.Name)
	}
	content.Truncated = content.Size > int64(len(content.Data))
	return content, err
}

// cleanName refuses names that lead out of the repository.
func cleanName(name, what string) (string, error) {
	if name == "" || name == "." {
		return "", nil
	}
	clean := path.Clean(name)
	if strings.HasPrefix(name, "/") || strings.ContainsRune(name, 0) || !filepath.IsLocal(filepath.FromSlash(clean)) {
		return "", fault.New("The %s %q lies outside the repository. Use a path inside it.", what, name)
	}
	return clean, nil
}

// list keeps the entries that a query wants.
type list struct {
	q       job.FileQuery
	limit   int
	entries []job.FileEntry
	more    bool
}

func newList(q job.FileQuery) *list {
	limit := q.Limit
	if limit <= 0 {
		limit = usualFiles
	}
	return &list{q: q, limit: min(limit, mostFiles), entries: []job.FileEntry{}}
}

func (l *list) add(e job.FileEntry) bool {
	if !l.wants(e) {
		return true
	}
	if len(l.entries) == l.limit {
		l.more = true
		return false
	}
	l.entries = append(l.entries, e)
	return true
}

func (l *list) wants(e job.FileEntry) bool {
	if len(l.q.Suffixes) == 0 || e.Kind == "dir" || e.Kind == "submodule" && !l.q.Recursive {
		return true
	}
	for _, suffix := range l.q.Suffixes {
		if strings.HasSuffix(strings.ToLower(e.Path), strings.ToLower(suffix)) {
			return true
		}
	}
	return false
}

// listDirectory lists a directory on disk as a commit would be listed. Links are
// not followed.
func listDirectory(ctx context.Context, root, dir string, recursive bool, each func(job.FileEntry) bool) error {
	start := root
	if dir != "" {
		var err error
		if start, err = workspace.Resolve(root, dir, "directory"); err != nil {
			return err
		}
	}
	if info, err := os.Stat(start); err != nil || !info.IsDir() {
		return errNoFile
	}
	err := filepath.WalkDir(start, func(file string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if file == start {
			return err
		}
		if err != nil {
			return nil // what may not be read, or has gone, is not listed
		}
		if d.Name() == ".git" {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		name, err := filepath.Rel(start, file)
		if err != nil {
			return err
		}
		e := job.FileEntry{Path: path.Join(dir, filepath.ToSlash(name)), Kind: "file"}
		switch {
		case d.IsDir() && recursive:
			return nil
		case d.IsDir():
			e.Kind = "dir"
		case d.Type()&fs.ModeSymlink != 0:
			e.Kind = "link"
		case !d.Type().IsRegular():
			return nil
		default:
			if info, err := d.Info(); err == nil {
				e.Size, e.Exec = info.Size(), info.Mode()&0o100 != 0
			}
		}
		if !each(e) {
			return fs.SkipAll
		}
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
	return err
}

func readFile(root, name string) ([]byte, int64, error) {
	full, err := workspace.ResolveFile(root, name, "file")
	if err != nil {
		return nil, 0, err
	}
	info, err := os.Stat(full)
	if err != nil || !info.Mode().IsRegular() {
		return nil, 0, errNoFile
	}
	f, err := os.Open(full)
	if err != nil {
		return nil, 0, workspace.Explain(err, "read the file")
	}
	defer f.Close()
	var buf bytes.Buffer
	if _, err := io.Copy(&buf, io.LimitReader(f, maxFile)); err != nil {
		return nil, 0, workspace.Explain(err, "read the file")
	}
	return buf.Bytes(), max(info.Size(), int64(buf.Len())), nil
}
