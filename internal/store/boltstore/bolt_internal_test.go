package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	bolt "go.etcd.io/bbolt"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/kv"
	"signalbox/internal/store/schema"
	"signalbox/internal/store/storetest"
)

func openHere(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{Path: path})
	return storetest.Opened(t, s, err)
}

func TestFull(t *testing.T) {
	t.Parallel()
	at := filepath.Join(t.TempDir(), "x.bolt")
	s, err := Open(t.Context(), Config{Path: at, MaxBytes: 2 << 20})
	if err != nil {
		t.Fatal(err)
	}
	w := storetest.Seed(t, s)
	task := w.Running(t, w.Template)
	storetest.FillUp(t, s, task)
	intact(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openHere(t, at)
	w.Store = s
	storetest.AfterFull(t, w, task)
	intact(t, s)
}

func TestFull_Disk(t *testing.T) {
	t.Parallel()
	storetest.FullDisk(t, openHere, intact)
}

// intact checks the file, and that indexes and rows say the same.
func intact(t testing.TB, s *Store) {
	t.Helper()
	if err := s.db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestBatch_FailuresTakeNothingWithThem mixes transactions that fail in every
// way with ones that do not, while they share commits.
func TestBatch_FailuresTakeNothingWithThem(t *testing.T) {
	t.Parallel()
	s := openHere(t, filepath.Join(t.TempDir(), "x.bolt"))
	w := storetest.Seed(t, s)
	ctx := t.Context()
	stop := errors.New("stop")
	var wg sync.WaitGroup
	const writers, each = 16, 20
	for i := range writers {
		wg.Go(func() {
			for j := range each {
				title := fmt.Sprintf("%d.%d", i, j)
				func() {
					defer func() { _ = recover() }()
					err := s.InTx(ctx, func(ctx context.Context) error {
						v := domain.View{ProjectID: w.Project.ID, Title: title}
						if err := s.Views().Create(ctx, &v); err != nil {
							return err
						}
						task := w.Task(w.Template)
						if err := s.Tasks().Create(ctx, &task, w.Definition(w.Template)); err != nil {
							return err
						}
						switch j % 4 {
						case 1:
							return stop
						case 2:
							return s.Members().Create(ctx, &domain.Member{ProjectID: w.Project.ID, UserID: w.User.ID})
						case 3:
							panic("boom")
						}
						return nil
					})
					if wanted := [...]error{nil, stop, store.ErrConflict}[j%4]; !errors.Is(err, wanted) {
						t.Errorf("%s: got %v, want %v", title, err, wanted)
					}
					if j%4 == 0 {
						if _, err := s.Views().First(ctx, store.Where(store.Eq("title", title))); err != nil {
							t.Errorf("%s was acknowledged: %v", title, err)
						}
					}
				}()
			}
		})
	}
	wg.Wait()
	const want = writers * each / 4
	n, err := s.Views().Count(ctx, store.Query{})
	if err != nil || n != want+1 {
		t.Errorf("%d views, %v; want %d", n, err, want+1)
	}
	tmpl, err := s.Templates().Get(ctx, w.Template.ID)
	if err != nil || tmpl.TaskCount != want {
		t.Errorf("%d tasks counted, %v; want %d", tmpl.TaskCount, err, want)
	}
	intact(t, s)
}

func TestTx_EndedIsRefused(t *testing.T) {
	t.Parallel()
	s := openHere(t, filepath.Join(t.TempDir(), "x.bolt"))
	var kept context.Context
	err := s.InTx(t.Context(), func(ctx context.Context) error { kept = ctx; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Options().Set(kept, "a", "b"); !errors.Is(err, kv.ErrDone) {
		t.Errorf("got %v, want %v", err, kv.ErrDone)
	}
	if _, err := s.Options().All(kept); !errors.Is(err, kv.ErrDone) {
		t.Errorf("got %v, want %v", err, kv.ErrDone)
	}
}

// TestWalk_BackOverEmptiedPages: a cursor that goes back stops at pages from
// which the same transaction has deleted everything.
func TestWalk_BackOverEmptiedPages(t *testing.T) {
	t.Parallel()
	s := openHere(t, filepath.Join(t.TempDir(), "x.bolt"))
	w := storetest.Seed(t, s)
	ctx := t.Context()
	const n = 3000
	create := func(ctx context.Context) error {
		for i := range n {
			e := domain.Session{TokenHash: strings.Repeat("x", 50) + fmt.Sprint(i), UserID: w.User.ID}
			if err := s.Sessions().Create(ctx, &e); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.InTx(ctx, create); err != nil {
		t.Fatal(err)
	}
	for _, r := range [][2]int{{500, 2500}, {1, 400}, {2600, n + 1}} {
		err := s.InTx(ctx, func(ctx context.Context) error {
			if _, err := s.Sessions().DeleteWhere(ctx, store.Gt("id", r[0]), store.Lt("id", r[1])); err != nil {
				return err
			}
			up, err := s.Sessions().List(ctx, store.Where(store.Eq("user_id", w.User.ID)))
			if err != nil {
				return err
			}
			down, err := s.Sessions().List(ctx, store.Where(store.Eq("user_id", w.User.ID)).By("-id"))
			if err != nil {
				return err
			}
			slices.Reverse(down)
			if len(up) != n-(r[1]-r[0]-1) || !slices.Equal(up, down) {
				t.Errorf("without %v: %d forward, %d back", r, len(up), len(down))
			}
			return errors.New("undo")
		})
		if err == nil || err.Error() != "undo" {
			t.Fatal(err)
		}
	}
}

// TestPlans: what a busy server asks must be found by an index.
func TestPlans(t *testing.T) {
	t.Parallel()
	s := newStore(kv.New(schema.Tables()))
	cases := []struct {
		table *kv.Rows
		q     store.Query
		want  string
	}{
		{s.users.Rows, store.Where(store.Fold("username", "x")), "users.~username"},
		{s.users.Rows, store.Where(store.Fold("email", "x")), "users.~email"},
		{s.session.Rows, store.Where(store.Eq("token_hash", "x")), "sessions.token_hash"},
		{s.session.Rows, store.Where(store.Eq("user_id", 1)), "sessions.user_id"},
		{s.session.Rows, store.Where(store.Lt("last_active", storetest.Now())), "sessions.last_active"},
		{s.tokens.Rows, store.Where(store.Eq("token_hash", "x")), "tokens.token_hash"},
		{s.members.Rows, store.Where(store.InProject(1), store.Eq("user_id", 1)), "members.project_id.user_id"},
		{s.members.Rows, store.Where(store.Eq("user_id", 1)), "members.user_id"},
		{s.tmpls.Rows, store.Where(store.InProject(1)).By("name"), "templates.project_id.~name"},
		{s.tmpls.Rows, store.Where(store.Eq("repository_id", 1)), "templates.repository_id"},
		{s.tmpls.Rows, store.Where(store.Eq("inventory_id", 1)), "templates.inventory_id"},
		{s.tmpls.Rows, store.Where(store.Null("inventory_id")), "templates"},
		{s.tmpls.Rows, store.Where(store.Eq("id", 1)), "templates"},
		{s.keys.Rows, store.Where(store.InProject(1), store.Eq("owner", "")).By("name"), "keys.project_id.owner.~name"},
		{s.views.Rows, store.Where(store.InProject(1)).By("position"), "views.project_id.position"},
		{s.tasks.Rows, store.Where(store.InProject(1)).By("-id"), "tasks.project_id"},
		{s.tasks.Rows, store.Where(store.InProject(1), store.Lt("id", 9)).By("-id"), "tasks.project_id"},
		{s.tasks.Rows, store.Where(store.InProject(1), store.Eq("status", "error")).By("-id"), "tasks.project_id.status"},
		{s.tasks.Rows, store.Where(store.Eq("template_id", 1)).By("-id"), "tasks.template_id"},
		{s.tasks.Rows, store.Query{}.By("-id"), "tasks"},
		{s.tasks.Rows, store.Where(store.Eq("status", "waiting"), store.Lt("id", 9)).By("-id"), "tasks.status.id.project_id.template_id?"},
		{s.tasks.Rows, store.Where(store.Eq("status", "waiting"), store.Eq("template_id", 1)).By("-id"), "tasks.template_id.id.project_id?"},
		{s.tasks.Rows, store.Where(store.Eq("status", "running"), store.Eq("template_id", 1)).By("-id"), "tasks.status.id.project_id.template_id?"},
		{s.tasks.Rows, store.Where(store.Eq("status", "error")).By("-id"), "tasks"},
		{s.tasks.Rows, store.Where(store.Eq("owner", "x"), store.In("status", domain.ActiveStatuses())), "tasks.owner?"},
		{s.tasks.Rows, store.Where(store.InProject(1), store.Eq("template_id", 1)).By("-id"), "tasks.template_id"},
		{s.logs.Rows, store.Where(store.Eq("task_id", 1), store.Gt("first_seq", 5)).By("first_seq"), "chunks"},
		{s.events.Rows, store.Where(store.InProject(1)).By("-id"), "events.project_id"},
	}
	for _, c := range cases {
		got, narrowed, sorted, err := c.table.Plan(c.q)
		if err != nil {
			t.Fatal(err)
		}
		for _, cond := range c.q.Where {
			if cond.Field == "id" && cond.Op == store.OpLt && !narrowed {
				t.Errorf("%s where %v: starts from the newest", c.table.Schema.Name, c.q.Where)
			}
		}
		if got != c.want || len(c.q.Order) > 0 && !sorted {
			t.Errorf("%s where %v by %v: by %s, sorted: %t; want %s", c.table.Schema.Name, c.q.Where, c.q.Order, got, sorted, c.want)
		}
	}
}

func TestMigrate_UpgradeTakesASnapshot(t *testing.T) {
	t.Parallel()
	at := filepath.Join(t.TempDir(), "x.bolt")
	s := openHere(t, at)
	w := storetest.Seed(t, s)
	if err := s.db.Snapshot(at + ".copy"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(at + ".copy"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("snapshot: %v, %v; want mode 0600", info, err)
	}
	got, err := openHere(t, at+".copy").Users().Get(t.Context(), w.User.ID)
	if err != nil || got != w.User {
		t.Errorf("user in the snapshot: %+v, %v", got, err)
	}
}

func TestOpen_NewerAndForeignAreRefused(t *testing.T) {
	t.Parallel()
	write := func(bucket, key, value []byte) string {
		t.Helper()
		at := filepath.Join(t.TempDir(), "x.bolt")
		db, err := bolt.Open(at, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucket(bucket)
			if err != nil {
				return err
			}
			return b.Put(key, value)
		})
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		return at
	}
	_, err := Open(t.Context(), Config{Path: write([]byte("signalbox"), []byte("schema"), binary.BigEndian.AppendUint64(nil, 9999))})
	var newer *schema.TooNewError
	if !errors.As(err, &newer) || newer.Have != 9999 {
		t.Errorf("got %v, want a TooNewError of version 9999", err)
	}
	foreign := write([]byte("project"), []byte("1"), []byte("{}"))
	before, err := os.ReadFile(foreign)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Config{Path: foreign}); !errors.Is(err, ErrForeign) {
		t.Errorf("got %v, want %v", err, ErrForeign)
	}
	if after, err := os.ReadFile(foreign); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the foreign file was changed: %v", err)
	}
	text := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Config{Path: text}); err == nil {
		t.Error("a text file was opened as a database")
	}
	if got, err := os.ReadFile(text); err != nil || len(got) != 15000 {
		t.Errorf("the text file was changed: %d bytes, %v", len(got), err)
	}
}
