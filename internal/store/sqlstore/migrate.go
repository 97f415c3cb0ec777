package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/pressly/goose/v3"

	"signalbox/internal/store/sqlstore/dialect"
	"signalbox/internal/store/sqlstore/migrations"
)

// versionTable is goose's record of the steps taken.
const versionTable = "goose_db_version"

// SchemaTooNewError is given for a database that a newer program has migrated.
type SchemaTooNewError struct {
	Have, Know int64
}

func (e *SchemaTooNewError) Error() string {
	return fmt.Sprintf("its schema has version %d, this program knows up to %d: use the newer program, or the snapshot made before the upgrade",
		e.Have, e.Know)
}

// ErrForeign is given for a database that belongs to another program.
var ErrForeign = errors.New("it holds tables of another program; choose another database")

type migrator struct {
	d   *dialect.Dialect
	db  *sql.DB
	at  dialect.Config
	log *slog.Logger
}

// SchemaVersion returns the version of a database's schema, 0 for one that is
// empty or not there, and the latest version this program knows.
func SchemaVersion(ctx context.Context, c Config) (have, latest int64, err error) {
	d, err := c.dialect()
	if err != nil {
		return 0, 0, err
	}
	if latest, err = migrations.Latest(d.Migrations); err != nil {
		return 0, 0, err
	}
	if _, err := os.Stat(c.Path); c.Path != "" && errors.Is(err, os.ErrNotExist) {
		return 0, latest, nil
	}
	at := c.at()
	at.KeepOut = true
	err = c.migrator(ctx, d, at, func(m *migrator) error {
		have, err = m.version(ctx)
		return err
	})
	if errors.As(err, new(*dialect.MissingError)) {
		return 0, latest, nil
	}
	return have, latest, err
}

// Migrate brings the schema of a database to a version, up or down, after a
// snapshot beside it. Open does the way up by itself.
func Migrate(ctx context.Context, c Config, version int64) error {
	d, err := c.dialect()
	if err != nil {
		return err
	}
	return c.migrator(ctx, d, c.at(), func(m *migrator) error { return m.to(ctx, version) })
}

func (c Config) migrator(ctx context.Context, d *dialect.Dialect, at dialect.Config, fn func(*migrator) error) error {
	pools, err := c.open(ctx, d, at)
	if err != nil {
		return err
	}
	err = fn(&migrator{d: d, db: pools.Write, at: at, log: c.logger()})
	if err != nil {
		err = fmt.Errorf("database %s: %w", c.where(), err)
	}
	return errors.Join(err, pools.Read.Close(), pools.Write.Close())
}

func (c Config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}

// up brings the schema to the latest version. The usual case, nothing to do,
// costs one query and does not load goose.
func (m *migrator) up(ctx context.Context) error {
	latest, err := migrations.Latest(m.d.Migrations)
	if err != nil {
		return err
	}
	return m.to(ctx, latest)
}

func (m *migrator) to(ctx context.Context, version int64) error {
	// Without the lock a database that another process is just filling may look
	// like one of another program; with it, it is whole.
	if have, err := m.check(ctx); err == nil && have == version || err != nil && !errors.Is(err, ErrForeign) {
		return err
	}
	if m.d.Lock != nil {
		unlock, err := m.d.Lock(ctx, m.at, m.db)
		if err != nil {
			return fmt.Errorf("wait for the lock on migrations: %w", err)
		}
		defer unlock()
	}
	// Another process may have done it while we waited.
	have, err := m.check(ctx)
	if err != nil || have == version {
		return err
	}
	if have > 0 && m.d.Snapshot != nil {
		path := fmt.Sprintf("%s.v%d-%s", m.at.Path, have, time.Now().UTC().Format("20060102T150405Z"))
		if err := m.snapshot(ctx, path); err != nil {
			return fmt.Errorf("copy the database to %s before migrating: %w", path, err)
		}
		m.log.InfoContext(ctx, "database copied before migrating", "path", path, "version", have)
	}
	if have == 0 && m.d.Prepare != nil {
		if err := m.d.Prepare(ctx, m.db); err != nil {
			return err
		}
	}
	p, err := newProvider(m.d, m.db)
	if err != nil {
		return err
	}
	var results []*goose.MigrationResult
	if version > have {
		results, err = p.UpTo(ctx, version)
	} else {
		results, err = p.DownTo(ctx, version)
	}
	for _, r := range results {
		m.log.InfoContext(ctx, "database migrated", "version", r.Source.Version, "direction", r.Direction, "duration", r.Duration)
	}
	if err != nil {
		return fmt.Errorf("migrate from version %d to %d: %w", have, version, err)
	}
	return nil
}

func newProvider(d *dialect.Dialect, db *sql.DB) (*goose.Provider, error) {
	return goose.NewProvider(goose.Dialect(d.Goose), db, d.Migrations, goose.WithDisableGlobalRegistry(true))
}

// snapshot copies the database under a temporary name first, so that a copy
// under its final name is whole.
func (m *migrator) snapshot(ctx context.Context, path string) error {
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) // the copy is as private as the database
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := m.d.Snapshot(ctx, m.db, part); err != nil {
		_ = os.Remove(part)
		return err
	}
	return os.Rename(part, path)
}

// check returns the version of the database, 0 for an empty one, and refuses
// one that this program does not know.
func (m *migrator) check(ctx context.Context) (int64, error) {
	latest, err := migrations.Latest(m.d.Migrations)
	if err != nil {
		return 0, err
	}
	have, err := m.version(ctx)
	if err != nil {
		return 0, err
	}
	if have > latest {
		return 0, &SchemaTooNewError{Have: have, Know: latest}
	}
	return have, nil
}

func (m *migrator) version(ctx context.Context) (int64, error) {
	var n int
	if err := m.db.QueryRowContext(ctx, m.d.TableNamed, versionTable).Scan(&n); err != nil {
		return 0, err
	}
	if n == 0 {
		if err := m.db.QueryRowContext(ctx, m.d.HasTables).Scan(&n); err != nil {
			return 0, err
		}
		if n > 0 {
			return 0, ErrForeign
		}
		return 0, nil
	}
	var have int64
	err := m.db.QueryRowContext(ctx, "select coalesce(max(version_id), 0) from "+versionTable+" where is_applied").Scan(&have)
	return have, err
}
