package rules

import (
	"fmt"

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
)

// Change returns what fn makes of a task, if the state machine allows it. An
// error of fn is marked by Own.
func Change(old domain.Task, fn func(*domain.Task) error) (domain.Task, error) {
	t := old
	if err := fn(&t); err != nil {
		return t, Own(err)
	}
	t.ID, t.ProjectID, t.TemplateID = old.ID, old.ProjectID, old.TemplateID
	switch {
	case t.Status == old.Status, old.Status.CanBecome(t.Status):
		return t, nil
	case old.Status.Terminal():
		return t, fmt.Errorf("%w: it has ended with %s", store.ErrFenced, old.Status)
	}
	return t, fmt.Errorf("%w: from %s to %s", store.ErrStatus, old.Status, t.Status)
}

// Ends reports whether a change of a task ends it: its secret goes.
func Ends(old, t *domain.Task) bool { return t.Status.Terminal() && !old.Status.Terminal() }

// Taken is what a report makes of a task.
type Taken struct {
	Task    domain.Task
	Chunks  []logchunk.Chunk // to store
	Results []logchunk.Chunk
	Stages  []domain.TaskStage // the last of each number
	Visible bool               // the change may show in lists
}

// Take returns what a report makes of a task. One that was taken over before
// makes nothing of it. An error of r.Apply is marked by Own.
func Take(rows *rowmap.Table[domain.Task], old domain.Task, r store.Report) (Taken, error) {
	again, err := admit(&old, r)
	if again || err != nil {
		return Taken{Task: old}, err
	}
	grown := old
	for _, c := range r.Chunks {
		grown.LogLines = c.LastSeq()
		grown.LogBytes += int64(c.RawBytes)
	}
	for _, c := range r.Results {
		grown.ResultLines = c.LastSeq()
		grown.ResultBytes += int64(c.RawBytes)
	}
	grown.JournalOffset = r.ToOffset
	taken := Taken{Task: grown, Chunks: r.Chunks, Results: r.Results, Stages: stages(old.ID, r.Stages)}
	if r.Apply == nil {
		return taken, nil
	}
	t, err := Change(grown, r.Apply)
	if err != nil {
		return Taken{}, err
	}
	t.Epoch = grown.Epoch
	t.LogLines, t.LogBytes, t.JournalOffset = grown.LogLines, grown.LogBytes, grown.JournalOffset
	t.ResultLines, t.ResultBytes = grown.ResultLines, grown.ResultBytes
	same, err := rows.Same(&grown, &t)
	taken.Task, taken.Visible = t, !same
	return taken, err
}

// stages keeps the last state of each stage, in the order in which they began.
func stages(id domain.TaskID, list []domain.TaskStage) []domain.TaskStage {
	var last []domain.TaskStage
	at := map[int]int{}
	for _, s := range list {
		s.TaskID = id
		if i, ok := at[s.Seq]; ok {
			last[i] = s
			continue
		}
		at[s.Seq] = len(last)
		last = append(last, s)
	}
	return last
}

// admit checks that the report may be taken over and continues what is stored;
// again tells that it has been taken over before.
func admit(t *domain.Task, r store.Report) (again bool, err error) {
	switch {
	case t.Status.Terminal():
		return false, fmt.Errorf("%w: it has ended with %s", store.ErrFenced, t.Status)
	case t.Status == domain.StatusWaiting:
		return false, fmt.Errorf("%w: it is back in the queue", store.ErrFenced)
	case t.Epoch != r.Epoch:
		return false, fmt.Errorf("%w: epoch %d, now %d", store.ErrFenced, r.Epoch, t.Epoch)
	case r.ToOffset < r.FromOffset:
		return false, fmt.Errorf("%w: it ends at %d before it starts at %d", store.ErrGap, r.ToOffset, r.FromOffset)
	case r.ToOffset < t.JournalOffset, r.ToOffset == t.JournalOffset && r.FromOffset < r.ToOffset:
		return true, nil
	case r.FromOffset != t.JournalOffset:
		return false, fmt.Errorf("%w: it starts at %d, stored is %d", store.ErrGap, r.FromOffset, t.JournalOffset)
	case len(r.Chunks)+len(r.Results)+len(r.Stages) > 0 && r.FromOffset == r.ToOffset:
		return false, fmt.Errorf("%w: it has output but takes up nothing of the journal", store.ErrGap)
	case len(r.Chunks)+len(r.Results) > 0 && t.LogComplete:
		return false, fmt.Errorf("%w: the log is complete", store.ErrGap)
	}
	if err := follow(t.LogLines, r.Chunks); err != nil {
		return false, fmt.Errorf("log: %w", err)
	}
	if err := follow(t.ResultLines, r.Results); err != nil {
		return false, fmt.Errorf("results: %w", err)
	}
	return false, nil
}

// follow checks that chunks continue after so many lines.
func follow(lines int64, chunks []logchunk.Chunk) error {
	next := lines + 1
	for _, c := range chunks {
		if c.FirstSeq != next || c.Count <= 0 {
			return fmt.Errorf("%w: %d lines from %d on, want line %d", store.ErrGap, c.Count, c.FirstSeq, next)
		}
		next = c.LastSeq() + 1
	}
	return nil
}
