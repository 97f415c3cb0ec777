package httpapi

import (
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

func (a *api) describeUser(u domain.User) wire.CurrentUser {
	return wire.CurrentUser{
		User: wire.FromUser(u), CanCreateProject: u.Admin || a.Catalog.AnyoneCreates, HasActiveSubscription: true,
	}
}

func (a *api) currentUser(c *call, _ *none) (wire.CurrentUser, error) {
	return a.describeUser(c.actor().User), nil
}

func (a *api) listTokens(c *call, _ *none) ([]wire.Token, error) {
	tokens, err := a.Auth.Tokens(c.r.Context(), c.actor().User.ID)
	return wire.FromTokens(tokens, a.Now()), err
}

func (a *api) createToken(c *call, in *wire.TokenInput) (wire.Token, error) {
	text, token, err := a.Auth.CreateToken(c.r.Context(), c.actor().User.ID, in.Name, in.ExpiresAt)
	if err != nil {
		return wire.Token{}, err
	}
	shape := wire.FromToken(token, a.Now())
	shape.ID = text
	return shape, nil
}

func (a *api) deleteToken(c *call, _ *none) (none, error) {
	return none{}, a.Auth.DeleteTokens(c.r.Context(), c.actor().User.ID, c.r.PathValue("token"))
}

func (a *api) listUsers(c *call, _ *none) ([]wire.UserListItem, error) {
	users, err := a.Catalog.Users(c.r.Context(), c.param("s"))
	return wire.FromUsers(users, c.actor().User.Admin), err
}

func (a *api) createUser(c *call, in *wire.UserInput) (wire.User, error) {
	u, err := a.Catalog.CreateUser(c.r.Context(), c.actor(), in.User(), in.Password.Secret())
	return wire.FromUser(u), err
}

func (a *api) getUser(c *call, _ *none) (wire.User, error) {
	u, err := a.Catalog.User(c.r.Context(), domain.UserID(c.id("user_id")))
	if err != nil {
		return wire.User{}, err
	}
	if !c.actor().User.Admin && c.actor().User.ID != u.ID {
		return wire.MaskedUser(u), nil
	}
	return wire.FromUser(u), nil
}

func (a *api) replaceUser(c *call, in *wire.UserInput) (none, error) {
	return none{}, a.Catalog.ReplaceUser(c.r.Context(), c.actor(), domain.UserID(c.id("user_id")), in.User(), in.Password.Secret())
}

func (a *api) deleteUser(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteUser(c.r.Context(), c.actor(), domain.UserID(c.id("user_id")))
}

func (a *api) setPassword(c *call, in *wire.PasswordInput) (none, error) {
	return none{}, a.Catalog.SetPassword(c.r.Context(), c.actor(), domain.UserID(c.id("user_id")), in.Password.Secret())
}
