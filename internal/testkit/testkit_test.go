package testkit

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestClock_MovesOnlyWhenTold(t *testing.T) {
	t.Parallel()
	c := NewClock()
	before := c.Now()
	if c.Now() != before || c.Advance(time.Hour) != before.Add(time.Hour) || c.Now() != before.Add(time.Hour) {
		t.Errorf("the clock shows %s after an hour, it began at %s", c.Now(), before)
	}
}

func TestRemote_HoldsWhatWasCommitted(t *testing.T) {
	t.Parallel()
	r := NewRemote(t, map[string]string{"site.yml": "- hosts: all\n", "bin/run.sh": "#!/bin/sh\n"})
	second := r.Commit("feature", "second", map[string]string{"site.yml": "changed\n"})
	third := r.Commit("main", "third", map[string]string{"new": "x"})
	if got := r.Git("rev-parse", "feature"); got != second {
		t.Errorf("feature is at %s, want %s", got, second)
	}
	if got := r.Git("show", "feature:site.yml"); got != "changed" {
		t.Errorf("site.yml on feature: %q", got)
	}
	if got := r.Git("show", third+":site.yml"); got != "- hosts: all" {
		t.Errorf("site.yml on main: %q", got)
	}
	if mode := r.Git("ls-tree", "main", "bin/run.sh"); !strings.HasPrefix(mode, "100755") {
		t.Errorf("a script is not executable: %s", mode)
	}
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	values := make(chan int, 1)
	go func() { values <- 7 }() // ends by itself: there is room for one
	if got := Receive(t, values, "a number"); got != 7 {
		t.Errorf("got %d", got)
	}
	calls := 0
	Eventually(t, "the third call", func() bool { calls++; return calls == 3 })
	if Listen(t).Addr().String() == "" || FreePort(t) == 0 {
		t.Error("no port")
	}
}

func TestScenario(t *testing.T) {
	t.Parallel()
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.Copy(w, r.Body)
	})
	Scenario{
		Name: "echo", Method: http.MethodPost, Path: "/x", Body: `{"a":1}`,
		Status: http.StatusAccepted, Contains: []string{`"a"`}, Lacks: []string{"secret"},
		Check: func(t *testing.T, _ *http.Response, body string) {
			t.Helper()
			if body != `{"a":1}` {
				t.Errorf("body: %q", body)
			}
		},
	}.Run(t, echo)
}
