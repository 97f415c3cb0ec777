package app

import (
	"crypto/tls"
	"strings"

	"signalbox/internal/config"
	"signalbox/internal/mail"
)

// newMail returns what sends mail. Without a server in the configuration it is
// there, but not configured.
func newMail(m config.Mail) (*mail.Sender, error) {
	security := mail.Plain
	switch {
	case m.Secure && m.TLS:
		security = mail.ImplicitTLS
	case m.Secure:
		security = mail.StartTLS
	}
	versions := map[string]uint16{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
	return mail.New(mail.Config{
		Host: strings.Trim(m.Host, "[]"), Port: m.Port, From: m.Sender, Security: security,
		Username: m.Username, Password: m.Password, MinTLS: versions[m.MinTLS],
	})
}
