package catalog

import (
	"context"
	"encoding/base64"
	"errors"
	"net/mail"
	"net/url"
	"strings"

	"signalbox/internal/access"
	"signalbox/internal/audit"
	"signalbox/internal/authz"
	"signalbox/internal/domain"
	letters "signalbox/internal/mail"
	"signalbox/internal/store"
)

// maxInvites bounds the list of invitations.
const maxInvites = 1000

// InviteRow is an invitation as lists show it. User is whom it is for and
// Inviter who made it, nil where there is no account.
type InviteRow struct {
	domain.Invite
	User, Inviter *domain.User
}

// Invites lists the invitations to a project. An invitation that nobody accepted
// in time shows as expired.
func (c *Catalog) Invites(ctx context.Context, g authz.Grant, s Sort) ([]InviteRow, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return nil, err
	}
	order, err := s.order("created", "status", "role")
	if err != nil {
		return nil, err
	}
	list, err := c.Store.Invites().List(ctx, store.Where(store.InProject(g.Project)).By(order, "id").Max(maxInvites))
	if err != nil {
		return nil, err
	}
	var ids []domain.UserID
	for _, i := range list {
		ids = append(ids, deref(i.UserID), deref(i.InviterUserID))
	}
	users := map[domain.UserID]domain.User{}
	if len(ids) > 0 {
		rows, err := c.Store.Users().List(ctx, store.Where(store.In("id", ids)))
		if err != nil {
			return nil, err
		}
		for _, u := range rows {
			users[u.ID] = u
		}
	}
	rows := make([]InviteRow, 0, len(list))
	for _, i := range list {
		rows = append(rows, c.inviteRow(i, users))
	}
	if s.Column == "status" { // what has expired is known only now
		sortBy(rows, s.Desc, func(r InviteRow) string { return string(r.Status) })
	}
	return rows, nil
}

func (c *Catalog) inviteRow(i domain.Invite, users map[domain.UserID]domain.User) InviteRow {
	row := InviteRow{Invite: i}
	row.Status = i.StatusAt(c.Now())
	if u, ok := users[deref(i.UserID)]; ok {
		row.User = &u
	}
	if u, ok := users[deref(i.InviterUserID)]; ok {
		row.Inviter = &u
	}
	return row
}

// Invite returns one invitation.
func (c *Catalog) Invite(ctx context.Context, g authz.Grant, id domain.InviteID) (InviteRow, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return InviteRow{}, err
	}
	i, err := c.invite(ctx, g.Project, id)
	if err != nil {
		return InviteRow{}, err
	}
	return c.withUsers(ctx, i)
}

func (c *Catalog) withUsers(ctx context.Context, i domain.Invite) (InviteRow, error) {
	users := map[domain.UserID]domain.User{}
	for _, id := range []*domain.UserID{i.UserID, i.InviterUserID} {
		if id == nil {
			continue
		}
		u, err := c.Store.Users().Get(ctx, *id)
		if err == nil {
			users[*id] = u
		} else if !errors.Is(err, store.ErrNotFound) {
			return InviteRow{}, err
		}
	}
	return c.inviteRow(i, users), nil
}

func (c *Catalog) invite(ctx context.Context, p domain.ProjectID, id domain.InviteID) (domain.Invite, error) {
	i, err := c.Store.Invites().Get(ctx, id)
	if err == nil && i.ProjectID != p {
		return domain.Invite{}, domain.NotFound("invitation")
	}
	return i, missing(err, "invitation")
}

// inviting returns nil when the server has invitations at all.
func (c *Catalog) inviting() error {
	if !c.Teams.InvitesEnabled {
		return domain.Forbidden("invitations are switched off on this server; add members directly, or have teams.invites_enabled set")
	}
	return nil
}

// CreateInvite invites a user, or whoever has an e-mail address, into the
// project. The secret that accepts the invitation is returned once and not kept.
// Nobody gives a role that can do more than they can.
func (c *Catalog) CreateInvite(ctx context.Context, g authz.Grant, i domain.Invite) (InviteRow, domain.Secret, error) {
	if err := g.Require(authz.ManageMembers); err != nil {
		return InviteRow{}, "", err
	}
	if err := c.inviting(); err != nil {
		return InviteRow{}, "", err
	}
	if err := c.checkInvite(&i); err != nil {
		return InviteRow{}, "", err
	}
	secret := base64.RawURLEncoding.EncodeToString(randomBytes(32))
	i.ProjectID, i.Status, i.TokenHash = g.Project, domain.InvitePending, domain.HashToken(secret)
	i.InviterUserID, i.AcceptedAt = g.Actor.UserID(), nil
	var row InviteRow
	err := c.Store.InTx(ctx, func(ctx context.Context) error {
		i.ID = 0
		if err := c.mayInvite(ctx, g, i); err != nil {
			return err
		}
		if err := c.Store.Invites().Create(ctx, &i); err != nil {
			return err
		}
		var err error
		if row, err = c.withUsers(ctx, i); err != nil {
			return err
		}
		return c.noteInvite(ctx, g.Actor, domain.ActionCreate, i, "created", nil, i)
	})
	if err == nil {
		c.mailInvite(ctx, g, row, secret)
	}
	return row, domain.Secret(secret), err
}

// mailInvite sends an invitation to whom it is for. It stands without the letter
// too: whoever made it has the link.
func (c *Catalog) mailInvite(ctx context.Context, g authz.Grant, row InviteRow, secret string) {
	if !c.post().Ready() || c.WebHost == "" {
		return
	}
	project, err := c.Store.Projects().Get(ctx, g.Project)
	if err != nil {
		return
	}
	address, name := "", ""
	switch {
	case row.User != nil:
		address, name = row.User.Email, row.User.Name
	case row.Email != nil:
		address = *row.Email
	}
	by := "Somebody"
	if row.Inviter != nil {
		by = row.Inviter.Name
	}
	lines := []string{by + " invites you to the project “" + project.Name + "” on Signalbox."}
	if row.ExpiresAt != nil {
		lines = append(lines, "The invitation holds until "+row.ExpiresAt.UTC().Format("2 January 2006, 15:04")+" UTC.")
	}
	c.post().Post(letters.Letter{
		Subject: "Invitation to " + project.Name, Lines: lines,
		// What comes after # is not sent to servers, nor written to their logs.
		Link: c.WebHost + "/invite#" + url.Values{"token": {secret}}.Encode(), Action: "Accept the invitation",
		Footer: "If you do not know what this is about, leave this letter alone.",
	}.To(address, name))
}

// checkInvite looks at the values alone and fills in what was left out.
func (c *Catalog) checkInvite(i *domain.Invite) error {
	if (i.UserID == nil) == (i.Email == nil) {
		return domain.Invalid("user_id", "give either user_id or email")
	}
	switch {
	case i.UserID != nil && c.Teams.InviteType == InviteByEmail:
		return domain.Invalid("user_id", "this server invites by e-mail address; give email")
	case i.Email != nil && c.Teams.InviteType == InviteByUser:
		return domain.Invalid("email", "this server invites users by their account; give user_id")
	}
	if i.Email != nil {
		email := strings.TrimSpace(*i.Email)
		if parsed, err := mail.ParseAddress(email); err != nil || parsed.Address != email || len(email) > 255 {
			return domain.Invalid("email", "%q is not an e-mail address", email)
		}
		i.Email = &email
	}
	now := c.Now().UTC()
	i.Created = now
	if i.ExpiresAt == nil {
		expires := now.Add(domain.InviteLife)
		i.ExpiresAt = &expires
	}
	if !now.Before(*i.ExpiresAt) {
		return domain.Invalid("expires_at", "must be in the future")
	}
	return nil
}

// mayInvite looks at what there is: the role, who is to come, and whether they
// are in or invited already.
func (c *Catalog) mayInvite(ctx context.Context, g authz.Grant, i domain.Invite) error {
	mask, err := c.checkRole(ctx, g.Project, i.Role)
	if err != nil {
		return err
	}
	if err := g.MayGrant("role", mask); err != nil {
		return err
	}
	var user domain.User
	if i.UserID != nil {
		user, err = c.Store.Users().Get(ctx, *i.UserID)
		if errors.Is(err, store.ErrNotFound) {
			return domain.NotFound("user")
		}
	} else {
		user, err = c.Store.Users().First(ctx, store.Where(store.Fold("email", *i.Email)))
		if errors.Is(err, store.ErrNotFound) {
			err = nil // an account may come later
		}
	}
	if err != nil {
		return err
	}
	if user.ID != 0 {
		switch _, err := c.member(ctx, g.Project, user.ID); {
		case err == nil && i.UserID != nil:
			return domain.Conflict("%s is a member already", user.Username)
		case err == nil:
			return domain.Conflict("whoever has this e-mail address is a member already")
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
	}
	open, err := c.Store.Invites().List(ctx, store.Where(store.InProject(g.Project), store.Eq("status", domain.InvitePending)))
	if err != nil {
		return err
	}
	for _, other := range open {
		if other.ID == i.ID || other.StatusAt(c.Now()) != domain.InvitePending {
			continue
		}
		if i.UserID != nil && deref(other.UserID) == *i.UserID || i.Email != nil && other.Email != nil && strings.EqualFold(*other.Email, *i.Email) {
			return domain.Conflict("an invitation is open already; delete it first")
		}
	}
	return nil
}

// SetInviteStatus declines an invitation, lets it expire, or opens it again. One
// that is opened after its time has the usual time from now.
func (c *Catalog) SetInviteStatus(ctx context.Context, g authz.Grant, id domain.InviteID, status domain.InviteStatus) error {
	if err := g.Require(authz.ManageMembers); err != nil {
		return err
	}
	switch status {
	case domain.InvitePending:
		if err := c.inviting(); err != nil {
			return err
		}
	case domain.InviteDeclined, domain.InviteExpired:
	default:
		return domain.Invalid("status", "%q cannot be set; use pending, declined or expired", string(status))
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		before, err := c.inviteToChange(ctx, g, id)
		if err != nil {
			return err
		}
		now := c.Now().UTC()
		if status == domain.InvitePending {
			if err := c.mayInvite(ctx, g, before); err != nil {
				return err
			}
		}
		after, err := c.Store.Invites().Update(ctx, id, func(row *domain.Invite) error {
			if row.Status == domain.InviteAccepted {
				return domain.Conflict("the invitation was accepted already")
			}
			row.Status = status
			if status == domain.InvitePending && (row.ExpiresAt == nil || !now.Before(*row.ExpiresAt)) {
				expires := now.Add(domain.InviteLife)
				row.ExpiresAt = &expires
			}
			return nil
		})
		if err != nil {
			return missing(err, "invitation")
		}
		return c.noteInvite(ctx, g.Actor, domain.ActionUpdate, after, "set to "+string(status), before, after)
	})
}

// inviteToChange returns an invitation to a role that the actor could give.
func (c *Catalog) inviteToChange(ctx context.Context, g authz.Grant, id domain.InviteID) (domain.Invite, error) {
	i, err := c.invite(ctx, g.Project, id)
	if err != nil {
		return i, err
	}
	mask, _, err := access.Permissions(ctx, c.Store, g.Project, i.Role)
	if err != nil {
		return i, err
	}
	return i, g.MayGrant("role", mask)
}

// DeleteInvite removes an invitation.
func (c *Catalog) DeleteInvite(ctx context.Context, g authz.Grant, id domain.InviteID) error {
	if err := g.Require(authz.ManageMembers); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		i, err := c.inviteToChange(ctx, g, id)
		if err != nil {
			return err
		}
		if err := c.Store.Invites().Delete(ctx, id); err != nil {
			return missing(err, "invitation")
		}
		return c.noteInvite(ctx, g.Actor, domain.ActionDelete, i, "deleted", i, nil)
	})
}

// AcceptInvite makes the actor a member of the project that the secret is for,
// and spends it. The invitation must be theirs, and who made it must still be
// one who could.
func (c *Catalog) AcceptInvite(ctx context.Context, actor domain.Actor, secret domain.Secret) (domain.ProjectID, error) {
	if err := authz.Decide(authz.Of(actor), authz.UseAccount); err != nil {
		return 0, err
	}
	if err := c.inviting(); err != nil {
		return 0, err
	}
	if secret == "" {
		return 0, domain.Invalid("token", "the token of the invitation is required")
	}
	var project domain.ProjectID
	err := c.Store.InTx(ctx, func(ctx context.Context) error {
		i, err := c.Store.Invites().First(ctx, store.Where(store.Eq("token_hash", domain.HashToken(secret.Reveal()))))
		if err != nil {
			return missing(err, "invitation")
		}
		if err := c.checkAccept(ctx, actor, i); err != nil {
			return err
		}
		after, err := c.spendInvite(ctx, i)
		if err != nil {
			return err
		}
		project = i.ProjectID
		return c.join(ctx, actor, i, after)
	})
	return project, err
}

// spendInvite makes an open invitation an accepted one, once.
func (c *Catalog) spendInvite(ctx context.Context, i domain.Invite) (domain.Invite, error) {
	now := c.Now().UTC()
	after, err := c.Store.Invites().Update(ctx, i.ID, func(row *domain.Invite) error {
		if s := row.StatusAt(now); s != domain.InvitePending {
			return notOpen(s)
		}
		row.Status, row.AcceptedAt = domain.InviteAccepted, &now
		return nil
	})
	return after, missing(err, "invitation")
}

// join makes the actor a member by an invitation, which was i and is after.
func (c *Catalog) join(ctx context.Context, actor domain.Actor, i, after domain.Invite) error {
	m, err := c.addMember(ctx, i.ProjectID, actor.User, i.Role)
	if domain.IsKind(err, domain.KindConflict) {
		return domain.Invalid("token", "you are a member of this project already")
	}
	if err != nil {
		return err
	}
	if err := c.noteInvite(ctx, actor, domain.ActionUpdate, after, "accepted", i, after); err != nil {
		return err
	}
	g := authz.Grant{Actor: actor, Project: i.ProjectID}
	return c.note(ctx, actor, memberEntry(g, domain.ActionCreate, actor.User, "User %s joined the project as "+string(i.Role), nil, m))
}

func notOpen(s domain.InviteStatus) error {
	text := "this invitation has expired; ask for a new one"
	switch s {
	case domain.InviteAccepted:
		text = "this invitation was accepted already"
	case domain.InviteDeclined:
		text = "this invitation was declined; ask for a new one"
	}
	return domain.Invalid("token", "%s", text)
}

// checkAccept looks at whose the invitation is and whether it still holds.
func (c *Catalog) checkAccept(ctx context.Context, actor domain.Actor, i domain.Invite) error {
	mine := i.UserID != nil && *i.UserID == actor.User.ID || i.Email != nil && strings.EqualFold(*i.Email, actor.User.Email)
	if !mine {
		return domain.Forbidden("this invitation is for somebody else; sign in with the account it was sent to")
	}
	return c.stillHolds(ctx, i)
}

// stillHolds refuses an invitation that is not open, or that whoever made it
// could not make now.
func (c *Catalog) stillHolds(ctx context.Context, i domain.Invite) error {
	if s := i.StatusAt(c.Now()); s != domain.InvitePending {
		return notOpen(s)
	}
	mask, known, err := access.Permissions(ctx, c.Store, i.ProjectID, i.Role)
	if err != nil {
		return err
	}
	withdrawn := domain.Invalid("token", "who invited you may no longer do so; ask for a new invitation")
	if !known || i.InviterUserID == nil {
		return withdrawn
	}
	inviter, err := c.Store.Users().Get(ctx, *i.InviterUserID)
	if errors.Is(err, store.ErrNotFound) {
		return withdrawn
	}
	if err != nil {
		return err
	}
	g, err := access.Grant(ctx, c.Store, domain.Actor{User: inviter}, i.ProjectID)
	if err != nil {
		return err
	}
	if inviter.Disabled || g.Require(authz.ManageMembers) != nil || g.MayGrant("", mask) != nil {
		return withdrawn
	}
	return nil
}

// inviteName says whom an invitation is for.
func (c *Catalog) inviteName(ctx context.Context, i domain.Invite) (string, error) {
	if i.Email != nil {
		return *i.Email, nil
	}
	u, err := c.Store.Users().Get(ctx, deref(i.UserID))
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return u.Username, err
}

// noteInvite tells about an invitation.
func (c *Catalog) noteInvite(ctx context.Context, actor domain.Actor, action domain.EventAction, i domain.Invite, verb string, before, after any) error {
	name, err := c.inviteName(ctx, i)
	if err != nil {
		return err
	}
	text := "Invitation of " + name
	if i.Email != nil {
		text = "Invitation by e-mail" // every member reads the line
	}
	return c.note(ctx, actor, audit.Entry{
		Project: &i.ProjectID, Action: action, Object: domain.ObjectInvite, ID: int64(i.ID), Target: name,
		Text: text + " " + verb, Before: before, After: after,
	})
}
