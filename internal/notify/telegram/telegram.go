// Package telegram sends messages by a bot of Telegram.
package telegram

import (
	"context"
	"html"
	"net/url"
	"strings"

	"signalbox/internal/domain"
	"signalbox/internal/notify"
	"signalbox/internal/notify/webhook"
)

// Config says who speaks to whom.
type Config struct {
	Token domain.Secret // of the bot
	Chat  string        // where projects name none; "" for nowhere
	Base  string        // of the service, "" for that of Telegram
}

// Channel is a bot.
type Channel struct {
	config Config
	client *webhook.Client
}

// New returns the channel of a bot.
func New(c Config, client *webhook.Client) *Channel {
	if c.Base == "" {
		c.Base = "https://api.telegram.org"
	}
	return &Channel{c, client}
}

// Properties are those of a chat. Without one for all projects, each needs its
// own.
func (c *Channel) Properties() notify.Properties {
	return notify.Properties{Name: domain.ChannelTelegram, Events: notify.ChatEvents(), NeedsChat: c.config.Chat == ""}
}

type message struct {
	ChatID    string `json:"chat_id"`
	ParseMode string `json:"parse_mode"`
	Text      string `json:"text"`
}

// Send sends to the chat of the project, if it has one.
func (c *Channel) Send(ctx context.Context, to notify.Recipient, m notify.Message) error {
	chat := to.Chat
	if chat == "" {
		chat = c.config.Chat
	}
	return c.client.Post(ctx, webhook.Request{
		URL:     domain.Secret(c.config.Base + "/bot" + url.PathEscape(c.config.Token.Reveal()) + "/sendMessage"),
		Secrets: []domain.Secret{c.config.Token},
		Body:    message{ChatID: chat, ParseMode: "HTML", Text: text(m)},
	})
}

// text is the message in the markup of Telegram, which knows few tags.
func text(m notify.Message) string {
	lines := []string{"<b>" + html.EscapeString(m.Title()) + "</b>", m.Sentence()}
	for _, f := range m.Facts() {
		lines = append(lines, f.Name+": "+html.EscapeString(f.Value))
	}
	if m.URL != "" {
		lines = append(lines, html.EscapeString(m.URL))
	}
	return strings.Join(lines, "\n")
}
