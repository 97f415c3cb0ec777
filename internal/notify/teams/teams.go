// Package teams sends messages to a webhook of Microsoft Teams.
package teams

import (
	"bytes"

	"signalbox/internal/domain"
	"signalbox/internal/notify"
	"signalbox/internal/notify/webhook"
)

// New returns the channel of a webhook.
func New(url domain.Secret, client *webhook.Client) *webhook.Hook {
	return webhook.NewHook(domain.ChannelTeams, url, client, request)
}

type message struct {
	Type        string       `json:"type"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	ContentType string `json:"contentType"`
	Content     card   `json:"content"`
}

type card struct {
	Schema  string            `json:"$schema"`
	Type    string            `json:"type"`
	Version string            `json:"version"`
	Body    []element         `json:"body"`
	Actions []action          `json:"actions,omitempty"`
	Teams   map[string]string `json:"msteams"`
}

type element struct {
	Type   string `json:"type"`
	Text   string `json:"text,omitempty"`
	Weight string `json:"weight,omitempty"`
	Size   string `json:"size,omitempty"`
	Wrap   bool   `json:"wrap,omitempty"`
	Facts  []fact `json:"facts,omitempty"`
}

type fact struct {
	Title string `json:"title"`
	Value string `json:"value"`
}

type action struct {
	Type  string `json:"type"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

func request(m notify.Message) webhook.Request {
	facts := element{Type: "FactSet"}
	for _, f := range m.Facts() {
		facts.Facts = append(facts.Facts, fact{f.Name, notify.Markdown(f.Value)})
	}
	content := card{
		Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4",
		Body: []element{
			{Type: "TextBlock", Text: notify.Markdown(m.Title()), Weight: "Bolder", Size: "Medium", Wrap: true},
			{Type: "TextBlock", Text: m.Sentence(), Wrap: true},
			facts,
		},
		Teams: map[string]string{"width": "Full"},
	}
	if m.URL != "" {
		content.Actions = []action{{"Action.OpenUrl", "Open the task", m.URL}}
	}
	return webhook.Request{
		Body:  message{"message", []attachment{{"application/vnd.microsoft.card.adaptive", content}}},
		Check: check, Reason: webhook.PlainReason,
	}
}

// check finds the failures of connectors, which answer 200 whatever happens.
func check(body []byte) *notify.Failure {
	if bytes.Contains(body, []byte("message delivery failed")) {
		return &notify.Failure{Reason: "the service did not deliver the message: " + notify.Line(webhook.PlainReason(body))}
	}
	return nil
}
