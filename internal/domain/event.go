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
}

// EventWithNames is an event as lists show it.
type EventWithNames struct {
	Event
	Username    string
	ProjectName string
	ObjectName  string
}

// Option is a setting kept in the database.
type Option struct {
	Key   string
	Value string
}
