package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"signalbox/internal/domain"
)

func connect(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c, err := New(Config{URL: server.URL + "/below/api/", Token: "secret-token", Timeout: 10 * time.Second, Patience: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNew_RefusesWhatIsNoServer(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "host", "ftp://host", "http://", "https://user:pass@host", "https://host?x=1"} {
		if _, err := New(Config{URL: text}); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
	if _, err := New(Config{URL: "https://host", CAFile: "client_test.go"}); !domain.IsKind(err, domain.KindInvalid) {
		t.Errorf("a file without certificates: %v", err)
	}
}

func TestErrors_CarryTheServersSentence(t *testing.T) {
	t.Parallel()
	c := connect(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/below/api/project/1/tasks" || r.Header.Get("Authorization") != "Bearer secret-token" {
			t.Errorf("%s %s", r.URL.Path, r.Header.Get("Authorization"))
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"no such template","field":"template_id","request_id":"abc"}`))
	})
	_, err := c.Run(t.Context(), 1, Launch{TemplateID: 7})
	var said *Error
	if !errors.As(err, &said) || said.Status != 400 || said.Error() != "the server says: no such template (template_id) [request abc]" {
		t.Errorf("got %v", err)
	}
	if strings.Contains(fmt.Sprintf("%v %+v", c.config, err), "secret-token") {
		t.Error("the token shows")
	}
}

func TestRun_IsSentOnce(t *testing.T) {
	t.Parallel()
	requests := 0
	c := connect(t, func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	if _, err := c.Run(t.Context(), 1, Launch{}); err == nil || requests != 1 {
		t.Errorf("%d requests, %v", requests, err)
	}
}

func TestRedirects_TakeNoTokenAlong(t *testing.T) {
	t.Parallel()
	c := connect(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	if _, err := c.Projects(t.Context()); err == nil || !strings.Contains(err.Error(), "/elsewhere") {
		t.Errorf("got %v", err)
	}
}

// A server that goes away every other request, and grows its log meanwhile.
func TestFollow_GivesEveryLineOnce(t *testing.T) {
	t.Parallel()
	const lines = 2500
	requests, written, lost := 0, 10, 0
	c := connect(t, func(w http.ResponseWriter, r *http.Request) {
		requests++
		if requests%3 == 0 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		written = min(written*3, lines)
		if !strings.HasSuffix(r.URL.Path, "/log") {
			status := domain.StatusRunning
			if written == lines {
				status = domain.StatusSuccess
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"id": 4, "status": status})
			return
		}
		after, err := strconv.Atoi(r.URL.Query().Get("after"))
		if err != nil {
			t.Error(err)
		}
		p := page{Total: int64(written), Complete: written == lines, Lines: []Line{}}
		// As if a line that was seen already came once more.
		for seq := max(after, 1); seq <= written && len(p.Lines) < pageLines; seq++ {
			p.Lines = append(p.Lines, Line{Seq: int64(seq), Text: strconv.Itoa(seq)})
		}
		_ = json.NewEncoder(w).Encode(p)
	})
	want := 1
	task, err := c.Follow(t.Context(), 1, 4, 0, func(l Line) error {
		if l.Text != strconv.Itoa(want) {
			return fmt.Errorf("line %s, want %d", l.Text, want)
		}
		want++
		return nil
	}, func(error) { lost++ })
	if err != nil || task.Status != "success" || want != lines+1 || lost == 0 {
		t.Errorf("%d lines, %q, %d interruptions, %v", want-1, task.Status, lost, err)
	}
}

func TestFollow_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	late := errors.New("late")
	ctx, cancel := context.WithCancelCause(t.Context())
	c := connect(t, func(w http.ResponseWriter, _ *http.Request) {
		cancel(late)
		_, _ = w.Write([]byte(`{"id":4,"status":"running"}`))
	})
	if _, err := c.Follow(ctx, 1, 4, 0, nil, nil); !errors.Is(err, late) {
		t.Errorf("got %v", err)
	}
}
