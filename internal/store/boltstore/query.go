package boltstore

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
)

// cond is a condition made ready.
type cond struct {
	col   int
	op    store.Op
	value any
	set   map[any]struct{} // of OpIn
}

func (t *table) compile(list []store.Cond) ([]cond, error) {
	conds := make([]cond, len(list))
	for i, c := range list {
		col := slices.IndexFunc(t.cols, func(col rowmap.Column) bool { return col.Name == c.Field })
		if col < 0 {
			return nil, fmt.Errorf("condition on %s: there is no such field", c.Field)
		}
		ready, err := compile(c)
		if err != nil {
			return nil, fmt.Errorf("condition on %s: %w", c.Field, err)
		}
		ready.col = col
		conds[i] = ready
	}
	return conds, nil
}

func compile(c store.Cond) (cond, error) {
	ready := cond{op: c.Op}
	var err error
	switch c.Op {
	case store.OpNull:
		ready.op = store.OpEq
		return ready, nil
	case store.OpIn:
		v := reflect.ValueOf(c.Value)
		if v.Kind() != reflect.Slice {
			return ready, fmt.Errorf("want a slice of values, got %T", c.Value)
		}
		ready.set = make(map[any]struct{}, v.Len())
		for i := range v.Len() {
			value, err := rowmap.Stored(v.Index(i).Interface())
			if err != nil {
				return ready, err
			}
			if value != nil { // which is in no list
				ready.set[value] = struct{}{}
			}
		}
		return ready, nil
	}
	if ready.value, err = rowmap.Stored(c.Value); err != nil {
		return ready, err
	}
	text, isText := ready.value.(string)
	switch c.Op {
	case store.OpEq, store.OpNe:
	case store.OpLt, store.OpGt:
		if ready.value == nil {
			return ready, fmt.Errorf("null cannot be compared by %q", string(c.Op))
		}
	case store.OpFold, store.OpPrefix:
		if !isText {
			return ready, fmt.Errorf("a %T is no text", c.Value)
		}
		if c.Op == store.OpFold {
			ready.value = store.FoldCase(text)
		}
	default:
		return ready, fmt.Errorf("unknown comparison %q", string(c.Op))
	}
	return ready, nil
}

func (c *cond) holds(row []any) bool {
	v := row[c.col]
	switch c.op {
	case store.OpEq:
		return v == c.value
	case store.OpNe:
		return v != c.value
	case store.OpIn:
		_, ok := c.set[v]
		return ok
	}
	if v == nil {
		return false
	}
	switch c.op {
	case store.OpLt:
		return compare(v, c.value) < 0
	case store.OpGt:
		return compare(v, c.value) > 0
	case store.OpFold:
		return folded(v, true) == c.value
	}
	text, ok := v.(string)
	return ok && strings.HasPrefix(text, c.value.(string))
}

// compare orders stored values of one column; null comes first.
func compare(a, b any) int {
	switch a := a.(type) {
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b)
		}
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b)
		}
	}
	return bytes.Compare(appendKey(nil, a), appendKey(nil, b))
}

// path is a part of a bucket: the keys with a prefix, from lo on, below hi.
type path struct {
	bucket, prefix, lo, hi []byte
}

func (p path) from() []byte {
	if bytes.Compare(p.lo, p.prefix) > 0 {
		return p.lo
	}
	return p.prefix
}

func (p path) to() []byte {
	end := []byte{0xff} // no key starts like that
	if len(p.prefix) > 0 {
		end = bytes.Clone(p.prefix)
		for end[len(end)-1] == 0xff { // nor is a prefix made of nothing else
			end = end[:len(end)-1]
		}
		end[len(end)-1]++
	}
	if p.hi != nil && bytes.Compare(p.hi, end) < 0 {
		return bytes.Clone(p.hi)
	}
	return end
}

// walk gives the keys and values of a path to fn until it says no.
func (p path) walk(tx *bolt.Tx, desc bool, fn func(key, value []byte) (bool, error)) error {
	c, from, to := tx.Bucket(p.bucket).Cursor(), p.from(), p.to()
	if desc {
		return walkDown(c, from, to, fn)
	}
	for key, value := c.Seek(from); key != nil && bytes.Compare(key, to) < 0; key, value = c.Next() {
		if more, err := fn(key, value); !more || err != nil {
			return err
		}
	}
	return nil
}

func walkDown(c *bolt.Cursor, from, to []byte, fn func(key, value []byte) (bool, error)) error {
	back := c.Last
	if key, _ := c.Seek(to); key != nil {
		back = c.Prev
	}
	key, value := back()
	for ; key != nil && bytes.Compare(key, from) >= 0; key, value = c.Prev() {
		to = append(to[:0], key...)
		if more, err := fn(key, value); !more || err != nil {
			return err
		}
	}
	if key != nil {
		return nil
	}
	// Going back, a cursor stops at pages that this transaction has emptied. What
	// is left before them, if anything, is found going forward.
	var left [][2][]byte
	for key, value = c.Seek(from); key != nil && bytes.Compare(key, to) < 0; key, value = c.Next() {
		left = append(left, [2][]byte{key, value})
	}
	for _, pair := range slices.Backward(left) {
		if more, err := fn(pair[0], pair[1]); !more || err != nil {
			return err
		}
	}
	return nil
}

// plan is a way to the rows of a query.
type plan struct {
	paths  []path
	desc   bool
	sorted bool // the rows come in the order asked for
	rest   []cond
	score  int
}

// prepare chooses the way that fixes the most fields.
func (t *table) prepare(conds []cond, order []sortKey) plan {
	best := t.byIndex(&index{bucket: t.name}, conds, order)
	for _, x := range t.indexes {
		if !x.holdsAll(conds) {
			continue
		}
		if p := t.byIndex(x, conds, order); p.score > best.score {
			best = p
		}
	}
	return best
}

// holdsAll reports whether the rows of a query are in the index, as far as that
// depends on its condition.
func (x *index) holdsAll(conds []cond) bool {
	return x.when == nil || slices.ContainsFunc(conds, func(c cond) bool {
		return c.col == x.whenOf && c.op == store.OpEq && c.value != nil && x.when(c.value)
	})
}

// encodeID writes an identifier as it ends a key.
func encodeID(key []byte, id any) []byte {
	n, _ := id.(int64)
	return append(key, idKey(max(n, 0))...)
}

// byIndex says how an index would do. The rows themselves count as one whose
// only field is the identifier.
func (t *table) byIndex(x *index, conds []cond, order []sortKey) plan {
	p := plan{paths: []path{{bucket: x.bucket}}, rest: slices.Clone(conds)}
	encode, fields := appendKey, x.fields
	if len(fields) == 0 {
		fields = []indexField{{col: 0}}
		encode = encodeID
	}
	bound := 0
	for ; bound < len(fields) && len(p.paths) == 1; bound++ {
		f := fields[bound]
		values, at := bind(f, p.rest)
		if at < 0 || x.sparse && bound == 0 && slices.Contains(values, nil) {
			break
		}
		base := p.paths[0].prefix
		p.paths = nil
		for _, v := range values {
			p.paths = append(p.paths, path{bucket: x.bucket, prefix: encode(bytes.Clone(base), v)})
		}
		if c := p.rest[at]; f.fold == (c.op == store.OpFold) {
			p.rest = slices.Delete(p.rest, at, at+1)
		}
		p.score += 10
		if len(x.fields) == 0 || x.unique && bound == len(fields)-1 {
			p.score += 100
		}
	}
	if x.sparse && bound == 0 {
		return plan{score: -1} // rows are missing
	}
	if bound < len(fields) && len(p.paths) == 1 && !fields[bound].fold && p.paths[0].limit(fields[bound].col, p.rest, encode) {
		p.score += 5
	}
	if bound == len(x.fields) && bound > 0 && len(p.paths) == 1 {
		p.paths[0].limit(0, p.rest, encodeID)
	}
	if len(p.paths) > 1 {
		slices.SortFunc(p.paths, func(a, b path) int { return bytes.Compare(a.prefix, b.prefix) })
		p.sorted = len(order) == 0 && bound == len(fields) && len(x.fields) == 0
		return p
	}
	if x.when != nil && bound > 0 {
		p.score += 2 // it holds fewer rows
	}
	p.natural(fields[bound:], order)
	return p
}

// bind returns the values a field is fixed to and the condition that does it.
func bind(f indexField, conds []cond) ([]any, int) {
	for i, c := range conds {
		if c.col != f.col {
			continue
		}
		switch {
		case c.op == store.OpEq, c.op == store.OpFold && f.fold:
			return []any{folded(c.value, f.fold)}, i
		case c.op == store.OpIn && !f.fold:
			values := make([]any, 0, len(c.set))
			for v := range c.set {
				values = append(values, v)
			}
			return values, i
		}
	}
	return nil, -1
}

// limit narrows the path by what conditions say about the next field.
func (p *path) limit(col int, conds []cond, encode func([]byte, any) []byte) (narrowed bool) {
	for _, c := range conds {
		if c.col != col {
			continue
		}
		switch c.op {
		case store.OpLt:
			p.hi, narrowed = encode(bytes.Clone(p.prefix), c.value), true
		case store.OpGt:
			p.lo, narrowed = encode(bytes.Clone(p.prefix), c.value), true
		}
	}
	return narrowed
}

// natural finds out whether the order of the keys is the one asked for.
func (p *plan) natural(left []indexField, order []sortKey) {
	if i := slices.IndexFunc(left, func(f indexField) bool { return f.col == 0 }); i >= 0 {
		left = left[:i] // nothing matters after the identifier
	}
	if n := len(order); n == 1 && order[0].col == 0 && len(left) == 0 {
		p.sorted, p.desc = true, order[0].desc
	} else if n == len(left) {
		p.sorted = true
		for i, k := range order {
			p.sorted = p.sorted && !k.desc && k.col == left[i].col && k.fold == left[i].fold
		}
	}
	if p.sorted && p.score >= 0 {
		p.score++
	}
}

// sortKey is a part of an order. Orders end with the identifier, unless named.
type sortKey struct {
	col        int
	desc, fold bool
}

func (t *table) order(list []store.Order) ([]sortKey, error) {
	var keys []sortKey
	for _, o := range list {
		col := slices.IndexFunc(t.cols, func(c rowmap.Column) bool { return c.Name == o.Field })
		if col < 0 {
			return nil, fmt.Errorf("order by %s: there is no such field", o.Field)
		}
		keys = append(keys, sortKey{col, o.Desc, t.cols[col].Kind == rowmap.Text})
		if col == 0 {
			break
		}
	}
	return keys, nil
}

// query gives the rows of a query to fn, which must not keep them.
func (t *table) query(ctx context.Context, tx *bolt.Tx, q store.Query, fn func(row []any) error) error {
	conds, err := t.compile(q.Where)
	if err != nil {
		return err
	}
	order, err := t.order(q.Order)
	if err != nil {
		return err
	}
	if q.Limit <= 0 {
		q.Limit = store.DefaultLimit
	}
	p := t.prepare(conds, order)
	if p.sorted {
		n := 0
		return t.run(ctx, tx, p, func(row []any) (bool, error) {
			n++
			return n < q.Limit, fn(row)
		})
	}
	var rows [][]any
	err = t.run(ctx, tx, p, func(row []any) (bool, error) {
		keys := make([]any, 0, len(order)+len(row))
		for _, k := range order {
			keys = append(keys, folded(row[k.col], k.fold))
		}
		rows = append(rows, append(keys, row...))
		return true, nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b []any) int {
		for i, k := range order {
			if c := compare(a[i], b[i]); c != 0 {
				if k.desc {
					return -c
				}
				return c
			}
		}
		return compare(a[len(order)], b[len(order)])
	})
	for _, row := range rows[:min(len(rows), q.Limit)] {
		if err := fn(row[len(order):]); err != nil {
			return err
		}
	}
	return nil
}

// run gives the rows of a plan to fn until it says no.
func (t *table) run(ctx context.Context, tx *bolt.Tx, p plan, fn func(row []any) (bool, error)) error {
	bucket, row, n, more := tx.Bucket(t.name), make([]any, len(t.cols)), 0, true
	for _, path := range p.paths {
		direct := bytes.Equal(path.bucket, t.name)
		err := path.walk(tx, p.desc, func(key, value []byte) (bool, error) {
			if n++; n%1024 == 0 && ctx.Err() != nil {
				return false, ctx.Err()
			}
			if !direct {
				value = bucket.Get(key[len(key)-8:])
			}
			if err := decodeRow(t.cols, value, row); err != nil {
				return false, fmt.Errorf("%s %d: %w", t.name, idOf(key), err)
			}
			for i := range p.rest {
				if !p.rest[i].holds(row) {
					return true, nil
				}
			}
			var err error
			more, err = fn(row)
			return more, err
		})
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// count counts the rows of a query, by the index alone where that is enough.
func (t *table) count(ctx context.Context, tx *bolt.Tx, where []store.Cond) (int, error) {
	conds, err := t.compile(where)
	if err != nil {
		return 0, err
	}
	p, n := t.prepare(conds, nil), 0
	if len(p.rest) > 0 {
		err := t.run(ctx, tx, p, func([]any) (bool, error) { n++; return n < math.MaxInt, nil })
		return n, err
	}
	for _, path := range p.paths {
		n += path.count(tx)
	}
	return n, nil
}

func (p path) count(tx *bolt.Tx) (n int) {
	_ = p.walk(tx, false, func([]byte, []byte) (bool, error) { n++; return true, nil }) // fn never fails
	return n
}
