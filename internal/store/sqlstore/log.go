package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
	"signalbox/internal/store/rules"
)

// logs implements store.Logs on a table of chunks.
type logs struct {
	eng   *engine
	table string
}

// chunkBatch is how many chunks a caller gets who names no limit.
const chunkBatch = 1000

func (l *logs) Chunks(ctx context.Context, id domain.TaskID, after int64, limit int) ([]logchunk.Chunk, error) {
	if limit <= 0 {
		limit = chunkBatch
	}
	// The chunk with line after+1 is the last that starts at or before it.
	query := "select first_seq, count, first_time, last_time, raw_bytes, payload from " + l.table +
		" where task_id = ? and first_seq >= coalesce((select max(first_seq) from " + l.table + " where task_id = ? and first_seq <= ?), 0)" +
		" and first_seq + count > ? order by first_seq limit ?"
	list, err := l.chunks(ctx, query, int64(id), int64(id), after+1, after+1, int64(limit))
	if err != nil {
		return nil, fmt.Errorf("log of task %d: %w", id, err)
	}
	return list, nil
}

func (l *logs) chunks(ctx context.Context, query string, args ...any) ([]logchunk.Chunk, error) {
	rows, err := l.eng.rows(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []logchunk.Chunk{}
	for rows.Next() {
		c, err := scanChunk(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, l.eng.translate(rows.Err())
}

func scanChunk(rows *sql.Rows) (logchunk.Chunk, error) {
	var c logchunk.Chunk
	var first, last int64
	if err := rows.Scan(&c.FirstSeq, &c.Count, &first, &last, &c.RawBytes, &c.Payload); err != nil {
		return c, err
	}
	c.FirstTime, c.LastTime = time.UnixMicro(first).UTC(), time.UnixMicro(last).UTC()
	return c, nil
}

func (l *logs) Size(ctx context.Context, id domain.TaskID) (bytes int64, chunks int, err error) {
	err = l.eng.scanLong(ctx, "select coalesce(sum(length(payload)), 0), count(*) from "+l.table+" where task_id = ?", []any{int64(id)}, &bytes, &chunks)
	if err != nil {
		return 0, 0, fmt.Errorf("size of log of task %d: %w", id, err)
	}
	return bytes, chunks, nil
}

// Compact merges run after run, each in a transaction of its own: readers see
// either form of a run, writers wait for one run only, and being killed in
// between leaves a whole log.
func (l *logs) Compact(ctx context.Context, id domain.TaskID) error {
	if err := l.compact(ctx, id); err != nil {
		return fmt.Errorf("compact log of task %d: %w", id, err)
	}
	return nil
}

func (l *logs) compact(ctx context.Context, id domain.TaskID) error {
	var complete bool
	if err := l.eng.scan(ctx, "select log_complete from tasks where id = ?", []any{int64(id)}, &complete); err != nil {
		return err
	}
	if !complete {
		return errors.New("the log is not complete yet")
	}
	runs, err := l.runs(ctx, id)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if err := l.merge(ctx, id, r); err != nil {
			return err
		}
	}
	return nil
}

// runs returns the runs of chunks that fit into one.
func (l *logs) runs(ctx context.Context, id domain.TaskID) ([]rules.Run, error) {
	rows, err := l.eng.rows(ctx, "select first_seq, count, raw_bytes from "+l.table+" where task_id = ? order by first_seq", int64(id))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var runs rules.Runs
	for rows.Next() {
		var first int64
		var lines, bytes int
		if err := rows.Scan(&first, &lines, &bytes); err != nil {
			return nil, err
		}
		runs.Add(first, lines, bytes)
	}
	return runs.List(), l.eng.translate(rows.Err())
}

func (l *logs) merge(ctx context.Context, id domain.TaskID, r rules.Run) error {
	const between = " where task_id = ? and first_seq >= ? and first_seq <= ?"
	return l.eng.tx(ctx, func(ctx context.Context, tx *txn) error {
		chunks, err := l.chunks(ctx, "select first_seq, count, first_time, last_time, raw_bytes, payload from "+l.table+between+" order by first_seq",
			int64(id), r.First, r.Last)
		if err != nil {
			return err
		}
		if len(chunks) != r.Chunks {
			return nil // another compaction, or the deletion of the task, was faster
		}
		merged, err := r.Merge(chunks)
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, "delete from "+l.table+between, int64(id), r.First, r.Last); err != nil {
			return err
		}
		return insertChunk(ctx, tx, l.table, id, merged)
	})
}
