package runner

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"signalbox/internal/job"
)

// killChild ends the process group of a command whose job is dead. The start
// time guards against a number that was given to another process since.
func killChild(c *job.Child) {
	if c == nil || c.PID <= 1 {
		return
	}
	if start, err := startTime(c.PID); err != nil || start != c.StartTime {
		return
	}
	_ = unix.Kill(-c.PID, unix.SIGKILL) // it may have ended just now
}

// startTime reads when a process started, in clock ticks since boot.
func startTime(pid int) (uint64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The second field is the program's name in parentheses and may hold
	// anything; the fields after it are plain.
	rest := string(text[strings.LastIndexByte(string(text), ')')+1:])
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	return strconv.ParseUint(fields[19], 10, 64)
}
