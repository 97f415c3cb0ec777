package testkit

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Scenario is one request to a handler and what must come of it.
type Scenario struct {
	Name   string
	Method string // "" is GET
	Path   string
	Body   string // sent as JSON unless Header says otherwise
	Header map[string]string

	Status   int
	Contains []string // parts of the answer's body
	Lacks    []string // what must not be in it, such as a secret
	// Check looks at the answer further; may be nil.
	Check func(t *testing.T, answer *http.Response, body string)
}

// Run carries out the scenario as a subtest.
func (s Scenario) Run(t *testing.T, h http.Handler) {
	t.Helper()
	t.Run(s.Name, func(t *testing.T) {
		t.Helper()
		method := s.Method
		if method == "" {
			method = http.MethodGet
		}
		request := httptest.NewRequestWithContext(Context(t), method, s.Path, strings.NewReader(s.Body))
		if s.Body != "" {
			request.Header.Set("Content-Type", "application/json")
		}
		for name, value := range s.Header {
			request.Header.Set(name, value)
		}
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, request)
		answer := recorder.Result()
		raw, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		body := string(raw)
		if answer.StatusCode != s.Status {
			t.Errorf("%s %s: got status %d, want %d; body: %s", method, s.Path, answer.StatusCode, s.Status, body)
		}
		for _, part := range s.Contains {
			if !strings.Contains(body, part) {
				t.Errorf("%s %s: the answer lacks %q: %s", method, s.Path, part, body)
			}
		}
		for _, part := range s.Lacks {
			if strings.Contains(body, part) {
				t.Errorf("%s %s: the answer must not contain %q: %s", method, s.Path, part, body)
			}
		}
		if s.Check != nil {
			s.Check(t, answer, body)
		}
	})
}
