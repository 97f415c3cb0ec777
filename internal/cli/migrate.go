package cli

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
)

func (s *shell) migrate() *cobra.Command {
	c := group(&cobra.Command{Use: "migrate", Short: "Bring the database up to date, or move to another one"})
	c.AddCommand(s.migrateStatus(), s.migrateUp(), s.migrateData())
	return c
}

func (s *shell) migrateStatus() *cobra.Command {
	return s.withOutput(&cobra.Command{
		Use:   "status",
		Short: "Say which version the database has; nothing is changed",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			settings, _, err := s.load()
			if err != nil {
				return err
			}
			have, latest, err := s.app.Schema(c.Context(), settings)
			if err != nil {
				return err
			}
			if s.output == "json" {
				return writeJSON(c, map[string]int64{"version": have, "latest": latest})
			}
			state := "up to date"
			switch {
			case have == 0:
				state = "there are no tables yet"
			case have < latest:
				state = "to be brought up to date"
			case have > latest:
				state = "newer than this program"
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "version %d of %d: %s\n", have, latest, state)
			return err
		},
	})
}

func (s *shell) migrateUp() *cobra.Command {
	return &cobra.Command{
		Use:   "up",
		Short: "Bring the database up to date, as the server does at its start",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			settings, _, err := s.load()
			if err != nil {
				return err
			}
			log := slog.New(settings.Log.Handler(s.env.Stderr))
			if err := s.app.Migrate(c.Context(), settings, log); err != nil {
				return err
			}
			have, _, err := s.app.Schema(c.Context(), settings)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "The database has version %d.\n", have)
			return err
		},
	}
}
