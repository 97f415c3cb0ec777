package cli

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func (s *shell) version() *cobra.Command {
	return s.withOutput(&cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long:  "Print the version, the commit and its time. With -o json, yaml or table, also the version of Go, the platform, and the version that the tables of a database need.",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			schema, err := s.app.LatestSchema()
			if err != nil {
				return err
			}
			out := map[string]any{
				"version": s.env.Version, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH, "schema": schema,
			}
			// The release may have hyphens of its own.
			if parts := strings.Split(s.env.Version, "-"); len(parts) >= 3 {
				out["release"], out["commit"] = strings.Join(parts[:len(parts)-2], "-"), parts[len(parts)-2]
				if at, err := strconv.ParseInt(parts[len(parts)-1], 10, 64); err == nil && at > 0 {
					out["date"] = time.Unix(at, 0).UTC().Format(time.RFC3339)
				}
			}
			return s.print(c, out, nil, func() error {
				_, err := fmt.Fprintln(c.OutOrStdout(), s.env.Version)
				return err
			})
		},
	})
}
