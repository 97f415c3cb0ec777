package boltstore

import (
	"context"
	"errors"

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
	"signalbox/internal/store"
	"signalbox/internal/store/kv"
	"signalbox/internal/store/rules"
)

// chunk is a part of a task's log as it is stored.
type chunk struct {
	TaskID domain.TaskID
	logchunk.Chunk
}

// logs implements store.Logs.
type logs struct {
	kv.Table[chunk]
	tasks *tasks
}

// chunkBatch is how many chunks a caller gets who names no limit.
const chunkBatch = 1000

func ofTask(id domain.TaskID) store.Cond { return store.Eq("task_id", id) }

func (l logs) Chunks(ctx context.Context, id domain.TaskID, after int64, limit int) ([]logchunk.Chunk, error) {
	if limit <= 0 {
		limit = chunkBatch
	}
	list := []logchunk.Chunk{}
	err := l.DB.Read(ctx, func(t *kv.Tx) error {
		// The chunk with line after+1 is the last that starts at or before it.
		first, err := l.Select(ctx, t, store.Where(ofTask(id), store.Lt("first_seq", after+2)).By("-first_seq").Max(1))
		if err != nil {
			return err
		}
		from := after + 1
		if len(first) > 0 && first[0].LastSeq() > after {
			from = first[0].FirstSeq
		}
		chunks, err := l.Select(ctx, t, store.Where(ofTask(id), store.Gt("first_seq", from-1)).Max(limit))
		for _, c := range chunks {
			list = append(list, c.Chunk)
		}
		return err
	})
	return list, rules.Explain(err, "log of task %d", id)
}

func (l logs) Size(ctx context.Context, id domain.TaskID) (bytes int64, chunks int, err error) {
	payload := l.Column("payload")
	err = l.DB.Read(ctx, func(t *kv.Tx) error {
		return l.Query(ctx, t, store.Where(ofTask(id)).Max(kv.NoLimit), func(row []any) error {
			chunks++
			bytes += int64(len(row[payload].(string)))
			return nil
		})
	})
	return bytes, chunks, rules.Explain(err, "size of log of task %d", id)
}

// Compact merges run after run, each in a transaction of its own: readers see
// either form of a run, writers wait for one run only, and being killed in
// between leaves a whole log.
func (l logs) Compact(ctx context.Context, id domain.TaskID) error {
	var runs rules.Runs
	err := l.DB.Read(ctx, func(t *kv.Tx) error {
		task, _, err := l.tasks.Load(t, int64(id))
		if err == nil && !task.LogComplete {
			err = errors.New("the log is not complete yet")
		}
		if err != nil {
			return err
		}
		return l.Query(ctx, t, store.Where(ofTask(id)).Max(kv.NoLimit), func(row []any) error {
			var c chunk
			err := l.Map.Set(&c, row)
			runs.Add(c.FirstSeq, c.Count, c.RawBytes)
			return err
		})
	})
	for _, r := range runs.List() {
		if err == nil {
			err = l.DB.Write(ctx, func(t *kv.Tx) error { return l.merge(ctx, t, id, r) })
		}
	}
	return rules.Explain(err, "compact log of task %d", id)
}

func (l logs) merge(ctx context.Context, t *kv.Tx, id domain.TaskID, r rules.Run) error {
	var rows [][]any
	var list []logchunk.Chunk
	q := store.Where(ofTask(id), store.Gt("first_seq", r.First-1), store.Lt("first_seq", r.Last+1)).Max(kv.NoLimit)
	err := l.Query(ctx, t, q, func(row []any) error {
		var c chunk
		err := l.Map.Set(&c, row)
		list = append(list, c.Chunk)
		rows = append(rows, append([]any{}, row...))
		return err
	})
	if err != nil || len(list) != r.Chunks {
		return err // or another compaction, or the deletion of the task, was faster
	}
	merged, err := r.Merge(list)
	if err != nil {
		return err
	}
	if err := l.Remove(t, rows...); err != nil {
		return err
	}
	return l.Add(t, &chunk{id, merged})
}
