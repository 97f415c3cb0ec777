package sqlstore

import (
	"context"
	"fmt"

	"signalbox/internal/domain"
)

// options implements store.Options. Options such as the apps shape what every
// project shows, so changes raise the revision that all projects share.
type options struct {
	eng    *engine
	setSQL string
}

func (o *options) All(ctx context.Context) ([]domain.Option, error) {
	q := o.eng.d.Quote
	rows, err := o.eng.rows(ctx, fmt.Sprintf("select %s, %s from options order by %s", q("key"), q("value"), q("key")))
	if err != nil {
		return nil, fmt.Errorf("list options: %w", err)
	}
	defer rows.Close()
	list := []domain.Option{}
	for rows.Next() {
		var opt domain.Option
		if err := rows.Scan(o.eng.text(&opt.Key), o.eng.text(&opt.Value)); err != nil {
			return nil, fmt.Errorf("list options: %w", err)
		}
		list = append(list, opt)
	}
	return list, o.eng.translate(rows.Err())
}

func (o *options) Get(ctx context.Context, key string) (string, error) {
	q := o.eng.d.Quote
	var value string
	err := o.eng.scan(ctx, fmt.Sprintf("select %s from options where %s = ?", q("value"), q("key")), []any{key}, o.eng.text(&value))
	if err != nil {
		return "", fmt.Errorf("get option %q: %w", key, err)
	}
	return value, nil
}

func (o *options) Set(ctx context.Context, key, value string) error {
	err := o.eng.tx(ctx, func(ctx context.Context, tx *txn) error {
		tx.bump(0)
		_, err := tx.exec(ctx, o.setSQL, key, value)
		return err
	})
	if err != nil {
		return fmt.Errorf("set option %q: %w", key, err)
	}
	return nil
}

func (o *options) Delete(ctx context.Context, key string) error {
	err := o.eng.tx(ctx, func(ctx context.Context, tx *txn) error {
		tx.bump(0)
		_, err := tx.exec(ctx, "delete from options where "+o.eng.d.Quote("key")+" = ?", key)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete option %q: %w", key, err)
	}
	return nil
}
