// Package dbserver starts database servers for tests: on loopback and a socket,
// with data of their own, gone when the test ends. A test binary that is killed
// takes its servers along; only their files stay behind. Nothing that runs on the
// machine already is touched. Without the programs the test is skipped, and with
// CI=true it fails.
package dbserver

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"signalbox/internal/testkit"
)

// Server is a running database server. Its administrator needs no password on
// the socket.
type Server struct {
	tb      testing.TB
	Dialect string // "postgres" or "mysql"
	Socket  string // a file for MySQL, a directory for PostgreSQL
	Port    int
	User    string
	// Args are further ones of the server; those given while it is stopped count
	// from the next start.
	Args   []string
	start  func() *exec.Cmd
	quick  os.Signal      // ends the server at once, but in order
	orphan syscall.Signal // ends it without anybody waiting for it
	cmd    *exec.Cmd
	done   chan struct{}
	log    *bytes.Buffer
	names  atomic.Int64
}

// Address is where the server listens on loopback.
func (s *Server) Address() string { return "127.0.0.1:" + strconv.Itoa(s.Port) }

// NewName returns the name of a database that no other test uses.
func (s *Server) NewName() string { return fmt.Sprintf("test_%d", s.names.Add(1)) }

// start starts a server and waits until it answers a connection attempt.
func newServer(tb testing.TB, s *Server) *Server {
	tb.Helper()
	s.tb = tb
	tb.Cleanup(s.Stop)
	s.Start()
	return s
}

// Start starts a server that was stopped.
func (s *Server) Start() {
	s.tb.Helper()
	s.cmd = s.start()
	s.log = &bytes.Buffer{}
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.SysProcAttr.Pdeathsig = s.orphan
	s.done = make(chan struct{})
	started := make(chan error)
	go func(cmd *exec.Cmd, done chan struct{}) {
		// The system sends the signal when the thread ends that started the server,
		// so that thread is kept for as long as the server runs.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(done)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // ends by a signal
		}
	}(s.cmd, s.done)
	if err := <-started; err != nil {
		s.cmd = nil
		s.tb.Fatal(err)
	}
	testkit.Eventually(s.tb, s.Dialect+" to answer", func() bool {
		select {
		case <-s.done:
			s.tb.Fatalf("%s ended:\n%s", s.Dialect, s.log.String())
		default:
		}
		return s.answers()
	})
}

// Stop ends the server and all connections to it. Stopping twice is fine.
func (s *Server) Stop() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(s.quick) // it may have ended
	select {
	case <-s.done:
	case <-time.After(20 * time.Second):
		s.Kill()
	}
	s.cmd = nil
}

// Kill ends the server as a crash would.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill() // it may have ended
	<-s.done
}

func (s *Server) answers() bool {
	var probe *exec.Cmd
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if s.Dialect == "postgres" {
		probe = exec.CommandContext(ctx, program(s.tb, "pg_isready"), "-q", "-h", s.Socket, "-p", strconv.Itoa(s.Port))
	} else {
		probe = exec.CommandContext(ctx, testkit.RequireTool(s.tb, "mysqladmin"), "--no-defaults", "--socket="+s.Socket, "--user=root", "ping")
	}
	probe.Env = testkit.CleanEnv(s.tb)
	return probe.Run() == nil
}

// directory makes one with a short name, since names of sockets must be short,
// that belongs to the owner.
func directory(tb testing.TB, owner *syscall.Credential) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "db")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Error(err)
		}
	})
	if owner != nil {
		if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

// program finds a program of PostgreSQL, which Debian keeps apart by version.
func program(tb testing.TB, name string) string {
	tb.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	if len(found) == 0 {
		return testkit.RequireTool(tb, name)
	}
	slices.Sort(found)
	return found[len(found)-1]
}

// Postgres starts a PostgreSQL server with further arguments. It refuses to run
// as root, so it gets another user then.
func Postgres(tb testing.TB, args ...string) *Server {
	tb.Helper()
	initdb, postgres := program(tb, "initdb"), program(tb, "postgres")
	owner := ordinaryUser(tb)
	dir := directory(tb, owner)
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = testkit.CleanEnv(tb)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Setpgid: true}
		return cmd
	}
	data := filepath.Join(dir, "data")
	out, err := command(initdb, "--pgdata="+data, "--username=postgres", "--auth-local=trust", "--auth-host=scram-sha-256",
		"--encoding=UTF8", "--locale=C", "--no-sync").CombinedOutput()
	if err != nil {
		tb.Fatalf("initdb: %v\n%s", err, out)
	}
	port := testkit.FreePort(tb)
	s := &Server{Dialect: "postgres", Socket: dir, Port: port, User: "postgres", Args: args, quick: syscall.SIGINT, orphan: syscall.SIGQUIT}
	s.start = func() *exec.Cmd {
		return command(postgres, append([]string{"-D", data, "-p", strconv.Itoa(port), "-k", dir, "-c", "listen_addresses=127.0.0.1",
			"-c", "fsync=off", "-c", "max_connections=400", "-c", "shared_buffers=32MB", "-c", "autovacuum=off"}, s.Args...)...)
	}
	return newServer(tb, s)
}

// ordinaryUser returns whom to run programs as that refuse root; nil for
// whoever runs the test.
func ordinaryUser(tb testing.TB) *syscall.Credential {
	tb.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	tb.Fatal("there is no ordinary user to run the server as")
	return nil
}

// MySQL starts a MariaDB server with further arguments.
func MySQL(tb testing.TB, args ...string) *Server {
	tb.Helper()
	install, server := testkit.RequireTool(tb, "mariadb-install-db"), testkit.RequireTool(tb, "mariadbd")
	testkit.RequireTool(tb, "mysqladmin")
	dir := directory(tb, nil)
	data, socket := filepath.Join(dir, "data"), filepath.Join(dir, "s")
	as := "--user=" + currentUser(tb)
	cmd := exec.Command(install, "--no-defaults", "--datadir="+data, as, "--auth-root-authentication-method=normal",
		"--skip-test-db", "--skip-log-bin")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("mariadb-install-db: %v\n%s", err, out)
	}
	port := testkit.FreePort(tb)
	s := &Server{Dialect: "mysql", Socket: socket, Port: port, User: "root", Args: args, quick: syscall.SIGTERM, orphan: syscall.SIGKILL}
	s.start = func() *exec.Cmd {
		// What is committed survives a kill, as on a real server; only the loss of
		// power is not provided for.
		cmd := exec.Command(server, append([]string{"--no-defaults", "--datadir=" + data, as, "--socket=" + socket, "--port=" + strconv.Itoa(port),
			"--bind-address=127.0.0.1", "--pid-file=" + filepath.Join(dir, "pid"), "--tmpdir=" + dir,
			"--innodb-flush-log-at-trx-commit=2", "--innodb-doublewrite=0", "--innodb-buffer-pool-size=64M",
			"--max-connections=400", "--max-allowed-packet=64M", "--skip-log-bin", "--innodb-file-per-table=1", "--innodb-fast-shutdown=2"}, s.Args...)...)
		cmd.Dir = dir
		cmd.Env = testkit.CleanEnv(tb)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		return cmd
	}
	return newServer(tb, s)
}

func currentUser(tb testing.TB) string {
	tb.Helper()
	u, err := user.Current()
	if err != nil {
		tb.Fatal(err)
	}
	return u.Username
}
