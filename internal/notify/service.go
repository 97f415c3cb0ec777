package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// Deps is what a Service works with.
type Deps struct {
	Store    store.Store
	Channels []Channel // those that are switched on
	WebHost  string    // base of links, "" when unknown
	Log      *slog.Logger
	Now      func() time.Time
	Pace     Pace
}

// Pace is how often and how long things are tried. Zero fields mean the usual.
type Pace struct {
	Tick   time.Duration   // between looks at what is due
	Send   time.Duration   // that a channel may take for a message
	Lease  time.Duration   // after which others take over what is not done
	Delays []time.Duration // before each further attempt; none after the last
	MaxAge time.Duration   // of news that are still sent
	Keep   time.Duration   // records stay so long, if their task does
}

// usual fills in what is not given. The lease is longer than sending takes, so
// that nothing is sent twice while the server that sends it lives.
func (p Pace) usual() Pace {
	set := func(d *time.Duration, usual time.Duration) {
		if *d == 0 {
			*d = usual
		}
	}
	set(&p.Tick, 5*time.Second)
	set(&p.Send, 20*time.Second)
	set(&p.Lease, 40*time.Second)
	set(&p.MaxAge, 24*time.Hour)
	set(&p.Keep, 30*24*time.Hour)
	if p.Delays == nil {
		p.Delays = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour}
	}
	return p
}

// Service stores what is to be told and tells it.
type Service struct {
	Deps
	news  *lane
	lanes []*lane // of the channels
}

// lane is what goes by one channel, or news that have not been given to the
// channels yet.
type lane struct {
	channel Channel // nil for news
	name    domain.Channel
	wake    chan struct{} // holds one token when there may be something to do
}

func newLane(c Channel) *lane {
	l := &lane{channel: c, wake: make(chan struct{}, 1)}
	if c != nil {
		l.name = c.Properties().Name
	}
	return l
}

func (l *lane) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// New returns a service; Run starts it. Two channels of the same name are a
// programming error.
func New(d Deps) (*Service, error) {
	d.Pace = d.Pace.usual()
	if d.Pace.Lease <= d.Pace.Send {
		return nil, errors.New("notify: a lease must be longer than sending may take")
	}
	s := &Service{Deps: d, news: newLane(nil)}
	for _, c := range d.Channels {
		l := newLane(c)
		if s.lane(l.name) != nil {
			return nil, fmt.Errorf("notify: there are two channels %q", l.name)
		}
		s.lanes = append(s.lanes, l)
	}
	return s, nil
}

func (s *Service) lane(name domain.Channel) *lane {
	i := slices.IndexFunc(s.lanes, func(l *lane) bool { return l.name == name })
	if i < 0 {
		return nil
	}
	return s.lanes[i]
}

// Note stores that a task has come into its status, for Run to tell. It is to be
// called in the transaction in which that happens, and does nothing where nobody
// is told: when no channel is on, the project wants no alerts, the status is not
// of interest, or the template keeps its successes to itself.
func (s *Service) Note(ctx context.Context, t domain.Task) error {
	if len(s.lanes) == 0 || !t.Status.Notifies() {
		return nil
	}
	p, err := s.Store.Projects().Get(ctx, t.ProjectID)
	if err != nil || !p.Alert {
		return err
	}
	if t.Status == domain.StatusSuccess {
		tpl, err := s.Store.Templates().Get(ctx, t.TemplateID)
		if err != nil || tpl.SuppressSuccessAlerts {
			return err
		}
	}
	now := s.Now()
	n := domain.Notification{
		ProjectID: t.ProjectID, TaskID: t.ID, Event: t.Status,
		State: domain.NotificationPending, Created: now, NextAt: &now,
	}
	if t.Status == domain.StatusWaitingConfirmation {
		n.Question = t.Questions
	}
	return s.Store.Notifications().Create(ctx, &n)
}

// Wake says that a transaction with news has been committed. It never blocks.
func (s *Service) Wake() { s.news.nudge() }

// spread replaces news by a notification for each channel and person. Whoever
// deletes the news does it, so it happens once.
func (s *Service) spread(ctx context.Context, n domain.Notification) error {
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Store.Notifications().Delete(ctx, n.ID); err != nil {
			return err
		}
		p, err := s.Store.Projects().Get(ctx, n.ProjectID)
		if err != nil {
			return err
		}
		for _, l := range s.lanes {
			if err := s.hand(ctx, n, p, l.channel.Properties()); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil // somebody else did it, or the task is gone
	}
	if err != nil {
		return err
	}
	for _, l := range s.lanes {
		l.nudge()
	}
	return nil
}

// hand stores what one channel is to tell.
func (s *Service) hand(ctx context.Context, n domain.Notification, p domain.Project, c Properties) error {
	if !slices.Contains(c.Events, n.Event) || c.NeedsChat && p.AlertChat == "" {
		return nil
	}
	add := func(to *domain.UserID) error {
		own := n
		own.ID, own.Channel, own.UserID = 0, c.Name, to
		return s.Store.Notifications().Create(ctx, &own)
	}
	if !c.PerPerson {
		return add(nil)
	}
	people, err := s.people(ctx, p.ID)
	if err != nil {
		return err
	}
	for _, u := range people {
		if err := add(&u.ID); err != nil {
			return err
		}
	}
	return nil
}

// people returns the members of a project and the administrators who want
// alerts, by their ids.
func (s *Service) people(ctx context.Context, p domain.ProjectID) ([]domain.User, error) {
	members, err := s.Store.Members().List(ctx, store.Where(store.InProject(p)))
	if err != nil {
		return nil, err
	}
	ids := make([]domain.UserID, 0, len(members))
	for _, m := range members {
		ids = append(ids, m.UserID)
	}
	wanted := store.Eq("alert", true)
	people, err := s.Store.Users().List(ctx, store.Where(wanted, store.Eq("admin", true)))
	if err != nil {
		return nil, err
	}
	if len(ids) > 0 {
		list, err := s.Store.Users().List(ctx, store.Where(wanted, store.In("id", ids)))
		if err != nil {
			return nil, err
		}
		people = append(people, list...)
	}
	slices.SortFunc(people, func(a, b domain.User) int { return int(a.ID - b.ID) })
	people = slices.CompactFunc(people, func(a, b domain.User) bool { return a.ID == b.ID })
	return slices.DeleteFunc(people, func(u domain.User) bool { return !reachable(u) }), nil
}

// reachable reports whether a user is to get alerts.
func reachable(u domain.User) bool { return u.Alert && !u.Disabled && u.Email != "" }

// message writes down what is told about a task.
func (s *Service) message(t domain.TaskWithTemplate, p domain.Project, event domain.TaskStatus, version string) Message {
	m := Message{
		Event: event, Project: p.Name, Template: t.TplAlias, TaskID: t.ID, Author: t.UserName, Text: t.Message, Version: version,
	}
	if s.WebHost != "" { // the address that details of tasks have too
		m.URL = fmt.Sprintf("%s/project/%d/history?t=%d", strings.TrimRight(s.WebHost, "/"), t.ProjectID, t.ID)
	}
	return m
}
