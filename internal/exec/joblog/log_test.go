package joblog

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"signalbox/internal/job"
	"signalbox/internal/logchunk"
)

// memory is a journal that keeps its lines.
type memory struct {
	mu     sync.Mutex
	chunks []logchunk.Chunk
	err    error // given from then on, if not nil
	count  bool  // keep no chunks
	bytes  int64
}

func (m *memory) Append(records ...job.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	for _, r := range records {
		m.bytes += int64(r.Chunk.RawBytes)
		if !m.count {
			m.chunks = append(m.chunks, *r.Chunk)
		}
	}
	return nil
}

// text joins the lines as the contract of logchunk says.
func (m *memory) text(t testing.TB) (text string, lines []logchunk.Line) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	var b bytes.Buffer
	next := int64(1)
	for _, c := range m.chunks {
		got, err := logchunk.Decode(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range got {
			if l.Seq != next || len(l.Text) > logchunk.MaxLine {
				t.Fatalf("line %d, want %d, of %d bytes", l.Seq, next, len(l.Text))
			}
			next++
			b.Write(l.Text)
			if !l.Partial {
				b.WriteByte('\n')
			}
			lines = append(lines, l)
		}
	}
	return b.String(), lines
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestLog_GivesBackEveryByte(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":           "",
		"one line":        "hello\n",
		"no newline":      "hello",
		"only newlines":   "\n\n\n",
		"any bytes":       "a\x00b\xff\r\n\x1b[31mred\r10%\r20%",
		"longest line":    strings.Repeat("x", logchunk.MaxLine) + "\n",
		"one more":        strings.Repeat("x", logchunk.MaxLine+1) + "\n",
		"long, no end":    strings.Repeat("xyz", logchunk.MaxLine),
		"many short":      strings.Repeat("y\n", 3*logchunk.MaxLines),
		"more than a few": strings.Repeat(strings.Repeat("z", 79)+"\n", 20000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, 2))
			for _, piece := range []int{1 << 20, 4095, 100} {
				var m memory
				l := New(&m, Options{})
				for rest := text; rest != ""; {
					n := min(1+random.IntN(piece), len(rest))
					if _, err := l.Write([]byte(rest[:n])); err != nil {
						t.Fatal(err)
					}
					rest = rest[n:]
				}
				totals, err := l.Close()
				if err != nil {
					t.Fatal(err)
				}
				got, lines := m.text(t)
				if got != text {
					t.Fatalf("pieces up to %d: %d bytes came back of %d", piece, len(got), len(text))
				}
				want := Totals{Lines: int64(len(lines)), Bytes: int64(len(text)), Digest: digest(text)}
				if totals != want {
					t.Errorf("totals %+v, want %+v", totals, want)
				}
			}
		})
	}
}

func TestLog_MasksAcrossWritesAndPieces(t *testing.T) {
	t.Parallel()
	const secret = "a-secret-of-some-length"
	var m memory
	l := New(&m, Options{Masker: NewMasker([]string{secret})})
	long := strings.Repeat("x", logchunk.MaxLine-5)
	for _, b := range []byte(long + secret + "\n" + secret[:5]) {
		_, _ = l.Write([]byte{b})
	}
	if _, err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if got, _ := m.text(t); got != long+Mask+"\n"+secret[:5] {
		t.Errorf("got …%q", got[len(got)-40:])
	}
}

func TestLog_Timing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m memory
		l := New(&m, Options{})
		stored := func() string {
			synctest.Wait()
			text, _ := m.text(t)
			return text
		}
		_, _ = l.Write([]byte("one\ntwo"))
		time.Sleep(flushDelay - time.Millisecond)
		if got := stored(); got != "" {
			t.Errorf("too early: %q", got)
		}
		_, _ = l.Write([]byte(" and a half"))
		time.Sleep(time.Millisecond)
		if got := stored(); got != "one\n" {
			t.Errorf("after the delay: %q", got)
		}
		_, _ = l.Write([]byte("\nthree\n"))
		time.Sleep(flushDelay)
		if got := stored(); got != "one\ntwo and a half\nthree\n" {
			t.Errorf("after the next: %q", got)
		}
		_, _ = l.Write([]byte("password: "))
		time.Sleep(partialDelay - time.Millisecond)
		if got := stored(); strings.Contains(got, "password") {
			t.Errorf("an unfinished line was cut early: %q", got)
		}
		time.Sleep(time.Millisecond)
		if got := stored(); !strings.HasSuffix(got, "three\npassword: ") {
			t.Errorf("an old unfinished line is not shown: %q", got)
		}
		l.Line("Stopped.")
		l.Flush()
		if got := stored(); !strings.HasSuffix(got, "password: \nStopped.\n") {
			t.Errorf("a line of the job: %q", got)
		}
		if _, err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestLog_JournalFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("no space")
	var m memory
	failed := make(chan error, 10)
	l := New(&m, Options{Failed: func(err error) { failed <- err }})
	l.Line("kept")
	l.Flush()
	m.mu.Lock()
	m.err = broken
	m.mu.Unlock()
	for range 10 {
		_, _ = l.Write(bytes.Repeat([]byte("lost\n"), 100000)) // must not block for ever
	}
	totals, err := l.Close()
	if !errors.Is(err, broken) || len(failed) != 1 {
		t.Errorf("error %v, told %d times", err, len(failed))
	}
	if want := (Totals{Lines: 1, Bytes: 5, Digest: digest("kept\n")}); totals != want {
		t.Errorf("totals %+v, want %+v", totals, want)
	}
}

// TestLog_MemoryIsBounded writes much without a newline.
func TestLog_MemoryIsBounded(t *testing.T) {
	m := memory{count: true}
	l := New(&m, Options{Masker: NewMasker([]string{"aaaaaaaaaaaaaaaaaaaa"})})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	piece := bytes.Repeat([]byte("\r50% \x00\xff ab"), 5000)
	const total = 48 << 20
	for sent := 0; sent < total; sent += len(piece) {
		_, _ = l.Write(piece)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	totals, err := l.Close()
	if err != nil || totals.Bytes < total || totals.Bytes != m.bytes {
		t.Errorf("%+v %v", totals, err)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 24<<20 {
		t.Errorf("holds %d MiB more", grown>>20)
	}
}

func FuzzLog(f *testing.F) {
	f.Add("hello\nworld", uint64(1))
	f.Add("\x00\xff\r\n\n", uint64(2))
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		var m memory
		l := New(&m, Options{})
		random := rand.New(rand.NewPCG(seed, 1))
		for rest := text; rest != ""; {
			n := 1 + random.IntN(len(rest))
			_, _ = l.Write([]byte(rest[:n]))
			rest = rest[n:]
		}
		totals, err := l.Close()
		if got, _ := m.text(t); err != nil || got != text || totals.Digest != digest(text) {
			t.Fatalf("%q came back as %q, %v", text, got, err)
		}
	})
}

func BenchmarkLog(b *testing.B) {
	line := []byte(strings.Repeat("an ordinary line of output ", 3)[:79] + "\n")
	block := bytes.Repeat(line, 50)
	m := memory{count: true}
	l := New(&m, Options{Masker: NewMasker(benchmarkSecrets(10))})
	b.SetBytes(int64(len(block)))
	for b.Loop() {
		_, _ = l.Write(block)
	}
	_, _ = l.Close()
}

// TestLog_Lines: the number of the last line is the one it gets in the journal,
// also while it has no end.
func TestLog_Lines(t *testing.T) {
	t.Parallel()
	var m memory
	l := New(&m, Options{})
	steps := []struct {
		write string
		want  int64
	}{{"", 0}, {"one\ntwo\n", 2}, {"three", 3}, {" goes on\n", 3}, {strings.Repeat("x", logchunk.MaxLine) + "y", 5}, {"\n", 5}}
	for i, s := range steps {
		_, _ = l.Write([]byte(s.write)) // never fails
		if got := l.Lines(); got != s.want {
			t.Errorf("step %d: %d lines, want %d", i, got, s.want)
		}
	}
	totals, err := l.Close()
	if err != nil || totals.Lines != l.Lines() {
		t.Errorf("%v: the journal has %d lines, the log says %d", err, totals.Lines, l.Lines())
	}
}
