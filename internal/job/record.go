package job

import (
	"time"

	"signalbox/internal/logchunk"
)

// Record is one entry of the journal. Exactly one field is set.
type Record struct {
	Begin  *Begin
	Status *Status
	Commit *Commit
	Child  *Child
	Chunk  *logchunk.Chunk
	End    *End
}

// Begin is the first record: the job has its specification and the task runs.
// Without it, nothing of the run has happened.
type Begin struct {
	TaskID int64
	Epoch  int64
	PID    int
	Time   time.Time
}

// Status says that the task has come to a status that is not terminal.
type Status struct {
	Status string // a domain.TaskStatus
	Time   time.Time
}

// Commit says what was checked out.
type Commit struct {
	Hash    string
	Message string // first line, at most 100 bytes, cut between characters
}

// Child says that a command runs, so that an owner which finds the job dead can
// end what is left of its process group.
type Child struct {
	PID       int    // leader of its own session and process group
	StartTime uint64 // clock ticks since boot, field 22 of /proc/PID/stat; 0 elsewhere
}

// End is the last record. Everything the program wrote is in the journal
// before it.
type End struct {
	Status   string // success, error or stopped
	Reason   string // for error and stopped: a sentence for the user
	ExitCode int    // of the last command, -1 when none ran or a signal ended it
	Time     time.Time
	Lines    int64
	Bytes    int64
	Digest   string // hex SHA-256 of the output as the lines give it back
}

// Command is what an owner sends to the control socket, one JSON object a line.
type Command struct {
	Stop  bool `json:"stop,omitempty"`  // TERM, grace, KILL
	Force bool `json:"force,omitempty"` // KILL now
}
