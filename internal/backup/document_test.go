package backup

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/domain"
)

func TestNamer(t *testing.T) {
	t.Parallel()
	give := func() (names []string) {
		n := NewNamer("key")
		for _, own := range []string{"a", "b", "a", "a"} {
			names = append(names, n.Name(own))
		}
		return names
	}
	got := give()
	if got[0] != "a" || got[1] != "b" || len(got[2]) != len("a - 0123456789") || got[2] == got[3] {
		t.Errorf("got %q", got)
	}
	if diff := cmp.Diff(got, give()); diff != "" {
		t.Errorf("the same rows get other names: %s", diff)
	}
}

func TestSeal(t *testing.T) {
	t.Parallel()
	list := []Secret{{Name: "k", PrivateKey: "pem\n", Owner: "variable", Environment: "e"}}
	sealed, err := Seal(list, "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(sealed)
	if err != nil || strings.Contains(string(text), "pem") {
		t.Fatalf("%s %v", text, err)
	}
	var back Sealed
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	got, err := back.Open("correct horse battery")
	if err != nil || !cmp.Equal(got, list) {
		t.Errorf("got %v %v, want %v", got, err, list)
	}
	for name, spoil := range map[string]func(*Sealed, *domain.Secret){
		"passphrase":   func(_ *Sealed, p *domain.Secret) { *p = "correct horse batterx" },
		"data":         func(s *Sealed, _ *domain.Secret) { s.Data = append([]byte{1}, s.Data[1:]...); s.Data[0] ^= 0xff },
		"short data":   func(s *Sealed, _ *domain.Secret) { s.Data = nil },
		"nonce":        func(s *Sealed, _ *domain.Secret) { s.Nonce = s.Nonce[:3] },
		"no salt":      func(s *Sealed, _ *domain.Secret) { s.Salt = nil },
		"other kdf":    func(s *Sealed, _ *domain.Secret) { s.KDF = "md5" },
		"much memory":  func(s *Sealed, _ *domain.Secret) { s.Memory = 1 << 31 },
		"many passes":  func(s *Sealed, _ *domain.Secret) { s.Time = 1 << 31 },
		"no threads":   func(s *Sealed, _ *domain.Secret) { s.Threads = 0 },
		"many threads": func(s *Sealed, _ *domain.Secret) { s.Threads = 255 },
	} {
		var s Sealed
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		phrase := domain.Secret("correct horse battery")
		spoil(&s, &phrase)
		if _, err := s.Open(phrase); !domain.IsKind(err, domain.KindInvalid) {
			t.Errorf("%s: got %v, want the user to be told", name, err)
		}
	}
}

// FuzzDocument: whatever is sent, a document is read or refused in words.
func FuzzDocument(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"meta":{"name":"x"}}`, `{"meta":{"name":"x"},"templates":[{"name":"a","repository":"b"}]}`,
		`{"meta":{"name":"x"},"schedules":[{"run_at":{},"template":null}]}`, `{"keys":[{"name":"a","owner":"variable","environment":"e"}]}`, `null`, `[]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var d Document
		if json.Unmarshal(text, &d) != nil {
			return
		}
		var told *domain.Error
		if err := d.Check(); err != nil && (!errors.As(err, &told) || told.Field == "") {
			t.Errorf("refused without a field: %v", err)
		}
		for _, s := range d.Schedules {
			if _, err := s.At(); err != nil && !errors.As(err, &told) {
				t.Errorf("run_at %s: %v", s.RunAt, err)
			}
		}
		if _, err := json.Marshal(d); err != nil {
			t.Errorf("cannot be written again: %v", err)
		}
	})
}
