// Package boltstore implements the storage contract on one Bolt file. Rows are
// kept as stored values under their identifiers, named by the convention of
// package rowmap; indexes are buckets of their own, declared below. What all
// backends decide alike comes from package rules.
//
// There is one writing transaction at a time, and those waiting share one
// commit, which the disk has when the call returns. Only one process can have
// the file open.
package boltstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// Config says where the database is.
type Config struct {
	Path string // of the file; made when it is not there
	// Logger is told about migrations; nil for none.
	Logger *slog.Logger
}

// ErrInUse is given for a file that another process has open.
var ErrInUse = errors.New("another process has it open; only one can use a Bolt file")

// Store is an open database.
type Store struct {
	eng     *engine
	users   collection[domain.User, domain.UserID]
	session collection[domain.Session, domain.SessionID]
	tokens  collection[domain.Token, domain.TokenID]
	project collection[domain.Project, domain.ProjectID]
	members collection[domain.Member, domain.MemberID]
	views   collection[domain.View, domain.ViewID]
	keys    collection[domain.Key, domain.KeyID]
	repos   collection[domain.Repository, domain.RepositoryID]
	invs    collection[domain.Inventory, domain.InventoryID]
	groups  collection[domain.VariableGroup, domain.VariableGroupID]
	tmpls   collection[domain.Template, domain.TemplateID]
	vaults  collection[domain.Vault, domain.VaultID]
	events  *events
	tasks   *tasks
}

var _ store.Store = (*Store)(nil)

// lockWait is how long another process is waited for that has the file open.
const lockWait = 2 * time.Second

// Open opens a database and brings its schema up to date. A database of a newer
// program gives a *SchemaTooNewError.
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(filepath.Dir(c.Path), 0o700); err != nil {
		return nil, fmt.Errorf("open database %s: %w", c.Path, err)
	}
	db, err := bolt.Open(c.Path, 0o600, &bolt.Options{Timeout: lockWait, FreelistType: bolt.FreelistMapType})
	if errors.Is(err, berrors.ErrTimeout) {
		err = ErrInUse
	}
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", c.Path, translate(err))
	}
	s := newStore(&engine{db: db, writer: make(chan struct{}, 1)})
	if err := s.eng.migrate(ctx, c); err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", c.Path, translate(err)), db.Close())
	}
	return s, nil
}

// newStore declares what there is. Names of tables and fields of indexes are
// part of the file: a change of them needs a migration.
func newStore(e *engine) *Store {
	s := &Store{
		eng: e,
		// Lists of tasks and members show names of users, so those count for all
		// projects.
		users:   collect[domain.User, domain.UserID](e, "users", "user", "*"),
		session: collect[domain.Session, domain.SessionID](e, "sessions", "session", ""),
		tokens:  collect[domain.Token, domain.TokenID](e, "tokens", "token", ""),
		project: collect[domain.Project, domain.ProjectID](e, "projects", "project", "id"),
		members: collect[domain.Member, domain.MemberID](e, "members", "member", "project_id"),
		views:   collect[domain.View, domain.ViewID](e, "views", "view", "project_id"),
		keys:    collect[domain.Key, domain.KeyID](e, "keys", "key", "project_id"),
		repos:   collect[domain.Repository, domain.RepositoryID](e, "repositories", "repository", "project_id"),
		invs:    collect[domain.Inventory, domain.InventoryID](e, "inventories", "inventory", "project_id"),
		groups:  collect[domain.VariableGroup, domain.VariableGroupID](e, "variable_groups", "variable group", "project_id"),
		tmpls:   collect[domain.Template, domain.TemplateID](e, "templates", "template", "project_id"),
		vaults:  collect[domain.Vault, domain.VaultID](e, "vaults", "vault", "project_id"),
	}
	s.tasks = newTasks(s)
	s.events = newEvents(s)
	e.buckets = append(e.buckets, optionBucket, revisionBucket, chunkBucket)

	s.users.unique("~username")
	s.users.unique("~email")
	s.session.unique("token_hash")
	s.session.index("last_active")
	s.tokens.unique("token_hash")
	s.project.index("~name")
	s.members.unique("project_id", "user_id")
	s.views.index("project_id", "position")
	s.keys.index("project_id", "owner", "~name")
	for _, t := range []*table{s.keys.table, s.repos.table, s.invs.table, s.groups.table, s.tmpls.table} {
		t.index("project_id", "~name")
	}
	for _, t := range []*table{s.members.table, s.views.table, s.keys.table, s.repos.table, s.invs.table, s.groups.table, s.tmpls.table, s.vaults.table, s.tasks.table} {
		t.refers("project_id", s.project.table)
	}
	for _, t := range []*table{s.session.table, s.tokens.table, s.members.table} {
		t.refers("user_id", s.users.table)
	}
	s.keys.refers("variable_group_id", s.groups.table)
	s.repos.refers("ssh_key_id", s.keys.table)
	s.invs.refers("ssh_key_id", s.keys.table)
	s.invs.refers("become_key_id", s.keys.table)
	s.invs.refers("template_id", s.tmpls.table)
	s.invs.refers("repository_id", s.repos.table)
	s.tmpls.refers("repository_id", s.repos.table)
	s.tmpls.refers("inventory_id", s.invs.table)
	s.tmpls.refers("variable_group_id", s.groups.table)
	s.tmpls.refers("view_id", s.views.table)
	s.tmpls.refers("build_template_id", s.tmpls.table)
	s.vaults.refers("template_id", s.tmpls.table)
	s.vaults.refers("key_id", s.keys.table)
	s.tasks.refers("template_id", s.tmpls.table)
	return s
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
func (s *Store) VariableGroups() store.Collection[domain.VariableGroup, domain.VariableGroupID] {
	return s.groups
}
func (s *Store) Events() store.Events   { return s.events }
func (s *Store) Options() store.Options { return options{s.eng} }
func (s *Store) Tasks() store.Tasks     { return s.tasks }
func (s *Store) Logs() store.Logs       { return logs{s.tasks} }

// InTx runs fn in a transaction, or in the one ctx already is in.
func (s *Store) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.eng.tx(ctx, func(ctx context.Context, _ *txn) error { return fn(ctx) })
}

// Revision adds what the project counts and what all projects share.
func (s *Store) Revision(ctx context.Context, p domain.ProjectID) (n int64, err error) {
	err = s.eng.view(ctx, func(tx *bolt.Tx) error {
		if t, _ := s.eng.current(ctx); t != nil {
			if err := t.flush(); err != nil {
				return err
			}
		}
		n = revision(tx, 0) + revision(tx, p)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("revision of project %d: %w", p, err)
	}
	return n, nil
}

// Ping tells whether the file is open.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.eng.view(ctx, func(*bolt.Tx) error { return nil }); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Close waits for the transactions under way and closes the database.
func (s *Store) Close() error {
	s.eng.writer <- struct{}{}
	defer func() { <-s.eng.writer }()
	if s.eng.open != nil {
		s.eng.end(s.eng.open)
	}
	return s.eng.db.Close()
}
