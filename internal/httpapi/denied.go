package httpapi

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"signalbox/internal/audit"
	"signalbox/internal/authz"
	"signalbox/internal/domain"
)

// denials remembers what was written down in the current minute, so that who
// tries the same in a loop does not fill the disk.
type denials struct {
	mu     sync.Mutex // guards the rest
	minute time.Time
	seen   map[denial]int
}

// denial is an actor and what they may not do.
type denial struct {
	user   domain.UserID
	action authz.Action
}

// maxDenials bounds the lines of a minute, whoever they are about.
const maxDenials = 1000

// first reports whether a denial is the first of its kind in this minute.
func (d *denials) first(key denial, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if minute := now.Truncate(time.Minute); !minute.Equal(d.minute) {
		d.minute, d.seen = minute, map[denial]int{}
	}
	if _, known := d.seen[key]; !known && len(d.seen) >= maxDenials {
		return false
	}
	d.seen[key]++
	return d.seen[key] == 1
}

// longestPath is how much of an address is written down, in bytes.
const longestPath = 200

// denied writes down that somebody who is signed in may not do what they asked
// for. Projects that are hidden from them and requests of nobody are not noted.
func (a *api) denied(c *call, cause error) {
	var e *domain.Error
	if !errors.As(cause, &e) || e.Kind != domain.KindForbidden && e.Kind != domain.KindUnauthenticated ||
		c.actor().System() || c.route.Action == authz.Public {
		return
	}
	now := a.Now()
	if !a.denials.first(denial{c.actor().User.ID, c.route.Action}, now) {
		return
	}
	path := c.r.URL.Path
	if len(path) > longestPath {
		path = strings.ToValidUTF8(path[:longestPath], "") + "…"
	}
	entry := audit.Entry{
		Action: actionOf(c.r.Method), Object: domain.ObjectServer, Outcome: domain.OutcomeDenied, Target: c.route.ID,
		Text: fmt.Sprintf("Refused: %s %s (%s)", c.r.Method, path, e.Message),
	}
	if p := c.grant.Project; p != 0 {
		entry.Project, entry.Object, entry.ID = &p, domain.ObjectProject, int64(p)
	}
	ctx := c.r.Context()
	if err := (audit.Log{Store: a.Store, Now: a.Now}).Add(ctx, c.actor(), entry); err != nil {
		a.log.LogAttrs(ctx, slog.LevelWarn, "note a refusal", slog.String("request_id", requestID(ctx)), slog.Any("error", err))
	}
}

func actionOf(method string) domain.EventAction {
	switch method {
	case http.MethodPost:
		return domain.ActionCreate
	case http.MethodPut:
		return domain.ActionUpdate
	case http.MethodDelete:
		return domain.ActionDelete
	}
	return domain.ActionAccess
}
