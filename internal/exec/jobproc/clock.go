package jobproc

import (
	"time"

	"signalbox/internal/exec/process"
)

// newClock tells the time of a run: that of the wall now, and from there on by a
// clock that nobody sets. So what the run reports is in order and its durations
// are right, whatever becomes of the clock on the wall meanwhile.
func newClock() func() time.Time {
	// Without Go's own monotonic reading, which stands still while the machine
	// sleeps and would be what differences are made of.
	start, boot := time.Now().UTC().Round(0), process.SinceBoot()
	return func() time.Time { return start.Add(process.SinceBoot() - boot) }
}
