package dialect

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLite is the engine in the process. One connection writes, the others read.
func SQLite(migrations fs.FS) *Dialect {
	return &Dialect{
		Name:         "sqlite",
		Goose:        "sqlite3",
		Migrations:   migrations,
		Open:         openSQLite,
		Classify:     classifySQLite,
		SingleWriter: true,
		HideLimit:    true,
		UseIndex:     func(index string) string { return " indexed by " + index },
		Upsert: func(table, key, value, change string) string {
			if change == "" {
				change = "excluded." + value
			}
			return fmt.Sprintf("insert into %s (%s, %s) values (?, ?) on conflict (%s) do update set %s = %s",
				table, key, value, key, value, change)
		},
		HasTables:  "select count(*) from sqlite_master where type = 'table'",
		TableNamed: "select count(*) from sqlite_master where type = 'table' and name = ?",
		Snapshot: func(ctx context.Context, db *sql.DB, path string) error {
			_, err := db.ExecContext(ctx, "vacuum into ?", path)
			return err
		},
		Lock:     lockSQLite,
		Sequence: sqliteSequence(),
	}
}

func openSQLite(ctx context.Context, c Config) (Pools, error) {
	if err := os.MkdirAll(filepath.Dir(c.Path), 0o700); err != nil {
		return Pools{}, err
	}
	// SQLite gives its side files the mode of the database, so the mode is right
	// everywhere if the file exists before SQLite sees it.
	f, err := os.OpenFile(c.Path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return Pools{}, err
	}
	if err := f.Close(); err != nil {
		return Pools{}, err
	}
	// Page caches stay small: the system caches the file anyway, and an idle
	// server should not hold memory for each reader.
	synchronous := "normal"
	if c.Durable {
		synchronous = "full"
	}
	common := []string{"busy_timeout(5000)", "foreign_keys(1)", "temp_store(memory)"}
	write := append(common, "journal_mode(wal)", "synchronous("+synchronous+")", "cache_size(-4096)",
		"wal_autocheckpoint(1000)", "journal_size_limit(16777216)")
	read := append(append([]string(nil), common...), "query_only(1)", "cache_size(-1024)")

	var p Pools
	if p.Write, err = sqlitePool(c.Path, write, "immediate"); err != nil {
		return Pools{}, err
	}
	p.Write.SetMaxOpenConns(1)
	p.Write.SetMaxIdleConns(1)
	// The first writing connection turns the file into WAL mode, which readers
	// then find; so it comes first.
	if err := p.Write.PingContext(ctx); err != nil {
		_ = p.Write.Close() // the error above tells more
		return Pools{}, err
	}
	if p.Read, err = sqlitePool(c.Path, read, "deferred"); err != nil {
		_ = p.Write.Close()
		return Pools{}, err
	}
	readers := runtime.NumCPU() + 2
	p.Read.SetMaxOpenConns(readers)
	p.Read.SetMaxIdleConns(readers)
	// Page caches of readers that a burst left behind go back after a while.
	p.Read.SetConnMaxIdleTime(2 * time.Minute)
	return p, nil
}

func sqlitePool(path string, pragmas []string, txlock string) (*sql.DB, error) {
	q := url.Values{"_txlock": {txlock}}
	for _, p := range pragmas {
		q.Add("_pragma", p)
	}
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	connector, err := sqlite.NewConnector("file:" + escaped + "?" + q.Encode())
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// classifySQLite goes by result codes: https://www.sqlite.org/rescode.html.
func classifySQLite(err error) Condition {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return Other
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return Unique
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, sqlite3.SQLITE_CONSTRAINT_TRIGGER:
		return Reference
	case sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE:
		// SQLITE_FULL stands for ENOSPC only. An exceeded quota or file size limit
		// comes as the first of these, a log index that cannot grow as the second.
		return Full
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return Busy
	case sqlite3.SQLITE_FULL:
		return Full
	}
	return Other
}

// lockSQLite takes an advisory lock on a file beside the database. The system
// drops it with the process.
func lockSQLite(ctx context.Context, c Config, _ *sql.DB) (func(), error) {
	f, err := os.OpenFile(c.Path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = f.Close()
			return nil, fmt.Errorf("lock %s: %w", strconv.Quote(f.Name()), err)
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return func() { _ = f.Close() }, nil
}
