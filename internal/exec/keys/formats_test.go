package keys

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"signalbox/internal/exec/fault"
	"signalbox/internal/job"
	"signalbox/internal/testkit"
)

// TestRing_Formats: keys of all kinds that ssh-keygen and openssl make.
func TestRing_Formats(t *testing.T) {
	t.Parallel()
	type form struct {
		kind string
		args []string
	}
	forms := map[string]form{
		"OpenSSH Ed25519": {"ed25519", nil}, "OpenSSH RSA": {"rsa", []string{"-b", "2048"}}, "OpenSSH ECDSA": {"ecdsa", []string{"-b", "384"}},
		"PEM RSA": {"rsa", []string{"-b", "2048", "-m", "PEM"}}, "PEM ECDSA": {"ecdsa", []string{"-m", "PEM"}},
		"PKCS8 RSA": {"rsa", []string{"-b", "2048", "-m", "PKCS8"}}, "PKCS8 ECDSA": {"ecdsa", []string{"-m", "PKCS8"}},
	}
	for name, f := range forms {
		for _, passphrase := range []string{"", "öffne dich"} {
			t.Run(name+" "+passphrase, func(t *testing.T) {
				t.Parallel()
				_, pair := testkit.SSHKey(t, f.kind, passphrase, f.args...)
				use(t, pair.Private, passphrase, pair.Public)
			})
		}
	}
	openssl := testkit.RequireTool(t, "openssl")
	_, pair := testkit.SSHKey(t, "ecdsa", "", "-m", "PKCS8")
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, []byte(pair.Private), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"aes256 sha512": {"-v2", "aes256", "-v2prf", "hmacWithSHA512"}, "3des sha1": {"-v2", "des3", "-v2prf", "hmacWithSHA1"}, "scrypt": {"-scrypt"},
	} {
		out, err := exec.Command(openssl, append([]string{"pkcs8", "-topk8", "-in", plain, "-passout", "pass:sesame"}, args...)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		t.Run("PKCS8 "+name, func(t *testing.T) { use(t, string(out), "sesame", pair.Public) })
	}
}

// use adds a key and signs with it through the agent.
func use(t *testing.T, private, passphrase, public string) {
	r := NewRing(t.TempDir())
	defer r.Close()
	c := &job.Credential{Name: "k", Kind: "ssh", PrivateKey: strings.TrimSpace(private), Passphrase: passphrase}
	id, err := r.Add(c)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := r.Add(c); err != nil || again != id {
		t.Errorf("the same key again: %v %v", again, err)
	}
	conn, err := net.Dial("unix", r.Socket())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	want, _, _, _, err := ssh.ParseAuthorizedKey([]byte(public))
	if err != nil {
		t.Fatal(err)
	}
	client := agent.NewClient(conn)
	if list, err := client.List(); err != nil || len(list) != 1 {
		t.Errorf("%d keys, %v", len(list), err)
	}
	signature, err := client.Sign(want, []byte("data"))
	if err != nil || want.Verify([]byte("data"), signature) != nil {
		t.Errorf("signature: %v", err)
	}
	if passphrase == "" {
		return
	}
	for wrong, sentence := range map[string]string{
		"wrong": "The passphrase of the key 'k' is wrong. Correct it in the settings of the key.",
		"":      "The key 'k' is protected by a passphrase. Enter it in the settings of the key.",
	} {
		bad := *c
		bad.Passphrase = wrong
		if _, err := r.Add(&bad); err == nil || fault.Sentence(err) != sentence {
			t.Errorf("passphrase %q: %v", wrong, err)
		}
	}
}

func TestKnownHosts_CutOffLine(t *testing.T) {
	t.Parallel()
	_, a := testkit.SSHKey(t, "ed25519", "")
	_, b := testkit.SSHKey(t, "ecdsa", "")
	parse := func(text string) ssh.PublicKey {
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	k := KnownHosts{File: filepath.Join(t.TempDir(), "deep", "known_hosts")}
	at := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 22}
	if err := k.Check("one.example.org:22", at, parse(a.Public)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(k.File)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(k.File, append(text, "two.example.org ssh-ed25519 AAAAC3"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := k.Check("two.example.org:2222", at, parse(b.Public)); err != nil {
		t.Errorf("after a line that was cut off: %v", err)
	}
	if got := k.Algorithms("two.example.org:2222"); len(got) != 1 || got[0] != ssh.KeyAlgoECDSA256 {
		t.Errorf("algorithms %q", got)
	}
	for address, want := range map[string]error{"one.example.org:22": nil, "two.example.org:2222": ErrHostChanged} {
		if err := k.Check(address, at, parse(a.Public)); err != want {
			t.Errorf("%s: %v, want %v", address, err, want)
		}
	}
	k.Mode = Strict
	if err := k.Check("three.example.org:22", at, parse(a.Public)); err != ErrHostUnknown {
		t.Errorf("unknown: %v", err)
	}
}
