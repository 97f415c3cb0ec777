package httpapi

import (
	"time"

	"signalbox/internal/catalog"
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

func (c *call) scheduleID() domain.ScheduleID { return domain.ScheduleID(c.id("schedule_id")) }

// scheduleZone is the time zone of schedules that name none.
func (a *api) scheduleZone() *time.Location {
	if zone, err := time.LoadLocation(a.Info.ScheduleTimezone); err == nil { // the configuration has checked it
		return zone
	}
	return time.UTC
}

func (a *api) listSchedules(c *call, _ *none) ([]wire.ScheduleRow, error) {
	return a.scheduleRows(a.Catalog.Schedules(c.r.Context(), c.grant))
}

func (a *api) listTemplateSchedules(c *call, _ *none) ([]wire.ScheduleRow, error) {
	return a.scheduleRows(a.Catalog.TemplateSchedules(c.r.Context(), c.grant, domain.TemplateID(c.id("template_id"))))
}

func (a *api) scheduleRows(rows []catalog.ScheduleRow, err error) ([]wire.ScheduleRow, error) {
	out := make([]wire.ScheduleRow, 0, len(rows))
	now, zone := a.Now(), a.scheduleZone()
	for _, r := range rows {
		out = append(out, wire.ScheduleRow{Schedule: wire.FromSchedule(r.Schedule, now, zone), TplName: r.TemplateName})
	}
	return out, err
}

func (a *api) createSchedule(c *call, in *wire.ScheduleInput) (wire.Schedule, error) {
	s, err := a.Catalog.CreateSchedule(c.r.Context(), c.grant, in.Schedule())
	return wire.FromSchedule(s, a.Now(), a.scheduleZone()), err
}

func (a *api) validateSchedule(_ *call, in *wire.CronInput) (none, error) {
	_, err := domain.ParseCron(in.CronFormat)
	return none{}, err
}

// previewedRuns is how many times a preview shows.
const previewedRuns = 5

func (a *api) previewSchedule(c *call, _ *none) (wire.SchedulePreview, error) {
	cron, err := domain.ParseCron(c.param("cron_format"))
	if err != nil {
		return wire.SchedulePreview{}, err
	}
	zone := a.scheduleZone()
	return wire.FromTimes(cron.Zone(zone), cron.Upcoming(a.Now(), zone, previewedRuns)), nil
}

func (a *api) getSchedule(c *call, _ *none) (wire.Schedule, error) {
	s, err := a.Catalog.Schedule(c.r.Context(), c.grant, c.scheduleID())
	return wire.FromSchedule(s, a.Now(), a.scheduleZone()), err
}

func (a *api) replaceSchedule(c *call, in *wire.ScheduleInput) (none, error) {
	return none{}, a.Catalog.ReplaceSchedule(c.r.Context(), c.grant, c.scheduleID(), in.Schedule())
}

func (a *api) setScheduleActive(c *call, in *wire.ActiveInput) (none, error) {
	return none{}, a.Catalog.SetScheduleActive(c.r.Context(), c.grant, c.scheduleID(), in.Active)
}

func (a *api) deleteSchedule(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteSchedule(c.r.Context(), c.grant, c.scheduleID())
}
