package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
	"signalbox/internal/store/rules"
)

// tasks implements store.Tasks; the queue is in queue.go, what jobs report in
// record.go.
type tasks struct {
	*table[domain.Task]
	named  *rowmap.Table[domain.TaskWithTemplate]
	stages *table[domain.TaskStage]
	// selectNamed selects from "tasks t" with the names lists show.
	selectNamed string
	// waiting, active and ended are conditions, spelt as in the partial indexes.
	waiting, active, ended, versioned string
	headsSQL                          string
}

func newTasks(e *engine) *tasks {
	t := &tasks{
		table:   newTable(e, "tasks", "task", func(t *domain.Task) domain.ProjectID { return t.ProjectID }),
		named:   rowmap.Of[domain.TaskWithTemplate](),
		stages:  newTable[domain.TaskStage](e, "task_stages", "stage", nil),
		waiting: fmt.Sprintf("status = '%s'", domain.StatusWaiting),
	}
	t.active = "status in (" + quoted(domain.ActiveStatuses()) + ")"
	t.ended = "status in (" + quoted([]domain.TaskStatus{domain.StatusStopped, domain.StatusSuccess, domain.StatusError}) + ")"
	t.versioned = "version is not null and version <> ''"
	if e.d.Versioned != "" {
		t.versioned = e.d.Versioned
	}
	t.headsSQL = headsSQL(t.waiting, t.hint("tasks_waiting_template"))
	if e.d.GroupSkips {
		t.headsSQL = "select" + e.d.AsWritten + " t.id, t.project_id, t.template_id from (select min(id) as id from tasks where " + t.waiting +
			" group by template_id) as h join tasks t on t.id = h.id order by t.id"
	}
	var cols []string
	for _, c := range t.rows.Columns {
		cols = append(cols, "t."+e.d.Quote(c.Name))
	}
	t.selectNamed = "select" + e.d.AsWritten + " " + strings.Join(cols, ", ") + ", tp.playbook, tp.name, tp.type, tp.app," +
		" coalesce(u.name, ''), coalesce(s.name, '')," +
		// One join more, and planners choose another order of the tables.
		" coalesce((select d.name from users d where d.id = t.decided_by), '')" +
		" from %s join tasks t on %s join templates tp on tp.id = t.template_id" +
		" left join users u on u.id = t.user_id left join users s on s.id = t.stopped_by"
	return t
}

// quoted writes statuses as a list of literals.
func quoted(statuses []domain.TaskStatus) string {
	var list []string
	for _, s := range statuses {
		list = append(list, "'"+string(s)+"'")
	}
	return strings.Join(list, ", ")
}

// hint makes a query use one of the partial indexes: without statistics, SQLite
// would take the way through the history.
func (s *tasks) hint(index string) string { return s.eng.d.UseIndex(index) }

func (s *tasks) Get(ctx context.Context, id domain.TaskID) (domain.Task, error) {
	t, err := s.get(ctx, int64(id), false)
	return t, rules.Explain(err, "get task %d", id)
}

func (s *tasks) Create(ctx context.Context, t *domain.Task, d domain.TaskDefinition) error {
	definition, err := json.Marshal(d.Definition)
	if err != nil {
		return fmt.Errorf("create task: definition: %w", err)
	}
	err = s.eng.tx(ctx, func(ctx context.Context, tx *txn) error {
		// The template comes first: after the insert, which locks the row it refers
		// to against deletion, two of us could wait for each other.
		_, err := tx.exec(ctx, "update templates set task_count = task_count + 1 where id = ?", int64(t.TemplateID))
		if err != nil {
			return err
		}
		if err := s.insert(ctx, tx, t); err != nil {
			return err
		}
		_, err = tx.exec(ctx, "insert into task_definitions (task_id, definition, secret) values (?, ?, ?)",
			int64(t.ID), string(definition), d.Secret)
		return err
	})
	if err != nil {
		return fmt.Errorf("create task: %w", err)
	}
	return nil
}

func (s *tasks) Definition(ctx context.Context, id domain.TaskID) (domain.TaskDefinition, error) {
	d := domain.TaskDefinition{TaskID: id}
	var definition string
	err := s.eng.scan(ctx, "select definition, secret from task_definitions where task_id = ?", []any{int64(id)}, s.eng.text(&definition), s.eng.text(&d.Secret))
	if err == nil {
		err = json.Unmarshal([]byte(definition), &d.Definition)
	}
	if err != nil {
		return domain.TaskDefinition{}, rules.Explain(err, "definition of task %d", id)
	}
	return d, nil
}

func (s *tasks) Update(ctx context.Context, id domain.TaskID, fn func(*domain.Task) error) (result domain.Task, err error) {
	err = s.eng.tx(ctx, func(ctx context.Context, tx *txn) error {
		old, err := s.get(ctx, int64(id), true)
		if err != nil {
			return err
		}
		// Before fn, which may change what the task points to.
		before, err := s.rows.Values(&old, make([]any, 0, len(s.rows.Columns)))
		if err != nil {
			return err
		}
		if result, err = rules.Change(old, fn); err != nil {
			return err
		}
		return s.store(ctx, tx, &old, before, &result, true)
	})
	return result, rules.Explain(err, "update task %d", id)
}

// store writes the task t that came of old, whose stored form was before.
// Visible says whether the change may show in lists.
func (s *tasks) store(ctx context.Context, tx *txn, old *domain.Task, before []any, t *domain.Task, visible bool) error {
	changed, n, err := s.update(ctx, tx, before, t, " and status = ? and epoch = ?", string(old.Status), old.Epoch)
	if err != nil {
		return err
	}
	if n == 0 {
		return store.ErrFenced // the row is locked since it was read: cannot be, but must not pass
	}
	if rules.Ends(old, t) {
		_, err := tx.exec(ctx, "update task_definitions set secret = '' where task_id = ? and secret <> ''", int64(t.ID))
		if err != nil {
			return err
		}
	}
	if changed && visible {
		tx.bump(t.ProjectID)
	}
	return nil
}

func (s *tasks) Reseal(ctx context.Context, id domain.TaskID, fn func(string) (string, error)) error {
	err := s.eng.tx(ctx, func(ctx context.Context, tx *txn) error {
		// The task's row is locked, so that the task does not end meanwhile.
		if _, err := s.get(ctx, int64(id), true); err != nil {
			return err
		}
		var old string
		if err := s.eng.scan(ctx, "select secret from task_definitions where task_id = ?", []any{int64(id)}, s.eng.text(&old)); err != nil {
			return err
		}
		sealed, err := fn(old)
		if err != nil || sealed == old {
			return err
		}
		_, err = tx.exec(ctx, "update task_definitions set secret = ? where task_id = ?", sealed, int64(id))
		return err
	})
	return rules.Explain(err, "reseal task %d", id)
}

func (s *tasks) Delete(ctx context.Context, id domain.TaskID) error {
	err := s.eng.tx(ctx, func(ctx context.Context, tx *txn) error {
		t, err := s.get(ctx, int64(id), true)
		if err != nil {
			return err
		}
		for _, query := range []string{
			"delete from " + logTable + " where task_id = ?",
			"delete from " + resultTable + " where task_id = ?",
			"delete from task_stages where task_id = ?",
			"delete from notifications where task_id = ?",
			"delete from task_definitions where task_id = ?",
			s.deleteSQL,
		} {
			if _, err := tx.exec(ctx, query, int64(id)); err != nil {
				return err
			}
		}
		tx.bump(t.ProjectID)
		tx.bump(removals(t.ProjectID))
		return nil
	})
	return rules.Explain(err, "delete task %d", id)
}

// eachNamed gives the tasks that a query selects to fn, each in the same place.
func (s *tasks) eachNamed(ctx context.Context, query string, args []any, fn func(*domain.TaskWithTemplate)) error {
	rows, err := s.eng.rows(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	row := s.named.NewRow(s.eng.decode())
	var t domain.TaskWithTemplate
	dest := row.Dest(&t)
	for rows.Next() {
		t = domain.TaskWithTemplate{}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		fn(&t)
	}
	return s.eng.translate(rows.Err())
}

// usual is how long lists mostly are; there is room for as many from the start.
const usual = 200

// List looks for the identifiers first, by an index alone, then joins the rest
// to those few.
func (s *tasks) List(ctx context.Context, f store.TaskFilter) ([]domain.TaskWithTemplate, error) {
	if f.Limit <= 0 {
		f.Limit = store.DefaultLimit
	}
	var conds []string
	var args []any
	add := func(cond string, arg ...any) {
		conds = append(conds, cond)
		args = append(args, arg...)
	}
	for _, word := range f.Words {
		if cond, arg := hasWord(word); cond != "" {
			add(cond, arg...)
		}
	}
	if f.Project != 0 {
		add("project_id = ?", int64(f.Project))
	}
	if f.Template != 0 {
		add("template_id = ?", int64(f.Template))
	}
	if f.Before != 0 {
		add("id < ?", int64(f.Before))
	}
	if f.User != 0 {
		add("user_id = ?", int64(f.User))
	}
	if !f.Since.IsZero() {
		add("created >= ?", f.Since.UnixMicro())
	}
	if !f.Until.IsZero() {
		add("created < ?", f.Until.UnixMicro())
	}
	var parts []string
	var all []any
	part := func(hint, cond string, extra ...any) {
		where := append(conds[:len(conds):len(conds)], cond)
		if cond == "" {
			where = conds
		}
		text := "select id from tasks" + hint
		if len(where) > 0 {
			text += " where " + strings.Join(where, " and ")
		}
		parts = append(parts, "select id from ("+text+" order by id desc limit ?) as x")
		all = append(append(append(all, args...), extra...), int64(f.Limit))
	}
	if len(f.Statuses) == 0 {
		part("", "")
	}
	// One status after the other: each walks an index from its newest task, where
	// all together would search the whole history for rare ones.
	for _, st := range uniqueStatuses(f.Statuses) {
		switch {
		case st == domain.StatusWaiting:
			part(s.hint("tasks_waiting"), s.waiting)
		case st.Active():
			part(s.hint("tasks_active"), s.active+" and status = ?", string(st))
		case f.Project != 0 && f.Template == 0:
			part(s.hint("tasks_ended"), "status = ? and "+s.ended, string(st))
		default:
			part("", "status = ?", string(st))
		}
	}
	ids := strings.Join(parts, " union all ")
	if len(parts) > 1 {
		ids, all = "select id from ("+ids+") as y order by id desc limit ?", append(all, int64(f.Limit))
	}
	// The rows are put in order here: SQLite would write each of them into a
	// temporary table for it.
	list := make([]domain.TaskWithTemplate, 0, min(f.Limit, usual))
	err := s.eachNamed(ctx, fmt.Sprintf(s.selectNamed, "("+ids+") as p", "t.id = p.id"), all, func(t *domain.TaskWithTemplate) {
		list = append(list, *t)
	})
	if err != nil {
		return nil, fmt.Errorf("list tasks: %w", err)
	}
	slices.SortFunc(list, func(a, b domain.TaskWithTemplate) int { return cmp.Compare(b.ID, a.ID) })
	return list, nil
}

// hasWord is the condition of tasks that may have the word. Databases disagree on
// the case of letters beyond ASCII: there is none for words that have such.
func hasWord(word string) (string, []any) {
	for i := range len(word) {
		if word[i] >= utf8.RuneSelf {
			return "", nil
		}
	}
	pattern := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(word) + "%"
	var parts []string
	for _, column := range []string{"message", "commit_message", "commit_hash", "version", "git_branch"} {
		parts = append(parts, "lower("+column+") like ? escape '!'")
	}
	parts = append(parts, "template_id in (select x.id from templates x where lower(x.name) like ? escape '!')",
		"user_id in (select x.id from users x where lower(x.name) like ? escape '!')")
	return "(" + strings.Join(parts, " or ") + ")", slices.Repeat([]any{pattern}, len(parts))
}

func uniqueStatuses(list []domain.TaskStatus) []domain.TaskStatus {
	seen := map[domain.TaskStatus]bool{}
	var unique []domain.TaskStatus
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			unique = append(unique, s)
		}
	}
	return unique
}

func (s *tasks) LastOfTemplates(ctx context.Context, p domain.ProjectID) (map[domain.TemplateID]domain.TaskWithTemplate, error) {
	query := fmt.Sprintf(s.selectNamed,
		"(select (select x.id from tasks x where x.template_id = m.id order by x.id desc limit 1) as id from templates m where m.project_id = ?) as p", "t.id = p.id")
	last := map[domain.TemplateID]domain.TaskWithTemplate{}
	// Not by way of a list: there may be thousands of templates.
	err := s.eachNamed(ctx, query, []any{int64(p)}, func(t *domain.TaskWithTemplate) { last[t.TemplateID] = *t })
	if err != nil {
		return nil, fmt.Errorf("last tasks of project %d: %w", p, err)
	}
	return last, nil
}

func (s *tasks) LastVersion(ctx context.Context, t domain.TemplateID) (string, error) {
	var version string
	err := s.eng.scan(ctx, "select version from tasks"+s.hint("tasks_version")+" where template_id = ? and "+s.versioned+" order by id desc limit 1",
		[]any{int64(t)}, s.eng.text(&version))
	if err == store.ErrNotFound {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("last version of template %d: %w", t, err)
	}
	return version, nil
}

func (s *tasks) CountUnfinished(ctx context.Context, p domain.ProjectID) (int, error) {
	var n int
	err := s.eng.scanLong(ctx, "select (select count(*) from tasks"+s.hint("tasks_waiting")+" where project_id = ? and "+s.waiting+")"+
		" + (select count(*) from tasks"+s.hint("tasks_active")+" where project_id = ? and "+s.active+")", []any{int64(p), int64(p)}, &n)
	if err != nil {
		return 0, fmt.Errorf("count unfinished tasks of project %d: %w", p, err)
	}
	return n, nil
}

func (s *tasks) Owned(ctx context.Context, owner string) ([]domain.Task, error) {
	list, err := s.list(ctx, "select "+s.columns+" from tasks"+s.hint("tasks_active")+" where owner = ? and "+s.active+" order by id", []any{owner})
	if err != nil {
		return nil, fmt.Errorf("tasks of %q: %w", owner, err)
	}
	return list, nil
}

func (s *tasks) RenewLeases(ctx context.Context, owner string, until time.Time) error {
	err := s.eng.tx(ctx, func(ctx context.Context, tx *txn) error {
		_, err := tx.exec(ctx, "update tasks set lease_until = ? where owner = ? and "+s.active, until.UnixMicro(), owner)
		return err
	})
	if err != nil {
		return fmt.Errorf("renew leases of %q: %w", owner, err)
	}
	return nil
}

// Stats reads the tasks of the project or the template by the index that it has,
// and lets the database count them.
func (s *tasks) Stats(ctx context.Context, f store.StatsFilter) ([]domain.TaskStat, error) {
	begun, ended := s.quote("start"), s.quote("end")
	conds, args := "project_id = ?", []any{int64(f.Project)}
	add := func(wanted bool, cond string, arg int64) {
		if wanted {
			conds, args = conds+" and "+cond, append(args, arg)
		}
	}
	add(f.Template != 0, "template_id = ?", int64(f.Template))
	add(f.User != 0, "user_id = ?", int64(f.User))
	add(!f.Since.IsZero(), begun+" >= ?", f.Since.UnixMicro())
	add(!f.Until.IsZero(), ended+" < ?", f.Until.UnixMicro())
	add(f.After != 0, "id > ?", int64(f.After))
	add(f.UpTo != 0, "id <= ?", int64(f.UpTo))
	day := fmt.Sprintf("created - created %% %d", rules.Day)
	rows, err := s.eng.rows(ctx, "select "+day+", status, count(*), count("+ended+" - "+begun+"), coalesce(sum("+ended+" - "+begun+"), 0)"+
		" from tasks where "+conds+" group by "+day+", status", args...)
	if err != nil {
		return nil, fmt.Errorf("count tasks: %w", err)
	}
	defer rows.Close()
	stats := rules.Stats{}
	for rows.Next() {
		var day, tasks, timed, took int64
		var status string
		if err := rows.Scan(&day, s.eng.text(&status), &tasks, &timed, &took); err != nil {
			return nil, fmt.Errorf("count tasks: %w", err)
		}
		stats.Add(day, domain.TaskStatus(status), tasks, timed, took)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count tasks: %w", s.eng.translate(err))
	}
	return stats.List(), nil
}

// removals is whose revision counts the tasks that were deleted from a project.
func removals(p domain.ProjectID) domain.ProjectID { return -p }

func (s *tasks) Settled(ctx context.Context, p domain.ProjectID, before time.Time) (upTo domain.TaskID, removed int64, err error) {
	defer func() { err = rules.Explain(err, "look how far the tasks of project %d have ended", p) }()
	// First, so that what is deleted meanwhile counts against what is read now.
	if err := s.eng.scan(ctx, "select coalesce(sum(value), 0) from revisions where project_id = ?", []any{int64(removals(p))}, &removed); err != nil {
		return 0, 0, err
	}
	var unfinished, newest sql.NullInt64
	err = s.eng.scan(ctx, "select min(id) from (select min(id) as id from tasks"+s.hint("tasks_waiting")+" where project_id = ? and "+s.waiting+
		" union all select min(id) as id from tasks"+s.hint("tasks_active")+" where project_id = ? and "+s.active+") as x", []any{int64(p), int64(p)}, &unfinished)
	if err != nil {
		return 0, 0, err
	}
	err = s.eng.scan(ctx, "select max(id) from (select id from tasks where project_id = ? and created < ? order by id desc limit 1) as x",
		[]any{int64(p), before.UnixMicro()}, &newest)
	if err != nil {
		return 0, 0, err
	}
	upTo = domain.TaskID(newest.Int64)
	if unfinished.Valid {
		upTo = min(upTo, domain.TaskID(unfinished.Int64)-1)
	}
	return upTo, removed, nil
}
