// Package sqlstore implements the storage contract on SQL databases. There is
// one implementation; what differs between engines are the values of package
// dialect. Statements are written by hand or put together from conditions, and
// all run prepared; entities become rows by the convention of package rowmap.
//
// Who owns a row, what may be deleted and what goes with it is decided above
// the store. The foreign keys here only refuse what would leave a hole.
package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/rules"
	"signalbox/internal/store/sqlstore/dialect"
	"signalbox/internal/store/sqlstore/migrations"
)

// Config says where the database is.
type Config struct {
	Dialect string // "sqlite", "postgres" or "mysql"; "" is the first
	Path    string // of the SQLite file; made when it is not there

	// Host is "host", "host:port" or the absolute path of a socket of a server;
	// the database of the name is made when it is not there.
	Host     string
	User     string
	Password domain.Secret
	Name     string
	Options  map[string]string // of the driver, such as sslmode or tls
	// DSN stands for all of these, in the form of the driver.
	DSN domain.Secret
	// Bounds are those of the connections to a server.
	Bounds dialect.Bounds

	// Durable makes every commit wait until the disk has it, so that it survives
	// a loss of power too. Without it, it survives the death of the process.
	Durable bool
	// Logger is told about migrations; nil for none.
	Logger *slog.Logger

	// steps replaces the built-in steps; tests have others.
	steps fs.FS
}

// Store is an open database.
type Store struct {
	eng          *engine
	users        collection[domain.User, domain.UserID]
	session      collection[domain.Session, domain.SessionID]
	tokens       collection[domain.Token, domain.TokenID]
	project      collection[domain.Project, domain.ProjectID]
	members      collection[domain.Member, domain.MemberID]
	views        collection[domain.View, domain.ViewID]
	keys         collection[domain.Key, domain.KeyID]
	repos        collection[domain.Repository, domain.RepositoryID]
	hosts        collection[domain.HostConfig, domain.HostConfigID]
	invs         collection[domain.Inventory, domain.InventoryID]
	groups       collection[domain.VariableGroup, domain.VariableGroupID]
	tmpls        collection[domain.Template, domain.TemplateID]
	vaults       collection[domain.Vault, domain.VaultID]
	roles        collection[domain.CustomRole, domain.RoleID]
	tmplRoles    collection[domain.TemplateRole, domain.TemplateRoleID]
	invites      collection[domain.Invite, domain.InviteID]
	schedules    collection[domain.Schedule, domain.ScheduleID]
	integrations collection[domain.Integration, domain.IntegrationID]
	matchers     collection[domain.IntegrationMatcher, domain.IntegrationMatcherID]
	values       collection[domain.IntegrationValue, domain.IntegrationValueID]
	aliases      collection[domain.IntegrationAlias, domain.IntegrationAliasID]
	runners      collection[domain.Runner, domain.RunnerID]
	totps        collection[domain.TOTP, domain.TOTPID]
	codes        collection[domain.RecoveryCode, domain.RecoveryCodeID]
	notices      collection[domain.Notification, domain.NotificationID]
	mailCodes    collection[domain.MailCode, domain.MailCodeID]
	events       *events
	options      *options
	tasks        *tasks
	logs         *logs
	results      *logs
}

var _ store.Store = (*Store)(nil)

// Open opens a database and brings its schema up to date. A database of a newer
// program gives a *schema.TooNewError.
func Open(ctx context.Context, c Config) (*Store, error) {
	c, d, err := c.resolve()
	if err != nil {
		return nil, err
	}
	pools, err := c.open(ctx, d, c.at())
	if err != nil {
		return nil, err
	}
	m := migrator{d: d, db: pools.Write, at: c.at(), log: c.logger()}
	if err := m.up(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", c.where(), c.denied(d, err)), pools.Read.Close(), pools.Write.Close())
	}
	if pools.MaxBytes > 0 && pools.MaxBytes < wantBytes {
		c.logger().WarnContext(ctx, "the database takes small values only; raise max_allowed_packet to 64M", "bytes", pools.MaxBytes)
	}
	return newStore(d, pools), nil
}

// wantBytes is what the largest values need, with some room.
const wantBytes = 20 << 20

func (c Config) dialect() (*dialect.Dialect, error) {
	name, make := "sqlite", dialect.SQLite
	switch c.Dialect {
	case "", "sqlite":
	case "postgres":
		name, make = "postgres", dialect.Postgres
	case "mysql":
		name, make = "mysql", dialect.MySQL
	default:
		return nil, fmt.Errorf("there is no kind of database called %q", c.Dialect)
	}
	if c.steps != nil {
		return make(c.steps), nil
	}
	return make(migrations.For(name)), nil
}

// resolve finds the dialect, and what a DSN says. Its errors about settings are
// *dialect.SettingError.
func (c Config) resolve() (Config, *dialect.Dialect, error) {
	d, err := c.dialect()
	if err != nil || d.Resolve == nil {
		return c, d, err
	}
	at, err := d.Resolve(c.at())
	c.Host, c.User, c.Name = at.Host, at.User, at.Name
	return c, d, err
}

// Resolved returns the settings with what a DSN says about host, user and name.
func (c Config) Resolved() (Config, error) {
	c, _, err := c.resolve()
	return c, err
}

// Check reads the settings of the connection without connecting. Its error is a
// *dialect.SettingError.
func (c Config) Check() error {
	_, _, err := c.resolve()
	return err
}

func (c Config) at() dialect.Config {
	return dialect.Config{
		Path: c.Path, Durable: c.Durable,
		Host: c.Host, User: c.User, Password: c.Password, Name: c.Name, Options: c.Options,
		DSN: c.DSN, Bounds: c.Bounds,
	}
}

// where names the database for messages.
func (c Config) where() string {
	if c.Dialect == "" || c.Dialect == "sqlite" {
		return c.Path
	}
	return fmt.Sprintf("%s on %s", c.Name, c.Host)
}

func (c Config) open(ctx context.Context, d *dialect.Dialect, at dialect.Config) (dialect.Pools, error) {
	pools, err := d.Open(ctx, at)
	if err == nil {
		return pools, nil
	}
	if d.Classify(err) == dialect.Unavailable {
		err = fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return pools, fmt.Errorf("open database %s: %w", c.where(), c.denied(d, err))
}

// denied says which right is missing, where that is the matter.
func (c Config) denied(d *dialect.Dialect, err error) error {
	if err != nil && d.Classify(err) == dialect.Denied {
		return fmt.Errorf("user %q may not do what is needed; grant it all rights on the database %q and, on PostgreSQL, on its schema: %w", c.User, c.Name, err)
	}
	return err
}

func newStore(d *dialect.Dialect, pools dialect.Pools) *Store {
	e := &engine{d: d, write: newPool(pools.Write, d), maxBytes: pools.MaxBytes}
	e.read = e.write
	if pools.Read != pools.Write {
		e.read = newPool(pools.Read, d)
	}
	if d.SingleWriter {
		e.writer = make(chan struct{}, 1)
	}
	e.bumpSQL = d.Upsert("revisions", "project_id", "value", "revisions.value + 1")
	s := &Store{
		eng: e,
		// Lists of tasks and members show names of users, so those count for all
		// projects.
		users:        collect[domain.User, domain.UserID](e, "users", "user", func(*domain.User) domain.ProjectID { return 0 }, "username", "email", "name"),
		session:      collect[domain.Session, domain.SessionID](e, "sessions", "session", nil),
		tokens:       collect[domain.Token, domain.TokenID](e, "tokens", "token", nil, "name"),
		project:      collect[domain.Project, domain.ProjectID](e, "projects", "project", func(p *domain.Project) domain.ProjectID { return p.ID }, "name"),
		members:      collect[domain.Member, domain.MemberID](e, "members", "member", func(m *domain.Member) domain.ProjectID { return m.ProjectID }),
		views:        collect[domain.View, domain.ViewID](e, "views", "view", func(v *domain.View) domain.ProjectID { return v.ProjectID }, "title"),
		keys:         collect[domain.Key, domain.KeyID](e, "keys", "key", func(k *domain.Key) domain.ProjectID { return k.ProjectID }, "name"),
		repos:        collect[domain.Repository, domain.RepositoryID](e, "repositories", "repository", func(r *domain.Repository) domain.ProjectID { return r.ProjectID }, "name"),
		hosts:        collect[domain.HostConfig, domain.HostConfigID](e, "host_configs", "host config", func(h *domain.HostConfig) domain.ProjectID { return h.ProjectID }),
		invs:         collect[domain.Inventory, domain.InventoryID](e, "inventories", "inventory", func(i *domain.Inventory) domain.ProjectID { return i.ProjectID }, "name"),
		groups:       collect[domain.VariableGroup, domain.VariableGroupID](e, "variable_groups", "variable group", func(g *domain.VariableGroup) domain.ProjectID { return g.ProjectID }, "name"),
		tmpls:        collect[domain.Template, domain.TemplateID](e, "templates", "template", func(t *domain.Template) domain.ProjectID { return t.ProjectID }, "name", "playbook"),
		vaults:       collect[domain.Vault, domain.VaultID](e, "vaults", "vault", func(v *domain.Vault) domain.ProjectID { return v.ProjectID }),
		roles:        collect[domain.CustomRole, domain.RoleID](e, "roles", "role", func(r *domain.CustomRole) domain.ProjectID { return orShared(r.ProjectID) }, "name"),
		tmplRoles:    collect[domain.TemplateRole, domain.TemplateRoleID](e, "template_roles", "permission of template", func(e *domain.TemplateRole) domain.ProjectID { return e.ProjectID }),
		invites:      collect[domain.Invite, domain.InviteID](e, "invites", "invite", func(e *domain.Invite) domain.ProjectID { return e.ProjectID }),
		schedules:    collect[domain.Schedule, domain.ScheduleID](e, "schedules", "schedule", func(e *domain.Schedule) domain.ProjectID { return e.ProjectID }, "name"),
		integrations: collect[domain.Integration, domain.IntegrationID](e, "integrations", "integration", func(e *domain.Integration) domain.ProjectID { return e.ProjectID }, "name"),
		matchers:     collect[domain.IntegrationMatcher, domain.IntegrationMatcherID](e, "integration_matchers", "matcher", func(e *domain.IntegrationMatcher) domain.ProjectID { return e.ProjectID }),
		values:       collect[domain.IntegrationValue, domain.IntegrationValueID](e, "integration_values", "extracted value", func(e *domain.IntegrationValue) domain.ProjectID { return e.ProjectID }),
		aliases:      collect[domain.IntegrationAlias, domain.IntegrationAliasID](e, "integration_aliases", "alias", func(e *domain.IntegrationAlias) domain.ProjectID { return e.ProjectID }),
		runners:      collect[domain.Runner, domain.RunnerID](e, "runners", "runner", nil, "name"),
		totps:        collect[domain.TOTP, domain.TOTPID](e, "totps", "second factor", nil),
		codes:        collect[domain.RecoveryCode, domain.RecoveryCodeID](e, "recovery_codes", "recovery code", nil),
		notices:      collect[domain.Notification, domain.NotificationID](e, "notifications", "notification", nil),
		mailCodes:    collect[domain.MailCode, domain.MailCodeID](e, "mail_codes", "mailed code", nil),
		options:      &options{eng: e, setSQL: d.Upsert("options", d.Quote("key"), d.Quote("value"), "")},
		events:       newEvents(e),
		tasks:        newTasks(e),
		logs:         &logs{eng: e, table: logTable},
		results:      &logs{eng: e, table: resultTable},
	}
	return s
}

// orShared is the project whose revision a row raises: what belongs to none
// counts for all.
func orShared(p *domain.ProjectID) domain.ProjectID {
	if p == nil {
		return 0
	}
	return *p
}

func collect[T any, ID ~int64](e *engine, name, what string, project func(*T) domain.ProjectID, fold ...string) collection[T, ID] {
	return collection[T, ID]{newTable(e, name, what, project, fold...)}
}

func (s *Store) Users() store.Collection[domain.User, domain.UserID]                 { return s.users }
func (s *Store) Sessions() store.Collection[domain.Session, domain.SessionID]        { return s.session }
func (s *Store) Tokens() store.Collection[domain.Token, domain.TokenID]              { return s.tokens }
func (s *Store) Projects() store.Collection[domain.Project, domain.ProjectID]        { return s.project }
func (s *Store) Members() store.Collection[domain.Member, domain.MemberID]           { return s.members }
func (s *Store) Views() store.Collection[domain.View, domain.ViewID]                 { return s.views }
func (s *Store) Keys() store.Collection[domain.Key, domain.KeyID]                    { return s.keys }
func (s *Store) Inventories() store.Collection[domain.Inventory, domain.InventoryID] { return s.invs }
func (s *Store) Templates() store.Collection[domain.Template, domain.TemplateID]     { return s.tmpls }
func (s *Store) Vaults() store.Collection[domain.Vault, domain.VaultID]              { return s.vaults }
func (s *Store) Repositories() store.Collection[domain.Repository, domain.RepositoryID] {
	return s.repos
}
func (s *Store) HostConfigs() store.Collection[domain.HostConfig, domain.HostConfigID] {
	return s.hosts
}
func (s *Store) VariableGroups() store.Collection[domain.VariableGroup, domain.VariableGroupID] {
	return s.groups
}
func (s *Store) Roles() store.Collection[domain.CustomRole, domain.RoleID] { return s.roles }
func (s *Store) TemplateRoles() store.Collection[domain.TemplateRole, domain.TemplateRoleID] {
	return s.tmplRoles
}
func (s *Store) Invites() store.Collection[domain.Invite, domain.InviteID]       { return s.invites }
func (s *Store) Schedules() store.Collection[domain.Schedule, domain.ScheduleID] { return s.schedules }
func (s *Store) Integrations() store.Collection[domain.Integration, domain.IntegrationID] {
	return s.integrations
}
func (s *Store) Matchers() store.Collection[domain.IntegrationMatcher, domain.IntegrationMatcherID] {
	return s.matchers
}
func (s *Store) IntegrationValues() store.Collection[domain.IntegrationValue, domain.IntegrationValueID] {
	return s.values
}
func (s *Store) IntegrationAliases() store.Collection[domain.IntegrationAlias, domain.IntegrationAliasID] {
	return s.aliases
}
func (s *Store) Runners() store.Collection[domain.Runner, domain.RunnerID]       { return s.runners }
func (s *Store) TOTPs() store.Collection[domain.TOTP, domain.TOTPID]             { return s.totps }
func (s *Store) MailCodes() store.Collection[domain.MailCode, domain.MailCodeID] { return s.mailCodes }
func (s *Store) RecoveryCodes() store.Collection[domain.RecoveryCode, domain.RecoveryCodeID] {
	return s.codes
}
func (s *Store) Notifications() store.Collection[domain.Notification, domain.NotificationID] {
	return s.notices
}
func (s *Store) Events() store.Events   { return s.events }
func (s *Store) Options() store.Options { return s.options }
func (s *Store) Tasks() store.Tasks     { return s.tasks }
func (s *Store) Logs() store.Logs       { return s.logs }
func (s *Store) Results() store.Logs    { return s.results }

// InTx runs fn in a transaction, or in the one ctx already is in.
func (s *Store) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.eng.alone(ctx, func(ctx context.Context, _ *txn) error { return fn(ctx) })
}

// Revision adds what the project counts and what all projects share.
func (s *Store) Revision(ctx context.Context, p domain.ProjectID) (int64, error) {
	n, err := s.revisions(ctx, " where project_id in (0, ?)", int64(p))
	return n, rules.Explain(err, "revision of project %d", p)
}

func (s *Store) Changes(ctx context.Context) (int64, error) {
	n, err := s.revisions(ctx, "")
	return n, rules.Explain(err, "revisions of all projects")
}

// revisions adds up the counters, those of this transaction included.
func (s *Store) revisions(ctx context.Context, where string, args ...any) (n int64, err error) {
	if t := s.eng.current(ctx); t != nil {
		if err := t.flush(ctx); err != nil {
			return 0, err
		}
	}
	err = s.eng.scan(ctx, "select coalesce(sum(value), 0) from revisions"+where, args, &n)
	return n, err
}

// Ping asks the database something that it cannot answer without its file.
func (s *Store) Ping(ctx context.Context) error {
	var n int
	if err := s.eng.scan(ctx, "select count(*) from options", nil, &n); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Close waits for the transaction under way and closes the database.
func (s *Store) Close() error {
	if s.eng.writer != nil {
		s.eng.writer <- struct{}{}
		defer func() { <-s.eng.writer }()
	}
	var errs []error
	if s.eng.read != s.eng.write {
		errs = append(errs, s.eng.read.close())
	}
	return errors.Join(append(errs, s.eng.write.close())...)
}
