package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
	"signalbox/internal/store"
	"signalbox/internal/tasks"
)

const textType = "text/plain; charset=utf-8"

// How many tasks a list holds when the client does not say.
const (
	maxTasks  = 1000
	lastTasks = 200
)

func (c *call) taskID() domain.TaskID { return domain.TaskID(c.id("task_id")) }

func (a *api) createTask(c *call, in *wire.TaskInput) (wire.Task, error) {
	if err := c.grant.Require(authz.RunTasks); err != nil {
		return wire.Task{}, err
	}
	// What admit saw in the body must be what is started.
	if c.template != 0 && c.template != domain.TemplateID(in.TemplateID) {
		return wire.Task{}, domain.Forbidden("you may not run this template")
	}
	t, err := a.Tasks.Launch(c.r.Context(), c.actor(), c.grant.Project, in.Launch())
	out := wire.FromTask(t)
	out.Secret = "{}"
	return out, err
}

// listTasks lists the tasks of the project or of the template in the path.
func (a *api) listTasks(most int64) func(*call, *none) error {
	return func(c *call, _ *none) error {
		f, err := c.taskFilter(most)
		if err != nil {
			return err
		}
		text := c.param("search")
		if err := checkSearch(text); err != nil {
			return err
		}
		return a.cached(c, func(ctx context.Context) (page, error) { return a.taskPage(ctx, c, f, text) })
	}
}

func (c *call) taskFilter(most int64) (store.TaskFilter, error) {
	f := store.TaskFilter{Project: c.grant.Project, Limit: int(most)}
	if c.r.PathValue("template_id") != "" {
		f.Template = c.templateID()
	}
	text := c.param("count")
	if text == "" {
		text = c.param("limit")
	}
	// The reference takes a bad limit for none.
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 1 && n <= most {
		f.Limit = int(n)
	}
	before, err := c.number("before", 0, 0, math.MaxInt64)
	if err != nil {
		return f, err
	}
	f.Before = domain.TaskID(before)
	user, err := c.number("user_id", 0, 1, math.MaxInt64)
	if err != nil {
		return f, err
	}
	f.User = domain.UserID(user)
	if f.Since, err = c.when("since"); err != nil {
		return f, err
	}
	if f.Until, err = c.when("until"); err != nil {
		return f, err
	}
	for _, s := range c.query["status"] {
		if s == "" {
			continue
		}
		if !domain.TaskStatus(s).Valid() {
			return f, domain.Invalid("status", "%q is not a task status", s)
		}
		f.Statuses = append(f.Statuses, domain.TaskStatus(s))
	}
	return f, nil
}

func (a *api) taskPage(ctx context.Context, c *call, f store.TaskFilter, text string) (page, error) {
	if f.Template != 0 {
		if _, _, err := a.Catalog.Template(ctx, c.grant, f.Template); err != nil {
			return page{}, err
		}
	}
	rows, older, err := a.Tasks.List(ctx, f, text)
	if err != nil {
		return page{}, err
	}
	var waiting []domain.TaskID
	for _, row := range rows {
		if row.Status == domain.StatusWaiting {
			waiting = append(waiting, row.ID)
		}
	}
	reasons, err := a.waitReasons(ctx, waiting)
	if err != nil {
		return page{}, err
	}
	builds := map[domain.TaskID]*wire.Task{}
	out := wire.FromTaskRows(rows)
	for i, row := range rows {
		out[i].WaitReason = reasons[row.ID]
		if row.BuildTaskID == nil {
			continue
		}
		build, known := builds[*row.BuildTaskID]
		if !known {
			if build, err = a.buildTask(ctx, f.Project, *row.BuildTaskID); err != nil {
				return page{}, err
			}
			builds[*row.BuildTaskID] = build
		}
		out[i].BuildTask = build
	}
	body, err := json.Marshal(out)
	// What a task waits for may change by what happens in other projects.
	hasNext := older != 0
	p := page{body: body, hasNext: &hasNext, global: len(waiting) > 0}
	if hasNext {
		p.next = c.link("before", strconv.FormatInt(int64(older), 10))
	}
	return p, err
}

// buildTask returns the build of a deployment, nil when it is gone.
func (a *api) buildTask(ctx context.Context, p domain.ProjectID, id domain.TaskID) (*wire.Task, error) {
	t, err := a.Tasks.Get(ctx, p, id)
	if domain.IsKind(err, domain.KindNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := wire.FromTaskWithNames(t)
	return &out, nil
}

func (a *api) waitReasons(ctx context.Context, waiting []domain.TaskID) (map[domain.TaskID]string, error) {
	if len(waiting) == 0 {
		return nil, nil
	}
	return a.Tasks.WaitReasons(ctx, waiting)
}

func (a *api) getTask(c *call, _ *none) (wire.Task, error) {
	ctx := c.r.Context()
	t, err := a.Tasks.Get(ctx, c.grant.Project, c.taskID())
	if err != nil {
		return wire.Task{}, err
	}
	out := wire.FromTaskWithNames(t)
	if t.Status == domain.StatusWaiting {
		reasons, err := a.waitReasons(ctx, []domain.TaskID{t.ID})
		if err != nil {
			return out, err
		}
		out.WaitReason = reasons[t.ID]
	}
	return out, nil
}

// deleteTask answers 400 for a task that has not ended, as the reference does.
func (a *api) deleteTask(c *call, _ *none) (none, error) {
	if err := c.grant.Require(authz.DeleteTasks); err != nil {
		return none{}, err
	}
	err := a.Tasks.Delete(c.r.Context(), c.actor(), c.grant.Project, c.taskID())
	var e *domain.Error
	if errors.As(err, &e) && e.Kind == domain.KindConflict {
		err = &domain.Error{Kind: domain.KindInvalid, Message: e.Message, Cause: e.Cause}
	}
	return none{}, err
}

func (a *api) stopTask(c *call, in *wire.StopInput) (none, error) {
	if err := c.grant.Require(authz.RunTasks); err != nil {
		return none{}, err
	}
	return none{}, a.Tasks.Stop(c.r.Context(), c.actor(), c.grant.Project, c.taskID(), in.Force)
}

// decideTask confirms or rejects what a task waits with.
func (a *api) decideTask(confirm bool) func(*call, *none) (none, error) {
	return func(c *call, _ *none) (none, error) {
		if err := c.grant.Require(authz.RunTasks); err != nil {
			return none{}, err
		}
		return none{}, a.Tasks.Decide(c.r.Context(), c.actor(), c.grant.Project, c.taskID(), confirm)
	}
}

func (a *api) explainTask(c *call, _ *none) (wire.Explanation, error) {
	e, err := a.Tasks.Explain(c.r.Context(), c.grant.Project, c.taskID())
	return wire.FromExplanation(e), err
}

const maxWindow = 5000

func (a *api) taskLog(c *call, _ *none) error {
	var p tasks.Page
	var limit int64
	for _, q := range []struct {
		name    string
		into    *int64
		missing int64
		least   int64
		most    int64
	}{
		{"after", &p.After, 0, 0, math.MaxInt64},
		{"before", &p.Before, 0, 0, math.MaxInt64},
		{"tail", &p.Tail, 0, 0, maxWindow},
		{"limit", &limit, 1000, 1, maxWindow},
	} {
		n, err := c.number(q.name, q.missing, q.least, q.most)
		if err != nil {
			return err
		}
		*q.into = n
	}
	p.Limit = int(limit)
	window, err := a.Tasks.Window(c.r.Context(), c.grant.Project, c.taskID(), p)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, wire.FromLogPage(window))
}

func (a *api) searchTaskLog(c *call, _ *none) (wire.LogMatches, error) {
	s := tasks.Search{Query: c.param("q")}
	if s.Query == "" {
		return wire.LogMatches{}, domain.Invalid("q", "what to look for is required")
	}
	if len(s.Query) > 1000 {
		return wire.LogMatches{}, domain.Invalid("q", "must not be longer than 1000 bytes")
	}
	var err error
	if s.Regex, err = c.flag("regex"); err != nil {
		return wire.LogMatches{}, err
	}
	if s.Case, err = c.flag("case"); err != nil {
		return wire.LogMatches{}, err
	}
	if s.After, err = c.number("after", 0, 0, math.MaxInt64); err != nil {
		return wire.LogMatches{}, err
	}
	limit, err := c.number("limit", 1000, 1, maxWindow)
	if err != nil {
		return wire.LogMatches{}, err
	}
	s.Limit = int(limit)
	found, err := a.Tasks.Search(c.r.Context(), c.grant.Project, c.taskID(), s)
	if found.Matches == nil {
		found.Matches = []int64{}
	}
	return wire.LogMatches{Matches: found.Matches, Next: found.Next, Scanned: found.Scanned}, err
}

// errEnough ends the reading of a log that could go on.
var errEnough = errors.New("enough")

// taskOutput streams the output in the reference's shape. Nothing holds the
// whole of it: lines go out as they are read.
func (a *api) taskOutput(c *call, _ *none) error {
	ctx := c.r.Context()
	after, limit, err := c.lines()
	if err != nil {
		return err
	}
	id := c.taskID()
	stages, err := a.Tasks.Stages(ctx, c.grant.Project, id)
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", jsonType)
	if c.r.Method == http.MethodHead {
		return nil
	}
	out := newStreamWriter(c.w)
	out.WriteByte('[')
	var count int64
	at := stageFinder{stages: stages}
	err = a.Tasks.Lines(ctx, id, after, func(l tasks.LogLine) error {
		if count > 0 {
			out.WriteByte(',')
		}
		count++
		line, err := json.Marshal(wire.OutputLine{
			ID: l.Seq, TaskID: int64(id), Time: l.Time.UTC(), Output: wire.Text(trimReturn(l)), StageID: at.of(l.Seq),
		})
		if err != nil {
			return err
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
		if count >= limit {
			return errEnough
		}
		return nil
	})
	return a.finish(c, out, err, "]")
}

// trimReturn removes the carriage return that a terminal puts before each line
// end.
func trimReturn(l tasks.LogLine) []byte {
	if n := len(l.Text); n > 0 && l.Text[n-1] == '\r' && !l.Partial {
		return l.Text[:n-1]
	}
	return l.Text
}

// taskRawOutput streams the output as text: byte for byte with ansi=true, and
// otherwise without escape sequences.
func (a *api) taskRawOutput(c *call, _ *none) error {
	ansi, err := c.flag("ansi")
	if err != nil {
		return err
	}
	stamp := c.param("time")
	if stamp != "" && stamp != "iso" {
		return domain.Invalid("time", "must be iso or absent")
	}
	out, err := a.beginStream(c, textType, "log")
	if err != nil || out == nil {
		return err
	}
	var strip ansiStripper
	var buf []byte
	begin := true
	err = a.Tasks.Lines(c.r.Context(), c.taskID(), 0, func(l tasks.LogLine) error {
		if begin && stamp != "" {
			buf = l.Time.UTC().AppendFormat(buf[:0], "2006-01-02T15:04:05.000Z ")
			out.Write(buf) // an error stays in the writer and shows below
		}
		text := l.Text
		if !ansi {
			buf = strip.append(buf[:0], trimReturn(l))
			text = buf
		}
		_, err := out.Write(text)
		if !l.Partial {
			err = out.WriteByte('\n')
		}
		begin = !l.Partial
		return err
	})
	return a.finish(c, out, err, "")
}

// lines reads after which line a stream begins, and how many it has at the most.
func (c *call) lines() (after, limit int64, err error) {
	if after, err = c.number("after", 0, 0, math.MaxInt64); err != nil {
		return 0, 0, err
	}
	limit, err = c.number("limit", math.MaxInt64, 1, math.MaxInt64)
	return after, limit, err
}

// beginStream begins to send what is kept of a task, as a file with the ending
// when it is to be downloaded. The writer is nil for a client that only asks
// what it would get.
func (a *api) beginStream(c *call, contentType, ending string) (*bufio.Writer, error) {
	download, err := c.flag("download")
	if err != nil {
		return nil, err
	}
	id := c.taskID()
	if _, err := a.Tasks.Get(c.r.Context(), c.grant.Project, id); err != nil {
		return nil, err
	}
	c.w.Header().Set("Content-Type", contentType)
	if download {
		c.w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="task-%d.%s"`, id, ending))
	}
	if c.r.Method == http.MethodHead {
		return nil, nil
	}
	return newStreamWriter(c.w), nil
}

type deadlineWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (d deadlineWriter) Write(b []byte) (int, error) {
	// Test recorders know no deadlines; real connections do.
	_ = d.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	return d.w.Write(b)
}

// newStreamWriter buffers what a handler streams and gives each flush a deadline.
func newStreamWriter(w http.ResponseWriter) *bufio.Writer {
	return bufio.NewWriterSize(deadlineWriter{w: w, control: http.NewResponseController(w)}, 32<<10)
}

// finish ends a stream. When reading failed half-way the connection is cut, so
// that the client does not take a part for the whole.
func (a *api) finish(c *call, s *bufio.Writer, err error, end string) error {
	ctx := c.r.Context()
	if err == nil || errors.Is(err, errEnough) {
		if _, err = s.WriteString(end); err == nil {
			err = s.Flush()
		}
	}
	if err != nil {
		if ctx.Err() == nil {
			a.log.LogAttrs(ctx, slog.LevelWarn, "output cut short", slog.String("request_id", requestID(ctx)), slog.Any("error", err))
		}
		panic(http.ErrAbortHandler)
	}
	return nil
}

// ansiStripper removes escape sequences, also those that are cut in two by the
// end of a piece.
type ansiStripper struct {
	state ansiState
}

type ansiState byte

const (
	ansiText    ansiState = iota
	ansiEscape            // after ESC
	ansiControl           // in a control sequence: ESC [ …
	ansiString            // in a string: ESC ] … up to BEL or ESC \
	ansiStringEscape
	ansiCharset // after ESC ( and its like: one more byte
)

// append adds text without sequences to dst. dst and text must not overlap.
func (s *ansiStripper) append(dst, text []byte) []byte {
	for _, b := range text {
		switch s.state {
		case ansiText:
			if b == 0x1b {
				s.state = ansiEscape
			} else {
				dst = append(dst, b)
			}
		case ansiEscape:
			switch {
			case b == '[':
				s.state = ansiControl
			case b == ']' || b == 'P' || b == '^' || b == '_' || b == 'X':
				s.state = ansiString
			case b >= 0x20 && b <= 0x2f:
				s.state = ansiCharset
			case b != 0x1b:
				s.state = ansiText
			}
		case ansiControl:
			if b >= 0x40 && b <= 0x7e {
				s.state = ansiText
			} else if b == 0x1b {
				s.state = ansiEscape
			} else if b < 0x20 || b > 0x7e {
				s.state = ansiText // not a sequence after all
				dst = append(dst, b)
			}
		case ansiString:
			switch b {
			case 0x07:
				s.state = ansiText
			case 0x1b:
				s.state = ansiStringEscape
			}
		case ansiStringEscape:
			s.state = ansiString
			if b == '\\' {
				s.state = ansiText
			}
		case ansiCharset:
			s.state = ansiText
		}
	}
	return dst
}
