package boltstore_test

import (
	"testing"

	"signalbox/internal/store/storetest"
)

func Benchmark(b *testing.B) { storetest.Bench(b, opener) }
