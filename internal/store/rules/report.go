package rules

import (
	"fmt"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// Move checks a change of status.
func Move(from, to domain.TaskStatus) error {
	switch {
	case from == to, from.CanBecome(to):
		return nil
	case from.Terminal():
		return fmt.Errorf("%w: it has ended with %s", store.ErrFenced, from)
	}
	return fmt.Errorf("%w: from %s to %s", store.ErrStatus, from, to)
}

// Admit checks that the report may be taken over and continues what is stored;
// again tells that it has been taken over before.
func Admit(t *domain.Task, r store.Report) (again bool, err error) {
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
	case len(r.Chunks) > 0 && r.FromOffset == r.ToOffset:
		return false, fmt.Errorf("%w: it has output but takes up nothing of the journal", store.ErrGap)
	case len(r.Chunks) > 0 && t.LogComplete:
		return false, fmt.Errorf("%w: the log is complete", store.ErrGap)
	}
	next := t.LogLines + 1
	for _, c := range r.Chunks {
		if c.FirstSeq != next || c.Count <= 0 {
			return false, fmt.Errorf("%w: %d lines from %d on, want line %d", store.ErrGap, c.Count, c.FirstSeq, next)
		}
		next = c.LastSeq() + 1
	}
	return false, nil
}

// Apply returns the task after a report that was admitted: grown is the task
// with the output alone, result with what Apply made of it. The error is that
// of Apply.
func Apply(old domain.Task, r store.Report) (grown, result domain.Task, err error) {
	for _, c := range r.Chunks {
		old.LogLines = c.LastSeq()
		old.LogBytes += int64(c.RawBytes)
	}
	old.JournalOffset = r.ToOffset
	grown, result = old, old
	if r.Apply != nil {
		if err := r.Apply(&result); err != nil {
			return grown, result, err
		}
	}
	Keep(&grown, &result)
	result.Epoch = grown.Epoch
	result.LogLines, result.LogBytes, result.JournalOffset = grown.LogLines, grown.LogBytes, grown.JournalOffset
	return grown, result, nil
}

// Keep sets what no change of a task touches.
func Keep(old, t *domain.Task) {
	t.ID, t.ProjectID, t.TemplateID = old.ID, old.ProjectID, old.TemplateID
}
