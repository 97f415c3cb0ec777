// Package mailserver is an SMTP server on the loopback interface for tests: it
// takes letters, with or without signing in and TLS, and hands them out parsed.
// It stops with the test that started it.
package mailserver

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Options say what a server is like. The zero value takes letters of everybody.
type Options struct {
	// Username and Password must be given before letters are taken; "" for nobody.
	Username, Password string
	StartTLS           bool   // offers TLS
	TLS                bool   // speaks nothing but TLS
	MaxTLS             uint16 // newest version it knows, 0: all
	// Refuse is the answer to every letter, "" to take them.
	Refuse string
}

// Letter is one that was taken.
type Letter struct {
	From       string   // as the envelope says
	To         []string // as the envelope says
	Raw        string
	Header     netmail.Header
	Subject    string // decoded
	Text, HTML string // decoded bodies
	User       string // who signed in, "" for nobody
	Encrypted  bool   // the connection was
}

// Server takes letters.
type Server struct {
	Host  string // as its certificate says
	Port  int
	Roots *x509.CertPool // that its certificate can be checked with

	letters chan Letter
}

// maxWaiting is more letters than any test sends without reading them.
const maxWaiting = 1000

// Start runs a server until the test ends.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	certificate, roots := newCertificate(tb)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{
		Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, Roots: roots,
		letters: make(chan Letter, maxWaiting),
	}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		_, encrypted := c.TLSConnectionState()
		return &session{server: s, options: o, letter: Letter{Encrypted: encrypted}}, nil
	}))
	server.Domain, server.AllowInsecureAuth = "localhost", true
	server.ErrorLog = log.New(io.Discard, "", 0)
	secure := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS10, MaxVersion: o.MaxTLS}
	if o.StartTLS {
		server.TLSConfig = secure
	}
	if o.TLS {
		listener = tls.NewListener(listener, secure)
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = server.Serve(listener) // ends when it is closed
	}()
	tb.Cleanup(func() {
		_ = listener.Close() // the server may not have got as far as to know it
		_ = server.Close()   // nobody writes to it any more
		<-stopped
	})
	return s
}

// Next returns the next letter, and fails the test when none comes.
func (s *Server) Next(tb testing.TB) Letter {
	tb.Helper()
	select {
	case l := <-s.letters:
		return l
	case <-time.After(30 * time.Second):
		tb.Fatal("no letter came")
		return Letter{}
	}
}

// Waiting is how many letters have come and were not asked for yet.
func (s *Server) Waiting() int { return len(s.letters) }

// session is one connection.
type session struct {
	server  *Server
	options Options
	letter  Letter
}

func (s *session) AuthMechanisms() []string {
	if s.options.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != s.options.Username || password != s.options.Password {
			// Some servers repeat what they were told.
			return fmt.Errorf("not %s with %s", username, password)
		}
		s.letter.User = username
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.options.Username != "" && s.letter.User == "" {
		return smtp.ErrAuthRequired
	}
	if s.options.Refuse != "" {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: s.options.Refuse}
	}
	s.letter.From = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.letter.To = append(s.letter.To, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	l := s.letter
	if err := l.parse(raw); err != nil {
		return err
	}
	select {
	case s.server.letters <- l:
		return nil
	default:
		return errors.New("too many letters")
	}
}

func (s *session) Reset() {
	s.letter = Letter{User: s.letter.User, Encrypted: s.letter.Encrypted}
}

func (s *session) Logout() error { return nil }

func (l *Letter) parse(raw []byte) error {
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	l.Raw, l.Header = string(raw), m.Header
	if l.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return err
	}
	return l.body(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
}

// body reads one part, or those in it.
func (l *Letter) body(contentType, encoding string, r io.Reader) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return err
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(r, params["boundary"])
		for {
			part, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := l.body(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part); err != nil {
				return err
			}
		}
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		r = quotedprintable.NewReader(r)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	plain := strings.ReplaceAll(string(text), "\r\n", "\n")
	switch kind {
	case "text/plain":
		l.Text = plain
	case "text/html":
		l.HTML = plain
	default:
		return fmt.Errorf("unexpected part %s", kind)
	}
	return nil
}

// newCertificate makes one for the loopback address.
func newCertificate(tb testing.TB) (tls.Certificate, *x509.CertPool) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	raw, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		tb.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		tb.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, roots
}
