package joblog

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// pieces masks a text written in pieces of the sizes.
func pieces(m *Masker, text string, size func() int) string {
	if m == nil {
		return text
	}
	k := m.stream()
	var out []byte
	for len(text) > 0 {
		n := min(max(size(), 1), len(text))
		out = k.write(out, []byte(text[:n]))
		text = text[n:]
	}
	return string(k.close(out))
}

func TestMask(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		secrets  []string
		in, want string
	}{
		"plain":               {[]string{"hunter2"}, "pw hunter2!", "pw ***!"},
		"twice":               {[]string{"hunter2"}, "hunter2hunter2 hunter2", "*** ***"},
		"almost":              {[]string{"hunter2"}, "hunter1 hunter", "hunter1 hunter"},
		"short is shown":      {[]string{"abc"}, "abc", "abc"},
		"four characters":     {[]string{"пароль"}, "это пароль", "это ***"},
		"longest of two":      {[]string{"pass", "password"}, "a password", "a ***"},
		"overlapping":         {[]string{"abcdef", "defghi"}, "xabcdefghiy", "x***y"},
		"prefix then other":   {[]string{"aaab", "aabb"}, "aaaabb", "a***"},
		"lines":               {[]string{"first line\nsecond\n"}, "x second\nfirst line", "x ***\n***"},
		"indented line":       {[]string{"{\n   \"k\": \"value\"\n}"}, "\"k\": \"value\"", "***"},
		"base64":              {[]string{"hunter2"}, "aHVudGVyMg== aHVudGVyMg", "*** ***"},
		"base64 within":       {[]string{"hunter2secret"}, "dXNlcjpodW50ZXIyc2VjcmV0", "dXNlcjp***"},
		"url":                 {[]string{"p@ss/w d"}, "p%40ss%2Fw+d p%40ss%2fw+d p@ss%2Fw%20d", "*** *** ***"},
		"json":                {[]string{`a"b\c<d`}, `a\"b\\c<d a\"b\\c\u003cd`, "*** ***"},
		"json ascii":          {[]string{"geheim€"}, `geheim\u20ac`, "***"},
		"shell":               {[]string{"it's me"}, `'it'\''s me'`, "'***'"},
		"across a line break": {[]string{"hunter2"}, "hun\nter2", "hun\nter2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := NewMasker(c.secrets)
			for size := 1; size <= len(c.in); size++ {
				if got := pieces(m, c.in, func() int { return size }); got != c.want {
					t.Errorf("in pieces of %d: %q, want %q", size, got, c.want)
				}
			}
		})
	}
}

// TestMask_HoldsBackLittle: what cannot become a secret is shown at once.
func TestMask_HoldsBackLittle(t *testing.T) {
	t.Parallel()
	k := newMasker([]string{"secret"}).stream()
	for _, c := range []struct{ in, want string }{
		{"hello sec", "hello "}, {"ond ", "second "}, {"secret", Mask}, {"s", ""}, {"x", "sx"},
	} {
		if got := string(k.write(nil, []byte(c.in))); got != c.want {
			t.Errorf("after %q: %q, want %q", c.in, got, c.want)
		}
	}
	// A secret that overlaps itself for ever must not be kept for ever.
	k = newMasker([]string{"aaaa"}).stream()
	out := k.write(nil, bytes.Repeat([]byte("a"), 1<<20))
	if len(out)+len(k.held) > 100 {
		t.Errorf("%d bytes out, %d held back", len(out), len(k.held))
	}
}

func FuzzMask(f *testing.F) {
	f.Add("hunter2", "second", "pw hunter2 second", uint64(1))
	f.Add("aaab", "abaa", "aaaabaaabaaaab", uint64(2))
	f.Add("a\nbcde\n", "p@ss w", "bcdebcde p%40ss+w", uint64(3))
	f.Fuzz(func(t *testing.T, a, b, text string, seed uint64) {
		if strings.Contains(a+b, "*") {
			t.Skip("the mask itself would be a secret")
		}
		forms := Forms([]string{a, b})
		m := NewMasker([]string{a, b})
		random := rand.New(rand.NewPCG(seed, 1))
		got := pieces(m, text, func() int { return 1 + random.IntN(5) })
		if m != nil && got != m.Text(text) {
			t.Fatalf("in pieces %q, in one %q", got, m.Text(text))
		}
		hidden := false
		for _, s := range forms {
			if utf8.RuneCountInString(s) >= minSecret && strings.Contains(got, s) {
				t.Fatalf("%q in %q", s, got)
			}
			hidden = hidden || strings.Contains(text, s)
		}
		if !hidden && got != text {
			t.Fatalf("nothing to hide, but %q became %q", text, got)
		}
	})
}

func benchmarkSecrets(n int) []string {
	secrets := make([]string, n)
	random := rand.New(rand.NewPCG(3, 4))
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
	for i := range secrets {
		b := make([]byte, 12+random.IntN(20))
		for j := range b {
			b[j] = letters[random.IntN(len(letters))]
		}
		secrets[i] = string(b)
	}
	return secrets
}

func BenchmarkMask(b *testing.B) {
	var text []byte
	for i := range 3000 {
		text = fmt.Appendf(text, "2026-11-23T12:%02d:%02d ok: [web-%d] task %07d changed=%v took %dms\n", i/60%60, i%60, i%7, i, i%3 == 0, i%977)
	}
	for _, n := range []int{1, 10, 50} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			k := NewMasker(benchmarkSecrets(n)).stream()
			b.SetBytes(int64(len(text)))
			var out []byte
			for b.Loop() {
				for at := 0; at < len(text); at += 4096 {
					out = k.write(out[:0], text[at:min(at+4096, len(text))])
				}
			}
		})
	}
}

func BenchmarkNewMasker(b *testing.B) {
	secrets := benchmarkSecrets(50)
	for b.Loop() {
		NewMasker(secrets)
	}
}
