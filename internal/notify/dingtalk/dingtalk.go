// Package dingtalk sends messages to a robot of DingTalk.
package dingtalk

import (
	"encoding/json"

	"signalbox/internal/domain"
	"signalbox/internal/notify"
	"signalbox/internal/notify/webhook"
)

// New returns the channel of a robot.
func New(url domain.Secret, client *webhook.Client) *webhook.Hook {
	return webhook.NewHook(domain.ChannelDingTalk, url, client, request)
}

type message struct {
	Type     string   `json:"msgtype"`
	Markdown markdown `json:"markdown"`
}

type markdown struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

func request(m notify.Message) webhook.Request {
	return webhook.Request{
		Body:  message{"markdown", markdown{m.Title(), "### " + notify.MarkdownLink(m.Title(), m.URL) + "\n\n" + m.MarkdownFacts()}},
		Check: check,
	}
}

// Answers of robots that may be different later.
const (
	busy    = -1
	tooMany = 130101
)

// check reads the answer: robots answer 200 whatever happens.
func check(body []byte) *notify.Failure {
	var answer struct {
		Code    *int64 `json:"errcode"`
		Message string `json:"errmsg"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Code == nil {
		return notify.Refused("the service gave an answer that is none of DingTalk")
	}
	if *answer.Code == 0 {
		return nil
	}
	f := notify.Refused("the service refused the message with code %d: %s", *answer.Code, notify.Line(answer.Message))
	f.Final = *answer.Code != busy && *answer.Code != tooMany
	return f
}
