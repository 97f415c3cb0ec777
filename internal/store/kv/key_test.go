package kv

import (
	"bytes"
	"strings"
	"testing"

	"signalbox/internal/store/rowmap"
)

// TestKeys_OrderAsValuesDo holds the form of keys to the order of values.
func TestKeys_OrderAsValuesDo(t *testing.T) {
	t.Parallel()
	for _, values := range [][]any{
		{nil, int64(-1 << 63), int64(-2), int64(-1), int64(0), int64(1), int64(1<<63 - 1)},
		{nil, false, true},
		{nil, "", "\x00", "\x00\x00", "\x00\x01", "\x00\xff", "\x01", "a", "a\x00", "a\x00b", "a\x01", "ab", "b", "é", "\xff"},
	} {
		for i := 1; i < len(values); i++ {
			a, b := appendKey(nil, values[i-1]), appendKey(nil, values[i])
			if bytes.Compare(a, b) >= 0 || bytes.HasPrefix(b, a) {
				t.Errorf("%q: key %x, %q: key %x", values[i-1], a, values[i], b)
			}
			if in := append(bytes.Clone(a), 1); bytes.Compare(in, after(a)) >= 0 || bytes.Compare(after(a), b) > 0 {
				t.Errorf("%q: the keys behind %x do not end at %x", values[i-1], a, after(a))
			}
			if rowmap.Compare(values[i-1], values[i]) >= 0 {
				t.Errorf("%q does not come before %q", values[i-1], values[i])
			}
		}
	}
	long := strings.Repeat("x", 2*keyText)
	if bytes.Equal(appendKey(nil, long+"a"), appendKey(nil, long+"b")) {
		t.Error("long texts have the same key")
	}
	for i, want := range []int64{-7, 0, 1 << 40} {
		if got := Key(keyOf([]any{int64(-7), int64(0), int64(1 << 40)})).Int(i); got != want {
			t.Errorf("number %d of the key is %d, want %d", i, got, want)
		}
	}
}
