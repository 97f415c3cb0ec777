package catalog

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// viewAll is the type of the built-in view of all templates.
const viewAll = "all"

// maxViewFilter is how many bytes the filter of a view may have.
const maxViewFilter = 1000

// Views lists the views of a project by position.
func (c *Catalog) Views(ctx context.Context, g authz.Grant) ([]domain.View, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return nil, err
	}
	return c.Store.Views().List(ctx, store.Where(store.InProject(g.Project)).By("position", "id"))
}

// View returns one view.
func (c *Catalog) View(ctx context.Context, g authz.Grant, id domain.ViewID) (domain.View, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return domain.View{}, err
	}
	return views().get(ctx, c.Store, g.Project, id)
}

func checkView(v domain.View) error {
	switch {
	case strings.TrimSpace(v.Title) == "":
		return domain.Invalid("title", "title can not be empty")
	case len([]rune(v.Title)) > 100:
		return domain.Invalid("title", "must not be longer than 100 characters")
	case v.Type != "" && v.Type != viewAll:
		return domain.Invalid("type", "%q is not a type of view; leave it empty", v.Type)
	}
	if len(v.Filter) > maxViewFilter {
		return domain.Invalid("filter", "must not be longer than %d bytes", maxViewFilter)
	}
	if _, err := v.Filter.Object(); err != nil {
		return domain.Invalid("filter", "must be a JSON object")
	}
	if v.SortColumn != nil && *v.SortColumn != "" {
		if _, err := (Sort{Column: *v.SortColumn}).order(templateColumns()...); err != nil {
			return domain.Invalid("sort_column", "%q is not a column of the template list", *v.SortColumn)
		}
	}
	return nil
}

// CreateView stores a view.
func (c *Catalog) CreateView(ctx context.Context, g authz.Grant, v domain.View) (domain.View, error) {
	if err := checkProject(v.ProjectID, g.Project, true); err != nil {
		return v, err
	}
	if err := checkView(v); err != nil {
		return v, err
	}
	if v.Type == viewAll {
		return v, domain.Invalid("type", "every project has its view of all templates already; leave the type empty")
	}
	err := views().create(ctx, c, g, &v, nil, nil)
	return v, err
}

// ReplaceView replaces a view; its type stays.
func (c *Catalog) ReplaceView(ctx context.Context, g authz.Grant, id domain.ViewID, v domain.View) error {
	if err := views().checkIDs(&v, id, g.Project, false); err != nil {
		return err
	}
	if err := checkView(v); err != nil {
		return err
	}
	return views().update(ctx, c, g, id, nil, func(row *domain.View) error {
		v.Type = row.Type
		*row = v
		return nil
	}, nil)
}

// SetViewPositions sets the positions of views, named by identifier as text.
func (c *Catalog) SetViewPositions(ctx context.Context, g authz.Grant, positions map[string]int) error {
	if err := g.Require(authz.ManageResources); err != nil {
		return err
	}
	byID := make(map[domain.ViewID]int, len(positions))
	for text, position := range positions {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return domain.Invalid(text, "is not the id of a view")
		}
		byID[domain.ViewID(id)] = position
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		for _, id := range slices.Sorted(maps.Keys(byID)) {
			position := byID[id]
			if _, err := views().get(ctx, c.Store, g.Project, id); err != nil {
				return err
			}
			if err := c.moveView(ctx, g, id, position); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *Catalog) moveView(ctx context.Context, g authz.Grant, id domain.ViewID, position int) error {
	var before domain.View
	after, err := c.Store.Views().Update(ctx, id, func(row *domain.View) error {
		before = *row
		row.Position = position
		return nil
	})
	if err != nil || before.Position == position {
		return missing(err, "view")
	}
	return c.note(ctx, g.Actor, views().entry(g, domain.ActionUpdate, &after, "moved", before, after))
}

// DeleteView removes a view; its templates stay. That of all templates cannot
// be deleted.
func (c *Catalog) DeleteView(ctx context.Context, g authz.Grant, id domain.ViewID) error {
	return views().remove(ctx, c, g, id, nil, func(ctx context.Context) error {
		view, err := c.Store.Views().Get(ctx, id)
		if err != nil {
			return err
		}
		if view.Type == viewAll {
			return domain.Invalid("", "the view of all templates cannot be deleted; it can be hidden")
		}
		rows, err := c.Store.Templates().List(ctx, store.Where(store.InProject(g.Project), store.Eq("view_id", id)))
		if err != nil {
			return err
		}
		for _, t := range rows {
			_, err := c.Store.Templates().Update(ctx, t.ID, func(row *domain.Template) error {
				row.ViewID = nil
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
