package logchunk_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/logchunk"
)

var start = time.Date(2026, 3, 14, 15, 9, 26, 535897000, time.UTC)

func build(first int64, lines []logchunk.Line) logchunk.Chunk {
	b := logchunk.NewBuilder(first)
	for _, l := range lines {
		b.Add(l.Time, l.Text, l.Partial)
	}
	return b.Finish()
}

func numbered(first int64, lines []logchunk.Line) []logchunk.Line {
	for i := range lines {
		lines[i].Seq = first + int64(i)
	}
	return lines
}

// sampleLines looks like the output of a deployment: words, counters, colours.
func sampleLines(n int) []logchunk.Line {
	r := rand.New(rand.NewPCG(1, 2))
	hosts := []string{"web", "db", "cache", "queue"}
	lines := make([]logchunk.Line, n)
	at := start
	for i := range lines {
		at = at.Add(time.Duration(r.IntN(200)) * time.Microsecond)
		text := fmt.Sprintf("\x1b[0;32mok: [%s-%02d.example.org]\x1b[0m => step %07d took %d ms ", hosts[r.IntN(4)], r.IntN(40), i, r.IntN(900))
		lines[i] = logchunk.Line{Seq: int64(i) + 1, Time: at, Text: []byte(text + strings.Repeat(".", 80-len(text)))}
	}
	return lines
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	random := make([]byte, 60<<10)
	r := rand.NewChaCha8([32]byte{7})
	_, _ = r.Read(random) // never fails
	cases := map[string][]logchunk.Line{
		"one":             {{Time: start, Text: []byte("hello")}},
		"empty line":      {{Time: start, Text: []byte{}}},
		"empty partial":   {{Time: start, Text: []byte{}, Partial: true}},
		"all bytes":       {{Time: start, Text: all}},
		"no compression":  {{Time: start, Text: random}},
		"clock goes back": {{Time: start, Text: []byte("a")}, {Time: start.Add(-time.Hour), Text: []byte("b")}, {Time: start, Text: []byte("c")}},
		"before 1970":     {{Time: time.UnixMicro(-5).UTC(), Text: []byte("a")}, {Time: time.UnixMicro(3).UTC(), Text: []byte("b")}},
		"partial pieces":  {{Time: start, Text: bytes.Repeat([]byte("x"), logchunk.MaxLine), Partial: true}, {Time: start, Text: []byte("end")}},
		"many":            sampleLines(3000),
	}
	for name, lines := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := numbered(42, append([]logchunk.Line(nil), lines...))
			c := build(42, lines)
			raw := 0
			for _, l := range lines {
				raw += len(l.Text)
				if !l.Partial {
					raw++
				}
			}
			if c.FirstSeq != 42 || c.LastSeq() != 41+int64(len(lines)) || c.RawBytes != raw {
				t.Errorf("chunk %d-%d of %d bytes, want 42-%d of %d", c.FirstSeq, c.LastSeq(), c.RawBytes, 41+len(lines), raw)
			}
			if !c.FirstTime.Equal(lines[0].Time) || !c.LastTime.Equal(lines[len(lines)-1].Time) {
				t.Errorf("times %v-%v, want %v-%v", c.FirstTime, c.LastTime, lines[0].Time, lines[len(lines)-1].Time)
			}
			got, err := logchunk.Decode(c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("decode (-want +got):\n%s", diff)
			}
			var walked []logchunk.Line
			err = logchunk.Walk(c, func(l logchunk.Line) error {
				l.Text = bytes.Clone(l.Text)
				if l.Text == nil {
					l.Text = []byte{}
				}
				walked = append(walked, l)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, walked); diff != "" {
				t.Errorf("walk (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBuilder_ContinuesAfterFinish(t *testing.T) {
	t.Parallel()
	b := logchunk.NewBuilder(1)
	if !b.Empty() || b.Full() {
		t.Error("a new builder is not empty, or full")
	}
	next := int64(1)
	for i, l := range sampleLines(20000) {
		if seq := b.Add(l.Time, l.Text, false); seq != int64(i)+1 {
			t.Fatalf("line %d got number %d", i+1, seq)
		}
		if b.Full() {
			c := b.Finish()
			if c.FirstSeq != next || c.RawBytes < logchunk.TargetSize || c.RawBytes > logchunk.TargetSize+logchunk.MaxLine {
				t.Fatalf("chunk starts at %d (want %d) and has %d bytes", c.FirstSeq, next, c.RawBytes)
			}
			next = c.LastSeq() + 1
		}
	}
	c := b.Finish()
	if c.FirstSeq != next || c.LastSeq() != 20000 {
		t.Errorf("last chunk %d-%d, want %d-20000", c.FirstSeq, c.LastSeq(), next)
	}
	if c := b.Finish(); c.Count != 0 || c.FirstSeq != 20001 {
		t.Errorf("an empty builder gives %d lines from %d", c.Count, c.FirstSeq)
	}
}

func TestBuilder_FullByLines(t *testing.T) {
	t.Parallel()
	b := logchunk.NewBuilder(1)
	n := 0
	for !b.Full() {
		b.Add(start, nil, false)
		n++
	}
	if n != logchunk.MaxLines {
		t.Errorf("full after %d empty lines, want %d", n, logchunk.MaxLines)
	}
}

func TestBuilder_CutsLongLines(t *testing.T) {
	t.Parallel()
	text := bytes.Repeat([]byte("0123456789"), 20000) // 200,000 bytes
	b := logchunk.NewBuilder(1)
	if last := b.Add(start, text, false); last != 4 {
		t.Errorf("last piece has number %d, want 4", last)
	}
	lines, err := logchunk.Decode(b.Finish())
	if err != nil {
		t.Fatal(err)
	}
	var joined []byte
	for i, l := range lines {
		joined = append(joined, l.Text...)
		if l.Partial != (i < 3) || len(l.Text) > logchunk.MaxLine {
			t.Errorf("piece %d has %d bytes, partial %t", i+1, len(l.Text), l.Partial)
		}
	}
	if !bytes.Equal(joined, text) {
		t.Error("the pieces do not add up to the line")
	}
}

func TestDecode_Damaged(t *testing.T) {
	t.Parallel()
	good := build(1, sampleLines(100))
	cases := map[string]func(c *logchunk.Chunk){
		"empty":           func(c *logchunk.Chunk) { c.Payload = nil },
		"version":         func(c *logchunk.Chunk) { c.Payload[0] = 9 },
		"flags":           func(c *logchunk.Chunk) { c.Payload[1] = 0xff },
		"claims no zstd":  func(c *logchunk.Chunk) { c.Payload[1] = 0 },
		"cut":             func(c *logchunk.Chunk) { c.Payload = c.Payload[:len(c.Payload)/2] },
		"count too small": func(c *logchunk.Chunk) { c.Count-- },
		"count too large": func(c *logchunk.Chunk) { c.Count++ },
		"count negative":  func(c *logchunk.Chunk) { c.Count = -1 },
		"bit":             func(c *logchunk.Chunk) { c.Payload[len(c.Payload)/2] ^= 4 },
		"bomb": func(c *logchunk.Chunk) {
			c.Payload = append([]byte{1, 0, 100, 0xff, 0xff, 0xff, 0x03}, c.Payload[5:]...)
		},
		"huge length": func(c *logchunk.Chunk) {
			c.Payload = []byte{1, 0, 100, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}
		},
	}
	for name, damage := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := good
			c.Payload = bytes.Clone(good.Payload)
			damage(&c)
			if _, err := logchunk.Decode(c); !errors.Is(err, logchunk.ErrCorrupt) {
				t.Errorf("got %v, want %v", err, logchunk.ErrCorrupt)
			}
		})
	}
}

func TestDecode_TextsDoNotRunIntoEachOther(t *testing.T) {
	t.Parallel()
	lines, err := logchunk.Decode(build(1, []logchunk.Line{{Time: start, Text: []byte("ab")}, {Time: start, Text: []byte("cd")}}))
	if err != nil {
		t.Fatal(err)
	}
	_ = append(lines[0].Text, 'X')
	if got := string(lines[1].Text); got != "cd" {
		t.Errorf("appending to the first text turned the second into %q", got)
	}
}

func TestWalk_StopsAtError(t *testing.T) {
	t.Parallel()
	enough := errors.New("enough")
	n := 0
	err := logchunk.Walk(build(1, sampleLines(10)), func(logchunk.Line) error {
		n++
		if n == 3 {
			return enough
		}
		return nil
	})
	if err != enough || n != 3 {
		t.Errorf("got %v after %d lines, want %v after 3", err, n, enough)
	}
}

func TestStorage(t *testing.T) {
	t.Parallel()
	stored, lines := 0, sampleLines(100000)
	b := logchunk.NewBuilder(1)
	for _, l := range lines {
		b.Add(l.Time, l.Text, false)
		if b.Full() {
			stored += len(b.Finish().Payload)
		}
	}
	stored += len(b.Finish().Payload)
	perLine := float64(stored) / float64(len(lines))
	t.Logf("%.1f bytes stored for a line of 80", perLine)
	if perLine > 20 {
		t.Errorf("%.1f bytes a line, want at most 20", perLine)
	}
}

func FuzzDecode(f *testing.F) {
	for _, n := range []int{1, 10, 200} {
		c := build(1, sampleLines(n))
		f.Add(c.Payload, c.Count)
	}
	f.Add([]byte{1, 0, 1, 2, 0, 0}, 1)
	f.Fuzz(func(t *testing.T, payload []byte, count int) {
		lines, err := logchunk.Decode(logchunk.Chunk{FirstSeq: 1, Count: count, Payload: payload})
		if err == nil && len(lines) != count && len(payload) > 0 {
			t.Errorf("%d lines, want %d", len(lines), count)
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("hello\nworld\n"), int64(1000), int64(-3), true)
	f.Add([]byte("\n\n\x00\xff"), int64(0), int64(1), false)
	f.Fuzz(func(t *testing.T, output []byte, at, step int64, partial bool) {
		b := logchunk.NewBuilder(7)
		var want []logchunk.Line
		us := at >> 8 // room to add steps
		for i, text := range bytes.Split(output, []byte("\n")) {
			us += step >> 24
			l := logchunk.Line{Seq: 7 + int64(i), Time: time.UnixMicro(us).UTC(), Text: text, Partial: partial}
			if len(text) > logchunk.MaxLine {
				t.Skip()
			}
			b.Add(l.Time, l.Text, l.Partial)
			want = append(want, l)
		}
		got, err := logchunk.Decode(b.Finish())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmp.Comparer(bytes.Equal)); diff != "" {
			t.Error(diff)
		}
	})
}

func BenchmarkBuild(b *testing.B) {
	lines := sampleLines(10000)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		bd := logchunk.NewBuilder(1)
		for _, l := range lines {
			bd.Add(l.Time, l.Text, false)
			if bd.Full() {
				bd.Finish()
			}
		}
		bd.Finish()
		n += len(lines)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "lines/s")
}

func BenchmarkDecode(b *testing.B) {
	c := build(1, sampleLines(3200))
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		if _, err := logchunk.Decode(c); err != nil {
			b.Fatal(err)
		}
		n += c.Count
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "lines/s")
}

func BenchmarkWalk(b *testing.B) {
	c := build(1, sampleLines(3200))
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		if err := logchunk.Walk(c, func(logchunk.Line) error { return nil }); err != nil {
			b.Fatal(err)
		}
		n += c.Count
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "lines/s")
}
