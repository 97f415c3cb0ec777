package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"signalbox/internal/job"
)

// queryTimeout bounds a question about a repository.
const queryTimeout = 60 * time.Second

// Queries answers questions about repositories by short job processes.
type Queries struct {
	Executable string
	Env        []string
	Host       job.Host
}

// Branches lists the branches of a remote, by their full names.
func (q Queries) Branches(ctx context.Context, project int64, r job.Repository) ([]string, error) {
	question, err := json.Marshal(job.Query{Op: job.QueryBranches, ProjectID: project, Repository: r, Host: q.Host})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, q.Executable, "job", "query")
	cmd.Env, cmd.Dir = q.Env, "/"
	cmd.Stdin = bytes.NewReader(question)
	var out bytes.Buffer
	cmd.Stdout = &out
	runErr := cmd.Run()
	var answer job.Answer
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("the repository did not answer within %s", queryTimeout)
		}
		return nil, fmt.Errorf("the query process ended without an answer: %w", errors.Join(runErr, err))
	}
	if answer.Error != "" {
		return nil, errors.New(answer.Error)
	}
	return answer.Branches, nil
}
