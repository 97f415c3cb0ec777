package catalog

import (
	"context"
	"errors"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// HostConfigs lists the host configs of a project by host.
func (c *Catalog) HostConfigs(ctx context.Context, g authz.Grant) ([]domain.HostConfig, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return nil, err
	}
	return c.Store.HostConfigs().List(ctx, store.Where(store.InProject(g.Project)).By("host", "id"))
}

// HostConfig returns one host config.
func (c *Catalog) HostConfig(ctx context.Context, g authz.Grant, id domain.HostConfigID) (domain.HostConfig, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return domain.HostConfig{}, err
	}
	return hostConfigs().get(ctx, c.Store, g.Project, id)
}

// CreateHostConfig stores a host config.
func (c *Catalog) CreateHostConfig(ctx context.Context, g authz.Grant, h domain.HostConfig) (domain.HostConfig, error) {
	if err := checkProject(h.ProjectID, g.Project, false); err != nil {
		return h, err
	}
	if err := h.Validate(); err != nil {
		return h, err
	}
	err := hostConfigs().create(ctx, c, g, &h, func(ctx context.Context) error {
		return c.checkHostConfig(ctx, g.Project, 0, h)
	}, nil)
	return h, hostTaken(err)
}

// ReplaceHostConfig replaces a host config.
func (c *Catalog) ReplaceHostConfig(ctx context.Context, g authz.Grant, id domain.HostConfigID, h domain.HostConfig) error {
	if h.ID == 0 {
		h.ID = id // clients may leave it out, and the address says it
	}
	if err := hostConfigs().checkIDs(&h, id, g.Project, false); err != nil {
		return err
	}
	if err := h.Validate(); err != nil {
		return err
	}
	return hostTaken(hostConfigs().update(ctx, c, g, id, func(ctx context.Context) error {
		return c.checkHostConfig(ctx, g.Project, id, h)
	}, func(row *domain.HostConfig) error {
		*row = h
		return nil
	}, nil))
}

// checkHostConfig looks at the key of a host config, and that no other one is for
// the same host.
func (c *Catalog) checkHostConfig(ctx context.Context, p domain.ProjectID, id domain.HostConfigID, h domain.HostConfig) error {
	if err := c.referKey(ctx, p, &h.SSHKeyID, "ssh_key_id", domain.KindInvalid); err != nil {
		return err
	}
	key, err := c.sharedKey(ctx, p, h.SSHKeyID)
	if err != nil {
		return err
	}
	if err := h.CheckKey(key.Type); err != nil {
		return err
	}
	same, err := c.Store.HostConfigs().List(ctx, store.Where(store.InProject(p), store.Eq("type", h.Type), store.Eq("host", h.Host)))
	if err != nil {
		return err
	}
	for _, other := range same {
		if other.ID != id {
			return errHostTaken()
		}
	}
	return nil
}

func errHostTaken() error {
	return domain.Invalid("host", "the project has a host config for it already")
}

// hostTaken is for two requests at once, which only the store can tell.
func hostTaken(err error) error {
	if errors.Is(err, store.ErrConflict) {
		return errHostTaken()
	}
	return err
}

// DeleteHostConfig removes a host config.
func (c *Catalog) DeleteHostConfig(ctx context.Context, g authz.Grant, id domain.HostConfigID) error {
	return hostConfigs().remove(ctx, c, g, id, nil, nil)
}
