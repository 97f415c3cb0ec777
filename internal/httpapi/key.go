package httpapi

import (
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

func (a *api) listKeys(c *call, _ *none) ([]wire.Key, error) {
	keys, err := a.Catalog.Keys(c.r.Context(), c.grant, c.sort())
	return wire.FromKeys(keys, a.Catalog.KeySource), err
}

func (a *api) key(k domain.Key, err error) (wire.Key, error) {
	if err != nil {
		return wire.Key{}, err
	}
	return wire.FromKey(k, a.Catalog.KeySource(k)), nil
}

func (a *api) createKey(c *call, in *wire.KeyInput) (wire.Key, error) {
	return a.key(a.Catalog.CreateKey(c.r.Context(), c.grant, in.Key(), in.Secret()))
}

func (a *api) getKey(c *call, _ *none) (wire.Key, error) {
	return a.key(a.Catalog.Key(c.r.Context(), c.grant, domain.KeyID(c.id("key_id"))))
}

func (a *api) keyRefs(c *call, _ *none) (wire.Refs, error) {
	return refs(a.Catalog.KeyRefs(c.r.Context(), c.grant, domain.KeyID(c.id("key_id"))))
}

func (a *api) replaceKey(c *call, in *wire.KeyInput) (none, error) {
	return none{}, a.Catalog.ReplaceKey(c.r.Context(), c.grant, domain.KeyID(c.id("key_id")), in.Key(), in.Secret(), in.OverrideSecret)
}

func (a *api) deleteKey(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteKey(c.r.Context(), c.grant, domain.KeyID(c.id("key_id")))
}
