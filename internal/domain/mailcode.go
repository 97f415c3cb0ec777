package domain

import "time"

// MailCode is something sent by mail that proves who reads it: a code to be typed
// into the browser that asked for it, or a link. Neither can be read here.
type MailCode struct {
	ID      MailCodeID
	Purpose MailPurpose
	// UserID is nil for an address that belongs to nobody: whoever asks must not
	// see the difference.
	UserID *UserID
	Email  string // where it was sent
	// TokenHash is the hex SHA-256 of the token of the browser, or of the link.
	TokenHash string
	CodeHash  string // "" for links
	Tries     int    // wrong codes so far
	Created   time.Time
	Sent      time.Time // last
}

// MailPurpose is what a code is good for.
type MailPurpose string

const (
	MailFactor MailPurpose = "factor" // the second step of a sign-in by password
	MailLogin  MailPurpose = "login"  // a sign-in by nothing else
	MailReset  MailPurpose = "reset"  // a new password
)
