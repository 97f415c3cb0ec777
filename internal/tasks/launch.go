package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"

	"signalbox/internal/access"
	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/secrets"
	"signalbox/internal/store"
)

// Launch checks a request against what its template allows, and queues a task.
// Nothing is stored when it is refused.
func (s *Service) Launch(ctx context.Context, actor domain.Actor, p domain.ProjectID, req Launch) (domain.Task, error) {
	d, err := s.prepare(ctx, actor, p, req, nil)
	if err != nil {
		return domain.Task{}, err
	}
	// The checks above read without a lock, so that many may run at once. What
	// was deleted meanwhile shows here as a reference to nothing.
	err = s.Store.InTx(ctx, func(ctx context.Context) error { return s.enqueue(ctx, d) })
	if errors.Is(err, store.ErrReference) || errors.Is(err, store.ErrNotFound) {
		return domain.Task{}, domain.NotFound("template")
	}
	if err != nil {
		return domain.Task{}, err
	}
	s.publish(d.task)
	s.control.Wake()
	return d.task, nil
}

// draft is a task that has passed all checks and is not stored yet.
type draft struct {
	task   domain.Task
	stored domain.TaskDefinition
	actor  domain.Actor
}

// prepare checks a request and makes a draft of it; it changes nothing. A task
// that is known to be a build of the template need not have ended yet: it is
// given as build.
func (s *Service) prepare(ctx context.Context, actor domain.Actor, p domain.ProjectID, req Launch, build *domain.Task) (*draft, error) {
	tpl, err := s.Store.Templates().Get(ctx, req.TemplateID)
	if errors.Is(err, store.ErrNotFound) || err == nil && tpl.ProjectID != p {
		return nil, domain.NotFound("template")
	}
	if err != nil {
		return nil, err
	}
	app, err := s.app(ctx, tpl.App)
	if err != nil {
		return nil, err
	}
	d := &draft{actor: actor, task: domain.Task{
		ProjectID: p, TemplateID: tpl.ID, Status: domain.StatusWaiting, Playbook: req.Playbook,
		Arguments: req.Arguments, GitBranch: req.GitBranch, CommitHash: req.CommitHash, UserID: actor.UserID(),
		Created: s.Now(), Message: req.Message, BuildTaskID: req.BuildTaskID, InventoryID: req.InventoryID,
		Params: req.Params, ScheduleID: req.ScheduleID, IntegrationID: req.IntegrationID,
	}}
	l := launch{s: s, actor: actor, req: req, tpl: tpl, app: app, task: &d.task, known: build}
	secret, err := l.check(ctx)
	if err != nil {
		return nil, err
	}
	if d.stored.Definition, err = s.define(ctx, &d.task, tpl); err != nil {
		return nil, err
	}
	d.stored.Secret, err = s.seal(secret)
	return d, err
}

// enqueue stores a draft, inside a transaction that may be repeated.
func (s *Service) enqueue(ctx context.Context, d *draft) error {
	t, tpl := &d.task, d.stored.Definition.Template
	t.ID, t.Version = 0, nil
	if tpl.Type == domain.TemplateBuild && tpl.StartVersion != nil {
		// The template's row is locked until the end of the transaction, so that
		// no two builds get the same version.
		if _, err := s.Store.Templates().Update(ctx, tpl.ID, func(*domain.Template) error { return nil }); err != nil {
			return err
		}
		last, err := s.Store.Tasks().LastVersion(ctx, tpl.ID)
		if err != nil {
			return err
		}
		t.Version = ref(domain.NextVersion(*tpl.StartVersion, last))
	}
	if err := s.Store.Tasks().Create(ctx, t, d.stored); err != nil {
		return err
	}
	return s.note(ctx, d.actor, *t, domain.ActionRun, fmt.Sprintf("Task %d (%s) queued", t.ID, tpl.Name))
}

// seal encrypts secret survey answers; "" for none.
func (s *Service) seal(secret map[string]any) (string, error) {
	if len(secret) == 0 {
		return "", nil
	}
	text, err := json.Marshal(secret)
	if err != nil {
		return "", err
	}
	return s.Sealer.Seal(text, secrets.TaskPlace)
}

// app returns the declaration of an app that may be run.
func (s *Service) app(ctx context.Context, id string) (domain.App, error) {
	apps, err := s.Settings.Apps(ctx)
	if err != nil {
		return domain.App{}, err
	}
	for _, a := range apps {
		if a.ID == id {
			if !a.Active {
				return a, domain.Invalid("template_id", "the app %q is switched off; an administrator can activate it", id)
			}
			return a, nil
		}
	}
	return domain.App{}, domain.Invalid("template_id", "the template uses the app %q, which this server does not have", id)
}

// define freezes what the task runs, following its overrides.
func (s *Service) define(ctx context.Context, t *domain.Task, tpl domain.Template) (domain.Definition, error) {
	def := domain.Definition{Template: tpl}
	var err error
	if def.Repository, err = s.Store.Repositories().Get(ctx, tpl.RepositoryID); err != nil {
		return def, fmt.Errorf("repository of template %d: %w", tpl.ID, err)
	}
	if def.Vaults, err = s.Store.Vaults().List(ctx, store.Where(store.Eq("template_id", tpl.ID))); err != nil {
		return def, err
	}
	inventory := tpl.InventoryID
	if t.InventoryID != nil {
		inventory = t.InventoryID
	}
	if inventory != nil {
		inv, err := s.Store.Inventories().Get(ctx, *inventory)
		if err != nil {
			return def, fmt.Errorf("inventory of template %d: %w", tpl.ID, err)
		}
		def.Inventory = &inv
		if inv.RepositoryID != nil {
			r, err := s.Store.Repositories().Get(ctx, *inv.RepositoryID)
			if err != nil {
				return def, fmt.Errorf("repository of inventory %d: %w", inv.ID, err)
			}
			def.InventoryRepository = &r
		}
	}
	if tpl.VariableGroupID != nil {
		g, err := s.Store.VariableGroups().Get(ctx, *tpl.VariableGroupID)
		if err != nil {
			return def, fmt.Errorf("variable group of template %d: %w", tpl.ID, err)
		}
		def.VariableGroup = &g
	}
	return def, nil
}

// launch is one request on its way through the checks.
type launch struct {
	s     *Service
	actor domain.Actor
	req   Launch
	tpl   domain.Template
	app   domain.App
	task  *domain.Task
	known *domain.Task // the build, when it is known to be a good one
	// stored: the request is kept to be made later, so it must hold no secrets.
	// partial: answers may be added until then.
	stored, partial bool
}

var commitHash = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[0-9a-fA-F]{4,64}$`)
})

// check enforces what the template lets a task override, fills the task in,
// and returns its secret answers.
func (l *launch) check(ctx context.Context) (map[string]any, error) {
	if len(l.task.Message) > 250 {
		return nil, domain.Invalid("message", "must not be longer than 250 bytes")
	}
	for _, check := range []func(context.Context) error{l.source, l.arguments, l.inventory, l.params, l.build} {
		if err := check(ctx); err != nil {
			return nil, err
		}
	}
	return l.answers(ctx)
}

func (l *launch) source(ctx context.Context) error {
	t := l.task
	if t.Playbook != "" && path.Clean(t.Playbook) != path.Clean(l.tpl.Playbook) {
		if err := domain.CheckRelativePath("playbook", t.Playbook); err != nil {
			return err
		}
		ok, err := l.mayEdit(ctx)
		if err != nil {
			return err
		}
		if !ok {
			return domain.Invalid("playbook", "the template runs %q; another one needs the right to manage resources", l.tpl.Playbook)
		}
	}
	if t.GitBranch != nil && (*t.GitBranch == "" || l.tpl.GitBranch != nil && *t.GitBranch == *l.tpl.GitBranch) {
		t.GitBranch = nil
	}
	if t.GitBranch != nil {
		if err := domain.CheckGitRef("git_branch", *t.GitBranch); err != nil {
			return err
		}
		if !l.tpl.AllowOverrideBranchInTask {
			return domain.Invalid("git_branch", "the template does not allow another branch")
		}
	}
	if t.CommitHash != nil && *t.CommitHash == "" {
		t.CommitHash = nil
	}
	if t.CommitHash != nil {
		if !commitHash().MatchString(*t.CommitHash) {
			return domain.Invalid("commit_hash", "must be a hexadecimal commit hash")
		}
		if !l.tpl.AllowOverrideBranchInTask {
			return domain.Invalid("commit_hash", "the template does not allow another commit")
		}
	}
	return nil
}

func (l *launch) arguments(context.Context) error {
	if l.task.Arguments == nil {
		return nil
	}
	args, err := domain.ParseArguments("arguments", *l.task.Arguments, l.app.Family)
	if err != nil {
		return err
	}
	if args.Empty() {
		l.task.Arguments = nil
		return nil
	}
	if !l.tpl.AllowOverrideArgsInTask {
		return domain.Invalid("arguments", "the template does not allow additional arguments")
	}
	return nil
}

func (l *launch) inventory(ctx context.Context) error {
	id := l.task.InventoryID
	if id == nil || *id == 0 || l.tpl.InventoryID != nil && *id == *l.tpl.InventoryID {
		l.task.InventoryID = nil
		return nil
	}
	inv, err := l.s.Store.Inventories().Get(ctx, *id)
	if errors.Is(err, store.ErrNotFound) || err == nil && inv.ProjectID != l.tpl.ProjectID {
		return domain.Invalid("inventory_id", "inventory %d does not exist in this project", *id)
	}
	if err != nil {
		return err
	}
	allowed, err := l.otherInventory()
	if err != nil {
		return err
	}
	// The workspaces of a template are attached for its tasks to choose from.
	allowed = allowed || l.app.Family == domain.FamilyTerraform && inv.TemplateID != nil && *inv.TemplateID == l.tpl.ID
	if !allowed {
		return domain.Invalid("inventory_id", "the template does not allow another inventory")
	}
	if !l.app.TakesInventory(inv.Type) {
		return domain.Invalid("inventory_id", "inventory %q is of type %s, which the app %q does not take", inv.Name, inv.Type, l.app.ID)
	}
	return nil
}

// otherInventory reports whether the template lets a task choose the inventory.
func (l *launch) otherInventory() (bool, error) {
	switch l.app.Family {
	case domain.FamilyAnsible:
		var p domain.AnsibleTemplateParams
		err := domain.DecodeParams("task_params", l.tpl.TaskParams, &p)
		return p.AllowOverrideInventory, err
	case domain.FamilyTerraform:
		var p domain.TerraformTemplateParams
		err := domain.DecodeParams("task_params", l.tpl.TaskParams, &p)
		return p.AllowOverrideInventory, err
	}
	return false, nil
}

func (l *launch) params(context.Context) error {
	if len(l.task.Params) > 0 {
		if _, err := l.task.Params.Object(); err != nil {
			return domain.Invalid("params", "must be a JSON object")
		}
	}
	switch l.app.Family {
	case domain.FamilyAnsible:
		return l.ansible()
	case domain.FamilyTerraform:
		return l.terraform()
	}
	return nil
}

func (l *launch) terraform() error {
	var given domain.TerraformTaskParams
	if err := domain.DecodeParams("params", l.task.Params, &given); err != nil {
		return err
	}
	var allowed domain.TerraformTemplateParams
	if err := domain.DecodeParams("task_params", l.tpl.TaskParams, &allowed); err != nil {
		return err
	}
	return given.Check(allowed)
}

func (l *launch) ansible() error {
	t := l.task
	var given domain.AnsibleTaskParams
	if err := domain.DecodeParams("params", t.Params, &given); err != nil {
		return err
	}
	var allowed domain.AnsibleTemplateParams
	if err := domain.DecodeParams("task_params", l.tpl.TaskParams, &allowed); err != nil {
		return err
	}
	if l.req.Limit != "" && given.Limit == nil {
		var hosts []string
		for h := range strings.SplitSeq(l.req.Limit, ",") {
			if h = strings.TrimSpace(h); h != "" {
				hosts = append(hosts, h)
			}
		}
		given.Limit = &hosts
		var err error
		if t.Params, err = withLimit(t.Params, hosts); err != nil {
			return err
		}
	}
	if given.Debug && !allowed.AllowDebug {
		return domain.Invalid("params.debug", "the template does not allow another verbosity")
	}
	if skip := given.SkipGalaxyInstall; skip != nil && *skip != allowed.SkipGalaxyInstall && !allowed.AllowOverrideSkipGalaxyInstall {
		return domain.Invalid("params.skip_galaxy_install", "the template does not allow another value")
	}
	lists := []struct {
		field   string
		given   *[]string
		preset  []string
		allowed bool
	}{
		{"params.limit", given.Limit, allowed.Limit, allowed.AllowOverrideLimit},
		{"params.tags", given.Tags, allowed.Tags, allowed.AllowOverrideTags},
		{"params.skip_tags", given.SkipTags, allowed.SkipTags, allowed.AllowOverrideSkipTags},
	}
	for _, c := range lists {
		if c.given == nil || len(*c.given) == 0 && !c.allowed || slices.Equal(*c.given, c.preset) {
			continue
		}
		if !c.allowed {
			return domain.Invalid(c.field, "the template does not allow another value")
		}
		for _, v := range *c.given {
			if strings.ContainsAny(v, "\x00\r\n") {
				return domain.Invalid(c.field, "must not contain control characters")
			}
		}
	}
	return nil
}

// withLimit sets the hosts in the params of a task.
func withLimit(params domain.JSON, hosts []string) (domain.JSON, error) {
	doc, err := params.Object()
	if err != nil {
		return nil, domain.Invalid("params", "must be a JSON object")
	}
	doc["limit"] = hosts
	return json.Marshal(doc)
}

// build checks the build that a deployment names: it must have succeeded and
// come from the template's own build. A deployment that succeeded stands for
// what it deployed, so that a version can be promoted from stage to stage.
func (l *launch) build(ctx context.Context) error {
	id := l.task.BuildTaskID
	if id == nil || *id == 0 {
		l.task.BuildTaskID = nil
		return nil
	}
	if l.tpl.Type != domain.TemplateDeploy {
		return domain.Invalid("build_task_id", "only deployments take a build")
	}
	if l.known != nil {
		return nil
	}
	chain, err := l.s.chain(ctx, l.tpl.ProjectID, *id)
	if domain.IsKind(err, domain.KindNotFound) {
		return domain.Invalid("build_task_id", "task %d does not exist in this project", *id)
	}
	if err != nil {
		return err
	}
	for _, t := range chain {
		if t.Status != domain.StatusSuccess {
			return domain.Invalid("build_task_id", "task %d did not succeed", t.ID)
		}
	}
	if l.tpl.BuildTemplateID == nil || chain[len(chain)-1].TemplateID != *l.tpl.BuildTemplateID {
		return domain.Invalid("build_task_id", "task %d does not come from the template's build", *id)
	}
	return nil
}

// maxChain is how many deployments may stand between one and its build.
const maxChain = 50

// chain follows a task to the build that it deploys, which comes last. A build
// that has been deleted ends the chain early.
func (s *Service) chain(ctx context.Context, p domain.ProjectID, id domain.TaskID) ([]domain.Task, error) {
	var chain []domain.Task
	for next := &id; next != nil && len(chain) < maxChain; {
		t, err := s.task(ctx, p, *next)
		if domain.IsKind(err, domain.KindNotFound) && len(chain) > 0 {
			break
		}
		if err != nil {
			return nil, err
		}
		chain = append(chain, t)
		next = t.BuildTaskID
	}
	return chain, nil
}

// answers enforces the survey, merges the request's variables with its
// defaults, and returns the secret ones apart.
func (l *launch) answers(ctx context.Context) (map[string]any, error) {
	open, err := domain.ParseObject(l.req.Environment)
	if err != nil {
		return nil, domain.Invalid("environment", "must be a JSON object as text: %s", err)
	}
	secret, err := domain.ParseObject(l.req.Secret.Reveal())
	if err != nil {
		// The parser's words could quote the secret.
		return nil, domain.Invalid("secret", "must be a JSON object as text")
	}
	asked := map[string]bool{}
	for _, v := range l.tpl.SurveyVars {
		asked[v.Name] = true
		field, from := "environment."+v.Name, open
		if v.Kind() == "secret" {
			field, from = "secret."+v.Name, secret
			if answer, ok := open[v.Name]; ok {
				// A client that knows no secrets sent it with the others; it must
				// not be stored in clear.
				if _, twice := secret[v.Name]; !twice {
					secret[v.Name] = answer
				}
				delete(open, v.Name)
			}
		}
		answer, ok := from[v.Name]
		if ok && l.stored && v.Kind() == "secret" {
			return nil, domain.Invalid("environment."+v.Name, "a secret answer cannot be kept here; put it into the template's variable group")
		}
		if !ok && v.DefaultValue != "" {
			answer, ok = v.DefaultValue, true
			from[v.Name] = answer
		}
		text := ""
		if ok {
			text = answerText(answer)
		}
		if text == "" && l.partial {
			continue
		}
		if err := v.Check(field, text); err != nil {
			return nil, err
		}
	}
	var extra []string
	for _, m := range []map[string]any{open, secret} {
		for name := range m {
			if !asked[name] {
				extra = append(extra, name)
			}
		}
	}
	if len(extra) > 0 && !l.tpl.AllowOverrideEnvironmentInTask {
		ok, err := l.mayEdit(ctx)
		if err != nil {
			return nil, err
		}
		if !ok {
			sort.Strings(extra)
			return nil, domain.Invalid("environment."+extra[0], "the template does not ask for %q; it must allow other variables, or you need the right to manage resources", extra[0])
		}
	}
	if len(open) > 0 || l.req.Environment != "" {
		text, err := json.Marshal(open)
		if err != nil {
			return nil, err
		}
		l.task.Environment = string(text)
	}
	return secret, nil
}

func answerText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

// mayEdit reports whether the actor could change the template anyway, and so
// may set what the template does not ask for. The system and administrators may.
func (l *launch) mayEdit(ctx context.Context) (bool, error) {
	if l.actor.System() {
		return true, nil
	}
	g, err := access.Grant(ctx, l.s.Store, l.actor, l.tpl.ProjectID)
	if err != nil {
		return false, err
	}
	if err := access.OnTemplate(ctx, l.s.Store, &g, l.tpl.ID); err != nil {
		return false, err
	}
	return g.Require(authz.ManageResources) == nil, nil
}

func upper(s domain.TaskStatus) string { return strings.ToUpper(string(s)) }
