// Package apps is what the program families have in common: what a run gives
// them, and the command they make of it. A family is one folder below with one
// pure function; files it wants are returned, not written.
package apps

import (
	"bytes"
	"encoding/json"

	"slices"
	"strconv"
	"strings"

	"signalbox/internal/exec/fault"
	"signalbox/internal/job"
)

// Input is a run whose files are in place.
type Input struct {
	Spec    *job.Spec
	Dir     string // checkout, and working directory
	Private string // directory for secret files, 0700
	Commit  job.Commit

	// Machine is the environment that the machine gives: search path, home,
	// language, forwarded and fixed variables.
	Machine []Var
	// AnsibleHome is set when the family keeps its home per template.
	AnsibleHome string
	AgentSocket string // "" when no key is held
	// Inventory is the path given to ansible; "" for none.
	Inventory string
}

// File is a file to write before the command runs.
type File struct {
	Name    string // in Input.Private
	Data    []byte
	Program bool // may be executed
}

// Command is what to run.
type Command struct {
	Program string
	Args    []string // without the program
	Env     []Var    // later ones win
	Files   []File
}

// Var is an environment variable.
type Var struct{ Name, Value string }

// Builder makes the command of a family.
type Builder func(Input) (Command, error)

// Env is the environment in the order that decides; fixed comes first, and
// details, if asked for, after the group's variables.
func Env(in Input, fixed []Var, details bool) []Var {
	env := slices.Concat(fixed, in.Machine)
	if in.AnsibleHome != "" {
		env = append(env, Var{"ANSIBLE_HOME", in.AnsibleHome})
	}
	env = append(env, sorted(in.Spec.Env)...)
	env = append(env, sorted(in.Spec.SecretEnv)...)
	if details {
		for _, d := range Details(in) {
			env = append(env, both("TASK_DETAILS_"+strings.ToUpper(d.Name), d.Value)...)
		}
	}
	if in.AgentSocket != "" {
		env = append(env, Var{"SSH_AUTH_SOCK", in.AgentSocket})
	}
	return append(env, taskType(in.Spec.Details)...)
}

// both gives a variable under the reference's name and under ours.
func both(name, value string) []Var {
	return []Var{{"SEMAPHORE_" + name, value}, {"SIGNALBOX_" + name, value}}
}

func taskType(d job.Details) []Var {
	if d.Type == "" {
		return nil
	}
	env := both("TASK_TYPE", d.Type)
	if d.IncomingVersion != "" {
		env = append(env, both("TASK_INCOMING_VERSION", d.IncomingVersion)...)
	}
	if d.TargetVersion != "" {
		env = append(env, both("TASK_TARGET_VERSION", d.TargetVersion)...)
	}
	return env
}

// Details lists the facts of the task that are known, in a fixed order. Names
// are those of the extra variable; numbers stay text.
func Details(in Input) []Var {
	d := in.Spec.Details
	all := []Var{
		{"id", number(d.ID)},
		{"message", d.Message},
		{"username", d.Username},
		{"url", d.URL},
		{"commit_hash", in.Commit.Hash},
		{"commit_message", in.Commit.Message},
		{"inventory_name", d.InventoryName},
		{"inventory_id", number(d.InventoryID)},
		{"repository_name", d.RepositoryName},
		{"repository_id", number(d.RepositoryID)},
		{"type", d.Type},
		{"incoming_version", d.IncomingVersion},
		{"target_version", d.TargetVersion},
	}
	return slices.DeleteFunc(all, func(v Var) bool { return v.Value == "" })
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func sorted(vars map[string]string) []Var {
	list := make([]Var, 0, len(vars))
	for _, name := range Names(vars) {
		list = append(list, Var{name, vars[name]})
	}
	return list
}

// Names returns the keys of a map in order.
func Names[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Text is how a JSON value looks on a command line: strings as they are,
// everything else as JSON, numbers as they were written.
func Text(value json.RawMessage) string {
	value = bytes.TrimSpace(value)
	if len(value) > 0 && value[0] == '"' {
		var s string
		if json.Unmarshal(value, &s) == nil {
			return s
		}
	}
	var out bytes.Buffer
	if json.Compact(&out, value) != nil {
		return string(value)
	}
	return out.String()
}

// Environ turns variables into the form the kernel takes. The last of a name
// stands; a name that cannot exist is an error.
func Environ(vars []Var) ([]string, error) {
	last := make(map[string]int, len(vars))
	for i, v := range vars {
		if v.Name == "" || strings.ContainsAny(v.Name, "=\x00") {
			return nil, fault.New("The environment variable name %q is not valid. Correct it in the variable group.", v.Name)
		}
		if strings.ContainsRune(v.Value, 0) {
			return nil, fault.New("The environment variable %s holds a zero byte, which no program can receive. Correct its value.", v.Name)
		}
		last[v.Name] = i
	}
	env := make([]string, 0, len(last))
	for i, v := range vars {
		if last[v.Name] == i {
			env = append(env, v.Name+"="+v.Value)
		}
	}
	return env, nil
}

// Lookup returns the value that stands for a name.
func Lookup(vars []Var, name string) string {
	for _, v := range slices.Backward(vars) {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

// Operand makes a relative path one that no program takes for an option.
func Operand(path string) string {
	if strings.HasPrefix(path, "-") {
		return "./" + path
	}
	return path
}

// CheckArgs refuses arguments that no program can receive.
func CheckArgs(args []string) error {
	for i, a := range args {
		if strings.ContainsRune(a, 0) {
			return fault.New("Argument %d of the command holds a zero byte, which no program can receive.", i+1)
		}
	}
	return nil
}
