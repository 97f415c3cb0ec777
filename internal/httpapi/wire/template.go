package wire

import "signalbox/internal/domain"

// Template says what a task runs and with what.
type Template struct {
	ID                             int64       `json:"id"`
	ProjectID                      int64       `json:"project_id"`
	InventoryID                    *int64      `json:"inventory_id,omitempty"`
	RepositoryID                   int64       `json:"repository_id"`
	EnvironmentID                  *int64      `json:"environment_id,omitempty"`
	EnvironmentIDs                 []int64     `json:"environment_ids" doc:"The same group as environment_id, as newer clients read it"`
	Name                           string      `json:"name"`
	Playbook                       string      `json:"playbook"`
	Arguments                      *string     `json:"arguments,omitempty" doc:"JSON array of texts, as text"`
	AllowOverrideArgsInTask        bool        `json:"allow_override_args_in_task,omitempty"`
	Description                    *string     `json:"description,omitempty"`
	Vaults                         []Vault     `json:"vaults,omitempty" doc:"Single reads only"`
	Type                           string      `json:"type,omitempty" doc:"build, deploy or nothing"`
	StartVersion                   *string     `json:"start_version,omitempty"`
	BuildTemplateID                *int64      `json:"build_template_id,omitempty"`
	ViewID                         *int64      `json:"view_id,omitempty"`
	LastTask                       *TaskRow    `json:"last_task,omitempty" doc:"Lists only"`
	Autorun                        bool        `json:"autorun,omitempty"`
	GitBranch                      *string     `json:"git_branch,omitempty"`
	SurveyVars                     []SurveyVar `json:"survey_vars,omitempty"`
	SuppressSuccessAlerts          bool        `json:"suppress_success_alerts,omitempty"`
	App                            string      `json:"app,omitempty"`
	Tasks                          int         `json:"tasks" doc:"Tasks ever created from it"`
	TaskParams                     Object      `json:"task_params,omitempty" doc:"Defaults and permissions that depend on the app"`
	RunnerTag                      *string     `json:"runner_tag,omitempty"`
	AllowOverrideBranchInTask      bool        `json:"allow_override_branch_in_task,omitempty"`
	AllowOverrideEnvironmentInTask bool        `json:"allow_override_environment_in_task,omitempty" doc:"Tasks may set variables that the survey does not ask for"`
	AllowParallelTasks             bool        `json:"allow_parallel_tasks,omitempty"`
	MaxTaskDurationSec             int         `json:"max_task_duration_sec,omitempty" doc:"Seconds after which a task is ended; the server's own limit counts too"`
}

// TemplateRead is a template as reads return it.
type TemplateRead struct {
	Template
	Permissions *int64 `json:"permissions" doc:"What the caller may do with the template; in lists only what their role was given on it, else null"`
}

// Settled leaves out what tasks change.
func (t TemplateRead) Settled() any {
	t.Tasks, t.LastTask = 0, nil
	return t
}

// TemplateInput creates or replaces a template.
type TemplateInput struct {
	ID                             int64        `json:"id,omitempty"`
	ProjectID                      int64        `json:"project_id,omitempty"`
	InventoryID                    *int64       `json:"inventory_id,omitempty" nullable:"true"`
	RepositoryID                   int64        `json:"repository_id,omitempty"`
	EnvironmentID                  *int64       `json:"environment_id,omitempty" nullable:"true"`
	EnvironmentIDs                 []int64      `json:"environment_ids,omitempty" doc:"At most one; used when environment_id is not given"`
	Name                           string       `json:"name,omitempty"`
	Playbook                       string       `json:"playbook,omitempty"`
	Arguments                      *string      `json:"arguments,omitempty" nullable:"true"`
	AllowOverrideArgsInTask        bool         `json:"allow_override_args_in_task,omitempty"`
	Description                    *string      `json:"description,omitempty" nullable:"true"`
	Vaults                         []VaultInput `json:"vaults,omitempty"`
	Type                           string       `json:"type,omitempty"`
	StartVersion                   *string      `json:"start_version,omitempty" nullable:"true"`
	BuildTemplateID                *int64       `json:"build_template_id,omitempty" nullable:"true"`
	ViewID                         *int64       `json:"view_id,omitempty" nullable:"true"`
	Autorun                        bool         `json:"autorun,omitempty"`
	GitBranch                      *string      `json:"git_branch,omitempty" nullable:"true"`
	SurveyVars                     []SurveyVar  `json:"survey_vars,omitempty"`
	SuppressSuccessAlerts          bool         `json:"suppress_success_alerts,omitempty"`
	App                            string       `json:"app,omitempty"`
	TaskParams                     Object       `json:"task_params,omitempty"`
	RunnerTag                      *string      `json:"runner_tag,omitempty" nullable:"true"`
	AllowOverrideBranchInTask      bool         `json:"allow_override_branch_in_task,omitempty"`
	AllowOverrideEnvironmentInTask bool         `json:"allow_override_environment_in_task,omitempty" doc:"Tasks may set variables that the survey does not ask for"`
	AllowParallelTasks             bool         `json:"allow_parallel_tasks,omitempty"`
	MaxTaskDurationSec             int          `json:"max_task_duration_sec,omitempty" doc:"0: the server's limit alone"`
}

// Vault is a password for encrypted files.
type Vault struct {
	ID         int64   `json:"id"`
	ProjectID  int64   `json:"project_id"`
	TemplateID int64   `json:"template_id"`
	VaultKeyID *int64  `json:"vault_key_id,omitempty"`
	Name       *string `json:"name,omitempty"`
	Type       string  `json:"type" enum:"password,script"`
	Script     *string `json:"script,omitempty"`
}

// VaultInput is a vault of a template; with an id it replaces that vault.
type VaultInput struct {
	ID         int64   `json:"id,omitempty"`
	VaultKeyID *int64  `json:"vault_key_id,omitempty" nullable:"true"`
	Name       *string `json:"name,omitempty" nullable:"true"`
	Type       string  `json:"type,omitempty"`
	Script     *string `json:"script,omitempty" nullable:"true"`
}

// SurveyVar is a question asked when a task is started.
type SurveyVar struct {
	Name         string        `json:"name"`
	Title        string        `json:"title"`
	Required     bool          `json:"required,omitempty"`
	Type         string        `json:"type,omitempty" doc:"string (or nothing), int, enum or secret; kept as sent"`
	Description  string        `json:"description,omitempty"`
	Values       []SurveyValue `json:"values,omitempty"`
	DefaultValue string        `json:"default_value,omitempty"`
}

// SurveyValue is a choice of an enum question.
type SurveyValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// DescriptionInput sets a description.
type DescriptionInput struct {
	Description *string `json:"description,omitempty" nullable:"true"`
}

// FromTemplate gives the shape of a template.
func FromTemplate(t domain.Template, vaults []domain.Vault) Template {
	out := Template{
		ID: int64(t.ID), ProjectID: int64(t.ProjectID), InventoryID: ptr[int64](t.InventoryID),
		RepositoryID: int64(t.RepositoryID), EnvironmentID: ptr[int64](t.VariableGroupID), EnvironmentIDs: []int64{},
		Name: t.Name, Playbook: t.Playbook, Arguments: t.Arguments,
		AllowOverrideArgsInTask: t.AllowOverrideArgsInTask, Description: t.Description,
		Type: string(t.Type), StartVersion: t.StartVersion, BuildTemplateID: ptr[int64](t.BuildTemplateID),
		ViewID: ptr[int64](t.ViewID), Autorun: t.Autorun, GitBranch: t.GitBranch,
		SuppressSuccessAlerts: t.SuppressSuccessAlerts, App: t.App, Tasks: t.TaskCount,
		TaskParams: object(t.TaskParams), RunnerTag: t.RunnerTag,
		AllowOverrideBranchInTask: t.AllowOverrideBranchInTask, AllowParallelTasks: t.AllowParallelTasks,
		AllowOverrideEnvironmentInTask: t.AllowOverrideEnvironmentInTask,
		MaxTaskDurationSec:             t.MaxDurationSec,
	}
	if t.VariableGroupID != nil {
		out.EnvironmentIDs = []int64{int64(*t.VariableGroupID)}
	}
	out.SurveyVars = list(t.SurveyVars, func(v domain.SurveyVar) SurveyVar {
		return SurveyVar{
			Name: v.Name, Title: v.Title, Required: v.Required, Type: v.Type, Description: v.Description,
			DefaultValue: v.DefaultValue,
			Values:       list(v.Values, func(c domain.SurveyValue) SurveyValue { return SurveyValue(c) }),
		}
	})
	out.Vaults = list(vaults, func(v domain.Vault) Vault {
		return Vault{
			ID: int64(v.ID), ProjectID: int64(v.ProjectID), TemplateID: int64(v.TemplateID),
			VaultKeyID: ptr[int64](v.KeyID), Name: v.Name, Type: v.Type, Script: v.Script,
		}
	})
	return out
}

// Template gives the domain value and its vaults.
func (in TemplateInput) Template() (domain.Template, []domain.Vault, error) {
	t := domain.Template{
		ID: domain.TemplateID(in.ID), ProjectID: domain.ProjectID(in.ProjectID), Name: in.Name, App: in.App,
		Playbook: in.Playbook, RepositoryID: domain.RepositoryID(in.RepositoryID),
		InventoryID: ref[domain.InventoryID](in.InventoryID), VariableGroupID: ref[domain.VariableGroupID](in.EnvironmentID),
		ViewID: ref[domain.ViewID](in.ViewID), Description: in.Description, Type: domain.TemplateType(in.Type),
		StartVersion: in.StartVersion, BuildTemplateID: ref[domain.TemplateID](in.BuildTemplateID),
		Autorun: in.Autorun, Arguments: in.Arguments, GitBranch: in.GitBranch,
		TaskParams: domain.JSON(in.TaskParams), RunnerTag: in.RunnerTag,
		SuppressSuccessAlerts: in.SuppressSuccessAlerts, AllowOverrideArgsInTask: in.AllowOverrideArgsInTask,
		AllowOverrideBranchInTask: in.AllowOverrideBranchInTask, AllowParallelTasks: in.AllowParallelTasks,
		AllowOverrideEnvironmentInTask: in.AllowOverrideEnvironmentInTask,
		MaxDurationSec:                 in.MaxTaskDurationSec,
	}
	if t.VariableGroupID == nil && len(in.EnvironmentIDs) > 0 {
		t.VariableGroupID = ref[domain.VariableGroupID](&in.EnvironmentIDs[0])
	}
	if len(in.EnvironmentIDs) > 1 {
		return t, nil, domain.Invalid("environment_ids", "a template has at most one variable group")
	}
	t.SurveyVars = list(in.SurveyVars, func(v SurveyVar) domain.SurveyVar {
		return domain.SurveyVar{
			Name: v.Name, Title: v.Title, Required: v.Required, Type: v.Type, Description: v.Description,
			DefaultValue: v.DefaultValue,
			Values:       list(v.Values, func(c SurveyValue) domain.SurveyValue { return domain.SurveyValue(c) }),
		}
	})
	vaults := list(in.Vaults, func(v VaultInput) domain.Vault {
		return domain.Vault{
			ID: domain.VaultID(v.ID), KeyID: ref[domain.KeyID](v.VaultKeyID), Name: v.Name, Type: v.Type, Script: v.Script,
		}
	})
	return t, vaults, nil
}
