package dialect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Connections of a server process, where the configuration names no other
// number. Readers have half of them for themselves, so that they never wait
// behind writers that wait for each other.
const (
	maxConns = 20
	idleTime = 5 * time.Minute
	// dialTime is how long connecting may take.
	dialTime = 10 * time.Second
)

// MissingError is given for a database that is not there and that the user may
// not create.
type MissingError struct {
	Name, User string
	Cause      error
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("there is no database %q that user %q may use, and the user may not create it; create it, or grant the right: %s", e.Name, e.User, e.Cause)
}

func (e *MissingError) Unwrap() error { return e.Cause }

// TooOldError is given for a server whose version is not supported.
type TooOldError struct{ Have, Want string }

func (e *TooOldError) Error() string {
	return fmt.Sprintf("the server is %s; this program needs %s or newer", e.Have, e.Want)
}

// LoginError is given when the server refuses the user or the password.
type LoginError struct {
	User  string
	Hint  string // what else may be wrong, "" for nothing
	Cause error
}

func (e *LoginError) Error() string {
	return fmt.Sprintf("the server refuses user %q; check user and password%s: %s", e.User, e.Hint, e.Cause)
}

func (e *LoginError) Unwrap() error { return e.Cause }

// SettingError is given for a setting of the connection that cannot be used. It
// never repeats the value.
type SettingError struct {
	Setting string // "dsn", "host" or "options"
	Problem string
}

func (e *SettingError) Error() string { return e.Setting + ": " + e.Problem }

// EncryptionError is given when the connection cannot be encrypted as the
// settings want it. Waiting does not help.
type EncryptionError struct {
	Problem string
	Cause   error
}

func (e *EncryptionError) Error() string { return e.Problem + ": " + e.Cause.Error() }

func (e *EncryptionError) Unwrap() error { return e.Cause }

// encryption gives errors of TLS a meaning, and leaves others alone. Plain tells
// whether the server does not know TLS.
func encryption(err error, plain bool) error {
	var alert tls.AlertError
	var record tls.RecordHeaderError
	switch {
	case err == nil:
	case plain:
		return &EncryptionError{"the settings want an encrypted connection, and the server offers none", err}
	case errors.As(err, new(x509.HostnameError)):
		return &EncryptionError{"the certificate of the server is for another name", err}
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return &EncryptionError{"the certificate of the server is not signed by an authority that the settings trust", err}
	case errors.As(err, new(*tls.CertificateVerificationError)), errors.As(err, new(x509.CertificateInvalidError)):
		return &EncryptionError{"the certificate of the server is not good", err}
	case errors.As(err, &alert), errors.As(err, &record):
		return &EncryptionError{"server and program do not agree on an encryption", err}
	}
	return err
}

// serverPools makes the pools of a server and checks that it answers.
func serverPools(ctx context.Context, c driver.Connector, b Bounds) (Pools, error) {
	p := Pools{Write: sql.OpenDB(c), Read: sql.OpenDB(c)}
	open, idle := maxConns, maxConns
	if b.Set {
		open, idle = b.Open, b.Idle
	}
	// Writing gets the odd one.
	p.Write.SetMaxOpenConns(open - open/2)
	p.Write.SetMaxIdleConns(idle - idle/2)
	p.Read.SetMaxOpenConns(open / 2)
	p.Read.SetMaxIdleConns(idle / 2)
	for _, db := range []*sql.DB{p.Write, p.Read} {
		db.SetConnMaxIdleTime(idleTime)
		db.SetConnMaxLifetime(b.Lifetime)
	}
	if err := p.Write.PingContext(ctx); err != nil {
		return Pools{}, errors.Join(err, p.Write.Close(), p.Read.Close())
	}
	return p, nil
}

// splitHost separates host and port; sockets have no port.
func splitHost(host, port string) (string, string, error) {
	name, bare := host, host
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		bare = host[1 : len(host)-1]
	}
	switch _, err := netip.ParseAddr(bare); {
	case host == "":
		return "", "", errors.New("no host is given")
	case strings.HasPrefix(host, "/"):
		return host, "", nil
	case err == nil:
		name = bare
	case strings.Contains(host, ":"):
		if name, port, err = net.SplitHostPort(host); err != nil {
			return "", "", fmt.Errorf("%q is not a host, a host:port or the path of a socket", host)
		}
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || name == "" || strings.ContainsAny(name, "[]") {
		return "", "", fmt.Errorf("%q is not a host, a host:port or the path of a socket", host)
	}
	return name, port, nil
}

// lost reports whether an error says that the connection could not be made or is
// gone. An end of the caller's own patience is not that.
func lost(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var netError net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.As(err, &netError)
}

// insertOrUpdate starts an upsert.
func insertOrUpdate(table, key, value string) string {
	return fmt.Sprintf("insert into %s (%s, %s) values (?, ?)", table, key, value)
}
