package workspace

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"signalbox/internal/exec/keys"
)

func TestSweepMirrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := time.Now().Add(-2 * staleMirror)
	mirror := func(name string, used time.Time) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Join(path, "objects"), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{path + MirrorLock, path + MirrorUsed} {
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, file := range []string{path, path + MirrorLock, path + MirrorUsed} {
			if err := os.Chtimes(file, used, used); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	unused, fresh, inUse, fetching := mirror("1_1_a", old), mirror("1_2_b", time.Now()), mirror("1_3_c", old), mirror("1_4_d", old)
	shared, err := Share(inUse + MirrorUsed)
	if err != nil {
		t.Fatal(err)
	}
	defer shared.Close()
	if err := os.Chtimes(inUse+MirrorUsed, old, old); err != nil { // used for very long
		t.Fatal(err)
	}
	unlock, err := Lock(t.Context(), fetching+MirrorLock)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	orphan := filepath.Join(dir, "1_5_e"+MirrorUsed)
	if err := os.WriteFile(orphan, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(orphan, old, old); err != nil {
		t.Fatal(err)
	}
	if err := sweepMirrors(dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		unused: false, unused + MirrorLock: false, unused + MirrorUsed: false, orphan: false,
		fresh: true, fresh + MirrorUsed: true, inUse: true, fetching: true,
	} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: there should be %v, %v", path, want, err)
		}
	}
	if _, err := TryLock(fetching + MirrorLock); !errors.Is(err, ErrBusy) {
		t.Errorf("a lock that is held: %v", err)
	}
}

// TestLock_RemovedFile: who waited for a lock that was removed with its file
// does not believe to hold it.
func TestLock_RemovedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	first, err := Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan func(), 1)
	go func() {
		unlock, err := Lock(t.Context(), path)
		if err != nil {
			t.Error(err)
		}
		got <- unlock
	}()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	first()
	unlock := <-got
	defer unlock()
	if _, err := TryLock(path); !errors.Is(err, ErrBusy) {
		t.Errorf("the lock is not that of the path: %v", err)
	}
}

func TestSweepAgents(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := time.Now().Add(-2 * staleQuery)
	agent := func(name string, listen bool) string {
		path := filepath.Join(dir, keys.AgentDirPrefix+name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(path, keys.AgentSocket), Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		if listen {
			t.Cleanup(func() { _ = l.Close() })
		} else {
			_ = l.Close()
		}
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
		return path
	}
	dead, alive, other := agent("dead", false), agent("alive", true), filepath.Join(dir, "other")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	sweepAgents(dir)
	for path, want := range map[string]bool{dead: false, alive: true, other: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: there should be %v, %v", path, want, err)
		}
	}
}

// TestClearMirrors leaves alone what a task uses or is just fetching, and what
// belongs to another project.
func TestClearMirrors(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	mirror := func(name string) string {
		path := filepath.Join(data, MirrorsDir, name)
		if err := os.MkdirAll(filepath.Join(path, "objects"), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	free, used, fetched, other, later := mirror("1_1_a"), mirror("1_2_b"), mirror("1_3_c"), mirror("12_1_d"), mirror("2_1_e")
	shared, err := Share(used + MirrorUsed)
	if err != nil {
		t.Fatal(err)
	}
	defer shared.Close()
	unlock, err := Lock(t.Context(), fetched+MirrorLock)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	left := func(step string, want map[string]bool) {
		t.Helper()
		for path, want := range want {
			if _, err := os.Stat(path); (err == nil) != want {
				t.Errorf("%s: %s is there: %t, want %t", step, filepath.Base(path), err == nil, want)
			}
		}
	}
	if err := ClearMirrors(t.Context(), data, "1_"); err != nil {
		t.Fatal(err)
	}
	left("project 1", map[string]bool{free: false, free + MirrorLock: false, used: true, fetched: true, other: true, later: true})
	if err := ClearMirrors(t.Context(), data, ""); err != nil {
		t.Fatal(err)
	}
	left("all", map[string]bool{used: true, fetched: true, other: false, later: false})
	_ = shared.Close()
	if err := ClearMirrors(t.Context(), data, "1_2"); err != nil {
		t.Fatal(err)
	}
	left("no longer used", map[string]bool{used: false, fetched: true})
	if err := ClearMirrors(t.Context(), filepath.Join(data, "nowhere"), ""); err != nil {
		t.Errorf("without mirrors: %v", err)
	}
}
