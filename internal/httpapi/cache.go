package httpapi

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
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
	// global: what happens in other projects may change the page.
	global bool
	etag   string
}

// version is the state that a page was made of.
type version struct {
	project int64 // store.Revision, or more
	all     int64 // store.Changes
}

// pageKey is what makes one list differ from another in the same state.
type pageKey struct {
	route       string
	project     domain.ProjectID
	object      string // the template or view in the path, if any
	query       string
	permissions domain.Permission
	role        domain.Role // lists of templates show what it was given on each
	whole       bool        // events tell where they came from
}

// cached answers with a page that is kept as long as the project stays as it is.
func (a *api) cached(c *call, build func(ctx context.Context) (page, error)) error {
	rev, err := a.Store.Revision(c.r.Context(), c.grant.Project)
	if err != nil {
		return err
	}
	return a.cachedAt(c, rev, false, build)
}

// cachedAt answers with a page that is kept until another revision is asked for;
// whole tells two forms of it apart. Revisions are read before the page is made,
// so what changes meanwhile makes the next request build it again. Of requests
// for the same page at the same time one builds it.
func (a *api) cachedAt(c *call, rev int64, whole bool, build func(ctx context.Context) (page, error)) error {
	ctx := c.r.Context()
	key := pageKey{
		route: c.route.ID, project: c.grant.Project, object: c.r.PathValue("template_id") + c.r.PathValue("view_id"),
		query: c.r.URL.RawQuery, permissions: c.grant.Effective(), role: c.grant.Role, whole: whole,
	}
	p, ok := a.lists.get(key, rev)
	if !ok || p.global {
		all, err := a.Store.Changes(ctx)
		if err != nil {
			return err
		}
		now := version{rev, all}
		if p, ok = a.lists.getAt(key, now); !ok {
			// Others wait for the page too: the end of this request is not that of the work.
			built, err, _ := a.building.Do(fmt.Sprintf("%+v %+v", key, now), func() (any, error) {
				return a.build(context.WithoutCancel(ctx), key, now, build)
			})
			if err != nil {
				return err
			}
			p = built.(page)
		}
	}
	h := c.w.Header()
	h.Set("Etag", p.etag)
	h.Set("Cache-Control", "private, no-cache")
	c.sendPage(p)
	return nil
}

// sendPage answers with a page, or that the client has it.
func (c *call) sendPage(p page) {
	h := c.w.Header()
	if p.hasNext != nil {
		h.Set("X-Has-Next", strconv.FormatBool(*p.hasNext))
	}
	if p.next != "" {
		h.Set("Link", p.next)
	}
	if p.extent != nil {
		p.extent.write(h)
	}
	if p.etag != "" && matches(c.r.Header.Get("If-None-Match"), p.etag) {
		c.w.WriteHeader(http.StatusNotModified)
		return
	}
	c.send(http.StatusOK, p.body)
}

func (a *api) build(ctx context.Context, key pageKey, now version, build func(ctx context.Context) (page, error)) (page, error) {
	p, err := build(ctx)
	if err != nil {
		return p, err
	}
	sum := sha256.Sum256(p.body)
	p.etag = `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	a.lists.put(key, now, p)
	return p, nil
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
	made version
	page page
}

func newListCache(pages, bytes int) *listCache {
	return &listCache{maxPages: pages, maxBytes: bytes, pages: map[pageKey]*list.Element{}, recent: list.New()}
}

// get returns the page made of that revision of the project.
func (l *listCache) get(key pageKey, rev int64) (page, bool) {
	return l.find(key, func(made version) bool { return made.project == rev })
}

// getAt returns the page made of that state of all projects, as far as it matters.
func (l *listCache) getAt(key pageKey, now version) (page, bool) {
	return l.find(key, func(made version) bool { return made == now })
}

func (l *listCache) find(key pageKey, fits func(made version) bool) (page, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.pages[key]
	if e == nil {
		return page{}, false
	}
	cached := e.Value.(*cachedPage)
	if !fits(cached.made) {
		return page{}, false
	}
	l.recent.MoveToFront(e)
	return cached.page, true
}

func (l *listCache) put(key pageKey, now version, p page) {
	if len(p.body) > l.maxBytes/4 || len(key.query) > 1000 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.pages[key]; e != nil {
		l.drop(e)
	}
	l.pages[key] = l.recent.PushFront(&cachedPage{key: key, made: now, page: p})
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
