package httpapi

import (
	"context"
	"encoding/json"
	"reflect"

	"signalbox/internal/authz"
	"signalbox/internal/catalog"
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

func (c *call) templateID() domain.TemplateID { return domain.TemplateID(c.id("template_id")) }

func (a *api) listTemplates(c *call, _ *none) error {
	return a.sendTemplates(c, catalog.TemplateFilter{Sort: c.sort(), App: c.param("app")})
}

func (a *api) listViewTemplates(c *call, _ *none) error {
	view := domain.ViewID(c.id("view_id"))
	return a.sendTemplates(c, catalog.TemplateFilter{Sort: c.sort(), View: &view})
}

func (a *api) sendTemplates(c *call, f catalog.TemplateFilter) error {
	return a.cached(c, func(ctx context.Context) (page, error) {
		rows, err := a.Catalog.Templates(ctx, c.grant, f)
		if err != nil {
			return page{}, err
		}
		out := make([]wire.TemplateRead, 0, len(rows))
		for _, row := range rows {
			shape := wire.TemplateRead{Template: wire.FromTemplate(row.Template, nil)}
			if row.Permissions != nil {
				mask := int64(*row.Permissions)
				shape.Permissions = &mask
			}
			if row.LastTask != nil {
				last := wire.FromTaskRow(*row.LastTask)
				shape.LastTask = &last
			}
			out = append(out, shape)
		}
		cut, x, err := a.templates.cut(c, reflect.ValueOf(out))
		if err != nil {
			return page{}, err
		}
		body, err := json.Marshal(cut.Interface())
		return page{body: body, extent: &x}, err
	})
}

// createTemplate answers with the template as it was sent; vault ids are read
// afterwards.
func (a *api) createTemplate(c *call, in *wire.TemplateInput) (wire.Template, error) {
	t, vaults, err := in.Template()
	if err != nil {
		return wire.Template{}, err
	}
	t, err = a.Catalog.CreateTemplate(c.r.Context(), c.grant, t, vaults)
	return wire.FromTemplate(t, vaults), err
}

func (a *api) getTemplate(c *call, _ *none) (wire.TemplateRead, error) {
	t, vaults, err := a.Catalog.Template(c.r.Context(), c.grant, c.templateID())
	if err != nil {
		return wire.TemplateRead{}, err
	}
	mask, err := a.Catalog.TemplatePermissions(c.r.Context(), c.grant, t.ID)
	permissions := int64(mask)
	return wire.TemplateRead{Template: wire.FromTemplate(t, vaults), Permissions: &permissions}, err
}

func (a *api) replaceTemplate(c *call, in *wire.TemplateInput) (none, error) {
	t, vaults, err := in.Template()
	if err != nil {
		return none{}, err
	}
	return none{}, a.Catalog.ReplaceTemplate(c.r.Context(), c.grant, c.templateID(), t, vaults)
}

func (a *api) setTemplateDescription(c *call, in *wire.DescriptionInput) (none, error) {
	return none{}, a.Catalog.SetTemplateDescription(c.r.Context(), c.grant, c.templateID(), in.Description)
}

func (a *api) deleteTemplate(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteTemplate(c.r.Context(), c.grant, c.templateID())
}

func (a *api) templateRefs(c *call, _ *none) (wire.Refs, error) {
	return refs(a.Catalog.TemplateRefs(c.r.Context(), c.grant, c.templateID()))
}

func (a *api) stopAllTasks(c *call, in *wire.StopInput) (none, error) {
	if err := c.grant.Require(authz.ManageResources); err != nil {
		return none{}, err
	}
	if _, _, err := a.Catalog.Template(c.r.Context(), c.grant, c.templateID()); err != nil {
		return none{}, err
	}
	return none{}, a.Tasks.StopAll(c.r.Context(), c.actor(), c.grant.Project, c.templateID(), in.Force)
}

// workspaceAction does something with a template and an inventory.
type workspaceAction func(context.Context, authz.Grant, domain.TemplateID, domain.InventoryID) error

func (a *api) workspace(do workspaceAction) func(*call, *none) (none, error) {
	return func(c *call, _ *none) (none, error) {
		return none{}, do(c.r.Context(), c.grant, c.templateID(), c.inventoryID())
	}
}
