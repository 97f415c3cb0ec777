package testkit

import (
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// GitHTTPS serves the repositories below a directory over https on loopback, to
// one account. It returns the address of the directory and the file of the
// authority that clients have to trust.
func GitHTTPS(tb testing.TB, root, user, password string) (address, authority string) {
	tb.Helper()
	server := httptest.NewTLSServer(gitHandler(tb, root, user, password))
	tb.Cleanup(server.Close)
	authority = filepath.Join(tb.TempDir(), "authority.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(authority, text, 0o600); err != nil {
		tb.Fatal(err)
	}
	return server.URL, authority
}

// GitHTTP is GitHTTPS without encryption.
func GitHTTP(tb testing.TB, root, user, password string) (address string) {
	tb.Helper()
	server := httptest.NewServer(gitHandler(tb, root, user, password))
	tb.Cleanup(server.Close)
	return server.URL
}

func gitHandler(tb testing.TB, root, user, password string) http.Handler {
	tb.Helper()
	RequireTool(tb, "git")
	path, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		tb.Fatal(err)
	}
	backend := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(path)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, ok := r.BasicAuth(); !ok || u != user || p != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "sign in", http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, r)
	})
}

// SSHServer is a real sshd on loopback.
type SSHServer struct {
	Port    int
	HostKey string // its public key, as in a file of known hosts after the name
}

// Address is that of a repository below the server's root.
func (s *SSHServer) Address(path string) string {
	return fmt.Sprintf("ssh://127.0.0.1:%d%s", s.Port, path)
}

// NewSSHServer starts a server that lets in whoever has one of the keys.
func NewSSHServer(tb testing.TB, authorized ...string) *SSHServer {
	tb.Helper()
	sshd := RequireTool(tb, "sshd")
	if os.Geteuid() == 0 {
		_ = os.MkdirAll("/run/sshd", 0o755) // where its privileges are separated
	}
	dir := tb.TempDir()
	_, hostKey := SSHKey(tb, "ed25519", "")
	private, _ := os.ReadFile(hostKey.file)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	write("host", string(private))
	write("authorized", strings.Join(authorized, ""))
	s := &SSHServer{Port: FreePort(tb), HostKey: hostKey.Public}
	write("config", fmt.Sprintf("Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile %s/authorized\nStrictModes no\nUsePAM no\nPidFile none\n"+
		"PasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 100\n", s.Port, dir, dir))
	cmd := exec.Command(sshd, "-D", "-f", filepath.Join(dir, "config"))
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	Eventually(tb, "sshd", func() bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.Port))
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return s
}

// KeyPair is a key of ssh.
type KeyPair struct {
	Private string
	Public  string // a line of an authorized_keys file
	file    string
}

// SSHKey makes a key with ssh-keygen, whose further arguments may choose its
// form. It returns its private part, and the whole. Unlocking it is quicker than
// usual, which counts with the race detector.
func SSHKey(tb testing.TB, kind, passphrase string, args ...string) (string, KeyPair) {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "key")
	args = append([]string{"-q", "-a", "1", "-t", kind, "-N", passphrase, "-C", "test", "-f", file}, args...)
	if out, err := exec.Command(RequireTool(tb, "ssh-keygen"), args...).CombinedOutput(); err != nil {
		tb.Fatalf("%v\n%s", err, out)
	}
	private, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	public, err := os.ReadFile(file + ".pub")
	if err != nil {
		tb.Fatal(err)
	}
	return string(private), KeyPair{Private: string(private), Public: string(public), file: file}
}
