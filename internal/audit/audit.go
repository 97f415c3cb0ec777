// Package audit writes down who did what to what, from where and how it went.
// Use cases call it inside the transaction of what it tells about, so that
// nothing is changed without a line and no line tells of what was not.
package audit

import (
	"context"
	"fmt"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// Entry is what is to be written down.
type Entry struct {
	Project *domain.ProjectID // nil: no project's
	Action  domain.EventAction
	Object  domain.ObjectType
	ID      int64  // of the object; 0: none
	Target  string // its name
	// Text is the line people read.
	Text    string
	Outcome domain.Outcome // "": success
	// Before and After are the object then and now, both of the same struct type
	// or nil; their differences are kept, but no secrets.
	Before, After any
}

// Log is the activity log.
type Log struct {
	Store store.Store
	Now   func() time.Time
}

// Add writes an entry.
func (l Log) Add(ctx context.Context, actor domain.Actor, e Entry) error {
	changes, err := Changes(e.Before, e.After)
	if err != nil {
		return fmt.Errorf("note changes of %s %d: %w", e.Object, e.ID, err)
	}
	event := domain.Event{
		ProjectID: e.Project, UserID: actor.UserID(), Action: e.Action, ObjectType: e.Object, Target: e.Target,
		Description: e.Text, Outcome: e.Outcome, Changes: changes, Created: l.Now().UTC(),
		Username: actor.User.Username, Address: actor.Address, UserAgent: actor.UserAgent, IntegrationID: actor.IntegrationID,
	}
	if actor.Token != nil {
		event.TokenPrefix = actor.Token.Prefix
	}
	if event.Outcome == "" {
		event.Outcome = domain.OutcomeSuccess
	}
	if e.ID != 0 {
		event.ObjectID = &e.ID
	}
	return l.Store.Events().Add(ctx, &event)
}
