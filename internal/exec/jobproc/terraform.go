package jobproc

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/apps/terraform"
	"signalbox/internal/exec/fault"
	"signalbox/internal/exec/gitrepo"
	"signalbox/internal/exec/process"
	"signalbox/internal/exec/workspace"
	"signalbox/internal/job"
)

// exitChanges is how a plan says that something would change.
const exitChanges = 2

// tofu is a run of OpenTofu, Terraform or Terragrunt: init, plan to a file, the
// question, apply of that very file.
type tofu struct {
	s       *session
	in      apps.Input
	params  job.Terraform
	run     *terraform.Run
	inPlace bool // the directory is the user's own, not a checkout
	keep    tofuFiles
	plan    string     // the plan file
	digest  string     // its SHA-256
	access  []apps.Var // sign-ins for modules, while they are fetched
}

// terraform runs the phases. In.Dir is the directory of the configuration.
func (s *session) terraform(ctx context.Context, in apps.Input) error {
	t := &tofu{s: s, in: in, inPlace: gitrepo.InPlace(s.spec.Repository)}
	if s.spec.Terraform != nil {
		t.params = *s.spec.Terraform
	}
	if err := t.prepare(); err != nil {
		return err
	}
	var summary terraform.Summary
	err := t.withBackend(ctx, func() error {
		if err := s.inStage(job.StageInit, func() (any, error) { return nil, t.init(ctx) }); err != nil {
			return err
		}
		return s.inStage(job.StagePlan, func() (any, error) {
			var err error
			summary, err = t.makePlan(ctx)
			if err != nil {
				return nil, err
			}
			return summary, nil
		})
	})
	if err != nil || !summary.HasChanges || t.params.PlanOnly {
		return err
	}
	if !t.params.AutoApprove {
		s.log.Line("Waiting for approval: " + counts(summary) + ".")
		if err := s.approval(ctx, t.params.ApprovalTimeout); err != nil {
			return err
		}
		s.log.Line("Approved.")
	}
	return s.inStage(job.StageRunning, func() (any, error) { return t.apply(ctx, summary) })
}

// inStage runs a part of the run as a stage. A result comes with success only.
func (s *session) inStage(kind string, part func() (any, error)) error {
	st, err := s.beginStage(kind)
	if err != nil {
		return err
	}
	result, err := part()
	if err != nil {
		result = nil
	}
	return errors.Join(err, st.end(result))
}

func counts(s terraform.Summary) string {
	if s.Unreadable {
		return "see the plan above"
	}
	text := fmt.Sprintf("%d to add, %d to change, %d to destroy", s.Add, s.Change, s.Destroy)
	if s.Import > 0 {
		text = fmt.Sprintf("%d to import, %s", s.Import, text)
	}
	if s.OutputsChanged > 0 && s.Add+s.Change+s.Destroy+s.Import == 0 {
		text = fmt.Sprintf("%d outputs to change", s.OutputsChanged)
	}
	return text
}

// configuration finds the directory of the configuration.
func configuration(root, name string) (string, error) {
	name = strings.TrimLeft(name, "/")
	if name == "" {
		return root, nil
	}
	dir, err := workspace.Resolve(root, name, "directory")
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return "", fault.New("%q is a file. Name the directory of the configuration in the template.", name)
	}
	return dir, nil
}

// prepare puts the files of the run in place.
func (t *tofu) prepare() error {
	s := t.s
	data, err := s.work.Subdir("tf")
	if err != nil {
		return err
	}
	place := terraform.Place{DataDir: data, Throwaway: !t.inPlace}
	if t.keep, err = openTofuFiles(s.spec); err != nil {
		return err
	}
	place.PluginCache = t.keep.plugins
	path := apps.Lookup(t.in.Machine, "PATH")
	place.TerragruntProgram = "terraform"
	if _, err := process.Find("terraform", path); err != nil {
		if _, err := process.Find("tofu", path); err == nil {
			place.TerragruntProgram = "tofu"
		}
	}
	variables, err := terraform.Variables(s.spec)
	if err != nil {
		return err
	}
	if variables != nil {
		if place.Variables, err = s.work.WriteFile(terraform.VariablesFile, variables); err != nil {
			return err
		}
	}
	// The program writes into the file that is there, which keeps its mode.
	if t.plan, err = s.work.WriteFile("plan", nil); err != nil {
		return err
	}
	if t.run, err = terraform.New(t.in, place); err != nil {
		return err
	}
	return t.keep.seed(data, t.params.Reconfigure)
}

// init makes the directory ready and selects the workspace.
func (t *tofu) init(ctx context.Context) error {
	backend, err := t.initBackend(ctx)
	if err != nil {
		return err
	}
	name := t.run.NamedWorkspace()
	if name == "" {
		return nil
	}
	var said tail
	code, err := t.start(ctx, t.run.SelectWorkspace(), &said)
	switch {
	case err != nil:
		return err
	case code == 0:
		return nil
	case terraform.NoWorkspaces(said.String()) && backend.Type == "http" && t.params.State != nil:
		t.s.log.Line(fmt.Sprintf("The http backend has no workspaces: the state of %q is told apart by its address.", name))
		return nil
	}
	return explain(terraform.PhaseWorkspace, code, &said)
}

// initBackend runs init and sees to it that the state does not go with the
// checkout.
func (t *tofu) initBackend(ctx context.Context) (backend, error) {
	unlock, err := t.keep.lockPlugins(ctx, t.run.Env())
	if err != nil {
		return backend{}, err
	}
	defer unlock()
	access, forget, err := t.s.gitAccess("modules")
	if err != nil {
		return backend{}, err
	}
	t.access = access
	defer func() {
		t.access = nil
		forget()
	}()
	ours := !t.inPlace && !t.params.OverrideBackend && !t.run.Terragrunt()
	written := ours && !namesBackend(t.in.Dir)
	if written {
		if err := t.keep.localBackend(t.in.Dir); err != nil {
			return backend{}, err
		}
	}
	if err := t.command(ctx, terraform.PhaseInit, t.run.Init()); err != nil {
		return backend{}, err
	}
	used, err := t.keep.remember(t.s.masker)
	if err != nil {
		return used, err
	}
	path, beside := used.beside()
	switch {
	case !beside || t.inPlace || t.params.OverrideBackend:
		return used, nil
	case ours && !written && path == "":
		if err := t.keep.localBackend(t.in.Dir); err != nil {
			return used, err
		}
		if err := t.command(ctx, terraform.PhaseInit, t.run.InitAgain()); err != nil {
			return used, err
		}
		return t.keep.remember(t.s.masker)
	case t.params.PlanOnly:
		return used, nil
	case path == "":
		path = stateName
	}
	return used, fault.New("The configuration keeps its state in the file %q of the checkout, which is gone after the run. Use a backend that keeps state elsewhere, or none at all: Signalbox then keeps it.", path)
}

// makePlan plans to the file and reads it.
func (t *tofu) makePlan(ctx context.Context) (terraform.Summary, error) {
	var said tail
	code, err := t.start(ctx, t.run.Plan(t.plan), &said)
	if err != nil {
		return terraform.Summary{}, err
	}
	if code != 0 && code != exitChanges {
		return terraform.Summary{}, explain(terraform.PhasePlan, code, &said)
	}
	summary, err := t.show(ctx)
	if err != nil {
		return summary, err
	}
	summary.HasChanges = code == exitChanges
	bound := &summary.Bound
	bound.Commit = t.in.Commit.Hash
	bound.Destroy = t.params.Destroy
	if bound.Workspace = t.run.NamedWorkspace(); bound.Workspace == "" {
		bound.Workspace = "default"
	}
	if serial, lineage, known := terraform.StateOf(t.plan); known {
		bound.Serial, bound.Lineage = &serial, lineage
	}
	if t.digest, err = fileDigest(t.plan); err != nil {
		return summary, workspace.Explain(err, "read the plan")
	}
	bound.Plan = t.digest
	t.s.exitCode = 0
	return summary, nil
}

// show reads the plan as data. One that is too large to be read is no reason to
// end the run: it has been printed.
func (t *tofu) show(ctx context.Context) (terraform.Summary, error) {
	text, err := t.capture(ctx, terraform.PhaseShow, t.run.Show(t.plan))
	if errors.Is(err, process.ErrTooMuch) {
		t.s.log.Line("The plan is too large to be shown as data; it stands above as text.")
		return terraform.Summary{Unreadable: true, Truncated: true, Resources: []terraform.Resource{}, Outputs: []terraform.Output{}, Drift: []terraform.Resource{}}, nil
	}
	if err != nil {
		return terraform.Summary{}, err
	}
	key := t.params.DigestKey
	if len(key) == 0 {
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never fails
	}
	summary, err := terraform.Summarise(text, t.s.masker.Text, key)
	if err != nil {
		return summary, fault.Wrap(err, "The plan could not be read: %v. Another version of the program may help.", err)
	}
	return summary, nil
}

// applied is the result of the stage that applies.
type applied struct {
	Outputs   []terraform.OutputValue `json:"outputs"`
	Truncated bool                    `json:"truncated"`
}

// apply applies the plan that was shown. That the state is still the one the plan
// was made from is checked by the program, which holds the lock while it does.
func (t *tofu) apply(ctx context.Context, summary terraform.Summary) (any, error) {
	digest, err := fileDigest(t.plan)
	if err != nil {
		return nil, workspace.Explain(err, "read the plan")
	}
	if digest != t.digest {
		return nil, fault.New("The plan file is not the one that was shown, so nothing was applied. Run the task again.")
	}
	err = t.command(ctx, terraform.PhaseApply, t.run.Apply(t.plan, terraform.TakesVariablesWithPlan(summary.Bound.Version)))
	if err != nil {
		if !t.inPlace {
			t.keep.rescue(t.in.Dir, t.s.spec.TaskID, t.s.log.Line)
		}
		return nil, err
	}
	result := applied{Outputs: []terraform.OutputValue{}}
	err = t.withBackend(ctx, func() error {
		text, err := t.capture(ctx, terraform.PhaseOutput, t.run.Output())
		if err == nil {
			result.Outputs, result.Truncated, err = terraform.Outputs(text, t.s.masker.Text)
		}
		return err
	})
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	if err != nil {
		// What was to be done is done; only the list of outputs is missing.
		t.s.log.Line("The outputs could not be read: " + t.s.masker.Text(fault.Sentence(err)))
		result.Truncated = true
	}
	t.s.exitCode = 0
	return result, nil
}

// command runs a command that must succeed.
func (t *tofu) command(ctx context.Context, phase terraform.Phase, cmd apps.Command) error {
	var said tail
	code, err := t.start(ctx, cmd, &said)
	if err != nil {
		return err
	}
	if code != 0 {
		return explain(phase, code, &said)
	}
	return nil
}

// start runs a command with its output in the log and its end in said. The
// command is asked to end by INT, like from a keyboard: it goes to the whole
// group, and providers ignore it, so that what is being changed can be finished
// and written to the state. TERM would end the providers at once.
func (t *tofu) start(ctx context.Context, cmd apps.Command, said *tail) (int, error) {
	cmd.Env = slices.Concat(cmd.Env, t.access)
	result, err := t.s.startTo(ctx, t.in.Dir, cmd, io.MultiWriter(t.s.log, said), syscall.SIGINT)
	if err != nil {
		return 0, err
	}
	t.s.exitCode = result.ExitCode
	if cause := context.Cause(ctx); cause != nil {
		return 0, cause
	}
	switch {
	case result.Signal == syscall.SIGKILL:
		return 0, fault.New("The program was killed (signal KILL). The machine may have run out of memory.")
	case result.Signal != 0:
		return 0, fault.New("The program was ended by signal %d (%s).", int(result.Signal), result.Signal)
	}
	return result.ExitCode, nil
}

// capture runs a command for its answer.
func (t *tofu) capture(ctx context.Context, phase terraform.Phase, cmd apps.Command) ([]byte, error) {
	env, err := t.s.environ(cmd)
	if err != nil {
		return nil, err
	}
	path, err := process.Find(cmd.Program, apps.Lookup(cmd.Env, "PATH"))
	if err != nil {
		return nil, explainStart(err, cmd.Program)
	}
	text, err := process.Capture(ctx, process.Command{
		Path: path, Args: append([]string{cmd.Program}, cmd.Args...), Dir: t.in.Dir, Env: env, As: t.s.as,
	}, t.s.log)
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	if err != nil && !errors.Is(err, process.ErrTooMuch) {
		return nil, fault.Wrap(err, "The command %s failed. The output above says why.", phase)
	}
	return text, err
}

// explain says why a command failed; what it says of the disk is told whatever
// else is known.
func explain(phase terraform.Phase, code int, said *tail) error {
	err := terraform.Explain(phase, code, said.String())
	if full := said.fullDisk(); full != "" {
		return fault.Wrap(err, "%s%s", fault.Sentence(err), full)
	}
	return err
}

func fileDigest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
