package storetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
	"signalbox/internal/store"
)

// chunksOf returns chunks of the sizes given, numbered from first on. Line n
// says "line n".
func chunksOf(first int64, sizes ...int) []logchunk.Chunk {
	var list []logchunk.Chunk
	b := logchunk.NewBuilder(first)
	for _, size := range sizes {
		for range size {
			n := b.NextSeq()
			b.Add(Now().Add(time.Duration(n)*time.Millisecond), fmt.Appendf(nil, "line %d", n), false)
		}
		list = append(list, b.Finish())
	}
	return list
}

func recordCases() []testCase {
	become := func(s domain.TaskStatus) func(*domain.Task) error {
		return func(t *domain.Task) error {
			t.Status = s
			return nil
		}
	}
	return []testCase{
		{"takes over", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			task := w.Running(t, w.Template)
			chunks := chunksOf(1, 3, 2)
			got, err := s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, ToOffset: 100, Chunks: chunks, Apply: func(t *domain.Task) error {
				if t.LogLines != 5 || t.JournalOffset != 100 {
					return fmt.Errorf("apply sees %d lines and offset %d", t.LogLines, t.JournalOffset)
				}
				t.CommitMessage = "x"
				t.Epoch, t.LogLines, t.JournalOffset, t.ProjectID = 99, 99, 99, 99 // not theirs to change
				return nil
			}})
			check(t, err)
			want := task
			want.LogLines, want.LogBytes, want.JournalOffset, want.CommitMessage = 5, 35, 100, "x"
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("recorded (-want +got):\n%s", diff)
			}
			got, err = s.Tasks().Get(ctx, task.ID)
			check(t, err)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
			stored, err := s.Logs().Chunks(ctx, task.ID, 0, 10)
			check(t, err)
			if diff := cmp.Diff(chunks, stored); diff != "" {
				t.Errorf("chunks (-want +got):\n%s", diff)
			}
		}},
		{"again changes nothing", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			task := w.Running(t, w.Template)
			r := store.Report{Epoch: task.Epoch, ToOffset: 10, Chunks: chunksOf(1, 3)}
			first, err := s.Tasks().Record(ctx, task.ID, r)
			check(t, err)
			r.Apply = func(*domain.Task) error { return errStop }
			for _, to := range []int64{10, 5, 0} {
				r.ToOffset = to
				if to == 0 {
					r.Chunks = nil
				}
				got, err := s.Tasks().Record(ctx, task.ID, r)
				check(t, err)
				if diff := cmp.Diff(first, got); diff != "" {
					t.Errorf("again up to %d (-first +again):\n%s", to, diff)
				}
			}
			bytes, n, err := s.Logs().Size(ctx, task.ID)
			check(t, err)
			if n != 1 || bytes != int64(len(chunksOf(1, 3)[0].Payload)) {
				t.Errorf("%d chunks of %d bytes", n, bytes)
			}
		}},
		{"gaps", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			task := w.Running(t, w.Template)
			_, err := s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, ToOffset: 10, Chunks: chunksOf(1, 3)})
			check(t, err)
			cases := map[string]store.Report{
				"later":             {FromOffset: 11, ToOffset: 12},
				"overlap":           {FromOffset: 5, ToOffset: 12},
				"backwards":         {FromOffset: 20, ToOffset: 12},
				"line missing":      {FromOffset: 10, ToOffset: 12, Chunks: chunksOf(5, 1)},
				"line twice":        {FromOffset: 10, ToOffset: 12, Chunks: chunksOf(3, 1)},
				"chunks apart":      {FromOffset: 10, ToOffset: 12, Chunks: append(chunksOf(4, 1), chunksOf(6, 1)...)},
				"empty chunk":       {FromOffset: 10, ToOffset: 12, Chunks: []logchunk.Chunk{{FirstSeq: 4}}},
				"output of nothing": {FromOffset: 10, ToOffset: 10, Chunks: chunksOf(4, 1)},
			}
			for name, r := range cases {
				r.Epoch = task.Epoch
				_, err := s.Tasks().Record(ctx, task.ID, r)
				wantError(t, name, err, store.ErrGap)
			}
			got, err := s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, FromOffset: 10, ToOffset: 10, Apply: become(domain.StatusStopping)})
			check(t, err)
			if got.Status != domain.StatusStopping || got.LogLines != 3 || got.JournalOffset != 10 {
				t.Errorf("after a report of nothing: %s, %d lines, offset %d", got.Status, got.LogLines, got.JournalOffset)
			}
		}},
		{"fenced", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			task := w.Running(t, w.Template)
			record := func(id domain.TaskID, epoch int64) error {
				_, err := s.Tasks().Record(ctx, id, store.Report{Epoch: epoch, ToOffset: 10, Chunks: chunksOf(1, 1)})
				return err
			}
			wantError(t, "older epoch", record(task.ID, task.Epoch-1), store.ErrFenced)
			wantError(t, "newer epoch", record(task.ID, task.Epoch+1), store.ErrFenced)
			wantError(t, "no task", record(999, 1), store.ErrNotFound)
			waiting := w.NewTask(t, w.Template)
			wantError(t, "waiting", record(waiting.ID, 0), store.ErrFenced)
			_, err := s.Tasks().Update(ctx, task.ID, become(domain.StatusStopped))
			check(t, err)
			wantError(t, "ended", record(task.ID, task.Epoch), store.ErrFenced)
			got, err := s.Tasks().Get(ctx, task.ID)
			check(t, err)
			if got.LogLines != 0 || got.JournalOffset != 0 {
				t.Errorf("fenced reports left %d lines and offset %d", got.LogLines, got.JournalOffset)
			}
		}},
		{"terminal is final", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			task := w.Running(t, w.Template)
			got, err := s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, ToOffset: 10, Chunks: chunksOf(1, 1), Apply: func(t *domain.Task) error {
				t.Status, t.LogComplete, t.LogDigest = domain.StatusSuccess, true, "abc"
				return nil
			}})
			check(t, err)
			if got.Status != domain.StatusSuccess || !got.LogComplete {
				t.Errorf("after the end: %+v", got)
			}
			def, err := s.Tasks().Definition(ctx, task.ID)
			check(t, err)
			if def.Secret != "" {
				t.Error("the secret outlives the task")
			}
			_, err = s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, FromOffset: 10, ToOffset: 20})
			wantError(t, "report after the end", err, store.ErrFenced)
			for _, next := range domain.Statuses() {
				if next == domain.StatusSuccess {
					continue
				}
				_, err = s.Tasks().Update(ctx, task.ID, become(next))
				wantError(t, "from success to "+string(next), err, store.ErrFenced)
			}
			got, err = s.Tasks().Update(ctx, task.ID, func(t *domain.Task) error { t.Message = "note"; return nil })
			check(t, err)
			if got.Message != "note" || got.Status != domain.StatusSuccess {
				t.Errorf("after a note: %+v", got)
			}
		}},
		{"refused reports change nothing", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			task := w.Running(t, w.Template)
			before, err := s.Tasks().Get(ctx, task.ID)
			check(t, err)
			_, err = s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, ToOffset: 10, Chunks: chunksOf(1, 2), Apply: func(*domain.Task) error { return errStop }})
			if err != errStop {
				t.Errorf("got %v, want %v as it was given", err, errStop)
			}
			_, err = s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, ToOffset: 10, Chunks: chunksOf(1, 2), Apply: become(domain.StatusWaiting)})
			wantError(t, "from running to waiting", err, store.ErrStatus)
			after, err := s.Tasks().Get(ctx, task.ID)
			check(t, err)
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("task (-before +after):\n%s", diff)
			}
			_, n, err := s.Logs().Size(ctx, task.ID)
			check(t, err)
			if n != 0 {
				t.Errorf("%d chunks are left of refused reports", n)
			}
		}},
	}
}

func logCases() []testCase {
	return []testCase{
		{"windows at every boundary", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			task := w.Running(t, w.Template)
			other := w.Running(t, w.NewTemplate(t, func(*domain.Template) {}))
			sizes := []int{3, 1, 2, 5, 1}
			_, err := s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, ToOffset: 10, Chunks: chunksOf(1, sizes...)})
			check(t, err)
			_, err = s.Tasks().Record(ctx, other.ID, store.Report{Epoch: other.Epoch, ToOffset: 10, Chunks: chunksOf(1, 20)})
			check(t, err)
			all := chunksOf(1, sizes...)
			for after := int64(-1); after <= 14; after++ {
				for limit := 1; limit <= len(all)+1; limit++ {
					var want []logchunk.Chunk
					for _, c := range all {
						if c.LastSeq() > after && len(want) < limit {
							want = append(want, c)
						}
					}
					got, err := s.Logs().Chunks(ctx, task.ID, after, limit)
					check(t, err)
					if len(got) != len(want) || len(want) > 0 && !cmp.Equal(want, got) {
						t.Errorf("after %d, limit %d: got %d chunks, want %d", after, limit, len(got), len(want))
					}
				}
			}
			none, err := s.Logs().Chunks(ctx, 999, 0, 10)
			if err != nil || len(none) != 0 {
				t.Errorf("log of no task: %d chunks, %v", len(none), err)
			}
		}},
		{"compaction keeps every line", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			task := w.Running(t, w.Template)
			offset := int64(0)
			record := func(chunks ...logchunk.Chunk) {
				t.Helper()
				_, err := s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, FromOffset: offset, ToOffset: offset + 1, Chunks: chunks})
				check(t, err)
				offset++
			}
			b := logchunk.NewBuilder(1)
			for i := range 400 {
				for range i % 7 {
					b.Add(Now().Add(time.Duration(i)*time.Second), []byte("\x1b[31m\x00\xff line\r"), i%3 == 0)
				}
				if i == 200 { // a full one in the midst
					for !b.Full() {
						b.Add(Now(), bytes.Repeat([]byte("y"), 1000), false)
					}
				}
				if !b.Empty() {
					record(b.Finish())
				}
			}
			before := digest(t, s, task.ID)
			if err := s.Logs().Compact(ctx, task.ID); err == nil {
				t.Error("a log that is not sealed was compacted")
			}
			_, err := s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, FromOffset: offset, ToOffset: offset + 1, Apply: func(t *domain.Task) error {
				t.LogComplete, t.Status = true, domain.StatusSuccess
				return nil
			}})
			check(t, err)
			revision, err := s.Revision(ctx, w.Project.ID)
			check(t, err)
			_, many, err := s.Logs().Size(ctx, task.ID)
			check(t, err)
			for range 2 { // the second time there is nothing left to do
				check(t, s.Logs().Compact(ctx, task.ID))
				if after := digest(t, s, task.ID); after != before {
					t.Error("the log reads differently after compaction")
				}
				_, few, err := s.Logs().Size(ctx, task.ID)
				check(t, err)
				if few >= many || few > 4 {
					t.Errorf("%d chunks after compaction, %d before", few, many)
				}
			}
			now, err := s.Revision(ctx, w.Project.ID)
			check(t, err)
			if now != revision {
				t.Error("compaction raised the revision")
			}
			wantError(t, "compaction of no task", s.Logs().Compact(ctx, 999), store.ErrNotFound)
		}},
		{"a line of 16 MiB", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			task := w.Running(t, w.Template)
			sum := sha256.New()
			b := logchunk.NewBuilder(1)
			block := make([]byte, logchunk.MaxLine)
			const pieces = 16 << 20 / logchunk.MaxLine
			var chunks []logchunk.Chunk
			for i := range pieces {
				for j := range block {
					block[j] = byte(i*j>>3) ^ byte(j)
				}
				sum.Write(block)
				b.Add(Now(), block, i < pieces-1)
				if b.Full() || i == pieces-1 {
					chunks = append(chunks, b.Finish())
				}
			}
			sum.Write([]byte("\n"))
			_, err := s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, ToOffset: 10, Chunks: chunks})
			check(t, err)
			if got := digest(t, s, task.ID); got != hex.EncodeToString(sum.Sum(nil)) {
				t.Error("the line came back changed")
			}
		}},
		{"delete of a task removes its log", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			task := w.Running(t, w.Template)
			_, err := s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, ToOffset: 10, Chunks: chunksOf(1, 3, 3)})
			check(t, err)
			check(t, s.Tasks().Delete(ctx, task.ID))
			bytes, n, err := s.Logs().Size(ctx, task.ID)
			check(t, err)
			if bytes != 0 || n != 0 {
				t.Errorf("%d chunks of %d bytes are left", n, bytes)
			}
		}},
	}
}

// digest reads a log to its end in small steps and returns the hex SHA-256 of
// what the program wrote.
func digest(t *testing.T, s store.Store, id domain.TaskID) string {
	t.Helper()
	sum := sha256.New()
	seq := int64(0)
	for {
		chunks, err := s.Logs().Chunks(t.Context(), id, seq, 3)
		check(t, err)
		if len(chunks) == 0 {
			return hex.EncodeToString(sum.Sum(nil))
		}
		for _, c := range chunks {
			lines, err := logchunk.Decode(c)
			check(t, err)
			for _, l := range lines {
				if l.Seq != seq+1 {
					t.Fatalf("line %d after line %d", l.Seq, seq)
				}
				seq = l.Seq
				sum.Write(l.Text)
				if !l.Partial {
					sum.Write([]byte("\n"))
				}
			}
		}
	}
}
