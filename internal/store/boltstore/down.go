package boltstore

import (
	"context"
	"fmt"

	"signalbox/internal/store/kv"
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
	if err := kv.Empty(ctx, c, have); err != nil {
		return fmt.Errorf("database %s: %w", c.Path, err)
	}
	return nil
}
