package transfer_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/boltstore"
	"signalbox/internal/store/schema"
	"signalbox/internal/store/sqlstore"
	"signalbox/internal/store/storetest"
	"signalbox/internal/store/transfer"
	"signalbox/internal/testkit/dbserver"
)

// database is a store as a copy needs it.
type database interface {
	store.Store
	transfer.Backend
}

// place is where a database is, so that it can be opened again.
type place func(ctx context.Context) (database, error)

func sqliteAt(path string) place {
	return func(ctx context.Context) (database, error) { return sqlstore.Open(ctx, sqlstore.Config{Path: path}) }
}

func boltAt(path string) place {
	return func(ctx context.Context) (database, error) {
		return boltstore.Open(ctx, boltstore.Config{Path: path})
	}
}

func serverAt(s *dbserver.Server) place {
	c := sqlstore.Config{Dialect: s.Dialect, Host: s.Socket, User: s.User, Name: s.NewName()}
	if s.Dialect == "postgres" {
		c.Options = map[string]string{"port": strconv.Itoa(s.Port)}
	}
	return func(ctx context.Context) (database, error) { return sqlstore.Open(ctx, c) }
}

func open(t testing.TB, at place) database {
	t.Helper()
	s, err := at(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // closed earlier where that matters
	return s
}

func fresh(t testing.TB, kind string) place {
	t.Helper()
	return fileAt(kind, filepath.Join(t.TempDir(), "x.db"))
}

func fileAt(kind, path string) place {
	if kind == "bolt" {
		return boltAt(path)
	}
	return sqliteAt(path)
}

// richFile is a file with what storetest.Rich makes, which is made once: writing
// it takes longer than many a copy.
type richFile struct {
	once sync.Once
	path string
}

var richFiles = map[string]*richFile{"sqlite": {}, "bolt": {}}

// richDir is where they are; TestMain makes and removes it.
var richDir string

// rich puts a rich database of a kind at a path.
func rich(t testing.TB, kind, path string) {
	t.Helper()
	r := richFiles[kind]
	r.once.Do(func() {
		made := filepath.Join(richDir, kind+".db")
		s, err := fileAt(kind, made)(t.Context())
		check(t, err)
		storetest.Rich(t, s)
		check(t, s.Close())
		if rest, err := filepath.Glob(made + "-*"); err != nil || len(rest) != 0 {
			t.Fatalf("not everything is in the file: %v %v", rest, err)
		}
		r.path = made
	})
	if r.path == "" {
		t.Fatalf("the rich database of %s could not be made; the test that tried says why", kind)
	}
	from, err := os.Open(r.path)
	check(t, err)
	defer from.Close() //nolint:errcheck // read only
	to, err := os.Create(path)
	check(t, err)
	_, err = io.Copy(to, from)
	check(t, errors.Join(err, to.Close()))
}

func openRich(t testing.TB, kind string) database {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rich.db")
	rich(t, kind, path)
	return open(t, fileAt(kind, path))
}

// end is a kind of database: one that is filled, and new ones.
type end struct {
	rich  func(t testing.TB) database
	fresh func(t testing.TB) place
}

func files() map[string]end {
	out := map[string]end{}
	for _, kind := range []string{"sqlite", "bolt"} {
		out[kind] = end{
			rich:  func(t testing.TB) database { return openRich(t, kind) },
			fresh: func(t testing.TB) place { return fresh(t, kind) },
		}
	}
	return out
}

func server(s *dbserver.Server) end {
	return end{
		rich: func(t testing.TB) database {
			db := open(t, serverAt(s))
			storetest.Rich(t, db)
			return db
		},
		fresh: func(testing.TB) place { return serverAt(s) },
	}
}

// Copies between all kinds of databases, with interruptions on the way.
func TestCopy_Files(t *testing.T) {
	t.Parallel()
	everyPair(t, files(), files())
}

func TestCopy_Servers(t *testing.T) {
	t.Parallel()
	servers := map[string]end{"postgres": server(dbserver.Postgres(t)), "mysql": server(dbserver.MySQL(t))}
	all := files()
	maps.Copy(all, servers)
	everyPair(t, servers, all)
	everyPair(t, files(), servers)
}

// everyPair copies each source to each destination. No source is changed by that,
// so that it serves all of them, at the same time too.
func everyPair(t *testing.T, from, to map[string]end) {
	for _, a := range slices.Sorted(maps.Keys(from)) {
		source := from[a].rich(t)
		for _, b := range slices.Sorted(maps.Keys(to)) {
			t.Run(a+" to "+b, func(t *testing.T) {
				t.Parallel()
				interrupted(t, source, to[b].fresh(t))
			})
		}
	}
}

var errStop = errors.New("stop")

// interrupted copies with an end after each of some batches, and a new
// connection every time, until the copy is complete.
func interrupted(t *testing.T, source database, at place) {
	ctx := t.Context()
	for stop := 1; ; stop++ {
		dest := open(t, at)
		batches := 0
		results, err := transfer.Copy(ctx, source, dest, transfer.Options{Source: "source", BatchRows: 20, BatchBytes: 1 << 20, Progress: func(transfer.Progress) error {
			if batches++; batches > 2*stop && stop < 12 {
				return errStop
			}
			return nil
		}})
		unfinished, markErr := transfer.Unfinished(ctx, dest)
		if markErr != nil {
			t.Fatal(markErr)
		}
		if errors.Is(err, errStop) {
			if unfinished != "source" {
				t.Errorf("stopped after %d batches, and the destination does not say so", batches)
			}
			if err := dest.Close(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if stop < 3 {
			t.Errorf("the copy was complete after %d interruptions", stop-1)
		}
		if unfinished != "" {
			t.Error("the copy is complete, and the destination still says that it is not")
		}
		for _, r := range results {
			if !r.Equal() || r.Changed {
				t.Errorf("%s: %+v", r.Table, r)
			}
		}
		same(t, source, dest)
		return
	}
}

// large compares bytes at once, of which there are millions.
var large = cmp.Comparer(bytes.Equal)

// same compares two stores by what they say, and by how they go on.
func same(t *testing.T, a, b database) {
	t.Helper()
	ctx := t.Context()
	compare := func(what string, get func(s store.Store) (any, error)) {
		t.Helper()
		x, err := get(a)
		if err != nil {
			t.Fatalf("%s of the source: %v", what, err)
		}
		y, err := get(b)
		if err != nil {
			t.Fatalf("%s of the copy: %v", what, err)
		}
		if diff := cmp.Diff(x, y, large); diff != "" {
			t.Errorf("%s (-source +copy):\n%s", what, diff)
		}
	}
	all := store.Query{}
	compare("users", func(s store.Store) (any, error) { return s.Users().List(ctx, all) })
	compare("sessions", func(s store.Store) (any, error) { return s.Sessions().List(ctx, all) })
	compare("tokens", func(s store.Store) (any, error) { return s.Tokens().List(ctx, all) })
	compare("projects", func(s store.Store) (any, error) { return s.Projects().List(ctx, all) })
	compare("members", func(s store.Store) (any, error) { return s.Members().List(ctx, all) })
	compare("views", func(s store.Store) (any, error) { return s.Views().List(ctx, store.Where().By("title")) })
	compare("groups", func(s store.Store) (any, error) { return s.VariableGroups().List(ctx, all) })
	compare("keys", func(s store.Store) (any, error) { return s.Keys().List(ctx, store.Where().By("-name")) })
	compare("repositories", func(s store.Store) (any, error) { return s.Repositories().List(ctx, all) })
	compare("inventories", func(s store.Store) (any, error) { return s.Inventories().List(ctx, all) })
	compare("templates", func(s store.Store) (any, error) {
		return s.Templates().List(ctx, store.Where(store.Fold("name", "LATER")))
	})
	compare("all templates", func(s store.Store) (any, error) { return s.Templates().List(ctx, all) })
	compare("host configs", func(s store.Store) (any, error) { return s.HostConfigs().List(ctx, all) })
	compare("vaults", func(s store.Store) (any, error) { return s.Vaults().List(ctx, all) })
	compare("events", func(s store.Store) (any, error) { return s.Events().List(ctx, store.EventFilter{}) })
	compare("tasks", func(s store.Store) (any, error) { return s.Tasks().List(ctx, store.TaskFilter{}) })
	compare("revision", func(s store.Store) (any, error) { return s.Revision(ctx, 1) })
	compare("chunks", func(s store.Store) (any, error) { return s.Logs().Chunks(ctx, 1, 0, 0) })
	compare("results", func(s store.Store) (any, error) { return s.Results().Chunks(ctx, 1, 0, 0) })
	for id := range domain.TaskID(20) {
		compare(fmt.Sprint("stages of ", id+1), func(s store.Store) (any, error) { return s.Tasks().Stages(ctx, id+1) })
	}
	compare("owned", func(s store.Store) (any, error) { return s.Tasks().Owned(ctx, "here") })
	compare("options", func(s store.Store) (any, error) {
		list, err := s.Options().All(ctx)
		byKey := map[string]string{}
		for _, o := range list {
			byKey[o.Key] = o.Value
		}
		return byKey, err
	})
	for id := range domain.TaskID(20) {
		compare(fmt.Sprint("definition of ", id+1), func(s store.Store) (any, error) { return s.Tasks().Definition(ctx, id+1) })
	}

	// New rows get the numbers they would have got, which are asked for without
	// using any up: the source serves other tests.
	for _, table := range transfer.Tables() {
		if !table.Numbered {
			continue
		}
		x, err1 := a.Sequence(ctx, table)
		y, err2 := b.Sequence(ctx, table)
		if err1 != nil || err2 != nil || x != y {
			t.Errorf("last number of %s: %d, %v in the source, %d, %v in the copy", table.Name, x, err1, y, err2)
		}
	}
	tables := transfer.Tables()
	last, err := a.Sequence(ctx, tables[slices.IndexFunc(tables, func(t *transfer.Table) bool { return t.Name == "tasks" })])
	if err != nil {
		t.Fatal(err)
	}
	w := storetest.World{Store: b}
	tmpl, err := b.Templates().Get(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	task := w.Task(tmpl)
	task.UserID = nil
	if err := b.Tasks().Create(ctx, &task, w.Definition(tmpl)); err != nil || int64(task.ID) != last+1 {
		t.Errorf("a new task of the copy has the number %d, %v; want %d", task.ID, err, last+1)
	}
	// What is unique stays so, and what refers to something too.
	again := domain.User{Username: "ADA", Email: "new@example.org"}
	if err := b.Users().Create(ctx, &again); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a second user of the name: %v", err)
	}
	if err := b.Inventories().Delete(ctx, 1); !errors.Is(err, store.ErrReference) {
		t.Errorf("deleting an inventory in use: %v", err)
	}
	if claimed, err := w.Claim(ctx, "there"); err != nil || claimed.Status != domain.StatusStarting {
		t.Errorf("claim: %+v, %v", claimed, err)
	}
}

func TestCopy_SourceChanged(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, change := range map[string]func(w *storetest.World) error{
		"a row that was copied": func(w *storetest.World) error {
			_, err := w.Store.Users().Update(ctx, w.User.ID, func(u *domain.User) error { u.Name = "other"; return nil })
			return err
		},
		"a new row":          func(w *storetest.World) error { return w.Store.Users().Create(ctx, &domain.User{Username: "new"}) },
		"a row that is gone": func(w *storetest.World) error { return w.Store.Users().Delete(ctx, w.OtherUser.ID) },
		"an event":           func(w *storetest.World) error { return w.Store.Events().Add(ctx, &domain.Event{Description: "late"}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, dest := open(t, fresh(t, "sqlite")), open(t, fresh(t, "bolt"))
			w := storetest.Seed(t, source)
			w.AddOther(t)
			check(t, source.Events().Add(ctx, &domain.Event{Description: "first"}))
			done := false
			results, err := transfer.Copy(ctx, source, dest, transfer.Options{Source: "s", Progress: func(p transfer.Progress) error {
				if p.Table != "tasks" || done {
					return nil
				}
				done = true
				return change(w)
			}})
			if !errors.Is(err, transfer.ErrMismatch) || !strings.Contains(err.Error(), "the source changed") || len(results) == 0 {
				t.Errorf("got %v and %d results", err, len(results))
			}
			if source, err := transfer.Unfinished(ctx, dest); source != "s" || err != nil {
				t.Errorf("the destination is marked with %q, %v", source, err)
			}
		})
	}
}

// A change after the comparison of a table is found too, if it is not one of a
// single row that leaves no trace.
func TestCopy_SourceChangedWhileCompared(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	source, dest := open(t, fresh(t, "sqlite")), open(t, fresh(t, "sqlite"))
	w := storetest.Seed(t, source)
	done := false
	_, err := transfer.Copy(ctx, source, dest, transfer.Options{Progress: func(p transfer.Progress) error {
		if p.Phase != transfer.Verifying || p.Table != "tasks" || done {
			return nil
		}
		done = true
		return source.Sessions().Create(ctx, &domain.Session{UserID: w.User.ID, TokenHash: "late"})
	}})
	if !errors.Is(err, transfer.ErrMismatch) {
		t.Errorf("got %v", err)
	}
}

func TestCopy_DamagedCopyIsFound(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	source, dest := open(t, fresh(t, "bolt")), open(t, fresh(t, "sqlite"))
	w := storetest.Seed(t, source)
	results, err := transfer.Copy(ctx, source, dest, transfer.Options{Progress: func(p transfer.Progress) error {
		if p.Phase != transfer.Linking || !p.Done {
			return nil
		}
		_, err := dest.Users().Update(ctx, w.User.ID, func(u *domain.User) error { u.Name += " "; return nil })
		return err
	}})
	if !errors.Is(err, transfer.ErrMismatch) || strings.Contains(err.Error(), "source changed") {
		t.Errorf("got %v", err)
	}
	for _, r := range results {
		if want := r.Table != "users" && r.Table != "revisions"; r.Equal() != want {
			t.Errorf("%s: equal %t", r.Table, r.Equal())
		}
	}
}

func TestCopy_RefusesDestinations(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	source := open(t, fresh(t, "sqlite"))
	storetest.Seed(t, source)
	for _, kind := range []string{"sqlite", "bolt"} {
		t.Run(kind+" not empty", func(t *testing.T) {
			dest := open(t, fresh(t, kind))
			check(t, dest.Options().Set(ctx, "a", "b"))
			_, err := transfer.Copy(ctx, source, dest, transfer.Options{})
			if !errors.Is(err, transfer.ErrNotEmpty) || !strings.Contains(err.Error(), "options") {
				t.Errorf("got %v", err)
			}
			if n, err := dest.Users().Count(ctx, store.Query{}); n != 0 || err != nil {
				t.Errorf("it holds %d users now, %v", n, err)
			}
		})
		t.Run(kind+" of another copy", func(t *testing.T) {
			dest := open(t, fresh(t, kind))
			stop := func(transfer.Progress) error { return errStop }
			if _, err := transfer.Copy(ctx, source, dest, transfer.Options{Source: "one", Progress: stop}); !errors.Is(err, errStop) {
				t.Fatal(err)
			}
			if _, err := transfer.Copy(ctx, source, dest, transfer.Options{Source: "two"}); !errors.Is(err, transfer.ErrOther) {
				t.Errorf("another name: %v", err)
			}
			other := open(t, fresh(t, "sqlite"))
			storetest.Seed(t, other)
			_, err := other.Users().Update(ctx, 1, func(u *domain.User) error { u.Email = "x@example.org"; return nil })
			check(t, err)
			if _, err := transfer.Copy(ctx, other, dest, transfer.Options{Source: "one"}); !errors.Is(err, transfer.ErrOther) {
				t.Errorf("another database of the name: %v", err)
			}
			if _, err := transfer.Copy(ctx, dest, open(t, fresh(t, "sqlite")), transfer.Options{}); !errors.Is(err, transfer.ErrUnfinished) {
				t.Errorf("an unfinished source: %v", err)
			}
		})
		t.Run(kind+" of a copy under way", func(t *testing.T) {
			dest := open(t, fresh(t, kind))
			_, err := transfer.Copy(ctx, source, dest, transfer.Options{Source: "one", Progress: func(p transfer.Progress) error {
				if p.Table != "tasks" {
					return nil
				}
				// The other one goes on where this one is, and is faster.
				_, err := transfer.Copy(ctx, source, dest, transfer.Options{Source: "one"})
				return err
			}})
			if !errors.Is(err, transfer.ErrMarker) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Whoever was interrupted between the last write and its message runs the copy
// again.
func TestCopy_AgainWhenComplete(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, ends := range [][2]string{{"sqlite", "bolt"}, {"bolt", "sqlite"}} {
		t.Run(ends[0]+" to "+ends[1], func(t *testing.T) {
			t.Parallel()
			source, dest := open(t, fresh(t, ends[0])), &watched{database: open(t, fresh(t, ends[1]))}
			storetest.Seed(t, source)
			first, err := transfer.Copy(ctx, source, dest, transfer.Options{Source: "one"})
			check(t, err)
			dest.batches = nil
			again, err := transfer.Copy(ctx, source, dest, transfer.Options{Source: "one"})
			check(t, err)
			if !slices.Equal(first, again) {
				t.Errorf("first %v, then %v", first, again)
			}
			// As many rows, and one of them another.
			_, err = dest.Users().Update(ctx, 1, func(u *domain.User) error { u.Email = "x@example.org"; return nil })
			check(t, err)
			if _, err := transfer.Copy(ctx, source, dest, transfer.Options{Source: "one"}); !errors.Is(err, transfer.ErrNotEmpty) {
				t.Errorf("a destination that has changed: %v", err)
			}
			if len(dest.batches) != 0 {
				t.Errorf("%d batches were written into a database that was complete", len(dest.batches))
			}
		})
	}
	// A row that was made and is gone leaves its mark in the numbers alone.
	source, dest := open(t, fresh(t, "sqlite")), open(t, fresh(t, "sqlite"))
	storetest.Seed(t, source)
	_, err := transfer.Copy(ctx, source, dest, transfer.Options{Source: "one"})
	check(t, err)
	user := domain.User{Username: "gone", Name: "gone", Email: "gone@example.org"}
	check(t, source.Users().Create(ctx, &user))
	check(t, source.Users().Delete(ctx, user.ID))
	if _, err := transfer.Copy(ctx, source, dest, transfer.Options{Source: "one"}); !errors.Is(err, transfer.ErrNotEmpty) {
		t.Errorf("a source with another next number: %v", err)
	}
}

// watched notes the batches that are written.
type watched struct {
	database
	batches []transfer.Batch
}

func (w *watched) Write(ctx context.Context, b transfer.Batch) error {
	w.batches = append(w.batches, b)
	return w.database.Write(ctx, b)
}

// However large the rows, a batch is no more than the limit and one row.
func TestCopy_BatchesAreBounded(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	for _, kind := range []string{"sqlite", "bolt"} {
		source, dest := openRich(t, kind), &watched{database: open(t, fresh(t, "sqlite"))}
		if _, err := transfer.Copy(t.Context(), source, dest, transfer.Options{BatchBytes: limit, BatchRows: 50}); err != nil {
			t.Fatal(err)
		}
		largest := 0
		for _, b := range dest.batches {
			total := 0
			for i, row := range b.Rows {
				if total >= limit || i >= 50 {
					t.Fatalf("%s: %s: a batch goes on after %d rows and %d bytes", kind, b.Table.Name, i, total)
				}
				for _, value := range row {
					switch v := value.(type) {
					case []byte:
						total += len(v)
						largest = max(largest, len(v))
					case string:
						total += len(v)
					}
				}
			}
		}
		if largest != storetest.HugeChunk {
			t.Errorf("%s: the largest value had %d bytes", kind, largest)
		}
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The child of TestKill copies until it is killed, and says how far it is.
const killEnv = "TRANSFER_TEST_KILL"

func TestMain(m *testing.M) {
	if paths := os.Getenv(killEnv); paths != "" {
		if err := copyAloud(paths); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	var err error
	if richDir, err = os.MkdirTemp("", "transfer"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(richDir) // the system clears what is left there
	os.Exit(code)
}

func places(paths string) (from, to place) {
	source, dest, _ := strings.Cut(paths, ";")
	from, to = sqliteAt(source), boltAt(dest)
	if strings.HasSuffix(source, ".bolt") {
		from, to = boltAt(source), sqliteAt(dest)
	}
	return from, to
}

func copyAloud(paths string) error {
	ctx := context.Background()
	from, to := places(paths)
	source, err := from(ctx)
	if err != nil {
		return err
	}
	dest, err := to(ctx)
	if err != nil {
		return err
	}
	_, err = transfer.Copy(ctx, source, dest, transfer.Options{Source: "source", BatchRows: 7, BatchBytes: 1 << 20, Progress: func(p transfer.Progress) error {
		_, err := fmt.Println(p.Phase, p.Table, p.Rows)
		return err
	}})
	return errors.Join(err, source.Close(), dest.Close())
}

func TestKill_GoesOn(t *testing.T) {
	t.Parallel()
	for _, ends := range [][2]string{{"a.db", "b.bolt"}, {"a.bolt", "b.db"}} {
		t.Run(ends[0]+" to "+ends[1], func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			paths := filepath.Join(dir, ends[0]) + ";" + filepath.Join(dir, ends[1])
			from, to := places(paths)
			rich(t, map[string]string{"a.db": "sqlite", "a.bolt": "bolt"}[ends[0]], filepath.Join(dir, ends[0]))
			killed := 0
			for after := 5; ; after += 10 {
				cmd := exec.CommandContext(t.Context(), os.Args[0])
				cmd.Env = append(os.Environ(), killEnv+"="+paths)
				cmd.Stderr = os.Stderr
				out, err := cmd.StdoutPipe()
				check(t, err)
				check(t, cmd.Start())
				scan := bufio.NewScanner(out)
				for n := 0; scan.Scan(); n++ {
					if n == after {
						_ = cmd.Process.Kill() // while it is in the midst of the next batches
					}
				}
				if cmd.Wait() == nil {
					break
				}
				killed++
				if killed > 50 {
					t.Fatal("the copy does not come to its end")
				}
			}
			if killed < 2 {
				t.Errorf("killed %d times only", killed)
			}
			same(t, open(t, from), open(t, to))
		})
	}
}

// A table that is forgotten here would be missing in every copy.
func TestTables_AreThoseOfTheSchema(t *testing.T) {
	t.Parallel()
	copied := map[string]bool{}
	for _, table := range transfer.Tables() {
		copied[table.Name] = true
	}
	for _, table := range schema.Tables() {
		if !copied[table.Name] {
			t.Errorf("%s is not copied", table.Name)
		}
	}
}
