package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"signalbox/internal/domain"
	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/preview"
	"signalbox/internal/job"
	"signalbox/internal/store"
)

// masked stands for a secret wherever one would be shown.
const masked = "***"

// Explanation says why a task waits, what exactly it runs, and where each of
// its values comes from. It is made without opening a secret.
type Explanation struct {
	Status domain.TaskStatus
	// Waiting says what keeps a waiting task from running, nil when nothing does
	// and for tasks that do not wait.
	Waiting *Waiting
	// Ahead counts the older tasks of all projects that wait too, up to maxAhead.
	Ahead int
	// Problem says why the task cannot be started, "" when nothing is known to
	// be in the way. What is known all the same stands in the other fields.
	Problem  string
	Source   Source
	Commands []Command
	Limits   job.Limits
	// Variables are extra variables, Environment those of the environment that
	// project or server set; by name.
	Variables   []Variable
	Environment []Variable
}

// maxAhead is how far a queue is counted.
const maxAhead = 1000

// Waiting is the limit that a task has met.
type Waiting struct {
	Reason store.BlockReason
	Text   string
	Limit  int
	TaskID domain.TaskID // the one to blame, 0 when there is not just one
}

// Source says which files the task gets.
type Source struct {
	Repository string
	URL        string
	Branch     string
	From       Origin // where the branch is set
	Commit     string // "" for the head of the branch
}

// Command is a command line with its environment; secrets are masked.
type Command struct {
	Program string
	Args    []string
	Env     []string // NAME=value
	Files   []string // written before, readable by the run alone
}

// Origin names where a value comes from.
type Origin string

const (
	FromServer       Origin = "server"       // the server's configuration
	FromRepository   Origin = "repository"   // the repository's settings
	FromTemplate     Origin = "template"     // the template
	FromGroup        Origin = "group"        // the variable group
	FromSurvey       Origin = "survey"       // the answer to a question of the template
	FromTask         Origin = "task"         // the task, beyond what the template asks
	FromGroupSecret  Origin = "group_secret" // a secret of the variable group
	FromSurveySecret Origin = "survey_secret"
)

// Variable is a value that counts, and those that it wins over, weakest first.
type Variable struct {
	Name   string
	Value  json.RawMessage // null for a secret
	Secret bool
	From   Origin
	Over   []Overridden
}

// Overridden is a value that another one wins over.
type Overridden struct {
	Value  json.RawMessage // null for a secret
	Secret bool
	From   Origin
}

// Explain says how it stands with a task.
func (s *Service) Explain(ctx context.Context, p domain.ProjectID, id domain.TaskID) (Explanation, error) {
	t, err := s.task(ctx, p, id)
	if err != nil {
		return Explanation{}, err
	}
	stored, err := s.Store.Tasks().Definition(ctx, id)
	if err != nil {
		return Explanation{}, fmt.Errorf("definition of task %d: %w", id, err)
	}
	e := Explanation{Status: t.Status, Limits: s.limits(stored.Definition.Template)}
	if t.Status == domain.StatusWaiting {
		if e.Waiting, err = s.waiting(ctx, id); err != nil {
			return e, err
		}
		ahead, err := s.Store.Tasks().List(ctx, store.TaskFilter{Statuses: []domain.TaskStatus{domain.StatusWaiting}, Before: id, Limit: maxAhead})
		if err != nil {
			return e, err
		}
		e.Ahead = len(ahead)
	}
	b := builder{s: s, task: t, def: stored.Definition, masked: true, answers: map[string]json.RawMessage{}}
	for _, v := range stored.Definition.Template.SurveyVars {
		if v.Kind() == "secret" {
			b.answers[v.Name] = json.RawMessage(`"` + masked + `"`)
		}
	}
	if err := b.explainVariables(ctx, &e); err != nil {
		return e, err
	}
	spec, err := b.build(ctx)
	var de *domain.Error
	if errors.As(err, &de) {
		e.Problem = "The task cannot be started: " + de.Message + "."
	} else if err != nil {
		return e, err
	}
	b.explainSource(spec, &e)
	if e.Problem != "" {
		return e, nil
	}
	commands, err := preview.Commands(&spec)
	if err != nil {
		e.Problem = err.Error()
		return e, nil
	}
	for _, c := range commands {
		e.Commands = append(e.Commands, explainCommand(c))
	}
	return e, nil
}

func (s *Service) waiting(ctx context.Context, id domain.TaskID) (*Waiting, error) {
	blocked, err := s.Store.Tasks().Blocked(ctx, s.Settings.MaxParallel, []domain.TaskID{id})
	if err != nil {
		return nil, err
	}
	b, ok := blocked[id]
	if !ok {
		return nil, nil
	}
	return &Waiting{Reason: b.Reason, Text: blockerText(b), Limit: b.Limit, TaskID: b.TaskID}, nil
}

func (b *builder) explainSource(spec job.Spec, e *Explanation) {
	e.Source = Source{Repository: b.def.Repository.Name, URL: b.def.Repository.GitURL, Branch: spec.Repository.Branch, From: FromRepository, Commit: spec.Repository.Commit}
	switch {
	case b.task.GitBranch != nil:
		e.Source.From = FromTask
	case b.def.Template.GitBranch != nil:
		e.Source.From = FromTemplate
	}
	if e.Source.Commit == "" && b.task.CommitHash != nil {
		e.Source.Commit = *b.task.CommitHash // what was checked out
	}
}

func explainCommand(c apps.Command) Command {
	out := Command{Program: c.Program, Args: c.Args, Env: []string{}, Files: []string{}}
	if out.Args == nil {
		out.Args = []string{}
	}
	last := map[string]string{}
	for _, v := range c.Env {
		last[v.Name] = v.Value
	}
	for _, name := range slices.Sorted(maps.Keys(last)) {
		out.Env = append(out.Env, name+"="+last[name])
	}
	for _, f := range c.Files {
		out.Files = append(out.Files, preview.Private+"/"+f.Name)
	}
	return out
}

// layers collects the values of names, weakest first.
type layers map[string][]Overridden

func (l layers) add(from Origin, name string, value json.RawMessage) {
	l[name] = append(l[name], Overridden{Value: value, From: from})
}

func (l layers) secret(from Origin, name string) {
	l[name] = append(l[name], Overridden{Secret: true, From: from, Value: json.RawMessage("null")})
}

func (l layers) variables() []Variable {
	list := []Variable{}
	for _, name := range slices.Sorted(maps.Keys(l)) {
		all := l[name]
		top := all[len(all)-1]
		list = append(list, Variable{Name: name, Value: top.Value, Secret: top.Secret, From: top.From, Over: all[:len(all)-1]})
	}
	return list
}

// explainVariables puts the values in the order of builder.variables. Texts
// that cannot be read are left out here: building the job complains.
func (b *builder) explainVariables(ctx context.Context, e *Explanation) error {
	extra, env := layers{}, layers{}
	for name := range b.s.Settings.Host.EnvVars {
		env.secret(FromServer, name)
	}
	if g := b.def.VariableGroup; g != nil {
		addAll(extra, FromGroup, g.JSON)
		if g.Env != nil {
			addAll(env, FromGroup, *g.Env)
		}
	}
	asked := map[string]bool{}
	for _, v := range b.def.Template.SurveyVars {
		asked[v.Name] = true
	}
	var given map[string]json.RawMessage
	if decodeValues([]byte(b.task.Environment), &given) == nil {
		for name, value := range given {
			from := FromTask
			if asked[name] {
				from = FromSurvey
			}
			extra.add(from, name, value)
		}
	}
	keys, err := b.groupKeys(ctx)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.Owner == domain.OwnerEnvironment {
			env.secret(FromGroupSecret, k.Name)
		} else {
			extra.secret(FromGroupSecret, k.Name)
		}
	}
	for name := range b.answers {
		extra.secret(FromSurveySecret, name)
	}
	e.Variables, e.Environment = extra.variables(), env.variables()
	return nil
}

func addAll(l layers, from Origin, text string) {
	var values map[string]json.RawMessage
	if decodeValues([]byte(text), &values) != nil {
		return
	}
	for name, value := range values {
		l.add(from, name, value)
	}
}
