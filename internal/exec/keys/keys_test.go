package keys

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"signalbox/internal/job"
)

func newKey(t testing.TB) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "test")
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block))
}

func TestRing(t *testing.T) {
	t.Parallel()
	for name, private := range map[string]string{
		"short path": t.TempDir(),
		"long path":  filepath.Join(t.TempDir(), strings.Repeat("very-long-name/", 8)),
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.MkdirAll(private, 0o700); err != nil {
				t.Fatal(err)
			}
			r := NewRing(private)
			if r.Socket() != "" {
				t.Error("an agent without keys")
			}
			for range 2 {
				id, err := r.Add(&job.Credential{Name: "k", Kind: "ssh", PrivateKey: newKey(t)})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := os.Stat(id.PublicFile); err != nil {
					t.Error(err)
				}
			}
			info, err := os.Stat(r.Socket())
			if err != nil || info.Mode().Perm() != 0o600 || len(r.Socket()) > maxSocketPath {
				t.Errorf("socket %s: %v %v", r.Socket(), info, err)
			}
			if info, err := os.Stat(filepath.Dir(r.Socket())); err != nil || name == "long path" && info.Mode().Perm() != 0o700 {
				t.Errorf("its directory: %v %v", info.Mode(), err)
			}
			conn, err := net.Dial("unix", r.Socket())
			if err != nil {
				t.Fatal(err)
			}
			client := agent.NewClient(conn)
			list, err := client.List()
			if err != nil || len(list) != 2 {
				t.Fatalf("%d keys, %v", len(list), err)
			}
			if _, err := client.Sign(list[1], []byte("data")); err != nil {
				t.Error(err)
			}
			if err := client.RemoveAll(); err == nil {
				t.Error("a program could remove the keys")
			}
			socket := r.Socket()
			r.Close()
			r.Close()
			if _, err := client.List(); err == nil {
				t.Error("the agent answers after its end")
			}
			if _, err := os.Stat(socket); err == nil {
				t.Error("the socket is still there")
			}
		})
	}
}

func TestAnswerGit(t *testing.T) {
	t.Parallel()
	private := t.TempDir()
	write := func(name string, list ...Account) string {
		file, err := WriteAccounts(private, name, list)
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	account := func(address string, c job.Credential) Account { return NewAccount(address, &c) }
	file := write("a", account("https://Git.Example.org:8443/x.git", job.Credential{Login: "me", Password: "p w=\\"}))
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	token := write("b", account("https://example.org/x.git", job.Credential{Password: "token"}))
	evil := write("c", account("https://example.org/x.git", job.Credential{Password: "a\nhost=x"}))
	host, team := account("https://example.org", job.Credential{Login: "h", Password: "1"}), account("https://example.org", job.Credential{Login: "t", Password: "2"})
	team.Path = "team"
	many := write("d", host, team)
	for name, c := range map[string]struct{ file, op, asked, want string }{
		"asked":             {file, "get", "protocol=https\nhost=git.example.org:8443\npath=x\n\n", "username=me\npassword=p w=\\\n"},
		"another host":      {file, "get", "protocol=https\nhost=evil.org\n", ""},
		"another port":      {file, "get", "protocol=https\nhost=git.example.org\n", ""},
		"in clear":          {file, "get", "protocol=http\nhost=git.example.org:8443\n", ""},
		"store":             {file, "store", "protocol=https\nhost=git.example.org:8443\n", ""},
		"token":             {token, "get", "protocol=https\nhost=example.org\n", "username=git\npassword=token\n"},
		"usual port":        {token, "get", "protocol=https\nhost=example.org:443\n", "username=git\npassword=token\n"},
		"cannot be said":    {evil, "get", "protocol=https\nhost=example.org\n", ""},
		"of many, the host": {many, "get", "protocol=https\nhost=example.org\npath=teamwork/x.git\n", "username=h\npassword=1\n"},
		"of many, the path": {many, "get", "protocol=https\nhost=example.org\npath=team/x.git\n", "username=t\npassword=2\n"},
	} {
		var out bytes.Buffer
		if err := AnswerGit(c.file, c.op, strings.NewReader(c.asked), &out); err != nil || out.String() != c.want {
			t.Errorf("%s: %q, want %q, %v", name, out.String(), c.want, err)
		}
	}
}
