package secrets

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"signalbox/internal/domain"
)

// maxSecret bounds what is read of a secret that is kept elsewhere.
const maxSecret = 1 << 20

// sourceTimeout bounds reading one: a storage that does not answer must not
// hold up tasks for ever.
const sourceTimeout = 20 * time.Second

// ErrNoSecret: the source has nothing of the name.
var ErrNoSecret = errors.New("there is no such secret")

// Reader reads secrets that are kept elsewhere than in the database. A storage
// of another kind is another Reader.
//
// Read returns the bytes of a secret as they are. It may be called from many
// goroutines, ends with ctx, and keeps nothing. A secret that does not exist is
// ErrNoSecret; a *domain.Error is shown to users as it is, other errors only
// in the log. None holds the secret or part of it.
type Reader interface {
	Read(ctx context.Context, key string) ([]byte, error)
}

// checker is a Reader that can tell without reading which keys it never reads.
type checker interface {
	Check(key string) error
}

// Sources opens keys wherever their secrets are kept.
type Sources struct {
	ring    *Keyring
	readers map[domain.KeySourceType]Reader
}

// NewSources opens what the ring sealed, and follows sources by the readers.
func NewSources(ring *Keyring, readers map[domain.KeySourceType]Reader) *Sources {
	return &Sources{ring: ring, readers: readers}
}

// SealKey is that of the ring, for places that may be read. Whether something is
// there is not looked at: it may come later, and whoever creates keys is not to
// learn which files exist.
func (s *Sources) SealKey(p domain.ProjectID, t domain.KeyType, secret domain.KeySecret) (string, error) {
	if at := secret.Source; at.Type != domain.SourceDatabase {
		reader, ok := s.readers[at.Type]
		if !ok {
			return "", domain.Invalid("source_storage_type", "this server has no secrets of kind %q", at.Type)
		}
		if c, ok := reader.(checker); ok {
			if err := c.Check(at.Key); err != nil {
				return "", err
			}
		}
	}
	return s.ring.SealKey(p, t, secret)
}

// KeySource says where the secret of a key is kept, without reading it there.
func (s *Sources) KeySource(k domain.Key) (domain.KeySource, error) {
	secret, err := s.ring.OpenKey(k)
	return secret.Source, err
}

// OpenKey is Open for callers without a context.
func (s *Sources) OpenKey(k domain.Key) (domain.KeySecret, error) {
	return s.Open(context.Background(), k)
}

// Open decrypts the secret of a key, or reads it from where it is kept. What is
// wrong there is a *domain.Error that names the key and the place.
func (s *Sources) Open(ctx context.Context, k domain.Key) (domain.KeySecret, error) {
	secret, err := s.ring.OpenKey(k)
	if err != nil || secret.Source.Type == domain.SourceDatabase {
		return secret, err
	}
	at := secret.Source
	reader, ok := s.readers[at.Type]
	if !ok {
		return domain.KeySecret{}, domain.Invalid("key", "the secret of the key %q is kept in a place of kind %q, which this server does not know", k.Name, at.Type)
	}
	ctx, cancel := context.WithTimeout(ctx, sourceTimeout)
	defer cancel()
	text, err := reader.Read(ctx, at.Key)
	var told *domain.Error
	switch {
	case errors.As(err, &told):
		return domain.KeySecret{}, domain.Invalid("key", "the secret of the key %q cannot be read: %s", k.Name, told.Message)
	case errors.Is(err, ErrNoSecret):
		return domain.KeySecret{}, domain.Invalid("key", "the secret of the key %q is missing: there is nothing at %s %s", k.Name, at.Type, at.Key)
	case err != nil:
		return domain.KeySecret{}, domain.Invalid("key", "the secret of the key %q cannot be read from %s %s", k.Name, at.Type, at.Key)
	}
	secret, err = decodeSecret(k.Type, text)
	if err != nil {
		return domain.KeySecret{}, domain.Invalid("key", "what is kept for the key %q at %s %s %s", k.Name, at.Type, at.Key, err)
	}
	return secret, nil
}

// decodeSecret reads what is kept for a type: the text itself, or an object with
// the fields of the type. A bare private key or password is taken as such.
func decodeSecret(t domain.KeyType, text []byte) (domain.KeySecret, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return domain.KeySecret{}, errors.New("is empty")
	}
	plain := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	object := bytes.HasPrefix(bytes.TrimSpace(text), []byte("{"))
	var p payload
	if object && t != domain.KeyString {
		d := json.NewDecoder(bytes.NewReader(text))
		if err := d.Decode(&p); err != nil {
			return domain.KeySecret{}, errors.New("is not valid JSON") // the cause could quote the secret
		}
	}
	var s domain.KeySecret
	switch t {
	case domain.KeyString:
		return domain.KeySecret{String: domain.Secret(plain)}, nil
	case domain.KeySSH:
		if !object {
			p.PrivateKey = string(text)
		}
		s = domain.KeySecret{Login: p.Login, Passphrase: domain.Secret(p.Passphrase), PrivateKey: domain.Secret(p.PrivateKey)}
		if p.PrivateKey == "" {
			return s, errors.New("has no private_key")
		}
	case domain.KeyLoginPassword:
		if !object {
			p.Password = plain
		}
		s = domain.KeySecret{Login: p.Login, Password: domain.Secret(p.Password)}
		if p.Password == "" {
			return s, errors.New("has no password")
		}
	}
	return s, nil
}

// Env reads variables of an environment.
type Env struct {
	lookup func(string) (string, bool)
}

// NewEnv reads variables by lookup, as os.LookupEnv does.
func NewEnv(lookup func(string) (string, bool)) Env { return Env{lookup} }

// Check refuses the variables that hold the server's own settings, its keys among
// them: whoever may create keys must not read those.
func (Env) Check(name string) error {
	upper := strings.ToUpper(name)
	if strings.HasPrefix(upper, "SIGNALBOX_") || strings.HasPrefix(upper, "SEMAPHORE_") {
		return domain.Invalid("source_storage_key", "the variable %s is a setting of the server; use another name", name)
	}
	return nil
}

// Read returns the value of a variable that Check lets pass.
func (e Env) Read(_ context.Context, name string) ([]byte, error) {
	if err := e.Check(name); err != nil {
		return nil, err
	}
	value, ok := e.lookup(name)
	if !ok || value == "" {
		return nil, ErrNoSecret
	}
	return []byte(value), nil
}

// Files reads files below a directory.
type Files struct {
	dir string
}

// NewFiles reads files below dir; "" refuses all.
func NewFiles(dir string) Files { return Files{dir} }

// Check refuses paths that are not below the directory. It looks at their text
// only.
func (f Files) Check(name string) error {
	_, err := f.relative(name)
	return err
}

func (f Files) relative(name string) (string, error) {
	if f.dir == "" {
		return "", domain.Invalid("source_storage_key", "no directory of secrets is configured; set dirs.secrets_path")
	}
	relative, err := filepath.Rel(filepath.Clean(f.dir), filepath.Clean(name))
	if err != nil || !filepath.IsAbs(name) || !filepath.IsLocal(relative) || relative == "." {
		return "", outside(name)
	}
	return relative, nil
}

func outside(name string) error {
	return domain.Invalid("source_storage_key", "the file %s lies outside the directory of secrets (dirs.secrets_path)", name)
}

// Read returns the content of a file, named by its absolute path. Links are
// followed as long as they stay in the directory.
func (f Files) Read(_ context.Context, name string) ([]byte, error) {
	relative, err := f.relative(name)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return nil, fmt.Errorf("open the directory of secrets: %w", err)
	}
	defer root.Close()
	info, err := root.Stat(relative)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, ErrNoSecret
	case errors.Is(err, os.ErrPermission):
		return nil, domain.Invalid("source_storage_key", "the file %s may not be read by the server; correct its permissions", name)
	case err != nil: // a link that leads out, for one
		return nil, outside(name)
	case !info.Mode().IsRegular(): // a pipe would wait for ever
		return nil, domain.Invalid("source_storage_key", "%s is not a file", name)
	case info.Size() > maxSecret:
		return nil, domain.Invalid("source_storage_key", "the file %s is too large for a secret", name)
	}
	file, err := root.Open(relative)
	if errors.Is(err, os.ErrPermission) {
		return nil, domain.Invalid("source_storage_key", "the file %s may not be read by the server; correct its permissions", name)
	}
	if err != nil {
		return nil, fmt.Errorf("open secret: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxSecret))
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	return text, nil
}
