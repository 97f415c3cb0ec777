package keys

import (
	"net/url"
	"strings"

	"signalbox/internal/job"
)

// Address is the part of a git address that decides who may sign in there.
type Address struct {
	Scheme string // http, https, ssh, git; "" for paths
	User   string
	Host   string // lower case, without port
	Port   string // "" for the usual one
	Path   string // without the leading slash
}

// ParseAddress reads an address with a scheme, or the form user@host:path.
func ParseAddress(address string) Address {
	if strings.Contains(address, "://") {
		u, err := url.Parse(address)
		if err != nil {
			return Address{}
		}
		a := Address{Scheme: strings.ToLower(u.Scheme), Host: strings.ToLower(u.Hostname()), Port: u.Port(), Path: strings.TrimPrefix(u.Path, "/")}
		if u.User != nil {
			a.User = u.User.Username()
		}
		usual := map[string]string{"http": "80", "https": "443", "ssh": "22", "git": "9418"}
		if a.Port == usual[a.Scheme] {
			a.Port = ""
		}
		return a
	}
	if strings.HasPrefix(address, "/") {
		return Address{}
	}
	a := Address{Scheme: "ssh"}
	if user, rest, ok := strings.Cut(address, "@"); ok && !strings.ContainsAny(user, ":/") {
		a.User, address = user, rest
	}
	host, path := "", ""
	if strings.HasPrefix(address, "[") {
		host, path, _ = strings.Cut(address[1:], "]:")
	} else {
		host, path, _ = strings.Cut(address, ":")
	}
	a.Host, a.Path = strings.ToLower(host), strings.TrimPrefix(path, "/")
	return a
}

// Match finds the further sign-in for an address: the one whose match says
// most. Nil when none is for it, or none of a kind that the address can use.
func Match(list []job.HostCredential, address string) *job.HostCredential {
	to := ParseAddress(address)
	if to.Host == "" {
		return nil
	}
	var best *job.HostCredential
	length := -1
	for i := range list {
		if n := matches(list[i].Match, to); n > length && fits(list[i], to.Scheme) {
			best, length = &list[i], n
		}
	}
	return best
}

// fits reports whether a sign-in is of a kind that works with a scheme. A key
// for a web address works too: the address is then changed to ssh.
func fits(h job.HostCredential, scheme string) bool {
	switch h.Credential.Kind {
	case "ssh":
		return scheme == "ssh" || (scheme == "https" || scheme == "http") && strings.Contains(h.Match, "://")
	case "login_password":
		return scheme == "https" || scheme == "http"
	}
	return false
}

// matches says how much of an address a match names, -1 for another address. A
// match is a host name with or without port, or the beginning of an address.
func matches(match string, to Address) int {
	match = strings.TrimSpace(match)
	if !strings.Contains(match, "://") {
		host, port := strings.ToLower(match), ""
		if i := strings.LastIndex(match, ":"); i >= 0 && !strings.Contains(match[i+1:], "]") && strings.Count(match, ":") == 1 {
			host, port = strings.ToLower(match[:i]), match[i+1:]
		}
		host = strings.Trim(host, "[]")
		if host == "" || host != to.Host || port != "" && port != effectivePort(to) {
			return -1
		}
		return len(port)
	}
	from := ParseAddress(match)
	if from.Scheme != to.Scheme || from.Host != to.Host || from.Port != to.Port || from.User != "" && from.User != to.User {
		return -1
	}
	prefix := strings.TrimSuffix(from.Path, "/")
	if prefix != "" && to.Path != prefix && !strings.HasPrefix(to.Path, prefix+"/") && to.Path != prefix+".git" {
		return -1
	}
	return 10 + len(prefix) // an address says more than a host
}

func effectivePort(a Address) string {
	if a.Port != "" {
		return a.Port
	}
	return map[string]string{"http": "80", "https": "443", "ssh": "22", "git": "9418"}[a.Scheme]
}

// OverSSH is the ssh form of a web address, for a key that is matched to it.
func OverSSH(address, login string) string {
	a := ParseAddress(address)
	if login == "" {
		login = "git"
	}
	host := a.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return "ssh://" + url.User(login).String() + "@" + host + "/" + a.Path
}
