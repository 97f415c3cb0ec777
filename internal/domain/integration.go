package domain

import (
	"regexp"
	"strings"
	"sync"
)

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

// Valid reports whether m is a known method.
func (m AuthMethod) Valid() bool {
	switch m {
	case AuthNone, AuthGitHub, AuthBitbucket, AuthToken, AuthHMAC, AuthBasic:
		return true
	}
	return false
}

// Validate checks what can be checked without looking at other objects. What a
// method needs is checked by CheckAuth: an integration that lost its key is a
// valid one, which nobody can call.
func (i *Integration) Validate() error {
	if err := checkName("name", i.Name, 255); err != nil {
		return err
	}
	if i.TemplateID == 0 {
		return Invalid("template_id", "a template is required")
	}
	if i.AuthMethod == "none" { // as older clients write it
		i.AuthMethod = AuthNone
	}
	if !i.AuthMethod.Valid() {
		return Invalid("auth_method", "%q is not a method; leave it empty or use github, bitbucket, token, hmac or basic", string(i.AuthMethod))
	}
	if len(i.AuthHeader) > 255 {
		return Invalid("auth_header", "must not be longer than 255 characters")
	}
	if i.TaskParams == nil {
		return nil
	}
	return i.TaskParams.Validate("task_params")
}

var headerName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
})

// CheckAuth checks that callers can prove themselves the way they are asked to.
func (i *Integration) CheckAuth() error {
	if i.AuthMethod == AuthNone {
		return nil
	}
	if i.AuthSecretID == nil {
		return Invalid("auth_secret_id", "the method %s needs a key of type login_password", i.AuthMethod)
	}
	if i.AuthMethod == AuthToken || i.AuthMethod == AuthHMAC {
		if !headerName().MatchString(i.AuthHeader) {
			return Invalid("auth_header", "the method %s needs the name of a header, such as X-Token", i.AuthMethod)
		}
	}
	return nil
}

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

// Where matchers and values look, and what they take a body for.
const (
	FromBody   = "body"
	FromHeader = "header"
	BodyJSON   = "json"
	BodyString = "string"
)

// Validate checks a matcher. One without a method compares for equality, and
// one for the body looks into JSON if it does not say.
func (m *IntegrationMatcher) Validate() error {
	if err := checkName("name", m.Name, 255); err != nil {
		return err
	}
	switch m.MatchType {
	case FromBody:
		if m.BodyDataType == "" {
			m.BodyDataType = BodyJSON
		}
	case FromHeader:
	default:
		return Invalid("match_type", "%q is not a place to look at; use body or header", m.MatchType)
	}
	if m.Method == "" {
		m.Method = "equals"
	}
	switch m.Method {
	case "equals", "unequals", "contains":
	default:
		return Invalid("method", "%q is not a comparison; use equals, unequals or contains", m.Method)
	}
	if err := checkBodyType(m.BodyDataType); err != nil {
		return err
	}
	if err := checkKeyText("key", m.Key, 510); err != nil {
		return err
	}
	return checkKeyText("value", m.Value, 510)
}

func checkBodyType(text string) error {
	if text != "" && text != BodyJSON && text != BodyString {
		return Invalid("body_data_type", "%q is not a type of body; use json or string", text)
	}
	return nil
}

func checkKeyText(field, text string, limit int) error {
	switch {
	case strings.TrimSpace(text) == "":
		return Invalid(field, "is required")
	case len([]rune(text)) > limit:
		return Invalid(field, "must not be longer than %d characters", limit)
	}
	return nil
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

// What a value of a call becomes.
const (
	VariableEnvironment = "environment" // a variable of the task
	VariableTask        = "task"        // one of its params
)

// Validate checks a value that is to be taken out of calls.
func (v *IntegrationValue) Validate() error {
	if err := checkName("name", v.Name, 255); err != nil {
		return err
	}
	keyed := true
	switch v.ValueSource {
	case FromBody:
		if v.BodyDataType == "" {
			return Invalid("body_data_type", "is required for a body; use json or string")
		}
		keyed = v.BodyDataType == BodyJSON
	case FromHeader:
	default:
		return Invalid("value_source", "%q is not a place to look at; use body or header", v.ValueSource)
	}
	if err := checkBodyType(v.BodyDataType); err != nil {
		return err
	}
	if keyed || v.Key != "" {
		if err := checkKeyText("key", v.Key, 255); err != nil {
			return err
		}
	}
	if err := checkKeyText("variable", v.Variable, 255); err != nil {
		return err
	}
	switch v.VariableType {
	case "", VariableEnvironment, VariableTask:
		return nil
	}
	return Invalid("variable_type", "%q is not a type of variable; use environment or task", v.VariableType)
}

// IntegrationAlias is the last part of a web address.
type IntegrationAlias struct {
	ID            IntegrationAliasID
	ProjectID     ProjectID
	IntegrationID *IntegrationID // nil: of all searchable ones of the project
	Alias         string         // unique in the whole system
}
