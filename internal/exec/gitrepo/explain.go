package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"signalbox/internal/exec/fault"
	"signalbox/internal/job"
)

// cause is a way git fails, told by what it says. LC_ALL=C keeps it English.
type cause struct {
	says    []string // any of these, in lower case
	message string   // NAME, BRANCH, URL and HOSTS are replaced
	kind    error    // what is done about it, nil: nothing
}

// causes are tried in order: the particular before the general, because git
// often adds a general line.
var causes = []cause{
	{[]string{"remote host identification has changed"},
		"The host key of the server of the repository 'NAME' is not the one seen before, so the connection was refused. Somebody may be listening in. If the server was really replaced, remove its line from HOSTS and run the task again.", nil},
	{[]string{"no host key is known", "host key is known for", "host key verification failed"},
		"The host key of the server of the repository 'NAME' is not known, and unknown servers are refused. Add its line to HOSTS (ssh-keyscan prints it; compare it with what the server's administrator says).", nil},
	{[]string{"mismatched algorithms", "object format"},
		"The repository 'NAME' uses another kind of hashes than before.", errFormat},
	{[]string{"couldn't find remote ref head", "could not find remote ref head", "remote repository is empty"},
		"The repository 'NAME' has no commits yet. Push something to it.", errNoRef},
	{[]string{"couldn't find remote ref", "could not find remote ref"},
		"The branch 'BRANCH' does not exist in the repository 'NAME'. Check the branch of the repository, template or task.", errNoRef},
	{[]string{"no space left on device", "disk quota exceeded"},
		"The disk is full: the repository 'NAME' could not be fetched. Free some space and run the task again.", nil},
	{[]string{"fatal: bad object", "is corrupt", "object file", "bad config line", "bad tree object", "missing blob", "unable to read sha1",
		"unable to read tree", "did not send all necessary objects", "inflate:", "does not match index", "cannot be accessed", "bad signature",
		"packfile is invalid", "error processing packfile", "reference broken", "bad ref", "object not found", "malformed", "ref file is empty",
		"fatal: not a git repository", "unresolved deltas", "zlib"},
		"The local copy of the repository 'NAME' is damaged, and fetching it anew did not help.", errDamaged},
	{[]string{"authentication failed", "could not read username", "could not read password", "permission denied (publickey",
		"permission denied, please try again", "too many authentication failures", "the requested url returned error: 401", "the requested url returned error: 403",
		"invalid username or", "http basic: access denied", "authentication required", "authorization failed", "unable to authenticate"},
		"The server of the repository 'NAME' refused the sign-in. Check the key chosen for the repository and its rights.", nil},
	{[]string{"could not resolve host", "connection refused", "connection timed out", "operation timed out", "no route to host",
		"network is unreachable", "failed to connect", "couldn't connect to server", "connection reset", "connection closed by",
		"temporary failure in name resolution", "could not connect", "name or service not known", "timed out", "no such host", "i/o timeout"},
		"The server of the repository 'NAME' (URL) cannot be reached from this machine. Check the address and the network.", nil},
	{[]string{"certificate", "ssl", "x509"},
		"The certificate of the server of the repository 'NAME' (URL) is not trusted by this machine. Install its authority, or correct the address.", nil},
	{[]string{"repository not found", "does not appear to be a git repository", "repository does not exist", "the requested url returned error: 404",
		"not a git repository", "does not exist", "not found"},
		"No git repository was found at URL for the repository 'NAME'. Check the address, and that the key may read it.", nil},
	{[]string{"' not allowed"},
		"The repository 'NAME' uses a protocol that is not allowed. Use https or ssh.", nil},
	{[]string{"permission denied"},
		"The repository 'NAME' at URL may not be read by Signalbox. Correct the permissions.", nil},
}

// explain makes a sentence of what git said.
func (p *program) explain(err error, said string) error {
	if errors.Is(err, os.ErrPermission) || errors.Is(err, os.ErrNotExist) {
		return fault.Wrap(err, "The program 'git' could not be started: %v.", err)
	}
	return p.sentence(p.remote, err, said)
}

// explainLocal is explain for what git does with the mirror alone: a failure
// that has no other cause means that the mirror is damaged. Dir is where git
// wrote to.
func (p *program) explainLocal(err error, said, dir string) error {
	lower := strings.ToLower(said)
	if strings.Contains(lower, "unable to write file") && job.DiskFull(dir) { // git does not say why
		return explainDisk(fmt.Errorf("%w: %w", syscall.ENOSPC, err))
	}
	if strings.Contains(lower, "no space left") || strings.Contains(lower, "quota exceeded") || errors.Is(err, os.ErrPermission) {
		return p.explain(err, said)
	}
	return fault.Wrap(fmt.Errorf("%w: %w", errDamaged, err), "The files of the repository '%s' could not be written: %s", p.Name, lastWords(said))
}

// sentence makes a sentence of words that a client, the program or the library,
// gave as its reason.
func (c *client) sentence(r remote, err error, said string) error {
	fill := strings.NewReplacer("NAME", r.Name, "BRANCH", r.Branch, "URL", endpoint(r.URL), "HOSTS", c.KnownHosts.File)
	lower := strings.ToLower(said)
	for _, cause := range causes {
		for _, text := range cause.says {
			if strings.Contains(lower, text) {
				if cause.kind != nil {
					err = fmt.Errorf("%w: %w", cause.kind, err)
				}
				return fault.Wrap(err, "%s", fill.Replace(cause.message))
			}
		}
	}
	return fault.Wrap(err, "Git could not get the repository '%s': %s", r.Name, lastWords(said))
}

// explainLibrary is explain for the errors of the library, which are values as
// well as words.
func (l *library) explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var told *fault.Error
	switch {
	case err == nil || errors.As(err, &told):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return explainDisk(err)
	}
	return l.sentence(l.remote, err, err.Error())
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
