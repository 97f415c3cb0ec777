package tasks

import (
	"context"
	"errors"
	"sync"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// retention collects the templates of which a task has ended, so that old tasks
// are deleted in the background and no run waits for it.
type retention struct {
	mu        sync.Mutex
	templates map[domain.TemplateID]bool // guarded by mu
	wake      chan struct{}              // holds one token when there are any
	started   time.Time                  // with a monotonic reading
}

func newRetention(started time.Time) *retention {
	return &retention{templates: map[domain.TemplateID]bool{}, wake: make(chan struct{}, 1), started: started}
}

// today is the time by which tasks are old: now, unless the clock was set ahead
// since the server started. Until it is started again we do not believe that, for
// what is deleted does not come back.
func (r *retention) today(now time.Time) time.Time {
	steady := r.started.Round(0).Add(now.Sub(r.started))
	if steady.Before(now.Round(0)) {
		return steady
	}
	return now
}

func (r *retention) note(t domain.TemplateID) {
	r.mu.Lock()
	r.templates[t] = true
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *retention) take() map[domain.TemplateID]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.templates
	r.templates = map[domain.TemplateID]bool{}
	return taken
}

// sweepEvery is how often everything is looked through.
const sweepEvery = time.Hour

// retentionPage is how many tasks are looked at, or deleted, between two looks
// at whether the server is to end.
const retentionPage = 500

// Retain deletes old tasks as the settings say until ctx ends: what is beyond
// the number kept of a template soon after a task has ended, everything else
// now and then. Tasks that have not ended are never deleted.
func (s *Service) Retain(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	s.sweep(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.sweep(ctx)
		case <-s.retention.wake:
			for id := range s.retention.take() {
				s.complain(ctx, s.trimTemplate(ctx, id))
			}
		}
	}
}

func (s *Service) complain(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		s.Log.Error("delete old tasks", "error", err)
	}
}

// sweep applies all rules to all tasks.
func (s *Service) sweep(ctx context.Context) {
	if s.Settings.MaxTasksPerTemplate > 0 {
		s.complain(ctx, s.trimTemplates(ctx))
	}
	if s.Settings.MaxAge > 0 {
		s.complain(ctx, s.trimAge(ctx))
	}
	if s.Settings.MaxStorage > 0 {
		s.complain(ctx, s.trimStorage(ctx))
	}
}

// trimAge deletes tasks that ended too long ago. Identifiers grow with time, so
// it stops at the first page without any.
func (s *Service) trimAge(ctx context.Context) error {
	before := s.retention.today(s.Now()).Add(-s.Settings.MaxAge)
	for after := domain.TaskID(0); ; {
		list, err := s.Store.Tasks().Ended(ctx, after, retentionPage)
		if err != nil {
			return err
		}
		old := 0
		for _, t := range list {
			after = t.ID
			if t.End == nil || !t.End.Before(before) {
				continue
			}
			old++
			if err := s.drop(ctx, t); err != nil {
				return err
			}
		}
		if old == 0 {
			return nil
		}
	}
}

// trimStorage deletes the oldest tasks with output until what is left fits.
func (s *Service) trimStorage(ctx context.Context) error {
	size, err := s.Store.Tasks().OutputBytes(ctx)
	if err != nil {
		return err
	}
	for after := domain.TaskID(0); size > s.Settings.MaxStorage; {
		list, err := s.Store.Tasks().Ended(ctx, after, retentionPage)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, t := range list {
			after = t.ID
			own := t.LogBytes + t.ResultBytes
			if size <= s.Settings.MaxStorage || own == 0 {
				continue
			}
			if err := s.drop(ctx, t); err != nil {
				return err
			}
			size -= own
		}
	}
	return nil
}

func (s *Service) trimTemplates(ctx context.Context) error {
	for after := domain.TemplateID(0); ; {
		list, err := s.Store.Templates().List(ctx, store.Where(store.Gt("id", after)).By("id").Max(retentionPage))
		if err != nil || len(list) == 0 {
			return err
		}
		for _, t := range list {
			if err := s.trimTemplate(ctx, t.ID); err != nil {
				return err
			}
			after = t.ID
		}
	}
}

// trimTemplate deletes the oldest finished tasks of a template beyond the number
// that is kept.
func (s *Service) trimTemplate(ctx context.Context, id domain.TemplateID) error {
	keep := s.Settings.MaxTasksPerTemplate
	if keep <= 0 {
		return nil
	}
	f := store.TaskFilter{Template: id, Statuses: endedStatuses(), Limit: retentionPage}
	for {
		list, err := s.Store.Tasks().List(ctx, f)
		if err != nil || len(list) == 0 {
			return err
		}
		f.Before = list[len(list)-1].ID
		beyond := list[min(keep, len(list)):]
		keep -= len(list) - len(beyond)
		for _, t := range beyond {
			if err := s.drop(ctx, t.Task); err != nil {
				return err
			}
		}
	}
}

func endedStatuses() []domain.TaskStatus {
	return []domain.TaskStatus{domain.StatusSuccess, domain.StatusError, domain.StatusStopped}
}

// drop deletes a task that has ended, in a transaction of its own. One that is
// gone already is fine.
func (s *Service) drop(ctx context.Context, t domain.Task) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.Store.Tasks().Delete(ctx, t.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return nil
}
