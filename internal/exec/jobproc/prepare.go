package jobproc

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
	git, err := gitClient(s.spec, private, ring, s.log, s.getenv, s.asGit, s.masker.Text)
	if err != nil {
		return job.Commit{}, err
	}
	s.cleanup = append(s.cleanup, git.Close) // the checkout borrows from its mirror
	return git.Checkout(ctx, s.spec.ProjectID, repo, dir)
}

// connection gives the program an agent with the key of the inventory and those
// that are for no host in particular.
func (s *session) connection(in *apps.Input) error {
	var all []*job.Credential
	if inv := s.spec.Inventory; inv != nil && inv.Connection != nil {
		all = append(all, inv.Connection)
	}
	for i, h := range s.spec.Credentials {
		if h.Match == "" {
			all = append(all, &s.spec.Credentials[i].Credential)
		}
	}
	all = slices.DeleteFunc(all, func(c *job.Credential) bool { return c.Kind != "ssh" || c.PrivateKey == "" })
	if len(all) == 0 {
		return nil
	}
	ring := keys.NewRing(s.work.Private)
	s.cleanup = append(s.cleanup, ring.Close)
	for _, c := range all {
		if _, err := ring.Add(c); err != nil {
			return err
		}
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
	if err := s.inventory(ctx, in); err != nil {
		return err
	}
	for _, v := range s.spec.Vaults {
		if err := vaultScript(in.Dir, v); err != nil {
			return err
		}
	}
	if err := limitFiles(in.Dir, s.spec.Ansible); err != nil {
		return err
	}
	return s.galaxy(ctx, in)
}

func (s *session) inventory(ctx context.Context, in *apps.Input) error {
	inv, dir, own := s.spec.Inventory, in.Dir, false
	var err error
	if inv != nil && inv.Kind == "file" && inv.Repository != nil {
		own = true
		if dir, err = s.inventoryRepository(ctx, *inv.Repository); err != nil {
			return err
		}
	}
	in.Inventory, err = s.work.Inventory(inv, dir, own)
	return err
}

// vaultScript checks a script that tells a vault password. Ansible would take
// one that cannot be executed for the password itself.
func vaultScript(dir string, v job.Vault) error {
	if v.Script == "" {
		return nil
	}
	full, err := workspace.ResolveFile(dir, v.Script, "vault script")
	if err != nil {
		return err
	}
	if info, err := os.Stat(full); err == nil && info.Mode().Perm()&0o111 == 0 {
		return fault.New("The vault script %q is not executable. Set its permission in the repository (git update-index --chmod=+x).", v.Script)
	}
	return nil
}

// limitFiles checks limits that name a file with a list of hosts: the warnings
// about its lines would show a file from outside the repository.
func limitFiles(dir string, options *job.Ansible) error {
	if options == nil {
		return nil
	}
	for _, limit := range options.Limit {
		for pattern := range strings.SplitSeq(limit, ",") {
			name, ok := strings.CutPrefix(strings.TrimSpace(pattern), "@")
			if !ok {
				continue
			}
			if _, err := workspace.ResolveFile(dir, name, "limit file"); err != nil {
				return err
			}
		}
	}
	return nil
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
	options := s.spec.Ansible
	if options == nil {
		options = &job.Ansible{}
	}
	if options.SkipGalaxy {
		s.log.Line("Galaxy requirements: not installed, as the task asks")
		return nil
	}
	access, forget, err := s.gitAccess("galaxy")
	if err != nil {
		return err
	}
	defer forget()
	env := append(apps.Env(*in, ansible.Fixed(), false), access...)
	program := "ansible-galaxy"
	if p := s.spec.App.Program; filepath.IsAbs(p) {
		program = filepath.Join(filepath.Dir(p), program)
	}
	identity, _ := process.Find(program, apps.Lookup(env, "PATH")) // a missing one is told when it is run
	return workspace.Galaxy{
		Checkout: in.Dir, Playbook: s.spec.Playbook, Config: workspace.FindAnsibleConfig(in.Dir, env),
		CollectionArgs: options.GalaxyCollectionArgs, RoleArgs: options.GalaxyRoleArgs,
		Program: identity, Line: s.log.Line,
		Run: func(ctx context.Context, args ...string) error {
			var said tail
			result, err := s.startTo(ctx, in.Dir, apps.Command{Program: program, Args: args, Env: env}, io.MultiWriter(s.log, &said), 0)
			if err != nil {
				return err
			}
			if cause := context.Cause(ctx); cause != nil {
				return cause
			}
			if result.ExitCode != 0 {
				return fault.New("The requirements in %s could not be installed (exit code %d). The output above says why.%s", filepath.Base(args[3]), result.ExitCode, said.fullDisk())
			}
			return nil
		},
	}.Install(ctx)
}
