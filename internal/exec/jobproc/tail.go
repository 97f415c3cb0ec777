package jobproc

import (
	"strings"

	"signalbox/internal/exec/apps/terraform"
)

// tail keeps the end of what a command printed.
type tail struct{ buf []byte }

const tailSize = 32 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.buf = append(t.buf, p[max(0, len(p)-tailSize):]...)
	if over := len(t.buf) - tailSize; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return string(t.buf) }

// fullDisk is the sentence to add to the reason of a failure when the command
// said that a disk is full, which may also be one of another machine; "" else.
func (t *tail) fullDisk() string {
	// OpenTofu draws a frame around its messages and breaks their lines.
	said := strings.ToLower(terraform.Plain(t.String()))
	for _, text := range []string{"no space left on device", "disk quota exceeded"} {
		if strings.Contains(said, text) {
			return " A disk is full, as the output above says: free some space and run the task again."
		}
	}
	return ""
}
