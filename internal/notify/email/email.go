// Package email sends messages by mail, to people one by one.
package email

import (
	"context"
	"errors"
	"net"
	"syscall"

	"signalbox/internal/domain"
	"signalbox/internal/mail"
	"signalbox/internal/notify"
)

// Channel is a mail server.
type Channel struct{ sender *mail.Sender }

// New returns the channel of a mail server.
func New(sender *mail.Sender) *Channel { return &Channel{sender} }

// Properties: mail is for failures only, as in the reference; people would
// filter it away otherwise.
func (c *Channel) Properties() notify.Properties {
	return notify.Properties{Name: domain.ChannelEmail, Events: []domain.TaskStatus{domain.StatusError}, PerPerson: true}
}

// Send sends to one person.
func (c *Channel) Send(ctx context.Context, to notify.Recipient, m notify.Message) error {
	letter := mail.Letter{
		Subject: m.Title() + ": task " + m.Number() + " failed", Link: m.URL, Action: "Open the task",
		Footer: "You get this because alerts are on in your profile.",
	}
	if m.Test() {
		letter.Subject = m.Title()
	}
	letter.Lines = []string{m.Title(), m.Sentence()}
	for _, f := range m.Facts() {
		letter.Lines = append(letter.Lines, f.Name+": "+f.Value)
	}
	return explain(c.sender.Send(ctx, letter.To(to.Email, "")))
}

// explain says in words of users why the server did not take a message. The text
// of the error may name servers and people, so it is for the log.
func explain(err error) error {
	if err == nil {
		return nil
	}
	f := &notify.Failure{Cause: err}
	var answer interface{ ErrorCode() int }
	var timeout interface{ Timeout() bool }
	var name *net.DNSError
	switch {
	case domain.IsKind(err, domain.KindInvalid):
		f.Reason, f.Final = "the e-mail address of the recipient is not valid", true
	case errors.As(err, &answer) && answer.ErrorCode() >= 500:
		f.Reason, f.Final = "the mail server refused the message", true
	case errors.As(err, &answer) && answer.ErrorCode() >= 400:
		f.Reason = "the mail server did not take the message now"
	case errors.Is(err, context.Canceled):
		f.Reason = "sending was interrupted"
	case errors.As(err, &name):
		f.Reason = "the host name of the mail server cannot be resolved"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		f.Reason = "the mail server did not answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Reason = "the mail server refused the connection"
	default:
		f.Reason = "the mail server did not take the message; the server log has the details"
	}
	return f
}
