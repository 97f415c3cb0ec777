package auth

import (
	"testing"
	"time"

	"signalbox/internal/domain"
)

func TestMakeToken_Bounds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	var projects [3]domain.ProjectID
	for i := range projects {
		p := domain.Project{Name: "p", Created: b.cfg.Now()}
		if err := b.store.Projects().Create(ctx, &p); err != nil {
			t.Fatal(err)
		}
		projects[i] = p.ID
		if i < 2 { // not a member of the last one
			if err := b.store.Members().Create(ctx, &domain.Member{ProjectID: p.ID, UserID: b.user.ID, Role: domain.RoleOwner}); err != nil {
				t.Fatal(err)
			}
		}
	}
	soon, later := b.cfg.Now().Add(time.Hour), b.cfg.Now().Add(2*time.Hour)
	all := []domain.TokenScope{domain.ScopeRead, domain.ScopeRun, domain.ScopeWrite, domain.ScopeAdmin}
	bounded := &domain.Token{Scopes: []domain.TokenScope{domain.ScopeRead, domain.ScopeAdmin}, Projects: projects[:1], ExpiresAt: &soon}
	for _, c := range []struct {
		name string
		by   *domain.Token
		n    NewToken
		kind domain.ErrorKind
	}{
		{"session, no bounds", nil, NewToken{}, ""},
		{"session, all scopes", nil, NewToken{Scopes: all}, ""},
		{"session, own projects", nil, NewToken{Projects: projects[:2]}, ""},
		{"foreign project", nil, NewToken{Projects: projects[2:]}, domain.KindInvalid},
		{"missing project", nil, NewToken{Projects: []domain.ProjectID{9999}}, domain.KindInvalid},
		{"project twice", nil, NewToken{Projects: []domain.ProjectID{projects[0], projects[0]}}, domain.KindInvalid},
		{"no project", nil, NewToken{Projects: []domain.ProjectID{}}, domain.KindInvalid},
		{"no scope", nil, NewToken{Scopes: []domain.TokenScope{}}, domain.KindInvalid},
		{"unknown scope", nil, NewToken{Scopes: []domain.TokenScope{"root"}}, domain.KindInvalid},
		{"scope twice", nil, NewToken{Scopes: []domain.TokenScope{"read", "read"}}, domain.KindInvalid},
		{"full token, no bounds", &domain.Token{}, NewToken{}, ""},
		{"token without admin", &domain.Token{Scopes: all[:3]}, NewToken{Scopes: all[:1]}, domain.KindForbidden},
		{"less than itself", bounded, NewToken{Scopes: bounded.Scopes[:1], Projects: projects[:1], ExpiresAt: &soon}, ""},
		{"more scopes", bounded, NewToken{Scopes: all, Projects: projects[:1], ExpiresAt: &soon}, domain.KindForbidden},
		{"all scopes by leaving them out", bounded, NewToken{Projects: projects[:1], ExpiresAt: &soon}, domain.KindForbidden},
		{"more projects", bounded, NewToken{Scopes: all[:1], Projects: projects[:2], ExpiresAt: &soon}, domain.KindForbidden},
		{"all projects by leaving them out", bounded, NewToken{Scopes: all[:1], ExpiresAt: &soon}, domain.KindForbidden},
		{"longer life", bounded, NewToken{Scopes: all[:1], Projects: projects[:1], ExpiresAt: &later}, domain.KindForbidden},
		{"endless life", bounded, NewToken{Scopes: all[:1], Projects: projects[:1]}, domain.KindForbidden},
	} {
		text, token, err := b.MakeToken(ctx, domain.Actor{User: b.user, Token: c.by}, c.n)
		if c.kind != "" {
			if !domain.IsKind(err, c.kind) {
				t.Errorf("%s: got %v, want %s", c.name, err, c.kind)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		actor, err := b.Identify(ctx, "Bearer "+text, "")
		if err != nil || actor.Token == nil || actor.Token.ID != token.ID || len(actor.Token.Scopes) != len(c.n.Scopes) || len(actor.Token.Projects) != len(c.n.Projects) ||
			(actor.Token.Scopes == nil) != (c.n.Scopes == nil) || (actor.Token.Projects == nil) != (c.n.Projects == nil) {
			t.Errorf("%s: got %+v, %v", c.name, actor.Token, err)
		}
	}
}

func TestTokens_LastUsed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	text, token, err := b.CreateToken(ctx, b.user.ID, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	use := func() time.Time {
		t.Helper()
		if _, err := b.Identify(ctx, "Bearer "+text, ""); err != nil {
			t.Fatal(err)
		}
		row, err := b.store.Tokens().Get(ctx, token.ID)
		if err != nil || row.LastUsed == nil {
			t.Fatalf("got %+v, %v", row, err)
		}
		return *row.LastUsed
	}
	first := use()
	b.advance(touchEvery - time.Second)
	if got := use(); !got.Equal(first) {
		t.Errorf("within a minute it moved from %s to %s", first, got)
	}
	b.advance(time.Second)
	if got := use(); !got.Equal(first.Add(touchEvery)) {
		t.Errorf("after a minute: got %s", got)
	}
}

func TestDisabledUser(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	_, cookie := b.signIn(t)
	text, _, err := b.CreateToken(ctx, b.user.ID, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, wrong := b.Login(ctx, "anna", "not the password", client(1))
	if _, err := b.store.Users().Update(ctx, b.user.ID, func(u *domain.User) error { u.Disabled = true; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Login(ctx, "anna", password, client(1)); err == nil || err.Error() != wrong.Error() {
		t.Errorf("sign-in: got %v, want %v", err, wrong)
	}
	if _, err := b.Identify(ctx, "", cookie); !domain.IsKind(err, domain.KindUnauthenticated) {
		t.Errorf("session: got %v", err)
	}
	if _, err := b.Identify(ctx, "Bearer "+text, ""); !domain.IsKind(err, domain.KindUnauthenticated) {
		t.Errorf("token: got %v", err)
	}
}

func TestSessions_List(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	actor, cookie := b.signIn(t)
	second, secondCookie := b.signIn(t)
	third, _ := b.signIn(t)
	stranger := domain.Actor{User: domain.User{ID: b.user.ID + 1}}
	if list, err := b.Sessions(ctx, actor, b.user.ID); err != nil || len(list) != 3 {
		t.Fatalf("got %d sessions, %v", len(list), err)
	}
	for name, err := range map[string]error{
		"list":    func() error { _, err := b.Sessions(ctx, stranger, b.user.ID); return err }(),
		"end one": b.EndSession(ctx, stranger, b.user.ID, second.SessionID),
		"end all": b.EndSessions(ctx, stranger, b.user.ID),
		// Naming oneself does not reach the sessions of others.
		"end one as one's own": notMissing(b.EndSession(ctx, stranger, stranger.User.ID, second.SessionID)),
	} {
		if !domain.IsKind(err, domain.KindUnauthenticated) {
			t.Errorf("a stranger, %s: got %v", name, err)
		}
	}
	if err := b.EndSession(ctx, actor, b.user.ID, third.SessionID); err != nil {
		t.Fatal(err)
	}
	if err := b.EndSession(ctx, actor, b.user.ID, third.SessionID); !domain.IsKind(err, domain.KindNotFound) {
		t.Errorf("once more: got %v", err)
	}
	if _, err := b.Identify(ctx, "", secondCookie); err != nil {
		t.Errorf("the second one: %v", err)
	}
	if err := b.EndSessions(ctx, actor, b.user.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Identify(ctx, "", secondCookie); err == nil {
		t.Error("the second one goes on")
	}
	if _, err := b.Identify(ctx, "", cookie); err != nil {
		t.Errorf("the own one: %v", err)
	}
}

// notMissing makes "there is none" of "refused".
func notMissing(err error) error {
	if domain.IsKind(err, domain.KindNotFound) {
		return domain.Unauthenticated("hidden")
	}
	return err
}
