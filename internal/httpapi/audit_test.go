package httpapi_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

type eventRow struct {
	ID          int64
	ProjectID   *int64 `json:"project_id"`
	Action      string
	Outcome     string
	Target      string
	Description string
	Address     string
	UserAgent   string `json:"user_agent"`
	Username    string
	Changes     json.RawMessage
}

func (s *site) events(actor, path string) (rows []eventRow, a answer) {
	s.t.Helper()
	a = s.do(actor, "GET", path, nil)
	if a.Code != 200 {
		s.t.Fatalf("%s as %s: got %d %s", path, actor, a.Code, a.Body)
	}
	a.json(s.t, &rows)
	return rows, a
}

func TestEvents_WhoSeesWhat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must("owner", "PUT", w.path(fmt.Sprint("/views/", w.view)), object{"id": w.view, "project_id": w.project, "title": "Other", "position": 1})
	for actor, whole := range map[string]bool{"admin": true, "owner": true, "manager": false, "guest": false} {
		rows, _ := w.events(actor, w.path("/events/last"))
		if rows[0].Action != "update" || rows[0].Outcome != "success" || rows[0].Target != "Other" || rows[0].ID == 0 {
			t.Errorf("as %s: got %+v", actor, rows[0])
		}
		if (rows[0].Address != "") != whole || (rows[0].Changes != nil) != whole {
			t.Errorf("as %s: got address %q and changes %s, want them: %t", actor, rows[0].Address, rows[0].Changes, whole)
		}
	}
	for actor, want := range map[string]int{"admin": 200, "owner": 200, "manager": 403, "guest": 403, "outsider": 404} {
		if got := w.do(actor, "GET", w.path("/audit"), nil).Code; got != want {
			t.Errorf("audit as %s: got %d, want %d", actor, got, want)
		}
	}
	// Of what belongs to no project, others than administrators see their own deeds.
	rows, _ := w.events("outsider", "/api/events")
	for _, row := range rows {
		if row.Username != "outsider" {
			t.Errorf("an outsider sees %+v", row)
		}
	}
	if got := w.do("outsider", "GET", fmt.Sprint("/api/events?project_id=", w.project), nil).Code; got != 404 {
		t.Errorf("a hidden project: got %d, want 404", got)
	}
	if got := w.do("owner", "GET", w.path("/audit"), nil).Body.String(); strings.Contains(got, "hush") {
		t.Error("a secret is in the audit")
	}
}

func TestEvents_FilterAndPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all, _ := w.events("guest", w.path("/events"))
	var paged []eventRow
	for path := w.path("/events?count=3"); path != ""; {
		rows, a := w.events("guest", path)
		if len(rows) == 0 || len(rows) > 3 {
			t.Fatalf("a page has %d rows", len(rows))
		}
		paged = append(paged, rows...)
		link := a.Header().Get("Link")
		if (a.Header().Get("X-Has-Next") == "true") != (link != "") {
			t.Errorf("X-Has-Next is %s, Link %q", a.Header().Get("X-Has-Next"), link)
		}
		path, _, _ = strings.Cut(strings.TrimPrefix(link, "<"), ">")
	}
	if len(paged) != len(all) || len(all) < 10 {
		t.Fatalf("paged through %d of %d", len(paged), len(all))
	}
	for i := range all {
		if all[i].ID != paged[i].ID {
			t.Errorf("row %d: got %d, want %d", i, paged[i].ID, all[i].ID)
		}
	}
	for query, want := range map[string]int{
		"object_type=key": 2, "action=delete": 0, "search=REPO": 1, "outcome=denied": 0, "since=2999-01-01": 0, "until=2000-01-01": 0,
		fmt.Sprint("object_type=environment&object_id=", w.group): 1, fmt.Sprint("user_id=", w.users["guest"].ID): 0,
	} {
		rows, _ := w.events("guest", w.path("/events?"+query))
		if len(rows) != want {
			t.Errorf("%s: got %d rows, want %d: %+v", query, len(rows), want, rows)
		}
	}
	for _, query := range []string{"outcome=odd", "since=now", "until=x", "count=0", "count=1001", "before=x", "user_id=0", "object_id=-1", "search=%ff"} {
		field, _, _ := strings.Cut(query, "=")
		got := w.do("guest", "GET", w.path("/events?"+query), nil)
		if got.Code != 400 || !strings.Contains(got.Body.String(), `"field":"`+field) {
			t.Errorf("%s: got %d %s, want 400 naming %s", query, got.Code, got.Body, field)
		}
	}
}

func TestAudit_Export(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 1200 { // more than a page
		e := domain.Event{ObjectType: domain.ObjectTask, Description: fmt.Sprint("event ", i), Created: w.clock.Now(), Action: domain.ActionRun}
		if err := w.store.Events().Add(t.Context(), &e); err != nil {
			t.Fatal(err)
		}
	}
	a := w.do("admin", "GET", "/api/audit?format=ndjson&action=run", nil)
	if got := a.Header().Get("Content-Type"); a.Code != 200 || !strings.HasPrefix(got, "application/x-ndjson") {
		t.Fatalf("got %d %s", a.Code, got)
	}
	n, last := 0, int64(1<<62)
	for lines := bufio.NewScanner(a.Body); lines.Scan(); n++ {
		var row eventRow
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil || row.ID >= last || row.Action != "run" {
			t.Fatalf("line %d: %s: %v", n, lines.Bytes(), err)
		}
		last = row.ID
	}
	if n != 1200 {
		t.Errorf("got %d lines, want 1200", n)
	}
	for query, want := range map[string]int{"?format=ndjson&search=nowhere": 200, "?format=csv": 400, "?format=json&count=5": 200} {
		if got := w.do("admin", "GET", "/api/audit"+query, nil).Code; got != want {
			t.Errorf("%s: got %d, want %d", query, got, want)
		}
	}
	if rows, _ := w.events("admin", "/api/audit?action=access"); len(rows) != 2 {
		t.Errorf("got %d lines about exports, want 2", len(rows))
	}
}

func TestDenials_AreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	denied := func() (n int) {
		t.Helper()
		list, err := w.store.Events().List(t.Context(), store.EventFilter{Outcome: domain.OutcomeDenied})
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	for range 20 {
		w.do("guest", "DELETE", w.path(fmt.Sprint("/keys/", w.key)), nil)
		w.do("guest", "POST", w.path("/views"), object{"title": "x"})
		w.do("guest", "GET", "/api/options", nil)
		w.do("guest", "POST", "/api/users", object{})
		w.do("runner", "GET", "/api/options", nil)
		w.do("outsider", "GET", w.path("/keys"), nil) // is hidden
		w.do("", "GET", "/api/options", nil)          // is nobody
		w.do("admin", "GET", "/api/project/9999", nil)
	}
	if got := denied(); got != 4 {
		t.Errorf("got %d lines, want 4: three of the guest and one of the runner", got)
	}
	w.clock.advance(time.Minute)
	w.do("guest", "GET", "/api/options", nil)
	if got := denied(); got != 5 {
		t.Errorf("a minute later: got %d lines, want 5", got)
	}
	rows, _ := w.events("owner", w.path("/audit?outcome=denied"))
	if len(rows) != 1 || rows[0].Username != "guest" || !strings.Contains(rows[0].Description, "DELETE /api/project/") {
		t.Errorf("the project's: got %+v", rows)
	}
}
