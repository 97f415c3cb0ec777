// Package rules is what every backend decides in the same way, whatever it
// keeps the rows in: which waiting task the limits let run, which reports of a
// job are taken over, and which chunks of a log are merged. It does no I/O.
package rules

import (
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// ScanAhead is how many waiting tasks a backend looks at one by one before it
// turns to the templates they belong to.
const ScanAhead = 64

// Queued is a task as the queue knows it.
type Queued struct {
	ID       domain.TaskID
	Project  domain.ProjectID
	Template domain.TemplateID
}

// Load is what runs at a moment and which limits that meets. It is as large as
// the number of running tasks, however long the queue is.
type Load struct {
	active    int
	first     domain.TaskID // the oldest running task
	templates map[domain.TemplateID]domain.TaskID
	projects  map[domain.ProjectID]*projectLoad
}

type projectLoad struct {
	limit, active int
	first         domain.TaskID
}

func (p *projectLoad) full() bool { return p.limit > 0 && p.active >= p.limit }

func NewLoad() *Load {
	return &Load{templates: map[domain.TemplateID]domain.TaskID{}, projects: map[domain.ProjectID]*projectLoad{}}
}

// Add counts a task under way in a status; parallel is what its template allows,
// limit the limit of its project.
func (l *Load) Add(t Queued, s domain.TaskStatus, parallel bool, limit int) {
	if !parallel {
		l.templates[t.Template] = older(l.templates[t.Template], t.ID)
	}
	if !s.Busy() {
		return
	}
	l.active++
	l.first = older(l.first, t.ID)
	p := l.projects[t.Project]
	if p == nil {
		p = &projectLoad{limit: limit}
		l.projects[t.Project] = p
	}
	p.active++
	p.first = older(p.first, t.ID)
}

func older(a, b domain.TaskID) domain.TaskID {
	if a == 0 || b < a {
		return b
	}
	return a
}

// Full reports whether the limit on all tasks is met.
func (l *Load) Full(maxParallel int) bool { return maxParallel > 0 && l.active >= maxParallel }

// Blocker returns what keeps a waiting task from running, the most particular
// limit first, because that one says the most; nil for nothing.
func (l *Load) Blocker(t Queued, maxParallel int) *store.Blocker {
	if id, ok := l.templates[t.Template]; ok {
		return &store.Blocker{Reason: store.BlockedByTemplate, Limit: 1, TaskID: id}
	}
	if p := l.projects[t.Project]; p != nil && p.full() {
		b := &store.Blocker{Reason: store.BlockedByProject, Limit: p.limit}
		if p.limit == 1 {
			b.TaskID = p.first
		}
		return b
	}
	if l.Full(maxParallel) {
		b := &store.Blocker{Reason: store.BlockedByGlobal, Limit: maxParallel}
		if maxParallel == 1 {
			b.TaskID = l.first
		}
		return b
	}
	return nil
}
