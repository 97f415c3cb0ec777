package storetest

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
	"signalbox/internal/store"
)

// FullDisk has a disk that is really full, where mounting one is allowed. Open
// closes the store after the test, intact looks for damage in it.
func FullDisk[S store.Store](t *testing.T, open func(t testing.TB, path string) S, intact func(t testing.TB, s S)) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m,mode=0700"); err != nil {
		t.Skipf("cannot mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 256<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, filepath.Join(dir, "store"))
	w := Seed(t, s)
	task := w.Running(t, w.Template)
	FillUp(t, s, task)
	intact(t, s)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	AfterFull(t, w, task)
	intact(t, s)
}

// FillUp writes logs until there is no space, and checks what that leaves.
func FillUp(t testing.TB, s store.Store, task domain.Task) {
	t.Helper()
	ctx := t.Context()
	b := logchunk.NewBuilder(1)
	noise := make([]byte, 1000)
	var stored domain.Task
	var err error
	for i := range 10000 {
		for j := range noise {
			noise[j] = byte(i*7919+j*104729) ^ byte((i*j)>>3)
		}
		for range 4 {
			b.Add(Now(), noise, false)
		}
		var got domain.Task
		got, err = s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, FromOffset: int64(i), ToOffset: int64(i) + 1, Chunks: []logchunk.Chunk{b.Finish()}})
		if err != nil {
			break
		}
		stored = got
	}
	if !errors.Is(err, store.ErrFull) {
		t.Fatalf("got %v, want %v", err, store.ErrFull)
	}
	got, err := s.Tasks().Get(ctx, task.ID)
	if err != nil {
		t.Fatalf("read while full: %v", err)
	}
	if got.LogLines != stored.LogLines || got.JournalOffset != stored.JournalOffset {
		t.Errorf("%d lines, offset %d; acknowledged were %d, %d", got.LogLines, got.JournalOffset, stored.LogLines, stored.JournalOffset)
	}
}

// AfterFull checks that everything goes on where it stopped.
func AfterFull(t testing.TB, w *World, task domain.Task) {
	t.Helper()
	got, err := w.Store.Tasks().Get(t.Context(), task.ID)
	if err != nil {
		t.Fatal(err)
	}
	b := logchunk.NewBuilder(got.LogLines + 1)
	b.Add(Now(), []byte("again"), false)
	_, err = w.Store.Tasks().Record(t.Context(), task.ID, store.Report{Epoch: task.Epoch, FromOffset: got.JournalOffset, ToOffset: got.JournalOffset + 1, Chunks: []logchunk.Chunk{b.Finish()}})
	if err != nil {
		t.Errorf("record with space again: %v", err)
	}
	w.NewTask(t, w.Template)
}
