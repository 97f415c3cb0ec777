package sqlstore_test

import (
	"context"
	"path/filepath"
	"testing"

	"signalbox/internal/store"
	"signalbox/internal/store/sqlstore"
	"signalbox/internal/store/storetest"
)

func opener(ctx context.Context, path string) (store.Store, error) {
	return sqlstore.Open(ctx, sqlstore.Config{Path: path})
}

func open(t testing.TB) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: filepath.Join(t.TempDir(), "signalbox.db")})
	return storetest.Opened(t, s, err)
}

func TestOpen(t *testing.T) {
	t.Parallel()
	storetest.Seed(t, open(t))
}
