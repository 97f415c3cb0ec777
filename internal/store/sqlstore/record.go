package sqlstore

import (
	"context"

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
	"signalbox/internal/store"
	"signalbox/internal/store/rules"
)

// Record takes over what a job reported. Reading the task, storing the chunks
// and writing the task are one transaction, in which the journal offset says
// what was taken over before.
func (s *tasks) Record(ctx context.Context, id domain.TaskID, r store.Report) (result domain.Task, err error) {
	err = s.eng.tx(ctx, func(ctx context.Context, tx *txn) error {
		old, err := s.get(ctx, int64(id), true)
		if err != nil {
			return err
		}
		before, err := s.rows.Values(&old, make([]any, 0, len(s.rows.Columns)))
		if err != nil {
			return err
		}
		taken, err := rules.Take(s.rows, old, r)
		if err != nil {
			return err
		}
		for _, c := range taken.Chunks {
			if err := insertChunk(ctx, tx, logTable, id, c); err != nil {
				return err
			}
		}
		for _, c := range taken.Results {
			if err := insertChunk(ctx, tx, resultTable, id, c); err != nil {
				return err
			}
		}
		for i := range taken.Stages {
			if err := s.putStage(ctx, tx, &taken.Stages[i]); err != nil {
				return err
			}
		}
		result = taken.Task
		return s.store(ctx, tx, &old, before, &result, taken.Visible)
	})
	return result, rules.Explain(err, "record report of task %d", id)
}

// The tables of chunks.
const (
	logTable    = "chunks"
	resultTable = "result_chunks"
)

func insertChunk(ctx context.Context, tx *txn, table string, id domain.TaskID, c logchunk.Chunk) error {
	_, err := tx.exec(ctx, "insert into "+table+" (task_id, first_seq, count, first_time, last_time, raw_bytes, payload) values (?, ?, ?, ?, ?, ?, ?)", int64(id), c.FirstSeq, int64(c.Count),
		c.FirstTime.UnixMicro(), c.LastTime.UnixMicro(), int64(c.RawBytes), c.Payload)
	return err
}
