package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"signalbox/internal/httpapi/wire"
)

type contextKey struct{}

// requestID returns the id that the log and the client know a request by.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(contextKey{}).(string)
	return id
}

// contentPolicy lets pages load from this server only and run no inline script.
// Styles may be inline: the component library of the front end makes style
// elements for its variables, and a style cannot call home under this policy.
const contentPolicy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"

// ServeHTTP serves the whole site.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := a.Now()
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // never fails since Go 1.24
	id := hex.EncodeToString(raw[:])
	h := w.Header()
	h.Set("X-Request-Id", id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", contentPolicy)
	rec := &recorder{ResponseWriter: w}
	r = r.WithContext(context.WithValue(r.Context(), contextKey{}, id))
	defer func() {
		if cause := recover(); cause != nil {
			a.recovered(rec, r, cause)
		}
		if a.log.Enabled(r.Context(), slog.LevelDebug) {
			a.log.LogAttrs(r.Context(), slog.LevelDebug, "request", slog.String("request_id", id),
				slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", rec.status),
				slog.Duration("took", a.Now().Sub(started)))
		}
	}()
	a.dispatch(rec, r)
}

// recovered answers for a handler that panicked. When the answer has begun, the
// connection is cut instead, so that the client does not take half for whole.
func (a *api) recovered(w *recorder, r *http.Request, cause any) {
	if cause == http.ErrAbortHandler {
		panic(cause)
	}
	a.log.LogAttrs(r.Context(), slog.LevelError, "panic in a request", slog.String("request_id", requestID(r.Context())),
		slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.String("panic", fmt.Sprint(cause)),
		slog.String("stack", string(debug.Stack())))
	if w.status != 0 {
		panic(http.ErrAbortHandler)
	}
	writeError(w, http.StatusInternalServerError, wire.Error{
		Error: "something went wrong on the server; the log has the details under the request id", RequestID: requestID(r.Context()),
	})
}

// dispatch removes the base path and chooses between the API and the pages.
func (a *api) dispatch(w http.ResponseWriter, r *http.Request) {
	p := r.URL.Path
	if a.base != "" {
		rest, ok := strings.CutPrefix(p, a.base)
		if !ok || rest != "" && rest[0] != '/' {
			if p == "/" {
				http.Redirect(w, r, a.base+"/", http.StatusFound)
				return
			}
			notFound(w)
			return
		}
		p = rest
	}
	if p == "/api" || strings.HasPrefix(p, "/api/") {
		a.serveAPI(w, r)
		return
	}
	if a.UI == nil {
		notFound(w)
		return
	}
	if a.base != "" {
		r = withPath(r, p, strings.TrimPrefix(r.URL.RawPath, a.base))
	}
	a.UI.ServeHTTP(w, r)
}

func (a *api) serveAPI(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	// Exactly one trailing slash is as good as none.
	p := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, a.base), "/")
	raw := strings.TrimSuffix(strings.TrimPrefix(r.URL.RawPath, a.base), "/")
	if p == "/api" || path.Clean(p) != p {
		notFound(w) // the mux would redirect
		return
	}
	if p != r.URL.Path {
		r = withPath(r, p, raw)
	}
	a.mux.ServeHTTP(w, r)
}

func withPath(r *http.Request, p, raw string) *http.Request {
	copied := *r
	copied.URL = new(url.URL)
	*copied.URL = *r.URL
	copied.URL.Path, copied.URL.RawPath = p, raw
	return &copied
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap gives http.ResponseController and the WebSocket upgrade the real writer.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// writeTimeout is how long a streamed piece may take to be accepted.
const writeTimeout = time.Minute
