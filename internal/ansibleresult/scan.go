package ansibleresult

import "unicode/utf8"

// scan reads the compact form that the plugin and Append write, several times
// faster than encoding/json. It reports false for anything it is not sure about;
// e then holds nothing of use, and encoding/json has the last word.
func (e *Event) scan(line []byte) bool {
	r := scanner{rest: line}
	if !r.take('{') {
		return false
	}
	for {
		if !r.take('"') || len(r.rest) < 3 || r.rest[1] != '"' || r.rest[2] != ':' {
			return false
		}
		key := r.rest[0]
		r.rest = r.rest[3:]
		if !e.value(&r, key) {
			return false
		}
		switch {
		case r.take('}'):
			return len(r.rest) == 0
		case !r.take(','):
			return false
		}
	}
}

func (e *Event) value(r *scanner, key byte) bool {
	switch key {
	case 'k':
		return setText(r, &e.Kind)
	case 't':
		return setNumber(r, &e.Time)
	case 'p':
		return setNumber(r, &e.Play)
	case 'i':
		return setNumber(r, &e.Task)
	case 'h':
		return setText(r, &e.Host)
	case 's':
		return setText(r, &e.Status)
	case 'd':
		return setNumber(r, &e.Duration)
	case 'c':
		return r.flag(&e.Changed)
	case 'g':
		return r.flag(&e.Ignored)
	case 'e':
		return r.flag(&e.Rescued)
	case 'n':
		return setText(r, &e.Name)
	case 'a':
		return setText(r, &e.Action)
	case 'f':
		return setText(r, &e.Path)
	case 'r':
		return r.flag(&e.Handler)
	case 'y':
		return setText(r, &e.Strategy)
	case 'x':
		return r.flag(&e.Check)
	case 'v':
		return setText(r, &e.Version)
	case 'w':
		return setNumber(r, &e.Attempts)
	case 'o':
		return setText(r, &e.Delegate)
	case 'j':
		e.Items = new([4]int)
		return r.counts(e.Items[:])
	case 'b':
		e.Counts = new([7]int)
		return r.counts(e.Counts[:])
	case 'm':
		return setText(r, &e.Text)
	case 'z':
		return setText(r, &e.Output)
	case 'u':
		return r.flag(&e.Cut)
	case 'q':
		return setNumber(r, &e.Faults)
	}
	return false
}

type scanner struct{ rest []byte }

func (r *scanner) take(b byte) bool {
	if len(r.rest) == 0 || r.rest[0] != b {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

// number reads a whole number without sign, exponent or leading zero.
func (r *scanner) number() (int64, bool) {
	n, i := int64(0), 0
	for i < len(r.rest) && i < 18 && r.rest[i] >= '0' && r.rest[i] <= '9' {
		n = n*10 + int64(r.rest[i]-'0')
		i++
	}
	if i == 0 || i > 1 && r.rest[0] == '0' || i == len(r.rest) {
		return 0, false
	}
	switch r.rest[i] {
	case ',', '}', ']':
		r.rest = r.rest[i:]
		return n, true
	}
	return 0, false
}

func (r *scanner) flag(into *bool) bool {
	if len(r.rest) < 4 || string(r.rest[:4]) != "true" {
		return false
	}
	r.rest = r.rest[4:]
	*into = true
	return true
}

// text reads a string. Escapes other than the short ones are left to
// encoding/json.
func (r *scanner) text() (string, bool) {
	if !r.take('"') {
		return "", false
	}
	plain := true
	for i := 0; i < len(r.rest); i++ {
		switch b := r.rest[i]; {
		case b == '"':
			raw := r.rest[:i]
			r.rest = r.rest[i+1:]
			if !utf8.Valid(raw) {
				return "", false
			}
			if plain {
				return string(raw), true
			}
			return unescape(raw)
		case b == '\\':
			plain = false
			i++
		case b < 0x20:
			return "", false
		}
	}
	return "", false
}

func unescape(raw []byte) (string, bool) {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++
		switch raw[i] {
		case '"', '\\', '/':
			out = append(out, raw[i])
		case 'n':
			out = append(out, '\n')
		case 't':
			out = append(out, '\t')
		case 'r':
			out = append(out, '\r')
		default:
			return "", false
		}
	}
	return string(out), true
}

func (r *scanner) counts(into []int) bool {
	if !r.take('[') {
		return false
	}
	for i := range into {
		if i > 0 && !r.take(',') {
			return false
		}
		if !setNumber(r, &into[i]) {
			return false
		}
	}
	return r.take(']')
}

func setNumber[T ~int | ~int64](r *scanner, into *T) bool {
	n, ok := r.number()
	*into = T(n)
	return ok
}

func setText[T ~string](r *scanner, into *T) bool {
	text, ok := r.text()
	*into = T(text)
	return ok
}
