package domain

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestAutomation_Validate checks which field a refusal names; none is a valid one.
func TestAutomation_Validate(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	key, repository := KeyID(1), RepositoryID(1)
	long := strings.Repeat("x", 600)
	cron := func(change func(*Schedule)) *Schedule {
		s := Schedule{TemplateID: 1, Name: "nightly", CronFormat: "0 3 * * *"}
		change(&s)
		return &s
	}
	params := func(p TaskParams) *Schedule { return cron(func(s *Schedule) { s.TaskParams = &p }) }
	hook := func(change func(*Integration)) *Integration {
		i := Integration{TemplateID: 1, Name: "hook"}
		change(&i)
		return &i
	}
	matcher := func(change func(*IntegrationMatcher)) *IntegrationMatcher {
		m := IntegrationMatcher{Name: "m", MatchType: "body", Key: "ref", Value: "main"}
		change(&m)
		return &m
	}
	value := func(change func(*IntegrationValue)) *IntegrationValue {
		v := IntegrationValue{Name: "v", ValueSource: "body", BodyDataType: "json", Key: "who", Variable: "WHO"}
		change(&v)
		return &v
	}
	for _, c := range []struct {
		what  interface{ Validate() error }
		field string
	}{
		{cron(func(s *Schedule) {}), ""},
		{cron(func(s *Schedule) { s.Name = "" }), ""},
		{cron(func(s *Schedule) { s.RepositoryID = &repository }), ""},
		{cron(func(s *Schedule) { s.Name = long }), "name"},
		{cron(func(s *Schedule) { s.TemplateID = 0 }), "template_id"},
		{cron(func(s *Schedule) { s.CronFormat = "nope" }), "cron_format"},
		{cron(func(s *Schedule) { s.Type = "zzz" }), "type"},
		{cron(func(s *Schedule) { s.Type = ScheduleRunAt }), "run_at"},
		{cron(func(s *Schedule) { s.Type, s.RunAt = ScheduleRunAt, &time.Time{} }), "run_at"},
		{cron(func(s *Schedule) { s.Type, s.RunAt = ScheduleRunAt, &at }), ""},
		{cron(func(s *Schedule) { s.Type, s.RunAt, s.RepositoryID = ScheduleRunAt, &at, &repository }), "repository_id"},
		{params(TaskParams{Environment: text(`{"A":1}`), Arguments: text(`["-v"]`), GitBranch: text("main"), Params: JSON(`{"limit":["a"]}`)}), ""},
		{params(TaskParams{Arguments: text(`{"plan":["-parallelism=4"]}`)}), ""},
		{params(TaskParams{Environment: text(`[]`)}), "task_params.environment"},
		{params(TaskParams{Arguments: text(`-v`)}), "task_params.arguments"},
		{params(TaskParams{GitBranch: text("-x")}), "task_params.git_branch"},
		{params(TaskParams{Message: text(long)}), "task_params.message"},
		{params(TaskParams{Version: text(long)}), "task_params.version"},
		{params(TaskParams{Params: JSON(`[1]`)}), "task_params.params"},
		{hook(func(i *Integration) {}), ""},
		{hook(func(i *Integration) { i.AuthMethod = "none" }), ""},
		{hook(func(i *Integration) { i.Name = " " }), "name"},
		{hook(func(i *Integration) { i.TemplateID = 0 }), "template_id"},
		{hook(func(i *Integration) { i.AuthMethod = "magic" }), "auth_method"},
		{hook(func(i *Integration) { i.AuthHeader = long }), "auth_header"},
		{hook(func(i *Integration) { i.TaskParams = &TaskParams{Params: JSON(`1`)} }), "task_params.params"},
		{matcher(func(m *IntegrationMatcher) {}), ""},
		{matcher(func(m *IntegrationMatcher) { m.Name = "" }), "name"},
		{matcher(func(m *IntegrationMatcher) { m.MatchType = "query" }), "match_type"},
		{matcher(func(m *IntegrationMatcher) { m.Method = "like" }), "method"},
		{matcher(func(m *IntegrationMatcher) { m.BodyDataType = "xml" }), "body_data_type"},
		{matcher(func(m *IntegrationMatcher) { m.Key = "" }), "key"},
		{matcher(func(m *IntegrationMatcher) { m.Key = long }), "key"},
		{matcher(func(m *IntegrationMatcher) { m.Value = "" }), "value"},
		{value(func(v *IntegrationValue) {}), ""},
		{value(func(v *IntegrationValue) { v.BodyDataType, v.Key = "string", "" }), ""},
		{value(func(v *IntegrationValue) { v.Name = "" }), "name"},
		{value(func(v *IntegrationValue) { v.ValueSource = "" }), "value_source"},
		{value(func(v *IntegrationValue) { v.BodyDataType = "" }), "body_data_type"},
		{value(func(v *IntegrationValue) { v.BodyDataType = "xml" }), "body_data_type"},
		{value(func(v *IntegrationValue) { v.Key = "" }), "key"},
		{value(func(v *IntegrationValue) { v.ValueSource, v.BodyDataType, v.Key = "header", "", "" }), "key"},
		{value(func(v *IntegrationValue) { v.Variable = "" }), "variable"},
		{value(func(v *IntegrationValue) { v.VariableType = "secret" }), "variable_type"},
		{&Runner{}, ""},
		{&Runner{Name: "r", Webhook: "https://runner.example.org/wake", Tags: []string{"a"}}, ""},
		{&Runner{Name: long}, "name"},
		{&Runner{Webhook: "file:///etc/passwd"}, "webhook"},
		{&Runner{Webhook: "https://x/" + long + long}, "webhook"},
		{&Runner{MaxParallelTasks: -1}, "max_parallel_tasks"},
		{&Runner{Tags: []string{"a\nb"}}, "tags"},
		{&Runner{Tags: []string{long}}, "tags"},
	} {
		err := c.what.Validate()
		field := ""
		if err != nil {
			if e, ok := err.(*Error); !ok || e.Kind != KindInvalid {
				t.Errorf("%+v: got %v, want a refusal in words", c.what, err)
			} else {
				field = e.Field
			}
		}
		if field != c.field {
			t.Errorf("%+v: got %v, want one about %q", c.what, err, c.field)
		}
	}
	r := Runner{Tags: []string{" b ", "", "a", "b"}}
	if err := r.Validate(); err != nil || !slices.Equal(r.Tags, []string{"b", "a"}) {
		t.Errorf("got tags %q, %v", r.Tags, err)
	}
	for _, c := range []struct {
		hook Integration
		want string
	}{
		{Integration{}, ""},
		{Integration{AuthMethod: AuthBasic}, "auth_secret_id"},
		{Integration{AuthMethod: AuthGitHub, AuthSecretID: &key}, ""},
		{Integration{AuthMethod: AuthToken, AuthSecretID: &key}, "auth_header"},
		{Integration{AuthMethod: AuthHMAC, AuthSecretID: &key, AuthHeader: "X Sum"}, "auth_header"},
		{Integration{AuthMethod: AuthHMAC, AuthSecretID: &key, AuthHeader: "X-Sum"}, ""},
	} {
		err := c.hook.CheckAuth()
		if (err == nil) != (c.want == "") || err != nil && err.(*Error).Field != c.want {
			t.Errorf("%+v: got %v, want one about %q", c.hook, err, c.want)
		}
	}
}
