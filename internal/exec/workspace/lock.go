package workspace

import (
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// ErrBusy: somebody else holds the lock.
var ErrBusy = errors.New("in use")

// Lock waits for an exclusive lock of a file.
func Lock(ctx context.Context, path string) (unlock func(), err error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, Explain(err, "lock "+path)
		}
		locked := make(chan error, 1)
		go func() { locked <- flock(f, unix.LOCK_EX) }()
		select {
		case err := <-locked:
			if err != nil {
				_ = f.Close()
				return nil, Explain(err, "lock "+path)
			}
			if current(f, path) {
				return func() { _ = f.Close() }, nil
			}
			_ = f.Close()
		case <-ctx.Done():
			// The kernel gives no way to stop waiting; the lock is let go as soon
			// as it comes.
			go func() {
				<-locked
				_ = f.Close()
			}()
			return nil, context.Cause(ctx)
		}
	}
}

// TryLock takes an exclusive lock of a file, or returns ErrBusy.
func TryLock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err = flock(f, unix.LOCK_EX|unix.LOCK_NB); err == nil && !current(f, path) {
		err = ErrBusy
	}
	if err != nil {
		_ = f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = ErrBusy
		}
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}

// Share takes a lock that others may share, and marks the file as used now.
// Closing the file, or the end of the process, lets go of it. It waits for
// those who hold the lock alone.
func Share(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if err := flock(f, unix.LOCK_SH); err != nil {
			_ = f.Close()
			return nil, err
		}
		if current(f, path) {
			_ = unix.Futimes(int(f.Fd()), nil) // without it the age is that of an earlier use
			return f, nil
		}
		_ = f.Close()
	}
}

func flock(f *os.File, how int) error {
	for {
		if err := unix.Flock(int(f.Fd()), how); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// current reports whether a path still leads to the file: what was locked may
// have been removed, and then the next one would lock another file.
func current(f *os.File, path string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(path)
	return err == nil && os.SameFile(mine, now)
}
