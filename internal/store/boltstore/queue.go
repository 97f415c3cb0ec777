package boltstore

import (
	"context"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/kv"
	"signalbox/internal/store/rules"
)

// inStatus gives the unfinished tasks of a status to fn, oldest first. The index
// has all that limits depend on.
func (s *tasks) inStatus(t *kv.Tx, status domain.TaskStatus, fn func(rules.Queued) bool) error {
	return s.queue.Walk(t, false, func(key kv.Key) bool {
		return fn(rules.Queued{
			ID: domain.TaskID(key.Int(0)), Project: domain.ProjectID(key.Int(1)), Template: domain.TemplateID(key.Int(2)),
		})
	}, string(status))
}

func (s *tasks) running(t *kv.Tx) (*rules.Load, error) {
	l, look := rules.NewLoad(), names{t: t}
	for _, status := range domain.ActiveStatuses() {
		err := s.inStatus(t, status, func(q rules.Queued) bool {
			parallel, _ := look.field("templates", int64(q.Template), "allow_parallel_tasks").(bool)
			limit, _ := look.field("projects", int64(q.Project), "max_parallel_tasks").(int64)
			l.Add(q, status, parallel, int(limit))
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	return l, look.err
}

func (s *tasks) Claim(ctx context.Context, c store.Claim) (result domain.Task, err error) {
	err = s.DB.Write(ctx, func(t *kv.Tx) error {
		l, err := s.running(t)
		if err != nil {
			return err
		}
		if l.Full(c.MaxParallel) {
			return store.ErrNotFound
		}
		id, err := s.next(t, l)
		if err != nil {
			return err
		}
		task, row, err := s.Load(t, int64(id))
		if err != nil {
			return t.Fail(err)
		}
		until := c.LeaseUntil
		task.Status, task.Owner, task.LeaseUntil = domain.StatusStarting, c.Owner, &until
		task.Epoch++
		if _, err := s.Replace(t, row, &task); err != nil {
			return err
		}
		s.Bump(t, row)
		result = task
		return nil
	})
	return result, rules.Explain(err, "claim a task")
}

// next returns the oldest waiting task that the load lets run. Mostly it is
// among the first; when many tasks that must wait are in front, the oldest of
// each template is looked up instead, so that their number does not matter.
func (s *tasks) next(t *kv.Tx, l *rules.Load) (found domain.TaskID, err error) {
	n := 0
	err = s.inStatus(t, domain.StatusWaiting, func(q rules.Queued) bool {
		n++
		if l.Blocker(q, 0) == nil {
			found = q.ID
		}
		return found == 0 && n < rules.ScanAhead
	})
	if err != nil || found != 0 {
		return found, err
	}
	if n < rules.ScanAhead {
		return 0, store.ErrNotFound
	}
	for key := s.heads.Seek(t); key != nil; {
		q := rules.Queued{Template: domain.TemplateID(key.Int(0)), ID: domain.TaskID(key.Int(1)), Project: domain.ProjectID(key.Int(2))}
		if (found == 0 || q.ID < found) && l.Blocker(q, 0) == nil {
			found = q.ID
		}
		key = s.heads.Seek(t, int64(q.Template)+1)
	}
	if found == 0 {
		return 0, store.ErrNotFound
	}
	return found, nil
}

func (s *tasks) Blocked(ctx context.Context, maxParallel int, ids []domain.TaskID) (map[domain.TaskID]store.Blocker, error) {
	blocked := map[domain.TaskID]store.Blocker{}
	err := s.DB.Read(ctx, func(t *kv.Tx) error {
		l, err := s.running(t)
		if err != nil {
			return err
		}
		for _, id := range ids {
			task, _, err := s.Load(t, int64(id))
			if err == store.ErrNotFound {
				continue
			}
			if err != nil {
				return err
			}
			if task.Status != domain.StatusWaiting {
				continue
			}
			if b := l.Blocker(rules.Queued{ID: id, Project: task.ProjectID, Template: task.TemplateID}, maxParallel); b != nil {
				blocked[id] = *b
			}
		}
		return nil
	})
	return blocked, rules.Explain(err, "what blocks tasks")
}
