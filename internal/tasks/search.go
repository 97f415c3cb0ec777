package tasks

import (
	"context"
	"fmt"
	"strings"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

const (
	// searchPage is how many tasks are read at once to look for a text.
	searchPage = 1000
	// searchMost is how many tasks are read for one answer; the rest of the
	// history is left to the next page.
	searchMost = 10 * searchPage
)

// List returns tasks newest first, and before which task the next page goes on, 0
// when there are no older ones.
//
// With a text, those in which every word of it occurs, without case: in "#" and
// the number, the names of the template and of who started the task, the message,
// version, branch, commit and its message. A page of them may hold fewer than
// the limit, even none, while older ones are still to be read.
func (s *Service) List(ctx context.Context, f store.TaskFilter, text string) ([]domain.TaskWithTemplate, domain.TaskID, error) {
	want := f.Limit
	if words := strings.Fields(store.FoldCase(text)); len(words) > 0 {
		return s.search(ctx, f, words)
	}
	f.Limit = want + 1
	list, err := s.Store.Tasks().List(ctx, f)
	if err != nil || len(list) <= want {
		return list, 0, err
	}
	list = list[:want]
	return list, list[want-1].ID, nil
}

func (s *Service) search(ctx context.Context, f store.TaskFilter, words []string) ([]domain.TaskWithTemplate, domain.TaskID, error) {
	want, found := f.Limit, []domain.TaskWithTemplate{}
	f.Limit = searchPage
	for _, w := range words {
		if !strings.HasPrefix(w, "#") && !isNumber(w) { // may be in the task's number
			f.Words = append(f.Words, w)
		}
	}
	for read := 0; ; {
		list, err := s.Store.Tasks().List(ctx, f)
		if err != nil {
			return nil, 0, err
		}
		for _, t := range list {
			f.Before = t.ID
			if !hasWords(t, words) {
				continue
			}
			if found = append(found, t); len(found) == want {
				return found, f.Before, nil
			}
		}
		if len(list) < searchPage {
			return found, 0, nil
		}
		if read += len(list); read >= searchMost {
			return found, f.Before, nil
		}
	}
}

func isNumber(word string) bool { return strings.Trim(word, "0123456789") == "" }

func hasWords(t domain.TaskWithTemplate, words []string) bool {
	parts := []string{fmt.Sprintf("#%d", t.ID), t.TplAlias, t.UserName, t.Message, t.CommitMessage}
	for _, p := range []*string{t.Version, t.GitBranch, t.CommitHash} {
		if p != nil {
			parts = append(parts, *p)
		}
	}
	text := store.FoldCase(strings.Join(parts, "\n"))
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}
