package rules

import (
	"fmt"

	"signalbox/internal/logchunk"
)

// Run is some neighbouring chunks that fit into one.
type Run struct {
	First, Last int64 // numbers of the first lines of the first and the last chunk
	Chunks      int
	Lines       int
	Bytes       int
}

// Runs collects the runs of two chunks and more of a log.
type Runs struct {
	list []Run
	cur  Run
}

// Add takes the next chunk in order.
func (r *Runs) Add(first int64, lines, bytes int) {
	if r.cur.Bytes+bytes > logchunk.TargetSize || r.cur.Lines+lines > logchunk.MaxLines {
		r.end()
	}
	if r.cur.Chunks == 0 {
		r.cur.First = first
	}
	r.cur.Last = first
	r.cur.Chunks++
	r.cur.Lines += lines
	r.cur.Bytes += bytes
}

func (r *Runs) end() {
	if r.cur.Chunks > 1 {
		r.list = append(r.list, r.cur)
	}
	r.cur = Run{}
}

// List ends the last run and returns all.
func (r *Runs) List() []Run {
	r.end()
	return r.list
}

// Merge makes one chunk of a run, and checks that it holds what they held.
func (r Run) Merge(chunks []logchunk.Chunk) (logchunk.Chunk, error) {
	b := logchunk.NewBuilder(r.First)
	for _, c := range chunks {
		err := logchunk.Walk(c, func(line logchunk.Line) error {
			b.Add(line.Time, line.Text, line.Partial)
			return nil
		})
		if err != nil {
			return logchunk.Chunk{}, err
		}
	}
	merged := b.Finish()
	if merged.Count != r.Lines || merged.RawBytes != r.Bytes {
		return merged, fmt.Errorf("merging lines %d to %d gives %d lines of %d bytes, want %d of %d",
			r.First, merged.LastSeq(), merged.Count, merged.RawBytes, r.Lines, r.Bytes)
	}
	return merged, nil
}
