package sqlstore

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"signalbox/internal/store/schema"
)

// TestSchema_IsThatOfTheMigrations: what other backends take from package schema
// is what the migrations say: tables, references and unique indexes.
func TestSchema_IsThatOfTheMigrations(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), Config{Path: filepath.Join(t.TempDir(), "x.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	list := func(query string, args ...any) (found []string) {
		t.Helper()
		rows, err := s.eng.read.db.QueryContext(t.Context(), query, args...)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			found = append(found, line)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return found
	}
	names := []string{"revisions"} // of no entity
	for _, table := range schema.Tables() {
		names = append(names, table.Name)
		var refs, unique []string
		for _, r := range table.References {
			refs = append(refs, r.Field+" "+r.To)
		}
		slices.Sort(refs)
		got := list(`select "from" || ' ' || "table" from pragma_foreign_key_list(?) order by 1`, table.Name)
		if diff := gocmp.Diff(refs, got); diff != "" {
			t.Errorf("references of %s (-schema +migrations):\n%s", table.Name, diff)
		}
		for _, fields := range table.Unique {
			unique = append(unique, columns(fields))
		}
		if len(table.Key) > 1 || len(table.Key) == 1 && table.Key[0] == "key" { // others are the rowid
			unique = append(unique, columns(table.Key))
		}
		slices.Sort(unique)
		got = list(`select (select group_concat(name, ' ') from (select name from pragma_index_info(i.name) order by seqno))
			from pragma_index_list(?) i where i."unique" order by 1`, table.Name)
		if diff := gocmp.Diff(unique, got); diff != "" {
			t.Errorf("unique in %s (-schema +migrations):\n%s", table.Name, diff)
		}
	}
	slices.SortFunc(names, cmp.Compare[string])
	got := list(`select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not like 'goose_%' order by 1`)
	if diff := gocmp.Diff(names, got); diff != "" {
		t.Errorf("tables (-schema +migrations):\n%s", diff)
	}
}

// columns returns fields of the schema as the columns of an index in SQL.
func columns(fields []string) string {
	var cols []string
	for _, f := range fields {
		if name, fold := strings.CutPrefix(f, "~"); fold {
			f = fmt.Sprint(name, foldSuffix)
		}
		cols = append(cols, f)
	}
	return strings.Join(cols, " ")
}
