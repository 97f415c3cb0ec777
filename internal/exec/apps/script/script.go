// Package script runs programs that take a file and arguments: shells,
// interpreters, and whatever an administrator adds.
//
// The command line is that of the reference, which existing scripts parse,
// with one deliberate difference: secrets are given in the environment only,
// because every user of the machine can read a command line.
package script

import (
	"slices"

	"signalbox/internal/exec/apps"
)

// Kind is the job.App.Kind this package serves.
const Kind = "script"

// Build makes
//
//	program app-args script template-args name=value… task-args
//
// with the variables in the order of their names.
func Build(in apps.Input) (apps.Command, error) {
	spec := in.Spec
	args := slices.Clone(spec.App.Args)
	if spec.Playbook != "" {
		args = append(args, spec.Playbook)
	}
	args = append(args, spec.TemplateArgs...)
	for _, name := range apps.Names(spec.ExtraVars) {
		args = append(args, name+"="+apps.Text(spec.ExtraVars[name]))
	}
	args = append(args, spec.TaskArgs...)
	if err := apps.CheckArgs(args); err != nil {
		return apps.Command{}, err
	}
	env := apps.Env(in, nil, true)
	for _, name := range apps.Names(spec.SecretVars) {
		env = append(env, apps.Var{Name: name, Value: apps.Text(spec.SecretVars[name])})
	}
	return apps.Command{Program: spec.App.Program, Args: args, Env: env}, nil
}
