package catalog_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"

	"signalbox/internal/authz"
	"signalbox/internal/catalog"
	"signalbox/internal/domain"
	"signalbox/internal/secrets"
	"signalbox/internal/store"
	"signalbox/internal/store/boltstore"
	"signalbox/internal/store/sqlstore"
	"signalbox/internal/store/storetest"
	"signalbox/internal/store/transfer"
	"signalbox/internal/testkit/dbserver"
)

// database is a store whose tables can be read whole.
type database interface {
	store.Store
	transfer.Backend
}

// place opens an empty database.
type place func(t *testing.T) database

func sqlAt(c func(t *testing.T) sqlstore.Config) place {
	return func(t *testing.T) database {
		db, err := sqlstore.Open(t.Context(), c(t))
		return opened(t, db, err)
	}
}

func opened(t *testing.T, db database, err error) database {
	t.Helper()
	check(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestDelete(t *testing.T) {
	t.Parallel()
	everywhere(t, map[string]place{
		"sqlite": sqlAt(func(t *testing.T) sqlstore.Config {
			return sqlstore.Config{Path: filepath.Join(t.TempDir(), "test.db")}
		}),
		"bolt": func(t *testing.T) database {
			db, err := boltstore.Open(t.Context(), boltstore.Config{Path: filepath.Join(t.TempDir(), "test.bolt")})
			return opened(t, db, err)
		},
	})
}

func TestDelete_Servers(t *testing.T) {
	t.Parallel()
	places := map[string]place{}
	for kind, s := range map[string]*dbserver.Server{"postgres": dbserver.Postgres(t), "mysql": dbserver.MySQL(t)} {
		places[kind] = sqlAt(func(*testing.T) sqlstore.Config {
			c := sqlstore.Config{Dialect: s.Dialect, Host: s.Socket, User: s.User, Name: s.NewName()}
			if s.Dialect == "postgres" {
				c.Options = map[string]string{"port": strconv.Itoa(s.Port)}
			}
			return c
		})
	}
	everywhere(t, places)
}

// everywhere runs each case on an empty database of each kind.
func everywhere(t *testing.T, places map[string]place) {
	for kind, open := range places {
		for name, test := range map[string]func(*testing.T, database){
			"project": deleteProject, "template": deleteTemplate, "user": deleteUser, "in use": deleteInUse,
		} {
			t.Run(kind+"/"+name, func(t *testing.T) { test(t, open(t)) })
		}
	}
}

// passwords hashes nothing: no user here signs in.
type passwords struct{}

func (passwords) Hash(context.Context, domain.Secret) (string, error) { return "", nil }

func (passwords) Prove(context.Context, domain.Actor, domain.Secret, domain.Secret) error { return nil }

func newCatalog(t *testing.T, db store.Store) *catalog.Catalog {
	t.Helper()
	ring, err := secrets.New(secrets.GenerateKey())
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.New(catalog.Deps{Store: db, Sealer: secrets.NewSources(ring, nil), Passwords: passwords{}, Now: storetest.Now})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// full is a project with a row in every table that has to do with projects.
type full struct {
	*storetest.World
	grant       authz.Grant
	guest       domain.User
	build       domain.Template
	task        domain.Task
	schedule    domain.Schedule
	integration domain.Integration
}

func fill(t *testing.T, db store.Store) full {
	t.Helper()
	ctx := t.Context()
	f := full{World: storetest.Seed(t, db)}
	p := f.Project.ID
	f.grant = authz.Grant{Actor: domain.Actor{User: f.User}, Project: p}
	f.build = f.NewTemplate(t, func(tpl *domain.Template) { tpl.Type = domain.TemplateBuild })
	deploy := f.NewTemplate(t, func(tpl *domain.Template) { tpl.Type, tpl.BuildTemplateID = domain.TemplateDeploy, &f.build.ID })
	tag := fmt.Sprint(p)

	f.guest = domain.User{Created: storetest.Now(), Username: "guest" + tag, Name: "Guest", Email: "guest" + tag + "@example.org"}
	check(t, db.Users().Create(ctx, &f.guest))
	check(t, db.Members().Create(ctx, &domain.Member{ProjectID: p, UserID: f.guest.ID, Role: domain.RoleGuest}))
	check(t, db.Sessions().Create(ctx, &domain.Session{UserID: f.guest.ID, TokenHash: "session" + tag}))
	check(t, db.Tokens().Create(ctx, &domain.Token{UserID: f.guest.ID, TokenHash: "token" + tag}))
	check(t, db.TOTPs().Create(ctx, &domain.TOTP{UserID: f.guest.ID}))
	check(t, db.MailCodes().Create(ctx, &domain.MailCode{Purpose: domain.MailReset, UserID: &f.guest.ID, TokenHash: "mail" + tag, Created: storetest.Now(), Sent: storetest.Now()}))
	check(t, db.RecoveryCodes().Create(ctx, &domain.RecoveryCode{UserID: f.guest.ID}))
	night := domain.Role("night" + tag)
	check(t, db.Roles().Create(ctx, &domain.CustomRole{ProjectID: &p, Slug: night, Name: "Night"}))
	check(t, db.TemplateRoles().Create(ctx, &domain.TemplateRole{ProjectID: p, TemplateID: deploy.ID, RoleSlug: night}))
	check(t, db.Invites().Create(ctx, &domain.Invite{ProjectID: p, UserID: &f.guest.ID, TokenHash: "invite" + tag}))
	check(t, db.Vaults().Create(ctx, &domain.Vault{ProjectID: p, TemplateID: deploy.ID, KeyID: &f.Key.ID}))
	check(t, db.HostConfigs().Create(ctx, &domain.HostConfig{ProjectID: p, Type: domain.HostConfigHost, Host: "git.example.org", SSHKeyID: f.Key.ID}))
	check(t, db.Keys().Create(ctx, &domain.Key{ProjectID: p, Name: "S", Type: domain.KeyString, Owner: domain.OwnerVariable, VariableGroupID: &f.Group.ID}))
	check(t, db.Inventories().Create(ctx, &domain.Inventory{ProjectID: p, Name: "ws", Type: domain.InventoryTofuWorkspace, TemplateID: &deploy.ID}))
	message := "m"
	f.schedule = domain.Schedule{ProjectID: p, TemplateID: deploy.ID, CronFormat: "@daily", RepositoryID: &f.Repo.ID, InventoryID: &f.Inventory.ID, TaskParams: &domain.TaskParams{Message: &message}}
	check(t, db.Schedules().Create(ctx, &f.schedule))
	f.integration = domain.Integration{ProjectID: p, TemplateID: deploy.ID, Name: "hook", AuthSecretID: &f.Key.ID, InventoryID: &f.Inventory.ID}
	check(t, db.Integrations().Create(ctx, &f.integration))
	i := f.integration.ID
	check(t, db.Matchers().Create(ctx, &domain.IntegrationMatcher{ProjectID: p, IntegrationID: i}))
	check(t, db.IntegrationValues().Create(ctx, &domain.IntegrationValue{ProjectID: p, IntegrationID: i}))
	check(t, db.IntegrationAliases().Create(ctx, &domain.IntegrationAlias{ProjectID: p, IntegrationID: &i, Alias: "own" + tag}))
	check(t, db.IntegrationAliases().Create(ctx, &domain.IntegrationAlias{ProjectID: p, Alias: "all" + tag}))
	check(t, db.Runners().Create(ctx, &domain.Runner{ProjectID: &p, Name: "near", TokenHash: "runner" + tag}))
	f.task = f.NewTask(t, deploy)
	check(t, db.Notifications().Create(ctx, &domain.Notification{
		ProjectID: p, TaskID: f.task.ID, Event: domain.StatusError, UserID: &f.guest.ID, State: domain.NotificationSent, Created: storetest.Now(),
	}))
	return f
}

// rows counts the rows of every table that hold a value in a column.
func rows(t *testing.T, db database, column string, value int64) map[string]int {
	t.Helper()
	found := map[string]int{}
	for _, table := range transfer.Tables() {
		at := -1
		for i, c := range table.Columns {
			if c.Name == column {
				at = i
			}
		}
		if at < 0 {
			continue
		}
		check(t, db.Scan(t.Context(), table, nil, 10000, func(row []any) (bool, error) {
			if row[at] == value {
				found[table.Name]++
			}
			return true, nil
		}))
	}
	return found
}

func deleteProject(t *testing.T, db database) {
	c, gone, stays := newCatalog(t, db), fill(t, db), fill(t, db)
	p := int64(gone.Project.ID)
	before, neighbour := rows(t, db, "project_id", p), rows(t, db, "project_id", int64(stays.Project.ID))
	for _, table := range transfer.Tables() {
		for _, col := range table.Columns {
			if col.Name == "project_id" && before[table.Name] == 0 && table.Name != "events" {
				t.Errorf("the project has no row in %s, so the test says nothing about it", table.Name)
			}
		}
	}
	if err := c.DeleteProject(t.Context(), gone.grant); !domain.IsKind(err, domain.KindConflict) {
		t.Errorf("with a task waiting: got %v, want a conflict", err)
	}
	if left := rows(t, db, "project_id", p); fmt.Sprint(left) != fmt.Sprint(before) {
		t.Errorf("a refusal left %v of %v", left, before)
	}
	_, err := db.Tasks().Update(t.Context(), gone.task.ID, func(task *domain.Task) error {
		task.Status = domain.StatusStopped
		return nil
	})
	check(t, err)
	check(t, c.DeleteProject(t.Context(), gone.grant))
	left := rows(t, db, "project_id", p)
	delete(left, "revisions") // one number, which must not start anew
	if len(left) != 0 {
		t.Errorf("of the project are left: %v", left)
	}
	if definitions := rows(t, db, "task_id", int64(gone.task.ID)); len(definitions) != 0 {
		t.Errorf("of its task are left: %v", definitions)
	}
	after := rows(t, db, "project_id", int64(stays.Project.ID))
	if fmt.Sprint(after) != fmt.Sprint(neighbour) {
		t.Errorf("another project has %v left of %v", after, neighbour)
	}
}

func deleteTemplate(t *testing.T, db database) {
	c, f := newCatalog(t, db), fill(t, db)
	ctx := t.Context()
	err := c.DeleteTemplate(ctx, f.grant, f.build.ID)
	if e, ok := err.(*domain.Error); !ok || e.Kind != domain.KindInUse || len(e.Users) != 1 || e.Users[0].Type != "template" {
		t.Errorf("a build that is deployed: got %v, want its deployment", err)
	}
	check(t, c.DeleteIntegration(ctx, f.grant, f.integration.ID))
	if left := rows(t, db, "integration_id", int64(f.integration.ID)); len(left) != 0 {
		t.Errorf("of the integration are left: %v", left)
	}
	again := domain.Integration{ProjectID: f.Project.ID, TemplateID: f.schedule.TemplateID, Name: "again"}
	check(t, db.Integrations().Create(ctx, &again))
	check(t, db.Matchers().Create(ctx, &domain.IntegrationMatcher{ProjectID: f.Project.ID, IntegrationID: again.ID}))
	if err := c.DeleteTemplate(ctx, f.grant, f.schedule.TemplateID); !domain.IsKind(err, domain.KindConflict) {
		t.Errorf("with a task waiting: got %v, want a conflict", err)
	}
	_, err = db.Tasks().Update(ctx, f.task.ID, func(task *domain.Task) error {
		task.Status = domain.StatusStopped
		return nil
	})
	check(t, err)
	check(t, c.DeleteTemplate(ctx, f.grant, f.schedule.TemplateID))
	for column, id := range map[string]int64{"template_id": int64(f.schedule.TemplateID), "integration_id": int64(again.ID), "task_id": int64(f.task.ID)} {
		if left := rows(t, db, column, id); len(left) != 0 {
			t.Errorf("with %s %d are left: %v", column, id, left)
		}
	}
	check(t, c.DeleteTemplate(ctx, f.grant, f.build.ID))
}

func deleteUser(t *testing.T, db database) {
	c, f := newCatalog(t, db), fill(t, db)
	// Whom they invited keeps the invitation.
	email := "new@example.org"
	invite := domain.Invite{ProjectID: f.Project.ID, Email: &email, InviterUserID: &f.guest.ID, TokenHash: "other"}
	check(t, db.Invites().Create(t.Context(), &invite))
	check(t, c.DeleteUser(t.Context(), domain.Actor{User: f.User}, f.guest.ID))
	left := rows(t, db, "user_id", int64(f.guest.ID))
	for _, history := range []string{"events", "notifications"} { // those not sent yet are given up
		delete(left, history)
	}
	if len(left) != 0 {
		t.Errorf("of the user are left: %v", left)
	}
	if n, err := db.Invites().Count(t.Context(), store.Query{}); err != nil || n != 1 {
		t.Errorf("%d invitations are left, %v, want 1", n, err)
	}
	if err := c.DeleteUser(t.Context(), domain.Actor{User: f.User}, f.User.ID); !domain.IsKind(err, domain.KindInvalid) {
		t.Errorf("the last administrator: got %v, want a refusal", err)
	}
}

// deleteInUse deletes what something refers to, and looks that it is named.
func deleteInUse(t *testing.T, db database) {
	c, f := newCatalog(t, db), fill(t, db)
	ctx := t.Context()
	for name, want := range map[string]struct {
		remove func() error
		types  []string
	}{
		"key":            {func() error { return c.DeleteKey(ctx, f.grant, f.Key.ID) }, []string{"template", "inventory", "repository", "host config", "integration"}},
		"repository":     {func() error { return c.DeleteRepository(ctx, f.grant, f.Repo.ID) }, []string{"template", "template", "template", "schedule"}},
		"inventory":      {func() error { return c.DeleteInventory(ctx, f.grant, f.Inventory.ID) }, []string{"template", "template", "template", "integration", "schedule"}},
		"variable group": {func() error { return c.DeleteVariableGroup(ctx, f.grant, f.Group.ID) }, []string{"template", "template", "template"}},
	} {
		err := want.remove()
		e, ok := err.(*domain.Error)
		if !ok || e.Kind != domain.KindInUse {
			t.Errorf("%s: got %v, want it in use", name, err)
			continue
		}
		var types []string
		for _, u := range e.Users {
			types = append(types, u.Type)
		}
		if fmt.Sprint(types) != fmt.Sprint(want.types) {
			t.Errorf("%s: used by %v, want %v", name, types, want.types)
		}
	}
}
