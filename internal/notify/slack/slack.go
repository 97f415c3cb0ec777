// Package slack sends messages to an incoming webhook of Slack.
package slack

import (
	"strings"

	"signalbox/internal/domain"
	"signalbox/internal/notify"
	"signalbox/internal/notify/webhook"
)

// New returns the channel of a webhook.
func New(url domain.Secret, client *webhook.Client) *webhook.Hook {
	return webhook.NewHook(domain.ChannelSlack, url, client, request)
}

type message struct {
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	Title     string   `json:"title"`
	TitleLink string   `json:"title_link,omitempty"`
	Text      string   `json:"text"`
	Color     string   `json:"color,omitempty"`
	Markdown  []string `json:"mrkdwn_in"`
	Fields    []field  `json:"fields"`
}

type field struct {
	Title string `json:"title"`
	Value string `json:"value"`
	Short bool   `json:"short"`
}

func request(m notify.Message) webhook.Request {
	a := attachment{
		Title: escape(m.Title()), TitleLink: m.URL, Text: text(m), Markdown: []string{"text"},
		Color: map[domain.TaskStatus]string{domain.StatusSuccess: "good", domain.StatusError: "danger"}[m.Event],
	}
	for _, f := range m.Facts() {
		a.Fields = append(a.Fields, field{f.Name, escape(f.Value), len(f.Value) <= 40})
	}
	return webhook.Request{Body: message{[]attachment{a}}, Reason: webhook.PlainReason}
}

// text is what shows where there is little room, such as on a locked phone.
func text(m notify.Message) string {
	if m.Test() {
		return m.Sentence()
	}
	return m.Number() + " " + m.Result() + "\n" + m.Sentence()
}

// escape keeps Slack from reading links and mentions.
func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
