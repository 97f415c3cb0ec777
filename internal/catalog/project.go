package catalog

import (
	"context"
	"fmt"
	"slices"

	"signalbox/internal/audit"
	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// Projects lists the projects of the actor by name; an administrator sees all.
func (c *Catalog) Projects(ctx context.Context, actor domain.Actor) ([]domain.Project, error) {
	if actor.Everywhere() {
		return c.Store.Projects().List(ctx, store.Query{}.By("name", "id"))
	}
	ids, err := c.visible(ctx, actor)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return c.Store.Projects().List(ctx, store.Where(store.In("id", ids)).By("name", "id"))
}

// visible returns the projects of an actor who may not look into all of them:
// those they are a member of, and of these only what their token is bound to. An
// administrator's token may be bound to any.
func (c *Catalog) visible(ctx context.Context, actor domain.Actor) ([]domain.ProjectID, error) {
	bound := actor.Token != nil && actor.Token.Projects != nil
	if bound && actor.User.Admin {
		return actor.Token.Projects, nil
	}
	ids, err := c.ProjectIDs(ctx, actor.User.ID)
	if bound {
		ids = slices.DeleteFunc(ids, func(p domain.ProjectID) bool { return !slices.Contains(actor.Token.Projects, p) })
	}
	return ids, err
}

// ProjectIDs returns the projects that a user is a member of.
func (c *Catalog) ProjectIDs(ctx context.Context, u domain.UserID) ([]domain.ProjectID, error) {
	members, err := c.Store.Members().List(ctx, store.Where(store.Eq("user_id", u)).By("project_id"))
	if err != nil {
		return nil, err
	}
	ids := make([]domain.ProjectID, 0, len(members))
	for _, m := range members {
		ids = append(ids, m.ProjectID)
	}
	return ids, nil
}

// Project returns the project of a grant.
func (c *Catalog) Project(ctx context.Context, g authz.Grant) (domain.Project, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return domain.Project{}, err
	}
	p, err := c.Store.Projects().Get(ctx, g.Project)
	return p, missing(err, "project")
}

func (c *Catalog) mayCreateProject(actor domain.Actor) error {
	subject := authz.Of(actor)
	subject.AnyoneCreates = c.AnyoneCreates
	return authz.Decide(subject, authz.CreateProject)
}

// CreateProject stores a project, makes the actor its owner and furnishes it:
// the key "None", the view "All", an empty variable group and, for a demo, the
// examples.
func (c *Catalog) CreateProject(ctx context.Context, actor domain.Actor, p domain.Project, demo bool) (domain.Project, error) {
	if err := c.mayCreateProject(actor); err != nil {
		return p, err
	}
	if err := p.Validate(); err != nil {
		return p, err
	}
	dir, undo := "", func() {}
	if demo {
		if c.Demo == nil {
			return p, domain.Invalid("demo", "this server makes no demo projects")
		}
		var err error
		if dir, undo, err = c.Demo.Prepare(); err != nil {
			return p, err
		}
	}
	err := c.Store.InTx(ctx, func(ctx context.Context) error {
		p.ID, p.Created = 0, c.Now().UTC()
		if err := c.Store.Projects().Create(ctx, &p); err != nil {
			return err
		}
		owner := domain.Member{ProjectID: p.ID, UserID: actor.User.ID, Role: domain.RoleOwner}
		if err := c.Store.Members().Create(ctx, &owner); err != nil {
			return err
		}
		f, err := c.furnish(ctx, p.ID)
		if err != nil {
			return err
		}
		if demo {
			if err := c.seedDemo(ctx, p.ID, f, dir); err != nil {
				return err
			}
		}
		return c.note(ctx, actor, projectEntry(domain.ActionCreate, p, "Project %s created", nil, p))
	})
	if err != nil {
		undo()
	}
	return p, err
}

// furniture is what every new project starts with.
type furniture struct {
	key   domain.KeyID
	group domain.VariableGroupID
}

func (c *Catalog) furnish(ctx context.Context, p domain.ProjectID) (furniture, error) {
	none := domain.Key{ProjectID: p, Name: "None", Type: domain.KeyNone}
	if err := c.Store.Keys().Create(ctx, &none); err != nil {
		return furniture{}, err
	}
	if err := c.Store.Views().Create(ctx, &domain.View{ProjectID: p, Title: "All", Type: viewAll}); err != nil {
		return furniture{}, err
	}
	env := "{}"
	empty := domain.VariableGroup{ProjectID: p, Name: "Empty", JSON: "{}", Env: &env}
	err := c.Store.VariableGroups().Create(ctx, &empty)
	return furniture{key: none.ID, group: empty.ID}, err
}

// ReplaceProject replaces the settings of a project; its type stays. An
// identifier of 0 in the body is one the client left out.
func (c *Catalog) ReplaceProject(ctx context.Context, g authz.Grant, p domain.Project) error {
	if err := g.Require(authz.UpdateProject); err != nil {
		return err
	}
	if p.ID != g.Project {
		return domain.Invalid("id", "Project ID in body and URL must be the same")
	}
	if err := p.Validate(); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		var before domain.Project
		after, err := c.Store.Projects().Update(ctx, g.Project, func(row *domain.Project) error {
			before = *row
			p.Created, p.Type = row.Created, row.Type
			*row = p
			return nil
		})
		if err != nil {
			return missing(err, "project")
		}
		return c.note(ctx, g.Actor, projectEntry(domain.ActionUpdate, after, "Project %s updated", before, after))
	})
}

// DeleteProject removes a project and everything in it, in one transaction.
// Tasks that have not ended must be stopped first.
func (c *Catalog) DeleteProject(ctx context.Context, g authz.Grant) error {
	if err := g.Require(authz.DeleteProject); err != nil {
		return err
	}
	p := g.Project
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		project, err := c.Store.Projects().Get(ctx, p)
		if err != nil {
			return missing(err, "project")
		}
		unfinished, err := c.Store.Tasks().CountUnfinished(ctx, p)
		if err != nil {
			return err
		}
		if unfinished > 0 {
			return domain.Conflict("%d tasks of the project have not ended; stop them first", unfinished)
		}
		in := store.InProject(p)
		// Aliases of the project belong to no integration.
		if err := c.deleteIntegrationParts(ctx, in); err != nil {
			return err
		}
		if err := c.deleteTemplates(ctx, p); err != nil {
			return err
		}
		// Each of these refers only to kinds that come later.
		for _, remove := range []func(context.Context, ...store.Cond) (int, error){
			c.Store.Inventories().DeleteWhere, c.Store.Repositories().DeleteWhere, c.Store.HostConfigs().DeleteWhere, c.Store.Keys().DeleteWhere,
			c.Store.VariableGroups().DeleteWhere, c.Store.Views().DeleteWhere, c.Store.Runners().DeleteWhere,
			c.Store.Roles().DeleteWhere, c.Store.Invites().DeleteWhere, c.Store.Members().DeleteWhere,
		} {
			if _, err := remove(ctx, in); err != nil {
				return err
			}
		}
		if err := c.Store.Projects().Delete(ctx, p); err != nil {
			return err
		}
		entry := projectEntry(domain.ActionDelete, project, "Project %s deleted", project, nil)
		entry.Project = nil // nobody is in it any more
		return c.note(ctx, g.Actor, entry)
	})
}

// deleteTemplates removes all templates with their tasks; deployments go before
// the builds they refer to.
func (c *Catalog) deleteTemplates(ctx context.Context, p domain.ProjectID) error {
	list, err := c.Store.Templates().List(ctx, store.Where(store.InProject(p)))
	if err != nil {
		return err
	}
	for _, deploy := range []bool{true, false} {
		for _, t := range list {
			if (t.BuildTemplateID != nil) != deploy {
				continue
			}
			if err := c.deleteTemplateParts(ctx, p, t.ID); err != nil {
				return err
			}
			if err := c.Store.Templates().Delete(ctx, t.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// projectEntry tells about a project; text has a place for its name.
func projectEntry(action domain.EventAction, p domain.Project, text string, before, after any) audit.Entry {
	return audit.Entry{
		Project: &p.ID, Action: action, Object: domain.ObjectProject, ID: int64(p.ID), Target: p.Name,
		Text: fmt.Sprintf(text, p.Name), Before: before, After: after,
	}
}
