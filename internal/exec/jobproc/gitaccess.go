package jobproc

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/gitrepo"
	"signalbox/internal/exec/keys"
	"signalbox/internal/exec/process"
	"signalbox/internal/exec/workspace"
	"signalbox/internal/job"
)

// gitOptions sets git up with the machine's environment.
func gitOptions(spec *job.Spec, private string, ring *keys.Ring, output io.Writer, getenv func(string) string) (gitrepo.Options, error) {
	machine, err := workspace.Machine(spec, "", getenv)
	if err != nil {
		return gitrepo.Options{}, err
	}
	env := make([]apps.Var, 0, len(machine))
	for _, v := range machine {
		switch v.Name {
		case "PWD", "HOME", "PATH":
		default:
			env = append(env, v)
		}
	}
	if private, err = filepath.Abs(private); err != nil {
		return gitrepo.Options{}, err
	}
	exe, err := helperProgram(spec.Host.Isolation, private)
	if err != nil {
		return gitrepo.Options{}, err
	}
	list, err := apps.Environ(append(env, apps.Var{Name: workspace.MarkVariable, Value: private}))
	if err != nil {
		return gitrepo.Options{}, err
	}
	return gitrepo.Options{
		DataDir: spec.Host.DataDir, ConfigDir: spec.Host.GitDir(), Private: private, Executable: exe,
		Home: apps.Lookup(machine, "HOME"), Path: apps.Lookup(machine, "PATH"),
		Env: list, SSHConfig: spec.Host.SSHConfigPath, Ring: ring, Output: output,
		KnownHosts:  keys.KnownHosts{File: spec.Host.KnownHostsFile, Mode: spec.Host.HostKeyChecking},
		Credentials: spec.Credentials,
	}, nil
}

// gitClient is the client that the machine's settings choose.
// Its commands run as somebody, and secrets are hidden by mask.
func gitClient(spec *job.Spec, private string, ring *keys.Ring, output io.Writer, getenv func(string) string,
	as *process.Isolation, mask func(string) string) (gitrepo.Client, error) {
	o, err := gitOptions(spec, private, ring, output, getenv)
	if err != nil {
		return nil, err
	}
	o.As, o.Mask = as, mask
	return gitrepo.New(spec.Host.GitClient, o)
}

// gitAccess gives programs that fetch for themselves, like those that install
// what the repository requires, the sign-ins of the run. It returns what to put
// into their environment, and what takes the sign-ins away again.
func (s *session) gitAccess(name string) (env []apps.Var, forget func(), err error) {
	private, err := s.work.Subdir("access-" + name)
	if err != nil {
		return nil, nil, err
	}
	ring := keys.NewRing(private)
	forget = func() {
		ring.Close()
		_ = os.RemoveAll(private) // the work directory goes with it at the latest
	}
	o, err := gitOptions(s.spec, private, ring, s.log, s.getenv)
	if err != nil {
		forget()
		return nil, nil, err
	}
	// The key of the inventory opens repositories too, as it does in the reference.
	if inv := s.spec.Inventory; inv != nil && inv.Connection != nil && inv.Connection.Kind == "ssh" && inv.Connection.PrivateKey != "" {
		if _, err := ring.Add(inv.Connection); err != nil {
			forget()
			return nil, nil, err
		}
	}
	list, err := gitrepo.Environ(o, s.spec.Repository)
	if err != nil {
		forget()
		return nil, nil, err
	}
	for _, e := range list {
		n, value, _ := strings.Cut(e, "=")
		env = append(env, apps.Var{Name: n, Value: value})
	}
	return env, forget, nil
}
