package catalog

import (
	"context"
	"strings"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// launchChecker tells whether a template lets a task be started like that.
type launchChecker interface {
	// CheckParams looks at what a schedule or an integration asks for. complete:
	// nothing is added when the task starts, so nothing may be missing either.
	CheckParams(ctx context.Context, actor domain.Actor, p domain.ProjectID, t domain.TemplateID, inventory *domain.InventoryID, params domain.TaskParams, complete bool) error
}

// Connect tells the catalog who knows the rules of starting tasks. It is apart
// from New because that needs the catalog first. Without it they are not looked
// at before a task starts.
func (c *Catalog) Connect(l launchChecker) { c.launches = l }

// ScheduleRow is a schedule with the name of its template.
type ScheduleRow struct {
	domain.Schedule
	TemplateName string
}

// Schedules lists the schedules of a project, but not those that look for new
// commits.
func (c *Catalog) Schedules(ctx context.Context, g authz.Grant) ([]ScheduleRow, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return nil, err
	}
	return c.schedules(ctx, g, store.Null("repository_id"))
}

// TemplateSchedules lists all schedules of a template.
func (c *Catalog) TemplateSchedules(ctx context.Context, g authz.Grant, t domain.TemplateID) ([]ScheduleRow, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return nil, err
	}
	if _, err := templates().get(ctx, c.Store, g.Project, t); err != nil {
		return nil, err
	}
	return c.schedules(ctx, g, store.Eq("template_id", t))
}

func (c *Catalog) schedules(ctx context.Context, g authz.Grant, cond store.Cond) ([]ScheduleRow, error) {
	list, err := c.Store.Schedules().List(ctx, store.Where(store.InProject(g.Project), cond).By("id"))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	names := map[int64]string{}
	if err := collectNames(ctx, c.Store, templates(), g.Project, names); err != nil {
		return nil, err
	}
	rows := make([]ScheduleRow, 0, len(list))
	for _, s := range list {
		rows = append(rows, ScheduleRow{Schedule: s, TemplateName: names[int64(s.TemplateID)]})
	}
	return rows, nil
}

// Schedule returns one schedule.
func (c *Catalog) Schedule(ctx context.Context, g authz.Grant, id domain.ScheduleID) (domain.Schedule, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return domain.Schedule{}, err
	}
	return schedules().get(ctx, c.Store, g.Project, id)
}

// CreateSchedule stores a schedule.
func (c *Catalog) CreateSchedule(ctx context.Context, g authz.Grant, s domain.Schedule) (domain.Schedule, error) {
	if err := g.Require(authz.ManageResources); err != nil {
		return s, err
	}
	s.LastCommitHash = nil
	if err := s.Validate(); err != nil {
		return s, err
	}
	if err := c.comesLater(s); err != nil {
		return s, err
	}
	err := schedules().create(ctx, c, g, &s, func(ctx context.Context) error {
		return c.checkSchedule(ctx, g, s)
	}, nil)
	return s, err
}

// ReplaceSchedule replaces a schedule. A time that stays the same may be past.
func (c *Catalog) ReplaceSchedule(ctx context.Context, g authz.Grant, id domain.ScheduleID, s domain.Schedule) error {
	if err := g.Require(authz.ManageResources); err != nil {
		return err
	}
	if s.ID != id {
		return domain.Invalid("id", "schedule id in URL and in body must be the same")
	}
	if err := checkProject(s.ProjectID, g.Project, false); err != nil {
		return err
	}
	if err := s.Validate(); err != nil {
		return err
	}
	return schedules().update(ctx, c, g, id, func(ctx context.Context) error {
		return c.checkSchedule(ctx, g, s)
	}, func(row *domain.Schedule) error {
		same := row.RunAt != nil && s.RunAt != nil && row.RunAt.Equal(*s.RunAt)
		if !same {
			if err := c.comesLater(s); err != nil {
				return err
			}
		}
		next := s
		next.LastCommitHash = nil
		*row = next
		return nil
	}, nil)
}

func (c *Catalog) comesLater(s domain.Schedule) error {
	if s.Type == domain.ScheduleRunAt && !s.RunAt.After(c.Now()) {
		return domain.Invalid("run_at", "must be in the future")
	}
	return nil
}

// checkSchedule looks at everything a schedule refers to, and whether its
// template would start such a task.
func (c *Catalog) checkSchedule(ctx context.Context, g authz.Grant, s domain.Schedule) error {
	const status = domain.KindInvalid
	if _, err := templates().refer(ctx, c.Store, g.Project, &s.TemplateID, "template_id", status); err != nil {
		return err
	}
	if _, err := repositories().refer(ctx, c.Store, g.Project, s.RepositoryID, "repository_id", status); err != nil {
		return err
	}
	return c.checkParams(ctx, g, s.TemplateID, s.InventoryID, s.TaskParams, true)
}

func (c *Catalog) checkParams(ctx context.Context, g authz.Grant, t domain.TemplateID, inventory *domain.InventoryID, params *domain.TaskParams, complete bool) error {
	if _, err := inventories().refer(ctx, c.Store, g.Project, inventory, "task_params.inventory_id", domain.KindInvalid); err != nil {
		return err
	}
	if c.launches == nil {
		return nil
	}
	return c.launches.CheckParams(ctx, g.Actor, g.Project, t, inventory, deref(params), complete)
}

// SetScheduleActive switches a schedule on or off.
func (c *Catalog) SetScheduleActive(ctx context.Context, g authz.Grant, id domain.ScheduleID, active bool) error {
	return schedules().update(ctx, c, g, id, nil, func(row *domain.Schedule) error {
		row.Active = active
		return nil
	}, nil)
}

// DeleteSchedule removes a schedule; the tasks it started stay.
func (c *Catalog) DeleteSchedule(ctx context.Context, g authz.Grant, id domain.ScheduleID) error {
	return schedules().remove(ctx, c, g, id, nil, nil)
}

// scheduleReferrers lists the schedules that match the condition. One without a
// name goes by that of its template.
func (c *Catalog) scheduleReferrers(ctx context.Context, p domain.ProjectID, cond store.Cond) ([]ScheduleReference, error) {
	list, err := c.Store.Schedules().List(ctx, store.Where(store.InProject(p), cond))
	if err != nil {
		return nil, err
	}
	var refs []ScheduleReference
	for _, s := range list {
		t, err := c.Store.Templates().Get(ctx, s.TemplateID)
		if err != nil {
			return nil, err
		}
		ref := ScheduleReference{
			Reference: domain.Reference{Type: schedules().word, ID: int64(s.ID), Name: s.Name},
			Template:  domain.Reference{Type: templates().word, ID: int64(t.ID), Name: t.Name},
		}
		if strings.TrimSpace(s.Name) == "" {
			ref.Name = t.Name
		}
		refs = append(refs, ref)
	}
	return refs, nil
}
