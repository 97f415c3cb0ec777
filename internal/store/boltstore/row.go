package boltstore

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"

	"signalbox/internal/store/rowmap"
)

// format is the first byte of every value and says how to read the rest: a row
// is a MessagePack map from storage names to values, without those that are
// null or zero.
const format = 1

var errRow = errors.New("a stored row cannot be read")

// zero is what a column holds that is not stored.
func zero(c rowmap.Column) any {
	switch {
	case c.Nullable:
		return nil
	case c.Kind == rowmap.Int || c.Kind == rowmap.Time:
		return int64(0)
	case c.Kind == rowmap.Bool:
		return false
	case c.Kind == rowmap.Document:
		return "null"
	}
	return ""
}

func encodeRow(cols []rowmap.Column, values []any) []byte {
	row := append(make([]byte, 0, 512), format, 0xde, 0, 0)
	n := uint16(0)
	for i, c := range cols {
		if values[i] == zero(c) {
			continue
		}
		n++
		row = appendText(row, c.Name)
		switch v := values[i].(type) {
		case nil:
			row = append(row, 0xc0)
		case bool:
			row = append(row, 0xc2)
			if v {
				row[len(row)-1] = 0xc3
			}
		case int64:
			if v >= 0 && v < 0x80 {
				row = append(row, byte(v))
			} else {
				row = binary.BigEndian.AppendUint64(append(row, 0xd3), uint64(v))
			}
		case string:
			row = appendText(row, v)
		}
	}
	binary.BigEndian.PutUint16(row[2:], n)
	return row
}

func appendText(row []byte, s string) []byte {
	switch {
	case len(s) < 32:
		row = append(row, 0xa0|byte(len(s)))
	case len(s) < 1<<8:
		row = append(row, 0xd9, byte(len(s)))
	default:
		row = binary.BigEndian.AppendUint32(append(row, 0xdb), uint32(len(s)))
	}
	return append(row, s...)
}

// decodeRow reads a row into values, in the order of cols. Names that are no
// longer known are passed over.
func decodeRow(cols []rowmap.Column, row []byte, values []any) error {
	for i, c := range cols {
		values[i] = zero(c)
	}
	if len(row) < 4 || row[0] != format || row[1] != 0xde {
		return errRow
	}
	r := reader{rest: row[4:]}
	next := 0
	for range binary.BigEndian.Uint16(row[2:]) {
		name := r.bytes(r.tag())
		at := next
		for at < len(cols) && cols[at].Name != string(name) {
			at++
		}
		if value := r.value(); at < len(cols) {
			values[at] = value
			next = at + 1
		}
	}
	if r.bad {
		return errRow
	}
	return nil
}

type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.bad, r.rest = true, nil
		return make([]byte, min(max(n, 0), 8))
	}
	part := r.rest[:n]
	r.rest = r.rest[n:]
	return part
}

func (r *reader) tag() byte { return r.take(1)[0] }

func (r *reader) bytes(tag byte) []byte {
	switch {
	case tag&0xe0 == 0xa0:
		return r.take(int(tag & 0x1f))
	case tag == 0xd9:
		return r.take(int(r.tag()))
	case tag == 0xdb:
		return r.take(int(binary.BigEndian.Uint32(r.take(4))))
	}
	r.bad = true
	return nil
}

func (r *reader) value() any {
	switch tag := r.tag(); {
	case tag < 0x80:
		return int64(tag)
	case tag == 0xd3:
		return int64(binary.BigEndian.Uint64(r.take(8)))
	case tag == 0xc2, tag == 0xc3:
		return tag == 0xc3
	case tag == 0xc0:
		return nil
	default:
		return string(r.bytes(tag))
	}
}

// idKey is the key of a row.
func idKey(id int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(id)) }

// idOf returns the identifier a key ends with: every key does, of a row and in
// an index.
func idOf(key []byte) int64 { return int64(binary.BigEndian.Uint64(key[len(key)-8:])) }

// keyText is how much of a text an index orders by. Of what is longer, it holds
// the digest, so that it still tells texts apart.
const keyText = 1024

// appendKey writes a stored value so that keys are ordered as the values are:
// null first, false before true, texts by their bytes. No key is the beginning
// of another.
func appendKey(key []byte, value any) []byte {
	switch v := value.(type) {
	case bool:
		if v {
			return append(key, 1, 1)
		}
		return append(key, 1, 0)
	case int64:
		return binary.BigEndian.AppendUint64(append(key, 1), uint64(v)^1<<63)
	case string:
		if len(v) > keyText {
			sum := sha256.Sum256([]byte(v))
			v = v[:keyText] + string(sum[:])
		}
		key = append(append(key, 1), strings.ReplaceAll(v, "\x00", "\x00\xff")...)
		return append(key, 0, 1)
	}
	return append(key, 0)
}

// keyInt is the size of a number in a key.
const keyInt = 9

// intAt returns the number that starts at a place of a key.
func intAt(key []byte, at int) int64 {
	return int64(binary.BigEndian.Uint64(key[at+1:]) ^ 1<<63)
}
