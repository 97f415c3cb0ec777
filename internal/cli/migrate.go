package cli

import (
	"bufio"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"signalbox/internal/config"
	"signalbox/internal/domain"
)

// migrate works alone too, with the flags of the reference.
func (s *shell) migrate() *cobra.Command {
	c := s.group(&cobra.Command{
		Use:   "migrate",
		Short: "Look at the version of the database, change it, or move to another one",
		Long: "Look at the version of the database, change it, or move to another one. Without a command of its own, migrate is migrate up;\n" +
			"--apply-to is migrate up --to, and --undo-to is migrate down --to.",
	})
	var applyTo, undoTo string
	var yes bool
	c.Flags().StringVar(&applyTo, "apply-to", "", "the same as migrate up --to `version`")
	c.Flags().StringVar(&undoTo, "undo-to", "", "the same as migrate down --to `version`")
	c.Flags().BoolVar(&yes, "yes", false, "do not ask before data is dropped")
	unknown := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		applies, undoes := c.Flags().Changed("apply-to"), c.Flags().Changed("undo-to")
		switch {
		case len(args) > 0:
			return unknown(c, args)
		case applies && undoes:
			return usage("--apply-to and --undo-to exclude each other")
		case undoes:
			return s.down(c, target{name: "--undo-to", text: undoTo}, yes)
		}
		return s.up(c, target{name: "--apply-to", text: applyTo, none: !applies})
	}
	c.AddCommand(s.migrateStatus(), s.migrateUp(), s.migrateDown(), s.migrateData())
	return c
}

func (s *shell) migrateStatus() *cobra.Command {
	return s.withOutput(&cobra.Command{
		Use:   "status",
		Short: "Say which version the database has; nothing is changed",
		Long: "Say which version the database has; nothing is changed. The exit code is 0 when this program can use the\n" +
			"database, now or after migrate up, and 3 when it cannot.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			settings, _, err := s.load()
			if err != nil {
				return err
			}
			schema, err := s.app.Schema(c.Context(), settings)
			if err != nil {
				return err
			}
			err = s.printRows(c, []row{{{"version", schema.Version}, {"latest", schema.Latest}, {"half_undone", schema.HalfUndone}}}, true, func() error {
				_, err := fmt.Fprintf(c.OutOrStdout(), "version %d of %d: %s\n", schema.Version, schema.Latest, schema.state())
				return err
			})
			if err != nil {
				return err
			}
			if schema.HalfUndone || schema.Version > schema.Latest {
				return &domain.Error{Kind: domain.KindUnavailable, Message: "this program cannot use the database as it is"}
			}
			return nil
		},
	})
}

// state is for people.
func (s Schema) state() string {
	switch {
	case s.HalfUndone:
		return "undoing steps was interrupted; go on with migrate down, or restore a copy"
	case s.Version == 0:
		return "there are no tables yet"
	case s.Version < s.Latest:
		return "to be brought up to date"
	case s.Version > s.Latest:
		return "newer than this program"
	}
	return "up to date"
}

func (s *shell) migrateUp() *cobra.Command {
	var to string
	c := &cobra.Command{
		Use:   "up",
		Short: "Bring the database up to date, as the server does at its start",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return s.up(c, target{name: "--to", text: to, none: !c.Flags().Changed("to")})
		},
	}
	c.Flags().StringVar(&to, "to", "", "`version` to stop at; the latest when it is left out")
	return c
}

func (s *shell) migrateDown() *cobra.Command {
	var to, steps string
	var yes bool
	c := &cobra.Command{
		Use:   "down",
		Short: "Undo steps, and drop the data that they brought",
		Long: "Undo steps, newest first, and drop the data that they brought; with --to 0, all data. SQLite and Bolt files are\n" +
			"copied beside themselves first. Stop the server before. A step that cannot be undone is refused.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			byNumber := c.Flags().Changed("steps")
			if byNumber == c.Flags().Changed("to") {
				return usage("give one of --to and --steps")
			}
			if byNumber {
				return s.down(c, target{name: "--steps", text: steps, relative: true}, yes)
			}
			return s.down(c, target{name: "--to", text: to}, yes)
		},
	}
	c.Flags().StringVar(&to, "to", "", "`version` to go back to; 0 for an empty database")
	c.Flags().StringVar(&steps, "steps", "", "`number` of steps to undo")
	c.Flags().BoolVar(&yes, "yes", false, "do not ask before data is dropped")
	return c
}

// target is a version as a flag gives it.
type target struct {
	name, text string
	none       bool // the flag was not given
	relative   bool // so many below the present one
}

func (t target) number() (int64, error) {
	n, err := strconv.ParseInt(t.text, 10, 64)
	if err != nil || n < 0 || t.relative && n == 0 {
		if t.relative {
			return 0, usage("%s: %q is not a number of steps", t.name, t.text)
		}
		return 0, usage("%s: %q is not a version of the database; those are whole numbers, see migrate status", t.name, t.text)
	}
	return n, nil
}

func (s *shell) up(c *cobra.Command, t target) error {
	settings, schema, err := s.schema(c)
	if err != nil {
		return err
	}
	version := schema.Latest
	if !t.none {
		if version, err = t.number(); err != nil {
			return err
		}
	}
	// A version that the database has passed already is reached; the app refuses
	// a database that is newer than the program.
	if !t.none && schema.Version <= schema.Latest && !schema.HalfUndone {
		version = max(version, schema.Version)
	}
	return s.change(c, settings, version)
}

func (s *shell) down(c *cobra.Command, t target, yes bool) error {
	version, err := t.number()
	if err != nil {
		return err
	}
	settings, schema, err := s.schema(c)
	if err != nil {
		return err
	}
	if t.relative {
		if version > schema.Version {
			return usage("%s: the database has version %d, so there are not %d steps to undo", t.name, schema.Version, version)
		}
		version = schema.Version - version
	}
	if schema.Version > schema.Latest {
		return s.change(c, settings, min(version, schema.Latest)) // refuses
	}
	if version >= schema.Version && !schema.HalfUndone {
		_, err := fmt.Fprintf(c.OutOrStdout(), "The database has version %d; there is nothing to undo.\n", schema.Version)
		return err
	}
	if err := s.confirm(schema.Version, version, yes); err != nil {
		return err
	}
	return s.change(c, settings, version)
}

// confirm makes sure that somebody wants to lose data.
func (s *shell) confirm(from, to int64, yes bool) error {
	if yes {
		return nil
	}
	lost := fmt.Sprintf("going back from version %d to %d drops the data that came with the undone steps", from, to)
	if to == 0 {
		lost = "going back to version 0 drops all data of the database"
	}
	if s.terminal() < 0 {
		return usage("%s; say --yes if that is wanted", lost)
	}
	if _, err := fmt.Fprintf(s.env.Stderr, "%s%s. Type yes to go on: ", strings.ToUpper(lost[:1]), lost[1:]); err != nil {
		return err
	}
	answer, err := bufio.NewReader(s.env.Stdin).ReadString('\n')
	if strings.TrimSpace(answer) != "yes" {
		return usage("nothing was changed")
	}
	return err
}

func (s *shell) schema(c *cobra.Command) (*config.Config, Schema, error) {
	settings, _, err := s.load()
	if err != nil {
		return nil, Schema{}, err
	}
	schema, err := s.app.Schema(c.Context(), settings)
	return settings, schema, err
}

func (s *shell) change(c *cobra.Command, settings *config.Config, version int64) error {
	log := slog.New(settings.Log.Handler(s.env.Stderr))
	if err := s.app.Migrate(c.Context(), settings, log, version); err != nil {
		return err
	}
	schema, err := s.app.Schema(c.Context(), settings)
	if err != nil {
		return err
	}
	latest := ""
	if schema.Version < schema.Latest {
		latest = fmt.Sprintf(" of %d", schema.Latest)
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "The database has version %d%s.\n", schema.Version, latest)
	return err
}
