package storetest

import (
	"context"
	"errors"
	"testing"

	"signalbox/internal/store"
)

// Run holds a backend to the contract. Open returns an empty store, closed by
// the test's clean-up.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	groups := []struct {
		name  string
		cases []testCase
	}{
		{"Collection", collectionCases()},
		{"Query", queryCases()},
		{"Values", valueCases()},
		{"Tx", txCases()},
		{"Revision", revisionCases()},
		{"Events", eventCases()},
		{"Options", optionCases()},
		{"Tasks", taskCases()},
		{"Queue", queueCases()},
		{"Record", recordCases()},
		{"Logs", logCases()},
		{"Scale", scaleCases()},
		{"Stages", stageCases()},
		{"Notifications", notificationCases()},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range g.cases {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					c.run(t, open(t))
				})
			}
		})
	}
}

type testCase struct {
	name string
	run  func(t *testing.T, s store.Store)
}

func wantError(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

// errStop is what functions under test return to stop a change.
var errStop = errors.New("stop")

// inTx runs fn in a transaction that must commit.
func inTx(t testing.TB, s store.Store, fn func(ctx context.Context)) {
	t.Helper()
	check(t, s.InTx(t.Context(), func(ctx context.Context) error {
		fn(ctx)
		return nil
	}))
}
