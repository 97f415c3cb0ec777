package job

import "errors"

// ErrFenced is what a report gets whose claim is no longer held: another owner
// has the task, or it has ended. The reporter must stop.
var ErrFenced = errors.New("claim is no longer held")

// Batch is a run of journal records and the offsets that it spans. The offset
// is the acknowledgement: a batch that was taken over is never asked for again.
type Batch struct {
	From, To int64
	Records  []Record
}

// Ack is the answer to a batch.
type Ack struct {
	Stop  bool // the task is to be stopped
	Force bool // without waiting for the grace period
	// Confirm and Reject answer the question of this number; see Command.
	Confirm  bool
	Reject   bool
	Question int
}
