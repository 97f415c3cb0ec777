// Package catalog holds the use cases of users, projects and the resources of
// projects. Every one of them goes the same way: check the values, check that
// the actor may, check that whatever is referred to belongs to the same project,
// then store it together with a line of activity, all or nothing. Running things
// is the business of tasks.
package catalog

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"signalbox/internal/access"
	"signalbox/internal/audit"
	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/mail"
	"signalbox/internal/store"
)

// keySealer encrypts the secrets of keys.
type keySealer interface {
	SealKey(p domain.ProjectID, t domain.KeyType, s domain.KeySecret) (string, error)
	// KeySource says where the secret of a key is kept.
	KeySource(k domain.Key) (domain.KeySource, error)
	OpenKey(k domain.Key) (domain.KeySecret, error)
}

// passwordHasher checks and hashes new passwords.
type passwordHasher interface {
	Hash(ctx context.Context, password domain.Secret) (string, error)
	// Prove checks that it is still the user who sits at a browser.
	Prove(ctx context.Context, actor domain.Actor, password, code domain.Secret) error
}

// DemoSeeder prepares the files of a demo project.
type DemoSeeder interface {
	// Prepare writes the files and returns their directory; remove undoes it.
	Prepare() (dir string, remove func(), err error)
}

// Deps is what a Catalog works with. BaseApps, Demo and Programs may be nil.
type Deps struct {
	Store     store.Store
	Sealer    keySealer
	Passwords passwordHasher
	Demo      DemoSeeder
	Now       func() time.Time
	// BaseApps are the apps before an administrator changed any; nil: the
	// built-in ones.
	BaseApps []domain.App
	// Programs tells what is known of the program of an app on this machine. It
	// does not wait.
	Programs func(domain.App) domain.Program
	// AnyoneCreates lets users who are not administrators create projects.
	AnyoneCreates bool
	Teams         Teams
	Maintenance   Maintenance
	// Mail sends notices and invitations; nil: nothing is sent.
	Mail mail.Mailer
	// WebHost is the public address that links in letters start with; without one
	// invitations are not mailed.
	WebHost string
}

// Teams governs how members come and go.
type Teams struct {
	InvitesEnabled bool
	InviteType     InviteType // "": by user
	MembersStay    bool       // they cannot leave without an owner
}

// InviteType says whom one can invite.
type InviteType string

const (
	InviteByUser  InviteType = "username"
	InviteByEmail InviteType = "email"
	InviteByBoth  InviteType = "both"
)

// Catalog carries out the use cases.
type Catalog struct {
	Deps
	launches launchChecker // nil: nobody knows
}

// New returns a catalog.
func New(d Deps) (*Catalog, error) {
	if d.Store == nil || d.Sealer == nil || d.Passwords == nil {
		return nil, errors.New("catalog: store, sealer and passwords are required")
	}
	if d.Teams.InviteType == "" {
		d.Teams.InviteType = InviteByUser
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.BaseApps == nil {
		d.BaseApps = domain.BuiltinApps()
	}
	return &Catalog{Deps: d}, nil
}

// post is by whom letters are sent.
func (c *Catalog) post() mail.Postman { return mail.Postman{Mailer: c.Mail, WebHost: c.WebHost} }

// Grant says what an actor is in a project. An administrator gets a grant for
// every project there is; anybody else a grant without membership for projects
// that are not theirs.
func (c *Catalog) Grant(ctx context.Context, actor domain.Actor, p domain.ProjectID) (authz.Grant, error) {
	return access.Grant(ctx, c.Store, actor, p)
}

func (c *Catalog) member(ctx context.Context, p domain.ProjectID, u domain.UserID) (domain.Member, error) {
	return access.Member(ctx, c.Store, p, u)
}

// note adds a line of activity. It is called inside the transaction of what it
// tells about.
func (c *Catalog) note(ctx context.Context, actor domain.Actor, e audit.Entry) error {
	return audit.Log{Store: c.Store, Now: c.Now}.Add(ctx, actor, e)
}

// missing turns ErrNotFound into words and leaves other errors alone.
func missing(err error, what string) error {
	if errors.Is(err, store.ErrNotFound) {
		return domain.NotFound(what)
	}
	return err
}

// Sort is the order a client asked for; an empty column is the default one.
type Sort struct {
	Column string
	Desc   bool
}

// order checks the column and makes the order of a query. The first column is
// the default.
func (s Sort) order(columns ...string) (string, error) {
	column := s.Column
	if column == "" {
		column = columns[0]
	}
	if !slices.Contains(columns, column) {
		return "", domain.Invalid("sort", "invalid sort column %q; use %s", s.Column, strings.Join(columns, ", "))
	}
	if s.Desc {
		column = "-" + column
	}
	return column, nil
}

// sortBy sorts rows by a text without case, rows without one last.
func sortBy[T any](rows []T, desc bool, text func(T) string) {
	slices.SortStableFunc(rows, func(a, b T) int {
		n := cmp.Compare(strings.ToLower(text(a)), strings.ToLower(text(b)))
		if desc {
			return -n
		}
		return n
	})
}
