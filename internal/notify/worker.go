package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// parallel is how many messages a channel sends at once.
const parallel = 4

// Run tells what is to be told until ctx ends. Each channel goes its own pace, so
// that one that hangs holds up no other. Any number of servers may run it on one
// database.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.keepHouse(ctx) })
	for _, l := range append([]*lane{s.news}, s.lanes...) {
		g.Go(func() error { return s.serve(ctx, l) })
	}
	return g.Wait()
}

// serve works off a lane.
func (s *Service) serve(ctx context.Context, l *lane) error {
	var sending errgroup.Group
	sending.SetLimit(parallel)
	defer func() { _ = sending.Wait() }() // its functions return no error
	tick := time.NewTicker(s.Pace.Tick)
	defer tick.Stop()
	for {
		if err := s.drain(ctx, l, &sending); err != nil && ctx.Err() == nil {
			s.Log.Error("look for alerts to send", "channel", l.name, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-l.wake:
		case <-tick.C:
		}
	}
}

// drain takes up what is due until there is nothing more.
func (s *Service) drain(ctx context.Context, l *lane, sending *errgroup.Group) error {
	const page = 100
	for ctx.Err() == nil {
		now := s.Now()
		due, err := s.Store.Notifications().List(ctx, store.Where(store.Eq("channel", l.name), store.Lt("next_at", now.Add(time.Microsecond))).By("next_at", "id").Max(page))
		if err != nil {
			return err
		}
		for _, n := range due {
			if ctx.Err() != nil {
				return nil
			}
			if l.channel == nil {
				if err := s.spread(ctx, n); err != nil {
					return err
				}
				continue
			}
			// It is taken when there is room to send it, for the lease runs from then.
			sending.Go(func() error {
				s.attempt(ctx, l.channel, n)
				return nil
			})
		}
		if len(due) < page {
			return nil
		}
	}
	return nil
}

// attempt takes a notification and delivers it, unless somebody else did.
func (s *Service) attempt(ctx context.Context, c Channel, n domain.Notification) {
	taken, err := s.take(ctx, n)
	switch {
	case err == nil:
		s.deliver(ctx, c, taken)
	case errors.Is(err, errTaken), errors.Is(err, store.ErrNotFound), ctx.Err() != nil:
	default:
		s.Log.Error("take an alert", "channel", n.Channel, "task_id", n.TaskID, "error", err)
	}
}

// errTaken says that somebody else is at a notification, or was.
var errTaken = errors.New("taken by another server")

// take makes a notification that is due ours for the time of the lease.
func (s *Service) take(ctx context.Context, n domain.Notification) (domain.Notification, error) {
	return s.Store.Notifications().Update(ctx, n.ID, func(now *domain.Notification) error {
		if now.Attempts != n.Attempts || now.NextAt == nil || !now.NextAt.Equal(*n.NextAt) {
			return errTaken
		}
		until := s.Now().Add(s.Pace.Lease)
		now.NextAt = &until
		now.Attempts++
		return nil
	})
}

// deliver makes one attempt and stores what came of it.
func (s *Service) deliver(ctx context.Context, c Channel, n domain.Notification) {
	to, m, skip, err := s.prepare(ctx, n)
	if errors.Is(err, store.ErrNotFound) {
		return // the task is gone, and the notification with it
	}
	if err == nil && skip == "" {
		err = s.send(ctx, c, to, m)
	}
	s.settle(ctx, n, skip, err)
}

// send is the channel's Send in bounded time. A channel that panics fails.
func (s *Service) send(ctx context.Context, c Channel, to Recipient, m Message) (err error) {
	ctx, cancel := context.WithTimeout(ctx, s.Pace.Send)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("channel %s panicked: %v", c.Properties().Name, p)
		}
	}()
	return c.Send(ctx, to, m)
}

// prepare writes the message of a notification, or says why it is not sent any
// more.
func (s *Service) prepare(ctx context.Context, n domain.Notification) (to Recipient, m Message, skip string, err error) {
	if n.Created.Before(s.Now().Add(-s.Pace.MaxAge)) {
		return to, m, "It could not be sent in time.", nil
	}
	list, err := s.Store.Tasks().List(ctx, store.TaskFilter{Project: n.ProjectID, Before: n.TaskID + 1, Limit: 1})
	if err != nil {
		return to, m, "", err
	}
	if len(list) == 0 || list[0].ID != n.TaskID {
		return to, m, "", store.ErrNotFound
	}
	t := list[0]
	if n.Event == domain.StatusWaitingConfirmation && (t.Status != n.Event || t.Questions != n.Question) {
		return to, m, "The task was answered before this could be sent.", nil
	}
	p, err := s.Store.Projects().Get(ctx, n.ProjectID)
	if err != nil {
		return to, m, "", err
	}
	to.Chat = p.AlertChat
	if n.UserID != nil {
		u, err := s.Store.Users().Get(ctx, *n.UserID)
		if errors.Is(err, store.ErrNotFound) || err == nil && !reachable(u) {
			return to, m, "The user wants no alerts any more.", nil
		}
		if err != nil {
			return to, m, "", err
		}
		to.Email = u.Email
	}
	version, err := s.version(ctx, t.Task)
	return to, s.message(t, p, n.Event, version), "", err
}

// version is that of a build, or of the build that a deployment deploys.
func (s *Service) version(ctx context.Context, t domain.Task) (string, error) {
	const most = 50 // deployments of deployments
	own := t
	for range most {
		if t.Version != nil && *t.Version != "" {
			if t.ID == own.ID {
				return *t.Version, nil
			}
			return "build " + *t.Version, nil
		}
		if t.BuildTaskID == nil {
			break
		}
		var err error
		t, err = s.Store.Tasks().Get(ctx, *t.BuildTaskID)
		if errors.Is(err, store.ErrNotFound) {
			break // deleted meanwhile
		}
		if err != nil {
			return "", err
		}
	}
	return "", nil
}

// settleGrace is how long the outcome of an attempt may take to be stored when
// the server stops.
const settleGrace = 5 * time.Second

// settle stores what came of an attempt, unless somebody took the notification
// over meanwhile. What cannot be stored is tried again when the lease has ended.
func (s *Service) settle(ctx context.Context, n domain.Notification, skip string, sent error) {
	interrupted := sent != nil && ctx.Err() != nil
	if sent != nil && !interrupted {
		s.Log.Warn("send alert", "channel", n.Channel, "task_id", n.TaskID, "attempt", n.Attempts, "error", sent)
	}
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleGrace)
	defer cancel()
	_, err := s.Store.Notifications().Update(finish, n.ID, func(now *domain.Notification) error {
		if now.Attempts != n.Attempts || now.State != domain.NotificationPending {
			return errTaken
		}
		at := s.Now()
		now.NextAt, now.Error = nil, ""
		switch {
		case interrupted: // the next server tries at once
			now.NextAt, now.Attempts = &at, now.Attempts-1
			return nil
		case skip != "":
			now.State, now.Error, now.Attempts = domain.NotificationSkipped, skip, now.Attempts-1
			return nil
		case sent == nil:
			now.State = domain.NotificationSent
		default:
			f := failure(sent)
			now.Error = f.Reason
			now.NextAt = s.again(*now, f, at)
			if now.NextAt == nil {
				now.State = domain.NotificationFailed
			}
		}
		now.LastAt = &at
		return nil
	})
	if err != nil && !errors.Is(err, errTaken) && !errors.Is(err, store.ErrNotFound) {
		s.Log.Error("store what became of an alert", "channel", n.Channel, "task_id", n.TaskID, "error", err)
	}
}

// again is when a failed notification is tried next, nil for never.
func (s *Service) again(n domain.Notification, f *Failure, now time.Time) *time.Time {
	if f.Final || n.Attempts > len(s.Pace.Delays) {
		return nil
	}
	at := now.Add(max(s.Pace.Delays[n.Attempts-1], f.After))
	if at.After(n.Created.Add(s.Pace.MaxAge)) {
		return nil
	}
	return &at
}

// houseEvery is how often old records are looked for.
const houseEvery = time.Hour

// keepHouse deletes old records, and ends what no channel takes any more.
func (s *Service) keepHouse(ctx context.Context) error {
	tick := time.NewTicker(houseEvery)
	defer tick.Stop()
	for {
		if err := s.tidy(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("delete old alerts", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// tidy is one round of keepHouse.
func (s *Service) tidy(ctx context.Context) error {
	now := s.Now()
	if _, err := s.Store.Notifications().DeleteWhere(ctx, store.Lt("created", now.Add(-s.Pace.Keep))); err != nil {
		return err
	}
	// A channel that was switched off: its lane is not served.
	left, err := s.Store.Notifications().List(ctx, store.Where(store.Gt("next_at", time.Unix(0, 0)), store.Lt("created", now.Add(-s.Pace.MaxAge))))
	if err != nil {
		return err
	}
	for _, n := range left {
		if n.Channel == "" || s.lane(n.Channel) != nil {
			continue
		}
		_, err := s.Store.Notifications().Update(ctx, n.ID, func(n *domain.Notification) error {
			n.State, n.NextAt, n.Error = domain.NotificationSkipped, nil, "The channel was switched off."
			return nil
		})
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}
