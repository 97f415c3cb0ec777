package boltstore

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
)

// table is how rows of one kind are kept: a bucket from identifier to row, and
// a bucket for each index, whose keys end with the identifier. Everything here
// works on stored values in the order of the columns, the identifier first.
type table struct {
	eng     *engine
	name    []byte
	cols    []rowmap.Column
	indexes []*index
	refs    []reference
	// referrers are the indexes by which other rows refer to these.
	referrers []*index
	// revision is the column that says whose revision a write raises, or one of
	// the constants.
	revision int
}

const (
	raisesNone = -1
	raisesAll  = -2 // what all projects share
)

type index struct {
	bucket []byte
	fields []indexField
	unique bool
	// sparse leaves out rows whose first field is null.
	sparse bool
	// when leaves out rows by the value of a column; nil for none.
	when   func(value any) bool
	whenOf int
}

type indexField struct {
	col  int
	fold bool // without case
}

type reference struct {
	col int
	to  *table
}

// column returns the position of a column that must exist.
func (t *table) column(name string) int {
	i := slices.IndexFunc(t.cols, func(c rowmap.Column) bool { return c.Name == name })
	if i < 0 {
		panic(fmt.Sprintf("boltstore: %s has no %s", t.name, name))
	}
	return i
}

// index declares an index; a leading "~" means without case.
func (t *table) index(fields ...string) *index {
	x := &index{bucket: []byte(string(t.name) + "." + strings.Join(fields, "."))}
	for _, f := range fields {
		name, fold := strings.CutPrefix(f, "~")
		x.fields = append(x.fields, indexField{t.column(name), fold})
	}
	t.indexes = append(t.indexes, x)
	t.eng.buckets = append(t.eng.buckets, x.bucket)
	return x
}

func (t *table) unique(fields ...string) { t.index(fields...).unique = true }

// partial declares an index of the rows whose column says so.
func (t *table) partial(column string, when func(value any) bool, fields ...string) *index {
	x := t.index(fields...)
	x.whenOf, x.when = t.column(column), when
	x.bucket = append(x.bucket, "?"...)
	t.eng.buckets[len(t.eng.buckets)-1] = x.bucket
	return x
}

// refers declares that a field holds identifiers of another table, null aside.
func (t *table) refers(field string, to *table) {
	col := t.column(field)
	t.refs = append(t.refs, reference{col, to})
	at := slices.IndexFunc(t.indexes, func(x *index) bool { return x.when == nil && x.fields[0].col == col })
	if at < 0 {
		at = len(t.indexes)
		t.index(field).sparse = t.cols[col].Nullable
	}
	to.referrers = append(to.referrers, t.indexes[at])
}

// key returns the key of a row in the index, nil when it is not in it.
func (x *index) key(values []any) []byte {
	if values == nil || x.sparse && values[x.fields[0].col] == nil || x.when != nil && !x.when(values[x.whenOf]) {
		return nil
	}
	key := make([]byte, 0, 64)
	for _, f := range x.fields {
		key = appendKey(key, folded(values[f.col], f.fold))
	}
	return append(key, idKey(values[0].(int64))...)
}

func folded(value any, fold bool) any {
	if text, ok := value.(string); ok && fold {
		return store.FoldCase(text)
	}
	return value
}

// get returns a row, nil when there is none.
func (t *table) get(tx *bolt.Tx, id int64) ([]any, error) {
	row := tx.Bucket(t.name).Get(idKey(id))
	if row == nil {
		return nil, nil
	}
	values := make([]any, len(t.cols))
	if err := decodeRow(t.cols, row, values); err != nil {
		return nil, fmt.Errorf("%s %d: %w", t.name, id, err)
	}
	return values, nil
}

// insert stores a row under a new identifier, which it sets.
func (t *table) insert(tx *txn, values []any) error {
	id, err := tx.tx.Bucket(t.name).NextSequence()
	if err != nil {
		return tx.fail(err)
	}
	tx.wrote = true // numbers are not given back
	values[0] = int64(id)
	return t.change(tx, nil, values)
}

// change replaces a row and what indexes say about it: old is nil for a new
// one, row is nil for one that goes.
func (t *table) change(tx *txn, old, row []any) error {
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
		if x.unique && has(tx.tx, x.bucket, is[:len(is)-8]) {
			return tx.fail(fmt.Errorf("%w: %s", store.ErrConflict, x.bucket))
		}
		if err := tx.put(x.bucket, is, []byte{}); err != nil {
			return err
		}
	}
	if row == nil {
		return tx.delete(t.name, idKey(old[0].(int64)))
	}
	if err := tx.put(t.name, idKey(row[0].(int64)), encodeRow(t.cols, row)); err != nil {
		return err
	}
	for _, r := range t.refs {
		id, ok := row[r.col].(int64)
		if !ok || old != nil && old[r.col] == row[r.col] {
			continue
		}
		if tx.tx.Bucket(r.to.name).Get(idKey(id)) == nil {
			return tx.fail(fmt.Errorf("%w: %s has no row %d", store.ErrReference, r.to.name, id))
		}
	}
	return nil
}

// remove deletes rows that nothing refers to any more once they are gone.
func (t *table) remove(tx *txn, rows ...[]any) error {
	for _, row := range rows {
		if err := t.change(tx, row, nil); err != nil {
			return err
		}
		t.bump(tx, row)
	}
	for _, row := range rows {
		for _, x := range t.referrers {
			if has(tx.tx, x.bucket, appendKey(nil, row[0])) {
				return tx.fail(fmt.Errorf("%w: %s", store.ErrReference, x.bucket))
			}
		}
	}
	return nil
}

// has reports whether a bucket has a key that starts with prefix.
func has(tx *bolt.Tx, bucket, prefix []byte) bool {
	key, _ := tx.Bucket(bucket).Cursor().Seek(prefix)
	return key != nil && bytes.HasPrefix(key, prefix)
}

// bump raises the revision that a row belongs to.
func (t *table) bump(tx *txn, row []any) {
	switch t.revision {
	case raisesNone:
	case raisesAll:
		tx.bump(0)
	default:
		tx.bump(domain.ProjectID(row[t.revision].(int64)))
	}
}
