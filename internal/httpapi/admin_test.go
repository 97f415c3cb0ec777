package httpapi_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/domain"
)

func TestOptions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for key, value := range map[string]string{"user.1.nav": "own", "signalbox.marker": "own", "smtp_password": "hush-smtp"} {
		if err := s.store.Options().Set(t.Context(), key, value); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		body  any
		want  int
		field string
	}{
		{object{"key": "custom.key", "value": "v1"}, 200, ""},
		{object{"key": "bad key!", "value": "1"}, 200, ""},
		{object{"key": "apps.bash.title", "value": "Shell"}, 200, ""},
		{object{"key": "apps.bash.priority", "value": "high"}, 400, "value"},
		{object{"key": "apps.bash.args", "value": "-e"}, 400, "value"},
		{object{"key": "apps.bash.path", "value": "bin/sh"}, 400, "value"},
		{object{"value": "1"}, 400, "key"},
		{object{"key": "a\nb", "value": "1"}, 400, "key"},
		{object{"key": strings.Repeat("k", 300), "value": "1"}, 400, "key"},
		{object{"key": "long", "value": strings.Repeat("v", 1<<17)}, 400, "value"},
		{object{"key": "user.1.nav", "value": "1"}, 400, "key"},
		{object{"key": "signalbox.marker", "value": "1"}, 400, "key"},
		{object{"key": 5}, 400, "key"},
	} {
		a := s.do("admin", "POST", "/api/options", c.body)
		var body struct{ Field string }
		a.json(t, &body)
		if a.Code != c.want || body.Field != c.field {
			t.Errorf("%.60v: got %d %.200s, want %d about %q", c.body, a.Code, a.Body, c.want, c.field)
		}
	}
	var got map[string]string
	a := s.do("admin", "GET", "/api/options", nil)
	a.json(t, &got)
	want := map[string]string{"custom.key": "v1", "bad key!": "1", "apps.bash.title": "Shell", "smtp_password": "********"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	var apps []struct{ ID, Title string }
	s.do("admin", "GET", "/api/apps", nil).json(t, &apps)
	for _, app := range apps {
		if app.ID == "bash" && app.Title != "Shell" {
			t.Errorf("the app is called %q, want Shell", app.Title)
		}
	}
}

func TestUnfinishedTasks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.launch(), w.launch()
	w.finish(first)
	want := fmt.Sprintf(`[{"task_id":%d,"project_id":%d,"username":"runner","status":"waiting","location":"queue","project_name":"World"}]`, second, w.project)
	for _, path := range []string{"/api/tasks", fmt.Sprint("/api/tasks/", second)} {
		if got := w.do("admin", "GET", path, nil); got.Code != 200 || got.Body.String() != want {
			t.Errorf("%s: got %d %s, want %s", path, got.Code, got.Body, want)
		}
	}
	for _, c := range []struct {
		method string
		id     int64
		want   int
	}{{"GET", first, 404}, {"GET", 9999, 404}, {"DELETE", first, 404}, {"DELETE", 9999, 404}, {"DELETE", second, 204}, {"DELETE", second, 404}} {
		if got := w.do("admin", c.method, fmt.Sprint("/api/tasks/", c.id), nil).Code; got != c.want {
			t.Errorf("%s task %d: got %d, want %d", c.method, c.id, got, c.want)
		}
	}
	if got := w.do("admin", "GET", "/api/tasks", nil).Body.String(); got != "[]" {
		t.Errorf("got %s, want an empty list", got)
	}
	task, err := w.store.Tasks().Get(t.Context(), domain.TaskID(second))
	if err != nil || task.Status != domain.StatusStopped {
		t.Errorf("got %s %v, want it stopped", task.Status, err)
	}
}

func TestMaintenance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var cleared []domain.ProjectID
	w.catalog.Maintenance.ClearCache = func(_ context.Context, p domain.ProjectID) error {
		cleared = append(cleared, p)
		return nil
	}
	for _, c := range []struct {
		actor, method, path string
		want                int
	}{
		{"admin", "HEAD", "/api/cache", 204},
		{"admin", "DELETE", "/api/cache", 204},
		{"owner", "DELETE", "/api/cache", 403},
		{"owner", "HEAD", "/api/cache", 403},
		{"guest", "DELETE", w.path("/cache"), 403},
		{"manager", "DELETE", w.path("/cache"), 204},
		{"admin", "POST", "/api/debug/gc", 204},
		{"admin", "POST", "/api/debug/pprof/dump", 400},
		{"manager", "POST", w.path("/notifications/test"), 409},
		{"guest", "POST", w.path("/notifications/test"), 403},
	} {
		if got := w.do(c.actor, c.method, c.path, nil); got.Code != c.want {
			t.Errorf("%s %s as %s: got %d %s, want %d", c.method, c.path, c.actor, got.Code, got.Body, c.want)
		}
	}
	if diff := cmp.Diff([]domain.ProjectID{0, domain.ProjectID(w.project)}, cleared); diff != "" {
		t.Errorf("cleared (-want +got):\n%s", diff)
	}
	w.must("owner", "PUT", w.path(""), object{"id": w.project, "name": "World", "alert": true})
	if got := w.do("manager", "POST", w.path("/notifications/test"), nil); got.Code != 409 || !strings.Contains(got.Body.String(), "channel") {
		t.Errorf("without a channel: got %d %s, want 409 saying so", got.Code, got.Body)
	}
	dumped := 0
	w.catalog.Maintenance.DumpProfiles = func() error { dumped++; return nil }
	if got := w.do("admin", "POST", "/api/debug/pprof/dump", nil).Code; got != 204 || dumped != 1 {
		t.Errorf("dump: got %d and %d dumps, want 204 and one", got, dumped)
	}
}

func TestStats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.launch()
	created := time.Date(2026, 3, 4, 23, 59, 0, 0, time.UTC)
	start, end := created.Add(time.Minute), created.Add(time.Minute+90*time.Second)
	_, err := w.store.Tasks().Update(t.Context(), domain.TaskID(id), func(task *domain.Task) error {
		task.Created, task.Start, task.End, task.Status, task.LogComplete = created, &start, &end, domain.StatusStopped, true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"date":"2026-03-04","count_by_status":{"stopped":1},"avg_duration":90}]`
	template := w.path(fmt.Sprintf("/templates/%d/stats", w.template))
	for _, c := range []struct {
		path string
		code int
		want string
	}{
		{w.path("/stats"), 200, want},
		{template, 200, want},
		{w.path("/stats?start=2026-03-05&end=2026-03-06"), 200, want},
		{w.path("/stats?start=2026-03-06"), 200, "[]"},
		{w.path("/stats?end=2026-03-05"), 200, "[]"},
		{w.path(fmt.Sprint("/stats?user_id=", w.users["runner"].ID)), 200, want},
		{template + fmt.Sprint("?user_id=", w.users["owner"].ID), 200, "[]"},
		{w.path("/stats?start=yesterday"), 400, "Invalid start date"},
		{w.path("/stats?end=1"), 400, "Invalid end date"},
		{template + "?user_id=me", 400, "Invalid user ID"},
		{w.path("/templates/9999/stats"), 404, "template not found"},
	} {
		got := w.do("guest", "GET", c.path, nil)
		if got.Code != c.code || !strings.Contains(got.Body.String(), c.want) {
			t.Errorf("%s: got %d %s, want %d %s", c.path, got.Code, got.Body, c.code, c.want)
		}
	}
}

func TestListings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"Äpfel", "birne", "Birnbaum", "kiwi"} {
		w.must("owner", "POST", w.path("/views"), object{"title": name, "project_id": w.project, "position": 9})
		w.must("owner", "POST", w.path("/templates"), w.templateBody(object{"name": name}))
	}
	titles := func(a answer) (names []string) {
		t.Helper()
		var rows []struct{ Title, Name string }
		a.json(t, &rows)
		for _, r := range rows {
			names = append(names, r.Title+r.Name)
		}
		return names
	}
	for _, c := range []struct {
		query, total, next string
		views, templates   []string
	}{
		{"search=BIRN", "2", "", []string{"birne", "Birnbaum"}, []string{"Birnbaum", "birne"}},
		{"search=äp", "1", "", []string{"Äpfel"}, []string{"Äpfel"}},
		{"search=nothing", "0", "", nil, nil},
		{"search=birn&count=1", "2", `?count=1&offset=1&search=birn>; rel="next"`, []string{"birne"}, []string{"Birnbaum"}},
		{"search=birn&limit=1&offset=1", "2", "", []string{"Birnbaum"}, []string{"birne"}},
		{"search=birn&offset=5", "2", "", nil, nil},
	} {
		for path, want := range map[string][]string{"/views": c.views, "/templates": c.templates} {
			got := w.do("guest", "GET", w.path(path+"?"+c.query), nil)
			if diff := cmp.Diff(want, titles(got)); diff != "" {
				t.Errorf("%s?%s (-want +got):\n%s", path, c.query, diff)
			}
			link := ""
			if c.next != "" {
				link = "<" + w.path(path) + c.next
			}
			if h := got.Header(); h.Get("X-Total-Count") != c.total || h.Get("Link") != link {
				t.Errorf("%s?%s: got total %q and link %q, want %q and %q", path, c.query, h.Get("X-Total-Count"), h.Get("Link"), c.total, link)
			}
		}
	}
	for _, query := range []string{"count=0", "count=x", "offset=-1", "search=" + strings.Repeat("x", 600), "search=%ff"} {
		for _, path := range []string{"/views", "/templates", "/keys", "/users"} {
			if got := w.do("guest", "GET", w.path(path+"?"+query), nil).Code; got != 400 {
				t.Errorf("%s?%.20s: got %d, want 400", path, query, got)
			}
		}
	}
	// Everybody's lists keep their length.
	if got := w.do("guest", "GET", w.path("/templates"), nil); len(titles(got)) != 5 || got.Header().Get("X-Total-Count") != "5" {
		t.Errorf("all templates: got %d and %s, want 5", len(titles(got)), got.Header().Get("X-Total-Count"))
	}
}

func TestProjects_AreCutAsInTheReference(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i := range 205 {
		p := domain.Project{Name: fmt.Sprintf("p%03d", i)}
		if err := s.store.Projects().Create(t.Context(), &p); err != nil {
			t.Fatal(err)
		}
	}
	for query, want := range map[string]int{"": 200, "?count=204": 204, "?offset=200": 5, "?search=p20": 5} {
		got := s.do("admin", "GET", "/api/projects"+query, nil)
		var rows []object
		got.json(t, &rows)
		if len(rows) != want || query != "?search=p20" && got.Header().Get("X-Total-Count") != "205" {
			t.Errorf("%s: got %d of %s, want %d of 205", query, len(rows), got.Header().Get("X-Total-Count"), want)
		}
	}
	if got := s.do("admin", "GET", "/api/projects", nil).Header().Get("Link"); got != `</api/projects?offset=200>; rel="next"` {
		t.Errorf("got link %q", got)
	}
}

func TestApps_ChangesAreNoted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.must("admin", "PUT", "/api/apps/bash", object{"active": true, "title": "Shell"})
	s.must("admin", "POST", "/api/apps/bash/active", object{"active": false})
	s.must("admin", "DELETE", "/api/apps/bash", nil)
	s.must("admin", "DELETE", "/api/apps/bash", nil) // nothing left to reset
	s.must("admin", "POST", "/api/options", object{"key": "a", "value": "1"})
	s.must("admin", "POST", "/api/options", object{"key": "a", "value": "1"}) // no change
	rows, _ := s.events("admin", "/api/audit?object_type=option")
	var got []string
	for _, r := range rows {
		got = append(got, r.Description)
	}
	want := []string{"Option a set", "App bash reset", "App bash switched off", "App bash set up"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("activity (-want +got):\n%s", diff)
	}
}
