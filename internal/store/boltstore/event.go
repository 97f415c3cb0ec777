package boltstore

import (
	"context"
	"slices"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/kv"
	"signalbox/internal/store/rowmap"
	"signalbox/internal/store/rules"
	"signalbox/internal/store/schema"
)

// events implements store.Events. Events are not a part of what a project's
// revision counts: they are written along with what changes it.
type events struct{ kv.Table[domain.Event] }

func (ev events) Add(ctx context.Context, e *domain.Event) error {
	err := ev.DB.Write(ctx, func(t *kv.Tx) error { return ev.Table.Add(t, e) })
	return rules.Explain(err, "add event")
}

func (ev events) List(ctx context.Context, f store.EventFilter) ([]domain.EventWithNames, error) {
	if f.Text != "" {
		return rules.SearchEvents(ctx, f, ev.List)
	}
	conds := ev.conds(f)
	list := []domain.EventWithNames{}
	err := ev.DB.Read(ctx, func(t *kv.Tx) error {
		look := names{t: t}
		err := ev.Find(ctx, t, conds, store.Query{Limit: f.Limit}.By("-id"), func(row []any) error {
			var e domain.EventWithNames
			err := ev.Map.Set(&e.Event, row)
			if e.UserID != nil {
				e.ActorName = look.text("users", int64(*e.UserID), "username")
			}
			if e.ProjectID != nil {
				e.ProjectName = look.text("projects", int64(*e.ProjectID), "name")
			}
			if e.ObjectID != nil {
				e.ObjectName = look.object(e.ObjectType, *e.ObjectID)
			}
			list = append(list, e)
			return err
		})
		if err == nil {
			err = look.err
		}
		return err
	})
	return list, rules.Explain(err, "list events")
}

// conds makes the conditions of a filter.
func (ev events) conds(f store.EventFilter) (conds []rowmap.Cond) {
	add := func(wanted bool, field string, op store.Op, value any) {
		if wanted {
			conds = append(conds, rowmap.Cond{Col: ev.Column(field), Op: op, Value: value})
		}
	}
	if f.Project != nil {
		add(true, "project_id", store.OpEq, int64(*f.Project))
	} else if f.Projects != nil {
		of := rowmap.Cond{Col: ev.Column("project_id"), Op: store.OpIn, Set: map[any]struct{}{nil: {}}} // and those of no project
		for _, p := range f.Projects {
			of.Set[int64(p)] = struct{}{}
		}
		conds = append(conds, of)
	}
	add(f.User != 0, "user_id", store.OpEq, int64(f.User))
	add(f.ObjectType != "", "object_type", store.OpEq, string(f.ObjectType))
	add(f.ObjectID != 0, "object_id", store.OpEq, f.ObjectID)
	add(f.Action != "", "action", store.OpEq, string(f.Action))
	add(f.Outcome != "", "outcome", store.OpEq, string(f.Outcome))
	add(!f.Since.IsZero(), "created", store.OpGt, f.Since.UnixMicro()-1)
	add(!f.Until.IsZero(), "created", store.OpLt, f.Until.UnixMicro())
	add(f.Before != 0, "id", store.OpLt, int64(f.Before))
	return conds
}

// Prune looks at the oldest events only: identifiers grow with time.
func (ev events) Prune(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = ev.DB.Write(ctx, func(t *kv.Tx) error {
		n = 0
		var old [][]any
		created := ev.Column("created")
		err := ev.Find(ctx, t, nil, store.Query{Limit: limit}.By("id"), func(row []any) error {
			if row[created].(int64) < before.UnixMicro() {
				old = append(old, slices.Clone(row))
			}
			return nil
		})
		if err != nil {
			return err
		}
		n = len(old)
		return ev.Remove(t, old...)
	})
	return n, rules.Explain(err, "delete old events")
}

// names looks up rows that many others show, each once.
type names struct {
	t    *kv.Tx
	seen map[string]map[int64][]any
	err  error
}

func (n *names) row(table string, id int64) []any {
	if row, ok := n.seen[table][id]; ok {
		return row
	}
	row, err := n.t.Rows(table).Row(n.t, id)
	if err != nil && n.err == nil {
		n.err = err
	}
	if n.seen == nil {
		n.seen = map[string]map[int64][]any{}
	}
	if n.seen[table] == nil {
		n.seen[table] = map[int64][]any{}
	}
	n.seen[table][id] = row
	return row
}

// field returns a field of a row, nil when there is no such row.
func (n *names) field(table string, id int64, field string) any {
	if row := n.row(table, id); row != nil {
		return row[n.t.Rows(table).Column(field)]
	}
	return nil
}

// text returns a text of a row, "" when there is no such row.
func (n *names) text(table string, id int64, field string) string {
	text, _ := n.field(table, id, field).(string)
	return text
}

// object returns the name of what an event is about.
func (n *names) object(typ domain.ObjectType, id int64) string {
	if typ == domain.ObjectTask {
		template, _ := n.field("tasks", id, "template_id").(int64)
		typ, id = domain.ObjectTemplate, template
	}
	for _, at := range schema.Names() {
		if at.Type == typ {
			return n.text(at.Table, id, at.Column)
		}
	}
	return ""
}
