package sqlstore

import (
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
)

// foldSuffix names the column that holds a text without case.
const foldSuffix = "_fold"

// fields answers questions about the columns of a table.
type fields interface {
	column(name string) (c rowmap.Column, folded, ok bool)
	quote(name string) string
	// stored is the form in which a text is stored.
	stored(text string) string
}

// where writes conditions; "" for none.
func where(f fields, conds []store.Cond, args []any) (string, []any, error) {
	if len(conds) == 0 {
		return "", args, nil
	}
	var b strings.Builder
	for i, c := range conds {
		if i == 0 {
			b.WriteString(" where ")
		} else {
			b.WriteString(" and ")
		}
		var err error
		if args, err = condition(&b, f, c, args); err != nil {
			return "", nil, fmt.Errorf("condition on %s: %w", c.Field, err)
		}
	}
	return b.String(), args, nil
}

func condition(b *strings.Builder, f fields, c store.Cond, args []any) ([]any, error) {
	col, folded, ok := f.column(c.Field)
	if !ok {
		return nil, fmt.Errorf("there is no such field")
	}
	name := f.quote(c.Field)
	if c.Op == store.OpNull {
		b.WriteString(name + " is null")
		return args, nil
	}
	if c.Op == store.OpIn {
		return conditionIn(b, name, c.Value, args)
	}
	value, err := rowmap.Stored(c.Value)
	if err != nil {
		return nil, err
	}
	if value == nil {
		switch c.Op {
		case store.OpEq:
			b.WriteString(name + " is null")
			return args, nil
		case store.OpNe:
			b.WriteString(name + " is not null")
			return args, nil
		}
		return nil, fmt.Errorf("null cannot be compared by %q", string(c.Op))
	}
	switch c.Op {
	case store.OpEq, store.OpLt, store.OpGt:
		b.WriteString(name + " " + string(c.Op) + " ?")
	case store.OpNe:
		if col.Nullable {
			b.WriteString("(" + name + " <> ? or " + name + " is null)")
		} else {
			b.WriteString(name + " <> ?")
		}
	case store.OpFold:
		text, ok := value.(string)
		if !ok {
			return nil, fmt.Errorf("a %T has no case", c.Value)
		}
		value = store.FoldCase(text)
		if folded {
			b.WriteString(f.quote(c.Field+foldSuffix) + " = ?")
		} else {
			b.WriteString("lower(" + name + ") = ?")
		}
	case store.OpPrefix:
		text, ok := value.(string)
		if !ok {
			return nil, fmt.Errorf("a %T has no prefix", c.Value)
		}
		// The first half lets an index narrow it down, the second is exact.
		b.WriteString(name + " >= ? and substr(" + name + ", 1, ?) = ?")
		return append(args, text, int64(utf8.RuneCountInString(f.stored(text))), text), nil
	default:
		return nil, fmt.Errorf("unknown comparison %q", string(c.Op))
	}
	return append(args, value), nil
}

func conditionIn(b *strings.Builder, name string, values any, args []any) ([]any, error) {
	v := reflect.ValueOf(values)
	if v.Kind() != reflect.Slice {
		return nil, fmt.Errorf("want a slice of values, got %T", values)
	}
	if v.Len() == 0 {
		b.WriteString("1 = 0")
		return args, nil
	}
	list := make([]any, 0, v.Len())
	for i := range v.Len() {
		stored, err := rowmap.Stored(v.Index(i).Interface())
		if err != nil {
			return nil, err
		}
		list = append(list, stored)
	}
	text, list := inList(list)
	b.WriteString(name + text)
	return append(args, list...), nil
}

// inList writes " in (?, …)". The last value is repeated up to a power of two,
// so that lists of any length share a few prepared statements.
func inList(values []any) (string, []any) {
	size := 1
	for size < len(values) {
		size *= 2
	}
	for len(values) < size && size <= 1<<14 {
		values = append(values, values[len(values)-1])
	}
	return " in (?" + strings.Repeat(", ?", len(values)-1) + ")", values
}

// order writes the order of a list, which always ends with the identifier, so
// that it is the same every time.
func order(f fields, keys []store.Order) (string, error) {
	var b strings.Builder
	b.WriteString(" order by ")
	for _, k := range keys {
		col, folded, ok := f.column(k.Field)
		if !ok {
			return "", fmt.Errorf("order by %s: there is no such field", k.Field)
		}
		switch {
		case folded:
			b.WriteString(f.quote(k.Field + foldSuffix))
		case col.Kind == rowmap.Text:
			b.WriteString("lower(" + f.quote(k.Field) + ")")
		default:
			b.WriteString(f.quote(k.Field))
		}
		if k.Desc {
			b.WriteString(" desc")
		}
		if k.Field == "id" {
			return b.String(), nil
		}
		b.WriteString(", ")
	}
	b.WriteString("id")
	return b.String(), nil
}
