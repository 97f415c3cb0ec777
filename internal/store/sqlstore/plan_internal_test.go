package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
	"signalbox/internal/store"
	"signalbox/internal/store/rules"
	"signalbox/internal/store/storetest"
	"signalbox/internal/testkit/dbserver"
)

// TestPlans runs the queries of a busy server on tables with many rows, and asks
// each engine how it finds the rows of them: nothing may walk through a table
// that grows.
func TestPlans(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		checkPlans(t, openHere(t, filepath.Join(t.TempDir(), "x.db")), walksSQLite)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		s := dbserver.Postgres(t)
		checkPlans(t, openServer(t, s, map[string]string{"port": strconv.Itoa(s.Port)}), walksPostgres)
	})
	t.Run("mysql", func(t *testing.T) {
		t.Parallel()
		checkPlans(t, openServer(t, dbserver.MySQL(t), nil), walksMySQL)
	})
}

func openServer(t *testing.T, server *dbserver.Server, options map[string]string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{Dialect: server.Dialect, Host: server.Socket, User: server.User, Name: server.NewName(), Options: options})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// grownRows is how many rows a table that grows has at least. Plans on less say
// nothing: a table of a few pages is best read whole.
const grownRows = 2000

// grow fills the tables by multiplying what they hold. The queue stays short, and
// no project has more than a part of the rows.
func grow(t *testing.T, s *Store, w *storetest.World, done domain.Task) {
	t.Helper()
	ctx := t.Context()
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := s.eng.write.db.ExecContext(ctx, s.eng.write.spell(query), args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	first, last := w.Project.ID, w.Project.ID
	for range 20 {
		p := domain.Project{Name: "More", Created: storetest.Now()}
		if err := s.Projects().Create(ctx, &p); err != nil {
			t.Fatal(err)
		}
		last = p.ID
	}
	split := func(columns string) []string { return strings.Split(columns, ", ") } // the identifier comes first
	double := func(table, columns string, times int) {
		t.Helper()
		names := strings.Join(split(columns)[1:], ", ")
		for range times {
			exec(fmt.Sprintf("insert into %s (%s) select %s from %s", table, names, names, table))
		}
	}
	projects := fmt.Sprintf("%d + id %% %d", first, last-first+1)
	double("templates", s.tmpls.columns+`, "name_fold", "playbook_fold"`, 11)
	exec("update templates set project_id = " + projects)
	exec("update templates set project_id = ? where id = ?", int64(first), int64(w.Template.ID))
	// Only the task that has ended is multiplied, once for each template and then
	// for all of them; a tenth has failed.
	var into, from []string
	for _, c := range split(s.tasks.columns)[1:] {
		into = append(into, c)
		switch c {
		case `"template_id"`:
			c = "t.id"
		case `"project_id"`:
			c = "t.project_id"
		default:
			c = "x." + c
		}
		from = append(from, c)
	}
	names := strings.Join(into, ", ")
	exec(fmt.Sprintf("insert into tasks (%s) select %s from templates t cross join tasks x where x.id = ?", names, strings.Join(from, ", ")), int64(done.ID))
	for range 3 {
		exec(fmt.Sprintf("insert into tasks (%s) select %s from tasks where id >= ?", names, names), int64(done.ID))
	}
	exec("update tasks set status = 'error' where id % 10 = 0 and id <> ?", int64(done.ID))
	exec("insert into task_definitions (task_id, definition, secret) select id, '{}', '' from tasks where id not in (select task_id from task_definitions)")
	for i := range 2 {
		exec(fmt.Sprintf("insert into chunks (task_id, first_seq, count, first_time, last_time, raw_bytes, payload)"+
			" select t.id, %d, 10, 0, 0, 100, x.payload from tasks t cross join (select payload from chunks limit 1) x where t.id <> ?", 1+i*10), int64(done.ID))
	}
	double("events", s.events.columns, 15)
	exec("update events set project_id = " + projects)
	exec("insert into sessions (token_hash, user_id, created, last_active, ip, user_agent, expired, pending)"+
		" select concat('h', id), ?, id * 1000, id * 1000, '', '', x.no, '' from tasks cross join (select expired as no from sessions limit 1) x", int64(w.User.ID))
	switch s.eng.d.Name {
	case "postgres":
		exec("vacuum analyze") // as the server does by itself
	case "mysql":
		exec("analyze table tasks, task_definitions, chunks, events, templates, sessions")
	}
	for _, table := range []string{"tasks", "task_definitions", "chunks", "events", "templates", "sessions"} {
		var n int
		if err := s.eng.read.db.QueryRowContext(ctx, "select count(*) from "+table).Scan(&n); err != nil || n < grownRows {
			t.Fatalf("%s has %d rows (%v), want %d and more", table, n, err, grownRows)
		}
	}
}

// statement is one that the store ran.
type statement struct {
	query string
	args  []any
}

// walks returns what a plan reads without an index, or an index from end to end.
type walks func(t *testing.T, s *Store, st statement) []string

func checkPlans(t *testing.T, s *Store, walks walks) {
	w := storetest.Seed(t, s)
	ctx := t.Context()
	done := w.Running(t, w.Template)
	do := func(err error) {
		t.Helper()
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
	}
	b := logchunk.NewBuilder(1)
	b.Add(storetest.Now(), []byte("x"), false)
	chunk := b.Finish()
	wide := strings.Repeat("wide ", 100) // more pages, as more rows would make
	_, err := s.Tasks().Record(ctx, done.ID, store.Report{Epoch: 1, ToOffset: 1, Chunks: []logchunk.Chunk{chunk}, Apply: func(t *domain.Task) error {
		t.LogComplete, t.Status, t.Message = true, domain.StatusSuccess, wide
		return nil
	}})
	do(err)
	do(s.Events().Add(ctx, &domain.Event{ProjectID: &w.Project.ID, ObjectType: domain.ObjectTask, Description: wide, Created: storetest.Now()}))
	do(s.Sessions().Create(ctx, &domain.Session{TokenHash: "x", UserID: w.User.ID}))
	w.AddOther(t)
	grow(t, s, w, done)
	parallel := w.NewTemplate(t, func(t *domain.Template) { t.AllowParallelTasks = true })
	running := w.Running(t, parallel)
	for range rules.ScanAhead + 10 {
		w.NewTask(t, parallel)
	}

	var mu sync.Mutex
	var seen []statement
	known := map[string]bool{}
	s.eng.watch = func(query string, args []any) {
		mu.Lock()
		defer mu.Unlock()
		if !known[query] {
			known[query] = true
			seen = append(seen, statement{query, args})
		}
	}
	everything(t, s, w, do, done, running)
	s.eng.watch = nil
	if len(seen) < 60 {
		t.Errorf("only %d statements were looked at", len(seen))
	}
	for _, st := range seen {
		verb, _, _ := strings.Cut(st.query, " ")
		switch {
		case verb != "select" && verb != "with" && verb != "update" && verb != "delete":
			continue
		case st.query == s.eng.d.LockShared, st.query == s.eng.d.LockAll, st.query == s.eng.d.LockQueue:
			continue
		}
		for _, walk := range walks(t, s, st) {
			t.Errorf("%s\n\tin %s\n\twith %v", walk, st.query, st.args)
		}
	}
}

// everything asks what the API, the dispatcher and the catalog ask of the tables
// that grow.
func everything(t *testing.T, s *Store, w *storetest.World, do func(error), done, running domain.Task) {
	ctx := t.Context()
	p, u, tmpl := w.Project.ID, w.User.ID, w.Template.ID
	tasks := s.Tasks()
	for _, f := range []store.TaskFilter{
		{}, {Project: p}, {Template: tmpl}, {Project: p, Template: tmpl}, {Project: p, Template: tmpl, Before: 900}, {Project: p, Before: 900},
		{Project: p, Statuses: domain.Statuses()}, {Project: p, Statuses: domain.UnfinishedStatuses()}, {Statuses: domain.UnfinishedStatuses()},
		{Project: p, Template: tmpl, Statuses: domain.UnfinishedStatuses()},
		{Project: p, Template: tmpl, Statuses: []domain.TaskStatus{domain.StatusSuccess, domain.StatusError, domain.StatusStopped}},
		{Project: p, Statuses: []domain.TaskStatus{domain.StatusStopped}, Before: 900},
	} {
		f.Limit = 50
		_, err := tasks.List(ctx, f)
		do(err)
	}
	_, err := tasks.Get(ctx, done.ID)
	do(err)
	_, err = tasks.LastOfTemplates(ctx, p)
	do(err)
	_, err = tasks.Stages(ctx, done.ID)
	do(err)
	_, err = tasks.Ended(ctx, 900, 50) // OutputBytes reads all tasks, once an hour
	do(err)
	_, err = s.Results().Chunks(ctx, done.ID, 1, 10)
	do(err)
	_, err = tasks.LastVersion(ctx, tmpl)
	do(err)
	_, err = tasks.CountUnfinished(ctx, p)
	do(err)
	_, err = w.Claim(ctx, "x")
	do(err)
	// With every template taken, the heads of the queue are looked at.
	_, err = s.Templates().Update(ctx, running.TemplateID, func(t *domain.Template) error { t.AllowParallelTasks = false; return nil })
	do(err)
	_, err = w.Claim(ctx, "x")
	do(err)
	_, err = tasks.Blocked(ctx, 1, []domain.TaskID{running.ID + 1, running.ID + 2, running.ID + 3})
	do(err)
	_, err = tasks.Owned(ctx, "here")
	do(err)
	do(tasks.RenewLeases(ctx, "here", storetest.Now()))
	_, err = tasks.Definition(ctx, done.ID)
	do(err)
	offset, line := int64(0), int64(1)
	for range 2 {
		b := logchunk.NewBuilder(line)
		b.Add(storetest.Now(), []byte("x"), false)
		_, err = tasks.Record(ctx, running.ID, store.Report{Epoch: running.Epoch, FromOffset: offset, ToOffset: offset + 1, Chunks: []logchunk.Chunk{b.Finish()}})
		do(err)
		offset, line = offset+1, line+1
	}
	_, err = tasks.Update(ctx, running.ID, func(t *domain.Task) error { t.LogComplete, t.Status = true, domain.StatusSuccess; return nil })
	do(err)
	_, err = s.Logs().Chunks(ctx, running.ID, 1, 10)
	do(err)
	_, _, err = s.Logs().Size(ctx, running.ID)
	do(err)
	do(s.Logs().Compact(ctx, running.ID))
	do(tasks.Delete(ctx, running.ID))

	_, err = s.Sessions().First(ctx, store.Where(store.Eq("token_hash", "x")))
	do(err)
	for _, cond := range []store.Cond{store.Eq("token_hash", "x"), store.Lt("last_active", storetest.Now().AddDate(-90, 0, 0)), store.Lt("created", storetest.Now().AddDate(-90, 0, 0)), store.Eq("user_id", w.OtherUser.ID)} {
		_, err = s.Sessions().DeleteWhere(ctx, cond)
		do(err)
	}
	_, err = s.Tokens().First(ctx, store.Where(store.Eq("token_hash", "x")))
	do(err)
	_, err = s.Tokens().List(ctx, store.Where(store.Eq("user_id", u)).By("-created", "-id"))
	do(err)
	for _, field := range []string{"username", "email"} {
		_, err = s.Users().First(ctx, store.Where(store.Fold(field, "x")))
		do(err)
	}
	_, err = s.Members().First(ctx, store.Where(store.InProject(p), store.Eq("user_id", u)))
	do(err)
	_, err = s.Members().List(ctx, store.Where(store.Eq("user_id", u)).By("project_id"))
	do(err)
	templates := s.Templates()
	for _, q := range []store.Query{
		store.Where(store.InProject(p)), store.Where(store.InProject(p)).By("name", "id"), store.Where(store.InProject(p)).By("-name", "id"),
		store.Where(store.InProject(p)).By("playbook", "id"), store.Where(store.InProject(p), store.Eq("app", "ansible")).By("name", "id"),
		store.Where(store.InProject(p), store.Eq("view_id", w.View.ID)).By("name", "id"),
		store.Where(store.InProject(p), store.Eq("view_id", w.View.ID)),
		store.Where(store.InProject(p), store.Eq("repository_id", w.Repo.ID)), store.Where(store.InProject(p), store.Eq("inventory_id", w.Inventory.ID)),
		store.Where(store.InProject(p), store.Eq("variable_group_id", w.Group.ID)),
		store.Where(store.InProject(p), store.Eq("build_template_id", tmpl), store.Eq("autorun", true)),
	} {
		_, err = templates.List(ctx, q)
		do(err)
	}
	_, err = templates.Get(ctx, tmpl)
	do(err)
	_, err = templates.Update(ctx, tmpl, func(t *domain.Template) error { t.Name += "!"; return nil })
	do(err)
	extra := w.NewTemplate(t, func(*domain.Template) {})
	do(templates.Delete(ctx, extra.ID))
	_, err = s.Vaults().List(ctx, store.Where(store.Eq("template_id", tmpl)).By("id"))
	do(err)
	_, err = s.Vaults().DeleteWhere(ctx, store.Eq("template_id", tmpl))
	do(err)
	for _, project := range []*domain.ProjectID{&p, nil} {
		_, err = s.Events().List(ctx, store.EventFilter{Project: project, Limit: 50})
		do(err)
	}
	_, err = s.Events().List(ctx, store.EventFilter{Projects: []domain.ProjectID{p, p + 1, p + 2}, Limit: 20})
	do(err)
	_, err = s.Events().List(ctx, store.EventFilter{Projects: []domain.ProjectID{}, Limit: 50})
	do(err)
	_, err = s.Events().List(ctx, store.EventFilter{User: u, Before: 1000, Limit: 50})
	do(err)
	_, err = s.Revision(ctx, p)
	do(err)
}

func explain(t *testing.T, s *Store, prefix string, st statement) *sql.Rows {
	t.Helper()
	rows, err := s.eng.write.db.QueryContext(context.WithoutCancel(t.Context()), prefix+" "+s.eng.write.spell(st.query), st.args...)
	if err != nil {
		t.Fatalf("%s %s: %v", prefix, st.query, err)
	}
	return rows
}

// fromNewest reports whether a statement reads the newest rows of a whole table,
// which is done by walking the identifiers backwards until the limit.
func fromNewest(query string) bool {
	return strings.HasSuffix(query, "order by id desc limit ?) as x) as p join tasks t on t.id = p.id join templates tp on tp.id = t.template_id"+
		" left join users u on u.id = t.user_id left join users s on s.id = t.stopped_by") && strings.Count(query, "where") == 1 || // that of the subquery for a name
		strings.Contains(query, " from events e ") && !strings.Contains(query, "where e.") && !strings.Contains(query, " union ")
}

func walksSQLite(t *testing.T, s *Store, st statement) []string {
	rows := explain(t, s, "explain query plan", st)
	defer rows.Close()
	var list []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		table, ok := strings.CutPrefix(step, "SCAN ")
		if !ok || strings.Contains(step, "USING") && (strings.Contains(step, "tasks_waiting") || strings.Contains(step, "tasks_active")) {
			continue // the index of what waits or runs is short
		}
		table, _, _ = strings.Cut(table, " ")
		switch table {
		case "tasks", "t", "e", "events", "chunks", "task_definitions", "templates", "tp", "sessions", "tokens":
			if !fromNewest(st.query) {
				list = append(list, step)
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// pgNode is a step of PostgreSQL's plan.
type pgNode struct {
	Type  string   `json:"Node Type"`
	Table string   `json:"Relation Name"`
	Index string   `json:"Index Name"`
	Cond  string   `json:"Index Cond"`
	Plans []pgNode `json:"Plans"`
}

func walksPostgres(t *testing.T, s *Store, st statement) []string {
	rows := explain(t, s, "explain (format json)", st)
	defer rows.Close()
	var list []string
	var walk func(n pgNode)
	walk = func(n pgNode) {
		switch n.Table {
		case "tasks", "task_definitions", "chunks", "events", "templates", "sessions":
			short := n.Index == "tasks_waiting" || n.Index == "tasks_waiting_template" || n.Index == "tasks_active"
			indexed := strings.HasPrefix(n.Type, "Index") && (n.Cond != "" || short || fromNewest(st.query))
			if !indexed && n.Type != "Bitmap Heap Scan" && n.Type != "ModifyTable" {
				list = append(list, fmt.Sprintf("%s of %s, index %q, condition %q", n.Type, n.Table, n.Index, n.Cond))
			}
		}
		if n.Type == "Bitmap Index Scan" && n.Cond == "" && !strings.HasPrefix(n.Index, "tasks_waiting") && n.Index != "tasks_active" {
			list = append(list, n.Type+" of "+n.Index)
		}
		for _, sub := range n.Plans {
			walk(sub)
		}
	}
	for rows.Next() {
		var text []byte
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		var plans []struct{ Plan pgNode }
		if err := json.Unmarshal(text, &plans); err != nil {
			t.Fatal(err)
		}
		for _, p := range plans {
			walk(p.Plan)
		}
		if len(list) > 0 {
			list = append(list, string(text))
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func walksMySQL(t *testing.T, s *Store, st statement) []string {
	rows := explain(t, s, "explain", st)
	defer rows.Close()
	var list []string
	for rows.Next() {
		var id, kind, table, access, possible, key, length, ref, count, extra sql.NullString
		if err := rows.Scan(&id, &kind, &table, &access, &possible, &key, &length, &ref, &count, &extra); err != nil {
			t.Fatal(err)
		}
		n, _ := strconv.Atoi(count.String) // empty where nothing is read
		// All rows of a table, or of an index, without a limit that stops the walk.
		if (access.String == "ALL" || access.String == "index") && n >= grownRows/2 && !strings.HasPrefix(table.String, "<") && !fromNewest(st.query) {
			list = append(list, fmt.Sprintf("%s of %s, index %q, %d rows, %s", access.String, table.String, key.String, n, extra.String))
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}
