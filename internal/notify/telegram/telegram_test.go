package telegram_test

import (
	"testing"

	"signalbox/internal/notify"
	"signalbox/internal/notify/notifytest"
	"signalbox/internal/notify/telegram"
	"signalbox/internal/notify/webhook"
)

func TestChannel(t *testing.T) {
	t.Parallel()
	notifytest.RunWebhook(t, notifytest.Webhook{
		New: func(base string, client *webhook.Client) notify.Channel {
			return telegram.New(telegram.Config{Token: "1:" + notifytest.Secret, Chat: "-100", Base: base}, client)
		},
		Path: "/bot1:" + notifytest.Secret + "/sendMessage", Accepted: `{"ok":true}`,
	})
}
