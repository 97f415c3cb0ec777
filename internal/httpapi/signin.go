package httpapi

import (
	"encoding/base64"

	"signalbox/internal/auth"
	"signalbox/internal/httpapi/wire"
)

func (a *api) loginByMail(c *call, in *wire.MailLoginInput) (none, error) {
	ticket, err := a.Auth.LoginByMail(c.r.Context(), in.Email, c.client())
	return none{}, c.signedIn(ticket, err)
}

// signedIn hands out the cookie of a new session. The browser's old one, if any,
// ends where it begins.
func (c *call) signedIn(ticket auth.Ticket, err error) error {
	if err != nil {
		return err
	}
	if err := c.api.Auth.Discard(c.r.Context(), sessionCookie(c.r)); err != nil {
		return err
	}
	c.setCookie(ticket.Cookie)
	return nil
}

func (a *api) resendMail(c *call, _ *none) (none, error) {
	return none{}, a.Auth.ResendMail(c.r.Context(), sessionCookie(c.r), c.client())
}

func (a *api) changeRequired(c *call, in *wire.NewPasswordInput) (none, error) {
	ticket, err := a.Auth.ChangeRequired(c.r.Context(), sessionCookie(c.r), in.Password.Secret(), c.client())
	if err == nil {
		c.setCookie(ticket.Cookie)
	}
	return none{}, err
}

func (a *api) enrolRequired(c *call, _ *none) (wire.RequiredFactor, error) {
	e, err := a.Auth.EnrolRequired(c.r.Context(), sessionCookie(c.r), c.client())
	if err != nil {
		return wire.RequiredFactor{}, err
	}
	picture, err := drawQR(e.URL)
	return wire.FromRequired(e.URL, "data:"+pngType+";base64,"+base64.StdEncoding.EncodeToString(picture), e.RecoveryCodes), err
}

func (a *api) askReset(c *call, in *wire.ResetInput) (none, error) {
	return none{}, a.Auth.AskReset(c.r.Context(), in.Auth, c.client())
}

func (a *api) resetPassword(c *call, in *wire.ResetPasswordInput) (none, error) {
	return none{}, a.Auth.ResetPassword(c.r.Context(), in.Token.Secret(), in.Password.Secret(), c.client())
}
