package wire

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"signalbox/internal/domain"
)

// Plain is a secret that a client sends. It can be read and is never written:
// domain.Secret prints as "***", and so it cannot be decoded either.
type Plain struct{ text string }

// PlainText makes a Plain of a text.
func PlainText(text string) Plain { return Plain{text: text} }

// Secret returns the text in its unprintable type.
func (p Plain) Secret() domain.Secret { return domain.Secret(p.text) }

func (p Plain) String() string   { return p.Secret().String() }
func (p Plain) GoString() string { return p.Secret().String() }

// UnmarshalJSON reads a text.
func (p *Plain) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &p.text) }

// MarshalJSON never shows the text: answers carry an empty one.
func (Plain) MarshalJSON() ([]byte, error) { return []byte(`""`), nil }

// Schema describes the secret to OpenAPI.
func (Plain) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, WriteOnly: true}
}
