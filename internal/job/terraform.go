package job

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Terraform holds what a run of OpenTofu, Terraform or Terragrunt wants beyond
// what every run has. Whoever makes the Spec has checked it against what the
// template allows: the job carries out what is said here.
//
// Spec.Playbook is the directory of the configuration in the repository, ""
// for its root.
type Terraform struct {
	Workspace string // "" and "default" are the workspace that always exists

	PlanOnly    bool // end after the plan, whatever AutoApprove says
	Destroy     bool // plan the removal of everything
	AutoApprove bool // apply without asking

	Upgrade      bool // newer modules and providers within their constraints
	Reconfigure  bool // take another backend as it is; wins over MigrateState
	MigrateState bool // copy the state to another backend

	TemplateArgs StageArgs
	TaskArgs     StageArgs

	// OverrideBackend makes the state live at State: a file with an empty http
	// backend is put beside the configuration for the time it is read.
	OverrideBackend bool
	BackendFile     string // its name, "" for backend.tf

	// ApprovalTimeout bounds the wait for an answer; 0 waits for ever. The wait
	// does not count against Limits.MaxDuration.
	ApprovalTimeout time.Duration

	State *TerraformState

	// DigestKey keys the digest of the variables in the plan's summary, so that
	// digests can be compared but say nothing about values. Without one, a key
	// is made for the run and digests of different runs never match.
	DigestKey []byte
}

// TerraformState is where the http backend keeps state: the TF_HTTP_* variables.
type TerraformState struct {
	Address       string
	LockAddress   string // "" for no locking
	UnlockAddress string
	Username      string
	Password      string
}

// StageArgs are arguments by stage. A list that is nil was not given; an empty
// one was given and says: none.
type StageArgs struct {
	Init    []string `json:"init"`
	Plan    []string `json:"plan"`
	Apply   []string `json:"apply"`
	Default []string `json:"default"`
}

// ForPlan returns the arguments of a plan: plan, else apply, else default.
func (a StageArgs) ForPlan() []string { return firstGiven(a.Plan, a.Apply, a.Default) }

// ForApply returns the arguments of an apply: apply, else default.
func (a StageArgs) ForApply() []string { return firstGiven(a.Apply, a.Default) }

func firstGiven(lists ...[]string) []string {
	for _, l := range lists {
		if l != nil {
			return l
		}
	}
	return nil
}

// ParseStageArgs reads the arguments of a template or a task of this family: a
// JSON list of strings, which is the default of plan and apply, or an object
// with such lists under init, plan, apply and default. An empty text and null
// are none. Errors are *ArgsError and name the part that is wrong.
func ParseStageArgs(text string) (StageArgs, error) {
	trimmed := strings.TrimSpace(text)
	switch {
	case trimmed == "" || trimmed == "null":
		return StageArgs{}, nil
	case strings.HasPrefix(trimmed, "["):
		list, err := stringList("arguments", []byte(trimmed))
		return StageArgs{Default: list}, err
	case !strings.HasPrefix(trimmed, "{"):
		return StageArgs{}, argsFault("The arguments must be a JSON list of strings, or an object with such lists under init, plan, apply and default.")
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(trimmed), &object); err != nil {
		return StageArgs{}, argsFault("The arguments are not valid JSON: %v.", err)
	}
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	var args StageArgs
	for _, name := range names {
		into := map[string]*[]string{"init": &args.Init, "plan": &args.Plan, "apply": &args.Apply, "default": &args.Default}[name]
		if into == nil {
			return StageArgs{}, argsFault("The arguments have a stage %q that does not exist. Use init, plan, apply or default.", name)
		}
		list, err := stringList("arguments of "+name, object[name])
		if err != nil {
			return StageArgs{}, err
		}
		*into = list
	}
	return args, nil
}

// ArgsError is a sentence for whoever wrote the arguments.
type ArgsError struct{ Message string }

func (e *ArgsError) Error() string { return e.Message }

func argsFault(format string, values ...any) error {
	return &ArgsError{Message: fmt.Sprintf(format, values...)}
}

func stringList(what string, text []byte) ([]string, error) {
	if bytes.Equal(bytes.TrimSpace(text), []byte("null")) {
		return nil, nil
	}
	var items []any
	if err := json.Unmarshal(text, &items); err != nil {
		return nil, argsFault("The %s must be a JSON list of strings.", what)
	}
	list := make([]string, 0, len(items))
	for i, item := range items {
		s, ok := item.(string)
		if !ok {
			return nil, argsFault("The %s must be texts; number %d is not one. Put it in quotes.", what, i+1)
		}
		list = append(list, s)
	}
	return list, nil
}
