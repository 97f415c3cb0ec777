package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

// row is an object of an answer: its fields in order, with the names of the
// HTTP API.
type row []column

type column struct {
	name  string
	value any
}

// object is the row as JSON and YAML have it.
func (r row) object() map[string]any {
	out := map[string]any{}
	for _, c := range r {
		out[c.name] = c.value
	}
	return out
}

// print writes an answer in the form asked for: as JSON or YAML what it is, as a
// table its rows, as text what the function writes. Without rows, the table is
// made of the answer.
func (s *shell) print(c *cobra.Command, answer any, rows []row, text func() error) error {
	switch s.output {
	case "json":
		return writeJSON(c, answer)
	case "yaml":
		plain, err := plainly(answer)
		if err != nil {
			return err
		}
		data, err := yaml.Marshal(plain)
		if err != nil {
			return err
		}
		_, err = c.OutOrStdout().Write(data)
		return err
	case "table":
		if rows == nil {
			plain, err := plainly(answer)
			if err != nil {
				return err
			}
			rows = rowsOf(plain)
		}
		return printTable(c, rows)
	}
	return text()
}

// printRows prints rows that have no other form than their fields. One writes a
// single object and no list.
func (s *shell) printRows(c *cobra.Command, rows []row, one bool, text func() error) error {
	objects := make([]any, 0, len(rows))
	for _, r := range rows {
		objects = append(objects, r.object())
	}
	var answer any = objects
	if one {
		answer = objects[0]
	}
	return s.print(c, answer, rows, text)
}

// plainly turns an answer into maps, lists and scalars with the names it has as
// JSON. Whole numbers stay whole.
func plainly(answer any) (any, error) {
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	var plain any
	err = yaml.Unmarshal(text, &plain) // every JSON document is YAML, which knows integers
	return plain, err
}

// rowsOf makes a row of each object of a list, or of each field of an object.
func rowsOf(plain any) []row {
	rows := []row{}
	switch v := plain.(type) {
	case []any:
		for _, e := range v {
			object, _ := e.(map[string]any)
			var r row
			for _, name := range slices.Sorted(maps.Keys(object)) {
				r = append(r, column{name, cell(object[name])})
			}
			rows = append(rows, r)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			rows = append(rows, row{{"field", name}, {"value", cell(v[name])}})
		}
	}
	return rows
}

// cell is a value as a table shows it: on one line.
func cell(value any) any {
	switch v := value.(type) {
	case nil:
		return ""
	case []any, map[string]any:
		text, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		return string(text)
	}
	return value
}

func printTable(c *cobra.Command, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 8, 2, ' ', 0)
	var cells []string
	for _, col := range rows[0] {
		cells = append(cells, strings.ToUpper(strings.ReplaceAll(col.name, "_", " ")))
	}
	_, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) // Flush tells what went wrong
	for _, r := range rows {
		cells = cells[:0]
		for _, col := range r {
			text := fmt.Sprint(col.value)
			if list, ok := col.value.([]string); ok {
				text = strings.Join(list, ", ")
			}
			cells = append(cells, visible(text))
		}
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) // see above
	}
	return w.Flush()
}
