package boltstore

import (
	"context"
	"slices"

	"signalbox/internal/store"
	"signalbox/internal/store/kv"
	"signalbox/internal/store/rules"
)

// collection implements store.Collection on a table whose rows are counted.
type collection[T any, ID ~int64] struct{ kv.Table[T] }

func (c collection[T, ID]) Get(ctx context.Context, id ID) (e T, err error) {
	err = c.DB.Read(ctx, func(t *kv.Tx) error {
		e, _, err = c.Load(t, int64(id))
		return err
	})
	return e, rules.Explain(err, "get %s %d", c.Schema.What, id)
}

func (c collection[T, ID]) First(ctx context.Context, q store.Query) (e T, err error) {
	err = c.DB.Read(ctx, func(t *kv.Tx) error {
		list, err := c.Select(ctx, t, q.Max(1))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return store.ErrNotFound
		}
		e = list[0]
		return nil
	})
	return e, rules.Explain(err, "find %s", c.Schema.What)
}

func (c collection[T, ID]) List(ctx context.Context, q store.Query) (list []T, err error) {
	err = c.DB.Read(ctx, func(t *kv.Tx) error {
		list, err = c.Select(ctx, t, q)
		return err
	})
	return list, rules.Explain(err, "list %s", c.Schema.What)
}

func (c collection[T, ID]) Count(ctx context.Context, q store.Query) (n int, err error) {
	err = c.DB.Read(ctx, func(t *kv.Tx) error {
		n, err = c.Number(ctx, t, q.Where)
		return err
	})
	return n, rules.Explain(err, "count %s", c.Schema.What)
}

func (c collection[T, ID]) Create(ctx context.Context, e *T) error {
	err := c.DB.Write(ctx, func(t *kv.Tx) error { return c.Add(t, e) })
	return rules.Explain(err, "create %s", c.Schema.What)
}

func (c collection[T, ID]) Update(ctx context.Context, id ID, fn func(*T) error) (result T, err error) {
	err = c.DB.Write(ctx, func(t *kv.Tx) error {
		e, row, err := c.Load(t, int64(id))
		if err != nil {
			return err
		}
		if err := fn(&e); err != nil {
			return rules.Own(err)
		}
		now, err := c.Replace(t, row, &e)
		if err != nil {
			return err
		}
		if !slices.Equal(row, now) {
			c.Bump(t, row)
			c.Bump(t, now)
		}
		result = e
		return nil
	})
	return result, rules.Explain(err, "update %s %d", c.Schema.What, id)
}

func (c collection[T, ID]) Delete(ctx context.Context, id ID) error {
	err := c.DB.Write(ctx, func(t *kv.Tx) error {
		row, err := c.Row(t, int64(id))
		if err != nil {
			return err
		}
		if row == nil {
			return store.ErrNotFound
		}
		return c.Remove(t, row)
	})
	return rules.Explain(err, "delete %s %d", c.Schema.What, id)
}

func (c collection[T, ID]) DeleteWhere(ctx context.Context, conds ...store.Cond) (n int, err error) {
	err = c.DB.Write(ctx, func(t *kv.Tx) error {
		var rows [][]any
		err := c.Query(ctx, t, store.Where(conds...).Max(kv.NoLimit), func(row []any) error {
			rows = append(rows, slices.Clone(row))
			return nil
		})
		if err != nil {
			return err
		}
		n = len(rows)
		return c.Remove(t, rows...)
	})
	return n, rules.Explain(err, "delete %s", c.Schema.What)
}
