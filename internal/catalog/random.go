package catalog

import (
	"crypto/rand"
	"encoding/hex"
)

// randomBytes returns n bytes that nobody can guess.
func randomBytes(n int) []byte {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails since Go 1.24
	return raw
}

// randomHex returns n random bytes as 2n hexadecimal digits.
func randomHex(n int) string { return hex.EncodeToString(randomBytes(n)) }
