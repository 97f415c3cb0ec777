package keys

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
	"golang.org/x/sys/unix"
)

// Ways to treat the keys of servers.
const (
	AcceptNew = "accept-new" // remember that of a new server, refuse a changed one
	Strict    = "strict"     // only those that are known
	Off       = "off"        // none is checked
)

// KnownHosts is the file of the keys of servers, and how it is used. The file
// is that of OpenSSH, so that both git clients and people can use it.
type KnownHosts struct {
	File string
	Mode string // "" is AcceptNew
}

// systemHosts is the file that the administrator of the machine keeps.
const systemHosts = "/etc/ssh/ssh_known_hosts"

// ErrHostChanged: the server's key is not the one that is known.
var ErrHostChanged = errors.New("remote host identification has changed")

// ErrHostUnknown: the server is not known, and new ones are not taken.
var ErrHostUnknown = errors.New("no host key is known for the server")

// Options are the words for ssh, to be used as values of -o.
func (k KnownHosts) Options() []string {
	check, file := "accept-new", sshQuote(k.File)
	switch k.Mode {
	case Strict:
		check = "yes"
	case Off:
		check, file = "no", os.DevNull
	}
	return []string{"StrictHostKeyChecking=" + check, "HashKnownHosts=no", "UserKnownHostsFile=" + file}
}

// sshQuote quotes a file name in an option of ssh.
func sshQuote(path string) string {
	return `"` + strings.NewReplacer("%", "%%", `"`, `\"`).Replace(path) + `"`
}

// Check is what the built-in client asks about the key of a server. Its errors
// are ErrHostChanged and ErrHostUnknown.
func (k KnownHosts) Check(address string, remote net.Addr, key ssh.PublicKey) error {
	if k.Mode == Off {
		return nil
	}
	err := k.check(address, remote, key)
	if !errors.Is(err, ErrHostUnknown) || k.Mode == Strict {
		return err
	}
	return k.learn(address, remote, key)
}

// check asks the files as they are.
func (k KnownHosts) check(address string, remote net.Addr, key ssh.PublicKey) error {
	known, err := load(k.File, systemHosts)
	if err != nil {
		return fmt.Errorf("read known hosts: %w", err)
	}
	err = known(address, noAddress{remote}, key)
	var unknown *knownhosts.KeyError
	switch {
	case errors.As(err, &unknown) && len(unknown.Want) == 0:
		return ErrHostUnknown
	case errors.As(err, &unknown):
		return ErrHostChanged
	}
	return err
}

// load reads the files that exist. Lines that cannot be read are passed over, as
// ssh does: one that a full disk cut off must not stop every task.
func load(files ...string) (ssh.HostKeyCallback, error) {
	var good bytes.Buffer
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for line := range bytes.Lines(text) {
			if _, _, _, _, _, err := ssh.ParseKnownHosts(line); err == nil {
				good.Write(bytes.TrimRight(line, "\r\n"))
				good.WriteByte('\n')
			}
		}
	}
	// The library reads files only; one in memory is never left behind.
	fd, err := unix.MemfdCreate("known_hosts", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	tmp := os.NewFile(uintptr(fd), "known_hosts")
	defer tmp.Close()
	if _, err := tmp.Write(good.Bytes()); err != nil {
		return nil, err
	}
	return knownhosts.New(fmt.Sprintf("/proc/self/fd/%d", fd))
}

// noAddress hides the network address: names are what is verified, because
// services move between addresses.
type noAddress struct{ net.Addr }

func (noAddress) String() string { return "0.0.0.0:0" }

// learn adds a key. The file is locked and looked at again, because another
// task may have met the same server, or an impostor of it, meanwhile.
func (k KnownHosts) learn(address string, remote net.Addr, key ssh.PublicKey) error {
	if err := os.MkdirAll(filepath.Dir(k.File), 0o700); err != nil {
		return fmt.Errorf("remember the server's key: %w", err)
	}
	f, err := os.OpenFile(k.File, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("remember the server's key: %w", err)
	}
	defer f.Close()
	for err = unix.EINTR; errors.Is(err, unix.EINTR); {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
	}
	if err != nil {
		return fmt.Errorf("remember the server's key: %w", err)
	}
	if err := k.check(address, remote, key); !errors.Is(err, ErrHostUnknown) {
		return err
	}
	text, err := os.ReadFile(k.File)
	if err != nil {
		return fmt.Errorf("remember the server's key: %w", err)
	}
	line := knownhosts.Line([]string{knownhosts.Normalize(address)}, key) + "\n"
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		line = "\n" + line // after a line that a full disk cut off
	}
	if _, err := f.WriteString(line); err != nil {
		return fmt.Errorf("remember the server's key: %w", err)
	}
	return nil
}

// Algorithms lists the kinds of keys that are known for a server. Asking for
// another kind would make a known server look like a changed one. Nil: any.
func (k KnownHosts) Algorithms(address string) []string {
	if k.Mode == Off {
		return nil
	}
	var list []string
	probe, err := ssh.NewPublicKey(ed25519.PublicKey(make([]byte, ed25519.PublicKeySize))) // nobody's key
	if err != nil {
		return nil
	}
	known, err := load(k.File, systemHosts)
	if err != nil {
		return nil
	}
	var unknown *knownhosts.KeyError
	if !errors.As(known(address, noAddress{&net.TCPAddr{}}, probe), &unknown) {
		return nil
	}
	for _, want := range unknown.Want {
		kind := want.Key.Type()
		if kind == ssh.KeyAlgoRSA {
			list = append(list, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		} else if !slices.Contains(list, kind) {
			list = append(list, kind)
		}
	}
	return list
}
