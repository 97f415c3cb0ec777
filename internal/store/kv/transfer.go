package kv

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
	"signalbox/internal/store/transfer"
)

func (t *Tx) of(table *transfer.Table) *bolt.Bucket { return t.tx.Bucket([]byte(table.Name)) }

// Scan implements transfer.Backend.
func (e *DB) Scan(ctx context.Context, t *transfer.Table, after []any, limit int, fn func(row []any) (bool, error)) error {
	return e.Read(ctx, func(tx *Tx) error {
		c := tx.of(t).Cursor()
		from := keyOf(after)
		key, value := c.Seek(from)
		if len(after) > 0 && bytes.Equal(key, from) {
			key, value = c.Next()
		}
		for ; key != nil && limit > 0; limit-- {
			row := make([]any, len(t.Columns))
			if rows := e.tables[t.Name]; rows == nil { // the revisions, which are numbers alone
				row[0], row[1] = Key(key).Int(0), int64(binary.BigEndian.Uint64(value))
			} else {
				if err := rows.decode(value, row); err != nil {
					return err
				}
			}
			for i, c := range t.Columns {
				if text, ok := row[i].(string); ok && c.Kind == rowmap.Bytes {
					row[i] = []byte(text)
				} else if row[i] == nil && c.Kind == rowmap.Bytes {
					row[i] = []byte{} // which are kept as null
				}
			}
			if more, err := fn(row); err != nil || !more {
				return err
			}
			key, value = c.Next()
		}
		return nil
	})
}

// Count implements transfer.Backend.
func (e *DB) Count(ctx context.Context, t *transfer.Table) (n int64, err error) {
	err = e.Read(ctx, func(tx *Tx) error {
		c := tx.of(t).Cursor()
		for key, _ := c.First(); key != nil; key, _ = c.Next() {
			n++
		}
		return ctx.Err()
	})
	return n, err
}

// Load is Write of transfer.Backend.
func (e *DB) Load(ctx context.Context, b transfer.Batch) error {
	return e.Write(ctx, func(tx *Tx) error {
		options := e.tables["options"]
		marker, err := options.Row(tx, transfer.MarkerKey)
		if err != nil {
			return err
		}
		if marker != nil && marker[1] != b.Before || marker == nil && b.Before != "" {
			return transfer.ErrMarker
		}
		for _, row := range b.Rows {
			if err := e.load(tx, b, row); err != nil {
				return tx.Fail(err)
			}
		}
		if b.After == "" {
			return options.change(tx, marker, nil)
		}
		return options.change(tx, marker, []any{transfer.MarkerKey, b.After})
	})
}

func (e *DB) load(tx *Tx, b transfer.Batch, row []any) error {
	key := row[:b.Table.Key]
	t := e.tables[b.Table.Name]
	if t == nil {
		return tx.put(revisionBucket, keyOf(key), binary.BigEndian.AppendUint64(nil, uint64(row[1].(int64))))
	}
	for i, value := range row {
		if data, ok := value.([]byte); ok {
			row[i] = string(data)
		}
	}
	old, err := t.Row(tx, key...)
	if err == nil && b.Link != (old != nil) {
		err = fmt.Errorf("%w: %s %v", store.ErrConflict, b.Table.Name, key)
	}
	if err != nil {
		return err
	}
	return t.change(tx, old, row)
}

// Sequence implements transfer.Backend.
func (e *DB) Sequence(ctx context.Context, t *transfer.Table) (last int64, err error) {
	err = e.Read(ctx, func(tx *Tx) error {
		last = int64(tx.of(t).Sequence())
		return nil
	})
	return last, err
}

// SetSequence implements transfer.Backend.
func (e *DB) SetSequence(ctx context.Context, t *transfer.Table, last int64) error {
	return e.Write(ctx, func(tx *Tx) error {
		tx.wrote = true
		return tx.Fail(tx.of(t).SetSequence(uint64(last)))
	})
}
