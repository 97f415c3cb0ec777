// Package notify tells people about tasks: that one has ended, or waits for
// them. What is to be told is stored in the same transaction as the status it is
// about, so it is told whatever happens to the server; a worker then brings it
// to the channels that the configuration switches on, tries again what failed,
// and keeps a record of what became of it. Telling somebody twice is possible,
// after a crash, telling nobody is not.
//
// The channels themselves are packages below this one, all under the contract
// Channel; package notifytest holds them to it.
package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"signalbox/internal/domain"
)

// Channel is a way by which messages reach people. Send may be called by many
// goroutines at once.
type Channel interface {
	Properties() Properties
	// Send returns when the other side has accepted the message, and otherwise
	// why it has not: a *Failure, in words that may be shown to users. It never
	// blocks beyond ctx, and may be called again with the same message. Whatever
	// texts the message has, they arrive as texts: nothing in them is taken for
	// markup, a mention or a field.
	Send(ctx context.Context, to Recipient, m Message) error
}

// Properties say how a channel is used.
type Properties struct {
	Name domain.Channel
	// Events are what the channel tells of.
	Events []domain.TaskStatus
	// PerPerson: a message goes to people one by one, those of the project and
	// administrators who want alerts.
	PerPerson bool
	// NeedsChat: without a chat of the project there is nobody to tell.
	NeedsChat bool
}

// Recipient is whom a message is for. A channel uses what it understands.
type Recipient struct {
	Chat  string // that of the project, "" for the one the channel is set up with
	Email string // where people are told one by one
}

// ChatEvents are what channels tell of that are read by many.
func ChatEvents() []domain.TaskStatus {
	return []domain.TaskStatus{domain.StatusSuccess, domain.StatusError, domain.StatusWaitingConfirmation}
}

// Failure says why a message was not accepted.
type Failure struct {
	// Reason is for users: it holds no address, token or password.
	Reason string
	// Final: trying again will not help.
	Final bool
	// After is how long the other side wants to be left alone; 0: it did not say.
	After time.Duration
	// Cause is for the log, without secrets too.
	Cause error
}

func (f *Failure) Error() string {
	if f.Cause != nil {
		return fmt.Sprintf("%s: %s", f.Reason, f.Cause)
	}
	return f.Reason
}

func (f *Failure) Unwrap() error { return f.Cause }

// Refused is a failure that will not go away by itself.
func Refused(format string, args ...any) *Failure {
	return &Failure{Reason: fmt.Sprintf(format, args...), Final: true}
}

// failure returns err as a Failure. One that is none is a fault of ours, whose
// text is not for users.
func failure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{Reason: "internal error; the server log has the details", Cause: err}
}
