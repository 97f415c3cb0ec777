package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// AdoptOrphans makes this process the parent of every descendant whose own
// parent dies, also of those that left their session. Without it they would
// escape. Call it once, before the first Run.
func AdoptOrphans() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("adopt orphans: %w", err)
	}
	return nil
}

// KillDescendants kills and reaps all children of this process, and their
// children as they are adopted. The process must have no other children at
// that time.
func KillDescendants() {
	deadline := time.Now().Add(5 * time.Second)
	for pause := time.Millisecond; ; {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
		switch {
		case errors.Is(err, unix.EINTR), err == nil && pid > 0:
			continue
		case err != nil: // ECHILD: none left
			return
		}
		for _, pid := range children() {
			_ = kill(pid, unix.SIGKILL)
		}
		if time.Now().After(deadline) {
			return // uninterruptible: the kernel has the last word
		}
		time.Sleep(pause)
		pause = min(2*pause, 20*time.Millisecond)
	}
}

// waitGroup waits until no child of this process is in the group. Orphans of
// the group are children, if they are adopted.
func waitGroup(pgid int) {
	for {
		_, err := unix.Wait4(-pgid, nil, 0, nil)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// children lists the living descendants of this process, nearest first.
func children() []int {
	var all []int
	queue := []int{os.Getpid()}
	for len(queue) > 0 {
		pid := queue[0]
		queue = queue[1:]
		tasks, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
		if err != nil {
			continue
		}
		for _, t := range tasks {
			text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/task/" + t.Name() + "/children")
			if err != nil {
				continue
			}
			for _, f := range strings.Fields(string(text)) {
				if n, err := strconv.Atoi(f); err == nil {
					all = append(all, n)
					queue = append(queue, n)
				}
			}
		}
	}
	return all
}

// StartTime is when a process started, in clock ticks since boot; 0 when it is
// not known. With the number it names a process for good.
func StartTime(pid int) uint64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	// The name in parentheses may hold anything, also spaces and parentheses.
	end := bytes.LastIndexByte(text, ')')
	if end < 0 {
		return 0
	}
	fields := strings.Fields(string(text[end+1:]))
	const startTime = 22 - 3 // field 22 of stat; the state is field 3
	if len(fields) <= startTime {
		return 0
	}
	n, err := strconv.ParseUint(fields[startTime], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// KillLeftover ends the session of a command whose job has died, if the leader
// is still that process. It reports whether there was something to end.
func KillLeftover(pid int, startTime uint64) bool {
	if pid <= 1 {
		return false
	}
	now := StartTime(pid)
	if now != 0 && startTime != 0 && now != startTime {
		return false // the number belongs to somebody else
	}
	found := unix.Kill(-pid, unix.SIGKILL) == nil
	for _, member := range session(pid) {
		if unix.Kill(member, unix.SIGKILL) == nil {
			found = true
		}
	}
	return found
}

// session lists the processes of a session.
func session(sid int) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var members []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if got, err := unix.Getsid(pid); err == nil && got == sid {
			members = append(members, pid)
		}
	}
	return members
}
