package dialect

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// Sequence is how an engine keeps the last number that the rows of a table were
// given. A number of 0 stands for none.
type Sequence struct {
	Last func(ctx context.Context, db *sql.DB, table string) (int64, error)
	Set  func(ctx context.Context, db *sql.DB, table string, last int64) error
}

func sqliteSequence() Sequence {
	return Sequence{
		Last: func(ctx context.Context, db *sql.DB, table string) (last int64, err error) {
			err = db.QueryRowContext(ctx, "select seq from sqlite_sequence where name = ?", table).Scan(&last)
			if errors.Is(err, sql.ErrNoRows) {
				err = nil // there was no row yet
			}
			return last, err
		},
		Set: func(ctx context.Context, db *sql.DB, table string, last int64) error {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			defer func() { _ = tx.Rollback() }() // after a commit there is nothing to do
			// The table has no key to update by.
			if _, err := tx.ExecContext(ctx, "delete from sqlite_sequence where name = ?", table); err != nil {
				return err
			}
			if last > 0 {
				if _, err := tx.ExecContext(ctx, "insert into sqlite_sequence (name, seq) values (?, ?)", table, last); err != nil {
					return err
				}
			}
			return tx.Commit()
		},
	}
}

// postgresSequence: tables are named by the program, in lower case.
func postgresSequence() Sequence {
	return Sequence{
		Last: func(ctx context.Context, db *sql.DB, table string) (int64, error) {
			var name string
			if err := db.QueryRowContext(ctx, "select pg_get_serial_sequence($1, 'id')", table).Scan(&name); err != nil {
				return 0, err
			}
			var last int64 // the server quotes the name where needed
			err := db.QueryRowContext(ctx, "select case when is_called then last_value else last_value - 1 end from "+name).Scan(&last)
			return last, err
		},
		Set: func(ctx context.Context, db *sql.DB, table string, last int64) error {
			_, err := db.ExecContext(ctx, "select setval(pg_get_serial_sequence($1, 'id')::regclass, $2::bigint, false)", table, last+1)
			return err
		},
	}
}

// mysqlSequence asks for the table as it would be created, since what the
// information schema says may be a day old.
func mysqlSequence() Sequence {
	next := regexp.MustCompile(`\) ENGINE=\w+ AUTO_INCREMENT=(\d+)`)
	return Sequence{
		Last: func(ctx context.Context, db *sql.DB, table string) (int64, error) {
			var name, text string
			if err := db.QueryRowContext(ctx, `show create table "`+table+`"`).Scan(&name, &text); err != nil {
				return 0, err
			}
			found := next.FindStringSubmatch(text)
			if found == nil {
				return 0, nil
			}
			n, err := strconv.ParseInt(found[1], 10, 64)
			return n - 1, err
		},
		Set: func(ctx context.Context, db *sql.DB, table string, last int64) error {
			_, err := db.ExecContext(ctx, fmt.Sprintf(`alter table "%s" auto_increment = %d`, table, last+1))
			return err
		},
	}
}
