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

func (ev *events) List(ctx context.Context, project *domain.ProjectID, projects []domain.ProjectID, limit int) ([]domain.EventWithNames, error) {
	if limit <= 0 {
		limit = store.DefaultLimit
	}
	query, args := ev.listQuery(project, projects, int64(limit))
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

// mostParts bounds the projects that are looked at one by one. Who is in more of
// them sees most of the events anyway.
const mostParts = 64

// listQuery selects the events of a list. Those of a project are found by its own
// index: a planner that went backwards through all events, because most projects
// are busy, would go through the whole history for a quiet one.
func (ev *events) listQuery(project *domain.ProjectID, projects []domain.ProjectID, limit int64) (string, []any) {
	newest := func(cond string) string {
		return "select id from (select id from events where " + cond + " order by id desc limit ?) as p"
	}
	if project != nil {
		return fmt.Sprintf(ev.listSQL, "("+newest("project_id = ?")+") as x join events e on e.id = x.id"), []any{int64(*project), limit}
	}
	if projects == nil {
		return fmt.Sprintf(ev.listSQL, "events e"), nil
	}
	ids := make([]any, len(projects))
	for i, p := range projects {
		ids[i] = int64(p)
	}
	if len(ids) > mostParts {
		text, ids := inList(ids)
		return fmt.Sprintf(ev.listSQL, "events e") + " where (e.project_id is null or e.project_id" + text + ")", ids
	}
	if len(ids) > 0 {
		_, ids = inList(ids) // repeats the last, so that there are few statements
	}
	parts, args := newest("project_id is null"), []any{limit}
	for _, id := range ids {
		parts += " union " + newest("project_id = ?")
		args = append(args, id, limit)
	}
	return fmt.Sprintf(ev.listSQL, "("+parts+") as x join events e on e.id = x.id"), args
}
