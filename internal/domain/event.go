package domain

import "time"

// ObjectType names the kind of thing an event is about.
type ObjectType string

const (
	ObjectTask          ObjectType = "task"
	ObjectVariableGroup ObjectType = "environment"
	ObjectHostConfig    ObjectType = "host_config"
	ObjectInventory     ObjectType = "inventory"
	ObjectKey           ObjectType = "key"
	ObjectProject       ObjectType = "project"
	ObjectRepository    ObjectType = "repository"
	ObjectTemplate      ObjectType = "template"
	ObjectUser          ObjectType = "user"
	ObjectView          ObjectType = "view"
	ObjectSchedule      ObjectType = "schedule"
	ObjectIntegration   ObjectType = "integration"
	ObjectMatcher       ObjectType = "integrationmatcher"
	ObjectValue         ObjectType = "integrationextractvalue"
	ObjectAlias         ObjectType = "integration_alias"
	ObjectRunner        ObjectType = "runner"
	ObjectRole          ObjectType = "role"
	ObjectInvite        ObjectType = "invite"
	ObjectToken         ObjectType = "token"
	ObjectSession       ObjectType = "session"
	ObjectOption        ObjectType = "option"
	ObjectServer        ObjectType = "server"
)

// EventAction is what was done, or tried.
type EventAction string

const (
	ActionCreate EventAction = "create"
	ActionUpdate EventAction = "update"
	ActionDelete EventAction = "delete"
	ActionRun    EventAction = "run" // a task was started
	ActionStop   EventAction = "stop"
	ActionDecide EventAction = "decide" // a plan was confirmed or rejected
	ActionLogin  EventAction = "login"
	ActionLogout EventAction = "logout"
	ActionAccess EventAction = "access" // something secret or whole was read
)

// Outcome is how it went.
type Outcome string

const (
	OutcomeSuccess Outcome = "success"
	OutcomeDenied  Outcome = "denied" // who asked may not
	OutcomeFailure Outcome = "failure"
)

// Event is a line of the activity log.
type Event struct {
	ID          EventID
	ProjectID   *ProjectID
	UserID      *UserID
	ObjectType  ObjectType
	ObjectID    *int64
	Description string
	Address     string // where the request came from, "" for the system
	Created     time.Time
	Action      EventAction
	Outcome     Outcome
	// Username, TokenPrefix and Target are names as they were: of who did it, of
	// the API token that was used, of what it was done to.
	Username    string
	TokenPrefix string
	Target      string
	UserAgent   string
	// IntegrationID is the integration that did it, nil for none.
	IntegrationID *IntegrationID
	// Changes holds the fields that were changed with their old and new values,
	// secret ones without.
	Changes JSON
}

// EventWithNames is an event as lists show it.
type EventWithNames struct {
	Event
	ActorName   string // the user name as it is now, "" when the user is gone
	ProjectName string
	ObjectName  string
}

// Option is a setting kept in the database.
type Option struct {
	Key   string
	Value string
}
