package joblog

import (
	"bytes"
	"fmt"
	"time"
)

// tailSize is how much of the end of too long an output is kept.
const tailSize = 64 << 10

// excess is what became of output beyond the bound: counted, and its end
// remembered in a ring. Memory stays the same however much comes.
type excess struct {
	limit int64
	room  int64  // left below the bound
	over  bool   // nothing is kept any more but by release
	bytes int64  // since the last release
	lines int64  // ended since the last release
	ring  []byte // the latest of them; once full, its oldest byte is at next
	next  int
}

// take adds masked output of a program as far as the bound allows.
func (l *Log) take(p []byte, now time.Time) {
	x := l.excess
	switch {
	case x == nil:
		l.add(p, now)
		return
	case x.over:
		x.drop(p)
		return
	case int64(len(p)) <= x.room:
		x.room -= int64(len(p))
		l.add(p, now)
		return
	}
	// Whole lines, unless the program prints none.
	cut := int(x.room)
	if end := bytes.LastIndexByte(p[:cut], '\n'); end >= 0 {
		cut = end + 1
	} else if l.open {
		cut = 0
	}
	l.add(p[:cut], now)
	x.over, x.room = true, 0
	l.ownNotice(fmt.Sprintf("Output stopped at %s, the most that is kept of a task. The task goes on; the end of its output follows when it is done.", size(x.limit)), now)
	x.drop(p[cut:])
}

// release adds the end of what was too much, and what of it is missing.
func (l *Log) release(now time.Time) {
	x := l.excess
	if x == nil || x.bytes == 0 {
		return
	}
	tail := append(x.ring[x.next:len(x.ring):len(x.ring)], x.ring[:x.next]...)
	lines := x.lines
	if x.bytes > int64(len(tail)) {
		// It begins with a whole line, if one begins in it.
		if end := bytes.IndexByte(tail, '\n'); end >= 0 && end < len(tail)-1 {
			tail = tail[end+1:]
		}
		lines -= int64(bytes.Count(tail, []byte("\n")))
		l.ownNotice(fmt.Sprintf("Left out here: %s in %d lines. The end of the output:", size(x.bytes-int64(len(tail))), lines), now)
	}
	l.add(tail, now)
	x.bytes, x.lines, x.ring, x.next = 0, 0, x.ring[:0], 0
}

// ownNotice is ownLine without the masker, whose stream goes on.
func (l *Log) ownNotice(text string, now time.Time) {
	if l.open {
		text = "\n" + text
	}
	l.add([]byte(text+"\n"), now)
}

func (x *excess) drop(p []byte) {
	x.bytes += int64(len(p))
	x.lines += int64(bytes.Count(p, []byte("\n")))
	if len(p) > tailSize {
		p = p[len(p)-tailSize:]
	}
	if n := min(len(p), tailSize-len(x.ring)); n > 0 {
		x.ring = append(x.ring, p[:n]...)
		p = p[n:]
	}
	for len(p) > 0 {
		n := copy(x.ring[x.next:], p)
		x.next = (x.next + n) % tailSize
		p = p[n:]
	}
}

// size says a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 10<<20 || n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
