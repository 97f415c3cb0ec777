package dingtalk_test

import (
	"testing"

	"signalbox/internal/domain"
	"signalbox/internal/notify"
	"signalbox/internal/notify/dingtalk"
	"signalbox/internal/notify/notifytest"
	"signalbox/internal/notify/webhook"
)

func TestChannel(t *testing.T) {
	t.Parallel()
	notifytest.RunWebhook(t, notifytest.Webhook{
		New: func(base string, client *webhook.Client) notify.Channel {
			return dingtalk.New(domain.Secret(base+"/robot/send?access_token="+notifytest.Secret), client)
		},
		Path: "/robot/send?access_token=" + notifytest.Secret, Accepted: `{"errcode":0,"errmsg":"ok"}`,
	})
}
