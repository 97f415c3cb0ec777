// Package cli is the command line: one file per command, each turning flags
// into a call of the App and its answer into lines.
//
// Standard output carries results only; what goes wrong is one line each on
// standard error, and the exit code tells scripts what kind of failure it was.
// The rules behind the commands belong to the App.
package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"signalbox/internal/config"
	"signalbox/internal/domain"
)

// Env is the world of one invocation.
type Env struct {
	Args    []string // with the program's name first
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Environ []string
	// Unsetenv takes a variable from the process, so that children do not
	// inherit secrets; nil leaves them.
	Unsetenv func(name string) error
	Version  string // one line: version, commit and time joined by "-"
}

// Process returns the world of this process.
func Process(version string) Env {
	return Env{
		Args: os.Args, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Environ: os.Environ(), Unsetenv: os.Unsetenv, Version: version,
	}
}

// Execute runs the command that env.Args names and returns the exit code.
func Execute(ctx context.Context, env Env, app App) int {
	s := &shell{env: env, app: app}
	root := s.root()
	root.SetArgs(env.Args[min(1, len(env.Args)):])
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	return s.fail(command, err)
}

// shell is what commands share.
type shell struct {
	env Env
	app App

	configPath string
	noConfig   bool
	strict     bool
	logLevel   string
	output     string
}

// program is the name users typed; a link named after the reference works too.
func (s *shell) program() string {
	if len(s.env.Args) > 0 && strings.TrimSuffix(filepath.Base(s.env.Args[0]), ".exe") == "semaphore" {
		return "semaphore"
	}
	return "signalbox"
}

func (s *shell) root() *cobra.Command {
	root := s.group(&cobra.Command{
		Use:           s.program(),
		Short:         "Run Ansible playbooks and scripts from a browser, an API or a schedule",
		SilenceErrors: true,
		SilenceUsage:  true,
	})
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage("%s", err) })
	flags := root.PersistentFlags()
	flags.StringVar(&s.configPath, "config", "", "configuration `file`, or the directory it is in")
	flags.BoolVar(&s.noConfig, "no-config", false, "read no configuration file")
	flags.BoolVar(&s.strict, "strict-config", false, "refuse unknown configuration keys")
	flags.StringVar(&s.logLevel, "log-level", "", "least `severity` that is logged: debug, info, warn or error")
	flags.String("debug-filter", "", "accepted for scripts of the reference; does nothing")
	root.AddCommand(s.serve(), s.user(), s.token(), s.project(), s.template(), s.task(), s.vault(), s.config(), s.migrate(), s.audit(), s.setup(), s.man(), s.version())
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			s.group(c) // a shell it does not know is a mistake like any other
		}
	}
	return root
}

// group makes a command that only has sub-commands: alone it shows its help,
// and a sub-command it does not have is a usage error.
func (s *shell) group(c *cobra.Command) *cobra.Command {
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 || c.HasParent() && s.compatible() {
			return c.Help()
		}
		message := fmt.Sprintf("unknown command %q", args[0])
		for distance := 1; distance <= 2; distance++ {
			c.SuggestionsMinimumDistance = distance
			if near := c.SuggestionsFor(args[0]); len(near) > 0 {
				message += fmt.Sprintf(", did you mean %q?", near[0])
				break
			}
		}
		return usage("%s", message)
	}
	return c
}

// noArgs refuses operands.
func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("unexpected argument %q", args[0])
	}
	return nil
}

// ignoreMissing adds the flag for scripts that only want something to be gone. The
// function it returns takes "not found" for success where the flag is given.
func ignoreMissing(c *cobra.Command, doc string) func(error) error {
	ignore := c.Flags().Bool("ignore-missing", false, doc)
	return func(err error) error {
		if *ignore && domain.IsKind(err, domain.KindNotFound) {
			return nil
		}
		return err
	}
}

// withOutput adds the flag that chooses the form of the answer.
func (s *shell) withOutput(c *cobra.Command) *cobra.Command {
	const words = "text, json, yaml or table"
	c.Flags().StringVarP(&s.output, "output", "o", "text", "`form` of the answer: "+words)
	c.PreRunE = func(*cobra.Command, []string) error {
		switch s.output {
		case "text", "json", "yaml", "table":
			return nil
		}
		return usage("--output: %q is not %s", s.output, words)
	}
	return c
}

// load reads the configuration with the global flags and those of a command.
func (s *shell) load(settings ...config.Setting) (*config.Config, *config.Report, error) {
	if s.noConfig && s.configPath != "" {
		return nil, nil, usage("--config and --no-config exclude each other")
	}
	if s.logLevel != "" {
		settings = append(settings, config.Setting{Key: "log.level", Value: s.logLevel, Source: "--log-level"})
	}
	c, report, err := config.Load(config.Options{
		Path:     s.configPath,
		NoFile:   s.noConfig,
		Environ:  s.env.Environ,
		Settings: settings,
		Strict:   s.strict,
	})
	if err := s.hide(report); err != nil {
		return nil, nil, err
	}
	return c, report, err
}

// hide takes the variables that held secrets from the process.
func (s *shell) hide(report *config.Report) error {
	if s.env.Unsetenv == nil {
		return nil
	}
	for _, name := range report.SecretVariables {
		if err := s.env.Unsetenv(name); err != nil {
			return fmt.Errorf("hide %s from tasks: %w", name, err)
		}
	}
	return nil
}

// open loads the configuration and opens the instance it describes.
func (s *shell) open(ctx context.Context) (Admin, error) {
	c, _, err := s.load()
	if err != nil {
		return nil, err
	}
	return s.app.Open(ctx, c, slog.New(c.Log.Handler(s.env.Stderr)))
}
