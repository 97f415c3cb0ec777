package process

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestRun_Insists: the chosen signal comes, and comes again before the end of
// the grace; without Insist it comes once.
func TestRun_Insists(t *testing.T) {
	adopt(t)
	// It starts no commands: bash forgets an INT that comes when a command it
	// waited for has just ended by itself.
	script := `n=0; trap 'n=$((n+1)); echo int $n; [ $n = 2 ] && exit 0' INT; trap 'echo term' TERM; echo ready; while :; do :; done`
	for _, insist := range []bool{true, false} {
		ctx, cancel := context.WithCancel(t.Context())
		out := &buffer{saw: make(chan string, 100)}
		kill := make(chan struct{})
		go func() {
			for line := range out.saw {
				switch {
				case strings.HasPrefix(line, "ready"):
					cancel()
				case strings.HasPrefix(line, "int 1") && !insist:
					close(kill)
				}
			}
		}()
		grace := 3 * time.Second
		if !insist {
			grace = time.Minute
		}
		got, err := Run(ctx, bash(t, script), Options{Output: out, Signal: syscall.SIGINT, Insist: insist, Grace: grace, Kill: kill})
		if err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if insist && (got.ExitCode != 0 || !strings.Contains(text, "int 2")) || !insist && (got.Signal != syscall.SIGKILL || !strings.Contains(text, "int 1") || strings.Contains(text, "int 2")) || strings.Contains(text, "term") {
			t.Errorf("insist %v: %+v %q", insist, got, text)
		}
		cancel()
		close(out.saw)
	}
}
