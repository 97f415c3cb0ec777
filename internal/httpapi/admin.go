package httpapi

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
	"signalbox/internal/store"
)

func (a *api) options(c *call, _ *none) (map[string]string, error) {
	return a.Catalog.Options(c.r.Context(), c.actor())
}

func (a *api) setOption(c *call, in *wire.Option) (wire.Option, error) {
	return *in, a.Catalog.SetOption(c.r.Context(), c.actor(), domain.Option{Key: in.Key, Value: in.Value})
}

// unfinishedTasks lists all, or the one in the path.
func (a *api) unfinishedTasks(c *call, _ *none) ([]wire.UnfinishedTask, error) {
	if c.r.PathValue("task_id") != "" && c.taskID() == 0 { // 0 would be all of them
		return nil, domain.NotFound("task that waits or runs")
	}
	rows, err := a.Tasks.Unfinished(c.r.Context(), c.taskID())
	out := make([]wire.UnfinishedTask, 0, len(rows))
	for _, row := range rows {
		out = append(out, wire.FromUnfinished(row))
	}
	return out, err
}

func (a *api) stopUnfinishedTask(c *call, _ *none) (none, error) {
	if c.taskID() == 0 {
		return none{}, domain.NotFound("task that waits or runs")
	}
	rows, err := a.Tasks.Unfinished(c.r.Context(), c.taskID())
	if err != nil {
		return none{}, err
	}
	return none{}, a.Tasks.Stop(c.r.Context(), c.actor(), rows[0].ProjectID, c.taskID(), false)
}

func (a *api) clearCache(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.ClearCache(c.r.Context(), c.actor())
}

func (a *api) clearProjectCache(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.ClearProjectCache(c.r.Context(), c.grant)
}

func (a *api) collectGarbage(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.CollectGarbage(c.r.Context(), c.actor())
}

func (a *api) dumpProfiles(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DumpProfiles(c.r.Context(), c.actor())
}

// taskStats counts the tasks of the project or of the template in the path.
func (a *api) taskStats(c *call, _ *none) error {
	f := store.StatsFilter{Project: c.grant.Project}
	var err error
	if f.Since, err = c.when("start"); err != nil {
		return domain.Invalid("start", "Invalid start date; use one such as 2026-01-31")
	}
	if f.Until, err = c.when("end"); err != nil {
		return domain.Invalid("end", "Invalid end date; use one such as 2026-01-31")
	}
	user, err := c.number("user_id", 0, 1, math.MaxInt64)
	if err != nil {
		return domain.Invalid("user_id", "Invalid user ID")
	}
	f.User = domain.UserID(user)
	if c.r.PathValue("template_id") != "" {
		f.Template = c.templateID()
	}
	return a.cached(c, func(ctx context.Context) (page, error) {
		if f.Template != 0 {
			if _, _, err := a.Catalog.Template(ctx, c.grant, f.Template); err != nil {
				return page{}, err
			}
		}
		stats, err := a.Tasks.Stats(ctx, f)
		if err != nil {
			return page{}, err
		}
		body, err := json.Marshal(wire.FromTaskStats(stats))
		return page{body: body}, err
	})
}

// when returns a query parameter that is a time or a day; the zero time when it
// is missing.
func (c *call) when(name string) (time.Time, error) {
	text := c.param(name)
	if text == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(form, text); err == nil && t.Year() >= 1970 && t.Year() < 3000 {
			return t, nil
		}
	}
	return time.Time{}, domain.Invalid(name, "must be a day such as 2026-01-31 or a time such as 2026-01-31T12:00:00Z")
}
