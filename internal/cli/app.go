package cli

import (
	"context"
	"log/slog"
	"time"

	"signalbox/internal/audit"
	"signalbox/internal/backup"
	"signalbox/internal/config"
	"signalbox/internal/domain"
	"signalbox/internal/secrets/vault"
	"signalbox/internal/store"
)

// App is what commands act on; the composition root implements it. Errors that
// users can do something about are domain errors: their kind decides the exit
// code. KindUnavailable stands for a database that does not answer or has an
// unknown schema.
type App interface {
	// Serve runs the server until the context ends, and then returns nil.
	Serve(ctx context.Context, c *config.Config, log *slog.Logger) error
	// Open opens the data of an instance, which may be running.
	Open(ctx context.Context, c *config.Config, log *slog.Logger) (Admin, error)
	// Check finds mistakes of the configuration that only its users see, without
	// connecting to anything.
	Check(c *config.Config) error
	// Schema looks at the version of the database's tables and changes nothing.
	Schema(ctx context.Context, c *config.Config) (Schema, error)
	// LatestSchema is the version that this program brings tables to.
	LatestSchema() (int64, error)
	// Migrate brings the tables to a version, up or down. On the way down what the
	// undone steps brought is lost.
	Migrate(ctx context.Context, c *config.Config, log *slog.Logger, version int64) error
	// CopyData copies the data of one database to another one, which is empty or
	// holds what an interrupted copy of the same source wrote. The tables are those
	// that were compared afterwards, also when they differ, which is an error. Of
	// the configurations only the databases and data directories matter.
	CopyData(ctx context.Context, from, to *config.Config, log *slog.Logger, progress func(CopyProgress)) ([]CopiedTable, error)
}

// CopyProgress is how far a copy has come with a table.
type CopyProgress struct {
	Phase string // "copy", "link" or "verify"
	Table string
	Rows  int64
	Of    int64
	Bytes int64
	Done  bool
}

// CopiedTable compares a table of the source and of the copy.
type CopiedTable struct {
	Name       string `json:"table"`
	Rows       int64  `json:"rows"`
	Bytes      int64  `json:"bytes"`
	Digest     string `json:"digest"` // hex
	CopyRows   int64  `json:"copy_rows"`
	CopyDigest string `json:"copy_digest"`
	Equal      bool   `json:"equal"`
}

// Schema is the state of a database's tables.
type Schema struct {
	Version int64 // 0: there are none
	Latest  int64 // that this program knows
	// HalfUndone: undoing steps was interrupted, and has to go on.
	HalfUndone bool
}

// Admin are the use cases of whoever has the machine: no rights are checked.
// Users are found without telling upper from lower case.
type Admin interface {
	AddUser(ctx context.Context, u NewUser) (domain.User, error)
	// ChangeUser changes the fields that are set and returns the user after it.
	ChangeUser(ctx context.Context, which UserRef, c UserChange) (domain.User, error)
	// DeleteUser returns the user that is gone.
	DeleteUser(ctx context.Context, which UserRef) (domain.User, error)
	GetUser(ctx context.Context, which UserRef) (domain.User, error)
	// ListUsers returns all users in the order they were added.
	ListUsers(ctx context.Context) ([]domain.User, error)

	// CreateToken makes an API token and returns its text, which is stored
	// nowhere.
	CreateToken(ctx context.Context, owner UserRef, n NewToken) (domain.Secret, error)
	ListTokens(ctx context.Context, owner UserRef) ([]domain.Token, error)
	// RevokeTokens removes the tokens that start with a text of at least 8
	// characters; none is an error.
	RevokeTokens(ctx context.Context, owner UserRef, prefix string) error

	// Unlock lets a user try again who was locked out by wrong passwords or codes.
	Unlock(ctx context.Context, which UserRef) error
	// EnableTOTP gives a user a second factor, which counts at once.
	EnableTOTP(ctx context.Context, which UserRef) (TOTP, error)
	// ShowTOTP returns a user's second factor, nil when there is none that counts.
	ShowTOTP(ctx context.Context, which UserRef) (*domain.TOTP, error)
	DisableTOTP(ctx context.Context, which UserRef) error

	ListSessions(ctx context.Context, which UserRef) ([]domain.Session, error)
	// RevokeSessions ends a session of a user, or all when id is 0.
	RevokeSessions(ctx context.Context, which UserRef, id domain.SessionID) error

	// ListProjects returns all projects by number.
	ListProjects(ctx context.Context) ([]domain.Project, error)
	// ExportProject returns a project as a document; with a passphrase its secrets
	// go along.
	ExportProject(ctx context.Context, which ProjectRef, passphrase domain.Secret) (backup.Document, error)
	// ImportProject makes a project of a document and returns what could not be
	// taken over, in sentences.
	ImportProject(ctx context.Context, doc backup.Document, how ImportHow) (warnings []string, err error)
	// ExportAudit gives the lines of the activity log that a filter selects to fn,
	// newest first.
	ExportAudit(ctx context.Context, f store.EventFilter, fn func(audit.Record) error) error

	// CheckVault says which keys the stored secrets need.
	CheckVault(ctx context.Context) (vault.Report, error)
	// Rekey seals stored secrets again with the active key; the old keys only open.
	Rekey(ctx context.Context, how vault.How, old []domain.Secret) (vault.Done, error)
	// RollbackVault puts back what a backup of Rekey holds.
	RollbackVault(ctx context.Context, file string, dry bool) (vault.Done, error)

	Close() error
}

// ProjectRef names a project by number or by name in any case; one is set.
type ProjectRef struct {
	ID   int64
	Name string
}

// ImportHow says what a document becomes.
type ImportHow struct {
	Name       string        // of the project; "": that of the document
	Owner      string        // login; "": the first administrator
	Passphrase domain.Secret // opens the secrets; "": they are left out
}

// NewUser is a user to add. An external one has no password here.
type NewUser struct {
	Login    string
	Name     string
	Email    string
	Password domain.Secret
	Admin    bool
	External bool
}

// NewToken is an API token to make, without bounds where nothing is given.
type NewToken struct {
	Name   string
	TTL    time.Duration
	Scopes []domain.TokenScope
}

// TOTP are the secrets of a new second factor, which can be shown only now.
type TOTP struct {
	URL           domain.Secret
	RecoveryCodes []domain.Secret
	// Code is the QR code of the URL, row by row; true is dark.
	Code [][]bool
}

// UserRef names a user by login or e-mail; exactly one is set.
type UserRef struct {
	Login string
	Email string
}

// UserChange is what to change; nil fields stay.
type UserChange struct {
	Login    *string
	Name     *string
	Email    *string
	Password *domain.Secret
	Admin    *bool
	External *bool
	Active   *bool // whether the user can sign in
	// MustChange: whether the user has to choose another password at the next sign-in.
	MustChange *bool
}
