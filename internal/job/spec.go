// Package job is the contract between whoever starts a run and the process that
// carries it out: the self-contained specification that goes in, and the
// journal of records that comes out.
//
// A job is a process of its own ("signalbox job"). It gets its Spec on standard
// input, works in its own process group, and writes everything that happens to
// an append-only journal in its directory. Whoever started it may die: the job
// goes on, and the next owner reads the journal from where the last one got to.
package job

import (
	"encoding/json"
	"path/filepath"
	"time"
)

// Version is the version of Spec and journal. A job refuses another one.
const Version = 1

// DefaultPath is where programs are looked for when the environment does not say.
const DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Files of a job's directory, which is private (0700).
const (
	JournalFile = "journal"  // framed records, append-only
	SocketFile  = "ctl.sock" // wake-ups out, stop commands in
	LockFile    = "lock"     // held (flock) by the job as long as it lives
	// AbandonedFile is written, with the lock held, by an owner that gives the
	// job up. A job that finds it must exit without running anything.
	AbandonedFile = "abandoned"
	WorkDir       = "work" // checkout, inventory, secrets; gone after the run
)

// Spec is everything a run needs; it travels through a pipe and never touches
// a disk, because it carries secrets in clear.
type Spec struct {
	Version    int
	TaskID     int64
	ProjectID  int64
	TemplateID int64
	Epoch      int64

	App      App
	Playbook string // relative to the checkout; a directory for kind terraform

	Repository Repository
	Inventory  *Inventory

	// ExtraVars is the merged JSON object of group variables and survey answers
	// that are not secret; SecretVars are those that are (values are JSON).
	// A name is in one of them only.
	ExtraVars  map[string]json.RawMessage
	SecretVars map[string]json.RawMessage
	// Env is the environment beyond the server's own allow-list; SecretEnv wins
	// over Env.
	Env       map[string]string
	SecretEnv map[string]string

	Vaults       []Vault
	TemplateArgs []string
	TaskArgs     []string
	Ansible      *Ansible
	Terraform    *Terraform
	Details      Details

	Limits Limits
	Host   Host

	// Credentials are further sign-ins, for what the repository brings along:
	// submodules, Galaxy requirements and Terraform modules of other servers.
	Credentials []HostCredential
}

// App is the program family and how to call it.
type App struct {
	ID      string
	Kind    string // "ansible", "script" or "terraform"
	Program string // looked up on PATH unless absolute
	// Alternatives are tried in turn when Program is not found.
	Alternatives []string
	Args         []string
}

// Credential is a decrypted key. Kind is a domain.KeyType.
type Credential struct {
	Name       string
	Kind       string
	Login      string
	Password   string
	Passphrase string
	PrivateKey string
	String     string
}

// HostCredential is a sign-in for the addresses that match.
type HostCredential struct {
	// Match is a host ("git.example.org", "git.example.org:2222") or the
	// beginning of an address ("https://git.example.org/team"); the longest one
	// counts. A key of kind ssh that is matched to a web address is used over
	// ssh to the same host instead. "" is for keys of kind ssh that the program
	// itself gets, in its agent: for hosts that take another key than that of
	// the inventory.
	Match      string
	Credential Credential
}

// Repository says where the files come from. Kind is a domain.RepositoryKind.
type Repository struct {
	ID   int64
	Name string
	URL  string
	Kind string
	// Branch is a branch or, when the repository has none of this name, a tag;
	// a full name such as refs/tags/v1 says which. "" for local directories.
	Branch string
	Commit string // wanted commit, "" for the head of the branch
	// Override is set when template or task asked for a branch or commit of
	// their own: a local directory is then not used in place but checked out.
	Override   bool
	Credential *Credential
	// Depth limits how many commits of the history are fetched; 0 is all.
	Depth int
	// LFS fetches the large files that pointers of Git LFS stand for. Needs the
	// git program and git-lfs.
	LFS bool
}

// Inventory says which hosts. Kind is a domain.InventoryType.
type Inventory struct {
	ID         int64
	Name       string
	Kind       string
	Text       string      // content, or path for kind file
	Repository *Repository // where a file lives; nil: the template's repository
	Connection *Credential
	Become     *Credential
}

// Vault is a password source for ansible's encrypted files.
type Vault struct {
	Name     string // vault id, "default" when unnamed
	Password string // for passwords
	Script   string // path relative to the checkout, for scripts
}

// Ansible holds what the task may set for ansible-playbook.
type Ansible struct {
	Verbosity int
	Check     bool
	Diff      bool
	Limit     []string
	Tags      []string
	SkipTags  []string

	// SkipGalaxy runs without installing what requirements.yml asks for.
	SkipGalaxy bool
	// Further arguments of "ansible-galaxy collection install" and
	// "ansible-galaxy role install".
	GalaxyCollectionArgs []string
	GalaxyRoleArgs       []string
}

// Details are facts about the task that programs can read. Empty ones are
// left out.
type Details struct {
	ID              int64
	Message         string
	Username        string
	URL             string
	InventoryName   string
	InventoryID     int64
	RepositoryName  string
	RepositoryID    int64
	Type            string // "", "build", "deploy"
	IncomingVersion string
	TargetVersion   string
}

// Limits bound a run; zero means none.
type Limits struct {
	MaxDuration time.Duration
	StopGrace   time.Duration // between TERM and KILL
	// MaxOutput is how many bytes programs may print until only the end of
	// their output is kept.
	MaxOutput int64
}

// Host is what the machine's configuration gives every run.
type Host struct {
	// DataDir holds mirrors, galaxy caches and known hosts across runs.
	DataDir       string
	HomeMode      string            // template_dir, project_home, user_home
	ForwardEnv    []string          // names copied from the job's environment
	EnvVars       map[string]string // fixed variables for every task
	SSHConfigPath string
	// GitClient is "cmd_git" (the git program, also when empty) or "go_git"
	// (built in, for machines without git).
	GitClient string
	// HostKeyChecking is how ssh of git treats the keys of servers:
	// "accept-new" (also when empty) remembers that of a new server and refuses
	// a changed one, "strict" or "yes" takes only those that are known already,
	// "off" or "no" checks nothing.
	HostKeyChecking string
	// KnownHostsFile holds the keys of servers; "" is known_hosts in DataDir.
	KnownHostsFile string
	Isolation      Isolation
}

// Isolation is what keeps runs apart from the machine. What cannot be done as it
// is asked for ends the task before anything has run.
type Isolation struct {
	User string // name or number of who the commands run as; "" if UID says it, or for nobody else
	// UID names the user by number, who need not be in the user database. GID
	// takes the place of the user's own group.
	UID, GID   *int
	NoNewPrivs bool // set-user-ID programs and the like give no rights
	Namespaces Namespaces
}

// Namespaces are the views of the machine that the apps' commands have to
// themselves. PID brings Mount with it.
type Namespaces struct{ User, Mount, PID, IPC, UTS bool }

// SwitchesUser reports whether commands run as somebody else.
func (i Isolation) SwitchesUser() bool { return i.User != "" || i.UID != nil || i.GID != nil }

// GitDir holds git's configuration and the keys of hosts that runs have met. It
// is the data directory itself, unless that is closed to the runs.
func (h Host) GitDir() string {
	if h.Isolation.SwitchesUser() {
		return filepath.Join(h.DataDir, "git")
	}
	return h.DataDir
}
