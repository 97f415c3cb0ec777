package boltstore_test

import (
	"os"
	"testing"

	bolt "go.etcd.io/bbolt"

	"signalbox/internal/store/storetest"
)

func TestMain(m *testing.M) {
	storetest.WriteUntilKilled(opener)
	os.Exit(m.Run())
}

func TestKill_LosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	storetest.Kill(t, opener, intact)
}

// intact lets Bolt look for damage.
func intact(t testing.TB, path string) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bolt.Tx) error {
		for err := range tx.Check() {
			t.Errorf("check: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
