// Package dialect holds what differs between SQL engines, as values: how a
// database is opened, how statements are spelt where they differ, and what the
// driver's error codes mean. Everything else in sqlstore is the same for all.
package dialect

import (
	"context"
	"database/sql"
	"io/fs"
	"time"

	"signalbox/internal/domain"
)

// Condition is what an error of the driver means to the store.
type Condition int

const (
	Other       Condition = iota
	Unique                // a unique index was hit
	Reference             // a foreign key was broken
	Busy                  // trying the transaction again may work
	Full                  // no space left
	TooLarge              // the engine does not take values of this size
	Unavailable           // the server does not answer, or the connection is lost
	Denied                // the user has not the right
)

// Pools are the connections of a database. Read and Write are the same pool on
// engines whose writers do not exclude each other.
type Pools struct {
	Write *sql.DB
	Read  *sql.DB
	// MaxBytes is how much a statement may carry; 0 for no limit of note.
	MaxBytes int
}

// Config is what an engine needs to be opened.
type Config struct {
	Path string // of the file
	// Durable makes each commit wait for the disk, not only for the system.
	// Servers are told by their own configuration.
	Durable bool

	// Host is "host", "host:port" or the absolute path of a socket.
	Host     string
	User     string
	Password domain.Secret
	Name     string
	// Options are those of the driver, such as sslmode or tls.
	Options map[string]string
	// DSN stands for all of these, in the form of the driver. Resolve fills in
	// host, user and name from it.
	DSN domain.Secret
	// Bounds are those of the connections to a server.
	Bounds Bounds
	// KeepOut: a database that is missing is a MissingError, not created.
	KeepOut bool
}

// Bounds limit the connections to a server.
type Bounds struct {
	Set        bool // else the built-in ones hold
	Open, Idle int
	Lifetime   time.Duration // 0: until the server ends it
}

// Dialect is one engine.
type Dialect struct {
	Name string
	// Goose is the name by which goose knows the engine.
	Goose string
	// Migrations holds the numbered steps.
	Migrations fs.FS

	// Resolve reads the settings and fills in what a DSN says; nil where there is
	// nothing to read. Its errors are *SettingError.
	Resolve  func(c Config) (Config, error)
	Open     func(ctx context.Context, c Config) (Pools, error)
	Classify func(err error) Condition

	// SingleWriter: one transaction writes at a time, so the store queues them
	// itself, fairly and without occupying connections.
	SingleWriter bool
	// Numbered parameters are written $1, others ?.
	Numbered bool
	// HideLimit: a statement would be planned again whenever its limit is another
	// than before, so limits are written as something to be calculated.
	HideLimit bool
	// Returning: the identifier of an inserted row is asked for with a returning
	// clause; others report it after the statement.
	Returning bool
	// ForUpdate is appended to selects of rows that the transaction will change.
	ForUpdate string
	// LockShared is executed first by transactions that write one thing, LockAll
	// by those of many steps: the latter run alone, as on an engine with a single
	// writer, so that what they read stays true until they commit. "" where
	// writers exclude each other anyway.
	LockShared, LockAll string
	// LockQueue is executed by transactions that hand out tasks.
	LockQueue string
	// EscapeText: the engine refuses some texts, so those are stored escaped.
	EscapeText bool
	// GroupSkips: the planner finds the first row of each group by jumping
	// through an index. Without it, statements spell the jumps out.
	GroupSkips bool
	// AsWritten follows "select" where tables are to be joined in the order they
	// stand in: the first is small, and the planner does not know.
	AsWritten string
	// Versioned is the condition of tasks with a version, "" for the plain one.
	Versioned string
	// UseIndex follows the name of a table in a select and makes the planner use
	// the index; "" where the planner keeps statistics by itself and is trusted.
	UseIndex func(index string) string
	// Upsert inserts a row of key and value, or changes the value of the key.
	// Change is an expression with the old value under the column's name, or ""
	// for the new value.
	Upsert func(table, key, value, change string) string
	// HasTables counts the tables of the database, TableNamed those of a name.
	HasTables  string
	TableNamed string
	// Snapshot copies the whole database to a file, nil where that is left to
	// the operator.
	Snapshot func(ctx context.Context, db *sql.DB, path string) error
	// Lock keeps other processes from migrating the database.
	Lock func(ctx context.Context, c Config, db *sql.DB) (unlock func(), err error)
	// Stepwise: the server commits each statement that changes a table, so that
	// an interrupted step stays half done.
	Stepwise bool
	// Prepare is called before an empty database is migrated; nil for nothing.
	Prepare func(ctx context.Context, db *sql.DB) error
	// Sequence is how identifiers of rows go on.
	Sequence Sequence
}

// Quote writes a name of a table or column. MySQL is told to read it this way.
func (d *Dialect) Quote(name string) string { return `"` + name + `"` }
