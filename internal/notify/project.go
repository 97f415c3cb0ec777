package notify

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// Result is what became of a test message by one channel.
type Result struct {
	Channel domain.Channel
	Error   string // in words for users, "" when the message was accepted
}

// On returns the channels that are switched on. What they tell of is the same in
// all projects.
func (s *Service) On() []Properties {
	list := make([]Properties, 0, len(s.lanes))
	for _, l := range s.lanes {
		list = append(list, l.channel.Properties())
	}
	return list
}

// Test sends a message by every channel at once and returns when all have
// answered. Without alerts in the project, or any channel, it is a conflict.
func (s *Service) Test(ctx context.Context, g authz.Grant) ([]Result, error) {
	if err := g.Require(authz.ManageResources); err != nil {
		return nil, err
	}
	p, err := s.Store.Projects().Get(ctx, g.Project)
	if err != nil {
		return nil, err
	}
	if !p.Alert {
		return nil, domain.Conflict("alerts are switched off in the settings of this project; switch them on and save first")
	}
	if len(s.lanes) == 0 {
		return nil, domain.Conflict("no channel is switched on that alerts could be sent by; an administrator does that in the configuration of the server")
	}
	m := Message{Event: domain.StatusSuccess, Project: p.Name, Author: g.Actor.User.Name}
	if s.WebHost != "" {
		m.URL = fmt.Sprintf("%s/project/%d", s.WebHost, p.ID)
	}
	results := make([]Result, len(s.lanes))
	var all errgroup.Group
	for i, l := range s.lanes {
		all.Go(func() error {
			c := l.channel.Properties()
			results[i] = Result{Channel: c.Name}
			if err := s.test(ctx, l.channel, p, m); err != nil {
				s.Log.Warn("send test of alerts", "channel", c.Name, "project_id", p.ID, "error", err)
				results[i].Error = failure(err).Reason
			}
			return nil
		})
	}
	return results, all.Wait()
}

// test sends a message by one channel, to all whom it would tell.
func (s *Service) test(ctx context.Context, c Channel, p domain.Project, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, s.Pace.Send) // for all people together
	defer cancel()
	properties := c.Properties()
	if properties.NeedsChat && p.AlertChat == "" {
		return Refused("there is no chat to send to; enter one in the settings of the project")
	}
	if !properties.PerPerson {
		return s.send(ctx, c, Recipient{Chat: p.AlertChat}, m)
	}
	people, err := s.people(ctx, p.ID)
	if err != nil {
		return err
	}
	if len(people) == 0 {
		return Refused("nobody would get it: no member of the project and no administrator has alerts switched on in the profile")
	}
	var failures []error
	for _, u := range people {
		failures = append(failures, s.send(ctx, c, Recipient{Email: u.Email}, m))
	}
	return errors.Join(failures...)
}

// Delivery is a notification with the name of whom it is for.
type Delivery struct {
	domain.Notification
	UserName string // "" for none, or one who is gone
}

// OfTask returns what is told about a task, oldest first.
func (s *Service) OfTask(ctx context.Context, g authz.Grant, id domain.TaskID) ([]Delivery, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return nil, err
	}
	t, err := s.Store.Tasks().Get(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && t.ProjectID != g.Project {
		return nil, domain.NotFound("task")
	}
	if err != nil {
		return nil, err
	}
	rows, err := s.Store.Notifications().List(ctx, store.Where(store.Eq("task_id", id)))
	if err != nil {
		return nil, err
	}
	names, err := s.names(ctx, rows)
	if err != nil {
		return nil, err
	}
	list := make([]Delivery, 0, len(rows))
	for _, n := range rows {
		if n.Channel == "" {
			continue // about to be given to the channels
		}
		d := Delivery{Notification: n}
		if n.UserID != nil {
			d.UserName = names[*n.UserID]
		}
		list = append(list, d)
	}
	return list, nil
}

// names looks up those whom notifications are for.
func (s *Service) names(ctx context.Context, rows []domain.Notification) (map[domain.UserID]string, error) {
	var ids []domain.UserID
	for _, n := range rows {
		if n.UserID != nil {
			ids = append(ids, *n.UserID)
		}
	}
	names := map[domain.UserID]string{}
	if len(ids) == 0 {
		return names, nil
	}
	users, err := s.Store.Users().List(ctx, store.Where(store.In("id", ids)))
	for _, u := range users {
		names[u.ID] = u.Name
	}
	return names, err
}
