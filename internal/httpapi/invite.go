package httpapi

import (
	"context"
	"net/url"

	"signalbox/internal/catalog"
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

func (c *call) inviteID() domain.InviteID { return domain.InviteID(c.id("invite_id")) }

// describeInvite gives the shape of an invitation for who asks.
func (c *call) describeInvite(r catalog.InviteRow) wire.Invite {
	return wire.FromInvite(r.Invite, r.User, r.Inviter, c.grant.Effective().Has(domain.PermManageUsers))
}

func (a *api) listInvites(c *call, _ *none) ([]wire.Invite, error) {
	rows, err := a.Catalog.Invites(c.r.Context(), c.grant, c.sort())
	out := make([]wire.Invite, 0, len(rows))
	for _, r := range rows {
		out = append(out, c.describeInvite(r))
	}
	return out, err
}

func (a *api) createInvite(c *call, in *wire.InviteInput) (wire.NewInvite, error) {
	row, secret, err := a.Catalog.CreateInvite(c.r.Context(), c.grant, in.Invite())
	if err != nil {
		return wire.NewInvite{}, err
	}
	out := wire.NewInvite{Invite: c.describeInvite(row), Token: secret.Reveal()}
	if a.webHost != nil {
		// What comes after # is not sent to servers, nor written to their logs.
		out.URL = a.webHost.JoinPath("invite").String() + "#" + url.Values{"token": {out.Token}}.Encode()
	}
	return out, nil
}

func (a *api) getInvite(c *call, _ *none) (wire.Invite, error) {
	row, err := a.Catalog.Invite(c.r.Context(), c.grant, c.inviteID())
	return c.describeInvite(row), err
}

func (a *api) setInviteStatus(c *call, in *wire.InviteStatusInput) (none, error) {
	return none{}, a.Catalog.SetInviteStatus(c.r.Context(), c.grant, c.inviteID(), domain.InviteStatus(in.Status))
}

func (a *api) deleteInvite(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteInvite(c.r.Context(), c.grant, c.inviteID())
}

func (a *api) acceptInvite(c *call, in *wire.AcceptInput) (wire.Accepted, error) {
	p, err := a.Catalog.AcceptInvite(c.r.Context(), c.actor(), in.Token.Secret())
	return wire.Accepted{ProjectID: int64(p)}, err
}

func (a *api) showInvite(c *call, in *wire.InviteSecret) (wire.InviteView, error) {
	var v catalog.InviteView
	err := a.Auth.ShowLink(c.client(), func() (err error) {
		v, err = a.Catalog.ShowInvite(c.r.Context(), in.Token.Secret())
		return err
	})
	return wire.InviteView{ProjectName: v.Project, Email: v.Email, Registered: v.Registered, PasswordLogin: a.Auth.PasswordLogin()}, err
}

func (a *api) registerByInvite(c *call, in *wire.RegisterInput) (wire.Accepted, error) {
	var project domain.ProjectID
	from := c.client()
	ticket, err := a.Auth.Register(c.r.Context(), from, func(ctx context.Context) (user domain.User, err error) {
		user = domain.User{Username: in.Username, Name: in.Name}
		user, project, err = a.Catalog.Register(ctx, domain.Actor{Address: from.Address, UserAgent: from.UserAgent}, in.Token.Secret(), user, in.Password.Secret())
		return user, err
	})
	if err == nil && ticket.Cookie == "" { // to sign in later
		return wire.Accepted{ProjectID: int64(project)}, nil
	}
	return wire.Accepted{ProjectID: int64(project)}, c.signedIn(ticket, err)
}
