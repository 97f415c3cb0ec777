package dialect

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Connections of a server process. Readers have their own, so that they never
// wait behind writers that wait for each other.
const (
	maxWriters = 10
	maxReaders = 10
	idleTime   = 5 * time.Minute
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
	return fmt.Sprintf("database %q does not exist and user %q may not create it; create it, or grant the right: %s", e.Name, e.User, e.Cause)
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
	Cause error
}

func (e *LoginError) Error() string {
	return fmt.Sprintf("the server refuses user %q; check user and password: %s", e.User, e.Cause)
}

func (e *LoginError) Unwrap() error { return e.Cause }

// serverPools makes the pools of a server and checks that it answers.
func serverPools(ctx context.Context, c driver.Connector) (Pools, error) {
	p := Pools{Write: sql.OpenDB(c), Read: sql.OpenDB(c)}
	p.Write.SetMaxOpenConns(maxWriters)
	p.Write.SetMaxIdleConns(maxWriters)
	p.Read.SetMaxOpenConns(maxReaders)
	p.Read.SetMaxIdleConns(maxReaders)
	for _, db := range []*sql.DB{p.Write, p.Read} {
		db.SetConnMaxIdleTime(idleTime)
	}
	if err := p.Write.PingContext(ctx); err != nil {
		return Pools{}, errors.Join(err, p.Write.Close(), p.Read.Close())
	}
	return p, nil
}

// splitHost separates host and port; sockets have no port.
func splitHost(host, port string) (string, string, error) {
	switch {
	case host == "":
		return "", "", errors.New("no host is given")
	case strings.HasPrefix(host, "/"):
		return host, "", nil
	case strings.Count(host, ":") > 1 && !strings.HasPrefix(host, "["):
		return host, port, nil // a bare IPv6 address
	case !strings.Contains(host, ":") || strings.HasSuffix(host, "]"):
		return strings.Trim(host, "[]"), port, nil
	}
	h, p, err := net.SplitHostPort(host)
	return h, p, err
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
