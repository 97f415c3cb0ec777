package catalog

import (
	"context"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// Keys lists the shared keys of a project. Secrets of variable groups are kept
// in the same table and do not show here.
func (c *Catalog) Keys(ctx context.Context, g authz.Grant, sort Sort) ([]domain.Key, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return nil, err
	}
	order, err := sort.order("name", "type")
	if err != nil {
		return nil, err
	}
	return c.Store.Keys().List(ctx, store.Where(store.InProject(g.Project), store.Eq("owner", domain.OwnerShared)).By(order, "id"))
}

// Key returns one key.
func (c *Catalog) Key(ctx context.Context, g authz.Grant, id domain.KeyID) (domain.Key, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return domain.Key{}, err
	}
	return keys().get(ctx, c.Store, g.Project, id)
}

// KeySource says where the secret of a key is kept. That of a key which cannot be
// decrypted is not known, and a list of keys is shown all the same.
func (c *Catalog) KeySource(k domain.Key) domain.KeySource {
	at, err := c.Sealer.KeySource(k)
	if err != nil {
		return domain.KeySource{}
	}
	return at
}

// CreateKey stores a key with its secret.
func (c *Catalog) CreateKey(ctx context.Context, g authz.Grant, key domain.Key, secret domain.KeySecret) (domain.Key, error) {
	if err := g.Require(authz.ManageResources); err != nil {
		return key, err
	}
	if err := checkProject(key.ProjectID, g.Project, true); err != nil {
		return key, err
	}
	if err := key.Validate(); err != nil {
		return key, err
	}
	if err := secret.Validate(key.Type); err != nil {
		return key, err
	}
	sealed, err := c.Sealer.SealKey(g.Project, key.Type, secret)
	if err != nil {
		return key, err
	}
	key.Ciphertext, key.Owner, key.VariableGroupID = sealed, domain.OwnerShared, nil
	err = keys().create(ctx, c, g, &key, nil, nil)
	return key, err
}

// ReplaceKey renames a key and, with override, replaces its type and secret.
// Without override the type in the request is not looked at.
func (c *Catalog) ReplaceKey(ctx context.Context, g authz.Grant, id domain.KeyID, key domain.Key, secret domain.KeySecret, override bool) error {
	if err := g.Require(authz.ManageResources); err != nil {
		return err
	}
	if key.ID == 0 {
		key.ID = id // clients leave it out, and the address says it
	}
	if err := keys().checkIDs(&key, id, g.Project, true); err != nil {
		return err
	}
	stored, err := c.sharedKey(ctx, g.Project, id)
	if err != nil {
		return err
	}
	if !override {
		key.Type = stored.Type
	}
	if err := key.Validate(); err != nil {
		return err
	}
	if override {
		if err := secret.Validate(key.Type); err != nil {
			return err
		}
		if key.Ciphertext, err = c.Sealer.SealKey(g.Project, key.Type, secret); err != nil {
			return err
		}
	}
	return keys().update(ctx, c, g, id, func(ctx context.Context) error {
		return c.keepsType(ctx, g.Project, id, key.Type, override)
	}, func(row *domain.Key) error {
		row.Name = key.Name
		if override {
			row.Type, row.Ciphertext = key.Type, key.Ciphertext
		}
		return nil
	}, nil)
}

// keepsType refuses another type for a key that host configs or integrations
// use, since they take certain types only.
func (c *Catalog) keepsType(ctx context.Context, p domain.ProjectID, id domain.KeyID, t domain.KeyType, override bool) error {
	if !override {
		return nil
	}
	stored, err := c.sharedKey(ctx, p, id)
	if err != nil || stored.Type == t {
		return err
	}
	users, err := hostConfigs().referrers(ctx, c.Store, p, store.Eq("ssh_key_id", id))
	if err != nil {
		return err
	}
	callers, err := integrations().referrers(ctx, c.Store, p, store.Eq("auth_secret_id", id))
	if users = append(users, callers...); err != nil || len(users) == 0 {
		return err
	}
	return &domain.Error{Kind: domain.KindInUse, Field: "type", Message: "the key is in use by host configs or integrations, so its type cannot be changed; change them first", Users: users}
}

// sharedKey returns a key that may be changed and referred to by itself.
func (c *Catalog) sharedKey(ctx context.Context, p domain.ProjectID, id domain.KeyID) (domain.Key, error) {
	key, err := keys().get(ctx, c.Store, p, id)
	if err == nil && key.Owner != domain.OwnerShared {
		return domain.Key{}, domain.NotFound("key")
	}
	return key, err
}

// referKey checks a reference to a key; the secrets of variable groups cannot
// be referred to.
func (c *Catalog) referKey(ctx context.Context, p domain.ProjectID, id *domain.KeyID, field string, status domain.ErrorKind) error {
	key, err := keys().refer(ctx, c.Store, p, id, field, status)
	if err == nil && id != nil && key.Owner != domain.OwnerShared {
		return &domain.Error{Kind: status, Field: field, Message: "this key belongs to a variable group and cannot be chosen"}
	}
	return err
}

// DeleteKey removes a key that nothing uses.
func (c *Catalog) DeleteKey(ctx context.Context, g authz.Grant, id domain.KeyID) error {
	if err := g.Require(authz.ManageResources); err != nil {
		return err
	}
	if _, err := c.sharedKey(ctx, g.Project, id); err != nil {
		return err
	}
	return keys().remove(ctx, c, g, id, func(ctx context.Context, id domain.KeyID) ([]domain.Reference, error) {
		refs, err := c.keyRefs(ctx, g.Project, id)
		return refs.all(), err
	}, nil)
}

// KeyRefs lists what uses a key.
func (c *Catalog) KeyRefs(ctx context.Context, g authz.Grant, id domain.KeyID) (Refs, error) {
	if _, err := c.Key(ctx, g, id); err != nil {
		return Refs{}, err
	}
	return c.keyRefs(ctx, g.Project, id)
}

func (c *Catalog) keyRefs(ctx context.Context, p domain.ProjectID, id domain.KeyID) (refs Refs, err error) {
	if refs.Repositories, err = repositories().referrers(ctx, c.Store, p, store.Eq("ssh_key_id", id)); err != nil {
		return refs, err
	}
	if refs.Inventories, err = inventories().referrers(ctx, c.Store, p, store.Eq("ssh_key_id", id)); err != nil {
		return refs, err
	}
	if refs.HostConfigs, err = hostConfigs().referrers(ctx, c.Store, p, store.Eq("ssh_key_id", id)); err != nil {
		return refs, err
	}
	if refs.Integrations, err = integrations().referrers(ctx, c.Store, p, store.Eq("auth_secret_id", id)); err != nil {
		return refs, err
	}
	become, err := inventories().referrers(ctx, c.Store, p, store.Eq("become_key_id", id))
	if err != nil {
		return refs, err
	}
	refs.Inventories = union(refs.Inventories, become)
	vaults, err := c.Store.Vaults().List(ctx, store.Where(store.InProject(p), store.Eq("key_id", id)))
	if err != nil {
		return refs, err
	}
	for _, v := range vaults {
		used, err := templates().referrers(ctx, c.Store, p, store.Eq("id", v.TemplateID))
		if err != nil {
			return refs, err
		}
		refs.Templates = union(refs.Templates, used)
	}
	return refs, nil
}

// union adds references that are not there yet.
func union(list, more []domain.Reference) []domain.Reference {
	for _, m := range more {
		known := false
		for _, l := range list {
			known = known || l == m
		}
		if !known {
			list = append(list, m)
		}
	}
	return list
}
