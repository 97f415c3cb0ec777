package job

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"signalbox/internal/logchunk"
)

func someRecords() []Record {
	at := time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)
	b := logchunk.NewBuilder(1)
	b.Add(at, []byte("hello"), false)
	b.Add(at.Add(time.Second), bytes.Repeat([]byte("x"), 3000), true)
	chunk := b.Finish()
	return []Record{
		{Begin: &Begin{TaskID: 7, Epoch: 2, PID: 3, Time: at}},
		{Status: &Status{Status: "running", Time: at}},
		{Commit: &Commit{Hash: "abc", Message: "ä \xff"[:3]}},
		{Child: &Child{PID: 9, StartTime: 1 << 60}},
		{Stage: &Stage{Seq: 1, Type: StagePlan, Start: at, FirstLine: 1}},
		{Chunk: &chunk},
		{Results: &chunk},
		{Stage: &Stage{Seq: 1, Type: StagePlan, Start: at, End: &at, FirstLine: 1, LastLine: 2, Result: []byte(`{"add":1}`)}},
		{End: &End{Status: "success", ExitCode: -1, Time: at, Lines: 2, Bytes: 3006, Digest: "00"}},
	}
}

func writeJournal(t testing.TB, records []Record) (dir string, size int64) {
	t.Helper()
	dir = t.TempDir()
	w, err := CreateJournal(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	last := records[len(records)-1]
	if err := w.Append(records[:len(records)-1]...); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(*last.End); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, JournalFile))
	if err != nil {
		t.Fatal(err)
	}
	return dir, info.Size()
}

func readAll(t testing.TB, dir string, offset int64) (records []Record, offsets []int64, err error) {
	t.Helper()
	r, err := OpenJournal(dir, offset)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		rec, next, err := r.Next()
		if err != nil {
			return records, offsets, err
		}
		records = append(records, rec)
		offsets = append(offsets, next)
	}
}

func TestJournal_GivesBackWhatWasWritten(t *testing.T) {
	t.Parallel()
	want := someRecords()
	dir, size := writeJournal(t, want)
	got, offsets, err := readAll(t, dir, 0)
	if !errors.Is(err, io.EOF) || !reflect.DeepEqual(got, want) {
		t.Fatalf("%v\n got %+v\nwant %+v", err, got, want)
	}
	if offsets[len(offsets)-1] != size {
		t.Errorf("last offset %d, size %d", offsets[len(offsets)-1], size)
	}
	for i, at := range offsets {
		rest, _, err := readAll(t, dir, at)
		if !errors.Is(err, io.EOF) || len(rest) != len(want)-i-1 {
			t.Errorf("from offset %d: %d records, %v", at, len(rest), err)
		}
	}
}

// TestJournal_TornTail: cut anywhere, every whole record is there, and more
// come when the file grows.
func TestJournal_TornTail(t *testing.T) {
	t.Parallel()
	want := someRecords()
	full, size := writeJournal(t, want)
	text, err := os.ReadFile(filepath.Join(full, JournalFile))
	if err != nil {
		t.Fatal(err)
	}
	_, offsets, _ := readAll(t, full, 0)
	dir := t.TempDir()
	path := filepath.Join(dir, JournalFile)
	for cut := int64(0); cut <= size; cut += 7 {
		if err := os.WriteFile(path, text[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		whole := 0
		for _, at := range offsets {
			if at <= cut {
				whole++
			}
		}
		r, err := OpenJournal(dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		read := func() int {
			n := 0
			for {
				if _, _, err := r.Next(); err != nil {
					if !errors.Is(err, io.EOF) {
						t.Fatalf("cut at %d: %v", cut, err)
					}
					return n
				}
				n++
			}
		}
		if n := read(); n != whole {
			t.Fatalf("cut at %d: %d records, want %d", cut, n, whole)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if n := read(); n != len(want)-whole {
			t.Fatalf("cut at %d, then whole: %d more, want %d", cut, n, len(want)-whole)
		}
		_ = r.Close()
	}
}

func TestJournal_Damage(t *testing.T) {
	t.Parallel()
	dir, size := writeJournal(t, someRecords())
	path := filepath.Join(dir, JournalFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func([]byte) []byte
		want   error
	}{
		"flipped in the middle": {func(b []byte) []byte { b[20] ^= 1; return b }, ErrCorrupt},
		"length zero":           {func(b []byte) []byte { b[0], b[1], b[2], b[3] = 0, 0, 0, 0; return b }, ErrCorrupt},
		"length huge":           {func(b []byte) []byte { b[3] = 0xff; return b }, ErrCorrupt},
		"flipped at the end":    {func(b []byte) []byte { b[size-1] ^= 1; return b }, io.EOF},
		"zeros at the end":      {func(b []byte) []byte { return append(b, make([]byte, 5000)...) }, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, JournalFile), c.change(bytes.Clone(good)), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, err := readAll(t, dir, 0); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

func TestJournal_IsNotOverwritten(t *testing.T) {
	t.Parallel()
	dir, _ := writeJournal(t, someRecords())
	if _, err := CreateJournal(dir, nil); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second journal: %v", err)
	}
}

func FuzzJournal(f *testing.F) {
	dir, _ := writeJournal(f, someRecords())
	text, err := os.ReadFile(filepath.Join(dir, JournalFile))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(text[:50])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, JournalFile), text, 0o600); err != nil {
			t.Fatal(err)
		}
		records, offsets, err := readAll(t, dir, 0)
		if !errors.Is(err, io.EOF) && !errors.Is(err, ErrCorrupt) {
			t.Fatalf("unexpected error %v", err)
		}
		for i, rec := range records {
			// What was read can be written again.
			if _, err := appendFrame(nil, rec); err != nil {
				t.Fatalf("record %d: %v", i, err)
			}
			if offsets[i] > int64(len(text)) {
				t.Fatalf("offset %d behind the end %d", offsets[i], len(text))
			}
		}
	})
}

func FuzzDecodeBody(f *testing.F) {
	for _, rec := range someRecords() {
		body, err := appendBody(nil, rec)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		rec, err := decodeBody(body)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatalf("unexpected error %v", err)
			}
			return
		}
		if _, err := appendBody(nil, rec); err != nil && !errors.Is(err, ErrCorrupt) {
			t.Logf("cannot be written: %v", err)
		}
	})
}

// TestJournal_WakesForNews: an owner is not woken for what it reads only of dead
// jobs, and finds it with the next record.
func TestJournal_WakesForNews(t *testing.T) {
	t.Parallel()
	woken := 0
	w, err := CreateJournal(t.TempDir(), func() { woken++ })
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for i, r := range someRecords() {
		before := woken
		if err := w.Append(r); err != nil {
			t.Fatal(err)
		}
		want := before + 1
		if r.Child != nil {
			want = before
		}
		if woken != want {
			t.Errorf("record %d: woken %d times, want %d", i, woken-before, want-before)
		}
	}
	before := woken
	if err := w.Append(Record{Child: &Child{PID: 9}}, Record{Status: &Status{Status: "running"}}); err != nil {
		t.Fatal(err)
	}
	if woken != before+1 {
		t.Errorf("both together: woken %d times, want once", woken-before)
	}
}
