package dialect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// MySQL is MySQL from version 8.0.17 and MariaDB from version 10.6 on.
//
// Locks work as on PostgreSQL, on rows of a table made for it. Partial indexes
// are replaced by indexes that begin with what the condition is about.
func MySQL(migrations fs.FS) *Dialect {
	return &Dialect{
		Name:       "mysql",
		Goose:      "mysql",
		Migrations: migrations,
		Resolve:    resolveMySQL,
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
		Stepwise:   true,
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
	p, err := serverPools(ctx, connector, c.Bounds)
	if err != nil {
		return Pools{}, err
	}
	if err := p.Write.QueryRowContext(ctx, "select @@max_allowed_packet").Scan(&p.MaxBytes); err != nil {
		return Pools{}, errors.Join(err, p.Write.Close(), p.Read.Close())
	}
	p.MaxBytes -= 64 << 10 // for all but the values
	return p, nil
}

// resolveMySQL reads the settings.
func resolveMySQL(c Config) (Config, error) {
	config, err := mysqlConfig(c)
	if err != nil || c.DSN == "" {
		return c, err
	}
	c.Host, c.User, c.Name = config.Addr, config.User, config.DBName
	if c.Name == "" {
		return c, &SettingError{"dsn", "it names no database"}
	}
	return c, nil
}

// mysqlAddress reads a DSN, but for its options, or the parts.
func mysqlAddress(c Config) (config *mysql.Config, setting string, options map[string]string, err error) {
	if c.DSN == "" {
		host, port, err := splitHost(c.Host, "3306")
		if err != nil {
			return nil, "", nil, &SettingError{"host", err.Error()}
		}
		config := mysql.NewConfig()
		config.User, config.Passwd, config.DBName = c.User, c.Password.Reveal(), c.Name
		config.Net, config.Addr = "tcp", net.JoinHostPort(host, port)
		if strings.HasPrefix(host, "/") {
			config.Net, config.Addr = "unix", host
		}
		return config, "options", c.Options, nil
	}
	// What the driver says of a text that it cannot read may repeat it.
	bad := &SettingError{"dsn", "it is neither user:password@tcp(host:3306)/name?tls=true nor a URL such as" +
		" mysql://user:password@host:3306/name?tls=true with / # ? and @ in the password written as %2F %23 %3F and %40"}
	text := c.DSN.Reveal()
	var query string
	if scheme, _, ok := strings.Cut(text, "://"); ok && (scheme == "mysql" || scheme == "mariadb") {
		u, err := url.Parse(text)
		if err != nil || u.Fragment != "" || u.User.Username() == "" || u.Hostname() == "" {
			return nil, "", nil, bad
		}
		config = mysql.NewConfig()
		config.User = u.User.Username()
		config.Passwd, _ = u.User.Password()
		port := u.Port()
		if port == "" {
			port = "3306"
		}
		config.Net, config.Addr, config.DBName = "tcp", net.JoinHostPort(u.Hostname(), port), strings.TrimPrefix(u.Path, "/")
		query = u.RawQuery
	} else {
		// The name begins at the last slash, and the options after it.
		slash := strings.LastIndexByte(text, '/')
		base := text
		if at := strings.IndexByte(text[slash+1:], '?'); slash >= 0 && at >= 0 {
			base, query = text[:slash+1+at], text[slash+1+at+1:]
		}
		if config, err = mysql.ParseDSN(base); err != nil || config.User == "" {
			return nil, "", nil, bad
		}
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, "", nil, bad
	}
	options = map[string]string{}
	for name := range values {
		options[name] = values.Get(name)
	}
	return config, "dsn", options, nil
}

func mysqlConfig(c Config) (*mysql.Config, error) {
	where, setting, options, err := mysqlAddress(c)
	if err != nil {
		return nil, err
	}
	// Options are read by the driver, the rest never goes through text.
	query := url.Values{}
	files := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(options)) {
		value := options[name]
		if name == "tls" || strings.HasPrefix(name, "tls_") {
			files[name] = value
			continue
		}
		query.Set(name, value)
		if _, err := mysql.ParseDSN("/?" + url.Values{name: {value}}.Encode()); err != nil {
			return nil, &SettingError{setting, fmt.Sprintf("the value of %s cannot be used", name)}
		}
	}
	config, err := mysql.ParseDSN("/?" + query.Encode())
	if err != nil {
		return nil, &SettingError{setting, "the driver cannot use them together"}
	}
	config.User, config.Passwd, config.DBName = where.User, where.Passwd, where.DBName
	config.Net, config.Addr = where.Net, where.Addr
	config.TLS, config.TLSConfig = nil, ""
	if err := mysqlTLS(config, files); err != nil {
		return nil, &SettingError{setting, err.Error()}
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

// mysqlTLS reads the options that begin with tls. The driver knows files of
// certificates only as names that a program has registered.
func mysqlTLS(config *mysql.Config, options map[string]string) error {
	mode, given := options["tls"], false
	for name, value := range options {
		switch name {
		case "tls":
		case "tls_ca", "tls_cert", "tls_key", "tls_server_name":
			given = given || value != ""
		default:
			return fmt.Errorf("there is no option %s; those of TLS are tls, tls_ca, tls_cert, tls_key and tls_server_name", name)
		}
	}
	if mode == "" && given {
		mode = "custom"
	}
	switch mode {
	case "", "false", "preferred":
		if given {
			return fmt.Errorf("tls=%s makes no use of tls_ca, tls_cert, tls_key and tls_server_name; use tls=custom", mode)
		}
		config.TLSConfig = mode
		return nil
	case "true", "custom":
		config.TLS = &tls.Config{ServerName: options["tls_server_name"]}
		if config.TLS.ServerName == "" && config.Net == "tcp" {
			host, _, err := net.SplitHostPort(config.Addr)
			if err != nil {
				return err
			}
			config.TLS.ServerName = host
		}
	case "skip-verify":
		if options["tls_ca"] != "" || options["tls_server_name"] != "" {
			return errors.New("tls=skip-verify makes no use of tls_ca and tls_server_name; use tls=custom")
		}
		config.TLS = &tls.Config{InsecureSkipVerify: true}
	default:
		return errors.New("tls is not one of true, false, skip-verify, preferred and custom")
	}
	config.TLS.MinVersion = tls.VersionTLS12
	if file := options["tls_ca"]; file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("tls_ca: %w", err)
		}
		config.TLS.RootCAs = x509.NewCertPool()
		if !config.TLS.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("tls_ca: %s holds no certificate in PEM form", file)
		}
	}
	cert, key := options["tls_cert"], options["tls_key"]
	if (cert == "") != (key == "") {
		return errors.New("tls_cert and tls_key are given together or not at all")
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return fmt.Errorf("tls_cert and tls_key: %w", err)
		}
		config.TLS.Certificates = []tls.Certificate{pair}
	}
	return nil
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
		login := &LoginError{User: c.User, Cause: err}
		if config.TLS == nil && config.TLSConfig == "" && config.Net == "tcp" {
			login.Hint = ", and whether it takes the user without encryption (option tls)" // MariaDB does not tell
		}
		return f, login
	}
	if n := mysqlNumber(err); n == 3159 {
		return f, &EncryptionError{"the server takes encrypted connections only; set the option tls", err}
	}
	err = encryption(err, errors.Is(err, mysql.ErrNoTLS))
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
	return readFlavour(version)
}

// readFlavour judges what version() says. Vendors append to the number, and
// MariaDB puts another one before it for clients of old.
func readFlavour(version string) (flavour, error) {
	f := flavour{maria: strings.Contains(strings.ToLower(version), "mariadb"), collation: "utf8mb4_0900_bin"}
	// The collation of MySQL came with 8.0.17.
	name, want, least := "MySQL", "MySQL 8.0.17", []int{8, 0, 17}
	number := version
	if f.maria {
		name, want, least = "MariaDB", "MariaDB 10.6", []int{10, 6}
		f.collation = "utf8mb4_nopad_bin"
		number = strings.TrimPrefix(version, "5.5.5-")
	}
	digits, _, _ := strings.Cut(number, "-")
	var have []int
	for part := range strings.SplitSeq(digits, ".") {
		n, err := strconv.Atoi(part)
		if err != nil && len(have) < 2 {
			return f, fmt.Errorf("the server has the version %q, which cannot be read", version)
		}
		if err != nil { // 8.0.mysql_aurora.3.05.2: the third number is not told
			least = least[:min(len(least), len(have))]
			break
		}
		have = append(have, n)
	}
	if slices.Compare(have, least) < 0 {
		return f, &TooOldError{Have: name + " " + number, Want: want}
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
	case 1044, 1142, 1143, 1227, 1370: // database, table, column, privilege of the server, routine
		return Denied
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
