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

// Validate checks the shapes of the values and drops empty ones. field is what
// they are called in a request. What the template allows is for others to say.
func (p *TaskParams) Validate(field string) error {
	for _, text := range []**string{&p.Environment, &p.Arguments, &p.GitBranch, &p.Message, &p.Version} {
		if *text != nil && **text == "" {
			*text = nil
		}
	}
	if p.Environment != nil {
		if _, err := ParseObject(*p.Environment); err != nil {
			return Invalid(field+".environment", "must be a JSON object as text: %s", err)
		}
	}
	if p.Arguments != nil {
		// The form with stages may be meant; the template's app is not known here.
		if _, err := ParseArguments(field+".arguments", *p.Arguments, FamilyTerraform); err != nil {
			return err
		}
	}
	if p.GitBranch != nil {
		if err := CheckGitRef(field+".git_branch", *p.GitBranch); err != nil {
			return err
		}
	}
	if p.Message != nil && len(*p.Message) > 250 {
		return Invalid(field+".message", "must not be longer than 250 bytes")
	}
	if p.Version != nil && len(*p.Version) > 20 {
		return Invalid(field+".version", "must not be longer than 20 characters")
	}
	params, err := p.Params.Object()
	if err != nil {
		return Invalid(field+".params", "must be a JSON object")
	}
	if len(params) == 0 {
		p.Params = nil
	}
	return nil
}

// ScheduleType says when a schedule starts tasks.
type ScheduleType string

const (
	ScheduleCron  ScheduleType = ""       // at the times of CronFormat
	ScheduleRunAt ScheduleType = "run_at" // once
)

// Valid reports whether t is a known type of schedule.
func (t ScheduleType) Valid() bool { return t == ScheduleCron || t == ScheduleRunAt }

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

// Validate checks what can be checked without looking at other objects, and
// drops what does not go with the type. Whether RunAt is still to come is not
// looked at: the time of a schedule that has run is past.
func (s *Schedule) Validate() error {
	if len([]rune(s.Name)) > 100 {
		return Invalid("name", "must not be longer than 100 characters")
	}
	if s.TemplateID == 0 {
		return Invalid("template_id", "a template is required")
	}
	switch s.Type {
	case ScheduleCron:
		s.RunAt = nil
		if _, err := ParseCron(s.CronFormat); err != nil {
			return err
		}
	case ScheduleRunAt:
		s.CronFormat = ""
		if s.RunAt == nil || s.RunAt.IsZero() {
			return Invalid("run_at", "a time is required, such as 2030-01-31T12:00:00Z")
		}
		at := s.RunAt.UTC()
		if at.Year() > 9999 || at.Year() < 1 {
			return Invalid("run_at", "must be before the year 10000")
		}
		s.RunAt = &at
		if s.RepositoryID != nil {
			return Invalid("repository_id", "looking for new commits takes a schedule that comes again; set cron_format")
		}
	default:
		return Invalid("type", "%q is not a type of schedule; leave it empty for cron_format, or use run_at", string(s.Type))
	}
	if s.TaskParams == nil {
		return nil
	}
	return s.TaskParams.Validate("task_params")
}

// Next returns when the schedule is due after a time, the zero time for never.
// Active or not makes no difference. zone is that of schedules which name none.
func (s *Schedule) Next(after time.Time, zone *time.Location) time.Time {
	if s.Type == ScheduleRunAt {
		if s.RunAt != nil && s.RunAt.After(after) {
			return *s.RunAt
		}
		return time.Time{}
	}
	cron, err := ParseCron(s.CronFormat)
	if err != nil {
		return time.Time{}
	}
	return cron.Next(after, zone)
}
