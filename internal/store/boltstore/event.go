package boltstore

import (
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// events implements store.Events. Events are not a part of what a project's
// revision counts: they are written along with what changes it.
type events struct {
	collection[domain.Event, domain.EventID]
	s *Store
	// names says where the names of objects are.
	names map[domain.ObjectType]nameColumn
}

type nameColumn struct {
	table *table
	col   int
}

func newEvents(s *Store) *events {
	ev := &events{collect[domain.Event, domain.EventID](s.eng, "events", "event", ""), s, map[domain.ObjectType]nameColumn{}}
	ev.index("project_id")
	for typ, t := range map[domain.ObjectType]*table{
		domain.ObjectVariableGroup: s.groups.table, domain.ObjectInventory: s.invs.table, domain.ObjectKey: s.keys.table,
		domain.ObjectProject: s.project.table, domain.ObjectRepository: s.repos.table, domain.ObjectTemplate: s.tmpls.table,
		domain.ObjectUser: s.users.table,
	} {
		ev.names[typ] = nameColumn{t, t.column("name")}
	}
	ev.names[domain.ObjectView] = nameColumn{s.views.table, s.views.column("title")}
	return ev
}

func (ev *events) Add(ctx context.Context, e *domain.Event) error {
	err := ev.eng.tx(ctx, func(_ context.Context, tx *txn) error { return ev.add(tx, e) })
	if err != nil {
		return fmt.Errorf("add event: %w", err)
	}
	return nil
}

func (ev *events) List(ctx context.Context, project *domain.ProjectID, projects []domain.ProjectID, limit int) ([]domain.EventWithNames, error) {
	var parts [][]store.Cond
	switch {
	case project != nil:
		parts = [][]store.Cond{{store.InProject(*project)}}
	case projects != nil:
		parts = [][]store.Cond{{store.Null("project_id")}}
		for _, p := range projects {
			parts = append(parts, []store.Cond{store.InProject(p)})
		}
	default:
		parts = [][]store.Cond{nil}
	}
	list := []domain.EventWithNames{}
	err := ev.eng.view(ctx, func(tx *bolt.Tx) error {
		rows, err := ev.newest(ctx, tx, limit, parts)
		if err != nil {
			return err
		}
		look := names{tx: tx}
		for _, row := range rows {
			var e domain.EventWithNames
			if err := ev.rows.Set(&e.Event, row); err != nil {
				return err
			}
			if e.UserID != nil {
				e.Username = look.text(ev.s.users.table, int64(*e.UserID), "username")
			}
			if e.ProjectID != nil {
				e.ProjectName = look.text(ev.s.project.table, int64(*e.ProjectID), "name")
			}
			e.ObjectName = ev.object(&look, e.ObjectType, e.ObjectID)
			list = append(list, e)
		}
		return look.err
	})
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	return list, nil
}

// object returns the name of what an event is about; a task has that of its
// template.
func (ev *events) object(look *names, typ domain.ObjectType, id *int64) string {
	if id == nil {
		return ""
	}
	of := *id
	if typ == domain.ObjectTask {
		task := look.row(ev.s.tasks.table, of)
		if task == nil {
			return ""
		}
		typ, of = domain.ObjectTemplate, task[ev.s.tasks.template].(int64)
	}
	at, ok := ev.names[typ]
	if !ok {
		return ""
	}
	return look.text(at.table, of, at.table.cols[at.col].Name)
}

// names looks up rows that many others show, each once.
type names struct {
	tx   *bolt.Tx
	seen map[*table]map[int64][]any
	err  error
}

func (n *names) row(t *table, id int64) []any {
	if row, ok := n.seen[t][id]; ok {
		return row
	}
	row, err := t.get(n.tx, id)
	if err != nil && n.err == nil {
		n.err = err
	}
	if n.seen == nil {
		n.seen = map[*table]map[int64][]any{}
	}
	if n.seen[t] == nil {
		n.seen[t] = map[int64][]any{}
	}
	n.seen[t][id] = row
	return row
}

// text returns a field of a row, "" when there is no such row.
func (n *names) text(t *table, id int64, field string) string {
	if row := n.row(t, id); row != nil {
		return row[t.column(field)].(string)
	}
	return ""
}
