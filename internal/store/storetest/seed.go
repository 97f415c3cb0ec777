package storetest

import (
	"context"
	"testing"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// World is a project with one of everything, to hang tests on.
type World struct {
	Store     store.Store
	User      domain.User
	OtherUser domain.User // see AddOther
	Project   domain.Project
	Member    domain.Member
	View      domain.View
	Key       domain.Key
	Repo      domain.Repository
	Inventory domain.Inventory
	Group     domain.VariableGroup
	Template  domain.Template
	// Integration is there after AddOther.
	Integration domain.Integration
	Queued      domain.Task // of the template, where a case makes it
}

// Now is the time that fixtures carry.
func Now() time.Time { return time.Date(2026, 3, 14, 15, 9, 26, 535897000, time.UTC) }

// Seed fills a store with a user, a project and its resources.
func Seed(t testing.TB, s store.Store) *World {
	t.Helper()
	ctx := t.Context()
	w := &World{Store: s}
	n, err := s.Users().Count(ctx, store.Query{})
	check(t, err)
	suffix := ""
	if n > 0 {
		suffix = string(rune('a' + n))
	}
	w.User = domain.User{Created: Now(), Username: "ada" + suffix, Name: "Ada", Email: "ada" + suffix + "@example.org", Admin: true}
	check(t, s.Users().Create(ctx, &w.User))
	w.Project = domain.Project{Name: "Harbour", Created: Now()}
	check(t, s.Projects().Create(ctx, &w.Project))
	p := w.Project.ID
	w.Member = domain.Member{ProjectID: p, UserID: w.User.ID, Role: domain.RoleOwner}
	check(t, s.Members().Create(ctx, &w.Member))
	w.View = domain.View{ProjectID: p, Title: "All", Type: "all"}
	check(t, s.Views().Create(ctx, &w.View))
	w.Key = domain.Key{ProjectID: p, Name: "None", Type: domain.KeyNone}
	check(t, s.Keys().Create(ctx, &w.Key))
	w.Repo = domain.Repository{ProjectID: p, Name: "Playbooks", GitURL: "/srv/playbooks", SSHKeyID: w.Key.ID}
	check(t, s.Repositories().Create(ctx, &w.Repo))
	w.Inventory = domain.Inventory{ProjectID: p, Name: "Local", Type: domain.InventoryStatic, Inventory: "localhost ansible_connection=local", SSHKeyID: &w.Key.ID}
	check(t, s.Inventories().Create(ctx, &w.Inventory))
	env := `{"LANG":"C"}`
	w.Group = domain.VariableGroup{ProjectID: p, Name: "Empty", JSON: "{}", Env: &env}
	check(t, s.VariableGroups().Create(ctx, &w.Group))
	w.Template = w.NewTemplate(t, func(*domain.Template) {})
	return w
}

// NewTemplate adds a template.
func (w *World) NewTemplate(t testing.TB, change func(*domain.Template)) domain.Template {
	t.Helper()
	tmpl := domain.Template{
		ProjectID: w.Project.ID, Name: "Site", App: "ansible", Playbook: "site.yml",
		RepositoryID: w.Repo.ID, InventoryID: &w.Inventory.ID, VariableGroupID: &w.Group.ID, ViewID: &w.View.ID,
	}
	change(&tmpl)
	check(t, w.Store.Templates().Create(t.Context(), &tmpl))
	return tmpl
}

// NewTask adds a waiting task of a template.
func (w *World) NewTask(t testing.TB, tmpl domain.Template) domain.Task {
	t.Helper()
	task := w.Task(tmpl)
	check(t, w.Store.Tasks().Create(t.Context(), &task, w.Definition(tmpl)))
	return task
}

// Task returns a waiting task that is not stored yet.
func (w *World) Task(tmpl domain.Template) domain.Task {
	return domain.Task{
		ProjectID: tmpl.ProjectID, TemplateID: tmpl.ID, Status: domain.StatusWaiting,
		Playbook: tmpl.Playbook, Environment: "{}", UserID: &w.User.ID, Created: Now(), Params: domain.JSON(`{"debug": true}`),
	}
}

// Definition returns what a task of the template is created from.
func (w *World) Definition(tmpl domain.Template) domain.TaskDefinition {
	return domain.TaskDefinition{
		Definition: domain.Definition{Template: tmpl, Repository: w.Repo, Inventory: &w.Inventory, VariableGroup: &w.Group},
		Secret:     "sealed",
	}
}

// Claim claims the next task for owner, without limits.
func (w *World) Claim(ctx context.Context, owner string) (domain.Task, error) {
	return w.Store.Tasks().Claim(ctx, store.Claim{Owner: owner, Now: Now(), LeaseUntil: Now().Add(time.Minute)})
}

// Running adds a task of the template and brings it to running.
func (w *World) Running(t testing.TB, tmpl domain.Template) domain.Task {
	t.Helper()
	ctx := t.Context()
	created := w.NewTask(t, tmpl)
	task, err := w.Claim(ctx, "here")
	check(t, err)
	if task.ID != created.ID {
		t.Fatalf("claimed task %d, want %d", task.ID, created.ID)
	}
	task, err = w.Store.Tasks().Update(ctx, task.ID, func(task *domain.Task) error {
		task.Status = domain.StatusRunning
		return nil
	})
	check(t, err)
	return task
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// AddOther adds a second user, who is in no project, and an integration.
func (w *World) AddOther(t testing.TB) {
	t.Helper()
	w.OtherUser = domain.User{Created: Now(), Username: "eve", Name: "Eve", Email: "eve@example.org"}
	check(t, w.Store.Users().Create(t.Context(), &w.OtherUser))
	w.Integration = domain.Integration{ProjectID: w.Project.ID, TemplateID: w.Template.ID, Name: "push"}
	check(t, w.Store.Integrations().Create(t.Context(), &w.Integration))
}
