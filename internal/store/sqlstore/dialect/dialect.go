// Package dialect holds what differs between SQL engines, as values: how a
// database is opened, how statements are spelt where they differ, and what the
// driver's error codes mean. Everything else in sqlstore is the same for all.
package dialect

import (
	"context"
	"database/sql"
	"io/fs"
)

// Condition is what an error of the driver means to the store.
type Condition int

const (
	Other     Condition = iota
	Unique              // a unique index was hit
	Reference           // a foreign key was broken
	Busy                // trying the transaction again may work
	Full                // no space left
)

// Pools are the connections of a database. Read and Write are the same pool on
// engines whose writers do not exclude each other.
type Pools struct {
	Write *sql.DB
	Read  *sql.DB
}

// Config is what an engine needs to be opened.
type Config struct {
	Path string // of the file
	// Durable makes each commit wait for the disk, not only for the system.
	Durable bool
}

// Dialect is one engine.
type Dialect struct {
	Name string
	// Goose is the name by which goose knows the engine.
	Goose string
	// Migrations holds the numbered steps.
	Migrations fs.FS

	Open     func(ctx context.Context, c Config) (Pools, error)
	Classify func(err error) Condition

	// SingleWriter: one transaction writes at a time, so the store queues them
	// itself, fairly and without occupying connections.
	SingleWriter bool
	// Numbered parameters are written $1, others ?.
	Numbered bool
	// Returning: the identifier of an inserted row is asked for with a returning
	// clause; others report it after the statement.
	Returning bool
	// ForUpdate is appended to selects of rows that the transaction will change.
	ForUpdate string
	// LockQueue is executed first by transactions that hand out tasks, "" where
	// writers exclude each other anyway.
	LockQueue string
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
	// Lock keeps other processes from migrating the database; nil where goose
	// does it.
	Lock func(ctx context.Context, c Config) (unlock func(), err error)
}

// Quote writes a name of a table or column.
func (d *Dialect) Quote(name string) string { return `"` + name + `"` }
