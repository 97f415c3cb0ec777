package boltstore

import (
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

var optionBucket = []byte("options")

// options implements store.Options. Options such as the apps shape what every
// project shows, so changes raise the revision that all projects share.
type options struct{ eng *engine }

// optionKey is never empty, which Bolt does not allow.
func optionKey(key string) []byte { return []byte("=" + key) }

func (o options) All(ctx context.Context) ([]domain.Option, error) {
	list := []domain.Option{}
	err := o.eng.view(ctx, func(tx *bolt.Tx) error {
		return tx.Bucket(optionBucket).ForEach(func(key, value []byte) error {
			list = append(list, domain.Option{Key: string(key[1:]), Value: string(value[1:])})
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list options: %w", err)
	}
	return list, nil
}

func (o options) Get(ctx context.Context, key string) (text string, err error) {
	err = o.eng.view(ctx, func(tx *bolt.Tx) error {
		value := tx.Bucket(optionBucket).Get(optionKey(key))
		if value == nil {
			return store.ErrNotFound
		}
		text = string(value[1:])
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("get option %q: %w", key, err)
	}
	return text, nil
}

func (o options) Set(ctx context.Context, key, value string) error {
	err := o.eng.tx(ctx, func(_ context.Context, tx *txn) error {
		tx.bump(0)
		return tx.put(optionBucket, optionKey(key), append([]byte{format}, value...))
	})
	if err != nil {
		return fmt.Errorf("set option %q: %w", key, err)
	}
	return nil
}

func (o options) Delete(ctx context.Context, key string) error {
	err := o.eng.tx(ctx, func(_ context.Context, tx *txn) error {
		tx.bump(0)
		return tx.delete(optionBucket, optionKey(key))
	})
	if err != nil {
		return fmt.Errorf("delete option %q: %w", key, err)
	}
	return nil
}
