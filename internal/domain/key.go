package domain

import "strings"

// KeyType is the kind of credential a key holds.
type KeyType string

const (
	KeyNone          KeyType = "none"
	KeySSH           KeyType = "ssh"
	KeyLoginPassword KeyType = "login_password"
	KeyString        KeyType = "string"
)

// Valid reports whether t is a known key type.
func (t KeyType) Valid() bool {
	switch t {
	case KeyNone, KeySSH, KeyLoginPassword, KeyString:
		return true
	}
	return false
}

// KeyOwner tells a shared key ("") from the secrets that belong to a variable
// group and live in the same table.
type KeyOwner string

const (
	OwnerShared      KeyOwner = ""
	OwnerVariable    KeyOwner = "variable"    // secret extra variable of a group
	OwnerEnvironment KeyOwner = "environment" // secret environment variable of a group
)

// Key is a credential. Its secret is stored encrypted.
type Key struct {
	ID        KeyID
	ProjectID ProjectID
	Name      string
	Type      KeyType
	Owner     KeyOwner
	// VariableGroupID is set for the secrets of a variable group.
	VariableGroupID *VariableGroupID
	// Ciphertext is the sealed JSON of KeySecret; "" when nothing is stored.
	Ciphertext string
}

// Validate checks the fields a client may set, without the secret.
func (k *Key) Validate() error {
	if err := checkName("name", k.Name, 255); err != nil {
		return err
	}
	if !k.Type.Valid() {
		return Invalid("type", "%q is not a key type; use none, ssh, login_password or string", string(k.Type))
	}
	return nil
}

// KeySourceType says where the secret of a key is kept.
type KeySourceType string

const (
	SourceDatabase KeySourceType = ""     // with the key, encrypted
	SourceEnv      KeySourceType = "env"  // a variable of the server's environment
	SourceFile     KeySourceType = "file" // a file below the server's directory of secrets
)

// KeySource is the place of a secret that is not kept with the key. What is
// there is read anew for every run.
type KeySource struct {
	Type KeySourceType
	Key  string // name of the variable, absolute path of the file
}

// Validate checks the form; whether something is there shows when it is read.
func (s KeySource) Validate() error {
	switch s.Type {
	case SourceDatabase:
		if s.Key != "" {
			return Invalid("source_storage_key", "is for secrets that are kept elsewhere; set source_storage_type too")
		}
		return nil
	case SourceEnv:
		for i, c := range s.Key {
			letter := c == '_' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
			if !letter && (i == 0 || c < '0' || c > '9') {
				return Invalid("source_storage_key", "%q is not the name of a variable", s.Key)
			}
		}
	case SourceFile:
		if !strings.HasPrefix(s.Key, "/") || strings.ContainsAny(s.Key, "\x00\r\n") {
			return Invalid("source_storage_key", "%q is not an absolute path", s.Key)
		}
		for _, part := range strings.Split(s.Key, "/") {
			if part == ".." {
				return Invalid("source_storage_key", "must not contain ..")
			}
		}
	default:
		return Invalid("source_storage_type", "%q is not a source of secrets; use env or file, or leave it out to store the secret itself", string(s.Type))
	}
	switch {
	case s.Key == "":
		return Invalid("source_storage_key", "is required: the name of the variable or the path of the file")
	case len(s.Key) > 1000:
		return Invalid("source_storage_key", "must not be longer than 1000 characters")
	}
	return nil
}

// KeySecret is the decrypted content of a key; which fields count depends on
// the key's type. A secret that is kept elsewhere has only its Source.
type KeySecret struct {
	Source     KeySource
	Login      string // ssh user, or account name
	Password   Secret // login_password
	Passphrase Secret // ssh
	PrivateKey Secret // ssh, PEM
	String     Secret // string
}

// Validate checks that the secret fits the type. An entirely empty secret is
// allowed: the key then holds nothing yet.
func (s KeySecret) Validate(t KeyType) error {
	if err := s.Source.Validate(); err != nil {
		return err
	}
	if s.Source.Type != SourceDatabase {
		switch {
		case t == KeyNone:
			return Invalid("source_storage_type", "a key of type none has no secret")
		case s != KeySecret{Source: s.Source}:
			return Invalid("source_storage_type", "the secret is kept elsewhere, so none can be given")
		}
		return nil
	}
	switch t {
	case KeySSH:
		if s.PrivateKey == "" && (s.Login != "" || s.Passphrase != "") {
			return Invalid("ssh.private_key", "a private key is required")
		}
	case KeyLoginPassword:
		if s.Password == "" && s.Login != "" {
			return Invalid("login_password.password", "a password is required with a login")
		}
	}
	return nil
}

// Empty reports whether the secret holds nothing for the type.
func (s KeySecret) Empty(t KeyType) bool {
	if s.Source.Type != SourceDatabase && t != KeyNone {
		return false
	}
	switch t {
	case KeySSH:
		return s.PrivateKey == ""
	case KeyLoginPassword:
		return s.Password == ""
	case KeyString:
		return s.String == ""
	}
	return true
}
