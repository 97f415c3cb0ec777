package workspace

import (
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Lock waits for an exclusive lock of a file.
func Lock(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, Explain(err, "lock "+path)
	}
	locked := make(chan error, 1)
	go func() {
		for {
			err := unix.Flock(int(f.Fd()), unix.LOCK_EX)
			if !errors.Is(err, unix.EINTR) {
				locked <- err
				return
			}
		}
	}()
	select {
	case err := <-locked:
		if err != nil {
			_ = f.Close()
			return nil, Explain(err, "lock "+path)
		}
		return func() { _ = f.Close() }, nil
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
