package notifytest

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/notify"
	"signalbox/internal/notify/webhook"
)

// Secret is a part of the addresses and tokens that channels are made with.
const Secret = "s3cr3t-T0ken"

// Webhook describes a channel that posts documents.
type Webhook struct {
	// New makes a channel whose service is at base, such as http://127.0.0.1:1234.
	New func(base string, client *webhook.Client) notify.Channel
	// Path and Header are what the service must see; Header may be nil.
	Path   string
	Header http.Header
	// Accepted is the answer of a service that accepts.
	Accepted string
}

// HookPath is a path for RunHook of services that keep their secret in the path.
const HookPath = "/hooks/" + Secret

// RunHook is RunWebhook for channels that are made of nothing but an address.
// The path contains Secret; accepted is the answer of a service that accepts.
func RunHook[C notify.Channel](t *testing.T, newChannel func(domain.Secret, *webhook.Client) C, path, accepted string) {
	RunWebhook(t, Webhook{
		New: func(base string, client *webhook.Client) notify.Channel {
			return newChannel(domain.Secret(base+path), client)
		},
		Path: path, Accepted: accepted,
	})
}

var update = flag.Bool("update", false, "write golden files")

// RunWebhook holds a channel to the contract and to that of addresses. What it
// posts is compared with files in testdata.
func RunWebhook(t *testing.T, w Webhook) {
	client := func() *webhook.Client { return webhook.New(webhook.Settings{}) }
	answering := func(status int, body string, header ...string) func(t *testing.T) notify.Channel {
		return func(t *testing.T) notify.Channel {
			return w.New(serve(t, func(answer http.ResponseWriter, r *http.Request) {
				for i := 0; i < len(header); i += 2 {
					answer.Header().Set(header[i], header[i+1])
				}
				answer.WriteHeader(status)
				// Whatever the service says, it repeats what it was asked.
				_, _ = fmt.Fprintf(answer, body, r.URL, r.Header) // the client may be gone
			}), client())
		}
	}
	h := Harness{
		Accepting: func(t *testing.T) (notify.Channel, func() string) { return w.accepting(t, client()) },
		Refusing:  answering(http.StatusForbidden, `{"message": "no: %s %s"}`),
		Failing:   answering(http.StatusBadGateway, `%s %s`),
		Hanging: func(t *testing.T) notify.Channel {
			return w.New(silent(t), webhook.New(webhook.Settings{Timeout: 100 * time.Millisecond}))
		},
		Gone:    func(t *testing.T) notify.Channel { return w.New(nobody(t), client()) },
		Secrets: []string{Secret},
	}
	Run(t, h)

	t.Run("payloads", func(t *testing.T) {
		t.Parallel()
		for name, m := range Messages() {
			c, got := h.Accepting(t)
			if err := c.Send(t.Context(), notify.Recipient{}, m); err != nil {
				t.Fatal(err)
			}
			compare(t, filepath.Join("testdata", name+".json"), got())
		}
	})
	t.Run("told to wait", func(t *testing.T) {
		t.Parallel()
		f := h.failure(t, answering(http.StatusTooManyRequests, `{"description": "slow down %s %s"}`, "Retry-After", "7")(t).Send(t.Context(), h.To, Plain()))
		if f.Final || f.After != 7*time.Second {
			t.Errorf("got %+v, want it tried again after 7 s", f)
		}
	})
	t.Run("redirected", func(t *testing.T) {
		t.Parallel()
		for _, status := range []int{301, 302, 307, 308} {
			asked := false
			other := serve(t, func(http.ResponseWriter, *http.Request) { asked = true })
			f := h.failure(t, answering(status, "%s %s", "Location", other+"/"+Secret)(t).Send(t.Context(), h.To, Plain()))
			if asked || !f.Final {
				t.Errorf("%d: followed: %t, final: %t", status, asked, f.Final)
			}
		}
	})
	t.Run("endless answer", func(t *testing.T) {
		t.Parallel()
		c := w.New(serve(t, func(answer http.ResponseWriter, _ *http.Request) {
			answer.WriteHeader(http.StatusBadRequest)
			for { // until nobody listens any more
				if _, err := io.WriteString(answer, strings.Repeat(Secret, 1000)); err != nil {
					return
				}
			}
		}), client())
		h.failure(t, c.Send(t.Context(), h.To, Plain()))
	})
	t.Run("cut off", func(t *testing.T) {
		t.Parallel()
		c := w.New(serve(t, func(answer http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(answer).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_ = conn.Close() // that is the point
		}), client())
		if f := h.failure(t, c.Send(t.Context(), h.To, Plain())); f.Final {
			t.Errorf("got %v as final", f)
		}
	})
}

// accepting is a channel whose service checks requests and accepts them.
func (w Webhook) accepting(t *testing.T, client *webhook.Client) (notify.Channel, func() string) {
	bodies := make(chan string, 100)
	base := serve(t, func(answer http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read request: %v", err)
		}
		if r.Method != http.MethodPost || r.URL.RequestURI() != w.Path || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			t.Errorf("got %s %s of type %q, want POST %s", r.Method, r.URL, r.Header.Get("Content-Type"), w.Path)
		}
		for name := range w.Header {
			if r.Header.Get(name) != w.Header.Get(name) {
				t.Errorf("header %s is %q, want %q", name, r.Header.Get(name), w.Header.Get(name))
			}
		}
		if !json.Valid(body) {
			t.Errorf("not JSON: %s", body)
		}
		_, _ = io.WriteString(answer, w.Accepted) // the client may be gone
		bodies <- string(body)
	})
	return w.New(base, client), func() string { return <-bodies }
}

// serve runs a service on this machine until the test ends.
func serve(t *testing.T, handle http.HandlerFunc) string {
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s.URL
}

// silent takes connections and never answers.
func silent(t *testing.T) string {
	done := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-done:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() {
		close(done)
		s.Close()
	})
	return s.URL
}

// nobody is an address where nothing listens.
func nobody(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// compare holds a document to a golden file.
func compare(t *testing.T, file, got string) {
	t.Helper()
	var doc any
	if err := json.Unmarshal([]byte(got), &doc); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(doc); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != b.String() {
		t.Errorf("%s differs, run with -update and review: got\n%s", file, b.String())
	}
}
