// Package migrations embeds the numbered steps that build the schema, one
// directory for each engine. A released step is never edited.
//
// MySQL and MariaDB commit each statement that changes a table, and an
// interrupted step is run again from its beginning. So each statement there must
// do no harm the second time, without the "if exists" that MariaDB alone knows
// for columns and indexes:
//
//	set @change = if((select count(*) from information_schema.columns where table_schema = database()
//		and table_name = 'tasks' and column_name = 'note') = 0, 'alter table tasks add note longtext', 'do 0');
//	prepare change from @change;
//	execute change;
package migrations

import (
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

//go:embed sqlite/*.sql postgres/*.sql mysql/*.sql
var files embed.FS

// For returns the steps of an engine.
func For(engine string) fs.FS {
	sub, err := fs.Sub(files, engine)
	if err != nil {
		panic(err) // the names are constants
	}
	return sub
}

// Latest returns the number of the last step.
func Latest(steps fs.FS) (int64, error) {
	entries, err := fs.ReadDir(steps, ".")
	if err != nil {
		return 0, err
	}
	var last int64
	for _, e := range entries {
		digits, _, _ := strings.Cut(e.Name(), "_")
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			return 0, err
		}
		last = max(last, n)
	}
	return last, nil
}

// Reversible reports whether a step says how to undo it.
func Reversible(steps fs.FS, version int64) (bool, error) {
	name, err := find(steps, version)
	if err != nil {
		return false, err
	}
	data, err := fs.ReadFile(steps, name)
	if err != nil {
		return false, err
	}
	_, down, _ := strings.Cut(string(data), "-- +goose Down")
	for line := range strings.Lines(down) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--") {
			return true, nil
		}
	}
	return false, nil
}

func find(steps fs.FS, version int64) (string, error) {
	entries, err := fs.ReadDir(steps, ".")
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		digits, _, _ := strings.Cut(e.Name(), "_")
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil && n == version {
			return e.Name(), nil
		}
	}
	return "", fmt.Errorf("step %d: %w", version, fs.ErrNotExist)
}
