package kv

import (
	"context"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
)

// Check reads the whole file and reports what is broken: pages, rows that cannot
// be read, and keys of indexes that are missing or belong to no row.
func (e *DB) Check(ctx context.Context) error {
	var bad []error
	err := e.Read(ctx, func(t *Tx) error {
		for err := range t.tx.Check() {
			bad = append(bad, err)
		}
		for _, table := range e.tables {
			bad = append(bad, table.check(t))
		}
		return nil
	})
	return errors.Join(append(bad, err)...)
}

func (t *Rows) check(tx *Tx) error {
	var bad []error
	want := map[*Index]int{}
	everything := path{Index: t.primary, to: after(nil)}
	err := everything.walk(tx, false, func(_, value []byte) (bool, error) {
		row := make([]any, len(t.cols))
		if err := t.decode(value, row); err != nil {
			return false, err
		}
		for _, x := range t.indexes {
			key := x.key(row)
			if key == nil {
				continue
			}
			want[x]++
			if tx.tx.Bucket(x.bucket).Get(key) == nil {
				bad = append(bad, fmt.Errorf("%s: key %x is missing", x.bucket, key))
			}
		}
		return true, nil
	})
	for _, x := range t.indexes {
		if have := entries(tx.tx.Bucket(x.bucket)); have != want[x] {
			bad = append(bad, fmt.Errorf("%s has %d keys, want %d", x.bucket, have, want[x]))
		}
	}
	return errors.Join(append(bad, err)...)
}

func entries(b *bolt.Bucket) (n int) {
	c := b.Cursor()
	for key, _ := c.First(); key != nil; key, _ = c.Next() {
		n++
	}
	return n
}

// Plan says by which index a query finds its rows, whether it begins elsewhere
// than at an end of what its equalities leave, and whether the rows come in the
// order asked for.
func (t *Rows) Plan(q store.Query) (index string, narrowed, sorted bool, err error) {
	conds, err := rowmap.Conds(t.cols, q.Where)
	if err != nil {
		return "", false, false, err
	}
	order, err := rowmap.Order(t.cols, t.keyCols, q.Order)
	if err != nil {
		return "", false, false, err
	}
	p := t.plan(conds, order)
	return string(p.bucket), p.narrowed, p.sorted, nil
}
