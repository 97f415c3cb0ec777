// Package gotify sends messages to an application of a Gotify server.
package gotify

import (
	"context"
	"net/http"
	"strings"

	"signalbox/internal/domain"
	"signalbox/internal/notify"
	"signalbox/internal/notify/webhook"
)

// Config says where the server is and which application speaks.
type Config struct {
	URL   domain.Secret // of the server
	Token domain.Secret // of the application
}

// Channel is an application.
type Channel struct {
	config Config
	client *webhook.Client
}

// New returns the channel of an application.
func New(c Config, client *webhook.Client) *Channel { return &Channel{c, client} }

// Properties are those of a chat.
func (c *Channel) Properties() notify.Properties {
	return notify.Properties{Name: domain.ChannelGotify, Events: notify.ChatEvents()}
}

type message struct {
	Title   string            `json:"title"`
	Message string            `json:"message"`
	Extras  map[string]extras `json:"extras"`
}

type extras struct {
	ContentType string `json:"contentType"`
}

// Send sends to the server. The token goes in a header, since addresses end up
// in the logs of servers and proxies.
func (c *Channel) Send(ctx context.Context, _ notify.Recipient, m notify.Message) error {
	text := m.MarkdownFacts()
	if m.URL != "" {
		text += "\n\n" + notify.MarkdownLink("Open the task", m.URL)
	}
	return c.client.Post(ctx, webhook.Request{
		URL:     domain.Secret(strings.TrimRight(c.config.URL.Reveal(), "/") + "/message"),
		Header:  http.Header{"X-Gotify-Key": {c.config.Token.Reveal()}},
		Secrets: []domain.Secret{c.config.Token},
		Body:    message{m.Title(), text, map[string]extras{"client::display": {"text/markdown"}}},
	})
}
