package httpapi

import (
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

func (a *api) listVariableGroups(c *call, _ *none) ([]wire.VariableGroup, error) {
	list, err := a.Catalog.VariableGroups(c.r.Context(), c.grant, c.sort())
	return wire.FromVariableGroups(list), err
}

func (a *api) createVariableGroup(c *call, in *wire.VariableGroupInput) (wire.VariableGroup, error) {
	g, err := a.Catalog.CreateVariableGroup(c.r.Context(), c.grant, in.Group(), in.Operations())
	return wire.FromVariableGroup(g, nil), err
}

func (c *call) groupID() domain.VariableGroupID {
	return domain.VariableGroupID(c.id("environment_id"))
}

func (a *api) getVariableGroup(c *call, _ *none) (wire.VariableGroup, error) {
	g, secrets, err := a.Catalog.VariableGroup(c.r.Context(), c.grant, c.groupID())
	return wire.FromVariableGroup(g, secrets), err
}

func (a *api) variableGroupRefs(c *call, _ *none) (wire.Refs, error) {
	return refs(a.Catalog.VariableGroupRefs(c.r.Context(), c.grant, c.groupID()))
}

func (a *api) replaceVariableGroup(c *call, in *wire.VariableGroupInput) (none, error) {
	return none{}, a.Catalog.ReplaceVariableGroup(c.r.Context(), c.grant, c.groupID(), in.Group(), in.Operations())
}

func (a *api) deleteVariableGroup(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteVariableGroup(c.r.Context(), c.grant, c.groupID())
}
