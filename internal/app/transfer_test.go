package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signalbox/internal/cli"
	"signalbox/internal/config"
	"signalbox/internal/domain"
)

func settings(t *testing.T, dialect string) *config.Config {
	t.Helper()
	c, _, err := config.Load(config.Options{
		NoFile: true, DataDir: t.TempDir(), Settings: []config.Setting{{Key: "dialect", Value: dialect}, {Key: "port", Value: "1"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCopyData_NothingWorksOnAnUnfinishedCopy(t *testing.T) {
	t.Parallel()
	for _, dialects := range [][2]string{{"sqlite", "bolt"}, {"bolt", "sqlite"}} {
		t.Run(dialects[0]+" to "+dialects[1], func(t *testing.T) {
			t.Parallel()
			from, to := settings(t, dialects[0]), settings(t, dialects[1])
			log := slog.New(slog.DiscardHandler)
			a := New("test")
			source, err := a.Open(t.Context(), from, log)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 3 {
				if _, err := source.AddUser(t.Context(), cli.NewUser{Login: fmt.Sprint("u", i), Name: "U", Email: fmt.Sprint(i, "@example.org"), External: true}); err != nil {
					t.Fatal(err)
				}
			}
			if err := source.Close(); err != nil {
				t.Fatal(err)
			}

			ctx, cancel := context.WithCancel(t.Context())
			_, err = a.CopyData(ctx, from, to, log, func(p cli.CopyProgress) {
				if p.Table == "users" {
					cancel()
				}
			})
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("interrupted: %v", err)
			}
			unfit := func(what string, err error) {
				t.Helper()
				if !domain.IsKind(err, domain.KindUnavailable) || !strings.Contains(err.Error(), "holds an unfinished copy of "+from.Database.Where()) {
					t.Errorf("%s on an unfinished copy: %v", what, err)
				}
			}
			unfit("the server", a.Serve(t.Context(), to, log))
			unfit("migrate up", a.Migrate(t.Context(), to, log, 1))
			_, err = a.Open(t.Context(), to, log)
			unfit("a command", err)

			tables, err := a.CopyData(t.Context(), from, to, log, func(cli.CopyProgress) {})
			if err != nil {
				t.Fatal(err)
			}
			for _, table := range tables {
				if !table.Equal {
					t.Errorf("%+v", table)
				}
			}
			dest, err := a.Open(t.Context(), to, log)
			if err != nil {
				t.Fatal(err)
			}
			if users, err := dest.ListUsers(t.Context()); err != nil || len(users) != 3 {
				t.Errorf("%d users, %v", len(users), err)
			}
			if err := dest.Close(); err != nil {
				t.Fatal(err)
			}
			again, err := a.CopyData(t.Context(), from, to, log, func(cli.CopyProgress) {})
			if err != nil || !slices.Equal(again, tables) {
				t.Errorf("again, into what is complete: %+v, %v, want %+v", again, err, tables)
			}
			if dest, err = a.Open(t.Context(), to, log); err != nil {
				t.Fatal(err)
			}
			if _, err := dest.AddUser(t.Context(), cli.NewUser{Login: "more", Name: "U", Email: "more@example.org", External: true}); err != nil {
				t.Fatal(err)
			}
			if err := dest.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := a.CopyData(t.Context(), from, to, log, func(cli.CopyProgress) {}); !domain.IsKind(err, domain.KindConflict) {
				t.Errorf("again, into what has been used: %v", err)
			}
		})
	}
}

// Opening a database brings it up to date; a copy must not do that to either.
func TestCopyData_OtherVersionsAreLeftAlone(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	a := New("test")
	empty, filled := settings(t, "sqlite"), settings(t, "sqlite")
	if err := a.Migrate(t.Context(), filled, log, 1); err != nil {
		t.Fatal(err)
	}
	_, err := a.CopyData(t.Context(), empty, filled, log, func(cli.CopyProgress) {})
	if !domain.IsKind(err, domain.KindNotFound) {
		t.Errorf("a source that is not there: %v", err)
	}
	if _, err := os.Stat(empty.Database.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the source was made: %v", err)
	}
	// A file of another program is refused on either side.
	other := settings(t, "bolt")
	other.Database.Path = filepath.Join(other.DataDir, "x")
	if err := os.WriteFile(other.Database.Path, []byte(strings.Repeat("not a database", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := a.CopyData(t.Context(), filled, other, log, func(cli.CopyProgress) {}); !domain.IsKind(err, domain.KindUnavailable) {
		t.Errorf("a destination of another program: %v", err)
	}
}

// Databases that are given by a connection string are told apart by what it says.
func TestNameDatabase(t *testing.T) {
	t.Parallel()
	for dialect, dsn := range map[string]string{
		"postgres": "postgres://sb:p4ss-w0rd@db.example.org:5433/one?sslmode=disable",
		"mysql":    "sb:p4ss-w0rd@tcp(db.example.org:5433)/one",
	} {
		c := &config.Config{Database: config.Database{Dialect: dialect}}
		c.Database.Postgres.DSN, c.Database.MySQL.DSN = domain.Secret(dsn), domain.Secret(dsn)
		if err := nameDatabase(c); err != nil {
			t.Fatal(err)
		}
		if got, want := c.Database.Where(), dialect+" one on db.example.org:5433"; got != want {
			t.Errorf("%s: %q, want %q", dialect, got, want)
		}
	}
}
