// Package migrations embeds the numbered steps that build the schema, one
// directory for each engine. A released step is never edited.
package migrations

import (
	"embed"
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
