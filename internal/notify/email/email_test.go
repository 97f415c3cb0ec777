package email_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"signalbox/internal/mail"
	"signalbox/internal/notify"
	"signalbox/internal/notify/email"
	"signalbox/internal/notify/notifytest"
	"signalbox/internal/testkit/mailserver"
)

const password = "s3cr3t-T0ken"

func channel(t *testing.T, host string, port int) notify.Channel {
	t.Helper()
	return within(t, host, port, 0)
}

// within is a channel that waits so long for the server; 0: as long as usual.
func within(t *testing.T, host string, port int, timeout time.Duration) notify.Channel {
	t.Helper()
	sender, err := mail.New(mail.Config{
		Host: host, Port: port, From: "ci@example.org", Username: "ci", Password: password, Timeout: timeout,
	})
	if err != nil {
		t.Fatal(err)
	}
	return email.New(sender)
}

func TestChannel(t *testing.T) {
	t.Parallel()
	notifytest.Run(t, notifytest.Harness{
		Accepting: func(t *testing.T) (notify.Channel, func() string) {
			s := mailserver.Start(t, mailserver.Options{})
			return channel(t, s.Host, s.Port), func() string {
				l := s.Next(t)
				if len(l.To) != 1 || l.To[0] != "ada@example.org" {
					t.Errorf("to %q, want one address", l.To)
				}
				return l.Subject + l.Text
			}
		},
		Refusing: func(t *testing.T) notify.Channel {
			s := mailserver.Start(t, mailserver.Options{Refuse: "nobody of that name, " + password})
			return channel(t, s.Host, s.Port)
		},
		Failing: func(t *testing.T) notify.Channel {
			l := listen(t)
			go func() {
				conn, err := l.Accept()
				if err != nil {
					return // nobody came before the end of the test
				}
				_, _ = conn.Write([]byte("421 too busy\r\n")) // whoever it was may be gone
				_ = conn.Close()
			}()
			return channel(t, "127.0.0.1", l.Addr().(*net.TCPAddr).Port)
		},
		Hanging: func(t *testing.T) notify.Channel {
			l := listen(t)
			return within(t, "127.0.0.1", l.Addr().(*net.TCPAddr).Port, 200*time.Millisecond) // its backlog takes connections
		},
		Gone: func(t *testing.T) notify.Channel {
			l := listen(t)
			port := l.Addr().(*net.TCPAddr).Port
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			return channel(t, "127.0.0.1", port)
		},
		Secrets: []string{password}, To: notify.Recipient{Email: "ada@example.org"},
	})
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // maybe closed already
	return l
}

func TestLetter(t *testing.T) {
	t.Parallel()
	s := mailserver.Start(t, mailserver.Options{})
	c := channel(t, s.Host, s.Port)
	if err := c.Send(t.Context(), notify.Recipient{Email: "ada@example.org"}, notifytest.Nasty()); err != nil {
		t.Fatal(err)
	}
	l := s.Next(t)
	if !strings.HasPrefix(l.Subject, "<b>bold</b> & *stars*") || !strings.HasSuffix(l.Subject, ": task #12 failed") {
		t.Errorf("subject %q", l.Subject)
	}
	for _, want := range []string{"#12", `"quoted" \back\`, "https://ci.example.org/project/1/history?t=12"} {
		if !strings.Contains(l.Text, want) {
			t.Errorf("the text lacks %q:\n%s", want, l.Text)
		}
	}
	if strings.Contains(l.HTML, "<b>bold") || !strings.Contains(l.HTML, "&lt;b&gt;bold") {
		t.Errorf("names became markup:\n%s", l.HTML)
	}
	if err := c.Send(t.Context(), notify.Recipient{Email: "nobody"}, notifytest.Plain()); err == nil || strings.Contains(err.Error(), password) {
		t.Errorf("to no address: %v", err)
	}
}
