package rowmap_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/domain"
	"signalbox/internal/store/rowmap"
)

func TestName(t *testing.T) {
	t.Parallel()
	for field, want := range map[string]string{
		"ID": "id", "ProjectID": "project_id", "SSHKeyID": "ssh_key_id", "GitURL": "git_url", "IP": "ip", "JSON": "json",
		"UserAgent": "user_agent", "LogDigest": "log_digest", "End": "end", "TplApp": "tpl_app", "AllowOverrideArgsInTask": "allow_override_args_in_task",
	} {
		if got := rowmap.Name(field); got != want {
			t.Errorf("Name(%q) = %q, want %q", field, got, want)
		}
	}
}

func TestTable_EmbeddedStructsCountAsTheirFields(t *testing.T) {
	t.Parallel()
	plain, named := rowmap.Of[domain.Task](), rowmap.Of[domain.TaskWithTemplate]()
	if len(named.Columns) != len(plain.Columns)+7 {
		t.Fatalf("%d columns, want 7 more than %d", len(named.Columns), len(plain.Columns))
	}
	for i := range plain.Columns {
		if plain.Columns[i].Name != named.Columns[i].Name {
			t.Errorf("column %d is %s, want %s", i, named.Columns[i].Name, plain.Columns[i].Name)
		}
	}
}

func TestTable_SetGivesBackWhatValuesTook(t *testing.T) {
	t.Parallel()
	text, at := "x", time.Date(2026, 3, 14, 15, 9, 26, 535897000, time.UTC)
	user := domain.UserID(7)
	want := domain.Task{ID: 1, Status: domain.StatusRunning, Arguments: &text, UserID: &user, Created: at, Start: &at, Params: domain.JSON(`{ "a": 1 }`), ForceStop: true}
	table := rowmap.Of[domain.Task]()
	values, err := table.Values(&want, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := domain.Task{GitBranch: &text, Version: &text} // leftovers must go
	if err := table.Set(&got, values); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	values[0] = "one"
	if err := table.Set(&got, values); err == nil {
		t.Error("a text was accepted as a number")
	}
	values[0] = nil
	if err := table.Set(&got, values); err == nil {
		t.Error("null was accepted where there is no null")
	}
}

func TestOf_RefusesWhatCannotBeStored(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a channel was accepted")
		}
	}()
	rowmap.Of[struct{ C chan int }]()
}

func TestStored(t *testing.T) {
	t.Parallel()
	user := domain.UserID(7)
	var none *domain.UserID
	for _, c := range []struct{ in, want any }{
		{nil, nil}, {user, int64(7)}, {&user, int64(7)}, {none, nil}, {domain.StatusError, "error"}, {true, true}, {3, int64(3)},
		{time.UnixMicro(5), int64(5)}, {domain.JSON("{}"), "{}"},
	} {
		got, err := rowmap.Stored(c.in)
		if err != nil || got != c.want {
			t.Errorf("Stored(%#v) = %#v, %v; want %#v", c.in, got, err, c.want)
		}
	}
	if _, err := rowmap.Stored(1.5); err == nil {
		t.Error("a fraction was accepted")
	}
}
