package wire

import "signalbox/internal/domain"

// HostConfig is a sign-in for what repositories bring along from elsewhere.
type HostConfig struct {
	ID        int64  `json:"id"`
	ProjectID int64  `json:"project_id"`
	Type      string `json:"type" enum:"host,url"`
	Host      string `json:"host"`
	SSHKeyID  int64  `json:"ssh_key_id"`
}

// HostConfigInput creates or replaces a host config.
type HostConfigInput struct {
	ID        int64  `json:"id,omitempty"`
	ProjectID int64  `json:"project_id,omitempty"`
	Type      string `json:"type,omitempty" doc:"host: the name of a host, with or without a port; url: the beginning of a web address"`
	Host      string `json:"host,omitempty" doc:"The host or the address"`
	SSHKeyID  int64  `json:"ssh_key_id,omitempty" doc:"A key of type ssh; for https addresses also login_password"`
}

// FromHostConfig gives the shape of a host config.
func FromHostConfig(h domain.HostConfig) HostConfig {
	return HostConfig{ID: int64(h.ID), ProjectID: int64(h.ProjectID), Type: string(h.Type), Host: h.Host, SSHKeyID: int64(h.SSHKeyID)}
}

// FromHostConfigs gives a list of host configs.
func FromHostConfigs(configs []domain.HostConfig) []HostConfig { return list(configs, FromHostConfig) }

// HostConfig gives the domain value.
func (in HostConfigInput) HostConfig() domain.HostConfig {
	return domain.HostConfig{
		ID: domain.HostConfigID(in.ID), ProjectID: domain.ProjectID(in.ProjectID),
		Type: domain.HostConfigType(in.Type), Host: in.Host, SSHKeyID: domain.KeyID(in.SSHKeyID),
	}
}
