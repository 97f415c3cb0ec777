package teams_test

import (
	"testing"

	"signalbox/internal/domain"
	"signalbox/internal/notify"
	"signalbox/internal/notify/notifytest"
	"signalbox/internal/notify/teams"
	"signalbox/internal/notify/webhook"
)

func TestChannel(t *testing.T) {
	t.Parallel()
	notifytest.RunWebhook(t, notifytest.Webhook{
		New: func(base string, client *webhook.Client) notify.Channel {
			return teams.New(domain.Secret(base+"/hooks/"+notifytest.Secret), client)
		},
		Path: "/hooks/" + notifytest.Secret, Accepted: `ok`,
	})
}
