package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"signalbox/internal/audit"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

func (s *shell) audit() *cobra.Command {
	c := s.group(&cobra.Command{Use: "audit", Short: "Read the activity log of this machine's instance"})
	c.AddCommand(s.auditExport())
	return c
}

func (s *shell) auditExport() *cobra.Command {
	var f store.EventFilter
	var project, user int64
	var since, until, object, action, outcome string
	c := &cobra.Command{
		Use:   "export",
		Short: "Print the activity log, newest first, one JSON document a line",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if project < 0 || user < 0 {
				return usage("--project and --user are numbers greater than 0")
			}
			if project > 0 {
				id := domain.ProjectID(project)
				f.Project = &id
			}
			f.User, f.ObjectType, f.Action, f.Outcome = domain.UserID(user), domain.ObjectType(object), domain.EventAction(action), domain.Outcome(outcome)
			for _, flag := range []struct {
				name, text string
				into       *time.Time
			}{{"since", since, &f.Since}, {"until", until, &f.Until}} {
				var err error
				if *flag.into, err = moment(flag.text); err != nil {
					return usage("--%s: %q is no day such as 2026-01-31 and no time such as 2026-01-31T12:00:00Z", flag.name, flag.text)
				}
			}
			out := bufio.NewWriter(c.OutOrStdout())
			lines := json.NewEncoder(out)
			lines.SetEscapeHTML(false)
			err := s.administer(c, func(ctx context.Context, a Admin) error {
				return a.ExportAudit(ctx, f, func(r audit.Record) error { return lines.Encode(r) })
			})
			return errors.Join(err, out.Flush())
		},
	}
	flags := c.Flags()
	flags.Int64Var(&project, "project", 0, "only events of the project with this `id`")
	flags.Int64Var(&user, "user", 0, "only what the user with this `id` did")
	flags.StringVar(&object, "object-type", "", "only what is about this `kind` of object, such as key or template")
	flags.StringVar(&action, "action", "", "only this `action`, such as create, update, delete or login")
	flags.StringVar(&outcome, "outcome", "", "only this `outcome`: success, denied or failure")
	flags.StringVar(&since, "since", "", "not earlier than this `day` or time")
	flags.StringVar(&until, "until", "", "earlier than this `day` or time")
	flags.StringVar(&f.Text, "search", "", "only with this `text` in the description or the name of the object")
	return c
}

// moment reads a day or a time; "" is the zero time.
func moment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	return time.Parse(time.RFC3339, text)
}
