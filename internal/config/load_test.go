package config

import (
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"signalbox/internal/domain"
)

var update = flag.Bool("update", false, "rewrite golden files")

// given is one configuration to load: files by name and an environment.
type given struct {
	files    map[string]string
	env      []string
	settings []Setting
	strict   bool
}

// load writes the files into a directory of their own and reads them. %DIR% in
// contents and variables stands for that directory.
func load(t *testing.T, g given) (*Config, *Report, error) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range g.files {
		content = strings.ReplaceAll(content, "%DIR%", dir)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := []string{"HOME=/home/somebody"}
	for _, entry := range g.env {
		env = append(env, strings.ReplaceAll(entry, "%DIR%", dir))
	}
	return Load(Options{
		Environ:    env,
		Settings:   g.settings,
		Strict:     g.strict,
		DataDir:    filepath.Join(dir, "data"),
		SearchDirs: []string{dir},
	})
}

func mustLoad(t *testing.T, g given) (*Config, *Report) {
	t.Helper()
	c, report, err := load(t, g)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return c, report
}

func TestLoad_NothingGivenIsAGoodConfiguration(t *testing.T) {
	t.Parallel()
	c, report := mustLoad(t, given{})
	if len(report.Warnings) != 0 {
		t.Errorf("warnings: %q", report.Warnings)
	}
	want := defaults()
	want.DataDir = c.DataDir
	want.Database.Path = filepath.Join(c.DataDir, "signalbox.db")
	want.Git.HostKeyChecking = "accept-new"
	if diff := cmp.Diff(want, c, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	if got := c.Server.Address(); got != ":3000" {
		t.Errorf("address: got %q, want %q", got, ":3000")
	}
}

func TestLoad_Precedence(t *testing.T) {
	t.Parallel()
	g := given{
		files: map[string]string{"config.yaml": "port: 1001\nmax_parallel_tasks: 5\nweb_host: https://file.example/\n"},
		env:   []string{"SEMAPHORE_PORT=1002", "SIGNALBOX_PORT=:1003", "SEMAPHORE_MAX_PARALLEL_TASKS=7"},
	}
	c, report := mustLoad(t, g)
	if c.Server.Port != 1003 || c.Tasks.MaxParallel != 7 || c.Server.WebHost != "https://file.example" {
		t.Errorf("got port %d, tasks %d, host %q", c.Server.Port, c.Tasks.MaxParallel, c.Server.WebHost)
	}
	g.settings = []Setting{{Key: "port", Value: "1004", Source: "--listen"}}
	if c, _ = mustLoad(t, g); c.Server.Port != 1004 {
		t.Errorf("flag: got port %d, want 1004", c.Server.Port)
	}
	for _, v := range report.Values {
		if v.Key == "port" && v.Origin != "environment variable SIGNALBOX_PORT" {
			t.Errorf("origin of port: %q", v.Origin)
		}
	}
}

func TestLoad_TellsZeroFromUnset(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]given{
		"json":        {files: map[string]string{"config.json": `{"max_parallel_tasks": 0, "stop_grace_sec": 0}`}},
		"yaml":        {files: map[string]string{"config.yml": "max_parallel_tasks: 0\nstop_grace_sec: \"0\"\n"}},
		"environment": {env: []string{"SEMAPHORE_MAX_PARALLEL_TASKS=0", "SIGNALBOX_STOP_GRACE_SEC=0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := mustLoad(t, g)
			if c.Tasks.MaxParallel != 0 || c.Tasks.StopGrace != 0 {
				t.Errorf("got %d and %s, want zero", c.Tasks.MaxParallel, c.Tasks.StopGrace)
			}
		})
	}
	c, _ := mustLoad(t, given{
		files: map[string]string{"config.json": `{"max_parallel_tasks": null, "port": "", "git_client": ""}`},
		env:   []string{"SEMAPHORE_STOP_GRACE_SEC="},
	})
	if c.Tasks.MaxParallel != 10 || c.Tasks.StopGrace != 15*time.Second || c.Server.Port != 3000 {
		t.Errorf("empty values: got %d, %s, %d, want the defaults", c.Tasks.MaxParallel, c.Tasks.StopGrace, c.Server.Port)
	}
}

func TestLoad_HostKeysAndSecretsDirectory(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		g                      given
		checking, file, secret string
	}{
		"nothing":      {given{}, "accept-new", "", ""},
		"a known file": {given{env: []string{"SEMAPHORE_SSH_KNOWN_HOSTS_FILE=/etc/known"}}, "yes", "/etc/known", ""},
		"said otherwise": {given{files: map[string]string{"config.yml": "ssh:\n  known_hosts_file: ~/known\n  strict_host_key_checking: no\ndirs:\n  secrets_path: /run/secrets\n"}},
			"no", "/home/somebody/known", "/run/secrets"},
		"other spellings": {given{files: map[string]string{"config.json": `{"ssh": {"strict_host_key_checking": "accept-new", "known_hosts_file": "/k"}, "secrets_path": "/s"}`}},
			"accept-new", "/k", "/s"},
	} {
		got, report := mustLoad(t, c.g)
		if got.Git.HostKeyChecking != c.checking || got.Git.KnownHostsFile != c.file || got.SecretsDir != c.secret || len(report.Warnings) > 0 {
			t.Errorf("%s: got %q, %q and %q, with warnings %q", name, got.Git.HostKeyChecking, got.Git.KnownHostsFile, got.SecretsDir, report.Warnings)
		}
	}
	if _, _, err := load(t, given{env: []string{"SIGNALBOX_SSH_STRICT_HOST_KEY_CHECKING=ask"}}); err == nil {
		t.Error("a checking that does not exist was taken")
	}
}

func TestLoad_Forms(t *testing.T) {
	t.Parallel()
	const file = `{
		"port": ":8080", "interface": "::1",
		"non_admin_can_create_project": "on",
		"env_vars": {"VERSION": 1.10, "ON": true, "TEXT": "a b"},
		"forwarded_env_vars": ["A", "B"],
		"max_task_duration_sec": 90,
		"ssh": {"config_path": "~/.ssh/other"},
		"apps": {"bash": {"active": false}, "pulumi": {"priority": 3, "title": "Pulumi", "args": ["up", "--yes"]}},
		"auth": {"session_idle_hours": 2, "cookie_secure": "never"},
		"schedule": {"timezone": "Europe/Berlin"},
		"log": {"level": "WARN"}
	}`
	c, report := mustLoad(t, given{files: map[string]string{"config.json": file}})
	if len(report.Warnings) != 0 {
		t.Errorf("warnings: %q", report.Warnings)
	}
	off, three, title := false, 3, "Pulumi"
	checks := map[string][2]any{
		"address":   {c.Server.Address(), "[::1]:8080"},
		"create":    {c.Projects.NonAdminCanCreate, true},
		"env_vars":  {c.Tasks.EnvVars["VERSION"].Reveal() + c.Tasks.EnvVars["ON"].Reveal() + c.Tasks.EnvVars["TEXT"].Reveal(), "1.10truea b"},
		"forwarded": {c.Tasks.ForwardedEnvVars, []string{"A", "B"}},
		"duration":  {c.Tasks.MaxDuration, 90 * time.Second},
		"ssh":       {c.Git.SSHConfigPath, "/home/somebody/.ssh/other"},
		"apps": {c.Apps, map[string]App{
			"bash":   {Active: &off},
			"pulumi": {Priority: &three, Title: &title, Args: []string{"up", "--yes"}},
		}},
		"idle":   {c.Auth.SessionIdle, 2 * time.Hour},
		"secure": {c.Auth.CookieSecure, CookieSecureNever},
		"zone":   {c.Schedule.Timezone, "Europe/Berlin"},
		"level":  {c.Log.Level, slog.LevelWarn},
	}
	for name, pair := range checks {
		if diff := cmp.Diff(pair[1], pair[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}

	c, _ = mustLoad(t, given{env: []string{
		`SEMAPHORE_FORWARDED_ENV_VARS=["A","B"]`, `SIGNALBOX_ENV_VARS={"X":"1"}`, `SEMAPHORE_APPS={"bash":{"path":"/b"}}`,
		"SEMAPHORE_DB_DIALECT=sqlite", "SEMAPHORE_DB_HOST=%DIR%/x.sqlite",
	}})
	if diff := cmp.Diff([]string{"A", "B"}, c.Tasks.ForwardedEnvVars); diff != "" {
		t.Error(diff)
	}
	if c.Tasks.EnvVars["X"].Reveal() != "1" || *c.Apps["bash"].Path != "/b" ||
		filepath.Base(c.Database.Path) != "x.sqlite" {
		t.Errorf("from variables: %+v", c)
	}
	if c, _ = mustLoad(t, given{env: []string{"SIGNALBOX_FORWARDED_ENV_VARS= A, B ,"}}); len(c.Tasks.ForwardedEnvVars) != 2 {
		t.Errorf("comma list: %q", c.Tasks.ForwardedEnvVars)
	}
}

const goodKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

func TestLoad_SecretsFromFiles(t *testing.T) {
	t.Parallel()
	c, report := mustLoad(t, given{
		files: map[string]string{
			"hash":        goodKey + "\n",
			"encryption":  goodKey,
			"config.yaml": "cookie_encryption_file: '%DIR%/encryption'\n",
		},
		env: []string{"SEMAPHORE_COOKIE_HASH_FILE=%DIR%/hash", "SEMAPHORE_ACCESS_KEY_ENCRYPTION=x", "SIGNALBOX_ACCESS_KEY_ENCRYPTION=" + goodKey},
	})
	for name, k := range map[string]domain.Secret{"hash": c.Keys.CookieHash, "encryption": c.Keys.CookieEncryption, "access": c.Keys.AccessKeyEncryption} {
		if raw, err := Decode(k); err != nil || len(raw) != 32 {
			t.Errorf("%s: %d bytes, %v", name, len(raw), err)
		}
	}
	if diff := cmp.Diff([]string{"SIGNALBOX_ACCESS_KEY_ENCRYPTION", "SEMAPHORE_ACCESS_KEY_ENCRYPTION"}, report.SecretVariables); diff != "" {
		t.Errorf("variables to hide (-want +got):\n%s", diff)
	}
	if shown := fmt.Sprint(report.Values); strings.Contains(shown, goodKey) {
		t.Errorf("a key is shown: %s", shown)
	}
}

func TestLoad_DirectoryNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.yml"), []byte("port: 4000"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, report, err := Load(Options{Environ: []string{"SEMAPHORE_CONFIG_PATH=" + dir}, DataDir: dir})
	if err != nil || c.Server.Port != 4000 || filepath.Base(report.File) != "config.yml" {
		t.Errorf("got %+v, %v", report, err)
	}
	c, _, err = Load(Options{NoFile: true, Environ: []string{"SEMAPHORE_CONFIG_PATH=" + dir}, DataDir: dir})
	if err != nil || c.Server.Port != 3000 {
		t.Errorf("without files: got %v, %v", c, err)
	}
}

// TestLoad_Messages holds the exact lines users read, in testdata/messages.txt.
func TestLoad_Messages(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		given
	}{
		{"wrong values, all at once", given{
			files: map[string]string{"config.yaml": "port: 99999\nmax_parallel_tasks: many\ntls: yes\nhome_dir_mode: here\nschedule:\n  timezone: Mars/Base\n"},
			env:   []string{"SEMAPHORE_NON_ADMIN_CAN_CREATE_PROJECT=maybe", "SIGNALBOX_WEB_ROOT=ci.example.org"},
		}},
		{"secret that is not base64", given{env: []string{"SEMAPHORE_ACCESS_KEY_ENCRYPTION=hunter2"}}},
		{"secret of a wrong length", given{env: []string{"SEMAPHORE_COOKIE_ENCRYPTION=aGVsbG8="}}},
		{"secret and its file", given{
			files: map[string]string{"config.json": `{"cookie_hash": "` + goodKey + `", "cookie_hash_file": "x"}`},
			env:   []string{"SIGNALBOX_COOKIE_ENCRYPTION=" + goodKey, "SIGNALBOX_COOKIE_ENCRYPTION_FILE=x"},
		}},
		{"secret file is missing", given{env: []string{"SIGNALBOX_COOKIE_HASH_FILE=%DIR%/none"}}},
		{"database server left out", given{env: []string{"SEMAPHORE_DB_DIALECT=postgres"}}},
		{"variables of another database", given{env: []string{"SEMAPHORE_DB_USER=x", "SEMAPHORE_DB_PASS=secret", "SEMAPHORE_DB_PORT=tcp://10.0.0.1:5432"}}},
		{"unknown database", given{env: []string{"SEMAPHORE_DB_DIALECT=oracle"}}},
		{"bolt", given{files: map[string]string{"config.json": `{"dialect": "bolt", "bolt": {"host": "/x"}}`}}},
		{"bolt without a dialect", given{files: map[string]string{"config.json": `{"bolt": {"host": "/x"}}`}}},
		{"database dsn and its parts", given{
			files: map[string]string{"config.json": `{"dialect": "postgres", "postgres": {"dsn": "postgres://ci:hunter2@db/x", "port": 1, "options": {"a": "b"}}}`},
			env:   []string{"SIGNALBOX_DB_HOST=db", "SEMAPHORE_DB_PASS=hunter2"},
		}},
		{"database dsn and its file", given{env: []string{"SIGNALBOX_DB_DIALECT=mysql", "SIGNALBOX_DB_DSN=ci:hunter2@tcp(db)/x", "SIGNALBOX_DB_DSN_FILE=/none"}}},
		{"database dsn file is missing", given{env: []string{"SIGNALBOX_DB_DIALECT=mysql", "SIGNALBOX_DB_DSN_FILE=%DIR%/none"}}},
		{"database dsn without a dialect", given{files: map[string]string{"config.json": `{"mysql": {"dsn": "ci:hunter2@tcp(db)/x"}}`}}},
		{"database pool", given{env: []string{"SIGNALBOX_DB_DIALECT=mysql", "SIGNALBOX_DB_DSN=x", "SIGNALBOX_DB_MAX_OPEN_CONNS=3", "SIGNALBOX_DB_MAX_IDLE_CONNS=-1", "SIGNALBOX_DB_CONN_MAX_LIFETIME=soon"}}},
		{"database pool idle", given{env: []string{"SIGNALBOX_DB_DIALECT=mysql", "SIGNALBOX_DB_DSN=x", "SIGNALBOX_DB_MAX_OPEN_CONNS=5", "SIGNALBOX_DB_MAX_IDLE_CONNS=6"}}},
		{"another database without a dialect", given{files: map[string]string{"config.json": `{"mysql": {"host": "db:3306"}}`}}},
		{"isolation", given{files: map[string]string{"config.json": `{"process": {"user": "nobody", "chroot": "/srv/jail", "uid": -1, "gid": "x", "no_new_privs": 2}}`}}},
		{"unknown keys", given{
			files: map[string]string{"config.yaml": "prot: 1\nauth:\n  sesion_idle_hours: 3\napps:\n  bash: {activ: true}\nnonsense: 1\n"},
			env:   []string{"SIGNALBOX_MAX_PARALEL_TASKS=3"},
		}},
		{"unknown keys, strict", given{strict: true, files: map[string]string{"config.yaml": "prot: 1\n"}}},
		{"known but unused", given{
			files: map[string]string{"config.json": `{"ldap_enable": true, "oidc_providers": {}, "mysql": {"host": ""}, "ha": {"enabled": true}, "tmp_path": "/tmp/semaphore", "dirs": {"repos_path": "/r"}, "subscription_key": "x"}`},
			env:   []string{"SEMAPHORE_RUNNER_TOKEN_FILE=x", "SEMAPHORE_ADMIN=root", "SEMAPHORE_URL=http://x"},
		}},
		{"container platform", given{env: []string{"SEMAPHORE_PORT=tcp://10.0.0.1:3000", "SEMAPHORE_PORT_3000_TCP=x", "SEMAPHORE_SERVICE_HOST=x"}}},
		{"two spellings", given{files: map[string]string{"config.json": `{"ssh_config_path": "/a", "ssh": {"config_path": "/b"}}`}}},
		{"git client", given{files: map[string]string{"config.json": `{"git_client": "libgit2"}`}}},
		{"broken json", given{files: map[string]string{"config.json": "{\n\"port\": 1,\n}"}}},
		{"key twice in json", given{files: map[string]string{"config.json": "{\n\"port\": 1,\n\"port\": 2}"}}},
		{"broken yaml", given{files: map[string]string{"config.yaml": "port: [1"}}},
		{"key twice in yaml", given{files: map[string]string{"config.yaml": "port: 1\nport: 2\n"}}},
		{"not an object", given{files: map[string]string{"config.yaml": "- port\n"}}},
		{"apps of a wrong form", given{files: map[string]string{"config.yaml": "apps:\n  bash:\n    priority: high\n"}}},
		{"mail", given{files: map[string]string{"config.json": `{"email_host": "mail:25", "email_port": "0", "email_sender": "nobody", "email_secure": "maybe", "email_tls_min_version": "2"}`}, env: []string{"SEMAPHORE_EMAIL_ALERT=2"}}},
		{"mail without a sender", given{env: []string{"SEMAPHORE_EMAIL_HOST=mail.example.org"}}},
		{"mail without a host", given{env: []string{"SEMAPHORE_EMAIL_ALERT=yes"}}},
		{"mail that does not sign in", given{files: map[string]string{"config.json": `{"email_host": "::1", "email_sender": "ci@localhost", "email_tls": true, "email_username": "ci", "email_password": "hunter2"}`}}},
		{"mail without a password", given{files: map[string]string{"config.yaml": "email_host: mail\nemail_sender: Signalbox <ci@example.org>\nemail_secure: true\nemail_tls_min_version: 1.3\nemail_username: ci\n"}}},
		{"alerts without addresses", given{env: []string{"SEMAPHORE_TELEGRAM_ALERT=true", "SEMAPHORE_SLACK_ALERT=yes"}, files: map[string]string{"config.json": `{"rocketchat_alert": true, "microsoft_teams_alert": true, "dingtalk_alert": true, "gotify_alert": true}`}}},
		{"alerts with wrong addresses", given{files: map[string]string{"config.json": `{"telegram_alert": true, "telegram_token": "12/../34:hunter2", "telegram_chat": -100123, "slack_alert": true, "slack_url": "ftp://hunter2", "rocketchat_url": "https://", "microsoft_teams_url": "http://169.254.169.254/hunter2", "dingtalk_url": "hunter2", "gotify_url": "http://[fe80::1]/", "gotify_token": 7}`}}},
		{"second factor nobody can have", given{env: []string{"SIGNALBOX_AUTH_REQUIRE_MFA=all", "SEMAPHORE_EMAIL_2TP_ENABLED=yes", "SIGNALBOX_AUTH_LOCKOUT_TRIES=3", "SIGNALBOX_AUTH_PASSWORD_POLICY_MIN_LENGTH=4"}}},
		{"mailed codes that are off", given{files: map[string]string{"config.yaml": "auth:\n  email: {allow_create_external_user: true, disable_for_oidc: true}\n  require_mfa: everybody\n"}}},
		{"tls without files", given{env: []string{"SIGNALBOX_TLS_ENABLED=true"}}},
		{"tls with missing files", given{env: []string{"SIGNALBOX_TLS_ENABLED=true", "SIGNALBOX_TLS_CERT_FILE=/none/c.pem", "SIGNALBOX_TLS_KEY_FILE=/none/k.pem"}}},
		{"database is a directory", given{env: []string{"SIGNALBOX_DB_HOST=/"}}},
		{"flag", given{settings: []Setting{{Key: "port", Value: "x", Source: "--listen"}}}},
	}
	var got strings.Builder
	for _, c := range cases {
		fmt.Fprintf(&got, "# %s\n", c.name)
		_, report, err := load(t, c.given)
		lines := report.Warnings
		for i, w := range lines {
			lines[i] = "warning: " + w
		}
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				lines = append(lines, "error: "+line)
			}
		}
		for _, line := range lines {
			if dir := filepath.Dir(report.File); report.File != "" {
				line = strings.ReplaceAll(line, dir+"/", "")
			}
			got.WriteString(hideTemp(line) + "\n")
		}
		got.WriteString("\n")
	}
	golden(t, "testdata/messages.txt", got.String())
}

// hideTemp replaces the directory of a test by a name that does not change.
func hideTemp(line string) string {
	for {
		i := strings.Index(line, os.TempDir()+"/TestLoad_Messages")
		if i < 0 {
			return line
		}
		rest := line[i+len(os.TempDir())+1:]
		parts := strings.SplitN(rest, "/", 3)
		line = line[:i] + "DIR/" + parts[len(parts)-1]
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs, run with -update and review (-want +got):\n%s", file, diff)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(true, []byte(`{"port": ":3000", "apps": {"bash": {"args": ["x"]}}}`))
	f.Add(false, []byte("port: 3000\nenv_vars: {A: &a 1, B: *a}\n"))
	f.Add(false, []byte("a: &a [*a]\n"))
	f.Add(true, []byte(`[[[[[[[[`))
	f.Add(false, []byte("dirs:\n  repos: x\nprocess: {uid: 1}\ncookie_hash: x"))
	f.Fuzz(func(t *testing.T, isJSON bool, content []byte) {
		name := "config.yaml"
		if isJSON {
			name = "config.json"
		}
		tree, err := decodeFile(name, content)
		if err != nil {
			return
		}
		l := &loader{config: defaults(), report: &Report{origins: map[string]string{}}, table: options("/home/x")}
		l.fromTree(name, tree)
		for _, p := range l.problems {
			if line := p.String(); strings.ContainsAny(line, "\n\r") || !strings.HasPrefix(line, name+": ") {
				t.Errorf("not one line that names its source: %q", line)
			}
		}
		l.report.fill(l.config, l.table)
	})
}

func TestLoad_BoltFile(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		given
		want string
	}{
		{"named in the file", given{files: map[string]string{"config.json": `{"dialect": "bolt", "bolt": {"host": "/b/x.bolt"}, "sqlite": {"host": "/s/x.db"}}`}}, "/b/x.bolt"},
		{"the environment wins", given{
			files: map[string]string{"config.json": `{"dialect": "bolt", "bolt": {"host": "/b/x.bolt"}}`},
			env:   []string{"SIGNALBOX_DB_HOST=/e/x.bolt"},
		}, "/e/x.bolt"},
		{"in the data directory", given{env: []string{"SIGNALBOX_DB_DIALECT=bolt", "SIGNALBOX_DATA_DIR=/d"}}, "/d/signalbox.bolt"},
		{"of no use to SQLite", given{
			files: map[string]string{"config.json": `{"dialect": "sqlite", "bolt": {"host": "/b/x.bolt"}}`},
			env:   []string{"SIGNALBOX_DATA_DIR=/d"},
		}, "/d/signalbox.db"},
	}
	for _, c := range cases {
		if got, _ := mustLoad(t, c.given); got.Database.Path != c.want {
			t.Errorf("%s: %s, want %s", c.name, got.Database.Path, c.want)
		}
	}
}

func TestLoad_DatabaseServer(t *testing.T) {
	t.Parallel()
	dsnFile := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(dsnFile, []byte("ci:p@ss@tcp(db)/x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		env     []string
		file    string
		address string
		want    DatabaseServer
	}{
		"variables": {
			env: []string{
				"SEMAPHORE_DB_DIALECT=mysql", "SEMAPHORE_DB_HOST=db", "SEMAPHORE_DB_PORT=3307", "SEMAPHORE_DB_USER=ci",
				"SEMAPHORE_DB_PASS=p@ss: /?", "SEMAPHORE_DB=builds", `SIGNALBOX_DB_OPTIONS={"tls":"true"}`,
			},
			address: "db:3307",
			want:    DatabaseServer{Host: "db", Port: 3307, User: "ci", Password: "p@ss: /?", Name: "builds", Options: map[string]domain.Secret{"tls": "true"}, MaxOpenConns: 20, MaxIdleConns: 20},
		},
		"file": {
			file:    `{"dialect": "postgres", "postgres": {"host": "[::1]:5433", "user": "ci", "pass": "x", "name": "builds", "options": {"sslmode": "disable"}}}`,
			address: "[::1]:5433",
			want:    DatabaseServer{Host: "[::1]:5433", User: "ci", Password: "x", Name: "builds", Options: map[string]domain.Secret{"sslmode": "disable"}, MaxOpenConns: 20, MaxIdleConns: 20},
		},
		"variables win": {
			file:    `{"dialect": "postgres", "postgres": {"host": "a:1", "user": "ci"}, "mysql": {"host": "kept"}}`,
			env:     []string{"SIGNALBOX_DB_HOST=/run/postgresql", "SIGNALBOX_DB_PORT=99", "SEMAPHORE_DB_NAME=n"},
			address: "/run/postgresql",
			want:    DatabaseServer{Host: "/run/postgresql", Port: 99, User: "ci", Name: "n", MaxOpenConns: 20, MaxIdleConns: 20},
		},
		"one text": {
			file: `{"dialect": "mysql", "mysql": {"dsn_file": "` + dsnFile + `", "max_open_conns": 8, "conn_max_lifetime": "30m"}}`,
			env:  []string{"SIGNALBOX_DB_MAX_IDLE_CONNS=0"},
			want: DatabaseServer{DSN: "ci:p@ss@tcp(db)/x", Name: "semaphore", MaxOpenConns: 8, ConnMaxLifetime: 30 * time.Minute},
		},
		"one text in a variable": {
			env:  []string{"SIGNALBOX_DB_DIALECT=postgres", "SEMAPHORE_DB_DSN=postgres://ci:x@db/x", "SEMAPHORE_DB_CONN_MAX_LIFETIME=90"},
			want: DatabaseServer{DSN: "postgres://ci:x@db/x", Name: "semaphore", MaxOpenConns: 20, MaxIdleConns: 20, ConnMaxLifetime: 90 * time.Second},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := Options{Environ: c.env, NoFile: c.file == "", DataDir: t.TempDir(), Strict: true}
			if c.file != "" {
				o.Path = filepath.Join(t.TempDir(), "config.json")
				if err := os.WriteFile(o.Path, []byte(c.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, report, err := Load(o)
			if err != nil {
				t.Fatal(err)
			}
			if shown := fmt.Sprint(report.Values, report.Warnings); strings.Contains(shown, "ci:p") || strings.Contains(shown, "ci:x") {
				t.Errorf("the connection string is shown: %s", shown)
			}
			if diff := cmp.Diff(c.want, got.Database.Server()); diff != "" {
				t.Errorf("server (-want +got):\n%s", diff)
			}
			if address := got.Database.Server().Address(); address != c.address {
				t.Errorf("address %q, want %q", address, c.address)
			}
		})
	}
}

func TestLoad_TrustedProxies(t *testing.T) {
	t.Parallel()
	c, _ := mustLoad(t, given{env: []string{"SIGNALBOX_AUTH_TRUSTED_PROXIES=10.1.2.3/8, 192.0.2.7, 2001:db8::/32"}})
	if got := fmt.Sprint(c.Auth.TrustedProxies); got != "[10.0.0.0/8 192.0.2.7/32 2001:db8::/32]" {
		t.Errorf("got %s", got)
	}
	if c, _ := mustLoad(t, given{env: []string{"SIGNALBOX_AUTH_TRUSTED_PROXIES="}}); len(c.Auth.TrustedProxies) != 0 && len(c.Auth.TrustedProxies) != 2 {
		t.Errorf("got %v", c.Auth.TrustedProxies)
	}
}
