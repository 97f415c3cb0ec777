package httpapi

import (
	"strconv"
	"strings"

	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
	"signalbox/internal/job"
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
	if err := a.remote(c, "branches"); err != nil {
		return nil, err
	}
	branches, err := a.Tasks.Branches(c.r.Context(), c.grant.Project, c.repositoryID())
	return append([]string{}, branches...), err
}

func (a *api) listTags(c *call, _ *none) ([]string, error) {
	if err := a.remote(c, "tags"); err != nil {
		return nil, err
	}
	tags, err := a.Tasks.Tags(c.r.Context(), c.grant.Project, c.repositoryID())
	return append([]string{}, tags...), err
}

// remote refuses repositories that have nothing to choose from.
func (a *api) remote(c *call, what string) error {
	r, err := a.Catalog.Repository(c.r.Context(), c.grant, c.repositoryID())
	if err == nil && r.Kind() == domain.RepositoryLocal {
		return domain.Invalid("", "the repository is a directory that is used as it is; it has no %s to choose from", what)
	}
	return err
}

func (a *api) listFiles(c *call, _ *none) (wire.Files, error) {
	if _, err := a.Catalog.Repository(c.r.Context(), c.grant, c.repositoryID()); err != nil {
		return wire.Files{}, err
	}
	q := job.FileQuery{Recursive: c.param("recursive") == "true"}
	for suffix := range strings.SplitSeq(c.param("suffix"), ",") {
		if suffix = strings.TrimSpace(suffix); suffix != "" {
			q.Suffixes = append(q.Suffixes, suffix)
		}
	}
	if text := c.param("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxFiles {
			return wire.Files{}, domain.Invalid("limit", "must be a number from 1 to %d", maxFiles)
		}
		q.Limit = n
	}
	files, more, err := a.Tasks.Files(c.r.Context(), c.grant.Project, c.repositoryID(), c.param("branch"), c.param("path"), q)
	return wire.FromFiles(files, more), err
}

// maxFiles bounds a list of files, as the contract of jobs does.
const maxFiles = 10_000

func (a *api) replaceRepository(c *call, in *wire.RepositoryInput) (none, error) {
	return none{}, a.Catalog.ReplaceRepository(c.r.Context(), c.grant, c.repositoryID(), in.Repository())
}

func (a *api) deleteRepository(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteRepository(c.r.Context(), c.grant, c.repositoryID())
}
