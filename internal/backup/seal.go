package backup

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"signalbox/internal/domain"
)

// Sealed is a list of secrets under AES-256-GCM, whose key Argon2id makes of a
// passphrase. Bytes are base64 in JSON.
type Sealed struct {
	Data    []byte `json:"data"`
	KDF     string `json:"kdf" doc:"argon2id"`
	Memory  uint32 `json:"memory" doc:"KiB"`
	Nonce   []byte `json:"nonce"`
	Salt    []byte `json:"salt"`
	Threads uint8  `json:"threads"`
	Time    uint32 `json:"time" doc:"Passes"`
}

// Secret is what a key of the document holds, found by owner, group and name.
type Secret struct {
	Owner       string
	Environment string
	Name        string
	Login       string `json:",omitempty"`
	Password    string `json:",omitempty"`
	Passphrase  string `json:",omitempty"`
	PrivateKey  string `json:",omitempty"`
	String      string `json:",omitempty"`
}

// The bounds of what a document may ask for: opening one must not cost the
// server more than a few sign-ins.
const (
	maxMemory  = 256 << 10 // KiB
	maxPasses  = 10
	maxThreads = 8
	minPhrase  = 10 // characters
)

// CheckPassphrase refuses short passphrases.
func CheckPassphrase(field string, phrase domain.Secret) error {
	if utf8.RuneCountInString(string(phrase)) < minPhrase {
		return domain.Invalid(field, "must have at least %d characters", minPhrase)
	}
	return nil
}

// Seal encrypts secrets.
func Seal(secrets []Secret, phrase domain.Secret) (*Sealed, error) {
	s := &Sealed{KDF: "argon2id", Memory: 64 << 10, Time: 3, Threads: 2, Salt: make([]byte, 16)}
	_, _ = rand.Read(s.Salt) // never fails since Go 1.24
	box, err := s.box(phrase)
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(secrets)
	if err != nil {
		return nil, err
	}
	s.Nonce = make([]byte, box.NonceSize())
	_, _ = rand.Read(s.Nonce) // see above
	s.Data = box.Seal(nil, s.Nonce, plain, nil)
	return s, nil
}

// Open decrypts secrets; a wrong passphrase is the user's mistake.
func (s *Sealed) Open(phrase domain.Secret) ([]Secret, error) {
	if s.KDF != "argon2id" || s.Memory < 8 || s.Memory > maxMemory || s.Time < 1 || s.Time > maxPasses ||
		s.Threads < 1 || s.Threads > maxThreads || len(s.Salt) < 8 || len(s.Salt) > 64 {
		return nil, domain.Invalid("secrets", "the secrets are encrypted in a way that is not known here")
	}
	box, err := s.box(phrase)
	if err != nil {
		return nil, err
	}
	if len(s.Nonce) != box.NonceSize() {
		return nil, domain.Invalid("secrets.nonce", "has the wrong length")
	}
	plain, err := box.Open(nil, s.Nonce, s.Data, nil)
	if err != nil {
		return nil, domain.Invalid("passphrase", "the passphrase is wrong, or the document was changed")
	}
	var list []Secret
	if json.Unmarshal(plain, &list) != nil {
		return nil, errors.New("backup: what the passphrase opened is no list of secrets")
	}
	return list, nil
}

func (s *Sealed) box(phrase domain.Secret) (cipher.AEAD, error) {
	key := argon2.IDKey([]byte(phrase), s.Salt, s.Time, s.Memory, s.Threads, 32)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
