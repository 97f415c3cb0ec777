package domain

import "time"

// TaskParams are the inputs of tasks that a schedule or an integration starts.
// Absent values leave those of the template.
type TaskParams struct {
	Environment *string // JSON object text
	Arguments   *string // JSON array text
	GitBranch   *string
	Message     *string
	Version     *string
	Params      JSON
}

// ScheduleType says when a schedule starts tasks.
type ScheduleType string

const (
	ScheduleCron  ScheduleType = ""       // at the times of CronFormat
	ScheduleRunAt ScheduleType = "run_at" // once
)

// Schedule starts tasks of a template by the clock or, with a repository, when
// that has new commits.
type Schedule struct {
	ID             ScheduleID
	ProjectID      ProjectID
	TemplateID     TemplateID
	Name           string
	Type           ScheduleType
	CronFormat     string
	RunAt          *time.Time
	Active         bool
	DeleteAfterRun bool
	// RepositoryID makes it a commit checker; LastCommitHash is what it saw last.
	RepositoryID   *RepositoryID
	LastCommitHash *string
	// InventoryID goes with TaskParams.
	InventoryID *InventoryID
	TaskParams  *TaskParams
}
