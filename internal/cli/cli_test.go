package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/audit"
	"signalbox/internal/config"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

var update = flag.Bool("update", false, "rewrite golden files")

// fakeApp keeps users in memory.
type fakeApp struct {
	Admin // what these tests do not call

	users  []domain.User
	served []*config.Config
	broken error
	schema int64
	half   bool

	copied  [][2]config.Database
	differs bool
}

func (a *fakeApp) Check(c *config.Config) error {
	if c.Database.Postgres.DSN == "bad" {
		return domain.Invalid("postgres.dsn", "it is no URL")
	}
	return a.broken
}

func (a *fakeApp) Schema(context.Context, *config.Config) (Schema, error) {
	return Schema{Version: a.schema, Latest: 2, HalfUndone: a.half}, a.broken
}

func (a *fakeApp) LatestSchema() (int64, error) { return 2, nil }

func (a *fakeApp) Migrate(_ context.Context, _ *config.Config, _ *slog.Logger, version int64) error {
	switch {
	case a.schema > 2:
		return &domain.Error{Kind: domain.KindUnavailable, Message: "the database is newer than this program"}
	case version > 2:
		return domain.Invalid("", "there is no version %d; the latest is 2", version)
	case a.half && version > 0:
		return &domain.Error{Kind: domain.KindUnavailable, Message: "go on with down"}
	}
	if a.broken == nil {
		a.schema, a.half = version, false
	}
	return a.broken
}

func (a *fakeApp) CopyData(_ context.Context, from, to *config.Config, _ *slog.Logger, progress func(CopyProgress)) ([]CopiedTable, error) {
	a.copied = append(a.copied, [2]config.Database{from.Database, to.Database})
	if a.broken != nil && !a.differs {
		return nil, a.broken
	}
	progress(CopyProgress{Phase: "copy", Table: "users", Rows: 2, Of: 2, Bytes: 3 << 20, Done: true})
	users := CopiedTable{Name: "users", Rows: 2, Bytes: 3 << 20, Digest: "0123456789abcdef0", CopyRows: 2, CopyDigest: "0123456789abcdef0", Equal: true}
	if a.differs {
		users.CopyRows, users.CopyDigest, users.Equal = 1, "fedcba98765432100", false
	}
	return []CopiedTable{users, {Name: "tasks", Equal: true}}, a.broken
}

func (a *fakeApp) Serve(_ context.Context, c *config.Config, _ *slog.Logger) error {
	a.served = append(a.served, c)
	return a.broken
}

func (a *fakeApp) Open(context.Context, *config.Config, *slog.Logger) (Admin, error) {
	if a.broken != nil {
		return nil, a.broken
	}
	return a, nil
}

func (a *fakeApp) find(r UserRef) (*domain.User, error) {
	for i, u := range a.users {
		if strings.EqualFold(u.Username, r.Login) || strings.EqualFold(u.Email, r.Email) {
			return &a.users[i], nil
		}
	}
	return nil, domain.NotFound("user")
}

func (a *fakeApp) AddUser(_ context.Context, n NewUser) (domain.User, error) {
	if _, err := a.find(UserRef{Login: n.Login}); err == nil {
		return domain.User{}, domain.Conflict("a user with this name exists already")
	}
	u := domain.User{
		ID: domain.UserID(len(a.users) + 1), Username: n.Login, Name: n.Name, Email: n.Email, Admin: n.Admin, External: n.External,
		Created: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), PasswordHash: n.Password.Reveal(),
	}
	if err := u.Validate(); err != nil {
		return u, err
	}
	a.users = append(a.users, u)
	return u, nil
}

func (a *fakeApp) ChangeUser(_ context.Context, r UserRef, c UserChange) (domain.User, error) {
	u, err := a.find(r)
	if err != nil {
		return domain.User{}, err
	}
	if c.Login != nil {
		u.Username = *c.Login
	}
	if c.Email != nil {
		u.Email = *c.Email
	}
	if c.Admin != nil {
		u.Admin = *c.Admin
	}
	if c.Password != nil {
		u.PasswordHash = c.Password.Reveal()
	}
	return *u, nil
}

func (a *fakeApp) DeleteUser(_ context.Context, r UserRef) (domain.User, error) {
	u, err := a.find(r)
	if err != nil {
		return domain.User{}, err
	}
	gone := *u
	u.Username, u.Email = "-", "-"
	return gone, nil
}

func (a *fakeApp) GetUser(_ context.Context, r UserRef) (domain.User, error) {
	u, err := a.find(r)
	if err != nil {
		return domain.User{}, err
	}
	return *u, nil
}

func (a *fakeApp) ListUsers(context.Context) ([]domain.User, error) { return a.users, nil }

func (a *fakeApp) CreateToken(_ context.Context, r UserRef, n NewToken) (domain.Secret, error) {
	_, err := a.find(r)
	return domain.Secret(fmt.Sprintf("token-%s-%s%v", n.Name, n.TTL, n.Scopes)), err
}

func (a *fakeApp) RevokeTokens(_ context.Context, r UserRef, prefix string) error {
	if prefix != "abcdefgh" {
		return domain.NotFound("token")
	}
	_, err := a.find(r)
	return err
}

func (a *fakeApp) Unlock(_ context.Context, r UserRef) error {
	_, err := a.find(r)
	return err
}

func (a *fakeApp) EnableTOTP(_ context.Context, r UserRef) (TOTP, error) {
	_, err := a.find(r)
	return TOTP{URL: "otpauth://totp/x", RecoveryCodes: []domain.Secret{"AAAA", "BBBB"}, Code: [][]bool{{true, false}, {false, true}}}, err
}

func (a *fakeApp) ShowTOTP(_ context.Context, r UserRef) (*domain.TOTP, error) {
	u, err := a.find(r)
	if err != nil || u.ID > 1 {
		return nil, err
	}
	return &domain.TOTP{Created: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)}, nil
}

func (a *fakeApp) DisableTOTP(_ context.Context, r UserRef) error {
	u, err := a.find(r)
	if err == nil && u.ID > 1 {
		err = domain.Conflict("%s has no second factor", u.Username)
	}
	return err
}

func (a *fakeApp) ListSessions(_ context.Context, r UserRef) ([]domain.Session, error) {
	_, err := a.find(r)
	return []domain.Session{{ID: 7, IP: "192.0.2.1", UserAgent: "curl/8", LastActive: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)}}, err
}

func (a *fakeApp) RevokeSessions(_ context.Context, r UserRef, id domain.SessionID) error {
	if id > 7 {
		return domain.NotFound("session")
	}
	_, err := a.find(r)
	return err
}

func (a *fakeApp) ListTokens(_ context.Context, r UserRef) ([]domain.Token, error) {
	_, err := a.find(r)
	past, future := time.Unix(1_000_000_000, 0), time.Unix(32_000_000_000, 0)
	return []domain.Token{{Name: "ci"}, {Name: "old", ExpiresAt: &past}, {Name: "new", ExpiresAt: &future}}, err
}

func (a *fakeApp) ExportAudit(_ context.Context, f store.EventFilter, fn func(audit.Record) error) error {
	project := int64(0)
	if f.Project != nil {
		project = int64(*f.Project)
	}
	return fn(audit.Record{
		ID: 7, Created: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), ProjectID: &project, Action: string(f.Action), Outcome: string(f.Outcome),
		Description: f.Text + "<&>", ObjectType: string(f.ObjectType), Address: f.Since.String(), UserAgent: f.Until.String(), Changes: []byte(`{"Name":{"old":"a","new":"b"}}`),
	})
}

func (a *fakeApp) Close() error { return nil }

// session runs commands one after the other and writes down what a user sees.
func session(t *testing.T, app *fakeApp, environ []string, lines ...string) string {
	t.Helper()
	var b strings.Builder
	for _, line := range lines {
		command, input, _ := strings.Cut(line, " <<< ")
		var out, errs bytes.Buffer
		code := Execute(t.Context(), Env{
			Args:  fields(command),
			Stdin: strings.NewReader(input), Stdout: &out, Stderr: &errs,
			Environ: environ, Version: "1.2.3-abcdef01-1700000000",
		}, app)
		fmt.Fprintf(&b, "$ %s\n%s", line, out.String())
		for e := range strings.Lines(errs.String()) {
			b.WriteString("! " + e)
		}
		fmt.Fprintf(&b, "→ %d\n\n", code)
	}
	return b.String()
}

// fields splits at spaces that are not inside single quotes.
func fields(command string) []string {
	var out []string
	for i, part := range strings.Split(command, "'") {
		if i%2 == 1 {
			out = append(out, part)
		} else {
			out = append(out, strings.Fields(part)...)
		}
	}
	return out
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
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

func env(t *testing.T) []string {
	return []string{"SIGNALBOX_DATA_DIR=" + t.TempDir(), "XDG_CONFIG_HOME=", "HOME=/nowhere"}
}

func TestUser(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("from the file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	app := &fakeApp{}
	got := session(t, app, env(t),
		"signalbox user add --login ann --name 'Ann A' --email ann@example.org --password-stdin --admin <<< first line",
		"semaphore users add --login bob --name Bob --email bob@example.org --password-file "+secret,
		"signalbox user add --login cy --name Cy --email cy@example.org --external",
		"signalbox user add --login cy --name Cy --email cy@example.org --external",
		"signalbox user add --login dee --name Dee --email nonsense --external",
		"signalbox user add",
		"signalbox user add --login x --name X",
		"signalbox user add --login x --name X --email x@example.org",
		"signalbox user add --login x --name X --email x@example.org --password a --password-stdin",
		"signalbox user add --login x --name X --email x@example.org --password a --external",
		"signalbox user add --login x --name X --email x@example.org --password-stdin",
		"signalbox user add --login x --name X --email x@example.org --password-file /none/such",
		"signalbox user list",
		"signalbox user list -o json",
		"signalbox user list -o xml",
		"signalbox user get --login ANN",
		"signalbox user get --email bob@example.org -o json",
		"signalbox user get --login nobody",
		"signalbox user get",
		"signalbox user change-by-login --login ann --email new@example.org --admin=false",
		"signalbox user change-by-email --email bob@example.org --login robert --password changed",
		"signalbox user change-by-login --login ann",
		"signalbox user change-by-login --name x",
		"signalbox user delete --login cy",
		"signalbox user delete --login cy",
		"signalbox user delete --login cy --ignore-missing",
		"signalbox user token create --login ann --name ci --ttl 24h",
		"signalbox token create --login ann --ttl -1h",
		"signalbox token create --login nobody",
		"signalbox token list --login ann",
		"signalbox token list --login ann -o json",
		"signalbox token list --login ann -o table",
		"signalbox token create --login ann --name ci --scope read,run",
		"signalbox user token revoke --login ann --token abcdefgh",
		"signalbox user token revoke --login ann --token nonesuch",
		"signalbox user token revoke --login ann --token nonesuch --ignore-missing",
		"signalbox user token revoke --login ann",
		"signalbox user list -o table",
		"signalbox user list -o yaml",
		"signalbox user unlock --login ann",
		"signalbox user unlock",
		"signalbox user totp enable --login ann",
		"signalbox user totp enable --login ann -o json",
		"signalbox user totp show --login ann",
		"signalbox user totp show --login robert",
		"signalbox user totp disable --login robert",
		"signalbox user totp disable --login nobody",
		"signalbox user totp disable --login nobody --ignore-missing",
		"signalbox user totp enable --login ann -o table",
		"signalbox user sessions list --login ann",
		"signalbox user sessions list --login ann -o json",
		"signalbox user sessions revoke --login ann",
		"signalbox user sessions revoke --login ann --id 9",
		"signalbox user sessions revoke --login ann --id 9 --ignore-missing",
		"signalbox user sessions revoke --login ann --id 0",
		"signalbox user change-by-login --login ann --active=false",
		"signalbox user change-by-login --login ann --must-change",
	)
	golden(t, "user.txt", strings.ReplaceAll(got, secret, "FILE"))
	if app.users[0].PasswordHash != "first line" || app.users[1].PasswordHash != "changed" {
		t.Errorf("passwords: %q, %q", app.users[0].PasswordHash, app.users[1].PasswordHash)
	}
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for _, c := range []struct {
		app   *fakeApp
		lines []string
	}{
		{&fakeApp{}, []string{
			"signalbox migrate status",
			"signalbox migrate up --to 1",
			"signalbox migrate status",
			"signalbox migrate up",
			"signalbox migrate status",
			"signalbox migrate status -o json",
			"signalbox migrate status -o yaml",
			"signalbox migrate status -o table",
			"signalbox migrate up --to 1",
			"signalbox migrate up --to 7",
			"signalbox migrate up --to 2.16.0",
			"signalbox migrate up 7",
			"signalbox migrate down",
			"signalbox migrate down --to 1 --steps 1",
			"signalbox migrate down --to -1",
			"signalbox migrate down --steps 0",
			"signalbox migrate down --steps 3",
			"signalbox migrate down --to 2",
			"signalbox migrate down --to 7",
			"signalbox migrate down --to 1",
			"signalbox migrate down --to 1 --yes",
			"signalbox migrate down --steps 1",
			"signalbox migrate down --steps 1 --yes",
		}},
		{&fakeApp{}, []string{ // as the reference is called
			"semaphore migrate",
			"semaphore migrate --undo-to 1",
			"semaphore migrate --undo-to 1 --yes",
			"semaphore migrate --undo-to 2",
			"semaphore migrate --apply-to 2",
			"semaphore migrate --apply-to x",
			"semaphore migrate --apply-to 1 --undo-to 1",
			"semaphore migrate nonsense",
		}},
		{&fakeApp{schema: 3}, []string{"signalbox migrate status", "signalbox migrate up", "signalbox migrate up --to 1", "signalbox migrate down --to 1 --yes"}},
		{&fakeApp{schema: 1, half: true}, []string{
			"signalbox migrate status", "signalbox migrate up", "signalbox migrate down --to 0", "signalbox migrate down --to 0 --yes",
		}},
	} {
		got.WriteString(session(t, c.app, env(t), c.lines...))
	}
	golden(t, "migrate.txt", got.String())
}

func TestUsage(t *testing.T) {
	t.Parallel()
	golden(t, "usage.txt", session(t, &fakeApp{}, env(t),
		"signalbox",
		"signalbox usr",
		"signalbox zzzzzz",
		"semaphore user lst",
		"signalbox user",
		"signalbox user list --nope",
		"signalbox user list extra",
		"signalbox version",
		"signalbox version -o json --log-level",
		"signalbox user list --log-level loud",
		"signalbox user list --config x --no-config",
		"signalbox user list --config /none/such.yaml",
		"signalbox serve --listen 3000",
	))
}

func TestErrors_DecideTheExitCode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		code int
	}{
		"plain":       {errors.New("disk on fire\nbadly"), 1},
		"invalid":     {domain.Invalid("email", "taken"), 2},
		"unavailable": {&domain.Error{Kind: domain.KindUnavailable, Message: "the database is newer than this program"}, 3},
		"not found":   {fmt.Errorf("read: %w", domain.NotFound("user")), 4},
		"conflict":    {domain.Conflict("the last administrator stays"), 5},
		"interrupted": {fmt.Errorf("list: %w", context.Canceled), 130},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			code := Execute(t.Context(), Env{
				Args: []string{"signalbox", "user", "list"}, Stdin: &bytes.Buffer{}, Stdout: &out, Stderr: &errs, Environ: env(t),
			}, &fakeApp{broken: c.err})
			if code != c.code {
				t.Errorf("code: got %d, want %d", code, c.code)
			}
			if out.Len() > 0 || strings.Count(errs.String(), "\n") != 1 {
				t.Errorf("stdout %q, stderr %q; want nothing and one line", out.String(), errs.String())
			}
		})
	}
}

func TestServe_HandsOverTheConfiguration(t *testing.T) {
	t.Parallel()
	app := &fakeApp{}
	dir := t.TempDir()
	var hidden []string
	var errs bytes.Buffer
	code := Execute(t.Context(), Env{
		Args:  []string{"semaphore", "server", "--listen", "127.0.0.1:4711", "--auto-migrate=false", "--data-dir", dir, "--log-level", "debug", "--no-config"},
		Stdin: &bytes.Buffer{}, Stdout: &bytes.Buffer{}, Stderr: &errs,
		Environ:  []string{"SEMAPHORE_COOKIE_HASH=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "SIGNALBOX_PROT=1"},
		Unsetenv: func(name string) error { hidden = append(hidden, name); return nil },
	}, app)
	if code != 0 || len(app.served) != 1 {
		t.Fatalf("code %d, served %d times, stderr %s", code, len(app.served), errs.String())
	}
	c := app.served[0]
	if c.Server.Address() != "127.0.0.1:4711" || c.DataDir != dir || c.Database.AutoMigrate || c.Log.Level != slog.LevelDebug {
		t.Errorf("configuration: %+v", c)
	}
	if diff := cmp.Diff([]string{"SEMAPHORE_COOKIE_HASH"}, hidden); diff != "" {
		t.Errorf("hidden from tasks (-want +got):\n%s", diff)
	}
	if !strings.Contains(errs.String(), "SIGNALBOX_PORT") {
		t.Errorf("no warning of the unknown variable: %s", errs.String())
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good := write("good.yaml", "port: 8080\nldap_enable: true\ncookie_hash: MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n")
	bad := write("bad.yaml", "port: 0\nmax_parallel_tasks: -1\n")
	got := session(t, &fakeApp{}, []string{"SIGNALBOX_DATA_DIR=" + dir, "SEMAPHORE_LOG_LEVEL=WARN"},
		"signalbox config check --config "+good,
		"signalbox config check --config "+bad,
		"signalbox config show --origin --config "+good,
	)
	golden(t, "config.txt", strings.ReplaceAll(got, dir, "DIR"))
	if out := session(t, &fakeApp{}, append(env(t), "SIGNALBOX_DB_DIALECT=postgres", "SIGNALBOX_DB_DSN=bad"), "signalbox config check"); !strings.HasSuffix(out, "\n! signalbox: postgres.dsn: it is no URL\n→ 2\n\n") {
		t.Errorf("config check with a bad connection string: %s", out)
	}
	for _, sub := range []string{"schema", "docs"} {
		if out := session(t, &fakeApp{}, nil, "signalbox config "+sub); !strings.Contains(out, "max_parallel_tasks") || !strings.HasSuffix(out, "→ 0\n\n") {
			t.Errorf("config %s: %s", sub, out)
		}
	}
}

func TestAudit(t *testing.T) {
	t.Parallel()
	golden(t, "audit.txt", session(t, &fakeApp{}, env(t),
		"signalbox audit export",
		"signalbox audit export --project 3 --action login --outcome denied --object-type key --since 2026-01-31 --until 2026-02-01T12:00:00Z --search text",
		"signalbox audit export --since yesterday",
		"signalbox audit export --project -1",
		"signalbox audit export more",
		"signalbox audit export --help",
	))
}
