package tasks

import (
	"context"
	"encoding/json"
	"strings"

	"signalbox/internal/ansibleresult"
	"signalbox/internal/domain"
	"signalbox/internal/job"
	"signalbox/internal/logchunk"
)

// maxStageResult bounds the result of a stage as it is stored. Jobs keep far
// below it.
const maxStageResult = 8 << 20

// stage gives a job's record of a stage the form in which it is stored.
func stage(id domain.TaskID, rec *job.Stage) domain.TaskStage {
	out := domain.TaskStage{
		TaskID: id, Seq: rec.Seq, Type: rec.Type, Start: rec.Start, End: rec.End,
		FirstLine: rec.FirstLine, LastLine: rec.LastLine, Result: domain.JSON(rec.Result),
	}
	if len(out.Result) > maxStageResult || len(out.Result) > 0 && !json.Valid(out.Result) {
		out.Result = domain.JSON(`{"too_large":true}`)
	}
	return out
}

// Stages returns the parts of a task in the order in which they began.
func (s *Service) Stages(ctx context.Context, p domain.ProjectID, id domain.TaskID) ([]domain.TaskStage, error) {
	if _, err := s.task(ctx, p, id); err != nil {
		return nil, err
	}
	return s.Store.Tasks().Stages(ctx, id)
}

// AnsibleTotals returns what a playbook came to, and the stage that says it; an
// empty one, and nil, for a task that says nothing.
func (s *Service) AnsibleTotals(ctx context.Context, p domain.ProjectID, id domain.TaskID) (ansibleresult.Totals, *domain.TaskStage, error) {
	none := ansibleresult.Totals{Hosts: []ansibleresult.HostTotals{}, Errors: []ansibleresult.HostError{}}
	stages, err := s.Stages(ctx, p, id)
	if err != nil {
		return none, nil, err
	}
	for i := len(stages) - 1; i >= 0; i-- {
		if stages[i].Type != job.StageResult || len(stages[i].Result) == 0 {
			continue
		}
		totals := none
		if err := json.Unmarshal(stages[i].Result, &totals); err != nil {
			continue // the summary of another app
		}
		return totals, &stages[i], nil
	}
	return none, nil, nil
}

// Results calls fn for every line of data that the program of a task reported,
// after a number, in order. The text is valid only during the call.
func (s *Service) Results(ctx context.Context, id domain.TaskID, after int64, fn func(LogLine) error) error {
	return walk(ctx, after, func(after int64) ([]logchunk.Chunk, error) {
		return s.Store.Results().Chunks(ctx, id, after, readAhead)
	}, func(l logchunk.Line) (bool, error) { return true, fn(LogLine(l)) })
}

// maxCells bounds what one AnsibleMatrix call returns.
const maxCells = 100_000

// Matrix is a part of what a playbook did, as tasks and hosts.
type Matrix struct {
	ansibleresult.Matrix
	// Truncated says that there are more cells than one answer holds: ask for
	// fewer tasks, or for one host.
	Truncated bool
	Tasks     int // all there are so far
}

// AnsibleMatrix returns the part of the matrix that the filter asks for.
func (s *Service) AnsibleMatrix(ctx context.Context, p domain.ProjectID, id domain.TaskID, f ansibleresult.Filter) (Matrix, error) {
	if _, err := s.task(ctx, p, id); err != nil {
		return Matrix{}, err
	}
	var m Matrix
	cells, match := 0, f.Match
	f.Match = func(e *ansibleresult.Event) bool {
		switch {
		case match != nil && !match(e):
			return false
		case cells >= maxCells:
			m.Truncated = true
			return false
		}
		cells++
		return true
	}
	b := ansibleresult.Builder{Filter: f}
	err := s.Results(ctx, id, 0, func(l LogLine) error {
		e, err := ansibleresult.Parse(l.Text)
		if err != nil {
			return nil // data of another kind
		}
		if e.Kind == ansibleresult.KindTask {
			m.Tasks = max(m.Tasks, e.Task)
		}
		b.Add(&e)
		return nil
	})
	m.Matrix = b.Matrix()
	return m, err
}

// Rerun says how a task is to be repeated.
type Rerun struct {
	// Failed limits the run to the hosts that failed or could not be reached.
	Failed bool
	// Secret holds the secret survey answers anew: they are not kept.
	Secret domain.Secret
}

// Rerun launches the template of a task with the inputs of the task. Definitions
// are those of now, and everything is checked as for any other launch.
func (s *Service) Rerun(ctx context.Context, actor domain.Actor, p domain.ProjectID, id domain.TaskID, how Rerun) (domain.Task, error) {
	t, err := s.task(ctx, p, id)
	if err != nil {
		return domain.Task{}, err
	}
	req := Launch{
		TemplateID: t.TemplateID, Playbook: t.Playbook, Environment: t.Environment, Secret: how.Secret, Arguments: t.Arguments,
		GitBranch: t.GitBranch, Message: t.Message, BuildTaskID: t.BuildTaskID, InventoryID: t.InventoryID, Params: t.Params,
	}
	if how.Failed {
		hosts, err := s.failedHosts(ctx, t)
		if err != nil {
			return domain.Task{}, err
		}
		if req.Params, err = withLimit(t.Params, hosts); err != nil {
			return domain.Task{}, err
		}
	}
	return s.Launch(ctx, actor, p, req)
}

// failedHosts are the hosts on which a task did not end well.
func (s *Service) failedHosts(ctx context.Context, t domain.Task) ([]string, error) {
	const field = "failed"
	if !t.Status.Terminal() {
		return nil, domain.Conflict("task %d has not ended yet", t.ID)
	}
	totals, found, err := s.AnsibleTotals(ctx, t.ProjectID, t.ID)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, domain.Invalid(field, "task %d has no results by host", t.ID)
	}
	if totals.Truncated && len(totals.Hosts) >= ansibleresult.MaxHosts {
		return nil, domain.Invalid(field, "task %d has results of more hosts than are kept", t.ID)
	}
	var hosts []string
	for _, h := range totals.Hosts {
		if h.Failed > 0 || h.Unreachable > 0 {
			hosts = append(hosts, h.Host)
		}
	}
	if len(hosts) == 0 {
		return nil, domain.Invalid(field, "no host of task %d failed or could not be reached", t.ID)
	}
	if err := checkHosts(hosts); err != nil {
		return nil, err
	}
	return hosts, nil
}

// checkHosts refuses names that mean something else in a limit.
func checkHosts(hosts []string) error {
	for _, h := range hosts {
		if h == "" || strings.ContainsAny(h, ",*?[]\x00\r\n") || strings.ContainsAny(h[:1], "!&~@") {
			return domain.Invalid("failed", "the host %q cannot be named in a limit", h)
		}
	}
	return nil
}
