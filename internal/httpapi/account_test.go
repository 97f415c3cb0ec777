package httpapi_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"signalbox/internal/domain"
)

// byCookie sends a request of a browser.
func (s *site) byCookie(cookie *http.Cookie, method, path, body string) answer {
	s.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.AddCookie(cookie)
	return s.send(r)
}

// browser signs in with the password and returns the cookie.
func (s *site) browser(user string) *http.Cookie {
	s.t.Helper()
	got := s.do("", "POST", "/api/auth/login", object{"auth": user, "password": password})
	if got.Code != 204 {
		s.t.Fatalf("sign in: got %d %s", got.Code, got.Body)
	}
	return cookieOf(s.t, got)
}

func cookieOf(t testing.TB, a answer) *http.Cookie {
	t.Helper()
	for _, c := range a.Result().Cookies() {
		if c.Name == "semaphore" {
			return c
		}
	}
	t.Fatal("no cookie")
	return nil
}

// passcode is what a device shows.
func passcode(t testing.TB, address string, now time.Time) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(u.Query().Get("secret"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, secret)
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(now.Unix()/30))
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	at := sum[19] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

type totp struct {
	ID            int64    `json:"id"`
	URL           string   `json:"url"`
	RecoveryCode  string   `json:"recovery_code"`
	RecoveryCodes []string `json:"recovery_codes"`
}

func TestSecondFactor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.users["owner"]
	path := fmt.Sprintf("/api/users/%d/2fas/totp", owner.ID)
	want := func(what string, got answer, code int, body string) {
		t.Helper()
		if got.Code != code || !strings.Contains(got.Body.String(), body) || body == "" && got.Body.Len() > 0 {
			t.Errorf("%s: got %d %s, want %d %s", what, got.Code, got.Body, code, body)
		}
	}
	if got := w.do("", "GET", "/api/auth/login", nil).Body.String(); !strings.Contains(got, `"auth_methods":{"totp":{"allow_recovery":true}}`) {
		t.Errorf("how to sign in: got %s", got)
	}
	want("remove what is not there", w.do("owner", "DELETE", path+"/1", nil), 400, `"TOTP not enabled"`)
	want("draw what is not there", w.do("owner", "GET", path+"/1/qr", nil), 404, `"TOTP not enabled"`)
	want("for somebody else", w.do("admin", "POST", path, nil), 403, "only the users themselves")
	want("for somebody else, no administrator", w.do("manager", "POST", path, nil), 401, "administrator")

	var f totp
	created := w.do("owner", "POST", path, nil)
	want("set up", created, 200, `"confirmed":false`)
	created.json(t, &f)
	if len(f.RecoveryCodes) != 10 || f.RecoveryCode != f.RecoveryCodes[0] || !strings.HasPrefix(f.URL, "otpauth://totp/Signalbox:owner@example.test?algorithm=SHA1&digits=6&issuer=Signalbox&period=30&secret=") {
		t.Errorf("got %+v", f)
	}
	one := fmt.Sprintf("%s/%d", path, f.ID)
	picture := w.do("owner", "GET", one+"/qr", nil)
	if img, err := png.Decode(bytes.NewReader(picture.Body.Bytes())); err != nil || img.Bounds().Dx() != 256 || img.Bounds().Dy() != 256 ||
		strings.Join(picture.Header()["Content-Type"], " ") != "image/png" {
		t.Errorf("picture: got %v, %v", picture.Header(), err)
	}
	want("picture for an administrator", w.do("admin", "GET", one+"/qr", nil), 403, "only the users themselves")
	want("confirm by a wrong code", w.do("owner", "POST", one+"/confirm", object{"passcode": "000000"}), 400, `"field":"passcode"`)
	want("confirm", w.do("owner", "POST", one+"/confirm", object{"passcode": passcode(t, f.URL, w.clock.Now())}), 204, "")
	want("set up twice", w.do("owner", "POST", path, nil), 400, `"TOTP already enabled"`)
	want("draw it again", w.do("owner", "GET", one+"/qr", nil), 404, "TOTP not enabled")

	// Signing in takes both.
	w.clock.advance(time.Minute)
	half := w.browser("owner")
	for _, route := range []string{"/api/user", "/api/projects", "/api/info", w.path("/keys"), "/api/ws"} {
		want("half a session", w.byCookie(half, "GET", route, ""), 401, `{"error":"TOTP_REQUIRED"`)
	}
	want("verify without a session", w.do("", "POST", "/api/auth/verify", object{"passcode": "000000"}), 401, "sign in first")
	want("verify by no JSON", w.byCookie(half, "POST", "/api/auth/verify", "nope"), 400, "not valid JSON")
	want("verify by a wrong code", w.byCookie(half, "POST", "/api/auth/verify", `{"passcode":"000000"}`), 401, `{"error":"INVALID_PASSCODE"`)
	code := passcode(t, f.URL, w.clock.Now())
	verified := w.byCookie(half, "POST", "/api/auth/verify", `{"passcode":"`+code+`"}`)
	want("verify", verified, 200, "")
	whole := cookieOf(t, verified)
	if whole.Value == half.Value {
		t.Error("the cookie was not renewed")
	}
	want("the old cookie", w.byCookie(half, "GET", "/api/user", ""), 401, "sign in first")
	want("the new cookie", w.byCookie(whole, "GET", "/api/user", ""), 200, `"totp":{"id":`)
	want("nothing pending", w.byCookie(whole, "POST", "/api/auth/verify", `{"passcode":"000000"}`), 204, "")
	want("the code once more", w.byCookie(w.browser("owner"), "POST", "/api/auth/verify", `{"passcode":"`+code+`"}`), 401, "INVALID_PASSCODE")

	// The secret is nowhere to be had any more.
	u, err := url.Parse(f.URL)
	if err != nil {
		t.Fatal(err)
	}
	secrets := append([]string{u.Query().Get("secret"), "otpauth"}, f.RecoveryCodes...)
	for _, actor := range []string{"owner", "admin", "guest"} {
		for _, route := range []string{"/api/user", "/api/users", fmt.Sprintf("/api/users/%d", owner.ID), w.path(fmt.Sprintf("/users/%d", owner.ID)), w.path("/users"), "/api/events", "/api/user/sessions"} {
			got := w.do(actor, "GET", route, nil).Body.String()
			for _, secret := range secrets {
				if strings.Contains(got, secret) {
					t.Errorf("%s as %s shows %q", route, actor, secret)
				}
			}
		}
	}
	want("as an administrator sees it", w.do("admin", "GET", fmt.Sprintf("/api/users/%d", owner.ID), nil), 200, `,"url":""}`)

	// Recovery takes it away.
	half = w.browser("owner")
	want("recover without a session", w.do("", "POST", "/api/auth/recovery", object{"recovery_code": "X"}), 401, "sign in first")
	want("recover by a wrong code", w.byCookie(half, "POST", "/api/auth/recovery", `{"recovery_code":"WRONGWRONGWRONG1"}`), 401, `{"error":"INVALID_RECOVERY_CODE"`)
	recovered := w.byCookie(half, "POST", "/api/auth/recovery", `{"recovery_code":"`+f.RecoveryCode+`"}`)
	want("recover", recovered, 204, "")
	if got := w.byCookie(cookieOf(t, recovered), "GET", "/api/user", ""); got.Code != 200 || strings.Contains(got.Body.String(), `"totp"`) {
		t.Errorf("afterwards: got %d %s", got.Code, got.Body)
	}
}

func TestTokenScopes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	make := func(actor string, body object) answer { return w.do(actor, "POST", "/api/user/tokens", body) }
	made := make("owner", object{"name": "ci", "scopes": []string{"read", "run"}, "projects": []int64{w.project}, "expires_at": w.clock.Now().Add(time.Hour)})
	if made.Code != 201 || !strings.Contains(made.Body.String(), fmt.Sprintf(`"scopes":["read","run"],"projects":[%d]`, w.project)) {
		t.Fatalf("got %d %s", made.Code, made.Body)
	}
	var token struct{ ID string }
	made.json(t, &token)
	small := "token:" + token.ID
	self := fmt.Sprintf("/api/users/%d", w.users["owner"].ID)
	for _, c := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/api/user/tokens", object{"scopes": []string{"read"}}},
		{"POST", "/api/user/tokens", nil},
		{"DELETE", "/api/user/tokens/" + token.ID, nil},
		{"POST", self + "/password", object{"password": "another long one"}},
		{"PUT", self, object{"username": "owner", "name": "Owner", "email": "owner@example.test", "password": "another long one"}},
		{"POST", self + "/2fas/totp", nil},
		{"DELETE", self + "/sessions", nil},
	} {
		if got := w.do(small, c.method, c.path, c.body); got.Code != 403 {
			t.Errorf("%s %s: got %d %s, want 403", c.method, c.path, got.Code, got.Body)
		}
	}
	var list []struct {
		ID       string
		LastUsed *time.Time `json:"last_used"`
	}
	w.do("owner", "GET", "/api/user/tokens", nil).json(t, &list)
	if len(list) != 2 || list[0].ID != token.ID[:8] && list[1].ID != token.ID[:8] || list[0].LastUsed == nil && list[1].LastUsed == nil {
		t.Errorf("got %+v", list)
	}
	for field, body := range map[string]object{
		"scopes":     {"scopes": []string{"all"}},
		"projects":   {"projects": []int64{9999}},
		"expires_at": {"expires_at": "2001-01-01T00:00:00Z"},
		"name":       {"name": strings.Repeat("x", 101)},
	} {
		if got := make("owner", body); got.Code != 400 || !strings.Contains(got.Body.String(), `"field":"`+field+`"`) {
			t.Errorf("%s: got %d %s", field, got.Code, got.Body)
		}
	}
}

func TestDisabledUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	manager, admin := w.users["manager"], w.users["admin"]
	path := func(u domain.User) string { return fmt.Sprintf("/api/users/%d", u.ID) }
	full := func(u domain.User, change object) object {
		body := object{"username": u.Username, "name": u.Name, "email": u.Email, "admin": u.Admin}
		for k, v := range change {
			body[k] = v
		}
		return body
	}
	cookie := w.browser("manager")
	wrong := w.do("", "POST", "/api/auth/login", object{"auth": "manager", "password": "not this one"})
	if got := w.do("manager", "PUT", path(manager), full(manager, object{"disabled": true})).Code; got != 401 {
		t.Errorf("by oneself: got %d", got)
	}
	if got := w.do("admin", "PUT", path(admin), full(admin, object{"disabled": true})).Code; got != 401 {
		t.Errorf("an administrator themselves: got %d", got)
	}
	w.must("admin", "PUT", path(manager), full(manager, object{"disabled": true}))
	w.must("admin", "PUT", path(manager), full(manager, nil)) // left out, it stays
	if got := w.do("admin", "GET", path(manager), nil).Body.String(); !strings.Contains(got, `"disabled":true`) {
		t.Errorf("got %s", got)
	}
	if got := w.byCookie(cookie, "GET", "/api/user", "").Code; got != 401 {
		t.Errorf("session: got %d", got)
	}
	if got := w.do("manager", "GET", "/api/user", nil).Code; got != 401 {
		t.Errorf("token: got %d", got)
	}
	got := w.do("", "POST", "/api/auth/login", object{"auth": "manager", "password": password})
	var a, b struct{ Error string }
	got.json(t, &a)
	wrong.json(t, &b)
	if got.Code != wrong.Code || a != b {
		t.Errorf("sign-in: got %d %s, want %d %s", got.Code, got.Body, wrong.Code, wrong.Body)
	}
	w.must("admin", "PUT", path(manager), full(manager, object{"disabled": false}))
	w.browser("manager")

	// One administrator who can sign in is left.
	second := w.addUser("second", true)
	w.must("admin", "PUT", path(second), full(second, object{"disabled": true}))
	for name, got := range map[string]answer{
		"delete": w.do("admin", "DELETE", path(admin), nil),
	} {
		if got.Code < 400 {
			t.Errorf("%s: got %d", name, got.Code)
		}
	}
	w.must("admin", "DELETE", path(second), nil)
}

func TestUserFieldsAndPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for field, change := range map[string]object{"username": {"username": "OWNER"}, "email": {"email": "Owner@Example.TEST"}} {
		body := object{"username": "fresh", "name": "Fresh", "email": "fresh@example.test", "password": password}
		for k, v := range change {
			body[k] = v
		}
		got := w.do("admin", "POST", "/api/users", body)
		if got.Code != 400 || !strings.Contains(got.Body.String(), `"field":"`+field+`"`) {
			t.Errorf("%s taken: got %d %s", field, got.Code, got.Body)
		}
	}
	external := w.must("admin", "POST", "/api/users", object{"username": "ext", "name": "Ext", "email": "ext@example.test", "external": true})
	for what, got := range map[string]answer{
		"rename":   w.do("admin", "PUT", fmt.Sprintf("/api/users/%d", external), object{"username": "other", "name": "Ext", "email": "ext@example.test"}),
		"password": w.do("admin", "POST", fmt.Sprintf("/api/users/%d/password", external), object{"password": password}),
	} {
		if got.Code != 400 {
			t.Errorf("%s of an external user: got %d", what, got.Code)
		}
	}
	var page []struct{ ID int64 }
	w.do("admin", "GET", "/api/users?count=2", nil).json(t, &page)
	if len(page) != 2 {
		t.Fatalf("got %v", page)
	}
	last := page[1].ID
	w.do("admin", "GET", "/api/users?count=2&offset=2", nil).json(t, &page)
	if len(page) != 2 || page[0].ID <= last {
		t.Errorf("the next page: got %v after %d", page, last)
	}
	for _, bad := range []string{"count=0", "count=x", "offset=-1"} {
		if got := w.do("admin", "GET", "/api/users?"+bad, nil).Code; got != 400 {
			t.Errorf("%s: got %d", bad, got)
		}
	}
}

func TestUserOptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.do("guest", "GET", "/api/user/options", nil); got.Code != 200 || got.Body.String() != "{}" {
		t.Errorf("none: got %d %s", got.Code, got.Body)
	}
	if got := w.do("guest", "POST", "/api/user/options", object{"key": "nav.unpinnedItems", "value": []string{"a"}}); got.Code != 200 || got.Body.String() != `{"key":"nav.unpinnedItems","value":["a"]}` {
		t.Errorf("set: got %d %s", got.Code, got.Body)
	}
	if got := w.do("guest", "GET", "/api/user/options", nil).Body.String(); got != `{"nav.unpinnedItems":["a"]}` {
		t.Errorf("got %s", got)
	}
	if got := w.do("owner", "GET", "/api/user/options", nil).Body.String(); got != `{}` {
		t.Errorf("another user's: got %s", got)
	}
	for field, body := range map[string]object{
		"key":   {"key": "apps.bash.path", "value": "/bin/sh"},
		"value": {"key": "nav.unpinnedItems", "value": strings.Repeat("x", 5000)},
	} {
		if got := w.do("guest", "POST", "/api/user/options", body); got.Code != 400 || !strings.Contains(got.Body.String(), `"field":"`+field+`"`) {
			t.Errorf("%s: got %d %s", field, got.Code, got.Body)
		}
	}
	w.must("admin", "DELETE", fmt.Sprintf("/api/users/%d", w.users["guest"].ID), nil)
	all, err := w.store.Options().All(t.Context())
	if data, _ := json.Marshal(all); err != nil || strings.Contains(string(data), "unpinned") {
		t.Errorf("left behind: %s, %v", data, err)
	}
}

func TestSessionsOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	here, there := w.browser("guest"), w.browser("guest")
	var list []struct {
		ID      int64
		Current bool
	}
	w.byCookie(here, "GET", "/api/user/sessions", "").json(t, &list)
	if len(list) != 2 || list[0].Current == list[1].Current {
		t.Fatalf("got %+v", list)
	}
	foreign := fmt.Sprintf("/api/user/sessions/%d", list[0].ID)
	if got := w.do("owner", "DELETE", foreign, nil).Code; got != 404 {
		t.Errorf("somebody else's: got %d", got)
	}
	path := fmt.Sprintf("/api/users/%d/sessions", w.users["guest"].ID)
	if got := w.do("owner", "GET", path, nil).Code; got != 401 {
		t.Errorf("the list of somebody else: got %d", got)
	}
	if got := w.do("admin", "GET", path, nil).Code; got != 200 {
		t.Errorf("as an administrator: got %d", got)
	}
	if got := w.byCookie(here, "DELETE", "/api/user/sessions", "").Code; got != 204 {
		t.Errorf("the others: got %d", got)
	}
	if a, b := w.byCookie(here, "GET", "/api/user", "").Code, w.byCookie(there, "GET", "/api/user", "").Code; a != 200 || b != 401 {
		t.Errorf("afterwards: got %d and %d", a, b)
	}
	w.must("admin", "DELETE", path, nil)
	if got := w.byCookie(here, "GET", "/api/user", "").Code; got != 401 {
		t.Errorf("ended by an administrator: got %d", got)
	}
}
