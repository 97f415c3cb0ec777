package storetest

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

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
	"signalbox/internal/store"
)

// killEnv hands the path of the store to a child of Kill.
const killEnv = "STORETEST_KILL"

// WriteUntilKilled does nothing but in a child of Kill: there it writes until it
// dies, and says what was acknowledged.
func WriteUntilKilled(open Opener) {
	path := os.Getenv(killEnv)
	if path == "" {
		return
	}
	fmt.Fprintln(os.Stderr, writeForever(path, open))
	os.Exit(1)
}

func writeForever(path string, open Opener) error {
	ctx := context.Background()
	s, err := open(ctx, path)
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

// Kill kills processes in the middle of writing, and looks for what they were
// told was stored. The test's TestMain must begin with WriteUntilKilled. Intact
// looks for damage in what is at a path and not open.
func Kill(t *testing.T, open Opener, intact func(t testing.TB, path string)) {
	path := filepath.Join(t.TempDir(), "store")
	s := open.once(t, path)
	w := Seed(t, s)
	w.Running(t, w.Template)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for round := range 5 {
		lines, created := writeUntil(t, path, time.Duration(10+37*round)*time.Millisecond)
		s := open.once(t, path)
		task, err := s.Tasks().Get(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		// What was stored but not acknowledged may be there too, whole.
		if task.LogLines < lines || task.LogLines > lines+50 || task.LogLines%50 != 0 || task.LogLines != task.JournalOffset*50 {
			t.Errorf("%d lines, offset %d; acknowledged were %d", task.LogLines, task.JournalOffset, lines)
		}
		readAll(t, s, 1, task.LogLines)
		if _, err := s.Tasks().Get(t.Context(), created); err != nil {
			t.Errorf("task %d was acknowledged: %v", created, err)
		}
		if d, err := s.Tasks().Definition(t.Context(), created); err != nil || d.Secret != "s" {
			t.Errorf("definition of task %d was acknowledged: %v", created, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		intact(t, path)
	}
}

// writeUntil has a child write, kills it a while after the first acknowledgement,
// and returns what the last one was for.
func writeUntil(t *testing.T, path string, after time.Duration) (lines int64, created domain.TaskID) {
	t.Helper()
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
	scan := bufio.NewScanner(out)
	for n := 0; scan.Scan(); n++ {
		if _, err := fmt.Sscan(scan.Text(), &lines, &created); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err == nil || lines == 0 {
		t.Fatalf("the child ended with %v after %d lines", err, lines)
	}
	return lines, created
}

func readAll(t testing.TB, s store.Store, id domain.TaskID, want int64) {
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
