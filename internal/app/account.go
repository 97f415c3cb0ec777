package app

import (
	"context"

	"github.com/boombuler/barcode/qr"

	"signalbox/internal/cli"
	"signalbox/internal/domain"
)

// operator is who sits at the machine, in the eyes of use cases that ask.
func operator() domain.Actor { return domain.Actor{User: domain.User{Admin: true}} }

func (a *admin) RevokeTokens(ctx context.Context, owner cli.UserRef, prefix string) error {
	u, err := a.find(ctx, owner)
	if err != nil {
		return err
	}
	before, err := a.auth.Tokens(ctx, u.ID)
	if err != nil {
		return err
	}
	if err := a.auth.DeleteTokens(ctx, domain.Actor{User: u}, prefix); err != nil {
		return err
	}
	after, err := a.auth.Tokens(ctx, u.ID)
	if err == nil && len(after) == len(before) {
		err = domain.NotFound("token")
	}
	return err
}

func (a *admin) Unlock(ctx context.Context, which cli.UserRef) error {
	u, err := a.find(ctx, which)
	if err != nil {
		return err
	}
	return a.auth.Unlock(ctx, domain.Actor{}, u.ID)
}

func (a *admin) EnableTOTP(ctx context.Context, which cli.UserRef) (cli.TOTP, error) {
	u, err := a.find(ctx, which)
	if err != nil {
		return cli.TOTP{}, err
	}
	if f, err := a.auth.TOTP(ctx, u.ID); err != nil {
		return cli.TOTP{}, err
	} else if f != nil {
		return cli.TOTP{}, domain.Conflict("%s has a second factor already", u.Username)
	}
	e, err := a.auth.GiveTOTP(ctx, domain.Actor{}, u)
	if err != nil {
		return cli.TOTP{}, err
	}
	code, err := qr.Encode(e.URL.Reveal(), qr.M, qr.Auto)
	if err != nil {
		return cli.TOTP{}, err
	}
	out := cli.TOTP{URL: e.URL, RecoveryCodes: e.RecoveryCodes}
	size := code.Bounds()
	for y := size.Min.Y; y < size.Max.Y; y++ {
		line := make([]bool, 0, size.Dx())
		for x := size.Min.X; x < size.Max.X; x++ {
			red, _, _, _ := code.At(x, y).RGBA()
			line = append(line, red == 0)
		}
		out.Code = append(out.Code, line)
	}
	return out, nil
}

func (a *admin) ShowTOTP(ctx context.Context, which cli.UserRef) (*domain.TOTP, error) {
	u, err := a.find(ctx, which)
	if err != nil {
		return nil, err
	}
	return a.auth.TOTP(ctx, u.ID)
}

func (a *admin) DisableTOTP(ctx context.Context, which cli.UserRef) error {
	u, err := a.find(ctx, which)
	if err != nil {
		return err
	}
	return a.auth.TakeTOTP(ctx, domain.Actor{}, u)
}

func (a *admin) ListSessions(ctx context.Context, which cli.UserRef) ([]domain.Session, error) {
	u, err := a.find(ctx, which)
	if err != nil {
		return nil, err
	}
	return a.auth.Sessions(ctx, operator(), u.ID)
}

func (a *admin) RevokeSessions(ctx context.Context, which cli.UserRef, id domain.SessionID) error {
	u, err := a.find(ctx, which)
	if err != nil {
		return err
	}
	if id == 0 {
		return a.auth.EndSessions(ctx, operator(), u.ID)
	}
	return a.auth.EndSession(ctx, operator(), u.ID, id)
}
