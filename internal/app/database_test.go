package app_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"signalbox/internal/app"
	"signalbox/internal/cli"
	"signalbox/internal/testkit/dbserver"
)

// The password has every character that somebody may forget to escape, and none
// that ends a word, so that no part of it can hide in a message.
const (
	dbUser     = "ci"
	dbPassword = `Hunter2/x?y#z%25@'w\o"rd:&=+;`
)

// machine runs commands on one data directory.
type machine struct {
	t   *testing.T
	dir string
}

// run returns the exit code and both outputs. Whatever is wrong, neither shows a
// password.
func (m machine) run(settings []string, command string) (code int, out, errs string) {
	m.t.Helper()
	var stdout, stderr bytes.Buffer
	env := append([]string{"HOME=/nowhere", "SIGNALBOX_DATA_DIR=" + m.dir}, settings...)
	code = cli.Execute(m.t.Context(), cli.Env{
		Args: append([]string{"signalbox"}, strings.Fields(command+" --no-config")...), Stdin: strings.NewReader(""),
		Stdout: &stdout, Stderr: &stderr, Environ: env, Version: "1",
	}, app.New("1"))
	for _, secret := range []string{"Hunter2", "z%25", `w\o"rd`, url.QueryEscape(dbPassword), url.PathEscape(dbPassword)} {
		if strings.Contains(stdout.String()+stderr.String(), secret) {
			m.t.Errorf("%s shows the password: %s%s", command, stdout.String(), stderr.String())
		}
	}
	return code, stdout.String(), stderr.String()
}

// want runs a command and checks the exit code and what it says.
func (m machine) want(name string, settings []string, command string, code int, says string) {
	m.t.Helper()
	got, out, errs := m.run(settings, command)
	if got != code || !strings.Contains(out+errs, says) {
		m.t.Errorf("%s: %s: exit code %d, want %d with %q; it says:\n%s%s", name, command, got, code, says, out, errs)
	}
}

// settings are the variables of a configuration.
func settings(pairs ...string) []string {
	var list []string
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, "SIGNALBOX_DB_"+pairs[i]+"="+pairs[i+1])
	}
	return list
}

func admin(t *testing.T, s *dbserver.Server, name string) *sql.DB {
	t.Helper()
	var db *sql.DB
	if s.Dialect == "postgres" {
		config, err := pgx.ParseConfig(fmt.Sprintf("host='%s' port=%d user=%s dbname='%s'", s.Socket, s.Port, s.User, name))
		if err != nil {
			t.Fatal(err)
		}
		db = stdlib.OpenDB(*config)
	} else {
		config := mysql.NewConfig()
		config.User, config.Net, config.Addr = s.User, "unix", s.Socket
		if name != "postgres" {
			config.DBName = name
		}
		connector, err := mysql.NewConnector(config)
		if err != nil {
			t.Fatal(err)
		}
		db = sql.OpenDB(connector)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func must(t *testing.T, db *sql.DB, queries ...string) {
	t.Helper()
	for _, q := range queries {
		if _, err := db.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

// dsn returns the connection string of a database, over TCP or the socket.
func dsn(s *dbserver.Server, password, name, options string, socket bool) string {
	if s.Dialect == "mysql" {
		at := "tcp(" + s.Address() + ")"
		if socket {
			at = "unix(" + s.Socket + ")"
		}
		return dbUser + ":" + password + "@" + at + "/" + name + "?" + options
	}
	if socket {
		return fmt.Sprintf(`host='%s' port=%d user=%s password='%s' dbname=%s %s`, s.Socket, s.Port, dbUser,
			strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(password), name, strings.ReplaceAll(options, "&", " "))
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword(dbUser, password), Host: s.Address(), Path: "/" + name, RawQuery: options}
	return u.String()
}

func parts(s *dbserver.Server, more ...string) []string {
	return append(settings("DIALECT", s.Dialect, "HOST", s.Address(), "USER", dbUser, "PASS", dbPassword), settings(more...)...)
}

func TestPostgres_Connections(t *testing.T) {
	t.Parallel()
	s := dbserver.Postgres(t)
	db := admin(t, s, "postgres")
	must(t, db, "create role ci login createdb password '"+strings.ReplaceAll(dbPassword, "'", "''")+"'",
		"create role poor login password 'Hunter2'")
	connections(t, s, db)
	m := machine{t, t.TempDir()}
	m.want("wrong sslmode", parts(s, "NAME", "x", "OPTIONS", `{"sslmode":"yes"}`), "config check", 2, "postgres.options: sslmode is not one of")
	m.want("wrong sslmode", settings("DIALECT", "postgres", "DSN", "postgres://ci:Hunter2@db/x?sslmode=yes"), "config check", 2, "postgres.dsn: sslmode is not one of")
	m.want("no file", parts(s, "NAME", "x", "OPTIONS", `{"sslmode":"verify-ca","sslrootcert":"/none/ca.pem"}`), "migrate status", 2, "/none/ca.pem cannot be read")

	// A server of old says so by a function, which another schema can hide.
	must(t, admin(t, s, "parts"), "create schema old",
		`create function old.current_setting(name text) returns text language sql as
			$$ select case name when 'server_version_num' then '120017' when 'server_version' then '12.17 (Debian 12.17-1.pgdg120+1)' else 'UTF8' end $$`,
		"grant usage on schema old to ci")
	for _, command := range []string{"migrate status", "migrate up", "user list", "serve"} {
		m.want("too old", parts(s, "NAME", "parts", "OPTIONS", `{"search_path":"old,pg_catalog,public"}`), command, 3,
			"the server is PostgreSQL 12.17 (Debian 12.17-1.pgdg120+1); this program needs PostgreSQL 13 or newer")
	}

	good, other := dbserver.NewCertificate(t), dbserver.NewCertificate(t)
	s.Stop()
	s.Args = []string{"-c", "ssl=on", "-c", "ssl_cert_file=" + good.Cert, "-c", "ssl_key_file=" + good.Key, "-c", "ssl_ca_file=" + good.CA}
	s.Start()
	tls := func(mode, ca string) string {
		return fmt.Sprintf(`{"sslmode":%q,"sslrootcert":%q}`, mode, ca)
	}
	m.want("right authority", parts(s, "NAME", "parts", "OPTIONS", tls("verify-full", good.CA)), "user list", 0, "")
	m.want("right authority", settings("DIALECT", "postgres", "DSN", dsn(s, dbPassword, "parts", "sslmode=verify-full&sslrootcert="+good.CA, false)), "user list", 0, "")
	m.want("no authority", parts(s, "NAME", "parts", "OPTIONS", `{"sslmode":"require"}`), "user list", 0, "")
	m.want("wrong authority", parts(s, "NAME", "parts", "OPTIONS", tls("verify-full", other.CA)), "user list", 3, "not signed by an authority that the settings trust")
	m.want("wrong authority", parts(s, "NAME", "parts", "OPTIONS", tls("verify-ca", other.CA)), "user list", 3, "not signed by an authority that the settings trust")
	wrongName := append(parts(s, "NAME", "parts", "OPTIONS", tls("verify-full", good.CA)), "SIGNALBOX_DB_HOST=localhost:"+strconv.Itoa(s.Port))
	m.want("wrong name", wrongName, "user list", 3, "the certificate of the server is for another name")
	wrongName = append(parts(s, "NAME", "parts", "OPTIONS", tls("verify-ca", good.CA)), "SIGNALBOX_DB_HOST=localhost:"+strconv.Itoa(s.Port))
	m.want("any name", wrongName, "user list", 0, "")
	var encrypted bool
	if err := admin(t, s, "parts").QueryRowContext(t.Context(), "select ssl from pg_stat_ssl where pid = pg_backend_pid()").Scan(&encrypted); err != nil || encrypted {
		t.Errorf("the socket is encrypted: %v, %v", encrypted, err)
	}
}

func TestMySQL_Connections(t *testing.T) {
	t.Parallel()
	s := dbserver.MySQL(t, "--skip-ssl")
	db := admin(t, s, "postgres")
	quoted := strings.NewReplacer("'", "''", `\`, `\\`).Replace(dbPassword)
	for _, host := range []string{"127.0.0.1", "localhost"} {
		must(t, db, "create user ci@'"+host+"' identified by '"+quoted+"'", "grant all on *.* to ci@'"+host+"'",
			"create user poor@'"+host+"' identified by 'Hunter2'")
	}
	connections(t, s, db)
	m := machine{t, t.TempDir()}
	u := url.URL{Scheme: "mysql", User: url.UserPassword(dbUser, dbPassword), Host: s.Address(), Path: "/parts"}
	m.want("URL", settings("DIALECT", "mysql", "DSN", u.String()), "user list", 0, "")
	for _, c := range []struct{ options, says string }{
		{`{"tls":"yes"}`, "tls is not one of"},
		{`{"tls":"custom","tls_ca":"/none/ca.pem"}`, "/none/ca.pem"},
		{`{"tls":"skip-verify","tls_ca":"/none/ca.pem"}`, "use tls=custom"},
		{`{"tls":"false","tls_ca":"/none/ca.pem"}`, "use tls=custom"},
		{`{"tls_cert":"/none/c.pem"}`, "given together"},
		{`{"tls_chain":"/none/c.pem"}`, "there is no option tls_chain"},
		{`{"timeout":"Hunter2"}`, "the value of timeout cannot be used"},
	} {
		m.want("options", parts(s, "NAME", "x", "OPTIONS", c.options), "config check", 2, c.says)
		m.want("options", parts(s, "NAME", "x", "OPTIONS", c.options), "user list", 2, c.says)
	}

	good, other := dbserver.NewCertificate(t), dbserver.NewCertificate(t)
	s.Stop()
	s.Args = []string{"--ssl-cert=" + good.Cert, "--ssl-key=" + good.Key, "--ssl-ca=" + good.CA, "--require-secure-transport=on"}
	s.Start()
	custom := func(ca string) string { return fmt.Sprintf(`{"tls":"custom","tls_ca":%q}`, ca) }
	m.want("right authority", parts(s, "NAME", "parts", "OPTIONS", custom(good.CA)), "user list", 0, "")
	m.want("right authority", settings("DIALECT", "mysql", "DSN", dsn(s, dbPassword, "parts", "tls=custom&tls_ca="+url.QueryEscape(good.CA), false)), "user list", 0, "")
	m.want("no authority", parts(s, "NAME", "parts", "OPTIONS", `{"tls":"skip-verify"}`), "user list", 0, "")
	m.want("wrong authority", parts(s, "NAME", "parts", "OPTIONS", custom(other.CA)), "user list", 3, "not signed by an authority that the settings trust")
	m.want("authorities of the system", parts(s, "NAME", "parts", "OPTIONS", `{"tls":"true"}`), "user list", 3, "not signed by an authority that the settings trust")
	m.want("plain", parts(s, "NAME", "parts"), "user list", 3, "without encryption (option tls)")
	local := "SIGNALBOX_DB_HOST=localhost:" + strconv.Itoa(s.Port)
	m.want("wrong name", append(parts(s, "NAME", "parts", "OPTIONS", custom(good.CA)), local), "user list", 3, "the certificate of the server is for another name")
	m.want("expected name", append(parts(s, "NAME", "parts", "OPTIONS", fmt.Sprintf(`{"tls_ca":%q,"tls_server_name":"127.0.0.1"}`, good.CA)), local), "user list", 0, "")
	must(t, admin(t, s, "postgres"), "alter user ci@'127.0.0.1' require x509", "alter user ci@'localhost' require x509")
	m.want("no certificate", parts(s, "NAME", "parts", "OPTIONS", custom(good.CA)), "user list", 3, "refuses user")
	m.want("certificate", parts(s, "NAME", "parts", "OPTIONS",
		fmt.Sprintf(`{"tls":"custom","tls_ca":%q,"tls_cert":%q,"tls_key":%q}`, good.CA, good.Cert, good.Key)), "user list", 0, "")
	must(t, admin(t, s, "postgres"), "alter user ci@'127.0.0.1' require none", "alter user ci@'localhost' require none")

	for version, says := range map[string]string{
		"10.5.23-MariaDB-1:10.5.23+maria~ubu2004": "the server is MariaDB 10.5.23-MariaDB-1:10.5.23+maria~ubu2004; this program needs MariaDB 10.6 or newer",
		"5.7.44-log": "the server is MySQL 5.7.44-log; this program needs MySQL 8.0.17 or newer",
	} {
		s.Stop()
		s.Args = []string{"--version=" + version}
		s.Start()
		for _, command := range []string{"migrate status", "migrate up", "user list", "serve"} {
			m.want("too old", parts(s, "NAME", "parts"), command, 3, says)
		}
	}
}

// connections is what holds on both kinds of servers.
func connections(t *testing.T, s *dbserver.Server, db *sql.DB) {
	t.Helper()
	m := machine{t, t.TempDir()}
	count := func(name string) (n int) {
		t.Helper()
		query := "select count(*) from information_schema.schemata where schema_name = '" + name + "'"
		if s.Dialect == "postgres" {
			query = "select count(*) from pg_database where datname = '" + name + "'"
		}
		if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	_, status, _ := m.run(parts(s, "NAME", "parts"), "migrate status")
	if !strings.Contains(status, "version 0 of ") || count("parts") != 0 {
		t.Errorf("status of a missing database: %q; there are %d", status, count("parts"))
	}
	_, tail, _ := strings.Cut(status, " of ")
	latest, _, _ := strings.Cut(tail, ":")

	// Ways to name the database.
	passFile, dsnFile := filepath.Join(t.TempDir(), "pass"), filepath.Join(t.TempDir(), "dsn")
	for file, text := range map[string]string{passFile: dbPassword, dsnFile: dsn(s, dbPassword, "in_file", "", false)} {
		if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	socket := []string{"HOST", s.Socket}
	if s.Dialect == "postgres" {
		socket = append(socket, "PORT", strconv.Itoa(s.Port), "OPTIONS", fmt.Sprintf(`{"port":"%d"}`, s.Port))
	}
	for name, set := range map[string][]string{
		"parts":   parts(s, "NAME", "parts"),
		"files":   slices.Concat(settings("DIALECT", s.Dialect, "HOST", s.Address(), "USER", dbUser, "PASS_FILE", passFile, "NAME", "files")),
		"socket":  append(settings("DIALECT", s.Dialect, "USER", dbUser, "PASS", dbPassword, "NAME", "socket"), settings(socket...)...),
		"dsn":     settings("DIALECT", s.Dialect, "DSN", dsn(s, dbPassword, "dsn", "", false)),
		"dsnsock": settings("DIALECT", s.Dialect, "DSN", dsn(s, dbPassword, "dsnsock", "", true)),
		"in_file": settings("DIALECT", s.Dialect, "DSN_FILE", dsnFile),
		"bounded": parts(s, "NAME", "bounded", "MAX_OPEN_CONNS", "4", "MAX_IDLE_CONNS", "0", "CONN_MAX_LIFETIME", "1s"),
	} {
		m.want(name, set, "user add --external --login ann --name Ann --email ann@example.org", 0, "User ann")
		m.want(name, set, "user list", 0, "ann")
		m.want(name, set, "migrate status", 0, "version "+latest+" of "+latest+": up to date")
		m.want(name, set, "config check", 0, "good")
		m.want(name, set, "config show", 0, s.Dialect+".host")
		if count(name) != 1 {
			t.Errorf("%s: there are %d databases of that name", name, count(name))
		}
	}

	// Down and up again.
	bounded := parts(s, "NAME", "bounded", "MAX_OPEN_CONNS", "4", "MAX_IDLE_CONNS", "0")
	m.want("without yes", bounded, "migrate down --to 0", 2, "drops all data of the database; say --yes")
	m.want("nothing lost", bounded, "user list", 0, "ann")
	m.want("down", bounded, "migrate down --to 0 --yes", 0, "The database has version 0 of "+latest)
	byHand := append(slices.Clone(bounded), "SIGNALBOX_AUTO_MIGRATE=false")
	m.want("by hand", byHand, "serve", 3, `the database has no tables yet: run "signalbox migrate up"`)
	m.want("by hand", bounded, "serve --auto-migrate=false", 3, `run "signalbox migrate up"`)
	m.want("by hand", byHand, "user list", 3, `run "signalbox migrate up"`)
	m.want("by hand", byHand, "migrate status", 0, "there are no tables yet")
	m.want("up", byHand, "migrate up", 0, "The database has version "+latest)
	if _, out, errs := m.run(byHand, "user list"); out != "" || errs != "" {
		t.Errorf("users after down and up: %s%s", out, errs)
	}
	m.want("no such version", bounded, "migrate up --to 9999", 2, "there is no version 9999")

	// A newer program was here.
	must(t, admin(t, s, "bounded"), "insert into goose_db_version (version_id, is_applied) values (9999, true)")
	for _, command := range []string{"migrate up", "migrate down --to 0 --yes", "user list", "serve", "serve --auto-migrate=false"} {
		m.want("newer", bounded, command, 3, "its schema has version 9999, this program knows up to "+latest)
	}
	m.want("newer", bounded, "migrate status", 3, "newer than this program")

	// A user who may look at a database and change nothing.
	must(t, db, "create database walled")
	walled := append(parts(s, "NAME", "walled"), "SIGNALBOX_DB_USER=poor", "SIGNALBOX_DB_PASS=Hunter2")
	if s.Dialect == "postgres" {
		must(t, admin(t, s, "walled"), "revoke create on schema public from public")
	} else {
		must(t, db, "grant select on walled.* to poor@'127.0.0.1'", "grant select on walled.* to poor@'localhost'")
	}
	for _, command := range []string{"user list", "migrate up", "serve"} {
		m.want("no rights", walled, command, 3, `user "poor" may not do what is needed; grant it all rights on the database "walled"`)
	}

	// What may be wrong.
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		set  []string
		code int
		says string
	}{
		{"wrong password", append(parts(s, "NAME", "parts"), "SIGNALBOX_DB_PASS=Hunter2"), 3, `the server refuses user "ci"; check user and password`},
		{"wrong password", settings("DIALECT", s.Dialect, "DSN", dsn(s, "Hunter2", "parts", "", false)), 3, `the server refuses user "ci"; check user and password`},
		{"no such user", append(parts(s, "NAME", "parts"), "SIGNALBOX_DB_USER=nobody"), 3, `the server refuses user "nobody"`},
		{"nobody listens", append(parts(s, "NAME", "parts"), "SIGNALBOX_DB_HOST="+closed.Addr().String()), 3, "connection refused"},
		{"no such host", append(parts(s, "NAME", "parts"), "SIGNALBOX_DB_HOST=no-such-host.invalid"), 3, "no-such-host.invalid"},
		{"no such socket", append(parts(s, "NAME", "parts"), "SIGNALBOX_DB_HOST=/nowhere/socket"), 3, "/nowhere/socket"},
		{"may not create", append(parts(s, "NAME", "missing"), "SIGNALBOX_DB_USER=poor", "SIGNALBOX_DB_PASS=Hunter2"), 3,
			`there is no database "missing" that user "poor" may use, and the user may not create it`},
		{"wrong port", append(parts(s, "NAME", "parts"), "SIGNALBOX_DB_HOST=127.0.0.1:http:1"), 2, s.Dialect + ".host"},
		{"password not escaped", settings("DIALECT", s.Dialect, "DSN", "postgres://ci:Hunter2/x@db/name"), 2, s.Dialect + ".dsn: it is neither"},
		{"password not escaped", settings("DIALECT", s.Dialect, "DSN", "mysql://ci:Hunter2#x@db/name"), 2, s.Dialect + ".dsn: it is neither"},
		{"password only", settings("DIALECT", s.Dialect, "DSN", "Hunter2"), 2, s.Dialect + ".dsn: it is neither"},
		{"no name", settings("DIALECT", s.Dialect, "DSN", dsn(s, dbPassword, "", "", false)), 2, s.Dialect + ".dsn: it names no database"},
	} {
		m.want(c.name, c.set, "user list", c.code, c.says)
		if c.code == 2 {
			m.want(c.name, c.set, "config check", 2, c.says)
			m.want(c.name, c.set, "migrate status", 2, c.says)
		}
	}
	plain := map[string]string{"postgres": `{"sslmode":"require"}`, "mysql": `{"tls":"skip-verify"}`}[s.Dialect]
	m.want("plain server", parts(s, "NAME", "parts", "OPTIONS", plain), "user list", 3, "the settings want an encrypted connection, and the server offers none")
}
