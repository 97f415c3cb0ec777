package domain

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

// KeySecret is the decrypted content of a key; which fields count depends on
// the key's type.
type KeySecret struct {
	Login      string // ssh user, or account name
	Password   Secret // login_password
	Passphrase Secret // ssh
	PrivateKey Secret // ssh, PEM
	String     Secret // string
}

// Validate checks that the secret fits the type. An entirely empty secret is
// allowed: the key then holds nothing yet.
func (s KeySecret) Validate(t KeyType) error {
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
