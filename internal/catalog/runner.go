package catalog

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"

	"signalbox/internal/audit"
	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// RunnerScope says which runners are meant: those of the whole server, or those
// of the project of a grant.
type RunnerScope struct {
	Grant  authz.Grant
	Global bool
}

func (s RunnerScope) require(inProject authz.Action) error {
	if s.Global {
		return s.Grant.Require(authz.Administer)
	}
	return s.Grant.Require(inProject)
}

// project is that of the runners, nil for global ones.
func (s RunnerScope) project() *domain.ProjectID {
	if s.Global {
		return nil
	}
	p := s.Grant.Project
	return &p
}

func (s RunnerScope) entry(action domain.EventAction, r domain.Runner, verb string, before, after any) audit.Entry {
	return audit.Entry{
		Project: s.project(), Action: action, Object: domain.ObjectRunner, ID: int64(r.ID), Target: r.Name,
		Text: fmt.Sprintf("Runner %s %s", r.Name, verb), Before: before, After: after,
	}
}

// RunnerSecrets is what a runner signs in and decrypts with. It is shown once.
type RunnerSecrets struct {
	Token      domain.Secret
	PrivateKey domain.Secret // PEM
}

// runnerKeyBits is the size of the keys that runners are given.
const runnerKeyBits = 2048

// Runners lists runners, newest first: for administrators all of them, those of
// projects too; for a project its own and the global ones that have tags, since
// its templates may name these.
func (c *Catalog) Runners(ctx context.Context, s RunnerScope) ([]domain.Runner, error) {
	if err := s.require(authz.ReadProject); err != nil {
		return nil, err
	}
	if s.Global {
		return c.Store.Runners().List(ctx, store.Query{}.By("-id"))
	}
	list, err := c.Store.Runners().List(ctx, store.Where(store.InProject(s.Grant.Project)).By("-id"))
	if err != nil {
		return nil, err
	}
	global, err := c.Store.Runners().List(ctx, store.Where(store.Null("project_id")).By("-id"))
	if err != nil {
		return nil, err
	}
	for _, r := range global {
		if len(r.Tags) > 0 {
			r.Webhook = "" // where it is to be reached does not concern members
			list = append(list, r)
		}
	}
	return list, nil
}

// Runner returns one runner.
func (c *Catalog) Runner(ctx context.Context, s RunnerScope, id domain.RunnerID) (domain.Runner, error) {
	if err := s.require(authz.ReadProject); err != nil {
		return domain.Runner{}, err
	}
	return c.runner(ctx, s, id)
}

func (c *Catalog) runner(ctx context.Context, s RunnerScope, id domain.RunnerID) (domain.Runner, error) {
	r, err := c.Store.Runners().Get(ctx, id)
	if err != nil {
		return domain.Runner{}, missing(err, "Runner")
	}
	if p := s.project(); (p == nil) != (r.ProjectID == nil) || p != nil && *p != *r.ProjectID {
		return domain.Runner{}, domain.NotFound("Runner")
	}
	return r, nil
}

// CreateRunner stores a runner. One that is registered gets its token and its
// key pair at once; another one registers itself later with a one-time token.
func (c *Catalog) CreateRunner(ctx context.Context, s RunnerScope, r domain.Runner, registered bool) (domain.Runner, RunnerSecrets, error) {
	var secrets RunnerSecrets
	if err := s.require(authz.ManageResources); err != nil {
		return r, secrets, err
	}
	if err := r.Validate(); err != nil {
		return r, secrets, err
	}
	r.ProjectID, r.Created = s.project(), c.Now().UTC()
	r.Touched, r.CleaningRequested, r.RegistrationHash, r.PublicKey = nil, nil, nil, ""
	token := randomToken()
	if registered {
		key, err := rsa.GenerateKey(rand.Reader, runnerKeyBits)
		if err != nil {
			return r, secrets, err
		}
		private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
		// The runners of the reference want this form under this name.
		r.PublicKey = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&key.PublicKey)}))
		r.TokenHash = domain.HashToken(token)
		secrets = RunnerSecrets{Token: domain.Secret(token), PrivateKey: domain.Secret(private)}
	} else {
		r.TokenHash = domain.UnregisteredToken + domain.HashToken(token)
	}
	err := c.Store.InTx(ctx, func(ctx context.Context) error {
		r.ID = 0
		if err := c.Store.Runners().Create(ctx, &r); err != nil {
			return err
		}
		return c.note(ctx, s.Grant.Actor, s.entry(domain.ActionCreate, r, "created", nil, r))
	})
	if err != nil {
		return r, RunnerSecrets{}, err
	}
	return r, secrets, nil
}

func randomToken() string {
	return base64.StdEncoding.EncodeToString(randomBytes(32))
}

// UpdateRunner changes what may be changed of a runner through change, which
// gets the stored one.
func (c *Catalog) UpdateRunner(ctx context.Context, s RunnerScope, id domain.RunnerID, change func(*domain.Runner)) error {
	return c.changeRunner(ctx, s, id, "updated", func(row *domain.Runner) error {
		next := *row
		change(&next)
		row.Name, row.Webhook, row.MaxParallelTasks = next.Name, next.Webhook, next.MaxParallelTasks
		row.Active, row.Tags, row.IsDefault = next.Active, next.Tags, next.IsDefault
		return row.Validate()
	})
}

// SetRunnerActive switches a runner on or off. One that is off gets no work.
func (c *Catalog) SetRunnerActive(ctx context.Context, s RunnerScope, id domain.RunnerID, active bool) error {
	verb := "switched off"
	if active {
		verb = "switched on"
	}
	return c.changeRunner(ctx, s, id, verb, func(row *domain.Runner) error {
		row.Active = active
		return nil
	})
}

// CleanRunner asks a runner to empty its caches.
func (c *Catalog) CleanRunner(ctx context.Context, s RunnerScope, id domain.RunnerID) error {
	return c.changeRunner(ctx, s, id, "asked to empty its caches", func(row *domain.Runner) error {
		now := c.Now().UTC()
		row.CleaningRequested = &now
		return nil
	})
}

// NewRegistrationToken gives a runner that has not registered a new one-time
// token, which takes the place of an earlier one.
func (c *Catalog) NewRegistrationToken(ctx context.Context, s RunnerScope, id domain.RunnerID) (domain.Secret, error) {
	token := randomToken()
	err := c.changeRunner(ctx, s, id, "given a registration token", func(row *domain.Runner) error {
		if row.Registered() {
			return domain.Invalid("", "the runner has registered already; delete it and create a new one if its token is lost")
		}
		hash := domain.HashToken(token)
		row.RegistrationHash = &hash
		return nil
	})
	if err != nil {
		return "", err
	}
	return domain.Secret(token), nil
}

func (c *Catalog) changeRunner(ctx context.Context, s RunnerScope, id domain.RunnerID, verb string, change func(*domain.Runner) error) error {
	if err := s.require(authz.ManageResources); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		if _, err := c.runner(ctx, s, id); err != nil {
			return err
		}
		var before domain.Runner
		after, err := c.Store.Runners().Update(ctx, id, func(row *domain.Runner) error {
			before = *row
			return change(row)
		})
		if err != nil {
			return missing(err, "Runner")
		}
		return c.note(ctx, s.Grant.Actor, s.entry(domain.ActionUpdate, after, verb, before, after))
	})
}

// DeleteRunner removes a runner. Its token is worth nothing from then on.
func (c *Catalog) DeleteRunner(ctx context.Context, s RunnerScope, id domain.RunnerID) error {
	if err := s.require(authz.ManageResources); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		r, err := c.runner(ctx, s, id)
		if err != nil {
			return err
		}
		if err := c.Store.Runners().Delete(ctx, id); err != nil {
			return missing(err, "Runner")
		}
		return c.note(ctx, s.Grant.Actor, s.entry(domain.ActionDelete, r, "deleted", r, nil))
	})
}

// RunnerTag is a tag with the number of runners that have it.
type RunnerTag struct {
	Tag     string
	Runners int
}

// RunnerTags lists the tags that templates can name, by tag.
func (c *Catalog) RunnerTags(ctx context.Context, s RunnerScope) ([]RunnerTag, error) {
	list, err := c.Runners(ctx, s)
	if err != nil {
		return nil, err
	}
	count := map[string]int{}
	for _, r := range list {
		if s.Global && r.ProjectID != nil {
			continue
		}
		for _, tag := range r.Tags {
			count[tag]++
		}
	}
	tags := make([]RunnerTag, 0, len(count))
	for _, tag := range slices.SortedFunc(maps.Keys(count), strings.Compare) {
		tags = append(tags, RunnerTag{Tag: tag, Runners: count[tag]})
	}
	return tags, nil
}
