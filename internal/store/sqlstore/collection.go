package sqlstore

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
)

// table is how entities of one type are stored.
type table[T any] struct {
	eng  *engine
	name string // quoted
	what string // for messages
	rows *rowmap.Table[T]
	// fold are the positions of the texts that are also stored without case.
	fold   []int
	folded map[string]bool
	// project returns whose revision a write raises; 0 for that of all projects.
	// Nil: of none.
	project func(*T) domain.ProjectID

	columns   string // all of the entity, quoted, for selects
	insertSQL string
	getSQL    string
	deleteSQL string
}

func newTable[T any](e *engine, name, what string, project func(*T) domain.ProjectID, fold ...string) *table[T] {
	t := &table[T]{eng: e, name: e.d.Quote(name), what: what, rows: rowmap.Of[T](), project: project, folded: map[string]bool{}}
	var all, inserted []string
	for _, c := range t.rows.Columns {
		all = append(all, e.d.Quote(c.Name))
	}
	inserted = append(inserted, all[1:]...) // without the identifier, which comes first
	for _, f := range fold {
		i, ok := t.rows.Lookup(f)
		if !ok {
			panic("sqlstore: " + name + " has no " + f)
		}
		t.fold = append(t.fold, i)
		t.folded[f] = true
		inserted = append(inserted, e.d.Quote(f+foldSuffix))
	}
	t.columns = strings.Join(all, ", ")
	t.insertSQL = fmt.Sprintf("insert into %s (%s) values (?%s)", t.name,
		strings.Join(inserted, ", "), strings.Repeat(", ?", len(inserted)-1))
	t.getSQL = fmt.Sprintf("select %s from %s where id = ?", t.columns, t.name)
	t.deleteSQL = fmt.Sprintf("delete from %s where id = ?", t.name)
	return t
}

func (t *table[T]) column(name string) (rowmap.Column, bool, bool) {
	i, ok := t.rows.Lookup(name)
	if !ok {
		return rowmap.Column{}, false, false
	}
	return t.rows.Columns[i], t.folded[name], true
}

func (t *table[T]) quote(name string) string { return t.eng.d.Quote(name) }

func (t *table[T]) stored(text string) string {
	if t.eng.d.EscapeText {
		return escapeString(text)
	}
	return text
}

// get reads one row; lock when it is going to be changed.
func (t *table[T]) get(ctx context.Context, id int64, lock bool) (T, error) {
	query := t.getSQL
	if lock {
		query += t.eng.d.ForUpdate
	}
	return t.one(ctx, query, []any{id})
}

func (t *table[T]) one(ctx context.Context, query string, args []any) (T, error) {
	var e T
	err := t.eng.scan(ctx, query, args, t.rows.NewRow(t.eng.decode()).Dest(&e)...)
	return e, err
}

func (t *table[T]) list(ctx context.Context, query string, args []any) ([]T, error) {
	rows, err := t.eng.rows(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []T{}
	var e T
	dest := t.rows.NewRow(t.eng.decode()).Dest(&e)
	for rows.Next() {
		e = *new(T)
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, t.eng.translate(rows.Err())
}

// insert stores e, sets its identifier and rounds it to what was stored.
func (t *table[T]) insert(ctx context.Context, tx *txn, e *T) error {
	values, err := t.rows.Values(e, make([]any, 0, len(t.rows.Columns)+len(t.fold)))
	if err != nil {
		return err
	}
	args := values[1:]
	for _, i := range t.fold {
		args = append(args, store.FoldCase(values[i].(string)))
	}
	id, err := tx.insert(ctx, t.insertSQL, args...)
	if err != nil {
		return err
	}
	values[0] = id
	if err := t.rows.Set(e, values[:len(t.rows.Columns)]); err != nil {
		return err
	}
	t.changed(tx, e)
	return nil
}

// update stores what differs between before, the stored values, and e.
// The condition may add to that on the identifier.
func (t *table[T]) update(ctx context.Context, tx *txn, before []any, e *T, condition string, args ...any) (changed bool, n int, err error) {
	after, err := t.rows.Values(e, make([]any, 0, len(before)))
	if err != nil {
		return false, 0, err
	}
	after[0] = before[0]
	var set strings.Builder
	var params []any
	for i := range after {
		if after[i] == before[i] {
			continue
		}
		if set.Len() > 0 {
			set.WriteString(", ")
		}
		name := t.rows.Columns[i].Name
		set.WriteString(t.quote(name) + " = ?")
		params = append(params, after[i])
		if t.folded[name] {
			set.WriteString(", " + t.quote(name+foldSuffix) + " = ?")
			params = append(params, store.FoldCase(after[i].(string)))
		}
	}
	if err := t.rows.Set(e, after); err != nil || len(params) == 0 {
		return false, 1, err
	}
	params = append(append(params, before[0]), args...)
	n, err = tx.exec(ctx, "update "+t.name+" set "+set.String()+" where id = ?"+condition, params...)
	return true, n, err
}

func (t *table[T]) changed(tx *txn, e *T) {
	if t.project != nil {
		tx.bump(t.project(e))
	}
}

// collection implements store.Collection on a table.
type collection[T any, ID ~int64] struct {
	*table[T]
}

func (c collection[T, ID]) wrap(verb string, err error) error {
	if err == nil || err == store.ErrNotFound {
		return err
	}
	return fmt.Errorf("%s %s: %w", verb, c.what, err)
}

func (c collection[T, ID]) Get(ctx context.Context, id ID) (T, error) {
	e, err := c.get(ctx, int64(id), false)
	return e, c.wrap("get", err)
}

func (c collection[T, ID]) First(ctx context.Context, q store.Query) (T, error) {
	q.Limit = 1
	query, args, err := c.query(q)
	if err != nil {
		return *new(T), c.wrap("find", err)
	}
	e, err := c.one(ctx, query, args)
	return e, c.wrap("find", err)
}

func (c collection[T, ID]) List(ctx context.Context, q store.Query) ([]T, error) {
	query, args, err := c.query(q)
	if err != nil {
		return nil, c.wrap("list", err)
	}
	list, err := c.list(ctx, query, args)
	return list, c.wrap("list", err)
}

func (c collection[T, ID]) query(q store.Query) (string, []any, error) {
	cond, args, err := where(c, q.Where, nil)
	if err != nil {
		return "", nil, err
	}
	ord, err := order(c, q.Order)
	if err != nil {
		return "", nil, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = store.DefaultLimit
	}
	return "select " + c.columns + " from " + c.name + cond + ord + " limit ?", append(args, int64(limit)), nil
}

func (c collection[T, ID]) Count(ctx context.Context, q store.Query) (int, error) {
	cond, args, err := where(c, q.Where, nil)
	if err != nil {
		return 0, c.wrap("count", err)
	}
	var n int
	err = c.eng.scanLong(ctx, "select count(*) from "+c.name+cond, args, &n)
	return n, c.wrap("count", err)
}

func (c collection[T, ID]) Create(ctx context.Context, e *T) error {
	return c.wrap("create", c.eng.tx(ctx, func(ctx context.Context, tx *txn) error {
		return c.insert(ctx, tx, e)
	}))
}

func (c collection[T, ID]) Update(ctx context.Context, id ID, fn func(*T) error) (T, error) {
	var result T
	var own error // of fn: handed back as it is
	err := c.eng.tx(ctx, func(ctx context.Context, tx *txn) error {
		e, err := c.get(ctx, int64(id), true)
		if err != nil {
			return err
		}
		before, err := c.rows.Values(&e, make([]any, 0, len(c.rows.Columns)))
		if err != nil {
			return err
		}
		old := e
		if own = fn(&e); own != nil {
			return own
		}
		changed, _, err := c.update(ctx, tx, before, &e, "")
		if err != nil {
			return err
		}
		if changed {
			c.changed(tx, &old)
			c.changed(tx, &e)
		}
		result = e
		return nil
	})
	if own != nil {
		return *new(T), own
	}
	if err != nil {
		return *new(T), c.wrap("update", err)
	}
	return result, nil
}

func (c collection[T, ID]) Delete(ctx context.Context, id ID) error {
	return c.wrap("delete", c.eng.tx(ctx, func(ctx context.Context, tx *txn) error {
		e, err := c.get(ctx, int64(id), true)
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, c.deleteSQL, int64(id)); err != nil {
			return err
		}
		c.changed(tx, &e)
		return nil
	}))
}

func (c collection[T, ID]) DeleteWhere(ctx context.Context, conds ...store.Cond) (int, error) {
	n := 0
	err := c.eng.tx(ctx, func(ctx context.Context, tx *txn) error {
		cond, args, err := where(c, conds, nil)
		if err != nil {
			return err
		}
		if err := c.changedWhere(ctx, tx, cond, args); err != nil {
			return err
		}
		n, err = tx.exec(ctx, "delete from "+c.name+cond, args...)
		return err
	})
	return n, c.wrap("delete", err)
}

// changedWhere raises the revisions of all projects that have matching rows.
func (c collection[T, ID]) changedWhere(ctx context.Context, tx *txn, cond string, args []any) error {
	if c.project == nil {
		return nil
	}
	field := "project_id"
	if _, ok := c.rows.Lookup(field); !ok {
		field = "id" // the projects themselves, or what all share
	}
	rows, err := tx.rows(ctx, "select distinct "+field+" from "+c.name+cond, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id *int64 // null: counts for all projects
		if err := rows.Scan(&id); err != nil {
			return err
		}
		var e T
		v := reflect.ValueOf(&e).Elem()
		i, _ := c.rows.Lookup(field)
		switch to := v.Field(i); {
		case id == nil:
		case to.Kind() == reflect.Pointer:
			to.Set(reflect.New(to.Type().Elem()))
			to.Elem().SetInt(*id)
		default:
			to.SetInt(*id)
		}
		c.changed(tx, &e)
	}
	return c.eng.translate(rows.Err())
}
