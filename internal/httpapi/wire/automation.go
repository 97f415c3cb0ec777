package wire

import (
	"time"

	"signalbox/internal/domain"
)

// TaskParams are the inputs of tasks that a schedule or an integration starts.
type TaskParams struct {
	Environment *string `json:"environment,omitempty" nullable:"true" doc:"JSON object of variables and answers, as text"`
	Arguments   *string `json:"arguments,omitempty" nullable:"true" doc:"JSON array of texts, as text"`
	GitBranch   *string `json:"git_branch,omitempty" nullable:"true"`
	Message     *string `json:"message,omitempty" nullable:"true"`
	Version     *string `json:"version,omitempty" nullable:"true"`
	InventoryID *int64  `json:"inventory_id,omitempty" nullable:"true"`
	Params      Object  `json:"params,omitempty" doc:"Parameters that depend on the app"`
}

func fromTaskParams(p *domain.TaskParams, inventory *domain.InventoryID) *TaskParams {
	if p == nil && inventory == nil {
		return nil
	}
	out := TaskParams{InventoryID: ptr[int64](inventory)}
	if p != nil {
		out.Environment, out.Arguments, out.GitBranch = p.Environment, p.Arguments, p.GitBranch
		out.Message, out.Version, out.Params = p.Message, p.Version, object(p.Params)
	}
	return &out
}

// values gives the domain values.
func (in *TaskParams) values() (*domain.TaskParams, *domain.InventoryID) {
	if in == nil {
		return nil, nil
	}
	return &domain.TaskParams{
		Environment: in.Environment, Arguments: in.Arguments, GitBranch: in.GitBranch,
		Message: in.Message, Version: in.Version, Params: domain.JSON(in.Params),
	}, ref[domain.InventoryID](in.InventoryID)
}

// Schedule starts tasks of a template by the clock or when a repository has new
// commits.
type Schedule struct {
	ID             int64       `json:"id"`
	ProjectID      int64       `json:"project_id"`
	TemplateID     int64       `json:"template_id"`
	CronFormat     string      `json:"cron_format"`
	Name           string      `json:"name"`
	Active         bool        `json:"active"`
	Type           string      `json:"type" doc:"Nothing for cron_format, or run_at"`
	DeleteAfterRun bool        `json:"delete_after_run"`
	RepositoryID   *int64      `json:"repository_id" doc:"Set: it looks for new commits there"`
	RunAt          *time.Time  `json:"run_at,omitempty"`
	TaskParams     *TaskParams `json:"task_params,omitempty"`
	NextRun        *time.Time  `json:"next_run,omitempty" doc:"When it is due next; missing while it is switched off"`
}

// ScheduleRow is a schedule as lists show it.
type ScheduleRow struct {
	Schedule
	TplName string `json:"tpl_name"`
}

// ScheduleInput creates or replaces a schedule.
type ScheduleInput struct {
	ID             int64       `json:"id,omitempty"`
	ProjectID      int64       `json:"project_id,omitempty"`
	TemplateID     int64       `json:"template_id,omitempty"`
	CronFormat     string      `json:"cron_format,omitempty" doc:"Five fields, @daily and the like, or @every 1h; CRON_TZ=Europe/Berlin in front sets the time zone"`
	Name           string      `json:"name,omitempty"`
	Active         bool        `json:"active,omitempty"`
	Type           string      `json:"type,omitempty" doc:"Nothing for cron_format, or run_at"`
	DeleteAfterRun bool        `json:"delete_after_run,omitempty"`
	RepositoryID   *int64      `json:"repository_id,omitempty" nullable:"true"`
	RunAt          *time.Time  `json:"run_at,omitempty" nullable:"true"`
	TaskParams     *TaskParams `json:"task_params,omitempty"`
}

// CronInput asks whether a cron expression is understood.
type CronInput struct {
	CronFormat string `json:"cron_format,omitempty"`
}

// SchedulePreview tells when a cron expression is due.
type SchedulePreview struct {
	Timezone string      `json:"timezone" doc:"Zone that the expression is read in"`
	Runs     []time.Time `json:"runs" doc:"When it is due next, soonest first; fewer, or none, when it is never due again"`
}

// FromTimes gives the shape of a preview.
func FromTimes(zone *time.Location, times []time.Time) SchedulePreview {
	out := SchedulePreview{Timezone: zone.String(), Runs: make([]time.Time, 0, len(times))}
	for _, t := range times {
		out.Runs = append(out.Runs, t.UTC())
	}
	return out
}

// Settled leaves out when it is due next, which changes with the time.
func (s Schedule) Settled() any {
	s.NextRun = nil
	return s
}

// FromSchedule gives the shape of a schedule at a time; zone is that of
// schedules which name none.
func FromSchedule(s domain.Schedule, now time.Time, zone *time.Location) Schedule {
	out := Schedule{
		ID: int64(s.ID), ProjectID: int64(s.ProjectID), TemplateID: int64(s.TemplateID), CronFormat: s.CronFormat,
		Name: s.Name, Active: s.Active, Type: string(s.Type), DeleteAfterRun: s.DeleteAfterRun,
		RepositoryID: ptr[int64](s.RepositoryID), RunAt: utc(s.RunAt), TaskParams: fromTaskParams(s.TaskParams, s.InventoryID),
	}
	if next := s.Next(now, zone); s.Active && !next.IsZero() {
		out.NextRun = utc(&next)
	}
	return out
}

// Schedule gives the domain value.
func (in ScheduleInput) Schedule() domain.Schedule {
	s := domain.Schedule{
		ID: domain.ScheduleID(in.ID), ProjectID: domain.ProjectID(in.ProjectID), TemplateID: domain.TemplateID(in.TemplateID),
		Name: in.Name, Type: domain.ScheduleType(in.Type), CronFormat: in.CronFormat, RunAt: in.RunAt,
		Active: in.Active, DeleteAfterRun: in.DeleteAfterRun, RepositoryID: ref[domain.RepositoryID](in.RepositoryID),
	}
	s.TaskParams, s.InventoryID = in.TaskParams.values()
	return s
}

// Integration starts tasks of a template when somebody calls a web address.
type Integration struct {
	ID           int64       `json:"id"`
	Name         string      `json:"name"`
	ProjectID    int64       `json:"project_id"`
	TemplateID   int64       `json:"template_id"`
	AuthMethod   string      `json:"auth_method"`
	AuthSecretID *int64      `json:"auth_secret_id"`
	AuthHeader   string      `json:"auth_header"`
	Searchable   bool        `json:"searchable"`
	TaskParams   *TaskParams `json:"task_params,omitempty"`
}

// IntegrationInput creates or replaces an integration.
type IntegrationInput struct {
	ID           int64       `json:"id,omitempty"`
	Name         string      `json:"name,omitempty"`
	ProjectID    int64       `json:"project_id,omitempty"`
	TemplateID   int64       `json:"template_id,omitempty"`
	AuthMethod   string      `json:"auth_method,omitempty" doc:"Nothing, github, bitbucket, token, hmac or basic"`
	AuthSecretID *int64      `json:"auth_secret_id,omitempty" nullable:"true" doc:"A key of type login_password"`
	AuthHeader   *string     `json:"auth_header,omitempty" nullable:"true" doc:"For the methods token and hmac"`
	Searchable   bool        `json:"searchable,omitempty" doc:"Reached through the aliases of the project when all matchers match"`
	TaskParams   *TaskParams `json:"task_params,omitempty"`
}

// FromIntegration gives the shape of an integration.
func FromIntegration(i domain.Integration) Integration {
	return Integration{
		ID: int64(i.ID), Name: i.Name, ProjectID: int64(i.ProjectID), TemplateID: int64(i.TemplateID),
		AuthMethod: string(i.AuthMethod), AuthSecretID: ptr[int64](i.AuthSecretID), AuthHeader: i.AuthHeader,
		Searchable: i.Searchable, TaskParams: fromTaskParams(i.TaskParams, i.InventoryID),
	}
}

// FromIntegrations gives a list of integrations.
func FromIntegrations(integrations []domain.Integration) []Integration {
	return list(integrations, FromIntegration)
}

// Integration gives the domain value.
func (in IntegrationInput) Integration() domain.Integration {
	i := domain.Integration{
		ID: domain.IntegrationID(in.ID), ProjectID: domain.ProjectID(in.ProjectID), TemplateID: domain.TemplateID(in.TemplateID),
		Name: in.Name, AuthMethod: domain.AuthMethod(in.AuthMethod), AuthSecretID: ref[domain.KeyID](in.AuthSecretID), Searchable: in.Searchable,
	}
	if in.AuthHeader != nil {
		i.AuthHeader = *in.AuthHeader
	}
	i.TaskParams, i.InventoryID = in.TaskParams.values()
	return i
}

// Matcher is a condition on a call.
type Matcher struct {
	ID            int64  `json:"id"`
	IntegrationID int64  `json:"integration_id"`
	Name          string `json:"name"`
	MatchType     string `json:"match_type" enum:"body,header"`
	Method        string `json:"method" enum:"equals,unequals,contains"`
	BodyDataType  string `json:"body_data_type"`
	Key           string `json:"key"`
	Value         string `json:"value"`
}

// MatcherInput creates or replaces a matcher.
type MatcherInput struct {
	ID            int64  `json:"id,omitempty"`
	IntegrationID int64  `json:"integration_id,omitempty"`
	Name          string `json:"name,omitempty"`
	MatchType     string `json:"match_type,omitempty" doc:"body or header"`
	Method        string `json:"method,omitempty" doc:"equals, also when left out, unequals or contains"`
	BodyDataType  string `json:"body_data_type,omitempty" doc:"json, also when left out, or string"`
	Key           string `json:"key,omitempty" doc:"The path in the JSON, such as a.b or a.[0], or the name of the header"`
	Value         string `json:"value,omitempty"`
}

// FromMatcher gives the shape of a matcher.
func FromMatcher(m domain.IntegrationMatcher) Matcher {
	return Matcher{
		ID: int64(m.ID), IntegrationID: int64(m.IntegrationID), Name: m.Name, MatchType: m.MatchType,
		Method: m.Method, BodyDataType: m.BodyDataType, Key: m.Key, Value: m.Value,
	}
}

// FromMatchers gives a list of matchers.
func FromMatchers(matchers []domain.IntegrationMatcher) []Matcher { return list(matchers, FromMatcher) }

// Matcher gives the domain value.
func (in MatcherInput) Matcher() domain.IntegrationMatcher {
	return domain.IntegrationMatcher{
		ID: domain.IntegrationMatcherID(in.ID), IntegrationID: domain.IntegrationID(in.IntegrationID), Name: in.Name,
		MatchType: in.MatchType, Method: in.Method, BodyDataType: in.BodyDataType, Key: in.Key, Value: in.Value,
	}
}

// IntegrationValue takes a value out of a call into the task.
type IntegrationValue struct {
	ID            int64  `json:"id"`
	IntegrationID int64  `json:"integration_id"`
	Name          string `json:"name"`
	ValueSource   string `json:"value_source" enum:"body,header"`
	BodyDataType  string `json:"body_data_type"`
	Key           string `json:"key"`
	Variable      string `json:"variable"`
	VariableType  string `json:"variable_type" doc:"environment, also for nothing, or task"`
}

// IntegrationValueInput creates a value or changes what it names of one.
type IntegrationValueInput struct {
	ID            *int64  `json:"id,omitempty" nullable:"true"`
	IntegrationID *int64  `json:"integration_id,omitempty" nullable:"true"`
	Name          *string `json:"name,omitempty" nullable:"true"`
	ValueSource   *string `json:"value_source,omitempty" nullable:"true" doc:"body or header"`
	BodyDataType  *string `json:"body_data_type,omitempty" nullable:"true" doc:"json or string; for bodies"`
	Key           *string `json:"key,omitempty" nullable:"true" doc:"The path in the JSON, or the name of the header"`
	Variable      *string `json:"variable,omitempty" nullable:"true" doc:"What it becomes in the task"`
	VariableType  *string `json:"variable_type,omitempty" nullable:"true" doc:"environment, also when left out, or task"`
}

// FromIntegrationValue gives the shape of a value.
func FromIntegrationValue(v domain.IntegrationValue) IntegrationValue {
	return IntegrationValue{
		ID: int64(v.ID), IntegrationID: int64(v.IntegrationID), Name: v.Name, ValueSource: v.ValueSource,
		BodyDataType: v.BodyDataType, Key: v.Key, Variable: v.Variable, VariableType: v.VariableType,
	}
}

// FromIntegrationValues gives a list of values.
func FromIntegrationValues(values []domain.IntegrationValue) []IntegrationValue {
	return list(values, FromIntegrationValue)
}

// Apply sets what the request names.
func (in IntegrationValueInput) Apply(v *domain.IntegrationValue) {
	if in.ID != nil && *in.ID != 0 {
		v.ID = domain.IntegrationValueID(*in.ID)
	}
	if in.IntegrationID != nil && *in.IntegrationID != 0 {
		v.IntegrationID = domain.IntegrationID(*in.IntegrationID)
	}
	for _, text := range []struct {
		given *string
		into  *string
	}{
		{in.Name, &v.Name}, {in.ValueSource, &v.ValueSource}, {in.BodyDataType, &v.BodyDataType},
		{in.Key, &v.Key}, {in.Variable, &v.Variable}, {in.VariableType, &v.VariableType},
	} {
		if text.given != nil {
			*text.into = *text.given
		}
	}
}

// IntegrationAlias is a web address that starts tasks.
type IntegrationAlias struct {
	ID  int64  `json:"id"`
	URL string `json:"url"`
}

// IntegrationRefs lists what belongs to an integration.
type IntegrationRefs struct {
	Matchers []Named `json:"matchers"`
	Values   []Named `json:"values"`
}

// FromIntegrationRefs gives the shape of what belongs to an integration.
func FromIntegrationRefs(matchers []domain.IntegrationMatcher, values []domain.IntegrationValue) IntegrationRefs {
	return IntegrationRefs{
		Matchers: list(matchers, func(m domain.IntegrationMatcher) Named { return Named{ID: int64(m.ID), Name: m.Name} }),
		Values:   list(values, func(v domain.IntegrationValue) Named { return Named{ID: int64(v.ID), Name: v.Name} }),
	}
}

// PartRefs lists what refers to a part of an integration: nothing ever does.
type PartRefs struct {
	Integrations []Named `json:"integrations"`
}

// Runner carries out tasks on another machine.
type Runner struct {
	ID                int64      `json:"id"`
	ProjectID         *int64     `json:"project_id"`
	Webhook           string     `json:"webhook"`
	MaxParallelTasks  int        `json:"max_parallel_tasks"`
	Active            bool       `json:"active"`
	Name              string     `json:"name"`
	Tag               string     `json:"tag" doc:"The first of the tags"`
	Tags              []string   `json:"tags"`
	IsDefault         bool       `json:"is_default" doc:"It takes tasks that name no tag too"`
	Registered        bool       `json:"registered"`
	Touched           *time.Time `json:"touched" doc:"When it last called"`
	CleaningRequested *time.Time `json:"cleaning_requested"`
}

// RunnerWithSecrets is a new runner. What it signs in and decrypts with is shown
// only here.
type RunnerWithSecrets struct {
	Runner
	Token      string `json:"token"`
	PrivateKey string `json:"private_key" doc:"PEM of an RSA key"`
}

// RunnerInput creates or replaces a runner.
type RunnerInput struct {
	Webhook          string    `json:"webhook,omitempty" doc:"Called to wake the runner"`
	MaxParallelTasks int       `json:"max_parallel_tasks,omitempty" doc:"0: no limit"`
	Active           bool      `json:"active,omitempty" doc:"Off gets no work"`
	Name             string    `json:"name,omitempty"`
	Tag              string    `json:"tag,omitempty" doc:"One tag, when tags are left out"`
	Tags             *[]string `json:"tags,omitempty"`
	IsDefault        bool      `json:"is_default,omitempty"`
	Registered       *bool     `json:"registered,omitempty" nullable:"true" doc:"Only when creating; false: no token yet, the runner registers itself with a one-time token"`
}

// RegistrationToken lets a runner register itself, once.
type RegistrationToken struct {
	RegistrationToken string `json:"registration_token"`
	RunnerID          int64  `json:"runner_id"`
	ProjectID         *int64 `json:"project_id"`
}

// RunnerTag is a tag with the number of runners that have it.
type RunnerTag struct {
	Tag             string `json:"tag"`
	NumberOfRunners int    `json:"number_of_runners"`
}

// FromRunner gives the shape of a runner.
func FromRunner(r domain.Runner) Runner {
	out := Runner{
		ID: int64(r.ID), ProjectID: ptr[int64](r.ProjectID), Webhook: r.Webhook, MaxParallelTasks: r.MaxParallelTasks,
		Active: r.Active, Name: r.Name, Tags: append([]string{}, r.Tags...), IsDefault: r.IsDefault, Registered: r.Registered(),
		Touched: utc(r.Touched), CleaningRequested: utc(r.CleaningRequested),
	}
	if len(r.Tags) > 0 {
		out.Tag = r.Tags[0]
	}
	return out
}

// FromRunners gives a list of runners.
func FromRunners(runners []domain.Runner) []Runner { return list(runners, FromRunner) }

// Apply sets what may be set of a runner. A client that knows one tag only and
// sends the one it was shown leaves the others alone.
func (in RunnerInput) Apply(r *domain.Runner) {
	shown := ""
	if len(r.Tags) > 0 {
		shown = r.Tags[0]
	}
	r.Name, r.Webhook, r.MaxParallelTasks, r.Active, r.IsDefault = in.Name, in.Webhook, in.MaxParallelTasks, in.Active, in.IsDefault
	switch {
	case in.Tags != nil:
		r.Tags = *in.Tags
	case in.Tag != shown || in.Tag == "":
		r.Tags = []string{in.Tag}
	}
}
