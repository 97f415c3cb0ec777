package secrets

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestLoad_ReadsKeysFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, two, three, flat := encoded(32, 1), encoded(32, 2), encoded(16, 3), encoded(32, 4)
	writeFile(t, filepath.Join(dir, "two.key"), two+"\n")
	writeFile(t, filepath.Join(dir, "folder", "three"), three+"\n")
	writeFile(t, filepath.Join(dir, "folder", "one"), encoded(32, 9)) // the list wins
	writeFile(t, filepath.Join(dir, "folder", ".hidden"), "no key")
	writeFile(t, filepath.Join(dir, "folder", "sub", "x"), "no key")

	for name, c := range map[string]struct {
		text, seals string
		labels      string
	}{
		"yaml":      {"keys:\n  one: {value: " + one + "}\n  two: {file: two.key}\nkeys_folder: folder\nactive: {secret_key: two}\n", two, "two,,one,three"},
		"json":      {`{"keys":{"one":{"value":"` + one + `"}},"keys_folder":"folder","active":{"secret_key_file":"three"}}`, three, "three,,one"},
		"no active": {"keys: {one: {value: " + one + "}}\n", flat, ",one"},
		"twice":     {"keys: {one: {value: " + flat + "}}\nactive: {secret_key: one}\n", flat, "one"},
	} {
		ring, err := Load(writeFile(t, filepath.Join(dir, name), c.text), flat)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want, err := New(c.seals)
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := ring.Seal([]byte("x"), "p")
		if err != nil || want.Stale(sealed) {
			t.Errorf("%s: sealed with another key (%v)", name, err)
		}
		var labels []string
		for _, k := range ring.Keys() {
			labels = append(labels, k.Label)
		}
		if got := strings.Join(labels, ","); got != c.labels {
			t.Errorf("%s: keys %q, want %q", name, got, c.labels)
		}
	}
}

func TestLoad_RefusesBadKeysFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := encoded(32, 1)
	for name, text := range map[string]string{
		"empty":          "",
		"no keys":        "keys: {}\n",
		"unknown field":  "keyz: {a: {value: " + key + "}}\n",
		"both":           "keys: {a: {value: " + key + ", file: x}}\n",
		"neither":        "keys: {a: {}}\n",
		"missing file":   "keys: {a: {file: nowhere}}\n",
		"missing folder": "keys: {a: {value: " + key + "}}\nkeys_folder: nowhere\n",
		"unknown active": "keys: {a: {value: " + key + "}}\nactive: {secret_key: b}\n",
		"short key":      "keys: {a: {value: " + encoded(8, 1) + "}}\n",
		"half written":   "keys: {a: {value: " + key,
	} {
		_, err := Load(writeFile(t, filepath.Join(dir, name), text), encoded(32, 2))
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), key[:12]) {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
	}
	if _, err := Load(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a missing file was accepted")
	}
}
