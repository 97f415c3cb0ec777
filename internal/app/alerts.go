package app

import (
	"log/slog"
	"net/http"

	"signalbox/internal/config"
	"signalbox/internal/mail"
	"signalbox/internal/notify"
	"signalbox/internal/notify/dingtalk"
	"signalbox/internal/notify/email"
	"signalbox/internal/notify/gotify"
	"signalbox/internal/notify/rocketchat"
	"signalbox/internal/notify/slack"
	"signalbox/internal/notify/teams"
	"signalbox/internal/notify/telegram"
	"signalbox/internal/notify/webhook"
	"signalbox/internal/store"
)

// newAlerts makes what tells people about tasks. It shares the sender with the
// queue of letters but not the queue: what that drops is forgotten, while alerts
// wait in the database until they have been delivered.
func newAlerts(c *config.Config, st store.Store, sender *mail.Sender, log *slog.Logger) (*notify.Service, error) {
	return notify.New(notify.Deps{Store: st, Channels: alertChannels(c, sender), WebHost: c.Server.WebHost, Log: log, Now: utcNow})
}

// alertChannels are the channels that the configuration switches on.
func alertChannels(c *config.Config, sender *mail.Sender) []notify.Channel {
	client := webhook.New(webhook.Settings{Proxy: http.ProxyFromEnvironment})
	a := c.Alerts
	var on []notify.Channel
	for _, channel := range []struct {
		enabled bool
		notify.Channel
	}{
		{c.Mail.Alerts && sender.Configured(), email.New(sender)},
		{a.Telegram.Enabled, telegram.New(telegram.Config{Token: a.Telegram.Token, Chat: a.Telegram.Chat}, client)},
		{a.Slack.Enabled, slack.New(a.Slack.URL, client)},
		{a.RocketChat.Enabled, rocketchat.New(a.RocketChat.URL, client)},
		{a.Teams.Enabled, teams.New(a.Teams.URL, client)},
		{a.DingTalk.Enabled, dingtalk.New(a.DingTalk.URL, client)},
		{a.Gotify.Enabled, gotify.New(gotify.Config{URL: a.Gotify.URL, Token: a.Gotify.Token}, client)},
	} {
		if channel.enabled {
			on = append(on, channel.Channel)
		}
	}
	return on
}
