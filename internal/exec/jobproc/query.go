package jobproc

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"signalbox/internal/exec/fault"
	"signalbox/internal/exec/gitrepo"
	"signalbox/internal/exec/isolate"
	"signalbox/internal/exec/joblog"
	"signalbox/internal/exec/keys"
	"signalbox/internal/job"
)

// query answers a question about a repository or the machine: JSON in, JSON out. It keeps
// nothing but what it says.
func query(in io.Reader, out io.Writer, getenv func(string) string) int {
	var q job.Query
	answer := job.Answer{}
	if err := json.NewDecoder(in).Decode(&q); err != nil {
		answer.Error = "The query could not be read."
	} else {
		secrets := Secrets(&job.Spec{Repository: q.Repository, Credentials: q.Credentials})
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
	answers, known := questions()[q.Op]
	if !known && q.Op != job.QueryPrograms {
		return fault.New("The query %q is not known to this version of Signalbox.", q.Op)
	}
	timeout := q.Timeout
	if timeout <= 0 {
		timeout = 20 * time.Second
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), timeout,
		fault.New("The repository '%s' did not answer within %s. Check its address, and that this machine can reach it.", q.Repository.Name, timeout))
	defer cancel()
	// Whoever asked may have gone; what the question left is still removed.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
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
	if q.Op == job.QueryPrograms {
		answer.Programs, err = programs(ctx, q, private, getenv, who.Commands(nil))
		return err
	}
	ring := keys.NewRing(private)
	defer ring.Close()
	spec := &job.Spec{ProjectID: q.ProjectID, Host: q.Host, Repository: q.Repository, Credentials: q.Credentials}
	git, err := gitClient(spec, private, ring, io.Discard, getenv, who.Commands(nil).ForGit(), joblog.NewMasker(Secrets(spec)).Text)
	if err != nil {
		return err
	}
	defer git.Close()
	return answers(ctx, git, q, answer)
}

// questions is the registry of queries about repositories.
func questions() map[string]func(context.Context, gitrepo.Client, job.Query, *job.Answer) error {
	return map[string]func(context.Context, gitrepo.Client, job.Query, *job.Answer) error{
		job.QueryBranches: func(ctx context.Context, git gitrepo.Client, q job.Query, a *job.Answer) (err error) {
			a.Branches, err = git.Branches(ctx, q.Repository)
			return err
		},
		job.QueryTags: func(ctx context.Context, git gitrepo.Client, q job.Query, a *job.Answer) (err error) {
			a.Tags, err = git.Tags(ctx, q.Repository)
			return err
		},
		job.QueryCommit: func(ctx context.Context, git gitrepo.Client, q job.Query, a *job.Answer) error {
			commit, err := git.Latest(ctx, q.ProjectID, q.Repository)
			a.Commit = &commit
			return err
		},
		job.QueryFiles: func(ctx context.Context, git gitrepo.Client, q job.Query, a *job.Answer) (err error) {
			a.Files, a.Truncated, err = git.Files(ctx, q.ProjectID, q.Repository, q.Path, q.Files)
			return err
		},
		job.QueryFile: func(ctx context.Context, git gitrepo.Client, q job.Query, a *job.Answer) error {
			file, err := git.File(ctx, q.ProjectID, q.Repository, q.Path)
			a.File = &file
			return err
		},
	}
}

// credential is git's question for a sign-in.
func credential(file, operation string) int {
	if err := keys.AnswerGit(file, operation, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "signalbox: the stored sign-in could not be read")
		return exitRefused
	}
	return exitDone
}
