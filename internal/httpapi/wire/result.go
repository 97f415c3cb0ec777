package wire

import (
	"time"

	"signalbox/internal/ansibleresult"
	"signalbox/internal/domain"
	"signalbox/internal/tasks"
)

// FromStages gives the stages of a task.
func FromStages(stages []domain.TaskStage) []TaskStage {
	out := make([]TaskStage, 0, len(stages))
	for _, s := range stages {
		shape := TaskStage{ID: int64(s.Seq), TaskID: int64(s.TaskID), Start: utc(&s.Start), End: utc(s.End), Type: s.Type, Result: Object(s.Result)}
		if s.End == nil || s.LastLine >= s.FirstLine {
			shape.StartOutputID = &s.FirstLine
		}
		if s.End != nil && s.LastLine >= s.FirstLine {
			shape.EndOutputID = &s.LastLine
		}
		out = append(out, shape)
	}
	return out
}

// FromAnsibleHosts gives the totals of the hosts.
func FromAnsibleHosts(p domain.ProjectID, t ansibleresult.Totals, s *domain.TaskStage) []AnsibleHost {
	out := make([]AnsibleHost, 0, len(t.Hosts))
	for i, h := range t.Hosts {
		out = append(out, AnsibleHost{
			ID: int64(i + 1), TaskID: int64(s.TaskID), ProjectID: int64(p), Host: h.Host, OK: h.OK, Changed: h.Changed, Failed: h.Failed,
			Ignored: h.Ignored, Rescued: h.Rescued, Skipped: h.Skipped, Unreachable: h.Unreachable, Created: s.Start.UTC(),
		})
	}
	return out
}

// FromAnsibleErrors gives the errors of the hosts.
func FromAnsibleErrors(p domain.ProjectID, t ansibleresult.Totals, s *domain.TaskStage) []AnsibleError {
	out := make([]AnsibleError, 0, len(t.Errors))
	for i, e := range t.Errors {
		out = append(out, AnsibleError{
			ID: int64(i + 1), TaskID: int64(s.TaskID), ProjectID: int64(p), Host: e.Host, Task: e.Task, Error: e.Error, Created: s.Start.UTC(),
		})
	}
	return out
}

// AnsibleMatrix is a part of what a playbook did, as tasks and hosts.
type AnsibleMatrix struct {
	Hosts     []string      `json:"hosts" doc:"In the order of their first result"`
	Plays     []AnsiblePlay `json:"plays" doc:"All there are so far; tasks are those of the page"`
	Tasks     int           `json:"tasks" doc:"Number of the last task so far"`
	Truncated bool          `json:"truncated" doc:"There are more results than one answer holds: ask for fewer tasks, or for one host"`
}

// AnsiblePlay is a part of a playbook.
type AnsiblePlay struct {
	Number   int           `json:"number"`
	Name     string        `json:"name"`
	Strategy string        `json:"strategy,omitempty"`
	Check    bool          `json:"check,omitempty"`
	Start    time.Time     `json:"start"`
	End      time.Time     `json:"end" doc:"Of the last thing that happened in it"`
	Note     string        `json:"note,omitempty" enum:"no_hosts_matched,no_hosts_remaining"`
	Tasks    []AnsibleTask `json:"tasks"`
}

// AnsibleTask is a row of the matrix.
type AnsibleTask struct {
	Number  int               `json:"number" doc:"From 1, through all plays"`
	Name    string            `json:"name"`
	Action  string            `json:"action"`
	Path    string            `json:"path,omitempty" doc:"file:line in the repository"`
	Handler bool              `json:"handler,omitempty"`
	Start   time.Time         `json:"start"`
	Counts  AnsibleTaskCounts `json:"counts" doc:"Over all hosts, also those that are not in the answer"`
	Cells   []AnsibleCell     `json:"cells"`
}

// AnsibleTaskCounts are the results of a task over all hosts.
type AnsibleTaskCounts struct {
	OK          int `json:"ok"`
	Changed     int `json:"changed"`
	Failed      int `json:"failed"`
	Unreachable int `json:"unreachable"`
	Skipped     int `json:"skipped"`
	Rescued     int `json:"rescued"`
	Ignored     int `json:"ignored"`
}

// AnsibleCell is the result of a task on a host.
type AnsibleCell struct {
	Host       string        `json:"host"`
	Status     string        `json:"status" enum:"ok,failed,unreachable,skipped"`
	Changed    bool          `json:"changed,omitempty"`
	Ignored    bool          `json:"ignored,omitempty"`
	Rescued    bool          `json:"rescued,omitempty"`
	Start      time.Time     `json:"start"`
	DurationMS int64         `json:"duration_ms"`
	Attempts   int           `json:"attempts,omitempty"`
	Delegate   string        `json:"delegate,omitempty" doc:"The host that did it instead"`
	Items      *AnsibleItems `json:"items,omitempty" doc:"The rounds of a loop"`
	HasDiff    bool          `json:"has_diff,omitempty"`
	Text       string        `json:"text,omitempty" doc:"With details=true"`
	Output     string        `json:"output,omitempty" doc:"With details=true"`
	Diff       string        `json:"diff,omitempty" doc:"With details=true"`
	Cut        bool          `json:"cut,omitempty" doc:"The texts are not whole"`
}

// AnsibleItems counts the rounds of a loop.
type AnsibleItems struct {
	OK      int `json:"ok"`
	Changed int `json:"changed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

// FromMatrix gives the shape of a matrix.
func FromMatrix(m tasks.Matrix) AnsibleMatrix {
	out := AnsibleMatrix{Hosts: m.Hosts, Plays: []AnsiblePlay{}, Tasks: m.Tasks, Truncated: m.Truncated}
	if out.Hosts == nil {
		out.Hosts = []string{}
	}
	for _, p := range m.Plays {
		play := AnsiblePlay{
			Number: p.Number, Name: p.Name, Strategy: p.Strategy, Check: p.Check, Start: p.Start.UTC(), End: p.End.UTC(),
			Note: string(p.Note), Tasks: []AnsibleTask{},
		}
		for _, t := range p.Tasks {
			play.Tasks = append(play.Tasks, fromMatrixTask(t))
		}
		out.Plays = append(out.Plays, play)
	}
	return out
}

func fromMatrixTask(t ansibleresult.Task) AnsibleTask {
	row := AnsibleTask{
		Number: t.Number, Name: t.Name, Action: t.Action, Path: t.Path, Handler: t.Handler, Start: t.Start.UTC(),
		Counts: AnsibleTaskCounts(t.Counts), Cells: make([]AnsibleCell, 0, len(t.Cells)),
	}
	for _, c := range t.Cells {
		cell := AnsibleCell{
			Host: c.Host, Status: string(c.Status), Changed: c.Changed, Ignored: c.Ignored, Rescued: c.Rescued, Start: c.Start.UTC(),
			DurationMS: c.Duration.Milliseconds(), Attempts: c.Attempts, Delegate: c.Delegate, HasDiff: c.HasDiff,
			Text: c.Text, Output: c.Output, Diff: c.Diff, Cut: c.Cut,
		}
		if i := c.Items; i != nil {
			cell.Items = &AnsibleItems{OK: i[0], Changed: i[1], Failed: i[2], Skipped: i[3]}
		}
		row.Cells = append(row.Cells, cell)
	}
	return row
}
