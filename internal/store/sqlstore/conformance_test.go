package sqlstore_test

import (
	"testing"

	"signalbox/internal/store"
	"signalbox/internal/store/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store { return open(t) })
}
