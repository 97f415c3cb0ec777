package joblog

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// minSecret is the shortest text that is hidden, in characters. Hiding shorter
// ones would make the output unreadable and tell what they are.
const minSecret = 4

// Forms returns every text to hide for the secrets: each value, each line of
// those that have several, and what common tools print for it.
func Forms(secrets []string) []string {
	seen := map[string]bool{}
	add := func(text string) {
		if utf8.RuneCountInString(text) >= minSecret && !strings.Contains(text, "\n") {
			seen[text] = true
		}
	}
	for _, secret := range secrets {
		whole := strings.Trim(secret, "\r\n")
		for _, text := range []string{secret, whole, whole + "\n"} {
			for _, line := range wrapped(text) {
				add(line)
			}
		}
		for _, text := range []string{secret, whole} {
			for _, form := range encodings(text) {
				add(form)
			}
		}
		for line := range strings.SplitSeq(secret, "\n") {
			for _, form := range encodings(strings.TrimSpace(line)) {
				add(form)
			}
		}
	}
	forms := make([]string, 0, len(seen))
	for text := range seen {
		forms = append(forms, text)
	}
	slices.Sort(forms)
	return forms
}

// encodings returns the text and its encoded forms. Short ones are left out by
// the caller, so nothing derived from a text too short to hide may be long.
func encodings(text string) []string {
	if utf8.RuneCountInString(text) < minSecret {
		return nil
	}
	forms := []string{text,
		base64.StdEncoding.EncodeToString([]byte(text)), base64.RawStdEncoding.EncodeToString([]byte(text)),
		base64.URLEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte(text)),
		url.QueryEscape(text), url.PathEscape(text), lowerEscapes(url.QueryEscape(text)),
		strings.ReplaceAll(url.PathEscape(text), "%2F", "/"),
		jsonString(text, false), jsonString(text, true), asciiJSON(text),
		strings.ReplaceAll(text, "'", `'\''`), strings.ReplaceAll(text, "'", `'"'"'`), strings.ReplaceAll(text, "'", "''"),
		doubleQuoted(text), backslashed(text), dollarQuoted(text), percent(text, ""), percent(text, "/"),
	}
	forms = append(forms, pythonReprs(text)...)
	for _, form := range []string{jsonString(text, false), jsonString(text, true)} {
		// JSON in JSON, which is how many programs print requests.
		forms = append(forms, jsonString(form, false), strings.ReplaceAll(form, "/", `\/`))
	}
	for shift := range 3 {
		forms = append(forms, shifted(base64.RawStdEncoding, text, shift), shifted(base64.RawURLEncoding, text, shift))
	}
	return forms
}

// shifted is the part of a longer base64 text that depends on the secret
// alone, when the secret begins shift bytes after a multiple of three. That is
// how a password looks in an Authorization header. At shift 0 it is the secret's
// own but for its end, which is another when something follows.
func shifted(enc *base64.Encoding, text string, shift int) string {
	full := enc.EncodeToString([]byte(strings.Repeat("\x00", shift) + text))
	end := len(full)
	if (shift+len(text))%3 != 0 {
		end-- // its last character depends on what follows
	}
	if shift == 0 {
		return full[:end]
	}
	return full[shift+1 : end] // what is before depends on what precedes
}

// doubleQuoted is the text inside the double quotes of a shell.
func doubleQuoted(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(text)
}

// backslashed is a word of a shell without quotes, the way printf %q and
// bash's trace write it.
func backslashed(text string) string {
	var out strings.Builder
	for _, r := range text {
		if r < utf8.RuneSelf && !isWord(byte(r)) || r == '#' && out.Len() == 0 {
			out.WriteByte('\\')
		}
		out.WriteRune(r)
	}
	return out.String()
}

func isWord(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte("_-./:=@%+#", b) >= 0
}

// dollarQuoted is the text inside $'…', which shells use for control characters.
func dollarQuoted(text string) string {
	const short = "\a\b\t\n\v\f\r"
	var out strings.Builder
	for _, r := range text {
		switch {
		case r == '\\' || r == '\'':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == 0x1b:
			out.WriteString(`\E`)
		case r < ' ' && strings.ContainsRune(short, r):
			out.WriteByte('\\')
			out.WriteByte("abtnvfr"[strings.IndexRune(short, r)])
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&out, `\%03o`, r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// percent is what escapes everything in an address but letters, digits and a few
// signs, as the standard has it.
func percent(text, keep string) string {
	var out strings.Builder
	for _, b := range []byte(text) {
		if b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte("-._~"+keep, b) >= 0 {
			out.WriteByte(b)
		} else {
			fmt.Fprintf(&out, "%%%02X", b)
		}
	}
	return out.String()
}

// wrapped are the lines of a long text in base64, as programs wrap it.
func wrapped(text string) []string {
	var lines []string
	full := base64.StdEncoding.EncodeToString([]byte(text))
	for _, width := range []int{64, 76} {
		for at := 0; len(full) > width && at < len(full); at += width {
			if line := full[at:min(at+width, len(full))]; len(line) >= minWrapped {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// minWrapped is the shortest line of those that is hidden: a shorter one may be
// anything.
const minWrapped = 8

// pythonReprs are what Python prints for a text and for its bytes, inside the
// quotes, with a quotation mark that stands for itself or with a backslash.
func pythonReprs(text string) []string {
	var plain, ascii strings.Builder
	for _, r := range text {
		short := map[rune]string{'\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`}[r]
		switch {
		case short != "":
			plain.WriteString(short)
			ascii.WriteString(short)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&plain, `\x%02x`, r)
			fmt.Fprintf(&ascii, `\x%02x`, r)
		case r < utf8.RuneSelf:
			plain.WriteRune(r)
			ascii.WriteRune(r)
		default:
			plain.WriteRune(r)
			for _, b := range []byte(string(r)) {
				fmt.Fprintf(&ascii, `\x%02x`, b)
			}
		}
	}
	var forms []string
	for _, form := range []string{plain.String(), ascii.String()} {
		forms = append(forms, form, strings.ReplaceAll(form, "'", `\'`))
	}
	return forms
}

func lowerEscapes(text string) string {
	b := []byte(text)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i:], strings.ToLower(string(b[i:i+3])))
		}
	}
	return string(b)
}

// jsonString is the text inside the quotes of a JSON string.
func jsonString(text string, html bool) string {
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(html)
	if err := enc.Encode(text); err != nil {
		return text
	}
	quoted := strings.TrimSuffix(out.String(), "\n")
	return quoted[1 : len(quoted)-1]
}

// asciiJSON is jsonString the way Python prints it: no character above ASCII.
func asciiJSON(text string) string {
	var out strings.Builder
	for _, r := range jsonString(text, false) {
		switch {
		case r <= '~':
			out.WriteRune(r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}
