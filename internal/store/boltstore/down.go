package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// IrreversibleError is given for a step that cannot be undone.
type IrreversibleError struct{ Version int64 }

func (e *IrreversibleError) Error() string {
	return fmt.Sprintf("the step to version %d cannot be undone; restore the copy made before the upgrade", e.Version)
}

// NoSuchVersionError is given for a version that this program does not know.
type NoSuchVersionError struct{ Want, Latest int64 }

func (e *NoSuchVersionError) Error() string {
	return fmt.Sprintf("there is no version %d; the latest is %d", e.Want, e.Latest)
}

// Migrate brings the schema of a database to the latest version, or empties the
// database with version 0. There is no way back to another version. What is
// there is copied beside the file first.
func Migrate(ctx context.Context, c Config, to int64) error {
	have, latest, err := SchemaVersion(c.Path)
	switch {
	case err != nil:
		return err
	case have > latest:
		return fmt.Errorf("database %s: %w", c.Path, &SchemaTooNewError{Have: have, Know: latest})
	case to < 0 || to > latest:
		return &NoSuchVersionError{Want: to, Latest: latest}
	case to == latest:
		s, err := Open(ctx, c)
		if err != nil {
			return err
		}
		return s.Close()
	case to == have:
		return nil
	case to != 0:
		return fmt.Errorf("database %s: %w", c.Path, &IrreversibleError{Version: to + 1})
	}
	db, err := bolt.Open(c.Path, 0o600, &bolt.Options{Timeout: lockWait})
	if err != nil {
		if errors.Is(err, berrors.ErrTimeout) {
			err = ErrInUse
		}
		return fmt.Errorf("database %s: %w", c.Path, err)
	}
	return errors.Join(empty(ctx, &engine{db: db}, c, have), db.Close())
}

// empty removes all buckets in one transaction.
func empty(ctx context.Context, e *engine, c Config, have int64) error {
	path := fmt.Sprintf("%s.v%d-%s", c.Path, have, time.Now().UTC().Format("20060102T150405Z"))
	free := path
	for n := 2; ; n++ { // never over an older copy
		if _, err := os.Lstat(free); errors.Is(err, os.ErrNotExist) {
			break
		}
		free = fmt.Sprintf("%s-%d", path, n)
	}
	if err := e.snapshot(free); err != nil {
		return fmt.Errorf("copy the database to %s before migrating: %w", free, err)
	}
	if c.Logger != nil {
		c.Logger.InfoContext(ctx, "database copied before migrating", "path", free, "version", have)
	}
	return e.db.Update(func(tx *bolt.Tx) error {
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
