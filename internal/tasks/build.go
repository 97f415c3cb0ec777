package tasks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/job"
	"signalbox/internal/secrets"
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
	if stored.Secret != "" {
		text, err := s.Sealer.Open(stored.Secret, secrets.TaskPlace)
		if err != nil {
			return job.Spec{}, domain.Invalid("secret", "the secret answers of the task cannot be decrypted; was the encryption key changed?")
		}
		if err := decodeValues(text, &b.answers); err != nil {
			return job.Spec{}, err
		}
	}
	return b.build(ctx)
}

func (b *builder) build(ctx context.Context) (job.Spec, error) {
	s, t := b.s, b.task
	app, err := s.app(ctx, b.def.Template.App)
	if err != nil {
		return job.Spec{}, err
	}
	spec := job.Spec{
		Version: job.Version, TaskID: int64(t.ID), ProjectID: int64(t.ProjectID), TemplateID: int64(t.TemplateID), Epoch: t.Epoch,
		App:      jobApp(app),
		Playbook: b.def.Template.Playbook,
		Limits:   s.limits(b.def.Template),
		Host:     b.host(),
	}
	if t.Playbook != "" {
		spec.Playbook = t.Playbook
	}
	if err := b.family(app, &spec); err != nil {
		return spec, err
	}
	steps := []func(context.Context, *job.Spec) error{b.repository, b.inventory, b.variables, b.vaults, b.hosts, b.details}
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
	masked  bool                       // open no secret, put "***" in its place
}

// host is what the machine's configuration gives, whose values may be secret.
func (b *builder) host() job.Host {
	h := b.s.Settings.Host
	if b.masked {
		vars := make(map[string]string, len(h.EnvVars))
		for name := range h.EnvVars {
			vars[name] = masked
		}
		h.EnvVars = vars
	}
	return h
}

// credential opens a key, or says what is known of it without.
func (b *builder) credential(ctx context.Context, id *domain.KeyID) (*job.Credential, error) {
	if !b.masked {
		return b.s.credential(ctx, id)
	}
	k, err := b.s.key(ctx, id)
	if k == nil || err != nil {
		return nil, err
	}
	return &job.Credential{
		Name: k.Name, Kind: string(k.Type), Login: fmt.Sprintf("<login of key %q>", k.Name),
		Password: masked, Passphrase: masked, PrivateKey: masked, String: masked,
	}, nil
}

// jobApp says what the job runs.
func jobApp(a domain.App) job.App {
	programs := a.Candidates()
	family := a.Family
	if family == "" {
		family = domain.FamilyScript
	}
	return job.App{ID: a.ID, Kind: string(family), Program: programs[0], Alternatives: programs[1:], Args: a.Args}
}

// limits bounds the runs of a template: of two durations the shorter counts.
func (s *Service) limits(tpl domain.Template) job.Limits {
	l := job.Limits{MaxDuration: s.Settings.MaxDuration, StopGrace: s.Settings.StopGrace, MaxOutput: s.Settings.MaxOutput}
	if own := time.Duration(tpl.MaxDurationSec) * time.Second; own > 0 && (l.MaxDuration == 0 || own < l.MaxDuration) {
		l.MaxDuration = own
	}
	return l
}

// family fills in what the app's family has of its own.
func (b *builder) family(app domain.App, spec *job.Spec) (err error) {
	template, err := arguments(b.def.Template.Arguments, app)
	if err != nil {
		return err
	}
	task, err := arguments(b.task.Arguments, app)
	if err != nil {
		return err
	}
	switch app.Family {
	case domain.FamilyTerraform:
		spec.Terraform, err = b.terraform(template, task)
		return err
	case domain.FamilyAnsible:
		spec.Ansible, err = b.ansible()
	}
	spec.TemplateArgs, spec.TaskArgs = template.List, task.List
	return err
}

func (b *builder) terraform(template, task domain.Arguments) (*job.Terraform, error) {
	var tpl domain.TerraformTemplateParams
	if err := domain.DecodeParams("task_params", b.def.Template.TaskParams, &tpl); err != nil {
		return nil, err
	}
	var t domain.TerraformTaskParams
	if err := domain.DecodeParams("params", b.task.Params, &t); err != nil {
		return nil, err
	}
	// Checked at launch; the task may be older than what the template allows.
	if err := t.Check(tpl); err != nil {
		return nil, err
	}
	out := &job.Terraform{
		PlanOnly: t.Plan, Destroy: t.Destroy, AutoApprove: tpl.AutoApprove || t.AutoApprove,
		Upgrade: t.Upgrade, Reconfigure: t.Reconfigure, MigrateState: t.MigrateState,
		TemplateArgs: stageArgs(template), TaskArgs: stageArgs(task),
		OverrideBackend: tpl.OverrideBackend, BackendFile: tpl.BackendFilename,
		ApprovalTimeout: b.s.Settings.ApprovalTimeout, DigestKey: b.s.Settings.DigestKey,
	}
	if inv := b.def.Inventory; inv != nil && inv.Type.Workspace() {
		out.Workspace = strings.TrimSpace(inv.Inventory)
	}
	return out, nil
}

func stageArgs(a domain.Arguments) job.StageArgs {
	by := a.ByStage()
	return job.StageArgs{Init: by["init"], Plan: by["plan"], Apply: by["apply"], Default: by["default"]}
}

func arguments(text *string, app domain.App) (domain.Arguments, error) {
	if text == nil {
		return domain.Arguments{}, nil
	}
	return domain.ParseArguments("arguments", *text, app.Family)
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
	c, err := b.credential(ctx, &r.SSHKeyID)
	if err != nil {
		return job.Repository{}, err
	}
	return job.Repository{
		ID: int64(r.ID), Name: r.Name, URL: r.GitURL, Kind: string(r.Kind()), Branch: r.GitBranch, Credential: c,
		Depth: r.GitDepth, LFS: r.GitLFS,
	}, nil
}

// key returns a key as it is stored; nil for no key and for keys of type none.
func (s *Service) key(ctx context.Context, id *domain.KeyID) (*domain.Key, error) {
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
	return &k, nil
}

// credential opens a key; nil for no key and for keys of type none.
func (s *Service) credential(ctx context.Context, id *domain.KeyID) (*job.Credential, error) {
	k, err := s.key(ctx, id)
	if k == nil || err != nil {
		return nil, err
	}
	secret, err := s.Keys.OpenKey(*k)
	var told *domain.Error
	if errors.As(err, &told) {
		return nil, err // kept elsewhere, and the reason says where
	}
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
	if out.Connection, err = b.credential(ctx, inv.SSHKeyID); err != nil {
		return err
	}
	if out.Become, err = b.credential(ctx, inv.BecomeKeyID); err != nil {
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

// groupKeys are the secrets of the variable group, closed.
func (b *builder) groupKeys(ctx context.Context) ([]domain.Key, error) {
	g := b.def.VariableGroup
	if g == nil {
		return nil, nil
	}
	return b.s.Store.Keys().List(ctx, store.Where(store.InProject(g.ProjectID), store.Eq("variable_group_id", g.ID)))
}

func (b *builder) groupSecrets(ctx context.Context, spec *job.Spec) error {
	g := b.def.VariableGroup
	keys, err := b.groupKeys(ctx)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if b.masked {
			if k.Owner == domain.OwnerEnvironment {
				spec.SecretEnv[k.Name] = masked
			} else {
				spec.SecretVars[k.Name] = json.RawMessage(`"` + masked + `"`)
			}
			continue
		}
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
		c, err := b.credential(ctx, v.KeyID)
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

// hosts are the further sign-ins of the project.
func (b *builder) hosts(ctx context.Context, spec *job.Spec) (err error) {
	spec.Credentials, err = b.hostCredentials(ctx, b.task.ProjectID)
	return err
}

func (b *builder) hostCredentials(ctx context.Context, p domain.ProjectID) ([]job.HostCredential, error) {
	configs, err := b.s.Store.HostConfigs().List(ctx, store.Where(store.InProject(p)))
	if err != nil {
		return nil, err
	}
	var list []job.HostCredential
	for _, h := range configs {
		c, err := b.credential(ctx, &h.SSHKeyID)
		if err != nil {
			return nil, err
		}
		if c != nil {
			list = append(list, job.HostCredential{Match: h.Host, Credential: *c})
		}
	}
	return list, nil
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
	out := &job.Ansible{Check: task.DryRun, Diff: task.Diff, Limit: tpl.Limit, Tags: tpl.Tags, SkipTags: tpl.SkipTags,
		SkipGalaxy: tpl.SkipGalaxyInstall, GalaxyCollectionArgs: tpl.GalaxyCollectionArgs, GalaxyRoleArgs: tpl.GalaxyRoleArgs}
	if tpl.AllowDebug {
		out.Verbosity = task.Verbosity()
	}
	if tpl.AllowOverrideLimit && task.Limit != nil {
		out.Limit = *task.Limit
	}
	if tpl.AllowOverrideSkipGalaxyInstall && task.SkipGalaxyInstall != nil {
		out.SkipGalaxy = *task.SkipGalaxyInstall
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
		chain, err := b.s.chain(ctx, t.ProjectID, *t.BuildTaskID)
		if err != nil && !domain.IsKind(err, domain.KindNotFound) {
			return err
		}
		if n := len(chain); n > 0 && chain[n-1].Version != nil {
			d.IncomingVersion = *chain[n-1].Version
		}
	}
	spec.Details = d
	return nil
}
