package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"signalbox/internal/config"
)

func (s *shell) config() *cobra.Command {
	c := s.group(&cobra.Command{Use: "config", Short: "Check and show the configuration"})
	c.AddCommand(s.configCheck(), s.configShow(), s.configSchema(), s.configDocs())
	return c
}

func (s *shell) configCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Check the configuration as the server would at its start",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			settings, report, err := s.load()
			if err == nil {
				err = s.app.Check(settings)
			}
			if report != nil {
				for _, w := range report.Warnings {
					s.complain("warning: " + w)
				}
			}
			if err != nil {
				return err
			}
			from := report.File
			if from == "" {
				from = "no file"
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "The configuration is good (%s).\n", from)
			return err
		},
	}
}

func (s *shell) configShow() *cobra.Command {
	var origin bool
	c := &cobra.Command{
		Use:   "show",
		Short: "Show every setting; secrets are hidden",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, report, err := s.load()
			if err != nil {
				return err
			}
			rows := make([]row, 0, len(report.Values))
			for _, v := range report.Values {
				rows = append(rows, row{{"key", v.Key}, {"value", v.Text}, {"origin", v.Origin}})
			}
			return s.printRows(c, rows, false, func() error {
				for _, v := range report.Values {
					line := v.Key + " = " + v.Text
					if origin {
						line += "\t(" + v.Origin + ")"
					}
					if _, err := fmt.Fprintln(c.OutOrStdout(), line); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	c.Flags().BoolVar(&origin, "origin", false, "add where each value comes from")
	return s.withOutput(c)
}

func (s *shell) configSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of configuration files",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return writeJSON(c, config.Schema()) },
	}
}

func (s *shell) configDocs() *cobra.Command {
	return &cobra.Command{
		Use:   "docs",
		Short: "Print the table of settings as Markdown",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(c.OutOrStdout(), config.Markdown())
			return err
		},
	}
}

func writeJSON(c *cobra.Command, v any) error {
	encoder := json.NewEncoder(c.OutOrStdout())
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
