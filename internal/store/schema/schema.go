// Package schema describes the tables of the store as data: what identifies a
// row, what refers to what, what is unique and what is looked up. A backend
// without a schema language of its own builds its tables from it; the
// migrations of the SQL backend are checked against it. It also has the errors
// that every backend gives for a version of the tables.
package schema

import "signalbox/internal/domain"

// Table describes the rows of one kind. Their columns are those of the entity,
// by the convention of package rowmap.
type Table struct {
	Name string
	What string // one row, for messages
	// Key is what identifies a row; none for an id that the database counts.
	Key []string
	// Revision is the column with the project whose revision a write raises;
	// Shared for that of all projects, "" for none.
	Revision   string
	References []Reference
	// Unique and Indexes hold the fields of an index; a leading "~" means without
	// case. Fields of references need none of their own.
	Unique  [][]string
	Indexes [][]string
	// Partial indexes hold some of the rows.
	Partial []Partial
}

// Shared stands for the revision of what all projects show.
const Shared = "*"

// Reference says that a field holds keys of another table, null aside.
type Reference struct {
	Field, To string
	// Owned rows go with the row they refer to, without being asked for. Other
	// references keep it from going.
	Owned bool
}

// Partial is an index of the rows whose column has a value for which Has is
// true.
type Partial struct {
	Column string
	Has    func(value any) bool // of a stored value, nil for null
	Fields []string
}

// The partial indexes of tasks, which are small beside the history. Queue has
// what has not ended, with all that limits depend on; Heads what waits, by
// template; Owned what runs, by owner; Versions those that have a version.
var (
	Queue    = []string{"status", "id", "project_id", "template_id"}
	Heads    = []string{"template_id", "id", "project_id"}
	Owned    = []string{"owner"}
	Versions = []string{"template_id"}
)

func of(table string, fields ...string) []Reference {
	var list []Reference
	for _, f := range fields {
		list = append(list, Reference{Field: f, To: table})
	}
	return list
}

func all(lists ...[]Reference) []Reference {
	var list []Reference
	for _, l := range lists {
		list = append(list, l...)
	}
	return list
}

func inStatus(is func(domain.TaskStatus) bool) func(any) bool {
	return func(value any) bool {
		text, ok := value.(string)
		return ok && is(domain.TaskStatus(text))
	}
}

// Tables returns all tables. What refers to nothing in the history, such as the
// user of a task or the project of an event, may be gone.
func Tables() []Table {
	byName := [][]string{{"project_id", "~name"}}
	project := of("projects", "project_id")
	return []Table{
		// Lists of tasks and members show names of users, so those count for all
		// projects.
		{Name: "users", What: "user", Revision: Shared, Unique: [][]string{{"~username"}, {"~email"}}},
		{Name: "sessions", What: "session", References: of("users", "user_id"), Unique: [][]string{{"token_hash"}}, Indexes: [][]string{{"last_active"}}},
		{Name: "tokens", What: "token", References: of("users", "user_id"), Unique: [][]string{{"token_hash"}}},
		{Name: "projects", What: "project", Revision: "id", Indexes: [][]string{{"~name"}}},
		{
			Name: "members", What: "member", Revision: "project_id", Unique: [][]string{{"project_id", "user_id"}},
			References: all(project, of("users", "user_id")),
		},
		{Name: "views", What: "view", Revision: "project_id", References: project, Indexes: [][]string{{"project_id", "position"}}},
		{Name: "variable_groups", What: "variable group", Revision: "project_id", References: project, Indexes: byName},
		{
			Name: "keys", What: "key", Revision: "project_id", Indexes: [][]string{{"project_id", "owner", "~name"}, {"project_id", "~name"}},
			References: all(project, of("variable_groups", "variable_group_id")),
		},
		{
			Name: "repositories", What: "repository", Revision: "project_id", Indexes: byName,
			References: all(project, of("keys", "ssh_key_id")),
		},
		{
			Name: "host_configs", What: "host config", Revision: "project_id", Unique: [][]string{{"project_id", "type", "host"}},
			References: all(project, of("keys", "ssh_key_id")),
		},
		{
			Name: "inventories", What: "inventory", Revision: "project_id", Indexes: byName,
			References: all(project, of("keys", "ssh_key_id", "become_key_id"), of("templates", "template_id"), of("repositories", "repository_id")),
		},
		{
			Name: "templates", What: "template", Revision: "project_id", Indexes: byName,
			References: all(project, of("repositories", "repository_id"), of("inventories", "inventory_id"),
				of("variable_groups", "variable_group_id"), of("views", "view_id"), of("templates", "build_template_id")),
		},
		{
			Name: "vaults", What: "vault", Revision: "project_id",
			References: all(project, of("templates", "template_id"), of("keys", "key_id")),
		},
		{Name: "roles", What: "role", Revision: "project_id", References: project, Unique: [][]string{{"slug"}}},
		{
			Name: "template_roles", What: "permission of template", Revision: "project_id", Unique: [][]string{{"template_id", "role_slug"}},
			References: all(project, of("templates", "template_id")),
		},
		{
			Name: "invites", What: "invite", Revision: "project_id", Unique: [][]string{{"token_hash"}},
			References: all(project, of("users", "user_id")),
		},
		{
			Name: "schedules", What: "schedule", Revision: "project_id", Indexes: byName,
			References: all(project, of("templates", "template_id"), of("repositories", "repository_id"), of("inventories", "inventory_id")),
		},
		{
			Name: "integrations", What: "integration", Revision: "project_id", Indexes: byName,
			References: all(project, of("templates", "template_id"), of("keys", "auth_secret_id"), of("inventories", "inventory_id")),
		},
		{
			Name: "integration_matchers", What: "matcher", Revision: "project_id",
			References: all(project, of("integrations", "integration_id")),
		},
		{
			Name: "integration_values", What: "extracted value", Revision: "project_id",
			References: all(project, of("integrations", "integration_id")),
		},
		{
			Name: "integration_aliases", What: "alias", Revision: "project_id", Unique: [][]string{{"alias"}},
			References: all(project, of("integrations", "integration_id")),
		},
		{
			Name: "runners", What: "runner", Unique: [][]string{{"token_hash"}}, Indexes: [][]string{{"registration_hash"}},
			References: project,
		},
		{Name: "totps", What: "second factor", References: of("users", "user_id"), Unique: [][]string{{"user_id"}}},
		{Name: "recovery_codes", What: "recovery code", References: of("users", "user_id")},
		{
			Name: "mail_codes", What: "mailed code", References: of("users", "user_id"),
			Unique: [][]string{{"token_hash"}}, Indexes: [][]string{{"sent"}},
		},
		{Name: "events", What: "event", Indexes: [][]string{{"project_id"}, {"user_id"}}},
		{Name: "options", What: "option", Key: []string{"key"}, Revision: Shared},
		{
			Name: "tasks", What: "task", Revision: "project_id", References: all(of("templates", "template_id"), project),
			Indexes: [][]string{{"template_id"}, {"project_id"}, {"project_id", "status"}},
			Partial: []Partial{
				{"status", inStatus(domain.TaskStatus.Active), Owned},
				{"status", inStatus(func(s domain.TaskStatus) bool { return s == domain.StatusWaiting }), Heads},
				{"status", inStatus(func(s domain.TaskStatus) bool { return !s.Terminal() }), Queue},
				{"version", func(v any) bool { return v != nil && v != "" }, Versions},
			},
		},
		{
			Name: "task_definitions", What: "definition of task", Key: []string{"task_id"},
			References: []Reference{{Field: "task_id", To: "tasks", Owned: true}},
		},
		{
			Name: "chunks", What: "chunk", Key: []string{"task_id", "first_seq"},
			References: []Reference{{Field: "task_id", To: "tasks", Owned: true}},
		},
		{
			Name: "result_chunks", What: "chunk of results", Key: []string{"task_id", "first_seq"},
			References: []Reference{{Field: "task_id", To: "tasks", Owned: true}},
		},
		{
			Name: "task_stages", What: "stage", Key: []string{"task_id", "seq"},
			References: []Reference{{Field: "task_id", To: "tasks", Owned: true}},
		},
		{
			Name: "notifications", What: "notification",
			References: all([]Reference{{Field: "task_id", To: "tasks", Owned: true}}, project),
			Indexes:    [][]string{{"channel", "next_at"}, {"next_at"}, {"created"}},
		},
	}
}

// OwnedBy calls fn for each table with rows that go with a row of the table to,
// and the field that says with which.
func OwnedBy(to string, fn func(table, field string)) {
	for _, t := range Tables() {
		for _, r := range t.References {
			if r.Owned && r.To == to {
				fn(t.Name, r.Field)
			}
		}
	}
}

// Name says in which column the objects of a type have their name.
type Name struct {
	Type          domain.ObjectType
	Table, Column string
}

// Names returns where the names are that events show. A task has that of its
// template.
func Names() []Name {
	return []Name{
		{domain.ObjectVariableGroup, "variable_groups", "name"},
		{domain.ObjectHostConfig, "host_configs", "host"},
		{domain.ObjectInventory, "inventories", "name"},
		{domain.ObjectKey, "keys", "name"},
		{domain.ObjectProject, "projects", "name"},
		{domain.ObjectRepository, "repositories", "name"},
		{domain.ObjectTemplate, "templates", "name"},
		{domain.ObjectUser, "users", "name"},
		{domain.ObjectView, "views", "title"},
		{domain.ObjectSchedule, "schedules", "name"},
		{domain.ObjectIntegration, "integrations", "name"},
		{domain.ObjectMatcher, "integration_matchers", "name"},
		{domain.ObjectValue, "integration_values", "name"},
		{domain.ObjectRunner, "runners", "name"},
		{domain.ObjectRole, "roles", "name"},
	}
}
