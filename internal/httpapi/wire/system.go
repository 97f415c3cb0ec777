package wire

import (
	"github.com/danielgtaylor/huma/v2"

	"signalbox/internal/domain"
)

// Login is a sign-in with a password.
type Login struct {
	Auth     string `json:"auth,omitempty" doc:"User name or e-mail address"`
	Password Plain  `json:"password,omitempty"`
}

// LoginInfo tells a client how one can sign in.
type LoginInfo struct {
	OIDCProviders     []OIDCProvider `json:"oidc_providers"`
	LoginWithPassword bool           `json:"login_with_password"`
	AuthMethods       AuthMethods    `json:"auth_methods"`
	PasswordReset     bool           `json:"password_reset" doc:"Whether a link to a new password can be mailed"`
}

// OIDCProvider is a sign-in button.
type OIDCProvider struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Color string `json:"color"`
	Icon  string `json:"icon"`
}

// AuthMethods lists the second factors that are on.
type AuthMethods struct {
	TOTP  *TOTPMethod  `json:"totp,omitempty"`
	Email *EmailMethod `json:"email,omitempty"`
}

// TOTPMethod is the time-based second factor.
type TOTPMethod struct {
	AllowRecovery bool `json:"allow_recovery"`
}

// EmailMethod is the second factor by mail.
type EmailMethod struct {
	Login bool `json:"login" doc:"One can sign in by a mailed code alone"`
}

// SetupState tells whether the first administrator is still missing.
type SetupState struct {
	Needed bool `json:"needed"`
}

// SetupInput creates the first administrator.
type SetupInput struct {
	Token    Plain  `json:"token,omitempty" doc:"The one-time token printed in the terminal"`
	Username string `json:"username,omitempty"`
	Name     string `json:"name,omitempty"`
	Email    string `json:"email,omitempty"`
	Password Plain  `json:"password,omitempty"`
}

// Info describes the server.
type Info struct {
	Version          string      `json:"version"`
	Ansible          string      `json:"ansible"`
	WebHost          string      `json:"web_host"`
	UseRemoteRunner  bool        `json:"use_remote_runner"`
	AuthMethods      AuthMethods `json:"auth_methods"`
	PremiumFeatures  Features    `json:"premium_features"`
	Features         Features    `json:"features"`
	GitClient        string      `json:"git_client"`
	ScheduleTimezone string      `json:"schedule_timezone"`
	Teams            Teams       `json:"teams"`
	Roles            []Role      `json:"roles"`
	Capabilities     []string    `json:"capabilities" doc:"What this server has beyond the reference"`
}

// Features are the parts of the product that are on.
type Features struct {
	ProjectRunners   bool `json:"project_runners"`
	TerraformBackend bool `json:"terraform_backend"`
	TaskSummary      bool `json:"task_summary"`
	SecretStorages   bool `json:"secret_storages"`

	SecretStorageManagement   bool `json:"secret_storage_management"`
	SecretStorageManagementEx bool `json:"secret_storage_management_ex"`
	CustomRolesManagement     bool `json:"custom_roles_management"`
	HighAvailability          bool `json:"high_availability"`
}

// Teams says how members are added.
type Teams struct {
	InvitesEnabled  bool   `json:"invites_enabled,omitempty"`
	InviteType      string `json:"invite_type"`
	MembersCanLeave bool   `json:"members_can_leave,omitempty"`
}

// Subscription is the plan of the installation; here it has no limits.
type Subscription struct {
	Key   string `json:"key"`
	Plan  string `json:"plan"`
	State string `json:"state" enum:"active"`
	Users int    `json:"users" doc:"0: no limit"`
	Used  int    `json:"used"`
}

// App is a program family that templates run.
type App struct {
	Active          bool     `json:"active"`
	Priority        int      `json:"priority"`
	Title           string   `json:"title"`
	Icon            string   `json:"icon"`
	Color           string   `json:"color"`
	DarkColor       string   `json:"dark_color"`
	Path            string   `json:"path"`
	Args            []string `json:"args"`
	ID              string   `json:"id,omitempty"`
	Family          string   `json:"family" enum:"ansible,terraform,script" doc:"Decides about parameters, arguments and inventories"`
	Available       bool     `json:"available" doc:"Whether the program was found on this machine"`
	AvailableReason string   `json:"available_reason,omitempty" doc:"What is missing when it is not available"`
	PathFound       string   `json:"path_found,omitempty" doc:"Where the program was found"`
	Version         string   `json:"version,omitempty" doc:"Version of the program; it is asked in the background, so that it may be missing at first"`
}

// TransformSchema says that args may be null: apps without any have none.
func (App) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.Properties["args"].Extensions = map[string]any{"x-nullable": true}
	return s
}

// AppInput sets up an app.
type AppInput struct {
	Active    bool     `json:"active,omitempty"`
	Priority  int      `json:"priority,omitempty"`
	Title     string   `json:"title,omitempty"`
	Icon      string   `json:"icon,omitempty"`
	Color     string   `json:"color,omitempty"`
	DarkColor string   `json:"dark_color,omitempty"`
	Path      string   `json:"path,omitempty"`
	Args      []string `json:"args,omitempty"`
}

// ActiveInput switches something on or off.
type ActiveInput struct {
	Active bool `json:"active,omitempty"`
}

// FromApp gives the shape of an app and its program.
func FromApp(a domain.App, p domain.Program) App {
	return App{
		Active: a.Active, Priority: a.Priority, Title: a.Title, Icon: a.Icon, Color: a.Color,
		DarkColor: a.DarkColor, Path: a.Path, Args: a.Args, Family: string(a.Family),
		Available: p.Missing == "", AvailableReason: p.Missing, PathFound: p.Path, Version: p.Version,
	}
}

// App gives the domain value.
func (in AppInput) App(id string) domain.App {
	return domain.App{
		ID: id, Active: in.Active, Priority: in.Priority, Title: in.Title, Icon: in.Icon,
		Color: in.Color, DarkColor: in.DarkColor, Path: in.Path, Args: in.Args,
	}
}
