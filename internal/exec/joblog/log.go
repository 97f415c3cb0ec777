// Package joblog turns what a run prints into chunks of lines in its journal.
//
// It promises that every byte written before Close returns is in the journal
// in order, with secrets hidden before anything leaves the process, and that
// memory stays bounded whatever is written: when the disk is slow, Write waits.
package joblog

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sync"
	"time"

	"signalbox/internal/job"
	"signalbox/internal/logchunk"
)

const (
	// flushDelay is how long a line waits for company.
	flushDelay = 15 * time.Millisecond
	// partialDelay is how long a line may stay without its newline before it is
	// shown as it is. It is long, so that lines are rarely cut.
	partialDelay = time.Second

	batches = 3
)

// Journal takes the records.
type Journal interface {
	Append(...job.Record) error
}

// Totals describe what the journal holds of the output.
type Totals struct {
	Lines  int64
	Bytes  int64
	Digest string // hex SHA-256
}

// Options of a Log.
type Options struct {
	Masker *Masker // nil hides nothing
	// MaxOutput is how many bytes of what programs print are kept; 0 is no
	// bound. Past it only the latest is remembered, and kept when the program
	// is done with it. The job's own lines are always kept.
	MaxOutput int64
	// Failed is called once, from another goroutine, when the journal cannot
	// be written. What is written from then on is dropped.
	Failed func(error)
	Now    func() time.Time // nil: time.Now
}

// Log is the output of a run. Its methods may be called by several goroutines.
type Log struct {
	journal Journal
	failed  func(error)
	now     func() time.Time

	mu      sync.Mutex
	mask    *masking // guarded by mu, as all below
	excess  *excess  // nil without a bound
	scratch []byte
	cur     *batch
	count   int64 // lines marked so far
	closed  bool
	open    bool      // the output so far does not end in a newline
	due     time.Time // when the timer fires; zero when it does not run
	timer   *time.Timer
	tailAt  time.Time // when the unfinished line began
	last    time.Time // of the latest write

	full chan *batch
	free chan *batch
	done chan struct{}

	totals Totals // owned by the writing goroutine until done
	digest hash.Hash
	err    error
}

// batch is lines on their way to a chunk.
type batch struct {
	raw   []byte // newlines included; after the last mark an unfinished line
	marks []mark
	sync  chan struct{} // closed when everything before is in the journal
}

// mark is the end of a line in raw.
type mark struct {
	end     int // without the newline
	partial bool
	time    time.Time
}

func (b *batch) tail() int {
	if len(b.marks) == 0 {
		return 0
	}
	m := b.marks[len(b.marks)-1]
	if m.partial {
		return m.end
	}
	return m.end + 1
}

// New starts a log; Close must be called.
func New(journal Journal, opt Options) *Log {
	l := &Log{
		journal: journal, failed: opt.Failed, now: opt.Now,
		cur:  &batch{},
		full: make(chan *batch, batches), free: make(chan *batch, batches),
		done: make(chan struct{}), digest: sha256.New(),
	}
	if l.now == nil {
		l.now = time.Now
	}
	if opt.Masker != nil {
		l.mask = opt.Masker.stream()
	}
	if opt.MaxOutput > 0 {
		l.excess = &excess{room: opt.MaxOutput, limit: opt.MaxOutput}
	}
	for range batches - 1 {
		l.free <- &batch{}
	}
	go l.write()
	return l
}

// Write adds output. It keeps nothing of p and never fails: when the journal
// does, Failed is told.
func (l *Log) Write(p []byte) (int, error) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return len(p), nil
	}
	l.put(p, now)
	l.arm()
	return len(p), nil
}

// Line adds a line of the job itself. It begins a new line.
func (l *Log) Line(text string) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.last = now
	l.settle(now)
	l.ownLine(text, now)
	l.arm()
}

func (l *Log) put(p []byte, now time.Time) {
	l.last = now
	if l.mask != nil {
		l.scratch = l.mask.write(l.scratch[:0], p)
		p = l.scratch
	}
	l.take(p, now)
}

// settle gives out what the masker holds back, which a line of the job cuts off
// from what it might have become, and the end of what was too much.
func (l *Log) settle(now time.Time) {
	if l.mask != nil {
		l.scratch = l.mask.close(l.scratch[:0])
		l.take(l.scratch, now)
	}
	l.release(now)
}

// ownLine adds a line that no bound concerns. Nothing is held back before it.
func (l *Log) ownLine(text string, now time.Time) {
	if l.open {
		text = "\n" + text
	}
	line := []byte(text + "\n")
	if l.mask != nil {
		line = l.mask.close(l.mask.write(nil, line))
	}
	l.add(line, now)
}

// add cuts masked output into lines.
func (l *Log) add(p []byte, now time.Time) {
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		text := p
		if end >= 0 {
			text = p[:end]
		}
		pending := len(l.cur.raw) - l.cur.tail()
		if room := logchunk.MaxLine - pending; len(text) > room {
			l.cur.raw = append(l.cur.raw, text[:room]...)
			l.mark(now, true)
			p = p[room:]
			continue
		}
		if pending == 0 && end < 0 {
			l.tailAt = now
		}
		l.cur.raw = append(l.cur.raw, text...)
		if end < 0 {
			l.open = true
			return
		}
		l.mark(now, false)
		p = p[end+1:]
	}
}

// mark ends a line, and the batch if it is full.
func (l *Log) mark(now time.Time, partial bool) {
	b := l.cur
	l.count++
	b.marks = append(b.marks, mark{end: len(b.raw), partial: partial, time: now})
	if !partial {
		b.raw = append(b.raw, '\n')
	}
	l.open = partial
	if len(b.raw) >= logchunk.TargetSize || len(b.marks) >= logchunk.MaxLines {
		l.flush()
	}
}

// arm sets the timer for what waits in the batch.
func (l *Log) arm() {
	var due time.Time
	switch {
	case len(l.cur.marks) > 0:
		due = l.cur.marks[0].time.Add(flushDelay)
	case len(l.cur.raw) > 0:
		due = l.tailAt.Add(partialDelay)
	default:
		return
	}
	if !l.due.IsZero() && !due.Before(l.due) {
		return
	}
	l.due = due
	if l.timer == nil {
		l.timer = time.AfterFunc(due.Sub(l.last), l.tick)
	} else {
		l.timer.Reset(due.Sub(l.last))
	}
}

// tick is the timer: it sends what has waited long enough.
func (l *Log) tick() {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.last, l.due = now, time.Time{}
	if len(l.cur.raw) > l.cur.tail() && now.Sub(l.tailAt) >= partialDelay {
		l.mark(now, true)
	}
	l.flush()
	l.arm()
}

// flush hands the whole lines over and keeps the unfinished one. It waits
// while the writer is behind.
func (l *Log) flush() {
	b := l.cur
	if len(b.marks) == 0 {
		return
	}
	next := <-l.free
	tail := b.tail()
	next.raw = append(next.raw[:0], b.raw[tail:]...)
	next.marks = next.marks[:0]
	b.raw = b.raw[:tail]
	l.cur = next
	l.full <- b
}

// Lines is the number of the last line so far, an unfinished one included.
func (l *Log) Lines() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.cur.raw) > l.cur.tail() {
		return l.count + 1
	}
	return l.count
}

// Flush waits until everything written so far, except an unfinished line, is
// in the journal. It belongs where a part of the run ends: of what was too much,
// the end is kept here.
func (l *Log) Flush() {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.release(l.now())
	l.flush()
	marker := &batch{sync: make(chan struct{})}
	l.full <- marker
	l.mu.Unlock()
	<-marker.sync
}

// Close adds what is held back, waits until all is in the journal and returns
// what it holds. The error is that of the journal.
func (l *Log) Close() (Totals, error) {
	l.mu.Lock()
	if !l.closed {
		now := l.now()
		l.settle(now)
		if len(l.cur.raw) > l.cur.tail() {
			l.mark(now, true)
		}
		l.flush()
		l.closed = true
		if l.timer != nil {
			l.timer.Stop()
		}
		close(l.full)
	}
	l.mu.Unlock()
	<-l.done
	return l.totals, l.err
}

// write turns batches into chunks, one goroutine beside those that produce
// output, so that compressing and reading go on at the same time.
func (l *Log) write() {
	defer close(l.done)
	builder := logchunk.NewBuilder(1)
	for b := range l.full {
		if b.sync != nil {
			close(b.sync)
			continue
		}
		if l.err == nil {
			if l.err = l.store(builder, b); l.err != nil && l.failed != nil {
				l.failed(l.err)
			}
		}
		l.free <- b
	}
	l.totals.Digest = hex.EncodeToString(l.digest.Sum(nil))
}

func (l *Log) store(builder *logchunk.Builder, b *batch) error {
	start := 0
	for _, m := range b.marks {
		builder.Add(m.time, b.raw[start:m.end], m.partial)
		if start = m.end; !m.partial {
			start++
		}
	}
	chunk := builder.Finish()
	if err := l.journal.Append(job.Record{Chunk: &chunk}); err != nil {
		return err
	}
	l.totals.Lines += int64(chunk.Count)
	l.totals.Bytes += int64(len(b.raw))
	_, _ = l.digest.Write(b.raw)
	return nil
}
