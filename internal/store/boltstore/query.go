package boltstore

import (
	"bytes"
	"context"
	"math"
	"slices"

	bolt "go.etcd.io/bbolt"

	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
)

// path is a part of an index: the keys with a prefix, from lo on, below hi.
type path struct {
	*index
	prefix, lo, hi []byte
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
func (p path) walk(t *txn, desc bool, fn func(key, value []byte) (bool, error)) error {
	c, from, to := t.tx.Bucket(p.bucket).Cursor(), p.from(), p.to()
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
	path
	rest   []rowmap.Cond // what the path leaves to check
	desc   bool
	sorted bool // the rows come in the order asked for
	score  int
}

// plans returns the ways to the rows of a query. When a list of values is looked
// up, each has the way that suits it.
func (t *table) plans(conds []rowmap.Cond, order []rowmap.SortKey) []plan {
	for i, c := range conds {
		if c.Op != store.OpIn {
			continue
		}
		var list []plan
		one := slices.Clone(conds)
		for value := range c.Set {
			one[i] = rowmap.Cond{Col: c.Col, Op: store.OpEq, Value: value}
			p := t.plan(one, order)
			if slices.ContainsFunc(p.rest, func(left rowmap.Cond) bool { return left.Col == c.Col && left.Op == store.OpEq }) {
				break // no index helps: once through the rows will do for all
			}
			list = append(list, p)
		}
		if len(list) == len(c.Set) {
			return list
		}
	}
	return []plan{t.plan(conds, order)}
}

// plan chooses the way that fixes the most fields.
func (t *table) plan(conds []rowmap.Cond, order []rowmap.SortKey) plan {
	best := t.primary.plan(conds, order)
	for _, x := range t.indexes {
		if !x.hasAll(conds) {
			continue
		}
		if p := x.plan(conds, order); p.score > best.score {
			best = p
		}
	}
	return best
}

// hasAll reports whether the rows of a query are in the index, as far as that
// depends on its condition.
func (x *index) hasAll(conds []rowmap.Cond) bool {
	return x.has == nil || slices.ContainsFunc(conds, func(c rowmap.Cond) bool {
		if c.Col != x.of {
			return false
		}
		for value := range c.Set {
			if !x.has(value) {
				return false
			}
		}
		return c.Op == store.OpIn || c.Op == store.OpEq && x.has(c.Value)
	})
}

// plan says how the index would do.
func (x *index) plan(conds []rowmap.Cond, order []rowmap.SortKey) plan {
	p := plan{path: path{index: x}, rest: slices.Clone(conds)}
	bound := 0
	for ; bound < len(x.fields); bound++ {
		f := x.fields[bound]
		at := slices.IndexFunc(p.rest, func(c rowmap.Cond) bool {
			return c.Col == f.col && (c.Op == store.OpEq || c.Op == store.OpFold && f.fold)
		})
		if at < 0 {
			break
		}
		c := p.rest[at]
		p.prefix = appendKey(p.prefix, f.of(c.Value))
		if f.fold == (c.Op == store.OpFold) {
			p.rest = slices.Delete(p.rest, at, at+1)
		}
		p.score += 10
		if x.unique == bound+1 {
			p.score += 100
		}
	}
	if bound < len(x.fields) {
		p.limit(x.fields[bound])
	}
	if x.has != nil && bound > 0 {
		p.score += 2 // it holds fewer rows
	}
	p.natural(x.fields[bound:], order)
	return p
}

// limit narrows the path by what conditions say about the next field.
func (p *plan) limit(f field) {
	for _, c := range p.rest {
		if c.Col != f.col || f.fold {
			continue
		}
		switch c.Op {
		case store.OpLt:
			p.hi = appendKey(bytes.Clone(p.prefix), c.Value)
		case store.OpGt:
			p.lo = appendKey(bytes.Clone(p.prefix), c.Value)
		}
	}
	if p.hi != nil || p.lo != nil {
		p.score += 5
	}
}

// natural finds out whether the order of the keys is the one asked for. The
// fields left are those that the path does not fix; nothing matters after what
// tells rows apart.
func (p *plan) natural(left []field, order []rowmap.SortKey) {
	p.sorted = len(order) > 0
	for i, k := range order {
		p.desc = order[0].Desc
		if i == len(left) {
			p.sorted = p.fixes(order[i:])
			break
		}
		if k.Col != left[i].col || k.Fold != left[i].fold || k.Desc != p.desc {
			p.sorted = false
			break
		}
	}
	if p.sorted {
		p.score++
	}
}

// fixes reports whether the path leaves but one value of the columns.
func (p *plan) fixes(order []rowmap.SortKey) bool {
	for _, k := range order {
		if !slices.ContainsFunc(p.fields, func(f field) bool { return f.col == k.Col }) {
			return false
		}
	}
	return true
}

// noLimit is that of queries that must give all rows.
const noLimit = math.MaxInt

// query gives the rows of a query to fn, which must not keep them.
func (t *table) query(ctx context.Context, tx *txn, q store.Query, fn func(row []any) error) error {
	conds, err := rowmap.Conds(t.cols, q.Where)
	if err != nil {
		return err
	}
	return t.find(ctx, tx, conds, q, fn)
}

// find is query under conditions made ready.
func (t *table) find(ctx context.Context, tx *txn, conds []rowmap.Cond, q store.Query, fn func(row []any) error) error {
	order, err := rowmap.Order(t.cols, t.key, q.Order)
	if err != nil {
		return err
	}
	if q.Limit <= 0 {
		q.Limit = store.DefaultLimit
	}
	plans := t.plans(conds, order)
	if len(plans) == 1 && plans[0].sorted {
		return plans[0].run(ctx, tx, q.Limit, fn)
	}
	var rows [][]any
	for _, p := range plans {
		limit := noLimit
		if p.sorted {
			limit = q.Limit
		}
		err := p.run(ctx, tx, limit, func(row []any) error {
			rows = append(rows, slices.Clone(row))
			return nil
		})
		if err != nil {
			return err
		}
	}
	rowmap.Sort(rows, order)
	for _, row := range rows[:min(len(rows), q.Limit)] {
		if err := fn(row); err != nil {
			return err
		}
	}
	return nil
}

// run gives the rows of a plan to fn, at most limit. They are overwritten by the
// next.
func (p *plan) run(ctx context.Context, tx *txn, limit int, fn func(row []any) error) error {
	t := p.table
	bucket, row, n := tx.tx.Bucket(t.primary.bucket), make([]any, len(t.cols)), 0
	return p.walk(tx, p.desc, func(key, value []byte) (bool, error) {
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return false, ctx.Err()
		}
		if p.index != t.primary {
			value = bucket.Get(key[len(key)-keyInt:])
		}
		if err := t.decode(value, row); err != nil {
			return false, err
		}
		for i := range p.rest {
			if !p.rest[i].Holds(row) {
				return true, nil
			}
		}
		limit--
		return limit > 0, fn(row)
	})
}

// count counts the rows of a query, by the index alone where that is enough.
func (t *table) count(ctx context.Context, tx *txn, where []store.Cond) (n int, err error) {
	conds, err := rowmap.Conds(t.cols, where)
	if err != nil {
		return 0, err
	}
	for _, p := range t.plans(conds, nil) {
		if len(p.rest) > 0 {
			err = p.run(ctx, tx, noLimit, func([]any) error { n++; return nil })
		} else {
			err = p.walk(tx, false, func([]byte, []byte) (bool, error) { n++; return true, nil })
		}
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}
