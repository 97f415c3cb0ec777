package domain

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// AnsibleTemplateParams are the task_params of an ansible template.
type AnsibleTemplateParams struct {
	AllowDebug             bool     `json:"allow_debug"`
	AllowOverrideInventory bool     `json:"allow_override_inventory"`
	AllowOverrideLimit     bool     `json:"allow_override_limit"`
	AllowOverrideTags      bool     `json:"allow_override_tags"`
	AllowOverrideSkipTags  bool     `json:"allow_override_skip_tags"`
	Limit                  []string `json:"limit"`
	Tags                   []string `json:"tags"`
	SkipTags               []string `json:"skip_tags"`

	// SkipGalaxyInstall leaves out what requirements.yml asks for.
	SkipGalaxyInstall              bool `json:"skip_galaxy_install"`
	AllowOverrideSkipGalaxyInstall bool `json:"allow_override_skip_galaxy_install"`
	// Further arguments of "ansible-galaxy collection install" and "… role install".
	GalaxyCollectionArgs []string `json:"galaxy_collection_args"`
	GalaxyRoleArgs       []string `json:"galaxy_role_args"`
}

func (p AnsibleTemplateParams) check(field string) error {
	if err := checkArguments(field+".galaxy_collection_args", p.GalaxyCollectionArgs); err != nil {
		return err
	}
	return checkArguments(field+".galaxy_role_args", p.GalaxyRoleArgs)
}

// AnsibleTaskParams are the params of a task of an ansible template.
type AnsibleTaskParams struct {
	Debug      bool      `json:"debug"`
	DebugLevel int       `json:"debug_level"`
	DryRun     bool      `json:"dry_run"`
	Diff       bool      `json:"diff"`
	Limit      *[]string `json:"limit"`
	Tags       *[]string `json:"tags"`
	SkipTags   *[]string `json:"skip_tags"`
	// SkipGalaxyInstall takes the place of what the template says.
	SkipGalaxyInstall *bool `json:"skip_galaxy_install"`
}

// Verbosity is the number of v's for ansible, 0 for none.
func (p AnsibleTaskParams) Verbosity() int {
	switch {
	case !p.Debug:
		return 0
	case p.DebugLevel < 1:
		return 4
	case p.DebugLevel > 6:
		return 6
	}
	return p.DebugLevel
}

// TerraformTemplateParams are the task_params of a template of the Terraform
// family.
type TerraformTemplateParams struct {
	AllowDestroy           bool   `json:"allow_destroy"`
	AllowAutoApprove       bool   `json:"allow_auto_approve"`
	AllowOverrideInventory bool   `json:"allow_override_inventory"` // another workspace
	AutoApprove            bool   `json:"auto_approve"`
	OverrideBackend        bool   `json:"override_backend"`
	BackendFilename        string `json:"backend_filename"`
}

// TerraformTaskParams are the params of a task of the Terraform family.
type TerraformTaskParams struct {
	Plan        bool `json:"plan"` // plan only
	Destroy     bool `json:"destroy"`
	AutoApprove bool `json:"auto_approve"`
	Upgrade     bool `json:"upgrade"`
	Reconfigure bool `json:"reconfigure"`
	// MigrateState copies the state to another backend; Reconfigure wins over it.
	MigrateState bool `json:"migrate_state"`
}

// Check enforces what the template allows a task to ask for.
func (p TerraformTaskParams) Check(allowed TerraformTemplateParams) error {
	switch {
	case p.Destroy && !allowed.AllowDestroy:
		return Invalid("params.destroy", "the template does not allow to destroy")
	case p.AutoApprove && !allowed.AllowAutoApprove && !allowed.AutoApprove:
		return Invalid("params.auto_approve", "the template does not allow to apply without confirmation")
	}
	return nil
}

// DefaultBackendFile is where an overridden backend is written when the template
// names no file.
const DefaultBackendFile = "backend.tf"

// CheckBackendFile keeps the file that an overridden backend is written to in
// the directory that Terraform reads, and among the files it does read. No name
// stands for DefaultBackendFile.
func CheckBackendFile(name string) error {
	const field = "task_params.backend_filename"
	switch {
	case name == "":
		return nil
	case strings.ContainsAny(name, "/\\\x00\r\n") || strings.ContainsRune(".-#", rune(name[0])) || len(name) > 100:
		return Invalid(field, "must be the plain name of a file such as %s", DefaultBackendFile)
	case !strings.HasSuffix(name, ".tf"):
		return Invalid(field, "must end in .tf, or it is not read")
	}
	return nil
}

// DecodeParams reads app parameters into a struct and names the field that
// does not fit.
func DecodeParams(field string, doc JSON, into any) error {
	if len(doc) == 0 {
		return nil
	}
	if err := json.Unmarshal(doc, into); err != nil {
		if te, ok := err.(*json.UnmarshalTypeError); ok && te.Field != "" {
			return Invalid(field+"."+te.Field, "must be %s, not %s", article(te.Type.String()), te.Value)
		}
		return Invalid(field, "must be a JSON object")
	}
	return nil
}

func article(goType string) string {
	switch goType {
	case "bool":
		return "true or false"
	case "int", "int64":
		return "a whole number"
	case "string":
		return "a text"
	case "[]string":
		return "a list of texts"
	}
	return "a " + goType
}

// checkTemplateParams checks the task_params of a template of the app.
func (a App) checkTemplateParams(doc JSON) error {
	const field = "task_params"
	if len(doc) == 0 {
		return nil
	}
	if _, err := doc.Object(); err != nil {
		return Invalid(field, "must be a JSON object")
	}
	switch a.Family {
	case FamilyAnsible:
		var p AnsibleTemplateParams
		if err := DecodeParams(field, doc, &p); err != nil {
			return err
		}
		return p.check(field)
	case FamilyTerraform:
		var p TerraformTemplateParams
		if err := DecodeParams(field, doc, &p); err != nil {
			return err
		}
		return CheckBackendFile(p.BackendFilename)
	}
	return nil
}

// StageNames are the steps of the Terraform family that take arguments of their
// own. What is for "default" goes to plan and apply if they have none.
func StageNames() []string { return []string{"default", "init", "plan", "apply"} }

// Arguments are what template or task put on a command line: a list for most
// apps, one for each stage in the Terraform family.
type Arguments struct {
	List   []string            // as given in a plain list
	Stages map[string][]string // by stage; nil when a plain list was given
}

// Empty reports whether there are none.
func (a Arguments) Empty() bool {
	for _, list := range a.Stages {
		if len(list) > 0 {
			return false
		}
	}
	return len(a.List) == 0
}

// ByStage returns the arguments by stage: a plain list is for "default".
func (a Arguments) ByStage() map[string][]string {
	switch {
	case a.Stages != nil:
		return a.Stages
	case len(a.List) > 0:
		return map[string][]string{"default": a.List}
	}
	return nil
}

// ParseArguments reads arguments in the form that a family takes: a JSON array
// of texts, or for the Terraform family also an object from stage to such an
// array. Blank text is none. The error names the field.
func ParseArguments(field, text string, f Family) (Arguments, error) {
	const arrays = "must be a JSON array of texts such as [\"--flush-cache\"]"
	trimmed := bytes.TrimSpace([]byte(text))
	var args Arguments
	if len(trimmed) == 0 {
		return args, nil
	}
	if trimmed[0] != '{' || f != FamilyTerraform {
		if err := json.Unmarshal(trimmed, &args.List); err != nil {
			if f == FamilyTerraform {
				return args, Invalid(field, arrays+", or an object such as {\"plan\": [\"-parallelism=4\"]}")
			}
			return args, Invalid(field, arrays)
		}
		return args, checkArguments(field, args.List)
	}
	var stages map[string]json.RawMessage
	if err := json.Unmarshal(trimmed, &stages); err != nil {
		return args, Invalid(field, "must be valid JSON")
	}
	args.Stages = map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(stages)) { // of several mistakes always the same is named
		if !slices.Contains(StageNames(), name) {
			return args, Invalid(field, "%q is not a stage; use %s", name, strings.Join(StageNames(), ", "))
		}
		var texts []string
		if err := json.Unmarshal(stages[name], &texts); err != nil {
			return args, Invalid(field+"."+name, "must be a JSON array of texts")
		}
		if err := checkArguments(field+"."+name, texts); err != nil {
			return args, err
		}
		args.Stages[name] = texts
	}
	return args, nil
}

func checkArguments(field string, list []string) error {
	for i, a := range list {
		if strings.ContainsRune(a, 0) {
			return Invalid(field, "argument %d holds a zero byte, which no program can receive", i+1)
		}
	}
	return nil
}
