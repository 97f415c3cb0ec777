package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"time"

	"signalbox/internal/catalog"
	"signalbox/internal/config"
	"signalbox/internal/domain"
	"signalbox/internal/exec/workspace"
)

// maintenance is what administrators can ask of this machine.
func maintenance(c *config.Config) catalog.Maintenance {
	m := catalog.Maintenance{ClearCache: func(ctx context.Context, p domain.ProjectID) error {
		prefix := ""
		if p != 0 {
			prefix = strconv.FormatInt(int64(p), 10) + "_"
		}
		return workspace.ClearMirrors(ctx, c.DataDir, prefix)
	}}
	if dir := c.Debugging.ProfileDir; dir != "" {
		m.DumpProfiles = func() error { return dumpProfiles(dir, time.Now()) }
	}
	return m
}

// dumpProfiles writes what the server holds in memory and what it waits for.
func dumpProfiles(dir string, now time.Time) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write profiles: %w", err)
	}
	for _, name := range []string{"heap", "goroutine", "allocs", "threadcreate"} {
		path := filepath.Join(dir, fmt.Sprintf("signalbox-%s-%s.pprof", now.UTC().Format("20060102-150405.000"), name))
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("write profiles: %w", err)
		}
		if err := errors.Join(pprof.Lookup(name).WriteTo(f, 0), f.Close()); err != nil {
			return fmt.Errorf("write profiles: %w", err)
		}
	}
	return nil
}
