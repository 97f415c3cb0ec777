package httpapi_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"signalbox/internal/domain"
	"signalbox/internal/httpapi"
)

// clients sends b.N requests from several keep-alive clients.
func clients(b *testing.B, n int, request func() *http.Request, status int) {
	b.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: n}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	jobs := make(chan struct{}, n)
	var group sync.WaitGroup
	b.ResetTimer()
	for range n {
		group.Go(func() {
			for range jobs {
				answer, err := client.Do(request())
				if err != nil {
					b.Error(err)
					continue
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
				if answer.StatusCode != status {
					b.Errorf("got status %d, want %d", answer.StatusCode, status)
				}
			}
		})
	}
	for range b.N {
		jobs <- struct{}{}
	}
	close(jobs)
	group.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

// quiet leaves out the log: writing it to memory is not what is measured.
func quiet(d *httpapi.Deps) { d.Log = nil }

// busyWorld has 200 templates and 200 tasks that have ended.
func busyWorld(b *testing.B) (*world, *httptest.Server) {
	b.Helper()
	w := newWorld(b, quiet)
	for i := range 199 {
		w.must("owner", "POST", w.path("/templates"), w.templateBody(object{"name": fmt.Sprint("template ", i), "description": "one of many"}))
	}
	for range 200 {
		w.finish(w.launch())
	}
	server := httptest.NewServer(w.server)
	b.Cleanup(server.Close)
	return w, server
}

func BenchmarkLists(b *testing.B) {
	w, server := busyWorld(b)
	for _, c := range []struct{ name, path string }{
		{"templates", "/templates"},
		{"tasks-last", "/tasks/last"},
	} {
		b.Run(c.name, func(b *testing.B) {
			clients(b, 8, func() *http.Request {
				r, _ := http.NewRequest("GET", server.URL+w.path(c.path), nil)
				r.Header.Set("Authorization", "Bearer "+w.tokens["owner"])
				return r
			}, 200)
		})
	}
}

func BenchmarkLaunch(b *testing.B) {
	w := newWorld(b, quiet)
	server := httptest.NewServer(w.server)
	b.Cleanup(server.Close)
	body := []byte(fmt.Sprintf(`{"template_id":%d}`, w.template))
	clients(b, 16, func() *http.Request {
		r, _ := http.NewRequest("POST", server.URL+w.path("/tasks"), bytes.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+w.tokens["owner"])
		return r
	}, 201)
}

// TestListsAreCached checks what makes lists fast: an unchanged project gives
// the same page, a change another.
func TestListsAreCached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/templates", "/tasks", "/tasks/last", fmt.Sprintf("/templates/%d/tasks", w.template), fmt.Sprintf("/views/%d/templates", w.view)} {
		first := w.do("guest", "GET", w.path(path), nil)
		tag := first.Header().Get("Etag")
		if first.Code != 200 || tag == "" {
			t.Fatalf("%s: got %d with ETag %q", path, first.Code, tag)
		}
		r := httptest.NewRequest("GET", w.path(path), nil)
		r.Header.Set("Authorization", "Bearer "+w.tokens["guest"])
		r.Header.Set("If-None-Match", tag)
		if again := w.send(r); again.Code != 304 || again.Body.Len() != 0 {
			t.Errorf("%s unchanged: got %d with %d bytes, want 304", path, again.Code, again.Body.Len())
		}
	}
	before := w.do("guest", "GET", w.path("/templates"), nil).Body.String()
	w.must("owner", "PUT", w.path(fmt.Sprintf("/templates/%d/description", w.template)), object{"description": "changed text"})
	after := w.do("guest", "GET", w.path("/templates"), nil).Body.String()
	if before == after || !strings.Contains(after, "changed text") {
		t.Errorf("after a change: got %s", after)
	}
	task := w.launch()
	if list := w.do("guest", "GET", w.path("/tasks/last"), nil).Body.String(); !strings.Contains(list, fmt.Sprintf(`"id":%d`, task)) {
		t.Errorf("after a launch: got %s", list)
	}
	if list := w.do("guest", "GET", w.path("/templates"), nil).Body.String(); !strings.Contains(list, `"last_task"`) {
		t.Errorf("after a launch the template has no last task: %s", list)
	}
	// A renamed user shows in lists without being part of the project.
	runner := w.users["runner"]
	w.finish(task)
	_ = w.do("guest", "GET", w.path("/tasks"), nil)
	w.must("admin", "PUT", fmt.Sprintf("/api/users/%d", runner.ID), object{"username": "runner", "name": "Renamed", "email": runner.Email})
	if list := w.do("guest", "GET", w.path("/tasks"), nil).Body.String(); !strings.Contains(list, `"user_name":"Renamed"`) {
		t.Errorf("after a rename: got %s", list)
	}
	// A stranger gets nothing from the cache.
	if got := w.do("outsider", "GET", w.path("/templates"), nil).Code; got != 404 {
		t.Errorf("outsider: got %d, want 404", got)
	}
}

// finish ends a task as if its job had.
func (w *world) finish(id int64) {
	w.t.Helper()
	for _, status := range []domain.TaskStatus{domain.StatusStarting, domain.StatusRunning, domain.StatusSuccess} {
		_, err := w.store.Tasks().Update(w.t.Context(), domain.TaskID(id), func(t *domain.Task) error {
			t.Status, t.LogComplete = status, status.Terminal()
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
}
