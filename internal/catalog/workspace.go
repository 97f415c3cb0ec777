package catalog

import (
	"context"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
)

// Templates of the Terraform family may have several workspaces attached, of
// which one is the default. A workspace belongs to one template.

const (
	notAttached = "Inventory is not attached to this template"
	attached    = "Inventory is already attached to another template"
	wrongType   = "Inventory type is not supported for this template"
)

// giveWorkspace attaches the workspace that a new template names, or makes it
// one, so that every template of the family has a place for its state.
func (c *Catalog) giveWorkspace(ctx context.Context, g authz.Grant, t *domain.Template) error {
	app, err := c.App(ctx, t.App)
	if err != nil || app.Family != domain.FamilyTerraform {
		return err
	}
	if t.InventoryID != nil {
		_, err := c.Store.Inventories().Update(ctx, *t.InventoryID, func(row *domain.Inventory) error {
			if row.TemplateID == nil {
				row.TemplateID = &t.ID
			}
			return nil
		})
		return err
	}
	kind := domain.InventoryType(t.App + "-workspace")
	if !kind.Valid() {
		return nil // an app of the administrator's
	}
	i := domain.Inventory{ProjectID: g.Project, Name: "default", Type: kind, Inventory: "default", TemplateID: &t.ID}
	if err := c.Store.Inventories().Create(ctx, &i); err != nil {
		return err
	}
	*t, err = c.Store.Templates().Update(ctx, t.ID, func(row *domain.Template) error {
		row.InventoryID = &i.ID
		return nil
	})
	return err
}

// AttachWorkspace makes an inventory one of the template's.
func (c *Catalog) AttachWorkspace(ctx context.Context, g authz.Grant, id domain.TemplateID, inventory domain.InventoryID) error {
	return inventories().update(ctx, c, g, inventory, func(ctx context.Context) error {
		t, err := templates().get(ctx, c.Store, g.Project, id)
		if err != nil {
			return err
		}
		app, err := c.App(ctx, t.App)
		if err != nil {
			return err
		}
		i, err := inventories().get(ctx, c.Store, g.Project, inventory)
		if err != nil {
			return err
		}
		if app.Family != domain.FamilyTerraform || !app.TakesInventory(i.Type) {
			return domain.Invalid("inventory_id", wrongType)
		}
		return nil
	}, func(row *domain.Inventory) error {
		if row.TemplateID != nil {
			return domain.Invalid("inventory_id", attached)
		}
		row.TemplateID = &id
		return nil
	}, nil)
}

// DetachWorkspace makes an attached inventory free for other templates.
func (c *Catalog) DetachWorkspace(ctx context.Context, g authz.Grant, id domain.TemplateID, inventory domain.InventoryID) error {
	return inventories().update(ctx, c, g, inventory, func(ctx context.Context) error {
		_, err := templates().get(ctx, c.Store, g.Project, id)
		return err
	}, func(row *domain.Inventory) error {
		if row.TemplateID == nil || *row.TemplateID != id {
			return domain.Invalid("inventory_id", notAttached)
		}
		row.TemplateID = nil
		return nil
	}, nil)
}

// SetDefaultWorkspace makes an attached inventory the one that tasks use.
func (c *Catalog) SetDefaultWorkspace(ctx context.Context, g authz.Grant, id domain.TemplateID, inventory domain.InventoryID) error {
	return templates().update(ctx, c, g, id, func(ctx context.Context) error {
		i, err := inventories().get(ctx, c.Store, g.Project, inventory)
		if err == nil && (i.TemplateID == nil || *i.TemplateID != id) {
			return domain.Invalid("inventory_id", notAttached)
		}
		return err
	}, func(row *domain.Template) error {
		row.InventoryID = &inventory
		return nil
	}, nil)
}
