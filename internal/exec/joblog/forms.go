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
		strings.ReplaceAll(text, "'", `'\''`), strings.ReplaceAll(text, "'", "''"),
	}
	for shift := 1; shift <= 2; shift++ {
		forms = append(forms, shifted(base64.RawStdEncoding, text, shift), shifted(base64.RawURLEncoding, text, shift))
	}
	return forms
}

// shifted is the part of a longer base64 text that depends on the secret
// alone, when the secret begins shift bytes after a multiple of three. That is
// how a password looks in an Authorization header.
func shifted(enc *base64.Encoding, text string, shift int) string {
	full := enc.EncodeToString([]byte(strings.Repeat("\x00", shift) + text))
	end := len(full)
	if (shift+len(text))%3 != 0 {
		end-- // its last character depends on what follows
	}
	return full[shift+1 : end]
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
		case r < utf8.RuneSelf:
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
