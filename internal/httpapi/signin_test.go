package httpapi_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox/internal/auth"
	"signalbox/internal/httpapi"
	"signalbox/internal/mail"
	"signalbox/internal/secrets"
	"signalbox/internal/store"
)

// mailbox keeps what was posted.
type mailbox struct {
	mu   sync.Mutex // guards sent
	sent []mail.Message
}

func (*mailbox) Configured() bool { return true }

func (b *mailbox) Post(m mail.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = append(b.sent, m)
}

// take returns the letters since the last call.
func (b *mailbox) take() []mail.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	sent := b.sent
	b.sent = nil
	return sent
}

// one returns the only letter since the last call.
func (b *mailbox) one(t *testing.T) mail.Message {
	t.Helper()
	sent := b.take()
	if len(sent) != 1 {
		t.Fatalf("got %d letters, want one: %+v", len(sent), sent)
	}
	return sent[0]
}

// code is the mailed code.
func (b *mailbox) code(t *testing.T) string {
	t.Helper()
	_, code, found := strings.Cut(b.one(t).Subject, "code: ")
	if !found || len(code) != 6 {
		t.Fatalf("no code in the letter, but %q", code)
	}
	return code
}

// newMailSite is a site with mail.
func newMailSite(t *testing.T, change func(*auth.Config)) (*site, *mailbox) {
	t.Helper()
	box := &mailbox{}
	s := newSite(t, func(d *httpapi.Deps) {
		ring, err := secrets.New(secrets.GenerateKey())
		if err != nil {
			t.Fatal(err)
		}
		cfg := auth.Config{
			Store: d.Store, CookieKey: []byte(strings.Repeat("k", 32)), Now: d.Now, Sealer: ring,
			Cost: auth.Cost{Memory: 64, Passes: 1, Threads: 1}, TOTP: auth.TOTPConfig{Enabled: true, AllowRecovery: true},
			Mail: box, WebHost: "https://ci.example.org", PasswordReset: true,
		}
		change(&cfg)
		if d.Auth, err = auth.New(cfg); err != nil {
			t.Fatal(err)
		}
		d.Catalog.Mail, d.Catalog.WebHost = box, cfg.WebHost
	})
	s.addUser("ann", false)
	return s, box
}

// expect compares an answer.
func expect(t *testing.T, what string, a answer, status int, part string) {
	t.Helper()
	if a.Code != status || !strings.Contains(a.Body.String(), part) {
		t.Errorf("%s: got %d %s, want %d with %q", what, a.Code, a.Body, status, part)
	}
}

func id[T ~int64](n T) string { return strconv.FormatInt(int64(n), 10) }

func login(user, secret string) object { return object{"auth": user, "password": secret} }

const other = "battery horse staple"

func TestMustChangePassword(t *testing.T) {
	t.Parallel()
	s, box := newMailSite(t, func(*auth.Config) {})
	ann := s.users["ann"]
	path := "/api/users/" + id(ann.ID)
	old := s.browser("ann")

	expect(t, "set by an administrator", s.do("admin", "POST", path+"/password", object{"password": other}), 204, "")
	if got := box.one(t); got.To != ann.Email || !strings.Contains(got.Subject, "by an administrator") {
		t.Errorf("notice %+v", got)
	}
	expect(t, "old session", s.byCookie(old, "GET", "/api/user", ""), 401, "sign in first")
	expect(t, "flag", s.do("admin", "GET", path, nil), 200, `"must_change_password":true`)
	expect(t, "flag in the list", s.do("admin", "GET", "/api/users", nil), 200, `"must_change_password":true`)

	cookie := cookieOf(t, s.do("", "POST", "/api/auth/login", login("ann", other)))
	for _, route := range []string{"/api/user", "/api/projects", "/api/users", "/api/user/tokens"} {
		expect(t, route, s.byCookie(cookie, "GET", route, ""), 401, `{"error":"PASSWORD_CHANGE_REQUIRED","message":"the password was set by somebody else`)
	}
	expect(t, "tokens go on", s.do("ann", "GET", "/api/user", nil), 200, `"must_change_password":true`)
	expect(t, "enrol instead", s.byCookie(cookie, "POST", "/api/auth/enrol", ""), 409, "")
	expect(t, "same password", s.byCookie(cookie, "POST", "/api/auth/password", `{"password":"`+other+`"}`), 400, `"field":"password"`)
	expect(t, "short password", s.byCookie(cookie, "POST", "/api/auth/password", `{"password":"short"}`), 400, `"field":"password"`)
	expect(t, "common password", s.byCookie(cookie, "POST", "/api/auth/password", `{"password":"Password1234!"}`), 400, "guessed first")
	expect(t, "nobody", s.do("", "POST", "/api/auth/password", object{"password": password}), 401, "sign in first")
	second := cookieOf(t, s.do("", "POST", "/api/auth/login", login("ann", other)))
	changed := s.byCookie(cookie, "POST", "/api/auth/password", `{"password":"`+password+`"}`)
	expect(t, "change", changed, 204, "")
	if got := box.one(t); !strings.Contains(got.Subject, "was changed") {
		t.Errorf("notice %+v", got)
	}
	expect(t, "the cookie is another one", s.byCookie(cookie, "GET", "/api/user", ""), 401, "sign in first")
	expect(t, "the other session has ended", s.byCookie(second, "GET", "/api/user", ""), 401, "sign in first")
	expect(t, "in", s.byCookie(cookieOf(t, changed), "GET", "/api/user", ""), 200, `"username":"ann"`)
	expect(t, "nothing to change", s.byCookie(cookieOf(t, changed), "POST", "/api/auth/password", `{"password":"`+other+`"}`), 409, "")

	// It can be left out, asked for alone, and does not wait for ever.
	expect(t, "not this time", s.do("admin", "POST", path+"/password", object{"password": other, "must_change_password": false}), 204, "")
	cookie = cookieOf(t, s.do("", "POST", "/api/auth/login", login("ann", other)))
	expect(t, "no flag", s.byCookie(cookie, "GET", "/api/user", ""), 200, "")
	expect(t, "flag alone", s.do("admin", "PUT", path, object{"username": "ann", "name": "Ann", "email": ann.Email, "must_change_password": true}), 204, "")
	expect(t, "holds at once", s.byCookie(cookie, "GET", "/api/user", ""), 401, "PASSWORD_CHANGE_REQUIRED")
	s.clock.advance(16 * time.Minute)
	expect(t, "an old sign-in", s.byCookie(cookie, "POST", "/api/auth/password", `{"password":"`+password+`"}`), 401, "sign in first")
	expect(t, "of oneself", s.do("ann", "PUT", path, object{"username": "ann", "name": "Ann", "email": ann.Email, "must_change_password": false}), 204, "")
	expect(t, "nobody lifts it for themselves", s.do("admin", "GET", path, nil), 200, `"must_change_password":true`)
}

func TestRequiredSecondFactor(t *testing.T) {
	t.Parallel()
	s, box := newMailSite(t, func(c *auth.Config) { c.RequireMFA = auth.RequireAdmins })
	expect(t, "not an administrator", s.byCookie(s.browser("ann"), "GET", "/api/user", ""), 200, "")
	cookie := s.browser("admin")
	expect(t, "administrator", s.byCookie(cookie, "GET", "/api/user", ""), 401, `"MFA_ENROLMENT_REQUIRED"`)
	expect(t, "all else is refused", s.byCookie(cookie, "POST", "/api/users", `{}`), 401, `"MFA_ENROLMENT_REQUIRED"`)
	expect(t, "token", s.do("admin", "GET", "/api/user", nil), 200, "")
	expect(t, "nobody", s.do("", "POST", "/api/auth/enrol", nil), 401, "sign in first")
	expect(t, "verify too early", s.byCookie(cookie, "POST", "/api/auth/verify", `{"passcode":"000000"}`), 204, "")
	expect(t, "still refused", s.byCookie(cookie, "GET", "/api/user", ""), 401, `"MFA_ENROLMENT_REQUIRED"`)
	var f struct {
		URL, QR string
		Codes   []string `json:"recovery_codes"`
	}
	enrolled := s.byCookie(cookie, "POST", "/api/auth/enrol", "")
	expect(t, "enrol", enrolled, 200, `"qr":"data:image/png;base64,`)
	enrolled.json(t, &f)
	if len(f.Codes) != 10 {
		t.Errorf("recovery codes %v", f.Codes)
	}
	expect(t, "not before a code", s.byCookie(cookie, "GET", "/api/user", ""), 401, `"MFA_ENROLMENT_REQUIRED"`)
	expect(t, "wrong code", s.byCookie(cookie, "POST", "/api/auth/verify", `{"passcode":"000000"}`), 401, "INVALID_PASSCODE")
	expect(t, "code", s.byCookie(cookie, "POST", "/api/auth/verify", `{"passcode":"`+passcode(t, f.URL, s.clock.Now())+`"}`), 200, "")
	expect(t, "in", s.byCookie(cookie, "GET", "/api/user", ""), 200, `"totp"`)
	if got := box.one(t); !strings.Contains(got.Subject, "switched on") {
		t.Errorf("notice %+v", got)
	}
	expect(t, "enrolled already", s.byCookie(cookie, "POST", "/api/auth/enrol", ""), 409, "")
	expect(t, "next time", s.byCookie(s.browser("admin"), "GET", "/api/user", ""), 401, `"TOTP_REQUIRED"`)
}

func TestMailedSecondFactor(t *testing.T) {
	t.Parallel()
	s, box := newMailSite(t, func(c *auth.Config) { c.Email.Enabled, c.RequireMFA = true, auth.RequireAll })
	expect(t, "methods", s.do("", "GET", "/api/auth/login", nil), 200, `"email":{"login":false}`)
	expect(t, "no sign-in by mail alone", s.do("", "POST", "/api/auth/login/email", object{"email": "ann@example.test"}), 404, "EMAIL_OTP_DISABLED")
	cookie := s.browser("ann")
	letter := box.take()[0]
	code := letter.Subject[len(letter.Subject)-6:]
	if letter.To != "ann@example.test" || !strings.Contains(letter.Text, code) || !strings.Contains(letter.HTML, code) {
		t.Errorf("letter %+v", letter)
	}
	expect(t, "half a session", s.byCookie(cookie, "GET", "/api/projects", ""), 401, `{"error":"EMAIL_OTP_REQUIRED"`)
	expect(t, "user", s.byCookie(cookie, "GET", "/api/user", ""), 401, `{"error":"EMAIL_OTP_REQUIRED"`)
	expect(t, "recovery codes do not help", s.byCookie(cookie, "POST", "/api/auth/recovery", `{"recovery_code":"`+code+`"}`), 403, "")
	expect(t, "resend at once", s.byCookie(cookie, "POST", "/api/auth/login/email/resend", ""), 429, "moment ago")
	expect(t, "resend to nobody", s.do("", "POST", "/api/auth/login/email/resend", nil), 401, "sign in first")
	expect(t, "wrong code", s.byCookie(cookie, "POST", "/api/auth/verify", `{"passcode":"00000"}`), 401, `{"error":"INVALID_PASSCODE"`)
	s.clock.advance(61 * time.Second)
	expect(t, "resend", s.byCookie(cookie, "POST", "/api/auth/login/email/resend", "{}"), 204, "")
	fresh := box.code(t)
	if fresh != code { // one in a million that they are the same
		expect(t, "the old code", s.byCookie(cookie, "POST", "/api/auth/verify", `{"passcode":"`+code+`"}`), 401, "INVALID_PASSCODE")
	}
	verified := s.byCookie(cookie, "POST", "/api/auth/verify", `{"passcode":"`+fresh[:3]+" "+fresh[3:]+`"}`)
	expect(t, "verify", verified, 200, "")
	whole := cookieOf(t, verified)
	expect(t, "in", s.byCookie(whole, "GET", "/api/user", ""), 200, `"username":"ann"`)
	if body := s.byCookie(whole, "GET", "/api/user", "").Body.String(); strings.Contains(body, "email_otp") {
		t.Errorf("the user shows %s", body)
	}
	expect(t, "the half one has ended", s.byCookie(cookie, "GET", "/api/user", ""), 401, "sign in first")
	expect(t, "nothing pending", s.byCookie(whole, "POST", "/api/auth/verify", `{"passcode":"`+fresh+`"}`), 204, "")

	// A code holds for ten minutes and is of one browser.
	first, second := s.browser("ann"), s.browser("ann")
	codes := box.take()
	one := codes[0].Subject[len(codes[0].Subject)-6:]
	if one != codes[1].Subject[len(codes[1].Subject)-6:] {
		expect(t, "code of another browser", s.byCookie(second, "POST", "/api/auth/verify", `{"passcode":"`+one+`"}`), 401, "INVALID_PASSCODE")
	}
	s.clock.advance(10*time.Minute + time.Second)
	expect(t, "late", s.byCookie(first, "POST", "/api/auth/verify", `{"passcode":"`+one+`"}`), 401, "INVALID_PASSCODE")
}

func TestMailedCode_FiveTries(t *testing.T) {
	t.Parallel()
	s, box := newMailSite(t, func(c *auth.Config) {
		c.Email.Enabled = true
		c.Throttle = auth.ThrottleConfig{FreeTries: 100, LockTries: 1000} // the bound of the code alone
	})
	cookie := s.browser("ann")
	code := box.code(t)
	for range 5 {
		expect(t, "wrong", s.byCookie(cookie, "POST", "/api/auth/verify", `{"passcode":"x"}`), 401, "INVALID_PASSCODE")
	}
	expect(t, "right, but too late", s.byCookie(cookie, "POST", "/api/auth/verify", `{"passcode":"`+code+`"}`), 401, "INVALID_PASSCODE")
	s.clock.advance(61 * time.Second)
	expect(t, "another is not sent", s.byCookie(cookie, "POST", "/api/auth/login/email/resend", ""), 204, "")
	if sent := box.take(); len(sent) != 0 {
		t.Errorf("sent %+v", sent)
	}
}

func TestLoginByMail(t *testing.T) {
	t.Parallel()
	s, box := newMailSite(t, func(c *auth.Config) {
		c.Email = auth.EmailConfig{Enabled: true, LoginExternal: true, CreateExternal: true, Domains: []string{"Example.test"}}
	})
	s.must("admin", "POST", "/api/users", object{"username": "ext", "name": "Ext", "email": "ext@example.test", "external": true})
	ask := func(address string) answer {
		s.clock.advance(16 * time.Minute) // so that nobody waits
		return s.do("", "POST", "/api/auth/login/email", object{"email": address})
	}
	verify := func(cookie *http.Cookie, code string) answer {
		return s.byCookie(cookie, "POST", "/api/auth/verify", `{"passcode":"`+code+`"}`)
	}
	expect(t, "methods", s.do("", "GET", "/api/auth/login", nil), 200, `"email":{"login":true}`)
	expect(t, "no address", ask("ext"), 400, `"field":"email"`)

	// Whoever it is for, the answer is the same, and the browser waits for a code.
	for address, sent := range map[string]int{
		"Ext@example.test": 1, "new@example.test": 1, "ann@example.test": 0, "new@elsewhere.test": 0,
	} {
		got := ask(address)
		expect(t, address, got, 204, "")
		cookie := cookieOf(t, got)
		expect(t, address, s.byCookie(cookie, "GET", "/api/user", ""), 401, `{"error":"EMAIL_OTP_REQUIRED"`)
		expect(t, address, verify(cookie, "wrong"), 401, "INVALID_PASSCODE")
		if letters := box.take(); len(letters) != sent {
			t.Errorf("%s: sent %+v, want %d", address, letters, sent)
		}
	}

	cookie := cookieOf(t, ask("ext@example.test"))
	code := box.code(t)
	in := verify(cookie, code)
	expect(t, "existing user", in, 200, "")
	expect(t, "existing user", s.byCookie(cookieOf(t, in), "GET", "/api/user", ""), 200, `"username":"ext"`)
	expect(t, "code used up", verify(cookie, code), 401, "sign in first")

	cookie = cookieOf(t, ask("new@example.test"))
	if n, err := s.store.Users().Count(t.Context(), store.Where(store.Fold("email", "new@example.test"))); err != nil || n != 0 {
		t.Errorf("created before the code: %d, %v", n, err)
	}
	in = verify(cookie, box.code(t))
	expect(t, "new user", in, 200, "")
	expect(t, "new user", s.byCookie(cookieOf(t, in), "GET", "/api/user", ""), 200, `"external":true`)

	cookie = cookieOf(t, ask("ext@example.test"))
	code = box.code(t)
	expect(t, "sign out", s.byCookie(cookie, "POST", "/api/auth/logout", ""), 204, "")
	expect(t, "after signing out", verify(cookie, code), 401, "sign in first")
}

func TestPasswordReset(t *testing.T) {
	t.Parallel()
	s, box := newMailSite(t, func(*auth.Config) {})
	ask := func(name string) answer {
		s.clock.advance(16 * time.Minute) // so that nobody waits
		return s.do("", "POST", "/api/auth/reset", object{"auth": name})
	}
	set := func(token, secret string) answer {
		return s.do("", "POST", "/api/auth/reset/confirm", object{"token": token, "password": secret})
	}
	token := func() string {
		t.Helper()
		_, rest, _ := strings.Cut(box.one(t).Text, "https://ci.example.org/auth/reset#token=")
		text, err := url.QueryUnescape(strings.Fields(rest + " ")[0])
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	s.must("admin", "POST", "/api/users", object{"username": "ext", "name": "Ext", "email": "ext@example.test", "external": true})
	s.must("admin", "POST", "/api/users", object{"username": "off", "name": "Off", "email": "off@example.test", "password": other, "disabled": true})
	expect(t, "offered", s.do("", "GET", "/api/auth/login", nil), 200, `"password_reset":true`)
	for _, name := range []string{"ext", "off", "nobody", "nobody@example.test"} {
		expect(t, name, ask(name), 204, "")
	}
	if sent := box.take(); len(sent) != 0 {
		t.Errorf("sent %+v", sent)
	}
	expect(t, "empty", ask(" "), 400, `"field":"auth"`)

	session := s.browser("ann")
	expect(t, "ask", ask("Ann"), 204, "")
	first := token()
	expect(t, "ask again", ask("ann@example.test"), 204, "")
	second := token()
	expect(t, "the first link", set(first, other), 400, `"field":"token"`)
	expect(t, "no link", set("", other), 400, `"field":"token"`)
	expect(t, "short password", set(second, "short"), 400, `"field":"password"`)
	expect(t, "the old password still", s.byCookie(session, "GET", "/api/user", ""), 200, "")
	done := set(second, other)
	expect(t, "set", done, 204, "")
	if len(done.Result().Cookies()) != 0 {
		t.Error("the link signed in")
	}
	if got := box.one(t); !strings.Contains(got.Subject, "reset") {
		t.Errorf("notice %+v", got)
	}
	expect(t, "twice", set(second, password), 400, `"field":"token"`)
	expect(t, "the session has ended", s.byCookie(session, "GET", "/api/user", ""), 401, "")
	expect(t, "old password", s.do("", "POST", "/api/auth/login", login("ann", password)), 401, "")
	expect(t, "new password", s.do("", "POST", "/api/auth/login", login("ann", other)), 204, "")

	expect(t, "ask", ask("ann"), 204, "")
	late := token()
	s.clock.advance(30 * time.Minute)
	expect(t, "late", set(late, password), 400, `"field":"token"`)

	// Asking is slowed down, whoever it is for.
	for _, name := range []string{"ann", "nobody"} {
		s.clock.advance(16 * time.Minute)
		codes := []int{}
		for range 7 {
			codes = append(codes, s.do("", "POST", "/api/auth/reset", object{"auth": name}).Code)
		}
		if codes[0] != 204 || codes[6] != 429 {
			t.Errorf("%s: %v", name, codes)
		}
	}
}

// TestPasswordReset_KeepsTheSecondFactor: whoever reads the mail is not in yet.
func TestPasswordReset_KeepsTheSecondFactor(t *testing.T) {
	t.Parallel()
	s, box := newMailSite(t, func(*auth.Config) {})
	ann := s.users["ann"]
	cookie := s.browser("ann")
	var f struct {
		ID  int64
		URL string
	}
	s.byCookie(cookie, "POST", "/api/users/"+id(ann.ID)+"/2fas/totp", "").json(t, &f)
	expect(t, "confirm", s.byCookie(cookie, "POST", "/api/users/"+id(ann.ID)+"/2fas/totp/"+id(f.ID)+"/confirm", `{"passcode":"`+passcode(t, f.URL, s.clock.Now())+`"}`), 204, "")
	box.take()
	expect(t, "ask", s.do("", "POST", "/api/auth/reset", object{"auth": "ann"}), 204, "")
	_, rest, _ := strings.Cut(box.one(t).Text, "#token=")
	expect(t, "set", s.do("", "POST", "/api/auth/reset/confirm", object{"token": strings.Fields(rest)[0], "password": other}), 204, "")
	half := cookieOf(t, s.do("", "POST", "/api/auth/login", login("ann", other)))
	expect(t, "second factor", s.byCookie(half, "GET", "/api/user", ""), 401, "TOTP_REQUIRED")
}

// TestPasswordReset_Off: without mail, an address or passwords there are no links.
func TestPasswordReset_Off(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*auth.Config){
		"setting": func(c *auth.Config) { c.PasswordReset = false },
		"address": func(c *auth.Config) { c.WebHost = "" },
		"mail":    func(c *auth.Config) { c.Mail = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := newMailSite(t, change)
			expect(t, "offered", s.do("", "GET", "/api/auth/login", nil), 200, `"password_reset":false`)
			expect(t, "ask", s.do("", "POST", "/api/auth/reset", object{"auth": "ann"}), 403, "PASSWORD_RESET_DISABLED")
			expect(t, "set", s.do("", "POST", "/api/auth/reset/confirm", object{"token": "x", "password": other}), 403, "PASSWORD_RESET_DISABLED")
		})
	}
}

func TestNotices(t *testing.T) {
	t.Parallel()
	s, box := newMailSite(t, func(*auth.Config) {})
	ann := s.users["ann"]
	path := "/api/users/" + id(ann.ID)
	expect(t, "token", s.do("ann", "POST", "/api/user/tokens", nil), 201, "")
	if got := box.one(t); got.To != ann.Email || !strings.Contains(got.Subject, "API token") || !strings.Contains(got.Text, "https://ci.example.org/account") {
		t.Errorf("token: %+v", got)
	}
	expect(t, "address", s.do("ann", "PUT", path, object{"username": "ann", "name": "Ann", "email": "ann@new.test"}), 204, "")
	if got := box.one(t); got.To != ann.Email || !strings.Contains(got.Subject, "address") {
		t.Errorf("address: %+v", got)
	}
	expect(t, "nothing new", s.do("ann", "PUT", path, object{"username": "ann", "name": "Anna", "email": "Ann@new.test"}), 204, "")
	if sent := box.take(); len(sent) != 0 {
		t.Errorf("sent %+v", sent)
	}
	p := s.must("admin", "POST", "/api/projects", object{"name": "Quay"})
	box.take()
	invited := s.do("admin", "POST", "/api/project/"+id(p)+"/invites", object{"email": "bo@example.test", "role": "guest"})
	expect(t, "invite", invited, 201, "")
	var invite struct{ Token string }
	invited.json(t, &invite)
	if got := box.one(t); got.To != "bo@example.test" || invite.Token == "" || !strings.Contains(got.Text, "https://ci.example.org/invite#token="+invite.Token) || !strings.Contains(got.Text, "Quay") {
		t.Errorf("invitation: %+v", got)
	}
}
