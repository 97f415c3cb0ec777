package boltstore

import (
	"context"
	"slices"

	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
	"signalbox/internal/store/rules"
	"signalbox/internal/store/schema"
)

// entities are the rows of a table as values of T.
type entities[T any] struct {
	*table
	rows *rowmap.Table[T]
}

func newEntities[T any](e *engine, name string) entities[T] {
	rows := rowmap.Of[T]()
	return entities[T]{newTable(e, schema.Of(name), rows.Columns), rows}
}

// load returns an entity and its stored form; store.ErrNotFound when there is
// none.
func (s entities[T]) load(t *txn, key ...any) (e T, row []any, err error) {
	if row, err = s.get(t, key...); err != nil {
		return e, nil, err
	}
	if row == nil {
		return e, nil, store.ErrNotFound
	}
	return e, row, s.rows.Set(&e, row)
}

// add stores a new entity and rounds it to what was stored.
func (s entities[T]) add(t *txn, e *T) error {
	row, err := s.rows.Values(e, nil)
	if err != nil {
		return t.fail(err)
	}
	if err := s.insert(t, row); err != nil {
		return err
	}
	s.bump(t, row)
	return s.rows.Set(e, row)
}

// replace stores an entity in place of a row and rounds it to what was stored,
// which it returns.
func (s entities[T]) replace(t *txn, row []any, e *T) (now []any, err error) {
	if now, err = s.rows.Values(e, nil); err != nil {
		return nil, t.fail(err)
	}
	for _, col := range s.key {
		now[col] = row[col]
	}
	if err := s.rows.Set(e, now); err != nil || slices.Equal(row, now) {
		return now, err
	}
	return now, s.change(t, row, now)
}

func (s entities[T]) list(ctx context.Context, t *txn, q store.Query) ([]T, error) {
	list := []T{}
	err := s.query(ctx, t, q, func(row []any) error {
		list = append(list, *new(T))
		return s.rows.Set(&list[len(list)-1], row)
	})
	return list, err
}

// collection implements store.Collection on a table whose rows are counted.
type collection[T any, ID ~int64] struct{ entities[T] }

func (c collection[T, ID]) Get(ctx context.Context, id ID) (e T, err error) {
	err = c.eng.read(ctx, func(t *txn) error {
		e, _, err = c.load(t, int64(id))
		return err
	})
	return e, rules.Explain(err, "get %s %d", c.desc.What, id)
}

func (c collection[T, ID]) First(ctx context.Context, q store.Query) (e T, err error) {
	err = c.eng.read(ctx, func(t *txn) error {
		list, err := c.list(ctx, t, q.Max(1))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return store.ErrNotFound
		}
		e = list[0]
		return nil
	})
	return e, rules.Explain(err, "find %s", c.desc.What)
}

func (c collection[T, ID]) List(ctx context.Context, q store.Query) (list []T, err error) {
	err = c.eng.read(ctx, func(t *txn) error {
		list, err = c.list(ctx, t, q)
		return err
	})
	return list, rules.Explain(err, "list %s", c.desc.What)
}

func (c collection[T, ID]) Count(ctx context.Context, q store.Query) (n int, err error) {
	err = c.eng.read(ctx, func(t *txn) error {
		n, err = c.count(ctx, t, q.Where)
		return err
	})
	return n, rules.Explain(err, "count %s", c.desc.What)
}

func (c collection[T, ID]) Create(ctx context.Context, e *T) error {
	err := c.eng.write(ctx, func(t *txn) error { return c.add(t, e) })
	return rules.Explain(err, "create %s", c.desc.What)
}

func (c collection[T, ID]) Update(ctx context.Context, id ID, fn func(*T) error) (result T, err error) {
	err = c.eng.write(ctx, func(t *txn) error {
		e, row, err := c.load(t, int64(id))
		if err != nil {
			return err
		}
		if err := fn(&e); err != nil {
			return rules.Own(err)
		}
		now, err := c.replace(t, row, &e)
		if err != nil {
			return err
		}
		if !slices.Equal(row, now) {
			c.bump(t, row)
			c.bump(t, now)
		}
		result = e
		return nil
	})
	return result, rules.Explain(err, "update %s %d", c.desc.What, id)
}

func (c collection[T, ID]) Delete(ctx context.Context, id ID) error {
	err := c.eng.write(ctx, func(t *txn) error {
		row, err := c.get(t, int64(id))
		if err != nil {
			return err
		}
		if row == nil {
			return store.ErrNotFound
		}
		return c.remove(t, row)
	})
	return rules.Explain(err, "delete %s %d", c.desc.What, id)
}

func (c collection[T, ID]) DeleteWhere(ctx context.Context, conds ...store.Cond) (n int, err error) {
	err = c.eng.write(ctx, func(t *txn) error {
		var rows [][]any
		err := c.query(ctx, t, store.Where(conds...).Max(noLimit), func(row []any) error {
			rows = append(rows, slices.Clone(row))
			return nil
		})
		if err != nil {
			return err
		}
		n = len(rows)
		return c.remove(t, rows...)
	})
	return n, rules.Explain(err, "delete %s", c.desc.What)
}
