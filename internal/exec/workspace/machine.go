package workspace

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/fault"
	"signalbox/internal/job"
)

// Machine is the environment that the machine gives a run, out of nothing but
// what the configuration lets through. Getenv reads the job's own environment.
func Machine(spec *job.Spec, dir string, getenv func(string) string) ([]apps.Var, error) {
	host := spec.Host
	path := getenv("PATH")
	if path == "" {
		path = job.DefaultPath
	}
	env := []apps.Var{
		{Name: "LANG", Value: "C.UTF-8"},
		{Name: "TERM", Value: "xterm-256color"},
		// Output goes to a terminal without a keyboard: a pager would wait for ever.
		{Name: "PAGER", Value: "cat"},
		{Name: "GIT_PAGER", Value: "cat"},
		{Name: "SYSTEMD_PAGER", Value: "cat"},
		{Name: "PATH", Value: path},
	}
	for _, name := range host.ForwardEnv {
		if value := getenv(name); value != "" {
			env = append(env, apps.Var{Name: name, Value: value})
		}
	}
	for _, name := range apps.Names(host.EnvVars) {
		env = append(env, apps.Var{Name: name, Value: host.EnvVars[name]})
	}
	home, err := Home(spec, getenv)
	if err != nil {
		return nil, err
	}
	return append(env, apps.Var{Name: "HOME", Value: home}, apps.Var{Name: "PWD", Value: dir}), nil
}

// Home is the home directory of the run's programs. It exists.
func Home(spec *job.Spec, getenv func(string) string) (string, error) {
	home := getenv("HOME")
	if spec.Host.HomeMode != "project_home" && home != "" {
		return home, nil
	}
	home = filepath.Join(spec.Host.DataDir, "homes", "project_"+strconv.FormatInt(spec.ProjectID, 10))
	if err := os.MkdirAll(home, 0o700); err != nil {
		return "", Explain(err, "make the home directory of the project")
	}
	return home, nil
}

// AnsibleHome is where ansible keeps collections, roles and its own files for
// the template; "" when it uses the home directory.
func AnsibleHome(spec *job.Spec) (string, error) {
	if mode := spec.Host.HomeMode; mode != "" && mode != "template_dir" {
		return "", nil
	}
	dir := filepath.Join(spec.Host.DataDir, "homes", "project_"+strconv.FormatInt(spec.ProjectID, 10),
		"template_"+strconv.FormatInt(spec.TemplateID, 10), ".ansible")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", Explain(err, "make the ansible home of the template")
	}
	return dir, nil
}

// Explain turns an error of the file system into a sentence. Attempt completes
// "Signalbox could not …".
func Explain(err error, attempt string) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.Wrap(err, "The disk is full: Signalbox could not %s. Free some space and run the task again.", attempt)
	case errors.Is(err, os.ErrPermission):
		return fault.Wrap(err, "Signalbox may not %s: %v. Correct the permissions.", attempt, err)
	case errors.Is(err, syscall.EROFS):
		return fault.Wrap(err, "The disk is read-only: Signalbox could not %s.", attempt)
	}
	return fault.Wrap(err, "Signalbox could not %s: %v.", attempt, err)
}
