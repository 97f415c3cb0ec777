package httpapi

import (
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

func (c *call) hostConfigID() domain.HostConfigID { return domain.HostConfigID(c.id("host_config_id")) }

func (a *api) listHostConfigs(c *call, _ *none) ([]wire.HostConfig, error) {
	configs, err := a.Catalog.HostConfigs(c.r.Context(), c.grant)
	return wire.FromHostConfigs(configs), err
}

func (a *api) createHostConfig(c *call, in *wire.HostConfigInput) (wire.HostConfig, error) {
	h, err := a.Catalog.CreateHostConfig(c.r.Context(), c.grant, in.HostConfig())
	return wire.FromHostConfig(h), err
}

func (a *api) getHostConfig(c *call, _ *none) (wire.HostConfig, error) {
	h, err := a.Catalog.HostConfig(c.r.Context(), c.grant, c.hostConfigID())
	return wire.FromHostConfig(h), err
}

func (a *api) replaceHostConfig(c *call, in *wire.HostConfigInput) (none, error) {
	return none{}, a.Catalog.ReplaceHostConfig(c.r.Context(), c.grant, c.hostConfigID(), in.HostConfig())
}

func (a *api) deleteHostConfig(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteHostConfig(c.r.Context(), c.grant, c.hostConfigID())
}
