package jobproc

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"syscall"

	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/apps/ansible"
	"signalbox/internal/exec/apps/registry"
	"signalbox/internal/exec/apps/terraform"
	"signalbox/internal/exec/fault"
	"signalbox/internal/exec/process"
	"signalbox/internal/exec/workspace"
	"signalbox/internal/job"
)

func stack() []byte { return debug.Stack() }

// carryOut prepares the workspace and runs the program.
func (s *session) carryOut(ctx context.Context) error {
	s.exitCode = -1
	build, ok := registry.Builder(s.spec.App.Kind)
	if !ok && s.spec.App.Kind != terraform.Kind {
		return fault.New("The app '%s' cannot be run by this version of Signalbox.", s.spec.App.ID)
	}
	if err := process.AdoptOrphans(); err != nil {
		return err
	}
	var err error
	if err := s.isolate(); err != nil {
		return err
	}
	if s.work, err = workspace.Create(s.dir); err != nil {
		return err
	}
	s.cleanup = append(s.cleanup, func() { _ = s.work.Remove() })

	in := apps.Input{Spec: s.spec, Private: s.work.Private}
	if s.spec.App.Kind == ansible.Kind {
		return s.playbook(ctx, &in) // tells what happens also as data
	}
	if err := s.prepare(ctx, &in); err != nil {
		return err
	}
	if s.spec.App.Kind == terraform.Kind {
		return s.terraform(ctx, in) // several commands, and a question between them
	}
	cmd, err := build(in)
	if err != nil {
		return err
	}
	for _, f := range cmd.Files {
		if _, err := s.work.WriteFile(f.Name, f.Data); err != nil {
			return err
		}
	}
	return s.exec(ctx, in.Dir, cmd, s.log)
}

// exec runs the command of the app to its end.
func (s *session) exec(ctx context.Context, dir string, cmd apps.Command, output io.Writer) error {
	var said tail
	result, err := s.startTo(ctx, dir, cmd, io.MultiWriter(output, &said), 0)
	if err != nil {
		return err
	}
	s.exitCode, s.ran = result.ExitCode, true
	word := s.word()
	switch {
	case result.Signal == syscall.SIGKILL:
		return fault.New("The %s was killed (signal KILL). The machine may have run out of memory.", word)
	case result.Signal != 0:
		return fault.New("The %s was ended by signal %d (%s).", word, int(result.Signal), result.Signal)
	case result.ExitCode != 0:
		return fault.New("The %s ended with exit code %d.%s", word, result.ExitCode, said.fullDisk())
	}
	return nil
}

// word is what the template's path points to.
func (s *session) word() string {
	switch s.spec.App.Kind {
	case ansible.Kind:
		return "playbook"
	case terraform.Kind:
		return "directory"
	}
	return "script"
}

// startTo runs any command of the run. Polite is the signal of a polite stop, if
// that is another than TERM, which is sent twice; 0 is TERM.
func (s *session) startTo(ctx context.Context, dir string, cmd apps.Command, output io.Writer, polite syscall.Signal) (process.Result, error) {
	env, err := s.environ(cmd)
	if err != nil {
		return process.Result{}, err
	}
	path, err := s.find(&cmd)
	if err != nil {
		return process.Result{}, explainStart(err, cmd.Program)
	}
	if cause := context.Cause(ctx); cause != nil {
		return process.Result{}, cause
	}
	result, err := process.Run(ctx, process.Command{
		Path: path,
		Args: append([]string{cmd.Program}, cmd.Args...),
		Dir:  dir,
		Env:  env,
		As:   s.as,
	}, process.Options{
		Output: output,
		Signal: polite, Insist: polite != 0,
		Grace: s.spec.Limits.StopGrace,
		Kill:  s.kill,
		Started: func(pid int, start uint64) {
			err := s.journal.Append(job.Record{Child: &job.Child{PID: pid, StartTime: start, Cgroup: s.cgroup()}})
			if err != nil {
				s.cancel(errJournal{err})
			}
		},
	})
	if err != nil {
		return result, explainStart(err, cmd.Program)
	}
	return result, nil
}

// environ is the environment of a command of the run, with the mark by which
// whoever finds this job dead knows what it has left running.
func (s *session) environ(cmd apps.Command) ([]string, error) {
	return apps.Environ(slices.Concat(cmd.Env, []apps.Var{{Name: workspace.MarkVariable, Value: s.work.Root}}))
}

// explainStart says why a program does not start.
func explainStart(err error, program string) error {
	switch {
	case errors.Is(err, process.ErrNotFound):
		return fault.Wrap(err, "The program '%s' was not found on this machine. Install it, or set its path in Apps.", program)
	case errors.Is(err, process.ErrIsolation):
		return fault.Wrap(err, "The isolation that process.* of the server's configuration asks for is not possible on this machine, so nothing was run: %v.", err)
	case errors.Is(err, os.ErrPermission):
		return fault.Wrap(err, "The program '%s' may not be executed by Signalbox. Correct its permissions, or set another path in Apps.", program)
	case errors.Is(err, syscall.ENOEXEC):
		return fault.Wrap(err, "The program '%s' is not a program this machine can execute. Set another path in Apps.", program)
	case errors.Is(err, syscall.E2BIG):
		return fault.Wrap(err, "The arguments and variables of the task are too long for this machine. Move large values into files of the repository.")
	case errors.Is(err, os.ErrNotExist):
		return fault.Wrap(err, "The program '%s' or its interpreter, or the working directory, does not exist. Install it, or set its path in Apps.", program)
	}
	return fault.Wrap(err, "The program '%s' could not be started: %v.", program, err)
}

// Secrets lists every text of a run that must not appear in its output.
func Secrets(spec *job.Spec) []string {
	var all []string
	for _, name := range apps.Names(spec.SecretVars) {
		all = append(all, jsonTexts(spec.SecretVars[name])...)
	}
	for _, name := range apps.Names(spec.SecretEnv) {
		all = append(all, spec.SecretEnv[name])
	}
	for _, v := range spec.Vaults {
		all = append(all, v.Password)
	}
	if t := spec.Terraform; t != nil && t.State != nil {
		all = append(all, t.State.Password)
	}
	credentials := []*job.Credential{spec.Repository.Credential}
	if inv := spec.Inventory; inv != nil {
		credentials = append(credentials, inv.Connection, inv.Become)
		if inv.Repository != nil {
			credentials = append(credentials, inv.Repository.Credential)
		}
	}
	for i := range spec.Credentials {
		credentials = append(credentials, &spec.Credentials[i].Credential)
	}
	for _, c := range credentials {
		if c != nil {
			all = append(all, c.Password, c.Passphrase, c.PrivateKey, c.String)
		}
	}
	return slices.DeleteFunc(all, func(text string) bool { return text == "" })
}

// jsonTexts lists the texts in a JSON value, however deep, and the value as it
// would be printed.
func jsonTexts(value json.RawMessage) []string {
	var texts []string
	switch text := apps.Text(value); text {
	case "true", "false", "null": // hiding them would only spoil the output
	default:
		texts = append(texts, text)
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil {
		for _, v := range list {
			texts = append(texts, jsonTexts(v)...)
		}
		return texts
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(value, &object) == nil {
		for _, name := range apps.Names(object) {
			texts = append(texts, jsonTexts(object[name])...)
		}
	}
	return texts
}
