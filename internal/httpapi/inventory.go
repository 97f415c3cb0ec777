package httpapi

import (
	"math"

	"signalbox/internal/catalog"
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

func (a *api) listInventories(c *call, _ *none) ([]wire.Inventory, error) {
	template, err := c.number("template_id", 0, 0, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	list, err := a.Catalog.Inventories(c.r.Context(), c.grant, catalog.InventoryFilter{
		Sort: c.sort(), App: c.param("app"), Template: domain.TemplateID(template),
	})
	return wire.FromInventories(list), err
}

func (a *api) createInventory(c *call, in *wire.InventoryInput) (wire.Inventory, error) {
	i, err := a.Catalog.CreateInventory(c.r.Context(), c.grant, in.Domain())
	return wire.FromInventory(i), err
}

func (c *call) inventoryID() domain.InventoryID { return domain.InventoryID(c.id("inventory_id")) }

func (a *api) getInventory(c *call, _ *none) (wire.Inventory, error) {
	i, err := a.Catalog.Inventory(c.r.Context(), c.grant, c.inventoryID())
	return wire.FromInventory(i), err
}

func (a *api) inventoryRefs(c *call, _ *none) (wire.Refs, error) {
	return refs(a.Catalog.InventoryRefs(c.r.Context(), c.grant, c.inventoryID()))
}

func (a *api) replaceInventory(c *call, in *wire.InventoryInput) (none, error) {
	return none{}, a.Catalog.ReplaceInventory(c.r.Context(), c.grant, c.inventoryID(), in.Domain())
}

func (a *api) deleteInventory(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteInventory(c.r.Context(), c.grant, c.inventoryID())
}
