package boltstore_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"signalbox/internal/store/boltstore"
)

func TestSchemaVersion(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.bolt")
	if have, latest, err := boltstore.SchemaVersion(path); have != 0 || latest != 1 || err != nil {
		t.Errorf("no file: version %d of %d, %v", have, latest, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("asking for the version made a file")
	}
	s, err := boltstore.Open(t.Context(), boltstore.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := boltstore.SchemaVersion(path); !errors.Is(err, boltstore.ErrInUse) {
		t.Errorf("in use: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if have, _, err := boltstore.SchemaVersion(path); have != 1 || err != nil {
		t.Errorf("a new file: version %d, %v", have, err)
	}
}
