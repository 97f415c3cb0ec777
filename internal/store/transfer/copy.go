package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"signalbox/internal/store"
)

// A batch ends when it has so many rows or bytes. A row is in memory whole, so
// that the most there is at once is a batch and a row on top of it.
const (
	batchRows  = 1000
	batchBytes = 4 << 20
)

// Phase is what a copy is busy with.
type Phase string

const (
	Copying   Phase = "copy"
	Linking   Phase = "link" // setting what refers to rows that came later
	Verifying Phase = "verify"
)

// Progress is how far a phase has come with a table.
type Progress struct {
	Phase Phase
	Table string
	Rows  int64
	Of    int64 // rows of the source; while verifying, of both sides together
	Bytes int64
	Done  bool
}

// Result compares a table of the two databases.
type Result struct {
	Table string
	// Rows, Bytes and Digest are those of the source. Bytes is the size of the
	// values without what the database adds.
	Rows   int64
	Bytes  int64
	Digest string
	// CopyRows and CopyDigest are those of the destination.
	CopyRows   int64
	CopyDigest string
	// Changed: the source is not what it was when it was read.
	Changed bool
}

// Equal reports whether the copy is.
func (r Result) Equal() bool { return r.Rows == r.CopyRows && r.Digest == r.CopyDigest }

// Options govern a copy.
type Options struct {
	// Source names the source in words, without secrets. A copy goes on only when
	// the source has the same name as before.
	Source string
	// Progress is told after every batch; an error stops the copy. Nil for nobody.
	Progress func(Progress) error
	// BatchRows and BatchBytes bound a batch; 0 for what is usual.
	BatchRows  int
	BatchBytes int64
}

// Copy makes to a copy of from, or goes on with one that was interrupted. To must
// be empty in the latter case too, but for what the interrupted copy wrote. A to
// that is equal to from already is left as it is: whoever was interrupted just
// before the end cannot know that. The results, of all tables compared, are there
// also with ErrMismatch; to then stays marked as unfinished.
func Copy(ctx context.Context, from, to Backend, o Options) ([]Result, error) {
	if o.Progress == nil {
		o.Progress = func(Progress) error { return nil }
	}
	if o.BatchRows == 0 {
		o.BatchRows = batchRows
	}
	if o.BatchBytes == 0 {
		o.BatchBytes = batchBytes
	}
	c := &copier{from: from, to: to, o: o}
	if err := c.begin(ctx); errors.Is(err, ErrNotEmpty) {
		return c.complete(ctx, err)
	} else if err != nil {
		return nil, err
	}
	for _, t := range Tables() {
		if err := c.copy(ctx, t); err != nil {
			return nil, changedUnderway(fmt.Errorf("copy %s: %w", t.Name, err))
		}
	}
	for _, t := range Tables() {
		if len(t.Links) == 0 {
			continue
		}
		if err := c.link(ctx, t); err != nil {
			return nil, changedUnderway(fmt.Errorf("copy links of %s: %w", t.Name, err))
		}
	}
	results, err := c.verify(ctx)
	if err != nil {
		return results, err
	}
	if err := to.Write(ctx, Batch{Before: c.marker}); err != nil {
		return results, fmt.Errorf("end the copy: %w", err)
	}
	return results, nil
}

// changedUnderway explains a row that refers to one that is not there: it was not
// there either when its table was read.
func changedUnderway(err error) error {
	if errors.Is(err, store.ErrReference) || errors.Is(err, store.ErrConflict) {
		return fmt.Errorf("%w: the source changed while it was copied: %w", ErrMismatch, err)
	}
	return err
}

type copier struct {
	from, to Backend
	o        Options
	state    *state
	marker   string // as it stands in the destination
}

// begin looks whether the databases are fit, and takes up an earlier copy.
func (c *copier) begin(ctx context.Context) error {
	if text, err := marker(ctx, c.from); err != nil || text != "" {
		if err == nil {
			err = ErrUnfinished
		}
		return fmt.Errorf("source: %w", err)
	}
	fingerprint, err := c.fingerprint(ctx)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if c.marker, err = marker(ctx, c.to); err != nil {
		return fmt.Errorf("destination: %w", err)
	}
	if c.marker != "" {
		if c.state, err = decodeState(c.marker); err != nil {
			return err
		}
		if c.state.Source != c.o.Source || c.state.Fingerprint != fingerprint {
			return fmt.Errorf("%w: %s", ErrOther, c.state.Source)
		}
		return nil
	}
	for _, t := range Tables() {
		empty := true
		err := c.to.Scan(ctx, t, nil, 1, func([]any) (bool, error) {
			empty = false
			return false, nil
		})
		if err != nil {
			return fmt.Errorf("destination: %w", err)
		}
		if !empty {
			return fmt.Errorf("%w: there are rows in %s", ErrNotEmpty, t.Name)
		}
	}
	c.state = &state{Format: format, Source: c.o.Source, Fingerprint: fingerprint, Steps: map[string]*step{}}
	return c.write(ctx, Batch{})
}

// complete returns the results of a destination that is a copy without having
// been written to, and notEmpty for any other.
func (c *copier) complete(ctx context.Context, notEmpty error) ([]Result, error) {
	c.state = &state{Steps: map[string]*step{}}
	for _, t := range Tables() {
		// Counts differ in nearly all that is no copy, and cost nothing.
		rows, err := c.from.Count(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
		if copied, err := c.to.Count(ctx, t); err != nil {
			return nil, fmt.Errorf("destination: %w", err)
		} else if copied != rows {
			return nil, notEmpty
		}
		c.state.Steps[t.Name] = &step{Rows: rows}
	}
	var results []Result
	for _, t := range Tables() {
		r, err := c.compare(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("compare %s: %w", t.Name, err)
		}
		results = append(results, r)
	}
	numbers, err := c.compareNumbers(ctx)
	if err != nil {
		return nil, fmt.Errorf("compare the numbers of new rows: %w", err)
	}
	results = append(results, numbers)
	for _, r := range results {
		if !r.Equal() {
			return nil, notEmpty
		}
	}
	return results, nil
}

// fingerprint tells one installation from another: by its first user, who stays
// the same as long as nobody changes the source.
func (c *copier) fingerprint(ctx context.Context) (string, error) {
	var s sum
	err := c.from.Scan(ctx, Tables()[0], nil, 1, func(row []any) (bool, error) { return false, s.add(row) })
	digest := sha256.Sum256([]byte(s.text()))
	return hex.EncodeToString(digest[:8]), err
}

// write writes a batch together with the state.
func (c *copier) write(ctx context.Context, b Batch) error {
	after, err := c.state.encode()
	if err != nil {
		return err
	}
	b.Before, b.After = c.marker, after
	if err := c.to.Write(ctx, b); err != nil {
		return err
	}
	c.marker = after
	return nil
}

func (c *copier) copy(ctx context.Context, t *Table) error {
	return c.step(ctx, t, Copying, t.Name, func(row []any) []any {
		for _, i := range t.Links {
			row[i] = nil
		}
		return row
	})
}

// link sets the links of rows that have some.
func (c *copier) link(ctx context.Context, t *Table) error {
	return c.step(ctx, t, Linking, t.Name+" links", func(row []any) []any {
		for _, i := range t.Links {
			if row[i] != nil {
				return row
			}
		}
		return nil
	})
}

// step takes a table, or what is left of it, through turn, which changes rows or
// drops them, to the destination.
func (c *copier) step(ctx context.Context, t *Table, phase Phase, name string, turn func(row []any) []any) error {
	at := c.state.Steps[name]
	if at == nil {
		at = &step{Digest: (&sum{}).text()}
		c.state.Steps[name] = at
	}
	if at.Done {
		return nil
	}
	after, err := decodeKey(at.After)
	if err != nil {
		return err
	}
	total := sum{rows: at.Rows, bytes: at.Bytes}
	if err := total.restore(at.Digest); err != nil {
		return err
	}
	of, err := c.from.Count(ctx, t)
	if err != nil {
		return err
	}
	err = c.each(ctx, c.from, t, after, func(rows [][]any) error {
		b := Batch{Table: t, Link: phase == Linking}
		for _, row := range rows {
			if isMarker(t, row) {
				continue
			}
			if err := total.add(row); err != nil {
				return err
			}
			if row := turn(row); row != nil {
				b.Rows = append(b.Rows, row)
			}
		}
		at.After = encodeKey(rows[len(rows)-1][:t.Key])
		at.Rows, at.Bytes, at.Digest = total.rows, total.bytes, total.text()
		if err := c.write(ctx, b); err != nil {
			return err
		}
		return c.o.Progress(Progress{Phase: phase, Table: t.Name, Rows: total.rows, Of: of, Bytes: total.bytes})
	})
	if err != nil {
		return err
	}
	at.Done = true
	if err := c.write(ctx, Batch{}); err != nil {
		return err
	}
	return c.o.Progress(Progress{Phase: phase, Table: t.Name, Rows: total.rows, Of: total.rows, Bytes: total.bytes, Done: true})
}

func isMarker(t *Table, row []any) bool { return t.Name == "options" && row[0] == MarkerKey }

// verify reads both databases again. It makes the numbers go on where they do in
// the source first, since that is a part of what is compared.
func (c *copier) verify(ctx context.Context) ([]Result, error) {
	var results []Result
	before, err := c.numbers(ctx, c.from)
	if err != nil {
		return nil, fmt.Errorf("read the numbers of new rows: %w", err)
	}
	for _, t := range Tables() {
		r, err := c.compare(ctx, t)
		if err != nil {
			return results, fmt.Errorf("compare %s: %w", t.Name, err)
		}
		r.Changed = r.Digest != c.state.Steps[t.Name].Digest
		results = append(results, r)
	}
	if err := c.copyNumbers(ctx); err != nil {
		return results, fmt.Errorf("copy the numbers of new rows: %w", err)
	}
	// They come last: a row that was added to the source after its table was
	// compared has raised a number since before.
	numbers, err := c.compareNumbers(ctx)
	if err != nil {
		return results, fmt.Errorf("compare the numbers of new rows: %w", err)
	}
	numbers.Changed = numbers.Digest != before.text()
	results = append(results, numbers)
	for _, r := range results {
		if !r.Equal() || r.Changed {
			err = errors.Join(err, fmt.Errorf("%s: %s", r.Table, r.trouble()))
		}
	}
	if err != nil {
		return results, fmt.Errorf("%w: %w", ErrMismatch, err)
	}
	return results, nil
}

// trouble says what is wrong with a table.
func (r Result) trouble() string {
	switch {
	case r.Changed:
		return "the source changed while it was copied"
	case r.Rows != r.CopyRows:
		return fmt.Sprintf("%d rows in the source, %d in the copy", r.Rows, r.CopyRows)
	}
	return "the rows differ"
}

func (c *copier) compare(ctx context.Context, t *Table) (Result, error) {
	var sides [2]sum
	for i, b := range []Backend{c.from, c.to} {
		of := c.state.Steps[t.Name].Rows
		err := c.each(ctx, b, t, nil, func(rows [][]any) error {
			for _, row := range rows {
				if isMarker(t, row) {
					continue
				}
				if err := sides[i].add(row); err != nil {
					return err
				}
			}
			return c.o.Progress(Progress{Phase: Verifying, Table: t.Name, Rows: sides[0].rows + sides[1].rows, Of: 2 * of, Bytes: sides[i].bytes})
		})
		if err != nil {
			return Result{}, err
		}
	}
	source, dest := &sides[0], &sides[1]
	r := Result{
		Table: t.Name, Rows: source.rows, Bytes: source.bytes, Digest: source.text(),
		CopyRows: dest.rows, CopyDigest: dest.text(),
	}
	return r, c.o.Progress(Progress{Phase: Verifying, Table: t.Name, Rows: source.rows + dest.rows, Of: source.rows + dest.rows, Bytes: source.bytes, Done: true})
}

// numbers returns the last number that each table has given out, as rows.
func (c *copier) numbers(ctx context.Context, b Backend) (*sum, error) {
	s := &sum{}
	for _, t := range Tables() {
		if !t.Numbered {
			continue
		}
		last, err := b.Sequence(ctx, t)
		if err == nil {
			err = s.add([]any{t.Name, last})
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// copyNumbers makes new rows of the destination go on where they do in the source.
func (c *copier) copyNumbers(ctx context.Context) error {
	for _, t := range Tables() {
		if !t.Numbered {
			continue
		}
		last, err := c.from.Sequence(ctx, t)
		if err == nil {
			err = c.to.SetSequence(ctx, t, last)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) compareNumbers(ctx context.Context) (Result, error) {
	source, err := c.numbers(ctx, c.from)
	if err != nil {
		return Result{}, err
	}
	dest, err := c.numbers(ctx, c.to)
	if err != nil {
		return Result{}, err
	}
	return Result{
		Table: "numbers", Rows: source.rows, Bytes: source.bytes, Digest: source.text(), CopyRows: dest.rows, CopyDigest: dest.text(),
	}, nil
}

func each(ctx context.Context, b Backend, t *Table, after []any, fn func(rows [][]any) error) error {
	c := copier{o: Options{BatchRows: batchRows, BatchBytes: batchBytes}}
	return c.each(ctx, b, t, after, fn)
}

// each gives the rows of a table to fn, in batches that are bounded. Rows that
// fn gets are its own.
func (c *copier) each(ctx context.Context, b Backend, t *Table, after []any, fn func(rows [][]any) error) error {
	// A server sends what it was asked for even if nobody wants it any more, so it
	// is asked for about as much as a batch holds.
	ask := min(c.o.BatchRows, 16)
	for {
		var rows [][]any
		total, full := int64(0), false
		err := b.Scan(ctx, t, after, ask, func(row []any) (bool, error) {
			if err := ctx.Err(); err != nil {
				return false, err
			}
			for i, value := range row {
				if data, ok := value.([]byte); ok {
					row[i] = append([]byte{}, data...) // empty is not null
				}
			}
			rows = append(rows, row)
			total += size(row)
			full = total >= c.o.BatchBytes
			return !full, nil
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		n := len(rows)
		after = append([]any(nil), rows[n-1][:t.Key]...)
		if err := fn(rows); err != nil {
			return err
		}
		if n < ask && !full {
			return nil
		}
		ask = int(min(int64(c.o.BatchRows), max(1, c.o.BatchBytes*int64(n)/max(total, 1))))
	}
}
