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
	"slices"
	"strings"
	"sync/atomic"

	"signalbox/internal/domain"
)

// version starts every sealed text, so that another scheme can follow.
const version = "sb1"

// ErrUnknownKey: the text was sealed with a key that is not in the ring.
var ErrUnknownKey = errors.New("sealed with a key that is not configured")

// ErrDamaged: the text was changed, belongs elsewhere, or was never sealed.
var ErrDamaged = errors.New("sealed text is damaged or belongs elsewhere")

// Keyring seals with its first key and opens with any. It may be used from
// many goroutines, also while its keys are replaced.
type Keyring struct {
	keys atomic.Pointer[[]key]
}

type key struct {
	id    string
	label string // "" for one that has no name
	aead  cipher.AEAD
}

// New makes a keyring of base64 texts of 16, 24 or 32 bytes. The first seals;
// the others open what was sealed before a rotation.
func New(encoded ...string) (*Keyring, error) {
	named := make([]namedKey, len(encoded))
	for i, text := range encoded {
		named[i].text = text
	}
	return newRing(named)
}

// namedKey is a key with the name that errors and reports call it by.
type namedKey struct{ label, text string }

func newRing(named []namedKey) (*Keyring, error) {
	if len(named) == 0 {
		return nil, errors.New("an encryption key is required")
	}
	var keys []key
	for i, n := range named {
		name := fmt.Sprintf("encryption key %d", i+1)
		if n.label != "" {
			name = fmt.Sprintf("encryption key %q", n.label)
		}
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(n.text))
		if err != nil {
			return nil, fmt.Errorf("%s is not base64", name)
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			return nil, fmt.Errorf("%s has %d bytes; 16, 24 or 32 are needed", name, len(raw))
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		sum := sha256.Sum256(append([]byte("signalbox key id\x00"), raw...))
		id := hex.EncodeToString(sum[:4])
		// A key may be given twice, say by its name and as the old setting.
		if !slices.ContainsFunc(keys, func(k key) bool { return k.id == id }) {
			keys = append(keys, key{id: id, label: n.label, aead: aead})
		}
	}
	ring := &Keyring{}
	ring.keys.Store(&keys)
	return ring, nil
}

// Replace gives the keyring the keys of another one, all at once: what is being
// sealed or opened meanwhile uses either the old ones or the new.
func (k *Keyring) Replace(with *Keyring) { k.keys.Store(with.keys.Load()) }

// Equal reports whether two keyrings hold the same keys in the same order.
func (k *Keyring) Equal(other *Keyring) bool {
	return slices.EqualFunc(*k.keys.Load(), *other.keys.Load(), func(a, b key) bool { return a.id == b.id && a.label == b.label })
}

// With returns a keyring that also opens with the keys given.
func (k *Keyring) With(encoded ...string) (*Keyring, error) {
	more, err := New(encoded...)
	if err != nil {
		return nil, err
	}
	keys := slices.Clone(*k.keys.Load())
	for _, add := range *more.keys.Load() {
		if !slices.ContainsFunc(keys, func(have key) bool { return have.id == add.id }) {
			keys = append(keys, add)
		}
	}
	both := &Keyring{}
	both.keys.Store(&keys)
	return both, nil
}

// Primary returns a keyring of the sealing key alone.
func (k *Keyring) Primary() *Keyring {
	keys := (*k.keys.Load())[:1:1]
	one := &Keyring{}
	one.keys.Store(&keys)
	return one
}

// KeyInfo tells keys apart without showing them.
type KeyInfo struct {
	ID    string
	Label string // "" for one that has no name
}

// Keys returns the keys, the sealing one first.
func (k *Keyring) Keys() []KeyInfo {
	var list []KeyInfo
	for _, one := range *k.keys.Load() {
		list = append(list, KeyInfo{ID: one.id, Label: one.label})
	}
	return list
}

// KeyID returns the id of the key that a text was sealed with; false for a text
// that was never sealed.
func KeyID(sealed string) (string, bool) {
	parts := strings.SplitN(sealed, ".", 3)
	if len(parts) != 3 || parts[0] != version {
		return "", false
	}
	return parts[1], true
}

// Seal encrypts a text for one place; Open needs the same place.
func (k *Keyring) Seal(plain []byte, place string) (string, error) {
	primary := (*k.keys.Load())[0]
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
	for _, candidate := range *k.keys.Load() {
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
	return !strings.HasPrefix(sealed, version+"."+(*k.keys.Load())[0].id+".")
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

// The places that secrets are sealed for. They are part of the stored form.

// TaskPlace is that of the secret answers of tasks.
const TaskPlace = "task.secret"

// KeyPlace binds the secret of a key to its project, so that a row copied to
// another project cannot be opened there.
func KeyPlace(p domain.ProjectID) string { return fmt.Sprintf("key.project.%d", p) }

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
	return k.Seal(plain, KeyPlace(p))
}

// OpenKey decrypts the secret of a stored key; a key without one gives the
// empty secret. Of one that is kept elsewhere it gives the Source, which Sources
// follows.
func (k *Keyring) OpenKey(stored domain.Key) (domain.KeySecret, error) {
	if stored.Ciphertext == "" {
		return domain.KeySecret{}, nil
	}
	plain, err := k.Open(stored.Ciphertext, KeyPlace(stored.ProjectID))
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
