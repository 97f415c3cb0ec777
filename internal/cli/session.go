package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"signalbox/internal/domain"
)

func (s *shell) sessions() *cobra.Command {
	c := s.group(&cobra.Command{Use: "sessions", Aliases: []string{"session"}, Short: "Manage where users are signed in"})
	c.AddCommand(s.sessionsList(), s.sessionsRevoke())
	return c
}

func (s *shell) sessionsList() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List where a user is signed in", Args: noArgs}
	return s.withOutput(s.onUser(c, func(ctx context.Context, c *cobra.Command, a Admin, which UserRef) error {
		list, err := a.ListSessions(ctx, which)
		if err != nil {
			return err
		}
		rows := make([]row, 0, len(list))
		for _, session := range list {
			rows = append(rows, row{
				{"id", session.ID}, {"last_active", session.LastActive.UTC().Format(time.RFC3339)}, {"ip", session.IP}, {"user_agent", session.UserAgent},
			})
		}
		return s.printRows(c, rows, false, func() error {
			for _, r := range rows {
				if _, err := fmt.Fprintf(c.OutOrStdout(), "%v\t%v\t%v\t%v\n", r[0].value, r[1].value, r[2].value, r[3].value); err != nil {
					return err
				}
			}
			return nil
		})
	}))
}

func (s *shell) sessionsRevoke() *cobra.Command {
	c := &cobra.Command{Use: "revoke", Short: "Sign a user out, everywhere or in one session", Args: noArgs}
	ignore := ignoreMissing(c, "a user or session that does not exist is no error")
	id := c.Flags().Int64("id", 0, "`number` of the session; left out, all are ended")
	return s.onUser(c, func(ctx context.Context, c *cobra.Command, a Admin, which UserRef) error {
		if c.Flags().Changed("id") && *id <= 0 {
			return usage("--id: %d is not the number of a session", *id)
		}
		return ignore(a.RevokeSessions(ctx, which, domain.SessionID(*id)))
	})
}
