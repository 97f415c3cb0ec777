package httpapi

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"signalbox/internal/domain"
)

// Bounds of the cache of encoded lists.
const (
	maxCachedLists = 256
	maxCachedBytes = 16 << 20
)

// page is an encoded list.
type page struct {
	body    []byte
	hasNext *bool
	next    string // Link to what follows; "" for none
	extent  *extent
	// lasting: the page is the same until something in the project changes.
	lasting bool
	etag    string
}

// pageKey is what makes one list differ from another in the same state.
type pageKey struct {
	route       string
	project     domain.ProjectID
	object      string // the template or view in the path, if any
	query       string
	permissions domain.Permission
	role        domain.Role // lists of templates show what it was given on each
}

// cached answers with a page that is kept as long as the project stays as it is.
// The revision is read before the page is made, so what changes meanwhile makes
// the next request build it again.
func (a *api) cached(c *call, build func(ctx context.Context) (page, error)) error {
	ctx := c.r.Context()
	rev, err := a.Store.Revision(ctx, c.grant.Project)
	if err != nil {
		return err
	}
	key := pageKey{
		route: c.route.ID, project: c.grant.Project, object: c.r.PathValue("template_id") + c.r.PathValue("view_id"),
		query: c.r.URL.RawQuery, permissions: c.grant.Effective(), role: c.grant.Role,
	}
	p, ok := a.lists.get(key, rev)
	if !ok {
		if p, err = build(ctx); err != nil {
			return err
		}
		sum := sha256.Sum256(p.body)
		p.etag = `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
		if p.lasting {
			a.lists.put(key, rev, p)
		}
	}
	h := c.w.Header()
	h.Set("Etag", p.etag)
	h.Set("Cache-Control", "private, no-cache")
	if p.hasNext != nil {
		h.Set("X-Has-Next", strconv.FormatBool(*p.hasNext))
	}
	if p.next != "" {
		h.Set("Link", p.next)
	}
	if p.extent != nil {
		p.extent.write(h)
	}
	if matches(c.r.Header.Get("If-None-Match"), p.etag) {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	c.send(http.StatusOK, p.body)
	return nil
}

func matches(header, etag string) bool {
	if header == "" {
		return false
	}
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == etag || candidate == "*" {
			return true
		}
	}
	return false
}

// listCache keeps the most recently used pages, bounded in number and bytes.
type listCache struct {
	maxPages, maxBytes int

	mu     sync.Mutex // guards the rest
	pages  map[pageKey]*list.Element
	recent *list.List // of *cachedPage, newest first
	bytes  int
}

type cachedPage struct {
	key  pageKey
	rev  int64
	page page
}

func newListCache(pages, bytes int) *listCache {
	return &listCache{maxPages: pages, maxBytes: bytes, pages: map[pageKey]*list.Element{}, recent: list.New()}
}

func (l *listCache) get(key pageKey, rev int64) (page, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.pages[key]
	if e == nil {
		return page{}, false
	}
	cached := e.Value.(*cachedPage)
	if cached.rev != rev {
		return page{}, false
	}
	l.recent.MoveToFront(e)
	return cached.page, true
}

func (l *listCache) put(key pageKey, rev int64, p page) {
	if len(p.body) > l.maxBytes/4 || len(key.query) > 1000 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.pages[key]; e != nil {
		l.drop(e)
	}
	l.pages[key] = l.recent.PushFront(&cachedPage{key: key, rev: rev, page: p})
	l.bytes += len(p.body)
	for l.recent.Len() > l.maxPages || l.bytes > l.maxBytes {
		l.drop(l.recent.Back())
	}
}

func (l *listCache) drop(e *list.Element) {
	cached := l.recent.Remove(e).(*cachedPage)
	delete(l.pages, cached.key)
	l.bytes -= len(cached.page.body)
}
