package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Prefixes of environment variables. The native one wins.
const (
	nativePrefix    = "SIGNALBOX_"
	referencePrefix = "SEMAPHORE_"
)

// Options say where to load from.
type Options struct {
	Path string // configuration file or its directory; "" searches
	// PathFlag is the flag that gave the path, "--config" when it is empty.
	PathFlag string
	NoFile   bool // read no file at all
	// Environ is the environment as os.Environ gives it.
	Environ []string
	// Settings are values from flags; they win over everything.
	Settings []Setting
	// Strict turns unknown keys into errors.
	Strict bool
	// DataDir is used when nothing names one; "" means DefaultDataDir.
	DataDir string
	// SearchDirs replaces the directories a file is looked for in.
	SearchDirs []string
}

// Setting is a value given on the command line.
type Setting struct {
	Key    string // "port"
	Value  string
	Source string // the flag as the user typed it: "--listen"
}

// Load reads, merges and checks the configuration. Its error is an *Error with
// every mistake. The report is never nil.
func Load(o Options) (*Config, *Report, error) {
	l := &loader{options: o, env: environment(o.Environ), config: defaults(), report: &Report{}}
	l.table = options(l.env["HOME"])
	l.report.origins = make(map[string]string)

	l.fromFile()
	l.fromEnvironment()
	l.fromSettings()

	dataDir := o.DataDir
	if dataDir == "" {
		dataDir = DefaultDataDir()
	}
	if err := l.config.settle(dataDir); err != nil {
		l.problem("", "data_dir", err.Error())
	}
	l.crossCheck()
	l.report.fill(l.config, l.table)
	if len(l.problems) > 0 {
		return nil, l.report, &Error{Problems: l.problems}
	}
	return l.config, l.report, nil
}

// DefaultDataDir is where the server keeps its data when nothing says where:
// /var/lib/signalbox when it exists or the server runs as root, ./data
// otherwise.
func DefaultDataDir() string {
	const system = "/var/lib/signalbox"
	if info, err := os.Stat(system); err == nil && info.IsDir() || os.Geteuid() == 0 {
		return system
	}
	return "data"
}

func environment(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	return env
}

type loader struct {
	options  Options
	env      map[string]string
	table    []option
	config   *Config
	report   *Report
	problems []Problem
}

func (l *loader) problem(source, key, message string) {
	if source == "" {
		if source = l.report.origins[key]; source == "" {
			source = "configuration"
		}
	}
	l.problems = append(l.problems, Problem{source, key, message})
}

// complained reports whether a problem with a key was found.
func (l *loader) complained(key string) bool {
	return slices.ContainsFunc(l.problems, func(p Problem) bool { return p.Key == key })
}

func (l *loader) warn(format string, args ...any) {
	l.report.Warnings = append(l.report.Warnings, fmt.Sprintf(format, args...))
}

// apply stores one value. Empty text means "not set", unless the option can be
// empty: that is how the reference writes options nobody filled in.
func (l *loader) apply(opt option, source string, value any) {
	into := opt.field(l.config)
	if value == nil {
		return
	}
	if s, ok := value.(string); ok && s == "" {
		if _, ok := into.(emptier); !ok {
			return
		}
	}
	if err := into.set(value); err != nil {
		l.problem(source, opt.key, complaint(opt, into, value, err))
		return
	}
	if u, ok := into.(unknowner); ok {
		for _, name := range u.unknown(value) {
			l.unknown(fmt.Sprintf("%s: unknown key %q", source, opt.key+"."+name), "")
		}
	}
	if s, ok := value.(string); !ok || s != "" {
		l.report.origins[opt.key] = source
	}
}

// complaint says what is wrong with a value.
func complaint(opt option, into field, value any, err error) string {
	shown := "this value"
	if s, ok := value.(string); ok {
		shown = strconv.Quote(shorten(s))
	}
	if opt.secret {
		shown = "the value (***)"
	}
	if errors.Is(err, errForm) {
		return fmt.Sprintf("%s is not %s", shown, into.expects())
	}
	if _, ok := into.(apps); ok {
		return err.Error()
	}
	return fmt.Sprintf("%s is %s", shown, err)
}

func shorten(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

func (l *loader) unknown(what, suggestion string) {
	if suggestion != "" {
		what += fmt.Sprintf(", did you mean %q?", suggestion)
	}
	if l.options.Strict {
		source, message, _ := strings.Cut(what, ": ")
		l.problem(source, "", message)
		return
	}
	l.warn("%s", what)
}

// readSecret reads the file that holds a secret.
func (l *loader) readSecret(source, key, name string) (string, bool) {
	data, err := readBounded(name)
	if err != nil {
		l.problem(source, key, fmt.Sprintf("reading %s: %s", name, err))
		return "", false
	}
	return strings.TrimRight(string(data), "\r\n"), true
}

func (l *loader) fromFile() {
	if l.options.NoFile {
		return
	}
	named, source := l.options.Path, l.options.PathFlag
	if source == "" {
		source = "--config"
	}
	for _, prefix := range []string{nativePrefix, referencePrefix} {
		if named == "" {
			named, source = l.env[prefix+"CONFIG_PATH"], "environment variable "+prefix+"CONFIG_PATH"
		}
	}
	dirs := l.options.SearchDirs
	if dirs == nil {
		dirs = searchDirs(func(name string) string { return l.env[name] })
	}
	file, err := findFile(named, dirs)
	if err != nil {
		if named == "" {
			l.problem("configuration file", "", err.Error())
			return
		}
		l.problem(source, "", fmt.Sprintf("reading %s: %s", named, err))
		return
	}
	if file == "" {
		return
	}
	l.report.File = file
	data, err := readBounded(file)
	if err != nil {
		l.problem(file, "", err.Error())
		return
	}
	tree, err := decodeFile(file, data)
	if err != nil {
		l.problem(file, "", err.Error())
		return
	}
	l.fromTree(file, tree)
}

// fromTree applies a decoded file and then looks at what is left of it.
func (l *loader) fromTree(file string, tree map[string]any) {
	_, dialectGiven := find(tree, "dialect")
	for _, opt := range l.table {
		value, given := l.take(file, tree, opt)
		if opt.secret {
			if name, ok := find(tree, opt.key+"_file"); ok && name != nil && name != "" {
				remove(tree, opt.key+"_file")
				value, given = l.secretFile(file, opt, value, given, name)
			}
		}
		if given {
			l.apply(opt, file, value)
		}
	}
	if !dialectGiven {
		l.guardDialect(file)
	}
	l.leftOver(file, "", tree)
}

// take removes and returns the value of an option, in any of its spellings.
func (l *loader) take(file string, tree map[string]any, opt option) (any, bool) {
	value, given := find(tree, opt.key)
	remove(tree, opt.key)
	for _, alias := range opt.aliases {
		other, ok := find(tree, alias)
		if !ok {
			continue
		}
		remove(tree, alias)
		if given {
			l.warn("%s: %s is not used, since %s is given too", file, alias, opt.key)
			continue
		}
		value, given = other, true
	}
	return value, given
}

func (l *loader) secretFile(file string, opt option, value any, given bool, name any) (any, bool) {
	if given && value != nil && value != "" {
		l.problem(file, opt.key, "given together with "+opt.key+"_file; keep one of them")
		return nil, false
	}
	text, err := asText(name)
	if err != nil {
		l.problem(file, opt.key+"_file", "expected a path")
		return nil, false
	}
	content, ok := l.readSecret(file, opt.key+"_file", text)
	return content, ok
}

// guardDialect refuses a file that sets up another database without saying so
// in "dialect": an empty SQLite database is not what its author expects to see.
func (l *loader) guardDialect(file string) {
	if l.config.Database.Path != "" || l.env[nativePrefix+"DB_DIALECT"] != "" || l.env[referencePrefix+"DB_DIALECT"] != "" {
		return
	}
	if l.config.Database.BoltPath != "" {
		l.problem(file, "bolt", "dialect does not say which database to use; set it to bolt or sqlite")
		return
	}
	given := map[string]bool{"mysql": l.config.Database.MySQL.given(), "postgres": l.config.Database.Postgres.given()}
	for _, other := range []string{"mysql", "postgres"} {
		if given[other] {
			l.problem(file, other, fmt.Sprintf("set dialect to %s to use this database", other))
			return
		}
	}
}

// leftOver warns of keys that no option took.
func (l *loader) leftOver(file, prefix string, tree map[string]any) {
	names := make([]string, 0, len(tree))
	for name := range tree {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		full := prefix + name
		switch {
		case listed(full, silentKeys()):
		case listed(full, unusedKeys()) || listed(strings.TrimSuffix(full, "_file"), unusedKeys()):
			l.warn("%s: %s is not used by this version", file, full)
		case l.isSection(full):
			if section, ok := tree[name].(map[string]any); ok {
				l.leftOver(file, full+".", section)
			} else if tree[name] != nil {
				l.problem(file, full, "expected an object")
			}
		default:
			l.unknown(fmt.Sprintf("%s: unknown key %q", file, full), nearest(full, l.keys()))
		}
	}
}

// isSection reports whether options live below the key.
func (l *loader) isSection(key string) bool {
	for _, name := range l.keys() {
		if strings.HasPrefix(name, key+".") {
			return true
		}
	}
	return false
}

// keys returns every key that may stand in a file.
func (l *loader) keys() []string {
	var keys []string
	for _, opt := range l.table {
		keys = append(append(keys, opt.key), opt.aliases...)
		if opt.secret {
			keys = append(keys, opt.key+"_file")
		}
	}
	for _, key := range unusedKeys() {
		keys = append(keys, strings.TrimRight(key, "._"))
	}
	return keys
}

// find looks up a dotted key.
func find(tree map[string]any, key string) (any, bool) {
	head, rest, nested := strings.Cut(key, ".")
	value, ok := tree[head]
	if !nested || !ok {
		return value, ok
	}
	section, ok := value.(map[string]any)
	if !ok {
		return nil, false
	}
	return find(section, rest)
}

// remove deletes a dotted key, and the sections that are empty after it.
func remove(tree map[string]any, key string) {
	head, rest, nested := strings.Cut(key, ".")
	if !nested {
		delete(tree, head)
		return
	}
	if section, ok := tree[head].(map[string]any); ok {
		if remove(section, rest); len(section) == 0 {
			delete(tree, head)
		}
	}
}

func (l *loader) fromEnvironment() {
	known, idle := make(map[string]bool), make(map[string]bool)
	for _, opt := range l.table { // the dialect comes before what depends on it
		if opt.env == "" {
			continue
		}
		into, idles := known, opt.dialect != "" && opt.dialect != l.config.Database.Dialect
		if idles {
			into = idle
		}
		into[opt.env] = true
		if opt.otherEnv != "" {
			into[opt.otherEnv] = true
		}
		if opt.secret {
			into[opt.env+"_FILE"] = true
			l.markSecret(nativePrefix + opt.env)
			l.markSecret(referencePrefix + opt.env)
		}
		if idles {
			continue
		}
		if variable, value, ok := l.variable(opt); ok {
			l.apply(opt, "environment variable "+variable, value)
		}
	}
	l.unknownVariables(known, idle)
}

// variable returns the variable that sets an option and its value.
func (l *loader) variable(opt option) (name, value string, ok bool) {
	names := []string{nativePrefix + opt.env, referencePrefix + opt.env}
	if opt.otherEnv != "" {
		names = append(names, nativePrefix+opt.otherEnv, referencePrefix+opt.otherEnv)
	}
	for _, name := range names {
		value, fromFile := l.env[name], ""
		if opt.secret {
			fromFile = l.env[name+"_FILE"]
		}
		switch {
		case value == "" && fromFile == "":
		case value != "" && fromFile != "":
			l.problem("environment variable "+name, opt.key, "given together with "+name+"_FILE; keep one of them")
			return "", "", false
		case fromFile != "":
			content, ok := l.readSecret("environment variable "+name+"_FILE", opt.key, fromFile)
			return name + "_FILE", content, ok
		case strings.HasSuffix(opt.env, "PORT") && strings.HasPrefix(value, "tcp://"):
			l.warn("environment variable %s: %q was set by the container platform for a service of that name; it is not used", name, value)
		default:
			return name, value, true
		}
	}
	return "", "", false
}

// markSecret notes a variable that children must not inherit.
func (l *loader) markSecret(name string) {
	if _, set := l.env[name]; set && !slices.Contains(l.report.SecretVariables, name) {
		l.report.SecretVariables = append(l.report.SecretVariables, name)
	}
}

// unknownVariables looks at the variables that nothing took. Idle are those that
// belong to another kind of database.
func (l *loader) unknownVariables(known, idle map[string]bool) {
	var names, suffixes []string
	for name := range l.env {
		names = append(names, name)
	}
	for suffix := range known {
		suffixes = append(suffixes, suffix)
	}
	sort.Strings(names)
	sort.Strings(suffixes)
	for _, name := range names {
		suffix, ours := strings.CutPrefix(name, nativePrefix)
		if !ours {
			if suffix, ours = strings.CutPrefix(name, referencePrefix); !ours {
				continue
			}
		}
		switch {
		case known[suffix], listed(suffix, silentEnv()):
		case idle[suffix]:
			if l.env[name] != "" {
				l.warn("environment variable %s is not used with the dialect %s", name, l.config.Database.Dialect)
			}
		case listed(suffix, unusedEnv()) || listed(strings.TrimSuffix(suffix, "_FILE"), unusedEnv()):
			if l.env[name] != "" {
				l.warn("environment variable %s is not used by this version", name)
			}
		default:
			prefix := strings.TrimSuffix(name, suffix)
			suggestion := nearest(suffix, suffixes)
			if suggestion != "" {
				suggestion = prefix + suggestion
			}
			l.unknown("environment: unknown variable "+name, suggestion)
		}
	}
}

func (l *loader) fromSettings() {
	for _, s := range l.options.Settings {
		found := false
		for _, opt := range l.table {
			if opt.key == s.Key {
				found = true
				l.apply(opt, s.Source, s.Value)
			}
		}
		if !found {
			l.problem(s.Source, s.Key, "no such option")
		}
	}
}

// crossCheck holds the rules that span options.
func (l *loader) crossCheck() {
	c := l.config
	if info, err := os.Stat(c.DataDir); err == nil && !info.IsDir() {
		l.problem("", "data_dir", fmt.Sprintf("%q is a file, not a directory", c.DataDir))
	}
	l.checkDatabase()
	l.checkTLS()
	l.checkMail()
	l.checkAlerts()
	l.checkAuth()
}

// checkAuth refuses a second factor that nobody could have.
func (l *loader) checkAuth() {
	a := l.config.Auth
	if a.RequireMFA != "off" && !a.TOTP.Enabled && !(a.Email.Enabled && l.config.Mail.Host != "") {
		l.problem("", "auth.require_mfa", "needs a second factor that users can have: set mfa.totp.enabled, or mfa.email.enabled and email_host")
	}
	if a.Email.Enabled && l.config.Mail.Host == "" {
		l.warn("mfa.email.enabled (%s) has no effect without email_host", l.report.origins["mfa.email.enabled"])
	}
	if !a.Email.Enabled && (a.Email.LoginExternal || a.Email.CreateExternal) {
		l.warn("mfa.email.allow_login_as_external_user and mfa.email.allow_create_external_user have no effect without mfa.email.enabled")
	}
	if a.Lockout.Tries < a.Lockout.FreeTries {
		l.problem("", "auth.lockout.tries", fmt.Sprintf("%d is less than auth.login_rate_limit.free_tries, which is %d", a.Lockout.Tries, a.Lockout.FreeTries))
	}
}

func (l *loader) checkDatabase() {
	d := l.config.Database
	if d.Dialect == "sqlite" || d.Dialect == "bolt" {
		if info, err := os.Stat(d.Path); err == nil && info.IsDir() {
			l.problem("", d.Dialect+".host", fmt.Sprintf("%q is a directory; name the file of the database", d.Path))
		}
		return
	}
	server := d.Server()
	l.checkPool(d.Dialect, server)
	if server.DSN != "" {
		for _, name := range []string{"host", "port", "user", "pass", "name", "options"} {
			if origin := l.report.origins[d.Dialect+"."+name]; origin != "" {
				l.problem(origin, d.Dialect+"."+name, fmt.Sprintf("given together with %s.dsn (%s); keep one of them",
					d.Dialect, l.report.origins[d.Dialect+".dsn"]))
			}
		}
		return
	}
	if l.complained(d.Dialect + ".dsn") {
		return // it was meant to say all that
	}
	for _, needed := range []struct{ key, value string }{{"host", server.Host}, {"user", server.User}, {"name", server.Name}} {
		if needed.value == "" {
			l.problem(l.report.origins["dialect"], d.Dialect+"."+needed.key, fmt.Sprintf("must be set when the dialect is %s, or else %[1]s.dsn", d.Dialect))
		}
	}
}

// checkPool compares the bounds. Idle connections that nobody asked for follow
// the other bound.
func (l *loader) checkPool(dialect string, server DatabaseServer) {
	if key := dialect + ".max_idle_conns"; server.MaxIdleConns > server.MaxOpenConns && l.report.origins[key] != "" {
		l.problem("", key, fmt.Sprintf("%d is more than %s.max_open_conns, which is %d", server.MaxIdleConns, dialect, server.MaxOpenConns))
	}
}

func (l *loader) checkTLS() {
	t := l.config.Server.TLS
	if !t.Enabled {
		return
	}
	for key, file := range map[string]string{"tls.cert_file": t.CertFile, "tls.key_file": t.KeyFile} {
		if file == "" {
			l.problem(l.report.origins["tls.enabled"], key, "must be set when tls.enabled is true")
		}
	}
	if t.CertFile == "" || t.KeyFile == "" {
		sort.Slice(l.problems, func(i, j int) bool { return l.problems[i].Key < l.problems[j].Key })
		return
	}
	if _, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile); err != nil {
		reason := strings.TrimPrefix(err.Error(), "tls: ")
		var pathError *os.PathError
		if errors.As(err, &pathError) {
			reason = filepath.Clean(pathError.Path) + ": " + pathError.Err.Error()
		}
		l.problem("", "tls.cert_file", "certificate and key cannot be used: "+reason)
	}
}

// checkMail finds out whether mail can be sent as it was asked for. What the
// reference ignores is ignored here too, but not in silence.
func (l *loader) checkMail() {
	m := l.config.Mail
	if m.Host == "" {
		if m.Alerts {
			l.warn("email_alert (%s) has no effect without email_host", l.report.origins["email_alert"])
		}
		return
	}
	if strings.ContainsAny(m.Host, "/ @") || strings.Contains(m.Host, ":") && net.ParseIP(strings.Trim(m.Host, "[]")) == nil {
		l.problem("", "email_host", fmt.Sprintf("%q is not the name of a server; a port goes into email_port", m.Host))
	}
	if m.Sender == "" && !l.complained("email_sender") {
		l.problem(l.report.origins["email_host"], "email_sender", "must be set when email_host is")
	}
	if !m.Secure {
		for _, idle := range []struct {
			key   string
			given bool
		}{{"email_tls", m.TLS}, {"email_username", m.Username != ""}, {"email_password", m.Password != ""}} {
			if idle.given {
				l.warn("%s (%s) has no effect without email_secure", idle.key, l.report.origins[idle.key])
			}
		}
	}
	if m.Secure && (m.Username == "") != (m.Password == "") {
		l.warn("email_username and email_password belong together; only one of them is set")
	}
}
