package app

import (
	"testing"

	"signalbox/internal/config"
	"signalbox/internal/mail"
	"signalbox/internal/testkit/mailserver"
)

// TestNewMail holds the settings to what they mean on the wire.
func TestNewMail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server mailserver.Options
		change func(*config.Mail)
		user   string
		works  bool
	}{
		"plain":              {mailserver.Options{}, func(*config.Mail) {}, "", true},
		"plain with a name":  {mailserver.Options{}, func(m *config.Mail) { m.Username, m.Password, m.TLS = "ci", "x", true }, "", true},
		"secure":             {mailserver.Options{Username: "ci", Password: "x"}, func(m *config.Mail) { m.Secure, m.Username, m.Password = true, "ci", "x" }, "ci", true},
		"secure, no name":    {mailserver.Options{}, func(m *config.Mail) { m.Secure = true }, "", true},
		"unknown authority":  {mailserver.Options{StartTLS: true}, func(m *config.Mail) { m.Secure = true }, "", false},
		"TLS to a plain one": {mailserver.Options{}, func(m *config.Mail) { m.Secure, m.TLS = true, true }, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mailserver.Start(t, c.server)
			m := config.Mail{Host: server.Host, Port: server.Port, Sender: "ci@example.org", MinTLS: "1.2"}
			c.change(&m)
			sender, err := newMail(m)
			if err != nil {
				t.Fatal(err)
			}
			err = sender.Send(t.Context(), mail.Message{To: "ann@example.org", Subject: "s", Text: "t"})
			if (err == nil) != c.works {
				t.Fatalf("error %v", err)
			}
			if c.works {
				if got := server.Next(t); got.User != c.user {
					t.Errorf("signed in as %q, want %q", got.User, c.user)
				}
			}
		})
	}
	none, err := newMail(config.Mail{MinTLS: "1.2"})
	if err != nil || none.Configured() {
		t.Errorf("without a host: %v, configured %v", err, none.Configured())
	}
}
