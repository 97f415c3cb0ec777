package rules

import (
	"maps"
	"slices"
	"time"

	"signalbox/internal/domain"
)

// Day is the length of a day in the stored unit of time.
const Day = int64(24 * time.Hour / time.Microsecond)

// Stats collects the numbers of days.
type Stats map[int64]*dayStat

type dayStat struct {
	byStatus map[domain.TaskStatus]int
	took     int64 // microseconds
	timed    int64
}

// Add counts tasks of a status that were created on the day that begins at a
// stored time; timed of them took some microseconds in all.
func (s Stats) Add(day int64, status domain.TaskStatus, tasks, timed, took int64) {
	d := s[day]
	if d == nil {
		d = &dayStat{byStatus: map[domain.TaskStatus]int{}}
		s[day] = d
	}
	d.byStatus[status] += int(tasks)
	d.timed += timed
	d.took += took
}

// List returns the days, newest first.
func (s Stats) List() []domain.TaskStat {
	list := make([]domain.TaskStat, 0, len(s))
	for _, day := range slices.Backward(slices.Sorted(maps.Keys(s))) {
		d := s[day]
		list = append(list, domain.TaskStat{
			Day: time.UnixMicro(day).UTC(), ByStatus: d.byStatus, Timed: int(d.timed), Took: time.Duration(d.took) * time.Microsecond,
		})
	}
	return list
}
