package joblog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// kept closes the log and returns what the journal has, after comparing it with
// the totals.
func kept(t *testing.T, l *Log, m *memory) string {
	t.Helper()
	totals, err := l.Close()
	if err != nil {
		t.Fatal(err)
	}
	text, lines := m.text(t)
	sum := sha256.Sum256([]byte(text))
	if totals.Lines != int64(len(lines)) || totals.Bytes != int64(len(text)) || totals.Digest != hex.EncodeToString(sum[:]) {
		t.Errorf("totals %+v, the journal has %d lines, %d bytes", totals, len(lines), len(text))
	}
	return text
}

const stopped = "Output stopped at 100 bytes, the most that is kept of a task. The task goes on; the end of its output follows when it is done.\n"

func TestMaxOutput(t *testing.T) {
	t.Parallel()
	ten := strings.Repeat("123456789\n", 10)
	long := strings.Repeat("0123456789abcde\n", 3*tailSize/16)
	for name, c := range map[string]struct {
		in, want string
	}{
		"just enough":     {ten, ten},
		"a little more":   {ten + "more\n", ten + stopped + "more\n"},
		"cut at a line":   {strings.Repeat("x", 60) + "\n" + strings.Repeat("y", 60) + "\n", strings.Repeat("x", 60) + "\n" + stopped + strings.Repeat("y", 60) + "\n"},
		"no line to cut":  {strings.Repeat("x", 150), strings.Repeat("x", 100) + "\n" + stopped + strings.Repeat("x", 50)},
		"much more":       {ten + long, ten + stopped + fmt.Sprintf("Left out here: 128 KiB in %d lines. The end of the output:\n", 2*tailSize/16+1) + long[2*tailSize+16:]},
		"more, no lines":  {ten + strings.Repeat("z", 2*tailSize), ten + stopped + "Left out here: 64 KiB in 0 lines. The end of the output:\n" + strings.Repeat("z", tailSize)},
		"secret past it":  {ten + "hunter2secret\n", ten + stopped + "***\n"},
		"invalid UTF-8":   {ten + "\xff\x00\xc3\n", ten + stopped + "\xff\x00\xc3\n"},
		"carriage return": {strings.Repeat("\r 50%", 30), strings.Repeat("\r 50%", 20) + "\n" + stopped + strings.Repeat("\r 50%", 10)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var m memory
			l := New(&m, Options{MaxOutput: 100, Masker: NewMasker([]string{"hunter2secret"})})
			_, _ = l.Write([]byte(c.in))
			if got := kept(t, l, &m); got != c.want {
				t.Errorf("kept %q, want %q", short(got), short(c.want))
			}
		})
	}
}

func short(text string) string {
	if len(text) > 600 {
		return text[:400] + " … " + text[len(text)-200:]
	}
	return text
}

// TestMaxOutput_OwnLines: what the job says is there whatever the program
// prints, after the end of what was printed before.
func TestMaxOutput_OwnLines(t *testing.T) {
	t.Parallel()
	var m memory
	l := New(&m, Options{MaxOutput: 100})
	_, _ = l.Write([]byte(strings.Repeat("123456789\n", 10)))
	_, _ = l.Write([]byte("a\nb"))
	l.Line("Waiting for approval.")
	_, _ = l.Write([]byte("c\n"))
	l.Flush()
	if got := l.Lines(); got != 15 {
		t.Errorf("%d lines after Flush, want 15", got)
	}
	l.Line("Done.")
	want := strings.Repeat("123456789\n", 10) + stopped + "a\nb\nWaiting for approval.\nc\nDone.\n"
	if got := kept(t, l, &m); got != want {
		t.Errorf("kept %q, want %q", got, want)
	}
}

// TestMaxOutput_AnyPieces: how the output is cut on its way changes nothing past
// the bound.
func TestMaxOutput_AnyPieces(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	var text []byte
	for i := range 20_000 {
		text = fmt.Appendf(text, "line %d of the program\n", i)
	}
	for range 10 {
		var m memory
		l := New(&m, Options{MaxOutput: 4096})
		for rest := text; len(rest) > 0; {
			n := min(1+random.IntN(9000), len(rest))
			_, _ = l.Write(rest[:n])
			rest = rest[n:]
		}
		got := kept(t, l, &m)
		if !strings.HasPrefix(got, string(text[:4000])) || !strings.HasSuffix(got, string(text[len(text)-tailSize+100:])) {
			t.Errorf("beginning or end is wrong: %s", short(got))
		}
		if len(got) > 4096+tailSize+400 {
			t.Errorf("%d bytes kept", len(got))
		}
	}
}
