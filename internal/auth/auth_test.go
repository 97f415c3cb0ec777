package auth

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"signalbox/internal/domain"
	"signalbox/internal/secrets"
	"signalbox/internal/store"
	"signalbox/internal/store/sqlstore"
)

const password = domain.Secret("correct horse battery")

type bench struct {
	*Service
	store store.Store
	now   *atomic.Int64
	user  domain.User
}

func (b *bench) advance(d time.Duration) { b.now.Add(int64(d)) }

func setup(t *testing.T) *bench {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: filepath.Join(t.TempDir(), "test.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	b := &bench{store: db, now: &atomic.Int64{}}
	b.now.Store(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
	ring, err := secrets.New(secrets.GenerateKey())
	if err != nil {
		t.Fatal(err)
	}
	b.Service, err = New(Config{
		Sealer: ring, TOTP: TOTPConfig{Enabled: true, AllowRecovery: true},
		Store: db, CookieKey: []byte(strings.Repeat("k", 32)), Cost: Cost{Memory: 64, Passes: 1, Threads: 1},
		Now: func() time.Time { return time.Unix(0, b.now.Load()).UTC() },
	})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := b.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	b.user = domain.User{Username: "Anna", Name: "Anna", Email: "Anna@Example.test", PasswordHash: hash, Created: b.cfg.Now()}
	if err := db.Users().Create(t.Context(), &b.user); err != nil {
		t.Fatal(err)
	}
	return b
}

func client(n int) Client { return Client{Address: fmt.Sprintf("192.0.2.%d", n)} }

func TestLogin(t *testing.T) {
	t.Parallel()
	b := setup(t)
	external := domain.User{Username: "ext", Name: "Ext", Email: "ext@example.test", External: true, PasswordHash: b.user.PasswordHash}
	if err := b.store.Users().Create(t.Context(), &external); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for i, c := range []struct {
		login    string
		password domain.Secret
		ok       bool
	}{
		{"anna", password, true},
		{" ANNA@example.TEST ", password, true},
		{"anna", "wrong", false},
		{"nobody", password, false},
		{"", password, false},
		{"anna", "", false},
		{"ext", password, false},
	} {
		_, err := b.Login(t.Context(), c.login, c.password, client(i))
		if (err == nil) != c.ok {
			t.Errorf("login %q: got %v, want success %v", c.login, err, c.ok)
		}
		if err != nil {
			texts = append(texts, err.Error())
		}
	}
	for _, text := range texts {
		if text != texts[0] {
			t.Errorf("failures can be told apart: %q and %q", texts[0], text)
		}
	}
}

func TestLogin_UpgradesBcrypt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	old, err := bcrypt.GenerateFromPassword([]byte(password.Reveal()), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.store.Users().Update(t.Context(), b.user.ID, func(u *domain.User) error {
		u.PasswordHash = string(old)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := b.Login(t.Context(), "anna", password, client(1)); err != nil {
			t.Fatal(err)
		}
	}
	u, err := b.store.Users().Get(t.Context(), b.user.ID)
	if err != nil || !strings.HasPrefix(u.PasswordHash, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("after login: got hash %.30q, %v", u.PasswordHash, err)
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	long := domain.Secret(strings.Repeat("x", 100))
	hash := argonHash(long, Cost{Memory: 64, Passes: 1, Threads: 1})
	h := newHasher(Cost{Memory: 64, Passes: 1, Threads: 1})
	for text, want := range map[domain.Secret]bool{long: true, long[:72]: false, long[:99]: false, long + "x": false} {
		got, _, err := h.verify(t.Context(), hash, text)
		if err != nil || got != want {
			t.Errorf("%d bytes: got %v, %v, want %v", len(text), got, err, want)
		}
	}
	for _, broken := range []string{"", "x", "$argon2id$", "$argon2id$v=19$m=99999999,t=1,p=1$AAAA$AAAA", "$argon2i$v=19$m=64,t=1,p=1$AAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"} {
		if got, _, err := h.verify(t.Context(), broken, long); got || err != nil {
			t.Errorf("hash %q: got %v, %v", broken, got, err)
		}
	}
	for _, short := range []domain.Secret{"", "short", "123456789"} {
		if err := (Policy{}).Check("password", short); err == nil {
			t.Errorf("a password of %d characters was accepted", len(short))
		}
	}
	if err := (Policy{}).Check("password", "пароль-длинный"); err != nil {
		t.Errorf("letters beyond ASCII: %v", err)
	}
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	b := setup(t)
	fail := func(login string, n int) *domain.Error {
		_, err := b.Login(t.Context(), login, "wrong password", client(n))
		var e *domain.Error
		if !errors.As(err, &e) {
			t.Fatalf("got %v", err)
		}
		return e
	}
	for i := range freeTries {
		if e := fail("anna", i); e.Kind != domain.KindUnauthenticated {
			t.Fatalf("failure %d: got %v", i+1, e)
		}
	}
	e := fail("anna", 50)
	if e.Kind != domain.KindThrottled || e.RetryAfter != 1 {
		t.Fatalf("after %d failures: got %v, retry after %d", freeTries, e, e.RetryAfter)
	}
	if e := fail("anna@example.test", 56); e.Kind != domain.KindThrottled {
		t.Errorf("the same account by e-mail address: got %v", e)
	}
	// Being right does not help while one waits.
	if _, err := b.Login(t.Context(), "anna", password, client(51)); !domain.IsKind(err, domain.KindThrottled) {
		t.Errorf("the right password while throttled: got %v", err)
	}
	// Another account is not held up, and unknown ones are throttled alike.
	if e := fail("nobody", 52); e.Kind != domain.KindUnauthenticated {
		t.Errorf("another account: got %v", e)
	}
	last := 0
	for i := freeTries; i < lockTries; i++ {
		b.advance(longestWait)
		if e := fail("anna", 100+i); e.Kind != domain.KindUnauthenticated {
			t.Fatalf("failure %d: got %v", i+1, e)
		}
		wait := fail("anna", 200).RetryAfter
		if wait < last {
			t.Errorf("failure %d: the wait fell from %d to %d", i+1, last, wait)
		}
		last = wait
	}
	if last != int(lockTime/time.Second) {
		t.Errorf("after %d failures: got a wait of %d s", lockTries, last)
	}
	b.advance(lockTime + time.Second)
	if _, err := b.Login(t.Context(), "anna", password, client(53)); err != nil {
		t.Fatalf("after the lock: %v", err)
	}
	for range freeTries - 1 {
		fail("anna", 54)
	}
	if _, err := b.Login(t.Context(), "anna", password, client(55)); err != nil {
		t.Errorf("success did not reset the count: %v", err)
	}
	// The address counts as well, whatever accounts it tries.
	for i := range freeTries {
		fail(fmt.Sprint("account", i), 99)
	}
	if e := fail("one more", 99); e.Kind != domain.KindThrottled {
		t.Errorf("one address, many accounts: got %v", e)
	}
}

func TestThrottle_ParallelGuessesAndMemory(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	th := newThrottle(func() time.Time { return now }, ThrottleConfig{})
	var pending []func(outcome)
	for range 100 {
		if done, err := th.begin("account:x"); err == nil {
			pending = append(pending, done)
		}
	}
	if len(pending) != lockTries {
		t.Errorf("got %d guesses at once, want %d", len(pending), lockTries)
	}
	for _, done := range pending {
		done(failed)
	}
	for i := range maxTracked * 2 {
		if done, err := th.begin(fmt.Sprint("account:", i)); err == nil {
			done(failed)
		}
	}
	if n := len(th.entries); n > maxTracked {
		t.Errorf("remembers %d entries, want at most %d", n, maxTracked)
	}
	if _, err := th.begin("account:x"); !domain.IsKind(err, domain.KindThrottled) {
		t.Errorf("the locked account was forgotten: %v", err)
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	ticket, err := b.StartSession(ctx, b.user, client(1))
	if err != nil {
		t.Fatal(err)
	}
	actor, err := b.Identify(ctx, "", ticket.Cookie)
	if err != nil || actor.User.ID != b.user.ID || actor.ByToken() {
		t.Fatalf("got %+v, %v", actor, err)
	}
	rows, err := b.store.Sessions().List(ctx, store.Query{})
	if err != nil || len(rows) != 1 || strings.Contains(ticket.Cookie, rows[0].TokenHash) {
		t.Errorf("the database holds what the cookie holds: %+v, %v", rows, err)
	}
	for _, forged := range []string{"", "x", ticket.Cookie + "x", "x" + ticket.Cookie, strings.Split(ticket.Cookie, ".")[0], strings.Split(ticket.Cookie, ".")[0] + "."} {
		if _, err := b.Identify(ctx, "", forged); !domain.IsKind(err, domain.KindUnauthenticated) {
			t.Errorf("cookie %q: got %v", forged, err)
		}
	}
	// Used every few days a session lives on, but not for ever.
	for day := 0; day < 27; day += 3 {
		b.advance(72 * time.Hour)
		if _, err := b.Identify(ctx, "", ticket.Cookie); err != nil {
			t.Fatalf("day %d: %v", day, err)
		}
	}
	b.advance(72 * time.Hour)
	if _, err := b.Identify(ctx, "", ticket.Cookie); err == nil {
		t.Error("a session outlived its longest life")
	}
	idle, err := b.StartSession(ctx, b.user, client(1))
	if err != nil {
		t.Fatal(err)
	}
	b.advance(domain.SessionIdle)
	if _, err := b.Identify(ctx, "", idle.Cookie); err == nil {
		t.Error("an idle session still works")
	}
	if err := b.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if n, err := b.store.Sessions().Count(ctx, store.Query{}); err != nil || n != 0 {
		t.Errorf("after the sweep: %d sessions, %v", n, err)
	}
	out, err := b.StartSession(ctx, b.user, client(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Logout(ctx, out.Cookie, client(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Identify(ctx, "", out.Cookie); err == nil {
		t.Error("a session works after logout")
	}
}

// TestSessions_ClockSetBack: what was used while the clock was ahead is idle from
// when it is next used, and does not live longer for it.
func TestSessions_ClockSetBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	const ahead = 72 * time.Hour
	b.advance(ahead)
	ticket, err := b.StartSession(ctx, b.user, client(1))
	if err != nil {
		t.Fatal(err)
	}
	b.advance(-ahead)
	if _, err := b.Identify(ctx, "", ticket.Cookie); err != nil {
		t.Fatalf("after the clock was set back: %v", err)
	}
	b.advance(domain.SessionIdle)
	if _, err := b.Identify(ctx, "", ticket.Cookie); err == nil {
		t.Error("a session that nobody used for as long as it may be idle still works")
	}
	if ticket, err = b.StartSession(ctx, b.user, client(1)); err != nil {
		t.Fatal(err)
	}
	b.advance(-ahead)
	for range int(b.cfg.SessionLife / (24 * time.Hour)) {
		if _, err := b.Identify(ctx, "", ticket.Cookie); err != nil {
			t.Fatal(err)
		}
		b.advance(24 * time.Hour)
	}
	if _, err := b.Identify(ctx, "", ticket.Cookie); err == nil {
		t.Error("a session outlived its longest life, for the clock was set back")
	}
}

// TestThrottle_MeasuresByTheMonotonicClock: setting the clock does not end a wait early, nor
// make it longer: the throttle counts on the clock that nobody sets.
func TestThrottle_MeasuresByTheMonotonicClock(t *testing.T) {
	t.Parallel()
	th := newThrottle(time.Now, ThrottleConfig{})
	done, err := th.begin("key")
	if err != nil {
		t.Fatal(err)
	}
	done(failed)
	e := th.entries["key"]
	for name, at := range map[string]time.Time{"last": e.last, "until": e.until} {
		if !strings.Contains(at.String(), " m=") {
			t.Errorf("%s is %v, which has no monotonic reading", name, at)
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	soon := b.cfg.Now().Add(time.Hour)
	text, _, err := b.CreateToken(ctx, b.user.ID, "ci", &soon)
	if err != nil || len(text) != 44 || text != strings.ToLower(text) {
		t.Fatalf("got %q, %v", text, err)
	}
	ticket, err := b.StartSession(ctx, b.user, client(1))
	if err != nil {
		t.Fatal(err)
	}
	for header, ok := range map[string]bool{
		"Bearer " + text:                  true,
		"bEARER " + strings.ToUpper(text): true,
		"Bearer x" + text:                 false,
		"Bearer":                          false,
		"Basic eA==":                      true, // ignored: the cookie counts
		"":                                true,
	} {
		if _, err := b.Identify(ctx, header, ticket.Cookie); (err == nil) != ok {
			t.Errorf("header %.20q: got %v, want success %v", header, err, ok)
		}
	}
	past := b.cfg.Now()
	if _, _, err := b.CreateToken(ctx, b.user.ID, "", &past); err == nil {
		t.Error("a token of the past was made")
	}
	for _, short := range []string{"", "abc", "1234567", "abcd efgh", "abcdefg/"} {
		if err := b.DeleteTokens(ctx, domain.Actor{User: b.user}, short); !domain.IsKind(err, domain.KindInvalid) {
			t.Errorf("delete %q: got %v", short, err)
		}
	}
	if err := b.DeleteTokens(ctx, domain.Actor{User: domain.User{ID: b.user.ID + 1}}, text); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Identify(ctx, "Bearer "+text, ""); err != nil {
		t.Errorf("somebody else deleted the token: %v", err)
	}
	b.advance(2 * time.Hour)
	if _, err := b.Identify(ctx, "Bearer "+text, ""); err == nil {
		t.Error("the token works after its time")
	}
	if err := b.DeleteTokens(ctx, domain.Actor{User: b.user}, strings.ToUpper(text[:8])); err != nil {
		t.Fatal(err)
	}
	if list, err := b.Tokens(ctx, b.user.ID); err != nil || len(list) != 0 {
		t.Errorf("after delete: %v, %v", list, err)
	}
}

func TestSetup_HappensOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	token := b.NewSetupToken()
	newcomer := func(i int) domain.User {
		return domain.User{Username: fmt.Sprint("admin", i), Name: "Admin", Email: fmt.Sprintf("a%d@example.test", i)}
	}
	if _, err := b.CompleteSetup(t.Context(), "wrong", newcomer(0), password, client(1)); !domain.IsKind(err, domain.KindForbidden) {
		t.Errorf("a wrong token: got %v", err)
	}
	if _, err := b.CompleteSetup(t.Context(), token, newcomer(0), "short", client(1)); !domain.IsKind(err, domain.KindInvalid) {
		t.Errorf("a short password: got %v", err)
	}
	var group sync.WaitGroup
	var won, lost atomic.Int32
	for i := range 8 {
		group.Go(func() {
			_, err := b.CompleteSetup(context.WithoutCancel(t.Context()), token, newcomer(i), password, client(i))
			switch {
			case err == nil:
				won.Add(1)
			case domain.IsKind(err, domain.KindConflict), domain.IsKind(err, domain.KindForbidden):
				lost.Add(1)
			default:
				t.Errorf("setup %d: %v", i, err)
			}
		})
	}
	group.Wait()
	admins, err := b.store.Users().Count(t.Context(), store.Where(store.Eq("admin", true)))
	if won.Load() != 1 || lost.Load() != 7 || admins != 1 || err != nil {
		t.Errorf("got %d winners, %d losers, %d administrators, %v", won.Load(), lost.Load(), admins, err)
	}
	if _, err := b.CompleteSetup(t.Context(), token, newcomer(9), password, client(1)); !domain.IsKind(err, domain.KindConflict) {
		t.Errorf("afterwards: got %v, want a conflict", err)
	}
}
