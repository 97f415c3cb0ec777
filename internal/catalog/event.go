package catalog

import (
	"context"

	"signalbox/internal/audit"
	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// Events lists activity that the filter selects, newest first: of the project of
// a grant or, without one, of all the actor's projects and of none. What belongs
// to no project is about users and settings: of that others than administrators
// see only their own deeds. It tells whether there are older ones.
func (c *Catalog) Events(ctx context.Context, actor domain.Actor, g *authz.Grant, f store.EventFilter) (list []domain.EventWithNames, hasNext bool, err error) {
	f, all, err := c.within(ctx, actor, g, f)
	if err != nil {
		return nil, false, err
	}
	limit := f.Limit
	list = []domain.EventWithNames{}
	for f.Limit++; ; {
		events, err := c.Store.Events().List(ctx, f)
		if err != nil {
			return nil, false, err
		}
		for _, e := range events {
			f.Before = e.ID
			if !all && e.ProjectID == nil && deref(e.UserID) != actor.User.ID {
				continue
			}
			if len(list) == limit {
				return list, true, nil
			}
			list = append(list, e)
		}
		if len(events) < f.Limit {
			return list, false, nil
		}
	}
}

// within narrows a filter to what the actor may see; all tells that nothing of
// it has to be left out.
func (c *Catalog) within(ctx context.Context, actor domain.Actor, g *authz.Grant, f store.EventFilter) (_ store.EventFilter, all bool, err error) {
	if g != nil {
		f.Project = &g.Project
		return f, true, g.Require(authz.ReadProject)
	}
	if actor.Everywhere() {
		return f, true, nil
	}
	ids, err := c.visible(ctx, actor)
	if err != nil {
		return f, false, err
	}
	if f.Project == nil {
		f.Projects = append([]domain.ProjectID{}, ids...) // nil would mean all of them
		return f, false, nil
	}
	for _, id := range ids {
		if id == *f.Project {
			return f, false, nil
		}
	}
	return f, false, domain.NotFound("project")
}

// Audit lists activity with all that is known about it, newest first: of the
// project of a grant, for those who manage its users, or of the whole server,
// for administrators.
func (c *Catalog) Audit(ctx context.Context, actor domain.Actor, g *authz.Grant, f store.EventFilter) (list []domain.EventWithNames, hasNext bool, err error) {
	if err := mayAudit(actor, g); err != nil {
		return nil, false, err
	}
	return c.Events(ctx, actor, g, f)
}

func mayAudit(actor domain.Actor, g *authz.Grant) error {
	if g == nil {
		return adminOnly(actor)
	}
	return g.Require(authz.ManageMembers)
}

// exportPage is how many events an export holds at once.
const exportPage = 500

// ExportAudit gives all that Audit would list to fn, page by page, and writes
// down that it was done. The limit of the filter is not used.
func (c *Catalog) ExportAudit(ctx context.Context, actor domain.Actor, g *authz.Grant, f store.EventFilter, fn func([]domain.EventWithNames) error) error {
	if err := mayAudit(actor, g); err != nil {
		return err
	}
	e := audit.Entry{Action: domain.ActionAccess, Object: domain.ObjectServer, Text: "Audit log exported"}
	if g != nil {
		f.Project, e.Project = &g.Project, &g.Project
		e.Object, e.ID = domain.ObjectProject, int64(g.Project)
	}
	if err := c.note(ctx, actor, e); err != nil {
		return err
	}
	return audit.Each(ctx, c.Store, f, exportPage, fn)
}
