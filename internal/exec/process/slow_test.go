package process_test

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"signalbox/internal/exec/process"
)

// slowWriter takes longer over its first write than a run waits for its output.
type slowWriter struct {
	bytes.Buffer
	once bool
}

func (w *slowWriter) Write(p []byte) (int, error) {
	if !w.once {
		w.once = true
		time.Sleep(2500 * time.Millisecond) // what the disk may do to us
	}
	return w.Buffer.Write(p)
}

func TestRun_SlowOutputLosesNothing(t *testing.T) {
	t.Parallel()
	var out slowWriter
	var want strings.Builder
	for i := range 60 {
		want.WriteString("line " + strconv.Itoa(i) + "\n")
	}
	_, err := process.Run(t.Context(), process.Command{
		Path: "/bin/bash",
		Args: []string{"bash", "-c", "echo line 0; sleep 0.2; for ((i=1;i<60;i++)); do echo line $i; done"},
		Dir:  t.TempDir(),
		Env:  []string{"PATH=" + os.Getenv("PATH")},
	}, process.Options{Output: &out})
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != want.String() {
		t.Errorf("got %q, want all 60 lines", out.String())
	}
}
