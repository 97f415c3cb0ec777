package boltstore

import (
	"context"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
)

// collection implements store.Collection on a table.
type collection[T any, ID ~int64] struct {
	*table
	rows *rowmap.Table[T]
	what string // for messages
}

func collect[T any, ID ~int64](e *engine, name, what, revision string) collection[T, ID] {
	rows := rowmap.Of[T]()
	t := &table{eng: e, name: []byte(name), cols: rows.Columns, revision: raisesNone}
	switch revision {
	case "":
	case "*":
		t.revision = raisesAll
	default:
		t.revision = t.column(revision)
	}
	e.buckets = append(e.buckets, t.name)
	return collection[T, ID]{t, rows, what}
}

func (c collection[T, ID]) wrap(verb string, err error) error {
	if err == nil || err == store.ErrNotFound {
		return err
	}
	return fmt.Errorf("%s %s: %w", verb, c.what, err)
}

// read returns an entity and its stored form.
func (c collection[T, ID]) read(tx *bolt.Tx, id ID) (e T, row []any, err error) {
	if row, err = c.get(tx, int64(id)); err != nil {
		return e, nil, err
	}
	if row == nil {
		return e, nil, store.ErrNotFound
	}
	return e, row, c.rows.Set(&e, row)
}

// add stores e, sets its identifier and rounds it to what was stored.
func (c collection[T, ID]) add(tx *txn, e *T) error {
	row, err := c.rows.Values(e, nil)
	if err != nil {
		return err
	}
	if err := c.insert(tx, row); err != nil {
		return err
	}
	c.bump(tx, row)
	return c.rows.Set(e, row)
}

// replace stores e in place of row and rounds it to what was stored.
func (c collection[T, ID]) replace(tx *txn, row []any, e *T) (now []any, changed bool, err error) {
	if now, err = c.rows.Values(e, nil); err != nil {
		return nil, false, err
	}
	now[0] = row[0]
	if err := c.rows.Set(e, now); err != nil || slices.Equal(row, now) {
		return now, false, err
	}
	return now, true, c.change(tx, row, now)
}

func (c collection[T, ID]) Get(ctx context.Context, id ID) (e T, err error) {
	err = c.eng.view(ctx, func(tx *bolt.Tx) error {
		e, _, err = c.read(tx, id)
		return err
	})
	return e, c.wrap("get", err)
}

func (c collection[T, ID]) First(ctx context.Context, q store.Query) (T, error) {
	list, err := c.list(ctx, q.Max(1))
	if err == nil && len(list) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return *new(T), c.wrap("find", err)
	}
	return list[0], nil
}

func (c collection[T, ID]) List(ctx context.Context, q store.Query) ([]T, error) {
	list, err := c.list(ctx, q)
	return list, c.wrap("list", err)
}

func (c collection[T, ID]) list(ctx context.Context, q store.Query) ([]T, error) {
	list := []T{}
	err := c.eng.view(ctx, func(tx *bolt.Tx) error {
		return c.query(ctx, tx, q, func(row []any) error {
			list = append(list, *new(T))
			return c.rows.Set(&list[len(list)-1], row)
		})
	})
	return list, err
}

func (c collection[T, ID]) Count(ctx context.Context, q store.Query) (n int, err error) {
	err = c.eng.view(ctx, func(tx *bolt.Tx) error {
		n, err = c.count(ctx, tx, q.Where)
		return err
	})
	return n, c.wrap("count", err)
}

func (c collection[T, ID]) Create(ctx context.Context, e *T) error {
	return c.wrap("create", c.eng.tx(ctx, func(_ context.Context, tx *txn) error { return c.add(tx, e) }))
}

func (c collection[T, ID]) Update(ctx context.Context, id ID, fn func(*T) error) (T, error) {
	var result T
	var own error // of fn: handed back as it is
	err := c.eng.tx(ctx, func(_ context.Context, tx *txn) error {
		e, row, err := c.read(tx.tx, id)
		if err != nil {
			return err
		}
		if own = fn(&e); own != nil {
			return own
		}
		now, changed, err := c.replace(tx, row, &e)
		if changed {
			c.bump(tx, row)
			c.bump(tx, now)
		}
		result = e
		return err
	})
	if own != nil || err != nil {
		if own == nil {
			own = c.wrap("update", err)
		}
		return *new(T), own
	}
	return result, nil
}

func (c collection[T, ID]) Delete(ctx context.Context, id ID) error {
	return c.wrap("delete", c.eng.tx(ctx, func(_ context.Context, tx *txn) error {
		row, err := c.get(tx.tx, int64(id))
		if err != nil {
			return err
		}
		if row == nil {
			return store.ErrNotFound
		}
		return c.remove(tx, row)
	}))
}

func (c collection[T, ID]) DeleteWhere(ctx context.Context, conds ...store.Cond) (n int, err error) {
	err = c.eng.tx(ctx, func(ctx context.Context, tx *txn) error {
		list, err := c.compile(conds)
		if err != nil {
			return err
		}
		var rows [][]any
		err = c.run(ctx, tx.tx, c.prepare(list, nil), func(row []any) (bool, error) {
			rows = append(rows, slices.Clone(row))
			return true, nil
		})
		if err != nil {
			return err
		}
		n = len(rows)
		return c.remove(tx, rows...)
	})
	return n, c.wrap("delete", err)
}
