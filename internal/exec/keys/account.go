package keys

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"signalbox/internal/job"
)

// Account is a sign-in for one host.
type Account struct {
	Protocol string
	Host     string // with the port, if the address has one
	Path     string // beginning of the path it is for, "" for all of the host
	Username string
	Password string
}

// NewAccount makes the sign-in for a web address. A credential without a login
// is a token, which services take as the password of any user.
func NewAccount(address string, c *job.Credential) Account {
	to := ParseAddress(address)
	a := Account{Protocol: to.Scheme, Host: to.Host, Username: c.Login, Password: c.Password}
	if to.Port != "" {
		a.Host += ":" + to.Port
	}
	if a.Username == "" {
		a.Username = to.User
	}
	if a.Username == "" {
		a.Username = "git"
	}
	return a
}

// WriteAccounts stores sign-ins in the private directory and returns the file.
func WriteAccounts(private, name string, list []Account) (string, error) {
	text, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	file := filepath.Join(private, name)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return "", fmt.Errorf("write account: %w", err)
	}
	return file, nil
}

// AnswerGit is a git credential helper: it reads what git asks for and answers
// from the file of accounts, if one is for the very host. An askpass program
// would learn the host only from the words of a prompt; here a submodule or a
// redirect cannot fish for the password.
func AnswerGit(file, operation string, in io.Reader, out io.Writer) error {
	if operation != "get" {
		return nil // nothing is stored or erased
	}
	asked := map[string]string{}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if name, value, ok := strings.Cut(lines.Text(), "="); ok {
			asked[name] = value
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var list []Account
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("read account: %w", err)
	}
	var best *Account
	for i, a := range list {
		if asked["protocol"] != a.Protocol || !sameHost(a.Protocol, asked["host"], a.Host) || !below(asked["path"], a.Path) {
			continue
		}
		if best == nil || len(a.Path) > len(best.Path) {
			best = &list[i]
		}
	}
	if best == nil || strings.ContainsAny(best.Username+best.Password, "\n\x00") {
		return nil // none, or one that cannot be said in this protocol
	}
	_, err = fmt.Fprintf(out, "username=%s\npassword=%s\n", best.Username, best.Password)
	return err
}

// sameHost compares hosts with ports, where the usual port may be left out.
func sameHost(scheme, a, b string) bool {
	x, y := ParseAddress(scheme+"://"+a), ParseAddress(scheme+"://"+b)
	return x.Host != "" && x.Host == y.Host && x.Port == y.Port
}

// below reports whether a path is the prefix or in it.
func below(path, prefix string) bool {
	path, prefix = strings.Trim(path, "/"), strings.Trim(prefix, "/")
	return prefix == "" || path == prefix || path == prefix+".git" || strings.HasPrefix(path, prefix+"/")
}
