// Package tasks is everything that happens to a task: launching it, stopping
// it, building the job that runs it, recording what the job reports, and
// reading its output.
package tasks

import (
	"time"

	"signalbox/internal/domain"
)

// Launch is a request to run a template.
type Launch struct {
	TemplateID  domain.TemplateID
	Playbook    string
	Environment string        // JSON object text: survey answers and variables
	Secret      domain.Secret // JSON object text: secret survey answers
	Arguments   *string       // JSON array text
	GitBranch   *string
	CommitHash  *string
	Message     string
	BuildTaskID *domain.TaskID
	InventoryID *domain.InventoryID
	Params      domain.JSON
	Limit       string // old form of params.limit: a comma list

	// ScheduleID and IntegrationID say what launched the task when no person did.
	ScheduleID    *int64
	IntegrationID *int64
}

// Page selects lines of a log; exactly one of After, Before and Tail counts,
// in the order Tail, Before, After.
type Page struct {
	After  int64
	Before int64 // 0: not used
	Tail   int64 // 0: not used
	Limit  int
}

// LogLine is a line as readers get it.
type LogLine struct {
	Seq     int64
	Time    time.Time
	Text    []byte
	Partial bool
}

// LogPage is a window of a log.
type LogPage struct {
	Total    int64
	Bytes    int64
	Complete bool
	Lines    []LogLine
}

// Search looks for text in a log.
type Search struct {
	Query string
	Regex bool
	Case  bool // tell upper from lower case
	After int64
	Limit int
}

// SearchResult holds line numbers; Next is the After of the next page, 0 at
// the end of the log.
type SearchResult struct {
	Matches []int64
	Next    int64
	Scanned int64
}
