package boltstore

import (
	"context"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/rules"
)

// options implements store.Options.
type options struct{ entities[domain.Option] }

func (o options) All(ctx context.Context) (list []domain.Option, err error) {
	err = o.eng.read(ctx, func(t *txn) error {
		list, err = o.list(ctx, t, store.Query{Limit: noLimit})
		return err
	})
	return list, rules.Explain(err, "list options")
}

func (o options) Get(ctx context.Context, key string) (string, error) {
	var opt domain.Option
	err := o.eng.read(ctx, func(t *txn) (err error) {
		opt, _, err = o.load(t, key)
		return err
	})
	return opt.Value, rules.Explain(err, "get option %q", key)
}

func (o options) Set(ctx context.Context, key, value string) error {
	err := o.eng.write(ctx, func(t *txn) error {
		opt := domain.Option{Key: key, Value: value}
		row, err := o.get(t, key)
		if err != nil {
			return err
		}
		if row == nil {
			return o.add(t, &opt)
		}
		o.bump(t, row)
		_, err = o.replace(t, row, &opt)
		return err
	})
	return rules.Explain(err, "set option %q", key)
}

func (o options) Delete(ctx context.Context, key string) error {
	err := o.eng.write(ctx, func(t *txn) error {
		row, err := o.get(t, key)
		if row == nil || err != nil {
			return err
		}
		return o.remove(t, row)
	})
	return rules.Explain(err, "delete option %q", key)
}
