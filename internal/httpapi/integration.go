package httpapi

import (
	"net/url"
	"strings"

	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

func (c *call) integrationID() domain.IntegrationID {
	return domain.IntegrationID(c.id("integration_id"))
}

func (c *call) matcherID() domain.IntegrationMatcherID {
	return domain.IntegrationMatcherID(c.id("matcher_id"))
}

func (c *call) valueID() domain.IntegrationValueID {
	return domain.IntegrationValueID(c.id("value_id"))
}

func (a *api) listIntegrations(c *call, _ *none) ([]wire.Integration, error) {
	list, err := a.Catalog.Integrations(c.r.Context(), c.grant, c.sort())
	return wire.FromIntegrations(list), err
}

func (a *api) createIntegration(c *call, in *wire.IntegrationInput) (wire.Integration, error) {
	i, err := a.Catalog.CreateIntegration(c.r.Context(), c.grant, in.Integration())
	return wire.FromIntegration(i), err
}

func (a *api) getIntegration(c *call, _ *none) (wire.Integration, error) {
	i, err := a.Catalog.Integration(c.r.Context(), c.grant, c.integrationID())
	return wire.FromIntegration(i), err
}

func (a *api) replaceIntegration(c *call, in *wire.IntegrationInput) (none, error) {
	return none{}, a.Catalog.ReplaceIntegration(c.r.Context(), c.grant, c.integrationID(), in.Integration())
}

func (a *api) deleteIntegration(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteIntegration(c.r.Context(), c.grant, c.integrationID())
}

func (a *api) integrationRefs(c *call, _ *none) (wire.IntegrationRefs, error) {
	matchers, err := a.Catalog.Matchers(c.r.Context(), c.grant, c.integrationID())
	if err != nil {
		return wire.IntegrationRefs{}, err
	}
	values, err := a.Catalog.IntegrationValues(c.r.Context(), c.grant, c.integrationID())
	return wire.FromIntegrationRefs(matchers, values), err
}

func (a *api) listMatchers(c *call, _ *none) ([]wire.Matcher, error) {
	list, err := a.Catalog.Matchers(c.r.Context(), c.grant, c.integrationID())
	return wire.FromMatchers(list), err
}

func (a *api) createMatcher(c *call, in *wire.MatcherInput) (wire.Matcher, error) {
	m, err := a.Catalog.CreateMatcher(c.r.Context(), c.grant, c.integrationID(), in.Matcher())
	return wire.FromMatcher(m), err
}

func (a *api) getMatcher(c *call, _ *none) (wire.Matcher, error) {
	m, err := a.Catalog.Matcher(c.r.Context(), c.grant, c.integrationID(), c.matcherID())
	return wire.FromMatcher(m), err
}

func (a *api) matcherRefs(c *call, _ *none) (wire.PartRefs, error) {
	_, err := a.Catalog.Matcher(c.r.Context(), c.grant, c.integrationID(), c.matcherID())
	return wire.PartRefs{Integrations: []wire.Named{}}, err
}

func (a *api) replaceMatcher(c *call, in *wire.MatcherInput) (none, error) {
	return none{}, a.Catalog.ReplaceMatcher(c.r.Context(), c.grant, c.integrationID(), c.matcherID(), in.Matcher())
}

func (a *api) deleteMatcher(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteMatcher(c.r.Context(), c.grant, c.integrationID(), c.matcherID())
}

func (a *api) listIntegrationValues(c *call, _ *none) ([]wire.IntegrationValue, error) {
	list, err := a.Catalog.IntegrationValues(c.r.Context(), c.grant, c.integrationID())
	return wire.FromIntegrationValues(list), err
}

func (a *api) createIntegrationValue(c *call, in *wire.IntegrationValueInput) (wire.IntegrationValue, error) {
	var v domain.IntegrationValue
	in.Apply(&v)
	v, err := a.Catalog.CreateIntegrationValue(c.r.Context(), c.grant, c.integrationID(), v)
	return wire.FromIntegrationValue(v), err
}

func (a *api) getIntegrationValue(c *call, _ *none) (wire.IntegrationValue, error) {
	v, err := a.Catalog.IntegrationValue(c.r.Context(), c.grant, c.integrationID(), c.valueID())
	return wire.FromIntegrationValue(v), err
}

func (a *api) integrationValueRefs(c *call, _ *none) (wire.PartRefs, error) {
	_, err := a.Catalog.IntegrationValue(c.r.Context(), c.grant, c.integrationID(), c.valueID())
	return wire.PartRefs{Integrations: []wire.Named{}}, err
}

func (a *api) updateIntegrationValue(c *call, in *wire.IntegrationValueInput) (none, error) {
	return none{}, a.Catalog.UpdateIntegrationValue(c.r.Context(), c.grant, c.integrationID(), c.valueID(), in.Apply)
}

func (a *api) deleteIntegrationValue(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteIntegrationValue(c.r.Context(), c.grant, c.integrationID(), c.valueID())
}

// ofAlias is the integration in the address, nil at the level of the project.
func (c *call) ofAlias() *domain.IntegrationID {
	if c.r.PathValue("integration_id") == "" {
		return nil
	}
	id := c.integrationID()
	return &id
}

func (c *call) alias(a domain.IntegrationAlias) wire.IntegrationAlias {
	return wire.IntegrationAlias{ID: int64(a.ID), URL: c.publicAddress() + "/api/integrations/" + url.PathEscape(a.Alias)}
}

// publicAddress is the configured one or, where none is, that of the request.
func (c *call) publicAddress() string {
	if c.api.webHost != nil {
		return strings.TrimRight(c.api.WebHost, "/")
	}
	scheme := "http"
	if c.api.https(c.r) {
		scheme = "https"
	}
	return scheme + "://" + c.r.Host + c.api.base
}

func (a *api) listAliases(c *call, _ *none) ([]wire.IntegrationAlias, error) {
	list, err := a.Catalog.IntegrationAliases(c.r.Context(), c.grant, c.ofAlias())
	out := make([]wire.IntegrationAlias, 0, len(list))
	for _, alias := range list {
		out = append(out, c.alias(alias))
	}
	return out, err
}

func (a *api) createAlias(c *call, _ *none) (wire.IntegrationAlias, error) {
	alias, err := a.Catalog.CreateIntegrationAlias(c.r.Context(), c.grant, c.ofAlias())
	return c.alias(alias), err
}

func (a *api) deleteAlias(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteIntegrationAlias(c.r.Context(), c.grant, c.ofAlias(), domain.IntegrationAliasID(c.id("alias_id")))
}
