package terraform_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/apps/terraform"
	"signalbox/internal/job"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// full is a run that uses everything.
func full(app job.App) apps.Input {
	raw := func(text string) json.RawMessage { return json.RawMessage(text) }
	return apps.Input{
		Spec: &job.Spec{
			Version: 1, TaskID: 42, ProjectID: 1, TemplateID: 5, App: app, Playbook: "infra",
			ExtraVars:  map[string]json.RawMessage{"num": raw("5"), "list": raw(`[1, "two"]`), "text": raw(`"a b"`), "no=env": raw("1"), "long": raw(`"` + strings.Repeat("x", 200<<10) + `"`)},
			SecretVars: map[string]json.RawMessage{"token": raw(`"token-secret"`)},
			Env:        map[string]string{"AWS_REGION": "eu", "TF_LOG": "warn"},
			SecretEnv:  map[string]string{"AWS_SECRET": "env-secret"},
			Details:    job.Details{ID: 42, Type: "build", TargetVersion: "1.2"},
			Terraform: &job.Terraform{
				Workspace: "blue", Destroy: true, Upgrade: true, MigrateState: true,
				TemplateArgs: job.StageArgs{
					Init: []string{"-backend-config=x.hcl"}, Plan: []string{"-target", "a.b", "-parallelism=3"},
					Default: []string{"-var-file", "prod.tfvars", "--lock-timeout=5m", "-compact-warnings"},
				},
				TaskArgs: job.StageArgs{Apply: []string{"-refresh=false", "-parallelism", "7"}},
				State: &job.TerraformState{
					Address: "http://x/state", LockAddress: "http://x/lock", UnlockAddress: "http://x/unlock", Username: "task", Password: "state-secret",
				},
			},
		},
		Dir: "/srv/job/checkout/infra", Private: "/srv/job/private",
		Machine:     []apps.Var{{Name: "PATH", Value: "/usr/bin"}, {Name: "HOME", Value: "/home/x"}, {Name: "PWD", Value: "/srv/job/checkout/infra"}},
		AgentSocket: "/srv/job/private/agent.sock",
	}
}

func place() terraform.Place {
	return terraform.Place{
		DataDir: "/srv/job/private/tf", Variables: "/srv/job/private/variables.tfvars.json", PluginCache: "/data/plugins",
		Throwaway: true, TerragruntProgram: "terraform", SSHCommand: "ssh -o BatchMode=yes",
	}
}

func show(t *testing.T, cmds ...apps.Command) string {
	t.Helper()
	var b strings.Builder
	for _, cmd := range cmds {
		fmt.Fprintf(&b, "%s %q\n", cmd.Program, cmd.Args)
	}
	env, err := apps.Environ(cmds[0].Env)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range env {
		fmt.Fprintf(&b, "env %q\n", e)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	t.Parallel()
	tofu := job.App{ID: "tofu", Kind: "terraform", Program: "tofu"}
	wrapped := job.App{ID: "terragrunt", Kind: "terraform", Program: "terragrunt", Args: []string{"--log-level=error"}}
	minimal := apps.Input{Spec: &job.Spec{App: tofu}, Machine: []apps.Var{{Name: "PATH", Value: "/usr/bin"}}}
	own := full(job.App{ID: "terraform", Kind: "terraform", Program: "/opt/terraform", Args: []string{"-chdir=sub"}})
	own.Spec.Env["TF_HTTP_ADDRESS"] = "http://mine"
	own.Spec.Terraform.Reconfigure, own.Spec.Terraform.PlanOnly = true, true
	own.Spec.Terraform.TaskArgs.Plan = []string{"-lock=false"}
	pathArg := full(wrapped)
	pathArg.Spec.Terraform.TaskArgs.Default = []string{"--tf-path", "tofu"}
	for name, c := range map[string]struct {
		in    apps.Input
		place terraform.Place
	}{
		"full":            {full(tofu), place()},
		"minimal":         {minimal, terraform.Place{DataDir: "/tf"}},
		"own-state":       {own, place()},
		"terragrunt":      {full(wrapped), place()},
		"terragrunt-path": {pathArg, place()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := terraform.New(c.in, c.place)
			if err != nil {
				t.Fatal(err)
			}
			cmds := []apps.Command{r.Init(), r.InitAgain()}
			if r.NamedWorkspace() != "" {
				cmds = append(cmds, r.SelectWorkspace())
			}
			cmds = append(cmds, r.Plan("/p/plan"), r.Show("/p/plan"), r.Apply("/p/plan", false), r.Apply("/p/plan", true), r.Output())
			got := show(t, cmds...)
			for _, cmd := range cmds {
				for _, a := range cmd.Args {
					if strings.Contains(a, "-secret") {
						t.Errorf("argument %q: every user of the machine can read it", a)
					}
				}
			}
			path := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("differs from %s (run with -update to accept):\n%s", path, got)
			}
		})
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	in := full(job.App{ID: "tofu", Program: "tofu"})
	delete(in.Spec.ExtraVars, "long")
	got, err := terraform.Variables(in.Spec)
	if want := `{"list":[1,"two"],"no=env":1,"num":5,"text":"a b","token":"token-secret"}` + "\n"; err != nil || string(got) != want {
		t.Errorf("%v %s, want %s", err, got, want)
	}
	if got, err := terraform.Variables(&job.Spec{}); got != nil || err != nil {
		t.Errorf("no variables: %q %v", got, err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*job.Terraform)
		want   string
	}{
		"out":             {func(p *job.Terraform) { p.TemplateArgs.Plan = []string{"-out", "x"} }, `The argument "-out x" of plan cannot be given.`},
		"auto-approve":    {func(p *job.Terraform) { p.TaskArgs.Default = []string{"--auto-approve"} }, "Use the run's option Auto approve."},
		"destroy":         {func(p *job.Terraform) { p.TaskArgs.Default = []string{"-destroy=true"} }, "Use the run's option Destroy."},
		"input":           {func(p *job.Terraform) { p.TaskArgs.Init = []string{"-input=true"} }, `The argument "-input=true" of init cannot be given.`},
		"unlocked":        {func(p *job.Terraform) { p.TaskArgs.Default = []string{"-lock=false"} }, "would leave the state unlocked"},
		"unlocked apply":  {func(p *job.Terraform) { p.TaskArgs.Plan, p.TaskArgs.Apply = []string{}, []string{"-lock=0"} }, "would leave the state unlocked"},
		"operand":         {func(p *job.Terraform) { p.TaskArgs.Apply = []string{"other.plan"} }, `The argument "other.plan" of plan is not an option.`},
		"dashes":          {func(p *job.Terraform) { p.TaskArgs.Apply = []string{"--", "x"} }, "is not an option"},
		"zero byte":       {func(p *job.Terraform) { p.TaskArgs.Apply = []string{"-x=\x00"} }, "zero byte"},
		"workspace":       {func(p *job.Terraform) { p.Workspace = "-force" }, `The workspace name "-force" is not valid.`},
		"backend outside": {func(p *job.Terraform) { p.OverrideBackend, p.BackendFile = true, "../x.tf" }, `The backend file "../x.tf" is not a name`},
		"backend hidden":  {func(p *job.Terraform) { p.OverrideBackend, p.BackendFile = true, ".x.tf" }, "is not a name"},
		"backend ending":  {func(p *job.Terraform) { p.OverrideBackend, p.BackendFile = true, "main.sh" }, "ends in .tf"},
	} {
		in := apps.Input{Spec: &job.Spec{App: job.App{Program: "tofu"}, Terraform: &job.Terraform{}}}
		c.change(in.Spec.Terraform)
		if _, err := terraform.New(in, terraform.Place{DataDir: "/tf"}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	stale := "\x1b[31m╷\x1b[0m\n\x1b[31m│\x1b[0m \x1b[1m\x1b[31mError: \x1b[0m\x1b[0m\x1b[1mSaved plan is\n\x1b[31m│\x1b[0m stale\x1b[0m\n"
	if err := terraform.Explain(terraform.PhaseApply, 1, stale); !strings.HasPrefix(err.Error(), terraform.Stale) {
		t.Error(err)
	}
	if err := terraform.Explain(terraform.PhasePlan, 1, stale); err.Error() != "The plan ended with exit code 1. The output above says why." {
		t.Error(err)
	}
}

func TestTakesVariablesWithPlan(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{"1.9.8": false, "1.10.10": false, "1.11.0": true, "1.12.6": true, "1.11.0-beta1": true, "2.0.0": true, "0.15.5": false, "": false, "x.y": false} {
		if got := terraform.TakesVariablesWithPlan(version); got != want {
			t.Errorf("%q: %v, want %v", version, got, want)
		}
	}
}
