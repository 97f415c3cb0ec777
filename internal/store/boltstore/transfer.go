package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"signalbox/internal/logchunk"
	"signalbox/internal/store"
	"signalbox/internal/store/transfer"
)

var _ transfer.Backend = (*Store)(nil)

// table returns the table of a name, nil for what is kept in other ways.
func (s *Store) table(name string) *table {
	for _, t := range []*table{
		s.users.table, s.session.table, s.tokens.table, s.project.table, s.members.table, s.views.table, s.keys.table, s.repos.table,
		s.invs.table, s.groups.table, s.tmpls.table, s.vaults.table, s.events.table, s.tasks.table, s.tasks.definitions.table,
	} {
		if string(t.name) == name {
			return t
		}
	}
	return nil
}

// keyOf is where a row is kept that has a key of the table.
func keyOf(key []any) []byte {
	if text, ok := key[0].(string); ok {
		return optionKey(text)
	}
	var out []byte
	for _, n := range key {
		out = append(out, idKey(n.(int64))...)
	}
	return out
}

// Scan implements transfer.Backend.
func (s *Store) Scan(ctx context.Context, t *transfer.Table, after []any, limit int, fn func(row []any) (bool, error)) error {
	return s.eng.view(ctx, func(tx *bolt.Tx) error {
		c := tx.Bucket([]byte(t.Name)).Cursor()
		key, value := c.First()
		if len(after) > 0 {
			if key, value = c.Seek(keyOf(after)); bytes.Equal(key, keyOf(after)) {
				key, value = c.Next()
			}
		}
		for ; key != nil && limit > 0; limit-- {
			row, err := s.decode(t.Name, key, value)
			if err != nil {
				return fmt.Errorf("%s %x: %w", t.Name, key, err)
			}
			if more, err := fn(row); err != nil || !more {
				return err
			}
			key, value = c.Next()
		}
		return nil
	})
}

func (s *Store) decode(name string, key, value []byte) ([]any, error) {
	if t := s.table(name); t != nil {
		row := make([]any, len(t.cols))
		return row, decodeRow(t.cols, value, row)
	}
	switch name {
	case "options":
		return []any{string(key[1:]), string(value[1:])}, nil
	case "revisions":
		return []any{idOf(key), idOf(value)}, nil
	}
	c, err := decodeChunk(key, value)
	return []any{
		int64(binary.BigEndian.Uint64(key)), c.FirstSeq, int64(c.Count), c.FirstTime.UnixMicro(), c.LastTime.UnixMicro(), int64(c.RawBytes), c.Payload,
	}, err
}

// Count implements transfer.Backend.
func (s *Store) Count(ctx context.Context, t *transfer.Table) (n int64, err error) {
	err = s.eng.view(ctx, func(tx *bolt.Tx) error {
		c := tx.Bucket([]byte(t.Name)).Cursor()
		for key, _ := c.First(); key != nil; key, _ = c.Next() {
			n++
		}
		return ctx.Err()
	})
	return n, err
}

// Write implements transfer.Backend.
func (s *Store) Write(ctx context.Context, b transfer.Batch) error {
	return s.eng.tx(ctx, func(_ context.Context, tx *txn) error {
		marker, there := optionKey(transfer.MarkerKey), ""
		if value := tx.tx.Bucket(optionBucket).Get(marker); value != nil {
			there = string(value[1:])
		}
		if there != b.Before {
			return transfer.ErrMarker
		}
		for _, row := range b.Rows {
			if err := s.load(tx, b, row); err != nil {
				return tx.fail(err)
			}
		}
		if b.After == "" {
			return tx.delete(optionBucket, marker)
		}
		return tx.put(optionBucket, marker, append([]byte{format}, b.After...))
	})
}

func (s *Store) load(tx *txn, b transfer.Batch, row []any) error {
	bucket, key := []byte(b.Table.Name), keyOf(row[:b.Table.Key])
	if t := s.table(b.Table.Name); t != nil {
		old, err := t.get(tx.tx, row[0].(int64))
		if err == nil && b.Link != (old != nil) {
			err = fmt.Errorf("%w: %s %d", store.ErrConflict, b.Table.Name, row[0])
		}
		if err != nil {
			return err
		}
		return t.change(tx, old, row)
	}
	switch b.Table.Name {
	case "options":
		return tx.put(bucket, key, append([]byte{format}, row[1].(string)...))
	case "revisions":
		return tx.put(bucket, key, idKey(row[1].(int64)))
	}
	return tx.put(bucket, key, encodeChunk(logchunk.Chunk{
		FirstSeq: row[1].(int64), Count: int(row[2].(int64)), FirstTime: time.UnixMicro(row[3].(int64)), LastTime: time.UnixMicro(row[4].(int64)),
		RawBytes: int(row[5].(int64)), Payload: row[6].([]byte),
	}))
}

// Sequence implements transfer.Backend.
func (s *Store) Sequence(ctx context.Context, t *transfer.Table) (last int64, err error) {
	err = s.eng.view(ctx, func(tx *bolt.Tx) error {
		last = int64(tx.Bucket([]byte(t.Name)).Sequence())
		return nil
	})
	return last, err
}

// SetSequence implements transfer.Backend.
func (s *Store) SetSequence(ctx context.Context, t *transfer.Table, last int64) error {
	return s.eng.tx(ctx, func(_ context.Context, tx *txn) error {
		tx.wrote = true
		return tx.fail(tx.tx.Bucket([]byte(t.Name)).SetSequence(uint64(last)))
	})
}
