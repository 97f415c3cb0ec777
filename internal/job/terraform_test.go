package job_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"signalbox/internal/job"
)

func TestParseStageArgs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]job.StageArgs{
		"":              {},
		" null ":        {},
		"[]":            {Default: []string{}},
		`["-a", "b"]`:   {Default: []string{"-a", "b"}},
		`{}`:            {},
		`{"init":null}`: {},
		`{"init":["-i"],"plan":[],"apply":["-a"],"default":["-d"]}`: {Init: []string{"-i"}, Plan: []string{}, Apply: []string{"-a"}, Default: []string{"-d"}},
	} {
		got, err := job.ParseStageArgs(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v %v, want %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"-x":            "must be a JSON list of strings, or an object",
		`"-x"`:          "must be a JSON list of strings, or an object",
		`[1]`:           "number 1 is not one. Put it in quotes.",
		`["a", ["b"]]`:  "number 2 is not one",
		`[`:             "must be a JSON list of strings",
		`{"init":`:      "not valid JSON",
		`{"init":"-x"}`: "The arguments of init must be a JSON list of strings.",
		`{"aply":[]}`:   `stage "aply" that does not exist`,
	} {
		if got, err := job.ParseStageArgs(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v %v, want %q", text, got, err, want)
		}
	}
}

// TestStageArgs_Given: an empty list says "none" and is not passed over, also
// after it has travelled.
func TestStageArgs_Given(t *testing.T) {
	t.Parallel()
	args := job.StageArgs{Plan: []string{}, Default: []string{"-d"}}
	text, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	var back job.StageArgs
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if got := back.ForPlan(); len(got) != 0 {
		t.Errorf("plan %v", got)
	}
	if got := back.ForApply(); !reflect.DeepEqual(got, []string{"-d"}) {
		t.Errorf("apply %v", got)
	}
	if got := (job.StageArgs{Apply: []string{"-a"}}).ForPlan(); !reflect.DeepEqual(got, []string{"-a"}) {
		t.Errorf("plan of apply %v", got)
	}
}

func FuzzParseStageArgs(f *testing.F) {
	f.Add(`{"init":["-i"],"plan":[]}`)
	f.Add(`["a"]`)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := job.ParseStageArgs(text); err != nil && !strings.HasPrefix(err.Error(), "The arguments") {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
