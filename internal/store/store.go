// Package store is the storage contract. Backends implement it; storetest holds
// them all to the same promises.
//
// Promises every backend keeps:
//   - a write is durable against the death of the process once its call returns;
//   - InTx is all or nothing, and calls made with the context it hands out take
//     part in the transaction, on every sub-store;
//   - inside InTx, a statement that fails (say with ErrConflict) spoils the
//     transaction: hand the error back, or it will not commit;
//   - Update reads, changes and writes atomically; the function may be called
//     again after a conflict, so it must be repeatable;
//   - missing rows give ErrNotFound, broken uniqueness ErrConflict, a reference
//     that does not exist or is still needed ErrReference;
//   - lists are ordered and bounded; times come back in UTC with at least
//     microsecond precision; text is kept byte for byte.
package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
)

// Conditions that callers branch on.
var (
	ErrNotFound  = errors.New("not found")
	ErrConflict  = errors.New("already exists")
	ErrReference = errors.New("refers to a missing row, or is referred to")
	// ErrFenced: the write carried an epoch that is no longer the task's, or the
	// task has ended. The writer must stop writing.
	ErrFenced = errors.New("claim is no longer held")
	// ErrGap: the report does not continue what is stored.
	ErrGap = errors.New("report does not continue the journal or the log")
	// ErrStatus: the state machine has no such move.
	ErrStatus = errors.New("status cannot change that way")
	// ErrFull: the disk or the quota is full. Nothing was changed.
	ErrFull = errors.New("no space left for the database")
	// ErrTooLarge: the backend does not take a value of this size.
	ErrTooLarge = errors.New("larger than the database accepts")
	// ErrUnavailable: the database does not answer now. A transaction that was
	// being committed may have taken place.
	ErrUnavailable = errors.New("the database is not available")
)

// Store is a database. Its sub-stores may be used from many goroutines.
type Store interface {
	Users() Collection[domain.User, domain.UserID]
	Sessions() Collection[domain.Session, domain.SessionID]
	Tokens() Collection[domain.Token, domain.TokenID]
	Projects() Collection[domain.Project, domain.ProjectID]
	Members() Collection[domain.Member, domain.MemberID]
	Views() Collection[domain.View, domain.ViewID]
	Keys() Collection[domain.Key, domain.KeyID]
	Repositories() Collection[domain.Repository, domain.RepositoryID]
	HostConfigs() Collection[domain.HostConfig, domain.HostConfigID]
	Inventories() Collection[domain.Inventory, domain.InventoryID]
	VariableGroups() Collection[domain.VariableGroup, domain.VariableGroupID]
	Templates() Collection[domain.Template, domain.TemplateID]
	Vaults() Collection[domain.Vault, domain.VaultID]
	Roles() Collection[domain.CustomRole, domain.RoleID]
	TemplateRoles() Collection[domain.TemplateRole, domain.TemplateRoleID]
	Invites() Collection[domain.Invite, domain.InviteID]
	Schedules() Collection[domain.Schedule, domain.ScheduleID]
	Integrations() Collection[domain.Integration, domain.IntegrationID]
	Matchers() Collection[domain.IntegrationMatcher, domain.IntegrationMatcherID]
	IntegrationValues() Collection[domain.IntegrationValue, domain.IntegrationValueID]
	IntegrationAliases() Collection[domain.IntegrationAlias, domain.IntegrationAliasID]
	Runners() Collection[domain.Runner, domain.RunnerID]
	TOTPs() Collection[domain.TOTP, domain.TOTPID]
	RecoveryCodes() Collection[domain.RecoveryCode, domain.RecoveryCodeID]
	// Notifications come and go with their tasks, but raise no Revision: lists do not
	// show them.
	Notifications() Collection[domain.Notification, domain.NotificationID]
	MailCodes() Collection[domain.MailCode, domain.MailCodeID]
	Events() Events
	Options() Options
	Tasks() Tasks
	Logs() Logs
	// Results is the data that programs reported, kept like logs.
	Results() Logs

	// InTx runs fn in a transaction. Nested calls join the outer one. fn may be
	// run again after a serialisation conflict.
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
	// Revision returns a number that grows whenever something in the project
	// changes: a resource, a member, a task, or what all projects share (users,
	// options). Equal numbers mean that nothing did. Growing logs, renewed leases
	// and events do not count.
	Revision(ctx context.Context, p domain.ProjectID) (int64, error)
	// Changes returns a number that grows whenever the Revision of any project does.
	Changes(ctx context.Context) (int64, error)
	// Ping tells whether the database answers.
	Ping(ctx context.Context) error
	Close() error
}

// Collection stores entities of one kind. Every write to an entity of a
// project raises the project's Revision in the same transaction.
type Collection[T any, ID ~int64] interface {
	Get(ctx context.Context, id ID) (T, error)
	// First returns the first match in the order given.
	First(ctx context.Context, q Query) (T, error)
	List(ctx context.Context, q Query) ([]T, error)
	Count(ctx context.Context, q Query) (int, error)
	// Create stores the entity and sets its ID.
	Create(ctx context.Context, entity *T) error
	// Update applies fn to the stored entity and returns the result. The
	// identifier cannot be changed. An error of fn changes nothing.
	Update(ctx context.Context, id ID, fn func(*T) error) (T, error)
	// Delete removes one entity; ErrNotFound when it is not there.
	Delete(ctx context.Context, id ID) error
	// DeleteWhere removes all matches and returns how many there were.
	DeleteWhere(ctx context.Context, where ...Cond) (int, error)
}

// Query selects entities. Without an order, lists are ordered by identifier.
// Limit 0 means DefaultLimit.
type Query struct {
	Where []Cond
	Order []Order
	Limit int
}

// DefaultLimit bounds lists whose caller gave no limit.
const DefaultLimit = 10000

// Where starts a query.
func Where(conds ...Cond) Query { return Query{Where: conds} }

// By adds an order: fields ascending, those with a leading "-" descending.
func (q Query) By(fields ...string) Query {
	for _, f := range fields {
		if f[0] == '-' {
			q.Order = append(q.Order, Order{Field: f[1:], Desc: true})
		} else {
			q.Order = append(q.Order, Order{Field: f})
		}
	}
	return q
}

// Max sets the limit.
func (q Query) Max(n int) Query {
	q.Limit = n
	return q
}

// FoldCase returns the form in which texts are compared without case.
func FoldCase(text string) string { return strings.ToLower(text) }

// Order is one sort key; Field is a storage name such as project_id. Texts are
// compared without case.
type Order struct {
	Field string
	Desc  bool
}

// Op is a comparison.
type Op string

const (
	OpEq     Op = "="
	OpNe     Op = "<>" // null differs from every value
	OpLt     Op = "<"
	OpGt     Op = ">"
	OpIn     Op = "in"     // Value is a slice
	OpNull   Op = "null"   // Value is ignored
	OpFold   Op = "fold"   // equal without case
	OpPrefix Op = "prefix" // text starts with, case kept
)

// Cond is one condition; all conditions of a query must hold. Field is a
// storage name; naming one that does not exist is a programming error.
type Cond struct {
	Field string
	Op    Op
	Value any
}

func Eq(field string, value any) Cond    { return Cond{field, OpEq, value} }
func Ne(field string, value any) Cond    { return Cond{field, OpNe, value} }
func Lt(field string, value any) Cond    { return Cond{field, OpLt, value} }
func Gt(field string, value any) Cond    { return Cond{field, OpGt, value} }
func In(field string, values any) Cond   { return Cond{field, OpIn, values} }
func Null(field string) Cond             { return Cond{Field: field, Op: OpNull} }
func Fold(field, value string) Cond      { return Cond{field, OpFold, value} }
func HasPrefix(field, value string) Cond { return Cond{field, OpPrefix, value} }

// InProject is the condition every project resource is looked up with.
func InProject(p domain.ProjectID) Cond { return Eq("project_id", p) }

// Options are settings kept in the database.
type Options interface {
	All(ctx context.Context) ([]domain.Option, error) // by key
	Get(ctx context.Context, key string) (string, error)
	Set(ctx context.Context, key, value string) error
	Delete(ctx context.Context, key string) error // deleting a missing one is fine
}

// Events is the activity log, append-only.
type Events interface {
	Add(ctx context.Context, e *domain.Event) error
	// List returns the newest events first.
	List(ctx context.Context, f EventFilter) ([]domain.EventWithNames, error)
	// Prune deletes events older than before, the oldest first, at most limit, and
	// returns how many there were. It is the only way an event goes.
	Prune(ctx context.Context, before time.Time, limit int) (int, error)
}

// EventFilter selects events for a list. Zero fields select all; what is set must
// all hold.
type EventFilter struct {
	Project *domain.ProjectID // those of this project
	// Projects, where Project is nil and it is not: those of these projects and
	// those of no project.
	Projects   []domain.ProjectID
	User       domain.UserID
	ObjectType domain.ObjectType
	ObjectID   int64
	Action     domain.EventAction
	Outcome    domain.Outcome
	Since      time.Time // not earlier than this
	Until      time.Time // earlier than this
	// Text is in the description or the name of the object, without case. Events
	// are read one by one to find it.
	Text   string
	Before domain.EventID // only older ones; 0: from the newest
	Limit  int            // 0: DefaultLimit
}

// Tasks stores tasks, their frozen definitions and the queue.
type Tasks interface {
	Get(ctx context.Context, id domain.TaskID) (domain.Task, error)
	// Create stores a task with its definition and sets its ID; the template's
	// TaskCount grows by one.
	Create(ctx context.Context, t *domain.Task, d domain.TaskDefinition) error
	Definition(ctx context.Context, id domain.TaskID) (domain.TaskDefinition, error)
	// Update is that of collections, under the rules of the state machine: a
	// change of a terminal status gives ErrFenced, another impossible one
	// ErrStatus. The definition's secret is erased when the task ends.
	Update(ctx context.Context, id domain.TaskID, fn func(*domain.Task) error) (domain.Task, error)
	// Reseal replaces the secret of a definition, and nothing else, by what fn
	// makes of it: "" when there is none or the task has ended. An error of fn
	// changes nothing; fn must be repeatable.
	Reseal(ctx context.Context, id domain.TaskID, fn func(sealed string) (string, error)) error
	// Delete removes a task with its definition, log, stages, results and
	// notifications.
	Delete(ctx context.Context, id domain.TaskID) error

	// List returns tasks newest first with the names lists show.
	List(ctx context.Context, f TaskFilter) ([]domain.TaskWithTemplate, error)
	// LastOfTemplates returns the newest task of each template of a project.
	LastOfTemplates(ctx context.Context, p domain.ProjectID) (map[domain.TemplateID]domain.TaskWithTemplate, error)
	// LastVersion returns the version of the newest task of a template that has
	// one, "" when none has. Called inside the transaction that creates the next.
	LastVersion(ctx context.Context, t domain.TemplateID) (string, error)
	CountUnfinished(ctx context.Context, p domain.ProjectID) (int, error)
	// Stats counts tasks by the day, in UTC, on which they were created, newest
	// first.
	Stats(ctx context.Context, f StatsFilter) ([]domain.TaskStat, error)
	// Settled says up to which task the history of a project stands, 0 for none of
	// it: those up to there were created before a time and have ended, so that what
	// Stats says of them stays true until removed, which grows with every task that
	// is deleted.
	Settled(ctx context.Context, p domain.ProjectID, before time.Time) (upTo domain.TaskID, removed int64, err error)

	// Claim hands the oldest waiting task that the limits let run to owner: in
	// one transaction it becomes starting, its epoch grows and its lease runs
	// until c.LeaseUntil. A task that must wait does not hold up younger ones.
	// ErrNotFound when no task may run.
	Claim(ctx context.Context, c Claim) (domain.Task, error)
	// Blocked says what keeps waiting tasks from running, by task. Tasks that
	// could run are not in it.
	Blocked(ctx context.Context, maxParallel int, ids []domain.TaskID) (map[domain.TaskID]Blocker, error)
	// Owned returns the unfinished tasks that owner has claimed, oldest first.
	Owned(ctx context.Context, owner string) ([]domain.Task, error)
	// RenewLeases prolongs the leases of all unfinished tasks of owner.
	RenewLeases(ctx context.Context, owner string, until time.Time) error

	// Stages returns the stages of a task by number.
	Stages(ctx context.Context, id domain.TaskID) ([]domain.TaskStage, error)
	// Ended returns tasks that have ended, oldest first: those younger than
	// after, at most limit.
	Ended(ctx context.Context, after domain.TaskID, limit int) ([]domain.Task, error)
	// OutputBytes is the size of all output and results of tasks that have ended,
	// as the programs wrote them.
	OutputBytes(ctx context.Context) (int64, error)

	// Record stores what a job reported, fenced and idempotent: a report whose
	// epoch is not the task's, or for a task that has ended, gives ErrFenced; a
	// journal offset already taken over changes nothing. A report that neither
	// was taken over nor starts where the last one ended, or whose chunks do not
	// continue the log or the results, gives ErrGap. A stage replaces the one of
	// the same number. One that takes up nothing of the journal
	// (FromOffset = ToOffset = the stored offset) only applies Apply. Status
	// moves are checked as in Update. The task after the change is returned.
	Record(ctx context.Context, id domain.TaskID, r Report) (domain.Task, error)
}

// TaskFilter selects tasks for a list.
type TaskFilter struct {
	Project  domain.ProjectID    // 0: any
	Template domain.TemplateID   // 0: any
	Statuses []domain.TaskStatus // none: any
	User     domain.UserID       // who started them; 0: anybody
	Since    time.Time           // created not earlier than this; zero: any
	Until    time.Time           // created earlier than this; zero: any
	// Words, in the form of FoldCase, let a store leave out tasks that lack one of
	// them in all of: message, commit and its message, version, branch, names of
	// the template and of the user. Others may be among the rest.
	Words  []string
	Before domain.TaskID // only older ones; 0: from the newest
	Limit  int
}

// StatsFilter selects the tasks that are counted.
type StatsFilter struct {
	Project  domain.ProjectID
	Template domain.TemplateID // 0: any
	User     domain.UserID     // who started them; 0: anybody
	Since    time.Time         // started not earlier than this; zero: any
	Until    time.Time         // ended earlier than this; zero: any
	After    domain.TaskID     // only newer ones; 0: all
	UpTo     domain.TaskID     // only this one and older ones; 0: all
}

// Claim says who asks for work and under which global limit.
type Claim struct {
	Owner       string
	Now         time.Time
	LeaseUntil  time.Time
	MaxParallel int // tasks busy at once on all owners; 0: no limit
}

// BlockReason says which limit a waiting task has met.
type BlockReason string

const (
	BlockedByGlobal   BlockReason = "global"
	BlockedByTemplate BlockReason = "template"
	BlockedByProject  BlockReason = "project"
)

// Blocker is a limit and, where one task is to blame, that task.
type Blocker struct {
	Reason BlockReason
	Limit  int
	TaskID domain.TaskID
}

// Report is what a job's journal said between two offsets.
type Report struct {
	Epoch      int64
	FromOffset int64            // journal offset the report starts at
	ToOffset   int64            // journal offset it ends at
	Chunks     []logchunk.Chunk // of the log
	Results    []logchunk.Chunk
	Stages     []domain.TaskStage // TaskID is that of the task
	// Apply changes the task for the other records; nil for none.
	Apply func(*domain.Task) error
}

// Logs reads the output of tasks. Lines are numbered from 1 without gaps.
type Logs interface {
	// Chunks returns chunks in order that hold lines numbered greater than
	// after, starting with the one that contains line after+1; at most limit.
	Chunks(ctx context.Context, id domain.TaskID, after int64, limit int) ([]logchunk.Chunk, error)
	// Size returns the stored bytes and the number of chunks of a log.
	Size(ctx context.Context, id domain.TaskID) (bytes int64, chunks int, err error)
	// Compact merges the small chunks of a sealed log into large ones; reading
	// gives the same lines before, during and after. A log that is not sealed is
	// an error.
	Compact(ctx context.Context, id domain.TaskID) error
}
