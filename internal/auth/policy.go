package auth

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"signalbox/internal/domain"
)

// Policy are the rules for new passwords.
type Policy struct {
	// MinLength is the number of characters a password needs; 0: MinPassword.
	MinLength int
	// AllowCommon takes passwords that are guessed first.
	AllowCommon bool
}

// Check applies the rules to a new password of the field.
func (p Policy) Check(field string, password domain.Secret) error {
	least := p.MinLength
	if least == 0 {
		least = MinPassword
	}
	n := utf8.RuneCountInString(password.Reveal())
	switch {
	case n == 0:
		return domain.Invalid(field, "a password is required")
	case n < least:
		return domain.Invalid(field, "must have at least %d characters", least)
	case len(password) > MaxPassword:
		return domain.Invalid(field, "must not be longer than %d bytes", MaxPassword)
	case !p.AllowCommon && common(password.Reveal()):
		return domain.Invalid(field, "this is one of the passwords that are guessed first; choose another")
	}
	return nil
}

// common reports whether a password is of a kind that is guessed first: a word
// that everybody takes, dressed up by digits and signs, one thing repeated, or a
// walk along the alphabet or the keyboard. Long passwords are seldom in lists of
// common ones, but these make up most of what is.
func common(password string) bool {
	text := strings.ToLower(password)
	if repeated(text) || walk(text) {
		return true
	}
	isNone := func(r rune) bool { return !unicode.IsLetter(r) }
	for _, base := range []string{text, plain(text), plain(strings.TrimFunc(text, isNone))} {
		word := strings.TrimFunc(base, isNone)
		letters := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) {
				return r
			}
			return -1
		}, base)
		for _, w := range []string{word, letters} {
			if made(w) {
				return true
			}
		}
	}
	return false
}

// plain undoes the usual replacements of letters.
func plain(text string) string {
	return strings.NewReplacer("0", "o", "1", "l", "3", "e", "4", "a", "5", "s", "7", "t", "8", "b", "@", "a", "$", "s", "!", "i").Replace(text)
}

// made reports whether a text is nothing but words that are in all lists.
func made(text string) bool {
	// Which beginnings are, shortest first: trying all ways of cutting the text
	// would take too long for some.
	ends := make([]bool, len(text)+1)
	ends[0] = true
	for i := range text {
		if !ends[i] {
			continue
		}
		for _, w := range commonWords() {
			if strings.HasPrefix(text[i:], w) {
				ends[i+len(w)] = true
			}
		}
	}
	return text != "" && ends[len(text)]
}

func commonWords() []string {
	return []string{
		"password", "passwort", "passwd", "pass", "parol", "пароль", "secret", "geheim", "admin", "administrator", "root", "user", "guest", "login",
		"welcome", "willkommen", "hello", "hallo", "letmein", "changeme", "change", "default", "test", "testing", "demo", "temp", "temporary", "new",
		"iloveyou", "love", "monkey", "dragon", "sunshine", "princess", "football", "baseball", "superman", "batman", "master", "shadow", "michael",
		"jordan", "freedom", "whatever", "trustno", "starwars", "pokemon", "computer", "internet", "server", "system", "manager", "company", "access",
		"summer", "winter", "spring", "autumn", "january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december",
		"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
		"qwerty", "qwertz", "azerty", "asdf", "zxcv", "abc", "abcd", "my", "the", "is", "me", "i", "a",
		"signalbox", "semaphore", "ansible", "terraform",
	}
}

// repeated reports whether a text is one short thing over and over.
func repeated(text string) bool {
	runes := []rune(text)
	for size := 1; size <= 4 && size*2 <= len(runes); size++ {
		same := true
		for i := size; i < len(runes) && same; i++ {
			same = runes[i] == runes[i-size]
		}
		if same {
			return true
		}
	}
	return false
}

// walk reports whether a text goes along the alphabet, the digits or the rows of
// a keyboard, forth or back, perhaps in two runs.
func walk(text string) bool {
	runes := []rune(text)
	if len(runes) < 4 {
		return false
	}
	breaks := 0
	for i := 1; i < len(runes); i++ {
		if !beside(runes[i-1], runes[i]) {
			breaks++
		}
	}
	return breaks <= len(runes)/6
}

func beside(a, b rune) bool {
	for _, row := range []string{"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"} {
		runes := []rune(row)
		for i, r := range runes {
			if r == a && (i > 0 && runes[i-1] == b || i+1 < len(runes) && runes[i+1] == b) {
				return true
			}
		}
	}
	return slices.Contains([]rune{a}, b)
}
