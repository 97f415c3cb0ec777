package job

import (
	"encoding/json"
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
	Stage  *Stage
	// Results holds what a program reported as data, one JSON document a line,
	// numbered like the lines of the output but apart from them.
	Results *logchunk.Chunk
	End     *End
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

// Child says that a command runs, or with only Cgroup that commands will, so that
// an owner which finds the job dead can end what is left of them.
type Child struct {
	PID       int    // leader of its own session and process group
	StartTime uint64 // clock ticks since boot, field 22 of /proc/PID/stat; 0 elsewhere
	Cgroup    string `json:",omitempty"` // directory of the control group of all commands, if there is one
}

// Types of stages, in the words of the wire.
const (
	StageInit    = "init"           // preparing what the program needs
	StagePlan    = "terraform_plan" // finding out what would change; Result is a plan summary
	StageRunning = "running"        // the program's own work
	StageResult  = "print_result"   // the program's summary; Result depends on the app
)

// Stage is a part of the run. It is recorded twice under the same number: when
// it begins, and when it has ended, with what came of it.
type Stage struct {
	Seq       int // from 1, in the order of beginning
	Type      string
	Start     time.Time
	End       *time.Time
	FirstLine int64           // of the output; the stage's lines are FirstLine to LastLine
	LastLine  int64           // 0 until the end; FirstLine-1 for a stage without output
	Result    json.RawMessage `json:",omitempty"`
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
// It may come twice.
type Command struct {
	Stop  bool `json:"stop,omitempty"`  // TERM, grace, KILL
	Force bool `json:"force,omitempty"` // KILL now
	// Confirm and Reject answer a job whose task waits for confirmation. A job
	// that asks nothing ignores them.
	Confirm bool `json:"confirm,omitempty"`
	Reject  bool `json:"reject,omitempty"`
	// Question says which question Confirm or Reject answers: the number of the
	// waiting_confirmation record, from 1. A job must not take it for the answer
	// to another one. Between two questions a job reports running.
	Question int `json:"question,omitempty"`
}
