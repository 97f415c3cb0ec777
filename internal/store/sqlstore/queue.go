package sqlstore

import (
	"context"
	"fmt"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/rules"
)

func (s *tasks) load(ctx context.Context) (*rules.Load, error) {
	rows, err := s.eng.rows(ctx, "select"+s.eng.d.AsWritten+" t.id, t.project_id, t.template_id, t.status, tp.allow_parallel_tasks, p.max_parallel_tasks"+
		" from tasks t"+s.hint("tasks_active")+" join templates tp on tp.id = t.template_id join projects p on p.id = t.project_id"+
		" where t."+s.active)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	l := rules.NewLoad()
	for rows.Next() {
		var t rules.Queued
		var status domain.TaskStatus
		var parallel bool
		var limit int
		if err := rows.Scan(&t.ID, &t.Project, &t.Template, &status, &parallel, &limit); err != nil {
			return nil, err
		}
		l.Add(t, status, parallel, limit)
	}
	return l, s.eng.translate(rows.Err())
}

func (s *tasks) Claim(ctx context.Context, c store.Claim) (domain.Task, error) {
	var result domain.Task
	err := s.eng.tx(ctx, func(ctx context.Context, tx *txn) error {
		if lock := s.eng.d.LockQueue; lock != "" {
			if _, err := tx.exec(ctx, lock); err != nil {
				return err
			}
		}
		l, err := s.load(ctx)
		if err != nil {
			return err
		}
		if l.Full(c.MaxParallel) {
			return store.ErrNotFound
		}
		id, err := s.next(ctx, l)
		if err != nil {
			return err
		}
		n, err := tx.exec(ctx, "update tasks set status = ?, owner = ?, epoch = epoch + 1, lease_until = ? where id = ? and "+s.waiting,
			string(domain.StatusStarting), c.Owner, c.LeaseUntil.UnixMicro(), int64(id))
		if err != nil {
			return err
		}
		if n == 0 {
			return store.ErrNotFound // another server was faster
		}
		result, err = s.get(ctx, int64(id), false)
		tx.bump(result.ProjectID)
		return err
	})
	if err == store.ErrNotFound {
		return domain.Task{}, err
	}
	if err != nil {
		return domain.Task{}, fmt.Errorf("claim a task: %w", err)
	}
	return result, nil
}

// next returns the oldest waiting task that the load lets run. Mostly it is
// among the first; when many tasks that must wait are in front, the oldest of
// each template is looked up instead, so that their number does not matter.
func (s *tasks) next(ctx context.Context, l *rules.Load) (domain.TaskID, error) {
	id, more, err := s.pick(ctx, l, 0, "select id, project_id, template_id from tasks"+s.hint("tasks_waiting")+" where "+s.waiting+" order by id limit ?", rules.ScanAhead)
	if id != 0 || err != nil {
		return id, err
	}
	if !more {
		return 0, store.ErrNotFound
	}
	id, _, err = s.pick(ctx, l, 0, s.headsSQL)
	if err != nil {
		return 0, err
	}
	if id == 0 {
		return 0, store.ErrNotFound
	}
	return id, nil
}

// headsSQL finds the oldest waiting task of each template. The first step takes
// the first template of the index, each other step the next one, jumping over
// all tasks in between.
func headsSQL(waiting, index string) string {
	next := "(select min(template_id) from tasks" + index + " where " + waiting + " and template_id > h.template_id)"
	return "with recursive heads (template_id) as (" +
		"select min(template_id) from tasks" + index + " where " + waiting +
		" union all select " + next + " from heads h where h.template_id is not null)" +
		" select t.id, t.project_id, t.template_id from heads h join tasks t on t.id =" +
		" (select min(id) from tasks" + index + " where " + waiting + " and template_id = h.template_id)" +
		" where h.template_id is not null order by t.id"
}

// pick returns the first task of a query that may run, 0 for none, and whether
// there may be more than the query gave.
func (s *tasks) pick(ctx context.Context, l *rules.Load, maxParallel int, query string, limit ...any) (id domain.TaskID, more bool, err error) {
	rows, err := s.eng.rows(ctx, query, limit...)
	if err != nil {
		return 0, false, err
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var t rules.Queued
		if err := rows.Scan(&t.ID, &t.Project, &t.Template); err != nil {
			return 0, false, err
		}
		n++
		if l.Blocker(t, maxParallel) == nil {
			return t.ID, true, nil
		}
	}
	return 0, n >= rules.ScanAhead, s.eng.translate(rows.Err())
}

func (s *tasks) Blocked(ctx context.Context, maxParallel int, ids []domain.TaskID) (map[domain.TaskID]store.Blocker, error) {
	blocked := map[domain.TaskID]store.Blocker{}
	if len(ids) == 0 {
		return blocked, nil
	}
	l, err := s.load(ctx)
	if err != nil {
		return nil, fmt.Errorf("what blocks tasks: %w", err)
	}
	for len(ids) > 0 {
		n := min(len(ids), 1024)
		if err := s.blocked(ctx, l, maxParallel, ids[:n], blocked); err != nil {
			return nil, fmt.Errorf("what blocks tasks: %w", err)
		}
		ids = ids[n:]
	}
	return blocked, nil
}

func (s *tasks) blocked(ctx context.Context, l *rules.Load, maxParallel int, ids []domain.TaskID, into map[domain.TaskID]store.Blocker) error {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = int64(id)
	}
	text, args := inList(args)
	rows, err := s.eng.rows(ctx, "select id, project_id, template_id from tasks where "+s.waiting+" and id"+text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var t rules.Queued
		if err := rows.Scan(&t.ID, &t.Project, &t.Template); err != nil {
			return err
		}
		if b := l.Blocker(t, maxParallel); b != nil {
			into[t.ID] = *b
		}
	}
	return s.eng.translate(rows.Err())
}
