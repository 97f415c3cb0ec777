package webhook

import (
	"context"

	"signalbox/internal/domain"
	"signalbox/internal/notify"
)

// Hook is a channel that is nothing but an address: the service behind it knows
// which room a message is for.
type Hook struct {
	name   domain.Channel
	url    domain.Secret
	client *Client
	write  func(notify.Message) Request
}

// NewHook returns the channel of a kind of service. Write makes the request of a
// message, without the address.
func NewHook(name domain.Channel, url domain.Secret, client *Client, write func(notify.Message) Request) *Hook {
	return &Hook{name, url, client, write}
}

// Properties are those of a chat.
func (h *Hook) Properties() notify.Properties {
	return notify.Properties{Name: h.name, Events: notify.ChatEvents()}
}

// Send sends to the room of the address.
func (h *Hook) Send(ctx context.Context, _ notify.Recipient, m notify.Message) error {
	r := h.write(m)
	r.URL = h.url
	return h.client.Post(ctx, r)
}
