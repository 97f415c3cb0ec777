package sqlstore_test

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"modernc.org/sqlite"

	"signalbox/internal/store/schema"
	"signalbox/internal/store/sqlstore"
	"signalbox/internal/store/sqlstore/migrations"
	"signalbox/internal/store/storetest"
	"signalbox/internal/testkit"
	"signalbox/internal/testkit/dbserver"
)

func TestSQLite_Steps(t *testing.T) {
	t.Parallel()
	steps(t, nil)
}

// nextSteps are those of releases to come: one that changes tables with rows in
// them, and one that cannot be undone.
var nextSteps = map[string][2]string{
	"sqlite": {`-- +goose Up
create table notes (id integer primary key autoincrement, project_id integer not null references projects (id), body text not null) strict;
alter table projects add column note text;
update projects set note = name;
create index projects_note on projects (note);
insert into notes (project_id, body) select id, name from projects;

-- +goose Down
drop table notes;
drop index projects_note;
alter table projects drop column note;
`, `-- +goose Up
create table later (id integer primary key) strict;
`},
	"postgres": {`-- +goose Up
create table notes (id bigint generated always as identity primary key, project_id bigint not null references projects (id), body text not null);
alter table projects add column note text;
update projects set note = name;
create index projects_note on projects (note);
insert into notes (project_id, body) select id, name from projects;

-- +goose Down
drop table notes;
drop index projects_note;
alter table projects drop column note;
`, `-- +goose Up
create table later (id bigint primary key);
-- +goose Down
-- what it brought cannot be taken out again
`},
	"mysql": {`-- +goose Up
create table if not exists notes (id bigint auto_increment primary key, project_id bigint not null, body longtext not null, foreign key (project_id) references projects (id));
set @change = if((select count(*) from information_schema.columns where table_schema = database() and table_name = 'projects' and column_name = 'note') = 0, 'alter table projects add note varchar(255)', 'do 0');
prepare change_it from @change;
execute change_it;
update projects set note = name;
set @change = if((select count(*) from information_schema.statistics where table_schema = database() and table_name = 'projects' and index_name = 'projects_note') = 0, 'create index projects_note on projects (note)', 'do 0');
prepare change_it from @change;
execute change_it;
insert into notes (project_id, body) select id, name from projects where not exists (select 1 from notes);

-- +goose Down
drop table if exists notes;
set @change = if((select count(*) from information_schema.columns where table_schema = database() and table_name = 'projects' and column_name = 'note') = 1, 'alter table projects drop column note', 'do 0');
prepare change_it from @change;
execute change_it;
`, `-- +goose Up
create table if not exists later (id bigint primary key);
-- +goose Down
`},
}

// builtIn are the files of the program's own steps.
func builtIn(t testing.TB, dialect string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	own := migrations.For(dialect)
	entries, err := fs.ReadDir(own, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := fs.ReadFile(own, e.Name())
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = &fstest.MapFile{Data: data}
	}
	return files
}

// place is a database for steps, on a server or in a file.
type place struct {
	t       *testing.T
	s       *dbserver.Server // nil: SQLite
	dialect string
	c       sqlstore.Config
	own     int64 // the last step of the program itself
}

func newPlace(t *testing.T, s *dbserver.Server) place {
	t.Helper()
	p := place{t: t, s: s, dialect: "sqlite"}
	if s == nil {
		p.c = sqlstore.Config{Path: filepath.Join(t.TempDir(), "x.db")}
	} else {
		p.dialect, p.c = s.Dialect, serverConfig(s)
	}
	var err error
	if p.own, err = migrations.Latest(builtIn(t, p.dialect)); err != nil {
		t.Fatal(err)
	}
	return p
}

// release returns the steps of a release that is n steps ahead.
func (p place) release(n int) fstest.MapFS {
	p.t.Helper()
	files := builtIn(p.t, p.dialect)
	for i := range n {
		files[fmt.Sprintf("%05d_next.sql", p.own+1+int64(i))] = &fstest.MapFile{Data: []byte(nextSteps[p.dialect][i])}
	}
	return files
}

func (p place) with(files fs.FS) sqlstore.Config { return sqlstore.WithSteps(p.c, files) }

func (p place) version(c sqlstore.Config, want int64) {
	p.t.Helper()
	have, _, err := sqlstore.SchemaVersion(p.t.Context(), c)
	if err != nil || have != want {
		p.t.Errorf("version %d, %v; want %d", have, err, want)
	}
}

// migrate goes to a version, and must.
func (p place) migrate(c sqlstore.Config, version int64) {
	p.t.Helper()
	if err := sqlstore.Migrate(p.t.Context(), c, version); err != nil {
		p.t.Fatalf("migrate to version %d: %v", version, err)
	}
	p.version(c, version)
}

// seed fills the tables of the program's own steps.
func (p place) seed(c sqlstore.Config) {
	p.t.Helper()
	st, err := sqlstore.Open(p.t.Context(), c)
	if err != nil {
		p.t.Fatal(err)
	}
	storetest.Seed(p.t, st)
	if err := st.Close(); err != nil {
		p.t.Fatal(err)
	}
}

// schema lists everything that makes up the tables.
func (p place) schema() []string {
	p.t.Helper()
	var queries []string
	switch p.dialect {
	case "sqlite":
		queries = []string{"select type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') from sqlite_master where name not like 'sqlite_stat%'"}
	case "postgres":
		queries = []string{
			"select concat_ws(' ', 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), l.collname)" +
				" from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum left join pg_collation l on l.oid = a.attcollation" +
				" where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'v', 'p') and a.attnum > 0 and not a.attisdropped",
			"select concat_ws(' ', 'index', indexdef) from pg_indexes where schemaname = current_schema()",
			"select concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid)) from pg_constraint where connamespace = current_schema()::regnamespace",
			"select concat_ws(' ', 'sequence', sequencename, data_type, start_value, increment_by, cycle) from pg_sequences where schemaname = current_schema()",
		}
	case "mysql":
		queries = []string{
			"select concat_ws(' ', 'database', default_character_set_name, default_collation_name) from information_schema.schemata where schema_name = database()",
			"select concat_ws(' ', 'table', table_name, engine, row_format, table_collation) from information_schema.tables where table_schema = database()",
			"select concat_ws(' ', 'column', table_name, column_name, column_type, is_nullable, ifnull(column_default, '-'), collation_name, extra, generation_expression) from information_schema.columns where table_schema = database()",
			"select concat_ws(' ', 'index', table_name, index_name, seq_in_index, column_name, sub_part, non_unique, index_type) from information_schema.statistics where table_schema = database()",
			"select concat_ws(' ', 'key', table_name, column_name, referenced_table_name, referenced_column_name) from information_schema.key_column_usage where table_schema = database() and referenced_table_name is not null",
			"select concat_ws(' ', 'rule', table_name, referenced_table_name, update_rule, delete_rule) from information_schema.referential_constraints where constraint_schema = database()",
		}
	}
	var list []string
	for _, query := range queries {
		db := raw(p.t, p.c.Path)
		if p.s != nil {
			db = behind(p.t, p.s, p.c.Name)
		}
		rows, err := db.QueryContext(p.t.Context(), query)
		if err != nil {
			p.t.Fatalf("%s: %v", query, err)
		}
		n := len(list)
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				p.t.Fatal(err)
			}
			list = append(list, line)
		}
		if err := errors.Join(rows.Err(), rows.Close(), db.Close()); err != nil || len(list) == n {
			p.t.Fatalf("%s: %d rows, %v", query, len(list)-n, err)
		}
	}
	if len(list) < 40 {
		p.t.Fatalf("there are only %d lines of schema", len(list))
	}
	slices.Sort(list)
	return list
}

func (p place) same(what string, want []string) {
	p.t.Helper()
	if diff := cmp.Diff(want, p.schema()); diff != "" {
		p.t.Errorf("%s: schema (-want +got):\n%s", what, diff)
	}
}

// notes says what step after the program's own must have made of the seed.
func (p place) notes(what string) {
	p.t.Helper()
	db := raw(p.t, p.c.Path)
	if p.s != nil {
		db = behind(p.t, p.s, p.c.Name)
	}
	defer db.Close()
	var projects, noted, notes int
	err := db.QueryRowContext(p.t.Context(), "select (select count(*) from projects), (select count(*) from projects where note = name), (select count(*) from notes)").
		Scan(&projects, &noted, &notes)
	if err != nil || projects == 0 || noted != projects || notes != projects {
		p.t.Errorf("%s: %d projects, %d noted, %d notes, %v; want as many of each", what, projects, noted, notes, err)
	}
}

// steps goes up and down in all ways, on one kind of database.
func steps(t *testing.T, s *dbserver.Server) {
	t.Run("SteppedIsFresh", func(t *testing.T) { steppedIsFresh(t, s) })
	t.Run("Refusals", func(t *testing.T) { refusals(t, s) })
	t.Run("KilledAmidAStep", func(t *testing.T) { killedUp(t, s) })
	t.Run("KilledWhileUndoing", func(t *testing.T) { killedDown(t, s) })
}

func steppedIsFresh(t *testing.T, s *dbserver.Server) {
	fresh := newPlace(t, s)
	if have, latest, err := sqlstore.SchemaVersion(t.Context(), fresh.c); err != nil || have != 0 || latest != fresh.own {
		t.Errorf("missing database: version %d of %d, %v; want 0 of %d", have, latest, err, fresh.own)
	}
	fresh.version(fresh.c, 0) // asking has not made it
	ahead := fresh.with(fresh.release(2))
	fresh.migrate(ahead, fresh.own+2)
	want := map[int64][]string{fresh.own + 2: fresh.schema()}

	stepped := newPlace(t, s)
	ahead = stepped.with(stepped.release(2))
	for v := int64(1); v <= stepped.own+2; v++ {
		stepped.migrate(ahead, v)
		if v == stepped.own {
			stepped.seed(stepped.c) // rows must not make a difference
			want[v] = stepped.schema()
		}
		if v == stepped.own+1 {
			want[v] = stepped.schema()
			stepped.notes("one step further")
		}
	}
	stepped.same("step by step", want[stepped.own+2])

	plain := newPlace(t, s)
	plain.seed(plain.c)
	plain.same("at once, to the own version", want[plain.own])
	one := plain.with(plain.release(1))
	plain.migrate(one, plain.own+1)
	plain.same("one step further", want[plain.own+1])
	plain.notes("one step further")
	plain.migrate(one, plain.own)
	plain.same("and back", want[plain.own])
	plain.seed0()
	plain.migrate(plain.c, 0)
	plain.seed(plain.c)
	plain.same("from nothing again", want[plain.own])
	if s == nil {
		copies, err := filepath.Glob(plain.c.Path + ".v*")
		if err != nil || len(copies) != 3 {
			t.Fatalf("copies: %q, %v; want 3", copies, err)
		}
		for _, c := range copies {
			intact(t, c)
		}
		upgraded := plain.with(plain.release(1))
		upgraded.Path = copies[slices.IndexFunc(copies, func(c string) bool {
			return strings.Contains(c, fmt.Sprintf(".v%d-", plain.own+1))
		})]
		plain.version(upgraded, plain.own+1)
	}
}

// seed0 makes sure that the seed is still there.
func (p place) seed0() {
	p.t.Helper()
	st, err := sqlstore.Open(p.t.Context(), p.c)
	if err != nil {
		p.t.Fatal(err)
	}
	defer st.Close()
	if _, err := st.Projects().Get(p.t.Context(), 1); err != nil {
		p.t.Error(err)
	}
}

func refusals(t *testing.T, s *dbserver.Server) {
	p := newPlace(t, s)
	two := p.with(p.release(2))
	p.migrate(two, p.own+2)
	before := p.schema()

	err := sqlstore.Migrate(t.Context(), two, p.own)
	var never *schema.IrreversibleError
	if !errors.As(err, &never) || never.Version != p.own+2 {
		t.Errorf("undo a step that cannot be undone: got %v, want an IrreversibleError of %d", err, p.own+2)
	}
	var newer *schema.TooNewError
	if _, err := sqlstore.Open(t.Context(), p.c); !errors.As(err, &newer) || newer.Have != p.own+2 || newer.Know != p.own {
		t.Errorf("open with an old program: got %v, want a TooNewError of %d", err, p.own+2)
	}
	for _, version := range []int64{0, p.own} {
		if err := sqlstore.Migrate(t.Context(), p.c, version); !errors.As(err, &newer) {
			t.Errorf("migrate to %d with an old program: got %v, want a TooNewError", version, err)
		}
	}
	for _, version := range []int64{-1, p.own + 3} {
		var none *schema.NoSuchVersionError
		if err := sqlstore.Migrate(t.Context(), two, version); !errors.As(err, &none) || none.Want != version || none.Latest != p.own+2 {
			t.Errorf("migrate to %d: got %v, want a NoSuchVersionError", version, err)
		}
	}
	p.same("after all refusals", before)
	p.version(two, p.own+2)
	if copies, err := filepath.Glob(p.c.Path + ".v*"); s == nil && (err != nil || len(copies) != 0) {
		t.Errorf("refusals made copies: %q, %v", copies, err)
	}
}

// stopping returns the steps with a statement before the n-th one of a section
// at which the child is killed; false when there are not as many.
func (p place) stopping(files fstest.MapFS, version int64, down bool, n int) (fstest.MapFS, bool) {
	p.t.Helper()
	statement := map[string]string{"sqlite": "select die();\n", "postgres": "select pg_sleep(3600);\n", "mysql": "do sleep(3600);\n"}[p.dialect]
	for name, file := range files {
		if !strings.HasPrefix(name, fmt.Sprintf("%05d_", version)) {
			continue
		}
		up, rest, _ := strings.Cut(string(file.Data), "-- +goose Down\n")
		section := &up
		if down {
			section = &rest
		}
		statements := strings.SplitAfter(*section, ";\n")
		if n >= len(statements) {
			return nil, false
		}
		// The first piece begins with the mark of the section.
		if n == 0 && !down {
			statements[0] = strings.Replace(statements[0], "-- +goose Up\n", "-- +goose Up\n"+statement, 1)
		} else {
			statements = slices.Insert(statements, n, statement)
		}
		*section = strings.Join(statements, "")
		files[name] = &fstest.MapFile{Data: []byte(up + "-- +goose Down\n" + rest)}
	}
	return files, true
}

func killedUp(t *testing.T, s *dbserver.Server) {
	fresh := newPlace(t, s)
	fresh.migrate(fresh.with(fresh.release(1)), fresh.own+1)
	want := fresh.schema()
	const many = 1000 // more than a step has statements
	kills := 0
	for version := int64(1); version <= fresh.own+1; version++ {
		points := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
		if version <= fresh.own {
			points = []int{0, 1, 11, 25, many}
		}
		for _, n := range points {
			p := newPlace(t, s)
			if version > p.own {
				p.seed(p.c)
			}
			files, ok := p.stopping(p.release(1), version, false, n)
			if !ok && n == many {
				last := 0
				for try := range many {
					if _, ok := p.stopping(p.release(1), version, false, try); !ok {
						break
					}
					last = try
				}
				files, ok = p.stopping(p.release(1), version, false, last)
			}
			if !ok {
				continue
			}
			p.kill(files, p.own+1)
			kills++
			what := fmt.Sprintf("killed at statement %d of step %d", n, version)
			good := p.with(p.release(1))
			if have, _, err := sqlstore.SchemaVersion(t.Context(), good); err != nil || have != version-1 {
				t.Errorf("%s: version %d, %v; want %d", what, have, err, version-1)
			}
			st, err := sqlstore.Open(t.Context(), good)
			if err != nil {
				t.Fatalf("%s: open: %v", what, err)
			}
			if version <= p.own {
				storetest.Seed(t, st)
			} else {
				p.notes(what)
			}
			if err := st.Close(); err != nil {
				t.Error(err)
			}
			p.same(what, want)
			if s == nil {
				intact(t, p.c.Path)
			}
		}
	}
	if kills < 9 {
		t.Errorf("there were only %d kills", kills)
	}
}

func killedDown(t *testing.T, s *dbserver.Server) {
	fresh := newPlace(t, s)
	fresh.migrate(fresh.c, fresh.own)
	low := fresh.schema()
	fresh.migrate(fresh.with(fresh.release(1)), fresh.own+1)
	high := fresh.schema()
	kills := 0
	for _, n := range []int{0, 1, 2, 3, 4} {
		p := newPlace(t, s)
		p.seed(p.c)
		good := p.with(p.release(1))
		p.migrate(good, p.own+1)
		files, ok := p.stopping(p.release(1), p.own+1, true, n)
		if !ok {
			continue
		}
		p.kill(files, p.own)
		kills++
		what := fmt.Sprintf("killed at statement %d of undoing", n)
		st, err := sqlstore.Open(t.Context(), good)
		if p.dialect == "mysql" {
			// What is gone is gone; nothing may start on the rest.
			var half *sqlstore.HalfUndoneError
			if !errors.As(err, &half) || half.To != p.own {
				t.Fatalf("%s: got %v, want a HalfUndoneError of %d", what, err, p.own)
			}
			if have, _, err := sqlstore.SchemaVersion(t.Context(), good); have != p.own+1 || !errors.As(err, &half) {
				t.Errorf("%s: version %d, %v; want %d and a HalfUndoneError", what, have, err, p.own+1)
			}
			if err := sqlstore.Migrate(t.Context(), good, p.own+1); !errors.As(err, &half) {
				t.Errorf("%s: up: got %v, want a HalfUndoneError", what, err)
			}
		} else {
			if err != nil {
				t.Fatalf("%s: open: %v", what, err)
			}
			if err := st.Close(); err != nil {
				t.Error(err)
			}
			p.same(what+", left there", high)
			p.notes(what + ", left there")
		}
		p.migrate(good, p.own)
		p.same(what+", gone on", low)
		p.seed0()
		p.migrate(good, p.own+1)
		p.same(what+", up again", high)
		p.notes(what + ", up again")
	}
	if kills < 4 {
		t.Errorf("there were only %d kills", kills)
	}
}

// migrateEnv hands a child what to migrate.
const migrateEnv = "SQLSTORE_TEST_MIGRATE"

type migration struct {
	Dialect, Path, Host, User, Name, Port, Steps string
	To                                           int64
}

// kill migrates in a child that is killed where the steps sleep or die.
func (p place) kill(files fstest.MapFS, to int64) {
	p.t.Helper()
	dir := p.t.TempDir()
	for name, file := range files {
		if err := os.WriteFile(filepath.Join(dir, name), file.Data, 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
	m := migration{Dialect: p.dialect, Path: p.c.Path, Host: p.c.Host, User: p.c.User, Name: p.c.Name, Steps: dir, To: to}
	if p.s != nil {
		m.Port = strconv.Itoa(p.s.Port)
	}
	text, err := json.Marshal(m)
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.CommandContext(p.t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), migrateEnv+"="+string(text))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	if p.s != nil {
		p.killAsleep(cmd)
	}
	err = cmd.Wait()
	var ended *exec.ExitError
	if !errors.As(err, &ended) {
		p.t.Fatalf("the child ended with %v", err)
	}
	if status, ok := ended.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		p.t.Fatalf("the child was not killed: %v", err)
	}
	if p.s != nil {
		p.endSleep()
	}
}

// asleep lists the connections that sleep in a step.
func (p place) asleep() []int64 {
	query := "select id from information_schema.processlist where db = ? and info like 'do sleep%'"
	if p.dialect == "postgres" {
		query = "select pid from pg_stat_activity where datname = $1 and query like 'select pg_sleep%' and state = 'active'"
	}
	db := behind(p.t, p.s, "")
	defer db.Close()
	rows, err := db.QueryContext(p.t.Context(), query, p.c.Name)
	if err != nil {
		return nil
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if rows.Scan(&id) == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

func (p place) killAsleep(cmd *exec.Cmd) {
	p.t.Helper()
	testkit.Eventually(p.t, "the step to get to its stop", func() bool { return len(p.asleep()) > 0 })
	if err := cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
}

// endSleep stands for the next thing a server does: it finds its client gone.
// While it sleeps it does not look.
func (p place) endSleep() {
	p.t.Helper()
	db := behind(p.t, p.s, "")
	defer db.Close()
	for _, id := range p.asleep() {
		query := fmt.Sprintf("kill %d", id)
		if p.dialect == "postgres" {
			query = fmt.Sprintf("select pg_terminate_backend(%d)", id)
		}
		exec1(p.t, db, query)
	}
	testkit.Eventually(p.t, "the server to drop the connection", func() bool { return len(p.asleep()) == 0 })
}

// migrateUntilKilled is the child.
func migrateUntilKilled(text string) error {
	var m migration
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return err
	}
	c := sqlstore.Config{Dialect: m.Dialect, Path: m.Path, Host: m.Host, User: m.User, Name: m.Name}
	if m.Dialect == "postgres" {
		c.Options = map[string]string{"port": m.Port}
	}
	sqlite.MustRegisterScalarFunction("die", 0, func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // until it arrives
	})
	return sqlstore.Migrate(context.Background(), sqlstore.WithSteps(c, os.DirFS(m.Steps)), m.To)
}
