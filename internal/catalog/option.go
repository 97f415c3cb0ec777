package catalog

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"signalbox/internal/audit"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// Options that begin so belong to single users and to the server itself. They
// are neither shown nor set as options.
const (
	userOptionPrefix   = "user."
	serverOptionPrefix = "signalbox."
)

const (
	maxOptionKey   = 250
	maxOptionValue = 64 << 10
)

func reservedOption(key string) bool {
	return strings.HasPrefix(key, userOptionPrefix) || strings.HasPrefix(key, serverOptionPrefix)
}

// secretOption reports whether a key sounds like a secret. There is no place for
// secrets among options, but clients of the reference may have put some there.
func secretOption(key string) bool {
	key = strings.ToLower(key)
	for _, word := range []string{"password", "passwd", "secret", "token", "private_key", "privatekey", "api_key", "apikey", "credential"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

// hiddenValue stands for the value of an option that is not shown.
const hiddenValue = "********"

// Options returns the settings kept in the database, by key.
func (c *Catalog) Options(ctx context.Context, actor domain.Actor) (map[string]string, error) {
	if err := adminOnly(actor); err != nil {
		return nil, err
	}
	options, err := c.Store.Options().All(ctx)
	if err != nil {
		return nil, err
	}
	shown := make(map[string]string, len(options))
	for _, o := range options {
		switch {
		case reservedOption(o.Key):
		case secretOption(o.Key):
			shown[o.Key] = hiddenValue
		default:
			shown[o.Key] = o.Value
		}
	}
	return shown, nil
}

// SetOption stores a setting. Those of apps have to be as SetApp would have them.
func (c *Catalog) SetOption(ctx context.Context, actor domain.Actor, o domain.Option) error {
	if err := adminOnly(actor); err != nil {
		return err
	}
	switch {
	case strings.TrimSpace(o.Key) == "":
		return domain.Invalid("key", "is required")
	case len(o.Key) > maxOptionKey || !utf8.ValidString(o.Key) || strings.ContainsFunc(o.Key, unicode.IsControl):
		return domain.Invalid("key", "must be a line of at most %d bytes", maxOptionKey)
	case len(o.Value) > maxOptionValue:
		return domain.Invalid("value", "must not be longer than %d bytes", maxOptionValue)
	case reservedOption(o.Key):
		return domain.Invalid("key", "keys that begin with %s or %s belong to the server", userOptionPrefix, serverOptionPrefix)
	}
	if id, field, ok := splitAppOption(o.Key); ok {
		if err := checkAppOption(id, field, o.Value); err != nil {
			return err
		}
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		old, err := c.Store.Options().Get(ctx, o.Key)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err == nil && old == o.Value {
			return nil
		}
		if err := c.Store.Options().Set(ctx, o.Key, o.Value); err != nil {
			return err
		}
		e := audit.Entry{Action: domain.ActionUpdate, Object: domain.ObjectOption, Target: o.Key, Text: "Option " + o.Key + " set"}
		if !secretOption(o.Key) {
			e.Before, e.After = domain.Option{Key: o.Key, Value: old}, o
		}
		return c.note(ctx, actor, e)
	})
}

// checkAppOption checks a single field of an app. A value that does not fit would
// make the list of apps unreadable.
func checkAppOption(id, field, value string) error {
	app := domain.App{ID: id}
	if err := setAppField(&app, field, value); err != nil {
		return domain.Invalid("value", "%q does not fit the field %s of apps", value, field)
	}
	if len(value) > 1000 {
		return domain.Invalid("value", "must not be longer than 1000 bytes")
	}
	if field == "path" && value != "" && (!filepath.IsAbs(value) || strings.ContainsAny(value, "\x00\r\n")) {
		return domain.Invalid("value", "must be the absolute path of a program")
	}
	return nil
}
