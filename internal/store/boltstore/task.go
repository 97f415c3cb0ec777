package boltstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/rules"
)

// tasks implements store.Tasks; the queue is in queue.go.
type tasks struct {
	collection[domain.Task, domain.TaskID]
	definitions collection[domain.TaskDefinition, domain.TaskID]
	s           *Store
	// queue holds what has not ended, by status, with what limits depend on;
	// heads what waits, by template; owned what runs, by owner; versions the
	// tasks that have one, by template.
	queue, heads, owned, versions *index
	status, project, template     int // columns
}

func newTasks(s *Store) *tasks {
	t := &tasks{
		collection:  collect[domain.Task, domain.TaskID](s.eng, "tasks", "task", "project_id"),
		definitions: collect[domain.TaskDefinition, domain.TaskID](s.eng, "task_definitions", "definition of task", ""),
		s:           s,
	}
	status := func(is func(domain.TaskStatus) bool) func(any) bool {
		return func(v any) bool { return is(domain.TaskStatus(v.(string))) }
	}
	t.index("project_id")
	t.index("project_id", "status")
	t.index("template_id")
	t.heads = t.partial("status", status(func(s domain.TaskStatus) bool { return s == domain.StatusWaiting }), "template_id", "id", "project_id")
	t.queue = t.partial("status", status(func(s domain.TaskStatus) bool { return !s.Terminal() }), "status", "id", "project_id", "template_id")
	t.owned = t.partial("status", status(domain.TaskStatus.Active), "owner")
	t.versions = t.partial("version", func(v any) bool { return v != nil && v != "" }, "template_id")
	t.status, t.template, t.project = t.column("status"), t.column("template_id"), t.column("project_id")
	return t
}

func (s *tasks) wrap(verb string, id domain.TaskID, err error) error {
	if err == nil || err == store.ErrNotFound {
		return err
	}
	return fmt.Errorf("%s task %d: %w", verb, id, err)
}

func (s *tasks) Create(ctx context.Context, t *domain.Task, d domain.TaskDefinition) error {
	err := s.eng.tx(ctx, func(_ context.Context, tx *txn) error {
		if err := s.add(tx, t); err != nil {
			return err
		}
		d.TaskID = t.ID
		row, err := s.definitions.rows.Values(&d, nil)
		if err != nil {
			return tx.fail(err)
		}
		if err := s.definitions.change(tx, nil, row); err != nil {
			return err
		}
		tmpl, row, err := s.s.tmpls.read(tx.tx, t.TemplateID)
		if err != nil {
			return tx.fail(err)
		}
		tmpl.TaskCount++
		_, _, err = s.s.tmpls.replace(tx, row, &tmpl)
		return err
	})
	if err != nil {
		return fmt.Errorf("create task: %w", err)
	}
	return nil
}

func (s *tasks) Definition(ctx context.Context, id domain.TaskID) (domain.TaskDefinition, error) {
	d, err := s.definitions.Get(ctx, id)
	return d, s.wrap("definition of", id, err)
}

func (s *tasks) Update(ctx context.Context, id domain.TaskID, fn func(*domain.Task) error) (domain.Task, error) {
	return s.edit(ctx, "update", id, func(_ *txn, t *domain.Task) (bool, error) { return true, fn(t) })
}

// edit changes a task under the rules that hold for every change of one. What
// fn returns says whether the change may show in lists; its error is handed back
// as it is.
func (s *tasks) edit(ctx context.Context, verb string, id domain.TaskID, fn func(*txn, *domain.Task) (visible bool, err error)) (domain.Task, error) {
	var result domain.Task
	var own error
	err := s.eng.tx(ctx, func(_ context.Context, tx *txn) error {
		old, row, err := s.read(tx.tx, id)
		if err != nil {
			return err
		}
		t, visible := old, false
		if visible, own = fn(tx, &t); own != nil {
			return own
		}
		rules.Keep(&old, &t)
		if err := rules.Move(old.Status, t.Status); err != nil {
			return err
		}
		_, changed, err := s.replace(tx, row, &t)
		if err != nil {
			return err
		}
		if changed && visible {
			tx.bump(t.ProjectID)
		}
		result = t
		if !t.Status.Terminal() || old.Status.Terminal() {
			return nil
		}
		d, row, err := s.definitions.read(tx.tx, id)
		if err != nil {
			return tx.fail(err)
		}
		d.Secret = ""
		_, _, err = s.definitions.replace(tx, row, &d)
		return err
	})
	if own != nil {
		return domain.Task{}, own
	}
	if err != nil {
		return domain.Task{}, s.wrap(verb, id, err)
	}
	return result, nil
}

// Record takes over what a job reported. Reading the task, storing the chunks
// and writing the task are one transaction, in which the journal offset says
// what was taken over before.
func (s *tasks) Record(ctx context.Context, id domain.TaskID, r store.Report) (domain.Task, error) {
	var refused error
	t, err := s.edit(ctx, "record report of", id, func(tx *txn, t *domain.Task) (bool, error) {
		again, err := rules.Admit(t, r)
		if again || err != nil {
			refused = err
			return false, err
		}
		grown, result, err := rules.Apply(*t, r)
		if err != nil {
			return false, err
		}
		if refused = rules.Move(t.Status, result.Status); refused != nil {
			return false, refused
		}
		for _, c := range r.Chunks {
			if err := tx.put(chunkBucket, chunkKey(id, c.FirstSeq), encodeChunk(c)); err != nil {
				refused = err
				return false, err
			}
		}
		*t = result
		visible, err := s.differs(&grown, &result)
		return visible, err
	})
	if refused != nil {
		err = s.wrap("record report of", id, refused)
	}
	return t, err
}

// differs reports whether two versions of a task look different in a list.
func (s *tasks) differs(a, b *domain.Task) (bool, error) {
	x, err := s.rows.Values(a, nil)
	if err != nil {
		return false, err
	}
	y, err := s.rows.Values(b, nil)
	return !slices.Equal(x, y), err
}

func (s *tasks) Delete(ctx context.Context, id domain.TaskID) error {
	return s.wrap("delete", id, s.eng.tx(ctx, func(_ context.Context, tx *txn) error {
		row, err := s.get(tx.tx, int64(id))
		if err != nil {
			return err
		}
		if row == nil {
			return store.ErrNotFound
		}
		var keys [][]byte
		err = chunksOf(id).walk(tx.tx, false, func(key, _ []byte) (bool, error) {
			keys = append(keys, slices.Clone(key))
			return true, nil
		})
		if err != nil {
			return err
		}
		for _, key := range keys {
			if err := tx.delete(chunkBucket, key); err != nil {
				return err
			}
		}
		if err := tx.delete(s.definitions.name, idKey(int64(id))); err != nil {
			return err
		}
		return s.remove(tx, row)
	}))
}

// newest returns the newest rows of several queries together.
func (t *table) newest(ctx context.Context, tx *bolt.Tx, limit int, parts [][]store.Cond) ([][]any, error) {
	if limit <= 0 {
		limit = store.DefaultLimit
	}
	var rows [][]any
	for _, conds := range parts {
		err := t.query(ctx, tx, store.Where(conds...).By("-id").Max(limit), func(row []any) error {
			rows = append(rows, slices.Clone(row))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(rows, func(a, b []any) int { return compare(b[0], a[0]) })
	rows = slices.CompactFunc(rows, func(a, b []any) bool { return a[0] == b[0] })
	return rows[:min(len(rows), limit)], nil
}

func (s *tasks) List(ctx context.Context, f store.TaskFilter) ([]domain.TaskWithTemplate, error) {
	var conds []store.Cond
	if f.Project != 0 {
		conds = append(conds, store.InProject(f.Project))
	}
	if f.Template != 0 {
		conds = append(conds, store.Eq("template_id", f.Template))
	}
	if f.Before != 0 {
		conds = append(conds, store.Lt("id", f.Before))
	}
	// One status after the other: each walks an index from its newest task, where
	// all together would search the whole history for rare ones.
	parts := [][]store.Cond{conds}
	if len(f.Statuses) > 0 {
		parts = nil
		for _, status := range f.Statuses {
			parts = append(parts, append(conds[:len(conds):len(conds)], store.Eq("status", status)))
		}
	}
	list := []domain.TaskWithTemplate{}
	err := s.eng.view(ctx, func(tx *bolt.Tx) error {
		rows, err := s.newest(ctx, tx, f.Limit, parts)
		if err != nil {
			return err
		}
		list, err = s.named(tx, rows)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list tasks: %w", err)
	}
	return list, nil
}

// named adds the names that lists show.
func (s *tasks) named(tx *bolt.Tx, rows [][]any) ([]domain.TaskWithTemplate, error) {
	look := names{tx: tx}
	user := func(id *domain.UserID) string {
		if id == nil {
			return ""
		}
		return look.text(s.s.users.table, int64(*id), "name")
	}
	list := make([]domain.TaskWithTemplate, len(rows))
	for i, row := range rows {
		t := &list[i]
		if err := s.rows.Set(&t.Task, row); err != nil {
			return nil, err
		}
		tmpl := func(field string) string { return look.text(s.s.tmpls.table, int64(t.TemplateID), field) }
		t.TplPlaybook, t.TplAlias, t.TplType, t.TplApp = tmpl("playbook"), tmpl("name"), domain.TemplateType(tmpl("type")), tmpl("app")
		t.UserName, t.StoppedByName = user(t.UserID), user(t.StoppedBy)
	}
	return list, look.err
}

func (s *tasks) LastOfTemplates(ctx context.Context, p domain.ProjectID) (map[domain.TemplateID]domain.TaskWithTemplate, error) {
	last := map[domain.TemplateID]domain.TaskWithTemplate{}
	err := s.eng.view(ctx, func(tx *bolt.Tx) error {
		var rows [][]any
		err := s.s.tmpls.query(ctx, tx, store.Where(store.InProject(p)).Max(1<<62), func(tmpl []any) error {
			newest, err := s.newest(ctx, tx, 1, [][]store.Cond{{store.Eq("template_id", tmpl[0])}})
			rows = append(rows, newest...)
			return err
		})
		if err != nil {
			return err
		}
		list, err := s.named(tx, rows)
		for _, t := range list {
			last[t.TemplateID] = t
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("last tasks of project %d: %w", p, err)
	}
	return last, nil
}

func (s *tasks) LastVersion(ctx context.Context, t domain.TemplateID) (version string, err error) {
	err = s.eng.view(ctx, func(tx *bolt.Tx) error {
		p := path{bucket: s.versions.bucket, prefix: appendKey(nil, int64(t))}
		return p.walk(tx, true, func(key, _ []byte) (bool, error) {
			task, _, err := s.read(tx, domain.TaskID(idOf(key)))
			if err == nil {
				version = *task.Version
			}
			return false, err
		})
	})
	if err != nil {
		return "", fmt.Errorf("last version of template %d: %w", t, err)
	}
	return version, nil
}

func (s *tasks) CountUnfinished(ctx context.Context, p domain.ProjectID) (n int, err error) {
	err = s.eng.view(ctx, func(tx *bolt.Tx) error {
		n, err = s.count(ctx, tx, []store.Cond{store.InProject(p), store.In("status", domain.UnfinishedStatuses())})
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("count unfinished tasks of project %d: %w", p, err)
	}
	return n, nil
}

// ownedIDs returns the unfinished tasks of owner, oldest first.
func (s *tasks) ownedIDs(tx *bolt.Tx, owner string) (ids []domain.TaskID, err error) {
	p := path{bucket: s.owned.bucket, prefix: appendKey(nil, owner)}
	err = p.walk(tx, false, func(key, _ []byte) (bool, error) {
		ids = append(ids, domain.TaskID(idOf(key)))
		return true, nil
	})
	return ids, err
}

func (s *tasks) Owned(ctx context.Context, owner string) ([]domain.Task, error) {
	list := []domain.Task{}
	err := s.eng.view(ctx, func(tx *bolt.Tx) error {
		ids, err := s.ownedIDs(tx, owner)
		if err != nil {
			return err
		}
		for _, id := range ids {
			t, _, err := s.read(tx, id)
			if err != nil {
				return err
			}
			list = append(list, t)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("tasks of %q: %w", owner, err)
	}
	return list, nil
}

func (s *tasks) RenewLeases(ctx context.Context, owner string, until time.Time) error {
	err := s.eng.tx(ctx, func(_ context.Context, tx *txn) error {
		ids, err := s.ownedIDs(tx.tx, owner)
		if err != nil {
			return err
		}
		for _, id := range ids {
			t, row, err := s.read(tx.tx, id)
			if err != nil {
				return tx.fail(err)
			}
			t.LeaseUntil = &until
			if _, _, err := s.replace(tx, row, &t); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("renew leases of %q: %w", owner, err)
	}
	return nil
}
