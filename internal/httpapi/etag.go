package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"

	"signalbox/internal/domain"
)

// settler is a shape with fields that change by themselves, such as the number
// of tasks of a template. Settled returns it without them: who edits the rest is
// not in their way.
type settler interface{ Settled() any }

// entityTag is the strong tag of an answer. Its first half is that of what people
// edit, see settler.
func entityTag(body []byte, shape any) (string, error) {
	tag := digest(body)
	if s, ok := shape.(settler); ok {
		settled, err := json.Marshal(s.Settled())
		if err != nil {
			return "", err
		}
		tag = digest(settled) + "." + tag
	}
	return `"` + tag + `"`, nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// replyTagged sends a document with its tag, or says that the client has it.
func (c *call) replyTagged(status int, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	tag, err := entityTag(data, body)
	if err != nil {
		return err
	}
	c.w.Header().Set("Etag", tag)
	if matches(c.r.Header.Get("If-None-Match"), tag) {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	c.send(status, data)
	return nil
}

// stillMatches evaluates If-Match: tags are compared strongly, so weak ones never
// match, and only by what people edit.
func stillMatches(header, tag string) bool {
	edited := func(tag string) string {
		part, _, _ := strings.Cut(strings.Trim(tag, `"`), ".")
		return part
	}
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || len(candidate) > 2 && candidate[0] == '"' && candidate[len(candidate)-1] == '"' && edited(candidate) == edited(tag) {
			return true
		}
	}
	return false
}

// readerOf finds what reads the resource that a route changes: the one of the
// same path or, where only a part is replaced, of the path above.
func (a *api) readerOf(rt *Route) func(*call) error {
	if read := a.readers[rt.Path]; read != nil {
		return read
	}
	above := rt.Path[:strings.LastIndexByte(rt.Path, '/')]
	if rt.Method == http.MethodPut && strings.HasSuffix(above, "}") {
		return a.readers[above]
	}
	return nil
}

// conditional carries out a change under If-Match: reading the resource, comparing
// it and changing it are one transaction, in which nobody else changes anything.
func (a *api) conditional(c *call, serve func(*call) error) error {
	header := strings.Join(c.r.Header.Values("If-Match"), ",")
	read := a.readerOf(c.route)
	if read == nil {
		return &domain.Error{Kind: domain.KindStale, Message: "there is no version of this address that If-Match could be compared with; leave the header out"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, a.maxBody))
	if err != nil {
		return decodeError(err)
	}
	var answer *heldAnswer
	err = a.Store.InTx(c.r.Context(), func(ctx context.Context) error {
		current := newHeldAnswer()
		if err := read(c.again(ctx, current, http.MethodGet, nil)); err != nil && !domain.IsKind(asError(err), domain.KindNotFound) {
			return err
		}
		if tag := current.Header().Get("Etag"); tag == "" || !stillMatches(header, tag) {
			return &domain.Error{Kind: domain.KindStale, Message: "somebody else has changed this meanwhile; load it again and repeat your change"}
		}
		answer = newHeldAnswer()
		return serve(c.again(ctx, answer, c.r.Method, body))
	})
	if err != nil {
		return err
	}
	answer.send(c.w)
	return nil
}

// asError is asDomain for those who pass the error on.
func asError(err error) error {
	if e := asDomain(err); e != nil {
		return e
	}
	return err
}

// again is the call within a transaction, without its conditions.
func (c *call) again(ctx context.Context, w http.ResponseWriter, method string, body []byte) *call {
	r := c.r.Clone(ctx)
	r.Method, r.Body = method, io.NopCloser(bytes.NewReader(body))
	r.Header.Del("If-Match")
	r.Header.Del("If-None-Match")
	copied := *c
	copied.r, copied.w = r, w
	return &copied
}

// heldAnswer keeps an answer until it is sure that it is the one.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newHeldAnswer() *heldAnswer { return &heldAnswer{header: http.Header{}} }

func (h *heldAnswer) Header() http.Header { return h.header }

func (h *heldAnswer) WriteHeader(status int) {
	if h.status == 0 {
		h.status = status
	}
}

func (h *heldAnswer) Write(b []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(b)
}

func (h *heldAnswer) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), h.header)
	if h.status != 0 {
		w.WriteHeader(h.status)
	}
	_, _ = w.Write(h.body.Bytes()) // the client may be gone
}
