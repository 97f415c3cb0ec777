package jobproc

import (
	"errors"

	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/process"
)

// find looks up the program of a command. The app's program may go by another
// name on this machine, which the command then bears too.
func (s *session) find(cmd *apps.Command) (string, error) {
	search := apps.Lookup(cmd.Env, "PATH")
	path, err := process.Find(cmd.Program, search)
	if !errors.Is(err, process.ErrNotFound) || cmd.Program != s.spec.App.Program {
		return path, err
	}
	for _, name := range s.spec.App.Alternatives {
		if found, err := process.Find(name, search); !errors.Is(err, process.ErrNotFound) {
			cmd.Program = name
			return found, err
		}
	}
	return "", err
}
