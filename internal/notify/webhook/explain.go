package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"signalbox/internal/notify"
)

// explain says in words of users why a service could not be reached. The text of
// the error itself goes to the log, without the address.
func explain(err error, hide redactor) *notify.Failure {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // the other parts are the address
	}
	f := &notify.Failure{Cause: errors.New(hide.text(err.Error()))}
	var timeout interface{ Timeout() bool }
	var name *net.DNSError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.Is(err, errLinkLocal):
		return notify.Refused("%s", errLinkLocal)
	case errors.Is(err, context.Canceled):
		f.Reason = "sending was interrupted"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		f.Reason = "the service did not answer in time"
	case errors.As(err, &name):
		f.Reason = "the host name of the service cannot be resolved"
	case errors.As(err, &cert):
		f.Reason = "the certificate of the service is not trusted"
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Reason = "the service refused the connection"
	default:
		f.Reason = "the service cannot be reached"
	}
	return f
}

// redactor takes secrets out of texts.
type redactor []string

func newRedactor(r Request) redactor {
	var hide redactor
	add := func(texts ...string) {
		for _, text := range texts {
			if len(text) >= 4 { // shorter ones are no secrets, and are part of words
				hide = append(hide, text, url.QueryEscape(text), url.PathEscape(text))
			}
		}
	}
	for _, s := range r.Secrets {
		add(s.Reveal())
	}
	add(r.URL.Reveal())
	if u, err := url.Parse(r.URL.Reveal()); err == nil {
		add(u.RequestURI(), u.Path, u.RawQuery)
		for part := range strings.SplitSeq(u.Path, "/") {
			if len(part) >= 8 {
				add(part)
			}
		}
		for _, values := range u.Query() {
			add(values...)
		}
		if password, ok := u.User.Password(); ok {
			add(password)
		}
	}
	// The longest first: others are parts of them.
	slices.SortFunc(hide, func(a, b string) int { return len(b) - len(a) })
	return hide
}

func (h redactor) text(text string) string {
	for _, secret := range h {
		text = strings.ReplaceAll(text, secret, "***")
	}
	return text
}
