package secrets

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxKeysFile bounds the keys file and the files of keys.
const maxKeysFile = 1 << 20

// keysFile is the file of several keys, in YAML or JSON.
type keysFile struct {
	Keys map[string]struct {
		Value string `yaml:"value"`
		File  string `yaml:"file"`
	} `yaml:"keys"`
	// KeysFolder holds a key per file, which is called by the file's name.
	KeysFolder string `yaml:"keys_folder"`
	Active     struct {
		SecretKey     string `yaml:"secret_key"`
		SecretKeyFile string `yaml:"secret_key_file"`
		OptionKey     string `yaml:"option_key"`
		OptionKeyFile string `yaml:"option_key_file"`
	} `yaml:"active"`
}

// Load makes a keyring of a keys file and of keys that are configured apart,
// which have no name. The key that the file calls active seals; without a file,
// or without an active key in it, the first of the others. Errors show no key.
func Load(file string, apart ...string) (*Keyring, error) {
	others := make([]namedKey, 0, len(apart))
	for _, text := range apart {
		if text != "" {
			others = append(others, namedKey{text: text})
		}
	}
	if file == "" {
		return newRing(others)
	}
	named, active, err := readKeysFile(file)
	if err != nil {
		return nil, fmt.Errorf("keys file %s: %w", file, err)
	}
	all := append(others, named...)
	if active != "" {
		first := slices.IndexFunc(all, func(n namedKey) bool { return n.label == active })
		chosen := all[first]
		all = append([]namedKey{chosen}, slices.Delete(all, first, first+1)...)
	}
	ring, err := newRing(all)
	if err != nil {
		return nil, fmt.Errorf("keys file %s: %w", file, err)
	}
	return ring, nil
}

func readKeysFile(name string) (keys []namedKey, active string, err error) {
	text, err := readKeyText(name)
	if err != nil {
		return nil, "", err
	}
	var f keysFile
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		// The decoder quotes what it cannot read, which may be a key.
		return nil, "", errors.New("is not a valid list of keys: it has keys (each with value or file), keys_folder and active (secret_key, secret_key_file, option_key, option_key_file)")
	}
	base := filepath.Dir(name)
	for label, k := range f.Keys {
		if label == "" || (k.Value == "") == (k.File == "") {
			return nil, "", fmt.Errorf("key %q needs either a value or a file", label)
		}
		if k.File != "" {
			if k.Value, err = readKeyText(under(base, k.File)); err != nil {
				return nil, "", fmt.Errorf("key %q: %w", label, err)
			}
		}
		keys = append(keys, namedKey{label, k.Value})
	}
	if f.KeysFolder != "" {
		more, err := readKeysFolder(under(base, f.KeysFolder), keys)
		if err != nil {
			return nil, "", err
		}
		keys = append(keys, more...)
	}
	if len(keys) == 0 {
		return nil, "", errors.New("names no key")
	}
	slices.SortFunc(keys, func(a, b namedKey) int { return strings.Compare(a.label, b.label) })
	for _, want := range []struct {
		setting, label string
		into           *string
	}{
		{"active.option_key", first(f.Active.OptionKey, f.Active.OptionKeyFile), new(string)}, // options hold no secrets yet
		{"active.secret_key", first(f.Active.SecretKey, f.Active.SecretKeyFile), &active},
	} {
		if want.label != "" && !slices.ContainsFunc(keys, func(k namedKey) bool { return k.label == want.label }) {
			return nil, "", fmt.Errorf("%s: there is no key %q", want.setting, want.label)
		}
		*want.into = want.label
	}
	return keys, active, nil
}

// readKeysFolder reads the files of a folder, links followed; names that start
// with a dot are for others. A key of the list wins over a file of its name.
func readKeysFolder(dir string, listed []namedKey) (keys []namedKey, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("keys_folder: %w", err)
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") || slices.ContainsFunc(listed, func(k namedKey) bool { return k.label == e.Name() }) {
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return nil, fmt.Errorf("keys_folder: %w", err)
		}
		if !info.Mode().IsRegular() {
			continue
		}
		text, err := readKeyText(name)
		if err != nil {
			return nil, fmt.Errorf("keys_folder: %w", err)
		}
		keys = append(keys, namedKey{e.Name(), text})
	}
	return keys, nil
}

func readKeyText(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // read-only
	text, err := io.ReadAll(io.LimitReader(f, maxKeysFile+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxKeysFile {
		return "", fmt.Errorf("%s is larger than %d MiB", name, maxKeysFile>>20)
	}
	return string(bytes.TrimSpace(text)), nil
}

func under(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
