// Package rocketchat sends messages to an incoming webhook of Rocket.Chat.
package rocketchat

import (
	"strings"

	"signalbox/internal/domain"
	"signalbox/internal/notify"
	"signalbox/internal/notify/webhook"
)

// New returns the channel of a webhook.
func New(url domain.Secret, client *webhook.Client) *webhook.Hook {
	return webhook.NewHook(domain.ChannelRocketChat, url, client, request)
}

type message struct {
	Text        string       `json:"text"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	Title     string `json:"title"`
	TitleLink string `json:"title_link,omitempty"`
	Text      string `json:"text"`
	Color     string `json:"color,omitempty"`
}

func request(m notify.Message) webhook.Request {
	var lines []string
	for _, f := range m.Facts() {
		lines = append(lines, f.Name+": "+escape(f.Value))
	}
	return webhook.Request{Body: message{
		Text: m.Sentence(),
		Attachments: []attachment{{
			Title: escape(m.Title()), TitleLink: m.URL, Text: strings.Join(lines, "\n"),
			Color: map[domain.TaskStatus]string{domain.StatusSuccess: "#00EE00", domain.StatusError: "#EE0000"}[m.Event],
		}},
	}}
}

// escape keeps Rocket.Chat from reading marks, links and mentions. Where it
// knows no escape, a blank without width separates what would have a meaning.
func escape(text string) string {
	const gap = "\u200b"
	return strings.NewReplacer(
		`\`, `\\`, "*", `\*`, "_", `\_`, "~", `\~`, "`", "\\`",
		"@", "@"+gap, "#", "#"+gap, ":", ":"+gap, "](", "]"+gap+"(", "<", "<"+gap,
	).Replace(text)
}
