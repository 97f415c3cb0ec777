package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"signalbox/internal/audit"
	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
	"signalbox/internal/store"
)

// How many events a list holds when the client does not say.
const (
	maxEvents  = 1000
	lastEvents = 200
)

// eventFilter reads the parameters of lists of events.
func (c *call) eventFilter(most int64) (f store.EventFilter, err error) {
	var user, before, count, ofProject int64
	for _, p := range []struct {
		name string
		most int64
		into *int64
	}{
		{"user_id", math.MaxInt64, &user}, {"object_id", math.MaxInt64, &f.ObjectID}, {"before", math.MaxInt64, &before},
		{"count", maxEvents, &count}, {"project_id", math.MaxInt64, &ofProject},
	} {
		if p.name == "project_id" && c.grant.Project != 0 {
			continue
		}
		if *p.into, err = c.number(p.name, 0, 1, p.most); err != nil {
			return f, err
		}
	}
	f.User, f.Before, f.Limit = domain.UserID(user), domain.EventID(before), int(most)
	if count != 0 {
		f.Limit = int(count)
	}
	if ofProject != 0 {
		p := domain.ProjectID(ofProject)
		f.Project = &p
	}
	if f.Since, err = c.when("since"); err != nil {
		return f, err
	}
	if f.Until, err = c.when("until"); err != nil {
		return f, err
	}
	f.ObjectType, f.Action = domain.ObjectType(c.param("object_type")), domain.EventAction(c.param("action"))
	switch f.Outcome = domain.Outcome(c.param("outcome")); f.Outcome {
	case "", domain.OutcomeSuccess, domain.OutcomeDenied, domain.OutcomeFailure:
	default:
		return f, domain.Invalid("outcome", "must be success, denied or failure")
	}
	f.Text = c.param("search")
	return f, checkSearch(f.Text)
}

// place is the grant of routes below a project, nil elsewhere.
func (c *call) place() *authz.Grant {
	if c.grant.Project == 0 {
		return nil
	}
	return &c.grant
}

func (a *api) listEvents(most int64) func(*call, *none) error {
	return func(c *call, _ *none) error {
		f, err := c.eventFilter(most)
		if err != nil {
			return err
		}
		// Where somebody works from is not every member's business.
		whole := c.actor().User.Admin || c.place() != nil && c.grant.Require(authz.ManageMembers) == nil
		build := func(ctx context.Context) (page, error) { return a.eventPage(ctx, c, f, whole) }
		if c.place() == nil {
			p, err := build(c.r.Context())
			if err != nil {
				return err
			}
			c.sendPage(p)
			return nil
		}
		rev, err := a.eventRevision(c.r.Context(), c.grant.Project)
		if err != nil {
			return err
		}
		return a.cachedAt(c, rev, whole, build)
	}
}

// eventRevision grows with the project's revision, by which names change, and with
// every event.
func (a *api) eventRevision(ctx context.Context, p domain.ProjectID) (int64, error) {
	rev, err := a.Store.Revision(ctx, p)
	if err != nil {
		return 0, err
	}
	newest, err := a.Store.Events().List(ctx, store.EventFilter{Project: &p, Limit: 1})
	if err == nil && len(newest) > 0 {
		rev += int64(newest[0].ID)
	}
	return rev, err
}

func (a *api) eventPage(ctx context.Context, c *call, f store.EventFilter, whole bool) (page, error) {
	events, hasNext, err := a.Catalog.Events(ctx, c.actor(), c.place(), f)
	if err != nil {
		return page{}, err
	}
	body, err := json.Marshal(wire.FromEvents(events, whole))
	p := page{body: body, hasNext: &hasNext}
	if hasNext {
		p.next = c.link("before", strconv.FormatInt(int64(events[len(events)-1].ID), 10))
	}
	return p, err
}

// olderEvents says whether there are more, and where.
func (c *call) olderEvents(events []domain.EventWithNames, hasNext bool) {
	c.w.Header().Set("X-Has-Next", strconv.FormatBool(hasNext))
	if hasNext {
		c.linkNext("before", strconv.FormatInt(int64(events[len(events)-1].ID), 10))
	}
}

// audit lists the activity, or exports it.
func (a *api) audit(c *call, _ *none) error {
	f, err := c.eventFilter(lastEvents)
	if err != nil {
		return err
	}
	switch format := c.param("format"); {
	case format == "ndjson", format == "" && strings.Contains(c.r.Header.Get("Accept"), linesType):
		return a.exportAudit(c, f)
	case format != "" && format != "json":
		return domain.Invalid("format", "must be json or ndjson")
	}
	events, hasNext, err := a.Catalog.Audit(c.r.Context(), c.actor(), c.place(), f)
	if err != nil {
		return err
	}
	out := make([]audit.Record, 0, len(events))
	for _, e := range events {
		out = append(out, audit.RecordOf(e))
	}
	c.olderEvents(events, hasNext)
	return c.reply(http.StatusOK, out)
}

// exportAudit streams all that matches, one document a line.
func (a *api) exportAudit(c *call, f store.EventFilter) error {
	h := c.w.Header()
	if c.r.Method == http.MethodHead {
		h.Set("Content-Type", linesType)
		return nil
	}
	out := newStreamWriter(c.w)
	begun := false
	err := a.Catalog.ExportAudit(c.r.Context(), c.actor(), c.place(), f, func(events []domain.EventWithNames) error {
		begun = true
		h.Set("Content-Type", linesType)
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="audit-%s.ndjson"`, a.Now().UTC().Format("20060102-150405")))
		for _, e := range events {
			line, err := json.Marshal(audit.RecordOf(e))
			if err != nil {
				return err
			}
			if _, err := out.Write(append(line, '\n')); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && !begun {
		return err
	}
	h.Set("Content-Type", linesType)
	return a.finish(c, out, err, "")
}
