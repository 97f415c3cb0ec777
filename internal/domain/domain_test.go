package domain

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestStatus_TableIsComplete(t *testing.T) {
	t.Parallel()
	for _, from := range Statuses() {
		if !from.Valid() {
			t.Errorf("%s is not valid", from)
		}
		if from.Terminal() != (len(moves[from]) == 0) {
			t.Errorf("%s: terminal is %v, but it has %d moves", from, from.Terminal(), len(moves[from]))
		}
		for _, to := range Statuses() {
			if from.Terminal() && from.CanBecome(to) {
				t.Errorf("%s is terminal and may become %s", from, to)
			}
			listed := false
			for _, f := range MayTurnInto(to) {
				listed = listed || f == from
			}
			if listed != from.CanBecome(to) {
				t.Errorf("%s → %s: MayTurnInto says %v, CanBecome %v", from, to, listed, from.CanBecome(to))
			}
		}
		if !from.Terminal() && !from.CanBecome(StatusStopped) {
			t.Errorf("%s cannot be stopped", from)
		}
	}
	if TaskStatus("fail").Valid() {
		t.Error("an unknown status is valid")
	}
	if StatusRunning.CanBecome(StatusWaiting) {
		t.Error("a running task may go back to the queue")
	}
	if got := len(UnfinishedStatuses()); got != 7 {
		t.Errorf("%d unfinished statuses, want 7", got)
	}
	for _, s := range ActiveStatuses() {
		if s == StatusWaiting || s.Terminal() {
			t.Errorf("%s takes up capacity", s)
		}
	}
}

func TestNextVersion(t *testing.T) {
	t.Parallel()
	tests := []struct{ start, previous, want string }{
		{"1.0.0", "", "1.0.0"},
		{"1.0.0", "1.0.0", "1.0.1"},
		{"v1.0.9-rc", "v1.0.9-rc", "v1.0.10-rc"},
		{"1.0.007", "1.0.007", "1.0.008"},
		{"1.0.099", "1.0.099", "1.0.100"},
		{"1.0.99", "1.0.99", "1.0.100"},
		{"1.0.50", "1.0.12", "1.0.50"},
		{"1.0.50", "1.0.100", "1.0.101"},
		{"2.0.0", "1.0.12", "2.0.0"},
		{"1.0.0-rc", "1.0.5", "1.0.0-rc"},
		{"latest", "latest", "latest"},
		{"build-1", "build-99999999999999999999", "build-100000000000000000000"},
		{"1.0", "1.", "1.0"},
		{"7", "x", "7"},
	}
	for _, tt := range tests {
		if got := NextVersion(tt.start, tt.previous); got != tt.want {
			t.Errorf("NextVersion(%q, %q) = %q, want %q", tt.start, tt.previous, got, tt.want)
		}
	}
}

func TestCheckGitURL(t *testing.T) {
	t.Parallel()
	good := []string{
		"/srv/repos/site", "file:///srv/repo.git", "https://example.org/a/b.git", "http://example.org:8080/x",
		"ssh://git@example.org:2222/a.git", "git@example.org:a/b.git", "example.org:path", "git://example.org/x",
		"https://user@example.org/x.git", "git@[::1]:a.git",
	}
	for _, u := range good {
		if err := CheckGitURL("git_url", u); err != nil {
			t.Errorf("%q refused: %v", u, err)
		}
	}
	bad := []string{
		"", "ext::sh -c touch% /tmp/x", "-oProxyCommand=x", "--upload-pack=x", "https://-x/y", "ssh://-oProxyCommand=x/y",
		"https://user:secret@example.org/x", "ftp://example.org/x", "javascript://x", "relative/path", "../x", "file://host/x",
		"git@example.org:-x", "https:///nohost", "/", "a\nb", "fd::17/foo", "transport::address", "ssh://-u@h/x", "https://exa mple.org/\x00",
	}
	for _, u := range bad {
		err := CheckGitURL("git_url", u)
		var de *Error
		if !errors.As(err, &de) || de.Field != "git_url" {
			t.Errorf("%q: got %v, want an error on git_url", u, err)
		}
	}
}

func FuzzCheckGitURL(f *testing.F) {
	for _, s := range []string{"https://h/p", "git@h:p", "ext::x", "-x", "/p", "ssh://a@b:1/c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if CheckGitURL("git_url", text) != nil {
			return
		}
		if strings.HasPrefix(text, "-") || strings.ContainsAny(text, "\x00\n\r") {
			t.Fatalf("%q accepted", text)
		}
		if i := strings.Index(text, "::"); i > 0 && !strings.ContainsAny(text[:i], "@/:[") {
			t.Fatalf("remote helper %q accepted", text)
		}
	})
}

func TestCheckRelativePath(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"", "site.yml", "a/b.yml", "a/../b.yml", "./x", "..x/y", "a b"} {
		if err := CheckRelativePath("playbook", p); err != nil {
			t.Errorf("%q refused: %v", p, err)
		}
	}
	for _, p := range []string{"/etc/passwd", "../x", "a/../../x", "..", "-x", "a\x00b", `..\x`, `\x`, "a\nb", strings.Repeat("x", 256)} {
		if err := CheckRelativePath("playbook", p); err == nil {
			t.Errorf("%q accepted", p)
		}
	}
}

func TestCheckGitRef(t *testing.T) {
	t.Parallel()
	for _, r := range []string{"main", "feature/x", "v1.0", "a-b_c", "ветка"} {
		if err := CheckGitRef("git_branch", r); err != nil {
			t.Errorf("%q refused: %v", r, err)
		}
	}
	for _, r := range []string{"", "-x", "a..b", "a b", "a~1", "a^", "a:b", "/x", "x/", "x.lock", "a//b", ".x", "a/.b", "@", "a@{1}", "a\x01", "x."} {
		if err := CheckGitRef("git_branch", r); err == nil {
			t.Errorf("%q accepted", r)
		}
	}
}

func TestSurveyVar_Check(t *testing.T) {
	t.Parallel()
	enum := SurveyVar{Name: "e", Type: "enum", Values: []SurveyValue{{Name: "One", Value: "1"}}}
	tests := []struct {
		name   string
		v      SurveyVar
		answer string
		ok     bool
	}{
		{"required empty", SurveyVar{Name: "a", Required: true}, "", false},
		{"optional empty", SurveyVar{Name: "a"}, "", true},
		{"int", SurveyVar{Name: "a", Type: "int"}, "-42", true},
		{"int text", SurveyVar{Name: "a", Type: "integer"}, "4x", false},
		{"int float", SurveyVar{Name: "a", Type: "int"}, "1.5", false},
		{"enum member", enum, "1", true},
		{"enum stranger", enum, "2", false},
		{"enum by name", enum, "One", false},
		{"secret", SurveyVar{Name: "a", Type: "secret", Required: true}, "x", true},
	}
	for _, tt := range tests {
		if err := tt.v.Check("f", tt.answer); (err == nil) != tt.ok {
			t.Errorf("%s: got %v, want ok %v", tt.name, err, tt.ok)
		}
	}
}

func TestTemplate_Validate(t *testing.T) {
	t.Parallel()
	inv := InventoryID(1)
	ansible, bash := BuiltinApps()[0], BuiltinApps()[1]
	valid := func() Template {
		return Template{Name: "t", App: "ansible", Playbook: "site.yml", RepositoryID: 1, InventoryID: &inv}
	}
	tests := []struct {
		name  string
		app   App
		edit  func(*Template)
		field string
	}{
		{"valid", ansible, func(*Template) {}, ""},
		{"no name", ansible, func(t *Template) { t.Name = " " }, "name"},
		{"long name", ansible, func(t *Template) { t.Name = strings.Repeat("я", 101) }, "name"},
		{"bad type", ansible, func(t *Template) { t.Type = "x" }, "type"},
		{"no repository", ansible, func(t *Template) { t.RepositoryID = 0 }, "repository_id"},
		{"no playbook", ansible, func(t *Template) { t.Playbook = "" }, "playbook"},
		{"playbook outside", ansible, func(t *Template) { t.Playbook = "../x" }, "playbook"},
		{"no inventory", ansible, func(t *Template) { t.InventoryID = nil }, "inventory_id"},
		{"no inventory needed", bash, func(t *Template) { t.InventoryID = nil }, ""},
		{"arguments object", ansible, func(t *Template) { t.Arguments = new(string); *t.Arguments = "{}" }, "arguments"},
		{"arguments numbers", ansible, func(t *Template) { t.Arguments = new(string); *t.Arguments = "[1]" }, "arguments"},
		{"empty tag", ansible, func(t *Template) { t.RunnerTag = new(string) }, "runner_tag"},
		{"params list", ansible, func(t *Template) { t.TaskParams = JSON("[]") }, "task_params"},
		{"params type", ansible, func(t *Template) { t.TaskParams = JSON(`{"tags":"x"}`) }, "task_params.tags"},
		{"survey name", ansible, func(t *Template) { t.SurveyVars = []SurveyVar{{Name: "a b"}} }, "survey_vars[0].name"},
		{"survey twice", ansible, func(t *Template) { t.SurveyVars = []SurveyVar{{Name: "a"}, {Name: "a"}} }, "survey_vars[1].name"},
		{"survey type", ansible, func(t *Template) { t.SurveyVars = []SurveyVar{{Name: "a", Type: "date"}} }, "survey_vars[0].type"},
		{"survey enum empty", ansible, func(t *Template) { t.SurveyVars = []SurveyVar{{Name: "a", Type: "enum"}} }, "survey_vars[0].values"},
		{"survey default", ansible, func(t *Template) { t.SurveyVars = []SurveyVar{{Name: "a", Type: "int", DefaultValue: "x"}} }, "survey_vars[0].default_value"},
	}
	for _, tt := range tests {
		tpl := valid()
		tt.edit(&tpl)
		err := tpl.Validate(tt.app)
		var de *Error
		got := ""
		if errors.As(err, &de) {
			got = de.Field
		}
		if got != tt.field || (err == nil) != (tt.field == "") {
			t.Errorf("%s: got %v, want an error on %q", tt.name, err, tt.field)
		}
	}
}

func TestVariableGroup_Validate(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	tests := []struct {
		name  string
		g     VariableGroup
		field string
	}{
		{"empty", VariableGroup{Name: "g"}, ""},
		{"nested", VariableGroup{Name: "g", JSON: `{"a":{"b":[1]}}`, Env: text(`{"A":"x","B":5,"C":true}`)}, ""},
		{"array", VariableGroup{Name: "g", JSON: `[1]`}, "json"},
		{"broken", VariableGroup{Name: "g", JSON: `{`}, "json"},
		{"two documents", VariableGroup{Name: "g", JSON: `{} {}`}, "json"},
		{"empty variable", VariableGroup{Name: "g", JSON: `{"":1}`}, "json"},
		{"env list", VariableGroup{Name: "g", Env: text(`{"A":[1]}`)}, "env"},
		{"env name", VariableGroup{Name: "g", Env: text(`{"A=B":"x"}`)}, "env"},
		{"env null", VariableGroup{Name: "g", Env: text(`null`)}, "env"},
		{"env nul", VariableGroup{Name: "g", Env: text(`{"A":"x\u0000"}`)}, "env"},
		{"no name", VariableGroup{}, "name"},
	}
	for _, tt := range tests {
		err := tt.g.Validate()
		var de *Error
		got := ""
		if errors.As(err, &de) {
			got = de.Field
		}
		if got != tt.field || (err == nil) != (tt.field == "") {
			t.Errorf("%s: got %v, want an error on %q", tt.name, err, tt.field)
		}
	}
}

func TestSecret_CannotBePrinted(t *testing.T) {
	t.Parallel()
	const text = "correct horse"
	s := Secret(text)
	type wrap struct{ S Secret }
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s, "in", wrap{s})
	doc, err := json.Marshal(map[string]any{"a": s, "b": wrap{s}})
	if err != nil {
		t.Fatal(err)
	}
	prints := []string{
		fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, wrap{s}, wrap{s}, s, s), log.String(), string(doc),
		fmt.Sprint(&Key{}, KeySecret{Password: s, String: s}),
	}
	for _, p := range prints {
		if strings.Contains(p, text) {
			t.Errorf("printed: %s", p)
		}
	}
	if s.Reveal() != text {
		t.Error("Reveal does not give the text")
	}
}

func TestJSON_KeepsTheText(t *testing.T) {
	t.Parallel()
	const text = `{"n":1.50,"z":[1,"я"],"a":null}`
	var j JSON
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		t.Fatal(err)
	}
	v, err := j.Value()
	if err != nil || v != text {
		t.Fatalf("stored %v, %v; want %s", v, err, text)
	}
	var back JSON
	if err := back.Scan(v); err != nil || string(back) != text {
		t.Fatalf("read back %s, %v", back, err)
	}
	if err := back.Scan(nil); err != nil || back != nil {
		t.Fatalf("NULL read as %q, %v", back, err)
	}
	if err := back.Scan(5); err == nil {
		t.Fatal("a number was read as JSON")
	}
}

func TestAnsibleTaskParams_Verbosity(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		p    AnsibleTaskParams
		want int
	}{
		{AnsibleTaskParams{DebugLevel: 3}, 0},
		{AnsibleTaskParams{Debug: true}, 4},
		{AnsibleTaskParams{Debug: true, DebugLevel: 2}, 2},
		{AnsibleTaskParams{Debug: true, DebugLevel: 9}, 6},
	} {
		if got := tt.p.Verbosity(); got != tt.want {
			t.Errorf("%+v: got %d, want %d", tt.p, got, tt.want)
		}
	}
}
