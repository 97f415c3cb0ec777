package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Tofu returns the path of OpenTofu: what SIGNALBOX_TEST_TOFU names, what
// "make build/tofu" has built, or what is on the PATH. Without it the test is
// skipped, and says so; with CI=true it fails.
func Tofu(tb testing.TB) string {
	tb.Helper()
	if path := os.Getenv("SIGNALBOX_TEST_TOFU"); path != "" {
		if _, err := os.Stat(path); err != nil {
			tb.Fatalf("SIGNALBOX_TEST_TOFU names no program: %v", err)
		}
		return path
	}
	if path := builtTofu(); path != "" {
		return path
	}
	if path, err := exec.LookPath("tofu"); err == nil {
		return path
	}
	if InCI() {
		tb.Fatal("OpenTofu is missing, and with CI=true nothing may be: run make build/tofu")
	}
	tb.Skip("SKIPPED: OpenTofu is missing; make build/tofu builds it")
	return ""
}

// builtTofu looks for what the Makefile has built, above the directory of the
// test.
func builtTofu() string {
	dir, err := os.Getwd()
	for err == nil {
		if _, statErr := os.Stat(filepath.Join(dir, "go.mod")); statErr == nil {
			path := filepath.Join(dir, "build", "tofu")
			if _, statErr := os.Stat(path); statErr == nil {
				return path
			}
			return ""
		}
		if filepath.Dir(dir) == dir {
			return ""
		}
		dir = filepath.Dir(dir)
	}
	return ""
}
