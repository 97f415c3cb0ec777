package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
	"signalbox/internal/store/rules"
	"signalbox/internal/store/schema"
)

// events implements store.Events. Events are not a part of what a project's
// revision counts: they are written along with what changes it.
type events struct {
	*table[domain.Event]
	named   *rowmap.Table[domain.EventWithNames]
	listSQL string
}

func newEvents(e *engine) *events {
	ev := &events{table: newTable[domain.Event](e, "events", "event", nil), named: rowmap.Of[domain.EventWithNames]()}
	var cols []string
	for _, c := range ev.rows.Columns {
		cols = append(cols, "e."+e.d.Quote(c.Name))
	}
	var object strings.Builder
	object.WriteString("case e.object_type")
	for _, o := range schema.Names() {
		fmt.Fprintf(&object, " when '%s' then (select o.%s from %s o where o.id = e.object_id)", o.Type, o.Column, e.d.Quote(o.Table))
	}
	fmt.Fprintf(&object, " when '%s' then (select o.name from tasks t join templates o on o.id = t.template_id where t.id = e.object_id) end", domain.ObjectTask)
	ev.listSQL = "select " + strings.Join(cols, ", ") + ", coalesce(u.username, ''), coalesce(p.name, ''), coalesce(" + object.String() + ", '')" +
		" from %s left join users u on u.id = e.user_id left join projects p on p.id = e.project_id"
	return ev
}

func (ev *events) Add(ctx context.Context, e *domain.Event) error {
	err := ev.eng.tx(ctx, func(ctx context.Context, tx *txn) error {
		return ev.insert(ctx, tx, e)
	})
	if err != nil {
		return fmt.Errorf("add event: %w", err)
	}
	return nil
}

// List puts the events in order itself, for the reason that tasks do.
func (ev *events) List(ctx context.Context, f store.EventFilter) ([]domain.EventWithNames, error) {
	if f.Text != "" {
		return rules.SearchEvents(ctx, f, ev.List)
	}
	if f.Limit <= 0 {
		f.Limit = store.DefaultLimit
	}
	query, args := ev.listQuery(f)
	rows, err := ev.eng.rows(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	defer rows.Close()
	list := make([]domain.EventWithNames, 0, min(f.Limit, usual))
	row := ev.named.NewRow(ev.eng.decode())
	for rows.Next() {
		list = append(list, domain.EventWithNames{})
		if err := rows.Scan(row.Dest(&list[len(list)-1])...); err != nil {
			return nil, fmt.Errorf("list events: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list events: %w", ev.eng.translate(err))
	}
	slices.SortFunc(list, func(a, b domain.EventWithNames) int { return cmp.Compare(b.ID, a.ID) })
	return list, nil
}

// mostParts bounds the projects that are looked at one by one. Who is in more of
// them sees most of the events anyway.
const mostParts = 64

// listQuery selects the events of a list: their identifiers first, by an index
// where there is one. Those of a project are found by its own: a planner that
// went backwards through all events, because most projects are busy, would go
// through the whole history for a quiet one.
func (ev *events) listQuery(f store.EventFilter) (string, []any) {
	extra, values := eventConds(f)
	var args []any
	newest := func(cond string, of ...any) string {
		conds := extra
		if cond != "" {
			conds = append([]string{cond}, extra...)
		}
		where := ""
		if len(conds) > 0 {
			where = " where " + strings.Join(conds, " and ")
		}
		args = append(append(append(args, of...), values...), int64(f.Limit))
		return "select id from (select id from events" + where + " order by id desc limit ?) as p"
	}
	var parts string
	switch {
	case f.Project != nil:
		parts = newest("project_id = ?", int64(*f.Project))
	case f.Projects == nil:
		if len(extra) == 0 {
			return fmt.Sprintf(ev.listSQL, "events e") + " order by e.id desc limit ?", []any{int64(f.Limit)}
		}
		parts = newest("")
	default:
		ids := make([]any, len(f.Projects))
		for i, p := range f.Projects {
			ids[i] = int64(p)
		}
		if len(ids) > mostParts {
			text, ids := inList(ids)
			parts = newest("(project_id is null or project_id"+text+")", ids...)
			break
		}
		if len(ids) > 0 {
			_, ids = inList(ids) // repeats the last, so that there are few statements
		}
		parts = newest("project_id is null")
		for _, id := range ids {
			parts += " union " + newest("project_id = ?", id)
		}
		parts = "select id from (" + parts + ") as y order by id desc limit ?"
		args = append(args, int64(f.Limit))
	}
	return fmt.Sprintf(ev.listSQL, "("+parts+") as x join events e on e.id = x.id"), args
}

// eventConds writes the conditions of a filter, but that on projects.
func eventConds(f store.EventFilter) (conds []string, args []any) {
	add := func(wanted bool, cond string, arg any) {
		if wanted {
			conds, args = append(conds, cond), append(args, arg)
		}
	}
	add(f.User != 0, "user_id = ?", int64(f.User))
	add(f.ObjectType != "", "object_type = ?", string(f.ObjectType))
	add(f.ObjectID != 0, "object_id = ?", f.ObjectID)
	add(f.Action != "", "action = ?", string(f.Action))
	add(f.Outcome != "", "outcome = ?", string(f.Outcome))
	add(!f.Since.IsZero(), "created >= ?", f.Since.UnixMicro())
	add(!f.Until.IsZero(), "created < ?", f.Until.UnixMicro())
	add(f.Before != 0, "id < ?", int64(f.Before))
	return conds, args
}

// Prune looks at the oldest events only: identifiers grow with time.
func (ev *events) Prune(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = ev.eng.tx(ctx, func(ctx context.Context, tx *txn) error {
		n = 0
		rows, err := tx.rows(ctx, "select id, created from events order by id limit ?", int64(limit))
		if err != nil {
			return err
		}
		var old []any
		for rows.Next() {
			var id, created int64
			if err := rows.Scan(&id, &created); err != nil {
				_ = rows.Close() // the first error tells more
				return err
			}
			if created < before.UnixMicro() {
				old = append(old, id)
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil || len(old) == 0 {
			return err
		}
		n = len(old)
		text, old := inList(old)
		_, err = tx.exec(ctx, "delete from events where id"+text, old...)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("delete old events: %w", err)
	}
	return n, nil
}
