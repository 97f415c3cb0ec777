package auth

import (
	"context"
	"errors"
	"strings"
	"time"

	"signalbox/internal/domain"
	letters "signalbox/internal/mail"
	"signalbox/internal/store"
)

// resetLife is how long a link to a new password holds.
const resetLife = 30 * time.Minute

const resetDisabled = "PASSWORD_RESET_DISABLED"

// PasswordReset reports whether users who forgot their password can have a link
// mailed.
func (s *Service) PasswordReset() bool {
	return s.cfg.PasswordReset && !s.cfg.PasswordLoginDisabled && s.cfg.WebHost != "" && s.post.Ready()
}

// canReset reports whether a user has a password that can be forgotten.
func canReset(u domain.User) bool { return !u.External && !u.Disabled && u.PasswordHash != "" }

// AskReset mails a link to a new password to the user of a name or an address.
// The answer is the same whether there is one.
func (s *Service) AskReset(ctx context.Context, login string, c Client) error {
	if !s.PasswordReset() {
		return domain.Forbidden(resetDisabled)
	}
	login = strings.ToLower(strings.TrimSpace(login))
	if login == "" || len(login) > 255 {
		return domain.Invalid("auth", "enter your user name or e-mail address")
	}
	user, err := s.find(ctx, login)
	send := err == nil && canReset(user)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	row := domain.MailCode{Purpose: domain.MailReset, Email: login}
	about := login
	if send {
		row.UserID, row.Email = &user.ID, user.Email
		about = passwordTries(user.ID) // name and address are one account
	}
	if err := s.askForMail(about, c); err != nil {
		return err
	}
	token := randomText()
	row.TokenHash = domain.HashToken(token)
	err = s.cfg.Store.InTx(ctx, func(ctx context.Context) error {
		// The last link is the one that holds.
		if _, err := s.cfg.Store.MailCodes().DeleteWhere(ctx, store.Eq("purpose", domain.MailReset), store.Eq("email", row.Email)); err != nil {
			return err
		}
		if _, err := s.newMailCode(ctx, row); err != nil || !send {
			return err
		}
		return s.noteUser(ctx, c.actor(domain.User{}), user, "Link to a new password asked for user %s")
	})
	if err != nil || !send {
		return err
	}
	s.post.Post(letters.Letter{
		Subject: "Choose a new password", Action: "Choose a new password",
		// Behind the number sign, the token reaches neither proxies nor their logs.
		Link: s.cfg.WebHost + "/auth/reset#token=" + token,
		Lines: []string{
			"Somebody, probably you, asked for a new password of the Signalbox account " + user.Username + ".",
			"The link works once, within thirty minutes.",
		},
		Footer: "If it was not you, leave this letter alone: nothing has changed.",
	}.To(user.Email, user.Name))
	return nil
}

// ResetPassword sets a password by a mailed link and ends all sessions of the
// user. It signs nobody in: a second factor is asked for as ever.
func (s *Service) ResetPassword(ctx context.Context, token, password domain.Secret, c Client) error {
	if !s.PasswordReset() {
		return domain.Forbidden(resetDisabled)
	}
	done, err := s.throttle.begin(linkTries(c))
	if err != nil {
		return err
	}
	user, err := s.resetPassword(ctx, token, password, c)
	switch {
	case err == nil:
		done(succeeded)
	case errors.Is(err, errWrongCode):
		done(failed)
		return domain.Invalid("token", "this link is not valid any more; ask for another one")
	default:
		done(unclear)
	}
	if err != nil {
		return err
	}
	s.throttle.forget(passwordTries(user.ID))
	s.mails.forget(passwordTries(user.ID))
	s.post.Tell(user, c.Address, letters.PasswordReset)
	return nil
}

func (s *Service) resetPassword(ctx context.Context, token, password domain.Secret, c Client) (domain.User, error) {
	row, err := s.mailCode(ctx, domain.HashToken(token.Reveal()), domain.MailReset)
	if errors.Is(err, store.ErrNotFound) || err == nil && (row.UserID == nil || s.cfg.Now().Sub(row.Sent) >= resetLife) {
		return domain.User{}, errWrongCode
	}
	if err != nil {
		return domain.User{}, err
	}
	hash, err := s.Hash(ctx, password)
	if err != nil {
		return domain.User{}, err
	}
	var user domain.User
	err = s.cfg.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.useMailCode(ctx, row); err != nil {
			return err
		}
		var err error
		user, err = s.cfg.Store.Users().Update(ctx, *row.UserID, func(u *domain.User) error {
			if !canReset(*u) {
				return errWrongCode
			}
			u.PasswordHash, u.MustChangePassword = hash, false
			return nil
		})
		if errors.Is(err, store.ErrNotFound) {
			return errWrongCode
		}
		if err != nil {
			return err
		}
		if _, err := s.cfg.Store.Sessions().DeleteWhere(ctx, store.Eq("user_id", user.ID)); err != nil {
			return err
		}
		return s.noteUser(ctx, c.actor(user), user, "Password of user %s set by a mailed link")
	})
	return user, err
}
