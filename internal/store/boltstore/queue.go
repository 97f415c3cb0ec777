package boltstore

import (
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/rules"
)

// queued is a task as the queue knows it.
type queued struct {
	id       domain.TaskID
	project  domain.ProjectID
	template domain.TemplateID
}

// queued gives the unfinished tasks of a status to fn, oldest first.
func (s *tasks) inStatus(tx *bolt.Tx, status domain.TaskStatus, fn func(queued) bool) error {
	p := path{bucket: s.queue.bucket, prefix: appendKey(nil, string(status))}
	return p.walk(tx, false, func(key, _ []byte) (bool, error) {
		at := len(p.prefix)
		return fn(queued{
			domain.TaskID(intAt(key, at)), domain.ProjectID(intAt(key, at+keyInt)), domain.TemplateID(intAt(key, at+2*keyInt)),
		}), nil
	})
}

func (s *tasks) load(tx *bolt.Tx) (*rules.Load, error) {
	l, look := rules.NewLoad(), names{tx: tx}
	tmpls, projects := s.s.tmpls.table, s.s.project.table
	parallel, limit := tmpls.column("allow_parallel_tasks"), projects.column("max_parallel_tasks")
	for _, status := range domain.ActiveStatuses() {
		err := s.inStatus(tx, status, func(q queued) bool {
			t, p := look.row(tmpls, int64(q.template)), look.row(projects, int64(q.project))
			if t != nil && p != nil {
				l.Add(q.id, q.project, q.template, t[parallel].(bool), int(p[limit].(int64)))
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	return l, look.err
}

// scanAhead is how many waiting tasks Claim looks at one by one before it turns
// to the templates they belong to.
const scanAhead = 64

func (s *tasks) Claim(ctx context.Context, c store.Claim) (domain.Task, error) {
	var result domain.Task
	err := s.eng.tx(ctx, func(_ context.Context, tx *txn) error {
		l, err := s.load(tx.tx)
		if err != nil {
			return err
		}
		if l.Full(c.MaxParallel) {
			return store.ErrNotFound
		}
		id, err := s.next(tx.tx, l)
		if err != nil {
			return err
		}
		t, row, err := s.read(tx.tx, id)
		if err != nil {
			return tx.fail(err)
		}
		until := c.LeaseUntil
		t.Status, t.Owner, t.LeaseUntil = domain.StatusStarting, c.Owner, &until
		t.Epoch++
		if _, _, err := s.replace(tx, row, &t); err != nil {
			return err
		}
		tx.bump(t.ProjectID)
		result = t
		return nil
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
func (s *tasks) next(tx *bolt.Tx, l *rules.Load) (found domain.TaskID, err error) {
	n := 0
	err = s.inStatus(tx, domain.StatusWaiting, func(q queued) bool {
		n++
		if l.Blocker(q.project, q.template, 0) == nil {
			found = q.id
		}
		return found == 0 && n < scanAhead
	})
	if err != nil || found != 0 {
		return found, err
	}
	c := tx.Bucket(s.heads.bucket).Cursor()
	for key, _ := c.Seek(nil); n == scanAhead && key != nil; {
		template, id := domain.TemplateID(intAt(key, 0)), domain.TaskID(intAt(key, keyInt))
		if (found == 0 || id < found) && l.Blocker(domain.ProjectID(intAt(key, 2*keyInt)), template, 0) == nil {
			found = id
		}
		key, _ = c.Seek(appendKey(nil, int64(template)+1))
	}
	if found == 0 {
		return 0, store.ErrNotFound
	}
	return found, nil
}

func (s *tasks) Blocked(ctx context.Context, maxParallel int, ids []domain.TaskID) (map[domain.TaskID]store.Blocker, error) {
	blocked := map[domain.TaskID]store.Blocker{}
	err := s.eng.view(ctx, func(tx *bolt.Tx) error {
		l, err := s.load(tx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			row, err := s.get(tx, int64(id))
			if err != nil {
				return err
			}
			if row == nil || row[s.status] != string(domain.StatusWaiting) {
				continue
			}
			if b := l.Blocker(domain.ProjectID(row[s.project].(int64)), domain.TemplateID(row[s.template].(int64)), maxParallel); b != nil {
				blocked[id] = *b
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("what blocks tasks: %w", err)
	}
	return blocked, nil
}
