package httpapi

import (
	"bytes"
	"testing"
)

func FuzzClientMessage(f *testing.F) {
	for _, seed := range []string{`{"type":"subscribe","project_id":1,"task_id":2,"after":3}`, `{}`, `[]`, `{"type":1}`, ``} {
		f.Add(true, []byte(seed))
	}
	f.Fuzz(func(t *testing.T, text bool, data []byte) {
		cmd := parseCommand(text, data)
		if cmd.malformed && cmd.Type != "" {
			t.Errorf("%q: a malformed message has type %q", data, cmd.Type)
		}
	})
}

func TestStripANSI(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain":                    "plain",
		"\x1b[1;31mred\x1b[0m":     "red",
		"\x1b]8;;http://x\x1b\\a":  "a",
		"\x1b]0;t\x07b":            "b",
		"\x1b(Bc":                  "c",
		"\x1b[?25ld":               "d",
		"cut \x1b[":                "cut ",
		"\x1b\x1b[1mtwice":         "twice",
		"юникод \x1b[32mцел\x1b[m": "юникод цел",
	} {
		var s ansiStripper
		if got := s.append(nil, []byte(in)); string(got) != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
		// However a line is cut, the rest is the same.
		for cut := range len(in) {
			var s ansiStripper
			got := s.append(s.append(nil, []byte(in[:cut])), []byte(in[cut:]))
			if !bytes.Equal(got, []byte(want)) {
				t.Errorf("%q cut at %d: got %q, want %q", in, cut, got, want)
			}
		}
	}
}
