// Package backup is the form in which a project leaves a server and comes back:
// one JSON document in which things refer to each other by name. It is that of
// the reference, whose files it reads and which reads its files, with members
// added for what the reference loses. Secrets are in it only when asked for, and
// then encrypted with a passphrase.
//
// The package knows the document and no database; package catalog fills and
// restores it.
package backup

import (
	"encoding/json"
	"time"

	"signalbox/internal/domain"
)

// Document is a project. Lists are never absent in what Signalbox writes; in
// what it reads, anything but the name may be.
type Document struct {
	Environments       []Environment   `json:"environments" doc:"Variable groups"`
	HostConfigs        []HostConfig    `json:"host_configs"`
	IntegrationAliases []string        `json:"integration_aliases" doc:"Aliases of the whole project"`
	Integrations       []Integration   `json:"integrations"`
	Inventories        []Inventory     `json:"inventories"`
	Keys               []Key           `json:"keys" doc:"Keys without their secrets"`
	Meta               Meta            `json:"meta"`
	Repositories       []Repository    `json:"repositories"`
	Roles              []Role          `json:"roles"`
	Schedules          []Schedule      `json:"schedules"`
	SecretStorages     []SecretStorage `json:"secret_storages"`
	Secrets            *Sealed         `json:"secrets,omitempty" doc:"The secrets of keys, encrypted with a passphrase"`
	Templates          []Template      `json:"templates"`
	Views              []View          `json:"views"`
}

// Meta is the project itself.
type Meta struct {
	Alert            bool    `json:"alert"`
	AlertChat        *string `json:"alert_chat,omitempty"`
	MaxParallelTasks int     `json:"max_parallel_tasks"`
	Name             string  `json:"name"`
	Type             string  `json:"type"`
}

// Environment is a variable group. Its secrets are keys.
type Environment struct {
	Env      *string `json:"env,omitempty"`
	JSON     string  `json:"json"`
	Name     string  `json:"name"`
	Password *string `json:"password,omitempty"`
}

// Key is a key, or a secret of the variable group that Environment names.
type Key struct {
	Environment       *string `json:"environment,omitempty"`
	Name              string  `json:"name"`
	Owner             string  `json:"owner"`
	SourceStorage     *string `json:"source_storage,omitempty"`
	SourceStorageKey  *string `json:"source_storage_key,omitempty"`
	SourceStorageType *string `json:"source_storage_type,omitempty"`
	Storage           *string `json:"storage,omitempty"`
	Type              string  `json:"type"`
	// Variable is the name of the secret in its group where Name is another one to
	// be unique.
	Variable *string `json:"variable,omitempty"`
}

// Repository is where playbooks and scripts come from.
type Repository struct {
	GitBranch string  `json:"git_branch"`
	GitDepth  int     `json:"git_depth,omitempty"`
	GitLFS    bool    `json:"git_lfs,omitempty"`
	GitURL    string  `json:"git_url"`
	Name      string  `json:"name"`
	SSHKey    *string `json:"ssh_key,omitempty"`
}

// HostConfig is a sign-in for what repositories bring along.
type HostConfig struct {
	Host   string `json:"host"`
	SSHKey string `json:"ssh_key"`
	Type   string `json:"type"`
}

// Inventory says which hosts there are, or names a workspace.
type Inventory struct {
	BecomeKey  *string `json:"become_key,omitempty"`
	Inventory  string  `json:"inventory"`
	Name       string  `json:"name"`
	Repository *string `json:"repository,omitempty"`
	RunnerTag  *string `json:"runner_tag,omitempty"`
	SSHKey     *string `json:"ssh_key,omitempty"`
	// Template is the one that a workspace is attached to.
	Template *string `json:"template,omitempty"`
	Type     string  `json:"type"`
}

// View is a tab of the list of templates.
type View struct {
	Filter      json.RawMessage `json:"filter,omitempty"`
	Hidden      bool            `json:"hidden"`
	Position    int             `json:"position"`
	SortColumn  *string         `json:"sort_column,omitempty"`
	SortReverse bool            `json:"sort_reverse"`
	Title       string          `json:"title"`
	Type        string          `json:"type"`
}

// Template says what a task runs and with what.
type Template struct {
	AllowOverrideArgsInTask        bool            `json:"allow_override_args_in_task"`
	AllowOverrideEnvironmentInTask *bool           `json:"allow_override_environment_in_task,omitempty" doc:"Absent in files of the reference, which allows it"`
	AllowOverrideBranchInTask      bool            `json:"allow_override_branch_in_task"`
	AllowParallelTasks             bool            `json:"allow_parallel_tasks"`
	App                            string          `json:"app"`
	Arguments                      *string         `json:"arguments,omitempty"`
	Autorun                        bool            `json:"autorun"`
	BuildTemplate                  *string         `json:"build_template,omitempty"`
	Cron                           *string         `json:"cron,omitempty" doc:"In old files: becomes a schedule"`
	Description                    *string         `json:"description,omitempty"`
	Environment                    *string         `json:"environment,omitempty"`
	GitBranch                      *string         `json:"git_branch,omitempty"`
	Inventory                      *string         `json:"inventory,omitempty"`
	MaxTaskDurationSec             int             `json:"max_task_duration_sec,omitempty"`
	Name                           string          `json:"name"`
	Playbook                       string          `json:"playbook"`
	Repository                     string          `json:"repository"`
	Roles                          []TemplateRole  `json:"roles"`
	RunnerTag                      *string         `json:"runner_tag,omitempty"`
	StartVersion                   *string         `json:"start_version,omitempty"`
	SuppressSuccessAlerts          bool            `json:"suppress_success_alerts"`
	SurveyVars                     []SurveyVar     `json:"survey_vars"`
	TaskParams                     json.RawMessage `json:"task_params"`
	Type                           string          `json:"type"`
	VaultKey                       *string         `json:"vault_key,omitempty" doc:"In old files: becomes a vault"`
	Vaults                         []Vault         `json:"vaults"`
	View                           *string         `json:"view,omitempty"`
}

// TemplateRole adds permissions for the members of a role.
type TemplateRole struct {
	IsGlobal    bool   `json:"is_global"`
	Permissions int64  `json:"permissions"`
	Role        string `json:"role" doc:"The slug of a role for all projects, the name of one of the project"`
}

// SurveyVar is a question asked when a task is started.
type SurveyVar struct {
	DefaultValue string        `json:"default_value"`
	Description  string        `json:"description"`
	Name         string        `json:"name"`
	Required     bool          `json:"required"`
	Title        string        `json:"title"`
	Type         string        `json:"type"`
	Values       []SurveyValue `json:"values"`
}

// SurveyValue is a choice of a question.
type SurveyValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Vault is a password for encrypted files.
type Vault struct {
	Name     *string `json:"name,omitempty"`
	Script   *string `json:"script,omitempty"`
	Type     string  `json:"type"`
	VaultKey *string `json:"vault_key,omitempty"`
}

// TaskParams are the inputs of tasks that something starts by itself.
type TaskParams struct {
	Arguments     *string         `json:"arguments,omitempty"`
	Environment   *string         `json:"environment,omitempty"`
	GitBranch     *string         `json:"git_branch,omitempty"`
	InventoryName *string         `json:"inventory_name,omitempty"`
	Message       *string         `json:"message,omitempty"`
	Params        json.RawMessage `json:"params,omitempty"`
	Version       *string         `json:"version,omitempty"`
}

// Schedule starts tasks by the clock.
type Schedule struct {
	Active              bool            `json:"active"`
	CheckableRepository *string         `json:"checkable_repository,omitempty"`
	CronFormat          string          `json:"cron_format"`
	DeleteAfterRun      bool            `json:"delete_after_run"`
	Name                string          `json:"name"`
	RunAt               json.RawMessage `json:"run_at,omitempty" doc:"RFC 3339; the reference writes an empty object"`
	TaskParams          *TaskParams     `json:"task_params,omitempty"`
	Template            string          `json:"template"`
	Type                string          `json:"type"`
}

// At reads when a schedule is to run. The reference writes every time as an
// empty object, which is read as none, the zero time.
func (s Schedule) At() (time.Time, error) {
	if len(s.RunAt) == 0 || s.RunAt[0] == '{' || string(s.RunAt) == "null" {
		return time.Time{}, nil
	}
	var at time.Time
	if err := json.Unmarshal(s.RunAt, &at); err != nil {
		return at, domain.Invalid("run_at", "must be a time such as 2026-01-31T12:00:00Z")
	}
	return at, nil
}

// Integration starts tasks when somebody calls a web address.
type Integration struct {
	Aliases       []string       `json:"aliases"`
	AuthHeader    string         `json:"auth_header"`
	AuthMethod    string         `json:"auth_method"`
	AuthSecret    *string        `json:"auth_secret,omitempty"`
	ExtractValues []ExtractValue `json:"extract_values"`
	Matchers      []Matcher      `json:"matchers"`
	Name          string         `json:"name"`
	Searchable    bool           `json:"searchable"`
	TaskParams    *TaskParams    `json:"task_params,omitempty"`
	Template      string         `json:"template"`
}

// Matcher is a condition on a call.
type Matcher struct {
	BodyDataType string `json:"body_data_type"`
	Key          string `json:"key"`
	MatchType    string `json:"match_type"`
	Method       string `json:"method"`
	Name         string `json:"name"`
	Value        string `json:"value"`
}

// ExtractValue takes a value out of a call.
type ExtractValue struct {
	BodyDataType string `json:"body_data_type"`
	Key          string `json:"key"`
	Name         string `json:"name"`
	ValueSource  string `json:"value_source"`
	Variable     string `json:"variable"`
	VariableType string `json:"variable_type"`
}

// SecretStorage is a place outside for secrets.
type SecretStorage struct {
	Name     string          `json:"name"`
	Params   json.RawMessage `json:"params,omitempty"`
	Readonly bool            `json:"readonly"`
	Type     string          `json:"type"`
}

// Role is a role that the project made for itself.
type Role struct {
	Name        string  `json:"name"`
	Permissions int64   `json:"permissions"`
	Slug        *string `json:"slug,omitempty"`
}
