package gitrepo

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"signalbox/internal/exec/keys"
	"signalbox/internal/job"
)

// fileName is a name for what belongs to an address.
func fileName(what, address string) string {
	sum := sha256.Sum256([]byte(address))
	return what + "-" + hex.EncodeToString(sum[:6])
}

// Environ is what programs need in their environment so that the git they start
// signs in: that of Ansible Galaxy for roles, that of Terraform for modules. The
// credentials are those of the options and, for its own host, that of the
// repository. What it names is in the private directory and the ring.
func Environ(o Options, repo job.Repository) ([]string, error) {
	if o.KnownHosts.File == "" {
		o.KnownHosts.File = filepath.Join(o.configDir(), "known_hosts")
	}
	mode, err := hostKeyMode(o.KnownHosts.Mode)
	if err != nil {
		return nil, err
	}
	o.KnownHosts.Mode = mode
	c := &client{Options: o}
	list := o.Credentials
	if a := keys.ParseAddress(repo.URL); repo.Credential != nil && a.Host != "" {
		own := job.HostCredential{Match: a.Host, Credential: *repo.Credential}
		if repo.Credential.Kind == "login_password" {
			own.Match = repo.URL[:len(repo.URL)-len(a.Path)] // the very scheme, host and port
		}
		list = append(append([]job.HostCredential(nil), list...), own) // those that name it come first
	}
	settings, err := c.accounts(list)
	if err != nil {
		return nil, err
	}
	command, err := c.manyKeys(list)
	if err != nil {
		return nil, err
	}
	for _, h := range list {
		if a := keys.ParseAddress(h.Match); h.Credential.Kind == "ssh" && strings.HasPrefix(a.Scheme, "http") {
			from, to := h.Match, keys.OverSSH(h.Match, h.Credential.Login)
			if strings.Trim(a.Path, "/") == "" { // whole names of hosts only
				from, to = strings.TrimSuffix(from, "/")+"/", strings.TrimSuffix(to, "/")+"/"
			}
			settings = append(settings, [2]string{"url." + to + ".insteadOf", from})
		}
	}
	env := []string{"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS=", "GIT_SSH_COMMAND=" + command, "GIT_SSH_VARIANT=ssh"}
	if socket := o.Ring.Socket(); socket != "" {
		env = append(env, "SSH_AUTH_SOCK="+socket)
	}
	return append(env, gitSettings(settings)...), nil
}

// accounts are the settings by which git gets passwords.
func (c *client) accounts(list []job.HostCredential) ([][2]string, error) {
	var accounts []keys.Account
	for _, h := range list {
		cred := h.Credential
		if cred.Kind != "login_password" || cred.Password == "" || h.Match == "" {
			continue
		}
		address := h.Match
		if !strings.Contains(address, "://") {
			address = "https://" + address // a password never goes in clear unless asked to
		}
		a := keys.NewAccount(address, &cred)
		a.Path = keys.ParseAddress(address).Path
		accounts = append(accounts, a)
	}
	if len(accounts) == 0 {
		return nil, nil
	}
	file, err := keys.WriteAccounts(c.Private, "accounts", accounts)
	if err != nil {
		return nil, err
	}
	return helperSettings(c.Executable, file), nil
}

// manyKeys makes the ssh command that picks the key by host, by a configuration
// that says so before that of the machine or user.
func (c *client) manyKeys(list []job.HostCredential) (string, error) {
	var b strings.Builder
	for _, h := range list {
		cred := h.Credential
		host := strings.TrimSpace(h.Match)
		if strings.Contains(host, "://") {
			host = keys.ParseAddress(host).Host
		} else if i := strings.LastIndex(host, ":"); i >= 0 && strings.Count(host, ":") == 1 {
			host = host[:i]
		}
		if cred.Kind != "ssh" || cred.PrivateKey == "" || host == "" || strings.ContainsAny(host, " \t\r\n\"*?!,#%") {
			continue // a host that is a pattern would be offered the key of another
		}
		id, err := c.Ring.Add(&cred)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "Host %s\n\tIdentitiesOnly yes\n\tIdentityAgent %s\n\tIdentityFile %s\n", host, sshQuote(c.Ring.Socket()), sshQuote(id.PublicFile))
		if cred.Login != "" && !strings.ContainsAny(cred.Login, " \t\r\n\"") {
			fmt.Fprintf(&b, "\tUser %s\n", cred.Login)
		}
	}
	b.WriteString("Host *\n")
	if c.SSHConfig != "" {
		fmt.Fprintf(&b, "Include %s\n", sshQuote(c.SSHConfig))
	} else {
		fmt.Fprintf(&b, "Include %s\nInclude /etc/ssh/ssh_config\n", sshQuote(filepath.Join(c.Home, ".ssh", "config")))
	}
	file := filepath.Join(c.Private, "ssh_config")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		return "", fmt.Errorf("write ssh configuration: %w", err)
	}
	with := *c
	with.SSHConfig = file
	return shellWords(with.sshCommand()), nil
}
