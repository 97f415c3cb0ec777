package kv

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
)

// keyText is how much of a text a key is ordered by. Of what is longer, it holds
// the digest, so that it still tells texts apart.
const keyText = 1024

// keyInt is the size of a number in a key.
const keyInt = 9

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

func keyOf(values []any) []byte {
	key := make([]byte, 0, 32)
	for _, v := range values {
		key = appendKey(key, v)
	}
	return key
}

// Key is a key of an index, or what is left of it behind a prefix.
type Key []byte

// Int returns the i-th value of a key that is made of numbers.
func (k Key) Int(i int) int64 { return int64(binary.BigEndian.Uint64(k[i*keyInt+1:]) ^ 1<<63) }
