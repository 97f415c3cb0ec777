package boltstore

import (
	"context"
	"fmt"

	"signalbox/internal/store/kv"
	"signalbox/internal/store/schema"
)

// Migrate brings the schema of a database to the latest version, or empties the
// database with version 0. There is no way back to another version. What is
// there is copied beside the file first.
func Migrate(ctx context.Context, c Config, to int64) error {
	have, latest, err := SchemaVersion(c.Path)
	switch {
	case err != nil:
		return err
	case have > latest:
		return fmt.Errorf("database %s: %w", c.Path, &schema.TooNewError{Have: have, Know: latest})
	case to < 0 || to > latest:
		return &schema.NoSuchVersionError{Want: to, Latest: latest}
	case to == latest:
		s, err := Open(ctx, c)
		if err != nil {
			return err
		}
		return s.Close()
	case to == have:
		return nil
	case to != 0:
		return fmt.Errorf("database %s: %w", c.Path, &schema.IrreversibleError{Version: to + 1})
	}
	if err := kv.Empty(ctx, c, have); err != nil {
		return fmt.Errorf("database %s: %w", c.Path, err)
	}
	return nil
}
