package wire

import (
	"signalbox/internal/domain"
	"signalbox/internal/job"
)

// Repository is where playbooks and scripts come from.
type Repository struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	ProjectID int64  `json:"project_id"`
	GitURL    string `json:"git_url"`
	GitBranch string `json:"git_branch"`
	SSHKeyID  int64  `json:"ssh_key_id"`
	GitDepth  int    `json:"git_depth,omitempty" doc:"How many commits of the history are fetched; none: all"`
	GitLFS    bool   `json:"git_lfs,omitempty" doc:"Fetch the large files of Git LFS"`
}

// RepositoryInput creates or replaces a repository.
type RepositoryInput struct {
	ID        int64  `json:"id,omitempty"`
	Name      string `json:"name,omitempty"`
	ProjectID int64  `json:"project_id,omitempty"`
	GitURL    string `json:"git_url,omitempty"`
	GitBranch string `json:"git_branch,omitempty"`
	SSHKeyID  int64  `json:"ssh_key_id,omitempty"`
	GitDepth  int    `json:"git_depth,omitempty" doc:"How many commits of the history are fetched; 0: all"`
	GitLFS    bool   `json:"git_lfs,omitempty" doc:"Fetch the large files of Git LFS"`
}

// FromRepository gives the shape of a repository.
func FromRepository(r domain.Repository) Repository {
	return Repository{
		ID: int64(r.ID), Name: r.Name, ProjectID: int64(r.ProjectID),
		GitURL: r.GitURL, GitBranch: r.GitBranch, SSHKeyID: int64(r.SSHKeyID),
		GitDepth: r.GitDepth, GitLFS: r.GitLFS,
	}
}

// FromRepositories gives a list of repositories.
func FromRepositories(repos []domain.Repository) []Repository { return list(repos, FromRepository) }

// Repository gives the domain value.
func (in RepositoryInput) Repository() domain.Repository {
	return domain.Repository{
		ID: domain.RepositoryID(in.ID), ProjectID: domain.ProjectID(in.ProjectID), Name: in.Name,
		GitURL: in.GitURL, GitBranch: in.GitBranch, SSHKeyID: domain.KeyID(in.SSHKeyID),
		GitDepth: in.GitDepth, GitLFS: in.GitLFS,
	}
}

// Files is a list of what a repository holds.
type Files struct {
	Files     []File `json:"files"`
	Truncated bool   `json:"truncated,omitempty" doc:"There is more than the limit let through"`
}

// File is an entry of a repository.
type File struct {
	Path string `json:"path" doc:"From the root, with slashes"`
	Kind string `json:"kind" enum:"file,dir,link,submodule"`
	Size int64  `json:"size,omitempty" doc:"Of files, in bytes"`
}

// FromFiles gives the shape of a list of files.
func FromFiles(files []job.FileEntry, more bool) Files {
	return Files{Truncated: more, Files: list(files, func(f job.FileEntry) File {
		return File{Path: f.Path, Kind: f.Kind, Size: f.Size}
	})}
}
