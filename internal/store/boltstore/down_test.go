package boltstore_test

import (
	"errors"
	"path/filepath"
	"testing"

	"signalbox/internal/store/boltstore"
	"signalbox/internal/store/schema"
	"signalbox/internal/store/storetest"
)

func TestMigrate_DownAndUp(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := boltstore.Config{Path: filepath.Join(t.TempDir(), "x.bolt")}
	_, latest, err := boltstore.SchemaVersion(c.Path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(path string, want int64) {
		t.Helper()
		if have, _, err := boltstore.SchemaVersion(path); err != nil || have != want {
			t.Errorf("%s: version %d, %v; want %d", path, have, err, want)
		}
	}
	migrate := func(to int64) {
		t.Helper()
		if err := boltstore.Migrate(ctx, c, to); err != nil {
			t.Fatalf("migrate to %d: %v", to, err)
		}
		check(c.Path, to)
	}
	seed := func(path string) {
		t.Helper()
		s, err := boltstore.Open(ctx, boltstore.Config{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		storetest.Seed(t, s)
		if err := boltstore.Migrate(ctx, c, 0); !errors.Is(err, boltstore.ErrInUse) {
			t.Errorf("down while it is open: got %v, want %v", err, boltstore.ErrInUse)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	migrate(0) // of nothing
	migrate(latest)
	seed(c.Path)
	migrate(0)
	migrate(0)
	migrate(latest)
	seed(c.Path) // fails if rows were left
	migrate(0)
	copies, err := filepath.Glob(c.Path + ".v*")
	if err != nil || len(copies) != 2 {
		t.Fatalf("copies: %q, %v; want 2", copies, err)
	}
	for _, path := range copies {
		check(path, latest)
		s, err := boltstore.Open(ctx, boltstore.Config{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Projects().Get(ctx, 1); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, version := range []int64{-1, latest + 1} {
		var none *schema.NoSuchVersionError
		if err := boltstore.Migrate(ctx, c, version); !errors.As(err, &none) || none.Latest != latest {
			t.Errorf("migrate to %d: got %v, want a NoSuchVersionError", version, err)
		}
	}
}
