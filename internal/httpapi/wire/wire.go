// Package wire holds the JSON shapes of the HTTP API: the names, the nulls and
// the fields that vanish when empty, exactly as clients of the reference know
// them. It promises nothing else; the rules live in the packages below.
//
// A shape ending in Input is what clients send. All its fields are optional
// here: what must be there is said by the domain.
package wire

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"signalbox/internal/domain"
)

// Object is a JSON object kept as its text, echoed as it was sent.
type Object json.RawMessage

// MarshalJSON emits the document itself.
func (o Object) MarshalJSON() ([]byte, error) {
	if len(o) == 0 {
		return []byte("null"), nil
	}
	return o, nil
}

// UnmarshalJSON keeps the text of the document; null is nothing.
func (o *Object) UnmarshalJSON(data []byte) error {
	*o = nil
	if !bytes.Equal(data, []byte("null")) {
		*o = bytes.Clone(data)
	}
	return nil
}

// Schema describes the document to OpenAPI.
func (Object) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}

// Error is the body of every failure.
type Error struct {
	Error     string      `json:"error" doc:"What is wrong and, where it helps, what to do"`
	Field     string      `json:"field,omitempty" doc:"The request field it is about, dotted for nested ones"`
	Message   string      `json:"message,omitempty" doc:"The same in a sentence, where error is a word for programs"`
	RequestID string      `json:"request_id" doc:"The id that the server log carries for this request"`
	InUse     bool        `json:"inUse,omitempty" doc:"Set when a delete was refused because something refers to the object"`
	Users     []Reference `json:"users,omitempty" doc:"What refers to the object"`
	// Channels is set when a test of alerts has failed.
	Channels []ChannelResult `json:"channels,omitempty" doc:"What became of a test message, by channel"`
}

// Reference names an object that refers to another.
type Reference struct {
	Type string `json:"type"`
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// object makes a document of a stored one; an empty object vanishes, as it
// does in the reference.
func object(doc domain.JSON) Object {
	if string(bytes.TrimSpace(doc)) == "{}" {
		return nil
	}
	return Object(doc)
}

// Named is an id with a name.
type Named struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// Refs lists what refers to an object.
type Refs struct {
	Templates    []Named       `json:"templates"`
	Inventories  []Named       `json:"inventories"`
	Repositories []Named       `json:"repositories"`
	Integrations []Named       `json:"integrations"`
	Schedules    []ScheduleRef `json:"schedules"`
	AccessKeys   []Named       `json:"access_keys"`
	HostConfigs  []Named       `json:"host_configs"`
}

// ScheduleRef is a schedule that refers to an object. Its id and name are those
// of the schedule's template, which clients of the reference look for.
type ScheduleRef struct {
	Named
	ScheduleID   int64  `json:"schedule_id"`
	ScheduleName string `json:"schedule_name"`
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

func ptr[To, From ~int64](id *From) *To {
	if id == nil {
		return nil
	}
	v := To(*id)
	return &v
}

// list converts every element; an empty list stays a list.
func list[From, To any](in []From, convert func(From) To) []To {
	out := make([]To, 0, len(in))
	for _, v := range in {
		out = append(out, convert(v))
	}
	return out
}
