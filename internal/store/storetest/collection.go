package storetest

import (
	"context"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// kind describes a collection to the generic cases.
type kind[T any, ID ~int64] struct {
	name   string
	of     func(store.Store) store.Collection[T, ID]
	make   func(w *World) T
	change func(*T)
	scoped bool // its writes raise the project's revision
}

func ptr[T any](v T) *T { return &v }

func collectionCases() []testCase {
	return append([]testCase{
		crud(kind[domain.User, domain.UserID]{"users", store.Store.Users,
			func(*World) domain.User {
				return domain.User{Created: Now(), Username: "Bo", Name: "Bo B", Email: "bo@example.org", PasswordHash: "$2a$", Admin: true, External: true, Alert: true, Pro: true, MustChangePassword: true}
			},
			func(u *domain.User) {
				u.Username, u.Email, u.Name, u.Alert, u.Disabled, u.MustChangePassword = "Bob", "bob@example.org", "Bob", false, true, false
			}, true}),
		crud(kind[domain.Session, domain.SessionID]{"sessions", store.Store.Sessions,
			func(w *World) domain.Session {
				return domain.Session{TokenHash: "abc", UserID: w.User.ID, Created: Now(), LastActive: Now(), IP: "::1", UserAgent: "curl", Pending: domain.FactorTOTP}
			},
			func(s *domain.Session) {
				s.Expired, s.LastActive, s.Pending, s.VerifiedAt = true, Now().AddDate(0, 0, 1), "", ptr(Now())
			}, false}),
		crud(kind[domain.Token, domain.TokenID]{"tokens", store.Store.Tokens,
			func(w *World) domain.Token {
				return domain.Token{TokenHash: "abc", Prefix: "abcdefgh", Name: "ci", Created: Now(), ExpiresAt: ptr(Now()), UserID: w.User.ID,
					Scopes: []domain.TokenScope{domain.ScopeRead}, Projects: []domain.ProjectID{w.Project.ID}, LastUsed: ptr(Now())}
			},
			func(k *domain.Token) {
				k.Expired, k.ExpiresAt, k.Scopes, k.Projects, k.LastUsed = true, nil, nil, []domain.ProjectID{}, nil
			}, false}),
		crud(kind[domain.Project, domain.ProjectID]{"projects", store.Store.Projects,
			func(*World) domain.Project {
				return domain.Project{Name: "Quay", Created: Now(), Alert: true, AlertChat: "-1", MaxParallelTasks: 3, Type: "x"}
			},
			func(p *domain.Project) { p.Name, p.MaxParallelTasks = "Pier", 0 }, false}),
		crud(kind[domain.Member, domain.MemberID]{"members", store.Store.Members,
			func(w *World) domain.Member {
				return domain.Member{ProjectID: w.Project.ID, UserID: w.OtherUser.ID, Role: domain.RoleGuest}
			},
			func(m *domain.Member) { m.Role = domain.RoleManager }, true}),
		crud(kind[domain.View, domain.ViewID]{"views", store.Store.Views,
			func(w *World) domain.View {
				return domain.View{ProjectID: w.Project.ID, Title: "Prod", Position: 2, Hidden: true, SortColumn: ptr("name"), SortReverse: true, Filter: domain.JSON(`{"a":1}`)}
			},
			func(v *domain.View) { v.SortColumn, v.Position, v.Filter = nil, -1, nil }, true}),
		crud(kind[domain.Key, domain.KeyID]{"keys", store.Store.Keys,
			func(w *World) domain.Key {
				return domain.Key{ProjectID: w.Project.ID, Name: "deploy", Type: domain.KeyString, Owner: domain.OwnerVariable, VariableGroupID: &w.Group.ID, Ciphertext: "v1:xyz"}
			},
			func(k *domain.Key) { k.VariableGroupID, k.Owner, k.Ciphertext = nil, domain.OwnerShared, "" }, true}),
		crud(kind[domain.Repository, domain.RepositoryID]{"repositories", store.Store.Repositories,
			func(w *World) domain.Repository {
				return domain.Repository{ProjectID: w.Project.ID, Name: "infra", GitURL: "git@example.org:infra.git", GitBranch: "main", SSHKeyID: w.Key.ID, GitDepth: domain.MaxGitDepth, GitLFS: true}
			},
			func(r *domain.Repository) { r.GitBranch, r.GitDepth, r.GitLFS = "next", 0, false }, true}),
		crud(kind[domain.HostConfig, domain.HostConfigID]{"host_configs", store.Store.HostConfigs,
			func(w *World) domain.HostConfig {
				return domain.HostConfig{ProjectID: w.Project.ID, Type: domain.HostConfigHost, Host: "git.example.org:2222", SSHKeyID: w.Key.ID}
			},
			func(h *domain.HostConfig) { h.Type, h.Host = domain.HostConfigURL, "https://git.example.org/Team" }, true}),
		crud(kind[domain.Inventory, domain.InventoryID]{"inventories", store.Store.Inventories,
			func(w *World) domain.Inventory {
				return domain.Inventory{ProjectID: w.Project.ID, Name: "prod", Type: domain.InventoryFile, Inventory: "hosts.ini",
					SSHKeyID: &w.Key.ID, BecomeKeyID: &w.Key.ID, TemplateID: &w.Template.ID, RepositoryID: &w.Repo.ID, RunnerTag: ptr("dc1")}
			},
			func(i *domain.Inventory) {
				i.SSHKeyID, i.BecomeKeyID, i.TemplateID, i.RepositoryID, i.RunnerTag = nil, nil, nil, nil, nil
			}, true}),
		crud(kind[domain.VariableGroup, domain.VariableGroupID]{"variable groups", store.Store.VariableGroups,
			func(w *World) domain.VariableGroup {
				return domain.VariableGroup{ProjectID: w.Project.ID, Name: "prod", JSON: `{"a": [1,  2]}`, Env: ptr(`{"A":"b"}`), Password: ptr("")}
			},
			func(g *domain.VariableGroup) { g.Env, g.Password, g.JSON = nil, nil, "" }, true}),
		crud(kind[domain.Template, domain.TemplateID]{"templates", store.Store.Templates, fullTemplate,
			func(t *domain.Template) {
				t.Name, t.InventoryID, t.VariableGroupID, t.ViewID, t.Description, t.StartVersion = "Other", nil, nil, nil, nil, nil
				t.BuildTemplateID, t.Arguments, t.GitBranch, t.SurveyVars, t.TaskParams, t.RunnerTag = nil, nil, nil, nil, nil, nil
				t.Autorun, t.AllowParallelTasks = false, false
			}, true}),
		crud(kind[domain.Vault, domain.VaultID]{"vaults", store.Store.Vaults,
			func(w *World) domain.Vault {
				return domain.Vault{ProjectID: w.Project.ID, TemplateID: w.Template.ID, KeyID: &w.Key.ID, Name: ptr("dev"), Type: "password"}
			},
			func(v *domain.Vault) { v.KeyID, v.Name, v.Type, v.Script = nil, nil, "script", ptr("bin/pw") }, true}),
		crud(kind[domain.CustomRole, domain.RoleID]{"roles", store.Store.Roles,
			func(w *World) domain.CustomRole {
				return domain.CustomRole{ProjectID: &w.Project.ID, Slug: "deployer", Name: "Deployer", Permissions: domain.PermRunTasks}
			},
			func(r *domain.CustomRole) { r.Slug, r.Name, r.Permissions = "other", "Other", domain.PermAll }, true}),
		crud(kind[domain.CustomRole, domain.RoleID]{"roles for all projects", store.Store.Roles,
			func(*World) domain.CustomRole { return domain.CustomRole{Slug: "auditor", Name: "Auditor"} },
			func(r *domain.CustomRole) { r.Permissions = domain.PermRunTasks }, true}),
		crud(kind[domain.TemplateRole, domain.TemplateRoleID]{"permissions of templates", store.Store.TemplateRoles,
			func(w *World) domain.TemplateRole {
				return domain.TemplateRole{ProjectID: w.Project.ID, TemplateID: w.Template.ID, RoleSlug: "deployer", Permissions: domain.PermRunTasks}
			},
			func(r *domain.TemplateRole) { r.Permissions = domain.PermManageResources }, true}),
		crud(kind[domain.Invite, domain.InviteID]{"invites", store.Store.Invites,
			func(w *World) domain.Invite {
				return domain.Invite{ProjectID: w.Project.ID, UserID: &w.OtherUser.ID, Role: domain.RoleGuest, Status: domain.InvitePending,
					TokenHash: "abc", InviterUserID: &w.User.ID, Created: Now(), ExpiresAt: ptr(Now())}
			},
			func(i *domain.Invite) {
				i.UserID, i.Email, i.Status, i.AcceptedAt, i.ExpiresAt = nil, ptr("eve@example.org"), domain.InviteAccepted, ptr(Now()), nil
			}, true}),
		crud(kind[domain.Schedule, domain.ScheduleID]{"schedules", store.Store.Schedules,
			func(w *World) domain.Schedule {
				return domain.Schedule{ProjectID: w.Project.ID, TemplateID: w.Template.ID, Name: "nightly", CronFormat: "0 3 * * *", Active: true,
					RepositoryID: &w.Repo.ID, LastCommitHash: ptr("abc"), InventoryID: &w.Inventory.ID, TaskParams: fullTaskParams()}
			},
			func(s *domain.Schedule) {
				s.Type, s.CronFormat, s.RunAt, s.Active, s.DeleteAfterRun = domain.ScheduleRunAt, "", ptr(Now()), false, true
				s.RepositoryID, s.LastCommitHash, s.InventoryID, s.TaskParams = nil, nil, nil, nil
			}, true}),
		crud(kind[domain.Integration, domain.IntegrationID]{"integrations", store.Store.Integrations,
			func(w *World) domain.Integration {
				return domain.Integration{ProjectID: w.Project.ID, TemplateID: w.Template.ID, Name: "push", AuthMethod: domain.AuthHMAC,
					AuthSecretID: &w.Key.ID, AuthHeader: "X-Sig", Searchable: true, InventoryID: &w.Inventory.ID, TaskParams: fullTaskParams()}
			},
			func(i *domain.Integration) {
				i.AuthMethod, i.AuthSecretID, i.AuthHeader, i.Searchable, i.InventoryID, i.TaskParams = "", nil, "", false, nil, &domain.TaskParams{}
			}, true}),
		crud(kind[domain.IntegrationMatcher, domain.IntegrationMatcherID]{"matchers", store.Store.Matchers,
			func(w *World) domain.IntegrationMatcher {
				return domain.IntegrationMatcher{ProjectID: w.Project.ID, IntegrationID: w.Integration.ID, Name: "main only",
					MatchType: "body", Method: "equals", BodyDataType: "json", Key: "ref", Value: "refs/heads/main"}
			},
			func(m *domain.IntegrationMatcher) { m.MatchType, m.BodyDataType, m.Key = "header", "", "X-Event" }, true}),
		crud(kind[domain.IntegrationValue, domain.IntegrationValueID]{"extracted values", store.Store.IntegrationValues,
			func(w *World) domain.IntegrationValue {
				return domain.IntegrationValue{ProjectID: w.Project.ID, IntegrationID: w.Integration.ID, Name: "commit",
					ValueSource: "body", BodyDataType: "json", Key: "after", Variable: "commit", VariableType: "environment"}
			},
			func(v *domain.IntegrationValue) { v.ValueSource, v.VariableType = "header", "task" }, true}),
		crud(kind[domain.IntegrationAlias, domain.IntegrationAliasID]{"aliases", store.Store.IntegrationAliases,
			func(w *World) domain.IntegrationAlias {
				return domain.IntegrationAlias{ProjectID: w.Project.ID, IntegrationID: &w.Integration.ID, Alias: "0123456789abcdef"}
			},
			func(a *domain.IntegrationAlias) { a.IntegrationID = nil }, true}),
		crud(kind[domain.Runner, domain.RunnerID]{"runners", store.Store.Runners,
			func(w *World) domain.Runner {
				return domain.Runner{ProjectID: &w.Project.ID, Name: "dc1", TokenHash: "abc", RegistrationHash: ptr("def"), Webhook: "http://127.0.0.1/wake",
					MaxParallelTasks: 2, Active: true, Tags: []string{"a", "b"}, IsDefault: true, PublicKey: "PEM", Created: Now(), Touched: ptr(Now()), CleaningRequested: ptr(Now())}
			},
			func(r *domain.Runner) {
				r.ProjectID, r.RegistrationHash, r.Tags, r.Touched, r.CleaningRequested, r.Active = nil, nil, nil, nil, nil, false
			}, false}),
		crud(kind[domain.TOTP, domain.TOTPID]{"second factors", store.Store.TOTPs,
			func(w *World) domain.TOTP { return domain.TOTP{UserID: w.User.ID, Created: Now(), Secret: "v1:xyz"} },
			func(f *domain.TOTP) { f.Confirmed, f.LastStep = true, 1<<40 }, false}),
		crud(kind[domain.RecoveryCode, domain.RecoveryCodeID]{"recovery codes", store.Store.RecoveryCodes,
			func(w *World) domain.RecoveryCode { return domain.RecoveryCode{UserID: w.User.ID, Hash: "$argon2id$"} },
			func(c *domain.RecoveryCode) { c.Hash = "other" }, false}),
		crud(kind[domain.Notification, domain.NotificationID]{"notifications", store.Store.Notifications,
			func(w *World) domain.Notification {
				return domain.Notification{ProjectID: w.Project.ID, TaskID: w.Queued.ID, Event: domain.StatusWaitingConfirmation, Question: 2, Channel: domain.ChannelEmail,
					UserID: &w.User.ID, State: domain.NotificationPending, Attempts: 1, Created: Now(), LastAt: ptr(Now()), NextAt: ptr(Now()), Error: "no <answer>"}
			},
			func(n *domain.Notification) {
				n.State, n.Channel, n.UserID, n.LastAt, n.NextAt, n.Error = domain.NotificationSent, "", nil, nil, nil, ""
			}, false}),
		crud(kind[domain.MailCode, domain.MailCodeID]{"mailed codes", store.Store.MailCodes,
			func(w *World) domain.MailCode {
				return domain.MailCode{Purpose: domain.MailReset, UserID: ptr(w.User.ID), Email: "bo@example.org", TokenHash: "abc", CodeHash: "def", Tries: 2, Created: Now(), Sent: Now()}
			},
			func(c *domain.MailCode) {
				c.UserID, c.CodeHash, c.Tries, c.Sent = nil, "ghi", 3, Now().AddDate(0, 0, 1)
			}, false}),
	}, constraintCases()...)
}

func fullTaskParams() *domain.TaskParams {
	return &domain.TaskParams{
		Environment: ptr(`{"a": 1}`), Arguments: ptr(`["-v"]`), GitBranch: ptr("next"), Message: ptr("by the clock"), Version: ptr("1.2"),
		Params: domain.JSON(`{"limit":["a"]}`),
	}
}

func fullTemplate(w *World) domain.Template {
	return domain.Template{
		ProjectID: w.Project.ID, Name: "Deploy", App: "ansible", Playbook: "deploy.yml", RepositoryID: w.Repo.ID,
		InventoryID: &w.Inventory.ID, VariableGroupID: &w.Group.ID, ViewID: &w.View.ID, Description: ptr("ships it"),
		Type: domain.TemplateDeploy, StartVersion: ptr("1.0"), BuildTemplateID: &w.Template.ID, Autorun: true,
		Arguments: ptr(`["--check"]`), GitBranch: ptr("main"),
		SurveyVars: []domain.SurveyVar{{Name: "env", Title: "Where?", Required: true, Type: "enum", Values: []domain.SurveyValue{{Name: "Prod", Value: "p"}}, DefaultValue: "p"}},
		TaskParams: domain.JSON(`{ "allow_debug":true, "n": 12345678901234567890 }`), RunnerTag: ptr("dc1"),
		SuppressSuccessAlerts: true, AllowOverrideArgsInTask: true, AllowOverrideBranchInTask: true, AllowOverrideEnvironmentInTask: true,
		AllowParallelTasks: true, TaskCount: 7,
	}
}

func idOf[T any, ID ~int64](e T) ID { return ID(reflect.ValueOf(e).FieldByName("ID").Int()) }

func setID[T any](e *T, id int64) { reflect.ValueOf(e).Elem().FieldByName("ID").SetInt(id) }

// crud walks an entity through its life.
func crud[T any, ID ~int64](k kind[T, ID]) testCase {
	return testCase{"CRUD/" + k.name, func(t *testing.T, s store.Store) {
		ctx := t.Context()
		w := Seed(t, s)
		w.AddOther(t)
		w.Queued = w.NewTask(t, w.Template)
		c := k.of(s)
		revision := func() int64 {
			n, err := s.Revision(ctx, w.Project.ID)
			check(t, err)
			return n
		}
		rev := revision()
		raised := func(what string) {
			t.Helper()
			if now := revision(); (now > rev) != k.scoped {
				t.Errorf("%s: revision %d after %d, want it raised: %t", what, now, rev, k.scoped)
			}
			rev = revision()
		}

		want := k.make(w)
		check(t, c.Create(ctx, &want))
		raised("create")
		id := idOf[T, ID](want)
		if id <= 0 {
			t.Fatalf("created with ID %d", id)
		}
		got, err := c.Get(ctx, id)
		check(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("get after create (-want +got):\n%s", diff)
		}
		got, err = c.First(ctx, store.Where(store.Eq("id", id)))
		check(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("first (-want +got):\n%s", diff)
		}

		k.change(&want)
		got, err = c.Update(ctx, id, func(e *T) error {
			k.change(e)
			setID(e, 99999)
			return nil
		})
		check(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("update (-want +got):\n%s", diff)
		}
		raised("update")
		got, err = c.Get(ctx, id)
		check(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("get after update (-want +got):\n%s", diff)
		}

		_, err = c.Update(ctx, id, func(e *T) error {
			*e = *new(T)
			return errStop
		})
		wantError(t, "update whose function fails", err, errStop)
		got, err = c.Get(ctx, id)
		check(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("get after failed update (-want +got):\n%s", diff)
		}
		list, err := c.List(ctx, store.Where(store.Eq("id", id)))
		check(t, err)
		if diff := cmp.Diff([]T{want}, list); diff != "" {
			t.Errorf("list (-want +got):\n%s", diff)
		}

		check(t, c.Delete(ctx, id))
		raised("delete")
		_, err = c.Get(ctx, id)
		wantError(t, "get of a deleted one", err, store.ErrNotFound)
		_, err = c.First(ctx, store.Where(store.Eq("id", id)))
		wantError(t, "first of none", err, store.ErrNotFound)
		wantError(t, "delete of a deleted one", c.Delete(ctx, id), store.ErrNotFound)
		_, err = c.Update(ctx, id, func(*T) error { return nil })
		wantError(t, "update of a deleted one", err, store.ErrNotFound)

		again := k.make(w)
		check(t, c.Create(ctx, &again))
		if newID := idOf[T, ID](again); newID <= id {
			t.Errorf("identifier %d after %d was deleted: identifiers must not come back", newID, id)
		}
		n, err := c.DeleteWhere(ctx, store.Eq("id", idOf[T, ID](again)))
		check(t, err)
		if n != 1 {
			t.Errorf("deleted %d, want 1", n)
		}
		n, err = c.DeleteWhere(ctx, store.Eq("id", 12345))
		check(t, err)
		if n != 0 {
			t.Errorf("deleted %d of none", n)
		}
	}}
}

func constraintCases() []testCase {
	return []testCase{
		{"unique", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			w.AddOther(t)
			wantError(t, "user name in other case", s.Users().Create(ctx, &domain.User{Username: "ADA", Email: "x@example.org"}), store.ErrConflict)
			wantError(t, "e-mail in other case", s.Users().Create(ctx, &domain.User{Username: "x", Email: "Ada@Example.org"}), store.ErrConflict)
			check(t, s.Users().Create(ctx, &domain.User{Username: "Жанна", Email: "жанна@example.org"}))
			wantError(t, "Cyrillic user name in other case", s.Users().Create(ctx, &domain.User{Username: "жАННА", Email: "y@example.org"}), store.ErrConflict)
			_, err := s.Users().Update(ctx, w.OtherUser.ID, func(u *domain.User) error {
				u.Username = "aDa"
				return nil
			})
			wantError(t, "change to a user name taken", err, store.ErrConflict)
			session := domain.Session{TokenHash: "h", UserID: w.User.ID}
			check(t, s.Sessions().Create(ctx, &session))
			wantError(t, "session token", s.Sessions().Create(ctx, &domain.Session{TokenHash: "h", UserID: w.User.ID}), store.ErrConflict)
			token := domain.Token{TokenHash: "h", UserID: w.User.ID}
			check(t, s.Tokens().Create(ctx, &token))
			wantError(t, "token", s.Tokens().Create(ctx, &domain.Token{TokenHash: "h", UserID: w.User.ID}), store.ErrConflict)
			wantError(t, "member", s.Members().Create(ctx, &domain.Member{ProjectID: w.Project.ID, UserID: w.User.ID}), store.ErrConflict)
			host := domain.HostConfig{ProjectID: w.Project.ID, Type: domain.HostConfigHost, Host: strings.Repeat("h", 255), SSHKeyID: w.Key.ID}
			again := host
			check(t, s.HostConfigs().Create(ctx, &host))
			wantError(t, "host config", s.HostConfigs().Create(ctx, &again), store.ErrConflict)
			again.Type = domain.HostConfigURL
			check(t, s.HostConfigs().Create(ctx, &again))
			check(t, s.Projects().Create(ctx, &domain.Project{Name: w.Project.Name}))
			check(t, s.Keys().Create(ctx, &domain.Key{ProjectID: w.Project.ID, Name: w.Key.Name}))
			check(t, s.Users().Delete(ctx, w.OtherUser.ID))
			n, err := s.Users().Count(ctx, store.Query{})
			check(t, err)
			if n != 2 {
				t.Errorf("%d users, want 2: refused ones must leave nothing", n)
			}
		}},
		{"references to missing rows", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			p := w.Project.ID
			errs := map[string]error{
				"session user":       s.Sessions().Create(ctx, &domain.Session{TokenHash: "h", UserID: 999}),
				"member project":     s.Members().Create(ctx, &domain.Member{ProjectID: 999, UserID: w.User.ID}),
				"view project":       s.Views().Create(ctx, &domain.View{ProjectID: 999}),
				"key group":          s.Keys().Create(ctx, &domain.Key{ProjectID: p, VariableGroupID: ptr(domain.VariableGroupID(999))}),
				"repository key":     s.Repositories().Create(ctx, &domain.Repository{ProjectID: p, SSHKeyID: 999}),
				"host config key":    s.HostConfigs().Create(ctx, &domain.HostConfig{ProjectID: p, SSHKeyID: 999}),
				"inventory key":      s.Inventories().Create(ctx, &domain.Inventory{ProjectID: p, BecomeKeyID: ptr(domain.KeyID(999))}),
				"template inventory": s.Templates().Create(ctx, &domain.Template{ProjectID: p, RepositoryID: w.Repo.ID, InventoryID: ptr(domain.InventoryID(999))}),
				"vault template":     s.Vaults().Create(ctx, &domain.Vault{ProjectID: p, TemplateID: 999}),
				"task template":      s.Tasks().Create(ctx, &domain.Task{ProjectID: p, TemplateID: 999, Status: domain.StatusWaiting}, domain.TaskDefinition{}),
			}
			for what, err := range errs {
				wantError(t, what, err, store.ErrReference)
			}
			_, err := s.Repositories().Update(ctx, w.Repo.ID, func(r *domain.Repository) error {
				r.SSHKeyID = 999
				return nil
			})
			wantError(t, "update", err, store.ErrReference)
		}},
		{"rows still needed", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			w.NewTask(t, w.Template)
			errs := map[string]error{
				"user":           s.Users().Delete(ctx, w.User.ID),
				"project":        s.Projects().Delete(ctx, w.Project.ID),
				"key":            s.Keys().Delete(ctx, w.Key.ID),
				"repository":     s.Repositories().Delete(ctx, w.Repo.ID),
				"inventory":      s.Inventories().Delete(ctx, w.Inventory.ID),
				"variable group": s.VariableGroups().Delete(ctx, w.Group.ID),
				"view":           s.Views().Delete(ctx, w.View.ID),
				"template":       s.Templates().Delete(ctx, w.Template.ID),
			}
			for what, err := range errs {
				wantError(t, what, err, store.ErrReference)
			}
			_, err := s.Keys().DeleteWhere(ctx, store.InProject(w.Project.ID))
			wantError(t, "several", err, store.ErrReference)
			if _, err := s.Keys().Get(ctx, w.Key.ID); err != nil {
				t.Errorf("get a key whose deletion was refused: %v", err)
			}
		}},
		{"history outlives users", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			task := w.NewTask(t, w.Template)
			check(t, s.Members().Delete(ctx, w.Member.ID))
			check(t, s.Users().Delete(ctx, w.User.ID))
			list, err := s.Tasks().List(ctx, store.TaskFilter{Project: w.Project.ID})
			check(t, err)
			if len(list) != 1 || list[0].UserName != "" || *list[0].UserID != *task.UserID {
				t.Errorf("got %+v, want the task with its user's ID and no name", list)
			}
		}},
		{"concurrent updates lose nothing", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			const workers, each = 8, 25
			var wg sync.WaitGroup
			for range workers {
				wg.Go(func() {
					for range each {
						_, err := s.Templates().Update(ctx, w.Template.ID, func(t *domain.Template) error {
							t.TaskCount++
							return nil
						})
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			got, err := s.Templates().Get(ctx, w.Template.ID)
			check(t, err)
			if got.TaskCount != workers*each {
				t.Errorf("count %d after %d updates", got.TaskCount, workers*each)
			}
		}},
		{"cancelled context", func(t *testing.T, s store.Store) {
			w := Seed(t, s)
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(errStop)
			if err := s.Views().Create(ctx, &domain.View{ProjectID: w.Project.ID}); err == nil {
				t.Error("create with a cancelled context succeeded")
			}
			n, err := s.Views().Count(t.Context(), store.Query{})
			check(t, err)
			if n != 1 {
				t.Errorf("%d views, want 1", n)
			}
		}},
	}
}
