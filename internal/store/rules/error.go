package rules

import (
	"errors"
	"fmt"

	"signalbox/internal/store"
)

// own is an error of a caller's function.
type own struct{ error }

func (e own) Unwrap() error { return e.error }

// Own marks an error of a caller's function.
func Own(err error) error {
	if err == nil {
		return nil
	}
	return own{err}
}

// Explain says what was attempted when err happened. An error marked by Own is
// handed back as the caller's function gave it, store.ErrNotFound as it is.
func Explain(err error, attempt string, args ...any) error {
	if err == nil || err == store.ErrNotFound {
		return err
	}
	var o own
	if errors.As(err, &o) {
		return o.error
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(attempt, args...), err)
}
