package isolate

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// theirs are the directories of the data directory that runs work in.
func theirs() []string {
	return []string{"git", "mirrors", "homes", "terraform", "states", "queries"}
}

// open gives the user the directories of runs. The user can pass through the
// directories above them, and neither list nor read what else is in there.
func open(who *Identity, dataDir, jobDir string) error {
	unlock, err := lock(filepath.Join(dataDir, "isolation.lock"))
	if err != nil {
		return err
	}
	defer unlock()
	if err := closeToOthers(who, dataDir); err != nil {
		return err
	}
	for _, name := range theirs() {
		dir := filepath.Join(dataDir, name)
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if name == "git" {
			if err := copyOnce(filepath.Join(dataDir, "known_hosts"), filepath.Join(dir, "known_hosts")); err != nil {
				return err
			}
		}
		if err := give(who, dir); err != nil {
			return err
		}
	}
	if jobDir != "" {
		work := workDirOf(jobDir)
		if err := os.Mkdir(work, 0o700); err != nil {
			return err
		}
		if err := os.Chown(work, int(who.UID), int(who.GID)); err != nil {
			return err
		}
		for _, dir := range []string{filepath.Dir(jobDir), jobDir} {
			if err := passable(dir); err != nil {
				return err
			}
		}
	}
	return passable(dataDir) // last: what is in it has been closed
}

// passable lets everybody through a directory who knows where to go.
func passable(dir string) error {
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o011 == 0o011 {
		return err
	}
	return os.Chmod(dir, info.Mode().Perm()|0o011)
}

// closeToOthers takes from the user what lies in the data directory. Until now
// the directory above may have kept everybody out.
func closeToOthers(who *Identity, dataDir string) error {
	entries, err := os.ReadDir(dataDir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // a temporary file of the database
		}
		if err != nil {
			return err
		}
		// Examples of repositories have no secrets, and tasks run in them.
		if e.Name() == "demo" || e.Name() == "jobs" || slices.Contains(theirs(), e.Name()) || info.Mode()&(fs.ModeSymlink|fs.ModeSocket) != 0 {
			continue
		}
		excess := info.Mode().Perm() & 0o007
		if st, ok := info.Sys().(*syscall.Stat_t); ok && (st.Gid == who.GID || slices.Contains(who.Groups, st.Gid)) {
			excess |= info.Mode().Perm() & 0o070
		}
		if excess == 0 {
			continue
		}
		if err := os.Chmod(filepath.Join(dataDir, e.Name()), info.Mode().Perm()&^excess); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// give makes a directory and all in it the user's. The directory itself comes
// last, so that its owner tells whether all is done.
func give(who *Identity, dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid == who.UID && st.Gid == who.GID {
		return nil
	}
	// Whoever had it before may have put links in it: nothing outside changes.
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	err = fs.WalkDir(root.FS(), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		return root.Lchown(path, int(who.UID), int(who.GID))
	})
	if err != nil {
		return err
	}
	return os.Chown(dir, int(who.UID), int(who.GID))
}

// copyOnce copies a file to where there is none; a missing one is no error.
func copyOnce(from, to string) error {
	in, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// lock waits until no other job opens directories.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, unix.EINTR) {
			return nil, errors.Join(err, f.Close())
		}
	}
}
