package wire

import "signalbox/internal/domain"

// Repository is where playbooks and scripts come from.
type Repository struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	ProjectID int64  `json:"project_id"`
	GitURL    string `json:"git_url"`
	GitBranch string `json:"git_branch"`
	SSHKeyID  int64  `json:"ssh_key_id"`
}

// RepositoryInput creates or replaces a repository.
type RepositoryInput struct {
	ID        int64  `json:"id,omitempty"`
	Name      string `json:"name,omitempty"`
	ProjectID int64  `json:"project_id,omitempty"`
	GitURL    string `json:"git_url,omitempty"`
	GitBranch string `json:"git_branch,omitempty"`
	SSHKeyID  int64  `json:"ssh_key_id,omitempty"`
}

// FromRepository gives the shape of a repository.
func FromRepository(r domain.Repository) Repository {
	return Repository{
		ID: int64(r.ID), Name: r.Name, ProjectID: int64(r.ProjectID),
		GitURL: r.GitURL, GitBranch: r.GitBranch, SSHKeyID: int64(r.SSHKeyID),
	}
}

// FromRepositories gives a list of repositories.
func FromRepositories(repos []domain.Repository) []Repository { return list(repos, FromRepository) }

// Repository gives the domain value.
func (in RepositoryInput) Repository() domain.Repository {
	return domain.Repository{
		ID: domain.RepositoryID(in.ID), ProjectID: domain.ProjectID(in.ProjectID), Name: in.Name,
		GitURL: in.GitURL, GitBranch: in.GitBranch, SSHKeyID: domain.KeyID(in.SSHKeyID),
	}
}
