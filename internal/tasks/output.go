package tasks

import (
	"bytes"
	"container/list"
	"context"
	"regexp"
	"strings"
	"sync"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
)

// MaxWindow is how many lines one Window call returns at most.
const MaxWindow = 5000

// readAhead is how many chunks are read from the store at once.
const readAhead = 8

// Window returns part of a task's output.
func (s *Service) Window(ctx context.Context, p domain.ProjectID, id domain.TaskID, w Page) (LogPage, error) {
	t, err := s.task(ctx, p, id)
	if err != nil {
		return LogPage{}, err
	}
	limit := int64(min(max(w.Limit, 1), MaxWindow))
	after := max(w.After, 0)
	switch {
	case w.Tail > 0:
		limit = min(w.Tail, MaxWindow)
		after = max(t.LogLines-limit, 0)
	case w.Before > 0:
		last := min(w.Before-1, t.LogLines)
		after = max(last-limit, 0)
		limit = last - after
	}
	page := LogPage{Total: t.LogLines, Bytes: t.LogBytes, Complete: t.LogComplete, Lines: []LogLine{}}
	if limit == 0 || after >= t.LogLines {
		return page, nil
	}
	err = s.lines(ctx, id, after, func(l logchunk.Line) (bool, error) {
		page.Lines = append(page.Lines, LogLine(l))
		return int64(len(page.Lines)) < limit, nil
	})
	return page, err
}

// Lines calls fn for every stored line after a number, in order. The text is
// valid only during the call.
func (s *Service) Lines(ctx context.Context, id domain.TaskID, after int64, fn func(LogLine) error) error {
	return s.lines(ctx, id, after, func(l logchunk.Line) (bool, error) {
		return true, fn(LogLine(l))
	})
}

// lines walks the stored lines after a number until fn says to stop.
func (s *Service) lines(ctx context.Context, id domain.TaskID, after int64, fn func(logchunk.Line) (bool, error)) error {
	return walk(ctx, after, func(after int64) ([]logchunk.Chunk, error) {
		if c, ok := s.chunks.find(id, after+1); ok {
			return []logchunk.Chunk{c}, nil
		}
		return s.Store.Logs().Chunks(ctx, id, after, readAhead)
	}, fn)
}

// walk goes through the lines after a number until fn says to stop. Read returns
// chunks that hold lines after a number, none at the end.
func walk(ctx context.Context, after int64, read func(after int64) ([]logchunk.Chunk, error), fn func(logchunk.Line) (bool, error)) error {
	for {
		chunks, err := read(after)
		if err != nil || len(chunks) == 0 {
			return err
		}
		for _, c := range chunks {
			lines, err := logchunk.Decode(c)
			if err != nil {
				return err
			}
			for _, l := range lines {
				if l.Seq <= after {
					continue
				}
				goOn, err := fn(l)
				if err != nil || !goOn {
					return err
				}
				after = l.Seq
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// maxSearchTime bounds one Search call; a longer search goes on with Next.
const maxSearchTime = 2 * time.Second

var ansiSequence = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)|[@-Z\\\\^_])")
})

// StripANSI removes terminal control sequences from a line.
func StripANSI(text []byte) []byte {
	if bytes.IndexByte(text, 0x1b) < 0 {
		return text
	}
	return ansiSequence().ReplaceAll(text, nil)
}

// Search returns the numbers of the lines that contain a text or match an
// expression, control sequences left out of account.
func (s *Service) Search(ctx context.Context, p domain.ProjectID, id domain.TaskID, q Search) (SearchResult, error) {
	t, err := s.task(ctx, p, id)
	if err != nil {
		return SearchResult{}, err
	}
	if q.Query == "" {
		return SearchResult{}, domain.Invalid("q", "a text to look for is required")
	}
	match, err := q.matcher()
	if err != nil {
		return SearchResult{}, err
	}
	limit := min(max(q.Limit, 1), 10000)
	res := SearchResult{Matches: []int64{}}
	deadline := time.Now().Add(maxSearchTime)
	after := max(q.After, 0)
	err = s.lines(ctx, id, after, func(l logchunk.Line) (bool, error) {
		after = l.Seq
		res.Scanned++
		if match(StripANSI(l.Text)) {
			res.Matches = append(res.Matches, l.Seq)
		}
		return len(res.Matches) < limit && (res.Scanned%1024 != 0 || time.Now().Before(deadline)), nil
	})
	if after < t.LogLines {
		res.Next = after
	}
	return res, err
}

// matcher returns the test of one line. Plain texts are compared without an
// expression, which is several times as fast.
func (q Search) matcher() (func([]byte) bool, error) {
	if !q.Regex && q.Case {
		needle := []byte(q.Query)
		return func(line []byte) bool { return bytes.Contains(line, needle) }, nil
	}
	if !q.Regex && isASCII(q.Query) {
		needle, folded := []byte(strings.ToLower(q.Query)), []byte(nil)
		return func(line []byte) bool {
			folded = foldASCII(folded[:0], line)
			return bytes.Contains(folded, needle)
		}, nil
	}
	pattern := q.Query
	if !q.Regex {
		pattern = regexp.QuoteMeta(pattern)
	}
	if !q.Case {
		pattern = "(?i)" + pattern
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, domain.Invalid("q", "is not a valid expression")
	}
	return re.Match, nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// foldASCII appends text with its ASCII capitals made small.
func foldASCII(to, text []byte) []byte {
	for _, c := range text {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		to = append(to, c)
	}
	return to
}

// chunkCache keeps the newest chunks of growing logs, because followers read
// them right after they were written. It holds chunks as stored, not decoded.
type chunkCache struct {
	mu    sync.Mutex // guards order and size
	order *list.List // of cachedChunk, newest first
	limit int
}

type cachedChunk struct {
	task  domain.TaskID
	chunk logchunk.Chunk
}

func newChunkCache(limit int) *chunkCache { return &chunkCache{order: list.New(), limit: limit} }

func (c *chunkCache) grow(id domain.TaskID, chunks []logchunk.Chunk) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, chunk := range chunks {
		c.order.PushFront(cachedChunk{id, chunk})
		if c.order.Len() > c.limit {
			c.order.Remove(c.order.Back())
		}
	}
}

func (c *chunkCache) find(id domain.TaskID, seq int64) (logchunk.Chunk, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for e := c.order.Front(); e != nil; e = e.Next() {
		cc := e.Value.(cachedChunk)
		if cc.task == id && cc.chunk.FirstSeq <= seq && seq <= cc.chunk.LastSeq() {
			return cc.chunk, true
		}
	}
	return logchunk.Chunk{}, false
}
