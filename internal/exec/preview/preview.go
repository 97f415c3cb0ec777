// Package preview says which commands a run would carry out, without anything
// of it in place: the families are asked with placeholders for the paths that
// only the run itself knows. It starts and writes nothing.
package preview

import (
	"strconv"

	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/apps/ansible"
	"signalbox/internal/exec/apps/registry"
	"signalbox/internal/exec/apps/terraform"
	"signalbox/internal/job"
)

// Placeholders for what only the run knows.
const (
	Checkout = "<checkout>"
	Private  = "<private>"
	machine  = "<of the machine>"
)

// Commands returns the commands of the run in their order. Whoever calls has
// put something else in the place of every secret. None for a family whose
// commands depend on what the run finds.
func Commands(spec *job.Spec) ([]apps.Command, error) {
	in := apps.Input{Spec: spec, Dir: Checkout, Private: Private, Machine: environment(spec)}
	if spec.App.Kind == terraform.Kind {
		return phases(in)
	}
	build, ok := registry.Builder(spec.App.Kind)
	if !ok {
		return nil, nil
	}
	if spec.App.Kind == ansible.Kind {
		if mode := spec.Host.HomeMode; mode == "" || mode == "template_dir" {
			in.AnsibleHome = "<home of the template>/.ansible"
		}
		in.Inventory = inventory(spec.Inventory)
	}
	if inv := spec.Inventory; inv != nil && inv.Connection != nil && inv.Connection.Kind == "ssh" {
		in.AgentSocket = Private + "/agent.sock"
	}
	cmd, err := build(in)
	if err != nil {
		return nil, err
	}
	return []apps.Command{cmd}, nil
}

// phases are the commands of the Terraform family, as far as a run gets that is
// not stopped, finds changes, and is confirmed.
func phases(in apps.Input) ([]apps.Command, error) {
	place := terraform.Place{DataDir: Private + "/tf"}
	var files []apps.File
	variables, err := terraform.Variables(in.Spec)
	if err != nil {
		return nil, err
	}
	if variables != nil {
		place.Variables = Private + "/" + terraform.VariablesFile
		files = append(files, apps.File{Name: terraform.VariablesFile})
	}
	run, err := terraform.New(in, place)
	if err != nil {
		return nil, err
	}
	plan := Private + "/plan"
	list := []apps.Command{run.Init()}
	if run.NamedWorkspace() != "" {
		list = append(list, run.SelectWorkspace())
	}
	list = append(list, run.Plan(plan))
	if !run.PlanOnly() {
		list = append(list, run.Apply(plan, false))
	}
	for i := range list {
		list[i].Files = files
	}
	return list, nil
}

// environment is what the machine adds, as far as it is known here.
func environment(spec *job.Spec) []apps.Var {
	env := []apps.Var{{Name: "PATH", Value: machine}}
	for _, name := range spec.Host.ForwardEnv {
		env = append(env, apps.Var{Name: name, Value: machine})
	}
	for _, name := range apps.Names(spec.Host.EnvVars) {
		env = append(env, apps.Var{Name: name, Value: spec.Host.EnvVars[name]})
	}
	return append(env, apps.Var{Name: "HOME", Value: machine}, apps.Var{Name: "PWD", Value: Checkout})
}

func inventory(inv *job.Inventory) string {
	if inv == nil {
		return ""
	}
	name := Private + "/inventory_" + strconv.FormatInt(inv.ID, 10)
	switch inv.Kind {
	case "static":
		return name
	case "static-yaml":
		return name + ".yml"
	case "file":
		if inv.Repository != nil {
			return "<checkout of the inventory>/" + inv.Text
		}
		return inv.Text
	}
	return ""
}
