package domain

import "time"

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

// RecoveryCode stands in for a lost second factor, once.
type RecoveryCode struct {
	ID     RecoveryCodeID
	UserID UserID
	Hash   string
}
