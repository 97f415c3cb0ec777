package webhook

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"signalbox/internal/domain"
)

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"https://chat.example.org/hooks/1?x=y":    true,
		"http://127.0.0.1:8080/":                  true,
		"http://[::1]/hook":                       true,
		"http://10.1.2.3/hook":                    true,
		"https://user:password@chat.example.org/": true,
		"":                                     false,
		"chat.example.org/hook":                false,
		"ftp://chat.example.org/hook":          false,
		"file:///etc/passwd":                   false,
		"https:///hook":                        false,
		"https://chat.example.org/#hook":       false,
		"http://169.254.169.254/latest":        false,
		"http://169.254.1.1./":                 false,
		"http://[fe80::1%25eth0]/":             false,
		"http://[::ffff:169.254.169.254]/":     false,
		"http://[64:ff9b::a9fe:a9fe]/":         false,
		"http://[2002:a9fe:a9fe::1]/":          false,
		"http://[fd00:ec2::254]/":              false,
		"http://100.100.100.200/":              false,
		"http://168.63.129.16/":                false,
		"http://0.0.0.0:80/":                   false,
		"http://[::]/":                         false,
		"http://224.0.0.1/":                    false,
		"http://255.255.255.255/":              false,
		"http://Metadata.Google.Internal./foo": false,
	} {
		if err := CheckURL(text); (err == nil) != ok {
			t.Errorf("%q: got %v, want it allowed: %t", text, err, ok)
		}
	}
}

// TestDialed: what counts is where a connection goes, whatever the name said.
func TestDialed(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"127.0.0.1:80": true, "192.168.1.1:443": true, "[2001:db8::1]:443": true,
		"169.254.169.254:80": false, "[fe80::1%lo]:80": false, "0.0.0.0:80": false, "nonsense": false, "name:80": false,
	} {
		if err := checkAddress(address); (err == nil) != ok {
			t.Errorf("%q: got %v, want it allowed: %t", address, err, ok)
		}
	}
}

func TestProxy(t *testing.T) {
	t.Parallel()
	var asked string
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = r.URL.String() }))
	t.Cleanup(proxy.Close)
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := New(Settings{Proxy: http.ProxyURL(at)})
	if err := c.Post(t.Context(), Request{URL: "http://chat.example.invalid/hook"}); err != nil || asked != "http://chat.example.invalid/hook" {
		t.Errorf("the proxy was asked for %q, %v", asked, err)
	}
	asked = ""
	if err := c.Post(t.Context(), Request{URL: "http://169.254.169.254/latest"}); err == nil || asked != "" {
		t.Errorf("the proxy was asked for %q, %v", asked, err)
	}
}

func TestRedaction(t *testing.T) {
	t.Parallel()
	const address = "https://me:hush-password@chat.example.org/hooks/AbCdEfGh12/x%20y?key=hush%2Fkey&short=1"
	hide := newRedactor(Request{URL: address, Secrets: []domain.Secret{"hush token/1"}})
	for _, text := range []string{
		address, "/hooks/AbCdEfGh12/x%20y?key=hush%2Fkey&short=1", "POST /hooks/AbCdEfGh12/x y", "AbCdEfGh12", "key=hush%2Fkey", "hush/key", "hush-password",
		"hush token/1", "hush+token%2F1", "hush%20token%2F1",
	} {
		if got := hide.text("<" + text + ">"); strings.Contains(got, "hush") || strings.Contains(got, "AbCdEfGh12") {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got := hide.text("invalid_payload"); got != "invalid_payload" {
		t.Errorf("a text without secrets became %q", got)
	}
}
