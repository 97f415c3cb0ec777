package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// userOptions are the settings of their own that clients may keep for users.
func userOptions() []string { return []string{"nav.unpinnedItems"} }

// maxUserOption bounds one of them, in bytes of JSON.
const maxUserOption = 4000

// ownOptions is what the keys of a user's settings start with.
func ownOptions(id domain.UserID) string { return fmt.Sprintf("user.%d.", id) }

// UserOptions returns the settings of the actor by their keys, as JSON.
func (c *Catalog) UserOptions(ctx context.Context, actor domain.Actor) (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	all, err := c.Store.Options().All(ctx)
	for _, o := range all {
		key, mine := strings.CutPrefix(o.Key, ownOptions(actor.User.ID))
		if mine && slices.Contains(userOptions(), key) && json.Valid([]byte(o.Value)) {
			out[key] = json.RawMessage(o.Value)
		}
	}
	return out, err
}

// SetUserOption stores a setting of the actor, any JSON value.
func (c *Catalog) SetUserOption(ctx context.Context, actor domain.Actor, key string, value json.RawMessage) error {
	switch {
	case !slices.Contains(userOptions(), key):
		return domain.Invalid("key", "%q is not a setting of users; there is %s", key, strings.Join(userOptions(), ", "))
	case len(value) == 0:
		return domain.Invalid("value", "a value is required")
	case len(value) > maxUserOption:
		return domain.Invalid("value", "must not be larger than %d bytes", maxUserOption)
	}
	return c.Store.Options().Set(ctx, ownOptions(actor.User.ID)+key, string(value))
}

func dropUserOptions(ctx context.Context, s store.Store, id domain.UserID) error {
	all, err := s.Options().All(ctx)
	if err != nil {
		return err
	}
	for _, o := range all {
		if !strings.HasPrefix(o.Key, ownOptions(id)) {
			continue
		}
		if err := s.Options().Delete(ctx, o.Key); err != nil {
			return err
		}
	}
	return nil
}
