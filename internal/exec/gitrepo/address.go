package gitrepo

import (
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"signalbox/internal/exec/fault"
	"signalbox/internal/exec/keys"
	"signalbox/internal/job"
)

// kindOf reads the kind of a repository off an address, as the domain does.
// "" is an address that is not let through: its scheme could run a program.
func kindOf(address string) string {
	if strings.HasPrefix(address, "/") {
		return "local"
	}
	scheme, _, ok := strings.Cut(address, "://")
	if !ok {
		if strings.HasPrefix(address, "-") || strings.Contains(address, "::") || !strings.Contains(address, ":") {
			return ""
		}
		return "ssh"
	}
	switch strings.ToLower(scheme) {
	case "http", "https":
		return "https"
	case "ssh", "git", "file":
		return strings.ToLower(scheme)
	}
	return ""
}

// credentialFor picks the sign-in for an address: the repository's own for the
// repository itself; for others a further one that names them, else the
// repository's own where it cannot be abused. A password goes to its very host
// only; a private key is never sent, so it may be tried anywhere.
func credentialFor(repo job.Repository, further []job.HostCredential, address string) *job.Credential {
	own := repo.Credential
	if own != nil && address == repo.URL {
		return own
	}
	if c := keys.Match(further, address); c != nil {
		return &c.Credential
	}
	if own == nil {
		return nil
	}
	switch kindOf(address) {
	case "ssh":
		return own
	case "https":
		from, to := keys.ParseAddress(repo.URL), keys.ParseAddress(address)
		if from.Scheme == to.Scheme && from.Host == to.Host && from.Port == to.Port {
			return own
		}
	}
	return nil
}

// resolveSubmodule makes the address of a submodule whole: one that starts with
// ./ or ../ is relative to that of its parent.
func resolveSubmodule(parent, address string) (string, error) {
	if !strings.HasPrefix(address, "./") && !strings.HasPrefix(address, "../") && address != "." && address != ".." {
		return address, nil
	}
	if strings.HasPrefix(parent, "/") {
		return filepath.Join(parent, address), nil
	}
	head, tail := "", parent
	if scheme, rest, ok := strings.Cut(parent, "://"); ok {
		host, p, _ := strings.Cut(rest, "/")
		head, tail = scheme+"://"+host+"/", p
	} else if host, p, ok := strings.Cut(parent, ":"); ok {
		head, tail = host+":", p
	}
	absolute := strings.HasPrefix(tail, "/")
	joined := path.Join("/", strings.TrimSuffix(tail, "/"), address)
	if escapes(strings.TrimSuffix(tail, "/"), address) {
		return "", fault.New("The address %q of a submodule leads out of the server %s. Correct it in .gitmodules.", address, head)
	}
	if !absolute {
		joined = strings.TrimPrefix(joined, "/")
	}
	return head + joined, nil
}

// escapes reports whether a relative address climbs above the root.
func escapes(base, relative string) bool {
	depth := 0
	for _, part := range strings.Split(base+"/"+relative, "/") {
		switch part {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return true
			}
		default:
			depth++
		}
	}
	return false
}

// endpoint is an address without what may be secret in it, for messages.
func endpoint(address string) string {
	if u, err := url.Parse(address); err == nil && u.User != nil {
		return u.Redacted()
	}
	return address
}
