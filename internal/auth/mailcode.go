package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/mail"
	"strings"
	"time"

	"signalbox/internal/domain"
	letters "signalbox/internal/mail"
	"signalbox/internal/store"
)

// EmailConfig governs codes sent by mail. They are a second factor for users
// with a password and without another factor, and can be all there is to the
// sign-in of external users.
type EmailConfig struct {
	Enabled bool
	// LoginExternal lets external users sign in by a code alone.
	LoginExternal bool
	// CreateExternal makes an external user for an address nobody has.
	CreateExternal bool
	// Domains bound the addresses of both; nil: all.
	Domains []string
}

// Bounds of mailed codes.
const (
	mailCodeDigits = 6
	mailCodeLife   = 10 * time.Minute
	mailCodeTries  = 5
	mailResend     = time.Minute
)

const (
	emailRequired = "EMAIL_OTP_REQUIRED"
	emailDisabled = "EMAIL_OTP_DISABLED"
)

// EmailMethod tells whether codes by mail are a second factor here, and whether
// one can sign in by nothing else.
func (s *Service) EmailMethod() (enabled, login bool) {
	enabled = s.cfg.Email.Enabled && s.post.Ready()
	return enabled, enabled && (s.cfg.Email.LoginExternal || s.cfg.Email.CreateExternal)
}

// errNoCodes is what asking for codes gets where there are none: a server of the
// reference without them does not know the address.
func errNoCodes() error {
	return &domain.Error{Kind: domain.KindNotFound, Message: emailDisabled, Hint: "codes by mail are switched off on this server"}
}

// newMailCode stores a code for a browser or, without digits, a link, and
// returns it. Without a user it is for nobody and can never be given.
func (s *Service) newMailCode(ctx context.Context, row domain.MailCode) (code string, err error) {
	row.ID, row.Created = 0, s.cfg.Now().UTC()
	row.Sent = row.Created
	code = randomDigits(mailCodeDigits)
	if row.Purpose != domain.MailReset {
		row.CodeHash = s.mailCodeHash(row.TokenHash, code)
	}
	return code, s.cfg.Store.MailCodes().Create(ctx, &row)
}

func randomDigits(n int) string {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	v, err := rand.Int(rand.Reader, limit)
	if err != nil { // the reader of the system does not fail
		panic(err)
	}
	return fmt.Sprintf("%0*d", n, v)
}

// mailCodeHash needs the cookie key: few digits would be found by trying.
func (s *Service) mailCodeHash(tokenHash, code string) string {
	mac := hmac.New(sha256.New, s.cfg.CookieKey)
	mac.Write([]byte("mail code\x00" + tokenHash + "\x00" + code))
	return hex.EncodeToString(mac.Sum(nil))
}

// mailCode returns the code that waits for a token; store.ErrNotFound when there
// is none any more.
func (s *Service) mailCode(ctx context.Context, tokenHash string, purposes ...domain.MailPurpose) (domain.MailCode, error) {
	return s.cfg.Store.MailCodes().First(ctx, store.Where(store.Eq("token_hash", tokenHash), store.In("purpose", purposes)))
}

// tryMailCode counts a try and compares. It runs outside of the transaction that
// uses the code up: a refused try must stay counted.
func (s *Service) tryMailCode(ctx context.Context, row domain.MailCode, code domain.Secret) error {
	if s.cfg.Now().Sub(row.Sent) >= mailCodeLife {
		return errWrongCode
	}
	row, err := s.cfg.Store.MailCodes().Update(ctx, row.ID, func(r *domain.MailCode) error {
		if r.Tries >= mailCodeTries {
			return errWrongCode
		}
		r.Tries++
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return errWrongCode
	}
	if err != nil {
		return err
	}
	if !hmac.Equal([]byte(row.CodeHash), []byte(s.mailCodeHash(row.TokenHash, bareCode(code)))) {
		return errWrongCode
	}
	return nil
}

// useMailCode takes a code away, so that it serves once.
func (s *Service) useMailCode(ctx context.Context, row domain.MailCode) error {
	err := s.cfg.Store.MailCodes().Delete(ctx, row.ID)
	if errors.Is(err, store.ErrNotFound) {
		return errWrongCode
	}
	return err
}

// postCode mails a code.
func (s *Service) postCode(address, name, code string) {
	s.post.Post(letters.Letter{
		Subject: "Your code: " + code, Code: code,
		Lines:  []string{"Enter this code to sign in to Signalbox. It holds for ten minutes."},
		Footer: "If you did not try to sign in, somebody knows your password or guessed your address: change your password, or leave this letter alone.",
	}.To(address, name))
}

// LoginByMail sends a code to the address of an external user, or of nobody yet,
// and opens half a session that waits for it. The answer is the same for every
// address.
func (s *Service) LoginByMail(ctx context.Context, address string, c Client) (Ticket, error) {
	if _, login := s.EmailMethod(); !login {
		return Ticket{}, errNoCodes()
	}
	address = strings.ToLower(strings.TrimSpace(address))
	if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address || len(address) > 255 {
		return Ticket{}, domain.Invalid("email", "enter an e-mail address")
	}
	if err := s.askForMail(address, c); err != nil {
		return Ticket{}, err
	}
	user, err := s.cfg.Store.Users().First(ctx, store.Where(store.Fold("email", address)))
	known := err == nil
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Ticket{}, err
	}
	token := randomText()
	row := domain.MailCode{Purpose: domain.MailLogin, Email: address, TokenHash: domain.HashToken(token)}
	send := s.mayLoginByMail(user, known, address)
	if known && send {
		row.UserID = &user.ID
	}
	if !send {
		row.Tries = mailCodeTries // looks like the others, and takes nothing
	}
	code, err := s.newMailCode(ctx, row)
	if err != nil {
		return Ticket{}, err
	}
	if send {
		s.postCode(address, user.Name, code)
	}
	return Ticket{Cookie: s.sign(token), Pending: domain.FactorMail}, nil
}

func (s *Service) mayLoginByMail(user domain.User, known bool, address string) bool {
	if known {
		return s.cfg.Email.LoginExternal && user.External && !user.Disabled && s.domainAllowed(address)
	}
	return s.cfg.Email.CreateExternal && s.domainAllowed(address)
}

func (s *Service) domainAllowed(address string) bool {
	if len(s.cfg.Email.Domains) == 0 {
		return true
	}
	_, host, _ := strings.Cut(address, "@")
	for _, d := range s.cfg.Email.Domains {
		if strings.EqualFold(strings.TrimPrefix(d, "@"), host) {
			return true
		}
	}
	return false
}

// askForMail slows down who has letters sent: each counts, whoever it is for.
func (s *Service) askForMail(about string, c Client) error {
	from, err := s.mailsFrom.begin(c.Address)
	if err != nil {
		return err
	}
	to, err := s.mails.begin(about)
	if err != nil {
		from(unclear)
		return err
	}
	from(failed)
	to(failed)
	return nil
}

// ResendMail sends another code to whoever waits for one, a minute after the
// last at the earliest.
func (s *Service) ResendMail(ctx context.Context, cookie string, c Client) error {
	if enabled, _ := s.EmailMethod(); !enabled {
		return errNoCodes()
	}
	token, ok := s.token(cookie)
	if !ok {
		return errSignIn()
	}
	row, err := s.mailCode(ctx, domain.HashToken(token), domain.MailFactor, domain.MailLogin)
	if errors.Is(err, store.ErrNotFound) {
		return errSignIn()
	}
	if err != nil {
		return err
	}
	now := s.cfg.Now().UTC()
	if now.Sub(row.Created) >= pendingLife {
		return errSignIn()
	}
	if left := mailResend - now.Sub(row.Sent); left > 0 {
		return &domain.Error{
			Kind: domain.KindThrottled, Message: "a code was sent a moment ago; wait before asking for another",
			RetryAfter: int((left + time.Second - 1) / time.Second),
		}
	}
	if err := s.askForMail(row.Email, c); err != nil {
		return err
	}
	code := randomDigits(mailCodeDigits)
	sent := row.Sent
	row, err = s.cfg.Store.MailCodes().Update(ctx, row.ID, func(r *domain.MailCode) error {
		if !r.Sent.Equal(sent) { // another request was faster
			return errWrongCode
		}
		r.CodeHash, r.Sent = s.mailCodeHash(r.TokenHash, code), now
		return nil
	})
	if errors.Is(err, errWrongCode) || errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if row.Tries < mailCodeTries {
		s.postCode(row.Email, "", code)
	}
	return nil
}

// verifyMailFactor takes the mailed code of a sign-in with a password.
func (s *Service) verifyMailFactor(ctx context.Context, session domain.Session, user domain.User, code domain.Secret, c Client) (Ticket, error) {
	if enabled, _ := s.EmailMethod(); !enabled {
		return Ticket{}, domain.Forbidden(emailDisabled)
	}
	row, err := s.mailCode(ctx, session.TokenHash, domain.MailFactor)
	if errors.Is(err, store.ErrNotFound) {
		return Ticket{}, errSignIn()
	}
	if err != nil {
		return Ticket{}, err
	}
	return s.complete(ctx, session, user, c, badPasscode,
		func(ctx context.Context) error { return s.tryMailCode(ctx, row, code) },
		func(ctx context.Context) error { return s.useMailCode(ctx, row) })
}

// waitsForMail returns the sign-in by mail alone that a cookie stands for.
func (s *Service) waitsForMail(ctx context.Context, cookie string) (domain.MailCode, error) {
	token, ok := s.token(cookie)
	if !ok {
		return domain.MailCode{}, errSignIn()
	}
	row, err := s.mailCode(ctx, domain.HashToken(token), domain.MailLogin)
	if errors.Is(err, store.ErrNotFound) || err == nil && s.cfg.Now().Sub(row.Created) >= pendingLife {
		return row, errSignIn()
	}
	return row, err
}

// verifyMailLogin completes a sign-in by mail alone.
func (s *Service) verifyMailLogin(ctx context.Context, row domain.MailCode, code domain.Secret, c Client) (Ticket, error) {
	if _, login := s.EmailMethod(); !login {
		return Ticket{}, domain.Forbidden(emailDisabled)
	}
	var user domain.User
	about := "mail:" + row.Email
	if row.UserID != nil {
		about = codeTries(*row.UserID)
	}
	done, err := s.throttle.begin(about, "address:"+c.Address)
	if err != nil {
		return Ticket{}, err
	}
	err = s.tryMailCode(ctx, row, code)
	if err == nil {
		err = s.cfg.Store.InTx(ctx, func(ctx context.Context) error {
			if err := s.useMailCode(ctx, row); err != nil {
				return err
			}
			user, err = s.mailUser(ctx, row, c)
			return err
		})
	}
	if errors.Is(err, errWrongCode) {
		done(failed)
		s.noteRefusal(ctx, c, user, "Mailed code of %s refused")
		return Ticket{}, domain.Unauthenticated(badPasscode)
	}
	if err != nil {
		done(unclear)
		return Ticket{}, err
	}
	done(succeeded)
	s.mails.forget(row.Email)
	return s.StartSession(ctx, user, c)
}

// mailUser returns whom a code was for; who has an address that nobody had is
// created.
func (s *Service) mailUser(ctx context.Context, row domain.MailCode, c Client) (domain.User, error) {
	if row.UserID != nil {
		user, err := s.cfg.Store.Users().Get(ctx, *row.UserID)
		if errors.Is(err, store.ErrNotFound) || err == nil && !s.mayLoginByMail(user, true, row.Email) {
			return domain.User{}, errWrongCode
		}
		return user, err
	}
	if !s.mayLoginByMail(domain.User{}, false, row.Email) {
		return domain.User{}, errWrongCode
	}
	if _, err := s.find(ctx, row.Email); !errors.Is(err, store.ErrNotFound) {
		if err == nil { // somebody took the address meanwhile
			err = errWrongCode
		}
		return domain.User{}, err
	}
	name, _, _ := strings.Cut(row.Email, "@")
	user := domain.User{
		Created: s.cfg.Now().UTC().Truncate(time.Second), Username: row.Email, Name: name, Email: row.Email, External: true,
	}
	if err := s.cfg.Store.Users().Create(ctx, &user); err != nil {
		return domain.User{}, err
	}
	return user, s.noteCreated(ctx, c, user, "User %s created by signing in by mail")
}
