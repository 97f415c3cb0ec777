package tasks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"signalbox/internal/audit"
	"signalbox/internal/domain"
	"signalbox/internal/job"
	"signalbox/internal/live"
	"signalbox/internal/store"
)

// sealer encrypts what must not lie in the database in clear. The second
// argument of both binds the text to its place.
type sealer interface {
	Seal(plain []byte, context string) (string, error)
	Open(sealed string, context string) ([]byte, error)
}

// control reaches the runs that are under way, wherever they are.
type control interface {
	// Wake says that a task may be ready to run.
	Wake()
	// Signal passes on that a task is to be stopped.
	Signal(id domain.TaskID, force bool)
	// Answer passes on what was decided about a task that waits for confirmation.
	Answer(id domain.TaskID, question int, confirm bool)
}

// querier answers questions about a repository by a job process, because the
// server itself never runs git.
type querier interface {
	Ask(ctx context.Context, q job.Query) (job.Answer, error)
}

// keyOpener decrypts a key.
type keyOpener interface {
	OpenKey(k domain.Key) (domain.KeySecret, error)
}

// notifier tells people about tasks.
type notifier interface {
	// Note stores that a task has come into its status, in the transaction in which
	// that happens. It finds out by itself whether anybody is told.
	Note(ctx context.Context, t domain.Task) error
	// Wake says that such a transaction has been committed.
	Wake()
}

// silence tells nobody.
type silence struct{}

func (silence) Note(context.Context, domain.Task) error { return nil }
func (silence) Wake()                                   {}

// Settings are the parts of the configuration that runs depend on.
type Settings struct {
	MaxParallel         int           // tasks active at once, 0: no limit
	MaxTasksPerTemplate int           // finished tasks kept, 0: all
	MaxAge              time.Duration // since the end of a task that is kept, 0: any
	MaxStorage          int64         // bytes of output of finished tasks kept, 0: any
	MaxDuration         time.Duration // 0: none
	StopGrace           time.Duration
	MaxOutput           int64         // bytes of output kept of a run, 0: all
	ApprovalTimeout     time.Duration // how long a task waits for confirmation, 0: for ever
	DigestKey           []byte        // keys digests of variables in plans
	WebHost             string        // base of links, "" when unknown
	Apps                func(ctx context.Context) ([]domain.App, error)
	Host                job.Host
}

// Deps is what a Service works with. All fields but Notify are required.
type Deps struct {
	Store    store.Store
	Sealer   sealer
	Keys     keyOpener
	Live     live.Publisher
	Queries  querier
	Notify   notifier // nil: nobody is told about tasks
	Settings Settings
	Log      *slog.Logger
	Now      func() time.Time
}

// Service carries out what users and jobs ask of tasks.
type Service struct {
	Deps
	control   control
	chunks    *chunkCache
	retention *retention
	history   history
}

// New returns a service. Connect must be called before tasks are launched.
func New(d Deps) *Service {
	if d.Notify == nil {
		d.Notify = silence{}
	}
	return &Service{Deps: d, chunks: newChunkCache(16), retention: newRetention(d.Now())}
}

// Connect tells the service who runs the tasks. It is apart from New because
// the dispatcher needs the service first.
func (s *Service) Connect(c control) { s.control = c }

// Get returns a task of the project with the names that pages show.
func (s *Service) Get(ctx context.Context, p domain.ProjectID, id domain.TaskID) (domain.TaskWithTemplate, error) {
	list, err := s.Store.Tasks().List(ctx, store.TaskFilter{Project: p, Before: id + 1, Limit: 1})
	if err != nil {
		return domain.TaskWithTemplate{}, err
	}
	if len(list) == 0 || list[0].ID != id {
		return domain.TaskWithTemplate{}, domain.NotFound("task")
	}
	return list[0], nil
}

func (s *Service) task(ctx context.Context, p domain.ProjectID, id domain.TaskID) (domain.Task, error) {
	t, err := s.Store.Tasks().Get(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && t.ProjectID != p {
		return t, domain.NotFound("task")
	}
	return t, err
}

// WaitReasons says in a sentence what keeps each waiting task from running. A
// task that is about to start has none.
func (s *Service) WaitReasons(ctx context.Context, ids []domain.TaskID) (map[domain.TaskID]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	blocked, err := s.Store.Tasks().Blocked(ctx, s.Settings.MaxParallel, ids)
	if err != nil {
		return nil, err
	}
	reasons := make(map[domain.TaskID]string, len(blocked))
	for id, b := range blocked {
		reasons[id] = blockerText(b)
	}
	return reasons, nil
}

func blockerText(b store.Blocker) string {
	switch b.Reason {
	case store.BlockedByGlobal:
		return fmt.Sprintf("Waiting for capacity: %d tasks are running, and the server runs at most %d at once.", b.Limit, b.Limit)
	case store.BlockedByTemplate:
		return fmt.Sprintf("Waiting for task #%d of the same template; the template does not allow parallel tasks.", b.TaskID)
	case store.BlockedByProject:
		return fmt.Sprintf("Waiting for capacity: the project runs at most %d tasks at once.", b.Limit)
	}
	return ""
}

// Stop ends a task: a waiting one at once, one under way by telling its job.
// With force the job does not get the time to end by itself. Stopping a task
// that has ended changes nothing.
func (s *Service) Stop(ctx context.Context, actor domain.Actor, p domain.ProjectID, id domain.TaskID, force bool) error {
	if _, err := s.task(ctx, p, id); err != nil {
		return err
	}
	verb := "Stop requested"
	if force {
		verb = "Force stop requested"
	}
	var before domain.TaskStatus
	t, err := s.updateOrEnd(ctx, id, func(t *domain.Task) error {
		before = t.Status
		if t.Status.Terminal() {
			return nil
		}
		if t.StoppedBy == nil {
			t.StoppedBy = actor.UserID()
		}
		if t.Status == domain.StatusWaiting {
			t.Status, t.End, t.LogComplete = domain.StatusStopped, endAt(t, s.Now()), true
			t.StatusReason = "Stopped before it started."
			return nil
		}
		t.Status = domain.StatusStopping
		t.ForceStop = t.ForceStop || force
		return nil
	}, func(ctx context.Context, t domain.Task) error {
		if before.Terminal() {
			return nil
		}
		return s.note(ctx, actor, t, domain.ActionStop, fmt.Sprintf("%s for task %d", verb, t.ID))
	})
	if err != nil || before.Terminal() {
		return err
	}
	if t.Status.Terminal() {
		s.ended(t)
		return nil
	}
	if before != t.Status {
		s.publish(t)
	}
	s.control.Signal(t.ID, t.ForceStop)
	return nil
}

// Decide answers a task that waits for confirmation. The decision is stored
// before the job hears of it: whoever takes the job up after a crash finds it.
// In any other status it is a conflict.
func (s *Service) Decide(ctx context.Context, actor domain.Actor, p domain.ProjectID, id domain.TaskID, confirm bool) error {
	if _, err := s.task(ctx, p, id); err != nil {
		return err
	}
	next, verb := domain.StatusRejected, "rejected"
	if confirm {
		next, verb = domain.StatusConfirmed, "confirmed"
	}
	t, err := s.updateOrEnd(ctx, id, func(t *domain.Task) error {
		if t.Status != domain.StatusWaitingConfirmation {
			return domain.Conflict("task %d does not wait for confirmation: its status is %s", t.ID, t.Status)
		}
		now := s.Now()
		t.Status, t.Decision, t.DecidedBy, t.DecidedAt = next, next, actor.UserID(), &now
		return nil
	}, func(ctx context.Context, t domain.Task) error {
		return s.note(ctx, actor, t, domain.ActionDecide, fmt.Sprintf("Task %d %s", t.ID, verb))
	})
	if err != nil {
		return err
	}
	s.publish(t)
	s.control.Answer(t.ID, t.Questions, confirm)
	return nil
}

// updateOrEnd changes a task, and notes its end in the same transaction if that
// is what the change brings about. More is done there too.
func (s *Service) updateOrEnd(ctx context.Context, id domain.TaskID, fn func(*domain.Task) error, more ...func(context.Context, domain.Task) error) (t domain.Task, err error) {
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		var before domain.TaskStatus
		t, err = s.Store.Tasks().Update(ctx, id, func(t *domain.Task) error {
			before = t.Status
			return fn(t)
		})
		if err != nil {
			return err
		}
		for _, do := range more {
			if err := do(ctx, t); err != nil {
				return err
			}
		}
		if before.Terminal() {
			return nil
		}
		return s.noteEnd(ctx, t)
	})
	return t, err
}

// StopAll stops every unfinished task of a template.
func (s *Service) StopAll(ctx context.Context, actor domain.Actor, p domain.ProjectID, tpl domain.TemplateID, force bool) error {
	for {
		list, err := s.Store.Tasks().List(ctx, store.TaskFilter{
			Project: p, Template: tpl, Statuses: domain.UnfinishedStatuses(), Limit: 1000,
		})
		if err != nil {
			return err
		}
		left := 0
		for _, t := range list {
			if t.Status == domain.StatusStopping && (!force || t.ForceStop) {
				continue
			}
			left++
			if err := s.Stop(ctx, actor, p, t.ID, force); err != nil && !domain.IsKind(err, domain.KindNotFound) {
				return err
			}
		}
		if left == 0 {
			return nil
		}
	}
}

// Delete removes a task that has ended, with its output.
func (s *Service) Delete(ctx context.Context, actor domain.Actor, p domain.ProjectID, id domain.TaskID) error {
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		t, err := s.task(ctx, p, id)
		if err != nil {
			return err
		}
		if !t.Status.Terminal() {
			return &domain.Error{Kind: domain.KindInvalid, Message: "the task has not ended; stop it first"}
		}
		if err := s.Store.Tasks().Delete(ctx, id); err != nil {
			return err
		}
		return s.note(ctx, actor, t, domain.ActionDelete, fmt.Sprintf("Task %d deleted", id))
	})
}

// event notes something about a task in the activity log. A failure to do so
// is logged and does not undo what happened.
func (s *Service) event(ctx context.Context, actor domain.Actor, t domain.Task, action domain.EventAction, text string) {
	if err := s.note(ctx, actor, t, action, text); err != nil {
		s.Log.Error("note task event", "task_id", t.ID, "error", err)
	}
}

func (s *Service) note(ctx context.Context, actor domain.Actor, t domain.Task, action domain.EventAction, text string) error {
	p := t.ProjectID
	return audit.Log{Store: s.Store, Now: s.Now}.Add(ctx, actor, audit.Entry{Project: &p, Action: action, Object: domain.ObjectTask, ID: int64(t.ID), Text: text})
}

// noteEnd notes the end of a task that has ended, in the name of who started it,
// and that people are to be told.
func (s *Service) noteEnd(ctx context.Context, t domain.Task) error {
	if !t.Status.Terminal() {
		return nil
	}
	actor := domain.Actor{}
	if t.UserID != nil {
		actor.User.ID = *t.UserID
	}
	if err := s.note(ctx, actor, t, domain.ActionRun, fmt.Sprintf("Task %d finished with status %s", t.ID, upper(t.Status))); err != nil {
		return err
	}
	return s.Notify.Note(ctx, t)
}

func (s *Service) publish(t domain.Task) {
	s.Live.Publish(live.Event{Project: t.ProjectID, Task: &live.TaskUpdate{
		TaskID: t.ID, TemplateID: t.TemplateID, Status: t.Status, Start: t.Start, End: t.End, Version: t.Version,
	}})
}

func (s *Service) publishLog(t domain.Task) {
	s.Live.Publish(live.Event{Project: t.ProjectID, Log: &live.LogGrowth{
		TaskID: t.ID, Total: t.LogLines, Complete: t.LogComplete,
	}})
}

// ended tells everybody that a task has ended.
func (s *Service) ended(t domain.Task) {
	s.publishLog(t)
	s.publish(t)
	s.control.Wake()
	s.Notify.Wake()
	s.retention.note(t.TemplateID)
}

func ref[T any](v T) *T { return &v }
