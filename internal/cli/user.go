package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signalbox/internal/domain"
)

func (s *shell) user() *cobra.Command {
	c := s.group(&cobra.Command{Use: "user", Aliases: []string{"users"}, Short: "Manage users of this machine's instance"})
	c.AddCommand(s.userAdd(), s.userChange("login"), s.userChange("email"),
		s.userDelete(), s.userGet(), s.userList(), s.userUnlock(), s.token(), s.totp(), s.sessions())
	return c
}

// administer opens the instance, runs fn on it and closes it again.
func (s *shell) administer(c *cobra.Command, fn func(ctx context.Context, a Admin) error) error {
	s.announce(c)
	admin, err := s.open(c.Context())
	if err != nil {
		return err
	}
	return errors.Join(fn(c.Context(), admin), admin.Close())
}

// missing is the usage error for required flags that were not given, nil when
// all were.
func missing(c *cobra.Command, names ...string) error {
	var absent []string
	for _, name := range names {
		if value, err := c.Flags().GetString(name); err != nil || strings.TrimSpace(value) == "" {
			absent = append(absent, "--"+name)
		}
	}
	switch len(absent) {
	case 0:
		return nil
	case 1:
		return usage("%s is required", absent[0])
	}
	last := len(absent) - 1
	return usage("%s and %s are required", strings.Join(absent[:last], ", "), absent[last])
}

func (s *shell) userAdd() *cobra.Command {
	var u NewUser
	var secret passwordFlags
	c := &cobra.Command{
		Use:   "add",
		Short: "Add a user",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := missing(c, "login", "name", "email"); err != nil {
				return err
			}
			if u.External && secret.given(c) {
				return usage("an external user has no password here: leave it out, or leave out --external")
			}
			if !u.External {
				password, err := s.password(c, &secret, true)
				if err != nil {
					return err
				}
				u.Password = password
			}
			return s.administer(c, func(ctx context.Context, a Admin) error {
				added, err := a.AddUser(ctx, u)
				if err != nil {
					return err
				}
				return report(c, added, "added")
			})
		},
	}
	f := c.Flags()
	f.StringVar(&u.Login, "login", "", "`name` to sign in with")
	f.StringVar(&u.Name, "name", "", "full `name`")
	f.StringVar(&u.Email, "email", "", "e-mail `address`")
	f.BoolVar(&u.Admin, "admin", false, "let the user administer the server")
	f.BoolVar(&u.External, "external", false, "the user signs in through a directory and has no password here")
	secret.add(c)
	return c
}

// report prints the line that says what happened to a user.
func report(c *cobra.Command, u domain.User, what string) error {
	_, err := fmt.Fprintf(c.OutOrStdout(), "User %s <%s> %s!\n", u.Username, u.Email, what)
	return err
}

// userChange makes change-by-login and change-by-email: the flag they are named
// after finds the user, all others change something.
func (s *shell) userChange(by string) *cobra.Command {
	var login, email, name string
	var admin, external, active, mustChange bool
	var secret passwordFlags
	c := &cobra.Command{
		Use:   "change-by-" + by,
		Short: "Change the user with this " + by,
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := missing(c, by); err != nil {
				return err
			}
			which := UserRef{Login: login}
			change := UserChange{Name: ifSet(c, "name", name), Admin: ifSet(c, "admin", admin), External: ifSet(c, "external", external), Active: ifSet(c, "active", active), MustChange: ifSet(c, "must-change", mustChange)}
			if by == "email" {
				which = UserRef{Email: email}
				change.Login = ifSet(c, "login", login)
			} else {
				change.Email = ifSet(c, "email", email)
			}
			if secret.given(c) {
				password, err := s.password(c, &secret, false)
				if err != nil {
					return err
				}
				change.Password = &password
			}
			if change == (UserChange{}) {
				return usage("nothing to change was given")
			}
			return s.administer(c, func(ctx context.Context, a Admin) error {
				changed, err := a.ChangeUser(ctx, which, change)
				if err != nil {
					return err
				}
				return report(c, changed, "changed")
			})
		},
	}
	f := c.Flags()
	f.StringVar(&login, "login", "", "`name` to sign in with")
	f.StringVar(&name, "name", "", "full `name`")
	f.StringVar(&email, "email", "", "e-mail `address`")
	f.BoolVar(&admin, "admin", false, "let the user administer the server; --admin=false takes it away")
	f.BoolVar(&external, "external", false, "the user signs in through a directory; --external=false ends that")
	f.BoolVar(&mustChange, "must-change", true, "make the user choose another password at the next sign-in")
	f.BoolVar(&active, "active", true, "--active=false keeps the user from signing in and ends what is signed in")
	secret.add(c)
	return c
}

// ifSet returns the value of a flag that was given, nil otherwise.
func ifSet[T any](c *cobra.Command, name string, value T) *T {
	if !c.Flags().Changed(name) {
		return nil
	}
	return &value
}

// selectUser adds the flags that name a user and returns how to read them.
func selectUser(c *cobra.Command) func() (UserRef, error) {
	var which UserRef
	c.Flags().StringVar(&which.Login, "login", "", "`name` the user signs in with")
	c.Flags().StringVar(&which.Email, "email", "", "e-mail `address` of the user")
	return func() (UserRef, error) {
		if (which.Login == "") == (which.Email == "") {
			return which, usage("give --login or --email")
		}
		return which, nil
	}
}

func (s *shell) userDelete() *cobra.Command {
	c := &cobra.Command{Use: "delete", Short: "Delete a user", Args: noArgs}
	which := selectUser(c)
	ignore := ignoreMissing(c, "a user who does not exist is no error")
	c.RunE = func(c *cobra.Command, _ []string) error {
		user, err := which()
		if err != nil {
			return err
		}
		return s.administer(c, func(ctx context.Context, a Admin) error {
			gone, err := a.DeleteUser(ctx, user)
			if err != nil {
				return ignore(err)
			}
			return report(c, gone, "deleted")
		})
	}
	return c
}

func (s *shell) userGet() *cobra.Command {
	c := &cobra.Command{Use: "get", Short: "Show a user", Args: noArgs}
	which := selectUser(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		ref, err := which()
		if err != nil {
			return err
		}
		return s.administer(c, func(ctx context.Context, a Admin) error {
			u, err := a.GetUser(ctx, ref)
			if err != nil {
				return err
			}
			return s.printRows(c, []row{userRow(u)}, true, func() error {
				_, err = fmt.Fprintf(c.OutOrStdout(), "ID: %d\nCreated: %s\nLogin: %s\nName: %s\nEmail: %s\nAdmin: %t\n",
					u.ID, u.Created, u.Username, u.Name, u.Email, u.Admin)
				return err
			})
		})
	}
	return s.withOutput(c)
}

// userRow is a user with the names the HTTP API uses.
func userRow(u domain.User) row {
	return row{
		{"id", u.ID}, {"created", u.Created.UTC().Format(time.RFC3339)}, {"username", u.Username}, {"name", u.Name},
		{"email", u.Email}, {"admin", u.Admin}, {"external", u.External}, {"disabled", u.Disabled},
	}
}

func (s *shell) userList() *cobra.Command {
	return s.withOutput(&cobra.Command{
		Use:   "list",
		Short: "List users, one login per line",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return s.administer(c, func(ctx context.Context, a Admin) error {
				users, err := a.ListUsers(ctx)
				if err != nil {
					return err
				}
				rows := make([]row, 0, len(users))
				for _, u := range users {
					rows = append(rows, userRow(u))
				}
				return s.printRows(c, rows, false, func() error {
					for _, u := range users {
						if _, err := fmt.Fprintln(c.OutOrStdout(), u.Username); err != nil {
							return err
						}
					}
					return nil
				})
			})
		},
	})
}

func (s *shell) userUnlock() *cobra.Command {
	c := &cobra.Command{Use: "unlock", Short: "Let a user try again who was locked out by wrong passwords or codes", Args: noArgs}
	return s.onUser(c, func(ctx context.Context, _ *cobra.Command, a Admin, which UserRef) error {
		return a.Unlock(ctx, which)
	})
}

// onUser completes a command that does something about one user.
func (s *shell) onUser(c *cobra.Command, do func(ctx context.Context, c *cobra.Command, a Admin, which UserRef) error) *cobra.Command {
	which := selectUser(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		ref, err := which()
		if err != nil {
			return err
		}
		return s.administer(c, func(ctx context.Context, a Admin) error { return do(ctx, c, a, ref) })
	}
	return c
}
