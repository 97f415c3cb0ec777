package domain

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
)

// Secret is a text that must not be shown. Every way of printing it gives
// "***"; only Reveal returns the text, so its uses can be searched for.
type Secret string

const hidden = "***"

func (Secret) String() string               { return hidden }
func (Secret) GoString() string             { return hidden }
func (Secret) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// Reveal returns the text itself, to be handed to a process or a cipher.
func (s Secret) Reveal() string { return string(s) }

// HashToken returns what is stored of a token, its hex SHA-256, by which it is
// found. That is for random texts too long to be guessed, not for passwords or
// short codes.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
