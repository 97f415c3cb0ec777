// Package live tells whoever watches that something happened. It carries news,
// not data: output itself is read from the store, so that a slow reader can
// never miss or repeat a line.
package live

import (
	"time"

	"signalbox/internal/domain"
)

// Event is one piece of news. Exactly one of Task and Log is set.
type Event struct {
	Project domain.ProjectID
	Seq     int64 // grows with every event of this bus
	Task    *TaskUpdate
	Log     *LogGrowth
}

// TaskUpdate says that a task was created or changed its status.
type TaskUpdate struct {
	TaskID     domain.TaskID
	TemplateID domain.TemplateID
	Status     domain.TaskStatus
	Start, End *time.Time
	Version    *string
}

// LogGrowth says that a task's log now ends at line Total.
type LogGrowth struct {
	TaskID   domain.TaskID
	Total    int64
	Complete bool // sealed: there will be no more
}

// Publisher spreads events. Publish never blocks on a reader.
type Publisher interface {
	Publish(Event)
}

// Subscriber opens subscriptions.
type Subscriber interface {
	// Subscribe returns a subscription to everything; the caller closes it.
	Subscribe() Subscription
}

// Subscription is one reader's view of the bus. Log growth of one task is
// coalesced: only the newest total is kept. Task updates are kept in order up
// to a bound; beyond it they are dropped and Next reports lost once.
type Subscription interface {
	// Ready is signalled when Next has something to return.
	Ready() <-chan struct{}
	// Next returns what has come since the last call, in order, and whether
	// task updates were dropped.
	Next() (events []Event, lost bool)
	Close()
}
