package domain

// Integration starts tasks of a template when somebody calls a web address.
type Integration struct {
	ID           IntegrationID
	ProjectID    ProjectID
	TemplateID   TemplateID
	Name         string
	AuthMethod   AuthMethod
	AuthSecretID *KeyID // a key of type login_password
	AuthHeader   string // for the methods token and hmac
	// Searchable integrations are reached by the aliases of the project when all
	// their matchers match, others by aliases of their own.
	Searchable bool
	// InventoryID goes with TaskParams.
	InventoryID *InventoryID
	TaskParams  *TaskParams
}

// AuthMethod is how the caller of an integration proves itself.
type AuthMethod string

const (
	AuthNone      AuthMethod = ""
	AuthGitHub    AuthMethod = "github"
	AuthBitbucket AuthMethod = "bitbucket"
	AuthToken     AuthMethod = "token"
	AuthHMAC      AuthMethod = "hmac"
	AuthBasic     AuthMethod = "basic"
)

// IntegrationMatcher is a condition on a call.
type IntegrationMatcher struct {
	ID            IntegrationMatcherID
	ProjectID     ProjectID
	IntegrationID IntegrationID
	Name          string
	MatchType     string // "body" or "header"
	Method        string // "equals", "unequals" or "contains"
	BodyDataType  string // "json" or "string"; for bodies
	Key           string // path in the JSON, or the name of the header
	Value         string
}

// IntegrationValue takes a value out of a call into the task.
type IntegrationValue struct {
	ID            IntegrationValueID
	ProjectID     ProjectID
	IntegrationID IntegrationID
	Name          string
	ValueSource   string // "body" or "header"
	BodyDataType  string // "json" or "string"; for bodies
	Key           string
	Variable      string
	VariableType  string // "environment", also for "", or "task"
}

// IntegrationAlias is the last part of a web address.
type IntegrationAlias struct {
	ID            IntegrationAliasID
	ProjectID     ProjectID
	IntegrationID *IntegrationID // nil: of all searchable ones of the project
	Alias         string         // unique in the whole system
}
