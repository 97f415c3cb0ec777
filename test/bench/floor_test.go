//go:build bench

package bench

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
	"signalbox/internal/store/sqlstore"
	"signalbox/internal/store/sqlstore/dialect"
	"signalbox/internal/store/sqlstore/migrations"
)

// bareSQL is a database of the store, reached past it.
type bareSQL struct {
	t       *testing.T
	d       *dialect.Dialect
	db      dialect.Pools
	w       *world
	columns []string // of tasks, quoted
}

// filler returns the fill of an SQL backend. The database multiplies the model
// by itself, in steps that keep a transaction small.
func filler(c sqlstore.Config) func(*testing.T, store.Store, *world) func() floors {
	return func(t *testing.T, _ store.Store, w *world) func() floors {
		d := dialect.SQLite(migrations.For("sqlite"))
		switch c.Dialect {
		case "postgres":
			d = dialect.Postgres(migrations.For("postgres"))
		case "mysql":
			d = dialect.MySQL(migrations.For("mysql"))
		}
		pools, err := d.Open(t.Context(), dialect.Config{Path: c.Path, Host: c.Host, User: c.User, Name: c.Name, Options: c.Options})
		must(t, err)
		t.Cleanup(func() {
			must(t, pools.Read.Close())
			must(t, pools.Write.Close())
		})
		b := &bareSQL{t: t, d: d, db: pools, w: w}
		for _, col := range rowmap.Of[domain.Task]().Columns {
			b.columns = append(b.columns, d.Quote(col.Name))
		}
		b.fill()
		return b.floors
	}
}

func (b *bareSQL) exec(query string, args ...any) {
	b.t.Helper()
	if _, err := b.db.Write.ExecContext(b.t.Context(), b.spell(query), args...); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
}

// spell writes the parameters the way of the engine.
func (b *bareSQL) spell(query string) string {
	if !b.d.Numbered {
		return query
	}
	for n := 1; strings.Contains(query, "?"); n++ {
		query = strings.Replace(query, "?", "$"+strconv.Itoa(n), 1)
	}
	return query
}

func (b *bareSQL) fill() {
	const step = 100_000
	if b.d.Name == "sqlite" {
		b.exec("pragma cache_size = -400000")
		defer b.exec("pragma cache_size = -4096")
	}
	if b.d.Name == "mysql" {
		// Unlike the others it reads past the cache of the system, so that the pool
		// of the tests would measure the disk.
		b.exec("set global innodb_buffer_pool_size = 1073741824")
	}
	var into, from []string
	for _, c := range b.columns[1:] {
		into = append(into, c)
		switch c {
		case `"template_id"`:
			from = append(from, fmt.Sprintf("%d + n.i %% %d", b.w.first, templates))
		case `"status"`:
			from = append(from, "case n.i % 10 when 0 then 'error' else 'success' end")
		default:
			from = append(from, "m."+c)
		}
	}
	for at := 0; at < b.w.tasks; at += step {
		last := min(at+step, b.w.tasks)
		series := fmt.Sprintf("generate_series(%d, %d) as n(i)", at+1, last)
		switch b.d.Name {
		case "sqlite":
			series = fmt.Sprintf("(with recursive c(i) as (select %d union all select i + 1 from c where i < %d) select i from c) as n", at+1, last)
		case "mysql":
			series = fmt.Sprintf("(select seq as i from seq_%d_to_%d) as n", at+1, last)
		}
		b.exec(fmt.Sprintf("insert into tasks (%s) select %s from tasks m cross join %s where m.id = %d",
			strings.Join(into, ", "), strings.Join(from, ", "), series, b.w.model.ID))
	}
	switch b.d.Name {
	case "postgres":
		b.exec("vacuum analyze") // what the server does by itself after a while
	case "mysql":
		b.exec("analyze table tasks, templates")
	}
}

// query returns a prepared query whose rows are read.
func (b *bareSQL) query(text string) func(args ...any) error {
	ctx := b.t.Context()
	st, err := b.db.Read.PrepareContext(ctx, b.spell(text))
	if err != nil {
		b.t.Fatalf("%s: %v", text, err)
	}
	b.t.Cleanup(func() { _ = st.Close() })
	return func(args ...any) error {
		rows, err := st.QueryContext(ctx, args...)
		if err != nil {
			return err
		}
		return drain(rows)
	}
}

func drain(rows *sql.Rows) error {
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return err
	}
	values, dest := make([]sql.RawBytes, len(cols)), make([]any, len(cols))
	for i := range values {
		dest[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// change returns a transaction of prepared statements.
func (b *bareSQL) change(texts ...string) func(args ...[]any) error {
	ctx := b.t.Context()
	var list []*sql.Stmt
	for _, text := range texts {
		st, err := b.db.Write.PrepareContext(ctx, b.spell(text))
		if err != nil {
			b.t.Fatalf("%s: %v", text, err)
		}
		b.t.Cleanup(func() { _ = st.Close() })
		list = append(list, st)
	}
	return func(args ...[]any) error {
		tx, err := b.db.Write.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // after a commit it does nothing
		for i, st := range list {
			if _, err := tx.StmtContext(ctx, st).ExecContext(ctx, args[i]...); err != nil {
				return err
			}
		}
		return tx.Commit()
	}
}

func (b *bareSQL) floors() floors {
	project := int64(b.w.Project.ID)
	var cols []string
	for _, c := range b.columns {
		cols = append(cols, "t."+c)
	}
	named := strings.Join(cols, ", ") + ", tp.playbook, tp.name, tp.type, tp.app, u.name from"
	joined := " join templates tp on tp.id = t.template_id left join users u on u.id = t.user_id"
	use := func(index string) string { return b.d.UseIndex(index) }
	active, ended := "status in ('starting', 'running', 'waiting_confirmation', 'confirmed', 'rejected', 'stopping')", "status in ('stopped', 'success', 'error')"

	page := b.query("select" + b.d.AsWritten + " " + named + " tasks t" + joined + " where t.project_id = ? order by t.id desc limit 50")
	ofTemplate := b.query("select" + b.d.AsWritten + " " + named + " tasks t" + joined + " where t.template_id = ? order by t.id desc limit 50")
	failed := b.query("select " + named + " (select * from tasks" + use("tasks_ended") + " where project_id = ? and " + ended +
		" and status = 'error' order by id desc limit 200) as t" + joined + " order by t.id desc")
	last := b.query("select" + b.d.AsWritten + " " + named + " (select (select max(x.id) from tasks x where x.template_id = m.id) as id from templates m where m.project_id = ?) as p" +
		" join tasks t on t.id = p.id" + joined)
	list := b.query("select * from templates where project_id = ? order by name_fold, id")
	blocked := b.query("select id, project_id, template_id from tasks where status = 'waiting' and id in (?" + strings.Repeat(", ?", 49) + ")")
	running := b.query("select id, project_id, template_id from tasks" + use("tasks_active") + " where " + active)
	unfinished := b.query("select (select count(*) from tasks" + use("tasks_waiting") + " where project_id = ? and status = 'waiting')" +
		" + (select count(*) from tasks" + use("tasks_active") + " where project_id = ? and " + active + ")")
	screen := b.query("select first_seq, count, first_time, last_time, raw_bytes, payload from chunks where task_id = ? and first_seq >= 1 order by first_seq limit 8")
	chunk := b.change("insert into chunks (task_id, first_seq, count, first_time, last_time, raw_bytes, payload) values (?, ?, ?, ?, ?, ?, ?)",
		"update tasks set log_lines = ?, log_bytes = log_bytes + ?, journal_offset = journal_offset + 1 where id = ?")

	values := b.row()
	definition := b.scanText("select definition from task_definitions where task_id = ?", int64(b.w.model.ID))
	into := "insert into tasks (" + strings.Join(b.columns[1:], ", ") + ") values (?" + strings.Repeat(", ?", len(b.columns)-2) + ")"
	return floors{
		page:       func() error { return page(project) },
		ofTemplate: func(id domain.TemplateID) error { return ofTemplate(int64(id)) },
		failed:     func() error { return failed(project) },
		last:       func() error { return last(project) },
		templates:  func() error { return list(project) },
		blocked: func(ids []domain.TaskID) error {
			args := make([]any, len(ids))
			for i, id := range ids {
				args[i] = int64(id)
			}
			if err := running(); err != nil {
				return err
			}
			return blocked(args...)
		},
		unfinished: func() error { return unfinished(project, project) },
		screen:     func() error { return screen(int64(b.w.logged.ID)) },
		chunk: func(c logchunk.Chunk) error {
			return chunk([]any{int64(b.w.bare.ID), c.FirstSeq, c.Count, c.FirstTime.UnixMicro(), c.LastTime.UnixMicro(), c.RawBytes, c.Payload},
				[]any{c.LastSeq(), c.RawBytes, int64(b.w.bare.ID)})
		},
		claim:  b.claim(use("tasks_waiting")),
		create: b.create(into, values, definition),
	}
}

// row returns the values of the model, without its identifier.
func (b *bareSQL) row() []any {
	values := make([]any, len(b.columns)-1)
	dest := make([]any, len(values))
	for i := range values {
		dest[i] = &values[i]
	}
	must(b.t, b.db.Read.QueryRowContext(b.t.Context(), b.spell("select "+strings.Join(b.columns[1:], ", ")+" from tasks where id = ?"), int64(b.w.model.ID)).Scan(dest...))
	for i, v := range values {
		if text, ok := v.([]byte); ok {
			values[i] = string(text)
		}
	}
	return values
}

func (b *bareSQL) scanText(query string, arg any) string {
	var text string
	must(b.t, b.db.Read.QueryRowContext(b.t.Context(), b.spell(query), arg).Scan(&text))
	return text
}

// tx runs prepared statements in a transaction.
func (b *bareSQL) tx(fn func(ctx context.Context, tx *sql.Tx) error) error {
	ctx := b.t.Context()
	tx, err := b.db.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := fn(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

func (b *bareSQL) prepare(text string) *sql.Stmt {
	st, err := b.db.Write.PrepareContext(b.t.Context(), b.spell(text))
	if err != nil {
		b.t.Fatalf("%s: %v", text, err)
	}
	b.t.Cleanup(func() { _ = st.Close() })
	return st
}

func (b *bareSQL) claim(hint string) func() (domain.TaskID, error) {
	oldest := b.prepare("select id from tasks" + hint + " where status = 'waiting' order by id limit 1" + b.d.ForUpdate)
	take := b.prepare("update tasks set status = 'starting', owner = 'here', epoch = epoch + 1, lease_until = ? where id = ?")
	return func() (id domain.TaskID, err error) {
		err = b.tx(func(ctx context.Context, tx *sql.Tx) error {
			if err := tx.StmtContext(ctx, oldest).QueryRowContext(ctx).Scan(&id); err != nil {
				return err
			}
			_, err := tx.StmtContext(ctx, take).ExecContext(ctx, int64(1), int64(id))
			return err
		})
		return id, err
	}
}

// create stores a task with its definition, and counts it.
func (b *bareSQL) create(text string, values []any, definition string) func() error {
	if b.d.Returning {
		text += " returning id"
	}
	count := b.prepare("update templates set task_count = task_count + 1 where id = ?")
	insert := b.prepare(text)
	define := b.prepare("insert into task_definitions (task_id, definition, secret) values (?, ?, '')")
	bump := b.prepare(b.d.Upsert("revisions", "project_id", b.d.Quote("value"), "revisions.value + 1"))
	return func() error {
		return b.tx(func(ctx context.Context, tx *sql.Tx) error {
			if _, err := tx.StmtContext(ctx, count).ExecContext(ctx, int64(b.w.first)); err != nil {
				return err
			}
			var id int64
			if b.d.Returning {
				if err := tx.StmtContext(ctx, insert).QueryRowContext(ctx, values...).Scan(&id); err != nil {
					return err
				}
			} else {
				res, err := tx.StmtContext(ctx, insert).ExecContext(ctx, values...)
				if err != nil {
					return err
				}
				if id, err = res.LastInsertId(); err != nil {
					return err
				}
			}
			if _, err := tx.StmtContext(ctx, define).ExecContext(ctx, id, definition); err != nil {
				return err
			}
			_, err := tx.StmtContext(ctx, bump).ExecContext(ctx, int64(b.w.Project.ID), 1)
			return err
		})
	}
}

// bareBolt is a file of bbolt that holds as much as the store, in the plainest
// layout: values by identifier, and indexes of nothing but keys.
type bareBolt struct {
	t  *testing.T
	w  *world
	db *bolt.DB
}

var (
	boltTasks      = []byte("tasks")
	boltByTemplate = []byte("by template")
	boltFailed     = []byte("failed")
	boltTemplates  = []byte("templates")
	boltByName     = []byte("templates by name")
	boltQueue      = []byte("queue")
	boltRunning    = []byte("running")
	boltChunks     = []byte("chunks")
	boltMisc       = []byte("misc")
)

// Sizes of the bare values, about those of the stored ones.
const (
	boltTaskSize     = 300
	boltTemplateSize = 250
	boltDefSize      = 1500
)

func boltKey(parts ...int64) []byte {
	var key []byte
	for _, p := range parts {
		key = binary.BigEndian.AppendUint64(key, uint64(p))
	}
	return key
}

// fillBolt adds the tasks through the store, many to a transaction.
func fillBolt(t *testing.T, s store.Store, w *world) func() floors {
	const step = 100_000
	for at := 0; at < w.tasks; at += step {
		must(t, s.InTx(t.Context(), func(ctx context.Context) error {
			for i := at + 1; i <= min(at+step, w.tasks); i++ {
				task := w.model
				task.ID, task.TemplateID = 0, w.template(i)
				if i%10 == 0 {
					task.Status = domain.StatusError
				}
				if err := s.Tasks().Create(ctx, &task, domain.TaskDefinition{}); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	db, err := bolt.Open(filepath.Join(t.TempDir(), "bare.bolt"), 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	b := &bareBolt{t: t, w: w, db: db}
	b.fill()
	return b.floors
}

func (b *bareBolt) fill() {
	const step = 100_000
	must(b.t, b.db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{boltTasks, boltByTemplate, boltFailed, boltTemplates, boltByName, boltQueue, boltRunning, boltChunks, boltMisc} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		for i := range int64(templates) {
			if err := tx.Bucket(boltTemplates).Put(boltKey(i), make([]byte, boltTemplateSize)); err != nil {
				return err
			}
			if err := tx.Bucket(boltByName).Put(fmt.Appendf(nil, "template %05d", i), boltKey(i)); err != nil {
				return err
			}
		}
		for i := range int64(50) {
			if err := tx.Bucket(boltQueue).Put(boltKey(int64(b.w.tasks)+i), nil); err != nil {
				return err
			}
		}
		for i := range int64(10) {
			if err := tx.Bucket(boltRunning).Put(boltKey(i), nil); err != nil {
				return err
			}
		}
		return nil
	}))
	for at := 0; at < b.w.tasks+50; at += step {
		must(b.t, b.db.Update(func(tx *bolt.Tx) error {
			tasks, byTemplate, failed := tx.Bucket(boltTasks), tx.Bucket(boltByTemplate), tx.Bucket(boltFailed)
			tasks.FillPercent, failed.FillPercent = 1, 1
			for i := int64(at); i < int64(min(at+step, b.w.tasks+50)); i++ {
				if err := tasks.Put(boltKey(i), make([]byte, boltTaskSize)); err != nil {
					return err
				}
				if err := byTemplate.Put(boltKey(i%templates, i), nil); err != nil {
					return err
				}
				if i%10 == 0 {
					if err := failed.Put(boltKey(i), nil); err != nil {
						return err
					}
				}
			}
			return nil
		}))
	}
}

// newest reads the last tasks of an index below a key.
func (b *bareBolt) newest(index []byte, n int, below []byte, id func(key []byte) []byte) error {
	return b.db.View(func(tx *bolt.Tx) error {
		c, tasks, tmpls := tx.Bucket(index).Cursor(), tx.Bucket(boltTasks), tx.Bucket(boltTemplates)
		key, _ := c.Last()
		if below != nil {
			if next, _ := c.Seek(below); next != nil {
				key, _ = c.Prev()
			}
		}
		for ; key != nil && n > 0; n-- {
			_ = append([]byte(nil), tasks.Get(id(key))...)
			_ = append([]byte(nil), tmpls.Get(boltKey(1))...)
			key, _ = c.Prev()
		}
		return nil
	})
}

func (b *bareBolt) floors() floors {
	whole := func(key []byte) []byte { return key }
	tail := func(key []byte) []byte { return key[8:] }
	count := int64(b.w.tasks) + 50
	return floors{
		page: func() error { return b.newest(boltTasks, 50, nil, whole) },
		ofTemplate: func(id domain.TemplateID) error {
			return b.newest(boltByTemplate, min(50, b.w.tasks/templates), boltKey(int64(id-b.w.first)+1, 0), tail)
		},
		failed: func() error { return b.newest(boltFailed, 200, nil, whole) },
		last: func() error {
			return b.db.View(func(tx *bolt.Tx) error {
				c, tasks, tmpls := tx.Bucket(boltByTemplate).Cursor(), tx.Bucket(boltTasks), tx.Bucket(boltTemplates)
				for i := range int64(templates) {
					next, _ := c.Seek(boltKey(i+1, 0))
					key, _ := c.Prev()
					if next == nil {
						key, _ = c.Last()
					}
					_ = append([]byte(nil), tasks.Get(key[8:])...)
					_ = append([]byte(nil), tmpls.Get(boltKey(i))...)
				}
				return nil
			})
		},
		templates: func() error {
			return b.db.View(func(tx *bolt.Tx) error {
				tmpls := tx.Bucket(boltTemplates)
				return tx.Bucket(boltByName).ForEach(func(_, id []byte) error {
					_ = append([]byte(nil), tmpls.Get(id)...)
					return nil
				})
			})
		},
		blocked: func(ids []domain.TaskID) error {
			return b.db.View(func(tx *bolt.Tx) error {
				tasks := tx.Bucket(boltTasks)
				for range ids {
					_ = append([]byte(nil), tasks.Get(boltKey(count-1))...)
				}
				return tx.Bucket(boltRunning).ForEach(func(_, _ []byte) error { return nil })
			})
		},
		unfinished: func() error {
			return b.db.View(func(tx *bolt.Tx) error {
				if err := tx.Bucket(boltQueue).ForEach(func(_, _ []byte) error { return nil }); err != nil {
					return err
				}
				return tx.Bucket(boltRunning).ForEach(func(_, _ []byte) error { return nil })
			})
		},
		claim: func() (domain.TaskID, error) {
			err := b.db.Update(func(tx *bolt.Tx) error {
				key, _ := tx.Bucket(boltQueue).Cursor().First()
				if err := tx.Bucket(boltQueue).Put(boltKey(count+1), nil); err != nil {
					return err
				}
				if err := tx.Bucket(boltRunning).Put(key, nil); err != nil {
					return err
				}
				if err := tx.Bucket(boltRunning).Delete(key); err != nil {
					return err
				}
				return tx.Bucket(boltTasks).Put(key, make([]byte, boltTaskSize))
			})
			return 0, err // nothing of the store's was claimed
		},
		create: func() error {
			count++
			return b.db.Update(func(tx *bolt.Tx) error {
				if err := tx.Bucket(boltTasks).Put(boltKey(count), make([]byte, boltTaskSize)); err != nil {
					return err
				}
				if err := tx.Bucket(boltByTemplate).Put(boltKey(1, count), nil); err != nil {
					return err
				}
				if err := tx.Bucket(boltQueue).Put(boltKey(count), nil); err != nil {
					return err
				}
				if err := tx.Bucket(boltTemplates).Put(boltKey(1), make([]byte, boltTemplateSize)); err != nil {
					return err
				}
				if err := tx.Bucket(boltMisc).Put(boltKey(1), boltKey(count)); err != nil {
					return err
				}
				return tx.Bucket(boltMisc).Put(boltKey(2, count), make([]byte, boltDefSize))
			})
		},
		chunk: func(c logchunk.Chunk) error {
			return b.db.Update(func(tx *bolt.Tx) error {
				if err := tx.Bucket(boltChunks).Put(boltKey(1, c.FirstSeq), c.Payload); err != nil {
					return err
				}
				return tx.Bucket(boltTasks).Put(boltKey(1), make([]byte, boltTaskSize))
			})
		},
		screen: func() error {
			return b.db.View(func(tx *bolt.Tx) error {
				c := tx.Bucket(boltChunks).Cursor()
				key, payload := c.Seek(boltKey(1, 1))
				for n := 0; key != nil && n < 8; n++ {
					_ = append([]byte(nil), payload...)
					key, payload = c.Next()
				}
				return nil
			})
		},
	}
}
