package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"signalbox/internal/access"
	"signalbox/internal/auth"
	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// cookieName is the name that the reference's clients look for.
const cookieName = "semaphore"

// admit finds out who asks and whether they may. It runs before anything of
// the request is looked at but its address and headers.
func (a *api) admit(c *call, params []string) error {
	r, action := c.r, c.route.Action
	c.grant.Actor.Address, c.grant.Actor.UserAgent = a.clientAddress(r), r.UserAgent()
	if action != authz.Public {
		actor, err := a.Auth.Identify(r.Context(), r.Header.Get("Authorization"), sessionCookie(r))
		actor.Address, actor.UserAgent = c.grant.Actor.Address, c.grant.Actor.UserAgent
		if err != nil {
			if c.route.ID != "getCurrentUser" { // clients ask that to find out what is missing
				a.Auth.NoteHalfSession(r.Context(), actor, r.Method+" "+c.route.Path)
			}
			return err
		}
		c.grant.Actor = actor
	}
	// A browser sends the cookie along whoever made the page; a bearer token it
	// does not.
	if !c.grant.Actor.ByToken() && (unsafe(r.Method) || strings.EqualFold(r.Header.Get("Upgrade"), "websocket")) && !a.sameOrigin(r) {
		return domain.Forbidden("this request comes from another site")
	}
	for _, name := range params {
		if !isID(name) {
			continue
		}
		if n, err := strconv.ParseInt(r.PathValue(name), 10, 64); err != nil || n < 0 {
			return domain.Invalid(name, "must be a number")
		}
	}
	subject := authz.Of(c.grant.Actor)
	switch {
	case action.InProject():
		grant, err := a.Catalog.Grant(r.Context(), c.grant.Actor, domain.ProjectID(c.id("project_id")))
		if err != nil {
			return err
		}
		c.grant = grant
		subject = grant.Subject()
	case action == authz.ManageOwnUser:
		subject.Target = domain.UserID(c.id("user_id"))
	case action == authz.CreateProject:
		subject.AnyoneCreates = a.Catalog.AnyoneCreates
	}
	err := authz.Decide(subject, action)
	if action.OnTemplate() && c.grant.Member && domain.IsKind(err, domain.KindForbidden) {
		return a.admitOnTemplate(c)
	}
	return err
}

// admitOnTemplate lets those in who may do on the template in question what they
// may not do in the whole project. Which template it is, the path says, or the
// task in the path, or for a new task its body.
func (a *api) admitOnTemplate(c *call) error {
	ctx := c.r.Context()
	switch {
	case c.r.PathValue("template_id") != "":
		c.template = c.templateID()
	case c.r.PathValue("task_id") != "":
		t, err := a.Store.Tasks().Get(ctx, c.taskID())
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err == nil && t.ProjectID == c.grant.Project {
			c.template = t.TemplateID
		}
	case c.route.ID == createTaskID:
		var err error
		if c.template, err = c.peekTemplate(); err != nil {
			return err
		}
	}
	if c.template != 0 {
		if err := access.OnTemplate(ctx, a.Store, &c.grant, c.template); err != nil {
			return err
		}
	}
	return c.grant.Require(c.route.Action)
}

// createTaskID is the one operation whose template is in its body.
const createTaskID = "createTask"

// peekTemplate reads which template a new task is of, and leaves the body to be
// read again. What cannot be read names none: the caller is refused.
func (c *call) peekTemplate() (domain.TemplateID, error) {
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, c.api.maxBody))
	if err != nil {
		return 0, decodeError(err)
	}
	c.r.Body = io.NopCloser(bytes.NewReader(body))
	var in struct {
		TemplateID int64 `json:"template_id"`
	}
	if json.NewDecoder(bytes.NewReader(body)).Decode(&in) != nil {
		return 0, nil
	}
	return domain.TemplateID(in.TemplateID), nil
}

func unsafe(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// sameOrigin reports whether a request comes from our own pages, or from a
// client that is no browser and says nothing about it.
func (a *api) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin != "" {
		u, err := url.Parse(origin)
		return err == nil && u.Host != "" && a.ownHost(r, u.Host)
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return true
	}
	return false
}

func (a *api) ownHost(r *http.Request, host string) bool {
	if strings.EqualFold(host, r.Host) || a.webHost != nil && strings.EqualFold(host, a.webHost.Host) {
		return true
	}
	// A page elsewhere cannot set this header on a request with our cookie.
	forwarded := r.Header.Get("X-Forwarded-Host")
	return forwarded != "" && strings.EqualFold(host, forwarded)
}

func sessionCookie(r *http.Request) string {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return ""
	}
	return c.Value
}

// clientAddress is where a request comes from. Trusted proxies are believed: each
// adds whom it saw to the end of X-Forwarded-For, so the last address there that
// is none of theirs is the client's. What stands before it, anybody may have written.
func (a *api) clientAddress(r *http.Request) string {
	peer := peerAddress(r)
	if !a.trusted(peer) {
		return peer
	}
	seen := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	client := peer
	for i := len(seen) - 1; i >= 0 && a.trusted(client); i-- {
		next, ok := forwarded(seen[i])
		if !ok {
			break
		}
		client = next
	}
	if real, ok := forwarded(r.Header.Get("X-Real-Ip")); ok && client == peer {
		return real
	}
	return client
}

// forwarded reads an address that a proxy wrote, some with a port.
func forwarded(text string) (string, bool) {
	text = strings.TrimSpace(text)
	ip, err := netip.ParseAddr(text)
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return "", false
		}
		ip = withPort.Addr()
	}
	return ip.Unmap().WithZone("").String(), true
}

// peerAddress is who is at the other end of the connection.
func peerAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// trusted reports whether an address is that of a trusted proxy.
func (a *api) trusted(address string) bool {
	ip, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(a.TrustedProxies, func(network netip.Prefix) bool { return network.Contains(ip.Unmap()) })
}

// https reports whether the client spoke HTTPS, to this server or to its proxy.
func (a *api) https(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") && a.trusted(peerAddress(r))
}

// client describes where a sign-in comes from.
func (c *call) client() auth.Client {
	return auth.Client{Address: c.actor().Address, UserAgent: c.r.UserAgent()}
}

// setCookie hands a session to the browser; an empty value takes it away.
func (c *call) setCookie(value string) {
	cookie := &http.Cookie{
		Name: cookieName, Value: value, Path: c.api.base + "/", HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: c.secure(),
	}
	if value == "" {
		cookie.MaxAge = -1
		cookie.Expires = c.api.Now().Add(-7 * 24 * time.Hour)
	}
	http.SetCookie(c.w, cookie)
}

func (c *call) secure() bool {
	a := c.api
	switch a.CookieSecure {
	case CookieSecureAlways:
		return true
	case CookieSecureNever:
		return false
	}
	return a.https(c.r) || a.webHost != nil && a.webHost.Scheme == "https"
}
