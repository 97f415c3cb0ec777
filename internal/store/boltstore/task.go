package boltstore

import (
	"context"
	"slices"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/kv"
	"signalbox/internal/store/rowmap"
	"signalbox/internal/store/rules"
	"signalbox/internal/store/schema"
)

// tasks implements store.Tasks; the queue is in queue.go.
type tasks struct {
	collection[domain.Task, domain.TaskID]
	templates              kv.Table[domain.Template]
	definitions            kv.Table[domain.TaskDefinition]
	chunks, results        kv.Table[chunk]
	stages                 kv.Table[domain.TaskStage]
	queue, heads, versions *kv.Index
}

func newTasks(s *Store, definitions kv.Table[domain.TaskDefinition], stages kv.Table[domain.TaskStage]) *tasks {
	c := collect[domain.Task, domain.TaskID](s.db, "tasks")
	return &tasks{
		c, s.tmpls.Table, definitions, s.logs.Table, s.results.Table, stages,
		c.Partial(schema.Queue), c.Partial(schema.Heads), c.Partial(schema.Versions),
	}
}

func (s *tasks) Create(ctx context.Context, task *domain.Task, d domain.TaskDefinition) error {
	err := s.DB.Write(ctx, func(t *kv.Tx) error {
		if err := s.Add(t, task); err != nil {
			return err
		}
		d.TaskID = task.ID
		if err := s.definitions.Add(t, &d); err != nil {
			return err
		}
		tmpl, row, err := s.templates.Load(t, int64(task.TemplateID))
		if err != nil {
			return t.Fail(err)
		}
		tmpl.TaskCount++
		_, err = s.templates.Replace(t, row, &tmpl)
		return err
	})
	return rules.Explain(err, "create task")
}

func (s *tasks) Definition(ctx context.Context, id domain.TaskID) (d domain.TaskDefinition, err error) {
	err = s.DB.Read(ctx, func(t *kv.Tx) error {
		d, _, err = s.definitions.Load(t, int64(id))
		return err
	})
	return d, rules.Explain(err, "definition of task %d", id)
}

func (s *tasks) Update(ctx context.Context, id domain.TaskID, fn func(*domain.Task) error) (result domain.Task, err error) {
	err = s.DB.Write(ctx, func(t *kv.Tx) error {
		old, row, err := s.Load(t, int64(id))
		if err != nil {
			return err
		}
		if result, err = rules.Change(old, fn); err != nil {
			return err
		}
		return s.put(t, &old, row, &result, true)
	})
	return result, rules.Explain(err, "update task %d", id)
}

func (s *tasks) Delete(ctx context.Context, id domain.TaskID) error {
	err := s.DB.Write(ctx, func(t *kv.Tx) error {
		task, row, err := s.Load(t, int64(id))
		if err != nil {
			return err
		}
		t.Bump(int64(rules.Removals(task.ProjectID)))
		return s.Remove(t, row)
	})
	return rules.Explain(err, "delete task %d", id)
}

func (s *tasks) Settled(ctx context.Context, p domain.ProjectID, before time.Time) (upTo domain.TaskID, removed int64, err error) {
	id := s.Column("id")
	first := func(t *kv.Tx, q store.Query) (found int64, err error) {
		err = s.Query(ctx, t, q.Max(1), func(row []any) error {
			found = row[id].(int64)
			return nil
		})
		return found, err
	}
	err = s.DB.Read(ctx, func(t *kv.Tx) error {
		if removed, err = t.Revision(int64(rules.Removals(p))); err != nil {
			return err
		}
		newest, err := first(t, store.Where(store.InProject(p), store.Lt("created", before)).By("-id"))
		if err != nil {
			return err
		}
		unfinished, err := first(t, store.Where(store.InProject(p), store.In("status", domain.UnfinishedStatuses())).By("id"))
		if err != nil {
			return err
		}
		if upTo = domain.TaskID(newest); unfinished != 0 {
			upTo = min(upTo, domain.TaskID(unfinished)-1)
		}
		return nil
	})
	return upTo, removed, rules.Explain(err, "look how far the tasks of project %d have ended", p)
}

func (s *tasks) Reseal(ctx context.Context, id domain.TaskID, fn func(string) (string, error)) error {
	err := s.DB.Write(ctx, func(t *kv.Tx) error {
		d, row, err := s.definitions.Load(t, int64(id))
		if err != nil {
			return err
		}
		old := d.Secret
		if d.Secret, err = fn(old); err != nil || d.Secret == old {
			return err
		}
		_, err = s.definitions.Replace(t, row, &d)
		return err
	})
	return rules.Explain(err, "reseal task %d", id)
}

// put writes the changed task, whose stored form was row. Visible says whether
// the change may show in lists.
func (s *tasks) put(t *kv.Tx, old *domain.Task, row []any, task *domain.Task, visible bool) error {
	now, err := s.Replace(t, row, task)
	if err != nil {
		return err
	}
	if visible && !slices.Equal(row, now) {
		s.Bump(t, row)
	}
	if !rules.Ends(old, task) {
		return nil
	}
	d, row, err := s.definitions.Load(t, row[0])
	if err != nil {
		return t.Fail(err)
	}
	d.Secret = ""
	_, err = s.definitions.Replace(t, row, &d)
	return err
}

// Record takes over what a job reported. Reading the task, storing the chunks
// and writing the task are one transaction, in which the journal offset says
// what was taken over before.
func (s *tasks) Record(ctx context.Context, id domain.TaskID, r store.Report) (result domain.Task, err error) {
	err = s.DB.Write(ctx, func(t *kv.Tx) error {
		old, row, err := s.Load(t, int64(id))
		if err != nil {
			return err
		}
		taken, err := rules.Take(s.Map, old, r)
		if err != nil {
			return err
		}
		for _, c := range taken.Chunks {
			if err := s.chunks.Add(t, &chunk{id, c}); err != nil {
				return err
			}
		}
		for _, c := range taken.Results {
			if err := s.results.Add(t, &chunk{id, c}); err != nil {
				return err
			}
		}
		for _, st := range taken.Stages {
			if err := s.putStage(t, st); err != nil {
				return err
			}
		}
		result = taken.Task
		return s.put(t, &old, row, &result, taken.Visible)
	})
	return result, rules.Explain(err, "record report of task %d", id)
}

func (s *tasks) List(ctx context.Context, f store.TaskFilter) (list []domain.TaskWithTemplate, err error) {
	q := store.Query{Limit: f.Limit}.By("-id")
	add := func(wanted bool, cond store.Cond) {
		if wanted {
			q.Where = append(q.Where, cond)
		}
	}
	add(f.Project != 0, store.InProject(f.Project))
	add(f.Template != 0, store.Eq("template_id", f.Template))
	add(f.Before != 0, store.Lt("id", f.Before))
	add(f.User != 0, store.Eq("user_id", f.User))
	add(!f.Since.IsZero(), store.Gt("created", f.Since.UnixMicro()-1))
	add(!f.Until.IsZero(), store.Lt("created", f.Until.UnixMicro()))
	add(len(f.Statuses) > 0, store.In("status", f.Statuses))
	err = s.DB.Read(ctx, func(t *kv.Tx) error {
		list, err = s.named(ctx, &names{t: t}, q)
		return err
	})
	return list, rules.Explain(err, "list tasks")
}

// named returns tasks with the names that lists show.
func (s *tasks) named(ctx context.Context, look *names, q store.Query) ([]domain.TaskWithTemplate, error) {
	user := func(id *domain.UserID) string {
		if id == nil {
			return ""
		}
		return look.text("users", int64(*id), "name")
	}
	playbook, name := s.templates.Column("playbook"), s.templates.Column("name")
	kind, app := s.templates.Column("type"), s.templates.Column("app")
	list := make([]domain.TaskWithTemplate, 0, min(max(q.Limit, 0), 256))
	err := s.Query(ctx, look.t, q, func(row []any) error {
		list = append(list, domain.TaskWithTemplate{})
		e := &list[len(list)-1]
		err := s.Map.Set(&e.Task, row)
		if tmpl := look.row("templates", int64(e.TemplateID)); tmpl != nil {
			e.TplPlaybook, e.TplAlias = tmpl[playbook].(string), tmpl[name].(string)
			e.TplType, e.TplApp = domain.TemplateType(tmpl[kind].(string)), tmpl[app].(string)
		}
		e.UserName, e.StoppedByName, e.DecidedByName = user(e.UserID), user(e.StoppedBy), user(e.DecidedBy)
		return err
	})
	if err == nil {
		err = look.err
	}
	return list, err
}

func (s *tasks) LastOfTemplates(ctx context.Context, p domain.ProjectID) (map[domain.TemplateID]domain.TaskWithTemplate, error) {
	last := map[domain.TemplateID]domain.TaskWithTemplate{}
	err := s.DB.Read(ctx, func(t *kv.Tx) error {
		look := names{t: t}
		return s.templates.Query(ctx, t, store.Where(store.InProject(p)).Max(kv.NoLimit), func(tmpl []any) error {
			list, err := s.named(ctx, &look, store.Where(store.Eq("template_id", tmpl[0])).By("-id").Max(1))
			for _, task := range list {
				last[task.TemplateID] = task
			}
			return err
		})
	})
	return last, rules.Explain(err, "last tasks of project %d", p)
}

func (s *tasks) LastVersion(ctx context.Context, tmpl domain.TemplateID) (version string, err error) {
	err = s.DB.Read(ctx, func(t *kv.Tx) error {
		var newest int64
		err := s.versions.Walk(t, true, func(key kv.Key) bool {
			newest = key.Int(0)
			return false
		}, int64(tmpl))
		if newest == 0 || err != nil {
			return err
		}
		task, _, err := s.Load(t, newest)
		if err == nil {
			version = *task.Version
		}
		return err
	})
	return version, rules.Explain(err, "last version of template %d", tmpl)
}

func (s *tasks) CountUnfinished(ctx context.Context, p domain.ProjectID) (int, error) {
	n, err := s.Count(ctx, store.Where(store.InProject(p), store.In("status", domain.UnfinishedStatuses())))
	return n, rules.Explain(err, "unfinished tasks of project %d", p)
}

func (s *tasks) owned(owner string) store.Query {
	return store.Where(store.Eq("owner", owner), store.In("status", domain.ActiveStatuses())).Max(kv.NoLimit)
}

func (s *tasks) Owned(ctx context.Context, owner string) ([]domain.Task, error) {
	list, err := s.collection.List(ctx, s.owned(owner))
	return list, rules.Explain(err, "tasks of %q", owner)
}

func (s *tasks) RenewLeases(ctx context.Context, owner string, until time.Time) error {
	err := s.DB.Write(ctx, func(t *kv.Tx) error {
		list, err := s.Select(ctx, t, s.owned(owner))
		if err != nil {
			return err
		}
		for _, task := range list {
			row, err := s.Map.Values(&task, nil)
			if err != nil {
				return t.Fail(err)
			}
			task.LeaseUntil = &until
			if _, err := s.Replace(t, row, &task); err != nil {
				return err
			}
		}
		return nil
	})
	return rules.Explain(err, "renew leases of %q", owner)
}

// Stats goes through the tasks of the project or the template.
func (s *tasks) Stats(ctx context.Context, f store.StatsFilter) ([]domain.TaskStat, error) {
	conds := []rowmap.Cond{{Col: s.Column("project_id"), Op: store.OpEq, Value: int64(f.Project)}}
	add := func(wanted bool, field string, op store.Op, value int64) {
		if wanted {
			conds = append(conds, rowmap.Cond{Col: s.Column(field), Op: op, Value: value})
		}
	}
	add(f.Template != 0, "template_id", store.OpEq, int64(f.Template))
	add(f.User != 0, "user_id", store.OpEq, int64(f.User))
	add(!f.Since.IsZero(), "start", store.OpGt, f.Since.UnixMicro()-1)
	add(!f.Until.IsZero(), "end", store.OpLt, f.Until.UnixMicro())
	add(f.After != 0, "id", store.OpGt, int64(f.After))
	add(f.UpTo != 0, "id", store.OpLt, int64(f.UpTo)+1)
	created, status, begun, ended := s.Column("created"), s.Column("status"), s.Column("start"), s.Column("end")
	stats := rules.Stats{}
	err := s.DB.Read(ctx, func(t *kv.Tx) error {
		return s.Find(ctx, t, conds, store.Query{Limit: kv.NoLimit}.By("id"), func(row []any) error {
			at := row[created].(int64)
			from, hasFrom := row[begun].(int64)
			to, hasTo := row[ended].(int64)
			var timed, took int64
			if hasFrom && hasTo {
				timed, took = 1, to-from
			}
			stats.Add(at-at%rules.Day, domain.TaskStatus(row[status].(string)), 1, timed, took)
			return nil
		})
	})
	return stats.List(), rules.Explain(err, "count tasks")
}
