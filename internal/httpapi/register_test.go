package httpapi_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox/internal/auth"
	"signalbox/internal/catalog"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

const (
	previewing  = "/api/invites/preview"
	registering = "/api/invites/register"
)

// inviting makes an invitation and returns its token.
func (w *world) inviting(actor string, body object) string {
	w.t.Helper()
	var out struct{ Token string }
	got := w.do(actor, "POST", w.path("/invites"), body)
	got.json(w.t, &out)
	if got.Code != 201 || out.Token == "" {
		w.t.Fatalf("got %d %s", got.Code, got.Body)
	}
	return out.Token
}

func newcomer(token, name string) object {
	return object{"token": token, "username": name, "name": "New Comer", "password": other}
}

func TestRegisterByInvite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.inviting("owner", object{"email": "Eve@example.test", "role": "task_runner"})
	show := object{"token": token}
	expect(t, "preview", w.do("", "POST", previewing, show), 200, `{"project_name":"World","email":"Eve@example.test","registered":false,"password_login":true}`)

	with := func(key string, value any) object {
		o := newcomer(token, "eve")
		o[key] = value
		return o
	}
	w.addUser("taken", false)
	for what, c := range map[string]struct {
		body  object
		field string
	}{
		"no token":        {with("token", ""), "token"},
		"wrong token":     {with("token", token+"x"), "token"},
		"no user name":    {with("username", " "), "username"},
		"taken user name": {with("username", "TAKEN"), "username"},
		"foreign address": {with("username", "taken@example.test"), "username"},
		"no name":         {with("name", ""), "name"},
		"no password":     {with("password", ""), "password"},
		"short password":  {with("password", "short"), "password"},
	} {
		w.clock.advance(16 * time.Minute) // so that nobody waits
		expect(t, what, w.do("", "POST", registering, c.body), 400, `"field":"`+c.field+`"`)
	}
	if n, err := w.store.Users().Count(t.Context(), store.Where(store.Fold("email", "eve@example.test"))); err != nil || n != 0 {
		t.Fatalf("%d users after refusals, %v", n, err)
	}

	w.clock.advance(16 * time.Minute)
	done := w.do("", "POST", registering, newcomer(token, "eve"))
	expect(t, "register", done, 200, fmt.Sprintf(`{"project_id":%d}`, w.project))
	cookie := cookieOf(t, done)
	me := w.byCookie(cookie, "GET", "/api/user", "")
	for _, part := range []string{`"username":"eve"`, `"email":"Eve@example.test"`, `"admin":false`, `"external":false`} {
		expect(t, "me", me, 200, part)
	}
	expect(t, "role", w.byCookie(cookie, "GET", w.path("/role"), ""), 200, `"role":"task_runner"`)
	expect(t, "sign in", w.do("", "POST", "/api/auth/login", login("eve", other)), 204, "")

	expect(t, "twice", w.do("", "POST", registering, newcomer(token, "eve2")), 400, `"field":"token"`)
	expect(t, "preview of a used one", w.do("", "POST", previewing, show), 400, "accepted already")
	expect(t, "activity", w.do("owner", "GET", w.path("/events"), nil), 200, "User eve joined the project as task_runner")
	events, err := w.store.Events().List(t.Context(), store.EventFilter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(events, func(e domain.EventWithNames) bool {
		return e.Description == "User eve registered by an invitation" && e.Username == "eve" && !strings.Contains(string(e.Changes), other) && e.Address != ""
	}) {
		t.Error("nobody wrote down that eve registered")
	}
}

func TestRegisterByInvite_Refused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	try := func(what, token, part string) {
		t.Helper()
		w.clock.advance(16 * time.Minute) // so that nobody waits
		got := w.do("", "POST", previewing, object{"token": token})
		expect(t, "preview: "+what, got, 400, part)
		if strings.Contains(got.Body.String(), "World") || strings.Contains(got.Body.String(), "@") {
			t.Errorf("%s: the preview tells what it is for: %s", what, got.Body)
		}
		w.clock.advance(16 * time.Minute)
		expect(t, what, w.do("", "POST", registering, newcomer(token, "newcomer")), 400, part)
	}
	try("unknown", "x", `"field":"token"`)
	try("empty", "", `"field":"token"`)

	token := w.inviting("owner", object{"email": "old@example.test", "role": "guest"})
	w.clock.advance(8 * 24 * time.Hour)
	try("expired", token, "expired")

	var made struct {
		ID    int64
		Token string
	}
	w.do("owner", "POST", w.path("/invites"), object{"email": "no@example.test", "role": "guest"}).json(t, &made)
	w.walk([]step{{"owner", "PUT", w.path("/invites/" + id(made.ID)), object{"status": "declined"}, 204, ""}})
	try("declined", made.Token, "declined")
	w.walk([]step{{"owner", "DELETE", w.path("/invites/" + id(made.ID)), nil, 204, ""}})
	try("deleted", made.Token, `"field":"token"`)

	// Who has an account signs in with it.
	token = w.inviting("owner", object{"user_id": w.users["outsider"].ID, "role": "guest"})
	expect(t, "preview", w.do("", "POST", previewing, object{"token": token}), 200, `{"project_name":"World","registered":true,"password_login":true}`)
	expect(t, "for an account", w.do("", "POST", registering, newcomer(token, "newcomer")), 400, `"field":"token"`)
	token = w.inviting("owner", object{"email": "late@example.test", "role": "guest"})
	w.addUser("late", false)
	expect(t, "preview", w.do("", "POST", previewing, object{"token": token}), 200, `"registered":true`)
	expect(t, "address with an account", w.do("", "POST", registering, newcomer(token, "newcomer")), 400, `"field":"email"`)

	// What an inviter may no longer do, their invitations do not do either.
	token = w.inviting("owner", object{"email": "eve@example.test", "role": "guest"})
	w.walk([]step{{"admin", "PUT", w.path("/users/" + id(w.users["owner"].ID)), object{"role": "guest"}, 204, ""}})
	try("withdrawn", token, "no longer")

	w.catalog.Teams.InvitesEnabled = false
	for _, path := range []string{previewing, registering} {
		expect(t, "switched off", w.do("", "POST", path, newcomer(token, "newcomer")), 403, "switched off")
	}
	if n, err := w.store.Users().Count(t.Context(), store.Where(store.Fold("username", "newcomer"))); err != nil || n != 0 {
		t.Errorf("%d users after refusals, %v", n, err)
	}
}

// TestRegisterByInvite_SlowedDown: guesses cost time, and a good invitation buys
// none of it back.
func TestRegisterByInvite_SlowedDown(t *testing.T) {
	t.Parallel()
	for _, path := range []string{previewing, registering} {
		w := newWorld(t)
		token := w.inviting("owner", object{"email": "eve@example.test", "role": "guest"})
		for range 5 {
			expect(t, path, w.do("", "POST", path, newcomer("wrong", "eve")), 400, `"field":"token"`)
			w.clock.advance(time.Millisecond)
		}
		expect(t, path, w.do("", "POST", previewing, object{"token": token}), 429, "")
		expect(t, path, w.do("", "POST", registering, newcomer(token, "eve")), 429, "")
		expect(t, "a sign-in", w.do("", "POST", "/api/auth/login", login("nobody", "wrong")), 401, "")
	}
	w := newWorld(t)
	token := w.inviting("owner", object{"email": "eve@example.test", "role": "guest"})
	for range 5 { // names are not to be tried out either
		expect(t, "taken", w.do("", "POST", registering, newcomer(token, "guest")), 400, `"field":"username"`)
		if got := w.do("", "POST", previewing, object{"token": token}).Code; got != 200 && got != 429 {
			t.Errorf("preview: %d", got)
		}
	}
	expect(t, "taken", w.do("", "POST", registering, newcomer(token, "guest")), 429, "")
}

// TestRegisterByInvite_AtOnce: of many who use one secret at once, one is let in.
func TestRegisterByInvite_AtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.inviting("owner", object{"email": "eve@example.test", "role": "guest"})
	answers := make([]answer, 4)
	var group sync.WaitGroup
	for n := range answers {
		group.Go(func() { answers[n] = w.do("", "POST", registering, newcomer(token, fmt.Sprintf("eve%d", n))) })
	}
	group.Wait()
	in := 0
	for _, a := range answers {
		switch {
		case a.Code == 200:
			in++
		case a.Code != 400 || !strings.Contains(a.Body.String(), `"field":"`):
			t.Errorf("got %d %s", a.Code, a.Body)
		}
	}
	n, err := w.store.Users().Count(t.Context(), store.Where(store.HasPrefix("username", "eve")))
	if err != nil || n != 1 || in != 1 {
		t.Errorf("%d answers of success, %d users, %v", in, n, err)
	}
}

// TestRegisterByInvite_SameName: of two with one name, one gets it, and the other
// may try again with the same invitation.
func TestRegisterByInvite_SameName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := []string{
		w.inviting("owner", object{"email": "a@example.test", "role": "guest"}),
		w.inviting("owner", object{"email": "b@example.test", "role": "guest"}),
	}
	answers := make([]answer, len(tokens))
	var group sync.WaitGroup
	for n, token := range tokens {
		group.Go(func() { answers[n] = w.do("", "POST", registering, newcomer(token, "eve")) })
	}
	group.Wait()
	late := slices.IndexFunc(answers, func(a answer) bool { return a.Code != 200 })
	if late < 0 || answers[1-late].Code != 200 {
		t.Fatalf("got %d and %d", answers[0].Code, answers[1].Code)
	}
	expect(t, "the second", answers[late], 400, `"field":"username"`)
	expect(t, "again", w.do("", "POST", registering, newcomer(tokens[late], "adam")), 200, "")
}

// TestRegisterByInvite_Steps: a registration is a sign-in like any other.
func TestRegisterByInvite_Steps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*auth.Config)
		word   string
	}{
		"required factor": {func(c *auth.Config) { c.RequireMFA = auth.RequireAll; c.Mail = nil }, "MFA_ENROLMENT_REQUIRED"},
		"mailed code":     {func(c *auth.Config) { c.Email.Enabled = true }, "EMAIL_OTP_REQUIRED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, box := newMailWorld(t, c.change)
			got := w.do("", "POST", registering, newcomer(w.mailed(t, box), "eve"))
			expect(t, "register", got, 200, `"project_id"`)
			expect(t, "half a session", w.byCookie(cookieOf(t, got), "GET", "/api/user", ""), 401, c.word)
		})
	}
	t.Run("no passwords", func(t *testing.T) {
		t.Parallel()
		w, box := newMailWorld(t, func(c *auth.Config) { c.PasswordLoginDisabled = true })
		token := w.mailed(t, box)
		expect(t, "preview", w.do("", "POST", previewing, object{"token": token}), 200, `"password_login":false`)
		expect(t, "register", w.do("", "POST", registering, newcomer(token, "eve")), 403, "PASSWORD_LOGIN_DISABLED")
	})
}

func newMailWorld(t *testing.T, change func(*auth.Config)) (*world, *mailbox) {
	t.Helper()
	s, box := newMailSite(t, change)
	s.catalog.Teams = catalog.Teams{InvitesEnabled: true, InviteType: catalog.InviteByEmail}
	w := &world{site: s}
	w.project = w.must("admin", "POST", "/api/projects", object{"name": "Quay"})
	return w, box
}

// mailed returns the token of the letter that invites a stranger.
func (w *world) mailed(t *testing.T, box *mailbox) string {
	t.Helper()
	box.take()
	w.inviting("admin", object{"email": "eve@example.test", "role": "guest"})
	_, rest, _ := strings.Cut(box.one(t).Text, "https://ci.example.org/invite#token=")
	token, err := url.QueryUnescape(strings.Fields(rest + " ")[0])
	if err != nil {
		t.Fatal(err)
	}
	return token
}
