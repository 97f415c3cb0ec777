package workspace

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Mirrors of repositories lie in a directory of the data directory. Beside each
// are its locks: one for who changes it, one that those who use it share.
const (
	MirrorsDir = "mirrors"
	MirrorLock = ".lock"
	MirrorUsed = ".used"
)

// staleMirror is how long nobody used a mirror that is removed. The next task
// that wants it fetches everything again.
const staleMirror = 30 * 24 * time.Hour

// sweepMirrors removes mirrors that were not used for long: those of deleted
// repositories and of addresses that changed.
func sweepMirrors(dir string, now time.Time) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var errs []error
	for _, e := range entries {
		if e.IsDir() {
			errs = append(errs, sweepMirror(filepath.Join(dir, e.Name()), now))
			continue
		}
		// Locks whose mirror is gone, by whatever way.
		mirror := filepath.Join(dir, strings.TrimSuffix(strings.TrimSuffix(e.Name(), MirrorLock), MirrorUsed))
		if _, err := os.Lstat(mirror); errors.Is(err, os.ErrNotExist) && usedBefore(filepath.Join(dir, e.Name()), now.Add(-staleMirror)) {
			errs = append(errs, removeLocked(mirror))
		}
	}
	return errors.Join(errs...)
}

// ClearMirrors removes the mirrors in a data directory whose names begin with a
// prefix, but those that somebody uses. Whoever wants one that is gone fetches
// everything again.
func ClearMirrors(ctx context.Context, dataDir, prefix string) error {
	dir := filepath.Join(dataDir, MirrorsDir)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var errs []error
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(errs, err)...)
		}
		if e.IsDir() && strings.HasPrefix(e.Name(), prefix) {
			errs = append(errs, removeLocked(filepath.Join(dir, e.Name())))
		}
	}
	return errors.Join(errs...)
}

func sweepMirror(mirror string, now time.Time) error {
	limit := now.Add(-staleMirror)
	if !usedBefore(mirror, limit) || !usedBefore(mirror+MirrorUsed, limit) {
		return nil
	}
	return removeLocked(mirror)
}

// usedBefore reports whether nothing was done with a file since; a missing one
// was not.
func usedBefore(path string, limit time.Time) bool {
	info, err := os.Stat(path)
	return err != nil || info.ModTime().Before(limit)
}

// removeLocked removes a mirror and its locks, if nobody has it.
func removeLocked(mirror string) error {
	unlock, err := TryLock(mirror + MirrorLock)
	if errors.Is(err, ErrBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unlock()
	free, err := TryLock(mirror + MirrorUsed)
	if errors.Is(err, ErrBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	defer free()
	return errors.Join(os.RemoveAll(mirror), os.Remove(mirror+MirrorUsed), os.Remove(mirror+MirrorLock))
}
