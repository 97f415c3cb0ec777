package job

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

var (
	// ErrGone says that no process serves the job any more.
	ErrGone = errors.New("the job is gone")
	// ErrAlive says that the job still runs.
	ErrAlive = errors.New("the job is alive")
)

// Conn is an owner's connection to a living job.
type Conn struct {
	conn *net.UnixConn
	wake chan struct{}
	gone chan struct{}
	mu   sync.Mutex // orders writes
	once sync.Once
}

// Dial connects to the job of a directory. It returns ErrGone when the job
// does not live.
func Dial(jobDir string) (*Conn, error) {
	conn, err := dialSocket(jobDir)
	if err != nil {
		if errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("connect to job: %w", ErrGone)
		}
		return nil, fmt.Errorf("connect to job: %w", err)
	}
	c := &Conn{conn: conn, wake: make(chan struct{}, 1), gone: make(chan struct{})}
	go c.read()
	return c, nil
}

func (c *Conn) read() {
	defer close(c.gone)
	buf := make([]byte, 512)
	for {
		n, err := c.conn.Read(buf)
		if n > 0 {
			select {
			case c.wake <- struct{}{}:
			default: // a wake-up is pending already
			}
		}
		if err != nil {
			return
		}
	}
}

// Wake gives a value after the journal grew; several growths may give one.
func (c *Conn) Wake() <-chan struct{} { return c.wake }

// Gone is closed when the job has ended or the connection was closed. Read the
// journal once more after it: the last records come before.
func (c *Conn) Gone() <-chan struct{} { return c.gone }

// Send gives the job a command.
func (c *Conn) Send(cmd Command) error {
	text, err := json.Marshal(cmd)
	if err != nil {
		return fmt.Errorf("encode command: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.conn.Write(append(text, '\n')); err != nil {
		if errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNRESET) {
			return fmt.Errorf("send command: %w", ErrGone)
		}
		return fmt.Errorf("send command: %w", err)
	}
	return nil
}

// Close ends the connection and waits for its reader; the job goes on.
func (c *Conn) Close() error {
	var err error
	c.once.Do(func() { err = c.conn.Close() })
	<-c.gone
	return err
}

// dialSocket connects through the directory's descriptor, because the path of
// a unix socket must be shorter than directories may be.
func dialSocket(jobDir string) (*net.UnixConn, error) {
	dir, err := os.Open(jobDir)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return net.DialUnix("unix", nil, &net.UnixAddr{Net: "unix", Name: socketPath(dir)})
}

func socketPath(dir *os.File) string {
	return "/proc/self/fd/" + strconv.Itoa(int(dir.Fd())) + "/" + SocketFile
}

// listenSocket makes the control socket and returns its listening descriptor.
func listenSocket(jobDir string) (*os.File, error) {
	dir, err := os.Open(jobDir)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	f := os.NewFile(uintptr(fd), SocketFile)
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: socketPath(dir)}); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("bind control socket: %w", err)
	}
	if err := unix.Listen(fd, 64); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("listen on control socket: %w", err)
	}
	return f, nil
}

// Server is the job's side of the control socket.
type Server struct {
	listener *net.UnixListener
	command  func(Command)
	mu       sync.Mutex
	conns    map[*net.UnixConn]unixRaw // guarded by mu
	closed   bool                      // guarded by mu
	group    sync.WaitGroup
}

type unixRaw interface {
	Write(func(fd uintptr) bool) error
}

// Listen opens the control socket of a job directory, for a job that inherited
// no descriptor.
func Listen(jobDir string) (*os.File, error) { return listenSocket(jobDir) }

// Serve answers owners on the inherited listening descriptor, which it takes
// over. Command is called for each command, from several goroutines.
func Serve(listener *os.File, command func(Command)) (*Server, error) {
	l, err := net.FileListener(listener)
	_ = listener.Close()
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	ul, ok := l.(*net.UnixListener)
	if !ok {
		_ = l.Close()
		return nil, errors.New("control socket: the descriptor is not a unix socket")
	}
	s := &Server{listener: ul, command: command, conns: map[*net.UnixConn]unixRaw{}}
	s.group.Go(s.accept)
	return s, nil
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.AcceptUnix()
		if err != nil {
			return
		}
		raw, err := conn.SyscallConn()
		if err != nil {
			_ = conn.Close()
			continue
		}
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			_ = conn.Close()
			return
		}
		s.conns[conn] = raw
		s.group.Go(func() { s.read(conn) })
		s.mu.Unlock()
		s.wake(raw) // what the journal holds already is news to this owner
	}
}

func (s *Server) read(conn *net.UnixConn) {
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		var cmd Command
		if json.Unmarshal(lines.Bytes(), &cmd) == nil {
			s.command(cmd)
		}
	}
	s.mu.Lock()
	delete(s.conns, conn)
	s.mu.Unlock()
	_ = conn.Close()
}

// Wake tells every owner that the journal grew. It never blocks: an owner that
// does not read has a wake-up waiting already.
func (s *Server) Wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, raw := range s.conns {
		s.wake(raw)
	}
}

func (s *Server) wake(raw unixRaw) {
	_ = raw.Write(func(fd uintptr) bool {
		_ = unix.Sendto(int(fd), []byte{1}, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, nil)
		return true
	})
}

// Close ends all connections, by which owners learn that the job is gone.
func (s *Server) Close() {
	_ = s.listener.Close()
	s.mu.Lock()
	s.closed = true
	for conn := range s.conns {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.group.Wait()
}

// Lock takes the lock of a job directory, which is held until the file is
// closed or the process ends. It returns ErrAlive when somebody has it.
func Lock(jobDir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(jobDir, LockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock job: %w", err)
	}
	if err := LockFD(f); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// LockFD locks an open lock file, or confirms a lock that came with it.
func LockFD(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		return ErrAlive
	case err != nil:
		return fmt.Errorf("lock job: %w", err)
	}
	return nil
}

// Alive reports whether the process of a job lives.
func Alive(jobDir string) bool {
	f, err := os.Open(filepath.Join(jobDir, LockFile))
	if err != nil {
		return false
	}
	defer f.Close()
	// A shared lock, so that two who ask do not see each other.
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}

// Abandon gives a job up: a process that starts for it later exits without
// running anything. It returns ErrAlive when the job lives.
func Abandon(jobDir string) error {
	lock, err := Lock(jobDir)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := os.WriteFile(filepath.Join(jobDir, AbandonedFile), nil, 0o600); err != nil {
		return fmt.Errorf("abandon job: %w", err)
	}
	return nil
}

// Abandoned reports whether an owner has given the job up.
func Abandoned(jobDir string) bool {
	_, err := os.Lstat(filepath.Join(jobDir, AbandonedFile))
	return err == nil
}
