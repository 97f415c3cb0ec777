package app

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"signalbox/internal/audit"
	"signalbox/internal/auth"
	"signalbox/internal/catalog"
	"signalbox/internal/config"
	"signalbox/internal/dispatch"
	"signalbox/internal/domain"
	"signalbox/internal/exec/workspace"
	"signalbox/internal/job"
	"signalbox/internal/live"
	"signalbox/internal/mail"
	"signalbox/internal/runner"
	"signalbox/internal/secrets"
	"signalbox/internal/store"
	"signalbox/internal/tasks"
)

// App opens and runs instances.
type App struct {
	version string
}

// New returns the app of a program version.
func New(version string) *App { return &App{version: version} }

// shutdownGrace is how long requests may take to end when the server stops.
const shutdownGrace = 5 * time.Second

// Serve runs the server until ctx ends. Jobs that run at that time go on; the
// next server takes them up.
func (a *App) Serve(ctx context.Context, c *config.Config, log *slog.Logger) error {
	if err := prepare(c, log); err != nil {
		return err
	}
	lock, err := lockDataDir(c.DataDir)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }() // the lock ends with it
	st, err := awaitStore(ctx, c, log)
	if err != nil {
		return err
	}
	err = a.serve(ctx, c, st, log)
	return errors.Join(err, st.Close())
}

// databaseGrace is how long a database server may take to come up: machines and
// containers start in any order.
const databaseGrace = 30 * time.Second

// awaitStore is openStore with some patience.
func awaitStore(ctx context.Context, c *config.Config, log *slog.Logger) (store.Store, error) {
	deadline := time.Now().Add(databaseGrace)
	for {
		st, err := openStore(ctx, c, log, upgradeAll)
		if !errors.Is(err, store.ErrUnavailable) || time.Now().After(deadline) {
			return st, err
		}
		log.Warn("the database does not answer yet; trying again", "error", err)
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(time.Second):
		}
	}
}

func (a *App) serve(ctx context.Context, c *config.Config, st store.Store, log *slog.Logger) error {
	sender, err := newMail(c.Mail)
	if err != nil {
		return err
	}
	letters := mail.NewQueue(sender, log)
	authn, err := newAuth(c, st, letters, time.Now)
	if err != nil {
		return err
	}
	keys, err := loadRing(c)
	if err != nil {
		return err
	}
	sources := keySources(c, keys)
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	host := jobHost(c)
	env := jobEnv(os.Environ(), host.ForwardEnv)
	queries := runner.Queries{Executable: executable, Env: env, Host: host}
	programs := runner.NewPrograms(queries, log, utcNow)
	cat, err := newCatalog(c, st, authn, letters, sources, programs.Look)
	if err != nil {
		return err
	}
	alerts, err := newAlerts(c, st, sender, log)
	if err != nil {
		return err
	}
	bus := live.NewBus()
	service := tasks.New(tasks.Deps{
		Store: st, Sealer: keys, Keys: sources, Live: bus, Log: log, Now: utcNow,
		Queries: queries, Notify: alerts,
		Settings: tasks.Settings{
			MaxParallel: c.Tasks.MaxParallel, MaxTasksPerTemplate: c.Tasks.KeepPerTemplate,
			MaxOutput: c.Tasks.MaxOutput, ApprovalTimeout: c.Tasks.ApprovalTimeout, DigestKey: digestKey(c.Keys.AccessKeyEncryption),
			MaxAge: c.Tasks.MaxAge, MaxStorage: c.Tasks.MaxStorage,
			MaxDuration: c.Tasks.MaxDuration, StopGrace: c.Tasks.StopGrace,
			WebHost: c.Server.WebHost, Apps: cat.Apps, Host: host,
		},
	})
	cat.Connect(service)
	owner, err := runner.OwnerID(filepath.Join(c.DataDir, "runner-id"), randomID)
	if err != nil {
		return fmt.Errorf("name the runner: %w", err)
	}
	jobs := filepath.Join(c.DataDir, "jobs")
	work, err := runner.New(runner.Config{
		JobsDir: jobs, Executable: executable, Env: env, Reports: service,
		Sweep: workspace.SweepJob, Log: log, Programs: programs,
	})
	if err != nil {
		return err
	}
	defer work.Close()
	dispatcher := dispatch.New(owner, service, work, log)
	service.Connect(dispatcher)

	handler, err := a.handler(c, st, authn, cat, service, alerts, bus, log)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Server.Address())
	if err != nil {
		return domain.Invalid("port", "cannot listen on %s: %s", c.Server.Address(), err)
	}
	if err := greet(ctx, c, authn, log, listener.Addr()); err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	g, ctx := errgroup.WithContext(ctx)
	server.BaseContext = func(net.Listener) context.Context { return ctx }
	g.Go(func() error {
		// What jobs that were killed together with the last server left.
		if err := workspace.Sweep(jobs, host.DataDir); err != nil {
			log.Warn("clean up after the last server", "error", err)
		}
		return dispatcher.Run(ctx)
	})
	g.Go(func() error { return sweepSessions(ctx, authn, log) })
	g.Go(func() error {
		letters.Run(ctx)
		return nil
	})
	g.Go(func() error { return watchRing(ctx, c, keys, log) })
	g.Go(func() error { return service.Retain(ctx) })
	g.Go(func() error { return alerts.Run(ctx) })
	g.Go(func() error { return programs.Run(ctx, cat.Apps) })
	if age := c.Audit.Retention; age > 0 {
		g.Go(func() error {
			audit.Retain(ctx, st, age, utcNow, func(err error) { log.Warn("delete old lines of the activity log", "error", err) })
			return nil
		})
	}
	g.Go(func() error { return listen(c, server, listener) })
	g.Go(func() error {
		<-ctx.Done()
		handler.Close() // tells who watches that the server goes down
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
		defer cancel()
		if err := server.Shutdown(stop); err != nil {
			return server.Close() // what is still open is a stream that never ends
		}
		return nil
	})
	err = g.Wait()
	log.Info("stopped; tasks that were running go on and are taken up at the next start")
	return err
}

func listen(c *config.Config, server *http.Server, l net.Listener) error {
	var err error
	if c.Server.TLS.Enabled {
		err = server.ServeTLS(l, c.Server.TLS.CertFile, c.Server.TLS.KeyFile)
	} else {
		err = server.Serve(l)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// greet says where the server is and, on an instance without administrator,
// how to create one.
func greet(ctx context.Context, c *config.Config, authn *auth.Service, log *slog.Logger, addr net.Addr) error {
	base := c.Server.WebHost
	if base == "" {
		scheme, host := "http", addr.String()
		if c.Server.TLS.Enabled {
			scheme = "https"
		}
		if tcp, ok := addr.(*net.TCPAddr); ok && (tcp.IP.IsLoopback() || tcp.IP.IsUnspecified()) {
			host = fmt.Sprintf("localhost:%d", tcp.Port)
		}
		base = scheme + "://" + host
	}
	log.Info("listening", "address", addr.String(), "url", base)
	needed, err := authn.SetupNeeded(ctx)
	if err != nil || !needed {
		return err
	}
	token := authn.NewSetupToken()
	// This is for a person at a terminal, so it does not go through the log.
	_, err = fmt.Fprintf(os.Stdout, "\nThere is no administrator yet. Open this address to create one:\n\n    %s/setup?token=%s\n\n", base, token.Reveal())
	return err
}

// sweepSessions removes old sessions now and then.
func sweepSessions(ctx context.Context, authn *auth.Service, log *slog.Logger) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := authn.Sweep(ctx); err != nil && ctx.Err() == nil {
				log.Warn("remove old sessions", "error", err)
			}
		}
	}
}

func jobHost(c *config.Config) job.Host {
	vars := make(map[string]string, len(c.Tasks.EnvVars))
	for name, value := range c.Tasks.EnvVars {
		vars[name] = value.Reveal()
	}
	return job.Host{
		DataDir: c.DataDir, HomeMode: c.Tasks.HomeDirMode, ForwardEnv: c.Tasks.ForwardedEnvVars,
		EnvVars: vars, SSHConfigPath: c.Git.SSHConfigPath,
		Isolation: job.Isolation{
			User: c.Process.User, UID: c.Process.UID, GID: c.Process.GID,
			NoNewPrivs: c.Process.NoNewPrivs, Namespaces: job.Namespaces(c.Process.Namespaces),
		},
		GitClient: c.Git.Client, HostKeyChecking: c.Git.HostKeyChecking, KnownHostsFile: c.Git.KnownHostsFile,
	}
}

// jobEnv is the environment of job processes: what they work with and what they
// are to pass on of the server's, and nothing else, since programs can read that
// of their parent. The server's own settings hold its secrets and are not passed
// on whatever the list says.
func jobEnv(environ, forward []string) []string {
	wanted := append([]string{"PATH", "HOME", "TMPDIR"}, forward...)
	env := []string{}
	for _, e := range environ {
		name, _, _ := strings.Cut(e, "=")
		if slices.Contains(wanted, name) && !strings.HasPrefix(name, "SIGNALBOX_") && !strings.HasPrefix(name, "SEMAPHORE_") {
			env = append(env, e)
		}
	}
	return env
}

func randomID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return hex.EncodeToString(b[:])
}

// digestKey makes a key of its own out of one that must not get around.
func digestKey(key domain.Secret) []byte {
	mac := hmac.New(sha256.New, []byte(key.Reveal()))
	mac.Write([]byte("digests of variables"))
	return mac.Sum(nil)
}

func utcNow() time.Time { return time.Now().UTC() }

// keySources opens keys, wherever their secrets are kept.
func keySources(c *config.Config, ring *secrets.Keyring) *secrets.Sources {
	return secrets.NewSources(ring, map[domain.KeySourceType]secrets.Reader{
		domain.SourceEnv: secrets.NewEnv(os.LookupEnv), domain.SourceFile: secrets.NewFiles(c.SecretsDir),
	})
}

// newCatalog makes the use cases; letters and programs may be nil where nobody asks for them.
func newCatalog(c *config.Config, st store.Store, a *auth.Service, letters *mail.Queue, sources *secrets.Sources, programs func(domain.App) domain.Program) (*catalog.Catalog, error) {
	deps := catalog.Deps{
		WebHost: c.Server.WebHost,
		Store:   st, Sealer: sources, Passwords: a, Now: utcNow, Programs: programs,
		BaseApps: baseApps(c.Apps),
		Demo:     catalog.NewDemoFiles(filepath.Join(c.DataDir, "demo")), AnyoneCreates: c.Projects.NonAdminCanCreate,
		Maintenance: maintenance(c),
		Teams: catalog.Teams{
			InvitesEnabled: c.Teams.InvitesEnabled, InviteType: catalog.InviteType(c.Teams.InviteType), MembersStay: !c.Teams.MembersCanLeave,
		},
	}
	if letters != nil {
		deps.Mail = letters
	}
	return catalog.New(deps)
}
