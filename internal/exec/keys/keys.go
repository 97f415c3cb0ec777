// Package keys holds the credentials of a run for the programs that need them:
// private keys in an agent inside the job's process, so that they never touch
// the disk, and accounts for git in a file of the job's private directory that
// only our own credential helper reads.
package keys

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"signalbox/internal/exec/fault"
	"signalbox/internal/job"
)

// maxSocketPath is how long a unix socket's path may be with room to spare;
// programs cannot be made to go through a descriptor as we do.
const maxSocketPath = 100

// A socket that needs a shorter path gets a directory of its own, of this
// prefix in the system's directory for temporary files, and the private
// directory a link to it, so that a sweep finds it.
const (
	AgentLink      = "agent.dir"
	AgentDirPrefix = "signalbox-agent-"
	AgentSocket    = "agent.sock"
)

// Ring is the agent of a run. It starts with the first key.
type Ring struct {
	private string

	mu       sync.Mutex
	keys     agent.Agent
	listener net.Listener
	socket   string
	own      string              // directory of the socket, when it is not private
	opened   map[[32]byte]any    // keys by digest of text and passphrase: unlocking is slow on purpose
	known    map[string]Identity // by fingerprint
	conns    map[net.Conn]bool
	closed   bool
	group    sync.WaitGroup
}

// NewRing makes a ring that keeps its files in a private directory.
func NewRing(private string) *Ring {
	return &Ring{private: private, conns: map[net.Conn]bool{}, opened: map[[32]byte]any{}, known: map[string]Identity{}}
}

// Identity is a key that the agent holds.
type Identity struct {
	PublicFile string // names the key to ssh
}

// Add gives a key to the agent.
func (r *Ring) Add(c *job.Credential) (Identity, error) {
	raw, err := r.open(c)
	if err != nil {
		return Identity{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.start(); err != nil {
		return Identity{}, err
	}
	if err := r.keys.Add(agent.AddedKey{PrivateKey: raw, Comment: c.Name}); err != nil {
		return Identity{}, fault.Wrap(err, "The private key of '%s' is of a kind that cannot be used. Create an Ed25519 or RSA key.", c.Name)
	}
	signer, err := ssh.NewSignerFromKey(raw)
	if err != nil {
		return Identity{}, fault.Wrap(err, "The private key of '%s' is of a kind that cannot be used. Create an Ed25519 or RSA key.", c.Name)
	}
	print := ssh.FingerprintSHA256(signer.PublicKey())
	if id, ok := r.known[print]; ok {
		return id, nil
	}
	file := filepath.Join(r.private, "key"+strconv.Itoa(len(r.known)+1)+".pub")
	if err := os.WriteFile(file, ssh.MarshalAuthorizedKey(signer.PublicKey()), 0o600); err != nil {
		return Identity{}, fmt.Errorf("write public key: %w", err)
	}
	r.known[print] = Identity{PublicFile: file}
	return r.known[print], nil
}

// Signer reads the private key of a credential, for a client that signs itself.
func (r *Ring) Signer(c *job.Credential) (ssh.Signer, error) {
	raw, err := r.open(c)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.NewSignerFromKey(raw)
	if err != nil {
		return nil, fault.Wrap(err, "The private key of '%s' is of a kind that cannot be used. Create an Ed25519 or RSA key.", c.Name)
	}
	return signer, nil
}

// open is parse, once per key.
func (r *Ring) open(c *job.Credential) (any, error) {
	digest := sha256.Sum256([]byte(strconv.Itoa(len(c.PrivateKey)) + "\x00" + c.PrivateKey + c.Passphrase))
	r.mu.Lock()
	defer r.mu.Unlock()
	if raw, ok := r.opened[digest]; ok {
		return raw, nil
	}
	raw, err := parse(c)
	if err == nil && !r.closed {
		r.opened[digest] = raw
	}
	return raw, err
}

// parse reads a private key, with its passphrase if it has one.
func parse(c *job.Credential) (any, error) {
	text := []byte(strings.TrimSpace(strings.ReplaceAll(c.PrivateKey, "\r\n", "\n")) + "\n")
	raw, err := ssh.ParseRawPrivateKey(text)
	var locked *ssh.PassphraseMissingError
	block, _ := pem.Decode(text)
	pkcs8 := block != nil && block.Type == lockedPKCS8
	if errors.As(err, &locked) || pkcs8 {
		if c.Passphrase == "" {
			return nil, fault.New("The key '%s' is protected by a passphrase. Enter it in the settings of the key.", c.Name)
		}
		if pkcs8 {
			raw, err = openPKCS8(block, c.Passphrase)
		} else {
			raw, err = ssh.ParseRawPrivateKeyWithPassphrase(text, []byte(c.Passphrase))
		}
		if errors.Is(err, x509.IncorrectPasswordError) {
			return nil, fault.New("The passphrase of the key '%s' is wrong. Correct it in the settings of the key.", c.Name)
		}
	}
	if err != nil {
		// The cause could quote the key, so it is not passed on.
		return nil, fault.New("The private key of '%s' cannot be read. Paste it whole, with its first and last line, in OpenSSH or PEM form.", c.Name)
	}
	return raw, nil
}

func (r *Ring) start() error {
	if r.listener != nil {
		return nil
	}
	dir := r.private
	if len(dir)+len("/"+AgentSocket) > maxSocketPath {
		var err error
		if dir, err = os.MkdirTemp("", AgentDirPrefix); err != nil {
			return fmt.Errorf("make agent directory: %w", err)
		}
		r.own = dir
		_ = os.Symlink(dir, filepath.Join(r.private, AgentLink))
	}
	r.socket = filepath.Join(dir, AgentSocket)
	l, err := net.Listen("unix", r.socket)
	if err != nil {
		return fmt.Errorf("open agent: %w", err)
	}
	if err := os.Chmod(r.socket, 0o600); err != nil {
		_ = l.Close()
		return fmt.Errorf("open agent: %w", err)
	}
	r.listener = l
	r.keys = agent.NewKeyring()
	r.group.Go(r.accept)
	return nil
}

func (r *Ring) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		if r.closed {
			_ = conn.Close()
		} else {
			r.conns[conn] = true
			r.group.Go(func() { r.answer(conn) })
		}
		r.mu.Unlock()
	}
}

func (r *Ring) answer(conn net.Conn) {
	_ = agent.ServeAgent(signOnly{r.keys.(agent.ExtendedAgent)}, conn) // ends when the client leaves
	_ = conn.Close()
	r.mu.Lock()
	delete(r.conns, conn)
	r.mu.Unlock()
}

// Socket is the path for SSH_AUTH_SOCK, "" while no key is held.
func (r *Ring) Socket() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.socket
}

// Close forgets the keys and removes the socket.
func (r *Ring) Close() {
	r.mu.Lock()
	r.closed = true
	if r.listener != nil {
		_ = r.listener.Close()
		_ = r.keys.RemoveAll()
	}
	for conn := range r.conns {
		_ = conn.Close()
	}
	own := r.own
	clear(r.opened)
	r.mu.Unlock()
	r.group.Wait()
	if own != "" {
		_ = os.RemoveAll(own)
	}
}

// signOnly lets programs use the keys, not change them.
type signOnly struct{ agent.ExtendedAgent }

var errReadOnly = errors.New("this agent cannot be changed")

func (signOnly) Add(agent.AddedKey) error   { return errReadOnly }
func (signOnly) Remove(ssh.PublicKey) error { return errReadOnly }
func (signOnly) RemoveAll() error           { return errReadOnly }
func (signOnly) Lock([]byte) error          { return errReadOnly }
func (signOnly) Unlock([]byte) error        { return errReadOnly }
