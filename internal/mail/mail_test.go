package mail_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/mail"
	"signalbox/internal/testkit/mailserver"
)

const password = "correct-horse-battery"

func config(s *mailserver.Server, security mail.Security) mail.Config {
	return mail.Config{
		Host: s.Host, Port: s.Port, From: "Signalbox <ci@example.org>", Security: security,
		Username: "ci", Password: password, TLS: &tls.Config{RootCAs: s.Roots},
	}
}

func sender(t *testing.T, c mail.Config) *mail.Sender {
	t.Helper()
	s, err := mail.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func message() mail.Message {
	return mail.Letter{
		Subject: "Task 7 failed", Lines: []string{"Line one", "a < b & \"c\""},
		Link: "https://ci.example.org/project/1?t=7&x=1", Action: "Show the task", Footer: "You watch this project.",
	}.To("ann@example.org", "Ann")
}

func TestSend(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server             mailserver.Options
		security           mail.Security
		encrypted, signsIn bool
	}{
		"plain":                        {mailserver.Options{}, mail.Plain, false, false},
		"plain does not sign in":       {mailserver.Options{StartTLS: true}, mail.Plain, false, false},
		"signing in on this machine":   {mailserver.Options{Username: "ci", Password: password}, mail.StartTLS, false, true},
		"STARTTLS":                     {mailserver.Options{Username: "ci", Password: password, StartTLS: true}, mail.StartTLS, true, true},
		"TLS":                          {mailserver.Options{Username: "ci", Password: password, TLS: true}, mail.ImplicitTLS, true, true},
		"STARTTLS with the oldest TLS": {mailserver.Options{Username: "ci", Password: password, StartTLS: true, MaxTLS: tls.VersionTLS12}, mail.StartTLS, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mailserver.Start(t, c.server)
			if err := sender(t, config(server, c.security)).Send(t.Context(), message()); err != nil {
				t.Fatal(err)
			}
			got := server.Next(t)
			if got.Encrypted != c.encrypted || (got.User == "ci") != c.signsIn {
				t.Errorf("encrypted %v, user %q; want %v, signed in %v", got.Encrypted, got.User, c.encrypted, c.signsIn)
			}
			if got.From != "ci@example.org" || strings.Join(got.To, " ") != "ann@example.org" {
				t.Errorf("envelope from %s to %v", got.From, got.To)
			}
			if from, to := got.Header.Get("From"), got.Header.Get("To"); from != `"Signalbox" <ci@example.org>` || to != `"Ann" <ann@example.org>` {
				t.Errorf("from %s to %s", from, to)
			}
			for _, h := range []string{"Date", "Message-Id", "Auto-Submitted"} {
				if got.Header.Get(h) == "" {
					t.Errorf("no header %s", h)
				}
			}
			const text = "Line one\n\na < b & \"c\"\n\nShow the task:\nhttps://ci.example.org/project/1?t=7&x=1\n\n-- \nYou watch this project.\n"
			if got.Subject != "Task 7 failed" || got.Text != text {
				t.Errorf("subject %q, text %q", got.Subject, got.Text)
			}
			if !strings.Contains(got.HTML, "a &lt; b &amp; &#34;c&#34;") || !strings.Contains(got.HTML, `href="https://ci.example.org/project/1?t=7&amp;x=1"`) {
				t.Errorf("HTML %s", got.HTML)
			}
		})
	}
}

func TestSend_RefusesWhatIsUnsafe(t *testing.T) {
	t.Parallel()
	wrong := func(c *mail.Config) { c.Password = "wrong-" + password }
	for name, c := range map[string]struct {
		server   mailserver.Options
		security mail.Security
		change   func(*mail.Config)
		want     string // part of the error
	}{
		"wrong password":         {mailserver.Options{Username: "ci", Password: password, StartTLS: true}, mail.StartTLS, wrong, "AUTH"},
		"wrong password on TLS":  {mailserver.Options{Username: "ci", Password: password, TLS: true}, mail.ImplicitTLS, wrong, "AUTH"},
		"server cannot sign in":  {mailserver.Options{StartTLS: true}, mail.StartTLS, nil, "AUTH"},
		"plain where signing in": {mailserver.Options{Username: "ci", Password: password}, mail.Plain, nil, "authenticat"},
		"unknown certificate":    {mailserver.Options{StartTLS: true}, mail.StartTLS, func(c *mail.Config) { c.TLS = nil }, "certificate"},
		"unknown certificate, TLS": {
			mailserver.Options{TLS: true}, mail.ImplicitTLS, func(c *mail.Config) { c.TLS = nil }, "certificate"},
		"TLS too old":             {mailserver.Options{StartTLS: true, MaxTLS: tls.VersionTLS11}, mail.StartTLS, nil, "protocol version"},
		"TLS older than asked":    {mailserver.Options{TLS: true, MaxTLS: tls.VersionTLS12}, mail.ImplicitTLS, func(c *mail.Config) { c.MinTLS = tls.VersionTLS13 }, "protocol version"},
		"TLS with a plain server": {mailserver.Options{}, mail.ImplicitTLS, nil, "tls"},
		"refused letter":          {mailserver.Options{Refuse: "not you"}, mail.Plain, nil, "not you"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mailserver.Start(t, c.server)
			cfg := config(server, c.security)
			if c.change != nil {
				c.change(&cfg)
			}
			err := sender(t, cfg).Send(t.Context(), message())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), password) {
				t.Errorf("the error shows the password: %v", err)
			}
			if server.Waiting() != 0 {
				t.Error("the letter was sent all the same")
			}
		})
	}
}

// TestSend_KeepsTheCodeOfWhatItMasks: a server that repeats the password is told
// apart from one that has trouble all the same.
func TestSend_KeepsTheCodeOfWhatItMasks(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]string{"without the password": "go away", "with the password": "go away, ci:" + password} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mailserver.Start(t, mailserver.Options{Refuse: refusal})
			err := sender(t, config(server, mail.Plain)).Send(t.Context(), message())
			var answer interface{ ErrorCode() int }
			if !errors.As(err, &answer) || answer.ErrorCode() != 550 {
				t.Fatalf("got %v, want an error with the code 550", err)
			}
			for ; err != nil; err = errors.Unwrap(err) {
				if text := fmt.Sprintf("%v %+v", err, answer); strings.Contains(text, password) || !strings.Contains(text, "go away") {
					t.Errorf("the error says %s", text)
				}
			}
		})
	}
}

// TestSend_MasksEveryFormOfThePassword: quoted, as answers are written into
// errors, and as it was sent when signing in.
func TestSend_MasksEveryFormOfThePassword(t *testing.T) {
	t.Parallel()
	const odd = `a"b\c`
	for name, form := range map[string]string{
		"quoted": odd, "signing in by LOGIN": base64.StdEncoding.EncodeToString([]byte(odd)),
		"signing in by PLAIN": base64.StdEncoding.EncodeToString([]byte("\x00ci\x00" + odd)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mailserver.Start(t, mailserver.Options{Refuse: "go away, [" + form + "]"})
			cfg := config(server, mail.Plain)
			cfg.Password = odd
			if err := sender(t, cfg).Send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), "go away, [***]") {
				t.Errorf("got %v, want an answer without the password", err)
			}
		})
	}
}

// TestSend_SaysWhatEndedIt: a letter that took too long or was interrupted is told
// apart from others, also when the password is a part of what the error says.
func TestSend_SaysWhatEndedIt(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") // its backlog takes connections
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // nobody uses it any more
	for _, password := range []domain.Secret{password, "i"} {
		cfg := mail.Config{
			Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, From: "ci@example.org",
			Username: "ci", Password: password, Timeout: 20 * time.Millisecond,
		}
		masked := password == "i"
		err := sender(t, cfg).Send(t.Context(), message())
		var timeout interface{ Timeout() bool }
		if !errors.As(err, &timeout) || !timeout.Timeout() || strings.Contains(err.Error(), "***") != masked {
			t.Errorf("got %v, want a time-out, masked: %t", err, masked)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(fmt.Errorf("the server is stopping: %w", context.Canceled))
		err = sender(t, cfg).Send(ctx, message())
		if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "***") != masked {
			t.Errorf("got %v, want an interruption, masked: %t", err, masked)
		}
	}
}

// TestSend_KeepsThePasswordFromPlainConnections: to another machine the password
// goes over TLS or not at all. Only 127.0.0.1 is known to be this one.
func TestSend_KeepsThePasswordFromPlainConnections(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skip("no second loopback address")
	}
	defer func() { _ = listener.Close() }()
	said := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			said <- ""
			return
		}
		defer func() { _ = conn.Close() }()
		var all strings.Builder
		_, _ = conn.Write([]byte("220 there\r\n"))
		buffer := make([]byte, 1024)
		for {
			n, err := conn.Read(buffer)
			all.Write(buffer[:n])
			if err != nil {
				said <- all.String()
				return
			}
			if strings.HasPrefix(string(buffer[:n]), "EHLO") {
				_, _ = conn.Write([]byte("250-there\r\n250 AUTH PLAIN LOGIN\r\n"))
			} else {
				_, _ = conn.Write([]byte("235 fine\r\n"))
			}
		}
	}()
	cfg := mail.Config{
		Host: "127.0.0.2", Port: listener.Addr().(*net.TCPAddr).Port, From: "ci@example.org",
		Security: mail.StartTLS, Username: "ci", Password: password,
	}
	if err := sender(t, cfg).Send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), "unencrypted") {
		t.Errorf("error %v, want one about an unencrypted connection", err)
	}
	if got := <-said; strings.Contains(got, "AUTH") {
		t.Errorf("sent %q", got)
	}
}

// TestSend_EndsWithItsContext: a server that takes the connection and says
// nothing, before and after TLS, holds up nobody.
func TestSend_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, security := range []mail.Security{mail.Plain, mail.ImplicitTLS} {
		t.Run(string(security), func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = listener.Close() }()
			ctx, cancel := context.WithCancelCause(t.Context())
			gone := errors.New("going down")
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				cancel(gone)
				// The other side hangs up: it waits for nobody.
				_, _ = conn.Read(make([]byte, 1))
				_ = conn.Close()
			}()
			cfg := mail.Config{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, From: "ci@example.org", Security: security}
			if err := sender(t, cfg).Send(ctx, message()); !errors.Is(err, gone) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestSend_HeadersStayHeaders: what users typed adds neither headers nor
// recipients.
func TestSend_HeadersStayHeaders(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t, mailserver.Options{})
	s := sender(t, config(server, mail.Plain))
	m := message()
	m.Name = "A \"B\" <eve@example.org>,\r\nBcc: eve@example.org\u2028X"
	m.Subject = "Done\r\nBcc: eve@example.org\r\n\r\n<script>\x00 größer"
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := server.Next(t)
	if got.Header.Get("Bcc") != "" || len(got.To) != 1 {
		t.Errorf("recipients %v, Bcc %q", got.To, got.Header.Get("Bcc"))
	}
	if want := "Done Bcc: eve@example.org <script> größer"; got.Subject != want {
		t.Errorf("subject %q, want %q", got.Subject, want)
	}
	to, err := netmail.ParseAddressList(got.Header.Get("To"))
	if err != nil || len(to) != 1 || to[0].Address != "ann@example.org" || to[0].Name != `A "B" <eve@example.org>, Bcc: eve@example.org X` {
		t.Errorf("to %v, %v", to, err)
	}
}

func TestSend_NamesWhatIsNoAddress(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t, mailserver.Options{})
	s := sender(t, config(server, mail.Plain))
	for _, to := range []string{"", "ann", "Ann <ann@example.org>", "ann@example.org, eve@example.org", "ann@example.org\r\nRCPT TO:<eve@example.org>", "<ann@example.org>"} {
		m := message()
		m.To = to
		if err := s.Send(t.Context(), m); !domain.IsKind(err, domain.KindInvalid) {
			t.Errorf("to %q: error %v", to, err)
		}
	}
	if server.Waiting() != 0 {
		t.Error("something was sent")
	}
}

func TestNotConfigured(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*mail.Sender{"none": nil, "without a host": sender(t, mail.Config{})} {
		if s.Configured() {
			t.Errorf("%s: configured", name)
		}
		if err := s.Send(t.Context(), message()); !errors.Is(err, mail.ErrNotConfigured) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := mail.New(mail.Config{Host: "mail.example.org", From: "nobody"}); !domain.IsKind(err, domain.KindInvalid) {
		t.Errorf("no address as sender: error %v", err)
	}
}
