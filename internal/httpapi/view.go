package httpapi

import (
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

func (a *api) listViews(c *call, _ *none) ([]wire.View, error) {
	views, err := a.Catalog.Views(c.r.Context(), c.grant)
	return wire.FromViews(views), err
}

func (a *api) createView(c *call, in *wire.ViewInput) (wire.View, error) {
	v, err := a.Catalog.CreateView(c.r.Context(), c.grant, in.View())
	return wire.FromView(v), err
}

func (a *api) setViewPositions(c *call, in *map[string]int) (none, error) {
	return none{}, a.Catalog.SetViewPositions(c.r.Context(), c.grant, *in)
}

func (a *api) getView(c *call, _ *none) (wire.View, error) {
	v, err := a.Catalog.View(c.r.Context(), c.grant, domain.ViewID(c.id("view_id")))
	return wire.FromView(v), err
}

func (a *api) replaceView(c *call, in *wire.ViewInput) (none, error) {
	return none{}, a.Catalog.ReplaceView(c.r.Context(), c.grant, domain.ViewID(c.id("view_id")), in.View())
}

func (a *api) deleteView(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteView(c.r.Context(), c.grant, domain.ViewID(c.id("view_id")))
}
