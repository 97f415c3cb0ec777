package sqlstore

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Servers keep texts in UTF-8 and refuse what is not, PostgreSQL also NUL. But
// the contract keeps texts byte for byte: a commit message may be in any
// encoding. So a byte that is refused is stored as the escape rune and two hex
// digits. The rune is one that Unicode keeps from being used; where it stands in
// a text all the same, its bytes are stored that way too. Equal texts stay equal
// and beginnings stay beginnings.
const (
	escapeRune = '\U0010ffff'
	escapeText = string(escapeRune)
)

func escapeString(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 && !strings.Contains(s, escapeText) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == 0 || r == escapeRune || r == utf8.RuneError && n == 1 {
			for _, c := range []byte(s[:n]) {
				fmt.Fprintf(&b, "%s%02x", escapeText, c)
			}
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

func unescapeString(s string) string {
	if !strings.Contains(s, escapeText) {
		return s
	}
	var b strings.Builder
	for i, part := range strings.Split(s, escapeText) {
		if i > 0 && len(part) >= 2 {
			if c, err := hex.DecodeString(part[:2]); err == nil {
				b.Write(c)
				part = part[2:]
			}
		}
		b.WriteString(part)
	}
	return b.String()
}

// escape returns the arguments as the engine takes them.
func (e *engine) escape(args []any) []any {
	if !e.d.EscapeText {
		return args
	}
	copied := false
	for i, a := range args {
		s, ok := a.(string)
		if !ok {
			continue
		}
		escaped := escapeString(s)
		if escaped == s { // the same memory: costs nothing
			continue
		}
		if !copied { // the caller goes on with its own
			args, copied = append([]any(nil), args...), true
		}
		args[i] = escaped
	}
	return args
}

// decode returns what texts pass through that come from the engine, nil for
// nothing.
func (e *engine) decode() func(string) string {
	if e.d.EscapeText {
		return unescapeString
	}
	return nil
}

// text returns what to scan a text into.
func (e *engine) text(into *string) any {
	if e.d.EscapeText {
		return &textCell{into}
	}
	return into
}

type textCell struct{ into *string }

// Scan takes over a text of the driver.
func (c *textCell) Scan(src any) error {
	switch s := src.(type) {
	case string:
		*c.into = unescapeString(s)
	case []byte:
		*c.into = unescapeString(string(s))
	default:
		return fmt.Errorf("a text cannot be read from %T", src)
	}
	return nil
}
