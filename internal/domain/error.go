package domain

import (
	"errors"
	"fmt"
)

// ErrorKind tells what sort of mistake an Error is; httpapi maps each kind to
// one HTTP status.
type ErrorKind string

const (
	KindMalformed       ErrorKind = "malformed"       // the request could not be read
	KindInvalid         ErrorKind = "invalid"         // a value breaks a rule
	KindUnauthenticated ErrorKind = "unauthenticated" // not signed in
	KindForbidden       ErrorKind = "forbidden"       // signed in, not allowed
	KindNotFound        ErrorKind = "not_found"       // missing, or not visible to the caller
	KindConflict        ErrorKind = "conflict"        // the state of the object does not allow it
	KindInUse           ErrorKind = "in_use"          // something still refers to the object
	KindStale           ErrorKind = "stale"           // the object is not what the client takes it for
	KindTooLarge        ErrorKind = "too_large"
	KindThrottled       ErrorKind = "throttled"
	KindUnavailable     ErrorKind = "unavailable" // a thing we depend on is away; trying later may work
)

// Error is a failure whose text is meant for the user. Message says what is
// wrong and what to do; Field names the request field, "" when there is none.
// The cause is for the log only.
type Error struct {
	Kind    ErrorKind
	Field   string
	Message string
	// Users lists what still refers to the object, for KindInUse.
	Users []Reference
	// RetryAfter is a number of seconds, for KindThrottled and KindUnavailable.
	RetryAfter int
	// Hint is a sentence for people where Message is a word for programs; "" for
	// none.
	Hint  string
	Cause error
}

// Reference names an object of a project.
type Reference struct {
	Type string
	ID   int64
	Name string
}

func (e *Error) Error() string {
	text := e.Message
	if e.Field != "" {
		text = e.Field + ": " + text
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Cause }

// Invalid reports a value that breaks a rule. The message names the rule in
// words a form can show under the field.
func Invalid(field, format string, args ...any) *Error {
	return &Error{Kind: KindInvalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// NotFound reports an object that does not exist or that the caller may not see.
func NotFound(what string) *Error {
	return &Error{Kind: KindNotFound, Message: what + " not found"}
}

// Conflict reports an action that the present state does not allow.
func Conflict(format string, args ...any) *Error {
	return &Error{Kind: KindConflict, Message: fmt.Sprintf(format, args...)}
}

// Forbidden reports a missing right.
func Forbidden(format string, args ...any) *Error {
	return &Error{Kind: KindForbidden, Message: fmt.Sprintf(format, args...)}
}

// Unauthenticated reports a request without a valid sign-in.
func Unauthenticated(format string, args ...any) *Error {
	return &Error{Kind: KindUnauthenticated, Message: fmt.Sprintf(format, args...)}
}

// IsKind reports whether err is, or wraps, a domain error of the kind.
func IsKind(err error, kind ErrorKind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}
