package httpapi

import (
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
