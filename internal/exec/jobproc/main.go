// Package jobproc is the process of a job, what "signalbox job" runs: it reads
// the specification from standard input, carries the run out, and writes all
// that happens to the journal.
//
// It promises that a run either has no Begin record and did nothing, or ends
// with an End record after everything its program wrote, as long as the
// process is not killed and the disk takes a few more bytes.
package jobproc

import (
	"fmt"
	"os"

	"signalbox/internal/exec/process"
)

// Exit codes. What became of the run is in the journal.
const (
	exitDone    = 0 // the journal has an End
	exitRefused = 1 // nothing was run
	exitLost    = 2 // the run has ended, but the journal could not be finished
	exitUsage   = 64
)

// Main runs "signalbox job args…" and returns the exit code.
func Main(args []string, env []string) int {
	get := lookup(env)
	switch {
	case len(args) == 2 && args[0] == "run":
		return run(args[1], get)
	case len(args) == 1 && args[0] == "enter":
		return process.Enter()
	case len(args) == 1 && args[0] == "query":
		return query(os.Stdin, os.Stdout, get)
	case len(args) == 3 && args[0] == "credential":
		return credential(args[1], args[2])
	}
	fmt.Fprintln(os.Stderr, "usage: signalbox job run DIRECTORY | query | credential FILE OPERATION")
	return exitUsage
}

// lookup reads an environment given as a list; the last of a name stands.
func lookup(env []string) func(string) string {
	return func(name string) string {
		value := ""
		for _, e := range env {
			if len(e) > len(name) && e[len(name)] == '=' && e[:len(name)] == name {
				value = e[len(name)+1:]
			}
		}
		return value
	}
}
