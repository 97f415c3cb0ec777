package faults

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox/test/harness"
)

// hook is a chat that can be away. While it is, it takes messages and loses
// them.
type hook struct {
	mu     sync.Mutex // guards what follows
	away   bool
	tried  int
	bodies []string
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tried++
	if h.away || err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	h.bodies = append(h.bodies, string(body))
}

func (h *hook) set(away bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.away = away
}

func (h *hook) attempts() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tried
}

func (h *hook) got() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.bodies...)
}

// TestAlert_OutlivesTheServer: the server dies between the end of a run and the
// message about it. The next server sends it.
func TestAlert_OutlivesTheServer(t *testing.T) {
	t.Parallel()
	chat := &hook{away: true}
	service := httptest.NewServer(chat)
	t.Cleanup(service.Close)
	s := harness.New(t, "SIGNALBOX_SLACK_ALERT=true", "SIGNALBOX_SLACK_URL="+service.URL+"/hooks/s3cret-hook")
	p := s.NewProject("alerts", repo(t, map[string]string{"run.sh": "echo done\n"}), "")
	s.Do("PUT", p.Path(""), map[string]any{"id": p.ID, "name": "alerts", "alert": true}, nil)
	id := p.Launch(p.NewTemplate("bash", "run.sh", map[string]any{"name": `say "hi" \`}), nil)
	if task := p.Wait(id, time.Minute); task.Status != "success" {
		t.Fatalf("the run ended with %s", task.Status)
	}
	await(t, "the server tries to send", func() bool { return chat.attempts() > 0 })
	s.Kill()
	chat.set(false)
	s.Start()
	await(t, "the next server sends", func() bool { return len(chat.got()) > 0 })
	var rows []struct {
		Channel, State, Error string
		Attempts              int
	}
	await(t, "the record says so", func() bool {
		s.Do("GET", p.Path("/tasks/%d/notifications", id), nil, &rows)
		return len(rows) == 1 && rows[0].State == "sent"
	})
	if len(rows) != 1 || rows[0].Channel != "slack" || rows[0].Attempts < 1 {
		t.Errorf("records %+v, want one of several attempts", rows)
	}
	if got := chat.got(); !strings.Contains(got[0], `say \"hi\" \\`) {
		t.Errorf("the message lacks the template's name: %s", got[0])
	}
	if strings.Contains(s.Log(), "s3cret-hook") {
		t.Errorf("the log of the server shows the address:\n%s", s.Log())
	}
}

// await waits for something that is bound to happen.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(4 * time.Minute); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("it did not happen: %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
