package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

// tabular are the forms besides text and JSON that tables and objects have.
func tabular() []string { return []string{"yaml", "table"} }

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

// printRows writes rows in the form asked for; text writes them in the form of
// their own. One writes a single object and no list.
func (s *shell) printRows(c *cobra.Command, rows []row, one bool, text func() error) error {
	switch s.output {
	case "json", "yaml":
		objects := make([]any, 0, len(rows))
		for _, r := range rows {
			objects = append(objects, r.object())
		}
		var answer any = objects
		if one {
			answer = objects[0]
		}
		if s.output == "json" {
			return writeJSON(c, answer)
		}
		data, err := yaml.Marshal(answer)
		if err != nil {
			return err
		}
		_, err = c.OutOrStdout().Write(data)
		return err
	case "table":
		return printTable(c, rows)
	}
	return text()
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
			cells = append(cells, fmt.Sprint(col.value))
		}
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) // see above
	}
	return w.Flush()
}
