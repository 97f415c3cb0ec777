package app

import (
	"context"
	"errors"
	"strings"

	"signalbox/internal/authz"
	"signalbox/internal/backup"
	"signalbox/internal/cli"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// ListProjects returns all projects by number.
func (a *admin) ListProjects(ctx context.Context) ([]domain.Project, error) {
	return a.store.Projects().List(ctx, store.Query{})
}

func (a *admin) findProject(ctx context.Context, which cli.ProjectRef) (domain.ProjectID, error) {
	projects, err := a.ListProjects(ctx)
	if err != nil {
		return 0, err
	}
	for _, p := range projects {
		if which.ID == int64(p.ID) || which.ID == 0 && strings.EqualFold(which.Name, p.Name) {
			return p.ID, nil
		}
	}
	return 0, domain.NotFound("project")
}

// ExportProject returns a project as a document; with a passphrase its secrets
// go along.
func (a *admin) ExportProject(ctx context.Context, which cli.ProjectRef, phrase domain.Secret) (backup.Document, error) {
	id, err := a.findProject(ctx, which)
	if err != nil {
		return backup.Document{}, err
	}
	actor, err := a.actor(ctx, "")
	if err != nil {
		return backup.Document{}, err
	}
	g := authz.Grant{Project: id, Actor: actor}
	if phrase != "" {
		return a.catalog.BackupWithSecrets(ctx, g, phrase)
	}
	return a.catalog.Backup(ctx, g)
}

// ImportProject makes a project of a document and returns what could not be
// taken over, in sentences.
func (a *admin) ImportProject(ctx context.Context, doc backup.Document, how cli.ImportHow) ([]string, error) {
	owner, err := a.actor(ctx, how.Owner)
	if err != nil {
		return nil, err
	}
	if how.Name != "" {
		doc.Meta.Name = how.Name
	}
	done, err := a.catalog.Restore(ctx, owner, doc, how.Passphrase)
	return done.Warnings, err
}

// actor acts for whoever has the machine, who has every right, in the name of a
// user.
func (a *admin) actor(ctx context.Context, login string) (domain.Actor, error) {
	u, err := a.owner(ctx, login)
	u.Admin = true
	return domain.Actor{User: u, UserAgent: "command line"}, err
}

// owner is who gets an imported project: the one named, else the first
// administrator, else the first user.
func (a *admin) owner(ctx context.Context, login string) (domain.User, error) {
	if login != "" {
		return a.find(ctx, cli.UserRef{Login: login})
	}
	u, err := a.store.Users().First(ctx, store.Where(store.Eq("admin", true)).By("id"))
	if errors.Is(err, store.ErrNotFound) {
		u, err = a.store.Users().First(ctx, store.Query{}.By("id"))
	}
	if errors.Is(err, store.ErrNotFound) {
		return u, domain.Invalid("", `there is no user yet who could own the project; add one with "user add --admin"`)
	}
	return u, err
}
