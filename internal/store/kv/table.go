// Package kv keeps tables in one Bolt file: rows with indexes, references and
// queries, in transactions that share their commits. It knows tables by their
// description in package schema and no entity.
package kv

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
	"signalbox/internal/store/schema"
)

// Rows are the rows of one table: a bucket from key to row, and a bucket for each
// index. Everything here works on stored values in the order of the columns.
type Rows struct {
	DB       *DB
	Schema   schema.Table
	cols     []rowmap.Column
	keyCols  []int  // columns of the key
	primary  *Index // the rows themselves
	indexes  []*Index
	refs     []reference
	referred []referrer
}

// Index is a bucket whose keys are made of fields and say which row is meant:
// they begin or end with the key of the row.
type Index struct {
	table  *Rows
	bucket []byte
	fields []field
	// unique is how many fields tell rows apart; 0: it takes all.
	unique int
	// has leaves out rows by the value of a column; nil for none.
	has func(value any) bool
	of  int // the column
}

// field is a part of the keys of an index; Desc means nothing.
type field = rowmap.SortKey

type reference struct {
	col int
	to  *Rows
}

// referrer is the index by which rows are found that refer to others.
type referrer struct {
	*Index
	owned bool
}

// newRows makes a table of the schema, with its indexes.
func newRows(e *DB, desc schema.Table, cols []rowmap.Column) *Rows {
	t := &Rows{DB: e, Schema: desc, cols: cols}
	names := desc.Key
	if len(names) == 0 {
		names = []string{"id"}
	}
	for _, name := range names {
		t.keyCols = append(t.keyCols, t.Column(name))
	}
	t.primary = t.newIndex(names)
	t.primary.bucket, t.primary.unique = []byte(desc.Name), len(t.keyCols)
	for _, fields := range desc.Unique {
		t.index(fields).unique = len(fields)
	}
	for _, p := range desc.Partial {
		x := t.index(p.Fields)
		x.bucket, x.of, x.has = append(x.bucket, "?"...), t.Column(p.Column), p.Has
	}
	for _, fields := range desc.Indexes {
		t.index(fields)
	}
	e.tables[desc.Name] = t
	return t
}

// Column returns the position of a column that must exist.
func (t *Rows) Column(name string) int {
	i := slices.IndexFunc(t.cols, func(c rowmap.Column) bool { return c.Name == name })
	if i < 0 {
		panic(fmt.Sprintf("kv: %s has no %s", t.Schema.Name, name))
	}
	return i
}

func (t *Rows) index(fields []string) *Index {
	x := t.newIndex(fields)
	for _, col := range t.keyCols {
		x.fields = append(x.fields, field{Col: col})
	}
	t.indexes = append(t.indexes, x)
	return x
}

func (t *Rows) newIndex(fields []string) *Index {
	x := &Index{table: t, bucket: []byte(t.Schema.Name + "." + strings.Join(fields, "."))}
	for _, f := range fields {
		name, fold := strings.CutPrefix(f, "~")
		x.fields = append(x.fields, field{Col: t.Column(name), Fold: fold})
	}
	return x
}

// Partial returns a partial index of the schema.
func (t *Rows) Partial(fields []string) *Index {
	name := t.newIndex(fields).bucket
	i := slices.IndexFunc(t.indexes, func(x *Index) bool { return x.has != nil && string(x.bucket) == string(name)+"?" })
	return t.indexes[i]
}

// Link ties the references of all tables to what they refer to.
func (e *DB) Link() {
	for _, t := range e.tables {
		for _, r := range t.Schema.References {
			col := t.Column(r.Field)
			to := e.tables[r.To]
			t.refs = append(t.refs, reference{col, to})
			to.referred = append(to.referred, referrer{t.byColumn(col), r.Owned})
		}
	}
}

// byColumn returns an index of all rows in which a column is not null.
func (t *Rows) byColumn(col int) *Index {
	for _, x := range append(slices.Clone(t.indexes), t.primary) {
		if x.has == nil && x.fields[0].Col == col {
			return x
		}
	}
	x := t.index([]string{t.cols[col].Name})
	if t.cols[col].Nullable {
		x.of, x.has = col, func(value any) bool { return value != nil }
	}
	return x
}

// key returns the key of a row in the index, nil when it is not in it.
func (x *Index) key(row []any) []byte {
	if row == nil || x.has != nil && !x.has(row[x.of]) {
		return nil
	}
	key := make([]byte, 0, 64)
	for _, f := range x.fields {
		key = appendKey(key, valueOf(f, row[f.Col]))
	}
	return key
}

func valueOf(f field, value any) any {
	if f.Fold {
		return rowmap.Fold(value)
	}
	return value
}

// Walk gives the keys that begin with a prefix to fn until it says no, without
// the prefix; backwards if desc.
func (x *Index) Walk(t *Tx, desc bool, fn func(Key) bool, prefix ...any) error {
	from := keyOf(prefix)
	return path{Index: x, from: from, to: after(from)}.walk(t, desc, func(key, _ []byte) (bool, error) {
		return fn(key[len(from):]), nil
	})
}

// Seek returns the first key that is not before the values, nil for none.
func (x *Index) Seek(t *Tx, values ...any) Key {
	key, _ := t.tx.Bucket(x.bucket).Cursor().Seek(keyOf(values))
	return key
}

// holds reports whether the index has a key that starts with prefix.
func (x *Index) holds(t *Tx, prefix []byte) bool {
	key, _ := t.tx.Bucket(x.bucket).Cursor().Seek(prefix)
	return key != nil && bytes.HasPrefix(key, prefix)
}

// Row returns the stored values of the row with a key, nil when there is none.
func (t *Rows) Row(tx *Tx, key ...any) ([]any, error) {
	value := tx.tx.Bucket(t.primary.bucket).Get(keyOf(key))
	if value == nil {
		return nil, nil
	}
	row := make([]any, len(t.cols))
	return row, t.decode(value, row)
}

func (t *Rows) decode(value []byte, row []any) error {
	if err := rowmap.Decode(t.cols, value, row); err != nil {
		return fmt.Errorf("%s: %w", t.Schema.Name, err)
	}
	return nil
}

// insert stores a row. Where the database counts rows, it gets a new identifier.
func (t *Rows) insert(tx *Tx, row []any) error {
	if len(t.Schema.Key) == 0 {
		id, err := tx.tx.Bucket(t.primary.bucket).NextSequence()
		if err != nil {
			return tx.Fail(err)
		}
		tx.wrote = true // numbers are not given back
		row[t.keyCols[0]] = int64(id)
	}
	return t.change(tx, nil, row)
}

// change replaces a row and what indexes say about it: old is nil for a new
// one, row is nil for one that goes.
func (t *Rows) change(tx *Tx, old, row []any) error {
	for _, x := range t.indexes {
		was, is := x.key(old), x.key(row)
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
			return tx.Fail(fmt.Errorf("%w: %s", store.ErrConflict, x.bucket))
		}
		if err := tx.put(x.bucket, is, []byte{}); err != nil {
			return err
		}
	}
	if row == nil {
		return tx.delete(t.primary.bucket, t.primary.key(old))
	}
	if err := tx.put(t.primary.bucket, t.primary.key(row), rowmap.Encode(t.cols, row)); err != nil {
		return err
	}
	for _, r := range t.refs {
		if row[r.col] == nil || old != nil && old[r.col] == row[r.col] {
			continue
		}
		if !r.to.primary.holds(tx, appendKey(nil, row[r.col])) {
			return tx.Fail(fmt.Errorf("%w: %s has no row %d", store.ErrReference, r.to.Schema.Name, row[r.col]))
		}
	}
	return nil
}

// Remove deletes rows, with those they own, if nothing else refers to them once
// all are gone.
func (t *Rows) Remove(tx *Tx, rows ...[]any) error {
	for _, row := range rows {
		if err := t.change(tx, row, nil); err != nil {
			return err
		}
		t.Bump(tx, row)
	}
	for _, row := range rows {
		key := t.primary.key(row)
		for _, r := range t.referred {
			if r.owned {
				if err := r.remove(tx, key); err != nil {
					return err
				}
			} else if r.holds(tx, key) {
				return tx.Fail(fmt.Errorf("%w: %s", store.ErrReference, r.bucket))
			}
		}
	}
	return nil
}

// remove deletes the rows that refer to the one with a key, with those they own.
func (r referrer) remove(tx *Tx, key []byte) error {
	t := r.table
	if r.Index == t.primary && len(t.indexes) == 0 && len(t.referred) == 0 && t.Schema.Revision == "" {
		return r.clear(tx, key) // nobody needs to know what logs say to delete them
	}
	var rows [][]any
	primary := tx.tx.Bucket(t.primary.bucket)
	err := path{Index: r.Index, from: key, to: after(key)}.walk(tx, false, func(at, value []byte) (bool, error) {
		if r.Index != t.primary {
			value = primary.Get(at[len(at)-keyInt:])
		}
		row := make([]any, len(t.cols))
		rows = append(rows, row)
		return true, t.decode(value, row)
	})
	if err != nil {
		return tx.Fail(err)
	}
	return t.Remove(tx, rows...)
}

// clear deletes the keys with a prefix.
func (x *Index) clear(tx *Tx, prefix []byte) error {
	var keys [][]byte
	_ = path{Index: x, from: prefix, to: after(prefix)}.walk(tx, false, func(key, _ []byte) (bool, error) {
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

// Bump raises the revision that a row belongs to.
func (t *Rows) Bump(tx *Tx, row []any) {
	switch t.Schema.Revision {
	case "":
	case schema.Shared:
		tx.Bump(0)
	default:
		project, _ := row[t.Column(t.Schema.Revision)].(int64) // null: counts for all
		tx.Bump(project)
	}
}
