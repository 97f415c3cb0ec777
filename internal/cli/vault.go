package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"signalbox/internal/domain"
	"signalbox/internal/secrets"
	"signalbox/internal/secrets/vault"
)

func (s *shell) vault() *cobra.Command {
	c := s.group(&cobra.Command{Use: "vault", Aliases: []string{"vaults"}, Short: "Look after the keys that stored secrets are encrypted with"})
	c.AddCommand(s.vaultCheck(), s.vaultRekey(), s.vaultGenkey())
	return c
}

func (s *shell) vaultGenkey() *cobra.Command {
	return &cobra.Command{
		Use:   "genkey",
		Short: "Print a new random key of 256 bits",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(c.OutOrStdout(), secrets.GenerateKey())
			return err
		},
	}
}

func (s *shell) vaultCheck() *cobra.Command {
	return s.withOutput(&cobra.Command{
		Use:   "check",
		Short: "Say which keys the stored secrets need, and whether all can be read",
		Long: "Open everything that is stored encrypted, change nothing, and say how many texts need which key. " +
			"The exit code is 1 when a key is missing or a text cannot be read.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return s.administer(c, func(ctx context.Context, a Admin) error {
				r, err := a.CheckVault(ctx)
				if err != nil {
					return err
				}
				err = s.print(c, vaultReport(r), nil, func() error {
					_, err := fmt.Fprint(c.OutOrStdout(), vaultLines(r))
					return err
				})
				return errors.Join(err, s.unread(r.Unreadable))
			})
		},
	})
}

func vaultLines(r vault.Report) string {
	text := fmt.Sprintf("Access keys: %d total\n", r.Keys)
	if r.Tasks > 0 {
		text += fmt.Sprintf("Secret answers of tasks: %d total\n", r.Tasks)
	}
	if r.TOTPs > 0 {
		text += fmt.Sprintf("Second factors: %d total\n", r.TOTPs)
	}
	for _, u := range r.Uses {
		name := ""
		if label := keyLabel(u); label != "" {
			name = " (" + label + ")"
		}
		text += fmt.Sprintf("%s%s: %d rows — %s\n", u.ID, name, u.Rows, u.Status)
	}
	return text
}

// keyLabel is where a key is configured, "" for one that is not.
func keyLabel(u vault.KeyUse) string {
	if u.Label == "" && u.Status != vault.StatusMissing {
		return "access_key_encryption"
	}
	return u.Label
}

func vaultReport(r vault.Report) map[string]any {
	keys := []map[string]any{}
	for _, u := range r.Uses {
		keys = append(keys, map[string]any{"id": u.ID, "label": keyLabel(u), "rows": u.Rows, "status": u.Status})
	}
	return map[string]any{"access_keys": r.Keys, "tasks": r.Tasks, "second_factors": r.TOTPs, "keys": keys, "unreadable": unreadableReport(r.Unreadable)}
}

func unreadableReport(list []vault.Unreadable) []map[string]any {
	out := []map[string]any{}
	for _, u := range list {
		out = append(out, map[string]any{"kind": u.Kind, "id": u.ID, "project_id": u.Project, "reason": u.Reason})
	}
	return out
}

// unread names what could not be read, one line each, and is an error when there
// is something.
func (s *shell) unread(list []vault.Unreadable) error {
	for _, u := range list {
		what := map[string]string{vault.KindKey: "the secret of key", vault.KindTask: "the secret answers of task", vault.KindTOTP: "the second factor"}[u.Kind]
		of := ""
		if u.Project != 0 {
			of = fmt.Sprintf(" in project %d", u.Project)
		}
		s.complain(fmt.Sprintf("%s %d%s: %s", what, u.ID, of, u.Reason))
	}
	if len(list) == 0 {
		return nil
	}
	return fmt.Errorf("%d of the stored secrets could not be taken; they are as they were", len(list))
}

func (s *shell) vaultRekey() *cobra.Command {
	var how vault.How
	var oldKey, oldFile, rollback string
	c := &cobra.Command{
		Use:   "rekey",
		Short: "Encrypt stored secrets again with the active key",
		Long: "Encrypt everything again that was encrypted with another key than the active one. The server may run; give it the " +
			"new keys first. What was interrupted goes on when it is called again. What cannot be read stays as it is, and makes " +
			"the exit code 1.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			old, err := oldKeys(oldKey, oldFile)
			if err != nil {
				return err
			}
			if rollback != "" && (how.Backup != "" || len(old) > 0) {
				return usage("--rollback goes without --backup, --old-key and --old-key-file")
			}
			return s.administer(c, func(ctx context.Context, a Admin) error {
				done, err := vault.Done{}, error(nil)
				verb := "Encrypted again"
				if rollback != "" {
					verb = "Put back"
					done, err = a.RollbackVault(ctx, rollback, how.DryRun)
				} else {
					done, err = a.Rekey(ctx, how, old)
				}
				if how.DryRun {
					verb = "Nothing was changed; to do"
				}
				if err != nil {
					return err
				}
				err = s.print(c, map[string]any{
					"access_keys": done.Keys, "tasks": done.Tasks, "second_factors": done.TOTPs, "unchanged": done.Kept,
					"dry_run": how.DryRun, "unreadable": unreadableReport(done.Unreadable),
				}, nil, func() error {
					_, err := fmt.Fprintf(c.OutOrStdout(), "%s: %d access keys, %d secret answers of tasks, %d second factors. Unchanged: %d.\n",
						verb, done.Keys, done.Tasks, done.TOTPs, done.Kept)
					return err
				})
				return errors.Join(err, s.unread(done.Unreadable))
			})
		},
	}
	f := c.Flags()
	f.StringVar(&oldKey, "old-key", "", "`key` that is not configured any more; visible to other users of the machine, better use --old-key-file")
	f.StringVar(&oldFile, "old-key-file", "", "`file` whose first line is such a key")
	f.BoolVar(&how.DryRun, "dry-run", false, "only say what would be done")
	f.StringVar(&how.Backup, "backup", "", "new `file` that gets what is replaced, still encrypted with the old keys")
	f.StringVar(&rollback, "rollback", "", "put back what is in this `file` of --backup")
	return s.withOutput(c)
}

func oldKeys(text, file string) (keys []domain.Secret, err error) {
	if text != "" {
		keys = append(keys, domain.Secret(text))
	}
	if file != "" {
		line, err := fileLine(file)
		if err != nil {
			return nil, domain.Invalid("--old-key-file", "%s", err)
		}
		keys = append(keys, domain.Secret(line))
	}
	return keys, nil
}
