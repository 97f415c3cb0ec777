package domain

import (
	"fmt"
	"time"
)

// TOTP is the second factor of a user: codes that change with the time.
type TOTP struct {
	ID        TOTPID
	UserID    UserID // unique
	Created   time.Time
	Secret    string // sealed
	Confirmed bool   // counts only once a code was entered
	// LastStep is the step of the last code taken, which is not taken again.
	LastStep int64
}

// Place says what the secret is sealed for: it cannot be opened for another user.
func (f TOTP) Place() string { return fmt.Sprintf("totp.user.%d", f.UserID) }

// RecoveryCode stands in for a lost second factor, once.
type RecoveryCode struct {
	ID     RecoveryCodeID
	UserID UserID
	Hash   string
}
