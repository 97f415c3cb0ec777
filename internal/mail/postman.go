package mail

import "signalbox/internal/domain"

// Mailer sends letters without making anybody wait; a *Queue is one.
type Mailer interface {
	// Configured reports whether there is a mail server at all.
	Configured() bool
	// Post takes a letter and returns at once. Nobody learns what becomes of it
	// but the log.
	Post(Message)
}

// Postman is how use cases have letters sent, whether there is mail or not.
type Postman struct {
	// Mailer may be nil, as it is without mail.
	Mailer Mailer
	// WebHost is the public address that links in letters start with, "" when it
	// is not known.
	WebHost string
}

// Ready reports whether letters can be sent.
func (p Postman) Ready() bool { return p.Mailer != nil && p.Mailer.Configured() }

// Post sends a letter, or none when there is no mail.
func (p Postman) Post(m Message) {
	if p.Ready() {
		p.Mailer.Post(m)
	}
}

// Tell writes to a user what happened to the account, and from which address it
// was done. An account without an e-mail address is told nothing.
func (p Postman) Tell(user domain.User, address string, n Notice) {
	if user.Email != "" {
		p.Post(n.About(user, address, p.WebHost))
	}
}
