package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// compatible tells whether scripts expect what the reference prints and returns:
// SIGNALBOX_CLI_COMPAT=1, also under its name for variables.
func (s *shell) compatible() bool {
	return slices.Contains(s.env.Environ, "SIGNALBOX_CLI_COMPAT=1") || slices.Contains(s.env.Environ, "SEMAPHORE_CLI_COMPAT=1")
}

// announce prints what the reference prints before the answer of every command
// that opens the database.
func (s *shell) announce(c *cobra.Command) {
	if s.compatible() {
		_, _ = fmt.Fprintln(c.OutOrStdout(), "Loading config\nValidating config") // the answer will fail the same way
	}
}

// compatibleCode is the reference's exit code for one of ours: 1 for wrong usage
// and where it says what is wrong, 2 where it ends with a panic.
func compatibleCode(command *cobra.Command, code int) int {
	switch code {
	case exitUsage:
		return 1
	case exitFailure, exitDatabase, exitNotFound, exitConflict:
	default:
		return code // of commands that the reference does not have
	}
	path := command.CommandPath()
	_, path, _ = strings.Cut(path, " ") // without the program
	for _, said := range []string{"user get", "user token", "user totp", "token", "project", "vault check"} {
		if path == said || strings.HasPrefix(path, said+" ") {
			return 1
		}
	}
	return 2
}
