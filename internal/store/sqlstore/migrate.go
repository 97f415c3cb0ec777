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

	"signalbox/internal/store/schema"
	"signalbox/internal/store/sqlstore/dialect"
	"signalbox/internal/store/sqlstore/migrations"
)

// versionTable is goose's record of the steps taken.
const versionTable = "goose_db_version"

// ErrForeign is given for a database that belongs to another program.
var ErrForeign = errors.New("it holds tables of another program; choose another database")

// HalfUndoneError is given for a database on which undoing was interrupted, by
// an engine that keeps what was done until then.
type HalfUndoneError struct{ To int64 }

func (e *HalfUndoneError) Error() string {
	return fmt.Sprintf(`undoing steps was interrupted, so tables are missing: go on with "signalbox migrate down --to %d", or restore a copy`, e.To)
}

// undoTable is there while steps are undone on an engine that commits each
// statement; its rows are the versions that were aimed at.
const undoTable = "migration_undo"

type migrator struct {
	d   *dialect.Dialect
	db  *sql.DB
	at  dialect.Config
	log *slog.Logger
}

// SchemaVersion returns the version of a database's schema, 0 for one that is
// empty or not there, and the latest version this program knows. For a database
// whose undoing was interrupted, both come with a *HalfUndoneError.
func SchemaVersion(ctx context.Context, c Config) (have, latest int64, err error) {
	c, d, err := c.resolve()
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
		if have, err = m.version(ctx); err != nil {
			return err
		}
		half, err := m.halfUndone(ctx)
		if err == nil && half != nil {
			return half
		}
		return err
	})
	if errors.As(err, new(*dialect.MissingError)) {
		return 0, latest, nil
	}
	return have, latest, err
}

// Migrate brings the schema of a database to a version, up or down, after a
// snapshot beside it. Open does the way up by itself. On the way down everything
// is lost that the undone steps brought; a step that cannot be undone gives an
// *schema.IrreversibleError, and nothing is changed then.
func Migrate(ctx context.Context, c Config, version int64) error {
	c, d, err := c.resolve()
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
		err = fmt.Errorf("database %s: %w", c.where(), c.denied(d, err))
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
	latest, err := migrations.Latest(m.d.Migrations)
	if err != nil {
		return err
	}
	if version < 0 || version > latest {
		return &schema.NoSuchVersionError{Want: version, Latest: latest}
	}
	// Without the lock a database that another process is just filling may look
	// like one of another program, and one that it is emptying like one that was
	// left so; with it, it is whole.
	have, err := m.check(ctx)
	if err == nil && have == version {
		if half, err := m.halfUndone(ctx); err != nil || half == nil {
			return err
		}
	}
	if err != nil && !errors.Is(err, ErrForeign) {
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
	if have, err = m.check(ctx); err != nil {
		return err
	}
	half, err := m.halfUndone(ctx)
	if err != nil {
		return err
	}
	if half != nil && version > half.To {
		return half
	}
	if have == version {
		return m.undone(ctx, half)
	}
	if version < have {
		if err := m.reversible(have, version); err != nil {
			return err
		}
	}
	if have > 0 && m.d.Snapshot != nil {
		path, err := m.snapshotAt(ctx, have)
		if err != nil {
			return fmt.Errorf("copy the database before migrating: %w", err)
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
		if err := m.undoing(ctx, version); err != nil {
			return err
		}
		results, err = p.DownTo(ctx, version)
	}
	for _, r := range results {
		m.log.InfoContext(ctx, "database migrated", "version", r.Source.Version, "direction", r.Direction, "duration", r.Duration)
	}
	if err != nil {
		return fmt.Errorf("migrate from version %d to %d: %w", have, version, err)
	}
	if version > have {
		return nil
	}
	return m.undone(ctx, &HalfUndoneError{To: version})
}

// reversible makes sure that all steps above a version can be undone before the
// first one is.
func (m *migrator) reversible(have, version int64) error {
	for step := have; step > version; step-- {
		ok, err := migrations.Reversible(m.d.Migrations, step)
		if err != nil {
			return err
		}
		if !ok {
			return &schema.IrreversibleError{Version: step}
		}
	}
	return nil
}

// undoing notes that steps are about to be undone, so that a server does not
// start on what an interruption leaves.
func (m *migrator) undoing(ctx context.Context, version int64) error {
	if !m.d.Stepwise {
		return nil
	}
	for _, query := range []string{
		"create table if not exists " + undoTable + " (version bigint primary key)", // some servers want a primary key on every table
		fmt.Sprintf("insert ignore into %s (version) values (%d)", undoTable, version),
	} {
		if _, err := m.db.ExecContext(ctx, query); err != nil {
			return fmt.Errorf("note that steps are undone: %w", err)
		}
	}
	return nil
}

// undone takes the note back.
func (m *migrator) undone(ctx context.Context, half *HalfUndoneError) error {
	if !m.d.Stepwise || half == nil {
		return nil
	}
	if _, err := m.db.ExecContext(ctx, "drop table if exists "+undoTable); err != nil {
		return fmt.Errorf("note that steps were undone: %w", err)
	}
	return nil
}

// halfUndone returns what an interruption of undoing left, nil for nothing. A
// note without a version is from before the first step was undone.
func (m *migrator) halfUndone(ctx context.Context) (*HalfUndoneError, error) {
	if !m.d.Stepwise {
		return nil, nil
	}
	var n int
	if err := m.db.QueryRowContext(ctx, m.d.TableNamed, undoTable).Scan(&n); err != nil || n == 0 {
		return nil, err
	}
	var to sql.NullInt64
	if err := m.db.QueryRowContext(ctx, "select min(version) from "+undoTable).Scan(&to); err != nil || !to.Valid {
		return nil, err
	}
	return &HalfUndoneError{To: to.Int64}, nil
}

// snapshotAt copies the database beside itself and returns the name of the copy.
func (m *migrator) snapshotAt(ctx context.Context, have int64) (string, error) {
	path := fmt.Sprintf("%s.v%d-%s", m.at.Path, have, time.Now().UTC().Format("20060102T150405Z"))
	free := path
	for n := 2; ; n++ { // never over an older copy
		if _, err := os.Lstat(free); errors.Is(err, os.ErrNotExist) {
			break
		}
		free = fmt.Sprintf("%s-%d", path, n)
	}
	return free, m.snapshot(ctx, free)
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
		return 0, &schema.TooNewError{Have: have, Know: latest}
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
