package wire

import (
	"time"

	"signalbox/internal/domain"
)

// Project owns resources and tasks.
type Project struct {
	ID               int64     `json:"id"`
	Name             string    `json:"name"`
	Created          time.Time `json:"created"`
	Alert            bool      `json:"alert,omitempty"`
	AlertChat        string    `json:"alert_chat,omitempty"`
	MaxParallelTasks int       `json:"max_parallel_tasks,omitempty"`
	Type             string    `json:"type"`
}

// ProjectInput creates or replaces a project.
type ProjectInput struct {
	ID               int64   `json:"id,omitempty" doc:"Must equal the project of the address when replacing"`
	Name             string  `json:"name,omitempty"`
	Alert            bool    `json:"alert,omitempty"`
	AlertChat        *string `json:"alert_chat,omitempty" nullable:"true"`
	MaxParallelTasks int     `json:"max_parallel_tasks,omitempty"`
	Type             string  `json:"type,omitempty" doc:"Only when creating"`
	Demo             bool    `json:"demo,omitempty" doc:"Only when creating: fill the project with examples that run at once"`
}

// ProjectRole is what the caller may do in a project.
type ProjectRole struct {
	Role        string `json:"role"`
	Permissions int64  `json:"permissions" doc:"Bit mask: 1 run tasks, 2 update project, 4 manage resources, 8 manage members"`
}

// Member is a user of a project.
type Member struct {
	ID       int64  `json:"id" doc:"The user's id"`
	Username string `json:"username"`
	Name     string `json:"name"`
	Role     string `json:"role"`
}

// MemberInput adds a user to a project.
type MemberInput struct {
	UserID int64  `json:"user_id,omitempty"`
	Role   string `json:"role,omitempty"`
}

// Event is a line of the activity log.
type Event struct {
	UserID        *int64    `json:"user_id"`
	ProjectID     *int64    `json:"project_id"`
	IntegrationID *int64    `json:"integration_id"`
	ObjectID      *int64    `json:"object_id"`
	ObjectType    *string   `json:"object_type"`
	Description   *string   `json:"description"`
	Created       time.Time `json:"created"`
	ObjectName    string    `json:"object_name"`
	ProjectName   *string   `json:"project_name"`
	Username      *string   `json:"username"`

	ID      int64  `json:"id"`
	Action  string `json:"action,omitempty" doc:"create, update, delete, run, stop, decide, login, logout or access"`
	Outcome string `json:"outcome,omitempty" doc:"success, denied or failure"`
	Target  string `json:"target,omitempty" doc:"Name of what it was done to, as it was then"`
	// For those who look after the project or the server.
	Address   string `json:"address,omitempty" doc:"Where the request came from; for those who manage users"`
	UserAgent string `json:"user_agent,omitempty" doc:"For those who manage users"`
	Changes   Object `json:"changes,omitempty" doc:"Changed fields with old and new values, secret ones without; for those who manage users"`
}

// View is a named tab of the template list.
type View struct {
	ID          int64   `json:"id"`
	ProjectID   int64   `json:"project_id"`
	Title       string  `json:"title"`
	Position    int     `json:"position"`
	Type        string  `json:"type,omitempty"`
	Hidden      bool    `json:"hidden,omitempty"`
	Filter      Object  `json:"filter,omitempty"`
	SortColumn  *string `json:"sort_column,omitempty"`
	SortReverse bool    `json:"sort_reverse,omitempty"`
}

// ViewInput creates or replaces a view.
type ViewInput struct {
	ID          int64   `json:"id,omitempty"`
	ProjectID   int64   `json:"project_id,omitempty"`
	Title       string  `json:"title,omitempty"`
	Position    int     `json:"position,omitempty"`
	Type        string  `json:"type,omitempty"`
	Hidden      bool    `json:"hidden,omitempty"`
	Filter      Object  `json:"filter,omitempty" doc:"Kept for clients"`
	SortColumn  *string `json:"sort_column,omitempty" nullable:"true"`
	SortReverse bool    `json:"sort_reverse,omitempty"`
}

// FromProject gives the shape of a project.
func FromProject(p domain.Project) Project {
	return Project{
		ID: int64(p.ID), Name: p.Name, Created: p.Created.UTC(), Alert: p.Alert,
		AlertChat: p.AlertChat, MaxParallelTasks: p.MaxParallelTasks, Type: p.Type,
	}
}

// FromProjects gives a list of projects.
func FromProjects(projects []domain.Project) []Project { return list(projects, FromProject) }

// Project gives the domain value.
func (in ProjectInput) Project() domain.Project {
	p := domain.Project{
		ID: domain.ProjectID(in.ID), Name: in.Name, Alert: in.Alert,
		MaxParallelTasks: in.MaxParallelTasks, Type: in.Type,
	}
	if in.AlertChat != nil {
		p.AlertChat = *in.AlertChat
	}
	return p
}

// FromEvents gives a list of events; whole ones say where somebody was and what
// was changed.
func FromEvents(events []domain.EventWithNames, whole bool) []Event {
	return list(events, func(e domain.EventWithNames) Event {
		out := Event{
			UserID: ptr[int64](e.UserID), ProjectID: ptr[int64](e.ProjectID), ObjectID: e.ObjectID,
			Created: e.Created.UTC(), ObjectName: e.ObjectName,
			Description: orNull(e.Description), ObjectType: orNull(string(e.ObjectType)), IntegrationID: ptr[int64](e.IntegrationID),
			ID: int64(e.ID), Action: string(e.Action), Outcome: string(e.Outcome), Target: e.Target,
		}
		if !whole && e.ObjectType == domain.ObjectInvite {
			out.Target = "" // may be an e-mail address
		}
		if whole {
			out.Address, out.UserAgent, out.Changes = e.Address, e.UserAgent, Object(e.Changes)
		}
		if e.ProjectID != nil {
			out.ProjectName = &e.ProjectName
		}
		if e.UserID != nil {
			out.Username = &e.ActorName
			if e.ActorName == "" { // the user is gone
				out.Username = &e.Username
			}
		}
		return out
	})
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// FromView gives the shape of a view.
func FromView(v domain.View) View {
	return View{
		ID: int64(v.ID), ProjectID: int64(v.ProjectID), Title: v.Title, Position: v.Position,
		Type: v.Type, Hidden: v.Hidden, Filter: Object(v.Filter), SortColumn: v.SortColumn, SortReverse: v.SortReverse,
	}
}

// FromViews gives a list of views.
func FromViews(views []domain.View) []View { return list(views, FromView) }

// View gives the domain value.
func (in ViewInput) View() domain.View {
	return domain.View{
		ID: domain.ViewID(in.ID), ProjectID: domain.ProjectID(in.ProjectID), Title: in.Title, Position: in.Position,
		Type: in.Type, Hidden: in.Hidden, Filter: domain.JSON(in.Filter), SortColumn: in.SortColumn, SortReverse: in.SortReverse,
	}
}
