package kv

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"syscall"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"signalbox/internal/store"
	"signalbox/internal/store/schema"
)

// ErrDone is given to who uses a transaction that has ended.
var ErrDone = errors.New("the transaction has ended")

var revisionBucket = []byte("revisions")

// DB runs transactions. There is one writer at a time; those who wait for their
// turn share its commit, and with it the wait for the disk.
type DB struct {
	db     *bolt.DB
	schema map[string]schema.Table
	tables map[string]*Rows
	// writer is held by the transaction under way. Waiting for it is fair.
	writer chan struct{}
	open   *batch // of transactions that wait for their commit; guarded by writer
}

// batch is a transaction of the database, made up of transactions of ours.
type batch struct {
	tx    *bolt.Tx
	dirty bool  // somebody's writes are in it
	err   error // set before done is closed; until then, why it must not be committed
	done  chan struct{}
}

// Tx is a transaction under way.
type Tx struct {
	eng   *DB
	batch *batch // nil when it only reads
	tx    *bolt.Tx
	// undo holds what others of the batch must find again when this transaction
	// fails. Nobody before it, nothing to keep.
	undo []change
	// bumped are the revisions that grow when the transaction ends.
	bumped map[int64]struct{}
	// failed is the first error of a writing statement. What it was part of may
	// be half done, so the transaction must not be committed.
	failed error
	wrote  bool
	done   bool
}

// change is what a key held; nil for nothing.
type change struct{ bucket, key, value []byte }

type txnKey struct{}

// current returns the transaction that ctx takes part in, nil for none.
func (e *DB) current(ctx context.Context) (*Tx, error) {
	t, _ := ctx.Value(txnKey{}).(*Tx)
	if t == nil || t.eng != e {
		return nil, ctx.Err()
	}
	if t.done {
		return nil, ErrDone
	}
	return t, nil
}

// New returns a database of the schema, which is not open yet: NewTable gives its
// tables the types of their rows, Link ends that.
func New(tables []schema.Table) *DB {
	e := &DB{schema: map[string]schema.Table{}, tables: map[string]*Rows{}, writer: make(chan struct{}, 1)}
	for _, t := range tables {
		e.schema[t.Name] = t
	}
	return e
}

// Read runs a reading function in the transaction of ctx, or on what is
// committed.
func (e *DB) Read(ctx context.Context, fn func(t *Tx) error) error {
	t, err := e.current(ctx)
	if err != nil {
		return err
	}
	if t != nil {
		return fn(t)
	}
	return e.db.View(func(tx *bolt.Tx) error { return fn(&Tx{eng: e, tx: tx}) })
}

// Write runs a function in the transaction of ctx, or in a new one.
func (e *DB) Write(ctx context.Context, fn func(t *Tx) error) error {
	return e.InTx(ctx, func(_ context.Context, t *Tx) error { return fn(t) })
}

// InTx runs fn in the transaction of ctx, or in a new one, which the context that
// it is given stands for.
func (e *DB) InTx(ctx context.Context, fn func(ctx context.Context, t *Tx) error) error {
	t, err := e.current(ctx)
	if err != nil {
		return err
	}
	if t != nil {
		return fn(ctx, t)
	}
	select {
	case e.writer <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	b, err := e.run(ctx, fn)
	if b != nil {
		// A failure waits too: it may be due to what others have not committed yet.
		if late := e.settle(b); err == nil {
			err = late
		}
	}
	return translate(err)
}

// run adds a transaction to the open batch and gives the writer free.
func (e *DB) run(ctx context.Context, fn func(ctx context.Context, t *Tx) error) (*batch, error) {
	defer func() { <-e.writer }()
	if e.open == nil {
		tx, err := e.db.Begin(true)
		if err != nil {
			return nil, err
		}
		e.open = &batch{tx: tx, done: make(chan struct{})}
	}
	t := &Tx{eng: e, batch: e.open, tx: e.open.tx}
	ok := false
	defer func() { // also when a panic passes through
		t.done = true
		if !ok {
			t.rollback()
		}
	}()
	if err := fn(context.WithValue(ctx, txnKey{}, t), t); err != nil {
		return t.batch, err
	}
	if t.failed != nil {
		return t.batch, fmt.Errorf("commit although a statement failed: %w", t.failed)
	}
	if err := t.flush(); err != nil {
		return t.batch, err
	}
	if err := ctx.Err(); err != nil {
		return t.batch, err
	}
	ok = true
	t.batch.dirty = t.batch.dirty || t.wrote
	return t.batch, nil
}

// Rows returns a table of the schema.
func (t *Tx) Rows(table string) *Rows { return t.eng.tables[table] }

// rollback takes the transaction's writes out of the batch.
func (t *Tx) rollback() {
	if !t.batch.dirty {
		t.eng.end(t.batch)
		return
	}
	for _, c := range slices.Backward(t.undo) {
		b, err := t.tx.Bucket(c.bucket), error(nil)
		if c.value == nil {
			err = b.Delete(c.key)
		} else {
			err = b.Put(c.key, c.value)
		}
		if err != nil && t.batch.err == nil {
			t.batch.err = fmt.Errorf("another transaction could not be undone: %w", err)
		}
	}
}

// settle waits until the batch is committed. Whoever is free to write commits
// it; as waiting is fair, that is after those who waited already have joined.
func (e *DB) settle(b *batch) error {
	select {
	case <-b.done:
	case e.writer <- struct{}{}:
		func() {
			defer func() { <-e.writer }()
			if e.open == b {
				e.end(b)
			}
		}()
		<-b.done
	}
	return b.err
}

// end commits the open batch, if there is something to commit.
func (e *DB) end(b *batch) {
	e.open = nil
	defer close(b.done)
	if !b.dirty || b.err != nil {
		_ = b.tx.Rollback() // fails only when it has ended
		return
	}
	b.err = errors.New("the commit did not end")
	b.err = b.tx.Commit()
}

func (t *Tx) put(bucket, key, value []byte) error {
	b := t.bucket(bucket, key)
	b.FillPercent = 0.9 // most keys grow
	return t.Fail(b.Put(key, value))
}

func (t *Tx) delete(bucket, key []byte) error {
	return t.Fail(t.bucket(bucket, key).Delete(key))
}

// bucket returns a bucket in which a key is about to change.
func (t *Tx) bucket(bucket, key []byte) *bolt.Bucket {
	b := t.tx.Bucket(bucket)
	t.wrote = true
	if t.batch.dirty {
		t.undo = append(t.undo, change{bucket, bytes.Clone(key), bytes.Clone(b.Get(key))})
	}
	return b
}

// Fail notes that a writing statement failed, which spoils the transaction, and
// returns err.
func (t *Tx) Fail(err error) error {
	if err != nil && t.failed == nil {
		t.failed = err
	}
	return err
}

// Bump makes a revision grow with this transaction.
func (t *Tx) Bump(n int64) {
	if t.bumped == nil {
		t.bumped = map[int64]struct{}{}
	}
	t.bumped[n] = struct{}{}
}

func (t *Tx) flush() error {
	for n := range t.bumped {
		value := binary.BigEndian.AppendUint64(nil, uint64(t.stored(n)+1))
		if err := t.put(revisionBucket, appendKey(nil, n), value); err != nil {
			return fmt.Errorf("raise revision %d: %w", n, err)
		}
	}
	t.bumped = nil
	return nil
}

// Revision returns how often a revision grew, this transaction included.
func (t *Tx) Revision(n int64) (int64, error) {
	err := t.flush()
	return t.stored(n), err
}

// Revisions returns the sum of all revisions, this transaction included.
func (t *Tx) Revisions() (sum int64, err error) {
	if err := t.flush(); err != nil {
		return 0, err
	}
	err = t.tx.Bucket(revisionBucket).ForEach(func(_, value []byte) error {
		sum += int64(binary.BigEndian.Uint64(value))
		return nil
	})
	return sum, err
}

func (t *Tx) stored(n int64) int64 {
	value := t.tx.Bucket(revisionBucket).Get(appendKey(nil, n))
	if value == nil {
		return 0
	}
	return int64(binary.BigEndian.Uint64(value))
}

// translate gives the errors of the system the meaning of the contract.
func translate(err error) error {
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, berrors.ErrMaxSizeReached} {
		if errors.Is(err, full) && !errors.Is(err, store.ErrFull) {
			return fmt.Errorf("%w: %w", store.ErrFull, err)
		}
	}
	return err
}
