package transfer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
)

// sum describes a set of rows. Its digest is the sum of the digests of the rows,
// in four lanes, so that it does not depend on the order in which a database
// keeps them, and can be carried on after an interruption. It finds mistakes, not
// forgery.
type sum struct {
	rows   int64
	bytes  int64
	digest [4]uint64
	hash   hash.Hash
	buf    []byte
}

// add takes a row in.
func (s *sum) add(row []any) error {
	if s.hash == nil {
		s.hash = sha256.New()
	}
	s.hash.Reset()
	for _, value := range row {
		s.buf = s.buf[:0]
		// Kind, and for what has no fixed size the size: no two rows read the same.
		switch v := value.(type) {
		case nil:
			s.buf = append(s.buf, 0)
		case bool:
			s.buf = append(s.buf, 1, 0)
			if v {
				s.buf[1] = 1
			}
		case int64:
			s.buf = binary.BigEndian.AppendUint64(append(s.buf, 2), uint64(v))
		case string:
			s.buf = binary.BigEndian.AppendUint64(append(s.buf, 3), uint64(len(v)))
			s.write()
			for len(v) > 0 { // in parts: a hash takes no string, and it may be a large one
				n := min(len(v), 4096)
				s.buf = append(s.buf[:0], v[:n]...)
				s.write()
				v = v[n:]
			}
			s.buf = s.buf[:0]
		case []byte:
			s.buf = binary.BigEndian.AppendUint64(append(s.buf, 4), uint64(len(v)))
			s.write()
			_, _ = s.hash.Write(v) // never fails
			continue
		default:
			return fmt.Errorf("a %T is no stored value", value)
		}
		s.write()
	}
	s.buf = s.hash.Sum(s.buf[:0])
	for i := range s.digest {
		s.digest[i] += binary.BigEndian.Uint64(s.buf[8*i:])
	}
	s.rows++
	s.bytes += size(row)
	return nil
}

func (s *sum) write() { _, _ = s.hash.Write(s.buf) } // never fails

// text is the digest in hex.
func (s *sum) text() string {
	var b [32]byte
	for i, n := range s.digest {
		binary.BigEndian.PutUint64(b[8*i:], n)
	}
	return hex.EncodeToString(b[:])
}

// restore takes up a digest that text returned.
func (s *sum) restore(text string) error {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != 32 {
		return fmt.Errorf("%q is no digest", text)
	}
	for i := range s.digest {
		s.digest[i] = binary.BigEndian.Uint64(b[8*i:])
	}
	return nil
}

// size is about how many bytes a row has.
func size(row []any) int64 {
	n := int64(0)
	for _, value := range row {
		switch v := value.(type) {
		case string:
			n += int64(len(v))
		case []byte:
			n += int64(len(v))
		case int64:
			n += 8
		default:
			n++
		}
	}
	return n
}
