package domain

import (
	"strings"
	"time"
)

// Task is one run of a template, waiting, under way or over.
type Task struct {
	ID            TaskID
	ProjectID     ProjectID
	TemplateID    TemplateID
	Status        TaskStatus
	Playbook      string
	Environment   string  // JSON object text: survey answers and extra variables
	Arguments     *string // JSON array text
	GitBranch     *string
	UserID        *UserID
	IntegrationID *int64
	ScheduleID    *int64
	Created       time.Time
	Start         *time.Time // when it first ran
	End           *time.Time
	Message       string
	CommitHash    *string
	CommitMessage string
	BuildTaskID   *TaskID
	Version       *string
	InventoryID   *InventoryID
	Params        JSON

	// StatusReason says in a sentence why the task ended as it did, for error and stopped.
	StatusReason string
	// StoppedBy is who asked for the end, nil when nobody did.
	StoppedBy *UserID
	// ForceStop is set when the stop must not wait for the grace period.
	ForceStop bool

	// Questions counts how often the run has asked for confirmation. Decision,
	// DecidedBy and DecidedAt are the last answer: confirmed or rejected, by
	// whom and when; "" and nil while there is none.
	Questions int
	Decision  TaskStatus
	DecidedBy *UserID
	DecidedAt *time.Time

	// Owner is the runner that claimed the task, "" while it waits. Epoch grows
	// with every claim; writes that carry an older one are refused.
	Owner      string
	Epoch      int64
	LeaseUntil *time.Time

	// LogLines and LogBytes count the stored output; JournalOffset is how far
	// the job's journal has been taken over. LogDigest is the hex SHA-256 of
	// the output, set with LogComplete when the log is sealed.
	LogLines      int64
	LogBytes      int64
	JournalOffset int64
	LogDigest     string
	LogComplete   bool
	// ResultLines and ResultBytes count the data that the program reported
	// apart from its output.
	ResultLines int64
	ResultBytes int64
}

// TaskStage is a part of a run, numbered from 1 within its task.
type TaskStage struct {
	TaskID    TaskID
	Seq       int
	Type      string
	Start     time.Time
	End       *time.Time // nil while it goes on
	FirstLine int64      // of the output
	LastLine  int64      // 0 until the end, FirstLine-1 for a stage without output
	Result    JSON       // depends on Type and app; absent when there is none
}

// TaskWithTemplate is a row of a task list.
type TaskWithTemplate struct {
	Task
	TplPlaybook string
	TplAlias    string // the template's name
	TplType     TemplateType
	TplApp      string
	UserName    string
	// StoppedByName is the display name of who stopped it.
	StoppedByName string
	// DecidedByName is that of who confirmed or rejected it.
	DecidedByName string
}

// Definition is what a task was created from, frozen at that moment: later
// edits do not reach a queued task. Secrets are not in it; they are resolved
// when the task starts.
type Definition struct {
	Template            Template
	Vaults              []Vault
	Repository          Repository
	Inventory           *Inventory
	InventoryRepository *Repository
	VariableGroup       *VariableGroup
}

// TaskDefinition is the stored form of a task's definition and of the secret
// survey answers, which are erased when the task ends.
type TaskDefinition struct {
	TaskID     TaskID
	Definition Definition
	// Secret is the sealed JSON object of secret survey answers, "" for none.
	Secret string
}

// NextVersion returns the version of the next build after previous. The last
// group of digits grows by one and keeps its zero padding; another prefix or
// suffix in start begins anew. A start without digits never changes.
func NextVersion(start, previous string) string {
	pre, num, post := splitVersion(start)
	if num == "" || previous == "" {
		return start
	}
	rest, ok := strings.CutPrefix(previous, pre)
	if !ok {
		return start
	}
	digits, ok := strings.CutSuffix(rest, post)
	if !ok || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return start
	}
	next := increment(digits)
	if len(strings.TrimLeft(num, "0")) > len(strings.TrimLeft(next, "0")) ||
		len(num) == len(next) && num > next {
		next = num
	}
	for len(next) < len(num) {
		next = "0" + next
	}
	return pre + next + post
}

func splitVersion(v string) (pre, num, post string) {
	end := len(v)
	for end > 0 && (v[end-1] < '0' || v[end-1] > '9') {
		end--
	}
	begin := end
	for begin > 0 && v[begin-1] >= '0' && v[begin-1] <= '9' {
		begin--
	}
	return v[:begin], v[begin:end], v[end:]
}

func increment(digits string) string {
	b := []byte(digits)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < '9' {
			b[i]++
			return string(b)
		}
		b[i] = '0'
	}
	return "1" + string(b)
}

// TaskStat counts the tasks of a day.
type TaskStat struct {
	Day      time.Time // its midnight in UTC
	ByStatus map[TaskStatus]int
	// Timed counts those that have begun and ended, which took Took together.
	Timed int
	Took  time.Duration
}

// Average is how long tasks took that have begun and ended; 0 for none.
func (s TaskStat) Average() time.Duration {
	if s.Timed == 0 {
		return 0
	}
	return s.Took / time.Duration(s.Timed)
}
