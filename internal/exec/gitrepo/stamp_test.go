package gitrepo

import (
	"testing"
	"time"
)

// TestStamp_CountsOnlyForThisStartOfTheMachine: moments of another one cannot be
// compared, nor can those that older versions noted by the clock on the wall.
func TestStamp_CountsOnlyForThisStartOfTheMachine(t *testing.T) {
	t.Parallel()
	if at, ok := stampedAt(stampOf(5 * time.Second)); !ok || at != 5*time.Second {
		t.Errorf("got %v, %v", at, ok)
	}
	for _, text := range []string{"", "1795000000000000000", "00000000-0000-0000-0000-000000000000 5000000000", "rubbish"} {
		if at, ok := stampedAt([]byte(text)); ok {
			t.Errorf("%q counts as %v", text, at)
		}
	}
}
