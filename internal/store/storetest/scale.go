package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
	"signalbox/internal/store"
)

// largeEnv asks for the cases that take a minute on some engines.
const largeEnv = "SIGNALBOX_TEST_LARGE"

func scaleCases() []testCase {
	return []testCase{
		{"values of 16 MiB", largeValues},
		{"keyset paging among changes", keysetPaging},
		{"a list of 100,000 rows", longList},
		{"every byte in texts and logs", everyByte},
		{"one of many equal rows is created", uniqueRace},
		{"crossing transactions all succeed", crossing},
		{"a cascade is one transaction", cascade},
	}
}

func largeValues(t *testing.T, s store.Store) {
	ctx := t.Context()
	w := Seed(t, s)
	text := strings.Repeat("🚂 0123456789ab", 1<<20) // 17 bytes each
	text = text[:16<<20]                            // ends amid a character
	g := domain.VariableGroup{ProjectID: w.Project.ID, Name: "large", JSON: text}
	check(t, s.VariableGroups().Create(ctx, &g))
	got, err := s.VariableGroups().Get(ctx, g.ID)
	check(t, err)
	if got.JSON != text {
		t.Errorf("got %d bytes, want the %d that were stored", len(got.JSON), len(text))
	}
	other := strings.Repeat("x", 16<<20)
	got, err = s.VariableGroups().Update(ctx, g.ID, func(g *domain.VariableGroup) error { g.JSON = other; return nil })
	check(t, err)
	list, err := s.VariableGroups().List(ctx, store.Where(store.Eq("id", g.ID)))
	check(t, err)
	if got.JSON != other || len(list) != 1 || list[0].JSON != other {
		t.Error("the changed value came back different")
	}
	task := w.Task(w.Template)
	def := w.Definition(w.Template)
	def.Secret = other
	check(t, s.Tasks().Create(ctx, &task, def))
	stored, err := s.Tasks().Definition(ctx, task.ID)
	check(t, err)
	if stored.Secret != other {
		t.Errorf("the secret came back with %d bytes, want %d", len(stored.Secret), len(other))
	}
}

// keysetPaging walks a collection by identifier while rows come and go: nothing
// that was there all the time is missed or seen twice.
func keysetPaging(t *testing.T, s store.Store) {
	ctx := t.Context()
	w := Seed(t, s)
	other := Seed(t, s)
	add := func(p domain.ProjectID, title string) domain.ViewID {
		t.Helper()
		v := domain.View{ProjectID: p, Title: title}
		check(t, s.Views().Create(ctx, &v))
		return v.ID
	}
	want := map[domain.ViewID]bool{w.View.ID: true}
	var ids []domain.ViewID
	for i := range 50 {
		id := add(w.Project.ID, fmt.Sprint(i))
		ids = append(ids, id)
		want[id] = true
		add(other.Project.ID, fmt.Sprint(i))
	}
	seen := map[domain.ViewID]int{}
	last := domain.ViewID(0)
	for page := 0; ; page++ {
		list, err := s.Views().List(ctx, store.Where(store.InProject(w.Project.ID), store.Gt("id", last)).By("id").Max(7))
		check(t, err)
		if len(list) == 0 {
			break
		}
		for _, v := range list {
			if v.ID <= last {
				t.Fatalf("view %d after %d", v.ID, last)
			}
			last = v.ID
			seen[v.ID]++
		}
		if page == 2 { // one that was seen goes, and so does one that was not
			check(t, s.Views().Delete(ctx, ids[0]))
			check(t, s.Views().Delete(ctx, ids[49]))
			delete(want, ids[49])
			want[add(w.Project.ID, "late")] = true
		}
	}
	if len(seen) != len(want) {
		t.Errorf("saw %d views, want %d", len(seen), len(want))
	}
	for id := range want {
		if seen[id] != 1 {
			t.Errorf("view %d was seen %d times", id, seen[id])
		}
	}
}

func longList(t *testing.T, s store.Store) {
	if os.Getenv(largeEnv) == "" {
		t.Skip("set " + largeEnv + " to run it")
	}
	ctx := t.Context()
	w := Seed(t, s)
	const n, batch = 100_000, 10_000
	for at := 0; at < n; at += batch {
		inTx(t, s, func(ctx context.Context) {
			for i := range batch {
				k := domain.Key{ProjectID: w.Project.ID, Name: fmt.Sprintf("key %06d", (at+i)*7919%n), Type: domain.KeyNone}
				check(t, s.Keys().Create(ctx, &k))
			}
		})
	}
	list, err := s.Keys().List(ctx, store.Where(store.InProject(w.Project.ID), store.HasPrefix("name", "key ")).By("name").Max(2*n))
	check(t, err)
	if len(list) != n {
		t.Fatalf("%d rows, want %d", len(list), n)
	}
	for i, k := range list {
		if want := fmt.Sprintf("key %06d", i); k.Name != want {
			t.Fatalf("row %d is %q, want %q", i, k.Name, want)
		}
	}
	count, err := s.Keys().Count(ctx, store.Where(store.InProject(w.Project.ID)))
	check(t, err)
	if count != n+1 {
		t.Errorf("counted %d, want %d", count, n+1)
	}
}

func everyByte(t *testing.T, s store.Store) {
	ctx := t.Context()
	w := Seed(t, s)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, text := range []string{string(all), string(all[128:]) + string(all[:128])} {
		g := domain.VariableGroup{ProjectID: w.Project.ID, JSON: text}
		check(t, s.VariableGroups().Create(ctx, &g))
		got, err := s.VariableGroups().First(ctx, store.Where(store.Eq("json", text)))
		check(t, err)
		if got.ID != g.ID || got.JSON != text {
			t.Errorf("got %q of group %d, want %q of %d", got.JSON, got.ID, text, g.ID)
		}
	}
	task := w.Running(t, w.Template)
	b := logchunk.NewBuilder(1)
	var want [][]byte
	for i := range 256 { // every byte in every place of a line, but for the newline
		line := bytes.ReplaceAll(append(append([]byte(nil), all[i:]...), all[:i]...), []byte("\n"), []byte("\r"))
		want = append(want, line)
		b.Add(Now(), line, false)
	}
	_, err := s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, ToOffset: 1, Chunks: []logchunk.Chunk{b.Finish()}})
	check(t, err)
	chunks, err := s.Logs().Chunks(ctx, task.ID, 0, 10)
	check(t, err)
	n := 0
	for _, c := range chunks {
		lines, err := logchunk.Decode(c)
		check(t, err)
		for _, l := range lines {
			if n >= len(want) || !bytes.Equal(l.Text, want[n]) {
				t.Errorf("line %d is %q", n+1, l.Text)
			}
			n++
		}
	}
	if n != len(want) {
		t.Errorf("%d lines, want %d", n, len(want))
	}
}

func uniqueRace(t *testing.T, s store.Store) {
	ctx := t.Context()
	Seed(t, s)
	var created atomic.Int32
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			name := "Twin"
			if i%2 == 1 {
				name = "tWIN"
			}
			err := s.Users().Create(ctx, &domain.User{Username: name, Email: fmt.Sprintf("twin%d@example.org", i)})
			switch {
			case err == nil:
				created.Add(1)
			case !errors.Is(err, store.ErrConflict):
				t.Errorf("create: got %v, want %v", err, store.ErrConflict)
			}
		})
	}
	wg.Wait()
	n, err := s.Users().Count(ctx, store.Where(store.Fold("username", "twin")))
	check(t, err)
	if created.Load() != 1 || n != 1 {
		t.Errorf("%d were created and %d are stored, want 1", created.Load(), n)
	}
}

// crossing has transactions take two rows in opposite orders, which deadlocks
// where nothing is done about it. Each moves one from here to there.
func crossing(t *testing.T, s store.Store) {
	ctx := t.Context()
	w := Seed(t, s)
	a, b := w.Template, w.NewTemplate(t, func(*domain.Template) {})
	add := func(ctx context.Context, id domain.TemplateID, n int) error {
		_, err := s.Templates().Update(ctx, id, func(t *domain.Template) error {
			t.TaskCount += n
			return nil
		})
		return err
	}
	const workers, each = 8, 10
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			from, to := a.ID, b.ID
			if i%2 == 1 {
				from, to = to, from
			}
			for range each {
				err := s.InTx(ctx, func(ctx context.Context) error {
					if err := add(ctx, from, -1); err != nil {
						return err
					}
					return add(ctx, to, 1)
				})
				if err != nil {
					t.Errorf("move: %v", err)
				}
				if err := add(ctx, from, 3); err != nil { // not in a transaction of its own making
					t.Errorf("add: %v", err)
				}
			}
		})
	}
	wg.Wait()
	for _, id := range []domain.TemplateID{a.ID, b.ID} {
		got, err := s.Templates().Get(ctx, id)
		check(t, err)
		if want := 3 * workers / 2 * each; got.TaskCount != want {
			t.Errorf("template %d counts %d, want %d", id, got.TaskCount, want)
		}
	}
}

// cascade removes a template with all that belongs to it, first in vain.
func cascade(t *testing.T, s store.Store) {
	ctx := t.Context()
	w := Seed(t, s)
	task := w.Running(t, w.Template)
	_, err := s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, ToOffset: 1, Chunks: chunksOf(1, 3)})
	check(t, err)
	vault := domain.Vault{ProjectID: w.Project.ID, TemplateID: w.Template.ID, KeyID: &w.Key.ID, Type: "password"}
	check(t, s.Vaults().Create(ctx, &vault))
	remove := func(end error) error {
		return s.InTx(ctx, func(ctx context.Context) error {
			if _, err := s.Vaults().DeleteWhere(ctx, store.Eq("template_id", w.Template.ID)); err != nil {
				return err
			}
			if err := s.Tasks().Delete(ctx, task.ID); err != nil {
				return err
			}
			if err := s.Templates().Delete(ctx, w.Template.ID); err != nil {
				return err
			}
			return end
		})
	}
	left := func(want bool) {
		t.Helper()
		_, err1 := s.Templates().Get(ctx, w.Template.ID)
		_, err2 := s.Tasks().Get(ctx, task.ID)
		_, err3 := s.Tasks().Definition(ctx, task.ID)
		_, err4 := s.Vaults().Get(ctx, vault.ID)
		for what, err := range map[string]error{"template": err1, "task": err2, "definition": err3, "vault": err4} {
			if want && err != nil || !want && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: %v; want it there: %t", what, err, want)
			}
		}
		_, chunks, err := s.Logs().Size(ctx, task.ID)
		check(t, err)
		if (chunks > 0) != want {
			t.Errorf("%d chunks of the log are left, want any: %t", chunks, want)
		}
	}
	wantError(t, "removal that ends in an error", remove(errStop), errStop)
	left(true)
	check(t, remove(nil))
	left(false)
}
