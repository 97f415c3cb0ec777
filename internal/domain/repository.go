package domain

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"sync"
)

// Repository is where playbooks and scripts come from.
type Repository struct {
	ID        RepositoryID
	ProjectID ProjectID
	Name      string
	GitURL    string
	GitBranch string
	SSHKeyID  KeyID
	// GitDepth limits how many commits of the history are fetched; 0: all.
	GitDepth int
	// GitLFS fetches the large files that pointers of Git LFS stand for.
	GitLFS bool
}

// MaxGitDepth is what git takes for a depth.
const MaxGitDepth = 1<<31 - 1

// RepositoryKind is how a repository is reached, read off its URL.
type RepositoryKind string

const (
	RepositoryLocal RepositoryKind = "local" // a directory, used in place
	RepositoryFile  RepositoryKind = "file"
	RepositoryHTTPS RepositoryKind = "https" // http too
	RepositorySSH   RepositoryKind = "ssh"
	RepositoryGit   RepositoryKind = "git" // the unauthenticated git protocol
)

// Kind reads the kind off the URL: a leading slash is a local directory, a
// scheme names itself, anything else is the scp-like ssh form.
func (r Repository) Kind() RepositoryKind {
	switch {
	case strings.HasPrefix(r.GitURL, "/"):
		return RepositoryLocal
	case strings.HasPrefix(r.GitURL, "http://"), strings.HasPrefix(r.GitURL, "https://"):
		return RepositoryHTTPS
	case strings.HasPrefix(r.GitURL, "file://"):
		return RepositoryFile
	case strings.HasPrefix(r.GitURL, "git://"):
		return RepositoryGit
	}
	return RepositorySSH
}

// Validate checks the fields a client may set. Only schemes that run no
// helper programs are let through: git would execute what ext:: names.
func (r *Repository) Validate() error {
	r.GitURL = strings.TrimSpace(r.GitURL)
	r.GitBranch = strings.TrimSpace(r.GitBranch)
	if err := checkName("name", r.Name, 255); err != nil {
		return err
	}
	if err := CheckGitURL("git_url", r.GitURL); err != nil {
		return err
	}
	if r.GitBranch == "" && r.Kind() != RepositoryLocal {
		return Invalid("git_branch", "a branch is required")
	}
	if r.GitBranch != "" {
		if err := CheckGitRef("git_branch", r.GitBranch); err != nil {
			return err
		}
	}
	if r.GitDepth < 0 || r.GitDepth > MaxGitDepth {
		return Invalid("git_depth", "must be a number of commits up to %d, or 0 for the whole history", MaxGitDepth)
	}
	if r.SSHKeyID == 0 {
		return Invalid("ssh_key_id", "a key is required; choose the key of type none for repositories that need no sign-in")
	}
	return nil
}

var scpLike = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-fA-F:]+\]):[^-:][^\x00-\x20]*$`)
})

// CheckGitURL refuses addresses that git would take as an option or a helper
// command, and schemes outside http, https, ssh, git and file.
func CheckGitURL(field, text string) error {
	switch {
	case text == "":
		return Invalid(field, "an address is required")
	case len(text) > 2000:
		return Invalid(field, "must not be longer than 2000 characters")
	case strings.HasPrefix(text, "-"):
		return Invalid(field, "must not start with a dash")
	case strings.ContainsAny(text, "\x00\r\n\t"):
		return Invalid(field, "must not contain control characters")
	case strings.Contains(text, "::"):
		if !strings.HasPrefix(text, "ssh://") && !scpLike().MatchString(text) {
			return Invalid(field, "remote helpers such as ext:: are not allowed")
		}
	}
	if strings.HasPrefix(text, "/") {
		if path.Clean(text) == "/" {
			return Invalid(field, "must be a directory below /")
		}
		return nil
	}
	if i := strings.Index(text, "://"); i >= 0 {
		u, err := url.Parse(text)
		if err != nil {
			return Invalid(field, "is not a valid address")
		}
		switch strings.ToLower(u.Scheme) {
		case "http", "https", "ssh", "git":
			if u.Hostname() == "" || strings.HasPrefix(u.Hostname(), "-") {
				return Invalid(field, "the address has no valid host name")
			}
			if u.User != nil && strings.HasPrefix(u.User.Username(), "-") {
				return Invalid(field, "the user name must not start with a dash")
			}
			if pw, ok := passwordOf(u); ok && pw != "" {
				return Invalid(field, "must not contain a password; store it as a key")
			}
		case "file":
			if u.Host != "" && u.Host != "localhost" || !strings.HasPrefix(u.Path, "/") {
				return Invalid(field, "a file address needs an absolute path: file:///path")
			}
		default:
			return Invalid(field, "the scheme %q is not allowed; use https, http, ssh, git or file", u.Scheme)
		}
		return nil
	}
	if !scpLike().MatchString(text) {
		return Invalid(field, "is not a git address; use https://host/path, ssh://host/path, user@host:path or an absolute directory")
	}
	return nil
}

func passwordOf(u *url.URL) (string, bool) {
	if u.User == nil {
		return "", false
	}
	return u.User.Password()
}

// CheckGitRef refuses branch names that git would not accept or would take as
// an option. The rules are those of git check-ref-format.
func CheckGitRef(field, ref string) error {
	bad := ref == "" || len(ref) > 255 ||
		strings.HasPrefix(ref, "-") || strings.HasPrefix(ref, "/") || strings.HasSuffix(ref, "/") ||
		strings.HasSuffix(ref, ".") || strings.HasSuffix(ref, ".lock") ||
		strings.Contains(ref, "..") || strings.Contains(ref, "//") || strings.Contains(ref, "@{") ||
		strings.ContainsAny(ref, " ~^:?*[\\\x7f") || ref == "@"
	for _, c := range ref {
		bad = bad || c < 0x20
	}
	for _, part := range strings.Split(ref, "/") {
		bad = bad || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock")
	}
	if bad {
		return Invalid(field, "%q is not a valid branch name", ref)
	}
	return nil
}

// CheckRelativePath refuses paths that could leave the directory they are
// meant to stay in, or that a program would take as an option.
func CheckRelativePath(field, p string) error {
	switch {
	case strings.ContainsAny(p, "\x00\r\n"):
		return Invalid(field, "must not contain control characters")
	case strings.HasPrefix(p, "/") || strings.HasPrefix(p, `\`):
		return Invalid(field, "must be relative to the repository")
	case strings.HasPrefix(p, "-"):
		return Invalid(field, "must not start with a dash")
	case len(p) > 255:
		return Invalid(field, "must not be longer than 255 characters")
	}
	clean := path.Clean(strings.ReplaceAll(p, `\`, "/"))
	if clean == ".." || strings.HasPrefix(clean, "../") {
		return Invalid(field, "must stay inside the repository")
	}
	return nil
}
