package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"signalbox/internal/cli"
	"signalbox/internal/config"
	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/transfer"
)

// database is what every backend is.
type database interface {
	store.Store
	transfer.Backend
}

// CopyData copies all data of one installation to another database.
func (a *App) CopyData(ctx context.Context, from, to *config.Config, log *slog.Logger, progress func(cli.CopyProgress)) (tables []cli.CopiedTable, err error) {
	if err := errors.Join(nameDatabase(from), nameDatabase(to)); err != nil {
		return nil, err
	}
	source, dest := from.Database.Where(), to.Database.Where()
	if source == dest {
		return nil, domain.Invalid("--to", "%s is the source already; name another database", dest)
	}
	locks, err := lockServers(from, to)
	defer func() {
		for _, f := range locks {
			_ = f.Close() // the lock ends with it
		}
	}()
	if err != nil {
		return nil, err
	}
	// Nothing may be migrated on the way: not the source, which is only read, nor a
	// destination that is somebody's.
	have, err := a.Schema(ctx, from)
	switch {
	case err != nil:
		return nil, err
	case have.Version == 0 && !have.HalfUndone:
		return nil, domain.NotFound("an installation in " + source)
	case have.Version != have.Latest || have.HalfUndone:
		return nil, otherVersion("source "+source, have)
	}
	have, err = a.Schema(ctx, to)
	if err == nil && (have.HalfUndone || have.Version != 0 && have.Version != have.Latest) {
		err = otherVersion("destination "+dest, have)
	}
	if err != nil {
		return nil, err
	}
	src, err := openDialect(ctx, from, log)
	if err != nil {
		return nil, cannotOpen(from, err)
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	dst, err := openDialect(ctx, to, log)
	if err != nil {
		return nil, cannotOpen(to, err)
	}
	defer func() { err = errors.Join(err, dst.Close()) }()

	results, err := transfer.Copy(ctx, src, dst, transfer.Options{Source: source, Progress: func(p transfer.Progress) error {
		progress(cli.CopyProgress{Phase: string(p.Phase), Table: p.Table, Rows: p.Rows, Of: p.Of, Bytes: p.Bytes, Done: p.Done})
		return nil
	}})
	for _, r := range results {
		tables = append(tables, cli.CopiedTable{
			Name: r.Table, Rows: r.Rows, Bytes: r.Bytes, Digest: r.Digest, CopyRows: r.CopyRows, CopyDigest: r.CopyDigest,
			Equal: r.Equal() && !r.Changed,
		})
	}
	if ctx.Err() != nil && err != nil {
		return nil, ctx.Err()
	}
	return tables, copyTrouble(err, source, dest)
}

// nameDatabase completes the settings of a connection string with what it says,
// so that the database can be told by its name.
func nameDatabase(c *config.Config) error {
	if c.Database.Server().DSN == "" {
		return nil
	}
	resolved, err := storeConfig(c, nil).Resolved()
	if err != nil {
		return cannotOpen(c, err)
	}
	for _, s := range []*config.DatabaseServer{&c.Database.Postgres, &c.Database.MySQL} {
		s.Host, s.Port, s.User, s.Name = resolved.Host, 0, resolved.User, resolved.Name
	}
	return nil
}

func otherVersion(what string, have cli.Schema) error {
	advice := "bring it up to date with signalbox migrate up first"
	switch {
	case have.HalfUndone:
		advice = "complete the signalbox migrate down that was interrupted first"
	case have.Version > have.Latest:
		advice = "use the newer program"
	}
	return &domain.Error{Kind: domain.KindUnavailable, Message: "the " + what + " is of another version than this program: " + advice}
}

// copyTrouble says what to do about a copy that did not work.
func copyTrouble(err error, source, dest string) error {
	switch {
	case errors.Is(err, transfer.ErrNotEmpty):
		return domain.Conflict("the destination %s is not empty (%s); name an empty database, nothing was changed", dest, err)
	case errors.Is(err, transfer.ErrOther):
		return domain.Conflict("%s; complete that copy, or make %s empty", err, dest)
	case errors.Is(err, transfer.ErrUnfinished):
		return domain.Conflict("the source %s is itself the destination of a copy that is not complete", source)
	case errors.Is(err, transfer.ErrMarker):
		return domain.Conflict("another copy into %s is under way", dest)
	case errors.Is(err, transfer.ErrMismatch):
		return &domain.Error{
			Kind: "", Message: "the copy cannot be used; stop what works on the source, make the destination empty, and copy again", Cause: err,
		}
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrFull):
		return &domain.Error{Kind: domain.KindUnavailable, Message: "the copy stopped; run the same command again to go on", Cause: err}
	}
	return err
}

// lockServers makes sure that no server works on the data directories meanwhile,
// as far as they are known and there.
func lockServers(from, to *config.Config) (locks []*os.File, err error) {
	var dirs []string
	for _, c := range []*config.Config{from, to} {
		dirs = append(dirs, c.DataDir)
		if c.Database.Dialect == "sqlite" {
			dirs = append(dirs, filepath.Dir(c.Database.Path))
		}
	}
	slices.Sort(dirs)
	for _, dir := range slices.Compact(dirs) {
		// Where no server ever ran, no file should be left.
		if _, err := os.Stat(filepath.Join(dir, "server.lock")); dir == "" || err != nil {
			continue
		}
		f, err := lockDataDir(dir)
		if err != nil {
			return locks, err
		}
		locks = append(locks, f)
	}
	return locks, nil
}

// complete refuses a database into which a copy is not complete.
func complete(ctx context.Context, st database, c *config.Config) error {
	source, err := transfer.Unfinished(ctx, st)
	if err != nil || source == "" {
		return err
	}
	return &domain.Error{Kind: domain.KindUnavailable, Message: "the database " + c.Database.Where() + " holds an unfinished copy of " + source +
		": run signalbox migrate data again to complete it, or make the database empty"}
}
