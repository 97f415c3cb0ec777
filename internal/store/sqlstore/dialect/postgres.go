package dialect

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Keys of the locks that servers on one database share. The numbers mean
// nothing but must never change.
const (
	pgWriteLock   = 5371000101
	pgQueueLock   = 5371000102
	pgMigrateLock = 5371000103
)

// Postgres is PostgreSQL from version 13 on.
//
// Transactions read what is committed and lock the rows they change. Those of
// many steps exclude all other writers by a lock of their own, so that none has
// to be given up and run again.
func Postgres(migrations fs.FS) *Dialect {
	return &Dialect{
		Name:       "postgres",
		Goose:      "postgres",
		Migrations: migrations,
		Resolve:    resolvePostgres,
		Open:       openPostgres,
		Classify:   classifyPostgres,
		Numbered:   true,
		Returning:  true,
		EscapeText: true,
		ForUpdate:  " for update",
		LockShared: fmt.Sprintf("select pg_advisory_xact_lock_shared(%d)", pgWriteLock),
		LockAll:    fmt.Sprintf("select pg_advisory_xact_lock(%d)", pgWriteLock),
		LockQueue:  fmt.Sprintf("select pg_advisory_xact_lock(%d)", pgQueueLock),
		UseIndex:   func(string) string { return "" },
		Upsert: func(table, key, value, change string) string {
			if change == "" {
				change = "excluded." + value
			}
			return insertOrUpdate(table, key, value) + fmt.Sprintf(" on conflict (%s) do update set %s = %s", key, value, change)
		},
		HasTables:  "select count(*) from information_schema.tables where table_schema = current_schema()",
		TableNamed: "select count(*) from information_schema.tables where table_schema = current_schema() and table_name = $1",
		Lock:       lockPostgres,
		Sequence:   postgresSequence(),
	}
}

func openPostgres(ctx context.Context, c Config) (Pools, error) {
	config, err := postgresConfig(c)
	if err != nil {
		return Pools{}, err
	}
	connector := stdlib.GetConnector(*config, stdlib.OptionShouldPing(doubtful))
	p, err := serverPools(ctx, connector, c.Bounds)
	err = postgresEncryption(err)
	if pgCode(err) == "3D000" {
		if c.KeepOut {
			return Pools{}, &MissingError{Name: c.Name, User: c.User, Cause: err}
		}
		if err := createPostgres(ctx, config); err != nil {
			return Pools{}, &MissingError{Name: c.Name, User: c.User, Cause: err}
		}
		p, err = serverPools(ctx, connector, c.Bounds)
	}
	if code := pgCode(err); strings.HasPrefix(code, "28") {
		return Pools{}, &LoginError{User: c.User, Cause: err}
	}
	if err != nil {
		return Pools{}, err
	}
	if err := checkPostgres(ctx, p.Write); err != nil {
		return Pools{}, errors.Join(err, p.Write.Close(), p.Read.Close())
	}
	return p, nil
}

// doubtful tells whether a connection may have ended while it rested: the server
// said something, closed it, or had time to. Looking costs no round trip.
func doubtful(_ context.Context, p stdlib.ShouldPingParams) bool {
	if p.IdleDuration > time.Second {
		return true
	}
	return !quiet(p.Conn.PgConn().Conn())
}

// quiet tells whether a connection is open and has nothing to be read. It does
// not wait for a read that is under way: after a slow write the driver keeps one
// going in the background.
func quiet(conn net.Conn) bool {
	if over, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = over.NetConn()
	}
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	var peeked error
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		_, _, peeked = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	return err == nil && errors.Is(peeked, syscall.EAGAIN)
}

// resolvePostgres reads the settings.
func resolvePostgres(c Config) (Config, error) {
	config, err := postgresConfig(c)
	if err != nil || c.DSN == "" {
		return c, err
	}
	c.Host, c.User, c.Name = config.Host, config.User, config.Database
	if !strings.HasPrefix(c.Host, "/") {
		c.Host = net.JoinHostPort(c.Host, strconv.Itoa(int(config.Port)))
	}
	if c.Name == "" {
		return c, &SettingError{"dsn", "it names no database"}
	}
	return c, nil
}

// postgresConfig builds the connection string from its parts, escaped, so that
// the driver reads options such as sslmode and sslrootcert the usual way.
func postgresConfig(c Config) (*pgx.ConnConfig, error) {
	if c.DSN != "" {
		return parsePostgres("dsn", c.DSN.Reveal())
	}
	host, port, err := splitHost(c.Host, "5432")
	if err != nil {
		return nil, &SettingError{"host", err.Error()}
	}
	parts := maps.Clone(c.Options)
	if parts == nil {
		parts = map[string]string{}
	}
	// The socket may be given as a file or, as libpq has it, as its directory.
	if dir, number, ok := strings.Cut(host, "/.s.PGSQL."); ok {
		host, port = filepath.Clean(dir+"/"), number
	}
	parts["host"], parts["user"], parts["password"], parts["dbname"] = host, c.User, c.Password.Reveal(), c.Name
	if port != "" {
		parts["port"] = port
	}
	escape := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(parts)) {
		if key == "" || strings.ContainsAny(key, " ='\\") {
			return nil, &SettingError{"options", fmt.Sprintf("%q is not the name of an option", key)}
		}
		fmt.Fprintf(&text, "%s='%s' ", key, escape.Replace(parts[key]))
	}
	return parsePostgres("options", text.String())
}

// parsePostgres reads a connection string. What the driver says about one that
// it cannot read may repeat a part of it, and with a character that is not
// escaped that part may be one of the password.
func parsePostgres(setting, text string) (*pgx.ConnConfig, error) {
	isURL := strings.HasPrefix(text, "postgres://") || strings.HasPrefix(text, "postgresql://")
	form := "it is neither a URL such as postgres://user:password@host:5432/name?sslmode=require," +
		" with / # ? and @ in the password written as %2F %23 %3F and %40, nor a list such as host=db user=ci password=x dbname=name"
	if isURL {
		u, err := url.Parse(text)
		if err != nil || u.Fragment != "" || u.User.Username() == "" && !u.Query().Has("user") {
			return nil, &SettingError{setting, form}
		}
	} else if !strings.Contains(text, "=") {
		return nil, &SettingError{setting, form}
	}
	config, err := pgx.ParseConfig(text)
	if err != nil {
		var file *fs.PathError
		switch {
		case errors.As(err, &file):
			form = fmt.Sprintf("the file %s cannot be read: %s", file.Path, file.Err)
		case strings.Contains(err.Error(), "sslmode is invalid"):
			form = "sslmode is not one of disable, allow, prefer, require, verify-ca and verify-full"
		case setting == "options":
			form = "the driver cannot use them"
			var parse *pgconn.ParseConfigError
			if errors.As(err, &parse) && !strings.Contains(err.Error(), "sslpassword") {
				form = "the driver cannot use them: " + parse.Unwrap().Error() // the rest repeats the connection string
			}
		}
		return nil, &SettingError{setting, form}
	}
	config.ConnectTimeout = dialTime
	session := map[string]string{
		"application_name":              "signalbox",
		"client_encoding":               "UTF8",
		"default_transaction_isolation": "read committed",
		// A server that freezes amid a transaction must not stop the others.
		"idle_in_transaction_session_timeout": "60s",
	}
	for key, value := range session {
		config.RuntimeParams[key] = value
	}
	return config, nil
}

// createPostgres creates the database, from another one that is always there.
// Its collation is that of our columns, whatever the server's default is.
func createPostgres(ctx context.Context, config *pgx.ConnConfig) error {
	other := config.Copy()
	other.Database = "postgres"
	db := sql.OpenDB(stdlib.GetConnector(*other))
	defer db.Close()
	_, err := db.ExecContext(ctx, "create database "+pgx.Identifier{config.Database}.Sanitize()+
		" template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'")
	if code := pgCode(err); code == "42P04" || code == "23505" {
		return nil // another server was faster
	}
	return err
}

// postgresEncryption: the driver has no code for a server without TLS.
func postgresEncryption(err error) error {
	return encryption(err, err != nil && strings.Contains(err.Error(), "server refused TLS connection"))
}

func checkPostgres(ctx context.Context, db *sql.DB) error {
	var number int
	var version, encoding string
	err := db.QueryRowContext(ctx, "select current_setting('server_version_num')::int, current_setting('server_version'), current_setting('server_encoding')").
		Scan(&number, &version, &encoding)
	if err != nil {
		return err
	}
	if err := postgresTooOld(number, version); err != nil {
		return err
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the database has the encoding %s; create it with the encoding UTF8", encoding)
	}
	return nil
}

// postgresTooOld judges server_version_num; the other is for the message.
func postgresTooOld(number int, version string) error {
	if number < 13_00_00 {
		return &TooOldError{Have: "PostgreSQL " + version, Want: "PostgreSQL 13"}
	}
	return nil
}

func pgCode(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// classifyPostgres goes by the codes of the server:
// https://www.postgresql.org/docs/current/errcodes-appendix.html.
func classifyPostgres(err error) Condition {
	code := pgCode(err)
	switch code {
	case "":
		var connect *pgconn.ConnectError
		if lost(err) || errors.As(err, &connect) && !errors.Is(err, context.Canceled) {
			return Unavailable
		}
		return Other
	case "23505":
		return Unique
	case "23503", "23001":
		return Reference
	case "40001", "40P01", "55P03": // serialisation, deadlock, lock timeout
		return Busy
	case "42501":
		return Denied
	case "53100":
		return Full
	case "22001", "54000":
		return TooLarge
	case "25006", "53300", "25P03": // read-only stand-by, too many connections, given up as idle
		return Unavailable
	}
	if strings.HasPrefix(code, "08") || strings.HasPrefix(code, "57P") {
		return Unavailable
	}
	return Other
}

// lockPostgres takes a lock of the session; the server drops it with the
// connection.
func lockPostgres(ctx context.Context, _ Config, db *sql.DB) (func(), error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "select pg_advisory_lock($1)", int64(pgMigrateLock)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dialTime)
		defer cancel()
		_, _ = conn.ExecContext(ctx, "select pg_advisory_unlock($1)", int64(pgMigrateLock)) // a lost connection has no lock
		_ = conn.Close()                                                                    // goes back to the pool
	}, nil
}
