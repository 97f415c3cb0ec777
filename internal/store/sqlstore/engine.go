package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/sqlstore/dialect"
)

// engine runs statements: each is prepared once per connection, inside the
// transaction of the context if there is one, and its errors are translated.
type engine struct {
	d     *dialect.Dialect
	read  *pool
	write *pool
	// writer is held by the writing transaction of a single-writer engine.
	// Waiting for it is fair and ends with the context.
	writer chan struct{}
	// maxBytes is how much a statement may carry, 0 for no limit. It is checked
	// here because a statement that MariaDB refused for it stays refused.
	maxBytes int
	// bumpSQL makes a revision grow by one.
	bumpSQL string
	// watch is told about every statement before it runs; nil except in tests.
	watch func(query string, args []any)
}

// maxStatements bounds the prepared statements of a pool. Conditions come in few
// shapes, so it is not reached in practice; what is beyond it runs unprepared.
const maxStatements = 400

// pool is a connection pool with its prepared statements.
type pool struct {
	db *sql.DB
	d  *dialect.Dialect

	mu    sync.RWMutex
	stmts map[string]*sql.Stmt
}

func newPool(db *sql.DB, d *dialect.Dialect) *pool {
	return &pool{db: db, d: d, stmts: map[string]*sql.Stmt{}}
}

// stmt returns the prepared statement, nil when there are too many already.
func (p *pool) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	p.mu.RLock()
	st, n := p.stmts[query], len(p.stmts)
	p.mu.RUnlock()
	if st != nil || n >= maxStatements {
		return st, nil
	}
	st, err := p.db.PrepareContext(ctx, p.spell(query))
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if other := p.stmts[query]; other != nil {
		_ = st.Close() // another goroutine was faster
		return other, nil
	}
	p.stmts[query] = st
	return st, nil
}

// spell writes the parameters and limits the way of the engine. Statements of this package
// hold no question marks but those.
func (p *pool) spell(query string) string {
	if p.d.HideLimit {
		query = strings.ReplaceAll(query, " limit ?", " limit (0 + ?)")
	}
	if !p.d.Numbered {
		return query
	}
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(query, "?") {
		if n > 0 {
			b.WriteString("$" + strconv.Itoa(n))
		}
		b.WriteString(part)
		n++
	}
	return b.String()
}

func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, st := range p.stmts {
		errs = append(errs, st.Close())
	}
	p.stmts = map[string]*sql.Stmt{}
	return errors.Join(append(errs, p.db.Close())...)
}

// txn is a transaction under way.
type txn struct {
	eng *engine
	tx  *sql.Tx
	// stmts are the statements already bound to the transaction.
	stmts map[string]*sql.Stmt
	// missed are the statements the pool did not have yet.
	missed []string
	// bumped are the projects whose revision grows when the transaction ends.
	bumped map[domain.ProjectID]struct{}
	// failed is the first error of a writing statement. What it was part of may
	// be half done, so the transaction must not be committed.
	failed error
}

type txnKey struct{}

// current returns the transaction that ctx takes part in, nil when there is
// none of this engine.
func (e *engine) current(ctx context.Context) *txn {
	t, _ := ctx.Value(txnKey{}).(*txn)
	if t == nil || t.eng != e {
		return nil
	}
	return t
}

// rows runs a query in the transaction of ctx, or on a reading connection.
func (e *engine) rows(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if t := e.current(ctx); t != nil {
		return t.rows(ctx, query, args...)
	}
	args = e.escape(args)
	if e.watch != nil {
		e.watch(query, args)
	}
	st, err := e.read.stmt(ctx, query)
	if err != nil {
		return nil, e.translate(err)
	}
	var rows *sql.Rows
	if st != nil {
		rows, err = st.QueryContext(ctx, args...)
	} else {
		rows, err = e.read.db.QueryContext(ctx, e.read.spell(query), args...)
	}
	if err != nil {
		return nil, e.translate(err)
	}
	return rows, nil
}

// scan runs a query that finds at most one row by an index; ErrNotFound when
// there is none.
func (e *engine) scan(ctx context.Context, query string, args []any, dest ...any) error {
	if e.writer != nil {
		// In the process a row is there in microseconds, and watching the context
		// meanwhile would cost as much again.
		if err := ctx.Err(); err != nil {
			return err
		}
		ctx = context.WithoutCancel(ctx)
	}
	return e.scanLong(ctx, query, args, dest...)
}

// scanLong is scan for queries that may have to look at many rows.
func (e *engine) scanLong(ctx context.Context, query string, args []any, dest ...any) error {
	rows, err := e.rows(ctx, query, args...)
	if err != nil {
		return err
	}
	return e.one(rows, dest...)
}

func (e *engine) one(rows *sql.Rows, dest ...any) error {
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return e.translate(err)
		}
		return store.ErrNotFound
	}
	if err := rows.Scan(dest...); err != nil {
		return err
	}
	return e.translate(rows.Close())
}

// tries is how often a transaction is run before a conflict is given up on.
const tries = 8

// tx runs fn in the transaction of ctx, or in a new one. What fn reads and
// writes must be one row and what belongs to it: see alone.
func (e *engine) tx(ctx context.Context, fn func(ctx context.Context, t *txn) error) error {
	return e.run(ctx, e.d.LockShared, fn)
}

// alone runs fn in the transaction of ctx, or in a new one beside which nothing
// else is written.
func (e *engine) alone(ctx context.Context, fn func(ctx context.Context, t *txn) error) error {
	return e.run(ctx, e.d.LockAll, fn)
}

func (e *engine) run(ctx context.Context, lock string, fn func(ctx context.Context, t *txn) error) error {
	if t := e.current(ctx); t != nil {
		return fn(ctx, t)
	}
	for try := 1; ; try++ {
		err := e.begin(ctx, lock, fn)
		if err == nil || e.d.Classify(err) != dialect.Busy || try == tries {
			return e.translate(err)
		}
		pause := time.Duration(try) * time.Duration(1+rand.IntN(10)) * time.Millisecond
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

func (e *engine) begin(ctx context.Context, lock string, fn func(ctx context.Context, t *txn) error) error {
	txCtx := ctx
	if e.writer != nil {
		select {
		case e.writer <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		defer func() { <-e.writer }()
		if err := ctx.Err(); err != nil {
			return err
		}
		// The transaction is short and local. Not watching the context while it
		// runs saves a goroutine per statement, and leaves no doubt whether a
		// commit took place.
		txCtx = context.WithoutCancel(ctx)
	}
	tx, err := e.write.db.BeginTx(txCtx, nil)
	if err != nil {
		return err
	}
	t := &txn{eng: e, tx: tx}
	done := false
	defer func() {
		for _, query := range t.missed {
			_, _ = e.write.stmt(txCtx, query) // worked a moment ago; else it is tried again
		}
	}()
	defer func() {
		if !done { // an error, or a panic passing through
			_ = tx.Rollback() // the first error tells more
		}
	}()
	if lock != "" {
		if _, err := t.exec(txCtx, lock); err != nil {
			return err
		}
	}
	if err := fn(context.WithValue(txCtx, txnKey{}, t), t); err != nil {
		return err
	}
	if t.failed != nil {
		return fmt.Errorf("commit although a statement failed: %w", t.failed)
	}
	if err := t.flush(txCtx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	done = true
	if err := tx.Commit(); err != nil {
		_ = tx.Rollback() // the connection must not stay in the transaction
		return err
	}
	return nil
}

func (t *txn) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if st := t.stmts[query]; st != nil {
		return st, nil
	}
	pool := t.eng.write
	pool.mu.RLock()
	st, n := pool.stmts[query], len(pool.stmts)
	pool.mu.RUnlock()
	if st == nil {
		if n >= maxStatements {
			return nil, nil
		}
		// The pool may have no connection left to prepare it on but the one of
		// this transaction, so that waits until the end of it.
		t.missed = append(t.missed, query)
		own, err := t.tx.PrepareContext(ctx, pool.spell(query))
		if err != nil {
			return nil, err
		}
		t.keep(query, own)
		return own, nil
	}
	bound := t.tx.StmtContext(ctx, st)
	t.keep(query, bound)
	return bound, nil
}

func (t *txn) keep(query string, st *sql.Stmt) {
	if t.stmts == nil {
		t.stmts = map[string]*sql.Stmt{}
	}
	t.stmts[query] = st
}

func (t *txn) rows(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	args = t.eng.escape(args)
	if t.eng.watch != nil {
		t.eng.watch(query, args)
	}
	st, err := t.stmt(ctx, query)
	if err != nil {
		return nil, t.fail(err)
	}
	var rows *sql.Rows
	if st != nil {
		rows, err = st.QueryContext(ctx, args...)
	} else {
		rows, err = t.tx.QueryContext(ctx, t.eng.write.spell(query), args...)
	}
	if err != nil {
		return nil, t.fail(err)
	}
	return rows, nil
}

func (t *txn) scan(ctx context.Context, query string, args []any, dest ...any) error {
	rows, err := t.rows(ctx, query, args...)
	if err != nil {
		return err
	}
	return t.eng.one(rows, dest...)
}

// exec runs a writing statement and returns how many rows it changed.
func (t *txn) exec(ctx context.Context, query string, args ...any) (int, error) {
	res, err := t.result(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

func (t *txn) result(ctx context.Context, query string, args ...any) (sql.Result, error) {
	args = t.eng.escape(args)
	if err := t.eng.fits(args); err != nil {
		return nil, t.fail(err)
	}
	if t.eng.watch != nil {
		t.eng.watch(query, args)
	}
	st, err := t.stmt(ctx, query)
	if err != nil {
		return nil, t.fail(err)
	}
	var res sql.Result
	if st != nil {
		res, err = st.ExecContext(ctx, args...)
	} else {
		res, err = t.tx.ExecContext(ctx, t.eng.write.spell(query), args...)
	}
	if err != nil {
		return nil, t.fail(err)
	}
	return res, nil
}

// insert runs an insert and returns the identifier of the row.
func (t *txn) insert(ctx context.Context, query string, args ...any) (int64, error) {
	if t.eng.d.Returning {
		var id int64
		err := t.scan(ctx, query+" returning id", args, &id)
		return id, t.fail(err)
	}
	res, err := t.result(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// fits checks the size of a statement's values.
func (e *engine) fits(args []any) error {
	if e.maxBytes == 0 {
		return nil
	}
	n := 0
	for _, a := range args {
		switch v := a.(type) {
		case string:
			n += len(v)
		case []byte:
			n += len(v)
		}
	}
	if n > e.maxBytes {
		return fmt.Errorf("%w: %d bytes, the limit is %d", store.ErrTooLarge, n, e.maxBytes)
	}
	return nil
}

func (t *txn) fail(err error) error {
	if err == nil {
		return nil
	}
	err = t.eng.translate(err)
	if t.failed == nil {
		t.failed = err
	}
	return err
}

// bump makes the project's revision grow with this transaction.
func (t *txn) bump(p domain.ProjectID) {
	if t.bumped == nil {
		t.bumped = map[domain.ProjectID]struct{}{}
	}
	t.bumped[p] = struct{}{}
}

// flush writes the revisions. It runs last, so that on engines that lock rows
// the hottest row of a project is locked for the shortest time.
func (t *txn) flush(ctx context.Context) error {
	if len(t.bumped) == 0 {
		return nil
	}
	projects := make([]domain.ProjectID, 0, len(t.bumped))
	for p := range t.bumped {
		projects = append(projects, p)
	}
	slices.Sort(projects) // in one order everywhere, so that two transactions cannot deadlock
	for _, p := range projects {
		if _, err := t.exec(ctx, t.eng.bumpSQL, int64(p), 1); err != nil {
			return fmt.Errorf("raise revision of project %d: %w", p, err)
		}
	}
	t.bumped = nil
	return nil
}

// translate gives the driver's errors the meaning of the contract.
func (e *engine) translate(err error) error {
	if err == nil {
		return nil
	}
	for _, known := range []error{store.ErrConflict, store.ErrReference, store.ErrFull, store.ErrTooLarge, store.ErrUnavailable} {
		if errors.Is(err, known) {
			return err
		}
	}
	switch e.d.Classify(err) {
	case dialect.Unique:
		return fmt.Errorf("%w: %w", store.ErrConflict, err)
	case dialect.Reference:
		return fmt.Errorf("%w: %w", store.ErrReference, err)
	case dialect.Full:
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	case dialect.TooLarge:
		return fmt.Errorf("%w: %w", store.ErrTooLarge, err)
	case dialect.Unavailable:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return err
}
