package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func (s *shell) totp() *cobra.Command {
	c := s.group(&cobra.Command{Use: "totp", Short: "Manage second factors of users"})
	c.AddCommand(s.totpEnable(), s.totpShow(), s.totpDisable())
	return c
}

func (s *shell) totpEnable() *cobra.Command {
	c := &cobra.Command{Use: "enable", Short: "Give a user a second factor and print its secrets; they are shown only now", Args: noArgs}
	return s.withOutput(s.onUser(c, func(ctx context.Context, c *cobra.Command, a Admin, which UserRef) error {
		factor, err := a.EnableTOTP(ctx, which)
		if err != nil {
			return err
		}
		codes := make([]string, 0, len(factor.RecoveryCodes))
		for _, code := range factor.RecoveryCodes {
			codes = append(codes, code.Reveal())
		}
		return s.printRows(c, []row{{{"url", factor.URL.Reveal()}, {"recovery_codes", codes}}}, true, func() error {
			var b strings.Builder
			for _, code := range codes {
				fmt.Fprintf(&b, "Recovery code: %s\n", code)
			}
			fmt.Fprintf(&b, "%s\n", factor.URL.Reveal())
			b.WriteString(blocks(factor.Code))
			_, err := fmt.Fprint(c.OutOrStdout(), b.String())
			return err
		})
	}))
}

// blocks draws a QR code in the letters of a terminal, two rows of it in each
// line, with the light border that readers need.
func blocks(code [][]bool) string {
	const border = 2
	dark := func(y, x int) bool {
		y, x = y-border, x-border
		return y >= 0 && y < len(code) && x >= 0 && x < len(code[y]) && code[y][x]
	}
	var b strings.Builder
	size := len(code) + 2*border
	for y := 0; y < size && len(code) > 0; y += 2 {
		// The terminal may be dark: the light parts are what is drawn.
		for x := range size {
			switch above, below := dark(y, x), dark(y+1, x) || y+1 >= size; {
			case above && below:
				b.WriteString(" ")
			case above:
				b.WriteString("▄")
			case below:
				b.WriteString("▀")
			default:
				b.WriteString("█")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (s *shell) totpShow() *cobra.Command {
	c := &cobra.Command{Use: "show", Short: "Tell whether a user has a second factor; its secrets are not shown", Args: noArgs}
	return s.withOutput(s.onUser(c, func(ctx context.Context, c *cobra.Command, a Admin, which UserRef) error {
		factor, err := a.ShowTOTP(ctx, which)
		if err != nil {
			return err
		}
		since := ""
		if factor != nil {
			since = factor.Created.UTC().Format(time.RFC3339)
		}
		return s.printRows(c, []row{{{"enabled", factor != nil}, {"created", since}}}, true, func() error {
			text := "TOTP is disabled"
			if factor != nil {
				text = "TOTP is enabled since " + since
			}
			_, err := fmt.Fprintln(c.OutOrStdout(), text)
			return err
		})
	}))
}

func (s *shell) totpDisable() *cobra.Command {
	c := &cobra.Command{Use: "disable", Short: "Take away the second factor of a user", Args: noArgs}
	ignore := ignoreMissing(c, "a user who does not exist, or has none, is no error")
	return s.onUser(c, func(ctx context.Context, _ *cobra.Command, a Admin, which UserRef) error {
		return ignore(a.DisableTOTP(ctx, which))
	})
}
