package dialect

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// MySQL is MySQL from version 8.0 and MariaDB from version 10.6 on.
//
// Locks work as on PostgreSQL, on rows of a table made for it. Partial indexes
// are replaced by indexes that begin with what the condition is about.
func MySQL(migrations fs.FS) *Dialect {
	return &Dialect{
		Name:       "mysql",
		Goose:      "mysql",
		Migrations: migrations,
		Open:       openMySQL,
		Classify:   classifyMySQL,
		EscapeText: true,
		GroupSkips: true,
		AsWritten:  " straight_join",
		Versioned:  "versioned = 1",
		ForUpdate:  " for update",
		LockShared: "select id from locks where id = 1 lock in share mode",
		LockAll:    "select id from locks where id = 1 for update",
		LockQueue:  "select id from locks where id = 2 for update",
		UseIndex:   func(string) string { return "" },
		Upsert: func(table, key, value, change string) string {
			if change == "" {
				change = "values(" + value + ")"
			}
			return insertOrUpdate(table, key, value) + fmt.Sprintf(" on duplicate key update %s = %s", value, change)
		},
		HasTables:  "select count(*) from information_schema.tables where table_schema = database()",
		TableNamed: "select count(*) from information_schema.tables where table_schema = database() and table_name = ?",
		Lock:       lockMySQL,
		Prepare:    prepareMySQL,
		Sequence:   mysqlSequence(),
	}
}

func openMySQL(ctx context.Context, c Config) (Pools, error) {
	config, err := mysqlConfig(c)
	if err != nil {
		return Pools{}, err
	}
	flavour, err := probeMySQL(ctx, config, c)
	if err != nil {
		return Pools{}, err
	}
	// The variable has two names.
	isolation := "transaction_isolation"
	if flavour.maria {
		isolation = "tx_isolation"
	}
	config.Params[isolation] = "'READ-COMMITTED'"
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return Pools{}, err
	}
	p, err := serverPools(ctx, connector)
	if err != nil {
		return Pools{}, err
	}
	if err := p.Write.QueryRowContext(ctx, "select @@max_allowed_packet").Scan(&p.MaxBytes); err != nil {
		return Pools{}, errors.Join(err, p.Write.Close(), p.Read.Close())
	}
	p.MaxBytes -= 64 << 10 // for all but the values
	return p, nil
}

func mysqlConfig(c Config) (*mysql.Config, error) {
	host, port, err := splitHost(c.Host, "3306")
	if err != nil {
		return nil, err
	}
	// Options are read by the driver, the rest never goes through text.
	query := url.Values{}
	for key, value := range c.Options {
		query.Set(key, value)
	}
	config, err := mysql.ParseDSN("/?" + query.Encode())
	if err != nil {
		return nil, fmt.Errorf("options of the connection: %w", err)
	}
	config.User, config.Passwd, config.DBName = c.User, c.Password.Reveal(), c.Name
	config.Net, config.Addr = "tcp", net.JoinHostPort(host, port)
	if strings.HasPrefix(host, "/") {
		config.Net, config.Addr = "unix", host
	}
	if config.Timeout == 0 {
		config.Timeout = dialTime
	}
	if config.Params == nil {
		config.Params = map[string]string{}
	}
	config.InterpolateParams, config.MultiStatements, config.ParseTime = false, false, false
	config.ClientFoundRows = true // as on other engines: rows found, not rows that look different now
	config.MaxAllowedPacket = 0   // ask the server
	config.Collation = "utf8mb4_bin"
	config.Logger = &mysql.NopLogger{} // what it has to say comes as an error too
	config.Params["sql_mode"] = "'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
	config.Params["default_storage_engine"] = "'InnoDB'"
	config.Params["foreign_key_checks"] = "1"
	config.Params["innodb_lock_wait_timeout"] = "30"
	return config, nil
}

// flavour tells the two descendants apart.
type flavour struct {
	maria bool
	// collation compares texts byte by byte, trailing blanks included.
	collation string
}

// probeMySQL looks at the server, and creates the database if it is missing.
func probeMySQL(ctx context.Context, config *mysql.Config, c Config) (flavour, error) {
	without := config.Clone()
	without.DBName = ""
	connector, err := mysql.NewConnector(without)
	if err != nil {
		return flavour{}, err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	f, err := flavourOf(ctx, db)
	if n := mysqlNumber(err); n == 1045 || n == 1698 {
		return f, &LoginError{User: c.User, Cause: err}
	}
	if err != nil {
		return f, err
	}
	var there int
	err = db.QueryRowContext(ctx, "select count(*) from information_schema.schemata where schema_name = ?", c.Name).Scan(&there)
	if err != nil || there > 0 {
		return f, err
	}
	if c.KeepOut {
		return f, &MissingError{Name: c.Name, User: c.User, Cause: errors.New("unknown database")}
	}
	_, err = db.ExecContext(ctx, `create database if not exists "`+strings.ReplaceAll(c.Name, `"`, `""`)+
		`" character set utf8mb4 collate `+f.collation)
	if err != nil {
		return f, &MissingError{Name: c.Name, User: c.User, Cause: err}
	}
	return f, nil
}

func flavourOf(ctx context.Context, db *sql.DB) (flavour, error) {
	var version string
	if err := db.QueryRowContext(ctx, "select version()").Scan(&version); err != nil {
		return flavour{}, err
	}
	f := flavour{maria: strings.Contains(version, "MariaDB"), collation: "utf8mb4_0900_bin"}
	name, want, major, minor := "MySQL", "MySQL 8.0", 8, 0
	if f.maria {
		name, want, major, minor = "MariaDB", "MariaDB 10.6", 10, 6
		f.collation = "utf8mb4_nopad_bin"
	}
	digits, _, _ := strings.Cut(version, "-")
	parts := strings.SplitN(digits, ".", 3)
	haveMajor, err := strconv.Atoi(parts[0])
	haveMinor := 0
	if err == nil && len(parts) > 1 {
		haveMinor, err = strconv.Atoi(parts[1])
	}
	if err != nil {
		return f, fmt.Errorf("the server has the version %q, which cannot be read", version)
	}
	if haveMajor < major || haveMajor == major && haveMinor < minor {
		return f, &TooOldError{Have: name + " " + version, Want: want}
	}
	return f, nil
}

// prepareMySQL makes new tables compare texts byte by byte, and makes the table
// of migration steps, which goose would not fill when it was interrupted between
// creating and filling it. All of it may be done again.
func prepareMySQL(ctx context.Context, db *sql.DB) error {
	f, err := flavourOf(ctx, db)
	if err != nil {
		return err
	}
	for _, query := range []string{
		"alter database character set utf8mb4 collate " + f.collation,
		"create table if not exists goose_db_version (id serial not null, version_id bigint not null, is_applied boolean not null," +
			" tstamp timestamp null default now(), primary key (id))",
		"insert into goose_db_version (version_id, is_applied) select 0, true from dual where not exists (select 1 from goose_db_version)",
	} {
		if _, err := db.ExecContext(ctx, query); err != nil {
			return fmt.Errorf("prepare the database: %w", err)
		}
	}
	return nil
}

func mysqlNumber(err error) uint16 {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}

// classifyMySQL goes by the numbers of the server:
// https://mariadb.com/kb/en/mariadb-error-code-reference/.
func classifyMySQL(err error) Condition {
	switch mysqlNumber(err) {
	case 0:
		switch {
		case errors.Is(err, mysql.ErrPktTooLarge):
			return TooLarge
		case errors.Is(err, mysql.ErrInvalidConn), lost(err):
			return Unavailable
		}
	case 1062:
		return Unique
	case 1216, 1217, 1451, 1452:
		return Reference
	case 1205, 1213, 1020: // lock timeout, deadlock, changed since it was read
		return Busy
	case 1021, 1114, 1041: // disk, table space
		return Full
	case 1118, 1153, 1301, 1406: // row, packet, result, column
		return TooLarge
	case 1040, 1053, 1152, 1158, 1159, 1160, 1161, 1203, 1226, 1290, 1836, 1927, 3169, 4031:
		return Unavailable // too many connections, shutdown, broken or killed connections, read-only stand-by
	}
	return Other
}

// lockMySQL takes a lock of the session. Names of locks are common to all
// databases of a server.
func lockMySQL(ctx context.Context, c Config, db *sql.DB) (func(), error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	for {
		var got sql.NullInt64
		err := conn.QueryRowContext(ctx, "select get_lock(concat('signalbox ', sha1(?)), 10)", c.Name).Scan(&got)
		if err == nil && !got.Valid {
			err = errors.New("the server gave no lock")
		}
		if err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		if got.Int64 == 1 {
			break
		}
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dialTime)
		defer cancel()
		_, _ = conn.ExecContext(ctx, "select release_lock(concat('signalbox ', sha1(?)))", c.Name) // a lost connection has no lock
		_ = conn.Close()                                                                           // goes back to the pool
	}, nil
}
