// Package workspace is the ground a run stands on: the private directory of its
// files, the paths users may name in it, the environment the machine gives, and
// the removal of all of it, also for jobs that died.
package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"signalbox/internal/exec/fault"
	"signalbox/internal/job"
)

// Dir is the work directory of a job. Everything in it is private.
type Dir struct {
	Root     string
	Checkout string // where a checkout goes; not made
	Private  string // for secret files
}

// Create makes the work directory of a job. Its root may be there already, empty,
// where somebody else has to own it.
func Create(jobDir string) (*Dir, error) {
	root := filepath.Join(jobDir, job.WorkDir)
	d := &Dir{Root: root, Checkout: filepath.Join(root, "checkout"), Private: filepath.Join(root, "private")}
	for _, dir := range []string{d.Root, d.Private} {
		err := os.Mkdir(dir, 0o700)
		if dir == d.Root && errors.Is(err, fs.ErrExist) {
			err = nil
		}
		if err != nil {
			return nil, Explain(err, "make the work directory")
		}
	}
	return d, nil
}

// WriteFile writes a file of the private directory, 0600, and returns its path.
func (d *Dir) WriteFile(name string, data []byte) (string, error) {
	path := filepath.Join(d.Private, name)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", Explain(err, "write a file of the task")
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", Explain(err, "write a file of the task")
	}
	return path, nil
}

// Subdir makes a directory in the private one.
func (d *Dir) Subdir(name string) (string, error) {
	path := filepath.Join(d.Private, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		return "", Explain(err, "make a directory of the task")
	}
	return path, nil
}

// Remove deletes the work directory with everything in it.
func (d *Dir) Remove() error { return removeAll(d.Root) }

// removeAll deletes a tree, also directories that a program made unwritable.
func removeAll(root string) error {
	if err := os.RemoveAll(root); err == nil {
		return nil
	}
	_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(root)
}

// Resolve finds a path that a user named below root. What is named must exist
// and must not lead outside, also not through symbolic links. What is the
// word for it in messages, like "script".
func Resolve(root, name, what string) (string, error) {
	outside := fault.New("The %s %q lies outside the repository. Use a path inside it.", what, name)
	if filepath.IsAbs(name) || strings.ContainsRune(name, 0) || !filepath.IsLocal(filepath.Clean(name)) {
		return "", outside
	}
	base, err := filepath.EvalSymlinks(root)
	if err != nil {
		return "", Explain(err, "open the repository")
	}
	full, err := filepath.EvalSymlinks(filepath.Join(base, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fault.New("The %s %q does not exist in the repository. Check the path in the template and the branch.", what, name)
	case errors.Is(err, fs.ErrPermission):
		return "", fault.New("The %s %q may not be read by Signalbox. Change its permissions.", what, name)
	case err != nil:
		return "", fmt.Errorf("find %s: %w", what, err)
	}
	if full != base && !strings.HasPrefix(full, base+string(filepath.Separator)) {
		return "", outside
	}
	return full, nil
}

// ResolveFile is Resolve for something that must be a file.
func ResolveFile(root, name, what string) (string, error) {
	full, err := Resolve(root, name, what)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(full); err == nil && info.IsDir() {
		return "", fault.New("The %s %q is a directory. Name a file in it.", what, name)
	}
	return full, nil
}
