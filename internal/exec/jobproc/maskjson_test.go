package jobproc

import (
	"testing"

	"signalbox/internal/exec/joblog"
)

func TestMaskJSON(t *testing.T) {
	t.Parallel()
	m := joblog.NewMasker([]string{"hunter2", `":"x"`, `a"b\c`})
	for in, want := range map[string]string{
		`{"n":12345678901234567890,"v":"my hunter2!"}`: `{"n":12345678901234567890,"v":"my ***!"}`,
		`{"hunter2":[{"k":"x"},"a\"b\\c",null,true]}`:  `{"***":[{"k":"x"},"***",null,true]}`,
		`{"k":"x"}`: `{"k":"x"}`,
		`[1.50]`:    `[1.50]`,
	} {
		if got := string(maskJSON(m, []byte(in))); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	if got := string(maskJSON(nil, []byte(`{"a":1}`))); got != `{"a":1}` {
		t.Errorf("without secrets: %s", got)
	}
}
