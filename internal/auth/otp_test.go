package auth

import (
	"net/url"
	"testing"
	"time"
)

// TestOTPCode goes through the examples of RFC 6238, cut to six digits.
func TestOTPCode(t *testing.T) {
	t.Parallel()
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := otpCode([]byte("12345678901234567890"), otpStep(time.Unix(at, 0))); got != want {
			t.Errorf("at %d: got %s, want %s", at, got, want)
		}
	}
}

func TestOTPMatch(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	now := time.Unix(1_000_000_020, 0)
	step := otpStep(now)
	for _, c := range []struct {
		name string
		step int64
		last int64
		want bool
	}{
		{"the present one", step, 0, true},
		{"the one before", step - 1, 0, true},
		{"the next one", step + 1, 0, true},
		{"two before", step - 2, 0, false},
		{"two ahead", step + 2, 0, false},
		{"used up", step, step, false},
		{"before the one used up", step - 1, step, false},
		{"after the one used up", step + 1, step, true},
	} {
		got, ok := otpMatch(secret, otpCode(secret, c.step), now, c.last)
		if ok != c.want || ok && got != c.step {
			t.Errorf("%s: got step %d, %v, want %v", c.name, got, ok, c.want)
		}
	}
	for _, text := range []string{"", "1", "abcdef", otpCode(secret, step) + "0"} {
		if _, ok := otpMatch(secret, text, now, 0); ok {
			t.Errorf("%q was taken for a code", text)
		}
	}
}

func TestOTPURL(t *testing.T) {
	t.Parallel()
	got := otpURL("My: Box", "a+b@example.test", []byte("12345678901234567890")).Reveal()
	const want = "otpauth://totp/My%20%20Box:a+b@example.test?algorithm=SHA1&digits=6&issuer=My%3A%20Box&period=30&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if u, err := url.Parse(got); err != nil || u.Query().Get("issuer") != "My: Box" {
		t.Errorf("the address does not read back: %v, %v", u, err)
	}
}

// FuzzOTPMatch: whatever is entered, only the codes of three steps are taken.
func FuzzOTPMatch(f *testing.F) {
	secret := []byte("12345678901234567890")
	now := time.Unix(1_000_000_020, 0)
	step := otpStep(now)
	f.Add(otpCode(secret, step))
	f.Add("000000")
	f.Add("１２３４５６")
	f.Fuzz(func(t *testing.T, text string) {
		_, ok := otpMatch(secret, text, now, 0)
		right := false
		for s := step - 1; s <= step+1; s++ {
			right = right || otpCode(secret, s) == text
		}
		if ok != right {
			t.Errorf("%q: got %v, want %v", text, ok, right)
		}
	})
}
