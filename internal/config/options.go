package config

import (
	"slices"
	"strings"
	"time"
)

// option is one line of the table of settings.
type option struct {
	key string // dotted path in the file
	// env is the variable after SIGNALBOX_ or SEMAPHORE_; "" when it has none.
	env string
	// aliases are other spellings of the key; the main one wins when both are
	// given.
	aliases []string
	// otherEnv is another spelling of env.
	otherEnv string
	// dialect is the kind of database that the option belongs to: the variables
	// are common to all kinds. "" for none.
	dialect string
	secret  bool
	field   func(*Config) field
	// fallback says in words what holds when nothing is given and the default
	// is computed.
	fallback string
	doc      string
}

// options is the table of all settings this version uses. home is the user's
// home directory, for paths that start with "~/".
func options(home string) []option {
	const most = 1<<31 - 1
	refuse := func(*Config) field { return refused{} }
	at := func(get func(*Config) *string) func(*Config) field {
		return func(c *Config) field { return path{get(c), home} }
	}
	table := []option{
		{key: "data_dir", env: "DATA_DIR", fallback: "see below",
			field: at(func(c *Config) *string { return &c.DataDir }),
			doc:   "Directory of everything that must survive a restart: database, keys, mirrors, journals of running tasks."},

		{key: "port", env: "PORT",
			field: func(c *Config) field { return port{&c.Server.Port} },
			doc:   "Port to listen on; a leading colon is accepted."},
		{key: "interface", env: "INTERFACE", fallback: "all interfaces",
			field: func(c *Config) field { return text{p: &c.Server.Interface} },
			doc:   "Address to listen on."},
		{key: "web_host", env: "WEB_ROOT",
			field: func(c *Config) field { return address{&c.Server.WebHost} },
			doc:   "Public address, with the path when the server lives under one. Used for links and the origin check."},
		{key: "tls.enabled", env: "TLS_ENABLED",
			field: func(c *Config) field { return toggle{&c.Server.TLS.Enabled} },
			doc:   "Answer HTTPS on the port."},
		{key: "tls.cert_file", env: "TLS_CERT_FILE",
			field: at(func(c *Config) *string { return &c.Server.TLS.CertFile }),
			doc:   "PEM file with the certificate chain."},
		{key: "tls.key_file", env: "TLS_KEY_FILE",
			field: at(func(c *Config) *string { return &c.Server.TLS.KeyFile }),
			doc:   "PEM file with the private key."},

		{key: "dialect", env: "DB_DIALECT",
			field: func(c *Config) field { return dialect{&c.Database.Dialect} },
			doc:   "Kind of database; `mysql` stands for MariaDB too."},
		{key: "sqlite.host", env: "DB_HOST", dialect: "sqlite", fallback: "`<data_dir>/signalbox.db`",
			field: at(func(c *Config) *string { return &c.Database.Path }),
			doc:   "File of the SQLite database."},
		{key: "bolt.host", env: "DB_HOST", dialect: "bolt", fallback: "`<data_dir>/signalbox.bolt`",
			field: at(func(c *Config) *string { return &c.Database.BoltPath }),
			doc:   "File of the Bolt database. Only one process can have it open."},

		{key: "auto_migrate", env: "AUTO_MIGRATE",
			field: func(c *Config) field { return toggle{&c.Database.AutoMigrate} },
			doc:   "Bring the tables of the database up to date at the start. Otherwise the server refuses to start until `signalbox migrate up` has."},

		{key: "cookie_hash", env: "COOKIE_HASH", secret: true, fallback: "made at first start",
			field: func(c *Config) field { return key{p: &c.Keys.CookieHash} },
			doc:   "Key that signs cookies."},
		{key: "cookie_encryption", env: "COOKIE_ENCRYPTION", secret: true, fallback: "made at first start",
			field: func(c *Config) field { return key{&c.Keys.CookieEncryption, []int{16, 24, 32}} },
			doc:   "Kept for the reference's sake: cookies of this version hold nothing that must be hidden."},
		{key: "access_key_encryption", env: "ACCESS_KEY_ENCRYPTION", secret: true, fallback: "made at first start",
			field: func(c *Config) field { return key{&c.Keys.AccessKeyEncryption, []int{16, 24, 32}} },
			doc:   "Key that encrypts the secrets of the key store. Without it they cannot be read: keep a copy apart from the database."},
		{key: "encryption.keys_file", env: "ENCRYPTION_KEYS_FILE", fallback: "none",
			field: at(func(c *Config) *string { return &c.Keys.File }),
			doc:   "File of several keys for stored secrets, YAML or JSON, so that they can be changed while the server runs; see Keys."},

		{key: "password_login_disable", env: "PASSWORD_LOGIN_DISABLED",
			field: func(c *Config) field { return toggle{&c.Auth.PasswordLoginDisabled} },
			doc:   "Refuse to sign in with a password."},
		{key: "auth.session_idle_hours", env: "AUTH_SESSION_IDLE_HOURS",
			field: func(c *Config) field { return duration{&c.Auth.SessionIdle, time.Hour, 1, 24 * 365} },
			doc:   "Hours without a request after which a browser is signed out."},
		{key: "auth.max_session_life_hours", env: "AUTH_MAX_SESSION_LIFE_HOURS",
			field: func(c *Config) field { return duration{&c.Auth.SessionLife, time.Hour, 0, 24 * 365} },
			doc:   "Hours after which a browser is signed out, used or not; 0 stands for 30 days."},
		{key: "auth.cookie_secure", env: "AUTH_COOKIE_SECURE",
			field: func(c *Config) field {
				return choice[CookieSecure]{&c.Auth.CookieSecure, []string{"auto", "always", "never"}}
			},
			doc: "Keep the session cookie from plain HTTP; `auto` does when the server or its public address is HTTPS."},
		{key: "auth.trusted_proxies", env: "AUTH_TRUSTED_PROXIES", fallback: "`127.0.0.0/8`, `::1`",
			field: func(c *Config) field { return networks{&c.Auth.TrustedProxies} },
			doc:   "Addresses and networks of reverse proxies. What they say in `X-Forwarded-For`, `X-Real-IP` and `X-Forwarded-Proto` is believed; from others these headers count for nothing."},

		{key: "mfa.totp.enabled", env: "TOTP_ENABLED", aliases: []string{"auth.totp.enabled"},
			field: func(c *Config) field { return toggle{&c.Auth.TOTP.Enabled} },
			doc:   "Let users set up time-based codes as a second factor. While it is off, those who have one sign in without."},
		{key: "mfa.totp.allow_recovery", env: "TOTP_ALLOW_RECOVERY", aliases: []string{"auth.totp.allow_recovery"},
			field: func(c *Config) field { return toggle{&c.Auth.TOTP.AllowRecovery} },
			doc:   "Hand out recovery codes with a second factor, and accept them."},
		{key: "mfa.totp.require_confirmation", env: "TOTP_REQUIRE_CONFIRMATION", aliases: []string{"auth.totp.require_confirmation"},
			field: func(c *Config) field { return toggle{&c.Auth.TOTP.RequireConfirmation} },
			doc:   "A second factor counts only once a code of it was entered. Off, it counts at once, as in the reference."},
		{key: "mfa.totp.app_name", env: "TOTP_ISSUER", aliases: []string{"auth.totp.app_name"},
			field: func(c *Config) field { return text{p: &c.Auth.TOTP.AppName} },
			doc:   "Name of this server in authenticators."},
		{key: "mfa.email.enabled", env: "EMAIL_2TP_ENABLED", aliases: []string{"auth.email.enabled"},
			field: func(c *Config) field { return toggle{&c.Auth.Email.Enabled} },
			doc:   "Send codes by mail: a second factor for everybody who signs in with a password and has no other. Needs `email_host`."},
		{key: "mfa.email.allow_login_as_external_user", env: "EMAIL_2TP_ALLOW_LOGIN_AS_EXTERNAL_USER", aliases: []string{"auth.email.allow_login_as_external_user"},
			field: func(c *Config) field { return toggle{&c.Auth.Email.LoginExternal} },
			doc:   "Let external users sign in by a mailed code alone."},
		{key: "mfa.email.allow_create_external_user", env: "EMAIL_2TP_ALLOW_CREATE_EXTERNAL_USER", aliases: []string{"auth.email.allow_create_external_user"},
			field: func(c *Config) field { return toggle{&c.Auth.Email.CreateExternal} },
			doc:   "Make an external user for an address nobody has, once its code was entered. Bound it by the domains."},
		{key: "mfa.email.allowed_domains", env: "EMAIL_2TP_ALLOWED_DOMAINS", aliases: []string{"auth.email.allowed_domains"}, fallback: "all",
			field: func(c *Config) field { return list{&c.Auth.Email.Domains} },
			doc:   "Domains of the addresses that can sign in by a mailed code alone, such as `example.org`."},
		{key: "auth.require_mfa", env: "AUTH_REQUIRE_MFA",
			field: func(c *Config) field {
				return choice[string]{&c.Auth.RequireMFA, []string{"off", "admins", "all"}}
			},
			doc: "Who must have a second factor. Who has none sets one up before anything else. Needs `mfa.totp.enabled` or `mfa.email.enabled`."},
		{key: "auth.password_reset", env: "AUTH_PASSWORD_RESET",
			field: func(c *Config) field { return toggle{&c.Auth.PasswordReset} },
			doc:   "Let users who forgot their password have a link to a new one mailed. Works once `email_host` and `web_host` are set."},
		{key: "auth.password_policy.min_length", env: "AUTH_PASSWORD_POLICY_MIN_LENGTH",
			field: func(c *Config) field { return whole{&c.Auth.PasswordPolicy.MinLength, 8, 128} },
			doc:   "Characters that a new password needs."},
		{key: "auth.password_policy.refuse_common", env: "AUTH_PASSWORD_POLICY_REFUSE_COMMON",
			field: func(c *Config) field { return toggle{&c.Auth.PasswordPolicy.RefuseCommon} },
			doc:   "Refuse passwords that are guessed first: well-known words with digits, one thing repeated, rows of the keyboard."},
		{key: "auth.login_rate_limit.free_tries", env: "AUTH_LOGIN_RATE_LIMIT_FREE_TRIES",
			field: func(c *Config) field { return whole{&c.Auth.Lockout.FreeTries, 1, 100} },
			doc:   "Wrong passwords or codes in a row, of an account or from an address, after which each next try has to wait, longer each time."},
		{key: "auth.login_rate_limit.max_delay_sec", env: "AUTH_LOGIN_RATE_LIMIT_MAX_DELAY_SEC",
			field: func(c *Config) field { return duration{&c.Auth.Lockout.LongestWait, time.Second, 1, 3600} },
			doc:   "Seconds that such a wait lasts at most."},
		{key: "auth.lockout.tries", env: "AUTH_LOCKOUT_TRIES",
			field: func(c *Config) field { return whole{&c.Auth.Lockout.Tries, 1, 1000} },
			doc:   "Wrong ones in a row after which the account or address is locked."},
		{key: "auth.lockout.minutes", env: "AUTH_LOCKOUT_MINUTES",
			field: func(c *Config) field { return duration{&c.Auth.Lockout.Time, time.Minute, 1, 24 * 60} },
			doc:   "Minutes that a lock lasts."},

		{key: "max_parallel_tasks", env: "MAX_PARALLEL_TASKS",
			field: func(c *Config) field { return whole{&c.Tasks.MaxParallel, 0, most} },
			doc:   "Tasks running at once on the whole server; 0 sets no limit."},
		{key: "max_task_duration_sec", env: "MAX_TASK_DURATION_SEC",
			field: func(c *Config) field { return duration{&c.Tasks.MaxDuration, time.Second, 0, most} },
			doc:   "Seconds after which a task is stopped; 0 sets no limit."},
		{key: "max_tasks_per_template", env: "MAX_TASKS_PER_TEMPLATE",
			field: func(c *Config) field { return whole{&c.Tasks.KeepPerTemplate, 0, most} },
			doc:   "Finished tasks kept per template, older ones are deleted; 0 keeps all."},
		{key: "max_task_age_days", env: "MAX_TASK_AGE_DAYS",
			field: func(c *Config) field { return duration{&c.Tasks.MaxAge, 24 * time.Hour, 0, 36500} },
			doc:   "Days after their end at which tasks are deleted; 0 keeps them."},
		{key: "max_task_storage_mb", env: "MAX_TASK_STORAGE_MB",
			field: func(c *Config) field { return size{&c.Tasks.MaxStorage, 1 << 20, 0, most} },
			doc:   "Megabytes of output, as written by the programs, that finished tasks may keep on the whole server; the oldest are deleted beyond it. 0 sets no limit."},
		{key: "max_task_output_mb", env: "MAX_TASK_OUTPUT_MB",
			field: func(c *Config) field { return size{&c.Tasks.MaxOutput, 1 << 20, 0, 1 << 20} },
			doc:   "MiB kept of what a task prints. Of what comes after, only the end is kept, and the task goes on; 0 sets no limit."},
		{key: "approval_timeout_sec", env: "APPROVAL_TIMEOUT_SEC",
			field: func(c *Config) field { return duration{&c.Tasks.ApprovalTimeout, time.Second, 0, most} },
			doc:   "Seconds a task waits to be confirmed before it ends with an error; 0 waits for ever."},
		{key: "stop_grace_sec", env: "STOP_GRACE_SEC",
			field: func(c *Config) field { return duration{&c.Tasks.StopGrace, time.Second, 0, 3600} },
			doc:   "Seconds between asking a stopped task to end and killing it."},
		{key: "home_dir_mode", env: "HOME_DIR_MODE",
			field: func(c *Config) field {
				return choice[string]{&c.Tasks.HomeDirMode, []string{"template_dir", "project_home", "user_home"}}
			},
			doc: "Home directory of tasks: `template_dir` keeps the real one but gives Ansible a directory per template, `project_home` gives each project its own, `user_home` changes nothing."},
		{key: "env_vars", env: "ENV_VARS", secret: true,
			field: func(c *Config) field { return variables{&c.Tasks.EnvVars} },
			doc:   "Variables given to every task, as an object."},
		{key: "forwarded_env_vars", env: "FORWARDED_ENV_VARS",
			field: func(c *Config) field { return list{&c.Tasks.ForwardedEnvVars} },
			doc:   "Names of variables of the server that tasks may see."},

		{key: "git_client", env: "GIT_CLIENT",
			field: func(c *Config) field { return choice[string]{&c.Git.Client, []string{"cmd_git", "go_git"}} },
			doc:   "`cmd_git` uses the git program. `go_git` is built in, for machines without git; it knows neither large files (LFS) nor SHA-256 repositories, and reads no settings of git and ssh."},
		{key: "ssh_config_path", env: "SSH_PATH", aliases: []string{"ssh.config_path"}, fallback: "the user's own",
			field: at(func(c *Config) *string { return &c.Git.SSHConfigPath }),
			doc:   "Configuration file for ssh."},
		{key: "ssh.strict_host_key_checking", env: "SSH_STRICT_HOST_KEY_CHECKING", fallback: "`accept-new`, or `yes` with `ssh.known_hosts_file`",
			field: func(c *Config) field {
				return choice[string]{&c.Git.HostKeyChecking, []string{"accept-new", "yes", "no"}}
			},
			doc: "Keys of git servers that are reached by ssh: `accept-new` remembers that of a new server and refuses a changed one, `yes` takes only known ones, `no` checks nothing."},
		{key: "ssh.known_hosts_file", env: "SSH_KNOWN_HOSTS_FILE", fallback: "`<data_dir>/known_hosts`",
			field: at(func(c *Config) *string { return &c.Git.KnownHostsFile }),
			doc:   "File with the keys of git servers, in the form of OpenSSH."},
		{key: "dirs.secrets_path", env: "SECRETS_PATH", aliases: []string{"dirs.secrets", "secrets_path"}, fallback: "none: files are refused",
			field: at(func(c *Config) *string { return &c.SecretsDir }),
			doc:   "Directory of the files that keys may take their secrets from."},

		{key: "schedule.timezone", env: "SCHEDULE_TIMEZONE",
			field: func(c *Config) field { return zone{&c.Schedule.Timezone} },
			doc:   "Time zone of schedules that name none. This version shows when they are due, and does not start them yet."},
		{key: "non_admin_can_create_project", env: "NON_ADMIN_CAN_CREATE_PROJECT",
			field: func(c *Config) field { return toggle{&c.Projects.NonAdminCanCreate} },
			doc:   "Let every user create projects."},
		{key: "teams.invites_enabled", env: "TEAMS_INVITES_ENABLED",
			field: func(c *Config) field { return toggle{&c.Teams.InvitesEnabled} },
			doc:   "Let those who manage members invite people, who then join by themselves."},
		{key: "teams.invite_type", env: "TEAMS_INVITE_TYPE",
			field: func(c *Config) field {
				return choice[string]{&c.Teams.InviteType, []string{"username", "email", "both"}}
			},
			doc: "Whom one can invite: users with an account (`username`), e-mail addresses (`email`), or `both`. Who is invited by an address without an account may make one."},
		{key: "teams.members_can_leave", env: "TEAMS_MEMBERS_CAN_LEAVE",
			field: func(c *Config) field { return toggle{&c.Teams.MembersCanLeave} },
			doc:   "Let members leave projects on their own. Owners never can."},
		{key: "apps", env: "APPS", fallback: "the built-in ones",
			field: func(c *Config) field { return apps{&c.Apps} },
			doc:   "Apps by id; each may set `active`, `priority`, `title`, `icon`, `color`, `dark_color`, `path`, `args`."},

		{key: "log.level", env: "LOG_LEVEL",
			field: func(c *Config) field { return level{&c.Log.Level} },
			doc:   "Least severity the server logs: `debug`, `info`, `warn` or `error`."},
		{key: "log.format", env: "LOG_FORMAT",
			field: func(c *Config) field { return choice[string]{&c.Log.Format, []string{"text", "json"}} },
			doc:   "Form of the server's log: `text` or `json`."},

		{key: "email_host", env: "EMAIL_HOST",
			field: func(c *Config) field { return text{p: &c.Mail.Host, hint: "a host name without a port"} },
			doc:   "Server that takes mail. Without one nothing is sent; see Mail."},
		{key: "email_port", env: "EMAIL_PORT", fallback: "25, 587 with `email_secure`, 465 with `email_tls`",
			field: func(c *Config) field { return port{&c.Mail.Port} },
			doc:   "Its port."},
		{key: "email_sender", env: "EMAIL_SENDER",
			field: func(c *Config) field { return sender{&c.Mail.Sender} },
			doc:   "Address that mail comes from, such as `ci@example.org` or `Signalbox <ci@example.org>`."},
		{key: "email_secure", env: "EMAIL_SECURE",
			field: func(c *Config) field { return toggle{&c.Mail.Secure} },
			doc:   "Sign in to the mail server, and use TLS if it offers that (STARTTLS). Off, nobody signs in and nothing is encrypted."},
		{key: "email_tls", env: "EMAIL_TLS",
			field: func(c *Config) field { return toggle{&c.Mail.TLS} },
			doc:   "Together with `email_secure`: speak TLS from the first byte, as servers on port 465 want it."},
		{key: "email_tls_min_version", env: "EMAIL_TLS_MIN_VERSION",
			field: func(c *Config) field {
				return choice[string]{&c.Mail.MinTLS, []string{"1.0", "1.1", "1.2", "1.3"}}
			},
			doc: "Oldest version of TLS spoken with the mail server."},
		{key: "email_username", env: "EMAIL_USERNAME",
			field: func(c *Config) field { return text{p: &c.Mail.Username} },
			doc:   "Who signs in to the mail server."},
		{key: "email_password", env: "EMAIL_PASSWORD", secret: true,
			field: func(c *Config) field { return secretText{&c.Mail.Password} },
			doc:   "Password of that user."},
		{key: "email_alert", env: "EMAIL_ALERT",
			field: func(c *Config) field { return toggle{&c.Mail.Alerts} },
			doc:   "Send results of tasks by mail to the users who want them. Mail about accounts does not depend on it."},

		{key: "process.user", env: "PROCESS_USER", fallback: "the user of the server",
			field: func(c *Config) field { return text{p: &c.Process.User, hint: "name or number of a user"} },
			doc:   "Run the commands of tasks, git included, as this user, with its groups. Needs a server that runs as root. A task fails when that is not possible."},
		{key: "process.uid", env: "PROCESS_UID",
			field: func(c *Config) field {
				return optional[int]{&c.Process.UID, func(p *int) field { return whole{p, 0, most} }}
			},
			doc: "The same by number, which need not be known to the machine if `process.gid` is given."},
		{key: "process.gid", env: "PROCESS_GID",
			field: func(c *Config) field {
				return optional[int]{&c.Process.GID, func(p *int) field { return whole{p, 0, most} }}
			},
			doc: "Group, instead of the user's own."},
		{key: "process.no_new_privs", env: "PROCESS_NO_NEW_PRIVS",
			field: func(c *Config) field { return toggle{&c.Process.NoNewPrivs} },
			doc:   "Commands of tasks gain no rights by `sudo` and the like."},
		{key: "process.app_namespaces.user", env: "PROCESS_APP_NS_USER",
			field: func(c *Config) field { return toggle{&c.Process.Namespaces.User} },
			doc:   "Give the commands of apps a user namespace of their own."},
		{key: "process.app_namespaces.mount", env: "PROCESS_APP_NS_MOUNT",
			field: func(c *Config) field { return toggle{&c.Process.Namespaces.Mount} },
			doc:   "Give the commands of apps mounts of their own."},
		{key: "process.app_namespaces.pid", env: "PROCESS_APP_NS_PID",
			field: func(c *Config) field { return toggle{&c.Process.Namespaces.PID} },
			doc:   "Give the commands of apps a view of their own processes only, with `/proc` and mounts of their own."},
		{key: "process.app_namespaces.ipc", env: "PROCESS_APP_NS_IPC",
			field: func(c *Config) field { return toggle{&c.Process.Namespaces.IPC} },
			doc:   "Give the commands of apps shared memory and message queues of their own."},
		{key: "process.app_namespaces.uts", env: "PROCESS_APP_NS_UTS",
			field: func(c *Config) field { return toggle{&c.Process.Namespaces.UTS} },
			doc:   "Give the commands of apps a host name of their own."},
		{key: "audit.retention_days", env: "AUDIT_RETENTION_DAYS",
			field: func(c *Config) field { return duration{&c.Audit.Retention, 24 * time.Hour, 0, 36500} },
			doc:   "Days after which lines of the activity log are deleted; 0 keeps them."},
		{key: "debugging.pprof_dump_dir", env: "PPROF_DUMP_DIR",
			field: at(func(c *Config) *string { return &c.Debugging.ProfileDir }),
			doc:   "Directory into which administrators can have profiles of the server written, through the API."},
		{key: "process.chroot", env: "PROCESS_CHROOT", field: refuse, doc: refusedDoc},
	}
	after := slices.IndexFunc(table, func(o option) bool { return o.key == "email_alert" }) + 1
	table = slices.Insert(table, after, alertOptions()...)
	// The file of SQLite comes first, then the servers.
	after = slices.IndexFunc(table, func(o option) bool { return o.key == "sqlite.host" }) + 1
	servers := append(
		serverOptions("mysql", "3306", "tls", "`user:password@tcp(host:3306)/name?tls=true` or `mysql://…`", func(c *Config) *DatabaseServer { return &c.Database.MySQL }),
		serverOptions("postgres", "5432", "sslmode", "`postgres://user:password@host:5432/name?sslmode=require`", func(c *Config) *DatabaseServer { return &c.Database.Postgres })...)
	return slices.Insert(table, after, servers...)
}

// Bounds of max_open_conns. Reading and writing have their own connections, and
// changing the tables needs two.
const minConns, maxConns = 4, 10_000

// serverOptions are the settings of a kind of database that is a server.
func serverOptions(dialect, usual, example, dsn string, of func(*Config) *DatabaseServer) []option {
	list := []option{
		{key: "host", env: "DB_HOST",
			field: func(c *Config) field { return text{p: &of(c).Host, hint: "host, host:port or the path of a socket"} },
			doc:   "Where the server is."},
		{key: "port", env: "DB_PORT", fallback: "`" + usual + "`",
			field: func(c *Config) field { return port{&of(c).Port} },
			doc:   "Port, when the host names none."},
		{key: "user", env: "DB_USER",
			field: func(c *Config) field { return text{p: &of(c).User} },
			doc:   "Who signs in to the server."},
		{key: "pass", env: "DB_PASS", secret: true,
			field: func(c *Config) field { return secretText{&of(c).Password} },
			doc:   "Password of the user."},
		{key: "name", env: "DB_NAME", otherEnv: "DB",
			field: func(c *Config) field { return text{p: &of(c).Name} },
			doc:   "Name of the database; it is created when it is missing and the user may."},
		{key: "options", env: "DB_OPTIONS",
			field: func(c *Config) field { return variables{&of(c).Options} },
			doc:   "Options of the connection, such as `" + example + "`, as an object; see below."},
		{key: "dsn", env: "DB_DSN", secret: true,
			field: func(c *Config) field { return secretText{&of(c).DSN} },
			doc:   "All of the above in one, such as " + dsn + ". Excludes them."},
		{key: "max_open_conns", env: "DB_MAX_OPEN_CONNS",
			field: func(c *Config) field { return whole{&of(c).MaxOpenConns, minConns, maxConns} },
			doc:   "Connections of this server to the database, at most."},
		{key: "max_idle_conns", env: "DB_MAX_IDLE_CONNS",
			field: func(c *Config) field { return whole{&of(c).MaxIdleConns, 0, maxConns} },
			doc:   "Connections kept open for five minutes after they were needed; no more than `max_open_conns`."},
		{key: "conn_max_lifetime", env: "DB_CONN_MAX_LIFETIME",
			field: func(c *Config) field { return span{&of(c).ConnMaxLifetime} },
			doc:   "Age at which a connection is replaced, for servers and balancers that cut old ones; 0 keeps them."},
	}
	for i := range list {
		list[i].key = dialect + "." + list[i].key
		list[i].dialect = dialect
	}
	return list
}

const refusedDoc = "Root directory of tasks. Not supported by this version yet: the server refuses to start when it is set, rather than run tasks without it."

// dialect is the kind of database.
type dialect struct{ p *string }

func (f dialect) set(value any) error {
	s, err := asText(value)
	if err != nil {
		return err
	}
	switch s {
	case "sqlite", "bolt", "mysql", "postgres":
		*f.p = s
		return nil
	}
	return errForm
}
func (f dialect) get() any        { return *f.p }
func (f dialect) expects() string { return "sqlite, bolt, mysql or postgres" }
func (f dialect) schema() map[string]any {
	return map[string]any{"type": "string", "enum": []string{"sqlite", "bolt", "mysql", "postgres"}}
}

// unusedKeys are options of the reference that this version knows but has no
// use for. A name ending in "." or "_" stands for all that start with it.
func unusedKeys() []string {
	return []string{
		"mysql.", "postgres.", "bolt.", "sqlite.",
		// Everything lives in the data directory, work areas included: what tasks
		// leave behind must outlast a cleaned /tmp.
		"tmp_path", "dirs.",
		"tls.http_redirect_port", "tls.http_redirect_addr",
		"option_encryption", "encryption.",
		"auth.totp.", "auth.email.", "mfa.",
		"external_auth_email_matching", "recaptcha.",
		"ldap_", "oidc_providers.",
		"git_submodule_jobs", "git_attempts",
		"use_remote_runner", "runner_registration_token", "runners.", "runner.", "ha.",
		"syslog.", "log.events.", "log.tasks.", "log.audit_webhook.", "audit.",
		"metrics.", "debugging.", "jwt.", "global_integration_alias",
	}
}

// unusedEnv are the variables that belong to them.
func unusedEnv() []string {
	return []string{
		"TMP_PATH", "REPOS_DIR", "REPOS_PATH", "SSH_AGENT_SOCKETS_DIR",
		"DB_PATH",
		"TLS_HTTP_REDIRECT_PORT", "TLS_HTTP_REDIRECT_ADDR", "INTEGRATION_ALIAS",
		"OPTION_ENCRYPTION", "ENCRYPTION_", "TOTP_", "EMAIL_2TP_", "AUTH_",
		"EXTERNAL_AUTH_EMAIL_MATCHING", "RECAPTCHA_", "LDAP_", "OIDC_",
		"GIT_SUBMODULE_JOBS", "GIT_ATTEMPTS",
		"USE_REMOTE_RUNNER", "RUNNER_", "RUNNERS_", "DEFAULT_GLOBAL_RUNNERS_MODE", "HA_",
		"SYSLOG_", "EVENT_LOG_", "EVENT_LOGGER", "TASK_LOG_", "TASK_LOGGER", "TASK_RESULT_LOGGER",
		"AUDIT_", "METRICS_", "API_DELAY", "JWT_",
		"ADMIN", "ADMIN_", "IMPORT_PROJECT_", "MIGRATE_FROM_BOLTDB", "PLAYBOOK_PATH",
	}
}

// silentKeys and silentEnv are met in passing and mean nothing to a server: the
// reference's licence, variables of other programs, and those a container
// platform makes from the name of a service.
func silentKeys() []string {
	return []string{"subscription_key", "subscription_key_file", "subscription."}
}

func silentEnv() []string {
	return []string{
		"CONFIG_PATH", "DEBUG_FILTER", "CLI_COMPAT", "URL", "TOKEN", "API_TOKEN", "TASK_DETAILS_", "SUBSCRIPTION_",
		"SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_", "PORT_",
		"VERSION", "TEST_", "FAULT_", "BENCH_",
		"FROM_DB_PASS", "FROM_DB_PASS_FILE", "TO_DB_PASS", "TO_DB_PASS_FILE", // see LoadDatabase
	}
}

// listed reports whether a name is in one of the lists above.
func listed(name string, in []string) bool {
	for _, entry := range in {
		if name == strings.TrimRight(entry, "._") && strings.HasSuffix(entry, ".") || name == entry {
			return true
		}
		if strings.HasSuffix(entry, ".") || strings.HasSuffix(entry, "_") {
			if strings.HasPrefix(name, entry) {
				return true
			}
		}
	}
	return false
}
