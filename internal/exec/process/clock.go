package process

import (
	"time"

	"golang.org/x/sys/unix"
)

// SinceBoot is how long the machine has been running, the time it slept
// included. Nobody sets this clock: use it to compare moments when the clock on
// the wall may be set between them, also moments in different processes.
func SinceBoot() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0 // Linux has had it since 2.6.39
	}
	return time.Duration(ts.Nano())
}
