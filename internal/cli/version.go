package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func (s *shell) version() *cobra.Command {
	return s.withOutput(&cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if s.output == "json" {
				return writeJSON(c, map[string]string{
					"version": s.env.Version, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
				})
			}
			_, err := fmt.Fprintln(c.OutOrStdout(), s.env.Version)
			return err
		},
	})
}
