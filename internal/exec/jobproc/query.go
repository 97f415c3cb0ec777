package jobproc

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"signalbox/internal/exec/fault"
	"signalbox/internal/exec/isolate"
	"signalbox/internal/exec/joblog"
	"signalbox/internal/exec/keys"
	"signalbox/internal/job"
)

// query answers a question about a repository: JSON in, JSON out. It keeps
// nothing but what it says.
func query(in io.Reader, out io.Writer, getenv func(string) string) int {
	var q job.Query
	answer := job.Answer{}
	if err := json.NewDecoder(in).Decode(&q); err != nil {
		answer.Error = "The query could not be read."
	} else {
		secrets := Secrets(&job.Spec{Repository: q.Repository})
		masker := joblog.NewMasker(secrets)
		if err := ask(q, &answer, getenv); err != nil {
			answer = job.Answer{Error: masker.Text(fault.Sentence(err))}
		}
	}
	if err := json.NewEncoder(out).Encode(answer); err != nil {
		fmt.Fprintln(os.Stderr, "job:", err)
		return exitLost
	}
	return exitDone
}

func ask(q job.Query, answer *job.Answer, getenv func(string) string) (err error) {
	if q.Op != job.QueryBranches {
		return fault.New("The query %q is not known to this version of Signalbox.", q.Op)
	}
	timeout := q.Timeout
	if timeout <= 0 {
		timeout = 20 * time.Second
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), timeout,
		fault.New("The repository '%s' did not answer within %s. Check its address, and that this machine can reach it.", q.Repository.Name, timeout))
	defer cancel()
	if q.Host.DataDir, err = filepath.Abs(q.Host.DataDir); err != nil {
		return err
	}
	who, err := isolate.Resolve(q.Host.Isolation)
	if err != nil {
		return err
	}
	if err := isolate.Enter(who, q.Host.DataDir, ""); err != nil {
		return err
	}
	getenv = who.Environ(getenv)
	runs := filepath.Join(q.Host.DataDir, "queries")
	if err := os.MkdirAll(runs, 0o700); err != nil {
		return err
	}
	private, err := os.MkdirTemp(runs, "q")
	if err != nil {
		return err
	}
	defer os.RemoveAll(private)
	ring := keys.NewRing(private)
	defer ring.Close()
	git, err := gitClient(&job.Spec{ProjectID: q.ProjectID, Host: q.Host, Repository: q.Repository}, private, ring, getenv)
	if err != nil {
		return err
	}
	git.Output, git.As = io.Discard, who.Commands(nil).ForGit()
	if git.Executable, err = helperProgram(q.Host.Isolation, private); err != nil {
		return err
	}
	answer.Branches, err = git.Branches(ctx, q.Repository)
	return err
}

// credential is git's question for a sign-in.
func credential(file, operation string) int {
	if err := keys.AnswerGit(file, operation, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "signalbox: the stored sign-in could not be read")
		return exitRefused
	}
	return exitDone
}
