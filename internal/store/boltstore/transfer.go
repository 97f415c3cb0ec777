package boltstore

import (
	"context"

	"signalbox/internal/store/transfer"
)

var _ transfer.Backend = (*Store)(nil)

// Scan implements transfer.Backend, as the others do.
func (s *Store) Scan(ctx context.Context, t *transfer.Table, after []any, limit int, fn func(row []any) (bool, error)) error {
	return s.db.Scan(ctx, t, after, limit, fn)
}

func (s *Store) Count(ctx context.Context, t *transfer.Table) (int64, error) {
	return s.db.Count(ctx, t)
}
func (s *Store) Write(ctx context.Context, b transfer.Batch) error { return s.db.Load(ctx, b) }
func (s *Store) Sequence(ctx context.Context, t *transfer.Table) (int64, error) {
	return s.db.Sequence(ctx, t)
}

func (s *Store) SetSequence(ctx context.Context, t *transfer.Table, last int64) error {
	return s.db.SetSequence(ctx, t, last)
}
