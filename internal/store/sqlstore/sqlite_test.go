package sqlstore_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "modernc.org/sqlite"

	"signalbox/internal/domain"
	"signalbox/internal/store/schema"
	"signalbox/internal/store/sqlstore"
	"signalbox/internal/store/storetest"
)

// raw opens the file behind the store's back.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func openAt(t testing.TB, path string) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func exec1(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func intact(t testing.TB, path string) {
	t.Helper()
	var result string
	if err := raw(t, path).QueryRowContext(t.Context(), "pragma integrity_check").Scan(&result); err != nil || result != "ok" {
		t.Errorf("integrity check: %s, %v", result, err)
	}
}

func TestOpen_FilesArePrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new dir", "100% päth?#.db")
	s := openAt(t, path)
	storetest.Seed(t, s)
	files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil || len(files) < 3 {
		t.Fatalf("files: %q, %v", files, err)
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", f, info.Mode().Perm())
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpen_KeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	s := openAt(t, path)
	w := storetest.Seed(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path)
	defer s.Close()
	got, err := s.Users().Get(t.Context(), w.User.ID)
	if err != nil || got != w.User {
		t.Errorf("got %+v, %v; want %+v", got, err, w.User)
	}
}

func TestOpen_NewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	if err := openAt(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	exec1(t, raw(t, path), "insert into goose_db_version (version_id, is_applied) values (9999, 1)")
	_, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: path})
	var newer *schema.TooNewError
	if !errors.As(err, &newer) || newer.Have != 9999 || newer.Know < 1 {
		t.Errorf("got %v, want a TooNewError of version 9999", err)
	}
}

func TestOpen_ForeignDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	exec1(t, raw(t, path), "create table migrations (version text)")
	_, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: path})
	if !errors.Is(err, sqlstore.ErrForeign) {
		t.Errorf("got %v, want %v", err, sqlstore.ErrForeign)
	}
	text := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: text}); err == nil {
		t.Error("a text file was opened as a database")
	}
	if got, err := os.ReadFile(text); err != nil || len(got) != 15000 {
		t.Errorf("the text file was changed: %d bytes, %v", len(got), err)
	}
}

func TestOpen_ManyAtOnceMigrateOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			s, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: path})
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			if err := s.Ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var n int
	err := raw(t, path).QueryRowContext(t.Context(), "select count(*) from goose_db_version where version_id = 1").Scan(&n)
	if err != nil || n != 1 {
		t.Errorf("the first step is recorded %d times, %v", n, err)
	}
}

func TestMigrate_CommandLine(t *testing.T) {
	t.Parallel()
	c := sqlstore.Config{Path: filepath.Join(t.TempDir(), "x.db")}
	check := func(want int64) {
		t.Helper()
		have, latest, err := sqlstore.SchemaVersion(t.Context(), c)
		if err != nil || have != want || latest < 1 {
			t.Errorf("version %d of %d, %v; want %d", have, latest, err, want)
		}
	}
	check(0)
	if _, err := os.Stat(c.Path); err == nil {
		t.Error("asking for the version made a database")
	}
	for _, version := range []int64{1, 1, 0, 1} {
		if err := sqlstore.Migrate(t.Context(), c, version); err != nil {
			t.Fatal(err)
		}
		check(version)
	}
}

// TestTwoProcesses stands for the CLI writing beside the server: two stores on
// one file share nothing in memory.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	a, b := openAt(t, path), openAt(t, path)
	defer a.Close()
	defer b.Close()
	w := storetest.Seed(t, a)
	var wg sync.WaitGroup
	for _, s := range []*sqlstore.Store{a, b} {
		for range 2 {
			wg.Go(func() {
				for range 50 {
					_, err := s.Templates().Update(t.Context(), w.Template.ID, func(t *domain.Template) error {
						t.TaskCount++
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	got, err := a.Templates().Get(t.Context(), w.Template.ID)
	if err != nil || got.TaskCount != 200 {
		t.Errorf("count %d, %v; want 200", got.TaskCount, err)
	}
	before, err := a.Revision(t.Context(), w.Project.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Views().Create(t.Context(), &domain.View{ProjectID: w.Project.ID}); err != nil {
		t.Fatal(err)
	}
	after, err := a.Revision(t.Context(), w.Project.ID)
	if err != nil || after <= before {
		t.Errorf("revision %d after a write of the other process, %v; was %d", after, err, before)
	}
}

func TestMain(m *testing.M) {
	if text := os.Getenv(migrateEnv); text != "" {
		if err := migrateUntilKilled(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	storetest.WriteUntilKilled(opener)
	os.Exit(m.Run())
}

func TestKill_LosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	storetest.Kill(t, opener, intact)
}
