package sqlstore_test

import (
	"strconv"
	"testing"

	"signalbox/internal/store"
	"signalbox/internal/store/sqlstore"
	"signalbox/internal/store/storetest"
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
}

func serverConfig(s *dbserver.Server) sqlstore.Config {
	c := sqlstore.Config{Dialect: s.Dialect, Host: s.Socket, User: s.User, Name: s.NewName()}
	if s.Dialect == "postgres" {
		c.Options = map[string]string{"port": portOf(s)}
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

func portOf(s *dbserver.Server) string { return strconv.Itoa(s.Port) }
