package app

import (
	"signalbox/internal/config"
	"signalbox/internal/domain"
)

// baseApps are the built-in apps with what the configuration changes, and those
// that it adds.
func baseApps(changes map[string]config.App) []domain.App {
	apps := domain.BuiltinApps()
	known := make(map[string]int, len(apps))
	for i, a := range apps {
		known[a.ID] = i
	}
	for id, change := range changes {
		i, ok := known[id]
		if !ok {
			i = len(apps)
			apps = append(apps, domain.App{ID: id, Family: domain.FamilyScript, Title: id, Active: true})
		}
		a := &apps[i]
		set(&a.Active, change.Active)
		set(&a.Priority, change.Priority)
		set(&a.Title, change.Title)
		set(&a.Icon, change.Icon)
		set(&a.Color, change.Color)
		set(&a.DarkColor, change.DarkColor)
		set(&a.Path, change.Path)
		if change.Args != nil {
			a.Args = change.Args
		}
	}
	return apps
}
