package jobproc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"signalbox/internal/ansibleresult"
	"signalbox/internal/exec/joblog"
	"signalbox/internal/job"
	"signalbox/internal/logchunk"
)

const (
	// eventDelay is how long an event waits for company in its chunk.
	eventDelay = 100 * time.Millisecond
	// maxEventLine bounds a line of the plugin. It cuts its texts far below.
	maxEventLine = 2 << 20
	// maxEvents and maxEventBytes bound what is stored of a run. Totals go on.
	maxEvents     = 10_000_000
	maxEventBytes = 1 << 30
	// pipeSize lets the program go on while the disk is slow; when the pipe is
	// full the program waits.
	pipeSize = 1 << 20
	// eventDrain bounds the wait for somebody who holds the pipe open though
	// everything that can be killed is dead.
	eventDrain = 5 * time.Second
)

// eventSink is where events go.
type eventSink struct {
	journal joblog.Journal
	mask    func(string) string // nil: nothing to hide
	count   *ansibleresult.Counter
	failed  func(error) // the journal cannot be written
}

// eventReader takes events out of a named pipe, checks and masks them, counts
// them, and stores them in chunks. One goroutine does all of it, so that
// whoever writes waits when the journal is slow, and nothing is kept in memory.
type eventReader struct {
	path    string
	pipe    *os.File
	holder  *os.File // keeps the pipe from ending before close
	sink    eventSink
	builder *logchunk.Builder
	line    []byte // reused
	events  int
	bytes   int
	due     time.Time // when what is collected must be stored
	broken  bool      // the journal failed: what comes is dropped
	invalid int
	done    chan struct{}
}

// readEvents makes the pipe and begins to read it; close must be called.
func readEvents(path string, sink eventSink) (*eventReader, error) {
	if err := unix.Mkfifo(path, 0o600); err != nil {
		return nil, fmt.Errorf("make event pipe: %w", err)
	}
	pipe, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open event pipe: %w", err)
	}
	holder, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		_ = pipe.Close()
		return nil, fmt.Errorf("open event pipe: %w", err)
	}
	if raw, err := pipe.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeSize) }) // smaller works too
	}
	r := &eventReader{path: path, pipe: pipe, holder: holder, sink: sink, builder: logchunk.NewBuilder(1), done: make(chan struct{})}
	go r.run()
	return r, nil
}

// close waits until all that was written is stored. Nobody writes any more. A
// nil reader has nothing to wait for.
func (r *eventReader) close() {
	if r == nil {
		return
	}
	_ = r.holder.Close()
	timer := time.AfterFunc(eventDrain, func() { _ = r.pipe.Close() })
	<-r.done
	timer.Stop()
	_ = r.pipe.Close()
	if r.invalid > 0 {
		fmt.Fprintf(os.Stderr, "job: %d lines of the callback plugin were no events\n", r.invalid)
	}
}

func (r *eventReader) run() {
	defer close(r.done)
	buf := make([]byte, 0, 256<<10)
	skipping := false // in a line that is too long
	for {
		if cap(buf)-len(buf) < 32<<10 {
			buf = append(make([]byte, 0, 2*cap(buf)), buf...)
		}
		_ = r.pipe.SetReadDeadline(r.due)
		n, err := r.pipe.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		rest := buf
		for {
			end := bytes.IndexByte(rest, '\n')
			if end < 0 {
				break
			}
			if !skipping {
				r.event(rest[:end])
			}
			skipping = false
			rest = rest[end+1:]
		}
		if len(rest) > maxEventLine {
			skipping, rest = true, nil
			r.invalid++
			r.sink.count.Truncate()
		}
		buf = buf[:copy(buf, rest)]
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			r.store()
		case err != nil:
			r.store()
			return
		case !r.due.IsZero() && time.Now().After(r.due):
			r.store() // so much comes that no read ever waits
		}
	}
}

// event takes a line.
func (r *eventReader) event(line []byte) {
	e, err := ansibleresult.Parse(line)
	if err != nil {
		r.invalid++
		r.sink.count.Truncate()
		return
	}
	if r.sink.mask != nil {
		e.Mask(r.sink.mask)
	}
	e.Bound()
	r.sink.count.Add(&e)
	if r.broken {
		return
	}
	if full := r.events >= maxEvents || r.bytes >= maxEventBytes; full && e.Kind != ansibleresult.KindStats && e.Kind != ansibleresult.KindEnd {
		r.sink.count.Truncate()
		return
	}
	r.line = e.Append(r.line[:0])
	r.events++
	r.bytes += len(r.line)
	if r.builder.Empty() {
		r.due = time.Now().Add(eventDelay)
	}
	r.builder.Add(e.When(), r.line, false)
	if r.builder.Full() {
		r.store()
	}
}

// store writes what is collected.
func (r *eventReader) store() {
	r.due = time.Time{}
	if r.builder.Empty() {
		return
	}
	chunk := r.builder.Finish()
	if r.broken {
		return
	}
	if err := r.sink.journal.Append(job.Record{Results: &chunk}); err != nil {
		r.broken = true
		r.sink.count.Truncate()
		r.sink.failed(err)
	}
}
