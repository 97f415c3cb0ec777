// Package secrets keeps texts that must not lie in the database in clear: a
// keyring encrypts and authenticates them with AES-256-GCM (or AES-128/192
// where an older key has that length). It promises that what it sealed can be
// opened while the key is in the ring, only in the place it was sealed for, and
// that neither its errors nor its values show a secret.
package secrets

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"signalbox/internal/domain"
)

// version starts every sealed text, so that another scheme can follow.
const version = "sb1"

// ErrUnknownKey: the text was sealed with a key that is not in the ring.
var ErrUnknownKey = errors.New("sealed with a key that is not configured")

// ErrDamaged: the text was changed, belongs elsewhere, or was never sealed.
var ErrDamaged = errors.New("sealed text is damaged or belongs elsewhere")

// Keyring seals with its first key and opens with any. It may be used from
// many goroutines.
type Keyring struct {
	keys []key
}

type key struct {
	id   string
	aead cipher.AEAD
}

// New makes a keyring of base64 texts of 16, 24 or 32 bytes. The first seals;
// the others open what was sealed before a rotation.
func New(encoded ...string) (*Keyring, error) {
	if len(encoded) == 0 {
		return nil, errors.New("an encryption key is required")
	}
	ring := &Keyring{}
	for i, text := range encoded {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("encryption key %d is not base64", i+1)
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			return nil, fmt.Errorf("encryption key %d has %d bytes; 16, 24 or 32 are needed", i+1, len(raw))
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("encryption key %d: %w", i+1, err)
		}
		sum := sha256.Sum256(append([]byte("signalbox key id\x00"), raw...))
		ring.keys = append(ring.keys, key{id: hex.EncodeToString(sum[:4]), aead: aead})
	}
	return ring, nil
}

// Seal encrypts a text for one place; Open needs the same place.
func (k *Keyring) Seal(plain []byte, place string) (string, error) {
	primary := k.keys[0]
	nonce := make([]byte, primary.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("nonce: %w", err)
	}
	sealed := primary.aead.Seal(nonce, nonce, plain, []byte(place))
	return version + "." + primary.id + "." + base64.RawStdEncoding.EncodeToString(sealed), nil
}

// Open decrypts what Seal returned for the same place.
func (k *Keyring) Open(sealed, place string) ([]byte, error) {
	parts := strings.SplitN(sealed, ".", 3)
	if len(parts) != 3 || parts[0] != version {
		return nil, ErrDamaged
	}
	raw, err := base64.RawStdEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, ErrDamaged
	}
	for _, candidate := range k.keys {
		if candidate.id != parts[1] {
			continue
		}
		size := candidate.aead.NonceSize()
		if len(raw) < size {
			return nil, ErrDamaged
		}
		plain, err := candidate.aead.Open(nil, raw[:size], raw[size:], []byte(place))
		if err != nil {
			return nil, ErrDamaged
		}
		return plain, nil
	}
	return nil, ErrUnknownKey
}

// Stale reports whether the text should be sealed again with the primary key.
func (k *Keyring) Stale(sealed string) bool {
	return !strings.HasPrefix(sealed, version+"."+k.keys[0].id+".")
}

// String hides the keys from accidental printing.
func (*Keyring) String() string { return "keyring" }

// LogValue hides the keys from logs.
func (*Keyring) LogValue() slog.Value { return slog.StringValue("keyring") }

// payload is the stored form of a key's secret.
type payload struct {
	Login      string `json:"login,omitempty"`
	Password   string `json:"password,omitempty"`
	Passphrase string `json:"passphrase,omitempty"`
	PrivateKey string `json:"private_key,omitempty"`
	String     string `json:"string,omitempty"`
	// Of a secret that is kept elsewhere only the place is stored. Sealing it too
	// keeps whoever can write to the database from naming other places.
	SourceType string `json:"source_type,omitempty"`
	SourceKey  string `json:"source_key,omitempty"`
}

// keyPlace binds the secret of a key to its project, so that a row copied to
// another project cannot be opened there.
func keyPlace(p domain.ProjectID) string { return fmt.Sprintf("key.project.%d", p) }

// SealKey encrypts the secret of a key of the project; "" when it holds nothing.
func (k *Keyring) SealKey(p domain.ProjectID, t domain.KeyType, s domain.KeySecret) (string, error) {
	if s.Empty(t) {
		return "", nil
	}
	plain, err := json.Marshal(payload{
		Login: s.Login, Password: s.Password.Reveal(), Passphrase: s.Passphrase.Reveal(),
		PrivateKey: s.PrivateKey.Reveal(), String: s.String.Reveal(),
		SourceType: string(s.Source.Type), SourceKey: s.Source.Key,
	})
	if err != nil {
		return "", fmt.Errorf("encode key: %w", err)
	}
	return k.Seal(plain, keyPlace(p))
}

// OpenKey decrypts the secret of a stored key; a key without one gives the
// empty secret. Of one that is kept elsewhere it gives the Source, which Sources
// follows.
func (k *Keyring) OpenKey(stored domain.Key) (domain.KeySecret, error) {
	if stored.Ciphertext == "" {
		return domain.KeySecret{}, nil
	}
	plain, err := k.Open(stored.Ciphertext, keyPlace(stored.ProjectID))
	if err != nil {
		return domain.KeySecret{}, fmt.Errorf("open key %d: %w", stored.ID, err)
	}
	var p payload
	if err := json.Unmarshal(plain, &p); err != nil {
		return domain.KeySecret{}, fmt.Errorf("open key %d: %w", stored.ID, ErrDamaged)
	}
	return domain.KeySecret{
		Login: p.Login, Password: domain.Secret(p.Password), Passphrase: domain.Secret(p.Passphrase),
		PrivateKey: domain.Secret(p.PrivateKey), String: domain.Secret(p.String),
		Source: domain.KeySource{Type: domain.KeySourceType(p.SourceType), Key: p.SourceKey},
	}, nil
}

// GenerateKey returns a new random key in the form New takes.
func GenerateKey() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails since Go 1.24
	return base64.StdEncoding.EncodeToString(raw)
}
