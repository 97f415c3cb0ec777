package httpapi

import (
	"signalbox/internal/catalog"
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

func (c *call) runnerID() domain.RunnerID { return domain.RunnerID(c.id("runner_id")) }

// runners says which runners the address is about.
func (c *call) runners() catalog.RunnerScope {
	return catalog.RunnerScope{Grant: c.grant, Global: !c.route.Action.InProject()}
}

func (a *api) listRunners(c *call, _ *none) ([]wire.Runner, error) {
	list, err := a.Catalog.Runners(c.r.Context(), c.runners())
	return wire.FromRunners(list), err
}

func (a *api) createRunner(c *call, in *wire.RunnerInput) (wire.RunnerWithSecrets, error) {
	var r domain.Runner
	in.Apply(&r)
	r, secrets, err := a.Catalog.CreateRunner(c.r.Context(), c.runners(), r, in.Registered == nil || *in.Registered)
	return wire.RunnerWithSecrets{Runner: wire.FromRunner(r), Token: secrets.Token.Reveal(), PrivateKey: secrets.PrivateKey.Reveal()}, err
}

func (a *api) getRunner(c *call, _ *none) (wire.Runner, error) {
	r, err := a.Catalog.Runner(c.r.Context(), c.runners(), c.runnerID())
	return wire.FromRunner(r), err
}

func (a *api) replaceRunner(c *call, in *wire.RunnerInput) (none, error) {
	return none{}, a.Catalog.UpdateRunner(c.r.Context(), c.runners(), c.runnerID(), in.Apply)
}

func (a *api) setRunnerActive(c *call, in *wire.ActiveInput) (none, error) {
	return none{}, a.Catalog.SetRunnerActive(c.r.Context(), c.runners(), c.runnerID(), in.Active)
}

func (a *api) cleanRunner(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.CleanRunner(c.r.Context(), c.runners(), c.runnerID())
}

func (a *api) registrationToken(c *call, _ *none) (wire.RegistrationToken, error) {
	token, err := a.Catalog.NewRegistrationToken(c.r.Context(), c.runners(), c.runnerID())
	out := wire.RegistrationToken{RegistrationToken: token.Reveal(), RunnerID: int64(c.runnerID())}
	if s := c.runners(); !s.Global {
		p := int64(s.Grant.Project)
		out.ProjectID = &p
	}
	return out, err
}

func (a *api) deleteRunner(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteRunner(c.r.Context(), c.runners(), c.runnerID())
}

func (a *api) listRunnerTags(c *call, _ *none) ([]wire.RunnerTag, error) {
	tags, err := a.Catalog.RunnerTags(c.r.Context(), c.runners())
	out := make([]wire.RunnerTag, 0, len(tags))
	for _, t := range tags {
		out = append(out, wire.RunnerTag{Tag: t.Tag, NumberOfRunners: t.Runners})
	}
	return out, err
}
