package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"signalbox/internal/domain"
)

// Limits of new passwords. The upper one only keeps requests small.
const (
	MinPassword = 10
	MaxPassword = 1024
)

// Cost is how much work an Argon2id hash takes.
type Cost struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// DefaultCost is what OWASP recommends for Argon2id with little memory.
func DefaultCost() Cost { return Cost{Memory: 19 * 1024, Passes: 2, Threads: 1} }

// maxHashes bounds how many hashes are computed at once, and so their memory.
const maxHashes = 2

const (
	saltSize = 16
	hashSize = 32
)

// hasher computes password hashes, few at a time.
type hasher struct {
	cost  Cost
	slots chan struct{}
}

func newHasher(cost Cost) *hasher {
	return &hasher{cost: cost, slots: make(chan struct{}, maxHashes)}
}

func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (h *hasher) hash(ctx context.Context, password domain.Secret) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return argonHash(password, h.cost), nil
}

// verify compares a password with an Argon2id or bcrypt hash and tells whether
// the hash should be renewed. A hash it cannot read matches nothing.
func (h *hasher) verify(ctx context.Context, hash string, password domain.Secret) (match, outdated bool, err error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return false, false, err
	}
	defer leave()
	if strings.HasPrefix(hash, "$2") {
		return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password.Reveal())) == nil, true, nil
	}
	cost, salt, want, ok := parseArgon(hash)
	if !ok {
		return false, false, nil
	}
	got := argon2.IDKey([]byte(password.Reveal()), salt, cost.Passes, cost.Memory, cost.Threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, cost != h.cost, nil
}

func argonHash(password domain.Secret, cost Cost) string {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails since Go 1.24
	sum := argon2.IDKey([]byte(password.Reveal()), salt, cost.Passes, cost.Memory, cost.Threads, hashSize)
	return formatArgon(cost, salt, sum)
}

// decoyHash looks like a hash of that cost and matches no password.
func decoyHash(cost Cost) string {
	return formatArgon(cost, make([]byte, saltSize), make([]byte, hashSize))
}

func formatArgon(cost Cost, salt, sum []byte) string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, cost.Memory, cost.Passes, cost.Threads, enc.EncodeToString(salt), enc.EncodeToString(sum))
}

// parseArgon reads a PHC string. Costs that would stall the server are refused:
// the string may come from an import.
func parseArgon(text string) (cost Cost, salt, sum []byte, ok bool) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return cost, nil, nil, false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &cost.Memory, &cost.Passes, &cost.Threads); err != nil {
		return cost, nil, nil, false
	}
	if cost.Memory > 1<<20 || cost.Passes < 1 || cost.Passes > 32 || cost.Threads < 1 {
		return cost, nil, nil, false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil || len(salt) == 0 {
		return cost, nil, nil, false
	}
	sum, err = base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(sum) < 16 || len(sum) > 64 {
		return cost, nil, nil, false
	}
	return cost, salt, sum, true
}
