package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"signalbox/internal/config"
)

const migrateDataHelp = `Copy everything an installation has to another database, of the same or another
kind. Identifiers, times and encrypted secrets stay as they are. The source is
only read; the destination must be empty. Stop the server first.

A database is named by a configuration file that uses it, or by an address:

  sqlite:PATH
  bolt:PATH
  postgres://user@host:port/name?sslmode=verify-full
  mysql://user@host:port/name?tls=true    (MariaDB too)

A socket is given as postgres://user@/name?host=/run/postgresql. Passwords do not
belong on the command line: they come from the configuration file, from the
variables SIGNALBOX_FROM_DB_PASS and SIGNALBOX_TO_DB_PASS, or from the files that
SIGNALBOX_FROM_DB_PASS_FILE and SIGNALBOX_TO_DB_PASS_FILE name.

At the end both databases are read again and compared, table by table. When the
copy is interrupted, the same command goes on where it was; until it is complete,
no server starts on the destination.

The secrets in the database stay encrypted with the keys of this installation:
keep keys.json, or access_key_encryption of the configuration.`

func (s *shell) migrateData() *cobra.Command {
	var from, to string
	c := &cobra.Command{
		Use:   "data --to DATABASE",
		Short: "Copy all data to another database",
		Long:  migrateDataHelp,
		Example: `  signalbox migrate data --to postgres://signalbox@db.example.org/signalbox
  signalbox migrate data --from old.yaml --to new.yaml`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if to == "" {
				return usage("--to must be given: the database to copy to")
			}
			return s.copyData(c, from, to)
		},
	}
	c.Flags().StringVar(&from, "from", "", "`database` to copy; without it, the configured one")
	c.Flags().StringVar(&to, "to", "", "`database` to copy to, which must be empty")
	return s.withOutput(c)
}

func (s *shell) copyData(c *cobra.Command, from, to string) error {
	source, err := s.sourceOf(from)
	if err != nil {
		return err
	}
	dest, err := s.database("--to", to)
	if err != nil {
		return err
	}
	log := slog.New(source.Log.Handler(s.env.Stderr))
	show := newProgress(s.env.Stderr)
	started := time.Now()
	tables, err := s.app.CopyData(c.Context(), source, dest, log, show.at)
	show.end()
	if tables != nil {
		if err := s.copyReport(c, tables, source, dest, time.Since(started)); err != nil {
			return err
		}
	}
	if errors.Is(err, context.Canceled) {
		s.complain("the copy is not complete; run the same command again to go on")
	}
	return err
}

func (s *shell) sourceOf(from string) (*config.Config, error) {
	if from != "" {
		return s.database("--from", from)
	}
	c, _, err := s.load()
	return c, err
}

// database finds the database that a flag names.
func (s *shell) database(flag, text string) (*config.Config, error) {
	c, report, err := config.LoadDatabase(config.Options{Environ: s.env.Environ, Strict: s.strict}, flag, text)
	return c, errors.Join(s.hide(report), err)
}

// copyReport writes what was compared.
func (s *shell) copyReport(c *cobra.Command, tables []CopiedTable, from, to *config.Config, took time.Duration) error {
	rows, bytes, equal := int64(0), int64(0), true
	for _, t := range tables {
		rows, bytes, equal = rows+t.Rows, bytes+t.Bytes, equal && t.Equal
	}
	var lines []row
	for _, t := range tables {
		lines = append(lines, row{{"table", t.Name}, {"rows", t.Rows}, {"bytes", t.Bytes}, {"digest", t.Digest}, {"equal", t.Equal}})
	}
	return s.print(c, map[string]any{
		"from": from.Database.Where(), "to": to.Database.Where(), "tables": tables,
		"rows": rows, "bytes": bytes, "equal": equal, "seconds": took.Round(time.Millisecond).Seconds(),
	}, lines, func() error {
		w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "TABLE\tROWS\tSIZE\tDIGEST\tCOPY")
		for _, t := range tables {
			state := "equal"
			if !t.Equal {
				state = fmt.Sprintf("DIFFERS: %d rows, %.16s", t.CopyRows, t.CopyDigest)
			}
			fmt.Fprintf(w, "%s\t%d\t%s\t%.16s\t%s\n", t.Name, t.Rows, humanBytes(t.Bytes), t.Digest, state)
		}
		if err := w.Flush(); err != nil || !equal {
			return err
		}
		_, err := fmt.Fprintf(c.OutOrStdout(), "Copied %d rows (%s) from %s to %s; both are equal.\n",
			rows, humanBytes(bytes), from.Database.Where(), to.Database.Where())
		return err
	})
}

func humanBytes(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1024, 0
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", value, units[unit])
}

// progress shows how a copy goes on: on a terminal one line that changes,
// elsewhere a line for each table, and every few seconds for long ones.
type progress struct {
	w        io.Writer
	terminal bool
	shown    time.Time
	width    int
}

const (
	lineEvery   = 5 * time.Second
	redrawEvery = 100 * time.Millisecond
)

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, terminal: ok && term.IsTerminal(int(f.Fd())), shown: time.Now()}
}

func (p *progress) at(c CopyProgress) {
	if c.Rows == 0 {
		return
	}
	words := map[string][2]string{"copy": {"copying", "copied"}, "link": {"linking", "linked"}, "verify": {"comparing", "compared"}}[c.Phase]
	line := fmt.Sprintf("%s %s: %d of %d rows, %s", words[0], c.Table, c.Rows, max(c.Of, c.Rows), humanBytes(c.Bytes))
	every := lineEvery
	if p.terminal {
		every = redrawEvery
	} else if c.Done {
		line = fmt.Sprintf("%s %s: %d rows, %s", words[1], c.Table, c.Rows, humanBytes(c.Bytes))
	}
	now := time.Now()
	if !c.Done && now.Sub(p.shown) < every {
		return
	}
	p.shown = now
	if !p.terminal {
		_, _ = fmt.Fprintln(p.w, line) // progress that nobody can see harms nobody
		return
	}
	_, _ = fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", max(0, p.width-len(line))))
	p.width = len(line)
}

// end clears the line of a terminal.
func (p *progress) end() {
	if p.terminal && p.width > 0 {
		_, _ = fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.width))
	}
}
