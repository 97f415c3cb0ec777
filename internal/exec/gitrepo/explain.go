package gitrepo

import (
	"errors"
	"os"
	"strings"

	"signalbox/internal/exec/fault"
)

// cause is a way git fails, told by what it says. LC_ALL=C keeps it English.
type cause struct {
	says    []string // any of these, in lower case
	message string   // NAME, BRANCH, URL and HOSTS are replaced
}

// causes are tried in order: the particular before the general, because git
// often adds a general line.
var causes = []cause{
	{[]string{"remote host identification has changed", "host key verification failed"},
		"The host key of the repository 'NAME' is not the one seen before, so the connection was refused. If the server was really replaced, remove its line from HOSTS."},
	{[]string{"couldn't find remote ref head", "could not find remote ref head"},
		"The repository 'NAME' has no commits yet. Push something to it."},
	{[]string{"couldn't find remote ref", "could not find remote ref"},
		"The branch 'BRANCH' does not exist in the repository 'NAME'. Check the branch of the repository, template or task."},
	{[]string{"no space left on device", "disk quota exceeded"},
		"The disk is full: the repository 'NAME' could not be fetched. Free some space and run the task again."},
	{[]string{"authentication failed", "could not read username", "could not read password", "permission denied (publickey",
		"permission denied, please try again", "too many authentication failures", "the requested url returned error: 401", "the requested url returned error: 403",
		"invalid username or", "http basic: access denied"},
		"The server of the repository 'NAME' refused the sign-in. Check the key chosen for the repository and its rights."},
	{[]string{"could not resolve host", "connection refused", "connection timed out", "operation timed out", "no route to host",
		"network is unreachable", "failed to connect", "couldn't connect to server", "connection reset", "connection closed by",
		"temporary failure in name resolution", "could not connect", "name or service not known", "timed out"},
		"The server of the repository 'NAME' (URL) cannot be reached from this machine. Check the address and the network."},
	{[]string{"certificate", "ssl"},
		"The certificate of the server of the repository 'NAME' (URL) is not trusted by this machine. Install its authority, or correct the address."},
	{[]string{"repository not found", "does not appear to be a git repository", "repository does not exist", "the requested url returned error: 404",
		"not a git repository", "does not exist", "not found"},
		"No git repository was found at URL for the repository 'NAME'. Check the address, and that the key may read it."},
	{[]string{"' not allowed"},
		"The repository 'NAME' uses a protocol that is not allowed (in a submodule, perhaps). Use https or ssh."},
	{[]string{"permission denied"},
		"The repository 'NAME' at URL may not be read by Signalbox. Correct the permissions."},
}

// explain makes a sentence of what git said.
func (s *session) explain(err error, said string) error {
	if errors.Is(err, os.ErrPermission) || errors.Is(err, os.ErrNotExist) {
		return fault.Wrap(err, "The program 'git' could not be started: %v.", err)
	}
	branch := s.repo.Branch
	fill := strings.NewReplacer("NAME", s.repo.Name, "BRANCH", branch, "URL", s.repo.URL, "HOSTS", s.KnownHosts())
	lower := strings.ToLower(said)
	for _, c := range causes {
		for _, text := range c.says {
			if strings.Contains(lower, text) {
				return fault.Wrap(err, "%s", fill.Replace(c.message))
			}
		}
	}
	return fault.Wrap(err, "Git could not get the repository '%s': %s", s.repo.Name, lastWords(said))
}

// lastWords is the line that says most: the last fatal or error, or the last.
func lastWords(said string) string {
	last := "it gave no reason."
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		rest, ok := strings.CutPrefix(line, "fatal: ")
		if !ok {
			rest, ok = strings.CutPrefix(line, "error: ")
		}
		if ok || !strings.Contains(said, "fatal: ") && !strings.Contains(said, "error: ") {
			last = rest
			if !ok {
				last = line
			}
		}
	}
	return last
}
