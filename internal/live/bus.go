package live

import (
	"sync"

	"signalbox/internal/domain"
)

// maxPending bounds the task updates kept for a reader that does not come to
// fetch them.
const maxPending = 1024

// Bus spreads events inside one process. It is a Publisher and a Subscriber.
type Bus struct {
	mu   sync.Mutex // guards seq and subs
	seq  int64
	subs map[*subscription]struct{}
}

// NewBus returns a bus without readers.
func NewBus() *Bus {
	return &Bus{subs: make(map[*subscription]struct{})}
}

// Publish numbers the event and leaves it with every reader.
func (b *Bus) Publish(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seq++
	e.Seq = b.seq
	for s := range b.subs {
		s.put(e)
	}
}

// Subscribe opens a subscription to everything published from now on.
func (b *Bus) Subscribe() Subscription {
	s := &subscription{bus: b, ready: make(chan struct{}, 1), logs: make(map[domain.TaskID]int)}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs[s] = struct{}{}
	return s
}

type subscription struct {
	bus   *Bus
	ready chan struct{} // holds one token when there is something to fetch

	mu      sync.Mutex // guards what follows
	events  []Event
	logs    map[domain.TaskID]int // where in events a task's log growth stands
	updates int
	lost    bool
}

func (s *subscription) put(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Log != nil {
		if i, ok := s.logs[e.Log.TaskID]; ok {
			s.events[i] = e
			return // the reader has been told already
		}
		s.logs[e.Log.TaskID] = len(s.events)
		s.events = append(s.events, e)
	} else {
		if s.updates >= maxPending {
			s.lost = true
			return
		}
		s.updates++
		s.events = append(s.events, e)
	}
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

func (s *subscription) Ready() <-chan struct{} { return s.ready }

func (s *subscription) Next() (events []Event, lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	events, lost = s.events, s.lost
	s.events, s.updates, s.lost = nil, 0, false
	clear(s.logs)
	return events, lost
}

func (s *subscription) Close() {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	delete(s.bus.subs, s)
}
