package httpapi

import (
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

func (a *api) listRepositories(c *call, _ *none) ([]wire.Repository, error) {
	list, err := a.Catalog.Repositories(c.r.Context(), c.grant, c.sort().Desc)
	return wire.FromRepositories(list), err
}

func (a *api) createRepository(c *call, in *wire.RepositoryInput) (wire.Repository, error) {
	r, err := a.Catalog.CreateRepository(c.r.Context(), c.grant, in.Repository())
	return wire.FromRepository(r), err
}

func (c *call) repositoryID() domain.RepositoryID { return domain.RepositoryID(c.id("repository_id")) }

func (a *api) getRepository(c *call, _ *none) (wire.Repository, error) {
	r, err := a.Catalog.Repository(c.r.Context(), c.grant, c.repositoryID())
	return wire.FromRepository(r), err
}

func (a *api) repositoryRefs(c *call, _ *none) (wire.Refs, error) {
	return refs(a.Catalog.RepositoryRefs(c.r.Context(), c.grant, c.repositoryID()))
}

func (a *api) listBranches(c *call, _ *none) ([]string, error) {
	r, err := a.Catalog.Repository(c.r.Context(), c.grant, c.repositoryID())
	if err != nil {
		return nil, err
	}
	if r.Kind() == domain.RepositoryLocal {
		return nil, domain.Invalid("", "the repository is a directory that is used as it is; it has no branches to choose from")
	}
	branches, err := a.Tasks.Branches(c.r.Context(), c.grant.Project, c.repositoryID())
	if err == nil && branches == nil {
		branches = []string{}
	}
	return branches, err
}

func (a *api) replaceRepository(c *call, in *wire.RepositoryInput) (none, error) {
	return none{}, a.Catalog.ReplaceRepository(c.r.Context(), c.grant, c.repositoryID(), in.Repository())
}

func (a *api) deleteRepository(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteRepository(c.r.Context(), c.grant, c.repositoryID())
}
