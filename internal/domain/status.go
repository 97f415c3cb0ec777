package domain

// TaskStatus is the state of a task, in the words of the wire.
type TaskStatus string

const (
	StatusWaiting             TaskStatus = "waiting"
	StatusStarting            TaskStatus = "starting"
	StatusRunning             TaskStatus = "running"
	StatusWaitingConfirmation TaskStatus = "waiting_confirmation"
	StatusConfirmed           TaskStatus = "confirmed"
	StatusRejected            TaskStatus = "rejected"
	StatusStopping            TaskStatus = "stopping"
	StatusStopped             TaskStatus = "stopped"
	StatusSuccess             TaskStatus = "success"
	StatusError               TaskStatus = "error"
)

// Statuses lists every status in the order of a task's life.
var statuses = []TaskStatus{
	StatusWaiting, StatusStarting, StatusRunning, StatusWaitingConfirmation, StatusConfirmed,
	StatusRejected, StatusStopping, StatusStopped, StatusSuccess, StatusError,
}

// moves is the state machine: from → the statuses it may turn to. A status
// without a row is terminal and never left. Nothing else decides about status.
var moves = map[TaskStatus][]TaskStatus{
	StatusWaiting:             {StatusStarting, StatusStopped, StatusError},
	StatusStarting:            {StatusRunning, StatusWaiting, StatusStopping, StatusStopped, StatusError},
	StatusRunning:             {StatusWaitingConfirmation, StatusStopping, StatusStopped, StatusSuccess, StatusError},
	StatusWaitingConfirmation: {StatusConfirmed, StatusRejected, StatusStopping, StatusStopped, StatusError},
	StatusConfirmed:           {StatusRunning, StatusStopping, StatusStopped, StatusSuccess, StatusError},
	// A rejection ends a run, but a job may have asked about something that it
	// can do without, and goes on.
	StatusRejected: {StatusRunning, StatusStopping, StatusStopped, StatusError},
	StatusStopping: {StatusStopped, StatusError},
}

// Statuses returns every status in the order of a task's life.
func Statuses() []TaskStatus { return append([]TaskStatus(nil), statuses...) }

// Valid reports whether s is a known status.
func (s TaskStatus) Valid() bool { return s.Terminal() || moves[s] != nil }

// Terminal reports whether a task in s has ended for good.
func (s TaskStatus) Terminal() bool {
	return s == StatusStopped || s == StatusSuccess || s == StatusError
}

// Active reports whether a task in s is under way: it has left the queue and has
// not ended. It keeps other tasks of its template waiting, unless the template
// allows parallel tasks.
func (s TaskStatus) Active() bool { return s != StatusWaiting && !s.Terminal() }

// Busy reports whether a task in s counts towards the limits of project and
// server. One that waits for a person does nothing meanwhile, and for as long
// as that person likes: counting it would let forgotten plans stop the server.
// Once answered it goes on at once, even if that exceeds a limit for a while.
func (s TaskStatus) Busy() bool { return s.Active() && s != StatusWaitingConfirmation }

// CanBecome reports whether the move from s to next is allowed.
func (s TaskStatus) CanBecome(next TaskStatus) bool {
	for _, allowed := range moves[s] {
		if allowed == next {
			return true
		}
	}
	return false
}

// MayTurnInto returns the statuses from which next can be reached in one move,
// for the condition of a database update.
func MayTurnInto(next TaskStatus) []TaskStatus {
	var from []TaskStatus
	for _, s := range statuses {
		if s.CanBecome(next) {
			from = append(from, s)
		}
	}
	return from
}

// UnfinishedStatuses lists the statuses of tasks that have not ended.
func UnfinishedStatuses() []TaskStatus {
	var list []TaskStatus
	for _, s := range statuses {
		if !s.Terminal() {
			list = append(list, s)
		}
	}
	return list
}

// ActiveStatuses lists the statuses of tasks under way.
func ActiveStatuses() []TaskStatus {
	var list []TaskStatus
	for _, s := range statuses {
		if s.Active() {
			list = append(list, s)
		}
	}
	return list
}
