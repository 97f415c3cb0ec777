package httpapi

import (
	"bytes"
	"image/png"
	"net/http"
	"strconv"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"signalbox/internal/auth"
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

const (
	pngType = "image/png"
	// qrSize is the width and height of the picture in pixels.
	qrSize = 256
)

func (a *api) authMethods() wire.AuthMethods {
	var methods wire.AuthMethods
	if enabled, recovery := a.Auth.TOTPMethod(); enabled {
		methods.TOTP = &wire.TOTPMethod{AllowRecovery: recovery}
	}
	if enabled, login := a.Auth.EmailMethod(); enabled {
		methods.Email = &wire.EmailMethod{Login: login}
	}
	return methods
}

func (a *api) verify(c *call, in *wire.PasscodeInput) (none, error) {
	ticket, pending, err := a.Auth.Verify(c.r.Context(), sessionCookie(c.r), in.Passcode.Secret(), c.client())
	return none{}, c.completed(ticket, pending, err, http.StatusOK)
}

func (a *api) recover(c *call, in *wire.RecoveryInput) (none, error) {
	ticket, pending, err := a.Auth.Recover(c.r.Context(), sessionCookie(c.r), in.RecoveryCode.Secret(), c.client())
	return none{}, c.completed(ticket, pending, err, http.StatusNoContent)
}

// completed hands out the new cookie of a sign-in.
func (c *call) completed(ticket auth.Ticket, pending bool, err error, status int) error {
	if err != nil {
		return err
	}
	if ticket.Cookie != "" {
		c.setCookie(ticket.Cookie)
	}
	if !pending {
		status = http.StatusNoContent
	}
	c.status = status
	return nil
}

func (c *call) userID() domain.UserID { return domain.UserID(c.id("user_id")) }

func (a *api) createTOTP(c *call, _ *none) (wire.UserTOTP, error) {
	e, err := a.Auth.EnrolTOTP(c.r.Context(), c.actor(), c.userID())
	return wire.FromEnrolment(e.Factor, e.URL, e.RecoveryCodes), err
}

func (a *api) confirmTOTP(c *call, in *wire.PasscodeInput) (none, error) {
	return none{}, a.Auth.ConfirmTOTP(c.r.Context(), c.actor(), c.userID(), domain.TOTPID(c.id("totp_id")), in.Passcode.Secret())
}

func (a *api) totpQR(c *call, _ *none) error {
	address, err := a.Auth.TOTPAddress(c.r.Context(), c.actor(), c.userID(), domain.TOTPID(c.id("totp_id")))
	if err != nil {
		return err
	}
	picture, err := drawQR(address)
	if err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Type", pngType)
	h.Set("Content-Length", strconv.Itoa(len(picture)))
	_, _ = c.w.Write(picture) // the client may be gone
	return nil
}

// drawQR returns the PNG of a QR code.
func drawQR(text domain.Secret) ([]byte, error) {
	code, err := qr.Encode(text.Reveal(), qr.M, qr.Auto)
	if err != nil {
		return nil, err
	}
	scaled, err := barcode.Scale(code, qrSize, qrSize)
	if err != nil {
		return nil, err
	}
	var picture bytes.Buffer
	err = png.Encode(&picture, scaled)
	return picture.Bytes(), err
}

func (a *api) deleteTOTP(c *call, in *wire.ProofInput) (none, error) {
	return none{}, a.Auth.RemoveTOTP(c.r.Context(), c.actor(), c.userID(), domain.TOTPID(c.id("totp_id")), in.CurrentPassword.Secret(), in.Passcode.Secret())
}

func (a *api) unlockUser(c *call, _ *none) (none, error) {
	return none{}, a.Auth.Unlock(c.r.Context(), c.actor(), c.userID())
}

// subject is the user that a route below /user or /users/{user_id} is about.
func (c *call) subject() domain.UserID {
	if c.r.PathValue("user_id") == "" {
		return c.actor().User.ID
	}
	return c.userID()
}

func (a *api) listSessions(c *call, _ *none) ([]wire.Session, error) {
	if _, err := a.Catalog.User(c.r.Context(), c.subject()); err != nil {
		return nil, err
	}
	sessions, err := a.Auth.Sessions(c.r.Context(), c.actor(), c.subject())
	return wire.FromSessions(sessions, c.actor().SessionID), err
}

func (a *api) deleteSessions(c *call, _ *none) (none, error) {
	return none{}, a.Auth.EndSessions(c.r.Context(), c.actor(), c.subject())
}

func (a *api) deleteSession(c *call, _ *none) (none, error) {
	return none{}, a.Auth.EndSession(c.r.Context(), c.actor(), c.subject(), domain.SessionID(c.id("session_id")))
}

func (a *api) userOptions(c *call, _ *none) (map[string]wire.Any, error) {
	options, err := a.Catalog.UserOptions(c.r.Context(), c.actor())
	out := map[string]wire.Any{}
	for key, value := range options {
		out[key] = wire.Any(value)
	}
	return out, err
}

func (a *api) setUserOption(c *call, in *wire.UserOptionInput) error {
	if err := a.Catalog.SetUserOption(c.r.Context(), c.actor(), in.Key, []byte(in.Value)); err != nil {
		return err
	}
	return c.reply(http.StatusOK, wire.UserOption(*in))
}
