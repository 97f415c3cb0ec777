package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"signalbox/internal/job"
)

// queryTimeout bounds a question about a repository.
const queryTimeout = 60 * time.Second

// Queries answers questions about repositories by short job processes. What
// goes wrong is told in sentences for the user.
type Queries struct {
	Executable string
	Env        []string
	Host       job.Host
	// Credentials are further sign-ins; see With.
	Credentials []job.HostCredential
}

// With returns queries that also use the sign-ins of a project for its hosts.
func (q Queries) With(credentials []job.HostCredential) Queries {
	q.Credentials = credentials
	return q
}

// Branches lists the branches of a remote, by their full names.
func (q Queries) Branches(ctx context.Context, project int64, r job.Repository) ([]string, error) {
	answer, err := q.Ask(ctx, job.Query{Op: job.QueryBranches, ProjectID: project, Repository: r})
	return answer.Branches, err
}

// Tags lists the tags of a remote, by their full names.
func (q Queries) Tags(ctx context.Context, project int64, r job.Repository) ([]string, error) {
	answer, err := q.Ask(ctx, job.Query{Op: job.QueryTags, ProjectID: project, Repository: r})
	return answer.Tags, err
}

// Commit is the commit that r.Branch or r.Commit means now. What the mirror lacks
// of it is fetched.
func (q Queries) Commit(ctx context.Context, project int64, r job.Repository) (job.Commit, error) {
	answer, err := q.Ask(ctx, job.Query{Op: job.QueryCommit, ProjectID: project, Repository: r})
	if err != nil || answer.Commit == nil {
		return job.Commit{}, err
	}
	return *answer.Commit, nil
}

// Files lists a directory of that commit, "" the root, and reports whether there
// is more than f.Limit.
func (q Queries) Files(ctx context.Context, project int64, r job.Repository, dir string, f job.FileQuery) (files []job.FileEntry, more bool, err error) {
	answer, err := q.Ask(ctx, job.Query{Op: job.QueryFiles, ProjectID: project, Repository: r, Path: dir, Files: f})
	return answer.Files, answer.Truncated, err
}

// File reads a file of that commit, at most a mebibyte of it.
func (q Queries) File(ctx context.Context, project int64, r job.Repository, name string) (job.FileContent, error) {
	answer, err := q.Ask(ctx, job.Query{Op: job.QueryFile, ProjectID: project, Repository: r, Path: name})
	if err != nil || answer.File == nil {
		return job.FileContent{}, err
	}
	return *answer.File, nil
}

// Ask answers a question of any kind, with the sign-ins it brings along too. The
// host and the time it may take are those of q.
func (q Queries) Ask(ctx context.Context, query job.Query) (job.Answer, error) {
	query.Host, query.Credentials = q.Host, slices.Concat(q.Credentials, query.Credentials)
	if query.Op != job.QueryBranches && query.Op != job.QueryTags {
		query.Timeout = queryTimeout - 5*time.Second // the first look at a repository fetches it
	}
	question, err := json.Marshal(query)
	if err != nil {
		return job.Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, q.Executable, "job", "query")
	cmd.Env, cmd.Dir = q.Env, "/"
	cmd.Stdin = bytes.NewReader(question)
	// A process that is killed at once would leave its files until the next sweep.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout = &out
	runErr := cmd.Run()
	var answer job.Answer
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		if ctx.Err() != nil {
			return job.Answer{}, fmt.Errorf("the repository did not answer within %s", queryTimeout)
		}
		return job.Answer{}, fmt.Errorf("the query process ended without an answer: %w", errors.Join(runErr, err))
	}
	if answer.Error != "" {
		return job.Answer{}, errors.New(answer.Error)
	}
	return answer, nil
}
