package jobproc

import (
	"context"
	"os"
	"path/filepath"

	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/apps/ansible"
	"signalbox/internal/exec/apps/terraform"
	"signalbox/internal/exec/fault"
	"signalbox/internal/exec/gitrepo"
	"signalbox/internal/exec/keys"
	"signalbox/internal/exec/process"
	"signalbox/internal/exec/workspace"
	"signalbox/internal/job"
)

// prepare puts everything in place that the program needs.
func (s *session) prepare(ctx context.Context, in *apps.Input) error {
	if err := s.files(ctx, in); err != nil {
		return err
	}
	var err error
	if s.spec.App.Kind == terraform.Kind {
		if in.Dir, err = configuration(in.Dir, s.spec.Playbook); err != nil {
			return err
		}
	}
	if in.Machine, err = workspace.Machine(s.spec, in.Dir, s.getenv); err != nil {
		return err
	}
	if s.spec.Playbook != "" && s.spec.App.Kind != terraform.Kind {
		if _, err := workspace.ResolveFile(in.Dir, s.spec.Playbook, s.word()); err != nil {
			return err
		}
	}
	if err := s.connection(in); err != nil {
		return err
	}
	if s.spec.App.Kind == ansible.Kind {
		return s.prepareAnsible(ctx, in)
	}
	return nil
}

// files brings the repository, and the commit it is at.
func (s *session) files(ctx context.Context, in *apps.Input) error {
	repo := s.spec.Repository
	if gitrepo.InPlace(repo) {
		in.Dir = repo.URL
		return gitrepo.CheckDirectory(repo)
	}
	in.Dir = s.work.Checkout
	commit, err := s.checkout(ctx, repo, in.Dir)
	if err != nil {
		return err
	}
	in.Commit = commit
	return s.journal.Append(job.Record{Commit: &commit})
}

// checkout gets a repository. Its keys are forgotten as soon as it is there.
func (s *session) checkout(ctx context.Context, repo job.Repository, dir string) (job.Commit, error) {
	private, err := s.work.Subdir("git-" + filepath.Base(dir))
	if err != nil {
		return job.Commit{}, err
	}
	defer os.RemoveAll(private)
	ring := keys.NewRing(private)
	defer ring.Close()
	git, err := gitClient(s.spec, private, ring, s.getenv)
	if err != nil {
		return job.Commit{}, err
	}
	git.Output, git.As, git.Mask = s.log, s.asGit, s.masker.Text
	if git.Executable, err = helperProgram(s.spec.Host.Isolation, private); err != nil {
		return job.Commit{}, err
	}
	return git.Checkout(ctx, s.spec.ProjectID, repo, dir)
}

// gitClient sets git up with the machine's environment.
func gitClient(spec *job.Spec, private string, ring *keys.Ring, getenv func(string) string) (*gitrepo.CLI, error) {
	machine, err := workspace.Machine(spec, "", getenv)
	if err != nil {
		return nil, err
	}
	env := make([]apps.Var, 0, len(machine))
	for _, v := range machine {
		switch v.Name {
		case "PWD", "HOME", "PATH":
		default:
			env = append(env, v)
		}
	}
	list, err := apps.Environ(env)
	if err != nil {
		return nil, err
	}
	return &gitrepo.CLI{
		DataDir: spec.Host.DataDir, ConfigDir: spec.Host.GitDir(), Private: private,
		Home: apps.Lookup(machine, "HOME"), Path: apps.Lookup(machine, "PATH"),
		Env: list, SSHConfig: spec.Host.SSHConfigPath, Ring: ring,
	}, nil
}

// connection gives the program the key of the inventory.
func (s *session) connection(in *apps.Input) error {
	inv := s.spec.Inventory
	if inv == nil || inv.Connection == nil || inv.Connection.Kind != "ssh" || inv.Connection.PrivateKey == "" {
		return nil
	}
	ring := keys.NewRing(s.work.Private)
	s.cleanup = append(s.cleanup, ring.Close)
	if _, err := ring.Add(inv.Connection); err != nil {
		return err
	}
	in.AgentSocket = ring.Socket()
	return nil
}

// prepareAnsible puts inventory, vault scripts and galaxy requirements in place.
func (s *session) prepareAnsible(ctx context.Context, in *apps.Input) error {
	var err error
	if in.AnsibleHome, err = workspace.AnsibleHome(s.spec); err != nil {
		return err
	}
	if inv := s.spec.Inventory; inv != nil {
		dir, own := in.Dir, false
		if inv.Kind == "file" && inv.Repository != nil {
			own = true
			if dir, err = s.inventoryRepository(ctx, *inv.Repository); err != nil {
				return err
			}
		}
		if in.Inventory, err = s.work.Inventory(inv, dir, own); err != nil {
			return err
		}
	}
	for _, v := range s.spec.Vaults {
		if v.Script == "" {
			continue
		}
		if _, err := workspace.ResolveFile(in.Dir, v.Script, "vault script"); err != nil {
			return err
		}
	}
	return s.galaxy(ctx, in)
}

// inventoryRepository brings the repository of the inventory's file.
func (s *session) inventoryRepository(ctx context.Context, repo job.Repository) (string, error) {
	if gitrepo.InPlace(repo) {
		return repo.URL, gitrepo.CheckDirectory(repo)
	}
	dir := filepath.Join(s.work.Root, "inventory")
	_, err := s.checkout(ctx, repo, dir)
	return dir, err
}

// galaxy installs what the repository requires.
func (s *session) galaxy(ctx context.Context, in *apps.Input) error {
	env := apps.Env(*in, ansible.Fixed(), false)
	home := in.AnsibleHome
	if home == "" {
		if home = apps.Lookup(env, "ANSIBLE_HOME"); home == "" {
			home = filepath.Join(apps.Lookup(env, "HOME"), ".ansible")
		}
	}
	program := "ansible-galaxy"
	if p := s.spec.App.Program; filepath.IsAbs(p) {
		program = filepath.Join(filepath.Dir(p), program)
	}
	identity, _ := process.Find(program, apps.Lookup(env, "PATH")) // a missing one is told when it is run
	return workspace.Galaxy{
		Checkout: in.Dir, Playbook: s.spec.Playbook, Home: home, Env: env, Program: identity, Line: s.log.Line,
		Run: func(ctx context.Context, args ...string) error {
			result, err := s.start(ctx, in.Dir, apps.Command{Program: program, Args: args, Env: env})
			if err != nil {
				return err
			}
			if cause := context.Cause(ctx); cause != nil {
				return cause
			}
			if result.ExitCode != 0 {
				return fault.New("The requirements in %s could not be installed (exit code %d). The output above says why.", filepath.Base(args[3]), result.ExitCode)
			}
			return nil
		},
	}.Install(ctx)
}
