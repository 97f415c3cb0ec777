package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signalbox/internal/domain"
)

func (s *shell) token() *cobra.Command {
	c := s.group(&cobra.Command{Use: "token", Short: "Manage API tokens of users"})
	c.AddCommand(s.tokenCreate(), s.tokenList(), s.tokenRevoke())
	return c
}

func (s *shell) tokenCreate() *cobra.Command {
	var login, name string
	var scopes []string
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
				n := NewToken{Name: name, TTL: ttl}
				for _, scope := range scopes {
					n.Scopes = append(n.Scopes, domain.TokenScope(strings.TrimSpace(scope)))
				}
				token, err := a.CreateToken(ctx, UserRef{Login: login}, n)
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
	c.Flags().StringSliceVar(&scopes, "scope", nil, "`what` it may be used for: read, run, write, admin; left out, all that its owner may")
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
				rows := make([]row, 0, len(tokens))
				for _, t := range tokens {
					status, expires, used, scopes := "expired", "never", "never", "all"
					if t.Live(time.Now()) {
						status = "active"
					}
					if t.ExpiresAt != nil {
						expires = t.ExpiresAt.UTC().Format(time.RFC3339)
					}
					if t.LastUsed != nil {
						used = t.LastUsed.UTC().Format(time.RFC3339)
					}
					if t.Scopes != nil {
						scopes = strings.Trim(fmt.Sprint(t.Scopes), "[]")
					}
					rows = append(rows, row{{"name", t.Name}, {"status", status}, {"expires", expires}, {"prefix", t.Prefix}, {"scopes", scopes}, {"last_used", used}})
				}
				return s.printRows(c, rows, false, func() error {
					for _, r := range rows {
						if _, err := fmt.Fprintf(c.OutOrStdout(), "%s\t%s\t%s\n", r[0].value, r[1].value, r[2].value); err != nil {
							return err
						}
					}
					return nil
				})
			})
		},
	}
	c.Flags().StringVar(&login, "login", "", "`name` the owner signs in with")
	return s.withOutput(c)
}

func (s *shell) tokenRevoke() *cobra.Command {
	var login, token string
	var ignore func(error) error
	c := &cobra.Command{
		Use:   "revoke",
		Short: "Delete a token; programs that use it lose their access at once",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := missing(c, "login", "token"); err != nil {
				return err
			}
			return s.administer(c, func(ctx context.Context, a Admin) error {
				return ignore(a.RevokeTokens(ctx, UserRef{Login: login}, token))
			})
		},
	}
	ignore = ignoreMissing(c, "a user or token that does not exist is no error")
	c.Flags().StringVar(&login, "login", "", "`name` the owner signs in with")
	c.Flags().StringVar(&token, "token", "", "`start` of the token, at least 8 characters")
	return c
}
