// Package fault is the error of a run that its user can do something about: a
// sentence that says what is wrong and what to do, and the cause for the log.
package fault

import (
	"errors"
	"fmt"
)

// Error carries the sentence. The cause is not shown to users.
type Error struct {
	Message string
	Cause   error
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message + " (" + e.Cause.Error() + ")"
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

// New makes an error of a sentence.
func New(format string, args ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, args...)}
}

// Wrap makes an error of a cause and a sentence.
func Wrap(cause error, format string, args ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, args...), Cause: cause}
}

// Sentence returns the text to show for an error.
func Sentence(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "The task could not be carried out: " + err.Error() + "."
}
