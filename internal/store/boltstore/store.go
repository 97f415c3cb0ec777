// Package boltstore implements the storage contract on one Bolt file. It turns
// the tables of package schema into buckets: one from the key of a row to its
// values, encoded by package rowmap, and one for each index. What all backends
// decide alike comes from package rules.
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
	"signalbox/internal/store/rules"
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
	events  events
	options options
	tasks   *tasks
	logs    logs
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

// newStore makes the tables of the schema. Their names, and those of fields and
// indexes, are part of the file: a change of them needs a migration.
func newStore(e *engine) *Store {
	e.tables = map[string]*table{}
	s := &Store{
		eng:     e,
		users:   collect[domain.User, domain.UserID](e, "users"),
		session: collect[domain.Session, domain.SessionID](e, "sessions"),
		tokens:  collect[domain.Token, domain.TokenID](e, "tokens"),
		project: collect[domain.Project, domain.ProjectID](e, "projects"),
		members: collect[domain.Member, domain.MemberID](e, "members"),
		views:   collect[domain.View, domain.ViewID](e, "views"),
		keys:    collect[domain.Key, domain.KeyID](e, "keys"),
		repos:   collect[domain.Repository, domain.RepositoryID](e, "repositories"),
		invs:    collect[domain.Inventory, domain.InventoryID](e, "inventories"),
		groups:  collect[domain.VariableGroup, domain.VariableGroupID](e, "variable_groups"),
		tmpls:   collect[domain.Template, domain.TemplateID](e, "templates"),
		vaults:  collect[domain.Vault, domain.VaultID](e, "vaults"),
		events:  events{newEntities[domain.Event](e, "events")},
		options: options{newEntities[domain.Option](e, "options")},
		logs:    logs{entities: newEntities[chunk](e, "chunks")},
	}
	s.tasks = newTasks(s, newEntities[domain.TaskDefinition](e, "task_definitions"))
	s.logs.tasks = s.tasks
	e.link()
	return s
}

func collect[T any, ID ~int64](e *engine, name string) collection[T, ID] {
	return collection[T, ID]{newEntities[T](e, name)}
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
func (s *Store) Options() store.Options { return s.options }
func (s *Store) Tasks() store.Tasks     { return s.tasks }
func (s *Store) Logs() store.Logs       { return s.logs }

// InTx runs fn in a transaction, or in the one ctx already is in.
func (s *Store) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.eng.tx(ctx, func(ctx context.Context, _ *txn) error { return fn(ctx) })
}

// Revision adds what the project counts and what all projects share.
func (s *Store) Revision(ctx context.Context, p domain.ProjectID) (n int64, err error) {
	err = s.eng.read(ctx, func(t *txn) error {
		if err := t.flush(); err != nil {
			return err
		}
		n = int64(t.revision(0) + t.revision(p))
		return nil
	})
	return n, rules.Explain(err, "revision of project %d", p)
}

// Ping tells whether the file is open.
func (s *Store) Ping(ctx context.Context) error {
	return rules.Explain(s.eng.read(ctx, func(*txn) error { return nil }), "ping database")
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
