package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"signalbox/internal/client"
	"signalbox/internal/domain"
)

// patience is how long a server that does not answer is asked again: restarts
// and upgrades take seconds.
const patience = 5 * time.Minute

// remote are the flags of commands that ask a server over its API.
type remote struct {
	url, tokenFile, caFile, project string
	requestTimeout                  time.Duration
}

const remoteHelp = "\n\nThe server is that of --url or SIGNALBOX_URL, and who asks that of the API token in --token-file or SIGNALBOX_TOKEN;\n" +
	"SEMAPHORE_URL and SEMAPHORE_API_TOKEN are known too."

// remote adds the flags, and the words about them.
func (s *shell) remote(c *cobra.Command, r *remote) *cobra.Command {
	if c.Long == "" {
		c.Long = c.Short + "."
	}
	c.Long += remoteHelp
	f := c.Flags()
	f.StringVar(&r.url, "url", "", "`address` of the server")
	f.StringVar(&r.tokenFile, "token-file", "", "`file` whose first line is an API token")
	f.StringVar(&r.caFile, "ca-file", "", "`file` of PEM certificates to trust as well")
	f.DurationVar(&r.requestTimeout, "request-timeout", 30*time.Second, "`time` that one request may take")
	return c
}

// inProject is remote for what lies in a project.
func (s *shell) inProject(c *cobra.Command, r *remote) *cobra.Command {
	c = s.remote(c, r)
	c.Flags().StringVarP(&r.project, "project", "p", "", "`number` or name of the project; may be left out when there is only one")
	return c
}

// environ returns the first of some variables that is not empty.
func (s *shell) environ(names ...string) string {
	for _, name := range names {
		for _, entry := range s.env.Environ {
			if value, ok := strings.CutPrefix(entry, name+"="); ok && value != "" {
				return value
			}
		}
	}
	return ""
}

func (s *shell) connect(r *remote) (*client.Client, error) {
	config := client.Config{
		URL: r.url, CAFile: r.caFile, Timeout: r.requestTimeout, Patience: patience, Version: s.env.Version,
	}
	if config.URL == "" {
		config.URL = s.environ("SIGNALBOX_URL", "SEMAPHORE_URL")
	}
	token := s.environ("SIGNALBOX_TOKEN", "SIGNALBOX_API_TOKEN", "SEMAPHORE_API_TOKEN", "SEMAPHORE_TOKEN")
	if r.tokenFile != "" {
		var err error
		if token, err = fileLine(r.tokenFile); err != nil {
			return nil, domain.Invalid("--token-file", "%s", err)
		}
	}
	switch {
	case config.URL == "" && token == "":
		return nil, usage("which server, and as whom? Give --url or SIGNALBOX_URL, and --token-file or SIGNALBOX_TOKEN")
	case config.URL == "":
		return nil, usage("which server? Give --url or SIGNALBOX_URL")
	case token == "":
		return nil, usage("as whom? Give --token-file or SIGNALBOX_TOKEN; make a token with the menu of the web interface or with token create")
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, usage("the API token holds characters that none has")
	}
	config.Token = domain.Secret(token)
	return client.New(config)
}

// place connects and finds the project.
func (s *shell) place(ctx context.Context, r *remote) (*client.Client, int64, error) {
	api, err := s.connect(r)
	if err != nil {
		return nil, 0, err
	}
	if id, err := strconv.ParseInt(r.project, 10, 64); err == nil {
		return api, id, nil
	}
	list, err := api.Projects(ctx)
	if err != nil {
		return nil, 0, err
	}
	if r.project == "" {
		if len(list) != 1 {
			return nil, 0, usage("there are %d projects; name one with --project", len(list))
		}
		return api, list[0].ID, nil
	}
	id, err := byName("project", r.project, list)
	return api, id, err
}

// byName finds what is called by number or name. A name in another case will do
// when nothing has the very name; two of the same are not guessed at.
func byName(what, name string, list []client.Named) (int64, error) {
	if id, err := strconv.ParseInt(name, 10, 64); err == nil {
		return id, nil
	}
	for _, same := range []func(string) bool{
		func(n string) bool { return n == name },
		func(n string) bool { return strings.EqualFold(n, name) },
	} {
		var found []int64
		for _, n := range list {
			if same(n.Name) {
				found = append(found, n.ID)
			}
		}
		switch {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			return 0, usage("%d of kind %s are called %q; give the number of one: %s", len(found), what, name, strings.Trim(fmt.Sprint(found), "[]"))
		}
	}
	return 0, &domain.Error{Kind: domain.KindNotFound, Message: fmt.Sprintf("there is no %s called %q", what, name)}
}

// visible makes a text of the server fit for one column of a terminal.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// printLine prints columns with tabs between them.
func printLine(c *cobra.Command, columns ...any) error {
	texts := make([]string, len(columns))
	for i, column := range columns {
		texts[i] = visible(fmt.Sprint(column))
	}
	_, err := fmt.Fprintln(c.OutOrStdout(), strings.Join(texts, "\t"))
	return err
}

// printLines prints rows without their names, one a line.
func printLines(c *cobra.Command, rows []row) error {
	for _, r := range rows {
		var values []any
		for _, col := range r {
			values = append(values, col.value)
		}
		if err := printLine(c, values...); err != nil {
			return err
		}
	}
	return nil
}

func (s *shell) projectList() *cobra.Command {
	var r remote
	return s.remote(s.withOutput(&cobra.Command{
		Use:   "list",
		Short: "List the projects of a server, over its API",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.connect(&r)
			if err != nil {
				return err
			}
			list, err := api.Projects(c.Context())
			if err != nil {
				return err
			}
			return s.printNamed(c, list)
		},
	}), &r)
}

func (s *shell) template() *cobra.Command {
	c := s.group(&cobra.Command{Use: "template", Aliases: []string{"templates"}, Short: "Look at the templates of a server, over its API"})
	var r remote
	c.AddCommand(s.inProject(s.withOutput(&cobra.Command{
		Use:   "list",
		Short: "List the templates of a project",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			api, project, err := s.place(c.Context(), &r)
			if err != nil {
				return err
			}
			list, err := api.Templates(c.Context(), project)
			if err != nil {
				return err
			}
			return s.printNamed(c, list)
		},
	}), &r))
	return c
}

func (s *shell) printNamed(c *cobra.Command, list []client.Named) error {
	rows := make([]row, 0, len(list))
	for _, n := range list {
		r := row{{"id", n.ID}, {"name", n.Name}}
		if n.App != "" {
			r = append(r, column{"app", n.App})
		}
		rows = append(rows, r)
	}
	return s.printRows(c, rows, false, func() error { return printLines(c, rows) })
}
