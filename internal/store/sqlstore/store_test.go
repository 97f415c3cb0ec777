package sqlstore_test

import (
	"path/filepath"
	"testing"

	"signalbox/internal/store/sqlstore"
	"signalbox/internal/store/storetest"
)

func open(t testing.TB) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: filepath.Join(t.TempDir(), "signalbox.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestOpen(t *testing.T) {
	t.Parallel()
	storetest.Seed(t, open(t))
}
