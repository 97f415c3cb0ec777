package secrets

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"signalbox/internal/domain"
)

// place is a storage of secrets under test: it can be filled.
type place struct {
	reader Reader
	// key is the key of a name in the storage.
	key func(name string) string
	put func(t *testing.T, name, content string)
}

// testReader holds what every Reader promises.
func testReader(t *testing.T, p place) {
	t.Helper()
	for name, content := range map[string]string{"PLAIN": "secret", "LINES": "a\nb\n", "BYTES": "\xff\x01 ü"} {
		p.put(t, name, content)
		got, err := p.reader.Read(t.Context(), p.key(name))
		if err != nil || string(got) != content {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	p.put(t, "PLAIN", "rotated")
	if got, err := p.reader.Read(t.Context(), p.key("PLAIN")); err != nil || string(got) != "rotated" {
		t.Errorf("after a change: %q, %v", got, err)
	}
	if got, err := p.reader.Read(t.Context(), p.key("NONE")); !errors.Is(err, ErrNoSecret) || got != nil {
		t.Errorf("missing: %q, %v", got, err)
	}
}

func env(values map[string]string) place {
	return place{
		reader: NewEnv(func(name string) (string, bool) { v, ok := values[name]; return v, ok }),
		key:    func(name string) string { return name },
		put:    func(_ *testing.T, name, content string) { values[name] = content },
	}
}

func files(dir string) place {
	return place{
		reader: NewFiles(dir),
		key:    func(name string) string { return filepath.Join(dir, "sub", name) },
		put: func(t *testing.T, name, content string) {
			t.Helper()
			if err := os.MkdirAll(filepath.Join(dir, "sub"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "sub", name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func TestReaders(t *testing.T) {
	t.Parallel()
	t.Run("env", func(t *testing.T) { testReader(t, env(map[string]string{})) })
	t.Run("file", func(t *testing.T) { testReader(t, files(t.TempDir())) })
}

func TestEnv_RefusesSettings(t *testing.T) {
	t.Parallel()
	p := env(map[string]string{"SIGNALBOX_ACCESS_KEY_ENCRYPTION": "key", "semaphore_db_pass": "pass"})
	for _, name := range []string{"SIGNALBOX_ACCESS_KEY_ENCRYPTION", "semaphore_db_pass"} {
		if got, err := p.reader.Read(t.Context(), name); err == nil || got != nil || !strings.Contains(err.Error(), "setting of the server") {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

func TestFiles_StayInside(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	dir := filepath.Join(base, "secrets")
	p := files(dir)
	p.put(t, "inside", "in")
	outside := filepath.Join(base, "outside")
	for path, text := range map[string]string{outside: "out", filepath.Join(dir, "large"): strings.Repeat("x", maxSecret+1)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"link-in": "sub/inside", "link-out": outside, "link-up": "../outside"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		outside: "outside the directory", filepath.Join(dir, "link-out"): "outside the directory", filepath.Join(dir, "link-up"): "outside the directory",
		dir: "outside the directory", dir + "/../outside": "outside the directory", "sub/inside": "outside the directory", "/etc/passwd": "outside the directory",
		dir + "-other/x": "outside the directory", filepath.Join(dir, "sub"): "is not a file", filepath.Join(dir, "pipe"): "is not a file", filepath.Join(dir, "large"): "too large",
	} {
		if got, err := p.reader.Read(t.Context(), name); err == nil || got != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
	if got, err := p.reader.Read(t.Context(), filepath.Join(dir, "link-in")); err != nil || string(got) != "in" {
		t.Errorf("a link inside: %q %v", got, err)
	}
	if _, err := NewFiles("").Read(t.Context(), "/etc/passwd"); err == nil || !strings.Contains(err.Error(), "dirs.secrets_path") {
		t.Errorf("without a directory: %v", err)
	}
}

// stuck is a storage that never answers.
type stuck struct{}

func (stuck) Read(ctx context.Context, _ string) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestSources(t *testing.T) {
	t.Parallel()
	ring, err := New(GenerateKey())
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{
		"TOKEN": "t0ken\n", "JSON_TEXT": `{"a": 1}`, "ACCOUNT": `{"login": "me", "password": "pw"}`, "PASSWORD": "only\n",
		"KEY": "-----BEGIN X-----\nabc\n", "KEY_JSON": `{"login": "git", "passphrase": "open", "private_key": "-----BEGIN X-----"}`,
		"BROKEN": `{"password": pw-in-clear}`, "NOTHING": " \n", "NO_PASSWORD": `{"login": "me"}`,
	}
	sources := NewSources(ring, map[domain.KeySourceType]Reader{domain.SourceEnv: env(values).reader, "stuck": stuck{}})
	key := func(kind domain.KeyType, s domain.KeySecret) domain.Key {
		t.Helper()
		sealed, err := ring.SealKey(7, kind, s)
		if err != nil {
			t.Fatal(err)
		}
		return domain.Key{ID: 1, ProjectID: 7, Name: "mine", Type: kind, Ciphertext: sealed}
	}
	from := func(kind domain.KeyType, name string) domain.Key {
		return key(kind, domain.KeySecret{Source: domain.KeySource{Type: domain.SourceEnv, Key: name}})
	}
	for name, c := range map[string]struct {
		key  domain.Key
		want domain.KeySecret
	}{
		"stored":       {key(domain.KeyString, domain.KeySecret{String: "stored"}), domain.KeySecret{String: "stored"}},
		"nothing yet":  {key(domain.KeyString, domain.KeySecret{}), domain.KeySecret{}},
		"text":         {from(domain.KeyString, "TOKEN"), domain.KeySecret{String: "t0ken"}},
		"text of JSON": {from(domain.KeyString, "JSON_TEXT"), domain.KeySecret{String: `{"a": 1}`}},
		"account":      {from(domain.KeyLoginPassword, "ACCOUNT"), domain.KeySecret{Login: "me", Password: "pw"}},
		"password":     {from(domain.KeyLoginPassword, "PASSWORD"), domain.KeySecret{Password: "only"}},
		"key":          {from(domain.KeySSH, "KEY"), domain.KeySecret{PrivateKey: "-----BEGIN X-----\nabc\n"}},
		"whole key":    {from(domain.KeySSH, "KEY_JSON"), domain.KeySecret{Login: "git", Passphrase: "open", PrivateKey: "-----BEGIN X-----"}},
	} {
		if got, err := sources.OpenKey(c.key); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	other := key(domain.KeyString, domain.KeySecret{Source: domain.KeySource{Type: "vault", Key: "x"}})
	slow := key(domain.KeyString, domain.KeySecret{Source: domain.KeySource{Type: "stuck", Key: "x"}})
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		key  domain.Key
		want string
	}{
		"missing":     {from(domain.KeyString, "NONE"), `the secret of the key "mine" is missing: there is nothing at env NONE`},
		"broken":      {from(domain.KeyLoginPassword, "BROKEN"), `what is kept for the key "mine" at env BROKEN is not valid JSON`},
		"empty":       {from(domain.KeyString, "NOTHING"), "is empty"},
		"no password": {from(domain.KeyLoginPassword, "NO_PASSWORD"), "has no password"},
		"settings":    {from(domain.KeyString, "SIGNALBOX_X"), "is a setting of the server"},
		"unknown":     {other, `of kind "vault", which this server does not know`},
		"silent":      {slow, "cannot be read from stuck x"},
	} {
		got, err := sources.Open(stopped, c.key)
		var told *domain.Error
		if !errors.As(err, &told) || !strings.Contains(err.Error(), c.want) || got != (domain.KeySecret{}) || strings.Contains(err.Error(), "clear") {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	moved := from(domain.KeyString, "TOKEN")
	moved.ProjectID = 8
	if _, err := sources.OpenKey(moved); !errors.Is(err, ErrDamaged) {
		t.Errorf("a place that was copied to another project: %v", err)
	}
}

func TestKeySource_Validate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source domain.KeySource
		field  string
	}{
		{domain.KeySource{}, ""},
		{domain.KeySource{Type: "env", Key: "MY_TOKEN2"}, ""},
		{domain.KeySource{Type: "file", Key: "/run/secrets/x"}, ""},
		{domain.KeySource{Key: "X"}, "source_storage_key"},
		{domain.KeySource{Type: "env"}, "source_storage_key"},
		{domain.KeySource{Type: "env", Key: "A=B"}, "source_storage_key"},
		{domain.KeySource{Type: "env", Key: "2X"}, "source_storage_key"},
		{domain.KeySource{Type: "file", Key: "x"}, "source_storage_key"},
		{domain.KeySource{Type: "file", Key: "/a/../b"}, "source_storage_key"},
		{domain.KeySource{Type: "file", Key: "/" + strings.Repeat("x", 1000)}, "source_storage_key"},
		{domain.KeySource{Type: "vault", Key: "x"}, "source_storage_type"},
	} {
		err := domain.KeySecret{Source: c.source}.Validate(domain.KeyString)
		var told *domain.Error
		if (err == nil) != (c.field == "") || errors.As(err, &told) && told.Field != c.field {
			t.Errorf("%+v: %v, want field %q", c.source, err, c.field)
		}
	}
	source := domain.KeySource{Type: "env", Key: "X"}
	if err := (domain.KeySecret{Source: source, String: "both"}).Validate(domain.KeyString); err == nil {
		t.Error("a source and a secret")
	}
	if err := (domain.KeySecret{Source: source}).Validate(domain.KeyNone); err == nil {
		t.Error("a source for a key of type none")
	}
}
