// Package webui serves the front end that is built into the program: pages,
// scripts and the API viewer. It promises that what carries a content hash in
// its name may be kept for ever, that pages are always fresh, and that nothing
// outside the built directory is served. A program built without the front end
// says so in the browser.
package webui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// built is what make copies from web/dist.
//
//go:embed all:dist
var built embed.FS

// Handler serves the front end. Paths are below its base already.
type Handler struct {
	files fs.FS
	base  string // "/" or "/path/"

	mu    sync.Mutex // guards ready
	ready map[string]*file
}

// file is a prepared answer.
type file struct {
	body      []byte
	gzip      []byte // nil when it would not be smaller
	brotli    []byte // nil when the build made none
	mediaType string
	etag      string
	immutable bool
}

// New returns the handler of the embedded front end for a public address, ""
// when that is unknown.
func New(webHost string) (*Handler, error) {
	files, err := fs.Sub(built, "dist")
	if err != nil {
		return nil, fmt.Errorf("web files: %w", err)
	}
	return NewFS(files, webHost)
}

// NewFS returns a handler of other files.
func NewFS(files fs.FS, webHost string) (*Handler, error) {
	base := "/"
	if webHost != "" {
		u, err := url.Parse(webHost)
		if err != nil {
			return nil, fmt.Errorf("public address: %w", err)
		}
		base = strings.TrimRight(u.EscapedPath(), "/") + "/"
	}
	return &Handler{files: files, base: base, ready: map[string]*file{}}, nil
}

// ServeHTTP serves a file or, for addresses inside the application, its page.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.NotFound(w, r)
		return
	}
	name := h.name(r.URL.Path)
	f, err := h.file(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && name == indexPage:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(notBuilt)) // the client may be gone
		return
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid):
		http.NotFound(w, r)
		return
	case err != nil:
		http.Error(w, "the file cannot be read", http.StatusInternalServerError)
		return
	}
	f.serve(w, r)
}

const indexPage = "index.html"

// name chooses the file for an address: what has a dot in its last part is a
// file, everything else the page of the application.
func (h *Handler) name(p string) string {
	clean := strings.TrimPrefix(path.Clean("/"+p), "/")
	switch {
	case clean == "swagger":
		return "swagger/" + indexPage
	case strings.Contains(path.Base(clean), ".") && clean != "":
		return clean
	}
	return indexPage
}

func (h *Handler) file(name string) (*file, error) {
	if strings.HasPrefix(path.Base(name), ".") {
		return nil, fs.ErrNotExist
	}
	h.mu.Lock()
	defer h.mu.Unlock() // the files are in memory: preparing one takes milliseconds, once
	if f := h.ready[name]; f != nil {
		return f, nil
	}
	f, err := h.prepare(name)
	if err == nil {
		h.ready[name] = f
	}
	return f, err
}

var (
	baseTag = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`<base\s+href="[^"]*"\s*/?>`)
	})
	// hashed matches the names that the build gives to files with a content hash.
	hashed = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^assets/.+-[A-Za-z0-9_-]{8}\.[a-z0-9]+$`)
	})
)

func (h *Handler) prepare(name string) (*file, error) {
	body, err := fs.ReadFile(h.files, name)
	if err != nil {
		if info, statErr := fs.Stat(h.files, name); statErr == nil && info.IsDir() {
			return nil, fs.ErrNotExist
		}
		return nil, err
	}
	f := &file{body: body, mediaType: mediaType(name), immutable: hashed().MatchString(name)}
	if path.Ext(name) == ".html" {
		f.body = baseTag().ReplaceAll(body, []byte(`<base href="`+html.EscapeString(h.base)+`" />`))
	} else {
		// Pages are changed here, so what the build compressed does not fit them.
		f.brotli, _ = fs.ReadFile(h.files, name+".br") // optional
		f.gzip, _ = fs.ReadFile(h.files, name+".gz")   // optional
	}
	sum := sha256.Sum256(f.body)
	f.etag = base64.RawURLEncoding.EncodeToString(sum[:12])
	if f.gzip == nil && compressible(f.mediaType) && len(f.body) > 1024 {
		f.gzip = compress(f.body)
	}
	return f, nil
}

func mediaType(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json", ".map":
		return "application/json"
	case ".woff2":
		return "font/woff2"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

func compressible(t string) bool {
	return strings.HasPrefix(t, "text/") || strings.Contains(t, "json") || t == "image/svg+xml"
}

func compress(body []byte) []byte {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := z.Write(body); err != nil || z.Close() != nil {
		return nil
	}
	if out.Len() >= len(body) {
		return nil
	}
	return out.Bytes()
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.mediaType)
	h.Set("Cache-Control", "no-cache")
	if f.immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Add("Vary", "Accept-Encoding")
	body, suffix := f.body, ""
	accepted := r.Header.Get("Accept-Encoding")
	switch {
	case f.brotli != nil && accepts(accepted, "br"):
		body, suffix = f.brotli, "-br"
		h.Set("Content-Encoding", "br")
	case f.gzip != nil && accepts(accepted, "gzip"):
		body, suffix = f.gzip, "-gz"
		h.Set("Content-Encoding", "gzip")
	}
	etag := `"` + f.etag + suffix + `"`
	h.Set("Etag", etag)
	if strings.Contains(r.Header.Get("If-None-Match"), etag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the client may be gone
	}
}

// accepts reports whether a client takes an encoding.
func accepts(header, encoding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		q, found := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		weight, err := strconv.ParseFloat(q, 64)
		return !found || err != nil || weight > 0
	}
	return false
}

// notBuilt is the page of a program without its front end.
const notBuilt = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Signalbox</title></head>
<body>
<h1>The web pages are not in this program</h1>
<p>It was built without them. Run <code>make build</code> (or <code>make run</code>) in the source directory, which needs
Node.js, and start it again. The API works: see <code>/api/ping</code>.</p>
</body></html>
`
