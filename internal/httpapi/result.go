package httpapi

import (
	"math"

	"signalbox/internal/ansibleresult"
	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
	"signalbox/internal/tasks"
)

const linesType = "application/x-ndjson"

func (a *api) taskStages(c *call, _ *none) ([]wire.TaskStage, error) {
	stages, err := a.Tasks.Stages(c.r.Context(), c.grant.Project, c.taskID())
	return wire.FromStages(stages), err
}

// stageFinder finds the stage of lines that come in order.
type stageFinder struct {
	stages []domain.TaskStage
}

// of returns the number of the stage that a line belongs to, nil for none.
func (f *stageFinder) of(line int64) *int64 {
	for i := len(f.stages) - 1; i >= 0; i-- {
		s := &f.stages[i]
		if line >= s.FirstLine && (s.End == nil || line <= s.LastLine) {
			id := int64(s.Seq)
			return &id
		}
	}
	return nil
}

func (a *api) ansibleHosts(c *call, _ *none) ([]wire.AnsibleHost, error) {
	totals, stage, err := a.Tasks.AnsibleTotals(c.r.Context(), c.grant.Project, c.taskID())
	return wire.FromAnsibleHosts(c.grant.Project, totals, stage), err
}

func (a *api) ansibleErrors(c *call, _ *none) ([]wire.AnsibleError, error) {
	totals, stage, err := a.Tasks.AnsibleTotals(c.r.Context(), c.grant.Project, c.taskID())
	return wire.FromAnsibleErrors(c.grant.Project, totals, stage), err
}

// Bounds of a page of the matrix, in tasks.
const (
	matrixPage = 100
	maxMatrix  = 1000
)

func (a *api) ansibleResults(c *call, _ *none) (wire.AnsibleMatrix, error) {
	var f ansibleresult.Filter
	first, err := c.number("first", 1, 1, math.MaxInt32)
	if err != nil {
		return wire.AnsibleMatrix{}, err
	}
	limit, err := c.number("limit", matrixPage, 1, maxMatrix)
	if err != nil {
		return wire.AnsibleMatrix{}, err
	}
	if f.Details, err = c.flag("details"); err != nil {
		return wire.AnsibleMatrix{}, err
	}
	f.FirstTask, f.Tasks, f.Host = int(first), int(limit), c.param("host")
	if f.Match, err = matching(c.query["status"]); err != nil {
		return wire.AnsibleMatrix{}, err
	}
	m, err := a.Tasks.AnsibleMatrix(c.r.Context(), c.grant.Project, c.taskID(), f)
	return wire.FromMatrix(m), err
}

// matching selects cells by the words that a cell may be shown by; nil for all.
func matching(words []string) (func(*ansibleresult.Event) bool, error) {
	wanted := map[string]bool{}
	for _, w := range words {
		switch w {
		case "":
		case "ok", "changed", "failed", "unreachable", "skipped", "ignored", "rescued":
			wanted[w] = true
		default:
			return nil, domain.Invalid("status", "%q is not the result of a task; use ok, changed, failed, unreachable, skipped, ignored or rescued", w)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	return func(e *ansibleresult.Event) bool {
		switch {
		case e.Ignored:
			return wanted["ignored"]
		case e.Rescued:
			return wanted["rescued"]
		case e.Status == ansibleresult.OK && e.Changed:
			return wanted["changed"]
		}
		return wanted[string(e.Status)]
	}, nil
}

// taskResults streams the data that the program reported, one JSON document a
// line.
func (a *api) taskResults(c *call, _ *none) error {
	after, limit, err := c.lines()
	if err != nil {
		return err
	}
	out, err := a.beginStream(c, linesType, "ndjson")
	if err != nil || out == nil {
		return err
	}
	err = a.Tasks.Results(c.r.Context(), c.taskID(), after, func(l tasks.LogLine) error {
		out.Write(l.Text) // an error stays in the writer and shows below
		if err := out.WriteByte('\n'); err != nil {
			return err
		}
		if limit--; limit == 0 {
			return errEnough
		}
		return nil
	})
	return a.finish(c, out, err, "")
}

func (a *api) rerunTask(c *call, in *wire.RerunInput) (wire.Task, error) {
	if err := c.grant.Require(authz.RunTasks); err != nil {
		return wire.Task{}, err
	}
	t, err := a.Tasks.Rerun(c.r.Context(), c.actor(), c.grant.Project, c.taskID(), tasks.Rerun{Failed: in.Failed, Secret: in.Secret.Secret()})
	out := wire.FromTask(t)
	out.Secret = "{}"
	return out, err
}
