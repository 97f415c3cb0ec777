package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"

	"signalbox/internal/audit"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// appPrefix starts the options that set apps up: apps.<id>.<field>.
const appPrefix = "apps."

var appID = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9_-]{1,50}$`)
})

// Apps returns all apps by priority: the base ones with what an
// administrator changed, and those an administrator added.
func (c *Catalog) Apps(ctx context.Context) ([]domain.App, error) {
	options, err := c.Store.Options().All(ctx)
	if err != nil {
		return nil, err
	}
	byID := map[string]domain.App{}
	for _, a := range c.BaseApps {
		byID[a.ID] = a
	}
	for _, o := range options {
		id, field, ok := splitAppOption(o.Key)
		if !ok {
			continue
		}
		app, known := byID[id]
		if !known {
			app = domain.App{ID: id, Family: domain.FamilyScript}
		}
		if err := setAppField(&app, field, o.Value); err != nil {
			return nil, fmt.Errorf("option %s: %w", o.Key, err)
		}
		byID[id] = app
	}
	apps := make([]domain.App, 0, len(byID))
	for _, a := range byID {
		apps = append(apps, a)
	}
	sort.Slice(apps, func(i, j int) bool {
		if apps[i].Priority != apps[j].Priority {
			return apps[i].Priority > apps[j].Priority
		}
		return apps[i].ID < apps[j].ID
	})
	return apps, nil
}

func splitAppOption(key string) (id, field string, ok bool) {
	rest, ok := strings.CutPrefix(key, appPrefix)
	if !ok {
		return "", "", false
	}
	id, field, ok = strings.Cut(rest, ".")
	return id, field, ok && appID().MatchString(id)
}

func setAppField(a *domain.App, field, value string) (err error) {
	switch field {
	case "active":
		a.Active, err = strconv.ParseBool(value)
	case "priority":
		a.Priority, err = strconv.Atoi(value)
	case "title":
		a.Title = value
	case "icon":
		a.Icon = value
	case "color":
		a.Color = value
	case "dark_color":
		a.DarkColor = value
	case "path":
		a.Path = value
	case "args":
		a.Args = nil
		err = json.Unmarshal([]byte(value), &a.Args)
	}
	return err
}

// App returns one app.
func (c *Catalog) App(ctx context.Context, id string) (domain.App, error) {
	apps, err := c.Apps(ctx)
	if err != nil {
		return domain.App{}, err
	}
	for _, a := range apps {
		if a.ID == id {
			return a, nil
		}
	}
	return domain.App{}, domain.NotFound("app")
}

// AppProgram tells what is known of the program of an app on this machine, which
// is nothing where nobody looks.
func (c *Catalog) AppProgram(a domain.App) domain.Program {
	if c.Programs == nil {
		return domain.Program{}
	}
	return c.Programs(a)
}

// SetApp creates or replaces the settings of an app.
func (c *Catalog) SetApp(ctx context.Context, actor domain.Actor, a domain.App) error {
	if err := adminOnly(actor); err != nil {
		return err
	}
	if !appID().MatchString(a.ID) {
		return domain.Invalid("app", "an app id has letters, digits, - and _ only")
	}
	if a.Path != "" && (!filepath.IsAbs(a.Path) || strings.ContainsAny(a.Path, "\x00\r\n")) {
		return domain.Invalid("path", "must be the absolute path of a program")
	}
	args := ""
	if len(a.Args) > 0 {
		text, err := json.Marshal(a.Args)
		if err != nil {
			return err
		}
		args = string(text)
	}
	fields := map[string]string{
		"active": strconv.FormatBool(a.Active), "priority": strconv.Itoa(a.Priority), "title": a.Title, "icon": a.Icon,
		"color": a.Color, "dark_color": a.DarkColor, "path": a.Path, "args": args,
	}
	for name, value := range fields {
		if len(value) > 1000 {
			return domain.Invalid(name, "must not be longer than 1000 bytes")
		}
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		before, err := c.App(ctx, a.ID)
		if err != nil && !domain.IsKind(err, domain.KindNotFound) {
			return err
		}
		for name, value := range fields {
			key := appPrefix + a.ID + "." + name
			if value == "" {
				if err := c.Store.Options().Delete(ctx, key); err != nil {
					return err
				}
				continue
			}
			if err := c.Store.Options().Set(ctx, key, value); err != nil {
				return err
			}
		}
		return c.noteApp(ctx, actor, domain.ActionUpdate, a.ID, "set up", before)
	})
}

// noteApp writes down what became of an app that was another one before.
func (c *Catalog) noteApp(ctx context.Context, actor domain.Actor, action domain.EventAction, id, verb string, before domain.App) error {
	after, err := c.App(ctx, id)
	if err != nil && !domain.IsKind(err, domain.KindNotFound) {
		return err
	}
	return c.note(ctx, actor, audit.Entry{
		Action: action, Object: domain.ObjectOption, Target: appPrefix + id, Text: "App " + id + " " + verb, Before: before, After: after,
	})
}

// SetAppActive switches an app on or off.
func (c *Catalog) SetAppActive(ctx context.Context, actor domain.Actor, id string, active bool) error {
	if err := adminOnly(actor); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		before, err := c.App(ctx, id)
		if err != nil {
			return err
		}
		if err := c.Store.Options().Set(ctx, appPrefix+id+".active", strconv.FormatBool(active)); err != nil {
			return err
		}
		verb := "switched off"
		if active {
			verb = "switched on"
		}
		return c.noteApp(ctx, actor, domain.ActionUpdate, id, verb, before)
	})
}

// ResetApp forgets the settings of an app: a built-in one is as it was, any
// other is gone.
func (c *Catalog) ResetApp(ctx context.Context, actor domain.Actor, id string) error {
	if err := adminOnly(actor); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		before, err := c.App(ctx, id)
		if err != nil && !domain.IsKind(err, domain.KindNotFound) {
			return err
		}
		options, err := c.Store.Options().All(ctx)
		if err != nil {
			return err
		}
		deleted := 0
		for _, o := range options {
			if owner, _, ok := splitAppOption(o.Key); ok && owner == id {
				if err := c.Store.Options().Delete(ctx, o.Key); err != nil && !errors.Is(err, store.ErrNotFound) {
					return err
				}
				deleted++
			}
		}
		if deleted == 0 {
			return nil
		}
		return c.noteApp(ctx, actor, domain.ActionDelete, id, "reset", before)
	})
}

func adminOnly(actor domain.Actor) error {
	if !actor.User.Admin {
		return domain.Forbidden("only an administrator may do this")
	}
	return nil
}
