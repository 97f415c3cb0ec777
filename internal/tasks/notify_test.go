package tasks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/domain"
	"signalbox/internal/job"
	"signalbox/internal/notify"
	"signalbox/internal/notify/slack"
	"signalbox/internal/store"
)

// alerted is a fixture whose project wants alerts; they are stored and not sent.
func alerted(t *testing.T) *fixture {
	t.Helper()
	f := setup(t)
	alerts, err := notify.New(notify.Deps{
		Store: f.store, Channels: []notify.Channel{slack.New("", nil)}, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return f.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Notify = alerts
	if _, err := f.store.Projects().Update(t.Context(), f.project, func(p *domain.Project) error { p.Alert = true; return nil }); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) news(t *testing.T) []string {
	t.Helper()
	list, err := f.store.Notifications().List(t.Context(), store.Query{})
	if err != nil {
		t.Fatal(err)
	}
	news := []string{}
	for _, n := range list {
		news = append(news, fmt.Sprint(n.TaskID, " ", n.Event, " ", n.Question))
	}
	return news
}

func TestNotify_OncePerStatus(t *testing.T) {
	t.Parallel()
	f := alerted(t)
	good := f.finished(t, f.tpl, domain.StatusSuccess, Launch{})
	bad := f.finished(t, f.tpl, domain.StatusError, Launch{})
	f.finished(t, f.tpl, domain.StatusStopped, Launch{})
	waiting := f.launch(t, Launch{TemplateID: f.tpl.ID})
	if err := f.Stop(t.Context(), f.owner, f.project, waiting.ID, false); err != nil {
		t.Fatal(err)
	}
	f.launch(t, Launch{TemplateID: f.tpl.ID})
	broken := f.claim(t)
	if err := f.Fail(t.Context(), broken.ID, broken.Epoch, "no such program"); err != nil {
		t.Fatal(err)
	}

	f.launch(t, Launch{TemplateID: f.tpl.ID})
	asking := f.claim(t)
	j := f.journal(asking)
	j.status(t, domain.StatusRunning)
	j.status(t, domain.StatusWaitingConfirmation)
	// The job does not know that its report has arrived.
	j.at--
	j.status(t, domain.StatusWaitingConfirmation)
	if err := f.Decide(t.Context(), f.owner, f.project, asking.ID, true); err != nil {
		t.Fatal(err)
	}
	j.status(t, domain.StatusRunning)
	j.status(t, domain.StatusWaitingConfirmation)
	if err := f.Decide(t.Context(), f.owner, f.project, asking.ID, true); err != nil {
		t.Fatal(err)
	}
	j.write(t, job.Record{Status: &job.Status{Status: string(domain.StatusRunning), Time: f.now}}, job.Record{End: &job.End{Status: "success", Time: f.now}})
	want := []string{
		fmt.Sprint(good.ID, " success 0"), fmt.Sprint(bad.ID, " error 0"), fmt.Sprint(broken.ID, " error 0"),
		fmt.Sprint(asking.ID, " waiting_confirmation 1"), fmt.Sprint(asking.ID, " waiting_confirmation 2"), fmt.Sprint(asking.ID, " success 0"),
	}
	if diff := cmp.Diff(want, f.news(t)); diff != "" {
		t.Errorf("news (-want +got):\n%s", diff)
	}
}

// TestNotify_WithTheStatusOrNotAtAll: when the news cannot be stored, the task has
// not ended either, and its end is reported again.
func TestNotify_WithTheStatusOrNotAtAll(t *testing.T) {
	t.Parallel()
	f := alerted(t)
	working := f.Notify
	f.launch(t, Launch{TemplateID: f.tpl.ID})
	task := f.claim(t)
	j := f.journal(task)
	j.status(t, domain.StatusRunning)
	f.Notify = full{}
	end := job.Batch{From: j.at, To: j.at + 1, Records: []job.Record{{End: &job.End{Status: "success", Time: f.now}}}}
	if _, err := f.Record(t.Context(), task.ID, task.Epoch, end); !errors.Is(err, store.ErrFull) {
		t.Fatalf("got error %v, want the disk to be full", err)
	}
	if got := f.read(t, task.ID); got.Status != domain.StatusRunning || len(f.news(t)) > 0 {
		t.Errorf("status %s and news %v, want neither", got.Status, f.news(t))
	}
	f.Notify = working
	j.end(t, domain.StatusSuccess)
	if got := f.read(t, task.ID); got.Status != domain.StatusSuccess || len(f.news(t)) != 1 {
		t.Errorf("status %s and news %v, want both", got.Status, f.news(t))
	}
}

// full stores nothing.
type full struct{}

func (full) Note(context.Context, domain.Task) error { return store.ErrFull }
func (full) Wake()                                   {}
