package domain

import "time"

// Runner carries out tasks, here or on another machine.
type Runner struct {
	ID        RunnerID
	ProjectID *ProjectID // nil: for all projects
	Name      string
	// TokenHash is the hex SHA-256 of the token it signs its requests with;
	// RegistrationHash that of the one-time token that it can register with, nil
	// when it has registered or needs none.
	TokenHash        string
	RegistrationHash *string
	Webhook          string // called to wake it
	MaxParallelTasks int    // 0: no limit
	Active           bool
	Tags             []string
	IsDefault        bool   // takes tasks that name no tag too
	PublicKey        string // PEM; "" sends payloads in the clear
	Created          time.Time
	Touched          *time.Time // when it last called
	// CleaningRequested is when it was asked to empty its caches, nil when it has.
	CleaningRequested *time.Time
}
