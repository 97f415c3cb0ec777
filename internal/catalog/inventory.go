package catalog

import (
	"context"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// InventoryFilter selects inventories for a list.
type InventoryFilter struct {
	Sort     Sort
	App      string            // only types that this app takes
	Template domain.TemplateID // those attached to it; 0: those attached to none
}

// Inventories lists inventories of a project.
func (c *Catalog) Inventories(ctx context.Context, g authz.Grant, f InventoryFilter) ([]domain.Inventory, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return nil, err
	}
	order, err := Sort{Desc: f.Sort.Desc}.order("name")
	if err != nil {
		return nil, err
	}
	conds := []store.Cond{store.InProject(g.Project)}
	if f.Template != 0 {
		conds = append(conds, store.Eq("template_id", f.Template))
	} else {
		conds = append(conds, store.Null("template_id"))
	}
	if types := inventoryTypes(f.App); types != nil {
		conds = append(conds, store.In("type", types))
	}
	return c.Store.Inventories().List(ctx, store.Where(conds...).By(order, "id"))
}

// inventoryTypes are the types that an app takes; nil for all.
func inventoryTypes(app string) []domain.InventoryType {
	switch app {
	case "":
		return nil
	case "terraform":
		return []domain.InventoryType{domain.InventoryTerraformWorkspace}
	case "tofu":
		return []domain.InventoryType{domain.InventoryTofuWorkspace}
	case "terragrunt":
		return []domain.InventoryType{domain.InventoryTerragruntWorkspace}
	}
	return []domain.InventoryType{domain.InventoryStatic, domain.InventoryStaticYAML, domain.InventoryFile, domain.InventoryNone}
}

// Inventory returns one inventory.
func (c *Catalog) Inventory(ctx context.Context, g authz.Grant, id domain.InventoryID) (domain.Inventory, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return domain.Inventory{}, err
	}
	return inventories().get(ctx, c.Store, g.Project, id)
}

// CreateInventory stores an inventory.
func (c *Catalog) CreateInventory(ctx context.Context, g authz.Grant, i domain.Inventory) (domain.Inventory, error) {
	if err := checkProject(i.ProjectID, g.Project, true); err != nil {
		return i, err
	}
	if err := i.Validate(); err != nil {
		return i, err
	}
	err := inventories().create(ctx, c, g, &i, func(ctx context.Context) error {
		return c.checkInventory(ctx, g.Project, i)
	}, nil)
	return i, err
}

// ReplaceInventory replaces an inventory.
func (c *Catalog) ReplaceInventory(ctx context.Context, g authz.Grant, id domain.InventoryID, i domain.Inventory) error {
	if err := inventories().checkIDs(&i, id, g.Project, false); err != nil {
		return err
	}
	if err := i.Validate(); err != nil {
		return err
	}
	return inventories().update(ctx, c, g, id, func(ctx context.Context) error {
		return c.checkInventory(ctx, g.Project, i)
	}, func(row *domain.Inventory) error {
		*row = i
		return nil
	}, nil)
}

func (c *Catalog) checkInventory(ctx context.Context, p domain.ProjectID, i domain.Inventory) error {
	if err := c.referKey(ctx, p, i.SSHKeyID, "ssh_key_id", domain.KindNotFound); err != nil {
		return err
	}
	if err := c.referKey(ctx, p, i.BecomeKeyID, "become_key_id", domain.KindNotFound); err != nil {
		return err
	}
	if _, err := templates().refer(ctx, c.Store, p, i.TemplateID, "template_id", domain.KindNotFound); err != nil {
		return err
	}
	_, err := repositories().refer(ctx, c.Store, p, i.RepositoryID, "repository_id", domain.KindNotFound)
	return err
}

// DeleteInventory removes an inventory that nothing uses.
func (c *Catalog) DeleteInventory(ctx context.Context, g authz.Grant, id domain.InventoryID) error {
	return inventories().remove(ctx, c, g, id, func(ctx context.Context, id domain.InventoryID) ([]domain.Reference, error) {
		refs, err := c.inventoryRefs(ctx, g.Project, id)
		return refs.all(), err
	}, nil)
}

// InventoryRefs lists what uses an inventory.
func (c *Catalog) InventoryRefs(ctx context.Context, g authz.Grant, id domain.InventoryID) (Refs, error) {
	if _, err := c.Inventory(ctx, g, id); err != nil {
		return Refs{}, err
	}
	return c.inventoryRefs(ctx, g.Project, id)
}

func (c *Catalog) inventoryRefs(ctx context.Context, p domain.ProjectID, id domain.InventoryID) (refs Refs, err error) {
	used := store.Eq("inventory_id", id)
	if refs.Templates, err = templates().referrers(ctx, c.Store, p, used); err != nil {
		return refs, err
	}
	if refs.Integrations, err = integrations().referrers(ctx, c.Store, p, used); err != nil {
		return refs, err
	}
	refs.Schedules, err = c.scheduleReferrers(ctx, p, used)
	return refs, err
}
