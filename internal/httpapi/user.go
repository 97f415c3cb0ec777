package httpapi

import (
	"signalbox/internal/auth"
	"signalbox/internal/catalog"
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

func (a *api) describeUser(c *call, u domain.User) (wire.CurrentUser, error) {
	factor, err := a.Auth.TOTP(c.r.Context(), u.ID)
	return wire.CurrentUser{
		User: wire.FromUser(u).WithTOTP(factor), CanCreateProject: u.Admin || a.Catalog.AnyoneCreates, HasActiveSubscription: true,
	}, err
}

func (a *api) currentUser(c *call, _ *none) (wire.CurrentUser, error) {
	return a.describeUser(c, c.actor().User)
}

func (a *api) listTokens(c *call, _ *none) ([]wire.Token, error) {
	tokens, err := a.Auth.Tokens(c.r.Context(), c.actor().User.ID)
	return wire.FromTokens(tokens, a.Now()), err
}

func (a *api) createToken(c *call, in *wire.TokenInput) (wire.Token, error) {
	scopes, projects := in.ScopesAndProjects()
	text, token, err := a.Auth.MakeToken(c.r.Context(), c.actor(), auth.NewToken{Name: in.Name, ExpiresAt: in.ExpiresAt, Scopes: scopes, Projects: projects})
	if err != nil {
		return wire.Token{}, err
	}
	shape := wire.FromToken(token, a.Now())
	shape.ID = text
	return shape, nil
}

func (a *api) deleteToken(c *call, _ *none) (none, error) {
	return none{}, a.Auth.DeleteTokens(c.r.Context(), c.actor(), c.r.PathValue("token"))
}

func (a *api) listUsers(c *call, _ *none) ([]wire.UserListItem, error) {
	users, err := a.Catalog.Users(c.r.Context(), c.param("s"))
	return wire.FromUsers(users, c.actor().User.Admin), err
}

func (a *api) createUser(c *call, in *wire.UserInput) (wire.User, error) {
	user := in.User()
	user.Disabled = in.Disabled != nil && *in.Disabled
	user.MustChangePassword = !in.External && in.MustChangePassword != nil && *in.MustChangePassword
	u, err := a.Catalog.CreateUser(c.r.Context(), c.actor(), user, in.Password.Secret())
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
	factor, err := a.Auth.TOTP(c.r.Context(), u.ID)
	return wire.FromUser(u).WithTOTP(factor), err
}

func (a *api) replaceUser(c *call, in *wire.UserInput) (none, error) {
	return none{}, a.Catalog.ReplaceUser(c.r.Context(), c.actor(), c.userID(), catalog.UserChange{
		User: in.User(), Password: in.Password.Secret(), Current: in.CurrentPassword.Secret(), Disabled: in.Disabled,
		MustChange: in.MustChangePassword,
	})
}

func (a *api) deleteUser(c *call, _ *none) (none, error) {
	return none{}, a.Catalog.DeleteUser(c.r.Context(), c.actor(), domain.UserID(c.id("user_id")))
}

func (a *api) setPassword(c *call, in *wire.PasswordInput) (none, error) {
	return none{}, a.Catalog.SetPassword(c.r.Context(), c.actor(), c.userID(), catalog.UserChange{
		Password: in.Password.Secret(), Current: in.CurrentPassword.Secret(), MustChange: in.MustChangePassword,
	})
}
