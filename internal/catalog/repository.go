package catalog

import (
	"context"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// Repositories lists the repositories of a project by name.
func (c *Catalog) Repositories(ctx context.Context, g authz.Grant, desc bool) ([]domain.Repository, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return nil, err
	}
	order, err := Sort{Desc: desc}.order("name")
	if err != nil {
		return nil, err
	}
	return c.Store.Repositories().List(ctx, store.Where(store.InProject(g.Project)).By(order, "id"))
}

// Repository returns one repository.
func (c *Catalog) Repository(ctx context.Context, g authz.Grant, id domain.RepositoryID) (domain.Repository, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return domain.Repository{}, err
	}
	return repositories().get(ctx, c.Store, g.Project, id)
}

// CreateRepository stores a repository.
func (c *Catalog) CreateRepository(ctx context.Context, g authz.Grant, r domain.Repository) (domain.Repository, error) {
	if err := checkProject(r.ProjectID, g.Project, true); err != nil {
		return r, err
	}
	if err := r.Validate(); err != nil {
		return r, err
	}
	err := repositories().create(ctx, c, g, &r, func(ctx context.Context) error {
		return c.referKey(ctx, g.Project, &r.SSHKeyID, "ssh_key_id", domain.KindNotFound)
	}, nil)
	return r, err
}

// ReplaceRepository replaces a repository.
func (c *Catalog) ReplaceRepository(ctx context.Context, g authz.Grant, id domain.RepositoryID, r domain.Repository) error {
	if err := repositories().checkIDs(&r, id, g.Project, false); err != nil {
		return err
	}
	if err := r.Validate(); err != nil {
		return err
	}
	return repositories().update(ctx, c, g, id, func(ctx context.Context) error {
		return c.referKey(ctx, g.Project, &r.SSHKeyID, "ssh_key_id", domain.KindNotFound)
	}, func(row *domain.Repository) error {
		*row = r
		return nil
	}, nil)
}

// DeleteRepository removes a repository that nothing uses.
func (c *Catalog) DeleteRepository(ctx context.Context, g authz.Grant, id domain.RepositoryID) error {
	return repositories().remove(ctx, c, g, id, func(ctx context.Context, id domain.RepositoryID) ([]domain.Reference, error) {
		refs, err := c.repositoryRefs(ctx, g.Project, id)
		return refs.all(), err
	}, nil)
}

// RepositoryRefs lists what uses a repository.
func (c *Catalog) RepositoryRefs(ctx context.Context, g authz.Grant, id domain.RepositoryID) (Refs, error) {
	if _, err := c.Repository(ctx, g, id); err != nil {
		return Refs{}, err
	}
	return c.repositoryRefs(ctx, g.Project, id)
}

func (c *Catalog) repositoryRefs(ctx context.Context, p domain.ProjectID, id domain.RepositoryID) (refs Refs, err error) {
	if refs.Templates, err = templates().referrers(ctx, c.Store, p, store.Eq("repository_id", id)); err != nil {
		return refs, err
	}
	if refs.Inventories, err = inventories().referrers(ctx, c.Store, p, store.Eq("repository_id", id)); err != nil {
		return refs, err
	}
	refs.Schedules, err = c.scheduleReferrers(ctx, p, store.Eq("repository_id", id))
	return refs, err
}
