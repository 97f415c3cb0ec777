package auth

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// factor is a user's second factor as their device knows it.
type device struct {
	id     domain.TOTPID
	secret []byte
	codes  []domain.Secret
}

func (b *bench) code(d device) domain.Secret {
	return domain.Secret(otpCode(d.secret, otpStep(b.cfg.Now())))
}

// signIn gives the password and returns who that is and the cookie.
func (b *bench) signIn(t *testing.T) (domain.Actor, string) {
	t.Helper()
	ticket, err := b.Login(t.Context(), "anna", password, client(1))
	if err != nil {
		t.Fatal(err)
	}
	actor, err := b.Identify(t.Context(), "", ticket.Cookie)
	if (err != nil) != (ticket.Pending != "") {
		t.Fatalf("pending %q: got %v", ticket.Pending, err)
	}
	return actor, ticket.Cookie
}

// enrol gives the user a second factor.
func (b *bench) enrolled(t *testing.T) device {
	t.Helper()
	actor, _ := b.signIn(t)
	e, err := b.EnrolTOTP(t.Context(), actor, actor.User.ID)
	if err != nil {
		t.Fatal(err)
	}
	d := newDevice(t, e)
	if err := b.ConfirmTOTP(t.Context(), actor, actor.User.ID, d.id, b.code(d)); err != nil {
		t.Fatal(err)
	}
	b.advance(2 * otpPeriod * time.Second)
	return d
}

func newDevice(t *testing.T, e Enrolment) device {
	t.Helper()
	u, err := url.Parse(e.URL.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	secret, err := base32Text.DecodeString(u.Query().Get("secret"))
	if err != nil || len(secret) != 20 {
		t.Fatalf("secret of %d bytes, %v", len(secret), err)
	}
	return device{e.Factor.ID, secret, e.RecoveryCodes}
}

func TestTOTP_CountsOnceConfirmed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	actor, cookie := b.signIn(t)
	other, otherCookie := b.signIn(t)
	e, err := b.EnrolTOTP(ctx, actor, actor.User.ID)
	if err != nil {
		t.Fatal(err)
	}
	first := newDevice(t, e)
	// Nothing has changed yet, and starting over is possible.
	if f, err := b.TOTP(ctx, actor.User.ID); f != nil || err != nil {
		t.Fatalf("before a code was entered: got %+v, %v", f, err)
	}
	b.signIn(t)
	if e, err = b.EnrolTOTP(ctx, actor, actor.User.ID); err != nil {
		t.Fatal(err)
	}
	d := newDevice(t, e)
	if err := b.ConfirmTOTP(ctx, actor, actor.User.ID, d.id, b.code(first)); !domain.IsKind(err, domain.KindInvalid) {
		t.Errorf("a code of the replaced factor: got %v", err)
	}
	if address, err := b.TOTPAddress(ctx, actor, actor.User.ID, d.id); err != nil || address != e.URL {
		t.Errorf("address: got %v", err)
	}
	if err := b.ConfirmTOTP(ctx, actor, actor.User.ID, d.id, b.code(d)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.TOTPAddress(ctx, actor, actor.User.ID, d.id); !domain.IsKind(err, domain.KindNotFound) {
		t.Errorf("address of a factor that counts: got %v", err)
	}
	if _, err := b.EnrolTOTP(ctx, actor, actor.User.ID); !domain.IsKind(err, domain.KindInvalid) || err.Error() != "TOTP already enabled" {
		t.Errorf("enrol twice: got %v", err)
	}
	// The session that did it goes on, others end.
	if _, err := b.Identify(ctx, "", cookie); err != nil {
		t.Errorf("own session: %v", err)
	}
	if _, err := b.Identify(ctx, "", otherCookie); err == nil {
		t.Errorf("session %d goes on", other.SessionID)
	}
	rows, err := b.store.TOTPs().List(ctx, store.Query{})
	if err != nil || len(rows) != 1 || strings.Contains(rows[0].Secret, base32Text.EncodeToString(d.secret)) {
		t.Errorf("stored: got %+v, %v", rows, err)
	}
	codes, err := b.store.RecoveryCodes().List(ctx, store.Query{})
	if err != nil || len(codes) != recoveryCodes {
		t.Errorf("got %d recovery codes, %v", len(codes), err)
	}
}

func TestTOTP_FirstVerifyConfirms(t *testing.T) {
	t.Parallel()
	b := setup(t)
	actor, cookie := b.signIn(t)
	e, err := b.EnrolTOTP(t.Context(), actor, actor.User.ID)
	if err != nil {
		t.Fatal(err)
	}
	d := newDevice(t, e)
	if _, pending, err := b.Verify(t.Context(), cookie, "000000", client(1)); !pending || err == nil || err.Error() != badPasscode {
		t.Errorf("a wrong code: got %v, %v", pending, err)
	}
	if _, pending, err := b.Verify(t.Context(), cookie, b.code(d), client(1)); !pending || err != nil {
		t.Fatalf("got %v, %v", pending, err)
	}
	if f, err := b.TOTP(t.Context(), actor.User.ID); f == nil || err != nil {
		t.Errorf("the factor does not count: %v", err)
	}
	if _, pending, err := b.Verify(t.Context(), cookie, "000000", client(1)); pending || err != nil {
		t.Errorf("nothing pending: got %v, %v", pending, err)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	d := b.enrolled(t)
	_, half := b.signIn(t)
	if actor, err := b.Identify(ctx, "", half); err == nil || err.Error() != totpRequired || actor.User.ID != b.user.ID {
		t.Fatalf("half a session: got %v", err)
	}
	if _, _, err := b.Verify(ctx, half, "000000", client(1)); err == nil || err.Error() != badPasscode {
		t.Errorf("a wrong code: got %v", err)
	}
	code := b.code(d)
	ticket, pending, err := b.Verify(ctx, half, code, client(1))
	if err != nil || !pending {
		t.Fatal(err)
	}
	if ticket.Cookie == half {
		t.Error("the cookie was not renewed")
	}
	if _, err := b.Identify(ctx, "", half); !domain.IsKind(err, domain.KindUnauthenticated) {
		t.Errorf("the old cookie: got %v", err)
	}
	if _, err := b.Identify(ctx, "", ticket.Cookie); err != nil {
		t.Errorf("the new cookie: %v", err)
	}
	// Whoever watched the code being typed cannot use it.
	_, half = b.signIn(t)
	if _, _, err := b.Verify(ctx, half, code, client(2)); err == nil || err.Error() != badPasscode {
		t.Errorf("a code that was used: got %v", err)
	}
	b.advance(otpPeriod * time.Second)
	if _, _, err := b.Verify(ctx, half, b.code(d)[:3]+" "+b.code(d)[3:], client(2)); err != nil {
		t.Errorf("the next code, in groups: %v", err)
	}
	// Half a session does not wait for ever.
	_, half = b.signIn(t)
	b.advance(pendingLife)
	if _, _, err := b.Verify(ctx, half, b.code(d), client(2)); !domain.IsKind(err, domain.KindUnauthenticated) || err.Error() == badPasscode {
		t.Errorf("half a session after %s: got %v", pendingLife, err)
	}
}

func TestVerify_OneCodeManyRequests(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.enrolled(t)
	const n = 4
	var cookies [n]string
	for i := range cookies {
		_, cookies[i] = b.signIn(t)
	}
	code := b.code(d)
	var taken atomic.Int32
	var wg sync.WaitGroup
	for i, cookie := range cookies {
		wg.Go(func() {
			if _, _, err := b.Verify(t.Context(), cookie, code, client(i)); err == nil {
				taken.Add(1)
			}
		})
	}
	wg.Wait()
	if taken.Load() != 1 {
		t.Errorf("one code was taken %d times", taken.Load())
	}
}

func TestVerify_LocksAfterWrongCodes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	d := b.enrolled(t)
	_, half := b.signIn(t)
	for i := range freeTries {
		if _, _, err := b.Verify(ctx, half, "000000", client(i)); !domain.IsKind(err, domain.KindUnauthenticated) {
			t.Fatalf("try %d: got %v", i+1, err)
		}
	}
	if _, _, err := b.Verify(ctx, half, b.code(d), client(50)); !domain.IsKind(err, domain.KindThrottled) {
		t.Fatalf("the right code after %d wrong ones: got %v", freeTries, err)
	}
	// The password does not make them forgotten.
	_, half = b.signIn(t)
	if _, _, err := b.Verify(ctx, half, b.code(d), client(51)); !domain.IsKind(err, domain.KindThrottled) {
		t.Fatalf("after the password once more: got %v", err)
	}
	// Another server on the same database unlocks.
	second, err := New(b.cfg)
	if err != nil {
		t.Fatal(err)
	}
	b.advance(time.Millisecond)
	if err := second.Unlock(ctx, domain.Actor{}, b.user.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Verify(ctx, half, b.code(d), client(52)); err != nil {
		t.Errorf("after unlocking: %v", err)
	}
}

func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	d := b.enrolled(t)
	_, half := b.signIn(t)
	// In place of a code it counts once, and the factor stays.
	text := strings.ToLower(d.codes[0].Reveal())
	if _, _, err := b.Verify(ctx, half, domain.Secret(text[:8]+"-"+text[8:]), client(1)); err != nil {
		t.Fatal(err)
	}
	_, half = b.signIn(t)
	if _, _, err := b.Verify(ctx, half, d.codes[0], client(1)); err == nil || err.Error() != badPasscode {
		t.Errorf("a recovery code twice: got %v", err)
	}
	if _, _, err := b.Recover(ctx, half, d.codes[0], client(1)); err == nil || err.Error() != badRecovery {
		t.Errorf("a used recovery code: got %v", err)
	}
	if f, err := b.TOTP(ctx, b.user.ID); f == nil || err != nil {
		t.Fatalf("the factor is gone: %v", err)
	}
	// The other way takes the factor away.
	ticket, pending, err := b.Recover(ctx, half, d.codes[1], client(1))
	if err != nil || !pending {
		t.Fatal(err)
	}
	if _, err := b.Identify(ctx, "", ticket.Cookie); err != nil {
		t.Error(err)
	}
	if n, err := b.store.RecoveryCodes().Count(ctx, store.Query{}); n != 0 || err != nil {
		t.Errorf("%d recovery codes are left, %v", n, err)
	}
	b.signIn(t)
	if _, pending, err := b.Recover(ctx, ticket.Cookie, "X", client(1)); pending || err != nil {
		t.Errorf("nothing pending: got %v, %v", pending, err)
	}
}

func TestRecoveryCodes_OfTheReference(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.enrolled(t)
	hash, err := bcrypt.GenerateFromPassword([]byte("ABCDEFGHIJKLMNOP"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.store.RecoveryCodes().Create(t.Context(), &domain.RecoveryCode{UserID: b.user.ID, Hash: string(hash)}); err != nil {
		t.Fatal(err)
	}
	_, half := b.signIn(t)
	if _, _, err := b.Recover(t.Context(), half, "ABCDEFGHIJKLMNOP", client(1)); err != nil {
		t.Error(err)
	}
}

func TestTOTP_SwitchedOff(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.enrolled(t)
	_, half := b.signIn(t)
	b.cfg.TOTP.AllowRecovery = false
	if _, _, err := b.Recover(t.Context(), half, d.codes[0], client(1)); !domain.IsKind(err, domain.KindForbidden) || err.Error() != totpDisabled {
		t.Errorf("recovery: got %v", err)
	}
	b.cfg.TOTP.Enabled = false
	if _, _, err := b.Verify(t.Context(), half, b.code(d), client(1)); !domain.IsKind(err, domain.KindForbidden) || err.Error() != totpDisabled {
		t.Errorf("half a session: got %v", err)
	}
	if actor, cookie := b.signIn(t); actor.User.ID != b.user.ID {
		t.Errorf("a new sign-in needs more: %q", cookie)
	}
}

func TestTOTP_Immediate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.cfg.TOTP.Immediate = true
	actor, _ := b.signIn(t)
	e, err := b.EnrolTOTP(t.Context(), actor, actor.User.ID)
	if err != nil || !e.Factor.Confirmed {
		t.Fatalf("got %+v, %v", e.Factor, err)
	}
	if _, err := b.TOTPAddress(t.Context(), actor, actor.User.ID, e.Factor.ID); err != nil {
		t.Errorf("the picture is needed until the first code: %v", err)
	}
	d := newDevice(t, e)
	_, half := b.signIn(t)
	if _, _, err := b.Verify(t.Context(), half, b.code(d), client(1)); err != nil {
		t.Error(err)
	}
}

func TestRemoveTOTP(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	d := b.enrolled(t)
	_, half := b.signIn(t)
	ticket, _, err := b.Verify(ctx, half, b.code(d), client(1))
	if err != nil {
		t.Fatal(err)
	}
	actor, err := b.Identify(ctx, "", ticket.Cookie)
	if err != nil {
		t.Fatal(err)
	}
	b.advance(proofLife) // the code of the sign-in is a proof for a while
	for _, c := range []struct {
		name           string
		password, code domain.Secret
		field          string
	}{
		{"no proof", "", "", "current_password"},
		{"wrong password", "not the password", "", "current_password"},
		{"wrong code", "", "000000", "passcode"},
	} {
		err := b.RemoveTOTP(ctx, actor, b.user.ID, d.id, c.password, c.code)
		if !domain.IsKind(err, domain.KindInvalid) || !strings.HasPrefix(err.Error(), c.field+":") {
			t.Errorf("%s: got %v, want it to name %s", c.name, err, c.field)
		}
	}
	if err := b.RemoveTOTP(ctx, actor, b.user.ID, d.id+1, password, ""); !domain.IsKind(err, domain.KindNotFound) {
		t.Errorf("another factor: got %v", err)
	}
	stranger := domain.Actor{User: domain.User{ID: b.user.ID + 1}}
	if err := b.RemoveTOTP(ctx, stranger, b.user.ID, d.id, "", ""); !domain.IsKind(err, domain.KindUnauthenticated) {
		t.Errorf("a stranger: got %v", err)
	}
	admin := domain.Actor{User: domain.User{ID: b.user.ID + 1, Admin: true}}
	if _, err := b.EnrolTOTP(ctx, admin, b.user.ID); !domain.IsKind(err, domain.KindForbidden) {
		t.Errorf("an administrator sets up the factor of another: got %v", err)
	}
	if _, err := b.TOTPAddress(ctx, admin, b.user.ID, d.id); !domain.IsKind(err, domain.KindForbidden) {
		t.Errorf("an administrator reads the secret of another: got %v", err)
	}
	if err := b.RemoveTOTP(ctx, actor, b.user.ID, d.id, "", b.code(d)); err != nil {
		t.Errorf("by a code: %v", err)
	}
	if err := b.RemoveTOTP(ctx, actor, b.user.ID, d.id, "", ""); err == nil || err.Error() != notEnabled {
		t.Errorf("without a factor: got %v", err)
	}
	d = b.enrolled(t)
	if err := b.RemoveTOTP(ctx, admin, b.user.ID, d.id, "", ""); err != nil {
		t.Errorf("an administrator resets: %v", err)
	}
}

// TestEvents: what happened to an account can be read, and nothing that would
// let a reader in.
func TestEvents(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	d := b.enrolled(t)
	if _, err := b.Login(ctx, "anna", "wrong-password", client(3)); err == nil {
		t.Fatal("signed in with a wrong password")
	}
	if _, err := b.Login(ctx, "My-Typed-Password", "x", client(3)); err == nil {
		t.Fatal("signed in as nobody")
	}
	_, half := b.signIn(t)
	actor, _ := b.Identify(ctx, "", half)
	b.NoteHalfSession(ctx, actor, "GET /projects")
	b.NoteHalfSession(ctx, actor, "GET /projects")
	_, _, _ = b.Verify(ctx, half, "000000", client(3))
	ticket, _, err := b.Verify(ctx, half, b.code(d), client(3))
	if err != nil {
		t.Fatal(err)
	}
	actor, err = b.Identify(ctx, "", ticket.Cookie)
	if err != nil {
		t.Fatal(err)
	}
	text, _, err := b.MakeToken(ctx, actor, NewToken{Name: "ci"})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.DeleteTokens(ctx, actor, text); err != nil {
		t.Fatal(err)
	}
	if err := b.RemoveTOTP(ctx, actor, b.user.ID, d.id, "", ""); err != nil {
		t.Fatal(err)
	}
	if err := b.Logout(ctx, ticket.Cookie, client(3)); err != nil {
		t.Fatal(err)
	}
	rows, err := b.store.Events().List(ctx, store.EventFilter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := len(rows) - 1; i >= 0; i-- {
		e := rows[i]
		got = append(got, strings.ReplaceAll(fmt.Sprintf("%s %s %s: %s", e.Action, e.ObjectType, e.Outcome, e.Description), text[:8], "PREFIX"))
	}
	want := []string{
		"login session success: Anna signed in",
		"update user success: Second factor of user Anna prepared",
		"update user success: Second factor of user Anna set up",
		"login session denied: Sign-in of Anna refused",
		"login session denied: Sign-in of an unknown user refused",
		"access session denied: GET /projects refused to Anna: the sign-in is not complete",
		"login session denied: Second factor of Anna refused",
		"login session success: Anna signed in",
		"create token success: API token PREFIX created",
		"delete token success: API token PREFIX deleted",
		"update user success: Second factor of user Anna removed",
		"logout session success: Anna signed out",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	all, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"My-Typed-Password", "wrong-password", text[9:], domain.HashToken(text), base32Text.EncodeToString(d.secret), d.codes[0].Reveal()} {
		if strings.Contains(string(all), secret) {
			t.Errorf("the log shows %q", secret)
		}
	}
}
