package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // what authenticators understand; the secret is what is hard to guess
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"

	"signalbox/internal/domain"
)

// The form of time-based codes (RFC 6238) that every authenticator knows.
const (
	otpPeriod = 30 // seconds
	otpDigits = 6
	// otpDrift is by how many steps a clock may be off.
	otpDrift = 1
)

var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// otpStep is the number of a moment's step.
func otpStep(now time.Time) int64 { return now.Unix() / otpPeriod }

// otpCode is the code of a step.
func otpCode(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	value := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", otpDigits, value%1_000_000)
}

// otpMatch returns the step that a code belongs to. Steps up to last are used up.
func otpMatch(secret []byte, code string, now time.Time, last int64) (step int64, ok bool) {
	present := otpStep(now)
	for s := present - otpDrift; s <= present+otpDrift; s++ {
		// Every step is compared, so that the time tells nothing.
		if subtle.ConstantTimeCompare([]byte(otpCode(secret, s)), []byte(code)) == 1 && s > last {
			step, ok = s, true
		}
	}
	return step, ok
}

// otpURL is what authenticators read from a QR code.
func otpURL(issuer, account string, secret []byte) domain.Secret {
	label := strings.ReplaceAll(issuer, ":", " ") + ":" + account
	query := url.Values{
		"algorithm": {"SHA1"}, "digits": {fmt.Sprint(otpDigits)}, "issuer": {issuer},
		"period": {fmt.Sprint(otpPeriod)}, "secret": {base32Text.EncodeToString(secret)},
	}
	// Authenticators read a plus as a plus.
	return domain.Secret("otpauth://totp/" + url.PathEscape(label) + "?" + strings.ReplaceAll(query.Encode(), "+", "%20"))
}

// randomBytes returns n random bytes.
func randomBytes(n int) []byte {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails since Go 1.24
	return raw
}

// bareCode takes out what people put between the groups of a code.
func bareCode(code domain.Secret) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\t", "").Replace(code.Reveal()))
}
