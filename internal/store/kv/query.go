package kv

import (
	"bytes"
	"context"
	"math"
	"slices"

	bolt "go.etcd.io/bbolt"

	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
)

// path is a part of an index: the keys from one on, below another.
type path struct {
	*Index
	from, to []byte
}

// after returns what is greater than all keys with a prefix, and not greater
// than those behind: values in keys begin with a small byte.
func after(prefix []byte) []byte { return append(bytes.Clone(prefix), 0xff) }

// walk gives the keys and values of a path to fn until it says no.
func (p path) walk(t *Tx, desc bool, fn func(key, value []byte) (bool, error)) error {
	c := t.tx.Bucket(p.bucket).Cursor()
	if desc {
		return walkDown(c, p.from, bytes.Clone(p.to), fn)
	}
	for key, value := c.Seek(p.from); key != nil && bytes.Compare(key, p.to) < 0; key, value = c.Next() {
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
	// narrowed paths are shorter than what equalities leave.
	narrowed bool
	score    int
}

// plans returns the ways to the rows of a query. When a list of values is looked
// up, each has the way that suits it.
func (t *Rows) plans(conds []rowmap.Cond, order []rowmap.SortKey) []plan {
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
func (t *Rows) plan(conds []rowmap.Cond, order []rowmap.SortKey) plan {
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
func (x *Index) hasAll(conds []rowmap.Cond) bool {
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
func (x *Index) plan(conds []rowmap.Cond, order []rowmap.SortKey) plan {
	p := plan{rest: slices.Clone(conds)}
	var prefix []byte
	bound := 0
	for ; bound < len(x.fields); bound++ {
		f := x.fields[bound]
		at := slices.IndexFunc(p.rest, func(c rowmap.Cond) bool {
			return c.Col == f.Col && (c.Op == store.OpEq || c.Op == store.OpFold && f.Fold)
		})
		if at < 0 {
			break
		}
		c := p.rest[at]
		prefix = appendKey(prefix, valueOf(f, c.Value))
		if f.Fold == (c.Op == store.OpFold) {
			p.rest = slices.Delete(p.rest, at, at+1)
		}
		p.score += 10
		if x.unique == bound+1 {
			p.score += 100
		}
	}
	p.path = path{x, prefix, after(prefix)}
	left := x.fields[bound:]
	if len(left) > 0 {
		p.limit(left[0], prefix)
	}
	if p.narrowed {
		p.score += 5
	}
	if x.has != nil && bound > 0 {
		p.score += 2 // it holds fewer rows
	}
	fixed := func(k rowmap.SortKey) bool {
		return slices.ContainsFunc(x.fields[:bound], func(f field) bool { return f.Col == k.Col && !f.Fold })
	}
	if p.sorted, p.desc = inOrder(left, slices.DeleteFunc(slices.Clone(order), fixed)); p.sorted {
		p.score++
	}
	return p
}

// limit narrows the path by what conditions say about the field after prefix.
func (p *plan) limit(f field, prefix []byte) {
	for _, c := range p.rest {
		if c.Col != f.Col || f.Fold {
			continue
		}
		bound := appendKey(bytes.Clone(prefix), c.Value)
		switch c.Op {
		case store.OpLt:
			p.to, p.narrowed = bound, true
		case store.OpGt:
			p.from, p.narrowed = bound, true
		}
	}
}

// inOrder reports whether keys whose first fields are fixed come in an order:
// the one that the fields left have, or all the other way round.
func inOrder(left []field, order []rowmap.SortKey) (sorted, desc bool) {
	if len(order) > len(left) {
		return false, false
	}
	for i, k := range order {
		if k.Col != left[i].Col || k.Fold != left[i].Fold || k.Desc != order[0].Desc {
			return false, false
		}
	}
	return true, len(order) > 0 && order[0].Desc
}

// NoLimit is that of queries that must give all rows.
const NoLimit = math.MaxInt

// Query gives the rows of a query to fn, which must not keep them.
func (t *Rows) Query(ctx context.Context, tx *Tx, q store.Query, fn func(row []any) error) error {
	conds, err := rowmap.Conds(t.cols, q.Where)
	if err != nil {
		return err
	}
	return t.Find(ctx, tx, conds, q, fn)
}

// Find is Query under conditions made ready.
func (t *Rows) Find(ctx context.Context, tx *Tx, conds []rowmap.Cond, q store.Query, fn func(row []any) error) error {
	order, err := rowmap.Order(t.cols, t.keyCols, q.Order)
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
		limit := NoLimit
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
func (p *plan) run(ctx context.Context, tx *Tx, limit int, fn func(row []any) error) error {
	t := p.table
	bucket, row, n := tx.tx.Bucket(t.primary.bucket), make([]any, len(t.cols)), 0
	return p.walk(tx, p.desc, func(key, value []byte) (bool, error) {
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return false, ctx.Err()
		}
		if p.Index != t.primary {
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

// Number counts the rows of a query, by the index alone where that is enough.
func (t *Rows) Number(ctx context.Context, tx *Tx, where []store.Cond) (n int, err error) {
	conds, err := rowmap.Conds(t.cols, where)
	if err != nil {
		return 0, err
	}
	for _, p := range t.plans(conds, nil) {
		if len(p.rest) > 0 {
			err = p.run(ctx, tx, NoLimit, func([]any) error { n++; return nil })
		} else {
			err = p.walk(tx, false, func([]byte, []byte) (bool, error) { n++; return true, nil })
		}
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}
