package config

import (
	"regexp"
	"sync"

	"signalbox/internal/domain"
	"signalbox/internal/notify/webhook"
)

// Alerts says by which chats people are told about tasks. Mail has settings of
// its own.
type Alerts struct {
	Telegram   Telegram
	Slack      Webhook
	RocketChat Webhook
	Teams      Webhook
	DingTalk   Webhook
	Gotify     Gotify
}

// Telegram is a bot.
type Telegram struct {
	Enabled bool
	Chat    string // where projects name none; "": they have to
	Token   domain.Secret
}

// Webhook is the address that a chat takes messages at. It is a secret, as
// whoever knows it can write to the chat.
type Webhook struct {
	Enabled bool
	URL     domain.Secret
}

// Gotify is an application of a Gotify server.
type Gotify struct {
	Enabled bool
	URL     domain.Secret
	Token   domain.Secret
}

// alertOptions are the settings of chats.
func alertOptions() []option {
	list := []option{
		{key: "telegram_alert", env: "TELEGRAM_ALERT",
			field: func(c *Config) field { return toggle{&c.Alerts.Telegram.Enabled} },
			doc:   "Tell results of tasks by a bot of Telegram."},
		{key: "telegram_token", env: "TELEGRAM_TOKEN", secret: true,
			field: func(c *Config) field { return botToken{&c.Alerts.Telegram.Token} },
			doc:   "Token of the bot."},
		{key: "telegram_chat", env: "TELEGRAM_CHAT", fallback: "none: each project names its own",
			field: func(c *Config) field {
				return text{p: &c.Alerts.Telegram.Chat, hint: "number of a chat, or @ and the name of a channel"}
			},
			doc: "Chat of the projects that name none themselves."},
	}
	for _, hook := range []struct {
		prefix, env, name string
		of                func(*Config) *Webhook
	}{
		{"slack", "SLACK", "Slack", func(c *Config) *Webhook { return &c.Alerts.Slack }},
		{"rocketchat", "ROCKETCHAT", "Rocket.Chat", func(c *Config) *Webhook { return &c.Alerts.RocketChat }},
		{"microsoft_teams", "MICROSOFT_TEAMS", "Microsoft Teams", func(c *Config) *Webhook { return &c.Alerts.Teams }},
		{"dingtalk", "DINGTALK", "DingTalk", func(c *Config) *Webhook { return &c.Alerts.DingTalk }},
	} {
		list = append(list,
			option{key: hook.prefix + "_alert", env: hook.env + "_ALERT",
				field: func(c *Config) field { return toggle{&hook.of(c).Enabled} },
				doc:   "Tell results of tasks by " + hook.name + "."},
			option{key: hook.prefix + "_url", env: hook.env + "_URL", secret: true,
				field: func(c *Config) field { return webhookURL{&hook.of(c).URL} },
				doc:   "Webhook of " + hook.name + ". Whoever knows it can write there, so it is a secret."})
	}
	return append(list,
		option{key: "gotify_alert", env: "GOTIFY_ALERT",
			field: func(c *Config) field { return toggle{&c.Alerts.Gotify.Enabled} },
			doc:   "Tell results of tasks by a Gotify server."},
		option{key: "gotify_url", env: "GOTIFY_URL", secret: true,
			field: func(c *Config) field { return webhookURL{&c.Alerts.Gotify.URL} },
			doc:   "Address of the server."},
		option{key: "gotify_token", env: "GOTIFY_TOKEN", secret: true,
			field: func(c *Config) field { return secretText{&c.Alerts.Gotify.Token} },
			doc:   "Token of the application that messages come from."})
}

// checkAlerts finds chats that are switched on without what they need.
func (l *loader) checkAlerts() {
	a := l.config.Alerts
	for _, needed := range []struct {
		enabled     bool
		prefix, key string
		value       domain.Secret
	}{
		{a.Telegram.Enabled, "telegram", "token", a.Telegram.Token},
		{a.Slack.Enabled, "slack", "url", a.Slack.URL},
		{a.RocketChat.Enabled, "rocketchat", "url", a.RocketChat.URL},
		{a.Teams.Enabled, "microsoft_teams", "url", a.Teams.URL},
		{a.DingTalk.Enabled, "dingtalk", "url", a.DingTalk.URL},
		{a.Gotify.Enabled, "gotify", "url", a.Gotify.URL},
		{a.Gotify.Enabled, "gotify", "token", a.Gotify.Token},
	} {
		key, alert := needed.prefix+"_"+needed.key, needed.prefix+"_alert"
		if needed.enabled && needed.value == "" && !l.complained(key) {
			l.problem(l.report.origins[alert], key, "must be set when "+alert+" is true")
		}
	}
}

// webhookURL is the address of a service, which holds secrets.
type webhookURL struct{ p *domain.Secret }

func (f webhookURL) set(value any) error {
	s, err := asText(value)
	if err != nil {
		return err
	}
	if webhook.CheckURL(s) != nil {
		return errForm
	}
	*f.p = domain.Secret(s)
	return nil
}
func (f webhookURL) get() any { return *f.p }
func (f webhookURL) expects() string {
	return "an address such as https://chat.example.org/hooks/1, other than a link-local one"
}
func (f webhookURL) schema() map[string]any { return typed("string") }

// botToken is the token of a bot of Telegram, which becomes a part of addresses.
type botToken struct{ p *domain.Secret }

var botTokens = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]+$`) })

func (f botToken) set(value any) error {
	s, err := asText(value)
	if err != nil {
		return err
	}
	if !botTokens().MatchString(s) {
		return errForm
	}
	*f.p = domain.Secret(s)
	return nil
}
func (f botToken) get() any               { return *f.p }
func (f botToken) expects() string        { return "the token of a bot, such as 123456:ABC-def" }
func (f botToken) schema() map[string]any { return typed("string") }
