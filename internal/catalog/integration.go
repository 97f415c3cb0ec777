package catalog

import (
	"context"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// Integrations lists the integrations of a project.
func (c *Catalog) Integrations(ctx context.Context, g authz.Grant, sort Sort) ([]domain.Integration, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return nil, err
	}
	order, err := sort.order("name")
	if err != nil {
		return nil, err
	}
	return c.Store.Integrations().List(ctx, store.Where(store.InProject(g.Project)).By(order, "id"))
}

// Integration returns one integration.
func (c *Catalog) Integration(ctx context.Context, g authz.Grant, id domain.IntegrationID) (domain.Integration, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return domain.Integration{}, err
	}
	return integrations().get(ctx, c.Store, g.Project, id)
}

// CreateIntegration stores an integration.
func (c *Catalog) CreateIntegration(ctx context.Context, g authz.Grant, i domain.Integration) (domain.Integration, error) {
	if err := checkProject(i.ProjectID, g.Project, true); err != nil {
		return i, err
	}
	if err := validIntegration(&i); err != nil {
		return i, err
	}
	err := integrations().create(ctx, c, g, &i, func(ctx context.Context) error {
		return c.checkIntegration(ctx, g, i)
	}, nil)
	return i, err
}

// ReplaceIntegration replaces an integration.
func (c *Catalog) ReplaceIntegration(ctx context.Context, g authz.Grant, id domain.IntegrationID, i domain.Integration) error {
	if err := integrations().checkIDs(&i, id, g.Project, false); err != nil {
		return err
	}
	if err := validIntegration(&i); err != nil {
		return err
	}
	return integrations().update(ctx, c, g, id, func(ctx context.Context) error {
		return c.checkIntegration(ctx, g, i)
	}, func(row *domain.Integration) error {
		*row = i
		return nil
	}, nil)
}

func validIntegration(i *domain.Integration) error {
	if err := i.Validate(); err != nil {
		return err
	}
	return i.CheckAuth()
}

// checkIntegration looks at everything an integration refers to. Calls may bring
// the answers that its parameters leave out.
func (c *Catalog) checkIntegration(ctx context.Context, g authz.Grant, i domain.Integration) error {
	const status = domain.KindInvalid
	if _, err := templates().refer(ctx, c.Store, g.Project, &i.TemplateID, "template_id", status); err != nil {
		return err
	}
	if err := c.referKey(ctx, g.Project, i.AuthSecretID, "auth_secret_id", status); err != nil {
		return err
	}
	if i.AuthSecretID != nil {
		key, err := c.sharedKey(ctx, g.Project, *i.AuthSecretID)
		if err != nil {
			return err
		}
		if key.Type != domain.KeyLoginPassword {
			return domain.Invalid("auth_secret_id", "key %q is of type %s; callers are checked against one of type login_password", key.Name, key.Type)
		}
	}
	return c.checkParams(ctx, g, i.TemplateID, i.InventoryID, i.TaskParams, false)
}

// DeleteIntegration removes an integration with all that belongs to it; the
// tasks it started stay.
func (c *Catalog) DeleteIntegration(ctx context.Context, g authz.Grant, id domain.IntegrationID) error {
	return integrations().remove(ctx, c, g, id, nil, func(ctx context.Context) error {
		return c.deleteIntegrationParts(ctx, store.Eq("integration_id", id))
	})
}

// deleteIntegrationParts removes what belongs to integrations.
func (c *Catalog) deleteIntegrationParts(ctx context.Context, cond store.Cond) error {
	for _, remove := range []func(context.Context, ...store.Cond) (int, error){
		c.Store.Matchers().DeleteWhere, c.Store.IntegrationValues().DeleteWhere, c.Store.IntegrationAliases().DeleteWhere,
	} {
		if _, err := remove(ctx, cond); err != nil {
			return err
		}
	}
	return nil
}

// Matchers lists the matchers of an integration.
func (c *Catalog) Matchers(ctx context.Context, g authz.Grant, i domain.IntegrationID) ([]domain.IntegrationMatcher, error) {
	if _, err := c.Integration(ctx, g, i); err != nil {
		return nil, err
	}
	return c.Store.Matchers().List(ctx, store.Where(store.InProject(g.Project), store.Eq("integration_id", i)).By("id"))
}

// Matcher returns one matcher of an integration.
func (c *Catalog) Matcher(ctx context.Context, g authz.Grant, i domain.IntegrationID, id domain.IntegrationMatcherID) (domain.IntegrationMatcher, error) {
	if _, err := c.Integration(ctx, g, i); err != nil {
		return domain.IntegrationMatcher{}, err
	}
	m, err := matchers().get(ctx, c.Store, g.Project, id)
	if err == nil && m.IntegrationID != i {
		return domain.IntegrationMatcher{}, domain.NotFound(matchers().word)
	}
	return m, err
}

// CreateMatcher stores a matcher of an integration.
func (c *Catalog) CreateMatcher(ctx context.Context, g authz.Grant, i domain.IntegrationID, m domain.IntegrationMatcher) (domain.IntegrationMatcher, error) {
	if err := g.Require(authz.ManageResources); err != nil {
		return m, err
	}
	if err := checkIntegrationID(m.IntegrationID, i); err != nil {
		return m, err
	}
	if err := m.Validate(); err != nil {
		return m, err
	}
	err := matchers().create(ctx, c, g, &m, func(ctx context.Context) error {
		_, err := c.Integration(ctx, g, i)
		m.IntegrationID = i
		return err
	}, nil)
	return m, err
}

// ReplaceMatcher replaces a matcher. An identifier of 0 is one the client left
// out.
func (c *Catalog) ReplaceMatcher(ctx context.Context, g authz.Grant, i domain.IntegrationID, id domain.IntegrationMatcherID, m domain.IntegrationMatcher) error {
	if err := g.Require(authz.ManageResources); err != nil {
		return err
	}
	if m.ID != 0 && m.ID != id {
		return domain.Invalid("id", "Matcher ID in body and URL must be the same")
	}
	if err := checkIntegrationID(m.IntegrationID, i); err != nil {
		return err
	}
	if err := m.Validate(); err != nil {
		return err
	}
	m.IntegrationID = i
	return matchers().update(ctx, c, g, id, func(ctx context.Context) error {
		_, err := c.Matcher(ctx, g, i, id)
		return err
	}, func(row *domain.IntegrationMatcher) error {
		*row = m
		return nil
	}, nil)
}

// DeleteMatcher removes a matcher of an integration.
func (c *Catalog) DeleteMatcher(ctx context.Context, g authz.Grant, i domain.IntegrationID, id domain.IntegrationMatcherID) error {
	return matchers().remove(ctx, c, g, id, nil, func(ctx context.Context) error {
		_, err := c.Matcher(ctx, g, i, id)
		return err
	})
}

func checkIntegrationID(given, i domain.IntegrationID) error {
	if given != 0 && given != i {
		return domain.Invalid("integration_id", "Integration ID in body and URL must be the same")
	}
	return nil
}

// IntegrationValues lists the values that an integration takes out of calls.
func (c *Catalog) IntegrationValues(ctx context.Context, g authz.Grant, i domain.IntegrationID) ([]domain.IntegrationValue, error) {
	if _, err := c.Integration(ctx, g, i); err != nil {
		return nil, err
	}
	return c.Store.IntegrationValues().List(ctx, store.Where(store.InProject(g.Project), store.Eq("integration_id", i)).By("id"))
}

// IntegrationValue returns one value of an integration. A missing one is a
// mistake in the request: the reference says so and its clients know it.
func (c *Catalog) IntegrationValue(ctx context.Context, g authz.Grant, i domain.IntegrationID, id domain.IntegrationValueID) (domain.IntegrationValue, error) {
	if _, err := c.Integration(ctx, g, i); err != nil {
		return domain.IntegrationValue{}, err
	}
	v, err := integrationValues().get(ctx, c.Store, g.Project, id)
	if domain.IsKind(err, domain.KindNotFound) || err == nil && v.IntegrationID != i {
		return domain.IntegrationValue{}, domain.Invalid("", "value %d does not exist in this integration", id)
	}
	return v, err
}

// CreateIntegrationValue stores a value of an integration.
func (c *Catalog) CreateIntegrationValue(ctx context.Context, g authz.Grant, i domain.IntegrationID, v domain.IntegrationValue) (domain.IntegrationValue, error) {
	if err := g.Require(authz.ManageResources); err != nil {
		return v, err
	}
	if err := checkIntegrationID(v.IntegrationID, i); err != nil {
		return v, err
	}
	if err := v.Validate(); err != nil {
		return v, err
	}
	err := integrationValues().create(ctx, c, g, &v, func(ctx context.Context) error {
		_, err := c.Integration(ctx, g, i)
		v.IntegrationID = i
		return err
	}, nil)
	return v, err
}

// UpdateIntegrationValue changes a value of an integration through change, which
// gets the stored one.
func (c *Catalog) UpdateIntegrationValue(ctx context.Context, g authz.Grant, i domain.IntegrationID, id domain.IntegrationValueID, change func(*domain.IntegrationValue)) error {
	if err := g.Require(authz.ManageResources); err != nil {
		return err
	}
	if _, err := c.IntegrationValue(ctx, g, i, id); err != nil {
		return err
	}
	return integrationValues().update(ctx, c, g, id, nil, func(row *domain.IntegrationValue) error {
		change(row)
		if row.ID != id {
			return domain.Invalid("id", "Value ID in body and URL must be the same")
		}
		if err := checkIntegrationID(row.IntegrationID, i); err != nil {
			return err
		}
		row.IntegrationID = i
		return row.Validate()
	}, nil)
}

// DeleteIntegrationValue removes a value of an integration.
func (c *Catalog) DeleteIntegrationValue(ctx context.Context, g authz.Grant, i domain.IntegrationID, id domain.IntegrationValueID) error {
	if err := g.Require(authz.ManageResources); err != nil {
		return err
	}
	if _, err := c.IntegrationValue(ctx, g, i, id); err != nil {
		return err
	}
	return integrationValues().remove(ctx, c, g, id, nil, nil)
}

// aliasBytes is the length of an alias, half of what it is as text.
const aliasBytes = 8

// IntegrationAliases lists the aliases of an integration or, for nil, those of
// the project, which stand for all its searchable integrations.
func (c *Catalog) IntegrationAliases(ctx context.Context, g authz.Grant, i *domain.IntegrationID) ([]domain.IntegrationAlias, error) {
	of, err := c.aliasesOf(ctx, g, i)
	if err != nil {
		return nil, err
	}
	return c.Store.IntegrationAliases().List(ctx, store.Where(store.InProject(g.Project), of).By("id"))
}

func (c *Catalog) aliasesOf(ctx context.Context, g authz.Grant, i *domain.IntegrationID) (store.Cond, error) {
	if i == nil {
		return store.Null("integration_id"), g.Require(authz.ReadProject)
	}
	_, err := c.Integration(ctx, g, *i)
	return store.Eq("integration_id", *i), err
}

func newAlias() string { return randomHex(aliasBytes) }

// CreateIntegrationAlias makes up an alias of an integration or of the project.
func (c *Catalog) CreateIntegrationAlias(ctx context.Context, g authz.Grant, i *domain.IntegrationID) (domain.IntegrationAlias, error) {
	a := domain.IntegrationAlias{IntegrationID: i, Alias: newAlias()}
	err := aliases().create(ctx, c, g, &a, func(ctx context.Context) error {
		_, err := c.aliasesOf(ctx, g, i)
		return err
	}, nil)
	return a, err
}

// DeleteIntegrationAlias removes an alias. One that is not there is as good.
func (c *Catalog) DeleteIntegrationAlias(ctx context.Context, g authz.Grant, i *domain.IntegrationID, id domain.IntegrationAliasID) error {
	if err := g.Require(authz.ManageResources); err != nil {
		return err
	}
	of, err := c.aliasesOf(ctx, g, i)
	if err != nil {
		return err
	}
	n, err := c.Store.IntegrationAliases().Count(ctx, store.Where(store.InProject(g.Project), of, store.Eq("id", id)))
	if err != nil || n == 0 {
		return err
	}
	err = aliases().remove(ctx, c, g, id, nil, nil)
	if domain.IsKind(err, domain.KindNotFound) {
		return nil
	}
	return err
}
