package process

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Cgroup is a control group for the commands of a run. Whatever a command does
// to leave its parents, it does not leave the group, and all of the group can be
// killed at once. It is for one goroutine; methods of nil do nothing.
//
// In it is a group for each command: what is forked into a group that has been
// killed before is killed too by some kernels.
type Cgroup struct {
	Dir string

	count  int
	inside string // directory of the current command's; "" for none
}

// NewCgroup makes a group below that of this process, or returns nil: many
// machines do not let us, and some kernels cannot kill groups.
func NewCgroup(name string) *Cgroup {
	base := ownCgroup()
	if base == "" {
		return nil
	}
	g := &Cgroup{Dir: filepath.Join(base, name)}
	if err := os.Mkdir(g.Dir, 0o755); err != nil {
		return nil
	}
	if _, err := os.Stat(killFile(g.Dir)); err != nil {
		g.Remove()
		return nil
	}
	return g
}

func killFile(dir string) string { return filepath.Join(dir, "cgroup.kill") }

// ownCgroup is the directory of this process's group of the unified hierarchy.
func ownCgroup() string {
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return ""
	}
	own := ""
	for line := range strings.Lines(string(groups)) {
		if path, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::"); ok {
			own = path
		}
	}
	if own == "" || strings.HasPrefix(own, "/..") {
		return ""
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(mounts)) {
		before, after, ok := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if !ok || len(fields) < 5 || !strings.HasPrefix(after, "cgroup2 ") {
			continue
		}
		// Field 4 is what of the hierarchy is mounted, field 5 where.
		if rest, ok := strings.CutPrefix(own, strings.TrimSuffix(fields[3], "/")); ok {
			return filepath.Join(fields[4], rest)
		}
	}
	return ""
}

// open returns the directory for a fork into the group; nil if there is none.
func (g *Cgroup) open() (dir *os.File) {
	if g == nil {
		return nil
	}
	privileged(func() {
		if g.inside == "" {
			g.count++
			inside := filepath.Join(g.Dir, strconv.Itoa(g.count))
			if err := os.Mkdir(inside, 0o755); err != nil {
				return
			}
			g.inside = inside
		}
		if f, err := os.Open(g.inside); err == nil {
			dir = f
		}
	})
	return dir
}

// cgroupTrouble reports whether a command may have failed to start because of
// the group alone.
func cgroupTrouble(err error) bool {
	for _, e := range []error{syscall.ENOSYS, syscall.EOPNOTSUPP, syscall.EBUSY, syscall.EINVAL, syscall.ENODEV, syscall.EPERM, syscall.EAGAIN, syscall.EBADF} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// Kill ends everything in the group and waits until it is dead. What was adopted
// by this process is left to be reaped.
func (g *Cgroup) Kill() {
	if g == nil || g.inside == "" {
		return
	}
	killGroup(g.inside)
	privileged(func() { _ = syscall.Rmdir(g.inside) }) // or by Remove
	g.inside = ""
}

func killGroup(dir string) {
	privileged(func() {
		_ = os.WriteFile(killFile(dir), []byte("1"), 0) // it is gone, or there is nothing to kill
	})
	deadline := time.Now().Add(5 * time.Second)
	for pause := time.Millisecond; time.Now().Before(deadline); pause = min(2*pause, 20*time.Millisecond) {
		events, err := os.ReadFile(filepath.Join(dir, "cgroup.events"))
		if err != nil || bytes.Contains(events, []byte("populated 0")) {
			return
		}
		time.Sleep(pause)
	}
}

// Remove removes the group, in which nothing may live any more.
func (g *Cgroup) Remove() {
	if g == nil {
		return
	}
	privileged(func() {
		inside, _ := filepath.Glob(filepath.Join(g.Dir, "[0-9]*")) // the pattern is valid
		for _, dir := range append(inside, g.Dir) {
			_ = syscall.Rmdir(dir)
		}
	})
}

// KillCgroup ends what is left of the group of a job that has died, by the
// group's directory; "" for none.
func KillCgroup(dir string) {
	if dir == "" {
		return
	}
	if _, err := os.Stat(killFile(dir)); err != nil {
		return
	}
	killGroup(dir)
	(&Cgroup{Dir: dir}).Remove()
}
