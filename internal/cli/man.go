package cli

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// man writes manual pages, which are made from the same texts as --help.
func (s *shell) man() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "man [command ...]",
		Short: "Print a manual page, or write all of them",
		Long: "Print the manual page of the program or of a command in the format that man(1) shows:\n" +
			"signalbox man task run | man -l -\n" +
			"With --dir, write the pages of all commands into a directory, such as /usr/local/share/man/man1.",
		RunE: func(c *cobra.Command, args []string) error {
			root := c.Root()
			root.DisableAutoGenTag = true // pages of one version are equal whenever they are made
			header := &doc.GenManHeader{Section: "1", Source: "Signalbox " + s.env.Version, Manual: "Signalbox"}
			if dir != "" {
				if len(args) > 0 {
					return usage("--dir writes the pages of all commands; leave out %q", strings.Join(args, " "))
				}
				if err := os.MkdirAll(dir, 0o755); err != nil {
					return err
				}
				return doc.GenManTree(root, header, dir)
			}
			page, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usage("there is no command %q", strings.Join(args, " "))
			}
			return doc.GenMan(page, header, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&dir, "dir", "", "`directory` to write the pages of all commands to")
	return c
}
