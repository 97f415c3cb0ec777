package runner

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/exec/process"
	"signalbox/internal/job"
)

const (
	// programsAfter is how long a machine may settle before its programs are asked
	// for their versions, unless somebody wants to know earlier.
	programsAfter = 10 * time.Second
	// programsFor is how long a version counts. A program whose file changes is
	// asked at once; this is for those that start another one.
	programsFor = time.Hour
)

// Programs knows which programs of apps are on this machine and, as soon as they
// were asked, in which versions. Programs are asked by job processes, with no
// more rights than runs have, because an administrator of the web chooses them.
type Programs struct {
	queries Queries
	log     *slog.Logger
	now     func() time.Time
	path    string
	wake    chan struct{} // one request waits

	mu     sync.Mutex // guards what follows
	known  map[string]version
	report []job.Program
}

// version is what is known of the program at a path.
type version struct {
	text     string
	modified time.Time
	size     int64
	asked    time.Time
}

// NewPrograms returns one that asks nothing before Run.
func NewPrograms(q Queries, log *slog.Logger, now func() time.Time) *Programs {
	return &Programs{queries: q, log: log, now: now, path: searchPath(q), wake: make(chan struct{}, 1), known: map[string]version{}}
}

// searchPath is where runs look for programs.
func searchPath(q Queries) string {
	if path, ok := q.Host.EnvVars["PATH"]; ok {
		return path
	}
	env := q.Env
	if env == nil {
		env = os.Environ()
	}
	for _, e := range slices.Backward(env) {
		if path, ok := strings.CutPrefix(e, "PATH="); ok && path != "" {
			return path
		}
	}
	return job.DefaultPath
}

// Look tells what is known of an app's program. It looks for the file and never
// waits for the program: a version that is missing is there a moment later.
func (p *Programs) Look(app domain.App) domain.Program {
	path, info := p.find(app)
	if path == "" {
		return domain.Program{Missing: fmt.Sprintf("The program %q was not found on this machine. Install it, or set its path.", app.Candidates()[0])}
	}
	text, fresh := p.recall(path, info)
	if !fresh && asks(app) {
		select {
		case p.wake <- struct{}{}:
		default: // it has been told already
		}
	}
	return domain.Program{Path: path, Version: text}
}

// Known lists the programs of the active apps that were found when they were
// last asked, in the order of the apps.
func (p *Programs) Known() []job.Program {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.report)
}

// Run asks programs for their versions until ctx ends: soon after the start, and
// when Look found that it should.
func (p *Programs) Run(ctx context.Context, apps func(context.Context) ([]domain.App, error)) error {
	first := time.NewTimer(programsAfter)
	defer first.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-first.C:
		case <-p.wake:
		}
		list, err := apps(ctx)
		if err == nil {
			err = p.Refresh(ctx, list)
		}
		if err != nil && ctx.Err() == nil {
			p.log.Warn("ask programs for their versions", "error", err)
		}
	}
}

// Refresh asks the active apps whose version is not known, or was asked long ago.
func (p *Programs) Refresh(ctx context.Context, apps []domain.App) error {
	var report []job.Program
	var ask []job.ProgramQuery
	asked := map[string]version{}
	at := p.now()
	for _, app := range apps {
		path, info := p.find(app)
		if path == "" || !app.Active {
			continue
		}
		report = append(report, job.Program{App: app.ID, Path: path})
		if _, fresh := p.recall(path, info); fresh || !asks(app) {
			continue
		}
		ask = append(ask, job.ProgramQuery{App: app.ID, Candidates: []string{path}, VersionArgs: app.VersionArgs})
		asked[path] = version{modified: info.ModTime(), size: info.Size(), asked: at}
	}
	var err error
	if len(ask) > 0 {
		var answer job.Answer
		answer, err = p.queries.Ask(ctx, job.Query{Op: job.QueryPrograms, Programs: ask})
		for _, program := range answer.Programs {
			if v, ok := asked[program.Path]; ok {
				v.text = program.Version
				asked[program.Path] = v
			}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	// What could not be asked is not asked again and again either.
	for path, v := range asked {
		p.known[path] = v
	}
	for i, program := range report {
		report[i].Version = p.known[program.Path].text
	}
	p.report = report
	return err
}

// asks: only programs whose answer is known beforehand are run.
func asks(app domain.App) bool { return app.Active && len(app.VersionArgs) > 0 }

// find returns the path of an app's program, "" if it is not there.
func (p *Programs) find(app domain.App) (string, os.FileInfo) {
	for _, name := range app.Candidates() {
		path, err := process.Find(name, p.path)
		if err != nil {
			continue
		}
		if info, err := os.Stat(path); err == nil {
			return path, info
		}
	}
	return "", nil
}

// recall returns the version of the file at a path, and whether it still counts.
func (p *Programs) recall(path string, info os.FileInfo) (text string, fresh bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	v, ok := p.known[path]
	if !ok || !v.modified.Equal(info.ModTime()) || v.size != info.Size() {
		return "", false
	}
	return v.text, p.now().Sub(v.asked) < programsFor
}
