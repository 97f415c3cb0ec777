package jobproc

import (
	"context"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/process"
	"signalbox/internal/exec/workspace"
	"signalbox/internal/job"
)

// versionTimeout bounds one program that is asked for its version.
const versionTimeout = 15 * time.Second

// programs looks up the programs of apps as runs would, and asks them for their
// versions one after the other: nobody waits for it. One that does not answer in
// time, or at all, has no version.
func programs(ctx context.Context, q job.Query, private string, getenv func(string) string, as *process.Isolation) ([]job.Program, error) {
	env, err := workspace.Machine(&job.Spec{Host: q.Host}, private, getenv)
	if err != nil {
		return nil, err
	}
	search := apps.Lookup(env, "PATH")
	// They look for newer versions of themselves otherwise, over the network.
	list, err := apps.Environ(append(env,
		apps.Var{Name: "CHECKPOINT_DISABLE", Value: "1"},
		apps.Var{Name: "POWERSHELL_UPDATECHECK", Value: "Off"},
		apps.Var{Name: "POWERSHELL_TELEMETRY_OPTOUT", Value: "1"},
		apps.Var{Name: "PULUMI_SKIP_UPDATE_CHECK", Value: "true"},
		apps.Var{Name: workspace.MarkVariable, Value: private}))
	if err != nil {
		return nil, err
	}
	found := make([]job.Program, 0, len(q.Programs))
	for _, asked := range q.Programs {
		p := job.Program{App: asked.App}
		for _, name := range asked.Candidates {
			path, err := process.Find(name, search)
			if err != nil {
				continue
			}
			p.Path = path
			if len(asked.VersionArgs) > 0 && ctx.Err() == nil {
				p.Version = version(ctx, process.Command{
					Path: path, Args: append([]string{name}, asked.VersionArgs...), Dir: private, Env: list, As: as,
				})
			}
			break
		}
		found = append(found, p)
	}
	return found, nil
}

func version(ctx context.Context, cmd process.Command) string {
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return ""
	}
	defer null.Close()
	text, err := process.Capture(ctx, cmd, null)
	if err != nil {
		return ""
	}
	return parseVersion(string(text))
}

var versionNumber = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\b[vV]?(\d+\.\d+(?:\.\d+)*(?:-[0-9A-Za-z.]+|(?:a|b|rc)\d+)?)`)
})

// parseVersion finds the version in what a program says of itself: the number in
// the first line that has one, "" for none.
func parseVersion(text string) string {
	for line := range strings.Lines(text) {
		if m := versionNumber().FindStringSubmatch(line); m != nil {
			return m[1][:min(len(m[1]), 50)]
		}
	}
	return ""
}
