package workspace

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"signalbox/internal/exec/keys"
	"signalbox/internal/job"
)

// staleQuery is the age at which what a query left is certainly nobody's.
const staleQuery = 10 * time.Minute

// Sweep removes what jobs that were killed left in the directory of jobs: their
// checkouts, secrets and agent sockets, and what queries left in the data
// directory. Journals stay; jobs that live are not touched. Mirrors that nobody
// used for long go too.
func Sweep(jobsDir, dataDir string) error {
	var errs []error
	entries, err := os.ReadDir(jobsDir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		errs = append(errs, err)
	}
	for _, e := range entries {
		if e.IsDir() {
			errs = append(errs, SweepJob(filepath.Join(jobsDir, e.Name())))
		}
	}
	queries := filepath.Join(dataDir, "queries")
	entries, err = os.ReadDir(queries)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		errs = append(errs, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > staleQuery {
			errs = append(errs, sweepTree(filepath.Join(queries, e.Name())))
		}
	}
	sweepAgents(os.TempDir())
	errs = append(errs, sweepMirrors(filepath.Join(dataDir, MirrorsDir), time.Now()))
	return errors.Join(errs...)
}

// SweepJob removes what a dead job left beside its journal. It does nothing to
// one that lives.
func SweepJob(jobDir string) error {
	work := filepath.Join(jobDir, job.WorkDir)
	if _, err := os.Lstat(work); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if job.Alive(jobDir) {
		return nil
	}
	return sweepTree(work)
}

// sweepTree removes a directory, the agent directories it points to, and what
// still runs for it.
func sweepTree(root string) error {
	if absolute, err := filepath.Abs(root); err == nil {
		killMarked(absolute)
	}
	private := filepath.Join(root, "private")
	links, _ := filepath.Glob(filepath.Join(private, "*", keys.AgentLink)) // the pattern is valid
	for _, link := range append(links, filepath.Join(private, keys.AgentLink), filepath.Join(root, keys.AgentLink)) {
		target, err := os.Readlink(link)
		if err == nil && filepath.Dir(target) == filepath.Clean(os.TempDir()) && strings.HasPrefix(filepath.Base(target), keys.AgentDirPrefix) {
			_ = os.RemoveAll(target)
		}
	}
	return removeAll(root)
}

// sweepAgents removes the directories of agents that nobody listens in any more,
// also those that no link leads to. They hold no secrets.
func sweepAgents(dir string) {
	dirs, _ := filepath.Glob(filepath.Join(dir, keys.AgentDirPrefix+"*")) // the pattern is valid
	for _, d := range dirs {
		info, err := os.Lstat(d)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < staleQuery {
			continue // one that is just being made
		}
		if owner, ok := info.Sys().(*syscall.Stat_t); !ok || int(owner.Uid) != os.Geteuid() {
			continue
		}
		conn, err := net.DialTimeout("unix", filepath.Join(d, keys.AgentSocket), time.Second)
		if err == nil {
			_ = conn.Close()
			continue
		}
		if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, os.ErrNotExist) {
			_ = os.RemoveAll(d) // tried again at the next start
		}
	}
}
