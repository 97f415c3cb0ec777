// Package terraform makes the commands of OpenTofu, Terraform and Terragrunt for
// the phases of a run: init, workspace, plan to a file, show, apply of that file,
// outputs. It also reads what they answer: the plan as data, and the messages
// that deserve a sentence.
//
// It is pure: it starts nothing and writes nothing. What runs when, and where the
// files are, is decided by its caller.
package terraform

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"

	"signalbox/internal/domain"
	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/fault"
	"signalbox/internal/job"
)

// Kind is the job.App.Kind this package serves.
const Kind = "terraform"

// VariablesFile is the name of the file of variables in the private directory.
// Its ending tells the programs that it is JSON.
const VariablesFile = "variables.tfvars.json"

// maxEnv is the longest value given as a TF_VAR_ variable. The kernel refuses
// longer strings than 128 KiB; the file has them all.
const maxEnv = 100 << 10

// Place says where the files of a run are. All paths are absolute.
type Place struct {
	DataDir   string // TF_DATA_DIR
	Variables string // the file of variables, "" for none
	// PluginCache holds providers across runs; "" leaves it to the program.
	PluginCache string
	// Throwaway says that the lock file of providers is not kept, so that it
	// need not be complete.
	Throwaway bool
	// TerragruntProgram is what terragrunt calls, unless its arguments say so.
	TerragruntProgram string
}

// Run makes the commands of one run.
type Run struct {
	in      apps.Input
	params  job.Terraform
	place   Place
	env     []apps.Var
	plan    []string
	apply   []string
	init    []string
	wrapper []string // options of terragrunt itself; nil for the others
}

// New checks what the run asks for. The error names what is wrong.
func New(in apps.Input, place Place) (*Run, error) {
	r := &Run{in: in, place: place}
	if in.Spec.Terraform != nil {
		r.params = *in.Spec.Terraform
	}
	if err := checkWorkspace(r.params.Workspace); err != nil {
		return nil, err
	}
	if r.params.OverrideBackend {
		if _, err := BackendFile(r.params.BackendFile); err != nil {
			return nil, err
		}
	}
	if err := r.arguments(); err != nil {
		return nil, err
	}
	r.env = r.environment()
	return r, nil
}

// PlanOnly reports whether the run ends after the plan.
func (r *Run) PlanOnly() bool { return r.params.PlanOnly }

// NamedWorkspace is the workspace to select, "" when there is nothing to do: a
// fresh data directory is in the default one.
func (r *Run) NamedWorkspace() string {
	if r.params.Workspace == "default" {
		return ""
	}
	return r.params.Workspace
}

func checkWorkspace(name string) error {
	if strings.HasPrefix(name, "-") || strings.ContainsAny(name, "\x00\n/ ") {
		return fault.New("The workspace name %q is not valid. Use letters, digits, dashes and underscores, not beginning with a dash.", name)
	}
	return nil
}

var variableName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[\pL_][\pL\pN_-]*$`)
})

// environment is what every command of the run gets. Variables are in it as
// well as in the file: init and workspace take no files, and backends and module
// addresses may be made of variables.
func (r *Run) environment() []apps.Var {
	fixed := []apps.Var{
		{Name: "TF_IN_AUTOMATION", Value: "1"},
		{Name: "CHECKPOINT_DISABLE", Value: "1"},
		{Name: "GIT_TERMINAL_PROMPT", Value: "0"},
	}
	if r.place.PluginCache != "" {
		fixed = append(fixed, apps.Var{Name: "TF_PLUGIN_CACHE_DIR", Value: r.place.PluginCache})
		if r.place.Throwaway {
			fixed = append(fixed, apps.Var{Name: "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE", Value: "1"})
		}
	}
	if r.wrapper != nil {
		download := r.place.DataDir + "-terragrunt"
		fixed = append(fixed, apps.Var{Name: "TG_DOWNLOAD_DIR", Value: download}, apps.Var{Name: "TERRAGRUNT_DOWNLOAD", Value: download})
	}
	env := apps.Env(r.in, fixed, false)
	env = append(env, r.state(env)...)
	for _, vars := range []map[string]json.RawMessage{r.in.Spec.ExtraVars, r.in.Spec.SecretVars} {
		for _, name := range apps.Names(vars) {
			if value := apps.Text(vars[name]); variableName().MatchString(name) && len(value) <= maxEnv {
				env = append(env, apps.Var{Name: "TF_VAR_" + name, Value: value})
			}
		}
	}
	return append(env, apps.Var{Name: "TF_INPUT", Value: "0"}, apps.Var{Name: "TF_DATA_DIR", Value: r.place.DataDir})
}

// state gives the http backend its address. A variable group that has one of its
// own is left alone, unless the template asked for ours.
func (r *Run) state(env []apps.Var) []apps.Var {
	s := r.params.State
	if s == nil || !r.params.OverrideBackend && apps.Lookup(env, "TF_HTTP_ADDRESS") != "" {
		return nil
	}
	all := []apps.Var{
		{Name: "TF_HTTP_ADDRESS", Value: s.Address},
		{Name: "TF_HTTP_LOCK_ADDRESS", Value: s.LockAddress},
		{Name: "TF_HTTP_UNLOCK_ADDRESS", Value: s.UnlockAddress},
		{Name: "TF_HTTP_USERNAME", Value: s.Username},
		{Name: "TF_HTTP_PASSWORD", Value: s.Password},
	}
	return slices.DeleteFunc(all, func(v apps.Var) bool { return v.Value == "" })
}

// Env is the environment of the commands.
func (r *Run) Env() []apps.Var { return r.env }

// Variables returns the content of the file of variables; nil when there are
// none. JSON keeps numbers, lists, objects and null what they are.
func Variables(spec *job.Spec) ([]byte, error) {
	all := map[string]json.RawMessage{}
	for _, vars := range []map[string]json.RawMessage{spec.ExtraVars, spec.SecretVars} {
		for name, value := range vars {
			all[name] = value
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(all)
	if err != nil {
		return nil, fault.Wrap(err, "The variables of the task are not valid JSON. Correct them in the variable group.")
	}
	return append(text, '\n'), nil
}

// Init prepares the directory. It never asks: what it would ask for is decided
// by the parameters of the task.
func (r *Run) Init() apps.Command {
	args := []string{"-input=false"}
	if r.params.Upgrade {
		args = append(args, "-upgrade")
	}
	switch {
	case r.params.Reconfigure:
		args = append(args, "-reconfigure")
	case r.params.MigrateState:
		args = append(args, "-migrate-state", "-force-copy")
	}
	return r.command(append(args, r.init...), "init")
}

// InitAgain is init after the backend was replaced by one that has the same
// state.
func (r *Run) InitAgain() apps.Command {
	return r.command(append([]string{"-input=false", "-reconfigure"}, r.init...), "init")
}

// Terragrunt reports whether the program is terragrunt, which makes files of its
// own beside the configuration.
func (r *Run) Terragrunt() bool { return r.wrapper != nil }

// SelectWorkspace selects the named workspace and makes it if need be.
func (r *Run) SelectWorkspace() apps.Command {
	return r.command([]string{"-or-create=true", r.params.Workspace}, "workspace", "select")
}

// Plan writes a plan to a file. It exits with 0 when nothing would change and
// with 2 when something would.
func (r *Run) Plan(file string) apps.Command {
	args := []string{"-input=false", "-detailed-exitcode"}
	if !r.lockOff() {
		args = append(args, "-lock=true")
	}
	if r.params.Destroy {
		args = append(args, "-destroy")
	}
	args = append(args, r.plan...)
	if r.place.Variables != "" {
		args = append(args, "-var-file="+r.place.Variables)
	}
	return r.command(append(args, "-out="+file), "plan")
}

// Show prints a plan as JSON.
func (r *Run) Show(file string) apps.Command {
	return r.command([]string{"-json", file}, "show")
}

// Apply applies exactly the plan of a file, with the state locked. Variables are
// given again where the program takes them beside a plan: ephemeral ones are not
// in it, and OpenTofu checks the others against it.
func (r *Run) Apply(file string, variables bool) apps.Command {
	args := append([]string{"-input=false", "-lock=true"}, r.apply...)
	if variables && r.place.Variables != "" {
		args = append(args, "-var-file="+r.place.Variables)
	}
	return r.command(append(args, file), "apply")
}

// Output prints the outputs of the state as JSON.
func (r *Run) Output() apps.Command {
	return r.command([]string{"-json"}, "output")
}

func (r *Run) command(args []string, words ...string) apps.Command {
	app := r.in.Spec.App
	var all []string
	if r.wrapper != nil {
		all = append([]string{"run"}, app.Args...)
		all = append(all, r.wrapper...)
		all = append(all, "--")
	} else {
		all = slices.Clone(app.Args)
	}
	all = append(all, words...)
	return apps.Command{Program: app.Program, Args: append(all, args...), Env: r.env}
}

// BackendText is the content of the file that overrides the backend.
const BackendText = "# Written by Signalbox for the time of a run.\nterraform {\n  backend \"http\" {}\n}\n"

// BackendFile checks the name of the file that overrides the backend and gives
// the one to use.
func BackendFile(name string) (string, error) {
	if name == "" {
		return domain.DefaultBackendFile, nil
	}
	if domain.CheckBackendFile(name) != nil { // as when the template was stored, in words for a run
		return "", fault.New("The backend file %q is not a name of a file of the configuration. Use a name that ends in .tf, without a directory.", name)
	}
	return name, nil
}
