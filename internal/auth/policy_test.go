package auth

import (
	"strings"
	"testing"
	"time"

	"signalbox/internal/domain"
)

func TestPolicy(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"password1234", "P@ssw0rd1234", "passwordpassword", "Welcome2026!", "qwertyuiop", "qwertyuiop123", "1234567890", "0987654321",
		"abcdefghij", "aaaaaaaaaa", "abababababab", "letmein12345", "changeme!!!!", "Administrator1", "signalbox2026", "йцукенгшщз", "summer20262027",
		"iloveyou12345", "mypassword1", "12345678901234567890",
	} {
		if err := (Policy{}).Check("password", domain.Secret(text)); !domain.IsKind(err, domain.KindInvalid) {
			t.Errorf("%q: got %v, want it refused", text, err)
		}
		if err := (Policy{AllowCommon: true}).Check("password", domain.Secret(text)); err != nil {
			t.Errorf("%q: got %v with common ones allowed", text, err)
		}
	}
	for _, text := range []string{
		"correct horse battery", "long enough", "battery horse staple", "пароль-длинный", "Tr0ub4dor&3x", "passwords are hard", "xkcd9362014872",
		"9f86d081884c", "purple-administrator-lamp", "Zürich im Regen", strings.Repeat("ab c", 5) + "x?",
	} {
		if err := (Policy{}).Check("password", domain.Secret(text)); err != nil {
			t.Errorf("%q: got %v, want it taken", text, err)
		}
	}
	long := Policy{MinLength: 20}
	if err := long.Check("password", "correct horse batte"); !domain.IsKind(err, domain.KindInvalid) {
		t.Errorf("19 of 20 characters: got %v", err)
	}
	if err := long.Check("password", "correct horse batter"); err != nil {
		t.Errorf("20 of 20 characters: got %v", err)
	}
}

func TestThrottle_Settings(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	th := newThrottle(func() time.Time { return now }, ThrottleConfig{FreeTries: 2, LockTries: 4, LockTime: time.Hour, LongestWait: time.Second})
	var waits []int
	for range 4 {
		done, err := th.begin("a")
		if err != nil {
			t.Fatal(err)
		}
		done(failed)
		_, err = th.begin("a")
		var wait int
		if e, ok := err.(*domain.Error); ok {
			wait = e.RetryAfter
		} else {
			th.entries["a"].pending-- // that one was let in
		}
		waits = append(waits, wait)
		now = now.Add(time.Second)
	}
	if waits[0] != 0 || waits[1] != 1 || waits[2] != 1 || waits[3] != 3600 {
		t.Errorf("waits %v, want 0, 1, 1 and 3600 seconds", waits)
	}
}
