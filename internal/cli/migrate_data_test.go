package cli

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"signalbox/internal/domain"
)

func TestMigrateData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "new.yaml")
	if err := os.WriteFile(file, []byte("dialect: bolt\nbolt:\n  host: /srv/new.bolt\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "password"), []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	app := &fakeApp{}
	environ := append(env(t), "SIGNALBOX_DB_HOST=/srv/old.db", "SIGNALBOX_TO_DB_PASS=hunter2", "SIGNALBOX_FROM_DB_PASS_FILE="+filepath.Join(dir, "password"))
	got := session(t, app, environ,
		"signalbox migrate data --to bolt:/srv/new.bolt",
		"signalbox migrate data --to "+file+" -o json",
		"signalbox migrate data --from mysql://me@db:3307/box --to postgres://you@/box?host=/run/pg&sslmode=disable",
		"signalbox migrate data",
		"signalbox migrate data --to",
		"signalbox migrate data --to bolt:",
		"signalbox migrate data --to /none/such.yaml",
		"signalbox migrate data --to oracle://scott@db/box",
		"signalbox migrate data --to postgres://me:hunter2@db/box",
		"signalbox migrate data --to postgres://me:hunter2%@db/box",
		"signalbox migrate data --to postgres://me@db/box?password=hunter2",
		"signalbox migrate data --to me:hunter2@tcp(db)/box",
		"signalbox migrate data --to postgres:me:hunter2@db/box",
		"signalbox migrate data --to postgres://db/box",
		"signalbox migrate data --from mysql://me@db --to bolt:/srv/new.bolt",
		"signalbox migrate data --to bolt:/srv/new.bolt -o xml",
	)
	app.broken = domain.Conflict("the destination bolt /srv/new.bolt is not empty")
	got += session(t, app, environ, "signalbox migrate data --to bolt:/srv/new.bolt")
	app.broken, app.differs = errors.New("the copy is not equal"), true
	got += session(t, app, environ, "signalbox migrate data --to bolt:/srv/new.bolt")
	got = strings.ReplaceAll(got, dir, "DIR")
	got = regexp.MustCompile(`"seconds": [0-9.]+`).ReplaceAllString(got, `"seconds": 0`)
	golden(t, "migrate-data.txt", got)
	for line := range strings.Lines(got) {
		if strings.Contains(line, "hunter2") && !strings.HasPrefix(line, "$ ") {
			t.Errorf("a password is shown: %s", line)
		}
	}

	if len(app.copied) != 5 {
		t.Fatalf("%d copies, want 5", len(app.copied))
	}
	for i := range 2 { // the variables say where the source is, not the destination
		from, to := app.copied[i][0], app.copied[i][1]
		if from.Dialect != "sqlite" || from.Path != "/srv/old.db" || to.Dialect != "bolt" || to.Path != "/srv/new.bolt" {
			t.Errorf("copy %d: from %+v to %+v", i, from, to)
		}
	}
	from, to := app.copied[2][0].MySQL, app.copied[2][1].Postgres
	if from.Host != "db:3307" || from.User != "me" || from.Name != "box" || from.Password.Reveal() != "from a file" {
		t.Errorf("source %+v", from)
	}
	if to.Host != "/run/pg" || to.User != "you" || to.Name != "box" || to.Password.Reveal() != "hunter2" || to.Options["sslmode"].Reveal() != "disable" {
		t.Errorf("destination %+v", to)
	}
}

func TestProgress_LinesForLogs(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	p := newProgress(&b)
	p.at(CopyProgress{Phase: "copy", Table: "users", Rows: 5, Of: 9})
	p.at(CopyProgress{Phase: "copy", Table: "users", Rows: 9, Of: 9, Bytes: 2048, Done: true})
	p.at(CopyProgress{Phase: "copy", Table: "views", Done: true})
	p.at(CopyProgress{Phase: "verify", Table: "users", Rows: 18, Of: 18, Bytes: 2048, Done: true})
	p.end()
	if want := "copied users: 9 rows, 2.0 KiB\ncompared users: 18 rows, 2.0 KiB\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}
