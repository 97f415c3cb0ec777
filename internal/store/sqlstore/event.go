package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
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
		" from events e left join users u on u.id = e.user_id left join projects p on p.id = e.project_id"
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

func (ev *events) List(ctx context.Context, project *domain.ProjectID, projects []domain.ProjectID, limit int) ([]domain.EventWithNames, error) {
	if limit <= 0 {
		limit = store.DefaultLimit
	}
	query, args := ev.listSQL, []any(nil)
	switch {
	case project != nil:
		query += " where e.project_id = ?"
		args = append(args, int64(*project))
	case len(projects) > 0:
		ids := make([]any, len(projects))
		for i, p := range projects {
			ids[i] = int64(p)
		}
		text, ids := inList(ids)
		query += " where (e.project_id is null or e.project_id" + text + ")"
		args = append(args, ids...)
	case projects != nil:
		query += " where e.project_id is null"
	}
	rows, err := ev.eng.rows(ctx, query+" order by e.id desc limit ?", append(args, int64(limit))...)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	defer rows.Close()
	list := []domain.EventWithNames{}
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
	return list, nil
}
