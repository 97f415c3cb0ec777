package rowmap

import (
	"encoding/binary"
	"errors"
)

// format is the first byte of an encoded row and says how to read the rest: the
// name of a column, the kind of its value and the value, again and again.
const format = 1

// The kinds of encoded values.
const (
	isNull   = 'n'
	isFalse  = 'f'
	isTrue   = 't'
	isNumber = 'i' // a varint
	isText   = 's' // its length as a uvarint, then its bytes
)

// ErrRow is given for bytes that Encode did not make.
var ErrRow = errors.New("a stored row cannot be read")

// zero is what a column holds that is not encoded.
func (c *Column) zero() any {
	switch {
	case c.Nullable:
		return nil
	case c.Kind == Int || c.Kind == Time:
		return int64(0)
	case c.Kind == Bool:
		return false
	case c.Kind == Document:
		return "null"
	}
	return ""
}

// Encode writes the stored values of a row as bytes. Values go by the names of
// their columns, and those that are null or zero are left out, so that columns
// can come and go.
func Encode(cols []Column, values []any) []byte {
	row := append(make([]byte, 0, 512), format)
	for i := range cols {
		if values[i] == cols[i].zero() {
			continue
		}
		row = appendText(row, cols[i].Name)
		switch v := values[i].(type) {
		case nil:
			row = append(row, isNull)
		case bool:
			if v {
				row = append(row, isTrue)
			} else {
				row = append(row, isFalse)
			}
		case int64:
			row = binary.AppendVarint(append(row, isNumber), v)
		case string:
			row = appendText(append(row, isText), v)
		}
	}
	return row
}

func appendText(row []byte, s string) []byte {
	return append(binary.AppendUvarint(row, uint64(len(s))), s...)
}

// Decode reads an encoded row into values, in the order of cols. Names that are
// not among them are passed over.
func Decode(cols []Column, row []byte, values []any) error {
	for i := range cols {
		values[i] = cols[i].zero()
	}
	if len(row) == 0 || row[0] != format {
		return ErrRow
	}
	r, next := reader{rest: row[1:]}, 0
	for len(r.rest) > 0 {
		at := find(cols, r.text(), next)
		kind := r.take(1)[0]
		if at < 0 {
			r.skip(kind)
			continue
		}
		values[at], next = r.value(kind), at+1
	}
	if r.bad {
		return ErrRow
	}
	return nil
}

// find returns the position of a column, -1 for none. Mostly columns are in the
// order in which they were written, so it looks from next on first.
func find(cols []Column, name []byte, next int) int {
	for at := next; at < len(cols); at++ {
		if cols[at].Name == string(name) {
			return at
		}
	}
	for at := range cols[:next] {
		if cols[at].Name == string(name) {
			return at
		}
	}
	return -1
}

// reader takes an encoded row apart. Past its end it is bad and gives zeros.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return []byte{0}
	}
	part := r.rest[:n]
	r.rest = r.rest[n:]
	return part
}

func (r *reader) text() []byte {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.bad, r.rest = true, nil
		return nil
	}
	r.rest = r.rest[size:]
	return r.take(n)
}

func (r *reader) skip(kind byte) {
	if kind == isText {
		r.text()
		return
	}
	r.value(kind)
}

func (r *reader) value(kind byte) any {
	switch kind {
	case isNull:
		return nil
	case isFalse, isTrue:
		return kind == isTrue
	case isNumber:
		n, size := binary.Varint(r.rest)
		if size > 0 {
			r.rest = r.rest[size:]
			return n
		}
	case isText:
		return string(r.text())
	}
	r.bad, r.rest = true, nil
	return nil
}
