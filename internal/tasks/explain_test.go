package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

func TestExplain_ShowsWhatRunsAndNoSecret(t *testing.T) {
	t.Parallel()
	f := setup(t)
	key := domain.Key{ProjectID: f.project, Name: "ops", Type: domain.KeySSH, Ciphertext: "hush"}
	if err := f.store.Keys().Create(t.Context(), &key); err != nil {
		t.Fatal(err)
	}
	if _, err := f.store.Inventories().Update(t.Context(), f.inv.ID, func(i *domain.Inventory) error { i.SSHKeyID = &key.ID; return nil }); err != nil {
		t.Fatal(err)
	}
	f.Settings.Host.EnvVars = map[string]string{"PROXY": "hush", "A": "hush"}
	f.change(t, func(tpl *domain.Template) {
		tpl.SurveyVars = []domain.SurveyVar{{Name: "over"}, {Name: "pw", Type: "secret"}}
		tpl.Arguments, tpl.GitBranch, tpl.AllowParallelTasks = ref(`["--flush-cache"]`), ref("release"), false
		tpl.TaskParams = domain.JSON(`{"allow_override_limit":true}`)
	})
	first := f.launch(t, Launch{})
	f.launch(t, Launch{})
	task := f.launch(t, Launch{Environment: `{"over":"mine","extra":1,"token":"x"}`, Secret: `{"pw":"hush"}`, Params: domain.JSON(`{"limit":["db"]}`)})
	f.claim(t)
	e, err := f.Explain(t.Context(), f.project, task.ID)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hush", "t0k3n", "k3y"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the explanation shows %q: %s", secret, text)
		}
	}
	if e.Waiting == nil || e.Waiting.Reason != store.BlockedByTemplate || e.Waiting.TaskID != first.ID || e.Problem != "" {
		t.Errorf("waiting: %+v, problem %q", e.Waiting, e.Problem)
	}
	if e.Ahead != 1 { // the first is under way
		t.Errorf("%d tasks are ahead, want 1", e.Ahead)
	}
	if e.Source.Branch != "release" || e.Source.From != FromTemplate {
		t.Errorf("source: %+v", e.Source)
	}
	if len(e.Commands) != 1 {
		t.Fatalf("commands: %+v", e.Commands)
	}
	line := e.Commands[0].Program + " " + strings.Join(e.Commands[0].Args, " ")
	for _, want := range []string{"ansible-playbook -i <private>/inventory_1", `--user <login of key "ops">`, "--flush-cache", "--limit=db", "site.yml"} {
		if !strings.Contains(line, want) {
			t.Errorf("the command lacks %q: %s", want, line)
		}
	}
	for _, want := range []string{"A=1", "API_KEY=***", "PROXY=***", "N=5"} {
		if !slices.Contains(e.Commands[0].Env, want) {
			t.Errorf("the environment lacks %q: %q", want, e.Commands[0].Env)
		}
	}
	show := func(list []Variable) string {
		var out []string
		for _, v := range list {
			s := fmt.Sprintf("%s=%s %s", v.Name, v.Value, v.From)
			for _, o := range v.Over {
				s += fmt.Sprintf(" over %s %s", o.Value, o.From)
			}
			out = append(out, s)
		}
		return strings.Join(out, "; ")
	}
	want := `extra=1 task; list=[1] group; n=12345678901234567890 group; over="mine" survey over "group" group; pw=null survey_secret; token=null group_secret over "x" task`
	if got := show(e.Variables); got != want {
		t.Errorf("variables:\n%s, want\n%s", got, want)
	}
	if got, want := show(e.Environment), `A="1" group over null server; API_KEY=null group_secret; N=5 group; PROXY=null server`; got != want {
		t.Errorf("environment:\n%s, want\n%s", got, want)
	}
}

func TestExplain_SaysWhyATaskCannotStart(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.change(t, func(tpl *domain.Template) { tpl.Playbook, tpl.App = "x.sh", "bash" })
	task := f.launch(t, Launch{})
	if _, err := f.store.VariableGroups().Update(t.Context(), f.group.ID, func(g *domain.VariableGroup) error { g.JSON = "{}"; return nil }); err != nil {
		t.Fatal(err)
	}
	e, err := f.Explain(t.Context(), f.project, task.ID)
	if err != nil || e.Waiting != nil || e.Problem != "" || len(e.Commands) != 1 || !slices.Contains(e.Commands[0].Args, `over=group`) {
		t.Errorf("a task that can start, with the variables it was created with: %+v, %v", e, err)
	}
	f.Settings.Apps = func(context.Context) ([]domain.App, error) { return nil, nil }
	e, err = f.Explain(t.Context(), f.project, task.ID)
	if err != nil || !strings.Contains(e.Problem, `"bash"`) {
		t.Errorf("without the app: problem %q, %v", e.Problem, err)
	}
	if _, err := f.Explain(t.Context(), f.project+1, task.ID); !domain.IsKind(err, domain.KindNotFound) {
		t.Errorf("from another project: %v", err)
	}
}
