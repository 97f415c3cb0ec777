package domain

import (
	"encoding/json"
	"regexp"
	"sort"
	"strings"
	"sync"
)

// VariableGroup is a named set of extra variables and environment variables;
// the reference calls it an environment. Its secrets are keys that point back
// to it.
type VariableGroup struct {
	ID        VariableGroupID
	ProjectID ProjectID
	Name      string
	JSON      string  // extra variables: a JSON object as text, or ""
	Env       *string // environment: a flat JSON object as text
	Password  *string // unused, kept for clients of the reference
}

var envName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
})

// Validate checks the fields a client may set.
func (g *VariableGroup) Validate() error {
	if err := checkName("name", g.Name, 255); err != nil {
		return err
	}
	vars, err := ParseObject(g.JSON)
	if err != nil {
		return Invalid("json", "must be a JSON object: %s", err)
	}
	for name := range vars {
		if strings.TrimSpace(name) == "" {
			return Invalid("json", "a variable has no name")
		}
	}
	if g.Env == nil {
		return nil
	}
	env, err := ParseObject(*g.Env)
	if err != nil {
		return Invalid("env", "must be a JSON object: %s", err)
	}
	names := make([]string, 0, len(env))
	for name := range env {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if err := CheckEnvName("env", name); err != nil {
			return err
		}
		switch v := env[name].(type) {
		case string:
			if strings.ContainsRune(v, 0) {
				return Invalid("env", "the value of %s contains a NUL character", name)
			}
		case bool, json.Number:
		default:
			return Invalid("env", "the value of %s must be a text, a number or true/false", name)
		}
	}
	return nil
}

// CheckEnvName refuses names that cannot be environment variables.
func CheckEnvName(field, name string) error {
	if !envName().MatchString(name) {
		return Invalid(field, "%q is not a valid environment variable name", name)
	}
	return nil
}

// SecretType tells where a group's secret goes.
type SecretType string

const (
	SecretVar SecretType = "var" // extra variable
	SecretEnv SecretType = "env" // environment variable
)

// Owner returns the key owner that stores secrets of the type.
func (t SecretType) Owner() (KeyOwner, bool) {
	switch t {
	case SecretVar:
		return OwnerVariable, true
	case SecretEnv:
		return OwnerEnvironment, true
	}
	return "", false
}

// SecretOperation is one change to the secrets of a group. An operation of ""
// changes nothing.
type SecretOperation struct {
	ID        KeyID
	Type      SecretType
	Name      string
	Secret    Secret
	Operation string // "create", "update", "delete" or ""
}
