package audit

import (
	"context"
	"encoding/json"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// Record is an event as lists of the audit and exports show it, whole and the
// same everywhere.
type Record struct {
	ID            int64           `json:"id"`
	Created       time.Time       `json:"created"`
	Action        string          `json:"action" doc:"create, update, delete, run, stop, decide, login, logout or access"`
	Outcome       string          `json:"outcome" doc:"success, denied or failure"`
	Description   string          `json:"description"`
	ProjectID     *int64          `json:"project_id"`
	ProjectName   string          `json:"project_name"`
	UserID        *int64          `json:"user_id"`
	Username      string          `json:"username" doc:"Name of who did it, as it was then"`
	Token         string          `json:"token" doc:"First characters of the API token that was used"`
	IntegrationID *int64          `json:"integration_id"`
	ObjectType    string          `json:"object_type"`
	ObjectID      *int64          `json:"object_id"`
	ObjectName    string          `json:"object_name" doc:"Name of what it was done to, as it is now"`
	Target        string          `json:"target" doc:"Name of what it was done to, as it was then"`
	Address       string          `json:"address" doc:"Where the request came from"`
	UserAgent     string          `json:"user_agent"`
	Changes       json.RawMessage `json:"changes,omitempty" doc:"Changed fields with old and new values, secret ones without"`
}

// RecordOf gives the shape of an event.
func RecordOf(e domain.EventWithNames) Record {
	r := Record{
		ID: int64(e.ID), Created: e.Created.UTC(), Action: string(e.Action), Outcome: string(e.Outcome), Description: e.Description,
		ProjectName: e.ProjectName, Username: e.Username, Token: e.TokenPrefix, ObjectType: string(e.ObjectType), ObjectID: e.ObjectID,
		ObjectName: e.ObjectName, Target: e.Target, Address: e.Address, UserAgent: e.UserAgent, Changes: json.RawMessage(e.Changes),
		ProjectID: number(e.ProjectID), UserID: number(e.UserID), IntegrationID: number(e.IntegrationID),
	}
	if r.Username == "" {
		r.Username = e.ActorName
	}
	return r
}

func number[ID ~int64](id *ID) *int64 {
	if id == nil {
		return nil
	}
	n := int64(*id)
	return &n
}

// Each gives all events that a filter selects to fn, newest first, some at a
// time. Those that are written meanwhile are not among them.
func Each(ctx context.Context, st store.Store, f store.EventFilter, page int, fn func([]domain.EventWithNames) error) error {
	f.Limit = page
	for {
		events, err := st.Events().List(ctx, f)
		if err != nil || len(events) == 0 {
			return err
		}
		if err := fn(events); err != nil {
			return err
		}
		if len(events) < page {
			return nil
		}
		f.Before = events[len(events)-1].ID
	}
}

// prunePage is how many old events are deleted at once.
const prunePage = 500

// Prune deletes events older than before.
func Prune(ctx context.Context, st store.Store, before time.Time) (deleted int, err error) {
	for {
		n, err := st.Events().Prune(ctx, before, prunePage)
		deleted += n
		if err != nil || n < prunePage {
			return deleted, err
		}
	}
}

// Retain deletes events older than age now and every hour until ctx ends.
// Failures go to report.
func Retain(ctx context.Context, st store.Store, age time.Duration, now func() time.Time, report func(error)) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if _, err := Prune(ctx, st, now().Add(-age)); err != nil && ctx.Err() == nil {
			report(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
