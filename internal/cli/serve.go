package cli

import (
	"log/slog"
	"net"
	"strconv"

	"github.com/spf13/cobra"

	"signalbox/internal/config"
)

func (s *shell) serve() *cobra.Command {
	var listen, dataDir string
	var autoMigrate, localLogin bool
	c := &cobra.Command{
		Use:     "serve",
		Aliases: []string{"server", "service"},
		Short:   "Run the server",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := serveSettings(listen, dataDir)
			if err != nil {
				return err
			}
			if c.Flags().Changed("auto-migrate") {
				settings = append(settings, config.Setting{Key: "auto_migrate", Value: strconv.FormatBool(autoMigrate), Source: "--auto-migrate"})
			}
			if localLogin {
				settings = append(settings, config.Setting{Key: "password_login_disable", Value: "false", Source: "--allow-local-login"})
			}
			cfg, report, err := s.load(settings...)
			if err != nil {
				return err
			}
			log := slog.New(cfg.Log.Handler(s.env.Stderr))
			for _, w := range report.Warnings {
				log.Warn("configuration", "problem", w)
			}
			return s.app.Serve(c.Context(), cfg, log)
		},
	}
	c.Flags().StringVar(&listen, "listen", "", "`address` and port, such as 127.0.0.1:3000 or :3000")
	c.Flags().StringVar(&dataDir, "data-dir", "", "`directory` of everything that must survive a restart")
	c.Flags().BoolVar(&autoMigrate, "auto-migrate", true, "bring the database up to date first; with =false, refuse to start on one that is not")
	c.Flags().BoolVar(&localLogin, "allow-local-login", false, "let users sign in with passwords whatever password_login_disable says, until the next start")
	return c
}

func serveSettings(listen, dataDir string) ([]config.Setting, error) {
	var settings []config.Setting
	if listen != "" {
		host, port, err := net.SplitHostPort(listen)
		if err != nil || port == "" {
			return nil, usage("--listen: %q is not an address with a port, such as 127.0.0.1:3000 or :3000", listen)
		}
		settings = append(settings,
			config.Setting{Key: "interface", Value: host, Source: "--listen"},
			config.Setting{Key: "port", Value: port, Source: "--listen"})
	}
	if dataDir != "" {
		settings = append(settings, config.Setting{Key: "data_dir", Value: dataDir, Source: "--data-dir"})
	}
	return settings, nil
}
