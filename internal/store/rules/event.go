package rules

import (
	"context"
	"strings"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// searchPage is how many events are read at once to look for a text.
const searchPage = 1000

// SearchEvents is Events.List for filters with a text, made of lists without.
func SearchEvents(ctx context.Context, f store.EventFilter,
	list func(context.Context, store.EventFilter) ([]domain.EventWithNames, error)) ([]domain.EventWithNames, error) {
	text, limit := store.FoldCase(f.Text), f.Limit
	if limit <= 0 {
		limit = store.DefaultLimit
	}
	f.Text, f.Limit = "", searchPage
	found := []domain.EventWithNames{}
	for {
		events, err := list(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			f.Before = e.ID
			if strings.Contains(store.FoldCase(e.Description), text) || strings.Contains(store.FoldCase(e.Target), text) {
				found = append(found, e)
			}
			if len(found) == limit {
				return found, nil
			}
		}
		if len(events) < searchPage {
			return found, nil
		}
	}
}
