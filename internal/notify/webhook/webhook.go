// Package webhook sends documents to the addresses of services. The addresses
// come from the configuration alone, so they are the administrator's: services
// on the own machine and in the own network may be named, as chat servers often
// stand there. Nothing of an address comes from users of the product, and an
// answer cannot lead anywhere else, since redirections are not followed. What
// is link-local is refused all the same, since no chat server is there, but the
// services from which clouds hand out credentials to machines are.
//
// Addresses are secrets, as they hold tokens. No error shows one.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/notify"
)

// Timeout bounds a request with its answer.
const Timeout = 10 * time.Second

// maxAnswer is how much is read of an answer, in bytes.
const maxAnswer = 64 << 10

// Client sends requests.
type Client struct{ http *http.Client }

// Settings are what a client is made with.
type Settings struct {
	// Proxy chooses the proxy of a request, as http.ProxyFromEnvironment does; nil
	// for none.
	Proxy func(*http.Request) (*url.URL, error)
	// Timeout replaces the usual one where it is not 0.
	Timeout time.Duration
}

// New returns a client that keeps connections open for a while.
func New(s Settings) *Client {
	if s.Timeout == 0 {
		s.Timeout = Timeout
	}
	dialer := &net.Dialer{Timeout: s.Timeout, Control: func(_, address string, _ syscall.RawConn) error {
		return checkAddress(address)
	}}
	return &Client{&http.Client{
		Timeout: s.Timeout,
		Transport: &http.Transport{
			Proxy: s.Proxy, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: s.Timeout, MaxResponseHeaderBytes: maxAnswer,
			MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second,
		},
		// A redirected POST becomes a GET, or goes to a server that nobody named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Request is a document for a service.
type Request struct {
	URL    domain.Secret
	Header http.Header // beside those of the document; may be nil
	// Secrets are what else must not show, such as a token in a header.
	Secrets []domain.Secret
	Body    any // encoded as JSON
	// Check looks at the body of an answer of 200 to 299, for services that tell
	// of failures there; nil for those that do not. Its failures may quote the
	// answer.
	Check func(body []byte) *notify.Failure
	// Reason finds the words of the service in the body of another answer; nil
	// takes the field of JSON called "error", "message" or "description".
	Reason func(body []byte) string
}

// Post sends a document. Its errors are of type *notify.Failure.
func (c *Client) Post(ctx context.Context, r Request) error {
	hide := newRedactor(r)
	if err := CheckURL(r.URL.Reveal()); err != nil {
		return notify.Refused("%s", err)
	}
	body, err := json.Marshal(r.Body)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL.Reveal(), bytes.NewReader(body))
	if err != nil {
		return notify.Refused("the configured address cannot be used")
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Signalbox")
	answer, err := c.http.Do(req)
	if err != nil {
		return explain(err, hide)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil && answer.StatusCode/100 != 2 {
		text = nil // the status says enough
	} else if err != nil && r.Check != nil {
		return explain(err, hide)
	}
	if answer.StatusCode/100 == 2 {
		if r.Check == nil {
			return nil
		}
		if f := r.Check(text); f != nil {
			f.Reason = hide.text(f.Reason)
			return f
		}
		return nil
	}
	return refusal(answer, text, r, hide)
}

// refusal makes a failure of an answer that is none of success.
func refusal(answer *http.Response, body []byte, r Request, hide redactor) *notify.Failure {
	status := answer.StatusCode
	f := &notify.Failure{Final: status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooEarly && status != http.StatusTooManyRequests}
	if status/100 == 3 {
		f.Reason = fmt.Sprintf("the service answered %d: its address has moved; configure the new one", status)
		return f
	}
	reason := r.Reason
	if reason == nil {
		reason = jsonReason
	}
	f.Reason = fmt.Sprintf("the service answered %d %s", status, http.StatusText(status))
	if words := hide.text(notify.Line(reason(body))); words != "" {
		f.Reason += ": " + words
	}
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds > 0 {
		f.After = time.Duration(min(seconds, 3600)) * time.Second
	}
	return f
}

// jsonReason finds the words of the service in an answer of JSON. Other answers
// are mostly pages of proxies.
func jsonReason(body []byte) string {
	var doc map[string]any
	if json.Unmarshal(body, &doc) != nil {
		return ""
	}
	for _, name := range []string{"errorDescription", "description", "error", "message"} {
		if text, ok := doc[name].(string); ok && text != "" {
			return text
		}
	}
	return ""
}

// PlainReason takes the whole answer for the words of the service, where that is
// short.
func PlainReason(body []byte) string {
	const most = 200
	if len(body) > most || bytes.ContainsRune(body, '<') {
		return ""
	}
	return string(body)
}
