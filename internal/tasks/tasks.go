package tasks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

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
}

// querier answers questions about a repository by a job process, because the
// server itself never runs git.
type querier interface {
	Branches(ctx context.Context, project int64, r job.Repository) ([]string, error)
}

// keyOpener decrypts a key.
type keyOpener interface {
	OpenKey(k domain.Key) (domain.KeySecret, error)
}

// Settings are the parts of the configuration that runs depend on.
type Settings struct {
	MaxParallel         int           // tasks active at once, 0: no limit
	MaxTasksPerTemplate int           // finished tasks kept, 0: all
	MaxDuration         time.Duration // 0: none
	StopGrace           time.Duration
	MaxOutput           int64  // bytes kept of what a task prints, 0: all
	WebHost             string // base of links, "" when unknown
	Apps                func(ctx context.Context) ([]domain.App, error)
	Host                job.Host
}

// Deps is what a Service works with. All fields are required.
type Deps struct {
	Store    store.Store
	Sealer   sealer
	Keys     keyOpener
	Live     live.Publisher
	Queries  querier
	Settings Settings
	Log      *slog.Logger
	Now      func() time.Time
}

// Service carries out what users and jobs ask of tasks.
type Service struct {
	Deps
	control control
	chunks  *chunkCache
}

// New returns a service. Connect must be called before tasks are launched.
func New(d Deps) *Service {
	return &Service{Deps: d, chunks: newChunkCache(16)}
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

// List returns tasks newest first and whether there are older ones.
func (s *Service) List(ctx context.Context, f store.TaskFilter) ([]domain.TaskWithTemplate, bool, error) {
	want := f.Limit
	f.Limit = want + 1
	list, err := s.Store.Tasks().List(ctx, f)
	if err != nil {
		return nil, false, err
	}
	if len(list) > want {
		return list[:want], true, nil
	}
	return list, false, nil
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
		switch b.Reason {
		case store.BlockedByGlobal:
			reasons[id] = fmt.Sprintf("Waiting for capacity: %d tasks are running, and the server runs at most %d at once.", b.Limit, b.Limit)
		case store.BlockedByTemplate:
			reasons[id] = fmt.Sprintf("Waiting for task #%d of the same template; the template does not allow parallel tasks.", b.TaskID)
		case store.BlockedByProject:
			reasons[id] = fmt.Sprintf("Waiting for capacity: the project runs at most %d tasks at once.", b.Limit)
		}
	}
	return reasons, nil
}

// Stop ends a task: a waiting one at once, one under way by telling its job.
// With force the job does not get the time to end by itself. Stopping a task
// that has ended changes nothing.
func (s *Service) Stop(ctx context.Context, actor domain.Actor, p domain.ProjectID, id domain.TaskID, force bool) error {
	if _, err := s.task(ctx, p, id); err != nil {
		return err
	}
	var before domain.TaskStatus
	t, err := s.Store.Tasks().Update(ctx, id, func(t *domain.Task) error {
		before = t.Status
		if t.Status.Terminal() {
			return nil
		}
		if t.StoppedBy == nil {
			t.StoppedBy = actor.UserID()
		}
		if t.Status == domain.StatusWaiting {
			now := s.Now()
			t.Status, t.End, t.LogComplete = domain.StatusStopped, &now, true
			t.StatusReason = "Stopped before it started."
			return nil
		}
		t.Status = domain.StatusStopping
		t.ForceStop = t.ForceStop || force
		return nil
	})
	if err != nil || before.Terminal() {
		return err
	}
	verb := "Stop requested"
	if force {
		verb = "Force stop requested"
	}
	s.event(ctx, actor, t, fmt.Sprintf("%s for task %d", verb, t.ID))
	if t.Status.Terminal() {
		s.ended(ctx, t)
		return nil
	}
	if before != t.Status {
		s.publish(t)
	}
	s.control.Signal(t.ID, t.ForceStop)
	return nil
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
		return s.Store.Events().Add(ctx, &domain.Event{
			ProjectID: &p, UserID: actor.UserID(), ObjectType: domain.ObjectTask, ObjectID: ref(int64(id)),
			Description: fmt.Sprintf("Task %d deleted", id), Address: actor.Address, Created: s.Now(),
		})
	})
}

// event notes something about a task in the activity log. A failure to do so
// is logged and does not undo what happened.
func (s *Service) event(ctx context.Context, actor domain.Actor, t domain.Task, text string) {
	p := t.ProjectID
	err := s.Store.Events().Add(ctx, &domain.Event{
		ProjectID: &p, UserID: actor.UserID(), ObjectType: domain.ObjectTask, ObjectID: ref(int64(t.ID)),
		Description: text, Address: actor.Address, Created: s.Now(),
	})
	if err != nil {
		s.Log.Error("note task event", "task_id", t.ID, "error", err)
	}
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

// ended does what follows the end of a task.
func (s *Service) ended(ctx context.Context, t domain.Task) {
	s.publishLog(t)
	s.publish(t)
	actor := domain.Actor{}
	if t.UserID != nil {
		actor.User.ID = *t.UserID
	}
	s.event(ctx, actor, t, fmt.Sprintf("Task %d finished with status %s", t.ID, upper(t.Status)))
	s.control.Wake()
	if t.Status == domain.StatusSuccess {
		s.autorun(ctx, t)
	}
	if err := s.retain(ctx, t); err != nil {
		s.Log.Error("remove old tasks", "template_id", t.TemplateID, "error", err)
	}
}

// autorun starts the deployments that follow a successful build.
func (s *Service) autorun(ctx context.Context, t domain.Task) {
	list, err := s.Store.Templates().List(ctx, store.Where(store.InProject(t.ProjectID),
		store.Eq("build_template_id", t.TemplateID), store.Eq("autorun", true)))
	if err != nil {
		s.Log.Error("find deployments to run", "task_id", t.ID, "error", err)
		return
	}
	for _, tpl := range list {
		build := t.ID
		if _, err := s.Launch(ctx, domain.Actor{}, t.ProjectID, Launch{TemplateID: tpl.ID, BuildTaskID: &build}); err != nil {
			s.Log.Error("run deployment after build", "task_id", t.ID, "template_id", tpl.ID, "error", err)
		}
	}
}

// retain deletes the oldest finished tasks of the template beyond the number
// that the configuration keeps.
func (s *Service) retain(ctx context.Context, t domain.Task) error {
	keep := s.Settings.MaxTasksPerTemplate
	if keep <= 0 {
		return nil
	}
	done := []domain.TaskStatus{domain.StatusSuccess, domain.StatusError, domain.StatusStopped}
	list, err := s.Store.Tasks().List(ctx, store.TaskFilter{Project: t.ProjectID, Template: t.TemplateID, Statuses: done, Limit: keep + 100})
	if err != nil {
		return err
	}
	for i := keep; i < len(list); i++ {
		if err := s.Store.Tasks().Delete(ctx, list[i].ID); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}

func ref[T any](v T) *T { return &v }
