package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
	"signalbox/internal/live"
	"signalbox/internal/store"
	"signalbox/internal/tasks"
)

// Limits of one WebSocket.
const (
	maxClientMessage = 4096
	maxSubscriptions = 64
	linesPerFrame    = 1000
	bytesPerFrame    = 256 << 10 // of text, exceeded by at most one line
	pingEvery        = 50 * time.Second
	pongWithin       = 30 * time.Second
	// recheckEvery is how long a removed member or an ended session may go on
	// watching.
	recheckEvery = 15 * time.Second
)

// webSocket upgrades a request and serves it until one side ends it.
func (a *api) webSocket(c *call, _ *none) error {
	if c.r.Method != http.MethodGet || c.r.Header.Get("Upgrade") == "" {
		return &domain.Error{Kind: domain.KindMalformed, Message: "this address speaks WebSocket only"}
	}
	// Before the upgrade, so that a client that is connected misses nothing.
	news := a.Live.Subscribe()
	defer news.Close()
	// The origin was checked by admit, with the rules of every other request.
	conn, err := websocket.Accept(c.w, c.r, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return nil // Accept has answered
	}
	a.openSockets.Add(1)
	defer a.openSockets.Done()
	conn.SetReadLimit(maxClientMessage)
	// The request's context does not end with a hijacked connection.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(c.r.Context()))
	defer cancel(nil)
	defer context.AfterFunc(a.sockets, func() { cancel(errGoingDown) })()
	s := &socket{
		api: a, conn: conn, actor: c.actor(), opened: a.Now(),
		authorization: c.r.Header.Get("Authorization"), cookie: sessionCookie(c.r),
		subscribed: c.param("logs") == "subscribed",
		commands:   make(chan command, 16), visible: map[domain.ProjectID]bool{}, cursors: map[domain.TaskID]*cursor{},
	}
	s.run(ctx, cancel, news)
	return nil
}

// socket is one client that watches. Its loop does everything in turn: a client
// that reads slowly holds up itself and nobody else.
type socket struct {
	api           *api
	conn          *websocket.Conn
	actor         domain.Actor
	opened        time.Time
	authorization string
	cookie        string
	subscribed    bool // only the logs asked for

	commands chan command
	visible  map[domain.ProjectID]bool // since the last recheck
	cursors  map[domain.TaskID]*cursor
	queue    []domain.TaskID // tasks whose cursors have lines to send, in turn
}

// cursor is how far a client has read one log.
type cursor struct {
	project  domain.ProjectID
	sent     int64 // number of the last line sent
	total    int64 // lines known to be stored
	complete bool
	queued   bool
	// done: everything was sent. A client without subscriptions keeps the cursor
	// for a while, so that late news of the same log does not start it again.
	done bool
	old  bool // done before the last recheck
}

// command is what a client asks for.
type command struct {
	Type      string `json:"type"`
	ProjectID int64  `json:"project_id"`
	TaskID    int64  `json:"task_id"`
	After     int64  `json:"after"`
	malformed bool
}

func (s *socket) run(ctx context.Context, cancel context.CancelCauseFunc, news live.Subscription) {
	reader := make(chan struct{})
	go func() { // ends with the connection, which is closed below
		defer close(reader)
		// Cancelling a read breaks the connection, and with it the goodbye: the
		// read ends when the connection does.
		cancel(s.read(ctx, context.WithoutCancel(ctx)))
	}()
	pinger := make(chan struct{})
	go func() { // ends with ctx
		defer close(pinger)
		cancel(s.ping(ctx))
	}()
	err := s.serve(ctx, news)
	cancel(err)
	status, reason := websocket.StatusNormalClosure, ""
	switch {
	case errors.Is(context.Cause(ctx), errGoingDown):
		status, reason = websocket.StatusGoingAway, errGoingDown.Error()
	case errors.Is(err, errSignedOut):
		status, reason = websocket.StatusPolicyViolation, errSignedOut.Error()
	case errors.Is(err, errBroken):
		status, reason = websocket.StatusInternalError, "something went wrong on the server"
	}
	_ = s.conn.Close(status, reason) // the client may be gone already
	_ = s.conn.CloseNow()            // should the goodbye not be answered
	<-reader
	<-pinger
}

var (
	errSignedOut = errors.New("you are signed out")
	errBroken    = errors.New("reading failed")
)

// read passes on what the client says. In the reference's mode it says nothing
// that counts.
func (s *socket) read(ctx, endless context.Context) error {
	for {
		kind, data, err := s.conn.Read(endless)
		if err != nil {
			return err
		}
		if !s.subscribed {
			continue
		}
		select {
		case s.commands <- parseCommand(kind == websocket.MessageText, data):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// parseCommand reads a client message; what cannot be read is marked so.
func parseCommand(text bool, data []byte) command {
	var cmd command
	if !text || json.Unmarshal(data, &cmd) != nil {
		return command{malformed: true}
	}
	return cmd
}

func (s *socket) ping(ctx context.Context) error {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		within, stop := context.WithTimeout(ctx, pongWithin)
		err := s.conn.Ping(within)
		stop()
		if err != nil {
			return err
		}
	}
}

func (s *socket) serve(ctx context.Context, news live.Subscription) error {
	if err := s.recheck(ctx); err != nil {
		return err
	}
	if !s.subscribed {
		if err := s.baseline(ctx); err != nil {
			return err
		}
	}
	ticker := time.NewTicker(recheckEvery)
	defer ticker.Stop()
	for {
		events, lost := news.Next()
		if err := s.tell(ctx, events, lost); err != nil {
			return err
		}
		if len(s.queue) > 0 {
			if err := s.sendLines(ctx); err != nil {
				return err
			}
			// Look at commands and news between two frames, without waiting.
			select {
			case cmd := <-s.commands:
				if err := s.obey(ctx, cmd); err != nil {
					return err
				}
			case <-ticker.C:
				if err := s.recheck(ctx); err != nil {
					return err
				}
			case <-ctx.Done():
				return context.Cause(ctx)
			default:
			}
			continue
		}
		select {
		case <-news.Ready():
		case cmd := <-s.commands:
			if err := s.obey(ctx, cmd); err != nil {
				return err
			}
		case <-ticker.C:
			if err := s.recheck(ctx); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// recheck makes sure that the client is still signed in, and forgets what it
// was seen to be allowed.
func (s *socket) recheck(ctx context.Context) error {
	actor, err := s.api.Auth.Identify(ctx, s.authorization, s.cookie)
	if domain.IsKind(err, domain.KindUnauthenticated) {
		return errSignedOut
	}
	if err != nil {
		return err
	}
	s.actor = actor
	clear(s.visible)
	for id, cur := range s.cursors {
		ok, err := s.mayWatch(ctx, cur.project)
		if err != nil {
			return err
		}
		if !ok || cur.old {
			delete(s.cursors, id)
		}
		cur.old = cur.done
	}
	return nil
}

// mayWatch reports whether the user is in the project, remembering the answer
// until the next recheck.
func (s *socket) mayWatch(ctx context.Context, p domain.ProjectID) (bool, error) {
	if s.actor.Everywhere() {
		return true, nil
	}
	if known, ok := s.visible[p]; ok {
		return known, nil
	}
	g, err := s.api.Catalog.Grant(ctx, s.actor, p)
	if err != nil {
		return false, err
	}
	s.visible[p] = g.Require(authz.ReadProject) == nil
	return s.visible[p], nil
}

// tell passes news on: updates at once, growth of logs to the cursors.
func (s *socket) tell(ctx context.Context, events []live.Event, lost bool) error {
	if lost {
		if err := s.send(ctx, frame{Type: "resync"}); err != nil {
			return err
		}
	}
	for _, e := range events {
		ok, err := s.mayWatch(ctx, e.Project)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		switch {
		case e.Task != nil:
			err = s.send(ctx, updateFrame{
				Type: "update", ProjectID: int64(e.Project), TaskID: int64(e.Task.TaskID), TemplateID: int64(e.Task.TemplateID),
				Status: string(e.Task.Status), Start: utcOrNil(e.Task.Start), End: utcOrNil(e.Task.End),
				Version: e.Task.Version, Seq: e.Seq,
			})
		case e.Log != nil:
			err = s.grown(ctx, e.Project, *e.Log)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func utcOrNil(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// grown notes that a log has more lines. Without subscriptions every log of the
// user's projects is followed.
func (s *socket) grown(ctx context.Context, p domain.ProjectID, g live.LogGrowth) error {
	cur := s.cursors[g.TaskID]
	if cur == nil {
		if s.subscribed {
			return nil
		}
		// What was there before the client came is not sent again.
		t, err := s.api.Tasks.Get(ctx, p, g.TaskID)
		if domain.IsKind(err, domain.KindNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		cur = &cursor{project: p}
		if t.Created.Before(s.opened) {
			cur.sent = g.Total
		}
		s.cursors[g.TaskID] = cur
	}
	cur.total = max(cur.total, g.Total)
	cur.complete = cur.complete || g.Complete
	s.enqueue(g.TaskID, cur)
	return nil
}

// baseline notes how far the logs of running tasks have come, so that a client
// without subscriptions gets what is new and nothing else.
func (s *socket) baseline(ctx context.Context) error {
	projects, err := s.api.Catalog.Projects(ctx, s.actor)
	if err != nil {
		return err
	}
	for _, p := range projects {
		running, _, err := s.api.Tasks.List(ctx, store.TaskFilter{Project: p.ID, Statuses: domain.ActiveStatuses(), Limit: maxTasks}, "")
		if err != nil {
			return err
		}
		for _, t := range running {
			s.cursors[t.ID] = &cursor{project: p.ID, sent: t.LogLines, total: t.LogLines}
		}
	}
	return nil
}

func (s *socket) enqueue(id domain.TaskID, cur *cursor) {
	if !cur.queued && !cur.done && (cur.total > cur.sent || cur.complete) {
		cur.queued = true
		s.queue = append(s.queue, id)
	}
}

// obey carries out what a client asked for.
func (s *socket) obey(ctx context.Context, cmd command) error {
	id := domain.TaskID(cmd.TaskID)
	switch {
	case cmd.malformed:
		return s.refuse(ctx, 0, "the message is not a JSON object that this server understands")
	case cmd.Type == "unsubscribe":
		delete(s.cursors, id)
		return nil
	case cmd.Type != "subscribe":
		return s.refuse(ctx, cmd.TaskID, "the type of a message is subscribe or unsubscribe")
	case cmd.After < 0:
		return s.refuse(ctx, cmd.TaskID, "after must not be negative")
	case len(s.cursors) >= maxSubscriptions && s.cursors[id] == nil:
		return s.refuse(ctx, cmd.TaskID, "too many subscriptions on one connection")
	}
	p := domain.ProjectID(cmd.ProjectID)
	ok, err := s.mayWatch(ctx, p)
	if err != nil {
		return err
	}
	if !ok {
		return s.refuse(ctx, cmd.TaskID, "task not found")
	}
	t, err := s.api.Tasks.Get(ctx, p, id)
	if domain.IsKind(err, domain.KindNotFound) {
		return s.refuse(ctx, cmd.TaskID, "task not found")
	}
	if err != nil {
		return err
	}
	// Growth that the bus told before this moment is in the task already.
	cur := &cursor{project: p, sent: cmd.After, total: t.LogLines, complete: t.LogComplete}
	if old := s.cursors[id]; old != nil {
		cur.queued = old.queued
	}
	s.cursors[id] = cur
	s.enqueue(id, cur)
	return nil
}

func (s *socket) refuse(ctx context.Context, task int64, text string) error {
	return s.send(ctx, frame{Type: "error", Error: text, TaskID: task})
}

// sendLines sends one frame's worth of the log whose turn it is.
func (s *socket) sendLines(ctx context.Context) error {
	id := s.queue[0]
	s.queue = s.queue[1:]
	cur := s.cursors[id]
	if cur == nil {
		return nil // unsubscribed meanwhile
	}
	cur.queued = false
	lines, more, err := s.readLines(ctx, id, cur.sent)
	if domain.IsKind(err, domain.KindNotFound) {
		delete(s.cursors, id) // deleted meanwhile
		return nil
	}
	if err != nil {
		return errors.Join(errBroken, err)
	}
	if len(lines) > 0 {
		if err := s.sendLog(ctx, id, cur, lines); err != nil {
			return err
		}
		cur.sent = lines[len(lines)-1].Seq
		cur.total = max(cur.total, cur.sent)
	}
	switch {
	case more:
		cur.queued = true
		s.queue = append(s.queue, id)
	case cur.complete && (cur.sent >= cur.total || len(lines) == 0):
		cur.done = true
		if s.subscribed {
			delete(s.cursors, id)
			total := cur.total
			return s.send(ctx, frame{Type: "end", ProjectID: int64(cur.project), TaskID: int64(id), Total: &total})
		}
	}
	return nil
}

func (s *socket) readLines(ctx context.Context, id domain.TaskID, after int64) (lines []wire.LogLine, more bool, err error) {
	size := 0
	err = s.api.Tasks.Lines(ctx, id, after, func(l tasks.LogLine) error {
		lines = append(lines, wire.FromLogLine(l))
		size += len(l.Text)
		if len(lines) == linesPerFrame || size >= bytesPerFrame {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return lines, true, nil
	}
	return lines, false, err
}

// sendLog sends lines: as one frame to those who subscribed, and otherwise one
// frame each, as the reference does.
func (s *socket) sendLog(ctx context.Context, id domain.TaskID, cur *cursor, lines []wire.LogLine) error {
	if s.subscribed {
		return s.send(ctx, linesFrame{Type: "lines", ProjectID: int64(cur.project), TaskID: int64(id), Lines: lines})
	}
	for _, l := range lines {
		err := s.send(ctx, logFrame{Type: "log", Output: l.Text, Time: l.Time, TaskID: int64(id), ProjectID: int64(cur.project)})
		if err != nil {
			return err
		}
	}
	return nil
}

// frame is a message with little to say.
type frame struct {
	Type      string `json:"type"`
	Error     string `json:"error,omitempty"`
	ProjectID int64  `json:"project_id,omitempty"`
	TaskID    int64  `json:"task_id,omitempty"`
	Total     *int64 `json:"total,omitempty"`
}

type updateFrame struct {
	Type       string     `json:"type"`
	Status     string     `json:"status"`
	Start      *time.Time `json:"start"`
	End        *time.Time `json:"end"`
	TaskID     int64      `json:"task_id"`
	TemplateID int64      `json:"template_id"`
	ProjectID  int64      `json:"project_id"`
	Version    *string    `json:"version"`
	Seq        int64      `json:"seq"`
}

type logFrame struct {
	Type      string    `json:"type"`
	Output    string    `json:"output"`
	Time      time.Time `json:"time"`
	TaskID    int64     `json:"task_id"`
	ProjectID int64     `json:"project_id"`
}

type linesFrame struct {
	Type      string         `json:"type"`
	ProjectID int64          `json:"project_id"`
	TaskID    int64          `json:"task_id"`
	Lines     []wire.LogLine `json:"lines"`
}

func (s *socket) send(ctx context.Context, message any) error {
	data, err := json.Marshal(message)
	if err != nil {
		return err
	}
	within, stop := context.WithTimeout(ctx, writeTimeout)
	defer stop()
	return s.conn.Write(within, websocket.MessageText, data)
}
