// Package transfer copies a whole installation from one database to another,
// whatever kinds they are. It goes through the tables row by row, keeps every
// identifier and every byte, and can be interrupted at any point: what is still
// to be done stands in the destination itself, written together with the rows.
//
// The source is only read. It is not kept from changing; a change is found when
// both sides are compared at the end.
//
// Backends offer what is needed by the interface Backend, and know nothing of
// the order and the bookkeeping, which are here.
package transfer

import (
	"context"
	"errors"

	"signalbox/internal/domain"
	"signalbox/internal/store/rowmap"
)

// Table is a table as all backends have it. The values of a row are in the order
// of the columns and have the forms of package rowmap.
type Table struct {
	Name    string
	Columns []rowmap.Column
	// Key is how many of the first columns identify a row. Rows are read in the
	// order of the key, in whichever order the backend keeps texts.
	Key int
	// Numbered: new rows get the next number of the table. A number is never given
	// out twice, so the last one matters even if its row is gone.
	Numbered bool
	// Links are the columns that may refer to rows that are written later.
	Links []int
}

// Tables returns all tables, those first that others refer to.
func Tables() []*Table {
	users := entity[domain.User]("users")
	inventories := entity[domain.Inventory]("inventories", "template_id")
	templates := entity[domain.Template]("templates", "build_template_id")
	definitions := entity[domain.TaskDefinition]("task_definitions")
	definitions.Numbered = false // they have the numbers of their tasks
	stages := entity[domain.TaskStage]("task_stages")
	stages.Key, stages.Numbered = 2, false
	options := entity[domain.Option]("options")
	options.Numbered = false
	return []*Table{
		users,
		entity[domain.Session]("sessions"),
		entity[domain.Token]("tokens"),
		entity[domain.Project]("projects"),
		entity[domain.Member]("members"),
		entity[domain.View]("views"),
		entity[domain.VariableGroup]("variable_groups"),
		entity[domain.Key]("keys"),
		entity[domain.Repository]("repositories"),
		entity[domain.HostConfig]("host_configs"),
		inventories,
		templates,
		entity[domain.Vault]("vaults"),
		entity[domain.CustomRole]("roles"),
		entity[domain.TemplateRole]("template_roles"),
		entity[domain.Invite]("invites"),
		entity[domain.Schedule]("schedules"),
		entity[domain.Integration]("integrations"),
		entity[domain.IntegrationMatcher]("integration_matchers"),
		entity[domain.IntegrationValue]("integration_values"),
		entity[domain.IntegrationAlias]("integration_aliases"),
		entity[domain.Runner]("runners"),
		entity[domain.TOTP]("totps"),
		entity[domain.RecoveryCode]("recovery_codes"),
		entity[domain.MailCode]("mail_codes"),
		entity[domain.Event]("events"),
		entity[domain.Task]("tasks"),
		entity[domain.Notification]("notifications"),
		definitions,
		chunks("chunks"),
		chunks("result_chunks"),
		stages,
		options,
		// A write of any other kind raises these, so they come last.
		{Name: "revisions", Key: 1, Columns: []rowmap.Column{{Name: "project_id"}, {Name: "value"}}},
	}
}

func chunks(name string) *Table {
	return &Table{Name: name, Key: 2, Columns: []rowmap.Column{
		{Name: "task_id"}, {Name: "first_seq"}, {Name: "count"}, {Name: "first_time", Kind: rowmap.Time},
		{Name: "last_time", Kind: rowmap.Time}, {Name: "raw_bytes"}, {Name: "payload", Kind: rowmap.Bytes},
	}}
}

func entity[T any](name string, links ...string) *Table {
	rows := rowmap.Of[T]()
	t := &Table{Name: name, Columns: rows.Columns, Key: 1, Numbered: true}
	for _, l := range links {
		i, ok := rows.Lookup(l)
		if !ok {
			panic("transfer: " + name + " has no " + l)
		}
		t.Links = append(t.Links, i)
	}
	return t
}

// MarkerKey is the key of the option that a database holds while a copy into it
// is not complete. It is no part of what is copied.
const MarkerKey = "transfer.unfinished"

// Backend is what a database offers to copies. Nothing here raises revisions.
type Backend interface {
	// Scan gives the rows whose key is greater than after, all for nil, to fn in
	// the order of keys, at most limit of them and until fn says no. A row and its
	// texts may be kept, a []byte only until fn returns.
	Scan(ctx context.Context, t *Table, after []any, limit int, fn func(row []any) (more bool, err error)) error
	// Count returns how many rows there are.
	Count(ctx context.Context, t *Table) (int64, error)
	// Write carries out a batch in one transaction. When the marker is not what
	// the batch expects, nothing is changed and the error is ErrMarker.
	Write(ctx context.Context, b Batch) error
	// Sequence returns the last number that a table has given out, 0 for none.
	Sequence(ctx context.Context, t *Table) (int64, error)
	// SetSequence makes the table go on after last.
	SetSequence(ctx context.Context, t *Table, last int64) error
}

// Batch is what is written at once.
type Batch struct {
	Table *Table // nil for the marker alone
	Rows  [][]any
	// Link: the rows are there, and only their links are set.
	Link bool
	// Before is the marker that must be there, After the one that takes its place;
	// "" stands for none.
	Before, After string
}

// What can be wrong with the two databases.
var (
	// ErrMarker: somebody else has written the marker.
	ErrMarker = errors.New("another copy into the same database is under way")
	// ErrNotEmpty: the destination holds data.
	ErrNotEmpty = errors.New("the destination is not empty")
	// ErrOther: the destination holds the beginning of a copy of another source.
	ErrOther = errors.New("the destination holds an unfinished copy of another database")
	// ErrUnfinished: the database is the destination of a copy that is not
	// complete.
	ErrUnfinished = errors.New("a copy into it is not complete")
	// ErrMismatch: the copy is not equal to the source.
	ErrMismatch = errors.New("the copy is not equal to the source")
)
