package rowmap

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"signalbox/internal/store"
)

// Cond is a condition on stored values that was checked and made ready.
type Cond struct {
	Col   int // position of the column
	Op    store.Op
	Value any              // without case for OpFold; nil for null
	Set   map[any]struct{} // of OpIn
}

// Conds makes conditions on a table ready. OpNull becomes OpEq of nil.
func Conds(cols []Column, list []store.Cond) ([]Cond, error) {
	conds := make([]Cond, len(list))
	for i, c := range list {
		col, err := position(cols, c.Field)
		if err == nil {
			conds[i], err = ready(c)
		}
		if err != nil {
			return nil, fmt.Errorf("condition on %s: %w", c.Field, err)
		}
		conds[i].Col = col
	}
	return conds, nil
}

func position(cols []Column, name string) (int, error) {
	i := slices.IndexFunc(cols, func(c Column) bool { return c.Name == name })
	if i < 0 {
		return 0, fmt.Errorf("there is no such field")
	}
	return i, nil
}

func ready(c store.Cond) (Cond, error) {
	switch c.Op {
	case store.OpNull:
		return Cond{Op: store.OpEq}, nil
	case store.OpIn:
		set, err := storedSet(c.Value)
		return Cond{Op: c.Op, Set: set}, err
	}
	value, err := Stored(c.Value)
	if err != nil {
		return Cond{}, err
	}
	text, isText := value.(string)
	switch c.Op {
	case store.OpEq, store.OpNe:
	case store.OpLt, store.OpGt:
		if value == nil {
			return Cond{}, fmt.Errorf("null cannot be compared by %q", string(c.Op))
		}
	case store.OpFold, store.OpPrefix:
		if !isText {
			return Cond{}, fmt.Errorf("a %T is no text", c.Value)
		}
		if c.Op == store.OpFold {
			value = store.FoldCase(text)
		}
	default:
		return Cond{}, fmt.Errorf("unknown comparison %q", string(c.Op))
	}
	return Cond{Op: c.Op, Value: value}, nil
}

// storedSet returns the stored forms of a slice's values. Null is in no list.
func storedSet(values any) (map[any]struct{}, error) {
	v := reflect.ValueOf(values)
	if v.Kind() != reflect.Slice {
		return nil, fmt.Errorf("want a slice of values, got %T", values)
	}
	set := make(map[any]struct{}, v.Len())
	for i := range v.Len() {
		value, err := Stored(v.Index(i).Interface())
		if err != nil {
			return nil, err
		}
		if value != nil {
			set[value] = struct{}{}
		}
	}
	return set, nil
}

// Holds reports whether a row of stored values fulfils the condition.
func (c *Cond) Holds(row []any) bool {
	v := row[c.Col]
	switch c.Op {
	case store.OpEq:
		return v == c.Value
	case store.OpNe:
		return v != c.Value
	case store.OpIn:
		_, ok := c.Set[v]
		return ok
	}
	if v == nil {
		return false
	}
	switch c.Op {
	case store.OpLt:
		return Compare(v, c.Value) < 0
	case store.OpGt:
		return Compare(v, c.Value) > 0
	case store.OpFold:
		return Fold(v) == c.Value
	}
	text, ok := v.(string)
	return ok && strings.HasPrefix(text, c.Value.(string))
}

// Fold returns a stored value without case, if it is a text.
func Fold(value any) any {
	if text, ok := value.(string); ok {
		return store.FoldCase(text)
	}
	return value
}

// Compare orders the stored values of one column; null comes first.
func Compare(a, b any) int {
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
	return cmp.Compare(rank(a), rank(b))
}

func rank(value any) int {
	switch v := value.(type) {
	case nil:
		return 0
	case bool:
		if v {
			return 2
		}
		return 1
	case int64:
		return 3
	}
	return 4
}

// SortKey is a part of an order.
type SortKey struct {
	Col        int
	Desc, Fold bool
}

// Order makes the order of a list ready. It ends with the columns of the key, so
// that it is the same every time.
func Order(cols []Column, key []int, list []store.Order) ([]SortKey, error) {
	var keys []SortKey
	for _, o := range list {
		col, err := position(cols, o.Field)
		if err != nil {
			return nil, fmt.Errorf("order by %s: %w", o.Field, err)
		}
		keys = append(keys, SortKey{col, o.Desc, cols[col].Kind == Text})
		if len(key) == 1 && col == key[0] {
			return keys, nil // nothing matters after it
		}
	}
	for _, col := range key {
		if !slices.ContainsFunc(keys, func(k SortKey) bool { return k.Col == col }) {
			keys = append(keys, SortKey{Col: col})
		}
	}
	return keys, nil
}

// Sort orders rows of stored values.
func Sort(rows [][]any, by []SortKey) {
	type keyed struct{ keys, row []any }
	list := make([]keyed, len(rows))
	for i, row := range rows {
		list[i] = keyed{make([]any, len(by)), row}
		for j, k := range by {
			list[i].keys[j] = row[k.Col]
			if k.Fold {
				list[i].keys[j] = Fold(row[k.Col])
			}
		}
	}
	slices.SortFunc(list, func(a, b keyed) int {
		for i, k := range by {
			c := Compare(a.keys[i], b.keys[i])
			if k.Desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	for i := range list {
		rows[i] = list[i].row
	}
}
