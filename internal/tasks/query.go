package tasks

import (
	"context"
	"errors"

	"signalbox/internal/domain"
	"signalbox/internal/job"
	"signalbox/internal/store"
)

// Branches lists the branches of a repository. Git runs in a job process, here
// and below.
func (s *Service) Branches(ctx context.Context, p domain.ProjectID, id domain.RepositoryID) ([]string, error) {
	answer, err := s.query(ctx, p, id, job.Query{Op: job.QueryBranches})
	return answer.Branches, err
}

// Tags lists the tags of a repository.
func (s *Service) Tags(ctx context.Context, p domain.ProjectID, id domain.RepositoryID) ([]string, error) {
	answer, err := s.query(ctx, p, id, job.Query{Op: job.QueryTags})
	return answer.Tags, err
}

// Files lists a directory of a repository, "" its root, at the branch that is
// given, or else at its own. more tells that f.Limit left some out.
func (s *Service) Files(ctx context.Context, p domain.ProjectID, id domain.RepositoryID, branch, dir string, f job.FileQuery) (files []job.FileEntry, more bool, err error) {
	if branch != "" {
		if err := domain.CheckGitRef("branch", branch); err != nil {
			return nil, false, err
		}
	}
	if err := domain.CheckRelativePath("path", dir); err != nil {
		return nil, false, err
	}
	answer, err := s.query(ctx, p, id, job.Query{Op: job.QueryFiles, Repository: job.Repository{Branch: branch}, Path: dir, Files: f})
	return answer.Files, answer.Truncated, err
}

// query asks about a repository of the project, with the project's sign-ins. A
// branch in the question takes the place of the repository's.
func (s *Service) query(ctx context.Context, p domain.ProjectID, id domain.RepositoryID, q job.Query) (job.Answer, error) {
	r, err := s.Store.Repositories().Get(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && r.ProjectID != p {
		return job.Answer{}, domain.NotFound("repository")
	}
	if err != nil {
		return job.Answer{}, err
	}
	b := builder{s: s}
	branch := q.Repository.Branch
	if q.Repository, err = b.repo(ctx, r); err != nil {
		return job.Answer{}, err
	}
	if branch != "" {
		q.Repository.Branch, q.Repository.Override = branch, true
	}
	if q.Credentials, err = b.hostCredentials(ctx, p); err != nil {
		return job.Answer{}, err
	}
	q.ProjectID = int64(p)
	answer, err := s.Queries.Ask(ctx, q)
	if err != nil {
		return answer, domain.Invalid("git_url", "%s", err)
	}
	return answer, nil
}
