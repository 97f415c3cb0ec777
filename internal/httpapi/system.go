package httpapi

import (
	"signalbox/internal/catalog"
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

func (a *api) ping(c *call, _ *none) error {
	c.w.Header().Set("Content-Type", textType)
	c.w.Header().Set("Content-Length", "4")
	_, _ = c.w.Write([]byte("pong")) // the client may be gone
	return nil
}

func (a *api) openAPI(c *call, _ *none) error {
	doc, err := a.openapi()
	if err != nil {
		return err
	}
	c.send(200, doc)
	return nil
}

func (a *api) info(c *call, _ *none) (wire.Info, error) {
	roles, err := a.Catalog.GlobalRoles(c.r.Context())
	if err != nil {
		return wire.Info{}, err
	}
	features := wire.Features{
		ProjectRunners: true, TerraformBackend: true, TaskSummary: true, SecretStorages: true,
		SecretStorageManagement: true, SecretStorageManagementEx: true, CustomRolesManagement: true, HighAvailability: true,
	}
	info := wire.Info{
		Version: a.Info.Version, WebHost: a.WebHost, UseRemoteRunner: a.Info.UseRemoteRunner, AuthMethods: a.authMethods(),
		PremiumFeatures: features, Features: features, GitClient: "cmd_git", ScheduleTimezone: a.Info.ScheduleTimezone,
		Teams: wire.Teams{
			InvitesEnabled: a.Catalog.Teams.InvitesEnabled, InviteType: string(a.Catalog.Teams.InviteType),
			MembersCanLeave: !a.Catalog.Teams.MembersStay,
		},
		Roles:        wire.FromRoles(roles),
		Capabilities: []string{"log-window", "log-search", "ws-subscribe", "setup", "confirm", "explain", "stages", "rerun"},
	}
	if info.ScheduleTimezone == "" {
		info.ScheduleTimezone = "UTC"
	}
	if a.Info.Ansible != nil {
		info.Ansible = a.Info.Ansible(c.r.Context())
	}
	return info, nil
}

func (a *api) subscription(*call, *none) (wire.Subscription, error) {
	return wire.Subscription{Plan: "unlimited", State: "active"}, nil
}

func (a *api) setupState(c *call, _ *none) (wire.SetupState, error) {
	needed, err := a.Auth.SetupNeeded(c.r.Context())
	return wire.SetupState{Needed: needed}, err
}

func (a *api) completeSetup(c *call, in *wire.SetupInput) (wire.CurrentUser, error) {
	user := domain.User{Username: in.Username, Name: in.Name, Email: in.Email}
	ticket, err := a.Auth.CompleteSetup(c.r.Context(), in.Token.Secret(), user, in.Password.Secret(), c.client())
	if err != nil {
		return wire.CurrentUser{}, err
	}
	c.setCookie(ticket.Cookie)
	return a.describeUser(c, ticket.User)
}

func (a *api) loginInfo(*call, *none) (wire.LoginInfo, error) {
	return wire.LoginInfo{OIDCProviders: []wire.OIDCProvider{}, LoginWithPassword: a.Auth.PasswordLogin(), AuthMethods: a.authMethods(), PasswordReset: a.Auth.PasswordReset()}, nil
}

func (a *api) login(c *call, in *wire.Login) (none, error) {
	ticket, err := a.Auth.Login(c.r.Context(), in.Auth, in.Password.Secret(), c.client())
	return none{}, c.signedIn(ticket, err)
}

func (a *api) logout(c *call, _ *none) (none, error) {
	if err := a.Auth.Logout(c.r.Context(), sessionCookie(c.r), c.client()); err != nil {
		return none{}, err
	}
	c.setCookie("")
	return none{}, nil
}

func (a *api) listApps(c *call, _ *none) ([]wire.App, error) {
	apps, err := a.Catalog.Apps(c.r.Context())
	if err != nil {
		return nil, err
	}
	out := make([]wire.App, 0, len(apps))
	for _, app := range apps {
		shape := a.describeApp(app)
		shape.ID = app.ID
		out = append(out, shape)
	}
	return out, nil
}

func (a *api) describeApp(app domain.App) wire.App {
	return wire.FromApp(app, a.Catalog.AppProgram(app))
}

func (a *api) getApp(c *call, _ *none) (wire.App, error) {
	app, err := a.Catalog.App(c.r.Context(), c.r.PathValue("app"))
	if err != nil {
		return wire.App{}, err
	}
	return a.describeApp(app), nil
}

func (a *api) setApp(c *call, in *wire.AppInput) (none, error) {
	return none{}, a.Catalog.SetApp(c.r.Context(), c.actor(), in.App(c.r.PathValue("app")))
}

func (a *api) deleteApp(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.ResetApp(c.r.Context(), c.actor(), c.r.PathValue("app"))
}

func (a *api) setAppActive(c *call, in *wire.ActiveInput) (none, error) {
	return none{}, a.Catalog.SetAppActive(c.r.Context(), c.actor(), c.r.PathValue("app"), in.Active)
}

// sort reads the order a client asked for.
func (c *call) sort() catalog.Sort {
	return catalog.Sort{Column: c.param("sort"), Desc: c.param("order") == "desc"}
}

// refs gives the shape of what refers to an object.
func refs(r catalog.Refs, err error) (wire.Refs, error) {
	named := func(list []domain.Reference) []wire.Named {
		out := make([]wire.Named, 0, len(list))
		for _, ref := range list {
			out = append(out, wire.Named{ID: ref.ID, Name: ref.Name})
		}
		return out
	}
	schedules := make([]wire.ScheduleRef, 0, len(r.Schedules))
	for _, s := range r.Schedules {
		schedules = append(schedules, wire.ScheduleRef{
			Named: wire.Named{ID: s.Template.ID, Name: s.Template.Name}, ScheduleID: s.ID, ScheduleName: s.Name,
		})
	}
	return wire.Refs{
		Templates: named(r.Templates), Inventories: named(r.Inventories), Repositories: named(r.Repositories),
		Integrations: named(r.Integrations), Schedules: schedules, AccessKeys: []wire.Named{},
		HostConfigs: named(r.HostConfigs),
	}, err
}
