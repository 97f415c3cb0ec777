package dialect

import (
	"errors"
	"strings"
	"testing"
)

// TestReadFlavour goes by what servers of vendors say of themselves.
func TestReadFlavour(t *testing.T) {
	t.Parallel()
	cases := []struct {
		version string
		maria   bool
		old     string // what a TooOldError names, "" for a good version
	}{
		{"8.0.17", false, ""},
		{"8.0.16", false, "MySQL 8.0.16"},
		{"8.0.11-TiDB-v7.5.0", false, "MySQL 8.0.11-TiDB-v7.5.0"},
		{"8.0.36", false, ""},
		{"8.0.36-0ubuntu0.22.04.1", false, ""},
		{"8.0.36-28", false, ""},      // Percona Server
		{"8.0.35-27.1", false, ""},    // Percona XtraDB Cluster
		{"8.0.36-cluster", false, ""}, // NDB
		{"8.0.28-google", false, ""},  // Cloud SQL
		{"8.0.37-azure", false, ""},   // Azure Database
		{"8.0.mysql_aurora.3.05.2", false, ""},
		{"8.0.28-log", false, ""}, // RDS, Aurora 3
		{"8.4.0", false, ""},
		{"9.1.0-commercial", false, ""},
		{"5.7.44-log", false, "MySQL 5.7.44-log"},
		{"5.7.12", false, "MySQL 5.7.12"}, // Aurora 2
		{"5.7.mysql_aurora.2.11.4", false, "MySQL 5.7.mysql_aurora.2.11.4"},
		{"5.6.51", false, "MySQL 5.6.51"},
		{"10.6.0-MariaDB", true, ""},
		{"10.6.14-MariaDB-log", true, ""}, // RDS
		{"10.11.6-MariaDB-0+deb12u1", true, ""},
		{"5.5.5-10.11.6-MariaDB-0+deb12u1", true, ""},
		{"5.5.5-10.6.16-MariaDB-1:10.6.16+maria~ubu2004-log", true, ""},
		{"11.4.2-MariaDB-ubu2404", true, ""},
		{"11.8.1-mariadb", true, ""},
		{"10.5.23-MariaDB", true, "MariaDB 10.5.23-MariaDB"},
		{"5.5.5-10.3.39-MariaDB", true, "MariaDB 10.3.39-MariaDB"},
		{"5.5.68-MariaDB", true, "MariaDB 5.5.68-MariaDB"},
	}
	for _, c := range cases {
		f, err := readFlavour(c.version)
		var old *TooOldError
		switch {
		case f.maria != c.maria:
			t.Errorf("%s: MariaDB %v, want %v", c.version, f.maria, c.maria)
		case c.old == "" && err != nil:
			t.Errorf("%s: %v", c.version, err)
		case c.old != "" && (!errors.As(err, &old) || old.Have != c.old):
			t.Errorf("%s: got %v, want a TooOldError of %s", c.version, err, c.old)
		}
	}
	for _, version := range []string{"", "eight", "8.zero.1", "-MariaDB"} {
		if _, err := readFlavour(version); err == nil || errors.As(err, new(*TooOldError)) {
			t.Errorf("%q: got %v, want an error that says it cannot be read", version, err)
		}
	}
}

func TestPostgresTooOld(t *testing.T) {
	t.Parallel()
	cases := []struct {
		number  int
		version string
		old     bool
	}{
		{90624, "9.6.24", true},
		{100023, "10.23 (Ubuntu 10.23-0ubuntu0.18.04.1)", true},
		{120017, "12.17 (Debian 12.17-1.pgdg120+1)", true},
		{130000, "13.0", false},
		{130013, "13.13", false},
		{150005, "15.5 (Debian 15.5-0+deb12u1)", false},
		{170000, "17beta1", false},
	}
	for _, c := range cases {
		err := postgresTooOld(c.number, c.version)
		if errors.As(err, new(*TooOldError)) != c.old || c.old && !strings.Contains(err.Error(), c.version) {
			t.Errorf("%s: got %v, want too old %v", c.version, err, c.old)
		}
	}
}

func TestSplitHost(t *testing.T) {
	t.Parallel()
	cases := []struct{ in, host, port string }{
		{"db", "db", "1"},
		{"db:2", "db", "2"},
		{"10.0.0.1", "10.0.0.1", "1"},
		{"10.0.0.1:2", "10.0.0.1", "2"},
		{"::1", "::1", "1"},
		{"[::1]", "::1", "1"},
		{"[::1]:2", "::1", "2"},
		{"fe80::1%eth0", "fe80::1%eth0", "1"},
		{"/run/mysqld/mysqld.sock", "/run/mysqld/mysqld.sock", ""},
	}
	for _, c := range cases {
		host, port, err := splitHost(c.in, "1")
		if err != nil || host != c.host || port != c.port {
			t.Errorf("%s: got %q, %q, %v; want %q, %q", c.in, host, port, err, c.host, c.port)
		}
	}
	for _, bad := range []string{"", ":2", "db:", "db:http", "db:0", "db:65536", "a:b:c", "[::1", "[db]x"} {
		if host, port, err := splitHost(bad, "1"); err == nil {
			t.Errorf("%q: got %q and %q, want an error", bad, host, port)
		}
	}
}

// TestMySQLTLS_ChecksTheHost: the driver alone would check the certificate
// against the host it knows while it reads the options.
func TestMySQLTLS_ChecksTheHost(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{
		{Host: "db.example.org:3307", User: "ci", Name: "x", Options: map[string]string{"tls": "true"}},
		{DSN: "ci:x@tcp(db.example.org:3307)/x?tls=true"},
		{DSN: "mysql://ci:x@db.example.org/x?tls=true"},
	} {
		config, err := mysqlConfig(c)
		if err != nil {
			t.Fatal(err)
		}
		if config.TLS == nil || config.TLS.InsecureSkipVerify || config.TLS.ServerName != "db.example.org" {
			t.Errorf("%s%s: got %+v, want a check against db.example.org", c.Host, c.DSN.Reveal(), config.TLS)
		}
	}
}
