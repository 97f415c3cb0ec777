package tasks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"signalbox/internal/domain"
	"signalbox/internal/job"
	"signalbox/internal/store"
)

// BuildJob turns a claimed task into what its job needs to know. Definitions
// are those of the moment the task was created; secrets are read now.
func (s *Service) BuildJob(ctx context.Context, t domain.Task) (job.Spec, error) {
	stored, err := s.Store.Tasks().Definition(ctx, t.ID)
	if err != nil {
		return job.Spec{}, fmt.Errorf("definition of task %d: %w", t.ID, err)
	}
	b := builder{s: s, task: t, def: stored.Definition}
	app, err := s.app(ctx, b.def.Template.App)
	if err != nil {
		return job.Spec{}, err
	}
	if stored.Secret != "" {
		text, err := s.Sealer.Open(stored.Secret, "task.secret")
		if err != nil {
			return job.Spec{}, domain.Invalid("secret", "the secret answers of the task cannot be decrypted; was the encryption key changed?")
		}
		if err := decodeValues(text, &b.answers); err != nil {
			return job.Spec{}, err
		}
	}
	spec := job.Spec{
		Version: job.Version, TaskID: int64(t.ID), ProjectID: int64(t.ProjectID), TemplateID: int64(t.TemplateID), Epoch: t.Epoch,
		App:      job.App{ID: app.ID, Kind: "script", Program: app.Program, Args: app.Args},
		Playbook: b.def.Template.Playbook,
		Limits:   job.Limits{MaxDuration: s.Settings.MaxDuration, StopGrace: s.Settings.StopGrace, MaxOutput: s.Settings.MaxOutput},
		Host:     s.Settings.Host,
	}
	if app.Path != "" {
		spec.App.Program = app.Path
	}
	if app.Ansible {
		spec.App.Kind = "ansible"
		if spec.Ansible, err = b.ansible(); err != nil {
			return spec, err
		}
	}
	if t.Playbook != "" {
		spec.Playbook = t.Playbook
	}
	if spec.TemplateArgs, err = arguments(b.def.Template.Arguments); err != nil {
		return spec, domain.Invalid("arguments", "the arguments of the template are not a JSON array of texts")
	}
	if spec.TaskArgs, err = arguments(t.Arguments); err != nil {
		return spec, domain.Invalid("arguments", "the arguments of the task are not a JSON array of texts")
	}
	steps := []func(context.Context, *job.Spec) error{b.repository, b.inventory, b.variables, b.vaults, b.details}
	for _, step := range steps {
		if err := step(ctx, &spec); err != nil {
			return spec, err
		}
	}
	return spec, nil
}

type builder struct {
	s       *Service
	task    domain.Task
	def     domain.Definition
	answers map[string]json.RawMessage // secret survey answers
}

func arguments(text *string) ([]string, error) {
	if text == nil {
		return nil, nil
	}
	return domain.ParseStrings(*text)
}

// decodeValues reads a JSON object and keeps every value as it was written.
func decodeValues(text []byte, into *map[string]json.RawMessage) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	return json.Unmarshal(text, into)
}

func (b *builder) repository(ctx context.Context, spec *job.Spec) error {
	r, err := b.repo(ctx, b.def.Repository)
	if err != nil {
		return err
	}
	tpl := b.def.Template
	if tpl.GitBranch != nil {
		r.Branch, r.Override = *tpl.GitBranch, true
	}
	if b.task.GitBranch != nil {
		r.Branch, r.Override = *b.task.GitBranch, true
	}
	if b.task.CommitHash != nil && b.task.CommitMessage == "" {
		r.Commit, r.Override = *b.task.CommitHash, true
	}
	spec.Repository = r
	return nil
}

func (b *builder) repo(ctx context.Context, r domain.Repository) (job.Repository, error) {
	c, err := b.s.credential(ctx, &r.SSHKeyID)
	if err != nil {
		return job.Repository{}, err
	}
	return job.Repository{
		ID: int64(r.ID), Name: r.Name, URL: r.GitURL, Kind: string(r.Kind()), Branch: r.GitBranch, Credential: c,
	}, nil
}

// credential opens a key; nil for no key and for keys of type none.
func (s *Service) credential(ctx context.Context, id *domain.KeyID) (*job.Credential, error) {
	if id == nil || *id == 0 {
		return nil, nil
	}
	k, err := s.Store.Keys().Get(ctx, *id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, domain.Invalid("key", "a key that the task needs was deleted meanwhile")
	}
	if err != nil {
		return nil, err
	}
	if k.Type == domain.KeyNone {
		return nil, nil
	}
	secret, err := s.Keys.OpenKey(k)
	if err != nil {
		return nil, domain.Invalid("key", "the key %q cannot be decrypted; was the encryption key changed?", k.Name)
	}
	if secret.Empty(k.Type) {
		return nil, domain.Invalid("key", "the key %q holds no secret yet; set it in the key store", k.Name)
	}
	return &job.Credential{
		Name: k.Name, Kind: string(k.Type), Login: secret.Login, Password: secret.Password.Reveal(),
		Passphrase: secret.Passphrase.Reveal(), PrivateKey: secret.PrivateKey.Reveal(), String: secret.String.Reveal(),
	}, nil
}

func (b *builder) inventory(ctx context.Context, spec *job.Spec) error {
	inv := b.def.Inventory
	if inv == nil {
		return nil
	}
	out := job.Inventory{ID: int64(inv.ID), Name: inv.Name, Kind: string(inv.Type), Text: inv.Inventory}
	var err error
	if b.def.InventoryRepository != nil {
		r, err := b.repo(ctx, *b.def.InventoryRepository)
		if err != nil {
			return err
		}
		out.Repository = &r
	}
	if out.Connection, err = b.s.credential(ctx, inv.SSHKeyID); err != nil {
		return err
	}
	if out.Become, err = b.s.credential(ctx, inv.BecomeKeyID); err != nil {
		return err
	}
	if c := out.Connection; c != nil && c.Kind == string(domain.KeyString) {
		return domain.Invalid("inventory", "the key %q of inventory %q is a plain string; connections need an ssh or login with password key", c.Name, inv.Name)
	}
	if c := out.Become; c != nil && c.Kind != string(domain.KeyLoginPassword) {
		return domain.Invalid("inventory", "the become key %q of inventory %q must be a login with password key", c.Name, inv.Name)
	}
	spec.Inventory = &out
	return nil
}

// variables merges, weakest first: the group's variables, the task's, the
// group's secrets, the secret survey answers.
func (b *builder) variables(ctx context.Context, spec *job.Spec) error {
	spec.ExtraVars, spec.SecretVars = map[string]json.RawMessage{}, map[string]json.RawMessage{}
	spec.Env, spec.SecretEnv = map[string]string{}, map[string]string{}
	if g := b.def.VariableGroup; g != nil {
		if err := decodeValues([]byte(g.JSON), &spec.ExtraVars); err != nil {
			return domain.Invalid("json", "the extra variables of group %q are not a JSON object", g.Name)
		}
		if g.Env != nil {
			env, err := domain.ParseObject(*g.Env)
			if err != nil {
				return domain.Invalid("env", "the environment of group %q is not a JSON object", g.Name)
			}
			for name, v := range env {
				spec.Env[name] = answerText(v)
			}
		}
	}
	if err := decodeValues([]byte(b.task.Environment), &spec.ExtraVars); err != nil {
		return domain.Invalid("environment", "the variables of the task are not a JSON object")
	}
	if err := b.groupSecrets(ctx, spec); err != nil {
		return err
	}
	for name, v := range b.answers {
		spec.SecretVars[name] = v
	}
	for name := range spec.SecretVars {
		delete(spec.ExtraVars, name)
	}
	return nil
}

func (b *builder) groupSecrets(ctx context.Context, spec *job.Spec) error {
	g := b.def.VariableGroup
	if g == nil {
		return nil
	}
	keys, err := b.s.Store.Keys().List(ctx, store.Where(store.InProject(g.ProjectID), store.Eq("variable_group_id", g.ID)))
	if err != nil {
		return err
	}
	for _, k := range keys {
		secret, err := b.s.Keys.OpenKey(k)
		if err != nil {
			return domain.Invalid("key", "the secret %q of group %q cannot be decrypted; was the encryption key changed?", k.Name, g.Name)
		}
		if k.Owner == domain.OwnerEnvironment {
			spec.SecretEnv[k.Name] = secret.String.Reveal()
			continue
		}
		text, err := json.Marshal(secret.String.Reveal())
		if err != nil {
			return err
		}
		spec.SecretVars[k.Name] = text
	}
	return nil
}

func (b *builder) vaults(ctx context.Context, spec *job.Spec) error {
	for _, v := range b.def.Vaults {
		out := job.Vault{Name: "default"}
		if v.Name != nil && *v.Name != "" {
			out.Name = *v.Name
		}
		if v.Type == "script" {
			if v.Script != nil {
				out.Script = *v.Script
			}
			spec.Vaults = append(spec.Vaults, out)
			continue
		}
		c, err := b.s.credential(ctx, v.KeyID)
		if err != nil {
			return err
		}
		if c == nil {
			continue // a key of type none stands for no password
		}
		if c.Kind != string(domain.KeyLoginPassword) {
			return domain.Invalid("vaults", "the vault key %q must be a login with password key", c.Name)
		}
		out.Password = c.Password
		spec.Vaults = append(spec.Vaults, out)
	}
	return nil
}

func (b *builder) ansible() (*job.Ansible, error) {
	var tpl domain.AnsibleTemplateParams
	if err := domain.DecodeParams("task_params", b.def.Template.TaskParams, &tpl); err != nil {
		return nil, err
	}
	var task domain.AnsibleTaskParams
	if err := domain.DecodeParams("params", b.task.Params, &task); err != nil {
		return nil, err
	}
	out := &job.Ansible{Check: task.DryRun, Diff: task.Diff, Limit: tpl.Limit, Tags: tpl.Tags, SkipTags: tpl.SkipTags}
	if tpl.AllowDebug {
		out.Verbosity = task.Verbosity()
	}
	if tpl.AllowOverrideLimit && task.Limit != nil {
		out.Limit = *task.Limit
	}
	if tpl.AllowOverrideTags && task.Tags != nil {
		out.Tags = *task.Tags
	}
	if tpl.AllowOverrideSkipTags && task.SkipTags != nil {
		out.SkipTags = *task.SkipTags
	}
	return out, nil
}

func (b *builder) details(ctx context.Context, spec *job.Spec) error {
	t := b.task
	d := job.Details{
		ID: int64(t.ID), Message: t.Message, RepositoryID: int64(b.def.Repository.ID), RepositoryName: b.def.Repository.Name,
		Type: string(b.def.Template.Type),
	}
	if t.UserID != nil {
		u, err := b.s.Store.Users().Get(ctx, *t.UserID)
		if err == nil {
			d.Username = u.Username
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	if b.s.Settings.WebHost != "" {
		d.URL = fmt.Sprintf("%s/project/%d/history?t=%d", strings.TrimRight(b.s.Settings.WebHost, "/"), t.ProjectID, t.ID)
	}
	if inv := b.def.Inventory; inv != nil {
		d.InventoryID, d.InventoryName = int64(inv.ID), inv.Name
	}
	if t.Version != nil {
		d.TargetVersion = *t.Version
	}
	if t.BuildTaskID != nil {
		build, err := b.s.Store.Tasks().Get(ctx, *t.BuildTaskID)
		if err == nil && build.Version != nil {
			d.IncomingVersion = *build.Version
		} else if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	spec.Details = d
	return nil
}

// Branches lists the branches of a repository. Git runs in a job process.
func (s *Service) Branches(ctx context.Context, p domain.ProjectID, id domain.RepositoryID) ([]string, error) {
	r, err := s.Store.Repositories().Get(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && r.ProjectID != p {
		return nil, domain.NotFound("repository")
	}
	if err != nil {
		return nil, err
	}
	b := builder{s: s}
	jr, err := b.repo(ctx, r)
	if err != nil {
		return nil, err
	}
	list, err := s.Queries.Branches(ctx, int64(p), jr)
	if err != nil {
		return nil, domain.Invalid("git_url", "%s", err)
	}
	return list, nil
}
