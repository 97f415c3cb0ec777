// Package boltstore implements the storage contract on one Bolt file. It turns
// the tables of package schema into buckets: one from the key of a row to its
// values, encoded by package rowmap, and one for each index. That is the work of
// package kv; what all backends decide alike comes from package rules.
//
// There is one writing transaction at a time, and those waiting share one
// commit, which the disk has when the call returns. Only one process can have
// the file open.
package boltstore

import (
	"context"
	"fmt"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/kv"
	"signalbox/internal/store/rules"
	"signalbox/internal/store/schema"
)

// Config says where the database is.
type Config = kv.Config

// Conditions in which a file is not opened.
var (
	ErrForeign = kv.ErrForeign
	ErrInUse   = kv.ErrInUse
)

// SchemaVersion returns the version of a database's schema, 0 for one that is
// not there, and the latest version this program knows. It changes nothing.
func SchemaVersion(path string) (have, latest int64, err error) { return kv.SchemaVersion(path) }

// Store is an open database.
type Store struct {
	db           *kv.DB
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
	events       events
	options      options
	tasks        *tasks
	logs         logs
	results      logs
}

var _ store.Store = (*Store)(nil)

// Open opens a database and brings its schema up to date. A database of a newer
// program gives a *schema.TooNewError.
func Open(ctx context.Context, c Config) (*Store, error) {
	s := newStore(kv.New(schema.Tables()))
	if err := s.db.Open(ctx, c); err != nil {
		return nil, fmt.Errorf("database %s: %w", c.Path, err)
	}
	return s, nil
}

// newStore makes the tables of the schema. Their names, and those of fields and
// indexes, are part of the file: a change of them needs a migration.
func newStore(e *kv.DB) *Store {
	s := &Store{
		db:           e,
		users:        collect[domain.User, domain.UserID](e, "users"),
		session:      collect[domain.Session, domain.SessionID](e, "sessions"),
		tokens:       collect[domain.Token, domain.TokenID](e, "tokens"),
		project:      collect[domain.Project, domain.ProjectID](e, "projects"),
		members:      collect[domain.Member, domain.MemberID](e, "members"),
		views:        collect[domain.View, domain.ViewID](e, "views"),
		keys:         collect[domain.Key, domain.KeyID](e, "keys"),
		repos:        collect[domain.Repository, domain.RepositoryID](e, "repositories"),
		hosts:        collect[domain.HostConfig, domain.HostConfigID](e, "host_configs"),
		invs:         collect[domain.Inventory, domain.InventoryID](e, "inventories"),
		groups:       collect[domain.VariableGroup, domain.VariableGroupID](e, "variable_groups"),
		tmpls:        collect[domain.Template, domain.TemplateID](e, "templates"),
		vaults:       collect[domain.Vault, domain.VaultID](e, "vaults"),
		roles:        collect[domain.CustomRole, domain.RoleID](e, "roles"),
		tmplRoles:    collect[domain.TemplateRole, domain.TemplateRoleID](e, "template_roles"),
		invites:      collect[domain.Invite, domain.InviteID](e, "invites"),
		schedules:    collect[domain.Schedule, domain.ScheduleID](e, "schedules"),
		integrations: collect[domain.Integration, domain.IntegrationID](e, "integrations"),
		matchers:     collect[domain.IntegrationMatcher, domain.IntegrationMatcherID](e, "integration_matchers"),
		values:       collect[domain.IntegrationValue, domain.IntegrationValueID](e, "integration_values"),
		aliases:      collect[domain.IntegrationAlias, domain.IntegrationAliasID](e, "integration_aliases"),
		runners:      collect[domain.Runner, domain.RunnerID](e, "runners"),
		totps:        collect[domain.TOTP, domain.TOTPID](e, "totps"),
		codes:        collect[domain.RecoveryCode, domain.RecoveryCodeID](e, "recovery_codes"),
		notices:      collect[domain.Notification, domain.NotificationID](e, "notifications"),
		mailCodes:    collect[domain.MailCode, domain.MailCodeID](e, "mail_codes"),
		events:       events{kv.NewTable[domain.Event](e, "events")},
		options:      options{kv.NewTable[domain.Option](e, "options")},
		logs:         logs{Table: kv.NewTable[chunk](e, "chunks")},
		results:      logs{Table: kv.NewTable[chunk](e, "result_chunks")},
	}
	s.tasks = newTasks(s, kv.NewTable[domain.TaskDefinition](e, "task_definitions"), kv.NewTable[domain.TaskStage](e, "task_stages"))
	s.logs.tasks, s.results.tasks = s.tasks, s.tasks
	e.Link()
	return s
}

func collect[T any, ID ~int64](e *kv.DB, name string) collection[T, ID] {
	return collection[T, ID]{kv.NewTable[T](e, name)}
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
	return s.db.InTx(ctx, func(ctx context.Context, _ *kv.Tx) error { return fn(ctx) })
}

// Revision adds what the project counts and what all projects share.
func (s *Store) Revision(ctx context.Context, p domain.ProjectID) (n int64, err error) {
	err = s.db.Read(ctx, func(t *kv.Tx) error {
		shared, err := t.Revision(0)
		if err != nil {
			return err
		}
		own, err := t.Revision(int64(p))
		n = shared + own
		return err
	})
	return n, rules.Explain(err, "revision of project %d", p)
}

// Changes adds up what all projects count.
func (s *Store) Changes(ctx context.Context) (n int64, err error) {
	err = s.db.Read(ctx, func(t *kv.Tx) error {
		n, err = t.Revisions()
		return err
	})
	return n, rules.Explain(err, "revisions of all projects")
}

// Ping tells whether the file is open.
func (s *Store) Ping(ctx context.Context) error {
	return rules.Explain(s.db.Read(ctx, func(*kv.Tx) error { return nil }), "ping database")
}

// Close waits for the transactions under way and closes the database.
func (s *Store) Close() error { return s.db.Close() }
