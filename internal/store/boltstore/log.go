package boltstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
	"signalbox/internal/store/rules"
)

// chunkBucket holds chunks under the task and the number of their first line.
var chunkBucket = []byte("chunks")

// logs implements store.Logs.
type logs struct{ tasks *tasks }

// chunkBatch is how many chunks a caller gets who names no limit.
const chunkBatch = 1000

func chunkKey(id domain.TaskID, seq int64) []byte {
	return binary.BigEndian.AppendUint64(idKey(int64(id)), uint64(max(seq, 0)))
}

func chunksOf(id domain.TaskID) path { return path{bucket: chunkBucket, prefix: idKey(int64(id))} }

func encodeChunk(c logchunk.Chunk) []byte {
	value := append(make([]byte, 0, len(c.Payload)+40), format)
	for _, n := range []int64{int64(c.Count), c.FirstTime.UnixMicro(), c.LastTime.UnixMicro(), int64(c.RawBytes)} {
		value = binary.AppendVarint(value, n)
	}
	return append(value, c.Payload...)
}

// decodeChunk reads a chunk whose payload is that of the transaction.
func decodeChunk(key, value []byte) (logchunk.Chunk, error) {
	var n [4]int64
	if len(value) == 0 || value[0] != format {
		return logchunk.Chunk{}, errRow
	}
	rest := value[1:]
	for i := range n {
		var size int
		if n[i], size = binary.Varint(rest); size <= 0 {
			return logchunk.Chunk{}, errRow
		}
		rest = rest[size:]
	}
	return logchunk.Chunk{
		FirstSeq: idOf(key), Count: int(n[0]), FirstTime: time.UnixMicro(n[1]).UTC(), LastTime: time.UnixMicro(n[2]).UTC(),
		RawBytes: int(n[3]), Payload: rest,
	}, nil
}

// chunks gives the chunks of a path to fn until it says no.
func chunks(tx *bolt.Tx, p path, fn func(logchunk.Chunk) bool) error {
	return p.walk(tx, false, func(key, value []byte) (bool, error) {
		c, err := decodeChunk(key, value)
		return err == nil && fn(c), err
	})
}

func clone(c logchunk.Chunk) logchunk.Chunk {
	c.Payload = append([]byte{}, c.Payload...)
	return c
}

func (l logs) Chunks(ctx context.Context, id domain.TaskID, after int64, limit int) ([]logchunk.Chunk, error) {
	if limit <= 0 {
		limit = chunkBatch
	}
	list := []logchunk.Chunk{}
	err := l.tasks.eng.view(ctx, func(tx *bolt.Tx) error {
		p := chunksOf(id)
		// The chunk with line after+1 is the last that starts at or before it.
		before := p
		before.hi = chunkKey(id, after+2)
		err := before.walk(tx, true, func(key, _ []byte) (bool, error) {
			p.lo = append([]byte{}, key...)
			return false, nil
		})
		if err != nil {
			return err
		}
		return chunks(tx, p, func(c logchunk.Chunk) bool {
			if c.LastSeq() > after {
				list = append(list, clone(c))
			}
			return len(list) < limit
		})
	})
	if err != nil {
		return nil, fmt.Errorf("log of task %d: %w", id, err)
	}
	return list, nil
}

func (l logs) Size(ctx context.Context, id domain.TaskID) (bytes int64, n int, err error) {
	err = l.tasks.eng.view(ctx, func(tx *bolt.Tx) error {
		return chunks(tx, chunksOf(id), func(c logchunk.Chunk) bool {
			n++
			bytes += int64(len(c.Payload))
			return true
		})
	})
	if err != nil {
		return 0, 0, fmt.Errorf("size of log of task %d: %w", id, err)
	}
	return bytes, n, nil
}

// Compact merges run after run, each in a transaction of its own: readers see
// either form of a run, writers wait for one run only, and being killed in
// between leaves a whole log.
func (l logs) Compact(ctx context.Context, id domain.TaskID) error {
	var runs rules.Runs
	err := l.tasks.eng.view(ctx, func(tx *bolt.Tx) error {
		t, _, err := l.tasks.read(tx, id)
		if err == nil && !t.LogComplete {
			err = errors.New("the log is not complete yet")
		}
		if err != nil {
			return err
		}
		return chunks(tx, chunksOf(id), func(c logchunk.Chunk) bool {
			runs.Add(c.FirstSeq, c.Count, c.RawBytes)
			return true
		})
	})
	for _, r := range runs.List() {
		if err == nil {
			err = l.tasks.eng.tx(ctx, func(_ context.Context, tx *txn) error { return merge(tx, id, r) })
		}
	}
	if err != nil {
		return fmt.Errorf("compact log of task %d: %w", id, err)
	}
	return nil
}

func merge(tx *txn, id domain.TaskID, r rules.Run) error {
	var list []logchunk.Chunk
	p := chunksOf(id)
	p.lo, p.hi = chunkKey(id, r.First), chunkKey(id, r.Last+1)
	err := chunks(tx.tx, p, func(c logchunk.Chunk) bool {
		list = append(list, clone(c))
		return true
	})
	if err != nil || len(list) != r.Chunks {
		return err // or another compaction, or the deletion of the task, was faster
	}
	merged, err := r.Merge(list)
	if err != nil {
		return err
	}
	for _, c := range list {
		if err := tx.delete(chunkBucket, chunkKey(id, c.FirstSeq)); err != nil {
			return err
		}
	}
	return tx.put(chunkBucket, chunkKey(id, merged.FirstSeq), encodeChunk(merged))
}
