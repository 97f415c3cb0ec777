package app

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"signalbox/internal/config"
	"signalbox/internal/domain"
)

// prepare makes the data directory and the keys that the configuration leaves
// out.
func prepare(c *config.Config, log *slog.Logger) error {
	for _, dir := range []string{c.DataDir, filepath.Dir(c.Database.Path)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make the data directory: %w", err)
		}
	}
	report, err := c.EnsureKeys()
	if err != nil {
		return err
	}
	if report.Created {
		log.Info("made keys for cookies and stored secrets; keep this file with your backups", "file", report.File)
	}
	for _, w := range report.Warnings {
		log.Warn("keys", "problem", w)
	}
	return nil
}

// lockDataDir makes sure that one server works on a data directory. The lock
// ends with the process.
func lockDataDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "server.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, errors.Join(domain.Conflict("another server is running on the data directory %s", dir), f.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock the data directory: %w", err), f.Close())
	}
	return f, nil
}
