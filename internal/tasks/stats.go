package tasks

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

const (
	// settleTime is how old tasks are before they count as part of the history: by
	// then every transaction that could add an older one has ended.
	settleTime = 5 * time.Minute
	// maxCounted is for how many questions the counts of the history are kept.
	maxCounted = 64
)

// history keeps what was counted of tasks that do not change any more, so that
// only the newest have to be counted again.
type history struct {
	mu      sync.Mutex // guards the rest
	counted map[question]counted
}

// question is a filter in a form that can be compared.
type question struct {
	project      domain.ProjectID
	template     domain.TemplateID
	user         domain.UserID
	since, until int64
}

type counted struct {
	upTo    domain.TaskID
	removed int64
	days    []domain.TaskStat
}

func (h *history) get(q question) (counted, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c, ok := h.counted[q]
	return c, ok
}

func (h *history) put(q question, c counted) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.counted == nil {
		h.counted = map[question]counted{}
	}
	if _, known := h.counted[q]; !known && len(h.counted) >= maxCounted {
		for old := range h.counted { // any: they are quickly counted again
			delete(h.counted, old)
			break
		}
	}
	h.counted[q] = c
}

// Stats counts the tasks of a project by day, newest first.
func (s *Service) Stats(ctx context.Context, f store.StatsFilter) ([]domain.TaskStat, error) {
	q := question{f.Project, f.Template, f.User, f.Since.UnixMicro(), f.Until.UnixMicro()}
	upTo, removed, err := s.Store.Tasks().Settled(ctx, f.Project, s.Now().Add(-settleTime))
	if err != nil {
		return nil, err
	}
	old, known := s.history.get(q)
	if !known || old.removed != removed || old.upTo > upTo {
		old = counted{removed: removed}
	}
	if upTo > old.upTo {
		f.After, f.UpTo = old.upTo, upTo
		more, err := s.Store.Tasks().Stats(ctx, f)
		if err != nil {
			return nil, err
		}
		old.upTo, old.days = upTo, addDays(old.days, more)
		s.history.put(q, old)
	}
	f.After, f.UpTo = upTo, 0
	newest, err := s.Store.Tasks().Stats(ctx, f)
	if err != nil {
		return nil, err
	}
	return addDays(old.days, newest), nil
}

// addDays returns the counts of both, newest day first, and changes neither.
func addDays(a, b []domain.TaskStat) []domain.TaskStat {
	days := map[int64]domain.TaskStat{}
	for _, stat := range slices.Concat(a, b) {
		sum := days[stat.Day.Unix()]
		sum.Day = stat.Day
		byStatus := maps.Clone(sum.ByStatus)
		if byStatus == nil {
			byStatus = map[domain.TaskStatus]int{}
		}
		for status, n := range stat.ByStatus {
			byStatus[status] += n
		}
		sum.ByStatus = byStatus
		sum.Timed += stat.Timed
		sum.Took += stat.Took
		days[stat.Day.Unix()] = sum
	}
	list := make([]domain.TaskStat, 0, len(days))
	for _, day := range slices.Backward(slices.Sorted(maps.Keys(days))) {
		list = append(list, days[day])
	}
	return list
}
