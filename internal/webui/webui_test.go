package webui

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func site() fstest.MapFS {
	page := `<!doctype html><html><head><base href="/" /></head><body>application</body></html>`
	return fstest.MapFS{
		"index.html":                 {Data: []byte(page)},
		"favicon.svg":                {Data: []byte("<svg/>")},
		"swagger/index.html":         {Data: []byte(strings.Replace(page, "application", "viewer", 1))},
		"swagger/init.js":            {Data: []byte("start()")},
		"assets/index-C5-sxE6W.js":   {Data: []byte(strings.Repeat("console.log(1);", 200))},
		"assets/page-ABCDEFGH.js":    {Data: []byte("plain")},
		"assets/page-ABCDEFGH.js.br": {Data: []byte("brotli")},
		".gitkeep":                   {Data: []byte("marker")},
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	h, err := NewFS(site(), "https://ci.example.org/box/")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, method, path, encoding string
		status                       int
		contains, cache              string
	}{
		{"root", "GET", "/", "", 200, `<base href="/box/" />`, "no-cache"},
		{"page of the application", "GET", "/project/1/templates", "", 200, "application", "no-cache"},
		{"viewer", "GET", "/swagger", "", 200, "viewer", "no-cache"},
		{"viewer with slash", "GET", "/swagger/", "", 200, "viewer", "no-cache"},
		{"viewer script", "GET", "/swagger/init.js", "", 200, "start()", "no-cache"},
		{"asset", "GET", "/assets/index-C5-sxE6W.js", "", 200, "console.log", "public, max-age=31536000, immutable"},
		{"brotli", "GET", "/assets/page-ABCDEFGH.js", "gzip, br", 200, "brotli", "public, max-age=31536000, immutable"},
		{"brotli refused", "GET", "/assets/page-ABCDEFGH.js", "br;q=0", 200, "plain", "public, max-age=31536000, immutable"},
		{"missing file", "GET", "/nothing.js", "", 404, "", ""},
		{"marker", "GET", "/.gitkeep", "", 404, "", ""},
		{"directory with a dot", "GET", "/assets/..", "", 200, "application", "no-cache"},
		{"traversal", "GET", "/../../etc/passwd.txt", "", 404, "", ""},
		{"other method", "POST", "/", "", 404, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(c.method, "/", nil)
			r.URL.Path = c.path
			r.Header.Set("Accept-Encoding", c.encoding)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.contains) {
				t.Errorf("got %d %q, want %d with %q", w.Code, w.Body, c.status, c.contains)
			}
			if got := w.Header().Get("Cache-Control"); c.cache != "" && got != c.cache {
				t.Errorf("cache: got %q, want %q", got, c.cache)
			}
		})
	}
}

func TestServe_CompressesAndRevalidates(t *testing.T) {
	t.Parallel()
	h, err := NewFS(site(), "")
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/assets/index-C5-sxE6W.js", nil)
	r.Header.Set("Accept-Encoding", "gzip, deflate")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	z, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if err != nil || !strings.HasPrefix(string(body), "console.log") {
		t.Errorf("got %.20q, %v", body, err)
	}
	r.Header.Set("If-None-Match", w.Header().Get("Etag"))
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("revalidation: got %d with %d bytes", w.Code, w.Body.Len())
	}
}

func TestServe_SaysThatNothingWasBuilt(t *testing.T) {
	t.Parallel()
	h, err := NewFS(fstest.MapFS{".gitkeep": {}}, "")
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make build") {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
}
