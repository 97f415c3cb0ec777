package terraform

import (
	"path/filepath"
	"slices"
	"strings"

	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/fault"
)

// valued are options of plan that take their value as a word of its own when it
// is not joined by "=".
var valued = []string{
	"var", "var-file", "target", "target-file", "exclude", "exclude-file", "replace", "out", "lock-timeout",
	"parallelism", "generate-config-out", "state", "state-out", "backup", "backend-config", "from-module", "plugin-dir", "lockfile",
}

// planning are options that decide what a plan holds. A saved plan has been made
// with them, and apply refuses them beside it.
var planning = []string{
	"var", "var-file", "target", "target-file", "exclude", "exclude-file", "replace", "refresh", "refresh-only",
	"generate-config-out",
}

// ours are options that decide how the run goes on, which is not for arguments
// to say.
var ours = map[string]string{
	"out":               "Signalbox keeps the plan itself.",
	"input":             "Nobody can answer questions of a run.",
	"detailed-exitcode": "Signalbox sets it itself.",
	"json":              "Signalbox reads the plan as JSON itself.",
	"auto-approve":      "Use the run's option Auto approve.",
	"destroy":           "Use the run's option Destroy.",
	"chdir":             "Set the directory in the template.",
}

// option is an argument taken apart; words are how it was written.
type option struct {
	name  string // "" for an operand
	value string
	words []string
}

// options takes arguments apart the way the programs do: one dash or two, values
// joined or as the next word.
func options(args []string) []option {
	var list []option
	for i := 0; i < len(args); i++ {
		word := args[i]
		o := option{words: []string{word}}
		if strings.HasPrefix(word, "-") && word != "-" && word != "--" {
			name, value, joined := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(word, "-"), "-"), "=")
			o.name, o.value = name, value
			if !joined && (slices.Contains(valued, name) || name == "tf-path") && i+1 < len(args) {
				i++
				o.value = args[i]
				o.words = append(o.words, args[i])
			}
		}
		list = append(list, o)
	}
	return list
}

// arguments sorts the arguments of template and task into those of the commands.
// Those of the task are added to the template's, stage by stage, so that none is
// dropped because the other has a list for another stage.
func (r *Run) arguments() error {
	t, k := r.params.TemplateArgs, r.params.TaskArgs
	// A list without stages, as programs of other families have it.
	t.Default = addGiven(t.Default, r.in.Spec.TemplateArgs)
	k.Default = addGiven(k.Default, r.in.Spec.TaskArgs)

	terragrunt := r.in.Spec.App.ID == "terragrunt" || filepath.Base(r.in.Spec.App.Program) == "terragrunt"
	var path []string
	for _, stage := range []struct {
		name string
		args []string
		into *[]string
	}{
		{"init", slices.Concat(t.Init, k.Init), &r.init},
		{"plan", slices.Concat(t.ForPlan(), k.ForPlan()), &r.plan},
		{"apply", slices.Concat(t.ForApply(), k.ForApply()), &r.apply},
	} {
		if err := apps.CheckArgs(stage.args); err != nil {
			return err
		}
		for _, o := range options(stage.args) {
			if terragrunt && o.name == "tf-path" {
				path = o.words
				continue
			}
			if err := r.check(stage.name, o); err != nil {
				return err
			}
			if stage.name == "apply" && slices.Contains(planning, o.name) {
				continue
			}
			*stage.into = append(*stage.into, o.words...)
		}
	}
	if terragrunt {
		r.wrap(path)
	}
	return nil
}

// addGiven appends, and leaves a list that was not given as it is when there is
// nothing to add.
func addGiven(list, more []string) []string {
	if len(more) == 0 {
		return list
	}
	return slices.Concat(list, more)
}

func (r *Run) check(stage string, o option) error {
	word := strings.Join(o.words, " ")
	switch {
	case o.name == "":
		return fault.New("The argument %q of %s is not an option. Only options, which begin with a dash, can be given.", word, stage)
	case ours[o.name] != "":
		return fault.New("The argument %q of %s cannot be given. %s", word, stage, ours[o.name])
	case o.name == "lock" && isFalse(o.value) && stage != "init" && !r.params.PlanOnly:
		return fault.New("The argument %q of %s would leave the state unlocked while it is changed. Remove it; -lock-timeout=5m makes a run wait for the lock.", word, stage)
	}
	return nil
}

func isFalse(value string) bool {
	return slices.Contains([]string{"0", "f", "F", "false", "FALSE", "False"}, value)
}

// lockOff reports whether a run that only plans was told not to lock.
func (r *Run) lockOff() bool {
	return r.params.PlanOnly && slices.ContainsFunc(options(r.plan), func(o option) bool { return o.name == "lock" })
}

// wrap makes the options of terragrunt itself, which stand before "--".
func (r *Run) wrap(path []string) {
	r.wrapper = []string{}
	own := options(r.in.Spec.App.Args)
	switch {
	case path != nil:
		r.wrapper = append(r.wrapper, path...)
	case slices.ContainsFunc(own, func(o option) bool { return o.name == "tf-path" || o.name == "terragrunt-tfpath" }):
	case r.place.TerragruntProgram != "":
		r.wrapper = append(r.wrapper, "--tf-path="+r.place.TerragruntProgram)
	}
	// What the program below prints is passed on as it is, so that JSON can be read.
	r.wrapper = append(r.wrapper, "--non-interactive", "--tf-forward-stdout")
}
