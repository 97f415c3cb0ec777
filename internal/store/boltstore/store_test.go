package boltstore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"signalbox/internal/store"
	"signalbox/internal/store/boltstore"
	"signalbox/internal/store/storetest"
)

func opener(ctx context.Context, path string) (store.Store, error) {
	return boltstore.Open(ctx, boltstore.Config{Path: path})
}

func open(t testing.TB) *boltstore.Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "signalbox.bolt"))
}

func openAt(t testing.TB, path string) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(t.Context(), boltstore.Config{Path: path})
	return storetest.Opened(t, s, err)
}

func openOnce(t testing.TB, path string) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(t.Context(), boltstore.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store { return open(t) })
}

func TestOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new dir", "100% päth?#.bolt")
	s := openOnce(t, path)
	w := storetest.Seed(t, s)
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want mode %v", name, info.Mode(), err, want)
		}
	}
	if _, err := boltstore.Open(t.Context(), boltstore.Config{Path: path}); !errors.Is(err, boltstore.ErrInUse) {
		t.Errorf("opened twice: %v, want %v", err, boltstore.ErrInUse)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := openAt(t, path).Users().Get(t.Context(), w.User.ID)
	if err != nil || got != w.User {
		t.Errorf("got %+v, %v; want %+v", got, err, w.User)
	}
	if _, err := s.Users().Get(t.Context(), w.User.ID); err == nil {
		t.Error("a closed store answered")
	}
	if err := s.Options().Set(t.Context(), "a", "b"); err == nil {
		t.Error("a closed store took a write")
	}
}
