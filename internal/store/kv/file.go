package kv

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"signalbox/internal/store/schema"
)

// ErrForeign is given for a database that belongs to another program.
var ErrForeign = errors.New("it is a Bolt file of another program, which cannot be used as it is; choose another file")

// ErrInUse is given for a file that another process has open.
var ErrInUse = errors.New("another process has it open; only one can use a Bolt file")

// lockWait is how long another process is waited for that has the file open.
const lockWait = 2 * time.Second

// Config says where the file is.
type Config struct {
	Path string // made when it is not there
	// MaxBytes is how large the file may grow; 0 for no limit. What does not fit
	// gives store.ErrFull.
	MaxBytes int
	// Logger is told about migrations; nil for none.
	Logger *slog.Logger
}

var (
	metaBucket = []byte("signalbox")
	versionKey = []byte("schema")
)

// latest is the version of the schema that this program writes. Version 1 are
// the tables of package schema.
const latest = 1

// Open opens the file and brings its schema up to date; the tables must be
// there. A database of a newer program gives a *schema.TooNewError, a file that
// another process has open ErrInUse.
func (e *DB) Open(ctx context.Context, c Config) error {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(filepath.Dir(c.Path), 0o700); err != nil {
		return err
	}
	var err error
	if e.db, err = open(c); err != nil {
		return err
	}
	if err := e.migrate(ctx, c); err != nil {
		return errors.Join(translate(err), e.db.Close())
	}
	return nil
}

func open(c Config) (*bolt.DB, error) {
	db, err := bolt.Open(c.Path, 0o600, &bolt.Options{Timeout: lockWait, FreelistType: bolt.FreelistMapType, MaxSize: c.MaxBytes})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, ErrInUse
	}
	return db, translate(err)
}

// Empty removes everything from a file, after a copy was made beside it.
func Empty(ctx context.Context, c Config, have int64) error {
	db, err := open(c)
	if err != nil {
		return err
	}
	e := &DB{db: db}
	err = e.copyBeside(ctx, c, have)
	if err == nil {
		err = db.Update(func(tx *bolt.Tx) error {
			var names [][]byte
			err := tx.ForEach(func(name []byte, _ *bolt.Bucket) error {
				names = append(names, bytes.Clone(name))
				return nil
			})
			for _, name := range names {
				err = errors.Join(err, tx.DeleteBucket(name))
			}
			return err
		})
	}
	return errors.Join(translate(err), db.Close())
}

// Close waits for the transactions under way and closes the file.
func (e *DB) Close() error {
	e.writer <- struct{}{}
	defer func() { <-e.writer }()
	if e.open != nil {
		e.end(e.open)
	}
	return e.db.Close()
}

// SchemaVersion returns the version of a database's schema, 0 for one that is
// not there, and the latest version this program knows. It changes nothing.
func SchemaVersion(path string) (have, newest int64, err error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return 0, latest, nil
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: lockWait, ReadOnly: true})
	if errors.Is(err, berrors.ErrTimeout) {
		err = ErrInUse
	}
	if err == nil {
		err = db.View(func(tx *bolt.Tx) (err error) {
			have, err = version(tx)
			return err
		})
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		return 0, latest, fmt.Errorf("database %s: %w", path, err)
	}
	return have, latest, nil
}

func version(tx *bolt.Tx) (int64, error) {
	meta := tx.Bucket(metaBucket)
	if meta == nil {
		if name, _ := tx.Cursor().First(); name != nil {
			return 0, ErrForeign
		}
		return 0, nil
	}
	have := meta.Get(versionKey)
	if len(have) != 8 {
		return 0, ErrForeign
	}
	return int64(binary.BigEndian.Uint64(have)), nil
}

// migrate brings the schema up to date in one transaction. An upgrade first
// copies the database beside itself.
func (e *DB) migrate(ctx context.Context, c Config) error {
	var have int64
	err := e.db.View(func(tx *bolt.Tx) (err error) {
		have, err = version(tx)
		return err
	})
	switch {
	case err != nil || have == latest:
		return err
	case have > latest:
		return &schema.TooNewError{Have: have, Know: latest}
	case have > 0:
		if err := e.copyBeside(ctx, c, have); err != nil {
			return err
		}
	}
	return e.db.Update(func(tx *bolt.Tx) error {
		names := [][]byte{metaBucket, revisionBucket}
		for _, t := range e.tables {
			for _, x := range append(t.indexes, t.primary) {
				names = append(names, x.bucket)
			}
		}
		for _, name := range names {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return tx.Bucket(metaBucket).Put(versionKey, binary.BigEndian.AppendUint64(nil, latest))
	})
}

// copyBeside keeps the database as it is before its schema changes.
func (e *DB) copyBeside(ctx context.Context, c Config, have int64) error {
	path := fmt.Sprintf("%s.v%d-%s", c.Path, have, time.Now().UTC().Format("20060102T150405Z"))
	free := path
	for n := 2; ; n++ { // never over an older copy
		if _, err := os.Lstat(free); errors.Is(err, os.ErrNotExist) {
			break
		}
		free = fmt.Sprintf("%s-%d", path, n)
	}
	if err := e.Snapshot(free); err != nil {
		return fmt.Errorf("copy the database to %s before migrating: %w", free, err)
	}
	if c.Logger != nil {
		c.Logger.InfoContext(ctx, "database copied before migrating", "path", free, "version", have)
	}
	return nil
}

// Snapshot copies the database under a temporary name first, so that a copy
// under its final name is whole.
func (e *DB) Snapshot(path string) error {
	err := e.db.View(func(tx *bolt.Tx) error { return tx.CopyFile(path+".part", 0o600) })
	if err != nil {
		_ = os.Remove(path + ".part")
		return err
	}
	return os.Rename(path+".part", path)
}
