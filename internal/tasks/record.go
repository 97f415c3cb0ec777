package tasks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/job"
	"signalbox/internal/logchunk"
	"signalbox/internal/store"
)

// Record takes over what a job has written to its journal. It may be called
// again with the same batch. job.ErrFenced means that the task is no longer the
// caller's: it must stop reporting.
func (s *Service) Record(ctx context.Context, id domain.TaskID, epoch int64, b job.Batch) (job.Ack, error) {
	r := store.Report{Epoch: epoch, FromOffset: b.From, ToOffset: b.To}
	var changes []func(*domain.Task) error
	for _, rec := range b.Records {
		switch {
		case rec.Chunk != nil:
			r.Chunks = append(r.Chunks, *rec.Chunk)
		case rec.Results != nil:
			r.Results = append(r.Results, *rec.Results)
		case rec.Stage != nil:
			r.Stages = append(r.Stages, stage(id, rec.Stage))
		case rec.Begin != nil:
			changes = append(changes, s.moveTo(domain.StatusRunning, rec.Begin.Time))
		case rec.Status != nil:
			changes = append(changes, s.moveTo(domain.TaskStatus(rec.Status.Status), rec.Status.Time))
		case rec.Commit != nil:
			changes = append(changes, func(t *domain.Task) error {
				t.CommitHash, t.CommitMessage = &rec.Commit.Hash, rec.Commit.Message
				return nil
			})
		case rec.End != nil:
			changes = append(changes, s.finish(*rec.End))
		}
	}
	if len(changes) > 0 {
		r.Apply = func(t *domain.Task) error {
			for _, change := range changes {
				if err := change(t); err != nil {
					return err
				}
			}
			return nil
		}
	}
	t, err := s.record(ctx, id, r, slices.ContainsFunc(b.Records, func(rec job.Record) bool { return rec.End != nil }))
	if err != nil {
		return job.Ack{}, fenced(err)
	}
	s.chunks.grow(id, r.Chunks)
	switch {
	case t.Status.Terminal():
		s.ended(t)
	case len(changes) > 0, len(r.Stages) > 0: // an update makes clients ask for stages too
		if len(r.Chunks) > 0 {
			s.publishLog(t)
		}
		s.publish(t)
	case len(r.Chunks) > 0:
		s.publishLog(t)
	}
	if t.Status.Terminal() {
		if err := errors.Join(s.Store.Logs().Compact(ctx, id), s.Store.Results().Compact(ctx, id)); err != nil {
			s.Log.Warn("compact log", "task_id", id, "error", err)
		}
	}
	return job.Ack{
		Stop: t.Status == domain.StatusStopping, Force: t.ForceStop,
		Confirm: t.Status == domain.StatusConfirmed, Reject: t.Status == domain.StatusRejected, Question: t.Questions,
	}, nil
}

// record stores a report. With the end of a task comes in the same transaction
// all that follows from it, so that it happens once however often the process
// dies: the line of activity, the deployments of a build, and what people are to
// be told. That goes for a question too.
func (s *Service) record(ctx context.Context, id domain.TaskID, r store.Report, ends bool) (domain.Task, error) {
	switch {
	case !ends && r.Apply == nil:
		return s.Store.Tasks().Record(ctx, id, r)
	case !ends:
		return s.recordMove(ctx, id, r)
	}
	follow, err := s.followers(ctx, id)
	if err != nil {
		return domain.Task{}, err
	}
	t, err := s.recordEnd(ctx, id, r, follow)
	if errors.Is(err, errFollower) && !errors.Is(err, store.ErrUnavailable) {
		// The build has ended, whatever becomes of its deployments.
		s.Log.Error("run deployments after build", "task_id", id, "error", err)
		follow = nil
		t, err = s.recordEnd(ctx, id, r, nil)
	}
	if err == nil && t.Status == domain.StatusSuccess {
		for _, d := range follow {
			s.publish(d.task)
		}
	}
	return t, err
}

// recordMove stores a report that may change the status of a task without ending
// it. When that makes it wait for an answer, people are told.
func (s *Service) recordMove(ctx context.Context, id domain.TaskID, r store.Report) (t domain.Task, err error) {
	asks, apply := false, r.Apply
	r.Apply = func(t *domain.Task) error {
		before := t.Questions
		err := apply(t)
		asks = t.Questions > before && t.Status == domain.StatusWaitingConfirmation
		return err
	}
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		asks = false // and stays so if the report was taken over before
		if t, err = s.Store.Tasks().Record(ctx, id, r); err != nil || !asks {
			return err
		}
		return s.Notify.Note(ctx, t)
	})
	if err == nil && asks {
		s.Notify.Wake()
	}
	return t, err
}

// errFollower marks failures to queue what follows a task.
var errFollower = errors.New("queue what follows the task")

func (s *Service) recordEnd(ctx context.Context, id domain.TaskID, r store.Report, follow []*draft) (t domain.Task, err error) {
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		if t, err = s.Store.Tasks().Record(ctx, id, r); err != nil {
			return err
		}
		if err := s.noteEnd(ctx, t); err != nil || t.Status != domain.StatusSuccess {
			return err
		}
		for _, d := range follow {
			if err := s.enqueue(ctx, d); err != nil {
				return errors.Join(errFollower, err)
			}
		}
		return nil
	})
	return t, err
}

// followers drafts the deployments that run by themselves once the task has
// succeeded. One that cannot be launched is noted and left out.
func (s *Service) followers(ctx context.Context, id domain.TaskID) ([]*draft, error) {
	t, err := s.Store.Tasks().Get(ctx, id)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.Templates().List(ctx, store.Where(store.InProject(t.ProjectID),
		store.Eq("build_template_id", t.TemplateID), store.Eq("autorun", true)))
	if err != nil {
		return nil, err
	}
	var drafts []*draft
	for _, tpl := range list {
		d, err := s.prepare(ctx, domain.Actor{}, t.ProjectID, Launch{TemplateID: tpl.ID, BuildTaskID: &t.ID}, &t)
		if errors.Is(err, store.ErrUnavailable) {
			return nil, err
		}
		if err != nil {
			s.Log.Error("deployment after build cannot run", "task_id", t.ID, "template_id", tpl.ID, "error", err)
			s.event(ctx, domain.Actor{}, t, domain.ActionRun, fmt.Sprintf("Template %q could not run after task %d: %s", tpl.Name, t.ID, publicText(err)))
			continue
		}
		drafts = append(drafts, d)
	}
	return drafts, nil
}

// publicText is what users may read of an error.
func publicText(err error) string {
	var de *domain.Error
	if errors.As(err, &de) {
		return de.Message
	}
	return "internal error; the server log has the details"
}

// fenced gives the store's refusal the name that runners know. A task that was
// deleted meanwhile is refused in the same way.
func fenced(err error) error {
	if errors.Is(err, store.ErrFenced) || errors.Is(err, store.ErrNotFound) {
		return job.ErrFenced
	}
	return err
}

// moveTo sets a status that a job reports. A task that is being stopped stays
// so: the job ends it.
func (s *Service) moveTo(next domain.TaskStatus, at time.Time) func(*domain.Task) error {
	return func(t *domain.Task) error {
		if t.Status == domain.StatusStopping || t.Status == next {
			return nil
		}
		if next.Terminal() || !t.Status.CanBecome(next) {
			return fmt.Errorf("a job may not move its task from %s to %q", t.Status, next)
		}
		t.Status = next
		switch next {
		case domain.StatusRunning:
			if t.Start == nil {
				t.Start = &at
			}
		case domain.StatusWaitingConfirmation:
			t.Questions++
			t.Decision, t.DecidedBy, t.DecidedAt = "", nil, nil
		}
		return nil
	}
}

// finish seals the log and ends the task. A clean exit after a stop request is
// a stop all the same.
func (s *Service) finish(end job.End) func(*domain.Task) error {
	return func(t *domain.Task) error {
		next := domain.TaskStatus(end.Status)
		if !next.Terminal() {
			return fmt.Errorf("%q does not end a task", end.Status)
		}
		reason := end.Reason
		if t.LogLines != end.Lines {
			next = domain.StatusError
			reason = fmt.Sprintf("The output is not complete: the job wrote %d lines, %d arrived.", end.Lines, t.LogLines)
		}
		if t.Status == domain.StatusStopping && next != domain.StatusStopped {
			next = domain.StatusStopped
			if reason == "" {
				reason = "Stopped."
			}
		}
		if t.Status == domain.StatusRejected && next == domain.StatusSuccess {
			next = domain.StatusError // it had nothing more to do
		}
		if t.Decision == domain.StatusRejected && next == domain.StatusError && reason == "" {
			reason = "Rejected."
		}
		t.Status, t.StatusReason = next, reason
		t.LogDigest, t.LogComplete = end.Digest, true
		at := end.Time
		if t.Start == nil {
			t.Start = &at
		}
		t.End = endAt(t, at)
		return nil
	}
}

// endAt is when a task ended: at that time, but not before it started or was
// made, should the clock have been set back meanwhile.
func endAt(t *domain.Task, at time.Time) *time.Time {
	earliest := t.Created
	if t.Start != nil {
		earliest = *t.Start
	}
	if at.Before(earliest) {
		at = earliest
	}
	return &at
}

// Fail ends a task whose job cannot be started, or has died without a result.
// The reason is a sentence for the user; it also becomes the last line of the
// output, so that whoever reads only that learns it too.
func (s *Service) Fail(ctx context.Context, id domain.TaskID, epoch int64, reason string) error {
	now := s.Now()
	current, err := s.Store.Tasks().Get(ctx, id)
	if err != nil {
		return fenced(err)
	}
	b := logchunk.NewBuilder(current.LogLines + 1)
	b.Add(now, []byte(reason), false)
	t, err := s.recordEnd(ctx, id, store.Report{
		Epoch: epoch, FromOffset: current.JournalOffset, ToOffset: current.JournalOffset + 1,
		Chunks: []logchunk.Chunk{b.Finish()},
		Apply: func(t *domain.Task) error {
			t.StatusReason, t.End, t.LogComplete = reason, endAt(t, now), true
			if t.Status == domain.StatusStopping {
				t.Status = domain.StatusStopped
			} else {
				t.Status = domain.StatusError
			}
			return nil
		},
	}, nil)
	if err != nil {
		return fenced(err)
	}
	s.ended(t)
	return nil
}

// Requeue puts a claimed task back in the queue, because it is certain that its
// job never ran. A task that is to be stopped ends instead.
func (s *Service) Requeue(ctx context.Context, id domain.TaskID, epoch int64) error {
	t, err := s.updateOrEnd(ctx, id, func(t *domain.Task) error {
		if t.Epoch != epoch || t.Status.Terminal() {
			return store.ErrFenced
		}
		if t.Status == domain.StatusStopping {
			t.Status, t.End, t.LogComplete = domain.StatusStopped, endAt(t, s.Now()), true
			t.StatusReason = "Stopped before it started."
			return nil
		}
		if !t.Status.CanBecome(domain.StatusWaiting) {
			return fmt.Errorf("task %d cannot go back to the queue from %s", t.ID, t.Status)
		}
		t.Status, t.Owner, t.LeaseUntil = domain.StatusWaiting, "", nil
		return nil
	})
	if err != nil {
		return fenced(err)
	}
	if t.Status.Terminal() {
		s.ended(t)
		return nil
	}
	s.publish(t)
	s.control.Wake()
	return nil
}

// Claim hands the next task that may run to an owner; false when none may.
func (s *Service) Claim(ctx context.Context, owner string, lease time.Duration) (domain.Task, bool, error) {
	now := s.Now()
	t, err := s.Store.Tasks().Claim(ctx, store.Claim{
		Owner: owner, Now: now, LeaseUntil: now.Add(lease), MaxParallel: s.Settings.MaxParallel,
	})
	if errors.Is(err, store.ErrNotFound) {
		return t, false, nil
	}
	if err != nil {
		return t, false, err
	}
	s.publish(t)
	return t, true, nil
}

// Owned returns the unfinished tasks that an owner has claimed, oldest first.
func (s *Service) Owned(ctx context.Context, owner string) ([]domain.Task, error) {
	return s.Store.Tasks().Owned(ctx, owner)
}

// RenewLeases prolongs an owner's claims.
func (s *Service) RenewLeases(ctx context.Context, owner string, lease time.Duration) error {
	return s.Store.Tasks().RenewLeases(ctx, owner, s.Now().Add(lease))
}
