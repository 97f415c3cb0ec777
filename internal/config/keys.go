package config

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"signalbox/internal/domain"
)

// KeysFile is the name of the file of generated keys in the data directory.
const KeysFile = "keys.json"

// storedKeys is the form of KeysFile. The names are those of the configuration.
type storedKeys struct {
	CookieHash          string `json:"cookie_hash"`
	CookieEncryption    string `json:"cookie_encryption"`
	AccessKeyEncryption string `json:"access_key_encryption"`
}

// KeyReport says what EnsureKeys did.
type KeyReport struct {
	File     string
	Created  bool     // the file was made just now
	Warnings []string // about its access rights
}

// EnsureKeys fills in the keys the configuration leaves out from a file in the
// data directory, which it creates once. Two servers starting together agree on
// one file. An unreadable file is an error: new keys would make every stored
// secret unreadable.
func (c *Config) EnsureKeys() (KeyReport, error) {
	report := KeyReport{File: filepath.Join(c.DataDir, KeysFile)}
	k := &c.Keys
	if k.CookieHash != "" && k.CookieEncryption != "" && k.AccessKeyEncryption != "" {
		return report, nil
	}
	stored, err := readKeys(report.File)
	if errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
			return report, fmt.Errorf("create the data directory: %w", err)
		}
		if report.Created, err = writeKeys(report.File); err != nil {
			return report, fmt.Errorf("create %s: %w", report.File, err)
		}
		stored, err = readKeys(report.File)
	}
	if err != nil {
		return report, fmt.Errorf("read keys: %w", err)
	}
	if info, err := os.Stat(report.File); err == nil && info.Mode().Perm()&0o077 != 0 {
		report.Warnings = append(report.Warnings,
			fmt.Sprintf("%s can be read by others (mode %04o); run chmod 600 on it", report.File, info.Mode().Perm()))
	}
	for _, pair := range []struct {
		into *domain.Secret
		from string
	}{
		{&k.CookieHash, stored.CookieHash},
		{&k.CookieEncryption, stored.CookieEncryption},
		{&k.AccessKeyEncryption, stored.AccessKeyEncryption},
	} {
		if *pair.into == "" {
			*pair.into = domain.Secret(pair.from)
		}
	}
	return report, nil
}

// Decode returns the bytes of a key that Load or EnsureKeys accepted.
func Decode(k domain.Secret) ([]byte, error) {
	return base64.StdEncoding.DecodeString(k.Reveal())
}

func readKeys(file string) (storedKeys, error) {
	var stored storedKeys
	data, err := os.ReadFile(file)
	if err != nil {
		return stored, err
	}
	if err := json.Unmarshal(data, &stored); err != nil {
		return stored, fmt.Errorf("%s is damaged; restore it from a backup: %w", file, err)
	}
	for _, key := range []struct{ name, text string }{
		{"cookie_hash", stored.CookieHash},
		{"cookie_encryption", stored.CookieEncryption},
		{"access_key_encryption", stored.AccessKeyEncryption},
	} {
		if raw, err := base64.StdEncoding.DecodeString(key.text); err != nil || len(raw) != 32 {
			return stored, fmt.Errorf("%s is damaged; restore it from a backup: %s is not a key", file, key.name)
		}
	}
	return stored, nil
}

// writeKeys creates the file whole or not at all. It reports false when another
// process was first.
func writeKeys(file string) (bool, error) {
	data, err := json.MarshalIndent(storedKeys{newKey(), newKey(), newKey()}, "", "  ")
	if err != nil {
		return false, err
	}
	temp, err := os.CreateTemp(filepath.Dir(file), KeysFile+".*") // made with mode 0600
	if err != nil {
		return false, err
	}
	defer func() { _ = os.Remove(temp.Name()) }() // the link keeps the content
	_, err = temp.Write(append(data, '\n'))
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return false, err
	}
	// A link, unlike a rename, never replaces a file that is there.
	if err := os.Link(temp.Name(), file); err != nil {
		if errors.Is(err, os.ErrExist) {
			return false, nil
		}
		return false, err
	}
	return true, syncDir(filepath.Dir(file))
}

func syncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func newKey() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails: it ends the program instead
	return base64.StdEncoding.EncodeToString(raw)
}
