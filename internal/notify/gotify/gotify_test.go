package gotify_test

import (
	"net/http"
	"testing"

	"signalbox/internal/domain"
	"signalbox/internal/notify"
	"signalbox/internal/notify/gotify"
	"signalbox/internal/notify/notifytest"
	"signalbox/internal/notify/webhook"
)

func TestChannel(t *testing.T) {
	t.Parallel()
	notifytest.RunWebhook(t, notifytest.Webhook{
		New: func(base string, client *webhook.Client) notify.Channel {
			return gotify.New(gotify.Config{URL: domain.Secret(base + "/sub/"), Token: notifytest.Secret}, client)
		},
		Path: "/sub/message", Accepted: `{"id":1}`,
		Header: http.Header{"X-Gotify-Key": {notifytest.Secret}},
	})
}
