package domain

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// HostConfigType says what a host config names.
type HostConfigType string

const (
	HostConfigHost HostConfigType = "host" // a host, with or without a port
	HostConfigURL  HostConfigType = "url"  // the beginning of a web address
)

// HostConfig is a sign-in for what repositories bring along from elsewhere:
// submodules, Galaxy requirements and Terraform modules.
type HostConfig struct {
	ID        HostConfigID
	ProjectID ProjectID
	Type      HostConfigType
	Host      string // or the address; unique with the type in a project
	SSHKeyID  KeyID
}

var hostName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?$`)
})

// Validate checks the fields a client may set and brings the host into the form
// it is stored in. Which keys fit says CheckKey.
func (h *HostConfig) Validate() error {
	h.Host = strings.TrimSpace(h.Host)
	switch {
	case h.Type != HostConfigHost && h.Type != HostConfigURL:
		return Invalid("type", "%q is not a kind of host config; use host or url", string(h.Type))
	case h.Host == "":
		return Invalid("host", "is required")
	case len(h.Host) > 255:
		return Invalid("host", "must not be longer than 255 characters")
	}
	check := h.checkHost
	if h.Type == HostConfigURL {
		check = h.checkURL
	}
	if err := check(); err != nil {
		return err
	}
	if h.SSHKeyID == 0 {
		return Invalid("ssh_key_id", "a key is required")
	}
	return nil
}

func (h *HostConfig) checkHost() error {
	if !hostName().MatchString(h.Host) {
		return Invalid("host", "%q is not the name of a host; use one such as git.example.org or git.example.org:2222", h.Host)
	}
	h.Host = strings.ToLower(h.Host)
	return checkPort(h.Host)
}

func (h *HostConfig) checkURL() error {
	// Git is told of addresses in settings, where these would end a name or a value.
	if strings.ContainsAny(h.Host, " \t\r\n\v\f\x00\"'=\\`") {
		return Invalid("host", "the address must not contain spaces, quotes, backslashes or =")
	}
	u, err := url.Parse(h.Host)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", !hostName().MatchString(u.Host):
		return Invalid("host", "must be a web address such as https://git.example.org/team")
	case u.User != nil:
		return Invalid("host", "the address must not contain a user or password; they belong into the key")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return Invalid("host", "the address must end with its path")
	}
	return checkPort(u.Host)
}

func checkPort(host string) error {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || strings.HasSuffix(host, "]") {
		return nil // there is none
	}
	port := host[i+1:]
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return Invalid("host", "%s is not a port", port)
	}
	return nil
}

// CheckKey refuses types of keys that the host config has no use for. A password
// must not travel over an address without encryption.
func (h *HostConfig) CheckKey(t KeyType) error {
	switch {
	case t == KeySSH:
		return nil
	case h.Type == HostConfigHost:
		return Invalid("ssh_key_id", "a host needs a key of type ssh")
	case t != KeyLoginPassword:
		return Invalid("ssh_key_id", "an address needs a key of type ssh or login_password")
	case !strings.HasPrefix(h.Host, "https://"):
		return Invalid("ssh_key_id", "a password is only sent to addresses that start with https://")
	}
	return nil
}
