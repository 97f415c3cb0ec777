package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"signalbox/internal/domain"
)

// maxPassword bounds what is read as a password.
const maxPassword = 4096

// passwordFlags are the ways to hand over a password. The plain flag can be seen
// by every user of the machine; it stays for scripts that use it.
type passwordFlags struct {
	text  string
	file  string
	stdin bool
}

func (p *passwordFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&p.text, "password", "", "the `password`; visible to other users of the machine, better use one of the next two")
	f.StringVar(&p.file, "password-file", "", "`file` whose first line is the password")
	f.BoolVar(&p.stdin, "password-stdin", false, "read the password from the first line of standard input")
}

func (p *passwordFlags) given(c *cobra.Command) bool {
	return c.Flags().Changed("password") || c.Flags().Changed("password-file") || p.stdin
}

// password returns the password the flags lead to. With ask, it is asked for
// when there are none and somebody sits at a terminal.
func (s *shell) password(c *cobra.Command, p *passwordFlags, ask bool) (domain.Secret, error) {
	ways := 0
	for _, name := range []string{"password", "password-file", "password-stdin"} {
		if c.Flags().Changed(name) {
			ways++
		}
	}
	if ways > 1 {
		return "", usage("give only one of --password, --password-file and --password-stdin")
	}
	var text string
	var err error
	switch {
	case p.stdin:
		text, err = firstLine(s.env.Stdin)
	case p.file != "":
		text, err = fileLine(p.file)
	case c.Flags().Changed("password"):
		text = p.text
	case ask && s.terminal() >= 0:
		text, err = s.prompt()
	default:
		return "", usage("a password is required: --password-stdin, --password-file or --password")
	}
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if text == "" {
		return "", usage("the password is empty")
	}
	return domain.Secret(text), nil
}

func firstLine(r io.Reader) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxPassword+1))
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(data), "\n")
	if len(line) > maxPassword {
		return "", usage("longer than %d bytes", maxPassword)
	}
	return strings.TrimSuffix(line, "\r"), nil
}

func fileLine(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // read-only
	return firstLine(f)
}

// terminal returns the descriptor of the terminal on standard input, -1 when
// there is none.
func (s *shell) terminal() int {
	if f, ok := s.env.Stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return int(f.Fd())
	}
	return -1
}

// prompt asks for a password twice, without showing it.
func (s *shell) prompt() (string, error) {
	var answers [2]string
	for i, question := range []string{"Password: ", "Once more: "} {
		if _, err := fmt.Fprint(s.env.Stderr, question); err != nil {
			return "", err
		}
		answer, err := term.ReadPassword(s.terminal())
		_, _ = fmt.Fprintln(s.env.Stderr) // only moves the cursor
		if err != nil {
			return "", err
		}
		answers[i] = string(answer)
	}
	if answers[0] != answers[1] {
		return "", usage("the two passwords differ")
	}
	return answers[0], nil
}
