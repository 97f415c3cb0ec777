package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"signalbox/internal/config"
	"signalbox/internal/domain"
	"signalbox/internal/secrets"
)

// setupTries is how often a database that does not answer yet is asked when
// nobody is there to decide.
const setupTries = 15

func (s *shell) setup() *cobra.Command {
	var unattended bool
	c := &cobra.Command{
		Use:   "setup",
		Short: "Ask for the settings, write them to a file, and create an administrator",
		Long: "Ask for the database and other settings, test the connection, write a configuration file that only its owner can\n" +
			"read, prepare the database and create an administrator. Answers may come from a pipe, one per line; an empty line\n" +
			"takes the default. The keys and other settings of an existing file stay.\n\n" +
			"With --non-interactive nothing is asked or written: the settings are those the server would use, and the\n" +
			"administrator that of SIGNALBOX_ADMIN, SIGNALBOX_ADMIN_PASSWORD or SIGNALBOX_ADMIN_PASSWORD_FILE,\n" +
			"SIGNALBOX_ADMIN_NAME and SIGNALBOX_ADMIN_EMAIL.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 && (len(args) > 1 || args[0] != "-") { // scripts of the reference end with it
				return usage("unexpected argument %q", args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error {
			if unattended {
				return s.setupUnattended(c)
			}
			if s.noConfig {
				return usage("setup writes a configuration file, so --no-config does not go with it")
			}
			w := &wizard{s: s, in: bufio.NewReader(s.env.Stdin), terminal: s.terminal() >= 0}
			return w.run(c)
		},
	}
	c.Flags().BoolVar(&unattended, "non-interactive", false, "ask nothing; take the settings and the administrator from the environment")
	return c
}

// wizard asks questions in an order that scripts rely on.
type wizard struct {
	s        *shell
	in       *bufio.Reader
	terminal bool
}

// ask returns a whole line, or the default for an empty one.
func (w *wizard) ask(question, fallback string) (string, error) {
	shown := ""
	if fallback != "" {
		shown = " (" + fallback + ")"
	}
	if _, err := fmt.Fprintf(w.s.env.Stderr, "%s%s: ", question, shown); err != nil {
		return "", err
	}
	line, err := w.in.ReadString('\n')
	if !w.terminal {
		_, _ = fmt.Fprintln(w.s.env.Stderr) // the answer is not echoed
	}
	if errors.Is(err, io.EOF) {
		if line == "" {
			return "", usage("there was no more answer for %q", question)
		}
		err = nil
	}
	if line = strings.TrimSpace(line); line == "" {
		line = fallback
	}
	return line, err
}

// secret is ask without showing what is typed.
func (w *wizard) secret(question string) (string, error) {
	if !w.terminal {
		return w.ask(question, "")
	}
	if _, err := fmt.Fprintf(w.s.env.Stderr, "%s: ", question); err != nil {
		return "", err
	}
	text, err := term.ReadPassword(w.s.terminal())
	_, _ = fmt.Fprintln(w.s.env.Stderr) // only moves the cursor
	return string(text), err
}

// yes asks a question whose default is no. Anything but a clear answer is the
// default.
func (w *wizard) yes(question string) (bool, error) {
	answer, err := w.ask(question+" yes/no", "no")
	answer = strings.ToLower(answer)
	return answer == "y" || answer == "yes", err
}

// settings is a configuration file, or a part of one.
type settings map[string]any

// field is a question whose answer goes into the file.
type field struct{ key, question, fallback string }

func (w *wizard) fields(into settings, list ...field) error {
	for _, f := range list {
		answer, err := w.ask(f.question, f.fallback)
		if err != nil {
			return err
		}
		into[f.key] = answer
	}
	return nil
}

func (w *wizard) run(c *cobra.Command) error {
	answers, err := w.answers()
	if err != nil {
		return err
	}
	file, err := w.file()
	if err != nil {
		return err
	}
	c2, err := w.write(c.Context(), file, answers)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(c.OutOrStdout(), "Configuration written to %s\n", file); err != nil {
		return err
	}
	err = w.s.withInstance(c.Context(), c2, func(ctx context.Context, a Admin) error {
		return w.administrator(ctx, c, a)
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "Run this program again with: %[1]s server --config %[2]s\nLog in with the user name or the e-mail address.\n", w.s.program(), file)
	return err
}

func (w *wizard) answers() (settings, error) {
	out := settings{}
	fallback := "1"
	if w.terminal {
		fallback = "4"
	}
	var dialect string
	for dialect == "" {
		answer, err := w.ask("What database to use: 1 - MySQL, 2 - BoltDB, 3 - PostgreSQL, 4 - SQLite", fallback)
		if err != nil {
			return nil, err
		}
		dialect = map[string]string{"1": "mysql", "2": "bolt", "3": "postgres", "4": "sqlite"}[answer]
		if dialect == "" && !w.terminal {
			return nil, usage("database: %q is none of 1, 2, 3 and 4", answer)
		}
	}
	db := settings{}
	out["dialect"], out[dialect] = dialect, db
	if err := w.database(dialect, db); err != nil {
		return nil, err
	}
	if err := w.fields(out,
		field{"tmp_path", "Directory for work areas", filepath.Join(os.TempDir(), "semaphore")},
		field{"web_host", "Public address, such as https://signalbox.example.org", ""}); err != nil {
		return nil, err
	}
	for _, alert := range []struct {
		key, question string
		more          []field
	}{
		{"email_alert", "Send alerts by e-mail?", []field{
			{"email_host", "Mail server", "localhost"}, {"email_port", "Port of the mail server", "25"}, {"email_sender", "Sender of mails", "semaphore@localhost"},
		}},
		{"telegram_alert", "Send alerts by Telegram?", []field{{"telegram_token", "Token of the bot", ""}, {"telegram_chat", "Number of the chat", ""}}},
		{"slack_alert", "Send alerts by Slack?", []field{{"slack_url", "Address of the webhook", ""}}},
		{"rocketchat_alert", "Send alerts by Rocket.Chat?", []field{{"rocketchat_url", "Address of the webhook", ""}}},
		{"microsoft_teams_alert", "Send alerts by Microsoft Teams?", []field{{"microsoft_teams_url", "Address of the webhook", ""}}},
	} {
		yes, err := w.yes(alert.question)
		if err != nil {
			return nil, err
		}
		out[alert.key] = yes
		if !yes {
			continue
		}
		if err := w.fields(out, alert.more...); err != nil {
			return nil, err
		}
	}
	return out, w.ldap(out)
}

func (w *wizard) database(dialect string, db settings) error {
	if dialect == "sqlite" || dialect == "bolt" {
		name, err := filepath.Abs("database." + map[string]string{"sqlite": "sqlite", "bolt": "boltdb"}[dialect])
		if err != nil {
			return err
		}
		return w.fields(db, field{"host", "File of the database", name})
	}
	host := "127.0.0.1:3306"
	if dialect == "postgres" {
		host = "127.0.0.1:5432"
		db["options"] = settings{"sslmode": "disable"}
	}
	if err := w.fields(db, field{"host", "Host of the database", host}, field{"user", "User of the database", "root"}); err != nil {
		return err
	}
	password, err := w.secret("Password of the user")
	if err != nil {
		return err
	}
	db["pass"] = password
	return w.fields(db, field{"name", "Name of the database", "semaphore"})
}

func (w *wizard) ldap(out settings) error {
	yes, err := w.yes("Let users sign in by LDAP?")
	out["ldap_enable"] = yes
	if err != nil || !yes {
		return err
	}
	if err := w.fields(out, field{"ldap_server", "LDAP server", "localhost:389"}); err != nil {
		return err
	}
	if yes, err = w.yes("Use TLS for it?"); err != nil {
		return err
	}
	out["ldap_needtls"] = yes
	if err := w.fields(out, field{"ldap_binddn", "Name (DN) to bind with", ""}); err != nil {
		return err
	}
	password, err := w.secret("Password to bind with")
	if err != nil {
		return err
	}
	out["ldap_bindpassword"] = password
	mappings := settings{}
	out["ldap_mappings"] = mappings
	err = w.fields(out, field{"ldap_searchdn", "Where to search (DN)", ""}, field{"ldap_searchfilter", "Filter of the search", "(uid=%s)"})
	if err != nil {
		return err
	}
	return w.fields(mappings, field{"dn", "Attribute of the DN", "dn"}, field{"uid", "Attribute of the user name", "uid"},
		field{"cn", "Attribute of the full name", "cn"}, field{"mail", "Attribute of the e-mail address", "mail"})
}

// file is the one to write.
func (w *wizard) file() (string, error) {
	name := w.s.configPath
	if name == "" {
		here, err := os.Getwd()
		if err != nil {
			return "", err
		}
		if name, err = w.ask("Directory for the configuration file", here); err != nil {
			return "", err
		}
		if err := os.MkdirAll(name, 0o700); err != nil {
			return "", err
		}
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		name = filepath.Join(name, "config.json")
	}
	return filepath.Abs(name)
}

// write puts the file in place when what it says has been tried. Of an existing
// file everything stays that was not asked for, above all its keys; it is kept
// beside the new one.
func (w *wizard) write(ctx context.Context, file string, answers settings) (*config.Config, error) {
	old, err := os.ReadFile(file)
	exists := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if exists {
		merged := settings{}
		if err := json.Unmarshal(old, &merged); err != nil {
			return nil, domain.Conflict("%s exists and is not JSON, so nothing can be kept of it; move it away or name another file", file)
		}
		if w.terminal {
			if yes, err := w.yes(file + " exists. Change it, keeping its keys?"); err != nil || !yes {
				return nil, errors.Join(err, usage("nothing was changed"))
			}
		}
		for key, value := range answers {
			merged[key] = value
		}
		answers = merged
	}
	c, err := w.try(file, answers)
	if err != nil {
		return nil, err
	}
	// Where there are no keys yet they go into the file. Keys in the data directory
	// are those of an instance that exists: others would make its secrets unreadable.
	_, err = os.Stat(filepath.Join(c.DataDir, config.KeysFile))
	if errors.Is(err, fs.ErrNotExist) {
		for key, have := range map[string]domain.Secret{
			"cookie_hash": c.Keys.CookieHash, "cookie_encryption": c.Keys.CookieEncryption, "access_key_encryption": c.Keys.AccessKeyEncryption,
		} {
			if have == "" {
				answers[key] = secrets.GenerateKey()
			}
		}
	}
	if err := w.reach(ctx, c); err != nil {
		return nil, err
	}
	if exists {
		if err := writePrivate(file+".bak", old); err != nil {
			return nil, err
		}
	}
	text, err := json.MarshalIndent(answers, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := writePrivate(file, append(text, '\n')); err != nil {
		return nil, err
	}
	w.s.configPath = file
	c, _, err = w.s.load()
	return c, err
}

// try reads the answers as the server would.
func (w *wizard) try(file string, answers settings) (*config.Config, error) {
	text, err := json.Marshal(answers)
	if err != nil {
		return nil, err
	}
	temp, err := os.CreateTemp(filepath.Dir(file), ".setup-*.json") // made with mode 0600
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(temp.Name()) }() // it was only for reading
	_, err = temp.Write(text)
	if err := errors.Join(err, temp.Close()); err != nil {
		return nil, err
	}
	given := w.s.configPath
	w.s.configPath = temp.Name()
	defer func() { w.s.configPath = given }()
	c, _, err := w.s.load()
	if err == nil {
		err = w.s.app.Check(c)
	}
	return c, err
}

// reach waits for the database.
func (w *wizard) reach(ctx context.Context, c *config.Config) error {
	for try := 1; ; try++ {
		_, err := w.s.app.Schema(ctx, c)
		if err == nil || !domain.IsKind(err, domain.KindUnavailable) {
			return err
		}
		w.s.complain(plain(err))
		if w.terminal {
			if again, asked := w.yes("Try again?"); asked != nil || !again {
				return err
			}
			continue
		}
		if try == setupTries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Second):
		}
	}
}

// withInstance brings the database up to date and opens it.
func (s *shell) withInstance(ctx context.Context, c *config.Config, fn func(context.Context, Admin) error) error {
	log := slog.New(c.Log.Handler(s.env.Stderr))
	schema, err := s.app.Schema(ctx, c)
	if err != nil {
		return err
	}
	if schema.Version < schema.Latest {
		if err := s.app.Migrate(ctx, c, log, schema.Latest); err != nil {
			return err
		}
	}
	a, err := s.app.Open(ctx, c, log)
	if err != nil {
		return err
	}
	return errors.Join(fn(ctx, a), a.Close())
}

// known finds a user by login or else by address.
func known(ctx context.Context, a Admin, login, email string) (domain.User, bool, error) {
	for _, ref := range []UserRef{{Login: login}, {Email: email}} {
		if ref == (UserRef{}) {
			continue
		}
		u, err := a.GetUser(ctx, ref)
		if err == nil || !domain.IsKind(err, domain.KindNotFound) {
			return u, err == nil, err
		}
	}
	return domain.User{}, false, nil
}

func (w *wizard) administrator(ctx context.Context, c *cobra.Command, a Admin) error {
	login, err := w.ask("User name of the administrator", "")
	if err != nil {
		return err
	}
	email, err := w.ask("E-mail address", "")
	if err != nil {
		return err
	}
	n := NewUser{Login: strings.ToLower(login), Email: strings.ToLower(email), Admin: true}
	u, found, err := known(ctx, a, n.Login, n.Email)
	if err != nil {
		return err
	}
	if found {
		_, err := fmt.Fprintf(c.OutOrStdout(), "Welcome back, %s! The user exists already.\n", u.Name)
		return err
	}
	if n.Name, err = w.ask("Full name", ""); err != nil {
		return err
	}
	for {
		password, err := w.secret("Password")
		if err != nil {
			return err
		}
		n.Password = domain.Secret(password)
		u, err = a.AddUser(ctx, n)
		if err == nil {
			_, err = fmt.Fprintf(c.OutOrStdout(), "User %s <%s> added!\n", u.Username, u.Email)
			return err
		}
		if !w.terminal || !domain.IsKind(err, domain.KindInvalid) {
			return err
		}
		w.s.complain(plain(err))
		if again, asked := w.yes("Another password?"); asked != nil || !again {
			return err
		}
	}
}

// setupUnattended prepares the database and adds the administrator that the
// environment names.
func (s *shell) setupUnattended(c *cobra.Command) error {
	get := func(name string) string { return s.environ("SIGNALBOX_"+name, "SEMAPHORE_"+name) }
	n := NewUser{Login: strings.ToLower(get("ADMIN")), Name: get("ADMIN_NAME"), Email: strings.ToLower(get("ADMIN_EMAIL")), Admin: true}
	if n.Name == "" {
		n.Name = "Administrator"
	}
	if n.Email == "" {
		n.Email = "admin@localhost"
	}
	password := get("ADMIN_PASSWORD")
	if file := get("ADMIN_PASSWORD_FILE"); password == "" && file != "" {
		var err error
		if password, err = fileLine(file); err != nil {
			return domain.Invalid("SIGNALBOX_ADMIN_PASSWORD_FILE", "%s", err)
		}
	}
	if n.Login == "" {
		return usage("name the administrator in SIGNALBOX_ADMIN")
	}
	n.Password = domain.Secret(password)
	cfg, _, err := s.load()
	if err != nil {
		return err
	}
	w := &wizard{s: s}
	if err := w.reach(c.Context(), cfg); err != nil {
		return err
	}
	return s.withInstance(c.Context(), cfg, func(ctx context.Context, a Admin) error {
		u, found, err := known(ctx, a, n.Login, "")
		if err != nil {
			return err
		}
		if found {
			_, err := fmt.Fprintf(c.OutOrStdout(), "User %s <%s> exists already; nothing was changed.\n", u.Username, u.Email)
			return err
		}
		if n.Password == "" {
			return usage("give the password in SIGNALBOX_ADMIN_PASSWORD_FILE or SIGNALBOX_ADMIN_PASSWORD")
		}
		if u, err = a.AddUser(ctx, n); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "User %s <%s> added!\n", u.Username, u.Email)
		return err
	})
}
