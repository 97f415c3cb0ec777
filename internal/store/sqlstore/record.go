package sqlstore

import (
	"context"
	"fmt"

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
	"signalbox/internal/store"
)

// Record takes over what a job reported. Reading the task, storing the chunks
// and writing the task are one transaction, in which the journal offset says
// what was taken over before.
func (s *tasks) Record(ctx context.Context, id domain.TaskID, r store.Report) (domain.Task, error) {
	var result domain.Task
	var own error // of r.Apply: handed back as it is
	err := s.eng.tx(ctx, func(ctx context.Context, tx *txn) error {
		old, err := s.get(ctx, int64(id), true)
		if err != nil {
			return err
		}
		result = old
		again, err := admit(&old, r)
		if again || err != nil {
			return err
		}
		before, err := s.rows.Values(&old, make([]any, 0, len(s.rows.Columns)))
		if err != nil {
			return err
		}
		t := old
		for _, c := range r.Chunks {
			if err := insertChunk(ctx, tx, id, c); err != nil {
				return err
			}
			t.LogLines = c.LastSeq()
			t.LogBytes += int64(c.RawBytes)
		}
		t.JournalOffset = r.ToOffset
		grown := t
		if r.Apply != nil {
			if own = r.Apply(&t); own != nil {
				return own
			}
			t.Epoch = old.Epoch
			t.LogLines, t.LogBytes, t.JournalOffset = grown.LogLines, grown.LogBytes, grown.JournalOffset
		}
		visible, err := s.differs(&grown, &t)
		if err != nil {
			return err
		}
		if err := s.store(ctx, tx, &old, before, &t, visible); err != nil {
			return err
		}
		result = t
		return nil
	})
	if own != nil {
		return domain.Task{}, own
	}
	if err != nil {
		return domain.Task{}, s.wrap("record report of", id, err)
	}
	return result, nil
}

// admit checks that the report may be taken over and continues what is stored;
// again tells that it has been taken over before.
func admit(t *domain.Task, r store.Report) (again bool, err error) {
	switch {
	case t.Status.Terminal():
		return false, fmt.Errorf("%w: it has ended with %s", store.ErrFenced, t.Status)
	case t.Status == domain.StatusWaiting:
		return false, fmt.Errorf("%w: it is back in the queue", store.ErrFenced)
	case t.Epoch != r.Epoch:
		return false, fmt.Errorf("%w: epoch %d, now %d", store.ErrFenced, r.Epoch, t.Epoch)
	case r.ToOffset < r.FromOffset:
		return false, fmt.Errorf("%w: it ends at %d before it starts at %d", store.ErrGap, r.ToOffset, r.FromOffset)
	case r.ToOffset < t.JournalOffset, r.ToOffset == t.JournalOffset && r.FromOffset < r.ToOffset:
		return true, nil
	case r.FromOffset != t.JournalOffset:
		return false, fmt.Errorf("%w: it starts at %d, stored is %d", store.ErrGap, r.FromOffset, t.JournalOffset)
	case len(r.Chunks) > 0 && r.FromOffset == r.ToOffset:
		return false, fmt.Errorf("%w: it has output but takes up nothing of the journal", store.ErrGap)
	case len(r.Chunks) > 0 && t.LogComplete:
		return false, fmt.Errorf("%w: the log is complete", store.ErrGap)
	}
	next := t.LogLines + 1
	for _, c := range r.Chunks {
		if c.FirstSeq != next || c.Count <= 0 {
			return false, fmt.Errorf("%w: %d lines from %d on, want line %d", store.ErrGap, c.Count, c.FirstSeq, next)
		}
		next = c.LastSeq() + 1
	}
	return false, nil
}

// differs reports whether two versions of a task look different in a list.
func (s *tasks) differs(a, b *domain.Task) (bool, error) {
	x, err := s.rows.Values(a, nil)
	if err != nil {
		return false, err
	}
	y, err := s.rows.Values(b, nil)
	if err != nil {
		return false, err
	}
	for i := range x {
		if x[i] != y[i] {
			return true, nil
		}
	}
	return false, nil
}

const insertChunkSQL = "insert into chunks (task_id, first_seq, count, first_time, last_time, raw_bytes, payload) values (?, ?, ?, ?, ?, ?, ?)"

func insertChunk(ctx context.Context, tx *txn, id domain.TaskID, c logchunk.Chunk) error {
	_, err := tx.exec(ctx, insertChunkSQL, int64(id), c.FirstSeq, int64(c.Count),
		c.FirstTime.UnixMicro(), c.LastTime.UnixMicro(), int64(c.RawBytes), c.Payload)
	return err
}
