package mail_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"signalbox/internal/domain"
	"signalbox/internal/mail"
	"signalbox/internal/testkit/mailserver"
)

// lines keeps what is logged and tells of each line.
type lines struct {
	mu    sync.Mutex // guards text
	text  bytes.Buffer
	wrote chan struct{}
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrote <- struct{}{}
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// run starts a queue and returns how to stop it and wait for that.
func run(t *testing.T, q *mail.Queue) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		q.Run(ctx)
	}()
	return func() {
		cancel()
		<-ended
	}
}

func TestQueue(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t, mailserver.Options{})
	q := mail.NewQueue(sender(t, config(server, mail.Plain)), slog.New(slog.DiscardHandler))
	defer run(t, q)()
	user := domain.User{Username: "ann", Name: "Ann <b>", Email: "ann@example.org"}
	q.Post(mail.TokenMade.About(user, "192.0.2.7", "https://ci.example.org"))
	got := server.Next(t)
	if got.Subject != "New API token" || !strings.Contains(got.Text, "192.0.2.7") || !strings.Contains(got.Text, "https://ci.example.org/account") || got.To[0] != user.Email {
		t.Errorf("got %+v", got)
	}
}

// TestQueue_SaysWhatIsDropped: a server that refuses costs a line in the log that
// shows neither what it was nor the reader.
func TestQueue_SaysWhatIsDropped(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t, mailserver.Options{Refuse: "no"})
	log := &lines{wrote: make(chan struct{}, 1)}
	q := mail.NewQueue(sender(t, config(server, mail.Plain)), slog.New(slog.NewTextHandler(log, nil)))
	stop := run(t, q)
	q.Post(message())
	<-log.wrote
	stop()
	if text := log.String(); !strings.Contains(text, "mail dropped") || strings.Contains(text, "Task 7 failed") || strings.Contains(text, "Line one") || strings.Contains(text, "ann@") {
		t.Errorf("log %s", text)
	}
}

// TestQueue_NeverBlocks: with nobody to send them, letters are dropped beyond a
// number, and those that wait when the server stops are counted.
func TestQueue_NeverBlocks(t *testing.T) {
	t.Parallel()
	log := &lines{wrote: make(chan struct{}, 1000)}
	q := mail.NewQueue(sender(t, mail.Config{Host: "127.0.0.1", Port: 1, From: "ci@example.org"}), slog.New(slog.NewTextHandler(log, nil)))
	for range 250 {
		q.Post(message())
	}
	if n := strings.Count(log.String(), "too many letters"); n != 50 {
		t.Errorf("%d dropped, want 50", n)
	}
	none := mail.NewQueue(nil, slog.New(slog.NewTextHandler(log, nil)))
	none.Post(message())
	if none.Configured() {
		t.Error("configured")
	}
}
