package dispatch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/job"
	"signalbox/internal/logchunk"
	"signalbox/internal/store"
)

// askingJob is a job process that asks as often as its playbook says, and obeys
// the answers: it takes none for that to another question.
func askingJob(dir string) error {
	var spec job.Spec
	if err := json.NewDecoder(os.Stdin).Decode(&spec); err != nil {
		return err
	}
	var questions int
	if _, err := fmt.Sscanf(spec.Playbook, "ask%d", &questions); err != nil {
		return err
	}
	commands := make(chan job.Command, 16)
	server, err := job.Serve(os.NewFile(job.ListenerFD, "socket"), func(c job.Command) { commands <- c })
	if err != nil {
		return err
	}
	defer server.Close()
	journal, err := job.CreateJournal(dir, server.Wake)
	if err != nil {
		return err
	}
	status := func(s domain.TaskStatus) job.Record {
		return job.Record{Status: &job.Status{Status: string(s), Time: time.Now().UTC()}}
	}
	err = journal.Append(job.Record{Begin: &job.Begin{TaskID: spec.TaskID, Epoch: spec.Epoch, Time: time.Now().UTC()}}, status(domain.StatusRunning))
	end := job.End{Status: "success"}
	lines := logchunk.NewBuilder(1)
	for n := 1; err == nil && n <= questions; n++ {
		lines.Add(time.Now().UTC(), fmt.Appendf(nil, "question %d", n), false)
		chunk := lines.Finish()
		err = errors.Join(err, journal.Append(job.Record{Chunk: &chunk}, status(domain.StatusWaitingConfirmation)))
		var c job.Command
		for c = range commands {
			if c.Stop || c.Question == n {
				break
			}
		}
		end.Lines++
		if c.Stop {
			end.Status = "stopped"
			break
		}
		if c.Reject {
			end.Status, end.Reason = "error", fmt.Sprintf("Question %d was answered with no.", n)
			break
		}
		err = errors.Join(err, journal.Append(status(domain.StatusRunning)))
	}
	end.Time = time.Now().UTC()
	return errors.Join(err, journal.Finish(end), journal.Close())
}

const askingVariable = "ASKING_JOB"

// asking makes the runner of the bundle start askingJob.
func (b *bundle) asking() {
	b.stop()
	b.env = append(os.Environ(), askingVariable+"=1")
	b.start()
}

func (b *bundle) asks(id domain.TaskID, question int) domain.Task {
	b.t.Helper()
	return b.until(id, fmt.Sprintf("question %d", question), func(t domain.Task) bool {
		return t.Status == domain.StatusWaitingConfirmation && t.Questions == question
	})
}

func (b *bundle) decide(id domain.TaskID, confirm bool) {
	b.t.Helper()
	if err := b.Decide(b.t.Context(), b.actor, b.project, id, confirm); err != nil {
		b.t.Fatal(err)
	}
}

func TestConfirm_EachQuestionGetsItsAnswer(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 4, nil)
	b.asking()
	tpl := b.template("ask2", true)
	good, bad, stopped := b.launch(tpl), b.launch(tpl), b.launch(tpl)
	for _, id := range []domain.TaskID{good, bad} {
		b.asks(id, 1)
		b.decide(id, true)
		b.asks(id, 2)
		b.decide(id, id == good)
	}
	b.asks(stopped, 1)
	if err := b.Stop(t.Context(), b.actor, b.project, stopped, false); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[domain.TaskID]domain.TaskStatus{good: domain.StatusSuccess, bad: domain.StatusError, stopped: domain.StatusStopped} {
		if task := b.ended(id); task.Status != want {
			t.Errorf("task %d is %s (%s), want %s", id, task.Status, task.StatusReason, want)
		}
	}
	if task := b.ended(bad); task.StatusReason != "Question 2 was answered with no." {
		t.Errorf("the rejected task says %q", task.StatusReason)
	}
}

func TestRestart_PlansStayApprovable(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 4, nil)
	b.asking()
	tpl := b.template("ask2", true)
	before, while, after := b.launch(tpl), b.launch(tpl), b.launch(tpl)
	for _, id := range []domain.TaskID{before, while, after} {
		b.asks(id, 1)
	}
	b.decide(before, true)
	b.asks(before, 2)
	b.stop()
	// The decision is stored, and the server dies before the job hears of it.
	b.decide(while, true)
	b.decide(before, false)
	b.start()
	b.asks(while, 2)
	b.asks(after, 1)
	b.decide(after, false)
	b.decide(while, true)
	for id, want := range map[domain.TaskID]domain.TaskStatus{before: domain.StatusError, while: domain.StatusSuccess, after: domain.StatusError} {
		if task := b.ended(id); task.Status != want || task.Decision == "" {
			t.Errorf("task %d is %s (%s), want %s", id, task.Status, task.StatusReason, want)
		}
	}
}

func TestConfirm_AsksOnlyOnce(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 4, nil)
	b.asking()
	id := b.launch(b.template("ask1", true))
	b.asks(id, 1)
	b.decide(id, true)
	b.ended(id)
	if err := b.Decide(t.Context(), b.actor, b.project, id, true); !domain.IsKind(err, domain.KindConflict) {
		t.Errorf("a task that has ended was confirmed: %v", err)
	}
	list, err := b.store.Tasks().List(t.Context(), store.TaskFilter{Project: b.project, Statuses: domain.UnfinishedStatuses()})
	if err != nil || len(list) != 0 {
		t.Errorf("%d tasks are unfinished, %v", len(list), err)
	}
}
