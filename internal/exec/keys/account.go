package keys

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"signalbox/internal/job"
)

// Account is a sign-in for one host.
type Account struct {
	Protocol string
	Host     string // with the port, if the address has one
	Username string
	Password string
}

// WriteAccount stores the sign-in for a repository's address in the private
// directory and returns the file. A credential without a login is a token,
// which services take as the password of any user.
func WriteAccount(private, name, address string, c *job.Credential) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("parse address: %w", err)
	}
	a := Account{Protocol: strings.ToLower(u.Scheme), Host: strings.ToLower(u.Host), Username: c.Login, Password: c.Password}
	if a.Username == "" && u.User != nil {
		a.Username = u.User.Username()
	}
	if a.Username == "" {
		a.Username = "git"
	}
	text, err := json.Marshal(a)
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
// from the account file, if it is for the very host. An askpass program would
// learn the host only from the words of a prompt; here a submodule or a
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
	var a Account
	if err := json.Unmarshal(text, &a); err != nil {
		return fmt.Errorf("read account: %w", err)
	}
	if asked["protocol"] != a.Protocol || !strings.EqualFold(asked["host"], a.Host) {
		return nil
	}
	if strings.ContainsAny(a.Username+a.Password, "\n\x00") {
		return nil // cannot be said in this protocol
	}
	_, err = fmt.Fprintf(out, "username=%s\npassword=%s\n", a.Username, a.Password)
	return err
}
