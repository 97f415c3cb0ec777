// Package mail sends letters through the SMTP server of the configuration. It
// promises that sending takes bounded time and ends with its context, that
// nothing a letter is about can add headers or recipients, and that no error
// shows the password. What is written to whom, and whether anybody waits for it,
// is the business of its callers.
package mail

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"signalbox/internal/domain"
)

// ErrNotConfigured says that no mail server is configured.
var ErrNotConfigured = errors.New("no mail server is configured")

// sendTimeout bounds sending a letter where the configuration does not.
const sendTimeout = 10 * time.Second

// Security is how a server is spoken to.
type Security string

const (
	// Plain neither signs in nor asks for TLS: for relays that trust the network.
	Plain Security = "plain"
	// StartTLS signs in and uses TLS if the server offers it. A password that
	// could be read on the way is not sent, except to this machine.
	StartTLS Security = "starttls"
	// ImplicitTLS signs in and speaks TLS from the first byte.
	ImplicitTLS Security = "tls"
)

// port is what servers of a kind usually listen on.
func (s Security) port() int {
	switch s {
	case ImplicitTLS:
		return 465
	case StartTLS:
		return 587
	}
	return 25
}

// Config says which server is used and for whom. Without Host there is none.
type Config struct {
	Host string
	Port int // 0: the usual one
	// From is the sender, an address with or without a name.
	From     string
	Security Security // "": Plain
	// Username and Password are for signing in; without a name nobody does.
	Username string
	Password domain.Secret
	// MinTLS is the oldest version spoken, such as tls.VersionTLS12, which is the
	// default.
	MinTLS uint16
	// TLS is what else holds for TLS; nil: the roots of the system.
	TLS *tls.Config
	// Timeout bounds sending a letter, from the look-up of the server's name on;
	// 0: ten seconds.
	Timeout time.Duration
}

// Message is a letter to one person.
type Message struct {
	To      string // bare address
	Name    string // of the recipient, may be ""
	Subject string
	Text    string
	HTML    string // the same for readers that show it; may be ""
}

// Sender sends letters. It may be used from many goroutines. A nil one is not
// configured.
type Sender struct {
	cfg  Config
	from netmail.Address
}

// New returns a sender. It contacts nobody; without a host it is not configured.
func New(cfg Config) (*Sender, error) {
	if cfg.Host == "" {
		return &Sender{}, nil
	}
	from, err := netmail.ParseAddress(cfg.From)
	if err != nil {
		return nil, domain.Invalid("email_sender", "%q is no e-mail address", cfg.From)
	}
	if cfg.Security == "" {
		cfg.Security = Plain
	}
	if cfg.Port == 0 {
		cfg.Port = cfg.Security.port()
	}
	if cfg.MinTLS == 0 {
		cfg.MinTLS = tls.VersionTLS12
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = sendTimeout
	}
	return &Sender{cfg: cfg, from: *from}, nil
}

// Configured reports whether there is a server to send through.
func (s *Sender) Configured() bool { return s != nil && s.cfg.Host != "" }

// Send hands a letter to the server and returns when that has taken it, or after
// the time-out of the configuration at most. Without a server it returns
// ErrNotConfigured. An error that is the server's answer to a letter has a method
// ErrorCode() int with the code of SMTP: from 500 on, trying again is of no use.
func (s *Sender) Send(ctx context.Context, m Message) error {
	if !s.Configured() {
		return ErrNotConfigured
	}
	letter, err := s.letter(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	if err := s.deliver(ctx, letter); err != nil {
		return s.failed(ctx, err)
	}
	return nil
}

// deliver speaks to the server.
func (s *Sender) deliver(ctx context.Context, letter *gomail.Msg) error {
	line := &line{ctx: ctx, secure: s.tls(), implicit: s.cfg.Security == ImplicitTLS}
	defer line.close()
	client, err := gomail.NewClient(s.cfg.Host, append(s.options(),
		gomail.WithTLSConfig(line.secure), gomail.WithDialContextFunc(line.dial))...)
	if err != nil {
		return err
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	if err := client.SendWithSMTPClient(session, letter); err != nil {
		return err
	}
	_ = client.CloseWithSMTPClient(session) // the server has the letter
	return nil
}

// failed says what went wrong without the password, which a server may repeat.
func (s *Sender) failed(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
		if errors.Is(cause, context.DeadlineExceeded) {
			err = fmt.Errorf("no answer within %s: %w", s.cfg.Timeout, cause)
		}
	}
	if text := s.mask(err.Error()); text != err.Error() {
		err = &maskedError{text: text, cause: err}
	}
	return fmt.Errorf("send mail through %s: %w", net.JoinHostPort(s.cfg.Host, fmt.Sprint(s.cfg.Port)), err)
}

// mask hides the password in a text, as it is, as quoting writes it, and as it goes
// over the line when signing in.
func (s *Sender) mask(text string) string {
	p := s.cfg.Password.Reveal()
	if p == "" {
		return text
	}
	encode := base64.StdEncoding.EncodeToString
	quoted := strconv.Quote(p)
	for _, form := range []string{encode([]byte("\x00" + s.cfg.Username + "\x00" + p)), encode([]byte(p)), quoted[1 : len(quoted)-1], p} {
		text = strings.ReplaceAll(text, form, s.cfg.Password.String())
	}
	return text
}

// maskedError is an error with another text, because its own shows the password.
// What callers ask of errors it answers as its cause does; the cause itself it
// hands out to nobody, who might print it.
type maskedError struct {
	text  string
	cause error
}

func (e *maskedError) Error() string { return e.text }

func (e *maskedError) Is(target error) bool { return errors.Is(e.cause, target) }

// ErrorCode is that of the server's answer, 0 where there was none.
func (e *maskedError) ErrorCode() int {
	var answer interface{ ErrorCode() int }
	if !errors.As(e.cause, &answer) {
		return 0
	}
	return answer.ErrorCode()
}

// Timeout reports whether something took too long.
func (e *maskedError) Timeout() bool {
	var timeout interface{ Timeout() bool }
	return errors.As(e.cause, &timeout) && timeout.Timeout()
}

// letter writes a message in the form of the library.
func (s *Sender) letter(m Message) (*gomail.Msg, error) {
	to, err := netmail.ParseAddress(m.To)
	if err != nil || to.Name != "" || to.Address != m.To {
		return nil, domain.Invalid("email", "%q is no e-mail address", m.To)
	}
	to.Name = oneLine(m.Name)
	from := s.from
	out := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	out.FromMailAddress(&from)
	out.ToMailAddress(to)
	out.Subject(oneLine(m.Subject))
	out.SetDate()
	out.SetMessageIDWithValue(rand.Text() + "@" + from.Address[strings.LastIndex(from.Address, "@")+1:])
	// Absence notes are not sent in reply to these.
	out.SetGenHeader("Auto-Submitted", "auto-generated")
	out.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		out.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return out, nil
}

// oneLine is a text without what ends or breaks a line.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

func (s *Sender) tls() *tls.Config {
	secure := s.cfg.TLS.Clone() // of nil it is nil
	if secure == nil {
		secure = &tls.Config{}
	}
	secure.MinVersion, secure.ServerName = s.cfg.MinTLS, s.cfg.Host
	return secure
}

func (s *Sender) options() []gomail.Option {
	options := []gomail.Option{gomail.WithPort(s.cfg.Port), gomail.WithTimeout(s.cfg.Timeout)}
	switch s.cfg.Security {
	case Plain:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	case StartTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	case ImplicitTLS:
		options = append(options, gomail.WithSSL())
	}
	if s.cfg.Security != Plain && s.cfg.Username != "" {
		options = append(options,
			gomail.WithUsername(s.cfg.Username), gomail.WithPassword(s.cfg.Password.Reveal()),
			// Those that send the password itself come after those that do not, and
			// the library refuses them on a connection others can read.
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1,
				gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5))
	}
	return options
}

// line is the connection of one letter. The library asks the context only while
// it connects, and leaves connections open when signing in fails; this one ends
// with the context and is closed by whoever made it.
type line struct {
	ctx      context.Context
	secure   *tls.Config
	implicit bool
	conn     net.Conn
	forget   func() bool
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.conn = conn
	l.forget = context.AfterFunc(l.ctx, func() { _ = conn.Close() }) // whoever waits for it sees that
	if !l.implicit {
		return conn, nil
	}
	safe := tls.Client(conn, l.secure)
	return safe, safe.HandshakeContext(ctx)
}

func (l *line) close() {
	if l.conn != nil {
		l.forget()
		_ = l.conn.Close() // closed already, or of no more use
	}
}
