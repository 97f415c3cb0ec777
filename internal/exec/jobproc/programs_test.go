package jobproc_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/job"
	"signalbox/internal/runner"
	"signalbox/internal/testkit"
)

// counting writes a program that says its version and notes each time it is run.
func counting(t *testing.T, path, version string) (runs func() int) {
	t.Helper()
	log := path + ".log"
	script := fmt.Sprintf("#!/bin/sh\necho \"$@\" >> %q\necho 'Tool %s (build 9)'\n", log, version)
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return func() int {
		text, err := os.ReadFile(log)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		n := 0
		for _, c := range text {
			if c == '\n' {
				n++
			}
		}
		return n
	}
}

func TestPrograms_AreAskedOnceAndAgainWhenTheyChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "tool")
	runs := counting(t, path, "1.2.3")
	q := queries(t, "")
	q.Env = testkit.CleanEnv(t, "PATH="+dir+":/usr/bin:/bin")
	clock := testkit.NewClock()
	p := runner.NewPrograms(q, slog.New(slog.DiscardHandler), clock.Now)
	tool := domain.App{ID: "tool", Active: true, VersionArgs: []string{"--version"}}
	own := domain.App{ID: "own", Active: true, Path: path + "-of-mine"} // nobody knows what it does
	ownRuns := counting(t, own.Path, "7.7")
	off := domain.App{ID: "off", Path: path + "-off", VersionArgs: []string{"--version"}}
	offRuns := counting(t, off.Path, "8.8")
	apps := []domain.App{tool, own, off, {ID: "gone", Active: true, VersionArgs: []string{"--version"}}}
	refresh := func() {
		t.Helper()
		if err := p.Refresh(t.Context(), apps); err != nil {
			t.Fatal(err)
		}
	}

	if got := p.Look(tool); got != (domain.Program{Path: path}) {
		t.Errorf("before it was asked: %+v", got)
	}
	if got := p.Look(apps[3]); got.Missing == "" || got.Path != "" {
		t.Errorf("what is not there is %+v", got)
	}
	if runs() != 0 {
		t.Error("a look ran the program")
	}
	refresh()
	refresh()
	if got := p.Look(tool); got.Version != "1.2.3" || runs() != 1 {
		t.Errorf("after %d runs it is %+v", runs(), got)
	}
	if ownRuns() != 0 || offRuns() != 0 {
		t.Error("programs were run that nobody may run for their version")
	}
	want := []job.Program{{App: "tool", Path: path, Version: "1.2.3"}, {App: "own", Path: own.Path}}
	if got := p.Known(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("known: %v, want %v", got, want)
	}

	counting(t, path, "1.2.30") // another file, in the same place
	if got := p.Look(tool); got.Version != "" {
		t.Errorf("the version of another file was kept: %+v", got)
	}
	refresh()
	if got := p.Look(tool); got.Version != "1.2.30" {
		t.Errorf("after the update: %+v", got)
	}
	clock.Advance(2 * time.Hour)
	if got := p.Look(tool); got.Version != "1.2.30" {
		t.Errorf("an old version is better than none, got %+v", got)
	}
	before := runs()
	refresh()
	if runs() != before+1 {
		t.Error("a version was never asked again")
	}
}

func TestPrograms_SilentOnesHaveNoVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := func(name, text string) domain.App {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
		return domain.App{ID: name, Active: true, Path: path, VersionArgs: []string{"--version"}}
	}
	apps := []domain.App{
		script("fails", "echo 1.0; exit 3"), script("wordy", "echo no number here"),
		script("stderr", "echo 4.4.4 >&2"), script("works", "echo v3.4-beta.1"),
	}
	p := runner.NewPrograms(queries(t, ""), slog.New(slog.DiscardHandler), time.Now)
	if err := p.Refresh(t.Context(), apps); err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, app := range apps {
		got += fmt.Sprintf("%s=%s ", app.ID, p.Look(app).Version)
	}
	if got != "fails= wordy= stderr= works=3.4-beta.1 " {
		t.Errorf("got %s", got)
	}
}

// A look is enough for the version to be there later, and what cannot be asked at
// all is not tried for every look.
func TestPrograms_LookWakesTheQuestion(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tool")
	counting(t, path, "5.6")
	app := domain.App{ID: "tool", Active: true, Path: path, VersionArgs: []string{"--version"}}
	q := queries(t, "")
	for name, iso := range map[string]job.Isolation{"works": {}, "fails": {User: "no-such-user"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := q
			q.Host.Isolation = iso
			p := runner.NewPrograms(q, slog.New(slog.DiscardHandler), time.Now)
			ctx, cancel := context.WithCancel(t.Context())
			asked, done := make(chan struct{}, 10), make(chan error, 1)
			go func() {
				done <- p.Run(ctx, func(context.Context) ([]domain.App, error) {
					asked <- struct{}{}
					return []domain.App{app}, nil
				})
			}()
			p.Look(app)
			testkit.Receive(t, asked, "the question")
			want := map[string]string{"works": "5.6", "fails": ""}[name]
			testkit.Eventually(t, "the report", func() bool { return len(p.Known()) == 1 })
			if got := p.Look(app); got.Version != want || got.Path != path {
				t.Errorf("got %+v", got)
			}
			cancel()
			if err := testkit.Receive(t, done, "the end"); err != nil || len(asked) > 0 {
				t.Errorf("ended with %v, asked %d times more", err, len(asked))
			}
		})
	}
}
