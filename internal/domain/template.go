package domain

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// TemplateType tells plain tasks from builds and deployments.
type TemplateType string

const (
	TemplateTask   TemplateType = ""
	TemplateBuild  TemplateType = "build"
	TemplateDeploy TemplateType = "deploy"
)

// Valid reports whether t is a known template type.
func (t TemplateType) Valid() bool {
	return t == TemplateTask || t == TemplateBuild || t == TemplateDeploy
}

// Template says what a task runs and with what.
type Template struct {
	ID              TemplateID
	ProjectID       ProjectID
	Name            string
	App             string
	Playbook        string // playbook, script or directory, relative to the repository
	RepositoryID    RepositoryID
	InventoryID     *InventoryID
	VariableGroupID *VariableGroupID
	ViewID          *ViewID
	Description     *string
	Type            TemplateType
	StartVersion    *string
	BuildTemplateID *TemplateID
	Autorun         bool
	Arguments       *string // JSON array of strings as text
	GitBranch       *string
	SurveyVars      []SurveyVar
	TaskParams      JSON // app-specific defaults and permissions, echoed as sent
	RunnerTag       *string

	SuppressSuccessAlerts     bool
	AllowOverrideArgsInTask   bool
	AllowOverrideBranchInTask bool
	// AllowOverrideEnvironmentInTask lets tasks set variables that the survey does
	// not ask for.
	AllowOverrideEnvironmentInTask bool
	AllowParallelTasks             bool
	// MaxDurationSec ends a task after so many seconds, 0 for the server's limit
	// alone. The shorter of the two counts.
	MaxDurationSec int
	TaskCount      int // tasks ever created from it
}

// SurveyVar is a question asked when a task is started.
type SurveyVar struct {
	Name         string
	Title        string
	Required     bool
	Type         string // "", "string", "int", "integer", "enum", "secret"; kept as sent
	Description  string
	Values       []SurveyValue
	DefaultValue string
}

// SurveyValue is a choice of an enum question.
type SurveyValue struct {
	Name  string
	Value string
}

// Kind folds the spellings of survey types that clients send.
func (v SurveyVar) Kind() string {
	switch v.Type {
	case "", "string", "text":
		return "string"
	case "int", "integer":
		return "int"
	}
	return v.Type
}

// Check tells whether answer is acceptable. A required answer must not be
// empty; an empty optional one always is fine.
func (v SurveyVar) Check(field, answer string) error {
	if answer == "" {
		if v.Required {
			return Invalid(field, "%s is required", v.label())
		}
		return nil
	}
	switch v.Kind() {
	case "int":
		if _, err := strconv.ParseInt(strings.TrimSpace(answer), 10, 64); err != nil {
			return Invalid(field, "%s must be a whole number", v.label())
		}
	case "enum":
		for _, allowed := range v.Values {
			if allowed.Value == answer {
				return nil
			}
		}
		return Invalid(field, "%s must be one of the values offered", v.label())
	}
	return nil
}

func (v SurveyVar) label() string {
	if v.Title != "" {
		return strconv.Quote(v.Title)
	}
	return strconv.Quote(v.Name)
}

var surveyName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
})

// Vault is a password for encrypted files, given to ansible.
type Vault struct {
	ID         VaultID
	ProjectID  ProjectID
	TemplateID TemplateID
	KeyID      *KeyID
	Name       *string // vault id; nil: default
	Type       string  // "password" or "script"
	Script     *string // path of the script, for type script
}

// maxDurationSec is a year: more is a mistake.
const maxDurationSec = 366 * 24 * 3600

// Validate checks what can be checked without looking at other objects.
// app is the declaration of the template's app.
func (t *Template) Validate(app App) error {
	t.Playbook = strings.TrimSpace(t.Playbook)
	if err := checkName("name", t.Name, 100); err != nil {
		return err
	}
	if !t.Type.Valid() {
		return Invalid("type", "%q is not a template type; use \"\", build or deploy", string(t.Type))
	}
	if t.RepositoryID == 0 {
		return Invalid("repository_id", "a repository is required")
	}
	if t.Playbook == "" && !app.PlaybookOptional() {
		return Invalid("playbook", "the path of the %s is required", app.PlaybookWord())
	}
	if err := CheckRelativePath("playbook", t.Playbook); err != nil {
		return err
	}
	if app.InventoryRequired() && t.InventoryID == nil {
		return Invalid("inventory_id", "an inventory is required")
	}
	if t.Arguments != nil && *t.Arguments == "" {
		t.Arguments = nil
	}
	if t.Arguments != nil {
		if _, err := ParseArguments("arguments", *t.Arguments, app.Family); err != nil {
			return err
		}
	}
	if t.MaxDurationSec < 0 || t.MaxDurationSec > maxDurationSec {
		return Invalid("max_task_duration_sec", "must be a number of seconds from 0 to %d; 0 sets no limit", maxDurationSec)
	}
	if t.GitBranch != nil && *t.GitBranch == "" {
		t.GitBranch = nil
	}
	if t.GitBranch != nil {
		if err := CheckGitRef("git_branch", *t.GitBranch); err != nil {
			return err
		}
	}
	if t.RunnerTag != nil && *t.RunnerTag == "" {
		return Invalid("runner_tag", "must not be empty; leave it out for no tag")
	}
	if t.StartVersion != nil && len(*t.StartVersion) > 20 {
		return Invalid("start_version", "must not be longer than 20 characters")
	}
	if t.Type != TemplateDeploy {
		t.BuildTemplateID = nil
	}
	if t.Type != TemplateBuild {
		t.StartVersion = nil
	}
	if err := app.checkTemplateParams(t.TaskParams); err != nil {
		return err
	}
	return t.validateSurvey()
}

func (t *Template) validateSurvey() error {
	seen := map[string]bool{}
	for i, v := range t.SurveyVars {
		at := func(name string) string { return fmt.Sprintf("survey_vars[%d].%s", i, name) }
		if !surveyName().MatchString(v.Name) {
			return Invalid(at("name"), "%q is not a valid variable name", v.Name)
		}
		if seen[v.Name] {
			return Invalid(at("name"), "%q is asked for twice", v.Name)
		}
		seen[v.Name] = true
		switch v.Kind() {
		case "string", "int", "secret":
		case "enum":
			if len(v.Values) == 0 {
				return Invalid(at("values"), "a choice needs at least one value")
			}
		default:
			return Invalid(at("type"), "%q is not a question type; use string, int, enum or secret", v.Type)
		}
		if v.DefaultValue != "" {
			if err := v.Check(at("default_value"), v.DefaultValue); err != nil {
				return err
			}
		}
	}
	return nil
}
