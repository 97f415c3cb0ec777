package wire

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"signalbox/internal/tasks"
)

// Explanation says why a task waits, what it runs, and where its values come
// from. Secrets are masked.
type Explanation struct {
	Status      string              `json:"status"`
	Waiting     *Waiting            `json:"waiting,omitempty" doc:"What keeps the task from running"`
	Ahead       int                 `json:"ahead,omitempty" doc:"Older tasks of all projects that wait too, counted up to 1000"`
	Problem     string              `json:"problem,omitempty" doc:"Why the task cannot be started"`
	Source      ExplainedSource     `json:"source"`
	Commands    []ExplainedCommand  `json:"commands" doc:"In their order; paths in <> are known to the run alone. Empty where they depend on what the run finds"`
	MaxDuration int64               `json:"max_duration_sec" doc:"0: no limit"`
	Variables   []ExplainedVariable `json:"variables"`
	Environment []ExplainedVariable `json:"environment" doc:"Variables of the environment that project or server set"`
}

// Waiting is the limit that a waiting task has met.
type Waiting struct {
	Reason string `json:"reason" enum:"global,template,project"`
	Text   string `json:"text"`
	Limit  int    `json:"limit"`
	TaskID int64  `json:"task_id,omitempty" doc:"The task to wait for, when it is one"`
}

// ExplainedSource says which files a task gets.
type ExplainedSource struct {
	Repository string `json:"repository"`
	URL        string `json:"url"`
	Branch     string `json:"branch"`
	From       string `json:"from" doc:"repository, template or task: where the branch is set"`
	Commit     string `json:"commit,omitempty"`
}

// ExplainedCommand is a command line.
type ExplainedCommand struct {
	Program string   `json:"program"`
	Args    []string `json:"args"`
	Env     []string `json:"env" doc:"NAME=value"`
	Files   []string `json:"files" doc:"Files that are written before, readable by the run alone"`
}

// ExplainedVariable is a value that counts.
type ExplainedVariable struct {
	Name   string            `json:"name"`
	Value  Any               `json:"value" doc:"null for a secret"`
	Secret bool              `json:"secret,omitempty"`
	From   string            `json:"from" doc:"server, group, survey, task, group_secret or survey_secret"`
	Over   []OverriddenValue `json:"over,omitempty" doc:"The values it wins over, weakest first"`
}

// OverriddenValue is a value that does not count.
type OverriddenValue struct {
	Value  Any    `json:"value"`
	Secret bool   `json:"secret,omitempty"`
	From   string `json:"from"`
}

// FromExplanation gives the shape of an explanation.
func FromExplanation(e tasks.Explanation) Explanation {
	out := Explanation{
		Status: string(e.Status), Ahead: e.Ahead, Problem: e.Problem, MaxDuration: int64(e.Limits.MaxDuration / time.Second),
		Source:   ExplainedSource{Repository: e.Source.Repository, URL: e.Source.URL, Branch: e.Source.Branch, From: string(e.Source.From), Commit: e.Source.Commit},
		Commands: []ExplainedCommand{}, Variables: explained(e.Variables), Environment: explained(e.Environment),
	}
	if w := e.Waiting; w != nil {
		out.Waiting = &Waiting{Reason: string(w.Reason), Text: w.Text, Limit: w.Limit, TaskID: int64(w.TaskID)}
	}
	for _, c := range e.Commands {
		out.Commands = append(out.Commands, ExplainedCommand(c))
	}
	return out
}

func explained(vars []tasks.Variable) []ExplainedVariable {
	out := make([]ExplainedVariable, 0, len(vars))
	for _, v := range vars {
		shape := ExplainedVariable{Name: v.Name, Value: Any(v.Value), Secret: v.Secret, From: string(v.From)}
		for _, o := range v.Over {
			shape.Over = append(shape.Over, OverriddenValue{Value: Any(o.Value), Secret: o.Secret, From: string(o.From)})
		}
		out = append(out, shape)
	}
	return out
}

// Any is a JSON value of any type, as it was written.
type Any json.RawMessage

// MarshalJSON writes the value, null for none.
func (a Any) MarshalJSON() ([]byte, error) {
	if len(a) == 0 {
		return []byte("null"), nil
	}
	return a, nil
}

// UnmarshalJSON keeps the text of the value.
func (a *Any) UnmarshalJSON(data []byte) error {
	*a = bytes.Clone(data)
	return nil
}

// Schema describes the value to OpenAPI: it may be anything.
func (Any) Schema(huma.Registry) *huma.Schema { return &huma.Schema{} }
