package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"signalbox/internal/audit"
	"signalbox/internal/auth"
	"signalbox/internal/catalog"
	"signalbox/internal/cli"
	"signalbox/internal/config"
	"signalbox/internal/domain"
	"signalbox/internal/mail"
	"signalbox/internal/secrets"
	"signalbox/internal/store"
	"signalbox/internal/store/boltstore"
	"signalbox/internal/store/schema"
	"signalbox/internal/store/sqlstore"
	"signalbox/internal/store/sqlstore/dialect"
)

// admin carries out the commands of whoever has the machine.
type admin struct {
	store   store.Store
	auth    *auth.Service
	catalog *catalog.Catalog
	ring    *secrets.Keyring
}

// Open opens the data of an instance for the command line. A server may be
// running on it.
func (*App) Open(ctx context.Context, c *config.Config, log *slog.Logger) (cli.Admin, error) {
	st, err := openStore(ctx, c, log, createOnly)
	if err != nil {
		return nil, err
	}
	a, err := newAuth(c, st, nil, time.Now)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	keys, err := loadRing(c)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	cat, err := newCatalog(c, st, a, nil, keySources(c, keys), nil)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return &admin{store: st, auth: a, catalog: cat, ring: keys}, nil
}

// Check reads the keys file and the settings of the connection to the database.
func (*App) Check(c *config.Config) error {
	if c.Keys.File != "" {
		if _, err := loadRing(c); err != nil {
			return err
		}
	}
	if c.Database.Dialect == "bolt" {
		return nil
	}
	return cannotOpen(c, storeConfig(c, nil).Check())
}

// Schema returns the state of the tables.
func (*App) Schema(ctx context.Context, c *config.Config) (cli.Schema, error) {
	have, latest, err := schemaVersion(ctx, c)
	state := cli.Schema{Version: have, Latest: latest}
	if errors.As(err, new(*sqlstore.HalfUndoneError)) {
		state.HalfUndone, err = true, nil
	}
	return state, cannotOpen(c, err)
}

// LatestSchema is the version that all databases are brought to.
func (*App) LatestSchema() (int64, error) {
	_, latest, err := boltstore.SchemaVersion("") // of a file that is not there
	return latest, err
}

func schemaVersion(ctx context.Context, c *config.Config) (have, latest int64, err error) {
	if c.Database.Dialect == "bolt" {
		return boltstore.SchemaVersion(c.Database.Path)
	}
	return sqlstore.SchemaVersion(ctx, storeConfig(c, nil))
}

// Migrate brings the tables to a version. The way down takes the lock of the
// data directory: a server would not know what to do without its tables.
func (a *App) Migrate(ctx context.Context, c *config.Config, log *slog.Logger, version int64) error {
	if err := prepare(c, log); err != nil {
		return err
	}
	state, err := a.Schema(ctx, c)
	if err != nil {
		return err
	}
	if state.Version == state.Latest && !state.HalfUndone {
		// An unfinished copy is of this version, and nothing but to be completed.
		st, err := openDialect(ctx, c, log)
		if err != nil {
			return cannotOpen(c, err)
		}
		if err := errors.Join(complete(ctx, st, c), st.Close()); err != nil {
			return err
		}
	}
	if state.Version <= state.Latest && (version < state.Version || state.HalfUndone) {
		lock, err := lockDataDir(c.DataDir)
		if err != nil {
			return err
		}
		defer func() { _ = lock.Close() }() // the lock ends with it
	}
	if c.Database.Dialect == "bolt" {
		return cannotOpen(c, boltstore.Migrate(ctx, boltstore.Config{Path: c.Database.Path, Logger: log}, version))
	}
	return cannotOpen(c, sqlstore.Migrate(ctx, storeConfig(c, log), version))
}

// cannotOpen turns what the stores say into what a user can do.
func cannotOpen(c *config.Config, err error) error {
	var setting *dialect.SettingError
	var noStep *schema.NoSuchVersionError
	switch {
	case err == nil, domain.IsKind(err, domain.KindConflict):
		return err
	case errors.As(err, &setting):
		return domain.Invalid(c.Database.Dialect+"."+setting.Setting, "%s", setting.Problem)
	case errors.As(err, &noStep):
		return domain.Invalid("", "%s", err)
	case errors.Is(err, boltstore.ErrInUse):
		return domain.Conflict("the database %s is in use: a Bolt file serves one process at a time; stop the server first, or use SQLite", c.Database.Path)
	case errors.As(err, new(*schema.IrreversibleError)):
		return err
	}
	return &domain.Error{Kind: domain.KindUnavailable, Message: "the database cannot be opened", Cause: err}
}

// upgrade says what openStore may do to the tables before it opens them.
type upgrade int

const (
	createOnly upgrade = iota // make those of an empty database
	upgradeAll
)

// openStore opens the configured database, making its directory and keys first.
func openStore(ctx context.Context, c *config.Config, log *slog.Logger, may upgrade) (store.Store, error) {
	if err := prepare(c, log); err != nil {
		return nil, err
	}
	if !c.Database.AutoMigrate || may == createOnly {
		if err := upToDate(ctx, c); err != nil {
			return nil, err
		}
	}
	st, err := openDialect(ctx, c, log)
	if err != nil {
		return nil, cannotOpen(c, err)
	}
	if err := complete(ctx, st, c); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return st, nil
}

// upToDate refuses a database whose tables opening would change.
func upToDate(ctx context.Context, c *config.Config) error {
	have, latest, err := schemaVersion(ctx, c)
	if err != nil {
		return cannotOpen(c, err)
	}
	return pending(have, latest, !c.Database.AutoMigrate)
}

// pending refuses a database of version have, 0 for an empty one. With byHand,
// the tables of an empty one are left to the operator too.
func pending(have, latest int64, byHand bool) error {
	var state string
	switch {
	case have >= latest: // a newer one is refused when it is opened
		return nil
	case have > 0:
		state = fmt.Sprintf("the tables of the database have version %d, and this program needs version %d: make a backup, then run", have, latest)
	case byHand:
		state = "the database has no tables yet: run"
	default:
		return nil
	}
	return &domain.Error{Kind: domain.KindUnavailable, Message: state + ` "signalbox migrate up"`}
}

func openDialect(ctx context.Context, c *config.Config, log *slog.Logger) (database, error) {
	if c.Database.Dialect == "bolt" {
		return boltstore.Open(ctx, boltstore.Config{Path: c.Database.Path, Logger: log})
	}
	return sqlstore.Open(ctx, storeConfig(c, log))
}

func storeConfig(c *config.Config, log *slog.Logger) sqlstore.Config {
	if c.Database.Dialect == "sqlite" {
		return sqlstore.Config{Path: c.Database.Path, Logger: log}
	}
	server := c.Database.Server()
	options := make(map[string]string, len(server.Options))
	for name, value := range server.Options {
		options[name] = value.Reveal()
	}
	return sqlstore.Config{
		Dialect: c.Database.Dialect, Host: server.Address(), User: server.User, Password: server.Password,
		Name: server.Name, Options: options, DSN: server.DSN, Logger: log,
		Bounds: dialect.Bounds{
			Set: true, Open: server.MaxOpenConns, Idle: min(server.MaxIdleConns, server.MaxOpenConns), Lifetime: server.ConnMaxLifetime,
		},
	}
}

// newAuth returns what signs users in. Without a queue nothing is mailed.
func newAuth(c *config.Config, st store.Store, letters *mail.Queue, now func() time.Time) (*auth.Service, error) {
	key, err := config.Decode(c.Keys.CookieHash)
	if err != nil {
		return nil, err
	}
	ring, err := secrets.New(c.Keys.AccessKeyEncryption.Reveal())
	if err != nil {
		return nil, err
	}
	lock := c.Auth.Lockout
	cfg := auth.Config{
		Store: st, CookieKey: key, Now: now, SessionIdle: c.Auth.SessionIdle, SessionLife: c.Auth.SessionLife,
		PasswordLoginDisabled: c.Auth.PasswordLoginDisabled, Sealer: ring,
		TOTP: auth.TOTPConfig{
			Enabled: c.Auth.TOTP.Enabled, AllowRecovery: c.Auth.TOTP.AllowRecovery,
			Immediate: !c.Auth.TOTP.RequireConfirmation, Issuer: c.Auth.TOTP.AppName,
		},
		WebHost: c.Server.WebHost, PasswordReset: c.Auth.PasswordReset, RequireMFA: auth.RequireMFA(c.Auth.RequireMFA),
		Email:    auth.EmailConfig(c.Auth.Email),
		Policy:   auth.Policy{MinLength: c.Auth.PasswordPolicy.MinLength, AllowCommon: !c.Auth.PasswordPolicy.RefuseCommon},
		Throttle: auth.ThrottleConfig{FreeTries: lock.FreeTries, LockTries: lock.Tries, LockTime: lock.Time, LongestWait: lock.LongestWait},
	}
	if letters != nil {
		cfg.Mail = letters
	}
	return auth.New(cfg)
}

func (a *admin) Close() error { return a.store.Close() }

func (a *admin) AddUser(ctx context.Context, n cli.NewUser) (domain.User, error) {
	u := domain.User{
		Created: time.Now().UTC().Truncate(time.Second), Username: n.Login, Name: n.Name, Email: n.Email,
		Admin: n.Admin, External: n.External,
	}
	if err := u.Validate(); err != nil {
		return u, err
	}
	if !n.External {
		hash, err := a.auth.Hash(ctx, n.Password)
		if err != nil {
			return u, err
		}
		u.PasswordHash = hash
	}
	err := a.store.InTx(ctx, func(ctx context.Context) error {
		u.ID = 0
		if err := a.store.Users().Create(ctx, &u); err != nil {
			return err
		}
		return a.note(ctx, domain.ActionCreate, u, "User %s created on the command line", nil, u)
	})
	return u, taken(err)
}

func taken(err error) error {
	if errors.Is(err, store.ErrConflict) {
		return domain.Conflict("a user with this login or e-mail address exists already")
	}
	return err
}

func (a *admin) find(ctx context.Context, which cli.UserRef) (domain.User, error) {
	cond := store.Fold("username", which.Login)
	if which.Login == "" {
		cond = store.Fold("email", which.Email)
	}
	u, err := a.store.Users().First(ctx, store.Where(cond))
	if errors.Is(err, store.ErrNotFound) {
		return u, domain.NotFound("user")
	}
	return u, err
}

func (a *admin) GetUser(ctx context.Context, which cli.UserRef) (domain.User, error) {
	return a.find(ctx, which)
}

func (a *admin) ListUsers(ctx context.Context) ([]domain.User, error) {
	return a.store.Users().List(ctx, store.Query{})
}

func (a *admin) ChangeUser(ctx context.Context, which cli.UserRef, c cli.UserChange) (domain.User, error) {
	hash := ""
	if c.Password != nil {
		var err error
		if hash, err = a.auth.Hash(ctx, *c.Password); err != nil {
			return domain.User{}, err
		}
	}
	var changed domain.User
	err := a.store.InTx(ctx, func(ctx context.Context) error {
		u, err := a.find(ctx, which)
		if err != nil {
			return err
		}
		if c.Admin != nil && !*c.Admin || c.Active != nil && !*c.Active {
			if err := a.keepAnAdmin(ctx, u); err != nil {
				return err
			}
		}
		changed, err = a.store.Users().Update(ctx, u.ID, func(u *domain.User) error {
			set(&u.Username, c.Login)
			set(&u.Name, c.Name)
			set(&u.Email, c.Email)
			set(&u.Admin, c.Admin)
			set(&u.External, c.External)
			if c.Active != nil {
				u.Disabled = !*c.Active
			}
			set(&u.MustChangePassword, c.MustChange)
			if hash != "" {
				u.PasswordHash = hash
			}
			u.MustChangePassword = u.MustChangePassword && !u.External
			return u.Validate()
		})
		if err != nil {
			return taken(err)
		}
		if err := a.note(ctx, domain.ActionUpdate, u, "User %s updated on the command line", u, changed); err != nil {
			return err
		}
		if hash == "" && !changed.Disabled {
			return nil
		}
		// A new password ends what was signed in with the old one.
		_, err = a.store.Sessions().DeleteWhere(ctx, store.Eq("user_id", u.ID))
		return err
	})
	return changed, err
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

func (a *admin) keepAnAdmin(ctx context.Context, u domain.User) error {
	err := catalog.KeepAdmin(ctx, a.store, u.ID)
	if domain.IsKind(err, domain.KindInvalid) {
		return domain.Conflict("%s is the only administrator; make another user one first", u.Username)
	}
	return err
}

// note adds a line of activity, inside the transaction of what it tells about.
func (a *admin) note(ctx context.Context, action domain.EventAction, u domain.User, text string, before, after any) error {
	return audit.Log{Store: a.store, Now: time.Now}.Add(ctx, domain.Actor{}, audit.Entry{
		Action: action, Object: domain.ObjectUser, ID: int64(u.ID), Target: u.Username, Text: fmt.Sprintf(text, u.Username),
		Before: before, After: after,
	})
}

func (a *admin) DeleteUser(ctx context.Context, which cli.UserRef) (domain.User, error) {
	var gone domain.User
	err := a.store.InTx(ctx, func(ctx context.Context) error {
		u, err := a.find(ctx, which)
		if err != nil {
			return err
		}
		if err := a.keepAnAdmin(ctx, u); err != nil {
			return err
		}
		gone = u
		if err := catalog.EraseUser(ctx, a.store, u.ID); err != nil {
			return err
		}
		return a.note(ctx, domain.ActionDelete, u, "User %s deleted on the command line", u, nil)
	})
	return gone, err
}

func (a *admin) CreateToken(ctx context.Context, owner cli.UserRef, n cli.NewToken) (domain.Secret, error) {
	u, err := a.find(ctx, owner)
	if err != nil {
		return "", err
	}
	token := auth.NewToken{Name: n.Name, Scopes: n.Scopes}
	if n.TTL > 0 {
		at := time.Now().UTC().Add(n.TTL)
		token.ExpiresAt = &at
	}
	text, _, err := a.auth.MakeToken(ctx, domain.Actor{User: u}, token)
	return domain.Secret(text), err
}

func (a *admin) ListTokens(ctx context.Context, owner cli.UserRef) ([]domain.Token, error) {
	u, err := a.find(ctx, owner)
	if err != nil {
		return nil, err
	}
	return a.auth.Tokens(ctx, u.ID)
}

// auditPage is how many events an export holds at once.
const auditPage = 1000

func (a *admin) ExportAudit(ctx context.Context, f store.EventFilter, fn func(audit.Record) error) error {
	return audit.Each(ctx, a.store, f, auditPage, func(events []domain.EventWithNames) error {
		for _, e := range events {
			if err := fn(audit.RecordOf(e)); err != nil {
				return err
			}
		}
		return nil
	})
}
