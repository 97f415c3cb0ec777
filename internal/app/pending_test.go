package app

import (
	"strings"
	"testing"

	"signalbox/internal/domain"
)

func TestPending(t *testing.T) {
	t.Parallel()
	const run = `"signalbox migrate up"`
	cases := []struct {
		have, latest int64
		byHand       bool
		says         string // "" when the database may be opened
	}{
		{0, 3, false, ""},
		{0, 3, true, "no tables yet"},
		{1, 3, false, "version 1, and this program needs version 3"},
		{2, 3, true, "version 2, and this program needs version 3"},
		{3, 3, false, ""},
		{3, 3, true, ""},
		{4, 3, false, ""}, // refused when it is opened
	}
	for _, c := range cases {
		err := pending(c.have, c.latest, c.byHand)
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%+v: %v", c, err)
		case c.says != "" && (!domain.IsKind(err, domain.KindUnavailable) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), run)):
			t.Errorf("%+v: got %v, want one that names the versions and %s", c, err, run)
		}
	}
}
