// Package client talks to a server over its API, for the command line. It knows
// only what pipelines need: projects, templates, and tasks with their output.
//
// It promises that a launch is sent once, that what only reads is tried again
// while the server is away, and that following a log gives every line once.
package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"signalbox/internal/domain"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// Config says which server, and as whom.
type Config struct {
	URL     string // with or without the trailing /api
	Token   domain.Secret
	CAFile  string        // PEM certificates to trust besides those of the system; "" for none
	Timeout time.Duration // of one request
	// Patience is how long a server that does not answer is asked again.
	Patience time.Duration
	Version  string // of this program
}

// Client asks one server. It may be used from many goroutines.
type Client struct {
	config Config
	base   string
	http   *http.Client
}

// Error is what the server said about a request that it did not carry out.
type Error struct {
	Status    int
	Message   string
	Field     string
	RequestID string // under which the server's log has more
}

func (e *Error) Error() string {
	text := "the server says: " + e.Message
	if e.Field != "" {
		text += " (" + e.Field + ")"
	}
	if e.RequestID != "" {
		text += " [request " + e.RequestID + "]"
	}
	return text
}

// New checks the settings and connects to nothing.
func New(c Config) (*Client, error) {
	base, err := url.Parse(strings.TrimSpace(c.URL))
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.RawQuery != "" || base.User != nil {
		return nil, domain.Invalid("--url", "%q is not the address of a server, such as https://signalbox.example.org", c.URL)
	}
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("the transport is replaced")
	}
	transport = transport.Clone()
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, domain.Invalid("--ca-file", "%s", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, domain.Invalid("--ca-file", "%s holds no PEM certificate", c.CAFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	path := strings.TrimSuffix(strings.TrimRight(base.Path, "/"), "/api")
	return &Client{
		config: c, base: base.Scheme + "://" + base.Host + path + "/api",
		http: &http.Client{Transport: transport, Timeout: c.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // a launch must not turn into a GET, nor a token go elsewhere
		}},
	}, nil
}

// do sends a request and decodes the answer into out, if there is one.
func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.config.Token.Reveal())
	req.Header.Set("User-Agent", "signalbox/"+c.config.Version)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }() // read to its end, or given up
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case answer.StatusCode >= 300:
		return refusal(answer, text)
	case err != nil:
		return err
	case len(text) > maxAnswer:
		return fmt.Errorf("the answer to %s %s is too long", method, path)
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s does not answer like a server of this kind; is the address right?", c.base)
	}
	return nil
}

func refusal(answer *http.Response, text []byte) *Error {
	e := &Error{Status: answer.StatusCode, RequestID: answer.Header.Get("X-Request-Id")}
	var said struct {
		Error     string `json:"error"`
		Field     string `json:"field"`
		RequestID string `json:"request_id"`
	}
	if json.Unmarshal(text, &said) == nil && said.Error != "" {
		e.Message, e.Field = said.Error, said.Field
		if said.RequestID != "" {
			e.RequestID = said.RequestID
		}
		return e
	}
	e.Message = answer.Status
	if to := answer.Header.Get("Location"); to != "" {
		e.Message += ", go to " + to
	}
	return e
}

// away reports whether asking again may help: nobody answered, or a proxy for a
// server that is being restarted.
func away(err error) bool {
	var said *Error
	if errors.As(err, &said) {
		return said.Status == http.StatusBadGateway || said.Status == http.StatusServiceUnavailable ||
			said.Status == http.StatusGatewayTimeout || said.Status == http.StatusTooManyRequests
	}
	var wrong *tls.CertificateVerificationError
	return !errors.As(err, &wrong)
}

// get reads, again and again while the server is away. lost is told of the first
// failure of a row; it may be nil.
func (c *Client) get(ctx context.Context, path string, out any, lost func(error)) error {
	pause, until := 100*time.Millisecond, time.Now().Add(c.config.Patience)
	for told := false; ; {
		err := c.do(ctx, http.MethodGet, path, nil, out)
		if err == nil || ctx.Err() != nil || !away(err) || time.Now().Add(pause).After(until) {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return err
		}
		if !told && lost != nil {
			lost(err)
		}
		told = true
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, 5*time.Second)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// Named is a project or a template.
type Named struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	App  string `json:"app"` // of a template
}

// Task is what pipelines want to know of a task.
type Task struct {
	ID           int64      `json:"id"`
	TemplateID   int64      `json:"template_id"`
	ProjectID    int64      `json:"project_id"`
	Template     string     `json:"tpl_alias"` // only in lists
	Status       string     `json:"status"`
	StatusReason string     `json:"status_reason"`
	WaitReason   string     `json:"wait_reason"`
	Message      string     `json:"message"`
	Created      time.Time  `json:"created"`
	End          *time.Time `json:"end"`

	Raw json.RawMessage `json:"-"` // as the server told it
}

// UnmarshalJSON keeps the whole of what the server told.
func (t *Task) UnmarshalJSON(text []byte) error {
	type plain Task
	if err := json.Unmarshal(text, (*plain)(t)); err != nil {
		return err
	}
	t.Raw = bytes.Clone(text)
	return nil
}

// Ended reports whether nothing more will come of the task.
func (t Task) Ended() bool { return domain.TaskStatus(t.Status).Terminal() }

// Launch is what a task is to do; what is empty is left to the template.
type Launch struct {
	TemplateID  int64   `json:"template_id"`
	Message     string  `json:"message,omitempty"`
	Branch      *string `json:"git_branch,omitempty"`
	Commit      *string `json:"commit_hash,omitempty"`
	Playbook    string  `json:"playbook,omitempty"`
	Environment string  `json:"environment,omitempty"` // JSON object
	Secret      string  `json:"secret,omitempty"`      // JSON object
	Limit       string  `json:"limit,omitempty"`
	Arguments   *string `json:"arguments,omitempty"` // JSON array
	InventoryID *int64  `json:"inventory_id,omitempty"`
	BuildTaskID *int64  `json:"build_task_id,omitempty"`
}

// Line is a line of output.
type Line struct {
	Seq     int64  `json:"seq"`
	Text    string `json:"text"`
	Partial bool   `json:"partial"` // the next one continues it
}

type page struct {
	Total    int64  `json:"total"`
	Complete bool   `json:"complete"`
	Lines    []Line `json:"lines"`
}

// Projects returns the projects that the token's owner sees.
func (c *Client) Projects(ctx context.Context) (list []Named, err error) {
	return list, c.get(ctx, "/projects", &list, nil)
}

// Templates returns those of a project.
func (c *Client) Templates(ctx context.Context, project int64) (list []Named, err error) {
	return list, c.get(ctx, fmt.Sprintf("/project/%d/templates", project), &list, nil)
}

// Tasks returns the newest tasks of a project, at most limit; of a template, when
// one is given, and of the statuses, when there are some.
func (c *Client) Tasks(ctx context.Context, project, template int64, statuses []string, limit int) (list []Task, err error) {
	path := fmt.Sprintf("/project/%d/tasks", project)
	if template != 0 {
		path = fmt.Sprintf("/project/%d/templates/%d/tasks", project, template)
	}
	q := url.Values{"status": statuses, "limit": {strconv.Itoa(limit)}}
	return list, c.get(ctx, path+"?"+q.Encode(), &list, nil)
}

// Task returns one.
func (c *Client) Task(ctx context.Context, project, task int64) (t Task, err error) {
	return t, c.get(ctx, fmt.Sprintf("/project/%d/tasks/%d", project, task), &t, nil)
}

// Run starts a task. It is tried once: whether a request that got no answer was
// carried out cannot be known.
func (c *Client) Run(ctx context.Context, project int64, l Launch) (t Task, err error) {
	return t, c.do(ctx, http.MethodPost, fmt.Sprintf("/project/%d/tasks", project), l, &t)
}

// Stop asks a task to end, or with force does not wait for it.
func (c *Client) Stop(ctx context.Context, project, task int64, force bool) error {
	return c.do(ctx, http.MethodPost, fmt.Sprintf("/project/%d/tasks/%d/stop", project, task), map[string]bool{"force": force}, nil)
}

// pageLines is how many lines are asked for at once.
const pageLines = 1000

// Lines calls fn with the lines of a log behind one, in order and each once, and
// returns the number of the last one and whether there will be no more.
func (c *Client) Lines(ctx context.Context, project, task, after int64, fn func(Line) error, lost func(error)) (last int64, complete bool, err error) {
	for {
		var p page
		path := fmt.Sprintf("/project/%d/tasks/%d/log?after=%d&limit=%d", project, task, after, pageLines)
		if err := c.get(ctx, path, &p, lost); err != nil {
			return after, false, err
		}
		before := after
		for _, l := range p.Lines {
			if l.Seq <= after {
				continue
			}
			if err := fn(l); err != nil {
				return after, false, err
			}
			after = l.Seq
		}
		if after >= p.Total || after == before {
			return after, p.Complete && after >= p.Total, nil
		}
	}
}

// pollEvery is how often a task is looked at that does nothing new.
const pollEvery = time.Second

// Follow waits until a task has ended and returns it. Meanwhile fn gets its
// output behind a line; nil for none.
func (c *Client) Follow(ctx context.Context, project, task, after int64, fn func(Line) error, lost func(error)) (Task, error) {
	pause := pollEvery / 8
	for {
		var t Task
		if err := c.get(ctx, fmt.Sprintf("/project/%d/tasks/%d", project, task), &t, lost); err != nil {
			return t, err
		}
		complete := fn == nil
		if fn != nil {
			last, all, err := c.Lines(ctx, project, task, after, fn, lost)
			if err != nil {
				return t, err
			}
			if last > after {
				pause = pollEvery / 8 // there may be more soon
			}
			after, complete = last, all
		}
		if t.Ended() && complete {
			return t, nil
		}
		if err := sleep(ctx, pause); err != nil {
			return t, err
		}
		pause = min(2*pause, pollEvery)
	}
}
