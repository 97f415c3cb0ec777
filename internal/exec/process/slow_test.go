package process

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// slowWriter takes longer over its first write than a run waits for its output.
type slowWriter struct {
	strings.Builder
	once bool
}

func (w *slowWriter) Write(p []byte) (int, error) {
	if !w.once {
		w.once = true
		time.Sleep(drainDelay + 500*time.Millisecond) // what the disk may do to us
	}
	return w.Builder.Write(p)
}

func TestRun_SlowOutputLosesNothing(t *testing.T) {
	var out slowWriter
	var want strings.Builder
	for i := range 60 {
		want.WriteString("line " + strconv.Itoa(i) + "\n")
	}
	_, err := Run(t.Context(), bash(t, "echo line 0; sleep 0.2; for ((i=1;i<60;i++)); do echo line $i; done"), Options{Output: &out})
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != want.String() {
		t.Errorf("got %q, want all 60 lines", out.String())
	}
}

// TestRun_TerminalLeftInAnotherMode: what a command does to its terminal
// neither hides the end nor shows in the output.
func TestRun_TerminalLeftInAnotherMode(t *testing.T) {
	for name, script := range map[string]string{
		"cooked": "stty sane <&1; echo x",
		"paused": "echo x; python3 -c 'import termios; termios.tcflow(1, termios.TCOOFF)'",
	} {
		var out buffer
		if _, err := Run(t.Context(), bash(t, script), Options{Output: &out}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := strings.ReplaceAll(out.String(), "\r", ""); got != "x\n" {
			t.Errorf("%s: output %q, want one x", name, got)
		}
	}
}

func TestUntilMark(t *testing.T) {
	const mark = "ENDOFIT"
	for _, c := range []struct{ name, in, want string }{
		{"alone", mark, ""},
		{"after text", "a\nb" + mark, "a\nb"},
		{"after its own beginning", "ENDENDOF" + mark, "ENDENDOF"},
		{"before text", "a" + mark + "rest", "a"},
		{"missing", "a\nENDOF", "a\nENDOF"},
	} {
		for size := 1; size <= len(c.in); size++ {
			var out strings.Builder
			u := &untilMark{out: &out, mark: []byte(mark)}
			for i := 0; i < len(c.in); i += size {
				if _, err := u.Write([]byte(c.in[i:min(i+size, len(c.in))])); err != nil {
					t.Fatal(err)
				}
			}
			if err := u.flush(); err != nil {
				t.Fatal(err)
			}
			if out.String() != c.want {
				t.Errorf("%s in pieces of %d: %q, want %q", c.name, size, out.String(), c.want)
			}
			if u.done != strings.Contains(c.in, mark) {
				t.Errorf("%s in pieces of %d: done %v", c.name, size, u.done)
			}
		}
	}
}
