package gitrepo_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"signalbox/internal/testkit"
)

func lock(t testing.TB, f *os.File) {
	t.Helper()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
}

// waiting returns when somebody waits for the lock of the file.
func waiting(t testing.TB, f *os.File) {
	t.Helper()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	inode := ":" + strconv.FormatUint(info.Sys().(*syscall.Stat_t).Ino, 10) + " "
	testkit.Eventually(t, "somebody to wait for the lock", func() bool {
		text, err := os.ReadFile("/proc/locks")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, "->") && strings.Contains(line, inode) {
				return true
			}
		}
		return false
	})
}

// refOf is the only ref of a mirror.
func refOf(t testing.TB, mirror string) string {
	t.Helper()
	refs, _ := filepath.Glob(filepath.Join(mirror, "refs/signalbox/*"))
	if len(refs) != 1 {
		t.Fatalf("refs %q", refs)
	}
	return "refs/signalbox/" + filepath.Base(refs[0])
}
