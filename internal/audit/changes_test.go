package audit

import (
	"encoding/json"
	"strings"
	"testing"

	"signalbox/internal/domain"
)

func TestChanges(t *testing.T) {
	t.Parallel()
	chat := "x"
	for _, c := range []struct {
		name          string
		before, after any
		want          string
	}{
		{"nothing", nil, nil, ""},
		{"equal", domain.View{ID: 1, Title: "a", SortColumn: &chat}, domain.View{ID: 2, Title: "a", SortColumn: ptr("x")}, ""},
		{"a field", domain.View{Title: "a"}, domain.View{Title: "b", SortColumn: &chat}, `{"Title":{"old":"a","new":"b"},"SortColumn":{"old":null,"new":"x"}}`},
		{"new", nil, domain.View{ID: 3, Title: "b"}, `{"Title":{"old":"","new":"b"}}`},
		{"gone", domain.View{ID: 3, Position: 4}, nil, `{"Position":{"old":4,"new":0}}`},
		{"secret", domain.Key{Ciphertext: "v1:abc"}, domain.Key{Ciphertext: "v1:def"}, `{"Ciphertext":{"secret":true}}`},
		{"document", domain.View{Filter: domain.JSON(`{"a":1}`)}, domain.View{}, `{"Filter":{"old":{"a":1},"new":null}}`},
	} {
		got, err := Changes(c.before, c.after)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %s %v, want %s", c.name, got, err, c.want)
		}
	}
}

func TestChanges_AreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("я", longest)
	got, err := Changes(domain.VariableGroup{JSON: long}, domain.VariableGroup{})
	if err != nil || !json.Valid(got) || len(got) > 2*longest {
		t.Errorf("got %d bytes, valid: %t, %v", len(got), json.Valid(got), err)
	}
}

func ptr[T any](v T) *T { return &v }
