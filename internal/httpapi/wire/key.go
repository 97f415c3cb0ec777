package wire

import "signalbox/internal/domain"

// Key is a credential. The three secret parts are always there and always empty.
type Key struct {
	ID            int64         `json:"id"`
	Name          string        `json:"name"`
	Type          string        `json:"type" enum:"none,ssh,login_password,string"`
	ProjectID     int64         `json:"project_id"`
	String        string        `json:"string"`
	LoginPassword LoginPassword `json:"login_password"`
	SSH           SSH           `json:"ssh"`
	Empty         bool          `json:"empty,omitempty" doc:"Lists only: no secret is stored"`
	Owner         string        `json:"owner,omitempty"`

	SourceStorageType string `json:"source_storage_type,omitempty" enum:"env,file" doc:"Where the secret is kept when not with the key"`
	SourceStorageKey  string `json:"source_storage_key,omitempty" doc:"Name of the variable, or path of the file"`
}

// LoginPassword is an account; answers show it empty.
type LoginPassword struct {
	Login    string `json:"login"`
	Password string `json:"password"`
}

// SSH is a private key; answers show it empty.
type SSH struct {
	Login      string `json:"login"`
	Passphrase string `json:"passphrase"`
	PrivateKey string `json:"private_key"`
}

// KeyInput creates or replaces a key.
type KeyInput struct {
	ID             int64               `json:"id,omitempty"`
	Name           string              `json:"name,omitempty"`
	Type           string              `json:"type,omitempty" doc:"none, ssh, login_password or string"`
	ProjectID      int64               `json:"project_id,omitempty"`
	OverrideSecret bool                `json:"override_secret,omitempty" doc:"When replacing: without it only the name changes"`
	String         Plain               `json:"string,omitempty"`
	LoginPassword  *LoginPasswordInput `json:"login_password,omitempty"`
	SSH            *SSHInput           `json:"ssh,omitempty"`

	SourceStorageType *string `json:"source_storage_type,omitempty" doc:"env: a variable of the server; file: a file in its directory of secrets. The secret is read there for every run, and none can be given here"`
	SourceStorageKey  *string `json:"source_storage_key,omitempty" doc:"Name of the variable, or absolute path of the file"`
}

// LoginPasswordInput is an account.
type LoginPasswordInput struct {
	Login    string `json:"login,omitempty"`
	Password Plain  `json:"password,omitempty"`
}

// SSHInput is a private key.
type SSHInput struct {
	Login      string `json:"login,omitempty"`
	Passphrase Plain  `json:"passphrase,omitempty"`
	PrivateKey Plain  `json:"private_key,omitempty"`
}

// FromKey gives the shape of a key without its secret.
func FromKey(k domain.Key, at domain.KeySource) Key {
	return Key{
		ID: int64(k.ID), Name: k.Name, Type: string(k.Type), ProjectID: int64(k.ProjectID), Owner: string(k.Owner),
		SourceStorageType: string(at.Type), SourceStorageKey: at.Key,
	}
}

// FromKeys gives a list of keys, telling which hold nothing.
func FromKeys(keys []domain.Key, at func(domain.Key) domain.KeySource) []Key {
	return list(keys, func(k domain.Key) Key {
		out := FromKey(k, at(k))
		out.Empty = k.Type != domain.KeyNone && k.Ciphertext == ""
		return out
	})
}

// Key gives the domain value.
func (in KeyInput) Key() domain.Key {
	return domain.Key{
		ID: domain.KeyID(in.ID), ProjectID: domain.ProjectID(in.ProjectID),
		Name: in.Name, Type: domain.KeyType(in.Type),
	}
}

// Secret gathers the secret that fits the type, or says where it is kept.
func (in KeyInput) Secret() domain.KeySecret {
	var s domain.KeySecret
	if in.SourceStorageType != nil {
		s.Source.Type = domain.KeySourceType(*in.SourceStorageType)
	}
	if in.SourceStorageKey != nil {
		s.Source.Key = *in.SourceStorageKey
	}
	switch domain.KeyType(in.Type) {
	case domain.KeySSH:
		if in.SSH != nil {
			s.Login = in.SSH.Login
			s.Passphrase, s.PrivateKey = in.SSH.Passphrase.Secret(), in.SSH.PrivateKey.Secret()
		}
	case domain.KeyLoginPassword:
		if in.LoginPassword != nil {
			s.Login, s.Password = in.LoginPassword.Login, in.LoginPassword.Password.Secret()
		}
	case domain.KeyString:
		s.String = in.String.Secret()
	}
	return s
}
