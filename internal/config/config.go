package config

import (
	"io"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"signalbox/internal/domain"
)

// Config is every setting of a server. Load returns it complete: paths are
// absolute and nothing needs a further default.
type Config struct {
	// DataDir holds everything that must survive a restart: the database, keys,
	// mirrors of repositories, journals of running jobs.
	DataDir string
	// SecretsDir holds files that keys may take their secrets from; "" allows none.
	SecretsDir string
	Server     Server
	Database   Database
	Keys       Keys
	Auth       Auth
	Tasks      Tasks
	Process    Process
	Git        Git
	Schedule   Schedule
	Projects   Projects
	Teams      Teams
	Mail       Mail
	Alerts     Alerts
	// Apps changes built-in apps and adds others, by id.
	Apps      map[string]App
	Log       Log
	Audit     Audit
	Debugging Debugging
}

// Audit governs the activity log.
type Audit struct {
	Retention time.Duration // age at which lines are deleted; 0: never
}

// Debugging helps to find what the server does.
type Debugging struct {
	ProfileDir string // where profiles go, "" for nowhere
}

// Server says where the web server listens and under which address it is known.
type Server struct {
	Port      int
	Interface string // "" listens on all of them
	WebHost   string // public address without a trailing slash, "" when unknown
	TLS       TLS
}

// Address is what the server listens on, as net.Listen wants it.
func (s Server) Address() string {
	return net.JoinHostPort(strings.Trim(s.Interface, "[]"), strconv.Itoa(s.Port))
}

// TLS makes the server answer HTTPS itself.
type TLS struct {
	Enabled  bool
	CertFile string
	KeyFile  string
}

// Database says where rows are kept.
type Database struct {
	Dialect  string // "sqlite", "bolt", "mysql" or "postgres"
	Path     string // file of the SQLite or Bolt database
	BoltPath string // what bolt.host says; becomes Path when that is the dialect
	MySQL    DatabaseServer
	Postgres DatabaseServer
	// AutoMigrate: the server brings the tables up to date at its start.
	AutoMigrate bool
}

// Server returns the server of the dialect.
func (d Database) Server() DatabaseServer {
	if d.Dialect == "mysql" {
		return d.MySQL
	}
	return d.Postgres
}

// DatabaseServer is a database on a server.
type DatabaseServer struct {
	// DSN says where the server is, who signs in and the options in the form of
	// the driver; the fields up to Options are not used then.
	DSN      domain.Secret
	Host     string // with or without port, or the path of a socket
	Port     int    // where Host names none; 0: the usual one
	User     string
	Password domain.Secret
	Name     string
	Options  map[string]domain.Secret // of the driver; one may be a password

	MaxOpenConns    int           // of this process, at most
	MaxIdleConns    int           // kept open while nobody needs them
	ConnMaxLifetime time.Duration // after which a connection is replaced; 0: never
}

// databaseServer are the defaults of a server.
func databaseServer() DatabaseServer {
	return DatabaseServer{Name: "semaphore", MaxOpenConns: 20, MaxIdleConns: 20}
}

// given reports whether somebody said where the server is.
func (s DatabaseServer) given() bool { return s.Host != "" || s.DSN != "" }

// Address is the host with the port, if there is one.
func (s DatabaseServer) Address() string {
	bare := strings.Trim(s.Host, "[]")
	named := strings.Count(s.Host, ":") == 1 || strings.HasPrefix(s.Host, "[") && !strings.HasSuffix(s.Host, "]")
	if s.Port == 0 || named || strings.HasPrefix(s.Host, "/") {
		return s.Host
	}
	return net.JoinHostPort(bare, strconv.Itoa(s.Port))
}

// Keys are base64 texts. After EnsureKeys none is empty.
type Keys struct {
	CookieHash          domain.Secret
	CookieEncryption    domain.Secret
	AccessKeyEncryption domain.Secret
	// File is the file of several keys for stored secrets, "" for none. Its active
	// key seals instead of AccessKeyEncryption, which still opens.
	File string
}

// Auth governs signing in.
type Auth struct {
	PasswordLoginDisabled bool
	SessionIdle           time.Duration
	SessionLife           time.Duration // 0: as long as the server sees fit
	CookieSecure          CookieSecure
	TrustedProxies        []netip.Prefix // whose word on where a request comes from is taken
	TOTP                  TOTP
	Email                 EmailCodes
	PasswordReset         bool   // who forgot the password can have a link mailed
	RequireMFA            string // off, admins or all
	Lockout               Lockout
	PasswordPolicy        PasswordPolicy
}

// EmailCodes governs codes sent by mail.
type EmailCodes struct {
	Enabled        bool
	LoginExternal  bool
	CreateExternal bool
	Domains        []string
}

// Lockout slows down who guesses passwords and codes.
type Lockout struct {
	FreeTries   int           // failures in a row before the waiting begins
	LongestWait time.Duration // between two tries before the lock
	Tries       int           // failures in a row that lock
	Time        time.Duration // of the lock
}

// PasswordPolicy are the rules for new passwords.
type PasswordPolicy struct {
	MinLength    int
	RefuseCommon bool
}

// TOTP governs the second factor of time-based codes.
type TOTP struct {
	Enabled       bool
	AllowRecovery bool
	// RequireConfirmation makes a factor count only once a code of it was entered.
	RequireConfirmation bool
	AppName             string
}

// CookieSecure says when the session cookie is kept from plain HTTP.
type CookieSecure string

const (
	CookieSecureAuto   CookieSecure = "auto" // when the public address or the listener is HTTPS
	CookieSecureAlways CookieSecure = "always"
	CookieSecureNever  CookieSecure = "never"
)

// Tasks governs runs.
type Tasks struct {
	MaxParallel      int           // on the whole server; 0: no limit
	MaxDuration      time.Duration // 0: no limit
	KeepPerTemplate  int           // older tasks of a template are deleted; 0: keep all
	MaxAge           time.Duration // finished tasks older than this are deleted; 0: keep all
	MaxStorage       int64         // bytes of output of finished tasks that are kept; 0: all
	MaxOutput        int64         // bytes of output kept of a run; 0: all
	ApprovalTimeout  time.Duration // how long a task waits for confirmation; 0: for ever
	StopGrace        time.Duration // between the polite signal and the kill
	HomeDirMode      string        // template_dir, project_home or user_home
	EnvVars          map[string]domain.Secret
	ForwardedEnvVars []string
}

// Process governs who runs work as and what keeps them apart from the machine.
type Process struct {
	User       string // "" when UID says it, or for the user of the server
	UID, GID   *int
	NoNewPrivs bool
	Namespaces Namespaces
}

// Namespaces are the views of the machine that apps have to themselves.
type Namespaces struct{ User, Mount, PID, IPC, UTS bool }

// Git says how repositories are reached.
type Git struct {
	Client        string // "cmd_git" or "go_git"
	SSHConfigPath string // "" uses the user's own
	// HostKeyChecking is "accept-new", "yes" or "no". A file of known hosts
	// that is named means "yes", unless said otherwise.
	HostKeyChecking string
	KnownHostsFile  string // "" is known_hosts in the data directory
}

// Schedule governs cron expressions.
type Schedule struct {
	Timezone string // IANA name
}

// Projects governs who may create projects.
type Projects struct {
	NonAdminCanCreate bool
}

// Mail says which server takes mail. Without Host nothing is sent.
type Mail struct {
	Alerts   bool   // results of tasks are sent by mail
	Sender   string // an address, with or without a name
	Host     string
	Port     int // 0: the usual one
	Username string
	Password domain.Secret
	Secure   bool   // sign in, and use TLS if the server offers it
	TLS      bool   // with Secure: TLS from the first byte
	MinTLS   string // oldest version of TLS: 1.0, 1.1, 1.2 or 1.3
}

// Teams governs how members come and go.
type Teams struct {
	InvitesEnabled  bool
	InviteType      string // username, email or both
	MembersCanLeave bool
}

// App changes a built-in app or declares one; nil fields keep what is built in.
type App struct {
	Active    *bool
	Priority  *int
	Title     *string
	Icon      *string
	Color     *string
	DarkColor *string
	Path      *string
	Args      []string
}

// Log governs the server's own log, not the output of tasks.
type Log struct {
	Level  slog.Level
	Format string // "text" or "json"
}

// Handler writes log records to w as the settings want them.
func (l Log) Handler(w io.Writer) slog.Handler {
	options := &slog.HandlerOptions{Level: l.Level}
	if l.Format == "json" {
		return slog.NewJSONHandler(w, options)
	}
	return slog.NewTextHandler(w, options)
}

// defaults is the configuration of a server that was told nothing. Paths are
// filled in by settle, since they follow the data directory.
func defaults() *Config {
	return &Config{
		Server: Server{Port: 3000},
		Database: Database{
			Dialect:     "sqlite",
			MySQL:       databaseServer(),
			Postgres:    databaseServer(),
			AutoMigrate: true,
		},
		Auth: Auth{SessionIdle: domain.SessionIdle, CookieSecure: CookieSecureAuto, TrustedProxies: loopback(), TOTP: TOTP{RequireConfirmation: true, AppName: "Signalbox"},
			PasswordReset: true, RequireMFA: "off",
			Lockout:        Lockout{FreeTries: 5, LongestWait: 2 * time.Minute, Tries: 20, Time: 15 * time.Minute},
			PasswordPolicy: PasswordPolicy{MinLength: 10, RefuseCommon: true},
		},
		Tasks: Tasks{
			MaxParallel: 10,
			StopGrace:   15 * time.Second,
			HomeDirMode: "template_dir",

			MaxOutput: 512 << 20,
		},
		Git:      Git{Client: "cmd_git"},
		Schedule: Schedule{Timezone: "UTC"},
		Teams:    Teams{InviteType: "username", MembersCanLeave: true},
		Mail:     Mail{MinTLS: "1.2"},
		Log:      Log{Level: slog.LevelInfo, Format: "text"},
	}
}

// settle fills in the paths that were not given and makes all of them absolute.
func (c *Config) settle(dataDir string) error {
	if c.DataDir == "" {
		c.DataDir = dataDir
	}
	absolute, err := filepath.Abs(c.DataDir)
	if err != nil {
		return err
	}
	c.DataDir = absolute
	if c.Git.HostKeyChecking == "" {
		c.Git.HostKeyChecking = "accept-new"
		if c.Git.KnownHostsFile != "" {
			c.Git.HostKeyChecking = "yes"
		}
	}
	database := filepath.Join(c.DataDir, "signalbox.db")
	if c.Database.Dialect == "bolt" {
		c.Database.Path, database = c.Database.BoltPath, filepath.Join(c.DataDir, "signalbox.bolt")
	}
	derived := []struct {
		path     *string
		fallback string
	}{
		{&c.Database.Path, database},
		{&c.Git.SSHConfigPath, ""},
		{&c.Git.KnownHostsFile, ""},
		{&c.SecretsDir, ""},
		{&c.Keys.File, ""},
		{&c.Server.TLS.CertFile, ""},
		{&c.Server.TLS.KeyFile, ""},
	}
	for _, d := range derived {
		if *d.path == "" {
			*d.path = d.fallback
		}
		if *d.path == "" {
			continue
		}
		if *d.path, err = filepath.Abs(*d.path); err != nil {
			return err
		}
	}
	return nil
}

// loopback is where a proxy on the same machine asks from.
func loopback() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}
