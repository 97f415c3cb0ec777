package wire

import "signalbox/internal/domain"

// VariableGroup is a set of variables; the reference calls it an environment.
type VariableGroup struct {
	ID        int64         `json:"id"`
	Name      string        `json:"name"`
	ProjectID int64         `json:"project_id"`
	Password  *string       `json:"password"`
	JSON      string        `json:"json" doc:"Extra variables: a JSON object as text"`
	Env       *string       `json:"env" doc:"Environment variables: a flat JSON object as text"`
	Secrets   []GroupSecret `json:"secrets,omitempty" doc:"Single reads only; values are never shown"`
}

// GroupSecret is a secret of a variable group without its value.
type GroupSecret struct {
	ID        int64  `json:"id"`
	Type      string `json:"type" enum:"env,var"`
	Name      string `json:"name"`
	Secret    string `json:"secret"`
	Operation string `json:"operation"`
}

// VariableGroupInput creates or replaces a variable group.
type VariableGroupInput struct {
	ID        int64              `json:"id,omitempty"`
	Name      string             `json:"name,omitempty"`
	ProjectID int64              `json:"project_id,omitempty"`
	Password  *string            `json:"password,omitempty" nullable:"true"`
	JSON      string             `json:"json,omitempty"`
	Env       *string            `json:"env,omitempty" nullable:"true"`
	Secrets   []GroupSecretInput `json:"secrets,omitempty" doc:"Changes to the secrets; those not named stay"`
}

// GroupSecretInput is one change to the secrets of a group.
type GroupSecretInput struct {
	ID        int64  `json:"id,omitempty"`
	Type      string `json:"type,omitempty" doc:"env or var"`
	Name      string `json:"name,omitempty"`
	Secret    Plain  `json:"secret,omitempty" doc:"Empty in an update: the value stays"`
	Operation string `json:"operation,omitempty" doc:"create, update, delete or nothing"`
}

// FromVariableGroup gives the shape of a group with the names of its secrets.
func FromVariableGroup(g domain.VariableGroup, secrets []domain.Key) VariableGroup {
	out := VariableGroup{
		ID: int64(g.ID), Name: g.Name, ProjectID: int64(g.ProjectID), Password: g.Password, JSON: g.JSON, Env: g.Env,
	}
	out.Secrets = list(secrets, func(k domain.Key) GroupSecret {
		t := domain.SecretVar
		if k.Owner == domain.OwnerEnvironment {
			t = domain.SecretEnv
		}
		return GroupSecret{ID: int64(k.ID), Type: string(t), Name: k.Name}
	})
	return out
}

// FromVariableGroups gives a list of groups without secrets.
func FromVariableGroups(groups []domain.VariableGroup) []VariableGroup {
	return list(groups, func(g domain.VariableGroup) VariableGroup { return FromVariableGroup(g, nil) })
}

// Group gives the domain value.
func (in VariableGroupInput) Group() domain.VariableGroup {
	return domain.VariableGroup{
		ID: domain.VariableGroupID(in.ID), ProjectID: domain.ProjectID(in.ProjectID), Name: in.Name,
		JSON: in.JSON, Env: in.Env, Password: in.Password,
	}
}

// Operations gives the changes to the secrets.
func (in VariableGroupInput) Operations() []domain.SecretOperation {
	return list(in.Secrets, func(s GroupSecretInput) domain.SecretOperation {
		return domain.SecretOperation{
			ID: domain.KeyID(s.ID), Type: domain.SecretType(s.Type), Name: s.Name,
			Secret: s.Secret.Secret(), Operation: s.Operation,
		}
	})
}
