package boltstore

import (
	"context"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/kv"
	"signalbox/internal/store/rules"
)

// options implements store.Options.
type options struct{ kv.Table[domain.Option] }

func (o options) All(ctx context.Context) (list []domain.Option, err error) {
	err = o.DB.Read(ctx, func(t *kv.Tx) error {
		list, err = o.Select(ctx, t, store.Query{Limit: kv.NoLimit})
		return err
	})
	return list, rules.Explain(err, "list options")
}

func (o options) Get(ctx context.Context, key string) (string, error) {
	var opt domain.Option
	err := o.DB.Read(ctx, func(t *kv.Tx) (err error) {
		opt, _, err = o.Load(t, key)
		return err
	})
	return opt.Value, rules.Explain(err, "get option %q", key)
}

func (o options) Set(ctx context.Context, key, value string) error {
	err := o.DB.Write(ctx, func(t *kv.Tx) error {
		opt := domain.Option{Key: key, Value: value}
		row, err := o.Row(t, key)
		if err != nil {
			return err
		}
		if row == nil {
			return o.Add(t, &opt)
		}
		o.Bump(t, row)
		_, err = o.Replace(t, row, &opt)
		return err
	})
	return rules.Explain(err, "set option %q", key)
}

func (o options) Delete(ctx context.Context, key string) error {
	err := o.DB.Write(ctx, func(t *kv.Tx) error {
		row, err := o.Row(t, key)
		if row == nil || err != nil {
			return err
		}
		return o.Remove(t, row)
	})
	return rules.Explain(err, "delete option %q", key)
}
