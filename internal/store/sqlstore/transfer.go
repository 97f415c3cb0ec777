package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"signalbox/internal/store"
	"signalbox/internal/store/rowmap"
	"signalbox/internal/store/transfer"
)

var _ transfer.Backend = (*Store)(nil)

// foldedColumns says of which texts a table holds a form without case.
func (s *Store) foldedColumns(name string) map[string]bool {
	return map[string]map[string]bool{
		"users": s.users.folded, "tokens": s.tokens.folded, "projects": s.project.folded, "views": s.views.folded,
		"variable_groups": s.groups.folded, "keys": s.keys.folded, "repositories": s.repos.folded,
		"inventories": s.invs.folded, "templates": s.tmpls.folded,
		"roles": s.roles.folded, "schedules": s.schedules.folded, "integrations": s.integrations.folded, "runners": s.runners.folded,
	}[name]
}

func (s *Store) quoted(columns []rowmap.Column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = s.eng.d.Quote(c.Name)
	}
	return names
}

// Scan implements transfer.Backend.
func (s *Store) Scan(ctx context.Context, t *transfer.Table, after []any, limit int, fn func(row []any) (bool, error)) error {
	keys := strings.Join(s.quoted(t.Columns[:t.Key]), ", ")
	query := "select " + strings.Join(s.quoted(t.Columns), ", ") + " from " + s.eng.d.Quote(t.Name)
	args := after
	switch {
	case len(after) == 0:
	case t.Key == 1:
		query += " where " + keys + " > ?"
	default: // spelt out, as planners do not take all engines' pairs for an index
		first, second := s.eng.d.Quote(t.Columns[0].Name), s.eng.d.Quote(t.Columns[1].Name)
		query += " where " + first + " >= ? and (" + first + " > ? or " + second + " > ?)"
		args = []any{after[0], after[0], after[1]}
	}
	rows, err := s.eng.rows(ctx, query+" order by "+keys+" limit ?", append(slices.Clone(args), int64(limit))...)
	if err != nil {
		return err
	}
	defer rows.Close()
	decode := s.eng.decode()
	for rows.Next() {
		row, into := make([]any, len(t.Columns)), make([]any, len(t.Columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, c := range t.Columns {
			if row[i], err = fromDriver(c, row[i], decode); err != nil {
				return err
			}
		}
		if more, err := fn(row); err != nil || !more {
			return err
		}
	}
	return s.eng.translate(rows.Err())
}

// fromDriver gives a value of the driver the form of package rowmap.
func fromDriver(c rowmap.Column, value any, decode func(string) string) (any, error) {
	switch v := value.(type) {
	case nil, bool:
		return v, nil
	case int64:
		if c.Kind == rowmap.Bool {
			return v != 0, nil
		}
		return v, nil
	case []byte:
		if c.Kind == rowmap.Bytes {
			return v, nil
		}
		value = string(v)
	}
	text, ok := value.(string)
	if !ok {
		return nil, fmt.Errorf("%s cannot be read from %T", c.Name, value)
	}
	if decode != nil {
		text = decode(text)
	}
	return text, nil
}

// Count implements transfer.Backend.
func (s *Store) Count(ctx context.Context, t *transfer.Table) (n int64, err error) {
	err = s.eng.scanLong(ctx, "select count(*) from "+s.eng.d.Quote(t.Name), nil, &n)
	return n, err
}

// Rows are inserted by the group while they are small: a round trip to a server
// takes longer than storing one.
const (
	groupRows  = 32
	groupBytes = 256 << 10
)

// Write implements transfer.Backend. It runs alone, so that two copies into one
// database notice each other.
func (s *Store) Write(ctx context.Context, b transfer.Batch) error {
	return s.eng.alone(ctx, func(ctx context.Context, tx *txn) error {
		q := s.eng.d.Quote
		var there string
		err := tx.scan(ctx, "select "+q("value")+" from options where "+q("key")+" = ?", []any{transfer.MarkerKey}, s.eng.text(&there))
		if err != nil && err != store.ErrNotFound {
			return err
		}
		if there != b.Before {
			return transfer.ErrMarker
		}
		if len(b.Rows) > 0 {
			write := s.insertRows
			if b.Link {
				write = s.linkRows
			}
			if err := write(ctx, tx, b); err != nil {
				return err
			}
		}
		if b.After == "" {
			_, err = tx.exec(ctx, "delete from options where "+q("key")+" = ?", transfer.MarkerKey)
		} else {
			_, err = tx.exec(ctx, s.options.setSQL, transfer.MarkerKey, b.After)
		}
		return err
	})
}

func (s *Store) insertRows(ctx context.Context, tx *txn, b transfer.Batch) error {
	names := s.quoted(b.Table.Columns)
	var folds []int
	folded := s.foldedColumns(b.Table.Name)
	for i, c := range b.Table.Columns {
		if folded[c.Name] {
			folds = append(folds, i)
			names = append(names, s.eng.d.Quote(c.Name+foldSuffix))
		}
	}
	one := "(?" + strings.Repeat(", ?", len(names)-1) + ")"
	into := "insert into " + s.eng.d.Quote(b.Table.Name) + " (" + strings.Join(names, ", ") + ") values " + one
	many := into + strings.Repeat(", "+one, groupRows-1)
	values := func(args []any, row []any) []any {
		args = append(args, row...)
		for _, i := range folds {
			args = append(args, store.FoldCase(row[i].(string)))
		}
		return args
	}
	for group := range slices.Chunk(b.Rows, groupRows) {
		var args []any
		bytes := 0
		for _, row := range group {
			args = values(args, row)
			for _, value := range row {
				switch v := value.(type) {
				case string:
					bytes += len(v)
				case []byte:
					bytes += len(v)
				}
			}
		}
		if len(group) == groupRows && bytes <= groupBytes {
			if _, err := tx.exec(ctx, many, args...); err != nil {
				return err
			}
			continue
		}
		for one := range slices.Chunk(args, len(names)) {
			if _, err := tx.exec(ctx, into, one...); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) linkRows(ctx context.Context, tx *txn, b transfer.Batch) error {
	for _, row := range b.Rows {
		var set []string
		var args []any
		for _, i := range b.Table.Links {
			set = append(set, s.eng.d.Quote(b.Table.Columns[i].Name)+" = ?")
			args = append(args, row[i])
		}
		query := "update " + s.eng.d.Quote(b.Table.Name) + " set " + strings.Join(set, ", ") + " where id = ?"
		n, err := tx.exec(ctx, query, append(args, row[0])...)
		if err != nil {
			return err
		}
		if n != 1 {
			return fmt.Errorf("%w: %s has no row %d", store.ErrReference, b.Table.Name, row[0])
		}
	}
	return nil
}

// Sequence implements transfer.Backend.
func (s *Store) Sequence(ctx context.Context, t *transfer.Table) (int64, error) {
	last, err := s.eng.d.Sequence.Last(ctx, s.eng.read.db, t.Name)
	return last, s.eng.translate(err)
}

// SetSequence implements transfer.Backend.
func (s *Store) SetSequence(ctx context.Context, t *transfer.Table, last int64) error {
	return s.eng.translate(s.eng.d.Sequence.Set(ctx, s.eng.write.db, t.Name, last))
}
