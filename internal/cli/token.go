package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func (s *shell) token() *cobra.Command {
	c := group(&cobra.Command{Use: "token", Short: "Manage API tokens of users"})
	c.AddCommand(s.tokenCreate(), s.tokenList())
	return c
}

func (s *shell) tokenCreate() *cobra.Command {
	var login, name string
	var ttl time.Duration
	c := &cobra.Command{
		Use:   "create",
		Short: "Make a token and print it; it is shown only now",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := missing(c, "login"); err != nil {
				return err
			}
			if ttl < 0 {
				return usage("--ttl: %s lies in the past", ttl)
			}
			return s.administer(c, func(ctx context.Context, a Admin) error {
				token, err := a.CreateToken(ctx, UserRef{Login: login}, name, ttl)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(c.OutOrStdout(), token.Reveal())
				return err
			})
		},
	}
	c.Flags().StringVar(&login, "login", "", "`name` the owner signs in with")
	c.Flags().StringVar(&name, "name", "", "`name` to recognise the token by")
	c.Flags().DurationVar(&ttl, "ttl", 0, "`time` until it expires, such as 720h; left out it never does")
	return c
}

func (s *shell) tokenList() *cobra.Command {
	var login string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the tokens of a user",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := missing(c, "login"); err != nil {
				return err
			}
			return s.administer(c, func(ctx context.Context, a Admin) error {
				tokens, err := a.ListTokens(ctx, UserRef{Login: login})
				if err != nil {
					return err
				}
				rows := make([]map[string]string, 0, len(tokens))
				for _, t := range tokens {
					row := map[string]string{"name": t.Name, "status": "expired", "expires": "never"}
					if t.Live(time.Now()) {
						row["status"] = "active"
					}
					if t.ExpiresAt != nil {
						row["expires"] = t.ExpiresAt.UTC().Format(time.RFC3339)
					}
					rows = append(rows, row)
				}
				if s.output == "json" {
					return writeJSON(c, rows)
				}
				for _, row := range rows {
					if _, err := fmt.Fprintf(c.OutOrStdout(), "%s\t%s\t%s\n", row["name"], row["status"], row["expires"]); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&login, "login", "", "`name` the owner signs in with")
	return s.withOutput(c)
}
