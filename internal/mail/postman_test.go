package mail_test

import (
	"strings"
	"testing"

	"signalbox/internal/domain"
	"signalbox/internal/mail"
)

// pile keeps what is posted.
type pile struct {
	off     bool
	letters []mail.Message
}

func (p *pile) Configured() bool { return !p.off }

func (p *pile) Post(m mail.Message) { p.letters = append(p.letters, m) }

func TestPostman(t *testing.T) {
	t.Parallel()
	ann := domain.User{Username: "ann", Name: "Ann", Email: "ann@example.org"}
	all := &pile{}
	p := mail.Postman{Mailer: all, WebHost: "https://ci.example.org"}
	p.Tell(ann, "192.0.2.7", mail.PasswordChanged)
	p.Tell(domain.User{Username: "bob"}, "192.0.2.7", mail.PasswordChanged)
	p.Post(message())
	if !p.Ready() || len(all.letters) != 2 {
		t.Fatalf("ready: %t, posted %+v, want a notice to Ann and a letter", p.Ready(), all.letters)
	}
	if l := all.letters[0]; l.To != ann.Email || !strings.Contains(l.Text, "192.0.2.7") || !strings.Contains(l.Text, "https://ci.example.org/account") {
		t.Errorf("told %+v", l)
	}
	none := &pile{off: true}
	for name, p := range map[string]mail.Postman{"nobody": {}, "no server": {Mailer: none}} {
		p.Tell(ann, "", mail.PasswordChanged)
		p.Post(message())
		if p.Ready() || len(none.letters) != 0 {
			t.Errorf("%s: ready: %t, posted %+v", name, p.Ready(), none.letters)
		}
	}
}
