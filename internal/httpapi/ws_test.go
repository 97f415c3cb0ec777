package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"signalbox/internal/domain"
	"signalbox/internal/httpapi"
	"signalbox/internal/live"
	"signalbox/internal/tasks"
)

// fakeLog keeps the output of tasks in memory and tells about its growth; what
// it does not do is left to the real service.
type fakeLog struct {
	httpapi.Tasks
	bus *live.Bus

	mu    sync.Mutex
	tasks map[domain.TaskID]*domain.Task
	lines map[domain.TaskID][]string
}

func (f *fakeLog) Get(_ context.Context, p domain.ProjectID, id domain.TaskID) (domain.TaskWithTemplate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.tasks[id]
	if t == nil || t.ProjectID != p {
		return domain.TaskWithTemplate{}, domain.NotFound("task")
	}
	return domain.TaskWithTemplate{Task: *t}, nil
}

func (f *fakeLog) Stages(ctx context.Context, p domain.ProjectID, id domain.TaskID) ([]domain.TaskStage, error) {
	_, err := f.Get(ctx, p, id)
	return nil, err
}

func (f *fakeLog) Lines(_ context.Context, id domain.TaskID, after int64, fn func(tasks.LogLine) error) error {
	f.mu.Lock()
	lines := f.lines[id]
	f.mu.Unlock()
	for i := after; i < int64(len(lines)); i++ {
		if err := fn(tasks.LogLine{Seq: i + 1, Time: time.Unix(i, 0), Text: []byte(lines[i])}); err != nil {
			return err
		}
	}
	return nil
}

func (f *fakeLog) print(id domain.TaskID, n int) {
	f.mu.Lock()
	t := f.tasks[id]
	for range n {
		f.lines[id] = append(f.lines[id], fmt.Sprintf("line %d", len(f.lines[id])+1))
	}
	t.LogLines = int64(len(f.lines[id]))
	event := live.Event{Project: t.ProjectID, Log: &live.LogGrowth{TaskID: id, Total: t.LogLines, Complete: t.LogComplete}}
	f.mu.Unlock()
	f.bus.Publish(event)
}

func (f *fakeLog) seal(id domain.TaskID) {
	f.mu.Lock()
	f.tasks[id].LogComplete = true
	f.mu.Unlock()
	f.print(id, 0)
}

// watchWorld is a world whose task 7 prints what the test says.
type watchWorld struct {
	*world
	log *fakeLog
	url string
}

func newWatchWorld(t *testing.T) *watchWorld {
	t.Helper()
	log := &fakeLog{tasks: map[domain.TaskID]*domain.Task{}, lines: map[domain.TaskID][]string{}}
	w := &watchWorld{log: log}
	w.world = newWorld(t, func(d *httpapi.Deps) { log.Tasks, d.Tasks = d.Tasks, log })
	log.bus = w.bus
	log.tasks[7] = &domain.Task{ID: 7, ProjectID: domain.ProjectID(w.project), Created: w.clock.Now().Add(time.Hour), Status: domain.StatusRunning}
	server := httptest.NewServer(w.server)
	t.Cleanup(func() { w.server.Close(); server.Close() })
	w.url = server.URL + "/api/ws"
	return w
}

func (w *watchWorld) dial(t *testing.T, user, query string) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, answer, err := websocket.Dial(ctx, w.url+query, &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + w.tokens[user]}}})
	if err != nil {
		t.Fatalf("dial: %v (%v)", err, answer)
	}
	conn.SetReadLimit(1 << 20)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

type message struct {
	Type, Error, Output, Status string
	TaskID                      int64 `json:"task_id"`
	ProjectID                   int64 `json:"project_id"`
	Total, Seq                  int64
	Lines                       []struct {
		Seq  int64
		Text string
	}
}

func receive(t *testing.T, conn *websocket.Conn) message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, data, err := conn.Read(ctx)
	if err != nil {
		t.Fatalf("receive: %v", err)
	}
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatalf("receive %s: %v", data, err)
	}
	return m
}

func say(t *testing.T, conn *websocket.Conn, body any) {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Write(t.Context(), websocket.MessageText, data); err != nil {
		t.Fatal(err)
	}
}

// TestWebSocket_ResumesWithoutGapOrRepeat reads a growing log over connections
// that break again and again.
func TestWebSocket_ResumesWithoutGapOrRepeat(t *testing.T) {
	t.Parallel()
	w := newWatchWorld(t)
	const total = 5000
	var writer sync.WaitGroup
	writer.Go(func() {
		for printed := 0; printed < total; printed += 50 {
			w.log.print(7, 50)
		}
		w.log.seal(7)
	})
	last, ended := int64(0), false
	for round := 0; !ended; round++ {
		conn := w.dial(t, "guest", "?logs=subscribed")
		say(t, conn, object{"type": "subscribe", "project_id": w.project, "task_id": 7, "after": last})
		for frames := 0; frames < 3 && !ended; frames++ {
			m := receive(t, conn)
			switch m.Type {
			case "lines":
				for _, l := range m.Lines {
					if l.Seq != last+1 || l.Text != fmt.Sprintf("line %d", l.Seq) {
						t.Fatalf("round %d: after line %d came %d %q", round, last, l.Seq, l.Text)
					}
					last = l.Seq
				}
			case "end":
				ended = true
				if m.Total != total {
					t.Errorf("end: got total %d, want %d", m.Total, total)
				}
			default:
				t.Fatalf("got a frame of type %q: %s", m.Type, m.Error)
			}
		}
		_ = conn.CloseNow()
	}
	writer.Wait()
	if last != total {
		t.Errorf("got %d lines, want %d", last, total)
	}
}

func TestWebSocket_Compatible(t *testing.T) {
	t.Parallel()
	w := newWatchWorld(t)
	w.log.print(7, 3)
	conn := w.dial(t, "guest", "")
	// An update both shows that the client listens and comes before the lines.
	w.bus.Publish(live.Event{Project: domain.ProjectID(w.project), Task: &live.TaskUpdate{TaskID: 7, Status: domain.StatusRunning}})
	if m := receive(t, conn); m.Type != "update" || m.Status != "running" || m.Seq == 0 {
		t.Fatalf("got %+v, want the update", m)
	}
	w.log.print(7, 2)
	for i := 1; i <= 5; i++ {
		if m := receive(t, conn); m.Type != "log" || m.Output != fmt.Sprintf("line %d", i) || m.TaskID != 7 {
			t.Fatalf("got %+v, want line %d", m, i)
		}
	}
	w.log.seal(7)
	w.log.seal(7)
	w.bus.Publish(live.Event{Project: domain.ProjectID(w.project), Task: &live.TaskUpdate{TaskID: 7, Status: domain.StatusSuccess}})
	if m := receive(t, conn); m.Type != "update" || m.Status != "success" {
		t.Errorf("after the end: got %+v, want the update and no line twice", m)
	}
}

func TestWebSocket_Access(t *testing.T) {
	t.Parallel()
	w := newWatchWorld(t)
	w.log.print(7, 1)
	stranger := w.dial(t, "outsider", "?logs=subscribed")
	say(t, stranger, object{"type": "subscribe", "project_id": w.project, "task_id": 7})
	if m := receive(t, stranger); m.Type != "error" || m.TaskID != 7 {
		t.Errorf("outsider: got %+v, want an error", m)
	}
	member := w.dial(t, "guest", "?logs=subscribed")
	for name, body := range map[string]any{
		"another task": object{"type": "subscribe", "project_id": w.project, "task_id": 99},
		"no type":      object{"task_id": 7},
		"negative":     object{"type": "subscribe", "project_id": w.project, "task_id": 7, "after": -1},
		"wrong type":   object{"type": "subscribe", "project_id": "x"},
		"a list":       []int{1},
	} {
		say(t, member, body)
		if m := receive(t, member); m.Type != "error" {
			t.Errorf("%s: got %+v, want an error", name, m)
		}
	}
	// The connection survived all that.
	say(t, member, object{"type": "subscribe", "project_id": w.project, "task_id": 7})
	if m := receive(t, member); m.Type != "lines" || len(m.Lines) != 1 {
		t.Errorf("got %+v, want the line", m)
	}
	// A message that is too long ends it.
	if err := member.Write(t.Context(), websocket.MessageText, []byte(strings.Repeat("x", 5000))); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		if _, _, err := member.Read(ctx); err != nil {
			if ctx.Err() != nil {
				t.Error("the connection stayed open after a message that is too long")
			}
			break
		}
	}
	for name, header := range map[string]http.Header{
		"nobody":         {},
		"foreign origin": {"Cookie": {w.cookie("guest").String()}, "Origin": {"https://evil.example"}},
	} {
		_, answer, err := websocket.Dial(t.Context(), w.url, &websocket.DialOptions{HTTPHeader: header})
		if err == nil || answer == nil || answer.StatusCode != 401 && answer.StatusCode != 403 {
			t.Errorf("%s: got %v %v, want a refusal", name, answer, err)
		}
	}
}

func TestWebSocket_CloseEndsThem(t *testing.T) {
	t.Parallel()
	w := newWatchWorld(t)
	conn := w.dial(t, "guest", "")
	go w.server.Close() // waits for the sockets; the test waits for the client's view
	_, _, err := conn.Read(t.Context())
	var closed websocket.CloseError
	if !errors.As(err, &closed) || closed.Code != websocket.StatusGoingAway {
		t.Errorf("got %v, want going away", err)
	}
}
