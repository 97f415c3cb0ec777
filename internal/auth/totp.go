package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"signalbox/internal/audit"
	"signalbox/internal/domain"
	letters "signalbox/internal/mail"
	"signalbox/internal/store"
)

// Words that clients of the reference look for in the answers of a sign-in.
const (
	totpRequired  = "TOTP_REQUIRED"
	totpDisabled  = "TOTP_DISABLED"
	badPasscode   = "INVALID_PASSCODE"
	badRecovery   = "INVALID_RECOVERY_CODE"
	notEnabled    = "TOTP not enabled"
	recoveryCodes = 10
	recoveryBytes = 10 // 80 bits, 16 characters
)

// proofLife is how long after a proof nothing more has to be proved.
const proofLife = 5 * time.Minute

// TOTPMethod tells whether codes are a second factor here, and whether recovery
// codes are.
func (s *Service) TOTPMethod() (enabled, recovery bool) {
	return s.cfg.TOTP.Enabled, s.cfg.TOTP.Enabled && s.cfg.TOTP.AllowRecovery
}

// TOTP returns the second factor of a user, nil when there is none that counts.
func (s *Service) TOTP(ctx context.Context, id domain.UserID) (*domain.TOTP, error) {
	f, err := s.factor(ctx, id)
	if err != nil || f == nil || !f.Confirmed {
		return nil, err
	}
	f.Secret = ""
	return f, nil
}

// factor returns the second factor, counting or not, nil when there is none.
func (s *Service) factor(ctx context.Context, id domain.UserID) (*domain.TOTP, error) {
	f, err := s.cfg.Store.TOTPs().First(ctx, store.Where(store.Eq("user_id", id)))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return &f, err
}

// Enrolment is a new second factor; its secrets are shown now and never again.
type Enrolment struct {
	Factor        domain.TOTP
	URL           domain.Secret
	RecoveryCodes []domain.Secret
}

// EnrolTOTP gives a user a new second factor, which counts once a code of it was
// entered. One that does not count yet is replaced.
func (s *Service) EnrolTOTP(ctx context.Context, actor domain.Actor, id domain.UserID) (Enrolment, error) {
	if actor.User.ID != id || actor.System() {
		return Enrolment{}, domain.Forbidden("only the users themselves can set up a second factor; an administrator can remove it")
	}
	return s.enrol(ctx, actor, actor.User, s.cfg.TOTP.Immediate)
}

// GiveTOTP is EnrolTOTP for whoever has the machine; the factor counts at once.
func (s *Service) GiveTOTP(ctx context.Context, actor domain.Actor, user domain.User) (Enrolment, error) {
	return s.enrol(ctx, actor, user, true)
}

func (s *Service) enrol(ctx context.Context, actor domain.Actor, user domain.User, confirmed bool) (Enrolment, error) {
	if err := mayManage(actor); err != nil {
		return Enrolment{}, err
	}
	if !s.cfg.TOTP.Enabled {
		return Enrolment{}, domain.Invalid("", "TOTP is not enabled on this server")
	}
	secret := randomBytes(20)
	sealed, err := s.cfg.Sealer.Seal(secret, domain.TOTP{UserID: user.ID}.Place())
	if err != nil {
		return Enrolment{}, fmt.Errorf("seal second factor: %w", err)
	}
	out := Enrolment{URL: otpURL(s.cfg.TOTP.Issuer, user.Email, secret)}
	if s.cfg.TOTP.AllowRecovery {
		for range recoveryCodes {
			out.RecoveryCodes = append(out.RecoveryCodes, domain.Secret(base32Text.EncodeToString(randomBytes(recoveryBytes))))
		}
	}
	err = s.cfg.Store.InTx(ctx, func(ctx context.Context) error {
		old, err := s.factor(ctx, user.ID)
		if err != nil {
			return err
		}
		if old != nil && old.Confirmed {
			return domain.Invalid("", "TOTP already enabled")
		}
		if err := s.dropFactor(ctx, user.ID); err != nil {
			return err
		}
		out.Factor = domain.TOTP{UserID: user.ID, Created: s.cfg.Now().UTC().Truncate(time.Second), Secret: sealed, Confirmed: confirmed}
		if err := s.cfg.Store.TOTPs().Create(ctx, &out.Factor); err != nil {
			return err
		}
		for _, code := range out.RecoveryCodes {
			row := domain.RecoveryCode{UserID: user.ID, Hash: recoveryHash(user.ID, code.Reveal())}
			if err := s.cfg.Store.RecoveryCodes().Create(ctx, &row); err != nil {
				return err
			}
		}
		if !confirmed {
			return s.noteUser(ctx, actor, user, "Second factor of user %s prepared")
		}
		if err := s.endOthers(ctx, actor, user.ID); err != nil {
			return err
		}
		return s.noteUser(ctx, actor, user, "Second factor of user %s set up")
	})
	out.Factor.Secret = ""
	if err == nil && confirmed {
		s.post.Tell(user, actor.Address, letters.FactorOn)
	}
	return out, err
}

// dropFactor removes the second factor with its recovery codes.
func (s *Service) dropFactor(ctx context.Context, id domain.UserID) error {
	mine := store.Eq("user_id", id)
	if _, err := s.cfg.Store.RecoveryCodes().DeleteWhere(ctx, mine); err != nil {
		return err
	}
	_, err := s.cfg.Store.TOTPs().DeleteWhere(ctx, mine)
	return err
}

// own returns a user's factor of an id.
func (s *Service) own(ctx context.Context, id domain.UserID, tid domain.TOTPID) (domain.TOTP, error) {
	f, err := s.factor(ctx, id)
	switch {
	case err != nil:
		return domain.TOTP{}, err
	case f == nil:
		return domain.TOTP{}, domain.Invalid("", notEnabled)
	case f.ID != tid:
		return domain.TOTP{}, domain.NotFound("second factor")
	}
	return *f, nil
}

// TOTPAddress returns what authenticators read from the QR code, as long as no
// code of the factor was taken. Nobody but its user sees it.
func (s *Service) TOTPAddress(ctx context.Context, actor domain.Actor, id domain.UserID, tid domain.TOTPID) (domain.Secret, error) {
	if actor.User.ID != id || actor.System() {
		return "", domain.Forbidden("only the users themselves can see the secret of a second factor")
	}
	if err := mayManage(actor); err != nil {
		return "", err
	}
	f, err := s.own(ctx, id, tid)
	if domain.IsKind(err, domain.KindInvalid) || err == nil && f.LastStep != 0 {
		return "", &domain.Error{Kind: domain.KindNotFound, Message: notEnabled}
	}
	if err != nil {
		return "", err
	}
	secret, err := s.openFactor(f)
	if err != nil {
		return "", err
	}
	return otpURL(s.cfg.TOTP.Issuer, actor.User.Email, secret), nil
}

func (s *Service) openFactor(f domain.TOTP) ([]byte, error) {
	if s.cfg.Sealer == nil {
		return nil, domain.Forbidden(totpDisabled)
	}
	secret, err := s.cfg.Sealer.Open(f.Secret, f.Place())
	if err != nil {
		return nil, fmt.Errorf("open second factor %d: %w", f.ID, err)
	}
	return secret, nil
}

// errWrongCode says that a code is wrong or used up.
var errWrongCode = errors.New("wrong code")

// take checks a code of a factor and uses it up.
func (s *Service) take(ctx context.Context, f domain.TOTP, code string) error {
	secret, err := s.openFactor(f)
	if err != nil {
		return err
	}
	step, ok := otpMatch(secret, code, s.cfg.Now(), f.LastStep)
	if !ok {
		return errWrongCode
	}
	_, err = s.cfg.Store.TOTPs().Update(ctx, f.ID, func(row *domain.TOTP) error {
		if row.LastStep >= step { // taken by another request just now
			return errWrongCode
		}
		row.LastStep, row.Confirmed = step, true
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return errWrongCode
	}
	return err
}

// takeAny is take for sign-ins, where a recovery code stands in for a code once.
func (s *Service) takeAny(ctx context.Context, f domain.TOTP, code domain.Secret) error {
	text := bareCode(code)
	if len(text) == otpDigits {
		return s.take(ctx, f, text)
	}
	if !s.cfg.TOTP.AllowRecovery {
		return errWrongCode
	}
	return s.takeRecovery(ctx, f.UserID, text)
}

// takeRecovery checks a recovery code and uses it up.
func (s *Service) takeRecovery(ctx context.Context, id domain.UserID, text string) error {
	if text == "" || len(text) > 64 {
		return errWrongCode
	}
	rows, err := s.cfg.Store.RecoveryCodes().List(ctx, store.Where(store.Eq("user_id", id)))
	if err != nil {
		return err
	}
	hash := recoveryHash(id, text)
	for _, row := range rows {
		match := subtle.ConstantTimeCompare([]byte(row.Hash), []byte(hash)) == 1
		if strings.HasPrefix(row.Hash, "$2") { // the single one of the reference
			match = bcrypt.CompareHashAndPassword([]byte(row.Hash), []byte(text)) == nil
		}
		if !match {
			continue
		}
		if err := s.cfg.Store.RecoveryCodes().Delete(ctx, row.ID); errors.Is(err, store.ErrNotFound) {
			return errWrongCode
		} else if err != nil {
			return err
		}
		return nil
	}
	return errWrongCode
}

// recoveryHash needs no salt of its own: the codes are random.
func recoveryHash(id domain.UserID, code string) string {
	return domain.HashToken(fmt.Sprintf("recovery\x00%d\x00%s", id, code))
}

// codeTries is the name under which wrong codes of a user are counted. Apart from
// passwords: whoever knows the password must not start over by giving it.
func codeTries(id domain.UserID) string { return fmt.Sprintf("code:%d", id) }

func passwordTries(id domain.UserID) string { return fmt.Sprintf("user:%d", id) }

// guarded runs a check that slows guessing down.
func (s *Service) guarded(ctx context.Context, id domain.UserID, address string, check func() error) error {
	done, err := s.begin(ctx, id, codeTries(id), "address:"+address)
	if err != nil {
		return err
	}
	err = check()
	switch {
	case err == nil:
		done(succeeded)
	case errors.Is(err, errWrongCode):
		done(failed)
	default:
		done(unclear)
	}
	return err
}

// ConfirmTOTP makes a factor count by a code of it, and ends the user's other
// sessions.
func (s *Service) ConfirmTOTP(ctx context.Context, actor domain.Actor, id domain.UserID, tid domain.TOTPID, code domain.Secret) error {
	if actor.User.ID != id || actor.System() {
		return domain.Forbidden("only the users themselves can set up a second factor; an administrator can remove it")
	}
	if err := mayManage(actor); err != nil {
		return err
	}
	f, err := s.own(ctx, id, tid)
	if err != nil {
		return err
	}
	if f.Confirmed {
		return domain.Invalid("", "TOTP already enabled")
	}
	err = s.confirm(ctx, actor, f, code)
	if errors.Is(err, errWrongCode) {
		return domain.Invalid("passcode", "this is not the present code; check the clock of the device and enter the code it shows now")
	}
	return err
}

func (s *Service) confirm(ctx context.Context, actor domain.Actor, f domain.TOTP, code domain.Secret) error {
	err := s.guarded(ctx, f.UserID, actor.Address, func() error {
		return s.cfg.Store.InTx(ctx, func(ctx context.Context) error {
			if err := s.take(ctx, f, bareCode(code)); err != nil {
				return err
			}
			if err := s.endOthers(ctx, actor, f.UserID); err != nil {
				return err
			}
			if err := s.proved(ctx, actor); err != nil {
				return err
			}
			return s.noteUser(ctx, actor, actor.User, "Second factor of user %s set up")
		})
	})
	if err == nil {
		s.post.Tell(actor.User, actor.Address, letters.FactorOn)
	}
	return err
}

// RemoveTOTP takes away a second factor. Users prove in a browser session once
// more who they are; an administrator can do it for others.
func (s *Service) RemoveTOTP(ctx context.Context, actor domain.Actor, id domain.UserID, tid domain.TOTPID, password, code domain.Secret) error {
	self := actor.User.ID == id && !actor.System()
	if !self && !actor.User.Admin {
		return domain.Unauthenticated("only an administrator may do this")
	}
	if err := mayManage(actor); err != nil {
		return err
	}
	f, err := s.own(ctx, id, tid)
	if err != nil {
		return err
	}
	if self && f.Confirmed {
		if err := s.Prove(ctx, actor, password, code); err != nil {
			return err
		}
	}
	user, err := s.cfg.Store.Users().Get(ctx, id)
	if err != nil {
		return err
	}
	return s.removeFactor(ctx, actor, user)
}

// TakeTOTP is RemoveTOTP for whoever has the machine.
func (s *Service) TakeTOTP(ctx context.Context, actor domain.Actor, user domain.User) error {
	f, err := s.factor(ctx, user.ID)
	if err != nil {
		return err
	}
	if f == nil {
		return domain.Conflict("%s has no second factor", user.Username)
	}
	return s.removeFactor(ctx, actor, user)
}

func (s *Service) removeFactor(ctx context.Context, actor domain.Actor, user domain.User) error {
	err := s.cfg.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.dropFactor(ctx, user.ID); err != nil {
			return err
		}
		if err := s.endOthers(ctx, actor, user.ID); err != nil {
			return err
		}
		return s.noteUser(ctx, actor, user, "Second factor of user %s removed")
	})
	if err == nil {
		s.post.Tell(user, actor.Address, letters.FactorOff)
	}
	return err
}

// Verify takes the second factor of a sign-in and renews the cookie. Nothing
// pending is fine; then pending is false and there is no new cookie. The first
// code of a factor that does not count yet makes it count.
func (s *Service) Verify(ctx context.Context, cookie string, code domain.Secret, c Client) (ticket Ticket, pending bool, err error) {
	session, user, err := s.session(ctx, cookie)
	if domain.IsKind(err, domain.KindUnauthenticated) {
		row, err := s.waitsForMail(ctx, cookie)
		if err != nil {
			return Ticket{}, false, err
		}
		ticket, err = s.verifyMailLogin(ctx, row, code, c)
		return ticket, true, err
	}
	if err != nil {
		return Ticket{}, false, err
	}
	if session.Pending == domain.FactorMail {
		ticket, err = s.verifyMailFactor(ctx, session, user, code, c)
		return ticket, true, err
	}
	if session.Pending == domain.FactorNone {
		f, err := s.factor(ctx, user.ID)
		if err != nil || f == nil || f.Confirmed || !s.cfg.TOTP.Enabled {
			return Ticket{}, false, err
		}
		actor := c.actor(user)
		actor.SessionID = session.ID
		err = s.confirm(ctx, actor, *f, code)
		if errors.Is(err, errWrongCode) {
			err = domain.Unauthenticated(badPasscode)
		}
		return Ticket{}, true, err
	}
	if !s.cfg.TOTP.Enabled {
		return Ticket{}, true, domain.Forbidden(totpDisabled)
	}
	ticket, err = s.complete(ctx, session, user, c, badPasscode, nil, func(ctx context.Context) error {
		f, err := s.factor(ctx, user.ID)
		if err != nil {
			return err
		}
		if f == nil || !f.Confirmed { // taken away meanwhile: nothing to prove any more
			return nil
		}
		return s.takeAny(ctx, *f, code)
	})
	return ticket, true, err
}

// Recover completes a sign-in by a recovery code, which takes the second factor
// away. Nothing pending is fine.
func (s *Service) Recover(ctx context.Context, cookie string, code domain.Secret, c Client) (ticket Ticket, pending bool, err error) {
	session, user, err := s.session(ctx, cookie)
	if err != nil {
		return Ticket{}, false, err
	}
	if session.Pending == domain.FactorNone {
		return Ticket{}, false, nil
	}
	if session.Pending != domain.FactorTOTP || !s.cfg.TOTP.Enabled || !s.cfg.TOTP.AllowRecovery {
		return Ticket{}, true, domain.Forbidden(totpDisabled)
	}
	if f, err := s.factor(ctx, user.ID); err != nil {
		return Ticket{}, true, err
	} else if f == nil {
		return Ticket{}, true, domain.Invalid("", notEnabled)
	}
	ticket, err = s.complete(ctx, session, user, c, badRecovery, nil, func(ctx context.Context) error {
		if err := s.takeRecovery(ctx, user.ID, bareCode(code)); err != nil {
			return err
		}
		if err := s.dropFactor(ctx, user.ID); err != nil {
			return err
		}
		return s.noteUser(ctx, c.actor(user), user, "Second factor of user %s removed by a recovery code")
	})
	if err == nil {
		s.post.Tell(user, c.Address, letters.FactorRecovered)
	}
	return ticket, true, err
}

// complete turns half a session into a whole one with a new cookie. What try does
// stays done when the proof is refused; nil does nothing.
func (s *Service) complete(ctx context.Context, session domain.Session, user domain.User, c Client, refusal string, try, prove func(context.Context) error) (Ticket, error) {
	token := randomText()
	err := s.guarded(ctx, user.ID, c.Address, func() error {
		if try != nil {
			if err := try(ctx); err != nil {
				return err
			}
		}
		return s.cfg.Store.InTx(ctx, func(ctx context.Context) error {
			if err := prove(ctx); err != nil {
				return err
			}
			now := s.cfg.Now().UTC()
			_, err := s.cfg.Store.Sessions().Update(ctx, session.ID, func(row *domain.Session) error {
				row.TokenHash, row.Pending, row.VerifiedAt, row.LastActive = domain.HashToken(token), domain.FactorNone, &now, now
				return nil
			})
			if err != nil {
				return err
			}
			return s.noteLogin(ctx, c, user)
		})
	})
	if errors.Is(err, errWrongCode) {
		s.noteRefusal(ctx, c, user, "Second factor of %s refused")
		return Ticket{}, domain.Unauthenticated("%s", refusal)
	}
	if err != nil {
		return Ticket{}, err
	}
	return Ticket{Cookie: s.sign(token), User: user}, nil
}

// Prove checks that it is still the user who sits at the browser: by a proof of
// the last minutes, the password, or a code. API tokens prove nothing; what they
// are for was said when they were made.
func (s *Service) Prove(ctx context.Context, actor domain.Actor, password, code domain.Secret) error {
	if actor.ByToken() {
		return nil
	}
	if session, err := s.cfg.Store.Sessions().Get(ctx, actor.SessionID); err == nil {
		if v := session.VerifiedAt; v != nil && s.cfg.Now().Sub(*v) < proofLife {
			return nil
		}
	}
	if password == "" && code == "" {
		return domain.Invalid("current_password", "enter your present password")
	}
	err := s.guarded(ctx, actor.User.ID, actor.Address, func() error {
		if password != "" {
			err := s.check(ctx, actor.User, true, password)
			if domain.IsKind(err, domain.KindUnauthenticated) {
				err = errWrongCode
			}
			return err
		}
		f, err := s.factor(ctx, actor.User.ID)
		if err != nil {
			return err
		}
		if f == nil || !f.Confirmed {
			return errWrongCode
		}
		return s.take(ctx, *f, bareCode(code))
	})
	if errors.Is(err, errWrongCode) {
		if password != "" {
			return domain.Invalid("current_password", "this is not your present password")
		}
		return domain.Invalid("passcode", "this is not the present code, or it was used already")
	}
	if err != nil {
		return err
	}
	return s.proved(ctx, actor)
}

// proved remembers that the user of a session proved who they are.
func (s *Service) proved(ctx context.Context, actor domain.Actor) error {
	if actor.SessionID == 0 {
		return nil
	}
	now := s.cfg.Now().UTC()
	_, err := s.cfg.Store.Sessions().Update(ctx, actor.SessionID, func(row *domain.Session) error {
		row.VerifiedAt = &now
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// mayManage refuses accounts, tokens and factors to API tokens that are not for
// them.
func mayManage(actor domain.Actor) error {
	if actor.Token.Has(domain.ScopeAdmin) {
		return nil
	}
	return domain.Forbidden("this token lacks the scope %q", domain.ScopeAdmin)
}

// noteUser adds a line about the account of a user.
func (s *Service) noteUser(ctx context.Context, actor domain.Actor, user domain.User, text string) error {
	return s.note(ctx, actor, audit.Entry{
		Action: domain.ActionUpdate, Object: domain.ObjectUser, ID: int64(user.ID), Target: user.Username, Text: fmt.Sprintf(text, user.Username),
	})
}
