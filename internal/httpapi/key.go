package httpapi

import (
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

func (a *api) listKeys(c *call, _ *none) ([]wire.Key, error) {
	keys, err := a.Catalog.Keys(c.r.Context(), c.grant, c.sort())
	return wire.FromKeys(keys), err
}

// checkKeySource refuses secrets that come from elsewhere than the database.
func checkKeySource(in *wire.KeyInput) error {
	if in.SourceStorageType != nil && *in.SourceStorageType != "" {
		return domain.Invalid("source_storage_type", "secrets from elsewhere are not supported yet; store the secret itself")
	}
	return nil
}

func (a *api) createKey(c *call, in *wire.KeyInput) (wire.Key, error) {
	if err := checkKeySource(in); err != nil {
		return wire.Key{}, err
	}
	k, err := a.Catalog.CreateKey(c.r.Context(), c.grant, in.Key(), in.Secret())
	return wire.FromKey(k), err
}

func (a *api) getKey(c *call, _ *none) (wire.Key, error) {
	k, err := a.Catalog.Key(c.r.Context(), c.grant, domain.KeyID(c.id("key_id")))
	return wire.FromKey(k), err
}

func (a *api) keyRefs(c *call, _ *none) (wire.Refs, error) {
	return refs(a.Catalog.KeyRefs(c.r.Context(), c.grant, domain.KeyID(c.id("key_id"))))
}

func (a *api) replaceKey(c *call, in *wire.KeyInput) (none, error) {
	if err := checkKeySource(in); err != nil {
		return none{}, err
	}
	return none{}, a.Catalog.ReplaceKey(c.r.Context(), c.grant, domain.KeyID(c.id("key_id")), in.Key(), in.Secret(), in.OverrideSecret)
}

func (a *api) deleteKey(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteKey(c.r.Context(), c.grant, domain.KeyID(c.id("key_id")))
}
