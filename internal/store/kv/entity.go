package kv

import (
	"context"
	"slices"

	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
)

// Table is a table whose rows are values of T.
type Table[T any] struct {
	*Rows
	Map *rowmap.Table[T]
}

// NewTable returns the table of the schema with that name.
func NewTable[T any](e *DB, name string) Table[T] {
	rows := rowmap.Of[T]()
	return Table[T]{newRows(e, e.schema[name], rows.Columns), rows}
}

// Load returns an entity and its stored form; store.ErrNotFound when there is
// none.
func (s Table[T]) Load(t *Tx, key ...any) (e T, row []any, err error) {
	if row, err = s.Row(t, key...); err != nil {
		return e, nil, err
	}
	if row == nil {
		return e, nil, store.ErrNotFound
	}
	return e, row, s.Map.Set(&e, row)
}

// Add stores a new entity and rounds it to what was stored.
func (s Table[T]) Add(t *Tx, e *T) error {
	row, err := s.Map.Values(e, nil)
	if err != nil {
		return t.Fail(err)
	}
	if err := s.insert(t, row); err != nil {
		return err
	}
	s.Bump(t, row)
	return s.Map.Set(e, row)
}

// Replace stores an entity in place of a row and rounds it to what was stored,
// which it returns.
func (s Table[T]) Replace(t *Tx, row []any, e *T) (now []any, err error) {
	if now, err = s.Map.Values(e, nil); err != nil {
		return nil, t.Fail(err)
	}
	for _, col := range s.keyCols {
		now[col] = row[col]
	}
	if err := s.Map.Set(e, now); err != nil || slices.Equal(row, now) {
		return now, err
	}
	return now, s.change(t, row, now)
}

// Select returns what a query selects.
func (s Table[T]) Select(ctx context.Context, t *Tx, q store.Query) ([]T, error) {
	list := []T{}
	err := s.Query(ctx, t, q, func(row []any) error {
		list = append(list, *new(T))
		return s.Map.Set(&list[len(list)-1], row)
	})
	return list, err
}
