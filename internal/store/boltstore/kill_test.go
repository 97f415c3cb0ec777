package boltstore_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
	"signalbox/internal/store"
	"signalbox/internal/store/boltstore"
	"signalbox/internal/store/storetest"
)

// The child of TestKill writes until it dies, and says what was acknowledged.
const killEnv = "BOLTSTORE_TEST_KILL"

func TestMain(m *testing.M) {
	if path := os.Getenv(killEnv); path != "" {
		if err := writeForever(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func writeForever(path string) error {
	ctx := context.Background()
	s, err := boltstore.Open(ctx, boltstore.Config{Path: path})
	if err != nil {
		return err
	}
	task, err := s.Tasks().Get(ctx, 1)
	if err != nil {
		return err
	}
	b := logchunk.NewBuilder(task.LogLines + 1)
	for {
		for range 50 {
			b.Add(time.Now(), fmt.Appendf(nil, "line %d", b.NextSeq()), false)
		}
		r := store.Report{Epoch: task.Epoch, FromOffset: task.JournalOffset, ToOffset: task.JournalOffset + 1, Chunks: []logchunk.Chunk{b.Finish()}}
		if task, err = s.Tasks().Record(ctx, 1, r); err != nil {
			return err
		}
		created := domain.Task{ProjectID: task.ProjectID, TemplateID: task.TemplateID, Status: domain.StatusWaiting, Message: strings.Repeat("x", 200)}
		if err := s.Tasks().Create(ctx, &created, domain.TaskDefinition{Secret: "s"}); err != nil {
			return err
		}
		fmt.Println(task.LogLines, created.ID)
	}
}

func TestKill_LosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.bolt")
	s := openOnce(t, path)
	w := storetest.Seed(t, s)
	w.Running(t, w.Template)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for round := range 5 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), killEnv+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Kill it at some point of the writing, not at a point of ours.
		var lines, created int64
		scan := bufio.NewScanner(out)
		for n := 0; scan.Scan(); n++ {
			if _, err := fmt.Sscan(scan.Text(), &lines, &created); err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				time.AfterFunc(time.Duration(10+37*round)*time.Millisecond, func() { _ = cmd.Process.Kill() })
			}
		}
		if err := cmd.Wait(); err == nil || lines == 0 {
			t.Fatalf("the child ended with %v after %d lines", err, lines)
		}

		s := openOnce(t, path)
		task, err := s.Tasks().Get(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		// What was stored but not acknowledged may be there too, whole.
		if task.LogLines < lines || task.LogLines > lines+50 || task.LogLines%50 != 0 || task.LogLines != task.JournalOffset*50 {
			t.Errorf("%d lines, offset %d; acknowledged were %d", task.LogLines, task.JournalOffset, lines)
		}
		readAll(t, s, 1, task.LogLines)
		if _, err := s.Tasks().Get(t.Context(), domain.TaskID(created)); err != nil {
			t.Errorf("task %d was acknowledged: %v", created, err)
		}
		if d, err := s.Tasks().Definition(t.Context(), domain.TaskID(created)); err != nil || d.Secret != "s" {
			t.Errorf("definition of task %d was acknowledged: %v", created, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		check(t, path)
	}
}

func readAll(t *testing.T, s store.Store, id domain.TaskID, want int64) {
	t.Helper()
	seq := int64(0)
	for {
		chunks, err := s.Logs().Chunks(t.Context(), id, seq, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(chunks) == 0 {
			break
		}
		for _, c := range chunks {
			err := logchunk.Walk(c, func(l logchunk.Line) error {
				seq++
				if l.Seq != seq || string(l.Text) != "line "+strconv.FormatInt(seq, 10) {
					return fmt.Errorf("line %d is number %d and says %q", seq, l.Seq, l.Text)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if seq != want {
		t.Errorf("read %d lines, want %d", seq, want)
	}
}

func openOnce(t testing.TB, path string) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(t.Context(), boltstore.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// check lets Bolt look for damage.
func check(t *testing.T, path string) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bolt.Tx) error {
		for err := range tx.Check() {
			t.Errorf("check: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
