package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signalbox/internal/client"
	"signalbox/internal/domain"
)

func (s *shell) task() *cobra.Command {
	c := s.group(&cobra.Command{Use: "task", Aliases: []string{"tasks"}, Short: "Run tasks on a server and watch them, over its API"})
	c.AddCommand(s.taskRun(), s.taskList(), s.taskLogs(), s.taskStop())
	return c
}

// ended is the result of a task as an exit code.
type ended struct {
	code int
	text string
}

func (e *ended) Error() string { return e.text }

// result is nil for a task that succeeded.
func result(t client.Task) error {
	code := exitTaskFailed
	switch domain.TaskStatus(t.Status) {
	case domain.StatusSuccess:
		return nil
	case domain.StatusStopped:
		code = exitTaskStopped
	}
	text := fmt.Sprintf("task %d ended with status %s", t.ID, t.Status)
	if t.StatusReason != "" {
		text += ": " + visible(t.StatusReason)
	}
	return &ended{code, text}
}

// errPatience ends the waiting for a task.
var errPatience = errors.New("the task did not end in time")

// follow waits for a task with or without its output and gives its result.
func (s *shell) follow(c *cobra.Command, api *client.Client, project, task, after int64, show bool, timeout time.Duration) (client.Task, error) {
	ctx := c.Context()
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, errPatience)
		defer cancel()
	}
	var line func(client.Line) error
	if show {
		line = s.lines(c)
	}
	t, err := api.Follow(ctx, project, task, after, line, func(err error) {
		s.complain(fmt.Sprintf("the server does not answer, asking again: %s", err))
	})
	if errors.Is(err, errPatience) {
		return t, &ended{exitTaskTimeout, fmt.Sprintf("task %d has not ended after %s; it goes on", task, timeout)}
	}
	return t, err
}

// lines prints output as the program wrote it.
func (s *shell) lines(c *cobra.Command) func(client.Line) error {
	return func(l client.Line) error {
		text := l.Text
		if !l.Partial {
			text = strings.TrimSuffix(text, "\r") + "\n"
		}
		_, err := fmt.Fprint(c.OutOrStdout(), text)
		return err
	}
}

func (s *shell) taskRun() *cobra.Command {
	var r remote
	var l client.Launch
	var branch, commit string
	var vars, secretFiles, args []string
	var inventory, build int64
	var wait, show bool
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "run TEMPLATE",
		Short: "Run a template, given by number or name",
		Long: "Run a template, given by number or name, and print the number of the task. With --wait the exit code tells how it\n" +
			"ended: 0 success, 10 failed, 11 stopped, 12 not in time. The request is sent once: it is not repeated when\n" +
			"no answer comes.",
		Args: oneArg("the number or name of a template"),
		RunE: func(c *cobra.Command, operands []string) error {
			set := c.Flags().Changed
			if timeout != 0 && !wait && !show {
				return usage("--timeout goes with --wait or --follow")
			}
			if show && s.output != "text" {
				return usage("--follow prints output, which -o %s has no place for; use --wait", s.output)
			}
			var err error
			if l.Environment, err = object("--var", vars, func(v string) (string, error) { return v, nil }); err != nil {
				return err
			}
			if l.Secret, err = object("--secret-file", secretFiles, fileLine); err != nil {
				return err
			}
			if set("branch") {
				l.Branch = &branch
			}
			if set("commit") {
				l.Commit = &commit
			}
			if set("inventory") {
				l.InventoryID = &inventory
			}
			if set("build-task") {
				l.BuildTaskID = &build
			}
			if len(args) > 0 {
				text, err := json.Marshal(args)
				if err != nil {
					return err
				}
				l.Arguments = ref(string(text))
			}
			api, project, err := s.place(c.Context(), &r)
			if err != nil {
				return err
			}
			if l.TemplateID, err = templateID(c.Context(), api, project, operands[0]); err != nil {
				return err
			}
			t, err := api.Run(c.Context(), project, l)
			if err != nil {
				return err
			}
			if !wait && !show {
				return s.printTask(c, t)
			}
			if show {
				s.complain(fmt.Sprintf("task %d", t.ID)) // the output has standard output to itself
			}
			id := t.ID
			t, err = s.follow(c, api, project, id, 0, show, timeout)
			if err != nil {
				return err
			}
			if !show {
				if err := s.printTask(c, t); err != nil {
					return err
				}
			}
			return result(t)
		},
	}
	f := c.Flags()
	f.StringVarP(&l.Message, "message", "m", "", "`words` shown with the task")
	f.StringVar(&branch, "branch", "", "`branch` or tag, where the template lets it be chosen")
	f.StringVar(&commit, "commit", "", "`hash` of the commit to run")
	f.StringVar(&l.Playbook, "playbook", "", "another `file` than the template's")
	f.StringArrayVar(&vars, "var", nil, "variable or survey answer as `name=value`; may be repeated")
	f.StringArrayVar(&secretFiles, "secret-file", nil, "secret survey answer as `name=file`, whose first line it is; may be repeated")
	f.StringVar(&l.Limit, "limit", "", "`hosts` to run on, with commas between them")
	f.StringArrayVar(&args, "arg", nil, "`argument` for the program, where the template lets them be given; may be repeated")
	f.Int64Var(&inventory, "inventory", 0, "`number` of another inventory")
	f.Int64Var(&build, "build-task", 0, "`number` of the build to deploy")
	f.BoolVarP(&wait, "wait", "w", false, "wait until the task has ended")
	f.BoolVarP(&show, "follow", "f", false, "wait, and print the output meanwhile")
	f.DurationVar(&timeout, "timeout", 0, "`time` to wait at most, such as 30m; the task goes on after it")
	return s.inProject(s.withOutput(c), &r)
}

func ref[T any](v T) *T { return &v }

func oneArg(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage("give %s", what)
		}
		return nil
	}
}

// object makes a JSON object of name=value; "" of none.
func object(flag string, pairs []string, value func(string) (string, error)) (string, error) {
	if len(pairs) == 0 {
		return "", nil
	}
	out := map[string]string{}
	for _, p := range pairs {
		name, text, ok := strings.Cut(p, "=")
		if !ok || name == "" {
			return "", usage("%s: give a name, an equals sign and what belongs to it", flag)
		}
		if _, twice := out[name]; twice {
			return "", usage("%s: %s is given twice", flag, name)
		}
		var err error
		if out[name], err = value(text); err != nil {
			return "", domain.Invalid(flag, "%s", err)
		}
	}
	text, err := json.Marshal(out)
	return string(text), err
}

func templateID(ctx context.Context, api *client.Client, project int64, name string) (int64, error) {
	if id, err := strconv.ParseInt(name, 10, 64); err == nil {
		return id, nil
	}
	list, err := api.Templates(ctx, project)
	if err != nil {
		return 0, err
	}
	return byName("template", name, list)
}

func (s *shell) printTask(c *cobra.Command, t client.Task) error {
	return s.print(c, t.Raw, []row{taskRow(t)}, func() error { return printLine(c, t.ID, t.Status) })
}

// taskRow is what people want to know of a task at a glance.
func taskRow(t client.Task) row {
	return row{{"id", t.ID}, {"status", t.Status}, {"created", t.Created.UTC().Format(time.RFC3339)}, {"template", t.Template}, {"message", t.Message}}
}

func (s *shell) taskList() *cobra.Command {
	var r remote
	var template string
	var statuses []string
	var limit int
	c := &cobra.Command{
		Use:   "list",
		Short: "List tasks, the newest first: number, status, creation, template, message",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if limit < 1 || limit > 1000 {
				return usage("--limit: give a number from 1 to 1000")
			}
			api, project, err := s.place(c.Context(), &r)
			if err != nil {
				return err
			}
			var of int64
			if template != "" {
				if of, err = templateID(c.Context(), api, project, template); err != nil {
					return err
				}
			}
			list, err := api.Tasks(c.Context(), project, of, statuses, limit)
			if err != nil {
				return err
			}
			out := make([]json.RawMessage, len(list))
			rows := make([]row, len(list))
			for i, t := range list {
				out[i], rows[i] = t.Raw, taskRow(t)
			}
			return s.print(c, out, rows, func() error { return printLines(c, rows) })
		},
	}
	f := c.Flags()
	f.StringVar(&template, "template", "", "only those of a template, by `number` or name")
	f.StringArrayVar(&statuses, "status", nil, "only those of a `status`, such as running; may be repeated")
	f.IntVar(&limit, "limit", 50, "`number` of tasks at most")
	return s.inProject(s.withOutput(c), &r)
}

func taskID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, usage("%q is not the number of a task", text)
	}
	return id, nil
}

func (s *shell) taskLogs() *cobra.Command {
	var r remote
	var show bool
	var after int64
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "logs TASK",
		Short: "Print the output of a task",
		Long: "Print the output of a task. With --follow, go on until it has ended, also across restarts of the server, and end\n" +
			"with its result: 0 success, 10 failed, 11 stopped, 12 not in time. Every line is printed once.",
		Args: oneArg("the number of a task"),
		RunE: func(c *cobra.Command, operands []string) error {
			id, err := taskID(operands[0])
			if err != nil {
				return err
			}
			if timeout != 0 && !show {
				return usage("--timeout goes with --follow")
			}
			api, project, err := s.place(c.Context(), &r)
			if err != nil {
				return err
			}
			if !show {
				_, _, err := api.Lines(c.Context(), project, id, after, s.lines(c), nil)
				return err
			}
			t, err := s.follow(c, api, project, id, after, true, timeout)
			if err != nil {
				return err
			}
			return result(t)
		},
	}
	f := c.Flags()
	f.BoolVarP(&show, "follow", "f", false, "go on until the task has ended")
	f.Int64Var(&after, "after", 0, "begin behind the line of this `number`")
	f.DurationVar(&timeout, "timeout", 0, "`time` to follow at most, such as 30m")
	return s.inProject(c, &r)
}

func (s *shell) taskStop() *cobra.Command {
	var r remote
	var force bool
	c := &cobra.Command{
		Use:   "stop TASK",
		Short: "Stop a task",
		Args:  oneArg("the number of a task"),
		RunE: func(c *cobra.Command, operands []string) error {
			id, err := taskID(operands[0])
			if err != nil {
				return err
			}
			api, project, err := s.place(c.Context(), &r)
			if err != nil {
				return err
			}
			return api.Stop(c.Context(), project, id, force)
		},
	}
	c.Flags().BoolVar(&force, "force", false, "do not wait for it to end by itself")
	return s.inProject(c, &r)
}
