package sqlstore

import (
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"signalbox/internal/domain"
	"signalbox/internal/store/schema"
	"signalbox/internal/store/sqlstore/dialect"
	"signalbox/internal/store/sqlstore/migrations"
	"signalbox/internal/store/storetest"
)

func TestFull(t *testing.T) {
	t.Parallel()
	s := openHere(t, filepath.Join(t.TempDir(), "x.db"))
	w := storetest.Seed(t, s)
	task := w.Running(t, w.Template)
	ctx := t.Context()
	limit := func(pages int) {
		t.Helper()
		if _, err := s.eng.write.db.ExecContext(ctx, "pragma max_page_count = "+strconv.Itoa(pages)); err != nil {
			t.Fatal(err)
		}
	}
	var pages int
	if err := s.eng.write.db.QueryRowContext(ctx, "pragma page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit(pages + 50)
	storetest.FillUp(t, s, task)
	intact(t, s)
	limit(1 << 30)
	storetest.AfterFull(t, w, task)
	intact(t, s)
}

func TestFull_Disk(t *testing.T) {
	t.Parallel()
	storetest.FullDisk(t, openHere, intact)
}

// intact has SQLite check the file.
func intact(t testing.TB, s *Store) {
	t.Helper()
	var check string
	if err := s.eng.read.db.QueryRowContext(t.Context(), "pragma integrity_check").Scan(&check); err != nil || check != "ok" {
		t.Errorf("integrity check: %s, %v", check, err)
	}
}

func openHere(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{Path: path})
	return storetest.Opened(t, s, err)
}

// steps returns the real steps and those given.
func steps(t *testing.T, more map[string]string) fstest.MapFS {
	t.Helper()
	all := fstest.MapFS{}
	for name, text := range more {
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	first, err := os.ReadFile("migrations/sqlite/00001_initial.sql")
	if err != nil {
		t.Fatal(err)
	}
	all["00001_initial.sql"] = &fstest.MapFile{Data: first}
	return all
}

func migrate(t *testing.T, path string, files fstest.MapFS) (*sql.DB, error) {
	t.Helper()
	d := dialect.SQLite(files)
	at := dialect.Config{Path: path}
	pools, err := d.Open(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(pools.Read.Close(), pools.Write.Close()) })
	m := migrator{d: d, db: pools.Write, at: at, log: slog.New(slog.DiscardHandler)}
	return pools.Write, m.up(t.Context())
}

func TestMigrate_UpgradeTakesASnapshot(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	s, err := Open(t.Context(), Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	w := storetest.Seed(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if found := snapshots(t, path); len(found) != 0 {
		t.Errorf("a fresh database has snapshots: %q", found)
	}
	db, err := migrate(t, path, steps(t, map[string]string{
		"99998_more.sql": "-- +goose Up\nalter table views add column extra text;\nupdate users set name = 'changed';\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	var name string
	if err := db.QueryRowContext(t.Context(), "select name from users").Scan(&name); err != nil || name != "changed" {
		t.Errorf("after the upgrade: %q, %v", name, err)
	}
	found := snapshots(t, path)
	if len(found) != 1 {
		t.Fatalf("snapshots: %q, want one", found)
	}
	if info, err := os.Stat(found[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("snapshot: %v, %v; want mode 0600", info, err)
	}
	old := openHere(t, found[0]) // this program knows the old schema
	user, err := old.Users().Get(t.Context(), w.User.ID)
	if err != nil || user.Name != "Ada" {
		t.Errorf("user in the snapshot: %+v, %v", user, err)
	}
	_, err = Open(t.Context(), Config{Path: path})
	var newer *schema.TooNewError
	if !errors.As(err, &newer) {
		t.Errorf("opening the upgraded database with the old program: %v", err)
	}
}

func snapshots(t *testing.T, path string) []string {
	t.Helper()
	found, err := filepath.Glob(path + ".v*")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestMigrate_FailedStepLeavesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	broken := steps(t, map[string]string{
		"99998_broken.sql": "-- +goose Up\ncreate table half (id integer);\ninsert into nowhere values (1);\n",
	})
	db, err := migrate(t, path, broken)
	if err == nil {
		t.Fatal("a broken step succeeded")
	}
	var n int
	if err := db.QueryRowContext(t.Context(), "select count(*) from sqlite_master where name = 'half'").Scan(&n); err != nil || n != 0 {
		t.Errorf("the broken step left its table: %d, %v", n, err)
	}
	openHere(t, path) // the steps before it hold
}

func TestMigrate_DownAndUpGivesTheSameSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	s := openHere(t, path)
	schema := func() string {
		t.Helper()
		rows, err := s.eng.write.db.QueryContext(t.Context(), "select coalesce(sql, name) from sqlite_master where name not like 'goose%' order by name")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var all []string
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				t.Fatal(err)
			}
			all = append(all, text)
		}
		return strings.Join(all, "\n")
	}
	want := schema()
	p, err := newProvider(s.eng.d, s.eng.write.db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.DownTo(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(schema(), "create table tasks") {
		t.Error("tasks are left after going down")
	}
	if _, err := p.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := schema(); got != want {
		t.Errorf("schema after down and up:\n%s\nwant:\n%s", got, want)
	}
}

// TestSchema_HasEveryField compares the tables with the entities.
func TestSchema_HasEveryField(t *testing.T) {
	t.Parallel()
	s := openHere(t, filepath.Join(t.TempDir(), "x.db"))
	if _, err := migrations.Latest(s.eng.d.Migrations); err != nil {
		t.Error(err)
	}
	w := storetest.Seed(t, s) // inserts name every column but the identifier
	w.NewTask(t, w.Template)
	if err := s.Vaults().Create(t.Context(), &domain.Vault{ProjectID: w.Project.ID, TemplateID: w.Template.ID}); err != nil {
		t.Error(err)
	}
	if err := s.Events().Add(t.Context(), &domain.Event{}); err != nil {
		t.Error(err)
	}
}
