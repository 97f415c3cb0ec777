package boltstore

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
	"signalbox/internal/store/schema"
)

// table is how rows of one kind are kept: a bucket from key to row, and a bucket
// for each index. Everything here works on stored values in the order of the
// columns.
type table struct {
	eng      *engine
	desc     schema.Table
	cols     []rowmap.Column
	key      []int  // columns of the key
	primary  *index // the rows themselves
	indexes  []*index
	refs     []reference
	referred []referrer
}

// index is a bucket whose keys are made of fields and say which row is meant:
// they begin or end with the key of the row.
type index struct {
	table  *table
	bucket []byte
	fields []field
	// unique is how many fields tell rows apart; 0: it takes all.
	unique int
	// has leaves out rows by the value of a column; nil for none.
	has func(value any) bool
	of  int // the column
}

type field struct {
	col  int
	fold bool // without case
}

type reference struct {
	col int
	to  *table
}

// referrer is the index by which rows are found that refer to others.
type referrer struct {
	*index
	owned bool
}

// newTable makes a table of the schema, with its indexes.
func newTable(e *engine, desc schema.Table, cols []rowmap.Column) *table {
	t := &table{eng: e, desc: desc, cols: cols}
	names := desc.Key
	if len(names) == 0 {
		names = []string{"id"}
	}
	for _, name := range names {
		t.key = append(t.key, t.column(name))
	}
	t.primary = t.newIndex(names)
	t.primary.bucket, t.primary.unique = []byte(desc.Name), len(t.key)
	for _, fields := range desc.Unique {
		t.index(fields).unique = len(fields)
	}
	for _, p := range desc.Partial {
		x := t.index(p.Fields)
		x.bucket, x.of, x.has = append(x.bucket, "?"...), t.column(p.Column), p.Has
	}
	for _, fields := range desc.Indexes {
		t.index(fields)
	}
	e.tables[desc.Name] = t
	return t
}

// column returns the position of a column that must exist.
func (t *table) column(name string) int {
	i := slices.IndexFunc(t.cols, func(c rowmap.Column) bool { return c.Name == name })
	if i < 0 {
		panic(fmt.Sprintf("boltstore: %s has no %s", t.desc.Name, name))
	}
	return i
}

func (t *table) index(fields []string) *index {
	x := t.newIndex(fields)
	for _, col := range t.key {
		x.fields = append(x.fields, field{col: col})
	}
	t.indexes = append(t.indexes, x)
	return x
}

func (t *table) newIndex(fields []string) *index {
	x := &index{table: t, bucket: []byte(t.desc.Name + "." + strings.Join(fields, "."))}
	for _, f := range fields {
		name, fold := strings.CutPrefix(f, "~")
		x.fields = append(x.fields, field{t.column(name), fold})
	}
	return x
}

// partial returns a partial index of the schema.
func (t *table) partial(fields []string) *index {
	name := t.newIndex(fields).bucket
	i := slices.IndexFunc(t.indexes, func(x *index) bool { return x.has != nil && string(x.bucket) == string(name)+"?" })
	return t.indexes[i]
}

// link ties the references of all tables to what they refer to.
func (e *engine) link() {
	for _, t := range e.tables {
		for _, r := range t.desc.References {
			col := t.column(r.Field)
			to := e.tables[r.To]
			t.refs = append(t.refs, reference{col, to})
			to.referred = append(to.referred, referrer{t.byColumn(col), r.Owned})
		}
	}
}

// byColumn returns an index of all rows in which a column is not null.
func (t *table) byColumn(col int) *index {
	for _, x := range append(slices.Clone(t.indexes), t.primary) {
		if x.has == nil && x.fields[0].col == col {
			return x
		}
	}
	x := t.index([]string{t.cols[col].Name})
	if t.cols[col].Nullable {
		x.of, x.has = col, func(value any) bool { return value != nil }
	}
	return x
}

// keyOf returns the key of a row in the index, nil when it is not in it.
func (x *index) keyOf(row []any) []byte {
	if row == nil || x.has != nil && !x.has(row[x.of]) {
		return nil
	}
	key := make([]byte, 0, 64)
	for _, f := range x.fields {
		key = appendKey(key, f.of(row[f.col]))
	}
	return key
}

func (f field) of(value any) any {
	if f.fold {
		return rowmap.Fold(value)
	}
	return value
}

// holds reports whether the index has a key that starts with prefix.
func (x *index) holds(t *txn, prefix []byte) bool {
	key, _ := t.tx.Bucket(x.bucket).Cursor().Seek(prefix)
	return key != nil && bytes.HasPrefix(key, prefix)
}

// get returns the row of a key, nil when there is none.
func (t *table) get(tx *txn, key ...any) ([]any, error) {
	value := tx.tx.Bucket(t.primary.bucket).Get(appendKeys(nil, key...))
	if value == nil {
		return nil, nil
	}
	row := make([]any, len(t.cols))
	return row, t.decode(value, row)
}

func (t *table) decode(value []byte, row []any) error {
	if err := rowmap.Decode(t.cols, value, row); err != nil {
		return fmt.Errorf("%s: %w", t.desc.Name, err)
	}
	return nil
}

// insert stores a row. Where the database counts rows, it gets a new identifier.
func (t *table) insert(tx *txn, row []any) error {
	if len(t.desc.Key) == 0 {
		id, err := tx.tx.Bucket(t.primary.bucket).NextSequence()
		if err != nil {
			return tx.fail(err)
		}
		tx.wrote = true // numbers are not given back
		row[t.key[0]] = int64(id)
	}
	return t.change(tx, nil, row)
}

// change replaces a row and what indexes say about it: old is nil for a new
// one, row is nil for one that goes.
func (t *table) change(tx *txn, old, row []any) error {
	for _, x := range t.indexes {
		was, is := x.keyOf(old), x.keyOf(row)
		if string(was) == string(is) {
			continue
		}
		if was != nil {
			if err := tx.delete(x.bucket, was); err != nil {
				return err
			}
		}
		if is == nil {
			continue
		}
		if x.unique > 0 && x.holds(tx, is[:len(is)-keyInt]) {
			return tx.fail(fmt.Errorf("%w: %s", store.ErrConflict, x.bucket))
		}
		if err := tx.put(x.bucket, is, []byte{}); err != nil {
			return err
		}
	}
	if row == nil {
		return tx.delete(t.primary.bucket, t.primary.keyOf(old))
	}
	if err := tx.put(t.primary.bucket, t.primary.keyOf(row), rowmap.Encode(t.cols, row)); err != nil {
		return err
	}
	for _, r := range t.refs {
		if row[r.col] == nil || old != nil && old[r.col] == row[r.col] {
			continue
		}
		if !r.to.primary.holds(tx, appendKey(nil, row[r.col])) {
			return tx.fail(fmt.Errorf("%w: %s has no row %d", store.ErrReference, r.to.desc.Name, row[r.col]))
		}
	}
	return nil
}

// remove deletes rows, with those they own, if nothing else refers to them once
// all are gone.
func (t *table) remove(tx *txn, rows ...[]any) error {
	for _, row := range rows {
		if err := t.change(tx, row, nil); err != nil {
			return err
		}
		t.bump(tx, row)
	}
	for _, row := range rows {
		key := t.primary.keyOf(row)
		for _, r := range t.referred {
			if r.owned {
				if err := r.clear(tx, key); err != nil {
					return err
				}
			} else if r.holds(tx, key) {
				return tx.fail(fmt.Errorf("%w: %s", store.ErrReference, r.bucket))
			}
		}
	}
	return nil
}

// clear deletes the keys with a prefix.
func (x *index) clear(tx *txn, prefix []byte) error {
	var keys [][]byte
	_ = path{x, prefix, nil, nil}.walk(tx, false, func(key, _ []byte) (bool, error) {
		keys = append(keys, bytes.Clone(key))
		return true, nil
	}) // fn never fails
	for _, key := range keys {
		if err := tx.delete(x.bucket, key); err != nil {
			return err
		}
	}
	return nil
}

// bump raises the revision that a row belongs to.
func (t *table) bump(tx *txn, row []any) {
	switch t.desc.Revision {
	case "":
	case schema.Shared:
		tx.bump(0)
	default:
		tx.bump(domain.ProjectID(row[t.column(t.desc.Revision)].(int64)))
	}
}
