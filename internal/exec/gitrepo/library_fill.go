package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/index"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"signalbox/internal/exec/fault"
)

// fill writes the files of a commit and the index that says so. Everything is
// made below an open root, so that no link in the commit leads out of it.
func (l *library) fill(ctx context.Context, mirror, dir, hash string) (string, error) {
	var subject string
	err := l.with(ctx, mirror, func(st *filesystem.Storage) error {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return explainDisk(err)
		}
		defer root.Close()
		f := filler{ctx: ctx, st: st, root: root, index: &index.Index{Version: 2}}
		err = f.commit(hash)
		var told *fault.Error
		switch {
		case err == nil:
		case context.Cause(ctx) != nil || errors.As(err, &told):
			return err
		case isFileError(err) && !strings.Contains(err.Error(), mirror):
			return explainDisk(err)
		default:
			return fault.Wrap(fmt.Errorf("%w: %w", errDamaged, err), "The files of the repository '%s' could not be written: %v", l.Name, err)
		}
		subject = f.subject
		own := openStorage(dir + "/.git")
		defer own.Close()
		if err := own.SetIndex(f.index); err != nil {
			return explainDisk(err)
		}
		return nil
	})
	return subject, err
}

// filler writes one commit.
type filler struct {
	ctx     context.Context
	st      *filesystem.Storage
	root    *os.Root
	index   *index.Index
	subject string
}

func (f *filler) commit(hash string) error {
	commit, err := object.GetCommit(f.st, plumbing.NewHash(hash))
	if err != nil {
		return err
	}
	f.subject = firstParagraph(commit.Message)
	tree, err := object.GetTree(f.st, commit.TreeHash)
	if err != nil {
		return err
	}
	return f.tree(tree, "")
}

func (f *filler) tree(tree *object.Tree, dir string) error {
	for _, e := range tree.Entries {
		if f.ctx.Err() != nil {
			return context.Cause(f.ctx)
		}
		if e.Name == "" || e.Name == "." || e.Name == ".." || strings.EqualFold(e.Name, ".git") || strings.ContainsAny(e.Name, "/\x00") {
			return fault.New("The repository has a file named %q, which is not allowed.", dir+e.Name)
		}
		name := dir + e.Name
		var err error
		switch e.Mode {
		case filemode.Dir:
			if err = f.root.Mkdir(name, 0o755); err != nil {
				return err
			}
			var sub *object.Tree
			if sub, err = object.GetTree(f.st, e.Hash); err == nil {
				err = f.tree(sub, name+"/")
			}
			if err != nil {
				return err
			}
			continue
		case filemode.Submodule:
			err = f.root.Mkdir(name, 0o755)
		case filemode.Symlink:
			err = f.link(name, e.Hash)
		default:
			err = f.file(name, e.Hash, e.Mode == filemode.Executable)
		}
		if err != nil {
			return err
		}
		if err := f.note(name, e); err != nil {
			return err
		}
	}
	return nil
}

// blob opens the content of a file and says how many bytes it should have.
func (f *filler) blob(hash plumbing.Hash) (io.ReadCloser, int64, error) {
	blob, err := object.GetBlob(f.st, hash)
	if err != nil {
		return nil, 0, err
	}
	r, err := blob.Reader()
	return r, blob.Size, err
}

func (f *filler) link(name string, hash plumbing.Hash) error {
	r, _, err := f.blob(hash)
	if err != nil {
		return err
	}
	defer r.Close()
	target, err := io.ReadAll(io.LimitReader(r, 1<<16))
	if err != nil {
		return err
	}
	return f.root.Symlink(string(target), name)
}

func (f *filler) file(name string, hash plumbing.Hash, executable bool) error {
	r, size, err := f.blob(hash)
	if err != nil {
		return err
	}
	defer r.Close()
	mode := os.FileMode(0o644)
	if executable {
		mode = 0o755
	}
	out, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, r)
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	if n != size {
		return fmt.Errorf("object %s has %d of %d bytes", hash, n, size)
	}
	return nil
}

// note adds a file to the index, with what the disk says of it, so that git
// need not read it to see that it is unchanged.
func (f *filler) note(name string, e object.TreeEntry) error {
	entry := &index.Entry{Name: name, Hash: e.Hash, Mode: e.Mode}
	if e.Mode == filemode.Deprecated {
		entry.Mode = filemode.Regular
	}
	if e.Mode != filemode.Submodule {
		info, err := f.root.Lstat(name)
		if err != nil {
			return err
		}
		entry.ModifiedAt, entry.Size = info.ModTime(), uint32(info.Size())
		if s, ok := info.Sys().(*syscall.Stat_t); ok {
			entry.CreatedAt = time.Unix(s.Ctim.Unix())
			entry.Dev, entry.Inode, entry.UID, entry.GID = uint32(s.Dev), uint32(s.Ino), s.Uid, s.Gid
		}
	}
	f.index.Entries = append(f.index.Entries, entry)
	return nil
}
