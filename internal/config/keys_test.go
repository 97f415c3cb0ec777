package config

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestEnsureKeys_CreatesOnceAndKeeps(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	first := &Config{DataDir: dir}
	report, err := first.EnsureKeys()
	if err != nil || !report.Created || len(report.Warnings) != 0 {
		t.Fatalf("first: %+v, %v", report, err)
	}
	info, err := os.Stat(report.File)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of %s: %v, %v", report.File, info.Mode(), err)
	}
	second := &Config{DataDir: dir}
	if report, err = second.EnsureKeys(); err != nil || report.Created {
		t.Errorf("second: %+v, %v", report, err)
	}
	if first.Keys != second.Keys {
		t.Error("the keys changed")
	}
	for _, k := range []struct{ name, text string }{
		{"hash", first.Keys.CookieHash.Reveal()}, {"access", first.Keys.AccessKeyEncryption.Reveal()},
	} {
		if raw, err := Decode(first.Keys.CookieHash); err != nil || len(raw) != 32 || k.text == "" {
			t.Errorf("%s: %d bytes, %v", k.name, len(raw), err)
		}
	}
}

func TestEnsureKeys_GivenKeysWin(t *testing.T) {
	t.Parallel()
	c := &Config{DataDir: t.TempDir(), Keys: Keys{AccessKeyEncryption: goodKey}}
	if _, err := c.EnsureKeys(); err != nil {
		t.Fatal(err)
	}
	if c.Keys.AccessKeyEncryption.Reveal() != goodKey || c.Keys.CookieHash == "" {
		t.Error("a given key was replaced, or a missing one not made")
	}
}

func TestEnsureKeys_AgreesWhenStartedTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all [8]Config
	var wait sync.WaitGroup
	for i := range all {
		wait.Go(func() {
			all[i].DataDir = dir
			if _, err := all[i].EnsureKeys(); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for i := range all {
		if all[i].Keys != all[0].Keys {
			t.Errorf("server %d has other keys", i)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestEnsureKeys_RefusesADamagedFile(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "{", `{"cookie_hash": "x"}`} {
		dir := t.TempDir()
		file := filepath.Join(dir, KeysFile)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := (&Config{DataDir: dir}).EnsureKeys(); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%q: got %v, want an error", content, err)
		}
		if after, _ := os.ReadFile(file); string(after) != content {
			t.Errorf("%q was replaced", content)
		}
	}
}

func TestEnsureKeys_WarnsOfOpenFile(t *testing.T) {
	t.Parallel()
	c := &Config{DataDir: t.TempDir()}
	report, err := c.EnsureKeys()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(report.File, 0o644); err != nil {
		t.Fatal(err)
	}
	again := &Config{DataDir: c.DataDir}
	if report, err = again.EnsureKeys(); err != nil || len(report.Warnings) != 1 {
		t.Errorf("got %q, %v, want a warning", report.Warnings, err)
	}
}
