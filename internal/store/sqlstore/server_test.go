package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/schema"
	"signalbox/internal/store/sqlstore"
	"signalbox/internal/store/sqlstore/dialect"
	"signalbox/internal/store/storetest"
	"signalbox/internal/testkit"
	"signalbox/internal/testkit/dbserver"
)

func TestPostgres(t *testing.T) {
	t.Parallel()
	onServer(t, dbserver.Postgres(t))
}

func TestMySQL(t *testing.T) {
	t.Parallel()
	onServer(t, dbserver.MySQL(t))
}

// onServer runs all tests of an engine on one server, each in a database of its
// own.
func onServer(t *testing.T, s *dbserver.Server) {
	t.Run("Conformance", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) store.Store { return openOn(t, serverConfig(s)) })
	})
	// Those below may change or stop the server.
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s *dbserver.Server)
	}{
		{"ManyAtOnceMigrateOnce", manyAtOnce},
		{"Steps", func(t *testing.T, s *dbserver.Server) { steps(t, s) }},
		{"NewerSchemaIsRefused", newerSchema},
		{"ForeignDatabaseIsRefused", foreign},
		{"SignIn", signIn},
		{"OddNames", oddNames},
		{"Unreachable", unreachable},
		{"TooLarge", tooLarge},
		{"CutConnections", cutConnections},
		{"ServerGoesAndComesBack", goesAndComesBack},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, s) })
	}
}

func serverConfig(s *dbserver.Server) sqlstore.Config {
	c := sqlstore.Config{Dialect: s.Dialect, Host: s.Socket, User: s.User, Name: s.NewName()}
	if s.Dialect == "postgres" {
		c.Options = map[string]string{"port": strconv.Itoa(s.Port)}
	}
	return c
}

func openOn(t testing.TB, c sqlstore.Config) *sqlstore.Store {
	t.Helper()
	st, err := sqlstore.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

// behind opens a database of the server behind the store's back; "" for the one
// that is always there.
func behind(t testing.TB, s *dbserver.Server, name string) *sql.DB {
	t.Helper()
	var db *sql.DB
	if s.Dialect == "postgres" {
		if name == "" {
			name = "postgres"
		}
		config, err := pgx.ParseConfig(fmt.Sprintf("host='%s' port=%d user=%s dbname='%s'", s.Socket, s.Port, s.User, name))
		if err != nil {
			t.Fatal(err)
		}
		db = stdlib.OpenDB(*config)
	} else {
		config := mysql.NewConfig()
		config.User, config.Net, config.Addr, config.DBName = s.User, "unix", s.Socket, name
		config.Params = map[string]string{"sql_mode": "'ANSI_QUOTES'"}
		connector, err := mysql.NewConnector(config)
		if err != nil {
			t.Fatal(err)
		}
		db = sql.OpenDB(connector)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func manyAtOnce(t *testing.T, s *dbserver.Server) {
	for range 5 { // the order in which they come differs
		manyAtOnce1(t, s)
	}
}

func manyAtOnce1(t *testing.T, s *dbserver.Server) {
	t.Helper()
	c := serverConfig(s)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			st, err := sqlstore.Open(t.Context(), c)
			if err != nil {
				t.Error(err)
				return
			}
			defer st.Close()
			if err := st.Ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var steps int
	err := behind(t, s, c.Name).QueryRowContext(t.Context(), "select count(*) from goose_db_version where version_id > 0").Scan(&steps)
	if err != nil || steps != 1 {
		t.Errorf("%d steps are recorded (%v), want 1", steps, err)
	}
}

func newerSchema(t *testing.T, s *dbserver.Server) {
	c := serverConfig(s)
	openOn(t, c)
	exec1(t, behind(t, s, c.Name), "insert into goose_db_version (version_id, is_applied) values (9999, true)")
	_, err := sqlstore.Open(t.Context(), c)
	var newer *schema.TooNewError
	if !errors.As(err, &newer) || newer.Have != 9999 {
		t.Errorf("got %v, want a TooNewError of version 9999", err)
	}
}

func foreign(t *testing.T, s *dbserver.Server) {
	c := serverConfig(s)
	exec1(t, behind(t, s, ""), `create database "`+c.Name+`"`)
	exec1(t, behind(t, s, c.Name), "create table migrations (version varchar(10))")
	if _, err := sqlstore.Open(t.Context(), c); !errors.Is(err, sqlstore.ErrForeign) {
		t.Errorf("got %v, want %v", err, sqlstore.ErrForeign)
	}
}

// signIn goes over TCP with a user who may do little, and whose password has
// every character that somebody may forget to escape.
func signIn(t *testing.T, s *dbserver.Server) {
	const password = `p@ss'w\o"rd: /?#%&=+ ` + "ü"
	admin := behind(t, s, "")
	c := sqlstore.Config{Dialect: s.Dialect, Host: s.Address(), User: "al's ci", Password: password, Name: s.NewName()}
	if s.Dialect == "postgres" {
		exec1(t, admin, `create role "al's ci" login password '`+strings.ReplaceAll(password, "'", "''")+"'")
		c.Options = map[string]string{"sslmode": "disable"}
	} else {
		exec1(t, admin, "create user \"al's ci\"@'127.0.0.1' identified by '"+strings.NewReplacer("'", "''", `\`, `\\`).Replace(password)+"'")
	}
	_, err := sqlstore.Open(t.Context(), c)
	var missing *dialect.MissingError
	if !errors.As(err, &missing) || missing.Name != c.Name {
		t.Errorf("a database that may not be created: got %v, want a MissingError", err)
	}
	if s.Dialect == "postgres" {
		exec1(t, admin, `alter role "al's ci" createdb`)
	} else {
		exec1(t, admin, `grant all on *.* to "al's ci"@'127.0.0.1'`)
	}
	storetest.Seed(t, openOn(t, c))

	c.Password = "wrong"
	_, err = sqlstore.Open(t.Context(), c)
	var login *dialect.LoginError
	if !errors.As(err, &login) || login.User != c.User {
		t.Errorf("a wrong password: got %v, want a LoginError", err)
	}
	if errors.Is(err, store.ErrUnavailable) {
		t.Error("a wrong password passes for a server that is away")
	}
}

func oddNames(t *testing.T, s *dbserver.Server) {
	c := serverConfig(s)
	c.Name = `Ci's "build" db?&=%-` + "ü"
	storetest.Seed(t, openOn(t, c))
	if s.Dialect == "mysql" {
		return
	}
	c.Options = map[string]string{"port": strconv.Itoa(s.Port), "search path": "x"}
	if _, err := sqlstore.Open(t.Context(), c); err == nil {
		t.Error("an option with a blank in its name was accepted")
	}
}

func unreachable(t *testing.T, s *dbserver.Server) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c := serverConfig(s)
	c.Options = nil
	for _, host := range []string{l.Addr().String(), "/nowhere/s", "no-such-host.invalid"} {
		c.Host = host
		if _, err := sqlstore.Open(t.Context(), c); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: got %v, want %v", host, err, store.ErrUnavailable)
		}
	}
	c.Host = ""
	if _, err := sqlstore.Open(t.Context(), c); err == nil || errors.Is(err, store.ErrUnavailable) {
		t.Errorf("without a host: %v", err)
	}
}

func tooLarge(t *testing.T, s *dbserver.Server) {
	if s.Dialect == "mysql" {
		admin := behind(t, s, "")
		exec1(t, admin, "set global max_allowed_packet = 4194304") // for new connections
		defer exec1(t, admin, "set global max_allowed_packet = 67108864")
	}
	st := openOn(t, serverConfig(s))
	w := storetest.Seed(t, st)
	ctx := t.Context()
	create := func(size int) error {
		return st.VariableGroups().Create(ctx, &domain.VariableGroup{ProjectID: w.Project.ID, Name: "x", JSON: strings.Repeat("x", size)})
	}
	if err := create(2 << 20); err != nil {
		t.Errorf("2 MiB: %v", err)
	}
	if s.Dialect == "postgres" {
		// The keys of indexes are what is bounded here.
		err := st.Views().Create(ctx, &domain.View{ProjectID: w.Project.ID, Title: strings.Repeat("x", 1<<20)})
		if err != nil {
			t.Errorf("a title of 1 MiB: %v", err)
		}
		var random strings.Builder
		for i := range 20_000 {
			fmt.Fprintf(&random, "%x", i*i*i)
		}
		err = st.Projects().Create(ctx, &domain.Project{Name: random.String()})
		if !errors.Is(err, store.ErrTooLarge) {
			t.Errorf("a name longer than an index takes: got %v, want %v", err, store.ErrTooLarge)
		}
		return
	}
	if err := create(8 << 20); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("8 MiB: got %v, want %v", err, store.ErrTooLarge)
	}
	if err := create(10); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// cutConnections ends connections that rest: nobody notices.
func cutConnections(t *testing.T, s *dbserver.Server) {
	c := serverConfig(s)
	st := openOn(t, c)
	w := storetest.Seed(t, st)
	admin := behind(t, s, "")
	for range 3 {
		if s.Dialect == "postgres" {
			exec1(t, admin, "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", c.Name)
		} else {
			rows, err := admin.QueryContext(t.Context(), "select id from information_schema.processlist where db = ?", c.Name)
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for rows.Next() {
				var id string
				if err := rows.Scan(&id); err != nil {
					t.Fatal(err)
				}
				ids = append(ids, id)
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				t.Fatal(err)
			}
			for _, id := range ids {
				exec1(t, admin, "kill "+id)
			}
		}
		testkit.Eventually(t, "the connections to be gone", func() bool {
			query := "select count(*) from information_schema.processlist where db = ?"
			if s.Dialect == "postgres" {
				query = "select count(*) from pg_stat_activity where datname = $1"
			}
			var n int
			return admin.QueryRowContext(t.Context(), query, c.Name).Scan(&n) == nil && n == 0
		})
		if _, err := st.Projects().Get(t.Context(), w.Project.ID); err != nil {
			t.Errorf("read: %v", err)
		}
		if err := st.Views().Create(t.Context(), &domain.View{ProjectID: w.Project.ID}); err != nil {
			t.Errorf("write: %v", err)
		}
	}
}

func goesAndComesBack(t *testing.T, s *dbserver.Server) {
	st := openOn(t, serverConfig(s))
	w := storetest.Seed(t, st)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	// What was acknowledged must be there afterwards, whatever happened to it.
	var mu sync.Mutex
	var acknowledged []domain.ViewID
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				v := domain.View{ProjectID: w.Project.ID, Title: "load"}
				err := st.Views().Create(ctx, &v)
				if err == nil {
					mu.Lock()
					acknowledged = append(acknowledged, v.ID)
					mu.Unlock()
				} else if !errors.Is(err, store.ErrUnavailable) {
					t.Errorf("create meanwhile: got %v, want %v", err, store.ErrUnavailable)
					return
				} else {
					time.Sleep(time.Millisecond) // not a wait, only less noise
				}
			}
		})
	}
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(acknowledged)
	}
	for range 2 {
		before := count()
		testkit.Eventually(t, "work", func() bool { return count() > before+20 })
		s.Stop()
		if err := st.Ping(ctx); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("ping: got %v, want %v", err, store.ErrUnavailable)
		}
		if _, err := st.Projects().Get(ctx, w.Project.ID); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("get: got %v, want %v", err, store.ErrUnavailable)
		}
		s.Start()
		testkit.Eventually(t, "the store to be back", func() bool { return st.Ping(ctx) == nil })
	}
	before := count()
	testkit.Eventually(t, "work again", func() bool { return count() > before+20 })
	close(stop)
	wg.Wait()
	there := map[domain.ViewID]bool{}
	list, err := st.Views().List(ctx, store.Where(store.InProject(w.Project.ID)))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range list {
		there[v.ID] = true
	}
	for _, id := range acknowledged {
		if !there[id] {
			t.Errorf("view %d was acknowledged and is gone", id)
		}
	}
	t.Logf("%d views created, %d stored", len(acknowledged), len(list)-1)
}
