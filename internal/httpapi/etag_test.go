package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"signalbox/internal/store/sqlstore"
	"signalbox/internal/testkit/dbserver"
)

// with sends a request with headers.
func (s *site) with(actor, method, path string, body any, headers ...string) answer {
	s.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(data))
	r.Header.Set("Authorization", "Bearer "+s.tokens[actor])
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return s.send(r)
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := w.path(fmt.Sprint("/views/", w.view))
	body := func(title string) object {
		return object{"id": w.view, "project_id": w.project, "title": title, "position": 1}
	}
	tag := w.do("owner", "GET", path, nil).Header().Get("Etag")
	if len(tag) < 10 || tag[0] != '"' {
		t.Fatalf("got tag %q", tag)
	}
	for _, c := range []struct {
		name, match string
		want        int
	}{
		{"another tag", `"other"`, 412},
		{"weak tag", "W/" + tag, 412},
		{"no tag", "nonsense", 412},
		{"the tag", tag, 204},
		{"the tag of before", tag, 412},
		{"any", "*", 204},
	} {
		got := w.with("owner", "PUT", path, body(c.name), "If-Match", c.match)
		if got.Code != c.want {
			t.Errorf("%s: got %d %s, want %d", c.name, got.Code, got.Body, c.want)
		}
		var failure struct{ Error string }
		if got.Code == 412 {
			if got.json(t, &failure); failure.Error == "" {
				t.Errorf("%s: a refusal without words", c.name)
			}
		}
	}
	tag = w.do("owner", "GET", path, nil).Header().Get("Etag")
	if got := w.with("owner", "PUT", path, body("one of several"), "If-Match", `"other", `+tag).Code; got != 204 {
		t.Errorf("one of several: got %d, want 204", got)
	}
	if got := w.with("owner", "PUT", path, body("last"), "If-None-Match", `"x"`).Code; got != 204 {
		t.Errorf("without If-Match: got %d, want 204", got)
	}
	tag = w.do("owner", "GET", path, nil).Header().Get("Etag")
	if got := w.with("owner", "PUT", path, object{"title": 5}, "If-Match", tag).Code; got != 400 {
		t.Errorf("a bad body: got %d, want 400", got)
	}
	if got := w.with("owner", "DELETE", path, nil, "If-Match", `"other"`).Code; got != 412 {
		t.Errorf("delete of another version: got %d, want 412", got)
	}
	if got := w.with("owner", "DELETE", path, nil, "If-Match", tag).Code; got != 204 {
		t.Errorf("delete: got %d, want 204", got)
	}
	if got := w.with("owner", "PUT", path, body("gone"), "If-Match", "*").Code; got != 412 {
		t.Errorf("change of what is gone: got %d, want 412", got)
	}
	if got := w.with("owner", "POST", w.path("/views"), object{"title": "x", "project_id": w.project}, "If-Match", "*").Code; got != 412 {
		t.Errorf("what has no version: got %d, want 412", got)
	}
	if got := w.with("guest", "PUT", w.path(""), object{}, "If-Match", `"x"`).Code; got != 403 {
		t.Errorf("a guest: got %d, want 403", got)
	}
}

func TestIfNoneMatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{w.path(""), w.path(fmt.Sprint("/keys/", w.key)), w.path(fmt.Sprint("/templates/", w.template)), "/api/user", w.path("/templates")} {
		tag := w.do("owner", "GET", path, nil).Header().Get("Etag")
		if got := w.with("owner", "GET", path, nil, "If-None-Match", tag); got.Code != 304 || got.Body.Len() > 0 {
			t.Errorf("%s: got %d with %d bytes, want 304 without", path, got.Code, got.Body.Len())
		}
		if got := w.with("owner", "GET", path, nil, "If-None-Match", `"other"`).Code; got != 200 {
			t.Errorf("%s with another tag: got %d, want 200", path, got)
		}
	}
}

// TestIfMatch_TasksAreInNobodysWay: starting a task changes what is read of a
// template, but not what is edited.
func TestIfMatch_TasksAreInNobodysWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := w.path(fmt.Sprint("/templates/", w.template))
	tag := w.do("owner", "GET", path, nil).Header().Get("Etag")
	w.launch()
	if got := w.with("owner", "GET", path, nil, "If-None-Match", tag).Code; got != 200 {
		t.Errorf("read: got %d, want 200", got)
	}
	body := w.templateBody(object{"id": w.template, "name": "new"})
	if got := w.with("owner", "PUT", path, body, "If-Match", tag); got.Code != 204 {
		t.Errorf("change: got %d %s, want 204", got.Code, got.Body)
	}
	if got := w.with("owner", "PUT", path+"/description", object{"description": "d"}, "If-Match", tag).Code; got != 412 {
		t.Errorf("part of an older version: got %d, want 412", got)
	}
}

// TestIfMatch_OneEditorWins lets many change the same version at once.
func TestIfMatch_OneEditorWins(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		oneWins(t, sqlstore.Config{Path: filepath.Join(t.TempDir(), "test.db")})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		s := dbserver.Postgres(t)
		oneWins(t, sqlstore.Config{
			Dialect: s.Dialect, Host: s.Socket, User: s.User, Name: s.NewName(), Options: map[string]string{"port": strconv.Itoa(s.Port)},
		})
	})
}

func oneWins(t *testing.T, config sqlstore.Config) {
	s := newSiteOn(t, config)
	project := s.must("admin", "POST", "/api/projects", object{"name": "Shared"})
	path := fmt.Sprint("/api/project/", project)
	for round := range 10 {
		tag := s.do("admin", "GET", path, nil).Header().Get("Etag")
		const editors = 8
		codes := make([]int, editors)
		var group sync.WaitGroup
		for i := range editors {
			group.Go(func() {
				codes[i] = s.with("admin", "PUT", path, object{"id": project, "name": fmt.Sprintf("round %d editor %d", round, i)}, "If-Match", tag).Code
			})
		}
		group.Wait()
		winner := -1
		for i, code := range codes {
			switch {
			case code == 204 && winner < 0:
				winner = i
			case code != 412:
				t.Fatalf("round %d: got %v, want one 204 and else 412", round, codes)
			}
		}
		got := s.do("admin", "GET", path, nil).Body.String()
		if winner < 0 || !strings.Contains(got, fmt.Sprintf("round %d editor %d", round, winner)) {
			t.Fatalf("round %d: got %v and %s", round, codes, got)
		}
	}
}
