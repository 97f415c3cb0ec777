package wire

import (
	"time"
	"unicode/utf8"

	"signalbox/internal/domain"
	"signalbox/internal/tasks"
)

// Task is one run of a template.
type Task struct {
	ID            int64      `json:"id"`
	TemplateID    int64      `json:"template_id"`
	ProjectID     int64      `json:"project_id"`
	Status        string     `json:"status" enum:"waiting,starting,running,waiting_confirmation,confirmed,rejected,stopping,stopped,success,error"`
	Playbook      string     `json:"playbook"`
	Environment   string     `json:"environment,omitempty" doc:"JSON object as text: survey answers and variables"`
	Secret        string     `json:"secret,omitempty" doc:"Always {} in the answer to a launch, absent elsewhere"`
	Arguments     *string    `json:"arguments,omitempty" doc:"JSON array of texts, as text"`
	GitBranch     *string    `json:"git_branch,omitempty"`
	UserID        *int64     `json:"user_id,omitempty"`
	IntegrationID *int64     `json:"integration_id,omitempty"`
	ScheduleID    *int64     `json:"schedule_id,omitempty"`
	Created       time.Time  `json:"created"`
	Start         *time.Time `json:"start,omitempty"`
	End           *time.Time `json:"end,omitempty"`
	Message       string     `json:"message,omitempty"`
	CommitHash    *string    `json:"commit_hash,omitempty"`
	CommitMessage string     `json:"commit_message,omitempty"`
	BuildTaskID   *int64     `json:"build_task_id,omitempty"`
	Version       *string    `json:"version,omitempty"`
	InventoryID   *int64     `json:"inventory_id,omitempty"`
	Params        Object     `json:"params,omitempty"`
	Limit         string     `json:"limit"`
	WaitReason    string     `json:"wait_reason,omitempty" doc:"Only while waiting: what it waits for"`
	StatusReason  string     `json:"status_reason,omitempty" doc:"Why the task ended in error or was stopped"`
	StoppedBy     string     `json:"stopped_by,omitempty" doc:"Who pressed stop"`
	Decision      string     `json:"decision,omitempty" enum:"confirmed,rejected" doc:"What was decided when the task last waited for confirmation"`
	DecidedBy     *int64     `json:"decided_by,omitempty" doc:"Id of who decided it"`
	DecidedByName string     `json:"decided_by_name,omitempty"`
	DecidedAt     *time.Time `json:"decided_at,omitempty"`
	LogLines      int64      `json:"log_lines" doc:"Output lines stored so far"`
	LogComplete   bool       `json:"log_complete" doc:"The output is sealed: nothing will be added"`
}

// TaskRow is a task as lists show it.
type TaskRow struct {
	Task
	TplPlaybook string `json:"tpl_playbook"`
	TplAlias    string `json:"tpl_alias" doc:"Name of the template"`
	TplType     string `json:"tpl_type,omitempty"`
	TplApp      string `json:"tpl_app,omitempty"`
	UserName    string `json:"user_name,omitempty"`
	BuildTask   *Task  `json:"build_task,omitempty"`
}

// TaskInput starts a task.
type TaskInput struct {
	TemplateID  int64   `json:"template_id,omitempty"`
	ProjectID   int64   `json:"project_id,omitempty"`
	Playbook    string  `json:"playbook,omitempty"`
	Environment string  `json:"environment,omitempty" doc:"JSON object as text: survey answers and variables"`
	Secret      Plain   `json:"secret,omitempty" doc:"JSON object as text: secret survey answers"`
	Arguments   *string `json:"arguments,omitempty" nullable:"true"`
	GitBranch   *string `json:"git_branch,omitempty" nullable:"true"`
	CommitHash  *string `json:"commit_hash,omitempty" nullable:"true"`
	Message     string  `json:"message,omitempty"`
	BuildTaskID *int64  `json:"build_task_id,omitempty" nullable:"true"`
	InventoryID *int64  `json:"inventory_id,omitempty" nullable:"true"`
	Params      Object  `json:"params,omitempty"`
	Limit       string  `json:"limit,omitempty" doc:"Old form of params.limit: a comma list"`
}

// StopInput stops a task.
type StopInput struct {
	Force bool `json:"force,omitempty" doc:"Do not wait for the task to end by itself"`
}

// OutputLine is a line of output in the reference's shape.
type OutputLine struct {
	ID      int64     `json:"id" doc:"The line's number"`
	TaskID  int64     `json:"task_id"`
	Time    time.Time `json:"time"`
	Output  string    `json:"output"`
	StageID *int64    `json:"stage_id"`
}

// TaskStage is a part of a run.
type TaskStage struct {
	ID            int64      `json:"id" doc:"The stage's number within the task, as stage_id of output lines"`
	TaskID        int64      `json:"task_id"`
	Start         *time.Time `json:"start"`
	End           *time.Time `json:"end"`
	StartOutputID *int64     `json:"start_output_id"`
	EndOutputID   *int64     `json:"end_output_id"`
	Type          string     `json:"type"`
	Result        Object     `json:"result" nullable:"true" doc:"What came of it, by type; null when there is nothing to say"`
}

// AnsibleHost is the result of a play for one host.
type AnsibleHost struct {
	ID          int64     `json:"id"`
	TaskID      int64     `json:"task_id"`
	ProjectID   int64     `json:"project_id"`
	Host        string    `json:"host"`
	Changed     int       `json:"changed"`
	Failed      int       `json:"failed"`
	Ignored     int       `json:"ignored"`
	OK          int       `json:"ok"`
	Rescued     int       `json:"rescued"`
	Skipped     int       `json:"skipped"`
	Unreachable int       `json:"unreachable"`
	Created     time.Time `json:"created"`
}

// AnsibleError is a failed play step.
type AnsibleError struct {
	ID        int64     `json:"id"`
	TaskID    int64     `json:"task_id"`
	ProjectID int64     `json:"project_id"`
	Host      string    `json:"host"`
	Task      string    `json:"task"`
	Error     string    `json:"error"`
	Created   time.Time `json:"created"`
}

// LogLine is a line of a log window.
type LogLine struct {
	Seq     int64     `json:"seq"`
	Time    time.Time `json:"time"`
	Text    string    `json:"text"`
	Partial bool      `json:"partial,omitempty" doc:"A piece of a very long line: the next entry continues it"`
}

// LogPage is a window of a log.
type LogPage struct {
	Total    int64     `json:"total"`
	Bytes    int64     `json:"bytes"`
	Complete bool      `json:"complete"`
	Lines    []LogLine `json:"lines"`
}

// LogMatches are the lines that a search found.
type LogMatches struct {
	Matches []int64 `json:"matches"`
	Next    int64   `json:"next" doc:"The after of the next page, 0 at the end"`
	Scanned int64   `json:"scanned"`
}

// RerunInput repeats a task.
type RerunInput struct {
	Failed bool  `json:"failed,omitempty" doc:"Only on the hosts that failed or could not be reached"`
	Secret Plain `json:"secret,omitempty" doc:"JSON object as text: secret survey answers, which are not kept"`
}

// FromTask gives the shape of a task.
func FromTask(t domain.Task) Task {
	return Task{
		ID: int64(t.ID), TemplateID: int64(t.TemplateID), ProjectID: int64(t.ProjectID), Status: string(t.Status),
		Playbook: t.Playbook, Environment: t.Environment, Arguments: t.Arguments, GitBranch: t.GitBranch,
		UserID: ptr[int64](t.UserID), IntegrationID: t.IntegrationID, ScheduleID: t.ScheduleID,
		Created: t.Created.UTC(), Start: utc(t.Start), End: utc(t.End), Message: t.Message,
		CommitHash: t.CommitHash, CommitMessage: t.CommitMessage, BuildTaskID: ptr[int64](t.BuildTaskID),
		Version: t.Version, InventoryID: ptr[int64](t.InventoryID), Params: object(t.Params),
		Decision: string(t.Decision), DecidedBy: ptr[int64](t.DecidedBy), DecidedAt: utc(t.DecidedAt),
		StatusReason: t.StatusReason, LogLines: t.LogLines, LogComplete: t.LogComplete,
	}
}

// FromTaskWithNames gives a single task with what its row knows beyond it.
func FromTaskWithNames(t domain.TaskWithTemplate) Task {
	out := FromTask(t.Task)
	out.StoppedBy, out.DecidedByName = t.StoppedByName, t.DecidedByName
	return out
}

// FromTaskRow gives a row of a task list.
func FromTaskRow(t domain.TaskWithTemplate) TaskRow {
	return TaskRow{
		Task: FromTaskWithNames(t), TplPlaybook: t.TplPlaybook, TplAlias: t.TplAlias,
		TplType: string(t.TplType), TplApp: t.TplApp, UserName: t.UserName,
	}
}

// FromTaskRows gives a task list.
func FromTaskRows(rows []domain.TaskWithTemplate) []TaskRow { return list(rows, FromTaskRow) }

// Launch gives the request of the task service.
func (in TaskInput) Launch() tasks.Launch {
	return tasks.Launch{
		TemplateID: domain.TemplateID(in.TemplateID), Playbook: in.Playbook, Environment: in.Environment,
		Secret: in.Secret.Secret(), Arguments: in.Arguments, GitBranch: in.GitBranch, CommitHash: in.CommitHash,
		Message: in.Message, BuildTaskID: ref[domain.TaskID](in.BuildTaskID),
		InventoryID: ref[domain.InventoryID](in.InventoryID), Params: domain.JSON(in.Params), Limit: in.Limit,
	}
}

// FromLogLine gives a line of a log.
func FromLogLine(l tasks.LogLine) LogLine {
	return LogLine{Seq: l.Seq, Time: l.Time.UTC(), Text: Text(l.Text), Partial: l.Partial}
}

// FromLogPage gives a window of a log.
func FromLogPage(p tasks.LogPage) LogPage {
	return LogPage{Total: p.Total, Bytes: p.Bytes, Complete: p.Complete, Lines: list(p.Lines, FromLogLine)}
}

// Text makes output fit for JSON: bytes that are not UTF-8 become U+FFFD, as
// encoding/json would do, but without another copy when nothing is wrong.
func Text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return string([]rune(string(b)))
}
