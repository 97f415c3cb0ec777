package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"signalbox/internal/httpapi"
)

// Only proxies that are trusted say where a request comes from.
func TestProxies_AreBelievedIfTrusted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(d *httpapi.Deps) {
		d.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("::1/128")}
	})
	for _, c := range []struct {
		name, peer, forwarded, real, want string
	}{
		{"nobody between", "198.51.100.7:1000", "", "", "198.51.100.7"},
		{"a client that makes it up", "198.51.100.7:1000", "203.0.113.1", "203.0.113.2", "198.51.100.7"},
		{"a proxy", "127.0.0.1:1000", "203.0.113.1", "", "203.0.113.1"},
		{"a proxy, and a client that makes it up", "127.0.0.1:1000", "192.0.2.9, 203.0.113.1", "", "203.0.113.1"},
		{"two proxies", "127.0.0.1:1000", "192.0.2.9, 203.0.113.1, 10.1.2.3", "", "203.0.113.1"},
		{"only proxies", "127.0.0.1:1000", "10.1.2.3", "", "10.1.2.3"},
		{"a port", "[::1]:1000", "203.0.113.1:4711", "", "203.0.113.1"},
		{"IPv6", "10.1.9.9:1000", "[2001:db8::1]:80", "", "2001:db8::1"},
		{"mapped", "[::ffff:127.0.0.1]:1000", "::ffff:203.0.113.1", "", "203.0.113.1"},
		{"nonsense", "127.0.0.1:1000", "203.0.113.1, unknown", "", "127.0.0.1"},
		{"the other header", "127.0.0.1:1000", "", "203.0.113.5", "203.0.113.5"},
	} {
		r := httptest.NewRequest("POST", "/api/auth/login", strings.NewReader(`{"auth":"owner","password":"`+password+`"}`))
		r.RemoteAddr = c.peer
		r.Header = http.Header{"Content-Type": {"application/json"}}
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if c.real != "" {
			r.Header.Set("X-Real-Ip", c.real)
		}
		got := httptest.NewRecorder()
		w.server.ServeHTTP(got, r)
		var events []struct{ Address string }
		w.do("admin", "GET", "/api/audit?count=1&action=login", nil).json(t, &events)
		if len(events) != 1 || events[0].Address != c.want {
			t.Errorf("%s: %d, seen %v, want %s", c.name, got.Code, events, c.want)
		}
	}
}
