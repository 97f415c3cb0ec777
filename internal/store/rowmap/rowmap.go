// Package rowmap is the convention by which entities become rows: which storage
// name a field has and how its value is stored. It knows no database; every
// backend uses it, so that a field is written down once.
//
// ProjectID is stored as project_id. Numbers, texts and truth values are stored
// as such, times as microseconds since 1970 in UTC, domain.JSON and bytes as
// they are, other structs and slices as JSON text. A nil pointer, an absent
// domain.JSON and a nil slice are null. Embedded structs count as their fields.
//
// What follows from the stored values alone is here too: a form of rows for
// backends that keep bytes, and whether a row fulfils the conditions of a query
// and where it stands in its order.
package rowmap

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"signalbox/internal/domain"
)

// Kind is the form in which a column stores its values.
type Kind int

const (
	Int Kind = iota
	Text
	Bool
	Time     // microseconds since 1970
	JSONText // a document the user wrote: kept byte for byte
	Bytes    // kept as they are
	Document // a Go value in JSON
)

// Column is a field of an entity.
type Column struct {
	Name     string
	Kind     Kind
	Nullable bool
	index    []int
	pointer  bool
}

// Table is the mapping of an entity type.
type Table[T any] struct {
	Columns []Column
	byName  map[string]int
}

// Of reads the mapping off T. A field that cannot be stored is a programming
// error and panics.
func Of[T any]() *Table[T] {
	t := &Table[T]{byName: map[string]int{}}
	t.add(reflect.TypeFor[T](), nil)
	return t
}

func (t *Table[T]) add(typ reflect.Type, at []int) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		index := append(append([]int(nil), at...), i)
		if f.Anonymous {
			t.add(f.Type, index)
			continue
		}
		c := Column{Name: Name(f.Name), index: index}
		ft := f.Type
		if ft.Kind() == reflect.Pointer {
			c.pointer, c.Nullable = true, true
			ft = ft.Elem()
		}
		switch {
		case ft == reflect.TypeFor[time.Time]():
			c.Kind = Time
		case ft == reflect.TypeFor[domain.JSON]():
			c.Kind, c.Nullable = JSONText, true
		case ft == reflect.TypeFor[[]byte]():
			c.Kind, c.Nullable = Bytes, true
		case ft.Kind() == reflect.Int || ft.Kind() == reflect.Int64:
			c.Kind = Int
		case ft.Kind() == reflect.String:
			c.Kind = Text
		case ft.Kind() == reflect.Bool:
			c.Kind = Bool
		case ft.Kind() == reflect.Struct:
			c.Kind = Document
		case ft.Kind() == reflect.Slice:
			c.Kind, c.Nullable = Document, true
		default:
			panic(fmt.Sprintf("rowmap: %s.%s cannot be stored", typ, f.Name))
		}
		t.byName[c.Name] = len(t.Columns)
		t.Columns = append(t.Columns, c)
	}
}

// Name turns a field name into a storage name: SSHKeyID into ssh_key_id.
func Name(field string) string {
	var b strings.Builder
	upper := func(i int) bool { return i < len(field) && field[i] >= 'A' && field[i] <= 'Z' }
	lower := func(i int) bool { return i < len(field) && !upper(i) }
	for i := range len(field) {
		if !upper(i) {
			b.WriteByte(field[i])
			continue
		}
		if i > 0 && (lower(i-1) || lower(i+1)) {
			b.WriteByte('_')
		}
		b.WriteByte(field[i] + 'a' - 'A')
	}
	return b.String()
}

// Lookup returns the position of the column in Columns.
func (t *Table[T]) Lookup(name string) (int, bool) {
	i, ok := t.byName[name]
	return i, ok
}

// Values appends the stored values of e to dst, in the order of Columns: nil,
// int64, string or bool.
func (t *Table[T]) Values(e *T, dst []any) ([]any, error) {
	v := reflect.ValueOf(e).Elem()
	for i := range t.Columns {
		stored, err := t.Columns[i].value(v.FieldByIndex(t.Columns[i].index))
		if err != nil {
			return nil, err
		}
		dst = append(dst, stored)
	}
	return dst, nil
}

// Same reports whether two entities are stored alike.
func (t *Table[T]) Same(a, b *T) (bool, error) {
	x, err := t.Values(a, nil)
	if err != nil {
		return false, err
	}
	y, err := t.Values(b, nil)
	return slices.Equal(x, y), err
}

func (c *Column) value(v reflect.Value) (any, error) {
	if c.pointer {
		if v.IsNil() {
			return nil, nil
		}
		v = v.Elem()
	}
	switch c.Kind {
	case Int:
		return v.Int(), nil
	case Text:
		return v.String(), nil
	case Bool:
		return v.Bool(), nil
	case Time:
		return v.Interface().(time.Time).UnixMicro(), nil
	case JSONText:
		if v.Len() == 0 {
			return nil, nil
		}
		return string(v.Bytes()), nil
	case Bytes:
		if v.IsNil() {
			return nil, nil
		}
		return string(v.Bytes()), nil
	}
	if v.Kind() == reflect.Slice && v.IsNil() {
		return nil, nil
	}
	text, err := json.Marshal(v.Interface())
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", c.Name, err)
	}
	return string(text), nil
}

// Set gives e the values, which are in the order of Columns.
func (t *Table[T]) Set(e *T, values []any) error {
	v := reflect.ValueOf(e).Elem()
	for i := range t.Columns {
		c := cell{col: &t.Columns[i], field: v.FieldByIndex(t.Columns[i].index)}
		if err := c.Scan(values[i]); err != nil {
			return err
		}
	}
	return nil
}

// Stored returns the stored form of a value that is compared with a column: a
// typed identifier becomes a number, a time microseconds, a pointer what it
// points to.
func Stored(value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string, int64, bool:
		return v, nil
	case time.Time:
		return v.UnixMicro(), nil
	case domain.JSON:
		return string(v), nil
	}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		return Stored(v.Elem().Interface())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), nil
	case reflect.String:
		return v.String(), nil
	case reflect.Bool:
		return v.Bool(), nil
	}
	return nil, fmt.Errorf("a %T cannot be compared with what is stored", value)
}

// Row receives one stored row after another: give Dest to Rows.Scan.
type Row[T any] struct {
	cells []cell
	dest  []any
}

// NewRow returns a receiver of rows that have all columns. Texts pass through
// decode, unless it is nil.
func (t *Table[T]) NewRow(decode func(string) string) *Row[T] {
	r := &Row[T]{cells: make([]cell, len(t.Columns)), dest: make([]any, len(t.Columns))}
	for i := range t.Columns {
		r.cells[i].col, r.cells[i].decode = &t.Columns[i], decode
		r.dest[i] = &r.cells[i]
	}
	return r
}

// Dest returns what to scan the next row into, so that it ends up in e.
func (r *Row[T]) Dest(e *T) []any {
	v := reflect.ValueOf(e).Elem()
	for i := range r.cells {
		r.cells[i].field = v.FieldByIndex(r.cells[i].col.index)
	}
	return r.dest
}

// cell sets a field from a stored value; it is an sql.Scanner.
type cell struct {
	col    *Column
	field  reflect.Value
	decode func(string) string
}

func (c *cell) Scan(src any) error {
	v := c.field
	if src == nil {
		if !c.col.Nullable {
			return fmt.Errorf("%s is null", c.col.Name)
		}
		v.SetZero()
		return nil
	}
	if c.col.pointer {
		p := reflect.New(v.Type().Elem())
		v.Set(p)
		v = p.Elem()
	}
	switch c.col.Kind {
	case Int:
		if n, ok := src.(int64); ok {
			v.SetInt(n)
			return nil
		}
	case Time:
		if n, ok := src.(int64); ok {
			*v.Addr().Interface().(*time.Time) = time.UnixMicro(n).UTC()
			return nil
		}
	case Bool:
		switch b := src.(type) {
		case int64:
			v.SetBool(b != 0)
			return nil
		case bool:
			v.SetBool(b)
			return nil
		}
	default:
		var text string
		switch s := src.(type) {
		case string:
			text = s
		case []byte:
			text = string(s)
		default:
			return fmt.Errorf("%s cannot be read from %T", c.col.Name, src)
		}
		if c.decode != nil && c.col.Kind != Bytes {
			text = c.decode(text)
		}
		switch c.col.Kind {
		case Text:
			v.SetString(text)
		case JSONText, Bytes:
			v.SetBytes([]byte(text))
		default:
			if err := json.Unmarshal([]byte(text), v.Addr().Interface()); err != nil {
				return fmt.Errorf("%s: %w", c.col.Name, err)
			}
		}
		return nil
	}
	return fmt.Errorf("%s cannot be read from %T", c.col.Name, src)
}
