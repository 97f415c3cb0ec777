package catalog

import (
	"context"
	"runtime/debug"

	"signalbox/internal/audit"
	"signalbox/internal/authz"
	"signalbox/internal/domain"
)

// Maintenance is what can be asked of the machine that the server runs on. Nil
// functions are not available.
type Maintenance struct {
	// ClearCache removes copies of the repositories of a project, 0 for all of
	// them, that no task uses.
	ClearCache func(ctx context.Context, p domain.ProjectID) error
	// DumpProfiles writes profiles of the server to files.
	DumpProfiles func() error
}

// ClearCache removes what only saves time: copies of repositories that no task
// uses. The next task fetches them again.
func (c *Catalog) ClearCache(ctx context.Context, actor domain.Actor) error {
	if err := adminOnly(actor); err != nil {
		return err
	}
	if err := c.clearCache(ctx, 0); err != nil {
		return err
	}
	return c.note(ctx, actor, audit.Entry{Action: domain.ActionDelete, Object: domain.ObjectServer, Text: "Cache of the server cleared"})
}

// ClearProjectCache is ClearCache for the repositories of a project.
func (c *Catalog) ClearProjectCache(ctx context.Context, g authz.Grant) error {
	if err := g.Require(authz.ManageResources); err != nil {
		return err
	}
	if err := c.clearCache(ctx, g.Project); err != nil {
		return err
	}
	return c.note(ctx, g.Actor, audit.Entry{
		Project: &g.Project, Action: domain.ActionDelete, Object: domain.ObjectProject, ID: int64(g.Project), Text: "Cache of the project cleared",
	})
}

func (c *Catalog) clearCache(ctx context.Context, p domain.ProjectID) error {
	if c.Maintenance.ClearCache == nil {
		return nil
	}
	return c.Maintenance.ClearCache(ctx, p)
}

// CollectGarbage gives memory that is not used back to the machine.
func (c *Catalog) CollectGarbage(_ context.Context, actor domain.Actor) error {
	if err := adminOnly(actor); err != nil {
		return err
	}
	debug.FreeOSMemory()
	return nil
}

// DumpProfiles writes profiles of the server into the configured directory.
func (c *Catalog) DumpProfiles(ctx context.Context, actor domain.Actor) error {
	if err := adminOnly(actor); err != nil {
		return err
	}
	if c.Maintenance.DumpProfiles == nil {
		return domain.Invalid("", "no directory for profiles is configured; set debugging.pprof_dump_dir")
	}
	if err := c.Maintenance.DumpProfiles(); err != nil {
		return err
	}
	return c.note(ctx, actor, audit.Entry{Action: domain.ActionAccess, Object: domain.ObjectServer, Text: "Profiles of the server written"})
}
