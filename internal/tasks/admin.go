package tasks

import (
	"context"
	"errors"
	"slices"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// Unfinished is a task that waits or runs, with the names administrators see.
type Unfinished struct {
	domain.Task
	Username    string // who started it, "" for nobody
	ProjectName string
}

// Unfinished returns the tasks of all projects that wait or run, oldest first,
// or the one with an identifier.
func (s *Service) Unfinished(ctx context.Context, id domain.TaskID) ([]Unfinished, error) {
	var list []Unfinished
	if id != 0 {
		t, err := s.Store.Tasks().Get(ctx, id)
		if errors.Is(err, store.ErrNotFound) || err == nil && t.Status.Terminal() {
			return nil, domain.NotFound("task that waits or runs")
		}
		if err != nil {
			return nil, err
		}
		list = append(list, Unfinished{Task: t})
	} else {
		rows, err := s.Store.Tasks().List(ctx, store.TaskFilter{Statuses: domain.UnfinishedStatuses()})
		if err != nil {
			return nil, err
		}
		for _, row := range slices.Backward(rows) {
			list = append(list, Unfinished{Task: row.Task})
		}
	}
	return list, s.name(ctx, list)
}

// name fills in the names of a list.
func (s *Service) name(ctx context.Context, list []Unfinished) error {
	users, projects := map[domain.UserID]string{}, map[domain.ProjectID]string{}
	for i := range list {
		t := &list[i]
		name, known := projects[t.ProjectID]
		if !known {
			p, err := s.Store.Projects().Get(ctx, t.ProjectID)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			name = p.Name
			projects[t.ProjectID] = name
		}
		t.ProjectName = name
		if t.UserID == nil {
			continue
		}
		if name, known = users[*t.UserID]; !known {
			u, err := s.Store.Users().Get(ctx, *t.UserID)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			name = u.Username
			users[*t.UserID] = name
		}
		t.Username = name
	}
	return nil
}
