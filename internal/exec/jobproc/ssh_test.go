package jobproc_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signalbox/internal/job"
)

// sshServer starts a real server on loopback that takes one key.
func sshServer(t testing.TB, publicKey string) (host string, port int) {
	t.Helper()
	sshd := need(t, "sshd")
	if os.Geteuid() == 0 {
		_ = os.MkdirAll("/run/sshd", 0o755) // where its privileges are separated
	}
	dir := t.TempDir()
	hostKey(t, filepath.Join(dir, "host"))
	authorized := filepath.Join(dir, "authorized")
	write(t, authorized, publicKey)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port = l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	config := fmt.Sprintf("Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile %s\nStrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n", port, dir, authorized)
	write(t, filepath.Join(dir, "config"), config)
	cmd := exec.Command(sshd, "-D", "-e", "-f", filepath.Join(dir, "config"))
	cmd.Stderr = testWriter{t}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 200 {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			_ = conn.Close()
			return "127.0.0.1", port
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("sshd does not answer")
	return "", 0
}

type testWriter struct{ t testing.TB }

func (testWriter) Write(p []byte) (int, error) { return len(p), nil }

func hostKey(t testing.TB, path string) {
	t.Helper()
	_ = os.Remove(path)
	keygen(t, path, "")
}

// keygen makes a key pair and returns both parts.
func keygen(t testing.TB, path, passphrase string) (private, public string) {
	t.Helper()
	if out, err := exec.Command(need(t, "ssh-keygen"), "-q", "-t", "ed25519", "-N", passphrase, "-C", "test", "-f", path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	a, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	return string(a), string(b)
}

func TestSSH(t *testing.T) {
	t.Parallel()
	private, public := keygen(t, filepath.Join(t.TempDir(), "id"), "open sesame")
	host, port := sshServer(t, public)
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	key := &job.Credential{Name: "deploy", Kind: "ssh", Login: me.Username, PrivateKey: strings.ReplaceAll(private, "\n", "\r\n"), Passphrase: "open sesame"}

	dir := remote(t, "echo over ssh; ls -A ../private 2>/dev/null; echo agent=$SSH_AUTH_SOCK")
	spec := gitSpec(t, fmt.Sprintf("ssh://%s:%d%s", host, port, dir), "ssh")
	spec.Repository.Credential = key
	got := runJob(t, spec)
	if got.end.Status != "success" || !strings.HasSuffix(got.output, "over ssh\nagent=\n") {
		t.Fatalf("git: end %+v\n%s", got.end, got.output)
	}
	known, err := os.ReadFile(filepath.Join(spec.Host.DataDir, "known_hosts"))
	if err != nil || !strings.Contains(string(known), host) {
		t.Errorf("known hosts: %q %v", known, err)
	}

	t.Run("changed host", func(t *testing.T) {
		changed := spec
		changed.Host.DataDir = t.TempDir()
		_, other := keygen(t, filepath.Join(t.TempDir(), "other"), "")
		write(t, filepath.Join(changed.Host.DataDir, "known_hosts"), fmt.Sprintf("[%s]:%d %s", host, port, other))
		if got := runJob(t, changed); !strings.Contains(got.end.Reason, "is not the one seen before") {
			t.Errorf("end %+v\n%s", got.end, got.output)
		}
	})
	t.Run("wrong key", func(t *testing.T) {
		wrong := spec
		other, _ := keygen(t, filepath.Join(t.TempDir(), "other"), "")
		wrong.Repository.Credential = &job.Credential{Name: "deploy", Kind: "ssh", Login: me.Username, PrivateKey: other}
		if got := runJob(t, wrong); !strings.Contains(got.end.Reason, "refused the sign-in") {
			t.Errorf("end %+v\n%s", got.end, got.output)
		}
	})
	t.Run("wrong passphrase", func(t *testing.T) {
		wrong := spec
		bad := *key
		bad.Passphrase = "open barley"
		wrong.Repository.Credential = &bad
		if got := runJob(t, wrong); got.end.Reason != "The passphrase of the key 'deploy' is wrong. Correct it in the settings of the key." {
			t.Errorf("end %+v\n%s", got.end, got.output)
		}
		bad.Passphrase = ""
		if got := runJob(t, wrong); !strings.Contains(got.end.Reason, "is protected by a passphrase") {
			t.Errorf("end %+v\n%s", got.end, got.output)
		}
		bad.PrivateKey = "not a key"
		if got := runJob(t, wrong); !strings.Contains(got.end.Reason, "cannot be read") {
			t.Errorf("end %+v\n%s", got.end, got.output)
		}
	})
	t.Run("playbook", func(t *testing.T) {
		spec := ansibleSpec(t, "- hosts: all\n  gather_facts: false\n  tasks:\n    - raw: echo connected as $USER\n      register: out\n    - debug: var=out.stdout\n")
		spec.Inventory = &job.Inventory{ID: 1, Name: "hosts", Kind: "static", Connection: key,
			Text: fmt.Sprintf("box ansible_host=%s ansible_port=%d", host, port)}
		if got := runJob(t, spec); got.end.Status != "success" || !strings.Contains(got.output, "connected as "+me.Username) {
			t.Errorf("end %+v\n%s", got.end, got.output)
		}
	})
}
