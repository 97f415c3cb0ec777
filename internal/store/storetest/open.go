package storetest

import (
	"context"
	"testing"

	"signalbox/internal/store"
)

// Opener opens the store at a path, and makes it when nothing is there.
type Opener func(ctx context.Context, path string) (store.Store, error)

// once opens a store that the caller closes.
func (open Opener) once(t testing.TB, path string) store.Store {
	t.Helper()
	s, err := open(t.Context(), path)
	check(t, err)
	return s
}

// Opened takes what opening a store gave, and closes the store after the test.
func Opened[S store.Store](t testing.TB, s S, err error) S {
	t.Helper()
	check(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
