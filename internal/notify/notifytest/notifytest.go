// Package notifytest holds channels to the contract of package notify, against
// real servers on this machine: one that accepts, one that refuses, one that has
// trouble, one that never answers, and none at all.
package notifytest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/notify"
)

// Harness makes channels of one kind, each with a server of its own.
type Harness struct {
	// Accepting returns a channel whose server accepts, and what gives the next
	// message the server has got, as it came.
	Accepting func(t *testing.T) (notify.Channel, func() string)
	// Refusing is one whose server will never accept.
	Refusing func(t *testing.T) notify.Channel
	// Failing is one whose server may accept later.
	Failing func(t *testing.T) notify.Channel
	// Hanging is one whose server takes connections and says nothing. A message
	// fails of itself after some time.
	Hanging func(t *testing.T) notify.Channel
	// Gone is one whose server is not there.
	Gone func(t *testing.T) notify.Channel
	// Secrets must not show in any error.
	Secrets []string
	To      notify.Recipient
}

// Plain is a message without anything special.
func Plain() notify.Message {
	return notify.Message{
		Event: domain.StatusError, Project: "Harbour", Template: "Deploy", TaskID: 12, Author: "Ada Lovelace",
		Version: "1.2.3", Text: "after the storm", URL: "https://ci.example.org/project/1/history?t=12",
	}
}

// Nasty is a message of texts that mean something to one format or another.
func Nasty() notify.Message {
	m := Plain()
	m.Project = `"quoted" \back\ {{.Secret}} ${HOME}`
	m.Template = "<b>bold</b> & *stars* _under_ `code` ~gone~ # @all @here <!channel> <@U1> :smile: [x](http://evil.example)"
	m.Author = "Eve\",\"chat_id\":\"-1\n\r\t\x00\u2028</a>\x1b[31m"
	m.Version = "1.0\xff|--|![i](http://evil.example/i.png)"
	m.Text = "line one\nline two\r\n.\r\n" + strings.Repeat("é", 5000)
	return m
}

// Messages are the messages that channels have to bring over.
func Messages() map[string]notify.Message {
	succeeded, waits := Plain(), Plain()
	succeeded.Event, succeeded.URL, succeeded.Version, succeeded.Author, succeeded.Text = domain.StatusSuccess, "", "", "", ""
	waits.Event = domain.StatusWaitingConfirmation
	return map[string]notify.Message{
		"plain": Plain(), "nasty": Nasty(), "success": succeeded, "waits": waits,
		"test": {Event: domain.StatusSuccess, Project: "Harbour", Author: "Ada", URL: "https://ci.example.org/project/1"},
	}
}

// Run holds a channel to the contract.
func Run(t *testing.T, h Harness) {
	t.Run("properties", func(t *testing.T) {
		t.Parallel()
		c, _ := h.Accepting(t)
		p := c.Properties()
		if p.Name == "" || p.Name.Title() == string(p.Name) || len(p.Events) == 0 {
			t.Errorf("got %+v: it has no name, title or events", p)
		}
		for _, e := range p.Events {
			if !e.Notifies() {
				t.Errorf("tells of %s, which nobody is told of", e)
			}
		}
	})
	t.Run("accepted", func(t *testing.T) {
		t.Parallel()
		for name, m := range Messages() {
			c, got := h.Accepting(t)
			if err := c.Send(t.Context(), h.To, m); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			text := got()
			if text == "" {
				t.Errorf("%s: nothing arrived", name)
			}
			if strings.Contains(text, "\x1b") || strings.Contains(text, "\x00") {
				t.Errorf("%s: control characters arrived: %q", name, text)
			}
		}
	})
	t.Run("many at once", func(t *testing.T) {
		t.Parallel()
		c, got := h.Accepting(t)
		var all sync.WaitGroup
		const n = 10
		for range n {
			all.Go(func() {
				if err := c.Send(t.Context(), h.To, Plain()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for range n {
			if got() == "" {
				t.Error("a message is missing")
			}
		}
	})
	for _, broken := range []struct {
		name  string
		make  func(*testing.T) notify.Channel
		final bool
	}{{"refused", h.Refusing, true}, {"in trouble", h.Failing, false}, {"gone", h.Gone, false}, {"hanging", h.Hanging, false}} {
		t.Run(broken.name, func(t *testing.T) {
			t.Parallel()
			f := h.failure(t, broken.make(t).Send(t.Context(), h.To, Nasty()))
			if f.Final != broken.final {
				t.Errorf("final: %t, want %t: %v", f.Final, broken.final, f)
			}
		})
	}
	t.Run("interrupted", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("the server stops"))
		c, got := h.Accepting(t)
		h.failure(t, c.Send(ctx, h.To, Plain()))
		if err := c.Send(t.Context(), h.To, Plain()); err != nil {
			t.Errorf("afterwards: %v", err)
		}
		got()
	})
	t.Run("out of time", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		h.failure(t, h.Hanging(t).Send(ctx, h.To, Plain()))
	})
}

// failure checks that an error is one for users and shows no secret.
func (h Harness) failure(t *testing.T, err error) *notify.Failure {
	t.Helper()
	var f *notify.Failure
	if !errors.As(err, &f) || f.Reason == "" {
		t.Fatalf("got error %v, want a failure with a reason", err)
	}
	texts, jsonErr := json.Marshal([]string{err.Error(), f.Reason})
	if jsonErr != nil {
		t.Fatal(jsonErr)
	}
	for _, secret := range h.Secrets {
		if strings.Contains(string(texts), secret) {
			t.Errorf("the error shows %q: %s", secret, texts)
		}
	}
	return f
}
